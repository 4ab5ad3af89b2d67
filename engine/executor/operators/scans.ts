/**
 * Leaves of a plan: whole tables, index ranges and points, computed relations. Filters run inside the
 * scan, on the stored row itself; a row is copied only when it lacks columns added later or when the
 * statement needs the row key as a further column.
 */
import { SCAN_PENDING, ScanBatch, type Scan } from '../../../storage/contract/scan.ts';
import type { Row, SqlValue } from '../../../sblr/contract/values.ts';
import type { IndexDefinition, SystemRelation, TableDefinition } from '../../catalog/definitions.ts';
import { PENDING, SUSPEND, type Batch, type Evaluator, type ExecutionContext, type Operator } from '../operator.ts';
import type { IndexRanges, KeyRange } from './index-ranges.ts';

const FIRST_BATCH = 64;
const LARGEST_BATCH = 1024;

/**
 * Rows before one whose filter fails are answered first, so that who asks for no more never meets the
 * error. The scan stays at that row: the next call meets it again and fails.
 */
function answersFirst(error: unknown, rows: readonly Row[]): boolean {
  return error !== SUSPEND && rows.length > 0;
}

export interface TableScanSpec {
  readonly table: TableDefinition;
  /** Values of missing trailing columns, by position. */
  readonly missing: readonly SqlValue[];
  /** Append the row key as a last column. */
  readonly withKey: boolean;
  readonly filter: Evaluator | undefined;
}

export function missingValues(table: TableDefinition): SqlValue[] {
  return table.columns.map((column) => column.missing);
}

/** The row with all columns of the table, and the key after them when asked for. */
export function completeRow(row: Row, key: string, missing: readonly SqlValue[], withKey: boolean): Row {
  const width = missing.length;
  if (row.length >= width && !withKey) return row;
  const full: SqlValue[] = new Array(withKey ? width + 1 : width);
  const present = Math.min(row.length, width);
  for (let at = 0; at < present; at++) full[at] = row[at];
  for (let at = present; at < width; at++) full[at] = missing[at];
  if (withKey) full[width] = key;
  return full;
}

/** Waits for a disk page of `scan`; a failed read surfaces at the next `next`. */
function waitForPage(scan: Scan, context: ExecutionContext): typeof PENDING {
  context.waitFor((resume) => scan.wait(resume));
  return PENDING;
}

export class TableScan implements Operator {
  readonly #spec: TableScanSpec;
  readonly #context: ExecutionContext;
  readonly #batch = new ScanBatch();
  readonly #needsCopy: boolean;
  #scan: Scan | undefined;
  #limit = FIRST_BATCH;
  #position = 0;
  #count = 0;
  #done = false;
  #out: Row[] = [];

  constructor(spec: TableScanSpec, context: ExecutionContext) {
    this.#spec = spec;
    this.#context = context;
    this.#needsCopy = spec.withKey;
  }

