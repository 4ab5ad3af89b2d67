/** SQL values as JSON text: what to_json and its kin write for each type. */
import { quoteJson } from '../../sblr/contract/text/json.ts';
import { formatDate, formatTimestamp } from '../../sblr/contract/text/date-time-format.ts';
import { DEFAULT_TEXT_SETTINGS } from '../../sblr/contract/text/settings.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { Decimal, Jsonb, SqlArray, SqlRecord, SqlValue } from '../../sblr/contract/values.ts';
import { isInfinite, type Timestamp, toLocal } from '../types/date-time.ts';
import type { EvalContext } from './function.ts';
import { formatterFor } from './strings.ts';

export type JsonWriter = (value: SqlValue, context: EvalContext) => string;

const isoStamp = (value: Timestamp): string => formatTimestamp(value, DEFAULT_TEXT_SETTINGS).replace(' ', 'T');

function zonedStamp(value: Timestamp, context: EvalContext): string {
  if (isInfinite(value)) return isoStamp(value);
  const zone = context.text.timeZone;
  const { offset } = zone.spanAt(Math.floor(Number(value) / 1e6));
  const size = Math.abs(offset);
  const two = (n: number): string => String(n).padStart(2, '0');
  const seconds = size % 60 === 0 ? '' : `:${two(size % 60)}`;
  const suffix = `${offset < 0 ? '-' : '+'}${two(Math.floor(size / 3600))}:${two(Math.floor(size / 60) % 60)}${seconds}`;
  const text = isoStamp(toLocal(value, zone));
  return text.endsWith(' BC') ? `${text.slice(0, -3)}${suffix} BC` : text + suffix;
}

/** Writes values of the type as JSON text; `pretty` breaks lines between the outermost items. */
export function jsonWriter(type: SqlType, pretty = false): JsonWriter {
  const write = valueWriter(type, pretty);
  return (value, context) => (value === null ? 'null' : write(value, context));
}

function valueWriter(type: SqlType, pretty: boolean): JsonWriter {
  switch (type.kind) {
    case 'bool':
      return (value) => (value === true ? 'true' : 'false');
    case 'int8':
    case 'int16':
    case 'int24':
    case 'int32':
    case 'int64':
    case 'year':
      return String;
    case 'decimal':
      return (value) =>
        (value as Decimal).special === undefined ? (value as Decimal).toString() : `"${(value as Decimal).toString()}"`;
    case 'float32':
    case 'float64': {
      const format = formatterFor(type);
      return (value, context) =>
        Number.isFinite(value as number) ? format(value, context) : `"${format(value, context)}"`;
    }
    case 'json':
      return (value) => value as string;
    case 'jsonb':
      return (value) => (value as Jsonb).text;
    case 'date':
      return (value) => `"${formatDate(value as number, DEFAULT_TEXT_SETTINGS)}"`;
    case 'timestamp':
      return (value) => `"${isoStamp(value as Timestamp)}"`;
    case 'timestamptz':
      return (value, context) => `"${zonedStamp(value as Timestamp, context)}"`;
    case 'array': {
      const item = jsonWriter(type.element ?? { kind: 'text' });
      return (value, context) => arrayText(value as SqlArray, item, context, pretty ? ',\n ' : ',');
    }
    case 'record':
      return recordWriter(type, pretty);
    default: {
      const format = formatterFor(type);
      return (value, context) => quoteJson(format(value, context));
    }
  }
}

function arrayText(array: SqlArray, item: JsonWriter, context: EvalContext, separator: string): string {
  let at = 0;
  const level = (dimension: number): string => {
    const count = array.dimensions[dimension] ?? 0;
    const parts: string[] = [];
    for (let i = 0; i < count; i++)
      parts.push(
        dimension < array.dimensions.length - 1 ? level(dimension + 1) : item(array.items[at++] as SqlValue, context),
      );
    return `[${parts.join(dimension === 0 ? separator : ',')}]`;
  };
  return level(0);
}

function recordWriter(type: SqlType, pretty: boolean): JsonWriter {
  const fields = type.fields ?? [];
  const writers = fields.map((field) => jsonWriter(field.type));
  const names = fields.map((field, i) =>
    quoteJson(field.name === '' || field.name === '?column?' ? `f${i + 1}` : field.name),
  );
  const separator = pretty ? ',\n ' : ',';
  return (value, context) =>
    `{${(value as SqlRecord).values.map((item, i) => `${names[i] ?? `"f${i + 1}"`}:${(writers[i] ?? jsonWriter({ kind: 'text' }))(item, context)}`).join(separator)}}`;
}
