/**
 * Transaction: how executor, catalog and sessions read and write the store. The interface only; the
 * implementation is transaction-manager.ts.
 *
 * What a transaction changed lives in *layers* over its snapshot until it commits: one at the bottom,
 * one per savepoint, one per running statement. A statement reads the layers below its own, so it
 * never meets its own changes (no Halloween problem), while `getNewest` sees everything. Ending a
 * statement merges its layer down; undoing one drops it.
 *
 * Writers lock first (`lockRow`), then ask `verifyLocked`, then `put` or `delete`.
 */
import type { Row } from '../../sblr/contract/values.ts';
import type { Durability, Key, Scan, ScanOptions, Space } from '../../storage/contract/index.ts';
import type { PreparedInformation } from './prepared-information.ts';
import type { LockGroup, LockOwner, LockResult, RowLockStrength, TableLockMode, WaitPolicy } from './locks.ts';

export type IsolationLevel = 'read_committed' | 'repeatable_read' | 'serializable';

export interface TransactionOptions {
  readonly isolation: IsolationLevel;
  readonly readOnly?: boolean;
  /** The session's lock group: transactions and session-level locks of one session never block each other. */
  readonly lockGroup?: LockGroup;
  readonly durability?: Durability;
  /** Under repeatable read: statements that write or lock rows go by the newest commit instead of failing. */
  readonly writesNewest?: boolean;
}

export type TransactionState = 'active' | 'committing' | 'prepared' | 'committed' | 'rolled_back';

/** What ends a transaction; calls back when it is done. */
export type EndOfTransaction = (transaction: Transaction, done: (error: Error | undefined) => void) => void;

/** A check put off to the end of the transaction (or SET CONSTRAINTS IMMEDIATE). */
export interface DeferredCheck {
  /** Id of the constraint. */
  readonly constraint: number;
  readonly row: Row;
  readonly kind: string;
}

export interface TransactionScanOptions extends ScanOptions {
  /**
   * 'statement' (default): the statement's snapshot and the changes of earlier statements.
   * 'newest': all committed versions and all own changes, this statement's included; for constraint
   * checks, which must not miss what a concurrent transaction committed meanwhile.
   */
  readonly view?: 'statement' | 'newest';
}

/** What `verifyLocked` found out about a row now locked. */
export type LockedRow =
  /** The version the snapshot shows is still the newest. */
  | 'unchanged'
  /** Someone committed a change after the snapshot: take `getNewest` (undefined = deleted) and evaluate again. */
  | 'changed';

/** How a query reads. */
export interface TransactionReads {
  get(space: Space, key: Key): Row | undefined;
  /**
   * Rows with `low` <= key < `high` ('' and undefined = open end; see ScanOptions for other bounds).
   * The scan keeps its snapshot until closed, also past the end of the statement (cursors).
   */
  scan(space: Space, low: Key, high: Key | undefined, options?: TransactionScanOptions): Scan;
}

/** Reads that go on as of one statement, whatever the transaction does after it. */
export interface PinnedReads extends TransactionReads {
  release(): void;
}

export interface Transaction extends TransactionReads {
  /** Number of the transaction, unique while the store is open and rising. */
  readonly id: number;
  readonly isolation: IsolationLevel;
  readOnly: boolean;
  readonly state: TransactionState;
  /** Microseconds since 1970-01-01. */
  readonly startedAt: number;
  /** Version of the catalog the transaction works with; goes into the log record. */
  schemaEpoch: number;
  durability: Durability;
  readonly lockOwner: LockOwner;
  /** Did it change anything (so that commit writes a log record)? */
  readonly hasWrites: boolean;

  /** Isolation may change until the first statement began. Throws active_sql_transaction after. */
  setIsolation(isolation: IsolationLevel): void;

