/**
 * One run of a sort: rows in order, and a number per row that orders the first key as far as a double can, so
 * that most comparisons, while the run is made and while runs are merged, are of two numbers.
 */
import type { Decimal, Row, SqlValue } from '../../../sblr/contract/values.ts';
import type { Semantics } from '../../../sblr/contract/semantics.ts';
import type { SqlType } from '../../../sblr/contract/types.ts';
import { BINARY, collationNamed, collationOf } from '../../types/collation.ts';
import { isBinaryText, type Comparator } from '../values.ts';

/** A number for a value that is not NULL: a smaller value never has a larger one. Never NaN. */
export type SortPrefix = (value: SqlValue) => number;

/** undefined = the type's order has no such number. */
export function sortPrefixOf(
  type: SqlType,
  semantics: Semantics,
  collation: string | undefined,
): SortPrefix | undefined {
  switch (type.kind) {
    case 'bool':
    case 'int8':
    case 'int16':
    case 'int24':
    case 'int32':
    case 'int64':
    case 'oid':
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return (value) => Number(value);
    case 'float32':
    case 'float64':
      // NaN comes last, with infinity; the comparison proper tells them apart.
      return (value) => ((value as number) === (value as number) ? (value as number) : Infinity);
    case 'decimal':
      return (value) => decimalPrefix(value as Decimal);
    case 'text':
      return textPrefixOf(type, semantics, collation);
    default:
      return undefined;
  }
}

function textPrefixOf(type: SqlType, semantics: Semantics, collation: string | undefined): SortPrefix | undefined {
  if (isBinaryText(type, semantics) && (collation === undefined || collationNamed(collation) === BINARY))
    return (value) => textPrefix(value as string);
  const own = collationNamed(collationOf(type, collation));
  return own.ordered && own !== BINARY ? (value) => textPrefix(own.key(value as string)) : undefined;
}

/** The nearest double: correctly rounded, hence never out of order. */
function decimalPrefix(value: Decimal): number {
  if (value.special !== undefined) return value.special === '-Infinity' ? -Infinity : Infinity;
  const { unscaled, scale } = value;
  return typeof unscaled === 'number' && scale <= 22 ? unscaled / 10 ** scale : Number(value.toString());
}

/** The first three code units; those of surrogate pairs stand above all others, as their code points do. */
function textPrefix(value: string): number {
  let prefix = 0;
  for (let at = 0; at < 3; at++) {
    const unit = at < value.length ? value.charCodeAt(at) : 0;
    prefix = prefix * 65536 + (unit < 0xd800 ? unit : unit >= 0xe000 ? unit - 0x800 : unit + 0x2000);
  }
  return prefix;
}

/** The order of the first key as numbers; ties and all further keys are left to `compare`. */
export interface PrefixSpec {
  readonly slot: number;
  readonly prefix: SortPrefix | undefined;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
}

export function prefixOfRow(spec: PrefixSpec, row: Row): number {
  if (spec.prefix === undefined) return 0;
  const value = row[spec.slot];
  if (value === null) return spec.nullsFirst ? -Infinity : Infinity;
  const prefix = spec.prefix(value);
  return spec.descending ? -prefix : prefix;
}

/** Puts rows and their prefixes in order, stably; `prefixes` may be longer than `rows`. */
export function sortRows(
  rows: readonly Row[],
  prefixes: Float64Array,
  compare: Comparator<Row>,
): { readonly rows: Row[]; readonly prefixes: Float64Array } {
  const count = rows.length;
  let from = new Int32Array(count);
  let to = new Int32Array(count);
  for (let at = 0; at < count; at++) from[at] = at;
  insertionSort(from, rows, prefixes, compare);
  for (let width = INSERTION_ROWS; width < count; width *= 2) {
    for (let low = 0; low < count; low += 2 * width)
      mergeParts(
        from,
        to,
        low,
        Math.min(low + width, count),
        Math.min(low + 2 * width, count),
        rows,
        prefixes,
        compare,
      );
    [from, to] = [to, from];
  }
  const sorted: Row[] = new Array<Row>(count);
  const sortedPrefixes = new Float64Array(count);
  for (let at = 0; at < count; at++) {
    sorted[at] = rows[from[at]];
    sortedPrefixes[at] = prefixes[from[at]];
  }
  return { rows: sorted, prefixes: sortedPrefixes };
}

/** Rows put in order by insertion before merging begins. */
const INSERTION_ROWS = 8;

function insertionSort(
  order: Int32Array,
  rows: readonly Row[],
  prefixes: Float64Array,
  compare: Comparator<Row>,
): void {
  for (let low = 0; low < order.length; low += INSERTION_ROWS) {
    const high = Math.min(low + INSERTION_ROWS, order.length);
    for (let at = low + 1; at < high; at++) {
      const row = order[at];
      let place = at;
      while (place > low) {
        const before = order[place - 1];
        const difference = prefixes[before] - prefixes[row];
        if (difference < 0) break;
        // Equal infinities give NaN: neither smaller nor larger.
        if (!(difference > 0) && compare(rows[before], rows[row]) <= 0) break;
        order[place] = before;
        place--;
      }
      order[place] = row;
    }
  }
}

function mergeParts(
  from: Int32Array,
  to: Int32Array,
  low: number,
  middle: number,
  high: number,
  rows: readonly Row[],
  prefixes: Float64Array,
  compare: Comparator<Row>,
): void {
  let left = low;
  let right = middle;
  for (let at = low; at < high; at++) {
    if (left >= middle) to[at] = from[right++];
    else if (right >= high) to[at] = from[left++];
    else {
      const a = from[left];
      const b = from[right];
      const x = prefixes[a];
      const y = prefixes[b];
      if (x < y || (x === y && compare(rows[a], rows[b]) <= 0)) {
        to[at] = a;
        left++;
      } else {
        to[at] = b;
        right++;
      }
    }
  }
}
