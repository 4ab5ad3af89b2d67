/**
 * Statistics of tables: what the planner asks for, and how ANALYZE computes it from a sample of rows.
 */
import type { SqlValue, Row } from '../../sblr/contract/values.ts';
import type { ObjectId, TableDefinition } from '../catalog/definitions.ts';
import type { Semantics } from '../../sblr/contract/semantics.ts';
import { comparatorOf, hashKeyOf, rowBytes } from '../executor/values.ts';
import { sortInTurns, type Turns } from './turns.ts';

export interface ColumnStatistics {
  /** Number of different values; negative = that fraction of the rows (-1 = unique). */
  readonly distinct: number;
  readonly nullFraction: number;
  /** Most common values with their share of all rows. */
  readonly common: readonly { readonly value: SqlValue; readonly fraction: number }[];
  /** Values that divide the rest into equal parts, ascending; empty = unknown. */
  readonly histogram: readonly SqlValue[];
}

export interface TableStatistics {
  readonly rows: number;
  /** Bytes per row in memory, roughly. */
  readonly rowBytes: number;
  /** By position - 1; undefined entries are unknown. */
  readonly columns: readonly (ColumnStatistics | undefined)[];
}

export interface StatisticsSource {
  table(id: ObjectId): TableStatistics | undefined;
}

export const NO_STATISTICS: StatisticsSource = { table: () => undefined };

/** Rows ANALYZE looks at. */
export const SAMPLE_ROWS = 30_000;
const HISTOGRAM_PARTS = 100;
const COMMON_VALUES = 100;
/** Values looked at between two looks at the clock. */
const STEPS = 64;

/** Keeps a uniform sample of the rows it is shown (reservoir sampling). */
export class RowSample {
  readonly rows: Row[] = [];
  readonly #random: () => number;
  seen = 0;

  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  add(row: Row): void {
    this.seen++;
    if (this.rows.length < SAMPLE_ROWS) this.rows.push(row);
    else {
      const at = Math.floor(this.#random() * this.seen);
      if (at < SAMPLE_ROWS) this.rows[at] = row;
    }
  }
}

/** In turns: a sample takes some tens of milliseconds. */
export async function computeStatistics(
  table: TableDefinition,
  sample: RowSample,
  semantics: Semantics,
  turns: Turns,
): Promise<TableStatistics> {
  const { rows } = sample;
  let bytes = 0;
  for (let at = 0; at < rows.length; at++) {
    bytes += rowBytes(rows[at]!);
    if (at % STEPS === 0 && turns.over) await turns.next();
  }
  const columns: (ColumnStatistics | undefined)[] = [];
  for (const column of table.columns) {
    if (column.dropped) {
      columns.push(undefined);
      continue;
    }
    const at = column.position - 1;
    const valueOf = (row: Row): SqlValue => (at < row.length ? row[at]! : column.missing);
    const counted = await countValues(rows, valueOf, hashKeyOf(column.type, semantics), turns);
    columns.push(
      await columnStatistics(counted, rows.length, sample.seen, comparatorOf(column.type, semantics), turns),
    );
  }
  return { rows: sample.seen, rowBytes: rows.length === 0 ? 64 : bytes / rows.length, columns };
}

/** A value and how often it is in the sample. */
interface ValueCount {
  readonly value: SqlValue;
  count: number;
}

/** The different values of a column other than NULL. */
async function countValues(
  rows: readonly Row[],
  valueOf: (row: Row) => SqlValue,
  hash: (value: SqlValue) => unknown,
  turns: Turns,
): Promise<ValueCount[]> {
  const counts = new Map<unknown, ValueCount>();
  for (let at = 0; at < rows.length; at++) {
    const value = valueOf(rows[at]!);
    if (at % STEPS === 0 && turns.over) await turns.next();
    if (value === null) continue;
    const key = hash(value);
    const entry = counts.get(key);
    if (entry === undefined) counts.set(key, { value, count: 1 });
    else entry.count++;
  }
  return [...counts.values()];
}

/** `sampled` of `total` rows were looked at. */
async function columnStatistics(
  entries: readonly ValueCount[],
  sampled: number,
  total: number,
  compare: (a: SqlValue, b: SqlValue) => number,
  turns: Turns,
): Promise<ColumnStatistics> {
  const present = sum(entries);
  if (present === 0)
    return { distinct: sampled === 0 ? -1 : 1, nullFraction: sampled === 0 ? 0 : 1, common: [], histogram: [] };
  const average = present / entries.length;
  const everything = entries.length <= COMMON_VALUES && average > 1;
  const outstanding = entries.filter(({ count }) => everything || (count > 1 && count > average * 1.25));
  const frequent = new Set(
    (await sortInTurns(outstanding, (a, b) => b.count - a.count, turns)).slice(0, COMMON_VALUES),
  );
  const rest = await sortInTurns(
    entries.filter((entry) => !frequent.has(entry)),
    (a, b) => compare(a.value, b.value),
    turns,
  );
  return {
    distinct: estimateDistinct(
      entries.map((entry) => entry.count),
      present,
      total * (present / sampled),
    ),
    nullFraction: 1 - present / sampled,
    common: [...frequent].map((entry) => ({ value: entry.value, fraction: entry.count / sampled })),
    histogram: histogramOf(rest),
  };
}

/** Values at even distances among the sorted ones, each as often as it was met. */
function histogramOf(sorted: readonly ValueCount[]): SqlValue[] {
  const count = sum(sorted);
  if (count < 2) return [];
  const parts = Math.min(HISTOGRAM_PARTS, count - 1);
  const histogram: SqlValue[] = [];
  let at = 0;
  let passed = sorted[0]!.count;
  for (let part = 0; part <= parts; part++) {
    const place = Math.round((part * (count - 1)) / parts);
    while (passed <= place) passed += sorted[++at]!.count;
    histogram.push(sorted[at]!.value);
  }
  return histogram;
}

function sum(entries: readonly ValueCount[]): number {
  let count = 0;
  for (const entry of entries) count += entry.count;
  return count;
}

/** Estimator of Haas and Stokes: d * n / (n - f1 + f1 * n / N), f1 = values met once. */
function estimateDistinct(counts: readonly number[], sampled: number, total: number): number {
  const once = counts.filter((count) => count === 1).length;
  if (once === counts.length && sampled > 10) return -1;
  if (sampled >= total || once === 0) return counts.length;
  const estimate = (counts.length * sampled) / (sampled - once + (once * sampled) / total);
  const bounded = Math.min(Math.max(estimate, counts.length), total);
  return bounded > total * 0.1 ? -(bounded / total) : bounded;
}
