/**
 * Key ranges of an index scan, evaluated anew for each run: an equality prefix (single values, lists,
 * arrays, NULL), then at most one pair of bounds on the next key column.
 */
import type { SqlType } from '../../../sblr/contract/types.ts';
import { SqlArray, type SqlValue } from '../../../sblr/contract/values.ts';
import type { Evaluator, ExecutionContext } from '../operator.ts';
import { keyEncoder, type KeyEncoder } from '../values.ts';

export interface KeyRange {
  readonly low: string;
  /** Exclusive; undefined = to the end. */
  readonly high: string | undefined;
  /** `low` is the whole key of a unique index, without NULL. */
  readonly point: boolean;
}

/** How one key column of the equality prefix is fixed. */
export type KeyPart =
  | { readonly kind: 'value'; readonly value: Evaluator }
  | { readonly kind: 'list'; readonly values: readonly Evaluator[] }
  | { readonly kind: 'array'; readonly value: Evaluator }
  | { readonly kind: 'null' };

export interface KeyBound {
  readonly value: Evaluator;
  readonly inclusive: boolean;
}

export interface KeyColumn {
  readonly type: SqlType;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
  readonly collation: string | undefined;
}

export interface RangeSpec {
  readonly columns: readonly KeyColumn[];
  readonly parts: readonly KeyPart[];
  /** Bounds in value order, whatever the index order. */
  readonly lower: readonly KeyBound[];
  readonly upper: readonly KeyBound[];
  /** On the column after the prefix: NULLs are left out (a range), kept (whole index), or the only ones. */
  readonly notNull: boolean;
  /** The prefix covers all columns of a unique index. */
  readonly point: boolean;
}

const NO_ROW: readonly never[] = [];
/** Key combinations of one scan; beyond this the planner's choice was wrong anyway. */
const COMBINATION_LIMIT = 1 << 20;

/** The least key above all keys that begin with `key`; undefined = none. */
export function successor(key: string): string | undefined {
  for (let end = key.length; end > 0; end--) {
    const code = key.charCodeAt(end - 1);
    if (code < 255) return key.slice(0, end - 1) + String.fromCharCode(code + 1);
  }
  return undefined;
}

/** Integer kinds hold only some of the values they are compared with. */
const INTEGER_LIMITS: Readonly<Record<string, readonly [number, number]>> = {
  int8: [-128, 127],
  int16: [-32768, 32767],
  int24: [-8388608, 8388607],
  int32: [-2147483648, 2147483647],
};

/** Where a value lies outside what the column's type can hold: -1 below, 1 above, 0 inside. */
function outside(type: SqlType, value: SqlValue): number {
  const limits = INTEGER_LIMITS[type.kind];
  if (limits === undefined) return 0;
  const [low, high] = type.unsigned === true ? [0, limits[1] * 2 + 1] : limits;
  return (value as number) < low ? -1 : (value as number) > high ? 1 : 0;
}

export class IndexRanges {
  readonly #spec: RangeSpec;
  readonly #encoders: readonly KeyEncoder[];

  constructor(spec: RangeSpec) {
    this.#spec = spec;
    this.#encoders = spec.columns.map((column) =>
      keyEncoder(column.type, column.descending, column.nullsFirst, column.collation),
    );
  }

  /** The part of a key for one column; undefined = the value is NULL or cannot occur. */
  encodePart(column: number, value: SqlValue): string | undefined {
    if (value === null || outside(this.#spec.columns[column].type, value) !== 0) return undefined;
    return this.#encoders[column](value);
  }

  /** The key of a scan whose parts are all single values; undefined = some value is NULL or cannot occur. */
  evaluatePoint(context: ExecutionContext): string | undefined {
    const { parts, columns } = this.#spec;
    let key = '';
    for (let at = 0; at < parts.length; at++) {
      const part = parts[at];
      if (part.kind !== 'value') return undefined;
      const value = part.value(NO_ROW, context);
      if (value === null || outside(columns[at].type, value) !== 0) return undefined;
      key += this.#encoders[at](value);
    }
    return key;
  }

  evaluate(context: ExecutionContext, reverse: boolean): readonly KeyRange[] {
    const spec = this.#spec;
    let prefixes: string[] = [''];
    let several = false;
    let hasNull = false;
    for (let at = 0; at < spec.parts.length; at++) {
      const part = spec.parts[at];
      if (part.kind === 'null') hasNull = true;
      const values = partValues(part, context).filter(
        (value) => part.kind === 'null' || (value !== null && outside(spec.columns[at].type, value) === 0),
      );
      if (values.length === 0) return [];
      const encode = this.#encoders[at];
      if (values.length === 1) {
        const key = encode(values[0]);
        for (let prefix = 0; prefix < prefixes.length; prefix++) prefixes[prefix] += key;
      } else {
        if (prefixes.length * values.length > COMBINATION_LIMIT)
          throw new RangeError('too many index key combinations');
        several = true;
        const keys = values.map(encode);
        prefixes = prefixes.flatMap((prefix) => keys.map((key) => prefix + key));
      }
    }
    if (several) prefixes = [...new Set(prefixes)].sort(compareKeys);
    if (spec.point && !hasNull) {
      const points = prefixes.map((low) => ({ low, high: successor(low), point: true }));
      return reverse ? points.reverse() : points;
    }
    const tail = this.#tail(context);
    if (tail === undefined) return [];
    const ranges: KeyRange[] = [];
    for (const prefix of prefixes) {
      const low = prefix + tail.low;
      const high = tail.high === undefined ? successor(prefix) : prefix + tail.high;
      if (high === undefined || low < high) ranges.push({ low, high, point: false });
    }
    return reverse ? ranges.reverse() : ranges;
  }

  /** Bounds on the column after the prefix, as key text; undefined = nothing can match. */
  #tail(context: ExecutionContext): { low: string; high: string | undefined } | undefined {
    const spec = this.#spec;
    const at = spec.parts.length;
    if (at >= spec.columns.length || (!spec.notNull && spec.lower.length === 0 && spec.upper.length === 0))
      return { low: '', high: undefined };
    const column = spec.columns[at];
    const encode = this.#encoders[at];
    const nulls = encode(null);
    let low = column.nullsFirst ? successor(nulls) : '';
    let high = column.nullsFirst ? undefined : nulls;
    const raise = (key: string | undefined): void => {
      if (key !== undefined && (low === undefined || key > low)) low = key;
    };
    const reduce = (key: string | undefined): void => {
      if (key !== undefined && (high === undefined || key < high)) high = key;
    };
    for (const [bounds, upper] of [
      [spec.lower, false],
      [spec.upper, true],
    ] as const) {
      for (const bound of bounds) {
        const value = bound.value(NO_ROW, context);
        if (value === null) return undefined;
        const beyond = outside(column.type, value);
        if (beyond !== 0) {
          if (upper === beyond > 0) continue;
          return undefined;
        }
        const key = encode(value);
        const after = successor(key);
        if (upper !== column.descending) reduce(bound.inclusive ? after : key);
        else if (bound.inclusive) raise(key);
        else if (after === undefined) return undefined;
        else raise(after);
      }
    }
    return { low: low ?? '', high };
  }
}

function compareKeys(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function partValues(part: KeyPart, context: ExecutionContext): readonly SqlValue[] {
  switch (part.kind) {
    case 'null':
      return [null];
    case 'value':
      return [part.value(NO_ROW, context)];
    case 'list':
      return part.values.map((value) => value(NO_ROW, context));
    case 'array': {
      const array = part.value(NO_ROW, context);
      return array instanceof SqlArray ? array.items : [];
    }
  }
}
