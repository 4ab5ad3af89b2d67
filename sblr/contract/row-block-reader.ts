/**
 * RowBlockReader: a cursor over a row block. `nextRow` finds where each value of a row lies; a
 * protocol encoder then copies bytes straight from the block without making strings, and `valueAt`
 * makes the value in memory where one is wanted. `readRows` reads a whole block.
 */
import { asBuffer, ByteReader } from './byte-reader.ts';
import { CodecError } from './codec-error.ts';
import {
  DATE_INFINITY,
  DATE_MINUS_INFINITY,
  INSTANT_INFINITY,
  INSTANT_MINUS_INFINITY,
  LAYOUT_ARRAY,
  LAYOUT_BITS,
  LAYOUT_BOOL,
  LAYOUT_BYTES,
  LAYOUT_DATE,
  LAYOUT_DECIMAL,
  LAYOUT_EMPTY,
  LAYOUT_FLOAT64,
  LAYOUT_INSTANT,
  LAYOUT_INT32,
  LAYOUT_INT64,
  LAYOUT_INTERVAL,
  LAYOUT_JSONB,
  LAYOUT_RECORD,
  LAYOUT_REFERENCE,
  LAYOUT_TEXT,
  LAYOUT_TIMETZ,
  LAYOUT_UINT32,
  LAYOUT_UINT64,
  LAYOUT_UUID,
  LAYOUT_WIDTHS,
  layoutOf,
  UNRESOLVED_REFERENCE,
} from './row-layout.ts';
import type { RowBlock } from './session.ts';
import { MAX_ARRAY_DIMENSIONS, MAX_VALUE_NESTING, readBitText, readTaggedValue } from './tagged-value.ts';
import type { SqlType } from './types.ts';
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

const EMPTY = Buffer.alloc(0);

export class RowBlockReader {
  readonly types: readonly SqlType[];
  /** LAYOUT_* of row-layout.ts per column. */
  readonly layouts: Uint8Array;
  /** Where each value of the current row starts in `bytes`; for layouts with a length, past it. */
  readonly offsets: Uint32Array;
  /** Bytes of each value of the current row; -1 = NULL. */
  readonly lengths: Int32Array;
  /** The block's bytes. */
  bytes: Buffer = EMPTY;
  readonly #widths: Int32Array;
  readonly #bitmapBytes: number;
  readonly #reader = new ByteReader(EMPTY);
  #rowsLeft = 0;

  constructor(types: readonly SqlType[]) {
    this.types = types;
    this.layouts = Uint8Array.from(types, layoutOf);
    this.#widths = Int32Array.from(this.layouts, (layout) => LAYOUT_WIDTHS[layout] as number);
    this.offsets = new Uint32Array(types.length);
    this.lengths = new Int32Array(types.length);
    this.#bitmapBytes = (types.length + 7) >> 3;
  }

  /** Begins a block. */
  reset(block: RowBlock): this {
    this.bytes = asBuffer(block.bytes);
    this.#reader.reset(this.bytes, 0, this.bytes.length);
    this.#rowsLeft = block.rowCount;
    if (this.#bitmapBytes > 0 && block.rowCount * this.#bitmapBytes > block.bytes.length) {
      throw new CodecError('row block too short');
    }
    return this;
  }

