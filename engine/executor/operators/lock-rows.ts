/**
 * SELECT ... FOR UPDATE and kin: locks the rows that come by. A row changed since the snapshot is read
 * anew and must still pass the query's conditions on it.
 */
import type { Row } from '../../../sblr/contract/values.ts';
import type { TableDefinition } from '../../catalog/definitions.ts';
import { PENDING, START_OVER, type Batch, type Evaluator, type ExecutionContext, type Operator } from '../operator.ts';
import { isWaiter, waitForLock } from '../locking.ts';
import { missingValues, completeRow } from './scans.ts';

export interface LockTarget {
  readonly table: TableDefinition;
  readonly keySlot: number;
  /** Slots of the target's columns in the source row, by position - 1; -1 = not there. */
  readonly slots: readonly number[];
}

export interface LockRowsSpec {
  readonly targets: readonly LockTarget[];
  readonly strength: 'key_share' | 'share' | 'no_key_update' | 'update';
  readonly wait: 'wait' | 'nowait' | 'skip_locked';
  /** The query's conditions, over the source row, to be tried again on changed rows. */
  readonly recheck: Evaluator | undefined;
  /** Below a limit: locks no row before it is asked for. */
  readonly single: boolean;
}

export class LockRows implements Operator {
  readonly #source: Operator;
  readonly #spec: LockRowsSpec;
  readonly #context: ExecutionContext;
  #batch: Batch | null = null;
  #position = 0;
  #target = 0;
  #row: Row | undefined;
  #out: Row[] = [];

  constructor(source: Operator, spec: LockRowsSpec, context: ExecutionContext) {
    this.#source = source;
    this.#spec = spec;
    this.#context = context;
  }

  next(): Batch | null | typeof PENDING {
    for (;;) {
      if (this.#batch === null) {
        const batch = this.#source.next();
        if (batch === PENDING || batch === null) return batch;
        this.#batch = batch;
        this.#position = 0;
        this.#row = undefined;
      }
      while (this.#position < this.#batch.length) {
        const outcome = this.#lock(this.#batch[this.#position]);
        if (outcome === PENDING) return PENDING;
        if (outcome !== undefined) this.#out.push(outcome);
        this.#row = undefined;
        this.#position++;
        if (this.#spec.single && this.#out.length > 0) break;
      }
      if (this.#position >= this.#batch.length) this.#batch = null;
      if (this.#out.length > 0) {
        const out = this.#out;
        this.#out = [];
        return out;
      }
    }
  }

  /** The row to pass on, undefined to drop it. */
  #lock(source: Row): Row | undefined | typeof PENDING {
    const { targets, strength, wait, recheck } = this.#spec;
    const { transaction } = this.#context;
    if (this.#row === undefined) {
      this.#row = source;
      this.#target = 0;
    }
    while (this.#target < targets.length) {
      const target = targets[this.#target];
      const key = source[target.keySlot] as string | null;
      if (key !== null) {
        const result = transaction.lockRow(target.table.space, key, strength, wait, target.table.name.text);
        if (result === 'skipped') return undefined;
        if (isWaiter(result)) return waitForLock(result, this.#context);
        if (transaction.verifyLocked(target.table.space, key, 'lock') === 'changed') {
          const newest = transaction.getNewest(target.table.space, key);
          if (newest === undefined) {
            if (this.#context.mayStartOver === true) throw START_OVER;
            return undefined;
          }
          this.#row = replaceColumns(this.#row, target, newest, key);
          if (recheck !== undefined && recheck(this.#row, this.#context) !== true) return undefined;
        }
      }
      this.#target++;
    }
    return this.#row;
  }

  rewind(): void {
    this.#batch = null;
    this.#out = [];
    this.#source.rewind();
  }

  close(): void {
    this.#source.close();
  }
}

function replaceColumns(row: Row, target: LockTarget, newest: Row, key: string): Row {
  const full = completeRow(newest, key, missingValues(target.table), false);
  const changed = row.slice();
  for (let at = 0; at < target.slots.length; at++) if (target.slots[at] >= 0) changed[target.slots[at]] = full[at];
  return changed;
}
