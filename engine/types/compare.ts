/** Comparison and hash keys of values by type. NULL never reaches a comparator; containers order it last. */
import { jsonbNode, type JsonNode } from '../../sblr/contract/text/json.ts';
import { MICROS_PER_DAY } from '../../sblr/contract/text/calendar.ts';
import { parseDecimal } from '../../sblr/contract/text/numbers.ts';
import { displayType } from '../../sblr/contract/text/type-name.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type {
  Bits,
  Decimal,
  Interval,
  Jsonb,
  SqlArray,
  SqlRecord,
  SqlValue,
  TimeTz,
} from '../../sblr/contract/values.ts';
import { collationNamed, collationOf, compareCodePoints } from './collation.ts';
import { compareDecimal, trimDecimal } from './decimal.ts';
import { encodeKey } from './key.ts';

export type Comparator = (a: SqlValue, b: SqlValue) => number;
export type HashKey = string | number | bigint | boolean;

/** Has the type an order? json has none. */
export function isComparable(type: SqlType): boolean {
  switch (type.kind) {
    case 'json':
    case 'void':
    case 'named':
      return false;
    case 'array':
      return type.element === undefined || isComparable(type.element);
    case 'record':
      return type.fields === undefined || type.fields.every((field) => isComparable(field.type));
    default:
      return true;
  }
}

