/**
 * Rows out: walks a row block and writes DataRow messages straight into the output buffer. Text and
 * integers, the bulk of all results, are copied or printed digit by digit without making a string.
 */
import {
  DATE_INFINITY,
  DATE_MINUS_INFINITY,
  INSTANT_INFINITY,
  INSTANT_MINUS_INFINITY,
} from '../../sblr/contract/row-layout.ts';
import {
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
  LAYOUT_JSONB,
  LAYOUT_REFERENCE,
  LAYOUT_TEXT,
  LAYOUT_UINT32,
  LAYOUT_UINT64,
  LAYOUT_UUID,
} from '../../sblr/contract/row-layout.ts';
import { RowBlockReader } from '../../sblr/contract/row-block.ts';
import type { ResultColumn, RowBlock } from '../../sblr/contract/session.ts';
import {
  formatDate,
  formatTime,
  formatTimestamp,
  formatTimestampTz,
} from '../../sblr/contract/text/date-time-format.ts';
import { formatFloat32, formatFloat64 } from '../../sblr/contract/text/numbers.ts';
import type { TextSettings } from '../../sblr/contract/text/settings.ts';
import { formatBytes } from '../../sblr/contract/text/strings.ts';
import { textFormatter, type TextFormatter } from '../../sblr/contract/text/text-io.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { SqlValue } from '../../sblr/contract/values.ts';
import type { NetworkWriter } from '../shared/byte-writer.ts';
import { declaredBinary } from './declared-binary.ts';
import { encodeBinary } from './encode-binary.ts';
import { formatAt } from './messages.ts';

const FUNCTION_CALL_RESPONSE = 0x56;
const DATA_ROW = 0x44;
const HEX_DIGITS = Buffer.from('0123456789abcdef');
const MINUS = 45;
const ZERO = 48;
const TRUE = 116;
const FALSE = 102;
const BLANK = 32;

/** Prints an integer of at most 2^53 in decimal. */
function writeInteger(writer: NetworkWriter, value: number): void {
  if (value > 0x7fff_ffff || value < -0x7fff_ffff) {
    writer.ascii(String(value));
    return;
  }
  writer.reserve(11);
  const bytes = writer.bytes;
  let at = writer.position;
  let rest = value | 0;
  if (rest < 0) {
    bytes[at++] = MINUS;
    rest = -rest;
  }
  let end = at + 1;
  for (let power = 10; power <= rest; power *= 10) end++;
  for (let digit = end - 1; digit >= at; digit--) {
    const next = (rest / 10) | 0;
    bytes[digit] = ZERO + rest - next * 10;
    rest = next;
  }
  writer.position = end;
}

function writeUuid(writer: NetworkWriter, source: Buffer, offset: number): void {
  writer.reserve(36);
  const bytes = writer.bytes;
  let at = writer.position;
  for (let index = 0; index < 16; index++) {
    if (index === 4 || index === 6 || index === 8 || index === 10) bytes[at++] = MINUS;
    const byte = source[offset + index] as number;
    bytes[at++] = HEX_DIGITS[byte >> 4] as number;
    bytes[at++] = HEX_DIGITS[byte & 15] as number;
  }
  writer.position = at;
}

function writeHex(writer: NetworkWriter, source: Buffer, offset: number, length: number): void {
  writer.reserve(length * 2 + 2);
  const bytes = writer.bytes;
  let at = writer.position;
  bytes[at++] = 92; // backslash
  bytes[at++] = 120; // x
  for (let index = 0; index < length; index++) {
    const byte = source[offset + index] as number;
    bytes[at++] = HEX_DIGITS[byte >> 4] as number;
    bytes[at++] = HEX_DIGITS[byte & 15] as number;
  }
  writer.position = at;
}

function writeCopy(writer: NetworkWriter, source: Buffer, offset: number, length: number): void {
  writer.reserve(length);
  const bytes = writer.bytes;
  const at = writer.position;
  if (length <= 24) {
    for (let index = 0; index < length; index++) bytes[at + index] = source[offset + index] as number;
  } else {
    source.copy(bytes, at, offset, offset + length);
  }
  writer.position = at + length;
}

