/**
 * The PostgreSQL parser: one statement of text -> one SBLR statement node, and what the worker must know
 * of it (completion words, COPY format). Statements are split by kind in statements/.
 */
import type { ClientAction } from '../../sblr/contract/dialect.ts';
import type { Identifier } from '../../sblr/contract/names.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { node, type NodeOf, type Program, type StatementNode, type ValueNode } from '../../sblr/nodes.ts';
import { SBLR_VERSION } from '../../sblr/opcodes.ts';
import type { ParsedType } from '../shared/expression-parser.ts';
import { Token } from '../shared/tokenizer.ts';
import { PostgresExpressions } from './expressions.ts';
import { SEMANTICS } from './facts.ts';
import { parseStatement } from './statements/statement.ts';
import { PostgresTokenizer } from './tokenizer.ts';
import { POLYMORPHIC } from './types.ts';

/** Turns a nested program into the bytes that CREATE FUNCTION and PREPARE carry. */
export type Encode = (program: Program) => Uint8Array;

export class PostgresParser extends PostgresExpressions {
  readonly encode: Encode;
  readonly standardStrings: boolean;
  /** Completion words. */
  command = '';
  transactionControl = false;
  action: ClientAction = { kind: 'none' };
  /** Literals may become parameters in this statement. */
  liftLiterals = false;

  constructor(text: string, start: number, standardStrings: boolean, encode: Encode) {
    super(new PostgresTokenizer(text, start, standardStrings));
    this.standardStrings = standardStrings;
    this.encode = encode;
    this.skipTerminators();
  }

  private skipTerminators(): void {
    while (this.isSymbol(';')) this.advance();
    this.tokens.origin = this.tokens.starts[this.index] as number;
  }

  /** Is there no statement, only blanks and terminators? */
  get empty(): boolean {
    return this.kind === Token.END;
  }

  /** Collations all stand in the catalog's schema, which may be named. */
  collationName(): string {
    const name = this.qualifiedName().map((part) => part.text);
    return (name.length === 2 && this.facts.systemSchemas.has(name[0] as string) ? name.slice(1) : name).join('.');
  }

  statement(): StatementNode {
    return parseStatement(this);
  }

  /** A parser of text found inside this statement, with the same settings. */
  nested(text: string): PostgresParser {
    return new PostgresParser(text, 0, this.standardStrings, this.encode);
  }

  /** Bytes of a program made of these statements. */
  encodeStatements(statements: readonly StatementNode[], parameterTypes: readonly (SqlType | undefined)[]): Uint8Array {
    return this.encode({ version: SBLR_VERSION, parameterTypes, semantics: SEMANTICS, statements });
  }

  // ---- INSERT ... ON CONFLICT ----------------------------------------------------------------------

  protected override conflictClause(): NodeOf<'ON_CONFLICT'> | undefined {
    const pos = this.pos;
    if (!this.acceptWords('on', 'conflict')) return undefined;
    let constraint: Identifier | undefined;
    let target: NodeOf<'INDEX_KEY'>[] = [];
    let targetWhere: NodeOf<'ON_CONFLICT'>['targetWhere'];
    if (this.acceptWords('on', 'constraint')) constraint = this.columnId();
    else if (this.isSymbol('(')) {
      target = this.indexKeys();
      if (this.acceptWord('where')) targetWhere = this.withoutLifting(() => this.expression());
    }
    this.expectWord('do');
    const rest = { constraint, anyKey: false, rowColumns: [], target, targetWhere, pos };
    if (this.acceptWord('nothing')) return node('ON_CONFLICT', { ...rest, action: 'nothing', assignments: [] });
    this.expectWords('update', 'set');
    if (constraint === undefined && target.length === 0) {
      throw this.error(
        'syntax_error',
        'ON CONFLICT DO UPDATE requires inference specification or constraint name',
        pos,
        'For example, ON CONFLICT (column_name).',
      );
    }
    const assignments = this.assignments();
    const where = this.acceptWord('where') ? this.expression() : undefined;
    return node('ON_CONFLICT', { ...rest, action: 'update', assignments, where });
  }

  /** ( key, ... ) of an index or a conflict target */
  indexKeys(): NodeOf<'INDEX_KEY'>[] {
    this.expectSymbol('(');
    const keys = this.withoutLifting(() => this.list(() => this.indexKey()));
    this.expectSymbol(')');
    return keys;
  }

