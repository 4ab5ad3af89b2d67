/**
 * The transaction over a TransactionStore. See transaction.ts for the contract; this file is the
 * bookkeeping: snapshots per statement or transaction, layers of changes, and the ways to end.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { Row } from '../../sblr/contract/values.ts';
import {
  NEWEST,
  type Durability,
  type Key,
  type Scan,
  type SnapshotHandle,
  type Space,
  type ChangedRows,
  type TransactionStore,
} from '../../storage/contract/index.ts';
import {
  LockGroup,
  LockOwner,
  type LockManager,
  type LockResult,
  type RowLockStrength,
  type TableLockMode,
  type WaitPolicy,
} from './locks.ts';
import {
  PREPARED_SPACE,
  type PreparedTransaction,
  type PreparedTransactions,
  type StoredPrepared,
} from './prepared.ts';
import type { PreparedInformation } from './prepared-information.ts';
import type { SerializableRegistry, SerializableState } from './serializable.ts';
import { toSqlError } from './storage-errors.ts';
import type {
  DeferredCheck,
  IsolationLevel,
  LockedRow,
  PinnedReads,
  Transaction,
  TransactionOptions,
  TransactionScanOptions,
  TransactionState,
} from './transaction.ts';
import { TransactionScan, type ScanOwner } from './transaction-scan.ts';
import { Layer, ownRange, type OwnRange } from './write-layer.ts';

/** Layers (savepoints and nested statements) of one transaction. */
export const MAX_LAYERS = 10_000;

/** What all transactions of a store share. */
export interface TransactionHost {
  readonly store: TransactionStore;
  readonly locks: LockManager;
  readonly serializable: SerializableRegistry;
  readonly prepared: PreparedTransactions;
  /** Rows one transaction may change. */
  readonly maxChanges: number;
}

export class StoreTransaction implements Transaction, PreparedTransaction, ScanOwner {
  readonly id: number;
  readonly startedAt: number;
  readonly lockOwner: LockOwner;
  isolation: IsolationLevel;
  readonly #writesNewest: boolean;
  readOnly: boolean;
  durability: Durability;
  schemaEpoch = 0;
  state: TransactionState = 'active';

  readonly #host: TransactionHost;
  readonly #store: TransactionStore;
  readonly #layers: Layer[] = [];
  /** How many layers the running statement sees. */
  #visible = 1;
  /** Does any layer hold changes? Kept so that reads need not look. */
  #written = false;
  #changes = 0;
  #handle: SnapshotHandle | undefined = undefined;
  #stamp = NEWEST;
  /** Snapshots of the statements around the running one. */
  readonly #outer: SnapshotHandle[] = [];
  #serializable: SerializableState | undefined = undefined;
  #deferred: DeferredCheck[] = [];
  readonly #commitActions: (() => void)[] = [];
  readonly #rollbackActions: (() => void)[] = [];
  readonly #drops: Space[] = [];
  #scans: Set<TransactionScan> | undefined = undefined;

  constructor(host: TransactionHost, id: number, options: TransactionOptions, startedAt: number) {
    this.#host = host;
    this.#store = host.store;
    this.id = id;
    this.isolation = options.isolation;
    this.#writesNewest = options.writesNewest ?? false;
    this.readOnly = options.readOnly ?? false;
    this.durability = options.durability ?? 'sync';
    this.startedAt = startedAt;
    this.lockOwner = new LockOwner(options.lockGroup ?? new LockGroup(id));
    this.#layers.push(new Layer('base', '', 0, 0, 0, 0, 0));
  }

  get hasWrites(): boolean {
    return this.#written || this.#drops.length > 0;
  }

  get snapshot(): number {
    return this.#handle === undefined ? this.#store.lastStamp() : this.#stamp;
  }

  setIsolation(isolation: IsolationLevel): void {
    if (isolation === this.isolation) return;
    if (this.#handle !== undefined || this.#written) {
      throw new SqlError('active_sql_transaction', 'the isolation level must be set before any query');
    }
    this.isolation = isolation;
  }

  // ---- statements -------------------------------------------------------------------------------

