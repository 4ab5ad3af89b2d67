/**
 * Text input and output of values by type: what casts to and from text, wire text formats and COPY
 * share. `textFormatter` and `textParser` resolve the type once and give a function for many values.
 */
import { SqlError } from '../sql-error.ts';
import type { SqlType } from '../types.ts';
import {
  type Bits,
  Decimal,
  type Interval,
  type Jsonb,
  type SqlArray,
  type SqlRecord,
  type SqlValue,
  type TimeTz,
} from '../values.ts';
import {
  formatArray,
  isPlainList,
  formatPlainList,
  parsePlainList,
  formatRecord,
  parseArray,
  parseRecord,
} from './containers.ts';
import { formatDate, formatTime, formatTimestamp, formatTimestampTz, formatTimeTz } from './date-time-format.ts';
import { parseDate, parseTime, parseTimestamp, parseTimestampTz, parseTimeTz } from './date-time-parse.ts';
import { invalidSyntax } from './errors.ts';
import { formatInterval, parseInterval, restrictInterval } from './interval.ts';
import { parseJson, parseJsonb } from './json.ts';
import {
  formatFloat32,
  formatFloat64,
  parseBoolean,
  parseDecimal,
  parseFloat32,
  parseFloat64,
  parseInt16,
  parseInt32,
  parseInt64,
  parseOid,
  parseSmallInteger,
} from './numbers.ts';
import type { TextSettings } from './settings.ts';
import { TEXT_INPUTS } from './own-text.ts';
import { formatBytes, parseBits, parseBytes, parseUuid } from './strings.ts';
import { baseTypeName } from './type-name.ts';

export type TextFormatter = (value: SqlValue) => string;
export type TextParser = (text: string) => SqlValue;

const asString: TextFormatter = (value) => value as string;
const asText: TextFormatter = (value) => String(value);

/** Text of any value of the type but NULL. */
export function textFormatter(type: SqlType, settings: TextSettings): TextFormatter {
  switch (type.kind) {
    case 'bool':
      return (value) => (value === true ? 't' : 'f');
    case 'text':
      if (type.fixed === true && type.length !== undefined) {
        const { length } = type;
        return (value) => padText(value as string, length);
      }
      return asString;
    case 'unknown':
    case 'enum':
    case 'uuid':
    case 'json':
      return asString;
    case 'int8':
    case 'int16':
    case 'int24':
    case 'int32':
    case 'int64':
    case 'year':
    case 'oid':
      return asText;
    case 'reference':
      return (value) => referenceOutput(type, value as number, settings);
    case 'decimal':
      return (value) => (value as Decimal).toString();
    case 'float32':
      return (value) => formatFloat32(value as number, settings.extraFloatDigits);
    case 'float64':
      return (value) => formatFloat64(value as number, settings.extraFloatDigits);
    case 'bytes':
      return (value) => formatBytes(value as Uint8Array, settings.bytesOutput);
    case 'bits':
      return (value) => (value as Bits).text;
    case 'date':
      return (value) => formatDate(value as number, settings);
    case 'time':
      return (value) => formatTime(value as number);
    case 'timetz':
      return (value) => formatTimeTz(value as TimeTz);
    case 'timestamp':
      return (value) => formatTimestamp(value as number | bigint, settings);
    case 'timestamptz':
      return (value) => formatTimestampTz(value as number | bigint, settings);
    case 'interval':
      return (value) => formatInterval(value as Interval, settings);
    case 'jsonb':
      return (value) => (value as Jsonb).text;
    case 'array': {
      const item = textFormatter(type.element ?? { kind: 'text' }, settings);
      const format = isPlainList(type) ? formatPlainList : formatArray;
      return (value) => format(value as SqlArray, item);
    }
    case 'record': {
      const fields = (type.fields ?? []).map((field) => textFormatter(field.type, settings));
      return (value) => formatRecord(value as SqlRecord, (item, index) => (fields[index] ?? guess)(item));
    }
    case 'set':
      return (value) => setText(type, value as number | bigint);
    case 'void':
      return () => '';
    default:
      return guess;
  }
}

/** CHAR(n) values are padded with blanks for output. */
export function padText(value: string, length: number): string {
  if (value.length >= length) return value;
  let characters = value.length;
  for (let i = 0; i < value.length; i++) if ((value.charCodeAt(i) & 0xfc00) === 0xd800) characters--;
  return characters >= length ? value : value + ' '.repeat(length - characters);
}

function guess(value: SqlValue): string {
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (typeof value === 'string') return value;
  if (value instanceof Decimal) return value.toString();
  return String(value);
}

function setText(type: SqlType, value: number | bigint): string {
  const mask = BigInt(value);
  return (type.labels ?? []).filter((_, index) => (mask >> BigInt(index)) & 1n).join(',');
}

function referenceOutput(type: SqlType, id: number, settings: TextSettings): string {
  if (id === 0) return '-';
  return settings.referenceText?.(type.target ?? 'relation', id) ?? `${id}`;
}

