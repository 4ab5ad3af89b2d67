/**
 * Set-returning functions: in FROM (function scan, several in step, with ordinality) and in the select
 * list (each source row is multiplied by the longest of its sets).
 */
import { SqlRecord, type Row, type SqlValue } from '../../../sblr/contract/values.ts';
import type { EvalContext, RowSource } from '../../functions/function.ts';
import {
  BATCH_ROWS,
  PENDING,
  SUSPEND,
  type Batch,
  type Evaluator,
  type ExecutionContext,
  type Operator,
} from '../operator.ts';

/** Starts a call for a row: the rows it yields. */
export type SetStarter = (row: Row, context: ExecutionContext) => RowSource;

export interface FunctionScanSpec {
  readonly calls: readonly SetStarter[];
  readonly widths: readonly number[];
  readonly ordinality: boolean;
  readonly filter: Evaluator | undefined;
}

const NO_ROW: Row = [];
export const EMPTY_SOURCE: RowSource = { next: () => null };

export class FunctionScan implements Operator {
  readonly #spec: FunctionScanSpec;
  readonly #context: ExecutionContext;
  #sources: (RowSource | undefined)[] | undefined;
  #ordinal = 0;
  #done = false;
  /** The row under test, kept while its filter waits. */
  #row: SqlValue[] | undefined;
  #out: Row[] = [];

  constructor(spec: FunctionScanSpec, context: ExecutionContext) {
    this.#spec = spec;
    this.#context = context;
  }

  next(): Batch | null | typeof PENDING {
    const { calls, filter } = this.#spec;
    const context = this.#context;
    this.#sources ??= calls.map((start) => start(NO_ROW, context));
    let steps = 0;
    while (!this.#done && this.#out.length < BATCH_ROWS) {
      if ((++steps & 255) === 0 && context.sliceUsed()) {
        if (this.#out.length > 0) break;
        context.checkCancelled();
        context.yieldSlice();
        return PENDING;
      }
      this.#row ??= this.#read(this.#sources);
      if (this.#row === undefined) {
        this.#done = true;
        break;
      }
      try {
        if (filter === undefined || filter(this.#row, context) === true) this.#out.push(this.#row);
      } catch (error) {
        // The rows before the one that fails are answered first; the next call meets it again.
        if (error !== SUSPEND && this.#out.length > 0) break;
        throw error;
      }
      this.#row = undefined;
    }
    if (this.#out.length === 0) return null;
    const out = this.#out;
    this.#out = [];
    return out;
  }

  /** The next row of all calls in step; undefined at the end of the longest. */
  #read(sources: (RowSource | undefined)[]): SqlValue[] | undefined {
    const { widths, ordinality } = this.#spec;
    const row: SqlValue[] = [];
    let any = false;
    for (let at = 0; at < sources.length; at++) {
      const source = sources[at];
      const values = source === undefined ? null : source.next();
      if (values === null) {
        sources[at] = undefined;
        for (let column = 0; column < widths[at]; column++) row.push(null);
      } else {
        any = true;
        for (let column = 0; column < widths[at]; column++) row.push(values[column] ?? null);
      }
    }
    if (!any) return undefined;
    if (ordinality) row.push(++this.#ordinal);
    return row;
  }

  rewind(): void {
    this.#sources = undefined;
    this.#ordinal = 0;
    this.#done = false;
    this.#row = undefined;
    this.#out = [];
  }

  close(): void {
    this.#sources = [];
    this.#done = true;
  }
}

export interface ProjectSetSpec {
  /** The set-returning calls, each with the id under which its current value stands in `context.outer`. */
  readonly calls: readonly {
    readonly start: SetStarter;
    readonly id: number;
    readonly width: number;
    readonly record: boolean;
  }[];
  /** All items; set values are read from `context.outer`. */
  readonly items: readonly Evaluator[];
}

export class ProjectSet implements Operator {
  readonly #source: Operator;
  readonly #spec: ProjectSetSpec;
  readonly #context: ExecutionContext;
  #batch: Batch | null = null;
  #position = 0;
  #running: (RowSource | undefined)[] | undefined;
  #loaded = false;
  #out: Row[] = [];

  constructor(source: Operator, spec: ProjectSetSpec, context: ExecutionContext) {
    this.#source = source;
    this.#spec = spec;
    this.#context = context;
  }

  next(): Batch | null | typeof PENDING {
    let steps = 0;
    for (;;) {
      if (this.#batch === null) {
        if (this.#out.length > 0) return this.#flush();
        const batch = this.#source.next();
        if (batch === PENDING || batch === null) return batch;
        this.#batch = batch;
        this.#position = 0;
      }
      while (this.#position < this.#batch.length) {
        if (this.#out.length >= BATCH_ROWS) return this.#flush();
        if ((++steps & 255) === 0 && this.#context.sliceUsed()) {
          if (this.#out.length > 0) return this.#flush();
          this.#context.checkCancelled();
          this.#context.yieldSlice();
          return PENDING;
        }
        if (!this.#advance(this.#batch[this.#position])) this.#position++;
      }
      this.#batch = null;
    }
  }

  /** Emits the next row of the current source row; false when its sets are used up. */
  #advance(row: Row): boolean {
    const { calls, items } = this.#spec;
    const context = this.#context;
    this.#running ??= calls.map((call) => call.start(row, context));
    if (!this.#loaded) {
      let any = false;
      for (let at = 0; at < calls.length; at++) {
        const values = this.#running[at]?.next() ?? null;
        if (values === null) this.#running[at] = undefined;
        else any = true;
        context.outer[calls[at].id] = values === null ? null : calls[at].record ? new SqlRecord(values) : values[0];
      }
      if (!any) {
        this.#running = undefined;
        return false;
      }
      this.#loaded = true;
    }
    const made: SqlValue[] = new Array(items.length);
    for (let at = 0; at < items.length; at++) made[at] = items[at](row, context);
    this.#loaded = false;
    this.#out.push(made);
    return true;
  }

  #flush(): Batch {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  rewind(): void {
    this.#batch = null;
    this.#running = undefined;
    this.#loaded = false;
    this.#out = [];
    this.#source.rewind();
  }

  close(): void {
    this.#source.close();
  }
}

export type { EvalContext };
