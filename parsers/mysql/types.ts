/**
 * MySQL's column types and how the engine holds them. `declared` keeps the name under which a type was
 * declared where the engine's kind alone does not tell it (specs/dialects/mysql).
 */
import type { SqlType } from '../../sblr/contract/types.ts';
import type { ParsedType } from '../shared/expression-parser.ts';
import { collationOfSet, declaredCollation, knownCollation } from './character-sets.ts';
import type { ParserBase } from '../shared/parser-base.ts';
import { Token } from '../shared/tokenizer.ts';

/** A parser of types; its modes say what REAL is. */
type TypeParser = ParserBase & { readonly modes?: { readonly realAsFloat: boolean } };

const DEFAULT_DECIMAL_PRECISION = 10;
const MAX_DECIMAL_PRECISION = 65;
const MAX_DECIMAL_SCALE = 30;
const MAX_FRACTION_DIGITS = 6;
const MAX_BIT_LENGTH = 64;
const MAX_CHAR_LENGTH = 255;
/** A float of more digits than this is a double. */
const FLOAT_DIGITS = 24;
const MAX_FLOAT_DIGITS = 53;
const MAX_FLOAT_WIDTH = 255;

const INTEGERS: Readonly<Record<string, SqlType['kind']>> = {
  tinyint: 'int8',
  int1: 'int8',
  smallint: 'int16',
  int2: 'int16',
  mediumint: 'int24',
  int3: 'int24',
  middleint: 'int24',
  int: 'int32',
  integer: 'int32',
  int4: 'int32',
  bigint: 'int64',
  int8: 'int64',
};

const LARGE_TEXTS: ReadonlySet<string> = new Set(['tinytext', 'text', 'mediumtext', 'longtext']);
const LARGE_BYTES: ReadonlySet<string> = new Set(['tinyblob', 'blob', 'mediumblob', 'longblob']);

const SPATIAL: ReadonlySet<string> = new Set(['geometry', 'point', 'linestring', 'polygon']);

/** (n) or nothing */
function optionalLength(p: TypeParser): number | undefined {
  if (!p.acceptSymbol('(')) return undefined;
  const length = p.unsignedInteger();
  p.expectSymbol(')');
  return length;
}

/** (n, m), (n) or nothing */
function precisionAndScale(p: TypeParser): readonly [number?, number?] {
  if (!p.acceptSymbol('(')) return [];
  const precision = p.unsignedInteger();
  const scale = p.acceptSymbol(',') ? p.unsignedInteger() : undefined;
  p.expectSymbol(')');
  return scale === undefined ? [precision] : [precision, scale];
}

interface NumberAttributes {
  readonly unsigned?: true;
}

/** UNSIGNED, SIGNED, ZEROFILL in any order; ZEROFILL implies UNSIGNED. */
function signAttributes(p: TypeParser): { readonly unsigned: boolean; readonly zerofill: boolean } {
  let unsigned = false;
  let zerofill = false;
  for (;;) {
    const word = p.acceptOneOf('unsigned', 'signed', 'zerofill');
    if (word === undefined) return { unsigned: unsigned || zerofill, zerofill };
    unsigned ||= word === 'unsigned';
    zerofill ||= word === 'zerofill';
  }
}

/** Of numbers that are no integers, which are not filled with zeros. */
function numberAttributes(p: TypeParser): NumberAttributes {
  const { pos } = p;
  const { unsigned, zerofill } = signAttributes(p);
  if (zerofill) throw p.unsupported('ZEROFILL of numbers that are no integers', pos);
  return unsigned ? { unsigned: true } : {};
}

/** Digits of the widest number. */
const INTEGER_DIGITS: Partial<Record<SqlType['kind'], number>> = { int8: 3, int16: 5, int24: 8, int32: 10, int64: 20 };

function integerType(p: TypeParser, kind: SqlType['kind']): SqlType {
  const width = optionalLength(p);
  const { unsigned, zerofill } = signAttributes(p);
  // The width matters where zeros fill it, and for what clients take for a truth value.
  if (zerofill) return { kind, unsigned, declared: `integer(${width ?? INTEGER_DIGITS[kind]}) zerofill` };
  if (unsigned) return { kind, unsigned };
  return kind === 'int8' && width === 1 ? { kind, declared: 'tinyint(1)' } : { kind };
}

function decimalType(p: TypeParser): SqlType {
  const { pos } = p;
  const [precision = DEFAULT_DECIMAL_PRECISION, scale = 0] = precisionAndScale(p);
  if (precision > MAX_DECIMAL_PRECISION)
    throw tooBig(p, `Too-big precision ${precision} specified. Maximum is ${MAX_DECIMAL_PRECISION}.`, pos);
  if (scale > MAX_DECIMAL_SCALE)
    throw tooBig(p, `Too big scale ${scale} specified. Maximum is ${MAX_DECIMAL_SCALE}.`, pos);
  if (scale > precision) throw tooBig(p, 'For float(M,D), double(M,D) or decimal(M,D), M must be >= D.', pos);
  return {
    kind: 'decimal',
    precision: precision === 0 ? DEFAULT_DECIMAL_PRECISION : precision,
    scale,
    ...numberAttributes(p),
  };
}

