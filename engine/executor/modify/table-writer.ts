/**
 * Writes rows of one table in one statement: locks, uniqueness, index entries, and the foreign-key work
 * to do at the statement's end. Each operation is an *attempt*: it first takes all locks and makes all
 * checks, writing nothing; if something must be waited for it answers PENDING and is simply called
 * again with the same arguments.
 */
import type { SqlError } from '../../../sblr/contract/sql-error.ts';
import type { Row } from '../../../sblr/contract/values.ts';
import { ScanBatch } from '../../../storage/contract/scan.ts';
import type { ConstraintDefinition } from '../../catalog/definitions.ts';
import { isWaiter, waitForLock } from '../locking.ts';
import { PENDING, START_OVER, type ExecutionContext } from '../operator.ts';
import { successor } from '../operators/index-ranges.ts';
import { completeRow } from '../operators/scans.ts';
import { DEFERRED_KEY, isDeferred } from './constraint-mode.ts';
import type { ForeignKeys } from './foreign-keys.ts';
import type { IndexAccess, IndexEntry, TableAccess } from './table-access.ts';

/** A row already stored under a key that the new row wants. */
export interface Conflict {
  readonly kind: 'conflict';
  readonly access: IndexAccess;
  readonly rowKey: string;
}

export type WriteOutcome = 'done' | Conflict | typeof PENDING;

/** A key of a deferrable constraint to be checked when the statement ends. */
interface LateKey {
  readonly access: IndexAccess;
  readonly entry: IndexEntry;
  readonly row: Row;
}

/** The key of a row that is never stored: after all that are. */
const LAST_ROW_KEY = '\xff'.repeat(6);

/** Memory of one of them. */
const LATE_BYTES = 64;

export class TableWriter {
  readonly access: TableAccess;
  readonly #context: ExecutionContext;
  readonly #foreignKeys: ForeignKeys;
  readonly #late: LateKey[] = [];
  readonly #entries: (IndexEntry | undefined)[] = [];
  readonly #pair = new ScanBatch();

  constructor(access: TableAccess, context: ExecutionContext, foreignKeys: ForeignKeys) {
    this.access = access;
    this.#context = context;
    this.#foreignKeys = foreignKeys;
  }

