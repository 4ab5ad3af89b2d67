/**
 * Common table expressions: shared row stores filled on demand, and recursive unions that run their
 * step over the previous round's rows until it yields nothing new.
 */
import type { Row } from '../../../sblr/contract/values.ts';
import { BATCH_ROWS, PENDING, type Batch, type ExecutionContext, type Operator, type SpillFile } from '../operator.ts';
import { decodeRows, encodeRows } from '../spill-codec.ts';
import { rowBytes } from '../values.ts';
import type { RowKey } from './sets.ts';

/** Rows of one CTE, read from its plan only as far as somebody asked; those past the memory in a file. */
export class CommonTable {
  readonly #source: Operator;
  readonly #context: ExecutionContext;
  readonly #rows: Row[] = [];
  /** Full blocks of BATCH_ROWS rows after `#rows`: [position, length] in the file; then `#tail`. */
  readonly #blocks: (readonly [number, number])[] = [];
  #tail: Row[] = [];
  #file: SpillFile | undefined;
  #spilling = false;
  #reserved = 0;
  #complete = false;

  constructor(source: Operator, context: ExecutionContext) {
    this.#source = source;
    this.#context = context;
  }

  get #count(): number {
    return this.#rows.length + this.#blocks.length * BATCH_ROWS + this.#tail.length;
  }

  /** Makes more than `have` rows available; false = end, PENDING = wait. */
  more(have: number): boolean | typeof PENDING {
    while (this.#count <= have) {
      if (this.#complete) return false;
      const batch = this.#source.next();
      if (batch === PENDING) return PENDING;
      if (batch === null) this.#complete = true;
      else this.#add(batch);
    }
    return true;
  }

  #add(batch: Batch): void {
    if (!this.#spilling) {
      let bytes = 0;
      for (const row of batch) bytes += rowBytes(row);
      if (this.#context.reserve(bytes)) {
        this.#reserved += bytes;
        for (const row of batch) this.#rows.push(row);
        return;
      }
      this.#spilling = true;
    }
    for (const row of batch) {
      this.#tail.push(row);
      if (this.#tail.length === BATCH_ROWS) this.#writeBlock();
    }
  }

  #writeBlock(): void {
    this.#file ??= this.#context.spillFiles.create();
    const bytes = encodeRows(this.#tail);
    this.#blocks.push([this.#file.size, bytes.length]);
    this.#file.write(bytes);
    this.#tail = [];
  }

  /** Some rows from `position` on, which `more` said to be there. */
  read(position: number): Batch {
    if (position < this.#rows.length) return this.#rows.slice(position, position + BATCH_ROWS);
    const past = position - this.#rows.length;
    const block = this.#blocks[Math.floor(past / BATCH_ROWS)];
    const rows =
      block === undefined || this.#file === undefined ? this.#tail : decodeRows(this.#file.read(block[0], block[1]));
    return rows.slice(past % BATCH_ROWS);
  }

  #clear(): void {
    this.#rows.length = 0;
    this.#blocks.length = 0;
    this.#tail = [];
    this.#file?.close();
    this.#file = undefined;
    this.#spilling = false;
    this.#complete = false;
    this.#context.release(this.#reserved);
    this.#reserved = 0;
  }

  rewind(): void {
    this.#clear();
    this.#source.rewind();
  }

  close(): void {
    this.#clear();
    this.#source.close();
  }
}

export interface WithTable {
  readonly slot: number;
  readonly open: (context: ExecutionContext) => Operator;
  /** Runs to its end before the body. */
  readonly modifies: boolean;
  /** Depends on outer values or on the round of a recursion: a rewind runs it again. */
  readonly varies: boolean;
}

export class With implements Operator {
  readonly #tables: readonly WithTable[];
  readonly #openBody: (context: ExecutionContext) => Operator;
  readonly #context: ExecutionContext;
  readonly #stores: CommonTable[] = [];
  #body: Operator | undefined;
  #prepared = 0;
  #bodyDone = false;

  constructor(
    tables: readonly WithTable[],
    openBody: (context: ExecutionContext) => Operator,
    context: ExecutionContext,
  ) {
    this.#tables = tables;
    this.#openBody = openBody;
    this.#context = context;
  }