function tooBig(p: TypeParser, message: string, pos: number): Error {
  return p.error('invalid_column_definition', message, pos);
}

function floatType(p: TypeParser, word: string): SqlType {
  const { pos } = p;
  const [digits, scale] = precisionAndScale(p);
  if (scale === undefined && digits !== undefined && digits > MAX_FLOAT_DIGITS)
    throw tooBig(p, 'Incorrect column specifier', pos);
  const short = word === 'float' || word === 'float4' || (word === 'real' && p.modes?.realAsFloat === true);
  const double = !short || (scale === undefined && (digits ?? 0) > FLOAT_DIGITS);
  if (scale === undefined || digits === undefined) {
    if (word !== 'float' && word !== 'float4' && digits !== undefined) throw p.syntaxError(pos);
    return { kind: double ? 'float64' : 'float32', ...numberAttributes(p) };
  }
  if (digits > MAX_FLOAT_WIDTH)
    throw tooBig(p, `Display width out of range for column (max = ${MAX_FLOAT_WIDTH})`, pos);
  if (scale > MAX_DECIMAL_SCALE)
    throw tooBig(p, `Too big scale ${scale} specified. Maximum is ${MAX_DECIMAL_SCALE}.`, pos);
  if (scale > digits) throw tooBig(p, 'For float(M,D), double(M,D) or decimal(M,D), M must be >= D.', pos);
  return { kind: double ? 'float64' : 'float32', precision: digits, scale, ...numberAttributes(p) };
}

/** CHARACTER SET x, CHARSET x, COLLATE x, BINARY, ASCII, UNICODE after a text type. */
function characterAttributes(p: TypeParser): { readonly collation?: string; readonly binary: boolean } {
  const { pos } = p;
  let charset: string | undefined;
  let collation: string | undefined;
  let binary = false;
  for (;;) {
    if (p.acceptWords('character', 'set') || p.acceptWords('char', 'set') || p.acceptWord('charset')) charset = name(p);
    else if (p.acceptWord('collate')) collation = name(p);
    else if (p.acceptWord('binary')) binary = true;
    else if (p.acceptWord('ascii')) charset = 'latin1';
    else if (p.acceptWord('unicode')) charset = 'ucs2';
    else break;
  }
  if (charset === 'binary') return { binary: true };
  const own = charset === undefined ? undefined : collationOfSet(charset, pos);
  const declared = declaredCollation(charset, collation, pos);
  if (!binary || collation !== undefined)
    return declared === undefined ? { binary: false } : { collation: declared, binary: false };
  return { collation: knownCollation(`${(own ?? 'utf8mb4').split('_', 1)[0]}_bin`), binary: false };
}

/** A character set or collation: a word or a string. */
export function name(p: TypeParser): string {
  p.acceptOperator('=');
  if (p.kind === Token.STRING || p.kind === Token.WORD || p.kind === Token.QUOTED) {
    const text = p.value.toLowerCase();
    p.advance();
    return text;
  }
  throw p.syntaxError();
}

function textType(p: TypeParser, base: SqlType): SqlType {
  const { collation, binary } = characterAttributes(p);
  if (binary) {
    const { length, fixed } = base;
    return { kind: 'bytes', ...(length === undefined ? {} : { length }), ...(fixed === undefined ? {} : { fixed }) };
  }
  return collation === undefined ? base : { ...base, collation };
}

function charType(p: TypeParser): SqlType {
  if (p.acceptWord('varying')) return varcharType(p);
  const { pos } = p;
  const length = optionalLength(p) ?? 1;
  if (length > MAX_CHAR_LENGTH)
    throw tooBig(p, `Column length too big for column (max = ${MAX_CHAR_LENGTH}); use BLOB or TEXT instead`, pos);
  return textType(p, { kind: 'text', length, fixed: true });
}

function varcharType(p: TypeParser): SqlType {
  p.expectSymbol('(');
  const length = p.unsignedInteger();
  p.expectSymbol(')');
  return textType(p, { kind: 'text', length });
}

function timeType(p: TypeParser, kind: SqlType['kind']): SqlType {
  const { pos } = p;
  const precision = optionalLength(p) ?? 0;
  if (precision > MAX_FRACTION_DIGITS)
    throw tooBig(p, `Too-big precision ${precision} specified. Maximum is ${MAX_FRACTION_DIGITS}.`, pos);
  return { kind, precision };
}

/** ('label', ...) */
function labels(p: TypeParser): string[] {
  p.expectSymbol('(');
  const list = p.list(() => p.stringLiteral().replace(/ +$/, ''));
  p.expectSymbol(')');
  return list;
}

