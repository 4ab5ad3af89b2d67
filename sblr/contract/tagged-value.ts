/**
 * Self-describing values: a tag, then the value. Used where a value travels without a type that fixes
 * its layout: literals in a program's constant pool and parameters of an execution, which may be text
 * still to be converted. What is read equals what was written, whatever its SQL type.
 */
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { CodecError } from './codec-error.ts';
import {
  Bits,
  canonicalInteger,
  Decimal,
  Interval,
  Jsonb,
  SqlArray,
  SqlRecord,
  TimeTz,
  type SqlValue,
} from './values.ts';

const TAG_NULL = 0;
const TAG_FALSE = 1;
const TAG_TRUE = 2;
const TAG_INT32 = 3;
const TAG_FLOAT64 = 4;
const TAG_BIGINT = 5; // text in base 16, with sign
const TAG_TEXT = 6;
const TAG_BYTES = 7;
const TAG_DECIMAL = 8; // i64 unscaled, u16 scale
const TAG_DECIMAL_LONG = 9; // text in base 16, u16 scale
const TAG_DECIMAL_SPECIAL = 10;
const TAG_BITS = 11;
const TAG_TIMETZ = 12;
const TAG_INTERVAL = 13;
const TAG_JSONB = 14;
const TAG_ARRAY = 15;
const TAG_RECORD = 16;

const SPECIALS = ['NaN', 'Infinity', '-Infinity'] as const;

/** Values inside arrays and records nest no deeper. */
export const MAX_VALUE_NESTING = 64;
/** Dimensions of an array. */
export const MAX_ARRAY_DIMENSIONS = 32;

export function isInt32(value: number): boolean {
  return (value | 0) === value && (value !== 0 || 1 / value > 0);
}

export function writeTaggedValue(writer: ByteWriter, value: SqlValue, depth = 0): void {
  if (value === null) {
    writer.u8(TAG_NULL);
    return;
  }
  switch (typeof value) {
    case 'boolean':
      writer.u8(value ? TAG_TRUE : TAG_FALSE);
      return;
    case 'number':
      if (isInt32(value)) {
        writer.u8(TAG_INT32);
        writer.i32(value);
      } else {
        writer.u8(TAG_FLOAT64);
        writer.f64(value);
      }
      return;
    case 'string':
      writer.u8(TAG_TEXT);
      writer.text(value);
      return;
    case 'bigint':
      writer.u8(TAG_BIGINT);
      writer.text(value.toString(16));
      return;
    default:
      writeObject(writer, value, depth);
  }
}

type ObjectValue = Exclude<SqlValue, null | boolean | number | bigint | string>;

function writeObject(writer: ByteWriter, value: ObjectValue, depth: number): void {
  if (value instanceof Uint8Array) {
    writer.u8(TAG_BYTES);
    writer.blob(value);
  } else if (value instanceof Decimal) {
    writeDecimal(writer, value);
  } else if (value instanceof Bits) {
    writer.u8(TAG_BITS);
    writer.text(value.text);
  } else if (value instanceof TimeTz) {
    writer.u8(TAG_TIMETZ);
    writer.f64(value.micros);
    writer.i32(value.offsetSeconds);
  } else if (value instanceof Interval) {
    writer.u8(TAG_INTERVAL);
    writer.i32(value.months);
    writer.i32(value.days);
    writer.f64(value.micros);
  } else if (value instanceof Jsonb) {
    writer.u8(TAG_JSONB);
    writer.text(value.text);
  } else if (value instanceof SqlArray) {
    writeNested(writer, TAG_ARRAY, value.items, depth);
    writer.u8(value.dimensions.length);
    for (let index = 0; index < value.dimensions.length; index++) {
      writer.u32(value.dimensions[index] as number);
      writer.i32(value.lowerBounds[index] as number);
    }
  } else if (value instanceof SqlRecord) {
    writeNested(writer, TAG_RECORD, value.values, depth);
  } else {
    throw new TypeError('not an SQL value');
  }
}

function writeDecimal(writer: ByteWriter, value: Decimal): void {
  if (value.special !== undefined) {
    writer.u8(TAG_DECIMAL_SPECIAL);
    writer.u8(SPECIALS.indexOf(value.special));
  } else if (typeof value.unscaled === 'number') {
    writer.u8(TAG_DECIMAL);
    writer.i64(value.unscaled);
  } else {
    writer.u8(TAG_DECIMAL_LONG);
    writer.text(value.unscaled.toString(16));
  }
  writer.u16(value.scale);
}

