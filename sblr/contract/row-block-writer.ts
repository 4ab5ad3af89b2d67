/**
 * RowBlockWriter: rows in memory to a row block, the form in which results and loads travel. The
 * engine appends rows and takes a block when it is large enough; the layout is in row-layout.ts.
 *
 * A row is a null bitmap (bit set = NULL, least significant first) and then the values that are not
 * NULL, in column order. A value that does not have its column's type is a bug upstream and throws:
 * a wrong row must never leave.
 */
import { ByteWriter } from './byte-writer.ts';
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
  layoutOf,
  UNRESOLVED_REFERENCE,
} from './row-layout.ts';
import type { ReplySink, RowBlock } from './session.ts';
import { MAX_ARRAY_DIMENSIONS, MAX_VALUE_NESTING, writeTaggedValue } from './tagged-value.ts';
import type { ReferenceTarget, SqlType } from './types.ts';
import { Bits, Decimal, Interval, Jsonb, SqlArray, SqlRecord, TimeTz, type Row, type SqlValue } from './values.ts';

/** Gives the name that an object id is shown as; undefined = no such object, shown as the number. */
export type ReferenceResolver = (target: ReferenceTarget | undefined, id: number) => string | undefined;

/** Blocks from this size on are handed over instead of copied. */
const HAND_OVER_BYTES = 16 << 10;
const INITIAL_BYTES = 4 << 10;
const NO_BYTES: Buffer = Buffer.alloc(0);

export class RowBlockWriter {
  readonly #types: readonly SqlType[];
  readonly #layouts: Uint8Array;
  readonly #bitmapBytes: number;
  readonly #resolve: ReferenceResolver | undefined;
  readonly #writer = new ByteWriter(INITIAL_BYTES);
  #rowCount = 0;
  #view: Buffer = NO_BYTES;
  #viewed: Buffer | undefined;

  constructor(types: readonly SqlType[], resolve?: ReferenceResolver) {
    this.#types = types;
    this.#layouts = Uint8Array.from(types, layoutOf);
    this.#bitmapBytes = (types.length + 7) >> 3;
    this.#resolve = resolve;
  }

