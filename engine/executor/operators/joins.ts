/**
 * Joins. The hash join builds on its right side and serves every join kind, with or without keys (no
 * keys = every pair is a candidate); the nested loop runs its right side anew for each left row, with
 * the left values it depends on in `context.outer` (index lookups, LATERAL).
 *
 * When the right side outgrows the statement's memory, the hash join takes it in blocks: the left rows
 * are kept in a file during the first block and read again for each further one.
 */
import type { Row, SqlValue } from '../../../sblr/contract/values.ts';
import {
  BATCH_ROWS,
  mustPause,
  PENDING,
  type Batch,
  type Evaluator,
  type ExecutionContext,
  type Operator,
} from '../operator.ts';
import { rowBytes } from '../values.ts';
import { RowSpool } from './row-spool.ts';

export type JoinKind = 'inner' | 'left' | 'right' | 'full' | 'semi' | 'anti';

export interface JoinSpec {
  readonly kind: JoinKind;
  /** Columns of the joined row: slots taken from the left row, then from the right row. */
  readonly leftSlots: readonly number[];
  readonly rightSlots: readonly number[];
  /** Over the joined row. */
  readonly residual: Evaluator | undefined;
}

/** Key of a row, undefined when some part is NULL (it then matches nothing). */
export type KeyFunction = (row: Row, context: ExecutionContext) => unknown;

export interface HashJoinSpec extends JoinSpec {
  /** undefined = no equality keys. */
  readonly leftKey: KeyFunction | undefined;
  readonly rightKey: KeyFunction | undefined;
}

interface BuildEntry {
  readonly row: Row;
  matched: boolean;
}

const NO_ENTRIES: readonly BuildEntry[] = [];

export function joinRow(spec: JoinSpec, left: Row | undefined, right: Row | undefined): Row {
  const { leftSlots, rightSlots } = spec;
  const split = leftSlots.length;
  const made: SqlValue[] = new Array(split + rightSlots.length);
  for (let at = 0; at < split; at++) made[at] = left === undefined ? null : left[leftSlots[at]];
  for (let at = 0; at < rightSlots.length; at++) made[split + at] = right === undefined ? null : right[rightSlots[at]];
  return made;
}

export class HashJoin implements Operator {
  readonly #left: Operator;
  readonly #right: Operator;
  readonly #spec: HashJoinSpec;
  readonly #context: ExecutionContext;
  readonly #table = new Map<unknown, BuildEntry[]>();
  /** All build rows in order, where unmatched ones must come out at the end. */
  readonly #entries: BuildEntry[] = [];
  readonly #keepsRight: boolean;
  #built = false;
  #buildBatch: Batch | null = null;
  #buildAt = 0;
  #reserved = 0;
  #batch: Batch | null = null;
  #position = 0;
  #candidates: readonly BuildEntry[] | undefined;
  #candidate = 0;
  #matched = false;
  /** Pairs looked at, to notice the end of a slice inside one long list of candidates. */
  #pairs = 0;
  /** Right rows that did not fit, and left rows kept for the blocks made of them. */
  #overflow: RowSpool | undefined;
  #kept: RowSpool | undefined;
  #probing: 'source' | 'file' = 'source';
  #rowNumber = 0;
  #seen = new Uint8Array(0);
  #out: Row[] = [];
  #tail = -1;

  constructor(left: Operator, right: Operator, spec: HashJoinSpec, context: ExecutionContext) {
    this.#left = left;
    this.#right = right;
    this.#spec = spec;
    this.#context = context;
    this.#keepsRight = spec.kind === 'right' || spec.kind === 'full';
  }

