/**
 * Values between SQL and JavaScript in the embedded library.
 *
 * Out: booleans, integers and floats as they are (bigint when unsafe), json parsed, bytes as
 * Uint8Array, timestamps as Date, arrays as nested arrays; every other type as its SQL text, so that
 * nothing is lost (decimals, intervals, dates, times).
 * In: numbers, bigints, booleans, strings, Date, Uint8Array, arrays and plain objects (as JSON) go as
 * the text of the parameter's inferred type.
 */
import { DEFAULT_TEXT_SETTINGS } from '../sblr/contract/text/settings.ts';
import { formatValue } from '../sblr/contract/text/text-io.ts';
import type { SqlType } from '../sblr/contract/types.ts';
import type { Jsonb, SqlArray, SqlValue } from '../sblr/contract/values.ts';

export type JavaScriptValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Date
  | Uint8Array
  | readonly JavaScriptValue[]
  | { readonly [key: string]: JavaScriptValue | undefined };

export type ParameterValue = JavaScriptValue | undefined;

/** How values of a type leave; made once per column. */
export function outputOf(type: SqlType): (value: SqlValue) => JavaScriptValue {
  const plain = plainOutput(type);
  return (value) => (value === null ? null : plain(value));
}

function plainOutput(type: SqlType): (value: SqlValue) => JavaScriptValue {
  switch (type.kind) {
    case 'bool':
    case 'int8':
    case 'int16':
    case 'int24':
    case 'int32':
    case 'int64':
    case 'year':
    case 'oid':
    case 'float32':
    case 'float64':
    case 'text':
    case 'enum':
    case 'uuid':
    case 'bytes':
      return (value) => value as JavaScriptValue;
    case 'json':
      return (value) => JSON.parse(value as string) as JavaScriptValue;
    case 'jsonb':
      return (value) => JSON.parse((value as Jsonb).text) as JavaScriptValue;
    case 'timestamp':
    case 'timestamptz':
      return (value) => {
        const micros = Number(value);
        // Infinity, and years that a Date cannot hold, stay text.
        return Math.abs(micros) <= 8.64e18
          ? new Date(Math.floor(micros / 1000))
          : String(formatValue(value, type, DEFAULT_TEXT_SETTINGS));
      };
    case 'array': {
      const item = outputOf(type.element!);
      return (value) => nest(value as SqlArray, item);
    }
    default:
      return (value) => formatValue(value, type, DEFAULT_TEXT_SETTINGS);
  }
}

function nest(array: SqlArray, item: (value: SqlValue) => JavaScriptValue): JavaScriptValue {
  const build = (dimension: number, start: number, size: number): JavaScriptValue => {
    const count = array.dimensions[dimension] ?? 0;
    const inner = count === 0 ? 0 : size / count;
    const last = dimension === array.dimensions.length - 1;
    return Array.from({ length: count }, (_, index) =>
      last ? item(array.items[start + index] ?? null) : build(dimension + 1, start + index * inner, inner),
    );
  };
  return build(0, 0, array.items.length);
}

/** The text of a parameter in the input syntax of SQL types, or null. */
export function parameterText(value: ParameterValue): string | null {
  if (value === null || value === undefined) return null;
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'bigint':
      return String(value);
    case 'boolean':
      return value ? 'true' : 'false';
  }
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array)
    return `\\x${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex')}`;
  if (Array.isArray(value)) return arrayText(value as readonly ParameterValue[]);
  return JSON.stringify(value);
}

function arrayText(items: readonly ParameterValue[]): string {
  const parts = items.map((item) => {
    if (Array.isArray(item)) return arrayText(item as readonly ParameterValue[]);
    const text = parameterText(item);
    return text === null ? 'NULL' : `"${text.replace(/["\\]/g, '\\$&')}"`;
  });
  return `{${parts.join(',')}}`;
}