/** A type as columns are declared with. The label is the first word. */
export function parseColumnType(p: TypeParser): ParsedType {
  const { pos } = p;
  if (p.kind !== Token.WORD) throw p.syntaxError();
  const word = p.value;
  const type = typeAfter(p, word, pos);
  if (type === undefined) throw p.syntaxError();
  return { type, label: word };
}

function typeAfter(p: TypeParser, word: string, pos: number): SqlType | undefined {
  const integer = INTEGERS[word];
  if (integer !== undefined) {
    p.advance();
    return integerType(p, integer);
  }
  if (LARGE_TEXTS.has(word)) {
    p.advance();
    if (word === 'text') optionalLength(p);
    return textType(p, { kind: 'text', declared: word });
  }
  if (LARGE_BYTES.has(word)) {
    p.advance();
    if (word === 'blob') optionalLength(p);
    return { kind: 'bytes', declared: word };
  }
  return otherType(p, word, pos);
}

function otherType(p: TypeParser, word: string, pos: number): SqlType | undefined {
  p.advance();
  switch (word) {
    case 'bool':
    case 'boolean':
      return { kind: 'int8', declared: 'tinyint(1)' };
    case 'decimal':
    case 'dec':
    case 'numeric':
    case 'fixed':
      return decimalType(p);
    case 'double':
      p.acceptWord('precision');
      return floatType(p, word);
    case 'float':
    case 'float4':
    case 'float8':
    case 'real':
      return floatType(p, word);
    case 'bit': {
      const length = optionalLength(p) ?? 1;
      if (length > MAX_BIT_LENGTH || length === 0)
        throw tooBig(p, `Display width out of range for column (max = ${MAX_BIT_LENGTH})`, pos);
      return { kind: 'bits', length, fixed: true };
    }
    case 'character':
    case 'char':
    case 'nchar':
      return charType(p);
    case 'national':
      return p.expectOneOf('char', 'character', 'varchar') === 'varchar' ? varcharType(p) : charType(p);
    case 'varchar':
    case 'varcharacter':
    case 'nvarchar':
      return varcharType(p);
    case 'binary':
      return { kind: 'bytes', length: optionalLength(p) ?? 1, fixed: true };
    case 'varbinary':
      p.expectSymbol('(');
      return closed(p, { kind: 'bytes', length: p.unsignedInteger() });
    case 'long':
      if (p.acceptWord('varbinary')) return { kind: 'bytes', declared: 'mediumblob' };
      p.acceptOneOf('varchar', 'varcharacter');
      return textType(p, { kind: 'text', declared: 'mediumtext' });
    case 'date':
      return { kind: 'date' };
    case 'time':
      return timeType(p, 'time');
    case 'datetime':
      return timeType(p, 'timestamp');
    case 'timestamp':
      return timeType(p, 'timestamptz');
    case 'year':
      optionalLength(p);
      return { kind: 'year' };
    case 'json':
      return { kind: 'jsonb', declared: 'json' };
    case 'enum':
      return textType(p, { kind: 'enum', labels: labels(p) });
    case 'set':
      return textType(p, { kind: 'set', labels: labels(p) });
    case 'serial':
      return { kind: 'int64', unsigned: true, declared: 'serial' };
    default:
      if (SPATIAL.has(word)) throw p.unsupported(`spatial type ${word.toUpperCase()}`, pos);
      return undefined;
  }
}

function closed(p: TypeParser, type: SqlType): SqlType {
  p.expectSymbol(')');
  return type;
}

/** The types of CAST and CONVERT (Reference Manual 14.10). */
export function parseCastType(p: TypeParser): ParsedType {
  const { pos } = p;
  const word = p.value;
  switch (word) {
    case 'signed':
    case 'unsigned':
      p.advance();
      p.acceptOneOf('integer', 'int');
      // A cast to SIGNED that was written takes the bits of what is too large; other conversions the nearest value.
      return {
        type: word === 'signed' ? { kind: 'int64', declared: 'signed' } : { kind: 'int64', unsigned: true },
        label: word,
      };
    case 'binary': {
      p.advance();
      const length = optionalLength(p);
      return { type: length === undefined ? { kind: 'bytes' } : { kind: 'bytes', length, fixed: true }, label: word };
    }
    case 'char':
    case 'character':
    case 'nchar': {
      p.advance();
      const length = optionalLength(p);
      return { type: textType(p, length === undefined ? { kind: 'text' } : { kind: 'text', length }), label: word };
    }
    case 'date':
    case 'datetime':
    case 'time':
    case 'decimal':
    case 'dec':
    case 'float':
    case 'double':
    case 'real':
    case 'json':
    case 'year':
      return { type: typeAfter(p, word, pos) as SqlType, label: word };
    default:
      throw p.syntaxError();
  }
}
