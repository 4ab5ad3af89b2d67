/** How the engine's types look in column definitions: type code, length in bytes, character set, decimals, flags. */
import { filledDigits } from './value-text.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { CHARSET, FIELD_FLAG, FIELD_TYPE } from './constants.ts';

export interface FieldType {
  readonly code: number;
  /** Longest value in bytes, as clients size their columns by it. */
  readonly length: number;
  readonly charset: number;
  readonly decimals: number;
  readonly flags: number;
}

/** Bytes a character of the connection's character set may take. */
const CHARACTER_BYTES = 4;
/** Characters of computed text whose length is not known beforehand. */
const UNBOUNDED_TEXT = 65535;
const LONGEST = 0xffff_ffff;
const LONGEST_NAME = 64;
/** `decimals` of a floating-point column whose digits are not fixed, and of text. */
const NOT_FIXED = 31;
const MAX_DECIMAL_PRECISION = 65;

/** Digits with a sign, and without one. */
const INTEGER_LENGTHS = { int8: 4, int16: 6, int24: 9, int32: 11, int64: 20 } as const;
const UNSIGNED_LENGTHS = { int8: 3, int16: 5, int24: 8, int32: 10, int64: 20 } as const;
const INTEGER_CODES = {
  int8: FIELD_TYPE.TINY,
  int16: FIELD_TYPE.SHORT,
  int24: FIELD_TYPE.INT24,
  int32: FIELD_TYPE.LONG,
  int64: FIELD_TYPE.LONGLONG,
} as const;

/** Longest values of the types that are declared by a name alone, in bytes or characters. */
const LARGE_LENGTHS: Readonly<Record<string, number>> = {
  tinytext: 255,
  text: 65_535,
  mediumtext: 16_777_215,
  longtext: LONGEST,
  tinyblob: 255,
  blob: 65_535,
  mediumblob: 16_777_215,
  longblob: LONGEST,
};

const number = (code: number, length: number, decimals = 0, flags = 0): FieldType => ({
  code,
  length,
  charset: CHARSET.BINARY,
  decimals,
  flags,
});

const instant = (code: number, length: number, precision: number, flags = 0): FieldType => ({
  code,
  length: precision > 0 ? length + precision + 1 : length,
  charset: CHARSET.BINARY,
  decimals: precision,
  flags: FIELD_FLAG.BINARY | flags,
});

const text = (code: number, characters: number, charset: number, flags = 0): FieldType => ({
  code,
  length: Math.min(characters * CHARACTER_BYTES, LONGEST),
  charset,
  decimals: NOT_FIXED,
  flags,
});

const bytes = (code: number, length: number, flags = 0): FieldType => ({
  code,
  length,
  charset: CHARSET.BINARY,
  decimals: NOT_FIXED,
  flags: FIELD_FLAG.BINARY | flags,
});

/**
 * `charset`: number of the character set in which the session's results are sent. `stored`: the column is one of a
 * table, of which text has no decimals and only bytes and dates are marked as binary; whatever is computed has
 * both by its collation.
 */
export function fieldType(type: SqlType, charset: number, stored = false): FieldType {
  const field = typeAlone(type, charset);
  if (stored) {
    const isText = field.charset !== CHARSET.BINARY || (field.flags & FIELD_FLAG.BINARY) !== 0;
    return isText && field.decimals === NOT_FIXED ? { ...field, decimals: 0 } : field;
  }
  return field.charset === CHARSET.BINARY ? { ...field, flags: field.flags | FIELD_FLAG.BINARY } : field;
}

