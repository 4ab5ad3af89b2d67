/**
 * Rows as bytes, for the commit log and the sorted runs: each value with a tag of its own, so that a
 * row can be read without its table's definition (recovery, change-log consumers). Catalog rows hold
 * whole definitions: plain objects and lists nest.
 *
 * Numbers are little-endian; lengths are unsigned LEB128. Format: specs/storage/rows.md.
 */
import { Bits, Decimal, Interval, Jsonb, SqlArray, SqlRecord, TimeTz } from '../../sblr/contract/values.ts';
import type { ByteWriter, RowCodec, StoredRow } from '../../storage/contract/index.ts';

const NULL = 0;
const FALSE = 1;
const TRUE = 2;
const INT8 = 3;
const INT32 = 4;
const INT48 = 5; // sign byte, then 6 bytes
const FLOAT64 = 6;
const BIGINT = 7; // decimal text
const TEXT = 8;
const BINARY = 9; // string of code units 0..255
const BYTES = 10;
const DECIMAL = 11; // scale, unscaled value
const DECIMAL_SPECIAL = 12;
const BITS = 13;
const TIMETZ = 14;
const INTERVAL = 15;
const JSONB = 16;
const ARRAY = 17;
const RECORD = 18;
const LIST = 19;
const OBJECT = 20;
const UNDEFINED = 21;

/** Depth of lists and objects; catalog definitions need less than ten. */
const NESTING_LIMIT = 64;

function writeNumber(writer: ByteWriter, value: number): void {
  if ((value | 0) === value && !Object.is(value, -0)) {
    if (value >= -128 && value < 128) {
      writer.u8(INT8);
      writer.u8(value & 0xff);
    } else {
      writer.u8(INT32);
      writer.u32(value);
    }
    return;
  }
  const magnitude = Math.abs(value);
  if (Number.isInteger(value) && magnitude < 281474976710656 && value !== 0) {
    writer.u8(INT48);
    writer.u8(value < 0 ? 1 : 0);
    writer.u48(magnitude);
    return;
  }
  writer.u8(FLOAT64);
  writer.f64(value);
}

function isAscii(value: string): boolean {
  for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) > 0x7f) return false;
  return true;
}

function writeText(writer: ByteWriter, value: string): void {
  // A binary key (row keys in index entries) would double in UTF-8; ASCII text is the same either way.
  if (value.length <= 8 && !isAscii(value) && isLatin(value)) {
    writer.u8(BINARY);
    writer.varint(value.length);
    writer.binary(value);
    return;
  }
  writer.u8(TEXT);
  writer.text(value);
}

function isLatin(value: string): boolean {
  for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) > 0xff) return false;
  return true;
}

function writeList(writer: ByteWriter, items: readonly unknown[], depth: number): void {
  writer.varint(items.length);
  for (const item of items) writeValue(writer, item, depth + 1);
}

function writeObject(writer: ByteWriter, value: object, depth: number): void {
  if (value instanceof Decimal) {
    if (value.special !== undefined) {
      writer.u8(DECIMAL_SPECIAL);
      writer.u8(value.special === 'NaN' ? 0 : value.special === 'Infinity' ? 1 : 2);
      return;
    }
    writer.u8(DECIMAL);
    writer.varint(value.scale);
    writeValue(writer, value.unscaled, depth + 1);
  } else if (value instanceof Uint8Array) {
    writer.u8(BYTES);
    writer.varint(value.length);
    writer.bytes(value);
  } else if (value instanceof Interval) {
    writer.u8(INTERVAL);
    writer.u32(value.months);
    writer.u32(value.days);
    writeNumber(writer, value.micros);
  } else if (value instanceof TimeTz) {
    writer.u8(TIMETZ);
    writeNumber(writer, value.micros);
    writer.u32(value.offsetSeconds);
  } else if (value instanceof Jsonb) {
    writer.u8(JSONB);
    writer.text(value.text);
  } else if (value instanceof Bits) {
    writer.u8(BITS);
    writer.text(value.text);
  } else if (value instanceof SqlArray) {
    writer.u8(ARRAY);
    writeList(writer, value.dimensions, depth);
    writeList(writer, value.lowerBounds, depth);
    writeList(writer, value.items, depth);
  } else if (value instanceof SqlRecord) {
    writer.u8(RECORD);
    writeList(writer, value.values, depth);
  } else if (Array.isArray(value)) {
    writer.u8(LIST);
    writeList(writer, value, depth);
  } else {
    writer.u8(OBJECT);
    const entries = Object.entries(value).filter((entry) => entry[1] !== undefined);
    writer.varint(entries.length);
    for (const [name, field] of entries) {
      writer.text(name);
      writeValue(writer, field, depth + 1);
    }
  }
}