  /** Moves to the next row; false after the last. */
  nextRow(): boolean {
    const reader = this.#reader;
    if (this.#rowsLeft === 0) {
      reader.expectEnd();
      return false;
    }
    this.#rowsLeft--;
    const bytes = this.bytes;
    const widths = this.#widths;
    const end = bytes.length;
    const bitmap = reader.take(this.#bitmapBytes);
    let at = reader.position;
    for (let column = 0; column < widths.length; column++) {
      if (((bytes[bitmap + (column >> 3)] as number) >> (column & 7)) & 1) {
        this.lengths[column] = -1;
        continue;
      }
      let length = widths[column] as number;
      if (length < 0) {
        if (at + 4 > end) throw new CodecError('truncated');
        length =
          ((bytes[at] as number) |
            ((bytes[at + 1] as number) << 8) |
            ((bytes[at + 2] as number) << 16) |
            ((bytes[at + 3] as number) << 24)) >>>
          0;
        at += 4;
      }
      if (length > end - at) throw new CodecError('truncated');
      this.offsets[column] = at;
      this.lengths[column] = length;
      at += length;
    }
    reader.position = at;
    return true;
  }

  /** Calls back once per row, positioned on it. */
  forEachRow(visit: (reader: this) => void): void {
    while (this.nextRow()) visit(this);
  }

  isNull(column: number): boolean {
    return this.lengths[column] === -1;
  }

  boolAt(column: number): boolean {
    return this.bytes[this.offsets[column] as number] === 1;
  }

  /** LAYOUT_INT32; of LAYOUT_DATE the raw days, DATE_INFINITY and DATE_MINUS_INFINITY included. */
  int32At(column: number): number {
    return this.bytes.readInt32LE(this.offsets[column] as number);
  }

  uint32At(column: number): number {
    return this.bytes.readUInt32LE(this.offsets[column] as number);
  }

  /** LAYOUT_INT64 and INSTANT: number when safe, else bigint (the infinities as their sentinels). */
  int64At(column: number): number | bigint {
    const offset = this.offsets[column] as number;
    const high = this.bytes.readInt32LE(offset + 4);
    if (high >= -2097152 && high < 2097152) {
      const value = high * 4294967296 + this.bytes.readUInt32LE(offset);
      if (value >= -9007199254740991) return value;
    }
    return canonicalInteger(this.bytes.readBigInt64LE(offset));
  }

  uint64At(column: number): number | bigint {
    return canonicalInteger(this.bytes.readBigUInt64LE(this.offsets[column] as number));
  }

  float64At(column: number): number {
    return this.bytes.readDoubleLE(this.offsets[column] as number);
  }

  /** A view of the value's bytes: UTF-8 of the text layouts, the bytes of LAYOUT_BYTES and UUID. */
  rawAt(column: number): Buffer {
    const offset = this.offsets[column] as number;
    return this.bytes.subarray(offset, offset + (this.lengths[column] as number));
  }

  /** The text of a text layout as a string. */
  textAt(column: number): string {
    const offset = this.offsets[column] as number;
    return this.bytes.toString('utf8', offset, offset + (this.lengths[column] as number));
  }

  /** Object id of a LAYOUT_REFERENCE; its name is the bytes from offset + 4 on. */
  referenceIdAt(column: number): number {
    return this.uint32At(column);
  }

  referenceNameAt(column: number): string {
    const offset = this.offsets[column] as number;
    return this.bytes.toString('utf8', offset + 4, offset + (this.lengths[column] as number));
  }

  /** The value in memory. */
  valueAt(column: number): SqlValue {
    const length = this.lengths[column] as number;
    if (length === -1) return null;
    const offset = this.offsets[column] as number;
    switch (this.layouts[column]) {
      case LAYOUT_INT32:
        return this.int32At(column);
      case LAYOUT_TEXT:
        return this.textAt(column);
      case LAYOUT_INT64:
        return this.int64At(column);
      case LAYOUT_FLOAT64:
        return this.float64At(column);
      case LAYOUT_UINT32:
        return this.uint32At(column);
      default: {
        const reader = new ByteReader(this.bytes, offset, offset + length);
        const value = readLaidOut(reader, this.layouts[column] as number, this.types[column] as SqlType, length, 0);
        reader.expectEnd();
        return value;
      }
    }
  }

  /** The current row in memory. */
  row(): SqlValue[] {
    const row: SqlValue[] = new Array(this.lengths.length);
    for (let column = 0; column < row.length; column++) row[column] = this.valueAt(column);
    return row;
  }
}

/** All rows of a block, in memory. */
export function readRows(block: RowBlock, types: readonly SqlType[]): SqlValue[][] {
  const reader = new RowBlockReader(types).reset(block);
  const rows: SqlValue[][] = [];
  while (reader.nextRow()) rows.push(reader.row());
  return rows;
}

/** Reads a value that is not NULL; `length` is that of the layouts with a length, which precedes them. */
function readLaidOut(reader: ByteReader, layout: number, type: SqlType, length: number, depth: number): SqlValue {
  switch (layout) {
    case LAYOUT_BOOL:
      return reader.bool();
    case LAYOUT_INT32:
      return reader.i32();
    case LAYOUT_UINT32:
      return reader.u32();
    case LAYOUT_INT64:
      return reader.i64();
    case LAYOUT_UINT64:
      return reader.u64();
    case LAYOUT_FLOAT64:
      return reader.f64();
    case LAYOUT_DATE: {
      const days = reader.i32();
      return days === DATE_INFINITY ? Infinity : days === DATE_MINUS_INFINITY ? -Infinity : days;
    }
    case LAYOUT_INSTANT: {
      const micros = reader.i64();
      if (typeof micros === 'number') return micros;
      return micros === INSTANT_INFINITY ? Infinity : micros === INSTANT_MINUS_INFINITY ? -Infinity : micros;
    }
    case LAYOUT_EMPTY:
      return '';
    case LAYOUT_UUID:
      return readUuid(reader);
    case LAYOUT_INTERVAL:
      return new Interval(reader.i32(), reader.i32(), safe(reader.i64()));
    case LAYOUT_TIMETZ:
      return new TimeTz(safe(reader.i64()), reader.i32());
    default:
      return readSized(reader, layout, type, length, depth);
  }
}

function readSized(reader: ByteReader, layout: number, type: SqlType, length: number, depth: number): SqlValue {
  if (depth >= MAX_VALUE_NESTING) throw new CodecError('value nested too deeply');
  switch (layout) {
    case LAYOUT_TEXT:
      return reader.utf8(length);
    case LAYOUT_DECIMAL:
      return parseDecimal(reader.latin1(length));
    case LAYOUT_JSONB:
      return new Jsonb(reader.utf8(length));
    case LAYOUT_BITS:
      return new Bits(readBitText(reader, length));
    case LAYOUT_BYTES:
      // A copy: the block's bytes belong to whoever sent it.
      return Buffer.from(reader.raw(length));
    case LAYOUT_REFERENCE: {
      if (length < 4) throw new CodecError('truncated');
      const id = reader.u32();
      const name = reader.utf8(length - 4);
      return id === UNRESOLVED_REFERENCE ? name : id;
    }
    case LAYOUT_ARRAY:
      return readArray(reader, type, depth);
    case LAYOUT_RECORD:
      return readRecord(reader, type, length, depth);
    default:
      throw new CodecError('unknown layout');
  }
}

function readItem(reader: ByteReader, layout: number, type: SqlType, depth: number): SqlValue {
  if ((LAYOUT_WIDTHS[layout] as number) >= 0) return readLaidOut(reader, layout, type, 0, depth);
  const length = reader.u32();
  if (length > reader.remaining) throw new CodecError('truncated');
  const outerEnd = reader.end;
  reader.end = reader.position + length;
  const value = readSized(reader, layout, type, length, depth);
  reader.expectEnd();
  reader.end = outerEnd;
  return value;
}

function readArray(reader: ByteReader, type: SqlType, depth: number): SqlArray {
  const element = type.element;
  if (element === undefined) throw new CodecError('array type without element type');
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
  if (product > reader.remaining * 8) throw new CodecError('array larger than its bytes');
  const bitmap = reader.take(Math.ceil(product / 8));
  const layout = layoutOf(element);
  const items: SqlValue[] = [];
  for (let index = 0; index < product; index++) {
    const isNull = ((reader.bytes[bitmap + (index >> 3)] as number) >> (index & 7)) & 1;
    items.push(isNull ? null : readItem(reader, layout, element, depth + 1));
  }
  return new SqlArray(items, dimensions, lowerBounds);
}

function readRecord(reader: ByteReader, type: SqlType, length: number, depth: number): SqlRecord {
  const fields = type.fields;
  if (fields === undefined) {
    const value = length === 0 ? null : readTaggedValue(reader, depth);
    if (!(value instanceof SqlRecord)) throw new CodecError('not a record');
    return value;
  }
  const bitmap = reader.take((fields.length + 7) >> 3);
  const values: SqlValue[] = [];
  for (let index = 0; index < fields.length; index++) {
    const fieldType = (fields[index] as { readonly type: SqlType }).type;
    const isNull = ((reader.bytes[bitmap + (index >> 3)] as number) >> (index & 7)) & 1;
    values.push(isNull ? null : readItem(reader, layoutOf(fieldType), fieldType, depth + 1));
  }
  return new SqlRecord(values);
}

function safe(value: number | bigint): number {
  if (typeof value !== 'number') throw new CodecError('not a safe integer');
  return value;
}

function readUuid(reader: ByteReader): string {
  const hex = reader.raw(16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const DECIMAL_TEXT = /^-?[0-9]+(\.[0-9]+)?$/;

/** The decimal that Decimal.toString wrote. */
function parseDecimal(text: string): Decimal {
  if (text === 'NaN' || text === 'Infinity' || text === '-Infinity') return new Decimal(0, 0, text);
  if (!DECIMAL_TEXT.test(text)) throw new CodecError('not a decimal');
  const point = text.indexOf('.');
  const digits = point < 0 ? text : text.slice(0, point) + text.slice(point + 1);
  const scale = point < 0 ? 0 : text.length - point - 1;
  const unscaled = digits.length <= 15 ? Number(digits) : canonicalInteger(BigInt(digits));
  // "-0.00" has no sign: zero is one value.
  return new Decimal(unscaled === 0 ? 0 : unscaled, scale);
}
