/**
 * Tier1Store: the transaction tier. Commit log for durability, versions in memory for reading, sorted
 * runs for what does not fit, all behind the TransactionStore contract.
 *
 * A commit is encoded into the log's next group when it is submitted, which also gives it its stamp;
 * when the group is durable its rows are installed, `lastStamp` moves, and the caller hears of it.
 */
import {
  NEWEST,
  StorageError,
  type ChangeLog,
  type CommitCallback,
  type Durability,
  type Key,
  type Scan,
  type ScanOptions,
  type SnapshotHandle,
  type Space,
  type StoreStatistics,
  type StoredRow,
  type TransactionStore,
  type WriteSet,
} from '../contract/index.ts';
import type { Clock } from '../io/clock.ts';
import { NodeClock } from '../io/node-clock.ts';
import { NodeDisk } from '../io/node-disk.ts';
import { NodeRandom } from '../io/node-random.ts';
import type { Disk } from '../io/disk.ts';
import { UUID_BYTES, UuidV7Generator } from '../io/uuid-v7.ts';
import { CommitLog } from '../log/commit-log.ts';
import type { LogPosition } from '../log/log-reader.ts';
import {
  beginRecord,
  finishRecord,
  idOffset,
  KIND_ABORT,
  KIND_COMMIT,
  KIND_FINAL,
  KIND_PART,
  OP_DROP_SPACE,
  OP_PUT,
  RECORD_HEADER_BYTES,
  type RecordWalker,
} from '../log/record.ts';
import { Commit, UNCOMMITTED, versionBytes, visible, type Entry, type SpaceTable } from '../memory/space-table.ts';
import { openLevelRuns } from '../runs/level-runs.ts';
import type { SortedRuns } from '../runs/sorted-runs.ts';
import { ChangeFeed } from './change-feed.ts';
import { Collector } from './collector.ts';
import { Flush } from './flush.ts';
import { encodeOperation, LargeCommit } from './large-commit.ts';
import { COLLECT_PER_TURN, DEFAULTS, LARGE_WRITE_SET, type Tier1Options } from './options.ts';
import { replayLog } from './recovery.ts';
import { SnapshotRegistry } from './snapshots.ts';
import { SpaceTables } from './space-tables.ts';
import { readState, type StoreState } from './state.ts';
import { TableScan } from './table-scan.ts';

/** A commit on its way to the disk. */
interface PendingCommit {
  readonly writes: WriteSet;
  readonly callback: CommitCallback;
  readonly stamp: number;
  /** Group of the log it is in. */
  readonly group: number;
  readonly operations: number;
  readonly bytes: number;
  readonly large: LargeCommit | undefined;
}

/** Opens (creating, or recovering) the store in a directory. */
export async function openTier1(options: Tier1Options): Promise<TransactionStore> {
  const disk = options.disk ?? new NodeDisk();
  const logDirectory = `${options.directory}/log`;
  disk.makeDirectory(logDirectory);
  const openRuns =
    options.openRuns ??
    ((path: string) =>
      openLevelRuns(path, {
        cacheBytes: options.blockCacheBytes ?? DEFAULTS.blockCacheBytes,
        writeBufferBytes: 16 << 20,
      }));
  const runs = await openRuns(`${options.directory}/runs`);
  try {
    const store = new Tier1Store(options, disk, runs, logDirectory);
    await store.recover();
    return store;
  } catch (error) {
    await runs.close();
    throw error;
  }
}

class Tier1Store implements TransactionStore {
  readonly #options: Tier1Options;
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #logDirectory: string;
  readonly #codec;
  readonly #runs: SortedRuns;
  readonly #uuids: UuidV7Generator;
  readonly #tables: SpaceTables;
  readonly #snapshots = new SnapshotRegistry();
  readonly #collector = new Collector();
  readonly #feed: ChangeFeed;
  readonly #flush: Flush;
  #log!: CommitLog;

  /** Stamp of the newest visible commit, and of the newest submitted one. */
  #visible = 0;
  #submitted = 0;
  #pending: PendingCommit[] = [];
  #pendingFirst = 0;
  #large = 0;
  #afterGroup: (() => void)[] = [];
  readonly #drops: { readonly space: Space; readonly stamp: number }[] = [];
  #closed = false;
  #collecting = false;
  #commits = 0;

