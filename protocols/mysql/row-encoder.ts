/**
 * Rows out: walks a row block and writes one packet per row, in the text form (COM_QUERY) or the binary
 * form (COM_STMT_EXECUTE) of the protocol ("Text Resultset", "Binary Protocol Resultset").
 */
import { RowBlockReader } from '../../sblr/contract/row-block.ts';
import {
  DATE_MINUS_INFINITY,
  INSTANT_MINUS_INFINITY,
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
  LAYOUT_TEXT,
  LAYOUT_UINT32,
  LAYOUT_UINT64,
} from '../../sblr/contract/row-layout.ts';
import type { ResultColumn, RowBlock } from '../../sblr/contract/session.ts';
import { civilFromDays, splitMicros } from '../../sblr/contract/text/calendar.ts';
import type { TextFormatter } from '../../sblr/contract/text/text-io.ts';
import type { TimeZone } from '../../sblr/contract/text/time-zone.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { Bits } from '../../sblr/contract/values.ts';
import { FIELD_TYPE } from './constants.ts';
import type { PacketWriter } from './packets.ts';
import { fieldType } from './types.ts';
import { bitBytes, dateText, filledDigits, formatterOf, instantText, numberText, timeText } from './value-text.ts';

const NULL_TEXT = 0xfb;
const BINARY_ROW = 0x00;
/** The NULL bitmap of a binary row starts with two unused bits. */
const BITMAP_OFFSET = 2;
const MICROS_PER_SECOND = 1_000_000;
const SECONDS_PER_DAY = 86_400;

export abstract class RowEncoder {
  readonly columns: readonly ResultColumn[];
  protected readonly reader: RowBlockReader;
  readonly #formatters: (TextFormatter | undefined)[];

  constructor(columns: readonly ResultColumn[]) {
    this.columns = columns;
    this.reader = new RowBlockReader(columns.map((column) => column.type));
    this.#formatters = columns.map(() => undefined);
  }

  /** Writes a packet per row of the block. `zone` is the session's, for instants with a zone. */
  encode(packets: PacketWriter, block: RowBlock, zone: TimeZone): void {
    const reader = this.reader.reset(block);
    while (reader.nextRow()) {
      packets.begin();
      this.row(packets, zone);
      packets.end();
    }
  }

  protected abstract row(packets: PacketWriter, zone: TimeZone): void;

  protected copied(packets: PacketWriter, column: number): void {
    const { reader } = this;
    const offset = reader.offsets[column] as number;
    const length = reader.lengths[column] as number;
    const bytes = reader.bytes.subarray(offset, offset + length);
    if (reader.layouts[column] === LAYOUT_TEXT) packets.engineText(bytes);
    else {
      packets.lengthInteger(length);
      packets.out.raw(bytes);
    }
  }

  protected bits(packets: PacketWriter, column: number): void {
    const bytes = bitBytes(this.reader.valueAt(column) as Bits);
    packets.lengthInteger(bytes.length);
    packets.out.raw(bytes);
  }

  protected formatted(packets: PacketWriter, column: number): void {
    const { reader } = this;
    const formatter = (this.#formatters[column] ??= formatterOf(reader.types[column] as SqlType));
    packets.text(formatter(reader.valueAt(column)));
  }

  /** Microseconds of an instant as the session's clock shows it. */
  protected shownInstant(column: number, zone: TimeZone): number | bigint {
    const { reader } = this;
    const value = reader.int64At(column);
    if (value === INSTANT_MINUS_INFINITY) return -Infinity;
    const type = reader.types[column] as SqlType;
    return type.kind === 'timestamptz' ? localMicros(value, zone) : value;
  }
}

export class TextRowEncoder extends RowEncoder {
  /** Digits that integers of a column are filled up to. */
  readonly #digits: readonly (number | undefined)[];

  constructor(columns: readonly ResultColumn[]) {
    super(columns);
    this.#digits = columns.map((column) => filledDigits(column.type));
  }

