/**
 * SQL values in memory, the vocabulary shared by engine and workers.
 *
 * | kind                        | value |
 * |-----------------------------|-------|
 * | bool                        | boolean |
 * | int8 .. int32, year, oid, reference | number |
 * | int64                       | number when safe (|x| < 2^53), else bigint: canonical, so === works |
 * | decimal                     | Decimal |
 * | float32, float64            | number (NaN and infinities included) |
 * | text, enum, uuid, json      | string (uuid: 36 characters, lower case) |
 * | set                         | bigint or number bit mask by label position |
 * | bytes                       | Uint8Array |
 * | bits                        | Bits |
 * | date                        | number: days since 1970-01-01; +-Infinity |
 * | time                        | number: microseconds since midnight |
 * | timetz                      | TimeTz |
 * | timestamp, timestamptz      | microseconds since 1970-01-01 (UTC for timestamptz), number when safe, else bigint; +-Infinity |
 * | interval                    | Interval |
 * | jsonb                       | Jsonb |
 * | array                       | SqlArray |
 * | record                      | SqlRecord |
 *
 * NULL is null. All values are immutable.
 */
export type SqlValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Decimal
  | Bits
  | TimeTz
  | Interval
  | Jsonb
  | SqlArray
  | SqlRecord;

/** A row is an immutable array of values in column order. */
export type Row = readonly SqlValue[];

/** Exact decimal: `unscaled` * 10^-`scale`. Canonical: unscaled is a number exactly when it is safe. */
export class Decimal {
  readonly unscaled: number | bigint;
  /** Digits after the point that are shown, 0..16383. */
  readonly scale: number;
  /** Set for the three values that are not numbers; unscaled is then 0. */
  readonly special: 'NaN' | 'Infinity' | '-Infinity' | undefined;

  constructor(unscaled: number | bigint, scale: number, special?: 'NaN' | 'Infinity' | '-Infinity') {
    this.unscaled = unscaled;
    this.scale = scale;
    this.special = special;
  }

  toString(): string {
    if (this.special !== undefined) return this.special;
    if (this.scale === 0) return this.unscaled.toString();
    const negative = this.unscaled < 0;
    const digits = (negative ? -this.unscaled : this.unscaled).toString();
    const padded = digits.padStart(this.scale + 1, '0');
    const point = padded.length - this.scale;
    return `${negative ? '-' : ''}${padded.slice(0, point)}.${padded.slice(point)}`;
  }
}

/** A bit string, one character '0' or '1' per bit. */
export class Bits {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export class TimeTz {
  /** Microseconds since midnight, local. */
  readonly micros: number;
  /** Seconds east of UTC. */
  readonly offsetSeconds: number;
  constructor(micros: number, offsetSeconds: number) {
    this.micros = micros;
    this.offsetSeconds = offsetSeconds;
  }
}

export class Interval {
  readonly months: number;
  readonly days: number;
  /** Microseconds, safe integer. */
  readonly micros: number;
  constructor(months: number, days: number, micros: number) {
    this.months = months;
    this.days = days;
    this.micros = micros;
  }
}

/** A normalised JSON document: keys sorted by length then bytes, duplicates removed, numbers exact. */
export class Jsonb {
  /** Canonical text: `{"a": 1, "b": [1, 2]}`. */
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export class SqlArray {
  /** Elements in row-major order. */
  readonly items: readonly SqlValue[];
  /** Length per dimension; empty for an empty array. */
  readonly dimensions: readonly number[];
  /** Lower bound per dimension, usually 1. */
  readonly lowerBounds: readonly number[];
  constructor(
    items: readonly SqlValue[],
    dimensions: readonly number[] = items.length === 0 ? [] : [items.length],
    lowerBounds: readonly number[] = dimensions.map(() => 1),
  ) {
    this.items = items;
    this.dimensions = dimensions;
    this.lowerBounds = lowerBounds;
  }

  /** A list whose first element has subscript 0. */
  static fromZero(items: readonly SqlValue[]): SqlArray {
    return new SqlArray(items, [items.length], [0]);
  }
}

export class SqlRecord {
  readonly values: readonly SqlValue[];
  constructor(values: readonly SqlValue[]) {
    this.values = values;
  }
}

/** The canonical form of an integer: number when safe, else bigint. */
export function canonicalInteger(value: bigint): number | bigint {
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}