  beginStatement(writes = false): void {
    const nested = this.#visible < this.#layers.length && this.#innermostStatement() > 0;
    const ownSnapshot = writes && this.#writesNewest && this.isolation === 'repeatable_read';
    if (this.isolation === 'read_committed' || ownSnapshot) {
      if (this.#handle !== undefined) {
        if (nested || ownSnapshot) this.#outer.push(this.#handle);
        else this.#store.releaseSnapshot(this.#handle);
      }
      this.#takeSnapshot();
    } else if (this.#handle === undefined) {
      this.#takeSnapshot();
      if (this.isolation === 'serializable')
        this.#serializable = this.#host.serializable.begin(this.id, this.#stamp, this.readOnly);
    }
    this.#visible = this.#layers.length;
    this.#push('statement', '');
    this.#layers[this.#layers.length - 1]!.ownSnapshot = ownSnapshot;
  }

  get readsNewest(): boolean {
    return this.isolation === 'read_committed' || this.#layers[this.#innermostStatement()]!.ownSnapshot;
  }

  endStatement(): void {
    const at = this.#innermostStatement();
    if (at === 0) return;
    const { ownSnapshot } = this.#layers[at]!;
    while (this.#layers.length > at) this.#absorbTop();
    this.#leaveStatement(ownSnapshot);
  }

  rollbackStatement(): void {
    const at = this.#innermostStatement();
    if (at === 0) return;
    const { ownSnapshot } = this.#layers[at]!;
    this.#undoTo(at, false);
    this.#leaveStatement(ownSnapshot);
  }

  // ---- reading ------------------------------------------------------------------------------------

  get(space: Space, key: Key): Row | undefined {
    if (this.#written) {
      const own = this.#own(space, key, this.#visible);
      if (own !== undefined) return own === null ? undefined : own;
    }
    if (this.#serializable !== undefined) this.#host.serializable.readKey(this.#serializable, space, key);
    return this.#store.get(space, key, this.#stamp) as Row | undefined;
  }

  getCurrentReferenced(index: Space, key: Key, space: Space): Row | undefined {
    const newest = this.isolation === 'read_committed';
    if (!newest && this.#handle === undefined) this.#takeSnapshot();
    if (!this.#written && this.#serializable === undefined)
      return this.#store.getReferenced(index, key, space, newest ? NEWEST : this.#stamp) as Row | undefined;
    const entry = this.getCurrent(index, key);
    return entry === undefined ? undefined : this.getCurrent(space, entry[0] as string);
  }

  getNewest(space: Space, key: Key): Row | undefined {
    if (this.#written) {
      const own = this.#own(space, key, this.#layers.length);
      if (own !== undefined) return own === null ? undefined : own;
    }
    return this.#store.get(space, key, NEWEST) as Row | undefined;
  }

  getCurrent(space: Space, key: Key): Row | undefined {
    if (this.readsNewest) return this.getNewest(space, key);
    const own = this.#written ? this.#own(space, key, this.#layers.length) : undefined;
    if (own !== undefined) return own === null ? undefined : own;
    if (this.#serializable !== undefined) this.#host.serializable.readKey(this.#serializable, space, key);
    return this.#store.get(space, key, this.#stamp) as Row | undefined;
  }

  scan(space: Space, low: Key, high: Key | undefined, options?: TransactionScanOptions): Scan {
    const newest = options?.view === 'newest';
    const own = this.#written
      ? ownRange(this.#layers, newest ? this.#layers.length : this.#visible, space, low, high, options)
      : undefined;
    let handle = this.#handle;
    if (newest || handle === undefined) handle = this.#store.registerSnapshot();
    else this.#store.retainSnapshot(handle);
    return this.#scanAt(handle, own, space, low, high, options);
  }

  /** The scan takes over the caller's hold on the snapshot. */
  #scanAt(
    handle: SnapshotHandle,
    own: OwnRange | undefined,
    space: Space,
    low: Key,
    high: Key | undefined,
    options: TransactionScanOptions | undefined,
  ): Scan {
    const inner = this.#store.scan(space, low, high, handle.stamp, options);
    const range =
      this.#serializable === undefined || options?.view === 'newest'
        ? undefined
        : this.#host.serializable.openRange(this.#serializable, space, low, high, options);
    const scan = new TransactionScan(inner, own, options?.reverse ?? false, space, range, handle, this);
    (this.#scans ??= new Set()).add(scan);
    return scan;
  }

  pin(): PinnedReads | undefined {
    const handle = this.#handle;
    if (handle === undefined || this.#written) return undefined;
    const store = this.#store;
    store.retainSnapshot(handle);
    let released = false;
    return {
      get: (space, key) => {
        if (this.#serializable !== undefined) this.#host.serializable.readKey(this.#serializable, space, key);
        return store.get(space, key, handle.stamp) as Row | undefined;
      },
      scan: (space, low, high, options) => {
        store.retainSnapshot(handle);
        return this.#scanAt(handle, undefined, space, low, high, options);
      },
      release: () => {
        if (!released) store.releaseSnapshot(handle);
        released = true;
      },
    };
  }

  /** For TransactionScan. */
  scanReached(scan: TransactionScan, key: Key | undefined): void {
    this.#host.serializable.rangeRead(this.#serializable!, scan.space, scan.range!, key);
  }

  /** For TransactionScan. */
  scanClosed(scan: TransactionScan): void {
    if (scan.range !== undefined) this.#host.serializable.closeRange(this.#serializable!, scan.space, scan.range);
    this.#store.releaseSnapshot(scan.handle);
    this.#scans!.delete(scan);
  }

  changedInStatement(space: Space, key: Key): boolean {
    if (!this.#written) return false;
    for (let i = this.#layers.length - 1; i >= this.#visible; i--) {
      if (this.#layers[i]!.writes?.get(space)?.has(key) === true) return true;
    }
    return false;
  }

  // ---- writing ------------------------------------------------------------------------------------

  put(space: Space, key: Key, row: Row): void {
    this.#change(space, key, row);
  }

  delete(space: Space, key: Key): void {
    this.#change(space, key, null);
  }

  #change(space: Space, key: Key, row: Row | null): void {
    if (++this.#changes > this.#host.maxChanges) {
      throw new SqlError('out_of_memory', {
        message: `more than ${this.#host.maxChanges} row changes in one transaction`,
      });
    }
    if (this.#serializable !== undefined) this.#host.serializable.wrote(this.#serializable, space, key);
    this.#written = true;
    this.#layers[this.#layers.length - 1]!.space(space).set(key, row);
  }

  verifyWrite(space: Space, key: Key): void {
    if (this.#serializable !== undefined) this.#host.serializable.checkWrite(this.#serializable, space, key);
  }

  dropSpace(space: Space): void {
    if (this.#serializable !== undefined) this.#host.serializable.wrote(this.#serializable, space, undefined);
    this.#drops.push(space);
  }

  // ---- locks --------------------------------------------------------------------------------------

  lockRow(space: Space, key: Key, strength: RowLockStrength, wait: WaitPolicy, subject?: string): LockResult {
    return this.#host.locks.acquireRow(this.lockOwner, space, key, strength, wait, subject);
  }

  lockTable(tableId: number, mode: TableLockMode, wait: WaitPolicy, subject?: string): LockResult {
    return this.#host.locks.acquireTable(this.lockOwner, tableId, mode, wait, subject);
  }

  lockName(name: string, exclusive: boolean, wait: WaitPolicy): LockResult {
    return this.#host.locks.acquireName(this.lockOwner, name, exclusive, wait);
  }

  verifyLocked(space: Space, key: Key, purpose: 'change' | 'lock' = 'change'): LockedRow {
    if (this.#written && this.#own(space, key, this.#layers.length) !== undefined) return 'unchanged';
    if (this.#store.newestStamp(space, key) <= this.#stamp) return 'unchanged';
    if (this.readsNewest) return 'changed';
    const deleted = purpose === 'change' && this.#store.get(space, key, NEWEST) === undefined;
    throw new SqlError('serialization_failure', {
      message: `could not serialize access due to concurrent ${deleted ? 'delete' : 'update'}`,
      variant: deleted ? 'concurrent_delete' : 'concurrent_update',
    });
  }

  // ---- savepoints ---------------------------------------------------------------------------------

  savepoint(name: string): void {
    this.#push('savepoint', name);
    // Between statements all layers are visible.
    if (this.#innermostStatement() === 0) this.#visible = this.#layers.length;
  }

  rollbackTo(name: string): void {
    const at = this.#findSavepoint(name);
    this.#undoTo(at, true);
    this.savepoint(name);
    this.#see();
    // Statements begun after the savepoint are gone without having ended.
    let statements = 0;
    for (const layer of this.#layers) if (layer.kind === 'statement') statements++;
    while (this.#outer.length > Math.max(0, statements - 1)) {
      this.#store.releaseSnapshot(this.#handle!);
      this.#handle = this.#outer.pop()!;
      this.#stamp = this.#handle.stamp;
    }
    if (statements === 0 && this.isolation === 'read_committed' && this.#handle !== undefined) {
      this.#store.releaseSnapshot(this.#handle);
      this.#handle = undefined;
      this.#stamp = NEWEST;
    }
  }

  release(name: string): void {
    const at = this.#findSavepoint(name);
    while (this.#layers.length > at) this.#absorbTop();
    this.#see();
  }

  // ---- end ----------------------------------------------------------------------------------------

  deferCheck(check: DeferredCheck): void {
    this.#deferred.push(check);
  }

  takeDeferredChecks(): readonly DeferredCheck[] {
    const checks = this.#deferred;
    this.#deferred = [];
    return checks;
  }

  onCommit(action: () => void): void {
    this.#commitActions.push(action);
  }

  onRollback(action: () => void): void {
    this.#rollbackActions.push(action);
  }

  commit(callback: (error: Error | undefined) => void): void {
    if (this.state !== 'active') {
      callback(new SqlError('invalid_transaction_state', 'the transaction has ended'));
      return;
    }
    while (this.#layers.length > 1) this.#absorbTop();
    const writes = this.#layers[0]!.writes;
    if (this.#serializable !== undefined) {
      try {
        this.#host.serializable.prepare(this.#serializable);
      } catch (error) {
        this.rollback();
        callback(error as Error);
        return;
      }
    }
    if (writes === undefined && this.#drops.length === 0) {
      if (this.#serializable !== undefined)
        this.#host.serializable.visible(this.#serializable, this.#store.lastStamp());
      this.#finish('committed');
      callback(undefined);
      return;
    }
    this.state = 'committing';
    this.#store.commit(
      { spaces: this.#changedRows(), droppedSpaces: this.#drops, schemaEpoch: this.schemaEpoch },
      this.durability,
      (error, stamp) => {
        if (error !== undefined) {
          this.state = 'active';
          this.rollback();
          callback(toSqlError(error));
          return;
        }
        if (this.#serializable !== undefined) this.#host.serializable.visible(this.#serializable, stamp);
        this.#finish('committed');
        callback(undefined);
      },
    );
  }

  /** All changes, once the layers are one. */
  #changedRows(): Map<Space, ChangedRows> {
    const spaces = new Map<Space, ChangedRows>();
    const { writes } = this.#layers[0]!;
    if (writes !== undefined) for (const [space, changes] of writes) spaces.set(space, changes);
    return spaces;
  }

  prepare(information: PreparedInformation, callback: (error: Error | undefined) => void): void {
    const { prepared, serializable, locks } = this.#host;
    const { name } = information;
    let rows: Map<Key, Row>;
    while (this.#layers.length > 1) this.#absorbTop();
    try {
      if (this.state !== 'active') throw new SqlError('invalid_transaction_state', 'the transaction has ended');
      if (this.#drops.length > 0) throw new SqlError('internal_error', 'a prepared transaction drops nothing');
      if (this.#serializable !== undefined) serializable.prepare(this.#serializable);
      // Last: from here on the name is taken.
      rows = prepared.begin(information, this.#changedRows(), locks.held(this.lockOwner));
    } catch (error) {
      this.rollback();
      callback(error as Error);
      return;
    }
    this.state = 'committing';
    const spaces = new Map([[PREPARED_SPACE, rows]]);
    this.#store.commit({ spaces, droppedSpaces: [], schemaEpoch: this.schemaEpoch }, 'sync', (error) => {
      if (error !== undefined) {
        prepared.forget(name);
        this.state = 'active';
        this.rollback();
        callback(toSqlError(error));
        return;
      }
      this.state = 'prepared';
      this.#releaseSnapshots();
      this.lockOwner.group = new LockGroup(0);
      prepared.prepared(name, this);
      callback(undefined);
    });
  }

  /** For the manager, of a new transaction: what a prepared one had before the restart. */
  restore(stored: StoredPrepared): void {
    const { locks, serializable } = this.#host;
    this.lockOwner.group = new LockGroup(0);
    for (const lock of stored.locks) locks.restore(this.lockOwner, lock);
    if (this.isolation === 'serializable') this.#serializable = serializable.restore(this.id, stored.changes);
    for (const { space, key, row } of stored.changes) this.#layers[0]!.space(space).set(key, row);
    this.#written = true;
    this.state = 'prepared';
  }

  /** For PreparedTransactions. */
  finish(how: 'commit' | 'rollback', rows: ReadonlyMap<Key, null>, done: (error: Error | undefined) => void): void {
    const spaces = how === 'commit' ? this.#changedRows() : new Map<Space, ChangedRows>();
    spaces.set(PREPARED_SPACE, rows);
    this.state = 'committing';
    this.#store.commit({ spaces, droppedSpaces: [], schemaEpoch: this.schemaEpoch }, 'sync', (error, stamp) => {
      if (error !== undefined) {
        this.state = 'prepared';
        done(toSqlError(error));
        return;
      }
      const { serializable } = this.#host;
      if (how === 'rollback') this.#undoTo(0, false);
      if (this.#serializable !== undefined) {
        if (how === 'commit') serializable.visible(this.#serializable, stamp);
        else serializable.abort(this.#serializable);
      }
      this.#finish(how === 'commit' ? 'committed' : 'rolled_back');
      done(undefined);
    });
  }

  rollback(): void {
    if (this.state !== 'active') return;
    this.#undoTo(0, false);
    if (this.#serializable !== undefined) this.#host.serializable.abort(this.#serializable);
    this.#finish('rolled_back');
  }

  // ---- internals ----------------------------------------------------------------------------------

  #takeSnapshot(): void {
    this.#handle = this.#store.registerSnapshot();
    this.#stamp = this.#handle.stamp;
  }

  #push(kind: 'savepoint' | 'statement', name: string): void {
    if (this.#layers.length >= MAX_LAYERS)
      throw new SqlError('program_limit_exceeded', `more than ${MAX_LAYERS} savepoints and nested statements`);
    this.#layers.push(
      new Layer(
        kind,
        name,
        this.lockOwner.locks.length,
        this.#deferred.length,
        this.#commitActions.length,
        this.#rollbackActions.length,
        this.#drops.length,
      ),
    );
  }

  #absorbTop(): void {
    const upper = this.#layers.pop()!;
    this.#layers[this.#layers.length - 1]!.absorb(upper);
  }

  /** Index of the innermost statement layer, 0 when none is open. */
  #innermostStatement(): number {
    for (let i = this.#layers.length - 1; i > 0; i--) if (this.#layers[i]!.kind === 'statement') return i;
    return 0;
  }

  /** Sets what the running statement (or what follows it) sees. */
  #see(): void {
    this.#visible = this.#innermostStatement() || this.#layers.length;
  }

  #leaveStatement(ownSnapshot: boolean): void {
    this.#see();
    if ((this.isolation !== 'read_committed' && !ownSnapshot) || this.#handle === undefined) return;
    this.#store.releaseSnapshot(this.#handle);
    this.#handle = this.#outer.pop();
    this.#stamp = this.#handle === undefined ? NEWEST : this.#handle.stamp;
  }

  #own(space: Space, key: Key, count: number): Row | null | undefined {
    for (let i = count - 1; i >= 0; i--) {
      const { writes } = this.#layers[i]!;
      if (writes === undefined) continue;
      const row = writes.get(space)?.get(key);
      if (row !== undefined) return row;
    }
    return undefined;
  }

  /** Drops the layers from number `at` on (all changes when 0), running what was asked for on rollback. */
  #undoTo(at: number, releaseLocks: boolean): void {
    const layer = this.#layers[at]!;
    this.#layers.length = Math.max(at, 1);
    if (at === 0) this.#layers[0]!.writes = undefined;
    while (this.#rollbackActions.length > layer.rollbackMark) this.#rollbackActions.pop()!();
    this.#commitActions.length = Math.min(this.#commitActions.length, layer.commitMark);
    this.#deferred.length = Math.min(this.#deferred.length, layer.deferredMark);
    this.#drops.length = Math.min(this.#drops.length, layer.dropMark);
    if (releaseLocks) this.#host.locks.releaseFrom(this.lockOwner, layer.lockMark);
    this.#written = this.#layers.some((each) => each.writes !== undefined);
  }

  #findSavepoint(name: string): number {
    for (let i = this.#layers.length - 1; i > 0; i--) {
      const layer = this.#layers[i]!;
      if (layer.kind === 'savepoint' && layer.name === name) return i;
    }
    throw new SqlError('invalid_savepoint_specification', {
      message: `savepoint "${name}" does not exist`,
      args: { name },
    });
  }

  #releaseSnapshots(): void {
    if (this.#scans !== undefined) for (const scan of this.#scans) scan.close();
    if (this.#handle !== undefined) this.#store.releaseSnapshot(this.#handle);
    for (const handle of this.#outer) this.#store.releaseSnapshot(handle);
    this.#outer.length = 0;
    this.#handle = undefined;
  }

  #finish(state: 'committed' | 'rolled_back'): void {
    this.state = state;
    this.#releaseSnapshots();
    this.#layers.length = 1;
    this.#layers[0]!.writes = undefined;
    this.#written = false;
    this.#host.locks.releaseFrom(this.lockOwner, 0);
    if (state === 'committed') for (const action of this.#commitActions) action();
  }
}
