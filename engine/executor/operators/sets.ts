/**
 * Duplicate removal and set operations, by hash keys of whole rows or of DISTINCT ON expressions.
 */
import type { Row } from '../../../sblr/contract/values.ts';
import { PENDING, type Batch, type ExecutionContext, type Operator } from '../operator.ts';
import { rowBytes } from '../values.ts';

/** Key of a row in which NULLs are equal to each other. */
export type RowKey = (row: Row, context: ExecutionContext) => unknown;

/** The first row of each key. */
export class Distinct implements Operator {
  readonly #source: Operator;
  readonly #key: RowKey;
  readonly #context: ExecutionContext;
  readonly #seen = new Set<unknown>();
  #batch: Batch | null = null;
  #position = 0;
  #reserved = 0;
  #out: Row[] = [];

  constructor(source: Operator, key: RowKey, context: ExecutionContext) {
    this.#source = source;
    this.#key = key;
    this.#context = context;
  }

  next(): Batch | null | typeof PENDING {
    for (;;) {
      if (this.#batch === null) {
        const batch = this.#source.next();
        if (batch === PENDING || batch === null) return batch;
        this.#batch = batch;
        this.#position = 0;
      }
      while (this.#position < this.#batch.length) {
        const row = this.#batch[this.#position];
        const key = this.#key(row, this.#context);
        if (!this.#seen.has(key)) {
          this.#seen.add(key);
          this.#out.push(row);
        }
        this.#position++;
      }
      this.#batch = null;
      if (this.#out.length > 0) {
        const out = this.#out;
        this.#out = [];
        const bytes = rowBytes(out[0]) * out.length;
        this.#reserved += bytes;
        this.#context.reserve(bytes);
        return out;
      }
    }
  }

  #reset(): void {
    this.#seen.clear();
    this.#batch = null;
    this.#out = [];
    this.#context.release(this.#reserved);
    this.#reserved = 0;
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

/** INTERSECT and EXCEPT, with and without ALL: counts the right side's rows, then passes the left's. */
export class SetOperation implements Operator {
  readonly #left: Operator;
  readonly #right: Operator;
  readonly #operation: 'intersect' | 'except';
  readonly #all: boolean;
  readonly #key: RowKey;
  readonly #context: ExecutionContext;
  readonly #counts = new Map<unknown, number>();
  #counted = false;

  constructor(left: Operator, right: Operator, operation: 'intersect' | 'except', all: boolean, key: RowKey, context: ExecutionContext) {
    this.#left = left;
    this.#right = right;
    this.#operation = operation;
    this.#all = all;
    this.#key = key;
    this.#context = context;
  }

  next(): Batch | null | typeof PENDING {
    while (!this.#counted) {
      const batch = this.#right.next();
      if (batch === PENDING) return PENDING;
      if (batch === null) {
        this.#counted = true;
        break;
      }
      for (const row of batch) {
        const key = this.#key(row, this.#context);
        this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
      }
    }
    for (;;) {
      const batch = this.#left.next();
      if (batch === PENDING || batch === null) return batch;
      const out = batch.filter((row) => this.#keep(this.#key(row, this.#context)));
      if (out.length > 0) return out;
    }
  }

  #keep(key: unknown): boolean {
    const count = this.#counts.get(key) ?? 0;
    if (this.#operation === 'intersect') {
      if (count <= 0) return false;
      // Without ALL one row per key is enough.
      this.#counts.set(key, this.#all ? count - 1 : 0);
      return true;
    }
    if (this.#all) {
      if (count > 0) {
        this.#counts.set(key, count - 1);
        return false;
      }
      return true;
    }
    if (count !== 0) return false;
    this.#counts.set(key, -1);
    return true;
  }

  rewind(): void {
    this.#counts.clear();
    this.#counted = false;
    this.#left.rewind();
    this.#right.rewind();
  }

  close(): void {
    this.#counts.clear();
    this.#left.close();
    this.#right.close();
  }
}
