/** What MySQL's expressions have beyond, or other than, those of standard SQL. */
import type { Identifier } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { holdsRawBytes, invalidAt, rawBytes } from '../../sblr/contract/text/raw-bytes.ts';
import { FLOAT64, INT32, type SqlType } from '../../sblr/contract/types.ts';
import { node, type NodeOf, type ValueNode } from '../../sblr/nodes.ts';
import { type ParsedType, Precedence } from '../shared/expression-parser.ts';
import { literal, stringLiteral } from '../shared/literals.ts';
import { Token } from '../shared/tokenizer.ts';
import { TransactionParser } from '../shared/transaction-parser.ts';
import type { ValueFacts } from '../shared/value-parser.ts';
import { shiftedDate } from './date-calls.ts';
import type { SqlModes } from './facts.ts';
import { FUNCTIONS } from './functions.ts';
import { BINARY_OPERATORS, MysqlPrecedence, PREFIX_OPERATORS } from './operators.ts';
import { MysqlTokenizer } from './tokenizer.ts';
import { collationOfSet, knownCollation } from './character-sets.ts';
import { parseColumnType, name as charsetName } from './types.ts';

const FACTS: ValueFacts = {
  binaryOperators: BINARY_OPERATORS,
  prefixOperators: PREFIX_OPERATORS,
  otherOperatorPrecedence: undefined,
  functions: FUNCTIONS,
  systemSchemas: new Set(),
};

export const STRING: SqlType = Object.freeze({ kind: 'text' });
export const BYTES: SqlType = Object.freeze({ kind: 'bytes' });
/** Variables that are no settings, and the functions that say them. */
const COMPUTED_VARIABLES: Readonly<Record<string, string>> = {
  identity: 'last_identity',
  last_insert_id: 'last_identity',
  pseudo_thread_id: 'session_id',
};
const MAX_IDENTIFIER = 64;
const MAX_FRACTION_DIGITS = 6;
const FORMS: ReadonlySet<string> = new Set(['cast', 'coalesce', 'nullif']);
const MAX_INT64 = '9223372036854775807';
const MAX_UINT64 = 18446744073709551615n;

export const INTERVAL_UNITS: ReadonlySet<string> = new Set(
  `microsecond second minute hour day week month quarter year second_microsecond minute_microsecond minute_second hour_microsecond
hour_second hour_minute day_microsecond day_second day_minute day_hour year_month`.split(/\s+/),
);

/** Character sets that may stand before a string as _name. */
const INTRODUCERS: ReadonlySet<string> = new Set([
  '_utf8mb4',
  '_utf8mb3',
  '_utf8',
  '_latin1',
  '_ascii',
  '_binary',
  '_ucs2',
]);

/** The bytes of a literal of binary digits: a number in numeric contexts, else a string. */
function bitBytes(digits: string): Buffer {
  const padded = digits.padStart(((digits.length + 7) >> 3) * 8, '0');
  return Buffer.from(
    Array.from({ length: padded.length >> 3 }, (_, i) => Number.parseInt(padded.slice(i * 8, i * 8 + 8), 2)),
  );
}

export abstract class MysqlExpressions extends TransactionParser {
  readonly modes: SqlModes;
  protected override readonly unchained: number = -1;

  constructor(text: string, start: number, modes: SqlModes) {
    super(new MysqlTokenizer(text, start, modes.lexical), FACTS);
    this.modes = modes;
  }

  override parseType(): ParsedType {
    return parseColumnType(this);
  }

  /** Every name is regular: delimiting does not make case count. */
  protected override makeIdentifier(): Identifier {
    if (this.value.length > MAX_IDENTIFIER) {
      throw this.error('name_too_long', `Identifier name '${this.value}' is too long`, this.pos);
    }
    // Words keep the case in which they were written; only their keyword lookup is folded.
    const { index, tokens } = this;
    const text =
      this.kind === Token.WORD
        ? tokens.text.slice(tokens.starts[index] as number, tokens.ends[index] as number)
        : this.value;
    return { text, exact: false };
  }