  private indexKey(): NodeOf<'INDEX_KEY'> {
    const pos = this.pos;
    let expression: NodeOf<'INDEX_KEY'>['expression'];
    if (this.isSymbol('(')) {
      this.advance();
      expression = this.expression();
      this.expectSymbol(')');
    } else {
      const first = this.index;
      expression = this.prefix(true);
      // A column, or a function call: anything else needs parentheses.
      if (expression.op === 'LITERAL' || expression.op === 'OPERATOR' || expression.op === 'PARAM')
        throw this.syntaxError(first);
    }
    const collation = this.acceptWord('collate') ? this.qualifiedName() : undefined;
    const operatorClass = this.isColumnId() && !this.isWord('nulls') ? this.qualifiedName() : undefined;
    if (operatorClass !== undefined && this.isSymbol('(')) throw this.unsupported('operator class parameters');
    const descending = this.acceptOneOf('asc', 'desc') === 'desc';
    return node('INDEX_KEY', { descending, nulls: this.nullsOrder(), collation, operatorClass, expression, pos });
  }

  // ---- pieces that several statements share ---------------------------------------------------------------

  /** An argument of CALL, by position or by name. */
  callArgument(): ValueNode {
    return this.argument();
  }

  behavior(): 'restrict' | 'cascade' {
    return this.acceptOneOf('restrict', 'cascade') === 'cascade' ? 'cascade' : 'restrict';
  }

  /** A role: a name, or one of the words that stand for the current one. */
  role(): Identifier {
    if (this.isWord('current_user') || this.isWord('session_user') || this.isWord('current_role'))
      return this.takeIdentifier();
    const pos = this.pos;
    const role = this.columnId();
    if (role.text === 'none' && !role.exact) throw this.error('reserved_name', 'role name "none" is reserved', pos);
    return role;
  }

  roles(): Identifier[] {
    return this.list(() => this.role());
  }

  /** (name [= value], ...) as storage parameters and options are written. */
  storageOptions(): { name: string; value: string | undefined }[] {
    this.expectSymbol('(');
    const options = this.list(() => {
      let name = this.columnLabel().text;
      while (this.acceptSymbol('.')) name += `.${this.columnLabel().text}`;
      return { name, value: this.acceptOperator('=') ? this.optionValue() : undefined };
    });
    this.expectSymbol(')');
    return options;
  }

  /** A word, number or string as the value of an option. */
  optionValue(): string {
    if (this.kind === Token.OPERATOR && (this.value === '-' || this.value === '+')) {
      const sign = this.value === '-' ? '-' : '';
      this.advance();
      if (!this.isKind(Token.INTEGER) && !this.isKind(Token.DECIMAL)) throw this.syntaxError();
      return sign + this.takeText();
    }
    switch (this.kind) {
      case Token.WORD:
      case Token.QUOTED:
      case Token.STRING:
      case Token.INTEGER:
      case Token.DECIMAL:
        return this.takeText();
      default:
        throw this.syntaxError();
    }
  }

  takeText(): string {
    const text = this.value;
    this.advance();
    return text;
  }

  /** A boolean option: absent means true. */
  booleanOption(): boolean {
    if (this.kind !== Token.WORD && this.kind !== Token.STRING && this.kind !== Token.INTEGER) return true;
    const pos = this.pos;
    const text = this.takeText().toLowerCase();
    if (text === 'true' || text === 'on' || text === '1') return true;
    if (text === 'false' || text === 'off' || text === '0') return false;
    throw this.error('syntax_error', 'option requires a Boolean value', pos);
  }

  /** Argument types of a routine, as shown: 'int4, text'; undefined when not written. */
  signature(): string | undefined {
    if (!this.acceptSymbol('(')) return undefined;
    if (this.acceptSymbol(')')) return '';
    if (this.isOperator('*') && this.peekIsSymbol(1, ')')) {
      this.advance();
      this.advance();
      return '';
    }
    const types: string[] = [];
    do {
      const mode = this.acceptOneOf('in', 'out', 'inout', 'variadic');
      if (mode === 'in' && this.isWord('out')) this.advance();
      const text = this.argumentType();
      if (mode !== 'out') types.push(text);
    } while (this.acceptSymbol(','));
    this.expectSymbol(')');
    return types.join(', ');
  }

  /** The type of a parameter or result of a routine: placeholders are allowed. */
  routineType(): ParsedType {
    const type = this.kind === Token.WORD ? POLYMORPHIC.get(this.value) : undefined;
    if (type === undefined) return this.parseType();
    this.advance();
    return { type, label: type.declared as string };
  }

  /** [name] type: two words may be a name and a type, or a type of two words. */
  private argumentType(): string {
    const mark = this.index;
    if (this.isTypeFunctionName()) {
      const parsed = this.routineType();
      if (this.isSymbol(',') || this.isSymbol(')'))
        return parsed.type.kind === 'array' ? `${parsed.label}[]` : parsed.label;
      this.moveTo(mark);
      this.advance();
    }
    const { type, label } = this.routineType();
    return type.kind === 'array' ? `${label}[]` : label;
  }
}
