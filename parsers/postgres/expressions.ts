/** What PostgreSQL adds to the expressions of standard SQL. */
import type { Identifier, Name } from '../../sblr/contract/names.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { Bits } from '../../sblr/contract/values.ts';
import { node, type RelationNode, type ValueNode } from '../../sblr/nodes.ts';
import { type ParsedType, Precedence } from '../shared/expression-parser.ts';
import { literal, stringLiteral } from '../shared/literals.ts';
import { Token, type Tokenizer } from '../shared/tokenizer.ts';
import { TransactionParser } from '../shared/transaction-parser.ts';
import type { ValueFacts, WrittenCall } from '../shared/value-parser.ts';
import { CAST_FUNCTIONS, EXTREMUM_FUNCTION, FUNCTIONS, OPERATOR_FUNCTIONS } from './functions.ts';
import { placeArguments } from './named-parameters.ts';
import { BINARY_OPERATORS, PREFIX_OPERATORS } from './operators.ts';
import { intervalFields, namedType, parseTypeName, simpleType, TYPE_WORDS } from './type-parser.ts';

const FACTS: ValueFacts = {
  binaryOperators: BINARY_OPERATORS,
  prefixOperators: PREFIX_OPERATORS,
  otherOperatorPrecedence: Precedence.OTHER,
  functions: FUNCTIONS,
  systemSchemas: new Set(['pg_catalog', 'information_schema']),
};

