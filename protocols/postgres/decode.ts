/**
 * Binary parameters: from the wire form of each type to the engine's value. A length that does not fit
 * the type raises invalid_binary_representation; nothing else can go wrong with hostile bytes.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { parseJson, parseJsonb } from '../../sblr/contract/text/json.ts';
import { displayType } from '../../sblr/contract/text/type-name.ts';
import type { RecordField, SqlType } from '../../sblr/contract/types.ts';
import {
  Bits,
  canonicalInteger,
  Decimal,
  Interval,
  SqlArray,
  SqlRecord,
  TimeTz,
  type SqlValue,
} from '../../sblr/contract/values.ts';
import type { NetworkReader } from '../shared/byte-reader.ts';
import { declaredBinary } from './declared-binary.ts';
import { oidOfPart, oidOfType, typeOfOid } from './types.ts';

/** Days and microseconds from 1970-01-01 to 2000-01-01, where the wire's dates start. */
export const EPOCH_DAYS = 10957;
export const EPOCH_MICROS = 946_684_800_000_000n;
export const INFINITE_DATE = 0x7fff_ffff;
export const MINUS_INFINITE_DATE = -0x8000_0000;
export const INFINITE_TIMESTAMP = 0x7fff_ffff_ffff_ffffn;
export const MINUS_INFINITE_TIMESTAMP = -0x8000_0000_0000_0000n;
const MAX_DIMENSIONS = 6;
/** Arrays and records inside one another; hostile bytes must not exhaust the stack. */
const MAX_NESTING = 32;
const MICROS_PER_DAY = 86_400_000_000n;
export const NUMERIC_POSITIVE = 0x0000;
export const NUMERIC_NEGATIVE = 0x4000;
export const NUMERIC_NAN = 0xc000;
export const NUMERIC_INFINITY = 0xd000;
export const NUMERIC_MINUS_INFINITY = 0xf000;

export function invalidBinary(message: string): SqlError {
  return new SqlError('invalid_binary_representation', message);
}

function expectLength(length: number, expected: number): void {
  if (length !== expected) throw invalidBinary('incorrect binary data format');
}

/** Reads exactly `length` bytes as a value of `type`. */
export function decodeBinary(reader: NetworkReader, length: number, type: SqlType, depth = 0): SqlValue {
  switch (type.kind) {
    case 'bool':
      expectLength(length, 1);
      return reader.u8() !== 0;
    case 'int8':
    case 'int16':
      expectLength(length, 2);
      return reader.i16();
    case 'int24':
    case 'int32':
    case 'year':
      expectLength(length, 4);
      return reader.i32();
    case 'int64':
      expectLength(length, 8);
      return canonicalInteger(reader.i64());
    case 'oid':
    case 'reference':
      expectLength(length, 4);
      return reader.u32();
    case 'float32':
      expectLength(length, 4);
      return reader.f32();
    case 'float64':
      expectLength(length, 8);
      return reader.f64();
    case 'decimal':
      return decodeNumeric(reader, length);
    case 'text':
      return declaredBinary(type.declared)?.read(reader, length) ?? decodeText(reader, length);
    case 'enum':
    case 'unknown':
      return decodeText(reader, length);
    case 'json':
      return decodeJson(reader, length);
    case 'jsonb':
      return decodeJsonb(reader, length);
    case 'bytes':
      return reader.copy(length);
    case 'bits':
      return decodeBits(reader, length);
    case 'uuid':
      return decodeUuid(reader, length);
    case 'date': {
      expectLength(length, 4);
      const days = reader.i32();
      if (days === INFINITE_DATE) return Number.POSITIVE_INFINITY;
      return days === MINUS_INFINITE_DATE ? Number.NEGATIVE_INFINITY : days + EPOCH_DAYS;
    }
    case 'time':
    case 'timetz':
      return decodeTime(reader, length, type.kind === 'timetz');
    case 'timestamp':
    case 'timestamptz': {
      expectLength(length, 8);
      const micros = reader.i64();
      if (micros === INFINITE_TIMESTAMP) return Number.POSITIVE_INFINITY;
      return micros === MINUS_INFINITE_TIMESTAMP ? Number.NEGATIVE_INFINITY : canonicalInteger(micros + EPOCH_MICROS);
    }
    case 'interval': {
      expectLength(length, 16);
      const micros = canonicalInteger(reader.i64());
      if (typeof micros === 'bigint') throw new SqlError('interval_field_overflow', 'interval out of range');
      const days = reader.i32();
      return new Interval(reader.i32(), days, micros);
    }
    case 'array':
      return decodeArray(reader, length, type, depth);
    case 'record':
      return decodeRecord(reader, length, type, depth);
    case 'void':
      return null;
    default:
      throw new SqlError('feature_not_supported', `no binary input of type ${type.declared ?? type.kind}`);
  }
}