  /** Bytes that are no text make a binary string. */
  protected override stringValue(text: string, pos: number): ValueNode {
    return holdsRawBytes(text) ? literal(rawBytes(text), BYTES, pos) : super.stringValue(text, pos);
  }

  /** Where only text will do. */
  override stringLiteral(): string {
    if (!holdsRawBytes(this.value)) return super.stringLiteral();
    const bytes = rawBytes(this.value);
    const value = bytes.subarray(invalidAt(bytes)).toString('hex').toUpperCase().slice(0, 12);
    throw new SqlError('character_not_in_repertoire', {
      message: `invalid byte sequence for encoding "UTF8": ${value}`,
      variant: 'literal',
      args: { value },
      position: this.pos,
    });
  }

  protected override get stringType(): SqlType {
    return STRING;
  }

  // ---- prefixes --------------------------------------------------------------------------------------

  protected override prefix(restricted: boolean): ValueNode {
    const { pos } = this;
    if (this.isOperator('~')) {
      this.advance();
      const operand = this.operand(Precedence.UNARY, restricted);
      this.noLabel();
      return node('OPERATOR', { name: 'bit_not', operands: [operand], pos });
    }
    if (this.isOperator('!') || (this.modes.highNotPrecedence && this.isWord('not'))) {
      this.advance();
      const operand = this.operand(MysqlPrecedence.NOT_SIGN, restricted);
      this.noLabel();
      return node('NOT', { operand, pos });
    }
    if (this.isWord('binary')) {
      this.advance();
      const operand = this.operand(Precedence.COLLATE, restricted);
      this.noLabel();
      return node('CAST', { type: BYTES, mode: 'cast', operand, pos });
    }
    if (this.isWord('interval') && !this.peekIsSymbol(1, '(')) return this.leadingInterval(pos);
    return super.prefix(restricted);
  }

  /** INTERVAL n unit + date */
  private leadingInterval(pos: number): ValueNode {
    const interval = this.interval();
    this.expectOperator('+');
    const date = this.expression(Precedence.ADD + 1);
    return this.addInterval(date, interval, false, pos);
  }

  // ---- infix -----------------------------------------------------------------------------------------

  protected override infix(first: ValueNode, minimum: number, restricted: boolean): ValueNode {
    let left = super.infix(first, minimum, restricted);
    for (;;) {
      const before = left;
      left = this.specialInfix(left, minimum, restricted);
      if (left === before) return left;
      left = super.infix(left, minimum, restricted);
    }
  }

  /** Operators whose node is not a plain OPERATOR. */
  private specialInfix(left: ValueNode, minimum: number, restricted: boolean): ValueNode {
    if (this.kind !== Token.OPERATOR) return left;
    const { pos } = this;
    switch (this.value) {
      case '<=>': {
        if (Precedence.COMPARE < minimum) return left;
        this.advance();
        const right = this.operand(Precedence.COMPARE + 1, restricted);
        this.noLabel();
        return node('IS_DISTINCT', { negated: true, left, right, pos });
      }
      case '&&':
        if (restricted || Precedence.AND < minimum) return left;
        this.advance();
        return this.joined('AND', left, this.expression(Precedence.AND + 1), pos);
      case '||':
        if (this.modes.pipesAsConcat) {
          if (Precedence.ADD < minimum) return left;
          this.advance();
          return node('OPERATOR', {
            name: 'concat',
            operands: [left, this.operand(Precedence.ADD + 1, restricted)],
            pos,
          });
        }
        if (restricted || Precedence.OR < minimum) return left;
        this.advance();
        return this.joined('OR', left, this.expression(MysqlPrecedence.XOR), pos);
      case ':=':
        if (MysqlPrecedence.ASSIGN < minimum || left.op !== 'VARIABLE') return left;
        this.advance();
        return node('SET_VARIABLE', { name: left.name, value: this.expression(MysqlPrecedence.ASSIGN), pos });
      case '->':
      case '->>':
        return this.jsonSuffix(left);
      default:
        return left;
    }
  }