/** Bytes an identifier may have. */
const MAX_IDENTIFIER_BYTES = 63;
const BIT_TYPE: SqlType = Object.freeze({ kind: 'bits', fixed: true, declared: 'bit' });
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export abstract class PostgresExpressions extends TransactionParser {
  /** May sys.name(...) call an engine primitive? Only in the text of the system catalog's own views. */
  allowPrimitives = false;

  constructor(tokens: Tokenizer) {
    super(tokens, FACTS);
  }

  override parseType(): ParsedType {
    return parseTypeName(this);
  }

  protected override makeIdentifier(): Identifier {
    const identifier = super.makeIdentifier();
    return identifier.text.length * 3 <= MAX_IDENTIFIER_BYTES ? identifier : truncated(identifier);
  }

  protected override anonymousLabel(): string {
    return '?column?';
  }

  // ---- primaries --------------------------------------------------------------------------------------

  protected override otherPrimary(): ValueNode {
    const pos = this.pos;
    if (this.kind !== Token.BITS && this.kind !== Token.HEX) throw this.syntaxError();
    const hex = this.kind === Token.HEX;
    const text = this.value;
    const wrong = (hex ? /[^0-9a-fA-F]/ : /[^01]/).exec(text);
    if (wrong !== null) {
      throw this.error(
        'invalid_text_representation',
        `"${wrong[0]}" is not a valid ${hex ? 'hexadecimal' : 'binary'} digit`,
        pos,
      );
    }
    this.advance();
    this.noLabel();
    const bits = hex
      ? [...text].map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0')).join('')
      : text;
    return literal(new Bits(bits), BIT_TYPE, pos);
  }

  protected override specialForm(word: string, pos: number, restricted: boolean): ValueNode | undefined {
    if (TYPE_WORDS.has(word)) return this.typeForm();
    switch (word) {
      case 'array':
        return this.arrayForm(pos);
      case 'user':
      case 'current_role':
        return this.bareCall(word, 'current_user', pos);
      case 'current_catalog':
        return this.bareCall(word, 'current_database', pos);
      case 'current_schema':
        return this.peekIsSymbol(1, '(') ? undefined : this.bareCall(word, word, pos);
      case 'collation':
        return this.peekIsWord(1, 'for') && this.peekIsSymbol(2, '(') ? this.collationFor(pos) : undefined;
      case 'not':
        throw this.syntaxError();
      default:
        return super.specialForm(word, pos, restricted);
    }
  }

  protected override parenthesisedForm(word: string, pos: number): ValueNode | undefined {
    if (word === 'normalize') return this.normalizeForm(pos);
    if (word === 'treat' || word.startsWith('xml')) throw this.unsupported(word.toUpperCase(), pos);
    return super.parenthesisedForm(word, pos);
  }

  /** A word that begins a type: a typed literal such as INTERVAL '1' DAY, or else a column name. */
  private typeForm(): ValueNode | undefined {
    const next = this.peekKind(1);
    const call = this.peekIsSymbol(1, '(');
    const follows = next === Token.WORD && TYPE_SECOND_WORDS.has(this.peekValue(1));
    if (next !== Token.STRING && !call && !follows) return undefined;
    const mark = this.index;
    const pos = this.pos;
    const { type, label } = simpleType(this);
    if (this.kind === Token.STRING) return this.castOfString(type, label, pos);
    if (call) throw this.syntaxError();
    this.moveTo(mark);
    return undefined;
  }

  private castOfString(type: SqlType, label: string, pos: number): ValueNode {
    const operand = stringLiteral(this.value, this.pos);
    this.advance();
    let full = type;
    if (type.kind === 'interval' && type.precision === undefined) {
      const fields = intervalFields(this);
      if (fields.intervalFields !== undefined) full = { kind: 'interval', ...fields };
    }
    this.setLabel(label, 1);
    return node('CAST', { type: full, mode: 'cast', operand, pos });
  }

  protected override typedLiteral(name: Name, pos: number): ValueNode | undefined {
    const { type, label } = namedType(this, name, [], pos);
    return this.castOfString(type, label, pos);
  }

  protected override nameOrCall(): ValueNode {
    if (this.kind === Token.WORD) {
      if (this.value === 'double' && this.peekIsWord(1, 'precision') && this.peekKind(2) === Token.STRING) {
        const pos = this.pos;
        const { type, label } = simpleType(this);
        return this.castOfString(type, label, pos);
      }
      if (this.value === 'operator' && this.peekIsSymbol(1, '(')) return this.namedPrefixOperator();
    }
    return super.nameOrCall();
  }

  /** OPERATOR(schema.symbol) operand */
  private namedPrefixOperator(): ValueNode {
    const pos = this.pos;
    const symbol = this.operatorReference();
    const operand = this.expression(Precedence.OTHER);
    this.noLabel();
    return node('OPERATOR', { name: PREFIX_OPERATORS.get(symbol) ?? symbol, operands: [operand], pos });
  }

  private arrayForm(pos: number): ValueNode {
    this.advance();
    if (this.isSymbol('(')) {
      const query = this.parenthesisedQuery();
      this.setLabel('array');
      return node('ARRAY_QUERY', { query, pos });
    }
    const value = this.arrayItems(pos);
    this.setLabel('array');
    return value;
  }

  /** [ item, ... ] where items of inner arrays need no ARRAY. */
  private arrayItems(pos: number): ValueNode {
    this.enter();
    this.expectSymbol('[');
    const nested = this.isSymbol('[');
    const items = this.isSymbol(']') ? [] : this.list(() => (nested ? this.arrayItems(this.pos) : this.expression()));
    this.expectSymbol(']');
    this.leave();
    return node('ARRAY', { items, pos });
  }

  private collationFor(pos: number): ValueNode {
    this.advance();
    this.advance();
    this.expectSymbol('(');
    const value = this.expression();
    this.expectSymbol(')');
    return this.call('collation_for', [value], pos, 'pg_collation_for');
  }

  private normalizeForm(pos: number): ValueNode {
    this.advance();
    this.expectSymbol('(');
    const args = [this.expression()];
    if (this.acceptSymbol(',')) {
      const at = this.pos;
      args.push(stringLiteral(this.expectOneOf('nfc', 'nfd', 'nfkc', 'nfkd').toUpperCase(), at));
    }
    this.expectSymbol(')');
    return this.call('normalize', args, pos, 'normalize');
  }

  // ---- calls ----------------------------------------------------------------------------------------------

  protected override argument(): ValueNode {
    if (
      (this.kind === Token.WORD || this.kind === Token.QUOTED) &&
      (this.peekIsSymbol(1, '=>') || this.peekIsSymbol(1, ':='))
    ) {
      if (!this.isTypeFunctionName()) throw this.syntaxError();
      const pos = this.pos;
      const name = this.value;
      this.advance();
      this.advance();
      return node('NAMED_ARGUMENT', { name, value: this.expression(), pos });
    }
    return this.valueOrRow();
  }

  protected override finishCall(call: WrittenCall): ValueNode {
    // type(modifiers) 'text'
    if (this.kind === Token.STRING && !call.over && call.filter === undefined) {
      const modifiers = call.arguments.map((argument) =>
        argument.op === 'LITERAL' ? Number(argument.value) : Number.NaN,
      );
      if (modifiers.some((modifier) => !Number.isInteger(modifier))) throw this.syntaxError();
      const { type, label } = namedType(this, call.name, modifiers, call.pos);
      return this.castOfString(type, label, call.pos);
    }
    const { name } = call;
    if (this.allowPrimitives && name.length === 2 && name[0]?.text === 'sys') {
      return this.call((name[1] as Identifier).text, call.arguments, call.pos, (name[1] as Identifier).text);
    }
    const last = name[name.length - 1] as Identifier;
    if (call.arguments.at(-1)?.op === 'NAMED_ARGUMENT' && (name.length === 1 || name[0]?.text === 'pg_catalog')) {
      call.arguments.splice(0, call.arguments.length, ...placeArguments(last.text, call.arguments, call.pos));
    }
    if (
      name.length === 2 &&
      name[0]?.text === 'pg_catalog' &&
      last.text === 'position' &&
      call.arguments.length === 2
    ) {
      call.arguments.reverse();
    }
    return super.finishCall(call);
  }

  protected override routineCall(call: WrittenCall, builtIn: boolean): ValueNode {
    const last = call.name[call.name.length - 1] as Identifier;
    const plain = !call.star && !call.distinct && !call.over && !call.variadic && call.filter === undefined;
    if (builtIn && plain) {
      const args = call.arguments;
      if (args.length === 1 && CAST_FUNCTIONS.has(last.text)) {
        const { type } = namedType(this, call.name, [], call.pos);
        return node('CAST', { type, mode: 'cast', operand: args[0] as ValueNode, pos: call.pos });
      }
      const extremum = EXTREMUM_FUNCTION.exec(last.text);
      if (extremum !== null && args.length === 2) {
        const kind = extremum[1] === 'larger' ? 'greatest' : 'least';
        return node('EXTREMUM', { kind, nullPropagates: true, operands: args, pos: call.pos });
      }
      const operator = OPERATOR_FUNCTIONS.get(last.text);
      if (operator !== undefined && args.length === 2)
        return node('OPERATOR', { name: operator, operands: args, pos: call.pos });
    }
    return super.routineCall(call, builtIn);
  }

  /** A call of the function of this name, in a statement that names no more than that. */
  functionCall(name: Name, args: ValueNode[], pos: number): ValueNode {
    const { label } = this;
    const none = { order: [], within: [], filter: undefined, window: undefined, specification: undefined };
    const plain = { variadic: false, star: false, distinct: false, over: false };
    const call = this.finishCall({ name, pos, arguments: args, ...plain, ...none });
    this.label = label;
    return call;
  }

  // ---- infix words -----------------------------------------------------------------------------------------

  protected override wordPrecedence(restricted: boolean): number {
    switch (this.value) {
      case 'operator':
        return this.peekIsSymbol(1, '(') ? Precedence.OTHER : -1;
      case 'collate':
        return restricted ? -1 : Precedence.COLLATE;
      case 'at':
        return !restricted && this.peekIsWord(1, 'time') && this.peekIsWord(2, 'zone') ? Precedence.AT : -1;
      case 'isnull':
      case 'notnull':
        return restricted ? -1 : Precedence.IS;
      case 'ilike':
      case 'overlaps':
        return restricted ? -1 : Precedence.RANGE;
      case 'similar':
        return !restricted && this.peekIsWord(1, 'to') ? Precedence.RANGE : -1;
      case 'not': {
        if (restricted) return -1;
        const next = this.peekKind(1) === Token.WORD ? this.peekValue(1) : '';
        if (next === 'ilike' || next === 'similar') return Precedence.RANGE;
        return super.wordPrecedence(restricted);
      }
      default:
        return super.wordPrecedence(restricted);
    }
  }

  protected override wordInfix(left: ValueNode, precedence: number, restricted: boolean): ValueNode {
    const pos = this.pos;
    switch (this.value) {
      case 'operator': {
        const symbol = this.operatorReference();
        return this.namedInfix(left, symbol, pos, restricted);
      }
      case 'collate': {
        const strength = this.labelStrength;
        const { label } = this;
        this.advance();
        const collation = this.qualifiedName();
        this.label = label;
        this.labelStrength = strength;
        return node('COLLATE', { collation, operand: left, pos });
      }
      case 'at': {
        this.advance();
        this.expectWords('time', 'zone');
        const zone = this.expression(Precedence.AT + 1);
        return this.call('timezone', [zone, left], pos, 'timezone');
      }
      case 'isnull':
      case 'notnull': {
        const negated = this.value === 'notnull';
        this.advance();
        this.noLabel();
        return node('IS_NULL', { negated, operand: left, pos });
      }
      case 'overlaps':
        return this.overlapsInfix(left, pos);
      default:
        return super.wordInfix(left, precedence, restricted);
    }
  }

  private namedInfix(left: ValueNode, symbol: string, pos: number, restricted: boolean): ValueNode {
    const primitive = BINARY_OPERATORS.get(symbol)?.primitive ?? symbol;
    if (!restricted && (this.isWord('any') || this.isWord('all') || this.isWord('some')) && this.peekIsSymbol(1, '(')) {
      return this.quantified(left, primitive, pos);
    }
    const right = this.operand(Precedence.OTHER + 1, restricted);
    this.noLabel();
    return node('OPERATOR', { name: primitive, operands: [left, right], pos });
  }

  /** OPERATOR(schema.symbol): the symbol. Only the system schema has operators. */
  operatorReference(): string {
    this.expectWord('operator');
    this.expectSymbol('(');
    while (this.kind === Token.WORD || this.kind === Token.QUOTED) {
      if (this.value !== 'pg_catalog') {
        throw this.error('undefined_function', `operator schema "${this.value}" has no operators`, this.pos);
      }
      this.columnId();
      this.expectSymbol('.');
    }
    if (this.kind !== Token.OPERATOR) throw this.syntaxError();
    const symbol = this.value;
    this.advance();
    this.expectSymbol(')');
    return symbol;
  }

  private overlapsInfix(left: ValueNode, pos: number): ValueNode {
    if (left.op !== 'ROW') throw this.syntaxError();
    this.advance();
    const right = this.expression(Precedence.OTHER);
    if (right.op !== 'ROW') throw this.syntaxError();
    if (left.items.length !== 2)
      throw this.error('syntax_error', 'wrong number of parameters on left side of OVERLAPS expression', left.pos);
    if (right.items.length !== 2)
      throw this.error('syntax_error', 'wrong number of parameters on right side of OVERLAPS expression', right.pos);
    return this.call('overlaps', [...left.items, ...right.items], pos, 'overlaps');
  }

  protected override rangeInfix(value: ValueNode, word: string, isNot: boolean, pos: number): ValueNode {
    if (word === 'similar') {
      this.expectWord('to');
      return this.likeSuffix(value, 'similar', isNot, pos);
    }
    if (word === 'like' || word === 'ilike') {
      if ((this.isWord('any') || this.isWord('all') || this.isWord('some')) && this.peekIsSymbol(1, '(')) {
        return this.quantified(value, isNot ? `not_${word}` : word, pos);
      }
      return this.likeSuffix(value, word, isNot, pos);
    }
    return super.rangeInfix(value, word, isNot, pos);
  }

  /** IS [NOT] [NFC] NORMALIZED, and what the standard has. */
  protected override isSuffix(operand: ValueNode, pos: number, restricted: boolean): ValueNode {
    const mark = this.index;
    const isNot = this.acceptWord('not');
    if (this.isWord('document')) throw this.unsupported('IS DOCUMENT');
    const form = this.acceptOneOf('nfc', 'nfd', 'nfkc', 'nfkd');
    if (this.acceptWord('normalized')) {
      const args = form === undefined ? [operand] : [operand, stringLiteral(form.toUpperCase())];
      const result = this.call('is_normalized', args, pos, 'is_normalized');
      if (!isNot) return result;
      this.noLabel();
      return node('NOT', { operand: result, pos });
    }
    this.moveTo(mark);
    return super.isSuffix(operand, pos, restricted);
  }

  protected override operatorName(): string {
    if (!this.isWord('operator')) return super.operatorName();
    const symbol = this.operatorReference();
    return BINARY_OPERATORS.get(symbol)?.primitive ?? symbol;
  }

  // ---- FROM ------------------------------------------------------------------------------------------------

  protected override checkDerivedAlias(source: RelationNode, pos: number): void {
    const values = source.op === 'VALUES';
    throw this.error(
      'syntax_error',
      values ? 'VALUES in FROM must have an alias' : 'subquery in FROM must have an alias',
      pos,
      values ? 'For example, FROM (VALUES ...) [AS] foo.' : 'For example, FROM (SELECT ...) [AS] foo.',
    );
  }
}

/** Words that go on with a type's name after its first. */
const TYPE_SECOND_WORDS: ReadonlySet<string> = new Set(
  'varying with without character char year month day hour minute second'.split(' '),
);

function truncated(identifier: Identifier): Identifier {
  const bytes = encoder.encode(identifier.text);
  if (bytes.length <= MAX_IDENTIFIER_BYTES) return identifier;
  let end = MAX_IDENTIFIER_BYTES;
  while (((bytes[end] as number) & 0xc0) === 0x80) end--;
  return { text: decoder.decode(bytes.subarray(0, end)), exact: identifier.exact };
}