  #filled(column: number, text: string): string {
    const digits = this.#digits[column];
    return digits === undefined ? text : text.padStart(digits, '0');
  }

  protected override row(packets: PacketWriter, zone: TimeZone): void {
    const { lengths } = this.reader;
    for (let column = 0; column < lengths.length; column++) {
      if (lengths[column] === -1) packets.out.u8(NULL_TEXT);
      else this.#value(packets, column, zone);
    }
  }

  #value(packets: PacketWriter, column: number, zone: TimeZone): void {
    const { reader } = this;
    const type = reader.types[column] as SqlType;
    switch (reader.layouts[column]) {
      case LAYOUT_TEXT:
      case LAYOUT_DECIMAL:
      case LAYOUT_JSONB:
      case LAYOUT_BYTES:
        this.copied(packets, column);
        return;
      case LAYOUT_INT32:
        packets.text(
          type.kind === 'year' ? String(reader.int32At(column)).padStart(4, '0') : String(reader.int32At(column)),
        );
        return;
      case LAYOUT_UINT32:
        packets.text(this.#filled(column, String(reader.uint32At(column))));
        return;
      case LAYOUT_INT64:
        packets.text(String(reader.int64At(column)));
        return;
      case LAYOUT_UINT64:
        if (type.kind === 'set') break;
        packets.text(this.#filled(column, String(reader.uint64At(column))));
        return;
      case LAYOUT_BOOL:
        packets.text(reader.boolAt(column) ? '1' : '0');
        return;
      case LAYOUT_FLOAT64:
        packets.text(numberText(type, reader.float64At(column)));
        return;
      case LAYOUT_DATE:
        packets.text(dateText(daysAt(reader.int32At(column))));
        return;
      case LAYOUT_INSTANT: {
        const precision = type.precision ?? 0;
        if (type.kind === 'time') packets.text(timeText(Number(reader.int64At(column)), precision));
        else packets.text(instantText(this.shownInstant(column, zone), precision));
        return;
      }
      case LAYOUT_BITS:
        this.bits(packets, column);
        return;
      case LAYOUT_EMPTY:
        packets.lengthInteger(0);
        return;
    }
    this.formatted(packets, column);
  }
}

export class BinaryRowEncoder extends RowEncoder {
  readonly #codes: Uint8Array;

  constructor(columns: readonly ResultColumn[]) {
    super(columns);
    this.#codes = Uint8Array.from(columns, (column) => fieldType(column.type, 0).code);
  }

  protected override row(packets: PacketWriter, zone: TimeZone): void {
    const { out } = packets;
    const { lengths } = this.reader;
    const count = lengths.length;
    out.u8(BINARY_ROW);
    const bitmapBytes = (count + 7 + BITMAP_OFFSET) >> 3;
    out.reserve(bitmapBytes);
    const mark = out.mark();
    for (let i = 0; i < bitmapBytes; i++) out.u8(0);
    for (let column = 0; column < count; column++) {
      if (lengths[column] === -1) {
        const bit = column + BITMAP_OFFSET;
        const at = out.start + mark + (bit >> 3);
        out.bytes[at] = (out.bytes[at] as number) | (1 << (bit & 7));
      } else this.#value(packets, column, zone);
    }
  }

