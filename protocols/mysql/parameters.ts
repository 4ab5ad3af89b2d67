/** The parameter values of COM_STMT_EXECUTE ("Binary Protocol Value"), and their types as the client declares them. */
import { isUtf8 } from 'node:buffer';
import { daysFromCivil, joinMicros } from '../../sblr/contract/text/calendar.ts';
import {
  BYTES,
  DATE,
  FLOAT32,
  FLOAT64,
  INT64,
  type SqlType,
  TEXT,
  TIME,
  TIMESTAMP,
  UNKNOWN,
} from '../../sblr/contract/types.ts';
import type { SqlValue } from '../../sblr/contract/values.ts';
import { canonicalInteger } from '../../sblr/contract/values.ts';
import { MalformedMessage, type NetworkReader } from '../shared/byte-reader.ts';
import { FIELD_TYPE } from './constants.ts';
import type { CharacterSet } from './character-sets.ts';
import { readLengthBytes } from './length-encoded.ts';

const UNSIGNED = 0x80;
const MICROS_PER_SECOND = 1_000_000;
const FRACTION_DIGITS = 6;
const MICROS_PER_DAY = 86_400 * MICROS_PER_SECOND;
/** Types of times of day, alone or with a date. */
const TIMED: ReadonlySet<number> = new Set([FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP, FIELD_TYPE.TIME]);
const UNSIGNED_INT64: SqlType = { kind: 'int64', unsigned: true };
const DECIMAL_TEXT: SqlType = { kind: 'text', declared: 'decimal' };

export interface ParameterType {
  readonly code: number;
  readonly unsigned: boolean;
}

/** The types that come before the values of an execution, when the client sends them. */
export function readParameterTypes(reader: NetworkReader, count: number): ParameterType[] {
  return Array.from({ length: count }, () => {
    const code = reader.u8();
    return { code, unsigned: (reader.u8() & UNSIGNED) !== 0 };
  });
}

/** `long`: values sent ahead by COM_STMT_SEND_LONG_DATA, by parameter. */
export function readParameterValues(
  reader: NetworkReader,
  nulls: Buffer,
  types: readonly ParameterType[],
  long: ReadonlyMap<number, Buffer>,
  set: CharacterSet,
): SqlValue[] {
  const values: SqlValue[] = [];
  for (let index = 0; index < types.length; index++) {
    const type = types[index] as ParameterType;
    const ahead = long.get(index);
    const isNull = (((nulls[index >> 3] as number) >> (index & 7)) & 1) === 1 || type.code === FIELD_TYPE.NULL;
    if (ahead !== undefined) values.push(isBinary(type) ? ahead : text(ahead, set));
    else values.push(isNull ? null : readValue(reader, type, set));
  }
  return values;
}

/** The engine's types of parameters that the client declared so, and sent these values for. */
export function engineTypes(
  types: readonly ParameterType[],
  values: readonly SqlValue[],
  long: ReadonlyMap<number, Buffer>,
): SqlType[] {
  return types.map((type, index) => {
    const value = values[index] ?? null;
    if (value instanceof Uint8Array) return BYTES;
    return long.has(index) ? TEXT : shownFraction(engineType(type), value);
  });
}

/** Do the engine's types of such parameters depend on their values? */
export function dependOnValues(types: readonly ParameterType[]): boolean {
  return types.some(({ code }) => TIMED.has(code));
}

/** Is there a text among the values that is none, so that these types are not those of the next execution? */
export function bytesForText(types: readonly ParameterType[], values: readonly SqlValue[]): boolean {
  for (let index = 0; index < types.length; index++)
    if (values[index] instanceof Uint8Array && !isBinary(types[index] as ParameterType)) return true;
  return false;
}

function isBinary({ code }: ParameterType): boolean {
  return code >= FIELD_TYPE.TINY_BLOB && code <= FIELD_TYPE.BLOB;
}