  private joined(op: 'AND' | 'OR', left: ValueNode, right: ValueNode, pos: number): ValueNode {
    this.noLabel();
    return op === 'AND' ? node('AND', { operands: [left, right], pos }) : node('OR', { operands: [left, right], pos });
  }

  /** column->'$.path' and column->>'$.path' */
  private jsonSuffix(left: ValueNode): ValueNode {
    const { pos } = this;
    const unquote = this.value === '->>';
    this.advance();
    const path = stringLiteral(this.stringLiteral(), pos);
    const extract = this.call('json_extract', [left, path], pos, 'json_extract');
    this.noLabel();
    return unquote ? this.call('json_unquote', [extract], pos, 'json_unquote') : extract;
  }

  protected override binary(left: ValueNode, primitive: string, precedence: number, restricted: boolean): ValueNode {
    if (precedence === Precedence.ADD && this.peekIsWord(1, 'interval') && !this.peekIsSymbol(2, '(')) {
      const { pos } = this;
      this.advance();
      return this.addInterval(left, this.interval(), primitive === 'subtract', pos);
    }
    return super.binary(left, primitive, precedence, restricted);
  }

  protected override wordPrecedence(restricted: boolean): number {
    switch (this.value) {
      case 'is':
      case 'regexp':
      case 'rlike':
      case 'in':
      case 'like':
        return restricted ? -1 : Precedence.COMPARE;
      case 'sounds':
        return !restricted && this.peekIsWord(1, 'like') ? Precedence.COMPARE : -1;
      case 'member':
        return !restricted && (this.peekIsWord(1, 'of') || this.peekIsSymbol(1, '(')) ? Precedence.COMPARE : -1;
      case 'between':
        return restricted ? -1 : MysqlPrecedence.BETWEEN;
      case 'not': {
        if (restricted) return -1;
        const next = this.peekKind(1) === Token.WORD ? this.peekValue(1) : '';
        if (next === 'between') return MysqlPrecedence.BETWEEN;
        return next === 'in' || next === 'like' || next === 'regexp' || next === 'rlike' ? Precedence.COMPARE : -1;
      }
      case 'xor':
        return restricted ? -1 : MysqlPrecedence.XOR;
      case 'div':
      case 'mod':
        return Precedence.MULTIPLY;
      case 'collate':
        return Precedence.COLLATE;
      default:
        return super.wordPrecedence(restricted);
    }
  }

  protected override wordInfix(left: ValueNode, precedence: number, restricted: boolean): ValueNode {
    const { pos } = this;
    switch (this.value) {
      case 'xor':
        this.advance();
        return node('OPERATOR', { name: 'xor', operands: [left, this.expression(precedence + 0.5)], pos });
      case 'div':
      case 'mod': {
        const primitive = this.value === 'div' ? 'integer_divide' : 'modulo';
        this.advance();
        const right = this.operand(precedence + 1, restricted);
        this.noLabel();
        return node('OPERATOR', { name: primitive, operands: [left, right], pos });
      }
      case 'collate': {
        this.advance();
        const collation = [{ text: knownCollation(charsetName(this)), exact: false }];
        return node('COLLATE', { collation, operand: left, pos });
      }
      case 'sounds': {
        this.advance();
        this.advance();
        const right = this.expression(precedence + 1);
        const sound = (value: ValueNode): ValueNode => this.call('sound_of', [value], pos, 'soundex');
        return node('OPERATOR', { name: 'equal', operands: [sound(left), sound(right)], pos });
      }
      case 'member': {
        this.advance();
        this.acceptWord('of');
        this.expectSymbol('(');
        const document = this.expression();
        this.expectSymbol(')');
        return this.call('json_member', [left, document], pos, 'member of');
      }
      default:
        return super.wordInfix(left, precedence, restricted);
    }
  }

