/** Type names as PostgreSQL writes them, with modifiers, interval fields and array bounds. */
import type { Name } from '../../sblr/contract/names.ts';
import * as base from '../../sblr/contract/types.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { ParsedType } from '../shared/expression-parser.ts';
import type { ParserBase } from '../shared/parser-base.ts';
import { Token } from '../shared/tokenizer.ts';
import { builtInType, CHAR } from './types.ts';

const SIMPLE: Readonly<Record<string, ParsedType>> = {
  int: { type: base.INT32, label: 'int4' },
  integer: { type: base.INT32, label: 'int4' },
  smallint: { type: base.INT16, label: 'int2' },
  bigint: { type: base.INT64, label: 'int8' },
  real: { type: base.FLOAT32, label: 'float4' },
  boolean: { type: base.BOOL, label: 'bool' },
};

/** Words that begin a type of their own grammar, and may also name a column. */
export const TYPE_WORDS: ReadonlySet<string> = new Set(
  (
    'int integer smallint bigint real float decimal dec numeric boolean bit national nchar char character varchar time timestamp ' +
    'interval'
  ).split(' '),
);

const built = (p: ParserBase, name: string, modifiers: readonly number[], pos: number): ParsedType => ({
  type: builtInType(name, modifiers, pos) as SqlType,
  label: name,
});

/** (n, ...) or nothing */
function modifiers(p: ParserBase): number[] {
  if (!p.acceptSymbol('(')) return [];
  const values = p.list(() => {
    const pos = p.pos;
    if (p.kind !== Token.INTEGER && !p.isOperator('-') && !p.isOperator('+')) {
      if (p.kind === Token.END || p.kind === Token.SYMBOL) throw p.syntaxError();
      throw p.error('syntax_error', 'type modifiers must be simple constants or identifiers', pos);
    }
    return Number(p.signedInteger());
  });
  p.expectSymbol(')');
  return values;
}

function optionalPrecision(p: ParserBase): number[] {
  if (!p.acceptSymbol('(')) return [];
  const value = p.unsignedInteger();
  p.expectSymbol(')');
  return [value];
}

function floatType(p: ParserBase): ParsedType {
  const pos = p.isSymbol('(') ? p.pos + 1 : p.pos;
  const [precision = 53] = optionalPrecision(p);
  if (precision < 1) throw p.error('invalid_parameter_value', 'precision for type float must be at least 1 bit', pos);
  if (precision > 53)
    throw p.error('invalid_parameter_value', 'precision for type float must be less than 54 bits', pos);
  return precision <= 24 ? { type: base.FLOAT32, label: 'float4' } : { type: base.FLOAT64, label: 'float8' };
}

function characterType(p: ParserBase, pos: number): ParsedType {
  if (p.acceptWord('varying')) return built(p, 'varchar', optionalPrecision(p), pos);
  const length = optionalPrecision(p);
  return built(p, 'bpchar', length.length === 0 ? [1] : length, pos);
}

function zoned(p: ParserBase, word: 'time' | 'timestamp', pos: number): ParsedType {
  const precision = optionalPrecision(p);
  let zone = false;
  if ((p.isWord('with') || p.isWord('without')) && p.peekIsWord(1, 'time')) {
    zone = p.isWord('with');
    p.advance();
    p.expectWords('time', 'zone');
  }
  return built(p, zone ? `${word}tz` : word, precision, pos);
}

const INTERVAL_ENDS: Readonly<Record<string, readonly string[]>> = {
  year: ['month'],
  month: [],
  day: ['hour', 'minute', 'second'],
  hour: ['minute', 'second'],
  minute: ['second'],
  second: [],
};

/** Leading field of an interval, [TO trailing field], [(precision)] after SECOND. */
export function intervalFields(p: ParserBase): { intervalFields?: string; precision?: number } {
  const first = p.acceptOneOf('year', 'month', 'day', 'hour', 'minute', 'second');
  if (first === undefined) return {};
  let fields: string = first;
  if (p.isWord('to') && (INTERVAL_ENDS[first] as readonly string[]).length > 0) {
    p.advance();
    fields += ` to ${p.expectOneOf(...(INTERVAL_ENDS[first] as readonly string[]))}`;
  }
  const precision = fields.endsWith('second') ? optionalPrecision(p) : [];
  return precision.length === 0
    ? { intervalFields: fields }
    : { intervalFields: fields, precision: Math.min(precision[0] as number, 6) };
}