  constructor(options: Tier1Options, disk: Disk, runs: SortedRuns, logDirectory: string) {
    this.#options = options;
    this.#disk = disk;
    this.#runs = runs;
    this.#logDirectory = logDirectory;
    this.#codec = options.codec;
    this.#clock = options.clock ?? new NodeClock();
    this.#uuids = new UuidV7Generator(this.#clock, options.random ?? new NodeRandom());
    const shared = {
      codec: options.codec,
      runs,
      flushedStamp: () => this.#flush.flushedStamp,
      generation: () => this.#flush.generation,
      closed: () => this.#closed,
      superseded: (table: SpaceTable, entry: Entry, stamp: number) => this.#collector.add(table, entry, stamp),
    };
    this.#scanHost = shared;
    this.#tables = new SpaceTables(shared, options.memoryBytes ?? DEFAULTS.memoryBytes);
    this.#feed = new ChangeFeed(disk, logDirectory, () => this.#visible);
    this.#flush = new Flush({
      disk,
      logDirectory,
      runs,
      tables: this.#tables,
      collector: this.#collector,
      // Flushing must keep ahead of the budget: only what is flushed can be dropped from memory.
      flushBytes:
        options.flushBytes ?? Math.min(DEFAULTS.flushBytes, (options.memoryBytes ?? DEFAULTS.memoryBytes) / 4),
      worker: options.flushWorker,
      runsDirectory: `${options.directory}/runs`,
      // What was acknowledged early is visible before the log has it, and flushing reads the log.
      target: () => Math.min(this.#snapshots.oldest(this.#visible), this.#log.durableStamp),
      closed: () => this.#closed,
      flushed: (stamp, position) => this.#removeSegments(stamp, position),
    });
  }

  readonly #scanHost;

  get changes(): ChangeLog {
    return this.#feed;
  }

  async recover(): Promise<void> {
    const state: StoreState = readState(await this.#runs.getMeta());
    for (const space of await this.#runs.spaces()) this.#tables.onDisk.add(space);
    for (const [space, rows, bytes] of state.spaces) {
      if (!this.#tables.onDisk.has(space)) continue;
      const table = this.#tables.table(space);
      table.rows = rows;
      table.bytes = bytes;
    }
    this.#flush.restore(state);
    this.#visible = state.flushedStamp;
    const result = await replayLog(this.#disk, this.#logDirectory, state.position, state.flushedStamp, {
      replay: (record, stamp) => this.#replay(record, stamp),
      committed: (stamp) => {
        this.#visible = stamp;
      },
    });
    this.#submitted = this.#visible;
    this.#log = new CommitLog(
      this.#disk,
      this.#logDirectory,
      this.#clock,
      {
        segmentBytes: this.#options.segmentBytes ?? DEFAULTS.segmentBytes,
        preallocateBytes: this.#options.preallocateBytes ?? DEFAULTS.preallocateBytes,
      },
      { durable: (group) => this.#durable(group), failed: (error) => this.#failed(error) },
      this.#visible,
    );
    for (const id of result.unfinished) this.#abortParts(Buffer.from(id, 'latin1'));
    this.#collect();
    await this.#preload();
  }

  lastStamp(): number {
    return this.#visible;
  }

  get(space: Space, key: Key, snapshot: number): StoredRow | undefined {
    const table = this.#tables.table(space);
    const entry = table.entries.get(key);
    if (entry !== undefined) {
      let version = entry.head as (typeof entry)['head'] | undefined;
      while (version !== undefined && version.commit.stamp > snapshot) version = version.previous;
      if (version !== undefined) {
        if (!entry.touched) entry.touched = true;
        return version.row ?? undefined;
      }
    }
    return table.complete ? undefined : this.#tables.readThrough(table, key);
  }

  getReferenced(index: Space, key: Key, space: Space, snapshot: number): StoredRow | undefined {
    const entry = this.#tables.table(index).entries.get(key);
    const target = entry?.target;
    if (target !== undefined && entry!.head.commit.stamp <= snapshot) {
      entry!.touched = true;
      const version = visible(target.head, snapshot);
      if (version !== undefined) {
        target.touched = true;
        return version.row ?? undefined;
      }
    }
    const reference = this.get(index, key, snapshot);
    if (reference === undefined) return undefined;
    const rowKey = reference[0] as Key;
    const row = this.get(space, rowKey, snapshot);
    // Remembered for the newest reference only, and only while that is a settled one.
    if (entry !== undefined && entry.head.row === reference)
      entry.target = this.#tables.table(space).entries.get(rowKey);
    return row;
  }

  newestStamp(space: Space, key: Key): number {
    const entry = this.#tables.table(space).entries.get(key);
    if (entry === undefined) return 0;
    let version = entry.head as (typeof entry)['head'] | undefined;
    while (version !== undefined && version.commit.stamp === UNCOMMITTED) version = version.previous;
    return version === undefined ? 0 : version.commit.stamp;
  }

  scan(space: Space, low: Key, high: Key | undefined, snapshot: number, options?: ScanOptions): Scan {
    return new TableScan(this.#scanHost, this.#tables.table(space), low, high, snapshot, options);
  }

  commit(writes: WriteSet, durability: Durability, callback: CommitCallback): void {
    const refused = this.#refusal();
    if (refused !== undefined) {
      queueMicrotask(() => callback(refused, 0));
      return;
    }
    let operations = writes.droppedSpaces.length;
    for (const rows of writes.spaces.values()) operations += rows.size;
    if (operations > LARGE_WRITE_SET) {
      const id = new Uint8Array(UUID_BYTES);
      this.#uuids.write(id, 0);
      this.#large++;
      new LargeCommit(this.#codec, this.#largeHost, writes, durability, callback, id).step();
      return;
    }
    const { writer } = this.#log;
    const start = beginRecord(writer);
    try {
      for (const [space, rows] of writes.spaces) {
        rows.forEach((row, key) => encodeOperation(writer, space, key, row, this.#codec));
      }
    } catch (error) {
      writer.length = start;
      queueMicrotask(() => callback(error as Error, 0));
      return;
    }
    this.#uuids.write(writer.buffer, idOffset(start));
    this.#submit(start, KIND_COMMIT, operations, writes, durability, callback, undefined);
  }

  registerSnapshot(): SnapshotHandle {
    return this.#snapshots.register(this.#visible);
  }

  retainSnapshot(handle: SnapshotHandle): void {
    this.#snapshots.retain(handle);
  }

  releaseSnapshot(handle: SnapshotHandle): void {
    this.#snapshots.release(handle);
  }

  createSpace(space: Space): void {
    this.#tables.table(space);
  }

  spaces(): Iterable<Space> {
    return this.#tables.spaces();
  }

  approximateRows(space: Space): number {
    return Math.max(0, this.#tables.table(space).rows);
  }

  approximateBytes(space: Space): number {
    return Math.max(0, this.#tables.table(space).bytes);
  }

  statistics(): StoreStatistics {
    return {
      lastStamp: this.#visible,
      flushedStamp: this.#flush.flushedStamp,
      oldestSnapshot: this.#snapshots.oldest(this.#visible),
      memoryBytes: this.#tables.counter.bytes,
      dirtyBytes: this.#flush.dirtyBytes,
      logBytes: this.#log.size(),
      commits: this.#commits,
      syncs: this.#log.syncs,
      flushes: this.#flush.count,
      diskReads: this.#tables.diskReads,
      evictions: this.#tables.evictions,
    };
  }

  flush(callback: (error?: Error) => void): void {
    this.#flush.run(callback);
  }

  close(callback: (error?: Error) => void): void {
    if (this.#closed) {
      queueMicrotask(callback);
      return;
    }
    const whenQuiet = (): void => {
      if (this.#large > 0) {
        setImmediate(whenQuiet);
        return;
      }
      this.#log.whenIdle(() => {
        this.#closed = true;
        this.#flush.whenIdle(() => {
          this.#log.closeSync();
          this.#runs.close().then(
            () => callback(),
            (error: unknown) => callback(error as Error),
          );
        });
      });
    };
    whenQuiet();
  }

  #refusal(): StorageError | undefined {
    if (this.#closed) return new StorageError('conflict', 'the store is closed');
    const { failure } = this.#log;
    if (failure !== undefined) return failure;
    const limit = this.#options.memoryLimitBytes ?? (this.#options.memoryBytes ?? DEFAULTS.memoryBytes) * 3;
    if (this.#flush.dirtyBytes > limit) {
      return new StorageError(
        'full',
        'too many changes are held in memory (a long transaction keeps them from being flushed)',
      );
    }
    return undefined;
  }

  /** Ends the record begun at `start` as the commit's last, gives it its stamp and queues it. */
  #submit(
    start: number,
    kind: number,
    operations: number,
    writes: WriteSet,
    durability: Durability,
    callback: CommitCallback,
    large: LargeCommit | undefined,
  ): void {
    const { writer } = this.#log;
    for (const space of writes.droppedSpaces) {
      writer.u8(OP_DROP_SPACE);
      writer.u32(space);
    }
    const stamp = ++this.#submitted;
    const inRecord = large === undefined ? operations : writes.droppedSpaces.length;
    finishRecord(
      writer,
      start,
      { kind, stamp, timestampMicros: this.#clock.nowMicros(), schemaEpoch: writes.schemaEpoch },
      inRecord,
    );
    const bytes = large?.bytes ?? writer.length - start - RECORD_HEADER_BYTES;
    const pending: PendingCommit = { writes, callback, stamp, group: this.#log.group, operations, bytes, large };
    this.#log.added(stamp);
    if (durability === 'relaxed' && this.#pendingFirst === this.#pending.length) {
      this.#install(pending);
      queueMicrotask(() => callback(undefined, stamp));
      this.#afterInstall();
      return;
    }
    this.#pending.push(pending);
  }

  readonly #largeHost = {
    table: (space: Space) => this.#tables.table(space),
    oldest: () => this.#snapshots.oldest(this.#visible),
    writer: () => this.#log.writer,
    finishPart: (start: number, id: Uint8Array, operations: number) => {
      const { writer } = this.#log;
      writer.buffer.set(id, idOffset(start));
      finishRecord(
        writer,
        start,
        { kind: KIND_PART, stamp: 0, timestampMicros: this.#clock.nowMicros(), schemaEpoch: 0 },
        operations,
      );
      this.#log.added(0);
    },
    finished: (commit: LargeCommit) => {
      this.#large--;
      const start = beginRecord(this.#log.writer);
      this.#log.writer.buffer.set(commit.id, idOffset(start));
      this.#submit(start, KIND_FINAL, 0, commit.writes, 'sync', commit.callback, commit);
    },
    failed: (commit: LargeCommit, error: Error) => {
      this.#large--;
      if (this.#log.failure === undefined) this.#abortParts(commit.id);
      queueMicrotask(() => commit.callback(error, 0));
    },
    failure: () => this.#log.failure,
    afterGroup: (action: () => void) => {
      this.#afterGroup.push(action);
    },
  };

  #abortParts(id: Uint8Array): void {
    const { writer } = this.#log;
    const start = beginRecord(writer);
    writer.buffer.set(id, idOffset(start));
    finishRecord(
      writer,
      start,
      { kind: KIND_ABORT, stamp: 0, timestampMicros: this.#clock.nowMicros(), schemaEpoch: 0 },
      0,
    );
    this.#log.added(0);
  }

  /** All groups up to `group` are on disk: their commits become visible, in order. */
  #durable(group: number): void {
    const pending = this.#pending;
    const first = this.#pendingFirst;
    let at = first;
    while (at < pending.length && pending[at]!.group <= group) this.#install(pending[at++]!);
    this.#pendingFirst = at;
    // Callbacks after all of the group is visible; they may commit again at once.
    for (let i = first; i < at; i++) pending[i]!.callback(undefined, pending[i]!.stamp);
    if (this.#pendingFirst === this.#pending.length) {
      this.#pending = [];
      this.#pendingFirst = 0;
    } else if (this.#pendingFirst > 1024) {
      this.#pending = this.#pending.slice(this.#pendingFirst);
      this.#pendingFirst = 0;
    }
    if (this.#afterGroup.length > 0) {
      const actions = this.#afterGroup;
      this.#afterGroup = [];
      for (const action of actions) action();
    }
    if (at > first) this.#afterInstall();
  }

  #failed(error: StorageError): void {
    const failed = this.#pending.slice(this.#pendingFirst);
    this.#pending = [];
    this.#pendingFirst = 0;
    for (const pending of failed) pending.callback(error, 0);
    const actions = this.#afterGroup;
    this.#afterGroup = [];
    for (const action of actions) action();
  }

  #install(pending: PendingCommit): void {
    const { writes, stamp, large } = pending;
    const oldest = this.#snapshots.oldest(this.#visible);
    const before = this.#tables.counter.bytes;
    if (large !== undefined) {
      large.commit.stamp = stamp;
      for (let i = 0; i < large.superseded.length; i++)
        this.#collector.add(large.supersededTables[i]!, large.superseded[i]!, stamp);
    } else if (pending.operations > 0) {
      const average = Math.ceil(pending.bytes / pending.operations);
      const commit = new Commit(stamp);
      for (const [space, rows] of writes.spaces) {
        const table = this.#tables.table(space);
        rows.forEach((row, key) => {
          const entry = table.install(key, row, versionBytes(key, average), commit, oldest);
          if (entry !== undefined) this.#collector.add(table, entry, stamp);
        });
      }
    }
    for (const space of writes.droppedSpaces) this.#drops.push({ space, stamp });
    this.#visible = stamp;
    this.#commits++;
    const grown = large === undefined ? this.#tables.counter.bytes - before : large.bytes * 3;
    this.#flush.committed(stamp, Math.max(grown, pending.bytes));
  }

  #afterInstall(): void {
    this.#feed.announce();
    this.#collect();
    this.#flush.runIfDue();
    this.#tables.relieve();
  }

  #collect(): void {
    const oldest = this.#snapshots.oldest(this.#visible);
    while (this.#drops.length > 0 && this.#drops[0]!.stamp <= oldest) this.#tables.drop(this.#drops.shift()!.space);
    const more = this.#collector.collect(oldest, this.#flush.flushedStamp, COLLECT_PER_TURN);
    if (more && !this.#collecting) {
      this.#collecting = true;
      setImmediate(() => {
        this.#collecting = false;
        if (!this.#closed) this.#collect();
      });
    }
  }

  #replay(record: RecordWalker, stamp: number): void {
    const commit = new Commit(stamp);
    const before = this.#tables.counter.bytes;
    while (record.operation()) {
      if (record.op === OP_DROP_SPACE) {
        this.#tables.drop(record.space);
        continue;
      }
      const key = record.key();
      const length = record.rowEnd - record.rowStart;
      const row =
        record.op === OP_PUT ? this.#codec.decode(record.space, record.buffer, record.rowStart, length) : null;
      const table = this.#tables.table(record.space);
      const entry = table.install(key, row, versionBytes(key, row === null ? 0 : length), commit, NEWEST);
      if (entry !== undefined) this.#collector.add(table, entry, stamp);
    }
    this.#flush.committed(stamp, Math.max(0, this.#tables.counter.bytes - before));
  }

  /** Reads small stores back into memory before anybody asks; the rest follows in the background. */
  async #preload(): Promise<void> {
    const limit = this.#options.preloadBytes ?? DEFAULTS.preloadBytes;
    const budget = (this.#options.memoryBytes ?? DEFAULTS.memoryBytes) * 0.8;
    const later: Space[] = [];
    let total = 0;
    for (const space of this.#tables.onDisk) {
      const bytes = await this.#runs.approximateBytes(space);
      total += bytes;
      if (total > limit) later.push(space);
      else await this.#tables.load(space, budget);
    }
    if (later.length === 0) return;
    const background = async (): Promise<void> => {
      for (const space of later) {
        if (this.#closed || this.#tables.counter.bytes > budget) return;
        await this.#tables.load(space, budget);
      }
    };
    background().catch(() => undefined);
  }

  #removeSegments(stamp: number, position: LogPosition): void {
    const now = this.#clock.nowMillis();
    const acknowledged = this.#feed.acknowledgedStamp();
    this.#log.removeUpTo(
      Math.min(stamp, acknowledged),
      position,
      now - (this.#options.retentionMillis ?? DEFAULTS.retentionMillis),
    );
    // Consumers that stay behind for too long lose their place rather than fill the disk.
    this.#log.removeUpTo(
      stamp,
      position,
      now - (this.#options.consumerRetentionMillis ?? DEFAULTS.consumerRetentionMillis),
    );
    this.#collect();
    this.#tables.relieve();
  }
}