function engineType({ code, unsigned }: ParameterType): SqlType {
  switch (code) {
    case FIELD_TYPE.NULL:
      return UNKNOWN;
    case FIELD_TYPE.TINY:
    case FIELD_TYPE.SHORT:
    case FIELD_TYPE.YEAR:
    case FIELD_TYPE.LONG:
    case FIELD_TYPE.INT24:
    case FIELD_TYPE.LONGLONG:
      return unsigned ? UNSIGNED_INT64 : INT64;
    case FIELD_TYPE.FLOAT:
      return FLOAT32;
    case FIELD_TYPE.DOUBLE:
      return FLOAT64;
    case FIELD_TYPE.DATE:
      return DATE;
    case FIELD_TYPE.DATETIME:
    case FIELD_TYPE.TIMESTAMP:
      return TIMESTAMP;
    case FIELD_TYPE.TIME:
      return TIME;
    case FIELD_TYPE.TINY_BLOB:
    case FIELD_TYPE.MEDIUM_BLOB:
    case FIELD_TYPE.LONG_BLOB:
    case FIELD_TYPE.BLOB:
    case FIELD_TYPE.BIT:
      return BYTES;
    case FIELD_TYPE.DECIMAL:
    case FIELD_TYPE.NEWDECIMAL:
      return DECIMAL_TEXT;
    default:
      return TEXT;
  }
}

function readValue(reader: NetworkReader, { code, unsigned }: ParameterType, set: CharacterSet): SqlValue {
  switch (code) {
    case FIELD_TYPE.TINY: {
      const value = reader.u8();
      return unsigned ? value : (value << 24) >> 24;
    }
    case FIELD_TYPE.SHORT:
    case FIELD_TYPE.YEAR: {
      const value = reader.u16le();
      return unsigned ? value : (value << 16) >> 16;
    }
    case FIELD_TYPE.LONG:
    case FIELD_TYPE.INT24:
      return unsigned ? reader.u32le() : reader.i32le();
    case FIELD_TYPE.LONGLONG:
      return canonicalInteger(unsigned ? reader.u64le() : reader.i64le());
    case FIELD_TYPE.FLOAT:
      return reader.f32le();
    case FIELD_TYPE.DOUBLE:
      return reader.f64le();
    case FIELD_TYPE.DATE:
      return readInstant(reader).days;
    case FIELD_TYPE.DATETIME:
    case FIELD_TYPE.TIMESTAMP: {
      const { days, micros } = readInstant(reader);
      return joinMicros(days, micros);
    }
    case FIELD_TYPE.TIME:
      return readTime(reader);
    case FIELD_TYPE.TINY_BLOB:
    case FIELD_TYPE.MEDIUM_BLOB:
    case FIELD_TYPE.LONG_BLOB:
    case FIELD_TYPE.BLOB:
    case FIELD_TYPE.BIT:
      return Buffer.from(readLengthBytes(reader));
    default:
      return text(readLengthBytes(reader), set);
  }
}

/** Many clients declare binary strings as text: what is no text is kept as the bytes that came. */
function text(bytes: Buffer, set: CharacterSet): SqlValue {
  if (!set.utf8) return set.decode(bytes);
  return isUtf8(bytes) ? bytes.toString('utf8') : Buffer.from(bytes);
}

/** Times of day that are given with a fraction of a second show it. */
function shownFraction(type: SqlType, value: SqlValue): SqlType {
  if (type !== TIMESTAMP && type !== TIME) return type;
  const fraction = typeof value === 'bigint' ? value % BigInt(MICROS_PER_SECOND) : Number(value) % MICROS_PER_SECOND;
  return { ...type, precision: Number(fraction) === 0 ? 0 : FRACTION_DIGITS };
}

function readInstant(reader: NetworkReader): { days: number; micros: number } {
  const length = reader.u8();
  if (length === 0) return { days: daysFromCivil(0, 1, 1), micros: 0 };
  if (length < 4 || length > 11) throw new MalformedMessage('invalid length of a date');
  const days = daysFromCivil(reader.u16le(), reader.u8(), reader.u8());
  const seconds = length >= 7 ? reader.u8() * 3600 + reader.u8() * 60 + reader.u8() : 0;
  const fraction = length >= 11 ? reader.u32le() : 0;
  return { days, micros: seconds * MICROS_PER_SECOND + fraction };
}

function readTime(reader: NetworkReader): number {
  const length = reader.u8();
  if (length === 0) return 0;
  if (length < 8 || length > 12) throw new MalformedMessage('invalid length of a time');
  const negative = reader.u8() === 1;
  const days = reader.u32le();
  const seconds = reader.u8() * 3600 + reader.u8() * 60 + reader.u8();
  const fraction = length >= 12 ? reader.u32le() : 0;
  const micros = days * MICROS_PER_DAY + seconds * MICROS_PER_SECOND + fraction;
  return negative ? -micros : micros;
}