/** Reads values of the type; modifiers (length, precision) are applied by the caller's assignment or cast rules, except an interval's fields. */
export function textParser(type: SqlType, settings: TextSettings): TextParser {
  switch (type.kind) {
    case 'bool':
      return parseBoolean;
    case 'text':
      if (type.declared === 'name') return (text) => cutBytes(text, 63);
      if (type.declared === '"char"') return (text) => text.slice(0, 1);
      return TEXT_INPUTS.get(type.declared ?? '') ?? ((text) => text);
    case 'unknown':
      return (text) => text;
    case 'enum':
      return (text) => parseEnum(type, text);
    case 'uuid':
      return parseUuid;
    case 'json':
      return (text) => {
        parseJson(text);
        return text;
      };
    case 'jsonb':
      return parseJsonb;
    case 'int8':
      return (text) =>
        parseSmallInteger(text, 'tinyint', type.unsigned === true ? 0 : -128, type.unsigned === true ? 255 : 127);
    case 'int16':
      return parseInt16;
    case 'int24':
    case 'int32':
    case 'year':
      return parseInt32;
    case 'int64':
      return parseInt64;
    case 'oid':
      return parseOid;
    case 'reference':
      return (text) => parseReference(type, text, settings);
    case 'decimal':
      return parseDecimal;
    case 'float32':
      return parseFloat32;
    case 'float64':
      return parseFloat64;
    case 'bytes':
      return parseBytes;
    case 'bits':
      return parseBits;
    case 'date':
      return (text) => parseDate(text, settings);
    case 'time':
      return (text) => parseTime(text, settings);
    case 'timetz':
      return (text) => parseTimeTz(text, settings);
    case 'timestamp':
      return (text) => parseTimestamp(text, settings);
    case 'timestamptz':
      return (text) => parseTimestampTz(text, settings);
    case 'interval':
      return (text) =>
        restrictInterval(parseInterval(text, settings, type.intervalFields), type.intervalFields, type.precision);
    case 'array': {
      const item = textParser(type.element ?? { kind: 'text' }, settings);
      return isPlainList(type) ? (text) => parsePlainList(text, item) : (text) => parseArray(text, item);
    }
    case 'record': {
      if (type.fields === undefined) {
        return () => {
          throw new SqlError('feature_not_supported', {
            message: 'input of anonymous composite types is not implemented',
          });
        };
      }
      const fields = type.fields.map((field) => textParser(field.type, settings));
      return (text) => parseRecord(text, fields);
    }
    case 'set':
      return (text) => parseSet(type, text);
    case 'void':
      return () => '';
    default:
      return () => {
        throw new SqlError('feature_not_supported', { message: `cannot accept a value of type ${baseTypeName(type)}` });
      };
  }
}

/** At most so many bytes of UTF-8, whole characters. */
export function cutBytes(text: string, limit: number): string {
  if (text.length * 3 <= limit || Buffer.byteLength(text) <= limit) return text;
  let bytes = 0;
  let out = '';
  for (const char of text) {
    bytes += Buffer.byteLength(char);
    if (bytes > limit) break;
    out += char;
  }
  return out;
}

function parseEnum(type: SqlType, text: string): string {
  if (type.labels?.includes(text) === true) return text;
  const name = baseTypeName(type);
  throw new SqlError('invalid_text_representation', {
    message: `invalid input value for enum ${name}: "${text}"`,
    variant: 'enum_value',
    args: { type: name, value: text },
  });
}

function parseSet(type: SqlType, text: string): number | bigint {
  let mask = 0n;
  for (const part of text === '' ? [] : text.split(',')) {
    const index = type.labels?.indexOf(part) ?? -1;
    if (index < 0) throw invalidSyntax(baseTypeName(type), text);
    mask |= 1n << BigInt(index);
  }
  return mask <= 9007199254740991n ? Number(mask) : mask;
}

const REFERENCE_MISSING = {
  relation: ['undefined_table', 'relation'],
  type: ['undefined_object', 'type'],
  routine: ['undefined_function', 'function'],
  routine_signature: ['undefined_function', 'function'],
  operator: ['undefined_function', 'operator does not exist:'],
  schema: ['invalid_schema_name', 'schema'],
  role: ['undefined_object', 'role'],
  collation: ['undefined_object', 'collation'],
} as const;

function parseReference(type: SqlType, text: string, settings: TextSettings): number {
  const trimmed = text.trim();
  if (trimmed === '-') return 0;
  if (/^\d+$/.test(trimmed)) return parseOid(trimmed);
  const target = type.target ?? 'relation';
  const id = settings.lookupReference?.(target, trimmed);
  if (id !== undefined) return id;
  const [condition, word] = REFERENCE_MISSING[target];
  const message = target === 'operator' ? `${word} ${trimmed}` : `${word} "${trimmed}" does not exist`;
  throw new SqlError(condition, { message, args: { name: trimmed } });
}

/** Text of one value. */
export function formatValue(value: SqlValue, type: SqlType, settings: TextSettings): string | null {
  return value === null ? null : textFormatter(type, settings)(value);
}