  #value(packets: PacketWriter, column: number, zone: TimeZone): void {
    const { reader } = this;
    const { out } = packets;
    switch (this.#codes[column]) {
      case FIELD_TYPE.TINY:
        out.u8(this.#integer(column));
        return;
      case FIELD_TYPE.SHORT:
      case FIELD_TYPE.YEAR:
        out.u16le(this.#integer(column));
        return;
      case FIELD_TYPE.LONG:
      case FIELD_TYPE.INT24:
        out.u32le(this.#integer(column));
        return;
      case FIELD_TYPE.LONGLONG:
        if (reader.layouts[column] === LAYOUT_BOOL) out.u64le(reader.boolAt(column) ? 1n : 0n);
        else
          out.u64le(
            BigInt(reader.layouts[column] === LAYOUT_UINT64 ? reader.uint64At(column) : reader.int64At(column)),
          );
        return;
      case FIELD_TYPE.FLOAT:
        out.f32le(reader.float64At(column));
        return;
      case FIELD_TYPE.DOUBLE:
        out.f64le(reader.float64At(column));
        return;
      case FIELD_TYPE.DATE:
        writeDate(packets, daysAt(reader.int32At(column)));
        return;
      case FIELD_TYPE.TIME:
        if (reader.layouts[column] !== LAYOUT_INSTANT) break;
        writeTime(packets, Number(reader.int64At(column)));
        return;
      case FIELD_TYPE.DATETIME:
      case FIELD_TYPE.TIMESTAMP:
        writeInstant(packets, this.shownInstant(column, zone));
        return;
      case FIELD_TYPE.BIT:
        this.bits(packets, column);
        return;
    }
    switch (reader.layouts[column]) {
      case LAYOUT_TEXT:
      case LAYOUT_DECIMAL:
      case LAYOUT_JSONB:
      case LAYOUT_BYTES:
        this.copied(packets, column);
        return;
      default:
        this.formatted(packets, column);
    }
  }

  #integer(column: number): number {
    const { reader } = this;
    switch (reader.layouts[column]) {
      case LAYOUT_BOOL:
        return reader.boolAt(column) ? 1 : 0;
      case LAYOUT_UINT32:
        return reader.uint32At(column);
      default:
        return reader.int32At(column);
    }
  }
}

function localMicros(value: number | bigint, zone: TimeZone): number | bigint {
  const { offset } = zone.spanAt(Math.floor(Number(value) / MICROS_PER_SECOND));
  return typeof value === 'number' ? value + offset * MICROS_PER_SECOND : value + BigInt(offset) * 1_000_000n;
}

/** The date before all others is written as one of zeros. */
function daysAt(raw: number): number {
  return raw === DATE_MINUS_INFINITY ? -Infinity : raw;
}

function writeDate(packets: PacketWriter, days: number): void {
  const { out } = packets;
  if (days === -Infinity) {
    out.u8(0);
    return;
  }
  const { year, month, day } = civilFromDays(days);
  out.u8(4);
  out.u16le(year);
  out.u8(month);
  out.u8(day);
}

/** Trailing parts that are zero are left out. */
function writeInstant(packets: PacketWriter, value: number | bigint): void {
  const { out } = packets;
  if (value === -Infinity) {
    out.u8(0);
    return;
  }
  const { days, micros } = splitMicros(value);
  const { year, month, day } = civilFromDays(days);
  const seconds = Math.floor(micros / MICROS_PER_SECOND);
  const fraction = micros - seconds * MICROS_PER_SECOND;
  out.u8(fraction > 0 ? 11 : seconds > 0 ? 7 : 4);
  out.u16le(year);
  out.u8(month);
  out.u8(day);
  if (micros > 0) writeClock(packets, seconds);
  if (fraction > 0) out.u32le(fraction);
}

function writeClock(packets: PacketWriter, seconds: number): void {
  packets.out.u8(Math.floor(seconds / 3600));
  packets.out.u8(Math.floor(seconds / 60) % 60);
  packets.out.u8(seconds % 60);
}

function writeTime(packets: PacketWriter, micros: number): void {
  const { out } = packets;
  if (micros === 0) {
    out.u8(0);
    return;
  }
  const magnitude = Math.abs(micros);
  const whole = Math.floor(magnitude / MICROS_PER_SECOND);
  const fraction = magnitude - whole * MICROS_PER_SECOND;
  out.u8(fraction > 0 ? 12 : 8);
  out.u8(micros < 0 ? 1 : 0);
  out.u32le(Math.floor(whole / SECONDS_PER_DAY));
  writeClock(packets, whole % SECONDS_PER_DAY);
  if (fraction > 0) out.u32le(fraction);
}
