/**
 * Duplicate removal and set operations, by hash keys of whole rows or of DISTINCT ON expressions.
 */
import type { Row } from '../../../sblr/contract/values.ts';
import { mustPause, PENDING, type Batch, type ExecutionContext, type Operator } from '../operator.ts';
import { RowSpool } from './row-spool.ts';

/** Key of a row in which NULLs are equal to each other. */
export type RowKey = (row: Row, context: ExecutionContext) => unknown;

/** Keys held in any case, so that every pass gets on. */
const LEAST_KEYS = 256;

/** Bytes of a key with its place in a map. */
function keyBytes(key: unknown): number {
  return typeof key === 'string' ? 64 + 2 * key.length : 64;
}

/**
 * The first row of each key. When no further key fits in memory, rows of keys not yet met are put aside
 * and read in a further pass. They all were met later, so that the order of first rows stays.
 */
export class Distinct implements Operator {
  readonly #source: Operator;
  readonly #key: RowKey;
  readonly #context: ExecutionContext;
  readonly #seen = new Set<unknown>();
  #batch: Batch | null = null;
  #position = 0;
  #reserved = 0;
  #full = false;
  #aside: RowSpool | undefined;
  #reading: RowSpool | undefined;
  #out: Row[] = [];

  constructor(source: Operator, key: RowKey, context: ExecutionContext) {
    this.#source = source;
    this.#key = key;
    this.#context = context;
  }

  next(): Batch | null | typeof PENDING {
    for (;;) {
      if (this.#batch === null) {
        if (mustPause(this.#context)) return PENDING;
        const batch = this.#reading === undefined ? this.#source.next() : this.#reading.read();
        if (batch === PENDING) return PENDING;
        if (batch === null) {
          if (this.#aside === undefined) return null;
          this.#nextPass(this.#aside);
          continue;
        }
        this.#batch = batch;
        this.#position = 0;
      }
      while (this.#position < this.#batch.length) {
        const row = this.#batch[this.#position];
        const key = this.#key(row, this.#context);
        if (!this.#seen.has(key)) {
          if (this.#full && this.#seen.size >= LEAST_KEYS) (this.#aside ??= new RowSpool(this.#context)).add(row);
          else this.#admit(key, row);
        }
        this.#position++;
      }
      this.#batch = null;
      if (this.#out.length > 0) {
        const out = this.#out;
        this.#out = [];
        return out;
      }
    }
  }

  #admit(key: unknown, row: Row): void {
    this.#seen.add(key);
    this.#out.push(row);
    if (this.#full) return;
    const bytes = keyBytes(key);
    if (this.#context.reserve(bytes)) this.#reserved += bytes;
    else this.#full = true;
  }

  #nextPass(aside: RowSpool): void {
    this.#reading?.close();
    this.#reading = aside;
    this.#aside = undefined;
    this.#forget();
  }

  #forget(): void {
    this.#seen.clear();
    this.#full = false;
    this.#context.release(this.#reserved);
    this.#reserved = 0;
  }

  #reset(): void {
    this.#forget();
    this.#batch = null;
    this.#out = [];
    this.#aside?.close();
    this.#aside = undefined;
    this.#reading?.close();
    this.#reading = undefined;
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

/**
 * INTERSECT and EXCEPT, with and without ALL: counts the right side's rows, then passes the left's.
 * Keys that do not fit in memory are decided in further passes over rows put aside from both sides.
 */
export class SetOperation implements Operator {
  readonly #left: Operator;
  readonly #right: Operator;
  readonly #operation: 'intersect' | 'except';
  readonly #all: boolean;
  readonly #key: RowKey;
  readonly #context: ExecutionContext;
  readonly #counts = new Map<unknown, number>();
  #counted = false;
  #reserved = 0;
  #full = false;
  /** Rows of keys for the next pass, and what the current pass reads (undefined = the sources). */
  #leftAside: RowSpool | undefined;
  #rightAside: RowSpool | undefined;
  #reading: { readonly left: RowSpool; readonly right: RowSpool | undefined } | undefined;

  constructor(
    left: Operator,
    right: Operator,
    operation: 'intersect' | 'except',
    all: boolean,
    key: RowKey,
    context: ExecutionContext,
  ) {
    this.#left = left;
    this.#right = right;
    this.#operation = operation;
    this.#all = all;
    this.#key = key;
    this.#context = context;
  }

  next(): Batch | null | typeof PENDING {
    for (;;) {
      if (mustPause(this.#context)) return PENDING;
      if (!this.#counted) {
        const batch = this.#reading === undefined ? this.#right.next() : (this.#reading.right?.read() ?? null);
        if (batch === PENDING) return PENDING;
        if (batch === null) this.#counted = true;
        else for (const row of batch) this.#count(row);
        continue;
      }
      const batch = this.#reading === undefined ? this.#left.next() : this.#reading.left.read();
      if (batch === PENDING) return PENDING;
      if (batch === null) {
        if (this.#leftAside === undefined) return null;
        this.#nextPass(this.#leftAside);
        continue;
      }
      const out = batch.filter((row) => this.#keep(row));
      if (out.length > 0) return out;
    }
  }

  /** Is there room for a key not yet in the table? */
  #room(key: unknown): boolean {
    if (!this.#full) {
      const bytes = keyBytes(key);
      if (this.#context.reserve(bytes)) this.#reserved += bytes;
      else this.#full = true;
    }
    return !this.#full || this.#counts.size < LEAST_KEYS;
  }

  #count(row: Row): void {
    const key = this.#key(row, this.#context);
    const count = this.#counts.get(key);
    if (count !== undefined) this.#counts.set(key, count + 1);
    else if (this.#rightAside === undefined && this.#room(key)) this.#counts.set(key, 1);
    else (this.#rightAside ??= new RowSpool(this.#context)).add(row);
  }

  #keep(row: Row): boolean {
    const key = this.#key(row, this.#context);
    const count = this.#counts.get(key);
    // Not in the table, and maybe among the right rows put aside.
    if (count === undefined && this.#rightAside !== undefined) return this.#putAside(row);
    if (this.#operation === 'intersect') {
      if (count === undefined || count <= 0) return false;
      // Without ALL one row per key is enough.
      this.#counts.set(key, this.#all ? count - 1 : 0);
      return true;
    }
    if (this.#all) {
      if (count === undefined || count <= 0) return true;
      this.#counts.set(key, count - 1);
      return false;
    }
    if (count !== undefined) return false;
    if (this.#leftAside !== undefined || !this.#room(key)) return this.#putAside(row);
    this.#counts.set(key, -1);
    return true;
  }

  #putAside(row: Row): false {
    (this.#leftAside ??= new RowSpool(this.#context)).add(row);
    return false;
  }

  #nextPass(left: RowSpool): void {
    this.#closeReading();
    this.#reading = { left, right: this.#rightAside };
    this.#leftAside = undefined;
    this.#rightAside = undefined;
    this.#forget();
  }

  #closeReading(): void {
    this.#reading?.left.close();
    this.#reading?.right?.close();
    this.#reading = undefined;
  }

  #forget(): void {
    this.#counts.clear();
    this.#counted = false;
    this.#full = false;
    this.#context.release(this.#reserved);
    this.#reserved = 0;
  }

  #reset(): void {
    this.#forget();
    this.#closeReading();
    this.#leftAside?.close();
    this.#leftAside = undefined;
    this.#rightAside?.close();
    this.#rightAside = undefined;
  }

  rewind(): void {
    this.#reset();
    this.#left.rewind();
    this.#right.rewind();
  }

  close(): void {
    this.#reset();
    this.#left.close();
    this.#right.close();
  }
}