function instant(raw: number | bigint): number | bigint {
  if (typeof raw === 'number') return raw;
  if (raw === INSTANT_INFINITY) return Number.POSITIVE_INFINITY;
  return raw === INSTANT_MINUS_INFINITY ? Number.NEGATIVE_INFINITY : raw;
}

function instantText(raw: number | bigint, type: SqlType, settings: TextSettings): string {
  const value = instant(raw);
  if (type.kind === 'time') return formatTime(value as number);
  return type.kind === 'timestamp' ? formatTimestamp(value, settings) : formatTimestampTz(value, settings);
}

/** CHAR(n) is kept without its padding and shown with it. */
function padCharacters(writer: NetworkWriter, source: Buffer, offset: number, length: number, width: number): void {
  let missing = width;
  for (let index = 0; index < length; index++) {
    if (((source[offset + index] as number) & 0xc0) !== 0x80) missing--;
  }
  if (missing <= 0) return;
  writer.reserve(missing);
  writer.bytes.fill(BLANK, writer.position, writer.position + missing);
  writer.position += missing;
}

/** Writes the text forms of the current row of a reader. */
export class TextValueWriter {
  readonly #reader: RowBlockReader;
  readonly #formatters: (TextFormatter | undefined)[];
  #settings: TextSettings | undefined;

  constructor(reader: RowBlockReader) {
    this.#reader = reader;
    this.#formatters = reader.types.map(() => undefined);
  }

