/**
 * The layout of a value in a row block, by its type: which bytes hold it and how wide they are.
 * row-block-writer.ts and row-block-reader.ts are the two sides of this table.
 *
 * | layout    | kinds | bytes |
 * |-----------|-------|-------|
 * | EMPTY     | void | none |
 * | BOOL      | bool | u8 |
 * | INT32     | int8, int16, int24, int32, year | i32 |
 * | UINT32    | oid, unsigned integers up to 32 bits | u32 |
 * | DATE      | date | i32 days; the extremes stand for the infinities |
 * | INT64     | int64 | i64 |
 * | UINT64    | unsigned int64, set | u64 |
 * | INSTANT   | time, timestamp, timestamptz | i64 microseconds; the extremes stand for the infinities |
 * | FLOAT64   | float32, float64 | f64 |
 * | TEXT      | text, json, enum, unknown, named | u32 length, UTF-8 |
 * | DECIMAL   | decimal | u32 length, digits as text |
 * | BITS      | bits | u32 length, '0' and '1' |
 * | JSONB     | jsonb | u32 length, canonical text |
 * | BYTES     | bytes | u32 length, bytes |
 * | UUID      | uuid | 16 bytes |
 * | INTERVAL  | interval | i32 months, i32 days, i64 microseconds |
 * | TIMETZ    | timetz | i64 microseconds, i32 seconds east of UTC |
 * | REFERENCE | reference | u32 length of the rest, u32 object id, name as UTF-8 |
 * | ARRAY     | array | u32 length of the rest, u8 dimensions, u32 length and i32 lower bound of each, null bitmap, items |
 * | RECORD    | record | u32 length of the rest, null bitmap, fields by their types; or tagged values where the type lists no fields |
 */
import type { SqlType } from './types.ts';

export const LAYOUT_EMPTY = 0;
export const LAYOUT_BOOL = 1;
export const LAYOUT_INT32 = 2;
export const LAYOUT_UINT32 = 3;
export const LAYOUT_DATE = 4;
export const LAYOUT_INT64 = 5;
export const LAYOUT_UINT64 = 6;
export const LAYOUT_INSTANT = 7;
export const LAYOUT_FLOAT64 = 8;
export const LAYOUT_TEXT = 9;
export const LAYOUT_DECIMAL = 10;
export const LAYOUT_BITS = 11;
export const LAYOUT_JSONB = 12;
export const LAYOUT_BYTES = 13;
export const LAYOUT_UUID = 14;
export const LAYOUT_INTERVAL = 15;
export const LAYOUT_TIMETZ = 16;
export const LAYOUT_REFERENCE = 17;
export const LAYOUT_ARRAY = 18;
export const LAYOUT_RECORD = 19;

/** Bytes of a value by layout; -1 = a u32 length precedes it. */
export const LAYOUT_WIDTHS: readonly number[] = [0, 1, 4, 4, 4, 8, 8, 8, 8, -1, -1, -1, -1, -1, 16, 16, 12, -1, -1, -1];

export const DATE_INFINITY = 0x7fffffff;
export const DATE_MINUS_INFINITY = -0x80000000;
export const INSTANT_INFINITY = 0x7fffffffffffffffn;
export const INSTANT_MINUS_INFINITY = -0x8000000000000000n;
/** Object id of a reference whose value is still the text of a name. */
export const UNRESOLVED_REFERENCE = 0xffffffff;

/** Columns of a row: as many as any dialect's select list may have. */
export const MAX_ROW_COLUMNS = 4096;

export function layoutOf(type: SqlType): number {
  switch (type.kind) {
    case 'void':
      return LAYOUT_EMPTY;
    case 'bool':
      return LAYOUT_BOOL;
    case 'int8':
    case 'int16':
    case 'int24':
    case 'int32':
    case 'year':
      return type.unsigned === true ? LAYOUT_UINT32 : LAYOUT_INT32;
    case 'oid':
      return LAYOUT_UINT32;
    case 'date':
      return LAYOUT_DATE;
    case 'int64':
      return type.unsigned === true ? LAYOUT_UINT64 : LAYOUT_INT64;
    case 'set':
      return LAYOUT_UINT64;
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return LAYOUT_INSTANT;
    case 'float32':
    case 'float64':
      return LAYOUT_FLOAT64;
    case 'decimal':
      return LAYOUT_DECIMAL;
    case 'bits':
      return LAYOUT_BITS;
    case 'jsonb':
      return LAYOUT_JSONB;
    case 'bytes':
      return LAYOUT_BYTES;
    case 'uuid':
      return LAYOUT_UUID;
    case 'interval':
      return LAYOUT_INTERVAL;
    case 'timetz':
      return LAYOUT_TIMETZ;
    case 'reference':
      return LAYOUT_REFERENCE;
    case 'array':
      return LAYOUT_ARRAY;
    case 'record':
      return LAYOUT_RECORD;
    case 'text':
    case 'json':
    case 'enum':
    case 'unknown':
    case 'named':
    case 'polymorphic':
      return LAYOUT_TEXT;
  }
}