  /** Stores a complete, verified row. `conflicts`: report a conflict instead of raising unique_violation. */
  insert(row: Row, conflicts: 'error' | 'report'): WriteOutcome {
    const { transaction } = this.#context;
    const { indexes, table } = this.access;
    const entries = this.#entries;
    // Who read the table from end to end has read that there was no such row: known before a key is waited for.
    transaction.verifyWrite(table.space, LAST_ROW_KEY);
    for (let at = 0; at < indexes.length; at++) {
      const entry = indexes[at].entry(row, this.#context);
      entries[at] = entry;
      if (entry === undefined || !entry.exclusive) continue;
      const taken = this.#claim(indexes[at], entry);
      if (taken === PENDING) return PENDING;
      if (taken !== undefined) {
        if (conflicts === 'error') throw this.#violation(indexes[at], entry, row);
        return { kind: 'conflict', access: indexes[at], rowKey: taken };
      }
    }
    const rowKey = this.#context.nextRowKey(table.space);
    transaction.put(table.space, rowKey, row);
    for (let at = 0; at < indexes.length; at++) {
      const entry = entries[at];
      if (entry !== undefined) this.#enter(indexes[at], entry, rowKey, row);
    }
    if (this.access.hasReferences) this.#foreignKeys.inserted(this.access, row);
    return 'done';
  }

  /** Locks the key of a unique entry; answers the row that holds it, or undefined when it is free. */
  #claim(access: IndexAccess, entry: IndexEntry): string | undefined | typeof PENDING {
    const { transaction } = this.#context;
    const { space } = access.index;
    const result = transaction.lockRow(space, entry.values, 'update', 'wait', this.access.table.name.text);
    if (isWaiter(result)) return waitForLock(result, this.#context);
    const existing = transaction.getNewest(space, entry.values);
    return existing === undefined ? undefined : (existing[0] as string);
  }

  /** The failure for a key that another row holds. */
  #violation(access: IndexAccess, entry: IndexEntry, row: Row): SqlError {
    this.#context.transaction.verifyWrite(access.index.space, entry.values);
    return this.access.uniqueViolation(access, row, this.#context);
  }

  /** Who holds the unique key of this row in the index now, without locking. */
  holder(access: IndexAccess, row: Row): string | undefined {
    const entry = access.entry(row, this.#context);
    if (entry === undefined || !entry.exclusive) return undefined;
    const existing = this.#context.transaction.getNewest(access.index.space, entry.values);
    return existing === undefined ? undefined : (existing[0] as string);
  }

  #enter(access: IndexAccess, entry: IndexEntry, rowKey: string, row: Row): void {
    const { transaction } = this.#context;
    transaction.put(access.index.space, entry.exclusive ? entry.values : entry.values + rowKey, [rowKey]);
    if (!entry.late) return;
    const constraint = access.constraint!;
    if (isDeferred(constraint, this.#context))
      transaction.deferCheck({ constraint: constraint.id, row, kind: DEFERRED_KEY });
    else this.#checkLater(access, entry, row);
  }

  #checkLater(access: IndexAccess, entry: IndexEntry, row: Row): void {
    this.#context.require(LATE_BYTES, 'The queue of unique keys');
    this.#late.push({ access, entry, row });
  }

  /** Checks the key a row had when its constraint was deferred, when the statement ends. */
  checkKey(constraint: ConstraintDefinition, row: Row): void {
    const access = this.access.indexes.find((one) => one.index.id === constraint.indexId);
    const entry = access?.entry(row, this.#context);
    if (access !== undefined && entry?.late === true) this.#checkLater(access, entry, row);
  }

  #remove(access: IndexAccess, entry: IndexEntry, rowKey: string): void {
    this.#context.transaction.delete(access.index.space, entry.exclusive ? entry.values : entry.values + rowKey);
  }

  /** Replaces a locked row. */
  update(rowKey: string, before: Row, after: Row): 'done' | typeof PENDING {
    const { transaction } = this.#context;
    const { indexes, table } = this.access;
    const changed: { access: IndexAccess; old: IndexEntry | undefined; next: IndexEntry | undefined }[] = [];
    for (const access of indexes) {
      if (access.unchanged(before, after)) continue;
      const old = access.entry(before, this.#context);
      const next = access.entry(after, this.#context);
      if (old !== undefined && next !== undefined && old.values === next.values && old.exclusive === next.exclusive)
        continue;
      if (next?.exclusive === true) {
        const taken = this.#claim(access, next);
        if (taken === PENDING) return PENDING;
        if (taken !== undefined && taken !== rowKey) throw this.#violation(access, next, after);
      }
      if (old?.exclusive === true || old?.late === true) {
        // Whoever waits for the old key must see it go.
        const locked = transaction.lockRow(access.index.space, old.values, 'update', 'wait', table.name.text);
        if (isWaiter(locked)) return waitForLock(locked, this.#context);
      }
      changed.push({ access, old, next });
    }
    const released = this.#foreignKeys.restrict(this.access, before, after);
    if (released === PENDING) return PENDING;
    transaction.put(table.space, rowKey, after);
    for (const { access, old } of changed) if (old !== undefined) this.#remove(access, old, rowKey);
    for (const { access, next } of changed) if (next !== undefined) this.#enter(access, next, rowKey, after);
    if (this.access.hasReferences) this.#foreignKeys.updated(this.access, before, after);
    return 'done';
  }

  /** Removes a locked row. */
  delete(rowKey: string, before: Row): 'done' | typeof PENDING {
    const { transaction } = this.#context;
    const { indexes, table } = this.access;
    const old: (IndexEntry | undefined)[] = [];
    for (const access of indexes) {
      const entry = access.entry(before, this.#context);
      old.push(entry);
      if (entry?.exclusive !== true && entry?.late !== true) continue;
      const locked = transaction.lockRow(access.index.space, entry.values, 'update', 'wait', table.name.text);
      if (isWaiter(locked)) return waitForLock(locked, this.#context);
    }
    const released = this.#foreignKeys.restrict(this.access, before, undefined);
    if (released === PENDING) return PENDING;
    transaction.delete(table.space, rowKey);
    for (let at = 0; at < indexes.length; at++) {
      const entry = old[at];
      if (entry !== undefined) this.#remove(indexes[at], entry, rowKey);
    }
    if (this.access.hasReferences) this.#foreignKeys.deleted(this.access, before);
    return 'done';
  }

  /**
   * Locks a row for change and answers its newest version: the row itself when nothing happened since
   * the snapshot, 'gone' when it was deleted (or already changed by this statement).
   */
  lock(rowKey: string, strength: 'update' | 'no_key_update'): LockOutcome {
    const { transaction } = this.#context;
    const { space, name } = this.access.table;
    const result = transaction.lockRow(space, rowKey, strength, 'wait', name.text);
    if (isWaiter(result)) return waitForLock(result, this.#context);
    if (transaction.changedInStatement(space, rowKey)) return 'gone';
    const changed = transaction.verifyLocked(space, rowKey) === 'changed';
    const stored = changed ? transaction.getNewest(space, rowKey) : transaction.get(space, rowKey);
    if (stored === undefined) {
      if (changed && this.#context.mayStartOver === true) throw START_OVER;
      return 'gone';
    }
    return { row: completeRow(stored, rowKey, this.access.missing, false), changed };
  }

  /** Checks the keys put off to the end of the statement: whoever else wants one must wait for this transaction. */
  finish(): 'done' | typeof PENDING {
    const { transaction } = this.#context;
    while (this.#late.length > 0) {
      const { access, entry, row } = this.#late[this.#late.length - 1];
      const result = transaction.lockRow(
        access.index.space,
        entry.values,
        'update',
        'wait',
        this.access.table.name.text,
      );
      if (isWaiter(result)) return waitForLock(result, this.#context);
      if (this.#heldTwice(access, entry)) throw this.#violation(access, entry, row);
      this.#late.pop();
      this.#context.releaseRequired(LATE_BYTES);
      if ((this.#late.length & 255) === 255 && this.#context.sliceUsed()) {
        this.#context.checkCancelled();
        this.#context.yieldSlice();
        return PENDING;
      }
    }
    return 'done';
  }

  #heldTwice(access: IndexAccess, entry: IndexEntry): boolean {
    const scan = this.#context.transaction.scan(access.index.space, entry.values, successor(entry.values), {
      view: 'newest',
      synchronous: true,
    });
    let held = 0;
    while (held < 2) {
      const count = scan.next(this.#pair, 2 - held);
      if (count <= 0) break;
      held += count;
    }
    scan.close();
    return held > 1;
  }
}

export type LockOutcome = 'gone' | typeof PENDING | { readonly row: Row; readonly changed: boolean };