function typeAlone(type: SqlType, charset: number): FieldType {
  const filled = filledDigits(type) === undefined ? 0 : FIELD_FLAG.ZEROFILL;
  const unsigned = (type.unsigned === true ? FIELD_FLAG.UNSIGNED : 0) | filled;
  switch (type.kind) {
    case 'bool':
      return number(FIELD_TYPE.LONGLONG, 1);
    case 'int8':
    case 'int16':
    case 'int24':
    case 'int32':
    case 'int64':
      return number(INTEGER_CODES[type.kind], integerLength(type, type.kind), 0, unsigned);
    case 'year':
      return number(FIELD_TYPE.YEAR, 4, 0, FIELD_FLAG.UNSIGNED | FIELD_FLAG.ZEROFILL);
    case 'oid':
      return number(FIELD_TYPE.LONG, 10, 0, FIELD_FLAG.UNSIGNED);
    case 'decimal': {
      const precision = type.precision ?? MAX_DECIMAL_PRECISION;
      const scale = type.scale ?? 0;
      // A sign and a point.
      return number(FIELD_TYPE.NEWDECIMAL, precision + (unsigned === 0 ? 1 : 0) + (scale > 0 ? 1 : 0), scale, unsigned);
    }
    case 'float32':
      return number(FIELD_TYPE.FLOAT, type.precision ?? 12, type.scale ?? NOT_FIXED, unsigned);
    case 'float64':
      return number(FIELD_TYPE.DOUBLE, type.precision ?? 22, type.scale ?? NOT_FIXED, unsigned);
    case 'date':
      return instant(FIELD_TYPE.DATE, 10, 0);
    case 'time':
    case 'timetz':
      return instant(FIELD_TYPE.TIME, 10, type.precision ?? 0);
    case 'timestamp':
      return instant(FIELD_TYPE.DATETIME, 19, type.precision ?? 0);
    case 'timestamptz':
      return instant(FIELD_TYPE.TIMESTAMP, 19, type.precision ?? 0);
    case 'bits':
      return number(FIELD_TYPE.BIT, type.length ?? 1, 0, FIELD_FLAG.UNSIGNED);
    case 'bytes':
      if (type.fixed === true) return bytes(FIELD_TYPE.STRING, type.length ?? 1);
      if (type.length !== undefined && type.declared !== 'blob') return bytes(FIELD_TYPE.VAR_STRING, type.length);
      if (type.length === undefined && type.declared === undefined) return bytes(FIELD_TYPE.VAR_STRING, UNBOUNDED_TEXT);
      return bytes(FIELD_TYPE.BLOB, largeLength(type), FIELD_FLAG.BLOB);
    case 'json':
    case 'jsonb':
      return { ...bytes(FIELD_TYPE.JSON, LONGEST, FIELD_FLAG.BLOB), decimals: 0 };
    case 'enum':
      return text(FIELD_TYPE.STRING, longestLabel(type), charset, FIELD_FLAG.ENUM);
    case 'set':
      return text(FIELD_TYPE.STRING, allLabels(type), charset, FIELD_FLAG.SET);
    case 'text':
      if (type.fixed === true) return text(FIELD_TYPE.STRING, type.length ?? 1, charset);
      if (type.declared === 'name') return text(FIELD_TYPE.VAR_STRING, LONGEST_NAME, charset);
      if (type.length !== undefined && type.declared !== 'text')
        return text(FIELD_TYPE.VAR_STRING, type.length, charset);
      if (type.declared === undefined) return text(FIELD_TYPE.VAR_STRING, UNBOUNDED_TEXT, charset);
      return text(FIELD_TYPE.BLOB, largeLength(type), charset, FIELD_FLAG.BLOB);
    case 'uuid':
      return text(FIELD_TYPE.STRING, 36, charset);
    case 'unknown':
      return { code: FIELD_TYPE.NULL, length: 0, charset: CHARSET.BINARY, decimals: 0, flags: FIELD_FLAG.BINARY };
    default:
      return text(FIELD_TYPE.VAR_STRING, LONGEST, charset);
  }
}

/** The width of one digit is what clients take for a truth value. */
function integerLength(type: SqlType, kind: keyof typeof INTEGER_LENGTHS): number {
  if (type.declared === 'tinyint(1)') return 1;
  const filled = filledDigits(type);
  if (filled !== undefined) return filled;
  return (type.unsigned === true ? UNSIGNED_LENGTHS : INTEGER_LENGTHS)[kind];
}

function largeLength(type: SqlType): number {
  return type.length ?? LARGE_LENGTHS[type.declared ?? ''] ?? LONGEST;
}

function longestLabel(type: SqlType): number {
  return (type.labels ?? []).reduce((longest, label) => Math.max(longest, label.length), 0);
}

function allLabels(type: SqlType): number {
  const labels = type.labels ?? [];
  return labels.reduce((sum, label) => sum + label.length, Math.max(0, labels.length - 1));
}