const compareOrdered: Comparator = (a, b) =>
  (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;

export function compareFloats(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return a !== a ? (b !== b ? 0 : 1) : -1;
}

/** A month counts as 30 days, a day as 24 hours. */
export function intervalDays(value: Interval): { days: number; micros: number } {
  const carry = Math.floor(value.micros / MICROS_PER_DAY);
  return { days: value.months * 30 + value.days + carry, micros: value.micros - carry * MICROS_PER_DAY };
}

export function compareIntervals(a: Interval, b: Interval): number {
  const x = intervalDays(a);
  const y = intervalDays(b);
  return x.days - y.days || x.micros - y.micros;
}

export function compareTimeTz(a: TimeTz, b: TimeTz): number {
  return a.micros - a.offsetSeconds * 1e6 - (b.micros - b.offsetSeconds * 1e6) || b.offsetSeconds - a.offsetSeconds;
}

/** Compares two values of the type, neither of them NULL. */
export function comparatorFor(type: SqlType, collation?: string): Comparator {
  switch (type.kind) {
    case 'text':
    case 'unknown':
    case 'json':
    case 'uuid': {
      const name = collationOf(type, collation);
      if (name === undefined || type.kind === 'uuid') return compareCodePoints as unknown as Comparator;
      const found = collationNamed(name);
      return found.compare.bind(found) as unknown as Comparator;
    }
    case 'bool':
      return (a, b) => (a === b ? 0 : a === true ? 1 : -1);
    case 'float32':
    case 'float64':
      return compareFloats as unknown as Comparator;
    case 'decimal':
      return (a, b) => compareDecimal(a as Decimal, b as Decimal);
    case 'bytes':
      return (a, b) => Buffer.compare(a as Uint8Array, b as Uint8Array);
    case 'bits':
      return (a, b) => compareCodePoints((a as Bits).text, (b as Bits).text);
    case 'timetz':
      return (a, b) => compareTimeTz(a as TimeTz, b as TimeTz);
    case 'interval':
      return (a, b) => compareIntervals(a as Interval, b as Interval);
    case 'jsonb':
      return (a, b) => compareJson(jsonbNode(a as Jsonb), jsonbNode(b as Jsonb), true);
    case 'enum': {
      const positions = new Map((type.labels ?? []).map((label, index) => [label, index]));
      return (a, b) => (positions.get(a as string) ?? -1) - (positions.get(b as string) ?? -1);
    }
    case 'array': {
      const item = comparatorFor(type.element ?? { kind: 'text' }, collation);
      return (a, b) => compareArrays(a as SqlArray, b as SqlArray, item);
    }
    case 'record':
      return recordComparator(type);
    default:
      return compareOrdered;
  }
}

export function compareNullable(a: SqlValue, b: SqlValue, compare: Comparator): number {
  if (a === null) return b === null ? 0 : 1;
  return b === null ? -1 : compare(a, b);
}

function compareArrays(a: SqlArray, b: SqlArray, item: Comparator): number {
  const count = Math.min(a.items.length, b.items.length);
  for (let i = 0; i < count; i++) {
    const order = compareNullable(a.items[i] as SqlValue, b.items[i] as SqlValue, item);
    if (order !== 0) return order;
  }
  if (a.items.length !== b.items.length) return a.items.length - b.items.length;
  if (a.dimensions.length !== b.dimensions.length) return a.dimensions.length - b.dimensions.length;
  for (let i = 0; i < a.dimensions.length; i++) {
    const order =
      (a.dimensions[i] as number) - (b.dimensions[i] as number) ||
      (a.lowerBounds[i] as number) - (b.lowerBounds[i] as number);
    if (order !== 0) return order;
  }
  return 0;
}

function recordComparator(type: SqlType): Comparator {
  const fields = type.fields?.map((field) => comparatorFor(field.type));
  if (fields === undefined)
    throw new SqlError('undefined_function', {
      message: `could not identify a comparison function for type ${displayType(type)}`,
    });
  return (a, b) => {
    const x = (a as SqlRecord).values;
    const y = (b as SqlRecord).values;
    for (let i = 0; i < fields.length; i++) {
      const order = compareNullable(x[i] as SqlValue, y[i] as SqlValue, fields[i] as Comparator);
      if (order !== 0) return order;
    }
    return 0;
  };
}

export const JSON_RANK: Readonly<Record<JsonNode['kind'], number>> = {
  null: 1,
  string: 2,
  number: 3,
  false: 4,
  true: 5,
  array: 6,
  object: 7,
};

/** Order of documents: kind first, then size, then content; an empty array at the top sorts below all. */
export function compareJson(a: JsonNode, b: JsonNode, top = false): number {
  const rankA = top && a.kind === 'array' && a.items.length === 0 ? 0 : JSON_RANK[a.kind];
  const rankB = top && b.kind === 'array' && b.items.length === 0 ? 0 : JSON_RANK[b.kind];
  if (rankA !== rankB) return rankA - rankB;
  switch (a.kind) {
    case 'string':
      return compareCodePoints(a.text, b.text);
    case 'number':
      return a.text === b.text ? 0 : compareDecimal(parseDecimal(a.text), parseDecimal(b.text));
    case 'array':
    case 'object':
      if (a.items.length !== b.items.length) return a.items.length - b.items.length;
      for (let i = 0; i < a.items.length; i++) {
        const order =
          (a.kind === 'object' ? compareCodePoints(a.keys[i] as string, b.keys[i] as string) : 0) ||
          compareJson(a.items[i] as JsonNode, b.items[i] as JsonNode);
        if (order !== 0) return order;
      }
      return 0;
    default:
      return 0;
  }
}

/** A primitive that is equal for equal values, for Map keys. */
export function hashKeyFor(type: SqlType, collation?: string): (value: SqlValue) => HashKey {
  switch (type.kind) {
    case 'text': {
      const name = collationOf(type, collation);
      if (name === undefined) return (value) => value as string;
      const found = collationNamed(name);
      return (value) => found.hash(value as string);
    }
    case 'decimal':
      return (value) => decimalKey(value as Decimal);
    case 'float32':
    case 'float64':
      return (value) => (value as number) + 0;
    case 'bytes':
      return (value) =>
        Buffer.from(
          (value as Uint8Array).buffer,
          (value as Uint8Array).byteOffset,
          (value as Uint8Array).length,
        ).toString('latin1');
    case 'bits':
      return (value) => (value as Bits).text;
    case 'timetz':
      return (value) =>
        `${(value as TimeTz).micros - (value as TimeTz).offsetSeconds * 1e6}/${(value as TimeTz).offsetSeconds}`;
    case 'interval':
      return (value) => {
        const { days, micros } = intervalDays(value as Interval);
        return micros === 0 ? days : `${days}/${micros}`;
      };
    case 'jsonb':
      return (value) => jsonKey(value as Jsonb);
    case 'array':
    case 'record':
      return (value) => encodeKey(type, value, false, false, collation);
    default:
      return (value) => value as HashKey;
  }
}

/** The text, but equal numbers inside may be written with more or fewer zeros at their end. */
function jsonKey({ text }: Jsonb): string {
  if (!/\d\.\d*0(?!\d)|-0/.test(text)) return text;
  return text.replaceAll(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?/g, (token) => {
    if (token.startsWith('"')) return token;
    const short = token.includes('.') ? token.replace(/\.?0+$/, '') : token;
    return short === '-0' ? '0' : short;
  });
}

function decimalKey(value: Decimal): HashKey {
  if (value.special !== undefined) return value.special;
  if (value.scale === 0) return value.unscaled;
  const trimmed = trimDecimal(value);
  return trimmed.scale === 0 ? trimmed.unscaled : `${trimmed.unscaled}e${trimmed.scale}`;
}