function intervalType(p: ParserBase): ParsedType {
  const label = 'interval';
  const precision = optionalPrecision(p);
  if (precision.length > 0)
    return { type: { kind: 'interval', precision: Math.min(precision[0] as number, 6) }, label };
  const fields = intervalFields(p);
  return { type: fields.intervalFields === undefined ? base.INTERVAL : { kind: 'interval', ...fields }, label };
}

/** A type that has a grammar of its own; the word has been taken. */
function wordType(p: ParserBase, word: string, pos: number): ParsedType | undefined {
  const simple = SIMPLE[word];
  if (simple !== undefined) return simple;
  switch (word) {
    case 'float':
      return floatType(p);
    case 'decimal':
    case 'dec':
    case 'numeric':
      return built(p, 'numeric', modifiers(p), pos);
    case 'bit': {
      if (p.acceptWord('varying')) return built(p, 'varbit', modifiers(p), pos);
      const length = modifiers(p);
      return built(p, 'bit', length.length === 0 ? [1] : length, pos);
    }
    case 'national':
      p.expectOneOf('character', 'char');
      return characterType(p, pos);
    case 'character':
    case 'char':
    case 'nchar':
      return characterType(p, pos);
    case 'varchar':
      return built(p, 'varchar', optionalPrecision(p), pos);
    case 'time':
    case 'timestamp':
      return zoned(p, word, pos);
    case 'interval':
      return intervalType(p);
    default:
      return undefined;
  }
}

/** A type by its (qualified) name. */
export function namedType(p: ParserBase, name: Name, mods: readonly number[], pos: number): ParsedType {
  const last = name[name.length - 1] as Name[number];
  const label = last.text;
  if (name.length === 1 || (name.length === 2 && name[0]?.text === 'pg_catalog')) {
    // The quoted "char" is a type of one byte; undelimited char is a keyword and does not come here.
    if (label === 'char') return { type: CHAR, label };
    const type = last.exact ? undefined : builtInType(label, mods, pos);
    if (type !== undefined) return { type, label };
  }
  if (mods.length > 0) throw p.error('syntax_error', `type modifier is not allowed for type "${label}"`, pos);
  return { type: { kind: 'named', name }, label };
}

/** A type without array bounds. */
export function simpleType(p: ParserBase): ParsedType {
  const pos = p.pos;
  if (p.kind === Token.WORD) {
    const word = p.value;
    if (TYPE_WORDS.has(word)) {
      p.advance();
      return wordType(p, word, pos) as ParsedType;
    }
    if (word === 'double' && p.peekIsWord(1, 'precision')) {
      p.advance();
      p.advance();
      return { type: base.FLOAT64, label: 'float8' };
    }
  }
  if (!p.isTypeFunctionName()) throw p.syntaxError();
  const name = [p.takeIdentifier()];
  while (p.acceptSymbol('.')) name.push(p.columnLabel());
  if (p.isOperator('%') && p.peekIsWord(1, 'type')) throw p.unsupported('%TYPE');
  return namedType(p, name, modifiers(p), pos);
}

/** A complete type name. */
export function parseTypeName(p: ParserBase): ParsedType {
  if (p.isWord('setof')) throw p.syntaxError();
  const simple = simpleType(p);
  let array = false;
  if (p.isWord('array')) {
    p.advance();
    array = true;
    if (p.acceptSymbol('[')) {
      p.unsignedInteger();
      p.expectSymbol(']');
    }
  } else {
    while (p.acceptSymbol('[')) {
      array = true;
      if (!p.isSymbol(']')) p.unsignedInteger();
      p.expectSymbol(']');
    }
  }
  // Arrays of any number of dimensions and any bounds are of one type.
  return array ? { type: base.arrayOf(simple.type), label: simple.label } : simple;
}
