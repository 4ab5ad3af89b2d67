/**
 * Row-at-a-time operators: constants, filter, projection, limit, append, and the adapter that makes
 * an operator of rows already at hand.
 */
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import type { Row, SqlValue } from '../../../sblr/contract/values.ts';
import {
  BATCH_ROWS,
  mustPause,
  PENDING,
  SUSPEND,
  type Batch,
  type Evaluator,
  type ExecutionContext,
  type Operator,
} from '../operator.ts';
import { rowBytes, type Comparator } from '../values.ts';

const NO_ROW: Row = [];

/** Rows given by expressions (VALUES; one row of no columns for a query without FROM). */
export class ValuesScan implements Operator {
  readonly #rows: readonly (readonly Evaluator[])[];
  readonly #context: ExecutionContext;
  #position = 0;

  constructor(rows: readonly (readonly Evaluator[])[], context: ExecutionContext) {
    this.#rows = rows;
    this.#context = context;
  }

  next(): Batch | null {
    const end = Math.min(this.#position + BATCH_ROWS, this.#rows.length);
    if (this.#position >= end) return null;
    const out: Row[] = [];
    for (let at = this.#position; at < end; at++) {
      const expressions = this.#rows[at];
      const row: SqlValue[] = new Array(expressions.length);
      for (let column = 0; column < expressions.length; column++)
        row[column] = expressions[column](NO_ROW, this.#context);
      out.push(row);
    }
    this.#position = end;
    return out;
  }

  rewind(): void {
    this.#position = 0;
  }

  close(): void {
    this.#position = this.#rows.length;
  }
}

export class Filter implements Operator {
  readonly #source: Operator;
  readonly #condition: Evaluator;
  readonly #context: ExecutionContext;
  #batch: Batch | null = null;
  #position = 0;
  #out: Row[] = [];
  #failure: unknown;

  constructor(source: Operator, condition: Evaluator, context: ExecutionContext) {
    this.#source = source;
    this.#condition = condition;
    this.#context = context;
  }

  next(): Batch | null | typeof PENDING {
    if (this.#failure !== undefined) throw this.#failure;
    for (;;) {
      if (this.#batch === null) {
        const batch = this.#source.next();
        if (batch === PENDING || batch === null) return batch;
        this.#batch = batch;
        this.#position = 0;
      }
      try {
        this.#test(this.#batch);
        this.#batch = null;
      } catch (error) {
        // The rows before the one that fails are answered first; the next call fails.
        if (error === SUSPEND || this.#out.length === 0) throw error;
        this.#failure = error;
      }
      if (this.#out.length > 0) {
        const out = this.#out;
        this.#out = [];
        return out;
      }
      if (mustPause(this.#context)) return PENDING;
    }
  }

  #test(batch: Batch): void {
    const { length } = batch;
    while (this.#position < length) {
      const row = batch[this.#position];
      if (this.#condition(row, this.#context) === true) this.#out.push(row);
      this.#position++;
    }
  }

  rewind(): void {
    this.#batch = null;
    this.#out = [];
    this.#failure = undefined;
    this.#source.rewind();
  }

  close(): void {
    this.#source.close();
  }
}

/** A filter that does not depend on the row: decides once whether its source is read at all. */
export class Gate implements Operator {
  readonly #source: Operator;
  readonly #condition: Evaluator;
  readonly #context: ExecutionContext;
  #open: boolean | undefined;

  constructor(source: Operator, condition: Evaluator, context: ExecutionContext) {
    this.#source = source;
    this.#condition = condition;
    this.#context = context;
  }

  next(): Batch | null | typeof PENDING {
    this.#open ??= this.#condition(NO_ROW, this.#context) === true;
    return this.#open ? this.#source.next() : null;
  }

  rewind(): void {
    this.#open = undefined;
    this.#source.rewind();
  }

  close(): void {
    this.#source.close();
  }
}

export class Project implements Operator {
  readonly #source: Operator;
  readonly #items: readonly Evaluator[];
  readonly #context: ExecutionContext;
  #batch: Batch | null = null;
  #out: Row[] = [];
  #failure: unknown;

  constructor(source: Operator, items: readonly Evaluator[], context: ExecutionContext) {
    this.#source = source;
    this.#items = items;
    this.#context = context;
  }

  next(): Batch | null | typeof PENDING {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#batch === null) {
      const batch = this.#source.next();
      if (batch === PENDING || batch === null) return batch;
      this.#batch = batch;
    }
    const out = this.#out;
    try {
      this.#compute(this.#batch, out);
    } catch (error) {
      // The rows before the one that fails are answered first; the next call fails.
      if (error === SUSPEND || out.length === 0) throw error;
      this.#failure = error;
    }
    this.#batch = null;
    this.#out = [];
    return out;
  }

  #compute(batch: Batch, out: Row[]): void {
    const items = this.#items;
    const width = items.length;
    while (out.length < batch.length) {
      const row = batch[out.length];
      const made: SqlValue[] = new Array(width);
      for (let at = 0; at < width; at++) made[at] = items[at](row, this.#context);
      out.push(made);
    }
  }

  rewind(): void {
    this.#batch = null;
    this.#out = [];
    this.#failure = undefined;
    this.#source.rewind();
  }

  close(): void {
    this.#source.close();
  }
}

/** Hands on rows one by one: below a projection with effects, under a limit. */
export class OneByOne implements Operator {
  readonly #source: Operator;
  #batch: Batch | null = null;
  #position = 0;

  constructor(source: Operator) {
    this.#source = source;
  }

  next(): Batch | null | typeof PENDING {
    if (this.#batch === null || this.#position >= this.#batch.length) {
      const batch = this.#source.next();
      if (batch === PENDING || batch === null) return batch;
      this.#batch = batch;
      this.#position = 0;
    }
    return [this.#batch[this.#position++]];
  }

  rewind(): void {
    this.#batch = null;
    this.#source.rewind();
  }

  close(): void {
    this.#source.close();
  }
}

/** A projection of columns only. */
export class PickColumns implements Operator {
  readonly #source: Operator;
  readonly #slots: readonly number[];

  constructor(source: Operator, slots: readonly number[]) {
    this.#source = source;
    this.#slots = slots;
  }

  next(): Batch | null | typeof PENDING {
    const batch = this.#source.next();
    if (batch === PENDING || batch === null) return batch;
    const slots = this.#slots;
    const width = slots.length;
    const out: Row[] = new Array(batch.length);
    for (let index = 0; index < batch.length; index++) {
      const row = batch[index];
      const made: SqlValue[] = new Array(width);
      for (let at = 0; at < width; at++) made[at] = row[slots[at]];
      out[index] = made;
    }
    return out;
  }

  rewind(): void {
    this.#source.rewind();
  }

  close(): void {
    this.#source.close();
  }
}

export interface LimitSpec {
  readonly count: Evaluator | undefined;
  readonly offset: Evaluator | undefined;
  readonly percent: boolean;
  /** For WITH TIES: compares two rows by the sort keys. */
  readonly ties: ((context: ExecutionContext) => Comparator<Row>) | undefined;
}

/** Rows offset .. offset + count; with ties, and the rows equal to the last one; percent of all rows. */
export class Limit implements Operator {
  readonly #source: Operator;
  readonly #spec: LimitSpec;
  readonly #context: ExecutionContext;
  #skip = -1;
  #left = 0;
  #last: Row | undefined;
  #all: Row[] | undefined;
  #done = false;

  constructor(source: Operator, spec: LimitSpec, context: ExecutionContext) {
    this.#source = source;
    this.#spec = spec;
    this.#context = context;
  }

  #number(evaluate: Evaluator | undefined, absent: number, clause: 'LIMIT' | 'OFFSET'): number {
    if (evaluate === undefined) return absent;
    const value = evaluate(NO_ROW, this.#context);
    if (value === null) return absent;
    const number = Number(value);
    if (number < 0) {
      throw new SqlError(
        clause === 'LIMIT' ? 'invalid_row_count_in_limit_clause' : 'invalid_row_count_in_result_offset_clause',
        `${clause} must not be negative`,
      );
    }
    return number;
  }

  next(): Batch | null | typeof PENDING {
    if (this.#done) return null;
    if (this.#skip < 0) {
      const left = this.#number(this.#spec.count, Number.POSITIVE_INFINITY, 'LIMIT');
      this.#skip = this.#number(this.#spec.offset, 0, 'OFFSET');
      this.#left = left;
      if (this.#spec.percent) this.#all = [];
    }
    if (this.#left <= 0 && this.#last === undefined) {
      this.#done = true;
      return null;
    }
    if (this.#all !== undefined) return this.#percent(this.#all);
    for (;;) {
      const batch = this.#source.next();
      if (batch === PENDING || batch === null) return batch;
      if (this.#skip >= batch.length) {
        this.#skip -= batch.length;
        if (mustPause(this.#context)) return PENDING;
        continue;
      }
      const out = this.#take(batch);
      if (this.#done) this.#source.close();
      if (out.length > 0) return out;
      if (this.#done) return null;
    }
  }

  #take(batch: Batch): Batch {
    const start = this.#skip;
    this.#skip = 0;
    const available = batch.length - start;
    if (available <= this.#left) {
      this.#left -= available;
      if (this.#left === 0) this.#reached(batch[batch.length - 1]);
      return start === 0 ? batch : batch.slice(start);
    }
    const out = batch.slice(start, start + this.#left);
    let at = start + this.#left;
    if (this.#left > 0) this.#reached(batch[at - 1]);
    this.#left = 0;
    if (this.#spec.ties !== undefined && this.#last !== undefined) {
      const compare = this.#spec.ties(this.#context);
      while (at < batch.length && compare(this.#last, batch[at]) === 0) out.push(batch[at++]);
      if (at < batch.length) this.#done = true;
    } else this.#done = true;
    return out;
  }

  #reached(last: Row): void {
    if (this.#spec.ties === undefined) this.#done = true;
    else this.#last = last;
  }

  #percent(all: Row[]): Batch | null | typeof PENDING {
    for (;;) {
      const batch = this.#source.next();
      if (batch === PENDING) return batch;
      if (batch === null) break;
      for (const row of batch) all.push(row);
      if (mustPause(this.#context)) return PENDING;
    }
    this.#done = true;
    const count = Math.ceil((all.length * this.#left) / 100);
    let end = Math.min(this.#skip + count, all.length);
    if (this.#spec.ties !== undefined && end > this.#skip) {
      const compare = this.#spec.ties(this.#context);
      while (end < all.length && compare(all[end - 1], all[end]) === 0) end++;
    }
    const out = all.slice(this.#skip, end);
    this.#all = undefined;
    return out.length === 0 ? null : out;
  }

  rewind(): void {
    this.#skip = -1;
    this.#last = undefined;
    this.#done = false;
    this.#all = undefined;
    this.#source.rewind();
  }

  close(): void {
    this.#done = true;
    this.#source.close();
  }
}

/** UNION ALL: the sources one after another. */
export class Append implements Operator {
  readonly #sources: readonly Operator[];
  #at = 0;

  constructor(sources: readonly Operator[]) {
    this.#sources = sources;
  }

  next(): Batch | null | typeof PENDING {
    while (this.#at < this.#sources.length) {
      const batch = this.#sources[this.#at].next();
      if (batch !== null) return batch;
      this.#at++;
    }
    return null;
  }

  rewind(): void {
    this.#at = 0;
    for (const source of this.#sources) source.rewind();
  }

  close(): void {
    for (const source of this.#sources) source.close();
  }
}

/** Keeps its source's rows so that a rewind does not run it again. */
export class Materialize implements Operator {
  readonly #source: Operator;
  readonly #context: ExecutionContext;
  readonly #rows: Row[] = [];
  #complete = false;
  #position = 0;
  #reserved = 0;

  constructor(source: Operator, context: ExecutionContext) {
    this.#source = source;
    this.#context = context;
  }

  next(): Batch | null | typeof PENDING {
    if (this.#position < this.#rows.length) {
      const out = this.#rows.slice(this.#position, this.#position + BATCH_ROWS);
      this.#position += out.length;
      return out;
    }
    if (this.#complete) return null;
    const batch = this.#source.next();
    if (batch === PENDING) return batch;
    if (batch === null) {
      this.#complete = true;
      return null;
    }
    let bytes = 0;
    for (const row of batch) bytes += rowBytes(row);
    this.#context.require(bytes, 'A materialized result');
    this.#reserved += bytes;
    for (const row of batch) this.#rows.push(row);
    this.#position = this.#rows.length;
    return batch;
  }

  rewind(): void {
    this.#position = 0;
  }

  close(): void {
    this.#context.releaseRequired(this.#reserved);
    this.#reserved = 0;
    this.#rows.length = 0;
    this.#source.close();
  }
}

/** Reads a source to its end, keeping position over PENDING; for operators that need all rows first. */
export class Collector {
  readonly rows: Row[] = [];
  #complete = false;

  /** True when all rows are in `rows`. */
  fill(source: Operator): boolean {
    while (!this.#complete) {
      const batch = source.next();
      if (batch === PENDING) return false;
      if (batch === null) this.#complete = true;
      else for (const row of batch) this.rows.push(row);
    }
    return true;
  }
}
