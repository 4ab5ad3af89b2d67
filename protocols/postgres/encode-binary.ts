/** Binary results: from the engine's value to the wire form of its type. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import {
  Decimal,
  type Bits,
  type Interval,
  type Jsonb,
  type SqlArray,
  type SqlRecord,
  type SqlValue,
  type TimeTz,
} from '../../sblr/contract/values.ts';
import type { NetworkWriter } from '../shared/byte-writer.ts';
import {
  EPOCH_DAYS,
  EPOCH_MICROS,
  INFINITE_DATE,
  INFINITE_TIMESTAMP,
  MINUS_INFINITE_DATE,
  MINUS_INFINITE_TIMESTAMP,
  NUMERIC_INFINITY,
  NUMERIC_MINUS_INFINITY,
  NUMERIC_NAN,
  NUMERIC_NEGATIVE,
  NUMERIC_POSITIVE,
} from './decode.ts';
import { declaredBinary } from './declared-binary.ts';
import { oidOfPart } from './types.ts';

/** Writes the value without its length word. */
export function encodeBinary(writer: NetworkWriter, type: SqlType, value: Exclude<SqlValue, null>): void {
  switch (type.kind) {
    case 'bool':
      return writer.u8(value === true ? 1 : 0);
    case 'int8':
      return writer.i16(value as number);
    case 'int16':
      return type.unsigned === true ? writer.i32(value as number) : writer.i16(value as number);
    case 'int32':
      if (type.unsigned === true) return writer.i64(BigInt(value as number));
      return writer.i32(value as number);
    case 'int24':
    case 'year':
      return writer.i32(value as number);
    case 'oid':
    case 'reference':
      return writer.i32(value as number);
    case 'int64':
      if (type.unsigned === true) return encodeNumeric(writer, new Decimal(value as number | bigint, 0));
      return writer.i64(BigInt(value as number | bigint));
    case 'float32':
      return writer.f32(value as number);
    case 'float64':
      return writer.f64(value as number);
    case 'decimal':
      return encodeNumeric(writer, value as Decimal);
    case 'jsonb':
      writer.u8(1);
      writer.utf8((value as Jsonb).text);
      return;
    case 'bytes':
      return writer.raw(value as Uint8Array);
    case 'bits':
      return encodeBits(writer, value as Bits);
    case 'uuid':
      return writer.raw(Buffer.from((value as string).replaceAll('-', ''), 'hex'));
    case 'date':
      return writer.i32(wireDate(value as number));
    case 'time':
      return writer.i64(BigInt(value as number));
    case 'timetz':
      writer.i64(BigInt((value as TimeTz).micros));
      return writer.i32(-(value as TimeTz).offsetSeconds);
    case 'timestamp':
    case 'timestamptz':
      if (value === Number.POSITIVE_INFINITY) return writer.i64(INFINITE_TIMESTAMP);
      if (value === Number.NEGATIVE_INFINITY) return writer.i64(MINUS_INFINITE_TIMESTAMP);
      return writer.i64(BigInt(value as number | bigint) - EPOCH_MICROS);
    case 'interval':
      writer.i64(BigInt((value as Interval).micros));
      writer.i32((value as Interval).days);
      return writer.i32((value as Interval).months);
    case 'array':
      return encodeArray(writer, type, value as SqlArray);
    case 'record':
      return encodeRecord(writer, type, value as SqlRecord);
    case 'text':
      return encodeText(writer, type, value as string);
    case 'json':
    case 'enum':
    case 'unknown':
      writer.utf8(value as string);
      return;
    case 'void':
      return;
    case 'set':
    case 'named':
      throw new SqlError('feature_not_supported', `no binary output of type ${type.declared ?? type.kind}`);
  }
}

function encodeText(writer: NetworkWriter, type: SqlType, text: string): void {
  const form = declaredBinary(type.declared);
  if (form === undefined) writer.utf8(text);
  else form.write(writer, text);
}

function wireDate(days: number): number {
  if (days === Number.POSITIVE_INFINITY) return INFINITE_DATE;
  return days === Number.NEGATIVE_INFINITY ? MINUS_INFINITE_DATE : days - EPOCH_DAYS;
}

const GROUP_DIGITS = 4;

function encodeNumeric(writer: NetworkWriter, value: Decimal): void {
  if (value.special !== undefined) {
    writer.i16(0);
    writer.i16(0);
    writer.i16(
      value.special === 'NaN' ? NUMERIC_NAN : value.special === 'Infinity' ? NUMERIC_INFINITY : NUMERIC_MINUS_INFINITY,
    );
    writer.i16(0);
    return;
  }
  const negative = value.unscaled < 0;
  const digits = (negative ? -value.unscaled : value.unscaled).toString().padStart(value.scale + 1, '0');
  const point = digits.length - value.scale;
  // Groups of four digits, counted from the decimal point both ways.
  const whole = digits.slice(0, point);
  const leftPadded = whole.padStart(Math.ceil(whole.length / GROUP_DIGITS) * GROUP_DIGITS, '0');
  const fraction = digits.slice(point);
  const text = leftPadded + fraction.padEnd(Math.ceil(fraction.length / GROUP_DIGITS) * GROUP_DIGITS, '0');
  let first = 0;
  let last = text.length / GROUP_DIGITS;
  const group = (index: number): number =>
    Number(text.slice(index * GROUP_DIGITS, index * GROUP_DIGITS + GROUP_DIGITS));
  while (first < last && group(first) === 0) first++;
  while (last > first && group(last - 1) === 0) last--;
  writer.i16(last - first);
  writer.i16(first === last ? 0 : leftPadded.length / GROUP_DIGITS - 1 - first);
  writer.i16(negative ? NUMERIC_NEGATIVE : NUMERIC_POSITIVE);
  writer.i16(value.scale);
  for (let index = first; index < last; index++) writer.i16(group(index));
}

function encodeBits(writer: NetworkWriter, value: Bits): void {
  const text = value.text;
  writer.i32(text.length);
  for (let at = 0; at < text.length; at += 8) writer.u8(Number.parseInt(text.slice(at, at + 8).padEnd(8, '0'), 2));
}

/** Length word, then the value; -1 for null. */
export function encodeBinaryField(writer: NetworkWriter, type: SqlType, value: SqlValue): void {
  if (value === null) {
    writer.i32(-1);
    return;
  }
  const mark = writer.mark();
  writer.i32(0);
  encodeBinary(writer, type, value);
  writer.setI32(mark, writer.mark() - mark - 4);
}

function encodeArray(writer: NetworkWriter, type: SqlType, value: SqlArray): void {
  const element = type.element ?? { kind: 'text' };
  writer.i32(value.dimensions.length);
  writer.i32(value.items.includes(null) ? 1 : 0);
  writer.i32(oidOfPart(element));
  for (let index = 0; index < value.dimensions.length; index++) {
    writer.i32(value.dimensions[index] as number);
    writer.i32(value.lowerBounds[index] as number);
  }
  for (const item of value.items) encodeBinaryField(writer, element, item);
}

function encodeRecord(writer: NetworkWriter, type: SqlType, value: SqlRecord): void {
  writer.i32(value.values.length);
  for (let index = 0; index < value.values.length; index++) {
    const fieldType = type.fields?.[index]?.type ?? { kind: 'text' };
    writer.i32(oidOfPart(fieldType));
    encodeBinaryField(writer, fieldType, value.values[index] as SqlValue);
  }
}