  next(): Batch | null | typeof PENDING {
    const context = this.#context;
    while (!this.#done) {
      if (this.#position >= this.#count) {
        if (this.#out.length >= FIRST_BATCH) break;
        if (context.sliceUsed()) {
          if (this.#out.length > 0) break;
          context.yieldSlice();
          return PENDING;
        }
        context.checkCancelled();
        this.#scan ??= context.reads.scan(this.#spec.table.space, '', undefined);
        const count = this.#scan.next(this.#batch, this.#limit);
        if (count === SCAN_PENDING) return waitForPage(this.#scan, context);
        if (count === 0) {
          this.#done = true;
          break;
        }
        this.#count = count;
        this.#position = 0;
        if (this.#limit < LARGEST_BATCH) this.#limit *= 2;
      }
      try {
        this.#take();
      } catch (error) {
        if (answersFirst(error, this.#out)) break;
        throw error;
      }
    }
    if (this.#out.length === 0) return null;
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #take(): void {
    const { filter, missing, withKey } = this.#spec;
    const width = missing.length;
    const rows = this.#batch.rows as Row[];
    const out = this.#out;
    const count = this.#count;
    const context = this.#context;
    while (this.#position < count) {
      const at = this.#position;
      let row = rows[at];
      if (this.#needsCopy || row.length < width) row = completeRow(row, this.#batch.keys[at], missing, withKey);
      if (filter === undefined || filter(row, context) === true) out.push(row);
      this.#position = at + 1;
    }
  }

  rewind(): void {
    this.#scan?.close();
    this.#scan = undefined;
    this.#position = 0;
    this.#count = 0;
    this.#done = false;
    this.#out = [];
  }

  close(): void {
    this.rewind();
    this.#done = true;
  }
}

export interface IndexScanSpec extends TableScanSpec {
  readonly index: IndexDefinition;
  readonly ranges: IndexRanges;
  readonly reverse: boolean;
}

/** Reads index entries of one or more ranges in order and fetches their rows. */
export class IndexScan implements Operator {
  readonly #spec: IndexScanSpec;
  readonly #context: ExecutionContext;
  readonly #batch = new ScanBatch();
  #ranges: readonly KeyRange[] | undefined;
  #range = 0;
  #scan: Scan | undefined;
  #limit = FIRST_BATCH;
  #position = 0;
  #count = 0;
  #out: Row[] = [];

  constructor(spec: IndexScanSpec, context: ExecutionContext) {
    this.#spec = spec;
    this.#context = context;
  }

  next(): Batch | null | typeof PENDING {
    const context = this.#context;
    this.#ranges ??= this.#spec.ranges.evaluate(context, this.#spec.reverse);
    const ranges = this.#ranges;
    for (;;) {
      try {
        if (this.#position < this.#count) this.#take();
      } catch (error) {
        if (answersFirst(error, this.#out)) break;
        throw error;
      }
      if (this.#out.length >= FIRST_BATCH) break;
      if (this.#range >= ranges.length) break;
      const range = ranges[this.#range];
      if (range.point && this.#spec.index.unique) {
        const entry = context.reads.get(this.#spec.index.space, range.low);
        try {
          if (entry !== undefined) this.#emit(entry[0] as string);
        } catch (error) {
          if (answersFirst(error, this.#out)) break;
          throw error;
        }
        this.#range++;
        continue;
      }
      if (context.sliceUsed()) {
        if (this.#out.length > 0) break;
        context.yieldSlice();
        return PENDING;
      }
      context.checkCancelled();
      this.#scan ??= context.reads.scan(
        this.#spec.index.space,
        range.low,
        range.high,
        this.#spec.reverse ? { reverse: true } : undefined,
      );
      const count = this.#scan.next(this.#batch, this.#limit);
      if (count === SCAN_PENDING) {
        if (this.#out.length > 0) break;
        return waitForPage(this.#scan, context);
      }
      if (count === 0) {
        this.#scan = undefined;
        this.#range++;
      } else if (this.#limit < LARGEST_BATCH) this.#limit *= 2;
      this.#count = count;
      this.#position = 0;
    }
    if (this.#out.length === 0) return null;
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #take(): void {
    const rows = this.#batch.rows;
    while (this.#position < this.#count) {
      this.#emit(rows[this.#position][0] as string);
      this.#position++;
    }
  }

  #emit(key: string): void {
    const { table, missing, withKey, filter } = this.#spec;
    const stored = this.#context.reads.get(table.space, key) as Row | undefined;
    if (stored === undefined) return;
    const row = withKey || stored.length < missing.length ? completeRow(stored, key, missing, withKey) : stored;
    if (filter === undefined || filter(row, this.#context) === true) this.#out.push(row);
  }

  rewind(): void {
    this.#scan?.close();
    this.#scan = undefined;
    this.#ranges = undefined;
    this.#range = 0;
    this.#position = 0;
    this.#count = 0;
    this.#out = [];
  }

  close(): void {
    this.rewind();
    this.#ranges = [];
  }
}

/** The one row whose unique key is given by expressions: two lookups, nothing else. */
export class IndexPoint implements Operator {
  readonly #spec: IndexScanSpec;
  readonly #context: ExecutionContext;
  #done = false;

  constructor(spec: IndexScanSpec, context: ExecutionContext) {
    this.#spec = spec;
    this.#context = context;
  }

  next(): Batch | null | typeof PENDING {
    if (this.#done) return null;
    const spec = this.#spec;
    const context = this.#context;
    const key = spec.ranges.evaluatePoint(context);
    if (key === undefined) {
      this.#done = true;
      return null;
    }
    const entry = context.reads.get(spec.index.space, key);
    if (entry === undefined) {
      this.#done = true;
      return null;
    }
    const rowKey = entry[0] as string;
    const stored = context.reads.get(spec.table.space, rowKey) as Row | undefined;
    if (stored === undefined) {
      this.#done = true;
      return null;
    }
    const row =
      spec.withKey || stored.length < spec.missing.length
        ? completeRow(stored, rowKey, spec.missing, spec.withKey)
        : stored;
    const pass = spec.filter === undefined || spec.filter(row, context) === true;
    this.#done = true;
    return pass ? [row] : null;
  }

  rewind(): void {
    this.#done = false;
  }

  close(): void {
    this.#done = true;
  }
}

const NO_COLUMNS: Row = [];

/** How the rows of a computed relation are found without making all of them. */
export interface SystemLookupPlan {
  readonly column: string;
  readonly value: Evaluator;
}

/** Rows of a computed relation. */
export class SystemScan implements Operator {
  readonly #relation: SystemRelation;
  readonly #filter: Evaluator | undefined;
  readonly #lookup: SystemLookupPlan | undefined;
  readonly #context: ExecutionContext;
  #iterator: Iterator<Row> | undefined;
  #current: Row | undefined;
  #done = false;
  #out: Row[] = [];

  /** `lookup`: finds the only objects whose rows pass the filter. */
  constructor(
    relation: SystemRelation,
    filter: Evaluator | undefined,
    lookup: SystemLookupPlan | undefined,
    context: ExecutionContext,
  ) {
    this.#relation = relation;
    this.#filter = filter;
    this.#lookup = lookup;
    this.#context = context;
  }

  next(): Batch | null | typeof PENDING {
    const context = this.#context;
    this.#iterator ??= this.#rows()[Symbol.iterator]();
    let steps = 0;
    while (!this.#done && this.#out.length < LARGEST_BATCH) {
      if (this.#current === undefined) {
        if (++steps % 256 === 0 && context.sliceUsed()) {
          if (this.#out.length > 0) break;
          context.yieldSlice();
          return PENDING;
        }
        const step = this.#iterator.next();
        if (step.done === true) {
          this.#done = true;
          break;
        }
        this.#current = step.value;
      }
      try {
        if (this.#filter === undefined || this.#filter(this.#current, context) === true) this.#out.push(this.#current);
      } catch (error) {
        if (answersFirst(error, this.#out)) break;
        throw error;
      }
      this.#current = undefined;
    }
    if (this.#out.length === 0) return null;
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #rows(): Iterable<Row> {
    if (this.#lookup === undefined) return this.#context.systemRows(this.#relation);
    const { column } = this.#lookup;
    const value = this.#lookup.value(NO_COLUMNS, this.#context);
    return value === null ? [] : this.#context.systemRows(this.#relation, { column, value });
  }

  rewind(): void {
    this.#iterator = undefined;
    this.#current = undefined;
    this.#done = false;
    this.#out = [];
  }

  close(): void {
    this.rewind();
    this.#done = true;
  }
}