  protected override rangeInfix(value: ValueNode, word: string, isNot: boolean, pos: number): ValueNode {
    if (word !== 'regexp' && word !== 'rlike') return super.rangeInfix(value, word, isNot, pos);
    const pattern = this.expression(Precedence.COMPARE + 1);
    this.noLabel();
    const match = this.call('pattern_matches', [value, pattern], pos, 'regexp');
    return isNot ? node('NOT', { operand: match, pos }) : match;
  }

  protected override likeSuffix(
    value: ValueNode,
    kind: 'like' | 'ilike' | 'similar',
    isNot: boolean,
    pos: number,
  ): ValueNode {
    const pattern = this.expression(Precedence.COMPARE + 1);
    const escape = this.acceptWord('escape') ? this.expression(Precedence.UNARY) : undefined;
    this.noLabel();
    return node('LIKE', { kind, negated: isNot, value, pattern, escape, pos });
  }

  // ---- primaries ---------------------------------------------------------------------------------------

  /** With an exponent a number is a double, and integers reach to the last of the unsigned. */
  protected override primary(): ValueNode {
    const { pos, value, kind } = this;
    if (kind === Token.DECIMAL && /e/i.test(value)) {
      const number = Number(value);
      if (!Number.isFinite(number))
        throw this.error('numeric_value_out_of_range', `Illegal double '${value}' value found during parsing`, pos);
      this.advance();
      this.noLabel();
      return literal(number, FLOAT64, pos);
    }
    if (kind === Token.INTEGER && value.length >= MAX_INT64.length) {
      const number = BigInt(value);
      if (number > BigInt(MAX_INT64) && number <= MAX_UINT64) {
        this.advance();
        this.noLabel();
        return literal(number, { kind: 'int64', unsigned: true }, pos);
      }
    }
    return kind === Token.SYMBOL && value === '{' ? this.bracedPrimary(pos) : super.primary();
  }

  /** {d 'date'}, {t 'time'}, {ts 'instant'}, {fn call}: any other word before a value says nothing. */
  private bracedPrimary(pos: number): ValueNode {
    this.advance();
    const word = this.value.toLowerCase();
    if (this.kind !== Token.WORD && this.kind !== Token.QUOTED) throw this.syntaxError();
    this.advance();
    const kind = ({ d: 'date', t: 'time', ts: 'timestamp' } as const)[word];
    const value = kind !== undefined && this.isKind(Token.STRING) ? this.instantLiteral(kind, pos) : this.expression();
    this.expectSymbol('}');
    this.noLabel();
    return value;
  }

  /** The text of a date, a time or an instant. */
  private instantLiteral(kind: 'date' | 'time' | 'timestamp', pos: number): ValueNode {
    const text = this.stringLiteral();
    const operand = stringLiteral(text, pos);
    const precision = Math.min(/\.(\d*)/.exec(text)?.[1]?.length ?? 0, MAX_FRACTION_DIGITS);
    const type: SqlType = kind === 'date' ? { kind: 'date' } : { kind, precision };
    return node('CAST', { type, mode: 'cast', operand, pos });
  }

  protected override otherPrimary(): ValueNode {
    const { pos, value } = this;
    switch (this.kind) {
      case Token.HEX:
        this.advance();
        this.noLabel();
        return literal(Buffer.from(value, 'hex'), { kind: 'bytes', declared: 'hex', length: value.length >> 1 }, pos);
      case Token.BITS:
        this.advance();
        this.noLabel();
        return literal(bitBytes(value), { kind: 'bytes', declared: 'hex', length: (value.length + 7) >> 3 }, pos);
      default:
        throw this.syntaxError();
    }
  }

