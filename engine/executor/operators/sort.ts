/**
 * Sorting: rows are collected into small sorted runs (one time slice each) that a heap merges as the
 * result is read; past the memory limit runs go to a temporary file. With a known limit only the best
 * rows are kept.
 */
import type { Row, SqlValue } from '../../../sblr/contract/values.ts';
import {
  BATCH_ROWS,
  PENDING,
  type Batch,
  type Evaluator,
  type ExecutionContext,
  type Operator,
  type SpillFile,
} from '../operator.ts';
import { decodeRows, encodeRows } from '../spill-codec.ts';
import { rowBytes, type Comparator } from '../values.ts';
import { prefixOfRow, sortRows, type PrefixSpec, type SortPrefix } from './sort-run.ts';

/** Rows sorted at once; about one slice. */
const RUN_ROWS = 4096;
/** Largest limit kept by selection instead of a full sort. */
const SELECTION_LIMIT = 10_000;
const SPILL_CHUNK_ROWS = 256;
const NO_PREFIXES = new Float64Array(0);

export interface OrderColumn {
  readonly compare: Comparator;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
  readonly prefix?: SortPrefix | undefined;
}

export interface SortSpec {
  readonly order: readonly OrderColumn[];
  /** Where the keys stand in the source row, when all are plain columns. */
  readonly slots: readonly number[] | undefined;
  /** Otherwise: the keys; they are appended to the row while sorting. */
  readonly keys: readonly Evaluator[];
  /** Columns of a source row. */
  readonly width: number;
  /** Rows wanted (limit + offset), undefined = all. */
  readonly limit: ((context: ExecutionContext) => number | undefined) | undefined;
}

/** Compares two rows by key columns at `slots`. */
export function rowComparator(order: readonly OrderColumn[], slots: readonly number[]): Comparator<Row> {
  if (order.length === 1) {
    const [{ compare, descending, nullsFirst }] = order;
    const [slot] = slots;
    const nullLow = nullsFirst ? -1 : 1;
    const sign = descending ? -1 : 1;
    return (a, b) => {
      const x = a[slot];
      const y = b[slot];
      if (x === null) return y === null ? 0 : nullLow;
      if (y === null) return -nullLow;
      return compare(x, y) * sign;
    };
  }
  return (a, b) => {
    for (let at = 0; at < order.length; at++) {
      const column = order[at];
      const x = a[slots[at]];
      const y = b[slots[at]];
      if (x === null || y === null) {
        if (x === y) continue;
        return (x === null) === column.nullsFirst ? -1 : 1;
      }
      const result = column.compare(x, y);
      if (result !== 0) return column.descending ? -result : result;
    }
    return 0;
  };
}

/** A sorted run, in memory or in a file; `current` is its next row. */
interface Run {
  readonly order: number;
  rows: readonly Row[];
  prefixes: Float64Array;
  at: number;
  /** Chunks still in the file: [position, length]. */
  chunks: (readonly [number, number])[];
}

export class Sort implements Operator {
  readonly #source: Operator;
  readonly #spec: SortSpec;
  readonly #context: ExecutionContext;
  readonly #compare: Comparator<Row>;
  readonly #prefix: PrefixSpec;
  #pending: Row[] = [];
  #pendingPrefixes = new Float64Array(RUN_ROWS);
  /** With a limit: rows with a larger prefix are not among the best. */
  #worst = Infinity;
  #runs: Run[] = [];
  #heap: Run[] | undefined;
  #batch: Batch | null = null;
  #position = 0;
  #file: SpillFile | undefined;
  #reserved = 0;
  #limit = -1;
  #emitted = 0;

  constructor(source: Operator, spec: SortSpec, context: ExecutionContext) {
    this.#source = source;
    this.#spec = spec;
    this.#context = context;
    const slots = spec.slots ?? spec.keys.map((_, at) => spec.width + at);
    this.#compare = rowComparator(spec.order, slots);
    const [{ prefix, descending, nullsFirst }] = spec.order;
    this.#prefix = { slot: slots[0], prefix, descending, nullsFirst };
  }

