/** UPDATE and DELETE of several tables of a join: every joined row goes to the part of each table. */
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import { PENDING, type Batch, type ExecutionContext, type Operator } from '../operator.ts';
import { ModifyOutcome } from './outcome.ts';
import type { Delete, Update } from './update.ts';

export class JoinedModification implements Operator {
  readonly #source: Operator;
  readonly #parts: readonly (Update | Delete)[];
  readonly #context: ExecutionContext;
  readonly #countSlot: number | undefined;
  #batch: Batch | null = null;
  #position = 0;
  /** The part that the row under way is at. */
  #part = 0;
  #drained = false;

  constructor(
    source: Operator,
    parts: readonly (Update | Delete)[],
    context: ExecutionContext,
    countSlot: number | undefined,
  ) {
    this.#source = source;
    this.#parts = parts;
    this.#context = context;
    this.#countSlot = countSlot;
  }

  next(): Batch | null | typeof PENDING {
    while (!this.#drained) {
      if (this.#batch === null) {
        const batch = this.#source.next();
        if (batch === PENDING) return PENDING;
        if (batch === null) {
          this.#drained = true;
          break;
        }
        this.#batch = batch;
        this.#position = 0;
      }
      if (this.#work(this.#batch) === PENDING) return PENDING;
      this.#batch = null;
    }
    for (const part of this.#parts) if (part.foreignKeys.finish() === PENDING) return PENDING;
    if (this.#countSlot !== undefined) this.#context.slots[this.#countSlot] = this.#outcome();
    return null;
  }

  #work(batch: Batch): 'done' | typeof PENDING {
    for (; this.#position < batch.length; this.#position++) {
      if ((this.#position & 63) === 63 && this.#part === 0 && this.#context.sliceUsed()) {
        this.#context.checkCancelled();
        this.#context.yieldSlice();
        return PENDING;
      }
      for (; this.#part < this.#parts.length; this.#part++)
        if (this.#parts[this.#part].modify(batch[this.#position]) === PENDING) return PENDING;
      this.#part = 0;
    }
    return 'done';
  }

  #outcome(): ModifyOutcome {
    const sum = new ModifyOutcome();
    for (const { outcome } of this.#parts) {
      sum.rows += outcome.rows;
      if (outcome.changed !== undefined) sum.changed = (sum.changed ?? 0) + outcome.changed;
    }
    return sum;
  }

  rewind(): void {
    throw new SqlError('internal_error', 'a modification cannot be run again');
  }

  close(): void {
    this.#source.close();
  }
}