  /** `?` takes the next number; `@name` and `@@name` are variables. */
  protected override parameter(pos: number): ValueNode {
    const { value } = this;
    this.noLabel();
    if (value === '?') {
      this.advance();
      return node('PARAM', { index: this.parameterCount++, pos });
    }
    if (!value.startsWith('@@')) {
      this.advance();
      return node('VARIABLE', { name: value.slice(1).toLowerCase(), scope: 'session', pos });
    }
    return this.systemVariable(pos);
  }

  /** @@name, @@session.name, @@global.name */
  private systemVariable(pos: number): ValueNode {
    let name = this.value.slice(2).toLowerCase();
    let scope: NodeOf<'VARIABLE'>['scope'] = 'setting';
    this.advance();
    if ((name === 'session' || name === 'local' || name === 'global') && this.acceptSymbol('.')) {
      if (name === 'global') scope = 'global';
      name = this.columnLabel().text.toLowerCase();
    }
    // A component's variable has a name of two parts.
    if (this.acceptSymbol('.')) name += `.${this.columnLabel().text.toLowerCase()}`;
    const computed = scope === 'global' ? undefined : COMPUTED_VARIABLES[name];
    return computed === undefined
      ? node('VARIABLE', { name, scope, pos })
      : node('CALL', { function: computed, variadic: false, arguments: [], pos });
  }

  protected override wordPrimary(restricted: boolean): ValueNode {
    const { pos, value } = this;
    if (value === 'true' || value === 'false') {
      this.advance();
      this.noLabel();
      return literal(value === 'true' ? 1 : 0, INT32, pos);
    }
    if (value.startsWith('_') && INTRODUCERS.has(value)) {
      const next = this.peekKind(1);
      if (next === Token.STRING || next === Token.HEX || next === Token.BITS) return this.introduced(value, pos);
    }
    if ((value === 'date' || value === 'time' || value === 'timestamp') && this.peekKind(1) === Token.STRING) {
      this.advance();
      return this.instantLiteral(value, pos);
    }
    // Their names are no reserved words: they are forms only before a parenthesis.
    if (this.peekIsSymbol(1, '(')) {
      const form = FORMS.has(value) ? this.specialForm(value, pos, restricted) : this.unreservedForm(value, pos);
      if (form !== undefined) return form;
    }
    return super.wordPrimary(restricted);
  }

  /** _charset'text' */
  private introduced(introducer: string, pos: number): ValueNode {
    this.advance();
    const { lifting } = this;
    if (introducer !== '_utf8mb4') this.lifting = 0;
    const value = this.primary();
    this.lifting = lifting;
    this.noLabel();
    if (value.op === 'LITERAL' && value.type.kind === 'text' && introducer !== '_utf8mb4' && introducer !== '_binary')
      return { ...value, type: { ...value.type, collation: collationOfSet(introducer.slice(1)) } };
    if (introducer === '_binary') return node('CAST', { type: BYTES, mode: 'cast', operand: value, pos });
    return value.op === 'LITERAL' && value.type.kind === 'bytes'
      ? node('CAST', { type: STRING, mode: 'cast', operand: value, pos })
      : value;
  }

  /** A form whose name is no reserved word and which only stands before a parenthesis. */
  protected unreservedForm(_word: string, _pos: number): ValueNode | undefined {
    return undefined;
  }

  // ---- intervals ---------------------------------------------------------------------------------------

  /** INTERVAL value unit; the current token is INTERVAL. */
  protected interval(): { readonly amount: ValueNode; readonly unit: string } {
    this.expectWord('interval');
    const amount = this.expression();
    if (this.kind !== Token.WORD || !INTERVAL_UNITS.has(this.value)) throw this.syntaxError();
    const unit = this.value;
    this.advance();
    return { amount, unit };
  }

  protected addInterval(
    date: ValueNode,
    { amount, unit }: { readonly amount: ValueNode; readonly unit: string },
    subtract: boolean,
    pos: number,
  ): ValueNode {
    this.noLabel();
    return shiftedDate(date, amount, unit, subtract, pos);
  }
}