  next(): Batch | null | typeof PENDING {
    if (this.#heap === undefined) {
      if (!this.#collect()) return PENDING;
      this.#heap = this.#startMerge();
    }
    if (this.#context.sliceUsed()) {
      this.#context.checkCancelled();
      this.#context.yieldSlice();
      return PENDING;
    }
    return this.#emit(this.#heap);
  }

  #collect(): boolean {
    if (this.#limit < 0) this.#limit = this.#spec.limit?.(this.#context) ?? Number.POSITIVE_INFINITY;
    for (;;) {
      if (this.#batch === null) {
        if (this.#context.sliceUsed()) {
          this.#context.yieldSlice();
          return false;
        }
        const batch = this.#source.next();
        if (batch === PENDING) return false;
        if (batch === null) break;
        this.#batch = batch;
        this.#position = 0;
      }
      this.#addBatch(this.#batch);
      this.#batch = null;
    }
    if (this.#pending.length > 0) this.#endRun();
    return true;
  }

  #addBatch(batch: Batch): void {
    const { slots, keys } = this.#spec;
    while (this.#position < batch.length) {
      let row = batch[this.#position];
      if (slots === undefined) {
        const made: SqlValue[] = row.slice();
        made.length = this.#spec.width;
        for (let at = 0; at < keys.length; at++) made.push(keys[at](row, this.#context));
        row = made;
      }
      this.#position++;
      const prefix = prefixOfRow(this.#prefix, row);
      if (prefix > this.#worst) continue;
      this.#pendingPrefixes[this.#pending.length] = prefix;
      this.#pending.push(row);
      if (this.#pending.length >= RUN_ROWS) this.#endRun();
    }
  }

  #endRun(): void {
    let { rows, prefixes } = sortRows(this.#pending, this.#pendingPrefixes, this.#compare);
    this.#pending = [];
    if (this.#limit <= SELECTION_LIMIT) {
      this.#select(rows, prefixes);
      return;
    }
    if (rows.length > this.#limit) {
      rows = rows.slice(0, this.#limit);
      prefixes = prefixes.subarray(0, this.#limit);
    }
    const bytes = (rowBytes(rows[0]) + 24) * rows.length;
    if (this.#file !== undefined || !this.#context.reserve(bytes)) {
      this.#runs.push(this.#spill(rows));
    } else {
      this.#reserved += bytes;
      this.#runs.push({ order: this.#runs.length, rows, prefixes, at: 0, chunks: [] });
    }
  }

  /** Keeps the `limit` best rows in one run: merges the sorted new rows into it. */
  #select(rows: readonly Row[], prefixes: Float64Array): void {
    const old = this.#runs.length === 0 ? undefined : this.#runs[0];
    const oldRows = old === undefined ? [] : old.rows;
    const best: Row[] = [];
    const bestPrefixes = new Float64Array(Math.min(this.#limit, oldRows.length + rows.length));
    let a = 0;
    let b = 0;
    while (best.length < this.#limit && (a < oldRows.length || b < rows.length)) {
      const first = b >= rows.length || (a < oldRows.length && this.#compare(oldRows[a], rows[b]) <= 0);
      bestPrefixes[best.length] = first ? (old as Run).prefixes[a] : prefixes[b];
      best.push(first ? oldRows[a++] : rows[b++]);
    }
    if (best.length === this.#limit && best.length > 0) this.#worst = bestPrefixes[best.length - 1];
    this.#runs = [{ order: 0, rows: best, prefixes: bestPrefixes, at: 0, chunks: [] }];
  }

  #spill(rows: readonly Row[]): Run {
    this.#file ??= this.#context.spillFiles.create();
    const chunks: (readonly [number, number])[] = [];
    for (let at = 0; at < rows.length; at += SPILL_CHUNK_ROWS) {
      const bytes = encodeRows(rows.slice(at, at + SPILL_CHUNK_ROWS));
      chunks.push([this.#file.size, bytes.length]);
      this.#file.write(bytes);
    }
    return { order: this.#runs.length, rows: [], prefixes: NO_PREFIXES, at: 0, chunks };
  }

  #startMerge(): Run[] {
    const heap: Run[] = [];
    for (const run of this.#runs) if (this.#advance(run)) heap.push(run);
    for (let at = (heap.length >> 1) - 1; at >= 0; at--) this.#sink(heap, at);
    return heap;
  }

  /** Makes sure the run's next row is in memory; false at its end. */
  #advance(run: Run): boolean {
    if (run.at < run.rows.length) return true;
    const chunk = run.chunks.shift();
    if (chunk === undefined || this.#file === undefined) return false;
    run.rows = decodeRows(this.#file.read(chunk[0], chunk[1]));
    run.prefixes = Float64Array.from(run.rows, (row) => prefixOfRow(this.#prefix, row));
    run.at = 0;
    return true;
  }

  #before(a: Run, b: Run): boolean {
    const x = a.prefixes[a.at];
    const y = b.prefixes[b.at];
    if (x !== y) return x < y;
    const order = this.#compare(a.rows[a.at], b.rows[b.at]);
    return order < 0 || (order === 0 && a.order < b.order);
  }

  #sink(heap: Run[], start: number): void {
    let at = start;
    const run = heap[at];
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#before(heap[child + 1], heap[child])) child++;
      if (!this.#before(heap[child], run)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = run;
  }

  #emit(heap: Run[]): Batch | null {
    const out: Row[] = [];
    const wanted = Math.min(BATCH_ROWS, this.#limit - this.#emitted);
    if (heap.length === 1 && heap[0].chunks.length === 0) {
      const [run] = heap;
      const rows = run.rows.slice(run.at, run.at + wanted);
      run.at += rows.length;
      this.#emitted += rows.length;
      if (run.at >= run.rows.length) heap.pop();
      return rows.length === 0 ? null : rows;
    }
    while (out.length < wanted && heap.length > 0) {
      const [run] = heap;
      out.push(run.rows[run.at++]);
      if (!this.#advance(run)) {
        const last = heap.pop() as Run;
        if (heap.length === 0) break;
        if (last !== run) heap[0] = last;
      }
      this.#sink(heap, 0);
    }
    this.#emitted += out.length;
    return out.length === 0 ? null : out;
  }

  #reset(): void {
    this.#pending = [];
    this.#runs = [];
    this.#heap = undefined;
    this.#batch = null;
    this.#file?.close();
    this.#file = undefined;
    this.#context.release(this.#reserved);
    this.#reserved = 0;
    this.#limit = -1;
    this.#worst = Infinity;
    this.#emitted = 0;
  }

  rewind(): void {
    this.#reset();
    this.#source.rewind();
  }

  close(): void {
    this.#reset();
    this.#source.close();
  }
}