function writeNested(writer: ByteWriter, tag: number, items: readonly SqlValue[], depth: number): void {
  if (depth >= MAX_VALUE_NESTING) throw new CodecError('value nested too deeply');
  writer.u8(tag);
  writer.u32(items.length);
  for (const item of items) writeTaggedValue(writer, item, depth + 1);
}

export function readTaggedValue(reader: ByteReader, depth = 0): SqlValue {
  const tag = reader.u8();
  switch (tag) {
    case TAG_NULL:
      return null;
    case TAG_FALSE:
      return false;
    case TAG_TRUE:
      return true;
    case TAG_INT32:
      return reader.i32();
    case TAG_FLOAT64:
      return reader.f64();
    case TAG_BIGINT:
      return canonicalInteger(readBigint(reader));
    case TAG_TEXT:
      return reader.text();
    case TAG_BYTES:
      // A copy: what is read from is a buffer that the next message overwrites.
      return Buffer.from(reader.blob());
    case TAG_DECIMAL:
      return new Decimal(reader.i64(), reader.u16());
    case TAG_DECIMAL_LONG:
      return new Decimal(canonicalInteger(readBigint(reader)), reader.u16());
    case TAG_DECIMAL_SPECIAL: {
      const special = SPECIALS[reader.u8()];
      if (special === undefined) throw new CodecError('unknown decimal');
      return new Decimal(0, reader.u16(), special);
    }
    case TAG_BITS:
      return new Bits(readBitText(reader, reader.u32()));
    case TAG_TIMETZ:
      return new TimeTz(readSafe(reader), reader.i32());
    case TAG_INTERVAL:
      return new Interval(reader.i32(), reader.i32(), readSafe(reader));
    case TAG_JSONB:
      return new Jsonb(reader.text());
    case TAG_ARRAY:
      return readArray(reader, depth);
    case TAG_RECORD:
      return new SqlRecord(readNested(reader, depth));
    default:
      throw new CodecError('unknown value tag');
  }
}

const HEXADECIMAL = /^-?[0-9a-f]+$/;
/** Base-16 digits of the longest integer: 131,072 decimal digits before the point and 16,383 after. */
const MAX_INTEGER_DIGITS = 1 << 17;

function readBigint(reader: ByteReader): bigint {
  const length = reader.u32();
  if (length > MAX_INTEGER_DIGITS) throw new CodecError('integer too long');
  const text = reader.latin1(length);
  if (!HEXADECIMAL.test(text)) throw new CodecError('not an integer');
  return text.startsWith('-') ? -BigInt(`0x${text.slice(1)}`) : BigInt(`0x${text}`);
}

export function readBitText(reader: ByteReader, length: number): string {
  const text = reader.latin1(length);
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code !== 48 && code !== 49) throw new CodecError('not a bit string');
  }
  return text;
}

function readSafe(reader: ByteReader): number {
  const value = reader.f64();
  if (!Number.isSafeInteger(value)) throw new CodecError('not a safe integer');
  return value;
}

function readNested(reader: ByteReader, depth: number): SqlValue[] {
  if (depth >= MAX_VALUE_NESTING) throw new CodecError('value nested too deeply');
  const items: SqlValue[] = [];
  for (let count = reader.count(1); count > 0; count--) items.push(readTaggedValue(reader, depth + 1));
  return items;
}

function readArray(reader: ByteReader, depth: number): SqlArray {
  const items = readNested(reader, depth);
  const count = reader.u8();
  if (count > MAX_ARRAY_DIMENSIONS) throw new CodecError('too many array dimensions');
  const dimensions: number[] = [];
  const lowerBounds: number[] = [];
  let product = count === 0 ? 0 : 1;
  for (let index = 0; index < count; index++) {
    const dimension = reader.u32();
    product *= dimension;
    dimensions.push(dimension);
    lowerBounds.push(reader.i32());
  }
  if (product !== items.length) throw new CodecError('array dimensions do not fit its items');
  return new SqlArray(items, dimensions, lowerBounds);
}