function writeValue(writer: ByteWriter, value: unknown, depth: number): void {
  if (depth > NESTING_LIMIT) throw new Error('row value nests too deep');
  switch (typeof value) {
    case 'number':
      writeNumber(writer, value);
      return;
    case 'string':
      writeText(writer, value);
      return;
    case 'boolean':
      writer.u8(value ? TRUE : FALSE);
      return;
    case 'bigint':
      writer.u8(BIGINT);
      writer.text(value.toString());
      return;
    case 'undefined':
      writer.u8(UNDEFINED);
      return;
    default:
      if (value === null) writer.u8(NULL);
      else writeObject(writer, value as object, depth);
  }
}

/** Reads one row; a class so that the position needs no passing around. */
class RowReader {
  bytes: Buffer = Buffer.alloc(0);
  at = 0;

  varint(): number {
    let result = 0;
    let factor = 1;
    for (;;) {
      const byte = this.bytes[this.at++]!;
      result += (byte & 0x7f) * factor;
      if (byte < 0x80) return result;
      factor *= 128;
    }
  }

  u48(): number {
    const low = this.bytes.readUInt32LE(this.at);
    const high = this.bytes.readUInt16LE(this.at + 4);
    this.at += 6;
    return high * 4294967296 + low;
  }

  i32(): number {
    const value = this.bytes.readInt32LE(this.at);
    this.at += 4;
    return value;
  }

  text(): string {
    const length = this.varint();
    const start = this.at;
    this.at += length;
    return this.bytes.toString('utf8', start, this.at);
  }

  list(): unknown[] {
    const count = this.varint();
    const items: unknown[] = new Array(count);
    for (let i = 0; i < count; i++) items[i] = this.value();
    return items;
  }

  value(): unknown {
    const tag = this.bytes[this.at++]!;
    switch (tag) {
      case NULL:
        return null;
      case FALSE:
        return false;
      case TRUE:
        return true;
      case INT8:
        return (this.bytes[this.at++]! << 24) >> 24;
      case INT32:
        return this.i32();
      case INT48: {
        const negative = this.bytes[this.at++] === 1;
        const magnitude = this.u48();
        return negative ? -magnitude : magnitude;
      }
      case FLOAT64:
        this.at += 8;
        return this.bytes.readDoubleLE(this.at - 8);
      case BIGINT:
        return BigInt(this.text());
      case TEXT:
        return this.text();
      case BINARY: {
        const length = this.varint();
        this.at += length;
        return this.bytes.toString('latin1', this.at - length, this.at);
      }
      case UNDEFINED:
        return undefined;
      default:
        return this.#object(tag);
    }
  }

  #object(tag: number): unknown {
    switch (tag) {
      case BYTES: {
        const length = this.varint();
        this.at += length;
        return new Uint8Array(this.bytes.subarray(this.at - length, this.at));
      }
      case DECIMAL: {
        const scale = this.varint();
        return new Decimal(this.value() as number | bigint, scale);
      }
      case DECIMAL_SPECIAL:
        return new Decimal(0, 0, (['NaN', 'Infinity', '-Infinity'] as const)[this.bytes[this.at++]!]);
      case INTERVAL: {
        const months = this.i32();
        const days = this.i32();
        return new Interval(months, days, this.value() as number);
      }
      case TIMETZ: {
        const micros = this.value() as number;
        return new TimeTz(micros, this.i32());
      }
      case JSONB:
        return new Jsonb(this.text());
      case BITS:
        return new Bits(this.text());
      case ARRAY: {
        const dimensions = this.list() as number[];
        const lowerBounds = this.list() as number[];
        return new SqlArray(this.list() as never[], dimensions, lowerBounds);
      }
      case RECORD:
        return new SqlRecord(this.list() as never[]);
      case LIST:
        return this.list();
      case OBJECT: {
        const count = this.varint();
        const result: Record<string, unknown> = {};
        for (let i = 0; i < count; i++) {
          const name = this.text();
          result[name] = this.value();
        }
        return result;
      }
      default:
        throw new Error(`row value has unknown tag ${tag}`);
    }
  }
}

const reader = new RowReader();

export const rowCodec: RowCodec = {
  encode(_space, row: StoredRow, writer) {
    writer.varint(row.length);
    for (let i = 0; i < row.length; i++) writeValue(writer, row[i], 0);
  },
  decode(_space, bytes, offset, _length) {
    reader.bytes = bytes;
    reader.at = offset;
    const count = reader.varint();
    const row: unknown[] = new Array(count);
    for (let i = 0; i < count; i++) row[i] = reader.value();
    return row;
  },
};