  get byteLength(): number {
    return this.#writer.position;
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  append(row: Row): void {
    const writer = this.#writer;
    const start = writer.position;
    const layouts = this.#layouts;
    if (row.length !== layouts.length) throw new TypeError(`row of ${row.length} values for ${layouts.length} columns`);
    try {
      writer.zeros(this.#bitmapBytes);
      for (let column = 0; column < layouts.length; column++) {
        const value = row[column] as SqlValue;
        if (value === null) setBit(writer, start, column);
        else this.#value(layouts[column] as number, value, this.#types[column] as SqlType, 0);
      }
    } catch (error) {
      // Half a row must not stay in the block.
      writer.position = start;
      throw error;
    }
    this.#rowCount++;
  }

  /** The rows so far; the writer is empty afterwards and the block is the caller's. */
  take(): RowBlock {
    const writer = this.#writer;
    const block = {
      rowCount: this.#rowCount,
      bytes: writer.position < HAND_OVER_BYTES ? writer.copy() : writer.bytes.subarray(0, writer.position),
    };
    if (writer.position < HAND_OVER_BYTES) writer.position = 0;
    else writer.replaceStorage(writer.bytes.length);
    this.#rowCount = 0;
    return block;
  }

  /** Gives the rows so far to `sink` without copying them: sinks keep nothing of a block. */
  send(sink: ReplySink): void {
    const writer = this.#writer;
    // Answers of one shape are often as long as the one before: then the view is the same as well.
    let view = this.#view;
    if (view.length !== writer.position || this.#viewed !== writer.bytes) {
      view = writer.bytes.subarray(0, writer.position);
      this.#view = view;
      this.#viewed = writer.bytes;
    }
    const block = { rowCount: this.#rowCount, bytes: view };
    this.clear();
    sink.rows(block);
  }

  /** Forgets the rows so far. */
  clear(): void {
    this.#writer.position = 0;
    this.#rowCount = 0;
  }

  #value(layout: number, value: Exclude<SqlValue, null>, type: SqlType, depth: number): void {
    const writer = this.#writer;
    switch (layout) {
      case LAYOUT_INT32:
        if (typeof value !== 'number' || (value | 0) !== value) throw mismatch(type, value);
        writer.i32(value);
        return;
      case LAYOUT_TEXT:
        if (typeof value !== 'string') throw mismatch(type, value);
        writer.text(value);
        return;
      case LAYOUT_INT64:
        writeInt64(writer, value, type);
        return;
      case LAYOUT_BOOL:
        if (typeof value !== 'boolean') throw mismatch(type, value);
        writer.u8(value ? 1 : 0);
        return;
      case LAYOUT_UINT32:
        if (typeof value !== 'number' || value >>> 0 !== value) throw mismatch(type, value);
        writer.u32(value);
        return;
      case LAYOUT_FLOAT64:
        if (typeof value !== 'number') throw mismatch(type, value);
        writer.f64(value);
        return;
      case LAYOUT_DATE:
        writeDate(writer, value, type);
        return;
      case LAYOUT_INSTANT:
        writeInstant(writer, value, type);
        return;
      case LAYOUT_UINT64:
        writeUint64(writer, value, type);
        return;
      default:
        this.#object(layout, value, type, depth);
    }
  }

  #object(layout: number, value: Exclude<SqlValue, null>, type: SqlType, depth: number): void {
    const writer = this.#writer;
    switch (layout) {
      case LAYOUT_DECIMAL:
        if (!(value instanceof Decimal)) throw mismatch(type, value);
        writer.text(value.toString());
        return;
      case LAYOUT_JSONB:
        if (!(value instanceof Jsonb)) throw mismatch(type, value);
        writer.text(value.text);
        return;
      case LAYOUT_BITS:
        if (!(value instanceof Bits)) throw mismatch(type, value);
        writer.text(value.text);
        return;
      case LAYOUT_BYTES:
        if (!(value instanceof Uint8Array)) throw mismatch(type, value);
        writer.blob(value);
        return;
      case LAYOUT_UUID:
        writeUuid(writer, value, type);
        return;
      case LAYOUT_INTERVAL:
        if (!(value instanceof Interval)) throw mismatch(type, value);
        writer.i32(value.months);
        writer.i32(value.days);
        writer.i64(value.micros);
        return;
      case LAYOUT_TIMETZ:
        if (!(value instanceof TimeTz)) throw mismatch(type, value);
        writer.i64(value.micros);
        writer.i32(value.offsetSeconds);
        return;
      case LAYOUT_EMPTY:
        return;
      default:
        this.#container(layout, value, type, depth);
    }
  }

  /** The layouts whose length is known only after they are written. */
  #container(layout: number, value: Exclude<SqlValue, null>, type: SqlType, depth: number): void {
    if (depth >= MAX_VALUE_NESTING) throw new TypeError('value nested too deeply');
    const writer = this.#writer;
    writer.u32(0);
    const start = writer.position;
    if (layout === LAYOUT_REFERENCE) this.#reference(value, type);
    else if (layout === LAYOUT_ARRAY) this.#array(value, type, depth);
    else if (layout === LAYOUT_RECORD) this.#record(value, type, depth);
    writer.setU32(start - 4, writer.position - start);
  }

  #reference(value: SqlValue, type: SqlType): void {
    const writer = this.#writer;
    if (typeof value === 'string') {
      writer.u32(UNRESOLVED_REFERENCE);
      writer.utf8(value);
      return;
    }
    if (typeof value !== 'number' || value >>> 0 !== value) throw mismatch(type, value);
    writer.u32(value);
    writer.utf8(this.#resolve?.(type.target, value) ?? String(value));
  }

