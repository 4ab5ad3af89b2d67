/**
 * Merge join: both sides come in the order of one key, so that each is read once and only the right rows of one
 * key are held. Serves every join kind; rows whose key is NULL match nothing, wherever the order puts them.
 */
import type { Row, SqlValue } from '../../../sblr/contract/values.ts';
import { BATCH_ROWS, PENDING, type Batch, type ExecutionContext, type Operator } from '../operator.ts';
import { rowBytes, type Comparator } from '../values.ts';
import { joinRow, type JoinSpec } from './joins.ts';

export interface MergeJoinSpec extends JoinSpec {
  readonly leftKey: number;
  readonly rightKey: number;
  readonly compare: Comparator;
  readonly descending: boolean;
}

/** Reads an operator row by row. */
class Cursor {
  readonly #source: Operator;
  #batch: Batch | null = null;
  #at = 0;
  #done = false;

  constructor(source: Operator) {
    this.#source = source;
  }

  peek(): Row | null | typeof PENDING {
    while (this.#batch === null || this.#at >= this.#batch.length) {
      if (this.#done) return null;
      const batch = this.#source.next();
      if (batch === PENDING) return PENDING;
      this.#batch = batch;
      this.#at = 0;
      if (batch === null) this.#done = true;
    }
    return this.#batch[this.#at];
  }

  advance(): void {
    this.#at++;
  }

  rewind(): void {
    this.#batch = null;
    this.#at = 0;
    this.#done = false;
    this.#source.rewind();
  }

  close(): void {
    this.#source.close();
  }
}

export class MergeJoin implements Operator {
  readonly #left: Cursor;
  readonly #right: Cursor;
  readonly #spec: MergeJoinSpec;
  readonly #context: ExecutionContext;
  readonly #keepsLeft: boolean;
  readonly #keepsRight: boolean;
  /** Right rows of one key, which of them were joined, and whether the next key was seen. */
  #group: Row[] = [];
  #joined: boolean[] = [];
  #groupKey: SqlValue = null;
  #complete = false;
  #reserved = 0;
  /** Next right row for the current left row; -1 = it was not compared yet. */
  #pair = -1;
  #matched = false;
  #steps = 0;
  #out: Row[] = [];

  constructor(left: Operator, right: Operator, spec: MergeJoinSpec, context: ExecutionContext) {
    this.#left = new Cursor(left);
    this.#right = new Cursor(right);
    this.#spec = spec;
    this.#context = context;
    this.#keepsLeft = spec.kind === 'left' || spec.kind === 'full';
    this.#keepsRight = spec.kind === 'right' || spec.kind === 'full';
  }

  next(): Batch | null | typeof PENDING {
    for (;;) {
      if (this.#out.length >= BATCH_ROWS) return this.#flush();
      if ((++this.#steps & 255) === 0 && this.#context.sliceUsed()) {
        if (this.#out.length > 0) return this.#flush();
        this.#context.checkCancelled();
        this.#context.yieldSlice();
        return PENDING;
      }
      const going = this.#step();
      if (going === true) continue;
      if (this.#out.length > 0) return this.#flush();
      return going === PENDING ? PENDING : null;
    }
  }

  /** One step; false = the end. */
  #step(): boolean | typeof PENDING {
    const left = this.#left.peek();
    if (left === PENDING) return PENDING;
    if (left === null) return this.#rest();
    const key = left[this.#spec.leftKey];
    if (key === null) {
      this.#finish(left);
      return true;
    }
    if (!this.#complete && this.#fill() === PENDING) return PENDING;
    const order = this.#group.length === 0 ? -1 : this.#compare(key, this.#groupKey);
    if (order > 0) {
      this.#dropGroup();
      return true;
    }
    if (order < 0) this.#finish(left);
    else this.#joinGroup(left);
    return true;
  }

  #compare(a: SqlValue, b: SqlValue): number {
    const order = this.#spec.compare(a, b);
    return this.#spec.descending ? -order : order;
  }

  /** The left row with the right rows of its key, as many as there is room for. */
  #joinGroup(left: Row): void {
    const { kind, residual } = this.#spec;
    if (this.#pair < 0) this.#pair = 0;
    while (this.#pair < this.#group.length) {
      if (this.#out.length >= BATCH_ROWS || ((++this.#steps & 255) === 0 && this.#context.sliceUsed())) return;
      const at = this.#pair;
      const pair = joinRow(this.#spec, left, this.#group[at]);
      const passes = residual === undefined || residual(pair, this.#context) === true;
      this.#pair++;
      if (!passes) continue;
      this.#matched = true;
      if (kind === 'semi' || kind === 'anti') break;
      this.#joined[at] = true;
      this.#out.push(pair);
    }
    this.#finish(left);
  }

  #finish(left: Row): void {
    const { kind } = this.#spec;
    if (kind === 'semi' ? this.#matched : kind === 'anti' && !this.#matched) this.#out.push(left);
    else if (this.#keepsLeft && !this.#matched) this.#out.push(joinRow(this.#spec, left, undefined));
    this.#matched = false;
    this.#pair = -1;
    this.#left.advance();
  }

  /** Collects the right rows of the next key. */
  #fill(): typeof PENDING | undefined {
    for (;;) {
      const row = this.#right.peek();
      if (row === PENDING) return PENDING;
      if (row === null) break;
      const key = row[this.#spec.rightKey];
      if (key === null) {
        if (this.#keepsRight) this.#out.push(joinRow(this.#spec, undefined, row));
      } else {
        if (this.#group.length > 0 && this.#spec.compare(key, this.#groupKey) !== 0) break;
        const bytes = rowBytes(row) + 16;
        this.#context.require(bytes, 'A merge join with many rows of one key');
        this.#reserved += bytes;
        this.#group.push(row);
        this.#joined.push(false);
        this.#groupKey = key;
      }
      this.#right.advance();
    }
    this.#complete = true;
    return undefined;
  }

  #dropGroup(): void {
    if (this.#keepsRight)
      for (let at = 0; at < this.#group.length; at++)
        if (!this.#joined[at]) this.#out.push(joinRow(this.#spec, undefined, this.#group[at]));
    this.#clearGroup();
  }

  #clearGroup(): void {
    this.#group = [];
    this.#joined = [];
    this.#complete = false;
    this.#context.releaseRequired(this.#reserved);
    this.#reserved = 0;
  }

  /** After the last left row: the right rows that met none. */
  #rest(): boolean | typeof PENDING {
    if (!this.#keepsRight) return false;
    if (!this.#complete && this.#fill() === PENDING) return PENDING;
    if (this.#group.length === 0) return false;
    this.#dropGroup();
    return true;
  }

  #flush(): Batch {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #reset(): void {
    this.#clearGroup();
    this.#pair = -1;
    this.#matched = false;
    this.#out = [];
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