  // ---- statements -----------------------------------------------------------------------------
  /**
   * Takes the statement's snapshot and opens its layer. Nests (a routine's statements inside the caller's).
   * `writes`: it changes or locks rows.
   */
  beginStatement(writes?: boolean): void;
  /** Does the running statement go by the newest commit, rather than by the transaction's snapshot? */
  readonly readsNewest: boolean;
  /** Keeps the statement's changes. */
  endStatement(): void;
  /** Undoes the statement's changes; its locks stay to the end of the transaction. */
  rollbackStatement(): void;
  /** Stamp the current statement reads at. */
  readonly snapshot: number;

  // ---- reading ----------------------------------------------------------------------------------
  /** The current statement's reads, for a query left open past its end; undefined once there are own changes. */
  pin(): PinnedReads | undefined;
  /** The newest committed or own version, this statement's changes included. */
  getNewest(space: Space, key: Key): Row | undefined;
  /**
   * As the next statement would see it: all own changes, over the newest commit under read committed and
   * over the snapshot otherwise.
   */
  getCurrent(space: Space, key: Key): Row | undefined;
  /**
   * The row of `space` that the entry of `index` under `key` stands for, both as `getCurrent` sees them; between
   * statements. Not for serializable transactions, which would have to note what they read.
   */
  getCurrentReferenced(index: Space, key: Key, space: Space): Row | undefined;
  /** Did the running statement itself already change this row? */
  changedInStatement(space: Space, key: Key): boolean;

  // ---- writing ----------------------------------------------------------------------------------
  put(space: Space, key: Key, row: Row): void;
  delete(space: Space, key: Key): void;
  /**
   * To be asked before a write that may wait, and before a key is reported as taken: throws
   * serialization_failure where the write would complete an anomaly, so that trying again is the answer.
   */
  verifyWrite(space: Space, key: Key): void;
  /** The space vanishes when (and only when) the transaction commits. */
  dropSpace(space: Space): void;

  // ---- locks: held to the end of the transaction ---------------------------------------------------
  /** `subject` is the relation's name, for messages. Throws lock_not_available or deadlock_detected. */
  lockRow(space: Space, key: Key, strength: RowLockStrength, wait: WaitPolicy, subject?: string): LockResult;
  lockTable(tableId: number, mode: TableLockMode, wait: WaitPolicy, subject?: string): LockResult;
  /** A lock on anything with a name (a schema object to be created, an advisory key). */
  lockName(name: string, exclusive: boolean, wait: WaitPolicy): LockResult;
  /**
   * After the lock is granted: has the row changed since the snapshot? Throws serialization_failure
   * under repeatable_read and serializable; 'lock': the row is only locked, not changed.
   */
  verifyLocked(space: Space, key: Key, purpose?: 'change' | 'lock'): LockedRow;

  // ---- savepoints -----------------------------------------------------------------------------------
  savepoint(name: string): void;
  /** Undoes everything since the savepoint, which stays. Throws invalid_savepoint_specification. */
  rollbackTo(name: string): void;
  release(name: string): void;

  // ---- end --------------------------------------------------------------------------------------------
  deferCheck(check: DeferredCheck): void;
  /** The checks put off so far, which the caller must now run; the list is emptied. */
  takeDeferredChecks(): readonly DeferredCheck[];
  /** Runs after a durable commit. Dropped when the savepoint or statement it was asked in is undone. */
  onCommit(action: () => void): void;
  /** Runs when the transaction, or the savepoint or statement it was asked in, is undone. */
  onRollback(action: () => void): void;
  /**
   * Validates (serializable), makes durable, releases locks, then calls back; synchronously when there
   * is nothing to write. After an error the transaction is rolled back.
   */
  commit(callback: (error: Error | undefined) => void): void;
  rollback(): void;
  /**
   * First phase of a two-phase commit: validates, makes changes and locks durable under a name, and calls
   * back. From then on only PreparedTransactions.finish ends the transaction. After an error it is rolled back.
   */
  prepare(information: PreparedInformation, callback: (error: Error | undefined) => void): void;
}