  #array(value: SqlValue, type: SqlType, depth: number): void {
    if (!(value instanceof SqlArray) || type.element === undefined) throw mismatch(type, value);
    const { items, dimensions, lowerBounds } = value;
    if (dimensions.length > MAX_ARRAY_DIMENSIONS) throw mismatch(type, value);
    const writer = this.#writer;
    writer.u8(dimensions.length);
    let product = dimensions.length === 0 ? 0 : 1;
    for (let index = 0; index < dimensions.length; index++) {
      const dimension = dimensions[index] as number;
      product *= dimension;
      writer.u32(dimension);
      writer.i32(lowerBounds[index] as number);
    }
    if (product !== items.length) throw new TypeError('array dimensions do not fit its items');
    const element = type.element;
    const layout = layoutOf(element);
    const bitmap = writer.position;
    writer.zeros((items.length + 7) >> 3);
    for (let index = 0; index < items.length; index++) {
      const item = items[index] as SqlValue;
      if (item === null) setBit(writer, bitmap, index);
      else this.#value(layout, item, element, depth + 1);
    }
  }

  #record(value: SqlValue, type: SqlType, depth: number): void {
    if (!(value instanceof SqlRecord)) throw mismatch(type, value);
    const writer = this.#writer;
    const fields = type.fields;
    if (fields === undefined) {
      writeTaggedValue(writer, value, depth);
      return;
    }
    if (fields.length !== value.values.length) throw mismatch(type, value);
    const bitmap = writer.position;
    writer.zeros((fields.length + 7) >> 3);
    for (let index = 0; index < fields.length; index++) {
      const item = value.values[index] as SqlValue;
      const fieldType = (fields[index] as { readonly type: SqlType }).type;
      if (item === null) setBit(writer, bitmap, index);
      else this.#value(layoutOf(fieldType), item, fieldType, depth + 1);
    }
  }
}

function setBit(writer: ByteWriter, bitmap: number, index: number): void {
  const at = bitmap + (index >> 3);
  writer.bytes[at] = (writer.bytes[at] as number) | (1 << (index & 7));
}

function mismatch(type: SqlType, value: unknown): TypeError {
  const found =
    typeof value === 'object' && value !== null ? value.constructor.name : `${typeof value} ${String(value)}`;
  return new TypeError(`a value of type ${type.kind} is ${found}`);
}

function writeInt64(writer: ByteWriter, value: SqlValue, type: SqlType): void {
  if (
    typeof value === 'number'
      ? !Number.isSafeInteger(value)
      : typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value
  ) {
    throw mismatch(type, value);
  }
  writer.i64(value as number | bigint);
}

function writeUint64(writer: ByteWriter, value: SqlValue, type: SqlType): void {
  if (
    typeof value === 'number'
      ? !Number.isSafeInteger(value) || value < 0
      : typeof value !== 'bigint' || BigInt.asUintN(64, value) !== value
  ) {
    throw mismatch(type, value);
  }
  writer.i64(value as number | bigint);
}

function writeDate(writer: ByteWriter, value: SqlValue, type: SqlType): void {
  if (typeof value !== 'number') throw mismatch(type, value);
  if (value === Infinity) writer.i32(DATE_INFINITY);
  else if (value === -Infinity) writer.i32(DATE_MINUS_INFINITY);
  else if ((value | 0) !== value || value === DATE_INFINITY || value === DATE_MINUS_INFINITY)
    throw mismatch(type, value);
  else writer.i32(value);
}

function writeInstant(writer: ByteWriter, value: SqlValue, type: SqlType): void {
  if (value === Infinity) writer.i64(INSTANT_INFINITY);
  else if (value === -Infinity) writer.i64(INSTANT_MINUS_INFINITY);
  else if (value === INSTANT_INFINITY || value === INSTANT_MINUS_INFINITY) throw mismatch(type, value);
  else writeInt64(writer, value, type);
}

/** Value of a hexadecimal digit by character code, 255 for others. */
const HEX_DIGITS = new Uint8Array(256).fill(255);
for (let digit = 0; digit < 16; digit++) {
  HEX_DIGITS[digit.toString(16).charCodeAt(0)] = digit;
  HEX_DIGITS[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

function writeUuid(writer: ByteWriter, value: SqlValue, type: SqlType): void {
  if (typeof value !== 'string' || value.length !== 36) throw mismatch(type, value);
  writer.reserve(16);
  const bytes = writer.bytes;
  let at = writer.position;
  for (let index = 0; index < 36; index += 2) {
    if (value.charCodeAt(index) === 45) index++;
    const high = HEX_DIGITS[value.charCodeAt(index)] ?? 255;
    const low = HEX_DIGITS[value.charCodeAt(index + 1)] ?? 255;
    if (high > 15 || low > 15) throw mismatch(type, value);
    bytes[at++] = (high << 4) | low;
  }
  if (at !== writer.position + 16) throw mismatch(type, value);
  writer.position = at;
}