  use(settings: TextSettings): void {
    if (settings === this.#settings) return;
    this.#settings = settings;
    this.#formatters.fill(undefined);
  }

  #format(column: number): string {
    const reader = this.#reader;
    let formatter = this.#formatters[column];
    if (formatter === undefined) {
      formatter = textFormatter(reader.types[column] as SqlType, this.#settings as TextSettings);
      this.#formatters[column] = formatter;
    }
    return formatter(reader.valueAt(column));
  }

  /** Writes the text form of a value that is not NULL. */
  write(writer: NetworkWriter, column: number): void {
    const reader = this.#reader;
    const settings = this.#settings as TextSettings;
    const offset = reader.offsets[column] as number;
    const length = reader.lengths[column] as number;
    switch (reader.layouts[column]) {
      case LAYOUT_INT32:
        writeInteger(writer, reader.int32At(column));
        return;
      case LAYOUT_TEXT: {
        writeCopy(writer, reader.bytes, offset, length);
        const type = reader.types[column] as SqlType;
        if (type.fixed === true && type.length !== undefined)
          padCharacters(writer, reader.bytes, offset, length, type.length);
        return;
      }
      case LAYOUT_DECIMAL:
      case LAYOUT_BITS:
      case LAYOUT_JSONB:
        writeCopy(writer, reader.bytes, offset, length);
        return;
      case LAYOUT_INT64: {
        const value = reader.int64At(column);
        if (typeof value === 'number') writeInteger(writer, value);
        else writer.ascii(value.toString());
        return;
      }
      case LAYOUT_UINT32:
        writeInteger(writer, reader.uint32At(column));
        return;
      case LAYOUT_BOOL:
        writer.u8(reader.boolAt(column) ? TRUE : FALSE);
        return;
      case LAYOUT_UINT64:
        if ((reader.types[column] as SqlType).kind === 'set') break;
        writer.ascii(reader.uint64At(column).toString());
        return;
      case LAYOUT_DATE: {
        const days = reader.int32At(column);
        const value =
          days === DATE_INFINITY
            ? Number.POSITIVE_INFINITY
            : days === DATE_MINUS_INFINITY
              ? Number.NEGATIVE_INFINITY
              : days;
        writer.ascii(formatDate(value, settings));
        return;
      }
      case LAYOUT_INSTANT:
        writer.utf8(instantText(reader.int64At(column), reader.types[column] as SqlType, settings));
        return;
      case LAYOUT_FLOAT64: {
        const value = reader.float64At(column);
        const digits = settings.extraFloatDigits;
        writer.ascii(
          (reader.types[column] as SqlType).kind === 'float32'
            ? formatFloat32(value, digits)
            : formatFloat64(value, digits),
        );
        return;
      }
      case LAYOUT_UUID:
        writeUuid(writer, reader.bytes, offset);
        return;
      case LAYOUT_BYTES:
        if (settings.bytesOutput === 'hex') writeHex(writer, reader.bytes, offset, length);
        else writer.ascii(formatBytes(reader.rawAt(column), 'escape'));
        return;
      case LAYOUT_REFERENCE:
        if (length > 4) writeCopy(writer, reader.bytes, offset + 4, length - 4);
        else writeInteger(writer, reader.referenceIdAt(column));
        return;
      case LAYOUT_EMPTY:
        return;
    }
    writer.utf8(this.#format(column));
  }
}

/** Writes the binary form of a value that is not NULL. */
export function writeBinaryValue(writer: NetworkWriter, reader: RowBlockReader, column: number): void {
  const offset = reader.offsets[column] as number;
  const length = reader.lengths[column] as number;
  const type = reader.types[column] as SqlType;
  switch (reader.layouts[column]) {
    case LAYOUT_TEXT:
      if (declaredBinary(type.declared) !== undefined) {
        encodeBinary(writer, type, reader.valueAt(column) as string);
        return;
      }
      writeCopy(writer, reader.bytes, offset, length);
      if (type.fixed === true && type.length !== undefined)
        padCharacters(writer, reader.bytes, offset, length, type.length);
      return;
    case LAYOUT_BYTES:
    case LAYOUT_UUID:
      writeCopy(writer, reader.bytes, offset, length);
      return;
    case LAYOUT_REFERENCE:
      writer.i32(reader.referenceIdAt(column));
      return;
    default:
      encodeBinary(writer, type, reader.valueAt(column) as Exclude<SqlValue, null>);
  }
}

/** Encodes the rows of one result: bound to its columns and the formats the client asked for. */
export class RowEncoder {
  readonly columns: readonly ResultColumn[];
  readonly reader: RowBlockReader;
  readonly #text: TextValueWriter;
  /** 1 = binary, per column. */
  readonly #binary: Uint8Array;

  constructor(columns: readonly ResultColumn[], formats: readonly number[]) {
    this.columns = columns;
    this.reader = new RowBlockReader(columns.map((column) => column.type));
    this.#text = new TextValueWriter(this.reader);
    this.#binary = Uint8Array.from(columns, (_column, index) => formatAt(formats, index));
  }

  /** Writes a DataRow per row of the block. */
  encode(writer: NetworkWriter, block: RowBlock, settings: TextSettings): void {
    const reader = this.reader.reset(block);
    const binary = this.#binary;
    const text = this.#text;
    text.use(settings);
    const lengths = reader.lengths;
    const count = lengths.length;
    while (reader.nextRow()) {
      const message = writer.mark();
      writer.reserve(7);
      writer.bytes[writer.position] = DATA_ROW;
      writer.position += 5;
      writer.i16(count);
      for (let column = 0; column < count; column++) {
        if (lengths[column] === -1) {
          writer.i32(-1);
          continue;
        }
        const mark = writer.mark();
        writer.i32(0);
        if (binary[column] === 1) writeBinaryValue(writer, reader, column);
        else text.write(writer, column);
        writer.setI32(mark, writer.mark() - mark - 4);
      }
      writer.setI32(message + 1, writer.mark() - message - 1);
    }
  }

  /** Writes the first value of the first row as the answer to a function call. */
  encodeValue(writer: NetworkWriter, block: RowBlock, settings: TextSettings): void {
    const reader = this.reader.reset(block);
    this.#text.use(settings);
    if (!reader.nextRow()) return;
    writer.u8(FUNCTION_CALL_RESPONSE);
    const message = writer.mark();
    writer.i32(0);
    const mark = writer.mark();
    const absent = reader.lengths[0] === -1;
    writer.i32(absent ? -1 : 0);
    if (!absent) {
      if (this.#binary[0] === 1) writeBinaryValue(writer, reader, 0);
      else this.#text.write(writer, 0);
      writer.setI32(mark, writer.mark() - mark - 4);
    }
    writer.setI32(message, writer.mark() - message);
  }
}
