/**
 * TransactionStore: tier 1 as the engine sees it. Versioned key spaces, snapshots, atomic durable
 * commits. Which transactions may write what, and when, is the transaction manager's business: the
 * store assumes that no two commits in flight write the same key (row locks see to that).
 *
 * Stamps: every committed transaction has one commit stamp, a safe integer from 1 up. A snapshot is a
 * stamp: it sees exactly the transactions with a stamp not above it.
 */
import type { ChangeLog } from './change-log.ts';
import type { Key, Space, StoredRow } from './codec.ts';
import type { Scan, ScanOptions } from './scan.ts';

/** Sees every committed version, also those of commits still to come. */
export const NEWEST = Number.MAX_SAFE_INTEGER;

/** New row per key of one space, null = deleted. A Map is one. */
export interface ChangedRows {
  readonly size: number;
  forEach(visit: (row: StoredRow | null, key: Key) => void): void;
  keys(): Iterable<Key>;
  entries(): Iterable<[Key, StoredRow | null]>;
}

/** What a transaction changes. The store reads it until the commit's callback; do not touch it meanwhile. */
export interface WriteSet {
  readonly spaces: ReadonlyMap<Space, ChangedRows>;
  /** Spaces that vanish with this commit, with all their keys (memory and disk are freed in the background). */
  readonly droppedSpaces: readonly Space[];
  /** Version of the catalog the rows were written under; for consumers of the change log. */
  readonly schemaEpoch: number;
}

/** Called once; `stamp` is 0 when `error` is set. A failed commit left nothing behind. */
export type CommitCallback = (error: Error | undefined, stamp: number) => void;

/** A registered snapshot: versions it can see are kept. Shared by everybody who asks at the same stamp. */
export interface SnapshotHandle {
  readonly stamp: number;
}

export type Durability =
  /** Acknowledged means on disk. */
  | 'sync'
  /** Acknowledged at once; a crash of the machine may lose the last moments (never tear a transaction). */
  | 'relaxed';

export interface StoreStatistics {
  readonly lastStamp: number;
  readonly flushedStamp: number;
  readonly oldestSnapshot: number;
  readonly memoryBytes: number;
  /** Part of memoryBytes that exists only in memory and log. */
  readonly dirtyBytes: number;
  readonly logBytes: number;
  readonly commits: number;
  readonly syncs: number;
  readonly flushes: number;
  readonly diskReads: number;
  readonly evictions: number;
}

export interface TransactionStore {
  /** Stamp of the newest visible commit. */
  lastStamp(): number;
  /** The row as `snapshot` sees it. Synchronous; reads the disk when the row is not in memory. */
  get(space: Space, key: Key, snapshot: number): StoredRow | undefined;
  /**
   * The row of `space` whose key is the first value of the row of `index` under `key`: an index entry
   * and what it stands for. All entries of `index` must stand for rows of the one `space`.
   */
  getReferenced(index: Space, key: Key, space: Space, snapshot: number): StoredRow | undefined;
  /**
   * Stamp of the newest committed version (a deletion counts), for conflict checks: exact where it is
   * above any active snapshot, otherwise some stamp not above.
   */
  newestStamp(space: Space, key: Key): number;
  /** Keys from `low` to `high` ('' and undefined = open end) as `snapshot` sees them, in key order. */
  scan(space: Space, low: Key, high: Key | undefined, snapshot: number, options?: ScanOptions): Scan;
  /** Makes the write set durable and visible, atomically. Commits become visible in the order of calls. */
  commit(writes: WriteSet, durability: Durability, callback: CommitCallback): void;
  /** Keeps the newest state readable until released. Cheap: a counter. */
  registerSnapshot(): SnapshotHandle;
  /** The same snapshot once more (cursor that outlives its statement). */
  retainSnapshot(handle: SnapshotHandle): void;
  releaseSnapshot(handle: SnapshotHandle): void;
  /** Announces a new, empty space: it then counts as fully in memory and costs no disk reads. Needed before first use for speed only. */
  createSpace(space: Space): void;
  /** The spaces that may hold keys, in memory or on disk. */
  spaces(): Iterable<Space>;
  /** Estimated number of live keys; may be off for spaces that are partly on disk. */
  approximateRows(space: Space): number;
  approximateBytes(space: Space): number;
  readonly changes: ChangeLog;
  statistics(): StoreStatistics;
  /** Moves everything committed (and not needed by old snapshots) to the sorted runs. */
  flush(callback: (error?: Error) => void): void;
  /** Waits for commits in flight and closes all files. */
  close(callback: (error?: Error) => void): void;
}