function decodeText(reader: NetworkReader, length: number): string {
  const text = reader.utf8(length);
  if (text.includes('\0')) {
    throw new SqlError('character_not_in_repertoire', 'invalid byte sequence for encoding "UTF8": 0x00');
  }
  return text;
}

function decodeJson(reader: NetworkReader, length: number): string {
  const text = decodeText(reader, length);
  parseJson(text);
  return text;
}

function decodeJsonb(reader: NetworkReader, length: number): SqlValue {
  if (length < 1) throw invalidBinary('incorrect binary data format');
  const version = reader.u8();
  if (version !== 1) throw new SqlError('feature_not_supported', `unsupported jsonb version number ${version}`);
  return parseJsonb(decodeText(reader, length - 1));
}

function decodeUuid(reader: NetworkReader, length: number): string {
  expectLength(length, 16);
  const hex = reader.view(16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function decodeTime(reader: NetworkReader, length: number, zoned: boolean): number | TimeTz {
  expectLength(length, zoned ? 12 : 8);
  const micros = reader.i64();
  if (micros < 0n || micros > MICROS_PER_DAY) throw new SqlError('datetime_field_overflow', 'time out of range');
  if (!zoned) return Number(micros);
  const west = reader.i32();
  if (west <= -57600 || west >= 57600) {
    throw new SqlError('invalid_time_zone_displacement_value', 'time zone displacement out of range');
  }
  return new TimeTz(Number(micros), west === 0 ? 0 : -west);
}

function decodeBits(reader: NetworkReader, length: number): Bits {
  if (length < 4) throw invalidBinary('incorrect binary data format');
  const count = reader.i32();
  if (count < 0 || Math.ceil(count / 8) !== length - 4) throw invalidBinary('invalid length in external bit string');
  let text = '';
  for (const byte of reader.view(length - 4)) text += byte.toString(2).padStart(8, '0');
  return new Bits(text.slice(0, count));
}

const DIGITS_PER_GROUP = 4;

function decodeNumeric(reader: NetworkReader, length: number): Decimal {
  if (length < 8) throw invalidBinary('incorrect binary data format');
  const count = reader.u16();
  const weight = reader.i16();
  const sign = reader.u16();
  const scale = reader.u16();
  expectLength(length, 8 + count * 2);
  let digits = '';
  for (let index = 0; index < count; index++) {
    const group = reader.i16();
    if (group < 0 || group > 9999) throw invalidBinary('invalid digit in external "numeric" value');
    digits += group.toString().padStart(DIGITS_PER_GROUP, '0');
  }
  if (sign === NUMERIC_NAN) return new Decimal(0, 0, 'NaN');
  if (sign === NUMERIC_INFINITY) return new Decimal(0, 0, 'Infinity');
  if (sign === NUMERIC_MINUS_INFINITY) return new Decimal(0, 0, '-Infinity');
  if (sign !== NUMERIC_POSITIVE && sign !== NUMERIC_NEGATIVE)
    throw invalidBinary('invalid sign in external "numeric" value');
  if (scale > 0x3fff) throw invalidBinary('invalid scale in external "numeric" value');
  // Digits end 4 * (weight - count + 1) places left of the point; the value shows `scale` places right of it.
  const shift = DIGITS_PER_GROUP * (weight - count + 1) + scale;
  let text = digits;
  if (shift >= 0) text += '0'.repeat(count === 0 ? 0 : shift);
  else text = text.slice(0, Math.max(0, text.length + shift));
  const magnitude = BigInt(text === '' ? '0' : text);
  return new Decimal(canonicalInteger(sign === NUMERIC_NEGATIVE ? -magnitude : magnitude), scale);
}

function decodeArray(reader: NetworkReader, length: number, type: SqlType, depth: number): SqlArray {
  if (length < 12 || depth > MAX_NESTING) throw invalidBinary('incorrect binary data format');
  const end = reader.position + length;
  const dimensionCount = reader.i32();
  if (dimensionCount < 0 || dimensionCount > MAX_DIMENSIONS) {
    throw new SqlError(
      'program_limit_exceeded',
      `number of array dimensions (${dimensionCount}) exceeds the maximum allowed (${MAX_DIMENSIONS})`,
    );
  }
  const flags = reader.i32();
  if (flags !== 0 && flags !== 1) throw invalidBinary('invalid array flags');
  const elementType = arrayElement(type, reader.u32());
  const dimensions: number[] = [];
  const lowerBounds: number[] = [];
  let count = dimensionCount === 0 ? 0 : 1;
  for (let index = 0; index < dimensionCount; index++) {
    const size = reader.i32();
    if (size < 0) throw invalidBinary('invalid array size');
    dimensions.push(size);
    lowerBounds.push(reader.i32());
    count *= size;
    // Every item takes at least its length word, so a lying size ends here.
    if (count * 4 > length) throw invalidBinary('incorrect binary data format');
  }
  const items: SqlValue[] = [];
  for (let index = 0; index < count; index++) {
    const size = reader.i32();
    if (size === -1) items.push(null);
    else if (size < 0 || size > end - reader.position) throw invalidBinary('insufficient data left in message');
    else items.push(decodeBinary(reader, size, elementType, depth + 1));
  }
  if (reader.position !== end) throw invalidBinary('improper binary format in array');
  return count === 0 ? new SqlArray([]) : new SqlArray(items, dimensions, lowerBounds);
}

function typeName(oid: number): string {
  const type = typeOfOid(oid);
  return type === undefined || type === null ? '???' : displayType(type);
}

/** Number of fields; per field the type, then its value. A record whose fields are not known says what they are. */
function decodeRecord(reader: NetworkReader, length: number, type: SqlType, depth: number): SqlRecord {
  if (length < 4 || depth > MAX_NESTING) throw invalidBinary('incorrect binary data format');
  const end = reader.position + length;
  const count = reader.i32();
  const { fields } = type;
  if (fields === undefined)
    throw new SqlError('feature_not_supported', 'input of anonymous composite types is not implemented');
  if (count !== fields.length) {
    throw new SqlError('datatype_mismatch', `wrong number of columns: ${count}, expected ${fields.length}`);
  }
  const values: SqlValue[] = [];
  for (let index = 0; index < count; index++) {
    const field = (fields[index] as RecordField).type;
    const oid = reader.u32();
    const expected = oidOfPart(field);
    if (oid !== expected) {
      throw new SqlError(
        'datatype_mismatch',
        `binary data has type ${oid} (${typeName(oid)}) instead of expected ${expected} (${displayType(field)}) in record column ${index + 1}`,
      );
    }
    const size = reader.i32();
    if (size === -1) values.push(null);
    else if (size < 0 || size > end - reader.position) throw invalidBinary('insufficient data left in message');
    else values.push(decodeBinary(reader, size, field, depth + 1));
  }
  if (reader.position !== end) throw invalidBinary('improper binary format in record');
  return new SqlRecord(values);
}

function arrayElement(type: SqlType, oid: number): SqlType {
  const element = type.element;
  if (element === undefined) throw invalidBinary('wrong element type');
  if (oidOfPart(element) !== oid && oidOfType(element) !== oid) {
    const sent = typeOfOid(oid);
    if (sent === undefined || sent === null || sent.kind !== element.kind) {
      throw new SqlError('datatype_mismatch', 'binary data has wrong array element type');
    }
  }
  return element;
}