  next(): Batch | null | typeof PENDING {
    if (this.#body === undefined) {
      for (const table of this.#tables) {
        const store = new CommonTable(table.open(this.#context), this.#context);
        this.#stores.push(store);
        this.#context.slots[table.slot] = store;
      }
      this.#body = this.#openBody(this.#context);
    }
    while (this.#prepared < this.#tables.length) {
      if (
        this.#tables[this.#prepared].modifies &&
        this.#stores[this.#prepared].more(Number.POSITIVE_INFINITY) === PENDING
      )
        return PENDING;
      this.#prepared++;
    }
    return this.#body.next();
  }

  rewind(): void {
    for (let at = 0; at < this.#stores.length; at++)
      if (this.#tables[at].varies && !this.#tables[at].modifies) this.#stores[at].rewind();
    this.#body?.rewind();
    this.#bodyDone = false;
  }

  close(): void {
    if (this.#bodyDone) return;
    this.#bodyDone = true;
    this.#body?.close();
    for (const store of this.#stores) store.close();
  }
}

/** Reads a CTE's store, or the previous round's rows inside a recursive step. */
export class CommonTableScan implements Operator {
  readonly #slot: number;
  readonly #context: ExecutionContext;
  #position = 0;

  constructor(slot: number, context: ExecutionContext) {
    this.#slot = slot;
    this.#context = context;
  }

  next(): Batch | null | typeof PENDING {
    const store = this.#context.slots[this.#slot] as CommonTable | WorkTable;
    const more = store.more(this.#position);
    if (more === PENDING) {
      return PENDING;
    }
    if (!more) return null;
    const out = store.read(this.#position);
    this.#position += out.length;
    return out;
  }

  rewind(): void {
    this.#position = 0;
  }

  close(): void {}
}

export class WorkTable {
  rows: Row[] = [];

  more(have: number): boolean {
    return have < this.rows.length;
  }

  read(position: number): Batch {
    return this.rows.slice(position, position + BATCH_ROWS);
  }
}

export interface RecursiveSpec {
  readonly slot: number;
  /** Duplicate key for UNION; undefined for UNION ALL. */
  readonly key: RowKey | undefined;
}

export class RecursiveUnion implements Operator {
  readonly #base: Operator;
  readonly #step: Operator;
  readonly #spec: RecursiveSpec;
  readonly #context: ExecutionContext;
  readonly #work = new WorkTable();
  #seen = new Set<unknown>();
  #next: Row[] = [];
  /** Bytes of the duplicate keys, of the rows of the next round, and of those of this round. */
  #seenBytes = 0;
  #nextBytes = 0;
  #workBytes = 0;
  #inBase = true;

  constructor(base: Operator, step: Operator, spec: RecursiveSpec, context: ExecutionContext) {
    this.#base = base;
    this.#step = step;
    this.#spec = spec;
    this.#context = context;
  }

  next(): Batch | null | typeof PENDING {
    this.#context.slots[this.#spec.slot] = this.#work;
    for (;;) {
      const batch = (this.#inBase ? this.#base : this.#step).next();
      if (batch === PENDING) return PENDING;
      if (batch === null) {
        this.#inBase = false;
        if (this.#next.length === 0) return null;
        this.#context.releaseRequired(this.#workBytes);
        this.#workBytes = this.#nextBytes;
        this.#nextBytes = 0;
        this.#work.rows = this.#next;
        this.#next = [];
        this.#step.rewind();
        this.#context.checkCancelled();
        if (this.#context.sliceUsed()) {
          this.#context.yieldSlice();
          return PENDING;
        }
        continue;
      }
      const fresh = this.#fresh(batch);
      if (fresh.length === 0) continue;
      let bytes = 0;
      for (const row of fresh) bytes += rowBytes(row);
      this.#context.require(bytes, 'A round of a recursive query');
      this.#nextBytes += bytes;
      for (const row of fresh) this.#next.push(row);
      return fresh;
    }
  }

  #fresh(batch: Batch): Batch {
    const { key } = this.#spec;
    if (key === undefined) return batch;
    return batch.filter((row) => {
      const value = key(row, this.#context);
      if (this.#seen.has(value)) return false;
      const bytes = typeof value === 'string' ? 64 + 2 * value.length : 64;
      this.#context.require(bytes, 'Duplicate removal of a recursive query');
      this.#seenBytes += bytes;
      this.#seen.add(value);
      return true;
    });
  }

  #forget(): void {
    this.#context.releaseRequired(this.#seenBytes + this.#nextBytes + this.#workBytes);
    this.#seenBytes = 0;
    this.#nextBytes = 0;
    this.#workBytes = 0;
    this.#seen = new Set();
    this.#next = [];
    this.#work.rows = [];
  }

  rewind(): void {
    this.#forget();
    this.#inBase = true;
    this.#base.rewind();
    this.#step.rewind();
  }

  close(): void {
    this.#forget();
    this.#base.close();
    this.#step.close();
  }
}
