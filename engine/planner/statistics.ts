/**
 * Statistics of tables: what the planner asks for, and how ANALYZE computes it from a sample of rows.
 */
import type { SqlValue, Row } from '../../sblr/contract/values.ts';
import type { ObjectId, TableDefinition } from '../catalog/definitions.ts';
import type { Semantics } from '../../sblr/contract/semantics.ts';
import { comparatorOf, hashKeyOf, rowBytes } from '../executor/values.ts';

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

/** One column after the other, other work in between: each takes some milliseconds. */
export async function computeStatistics(
  table: TableDefinition,
  sample: RowSample,
  semantics: Semantics,
): Promise<TableStatistics> {
  const { rows } = sample;
  let bytes = 0;
  for (const row of rows) bytes += rowBytes(row);
  const columns: (ColumnStatistics | undefined)[] = [];
  for (const column of table.columns) {
    if (column.dropped) {
      columns.push(undefined);
      continue;
    }
    await new Promise((resolve) => setImmediate(resolve));
    const at = column.position - 1;
    const values = rows.map((row) => (at < row.length ? row[at] : column.missing));
    columns.push(
      columnStatistics(values, sample.seen, hashKeyOf(column.type, semantics), comparatorOf(column.type, semantics)),
    );
  }
  return { rows: sample.seen, rowBytes: rows.length === 0 ? 64 : bytes / rows.length, columns };
}

function columnStatistics(
  values: readonly SqlValue[],
  total: number,
  hash: (value: SqlValue) => unknown,
  compare: (a: SqlValue, b: SqlValue) => number,
): ColumnStatistics {
  const counts = new Map<unknown, { readonly value: SqlValue; count: number }>();
  let present = 0;
  for (const value of values) {
    if (value === null) continue;
    present++;
    const key = hash(value);
    const entry = counts.get(key);
    if (entry === undefined) counts.set(key, { value, count: 1 });
    else entry.count++;
  }
  const sampled = values.length;
  if (present === 0)
    return { distinct: sampled === 0 ? -1 : 1, nullFraction: sampled === 0 ? 0 : 1, common: [], histogram: [] };
  const entries = [...counts.values()].sort((a, b) => b.count - a.count);
  const average = present / entries.length;
  const everything = entries.length <= COMMON_VALUES;
  const frequent = entries
    .slice(0, COMMON_VALUES)
    .filter((entry) => (everything && average > 1) || (entry.count > 1 && entry.count > average * 1.25));
  const common = frequent.map((entry) => ({ value: entry.value, fraction: entry.count / sampled }));
  const left = new Set(frequent.map((entry) => entry.value));
  const rest: SqlValue[] = [];
  for (const entry of entries)
    if (!left.has(entry.value)) for (let copy = 0; copy < entry.count; copy++) rest.push(entry.value);
  rest.sort(compare);
  const parts = Math.min(HISTOGRAM_PARTS, rest.length - 1);
  const histogram: SqlValue[] = [];
  for (let at = 0; at <= parts; at++) histogram.push(rest[Math.round((at * (rest.length - 1)) / Math.max(1, parts))]);
  return {
    distinct: estimateDistinct(
      entries.map((entry) => entry.count),
      present,
      total * (present / sampled),
    ),
    nullFraction: 1 - present / sampled,
    common,
    histogram: rest.length < 2 ? [] : histogram,
  };
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