  /** Reads the right side into the table, and into a file what does not fit; false = must wait. */
  #build(): boolean {
    for (;;) {
      if (this.#buildBatch === null) {
        if (mustPause(this.#context)) return false;
        const batch = this.#right.next();
        if (batch === PENDING) return false;
        if (batch === null) return true;
        this.#buildBatch = batch;
        this.#buildAt = 0;
        if (this.#overflow === undefined && !this.#reserve(batch)) {
          this.#overflow = new RowSpool(this.#context);
          this.#kept = new RowSpool(this.#context);
        }
      }
      const batch = this.#buildBatch;
      while (this.#buildAt < batch.length) {
        if (this.#overflow === undefined) this.#enter(batch[this.#buildAt]);
        else this.#overflow.add(batch[this.#buildAt]);
        this.#buildAt++;
      }
      this.#buildBatch = null;
    }
  }

  #reserve(batch: Batch): boolean {
    const bytes = (rowBytes(batch[0]) + 64) * batch.length;
    if (!this.#context.reserve(bytes)) return false;
    this.#reserved += bytes;
    return true;
  }

  #enter(row: Row): void {
    const key = this.#spec.rightKey;
    const value = key === undefined ? 0 : key(row, this.#context);
    if (value === undefined && !this.#keepsRight) return;
    const entry: BuildEntry = { row, matched: false };
    if (this.#keepsRight) this.#entries.push(entry);
    if (value === undefined) return;
    const list = this.#table.get(value);
    if (list === undefined) this.#table.set(value, [entry]);
    else list.push(entry);
  }

  /** After a block: the next one from the file; false = there is none. */
  #nextBlock(): boolean {
    if (this.#overflow === undefined || this.#overflow.atEnd) return false;
    this.#table.clear();
    this.#entries.length = 0;
    this.#context.release(this.#reserved);
    this.#reserved = 0;
    for (;;) {
      const rows = this.#overflow.read();
      if (rows === null) break;
      const fits = this.#reserve(rows);
      for (const row of rows) this.#enter(row);
      // Without any memory granted, one chunk at a time still gets on.
      if (!fits || this.#overflow.atEnd) break;
    }
    this.#kept?.restart();
    this.#probing = 'file';
    this.#rowNumber = 0;
    this.#tail = -1;
    return true;
  }

  /** More left rows: from the left side, which is kept for further blocks, or from the file. */
  #moreLeft(): Batch | null | typeof PENDING {
    if (this.#probing === 'file') return this.#kept?.read() ?? null;
    const batch = this.#left.next();
    if (batch !== PENDING && batch !== null && this.#kept !== undefined) for (const row of batch) this.#kept.add(row);
    return batch;
  }

  next(): Batch | null | typeof PENDING {
    if (!this.#built) {
      if (!this.#build()) return PENDING;
      this.#built = true;
    }
    for (;;) {
      const out = this.#probeAll();
      if (out !== null) return out;
      const rest = this.#unmatched();
      if (rest !== null) return rest;
      if (!this.#nextBlock()) return null;
    }
  }

  /** Joins the left rows with the block in memory; null = all done. */
  #probeAll(): Batch | null | typeof PENDING {
    let steps = 0;
    while (this.#tail < 0) {
      if (this.#batch === null) {
        if (this.#out.length > 0) return this.#flush();
        if (
          this.#overflow === undefined &&
          this.#table.size === 0 &&
          (this.#spec.kind === 'inner' || this.#spec.kind === 'semi' || this.#spec.kind === 'right')
        ) {
          this.#tail = 0;
          break;
        }
        const batch = this.#moreLeft();
        if (batch === PENDING) return PENDING;
        if (batch === null) {
          this.#tail = 0;
          break;
        }
        this.#batch = batch;
        this.#position = 0;
      }
      while (this.#position < this.#batch.length) {
        if (!this.#probe(this.#batch[this.#position])) {
          if (this.#out.length > 0) return this.#flush();
          this.#context.checkCancelled();
          this.#context.yieldSlice();
          return PENDING;
        }
        this.#position++;
        if (this.#out.length >= BATCH_ROWS) {
          const out = this.#flush();
          return out;
        }
        if ((++steps & 255) === 0 && this.#context.sliceUsed()) {
          if (this.#out.length > 0) return this.#flush();
          this.#context.yieldSlice();
          return PENDING;
        }
      }
      this.#batch = null;
    }
    return null;
  }

  /** Joins one left row; false when the batch is full or the slice used up and the row is not finished. */
  #probe(left: Row): boolean {
    const spec = this.#spec;
    if (this.#candidates === undefined) {
      const key = spec.leftKey === undefined ? 0 : spec.leftKey(left, this.#context);
      this.#candidates = (key === undefined ? undefined : this.#table.get(key)) ?? NO_ENTRIES;
      this.#candidate = 0;
      this.#matched = this.#overflow !== undefined && this.#seen[this.#rowNumber] === 1;
      // One match is all that counts, and an earlier block had it.
      if (this.#matched && (spec.kind === 'semi' || spec.kind === 'anti')) this.#candidates = NO_ENTRIES;
    }
    const candidates = this.#candidates;
    const { residual, kind } = spec;
    while (this.#candidate < candidates.length) {
      if (this.#out.length >= BATCH_ROWS) return false;
      if ((++this.#pairs & 1023) === 0 && this.#context.sliceUsed()) return false;
      const entry = candidates[this.#candidate];
      if (kind === 'semi' || kind === 'anti') {
        if (residual === undefined || residual(joinRow(spec, left, entry.row), this.#context) === true) {
          this.#matched = true;
          break;
        }
      } else {
        const joined = joinRow(spec, left, entry.row);
        if (residual === undefined || residual(joined, this.#context) === true) {
          this.#out.push(joined);
          this.#matched = true;
          entry.matched = true;
        }
      }
      this.#candidate++;
    }
    this.#candidates = undefined;
    let last = true;
    let before = false;
    if (this.#overflow !== undefined) {
      before = this.#seen[this.#rowNumber] === 1;
      last = this.#overflow.atEnd;
      this.#remember(this.#matched);
    }
    if (kind === 'semi') {
      if (this.#matched && !before) this.#out.push(left);
    } else if (kind === 'anti') {
      if (!this.#matched && last) this.#out.push(left);
    } else if (!this.#matched && last && (kind === 'left' || kind === 'full'))
      this.#out.push(joinRow(spec, left, undefined));
    return true;
  }

  /** Notes for further blocks whether the current left row has met its match. */
  #remember(matched: boolean): void {
    if (this.#rowNumber >= this.#seen.length) {
      const grown = new Uint8Array(Math.max(4096, this.#seen.length * 2));
      grown.set(this.#seen);
      this.#seen = grown;
    }
    if (matched) this.#seen[this.#rowNumber] = 1;
    this.#rowNumber++;
  }

  #unmatched(): Batch | null {
    if (this.#keepsRight) {
      while (this.#tail < this.#entries.length && this.#out.length < BATCH_ROWS) {
        const entry = this.#entries[this.#tail++];
        if (!entry.matched) this.#out.push(joinRow(this.#spec, undefined, entry.row));
      }
    }
    return this.#out.length === 0 ? null : this.#flush();
  }

  #flush(): Batch {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  rewind(): void {
    this.#reset();
    this.#left.rewind();
    this.#right.rewind();
  }

  #reset(): void {
    this.#table.clear();
    this.#entries.length = 0;
    this.#built = false;
    this.#buildBatch = null;
    this.#batch = null;
    this.#candidates = undefined;
    this.#out = [];
    this.#tail = -1;
    this.#overflow?.close();
    this.#overflow = undefined;
    this.#kept?.close();
    this.#kept = undefined;
    this.#probing = 'source';
    this.#rowNumber = 0;
    this.#seen = new Uint8Array(0);
    this.#context.release(this.#reserved);
    this.#reserved = 0;
  }

  close(): void {
    this.#reset();
    this.#left.close();
    this.#right.close();
  }
}

export interface NestedLoopSpec extends JoinSpec {
  /** Left values the right side needs: their column ids in `context.outer` and slots in the left row. */
  readonly parameters: readonly { readonly id: number; readonly slot: number }[];
}

export class NestedLoop implements Operator {
  readonly #left: Operator;
  readonly #right: Operator;
  readonly #spec: NestedLoopSpec;
  readonly #context: ExecutionContext;
  #batch: Batch | null = null;
  #position = 0;
  #running = false;
  #inner: Batch | null = null;
  #innerAt = 0;
  #matched = false;
  #fresh = true;
  #out: Row[] = [];

  constructor(left: Operator, right: Operator, spec: NestedLoopSpec, context: ExecutionContext) {
    this.#left = left;
    this.#right = right;
    this.#spec = spec;
    this.#context = context;
  }

  next(): Batch | null | typeof PENDING {
    let steps = 0;
    for (;;) {
      if (this.#batch === null) {
        const batch = this.#left.next();
        if (batch === PENDING || batch === null) {
          if (this.#out.length > 0) return this.#flush();
          return batch;
        }
        this.#batch = batch;
        this.#position = 0;
      }
      while (this.#position < this.#batch.length) {
        const done = this.#join(this.#batch[this.#position]);
        if (done === PENDING) return PENDING;
        if (done) this.#position++;
        if (this.#out.length >= BATCH_ROWS || (!done && this.#out.length > 0)) return this.#flush();
        if ((++steps & 63) === 0 && this.#context.sliceUsed()) {
          if (this.#out.length > 0) return this.#flush();
          this.#context.checkCancelled();
          this.#context.yieldSlice();
          return PENDING;
        }
      }
      this.#batch = null;
    }
  }

  /** Joins one left row; true when it is finished, false when the output is full. */
  #join(left: Row): boolean | typeof PENDING {
    const spec = this.#spec;
    const { outer } = this.#context;
    // Set at every entry: other parts of the plan may have used the same places meanwhile.
    for (const parameter of spec.parameters) outer[parameter.id] = left[parameter.slot];
    if (!this.#running) {
      if (!this.#fresh) this.#right.rewind();
      this.#fresh = false;
      this.#running = true;
      this.#matched = false;
      this.#inner = null;
    }
    const { residual, kind } = spec;
    for (;;) {
      if (this.#inner === null) {
        const batch = this.#right.next();
        if (batch === PENDING) return PENDING;
        if (batch === null) break;
        this.#inner = batch;
        this.#innerAt = 0;
      }
      const inner = this.#inner;
      while (this.#innerAt < inner.length) {
        const row = inner[this.#innerAt];
        const joined = joinRow(spec, left, row);
        const pass = residual === undefined || residual(joined, this.#context) === true;
        this.#innerAt++;
        if (!pass) continue;
        this.#matched = true;
        if (kind === 'semi' || kind === 'anti') return this.#finish(left);
        this.#out.push(joined);
      }
      this.#inner = null;
      if (this.#out.length >= BATCH_ROWS) return false;
      if (this.#context.sliceUsed()) {
        if (this.#out.length > 0) return false;
        this.#context.checkCancelled();
        this.#context.yieldSlice();
        return PENDING;
      }
    }
    return this.#finish(left);
  }

  #finish(left: Row): true {
    this.#running = false;
    const { kind } = this.#spec;
    if (kind === 'semi') {
      if (this.#matched) this.#out.push(left);
    } else if (kind === 'anti') {
      if (!this.#matched) this.#out.push(left);
    } else if (kind === 'left' && !this.#matched) this.#out.push(joinRow(this.#spec, left, undefined));
    return true;
  }

  #flush(): Batch {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  rewind(): void {
    this.#batch = null;
    this.#running = false;
    this.#inner = null;
    this.#out = [];
    this.#left.rewind();
  }

  close(): void {
    this.#left.close();
    this.#right.close();
  }
}
