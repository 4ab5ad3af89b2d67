/**
 * The scan of one space: memory alone while the table is complete, otherwise memory merged over pages
 * of the sorted runs, memory winning (it is never older).
 *
 * A page shows the runs as they were when it was read. A flush that completes later makes rows
 * droppable from memory that the page does not have, so pages are discarded and read again when the
 * store's generation has moved on.
 */
import {
  SCAN_PENDING,
  StorageError,
  type Key,
  type RowCodec,
  type Scan,
  type ScanBatch,
  type ScanOptions,
  type StoredRow,
} from '../contract/index.ts';
import { IndexCursor } from '../memory/ordered-index.ts';
import { visible, type Entry, type SpaceTable } from '../memory/space-table.ts';
import { VALUE_STAMP_BYTES, type RunPage, type RunPages, type RunRange, type SortedRuns } from '../runs/sorted-runs.ts';

/** What a scan needs of its store. */
export interface ScanHost {
  readonly codec: RowCodec;
  readonly runs: SortedRuns;
  /** Rises whenever a flush has completed. */
  generation(): number;
  closed(): boolean;
}

export class TableScan implements Scan {
  readonly #host: ScanHost;
  readonly #table: SpaceTable;
  readonly #snapshot: number;
  readonly #low: Key;
  readonly #lowInclusive: boolean;
  readonly #high: Key | undefined;
  readonly #highInclusive: boolean;
  readonly #reverse: boolean;
  readonly #synchronous: boolean;
  readonly #cursor: IndexCursor<Entry>;

  /** Last key passed, in memory or on disk. */
  #position: Key | undefined = undefined;
  #pages: RunPages | undefined = undefined;
  #page: RunPage | undefined = undefined;
  #pageAt = 0;
  #generation = -1;
  #fetching = false;
  #waiter: ((error?: Error) => void) | undefined = undefined;
  #error: Error | undefined = undefined;
  #done = false;

  constructor(
    host: ScanHost,
    table: SpaceTable,
    low: Key,
    high: Key | undefined,
    snapshot: number,
    options: ScanOptions | undefined,
  ) {
    this.#host = host;
    this.#table = table;
    this.#snapshot = snapshot;
    this.#low = low;
    this.#lowInclusive = options?.lowInclusive ?? true;
    this.#high = high;
    this.#highInclusive = options?.highInclusive ?? false;
    this.#reverse = options?.reverse ?? false;
    this.#synchronous = options?.synchronous ?? false;
    this.#cursor = new IndexCursor(table.index, low, this.#lowInclusive, high, this.#highInclusive, this.#reverse);
  }

  next(batch: ScanBatch, limit: number): number {
    batch.count = 0;
    if (this.#error !== undefined) throw this.#error;
    if (this.#done) return 0;
    if (this.#host.closed()) throw new StorageError('conflict', 'the store is closed');
    return this.#table.complete ? this.#nextFromMemory(batch, limit) : this.#nextMerged(batch, limit);
  }

  wait(callback: (error?: Error) => void): void {
    if (this.#fetching) this.#waiter = callback;
    else queueMicrotask(() => callback(this.#error));
  }

  close(): void {
    this.#done = true;
    this.#closePages();
    this.#page = undefined;
  }

  #nextFromMemory(batch: ScanBatch, limit: number): number {
    const cursor = this.#cursor;
    const snapshot = this.#snapshot;
    const { keys, rows } = batch;
    let count = 0;
    let entry: Entry | undefined;
    while (count < limit) {
      entry = cursor.peek();
      if (entry === undefined) {
        this.close();
        break;
      }
      cursor.advance(entry);
      let version = entry.head as Entry['head'] | undefined;
      while (version !== undefined && version.commit.stamp > snapshot) version = version.previous;
      if (version === undefined) continue;
      const row = version.row;
      if (row === null) continue;
      keys[count] = entry.key;
      rows[count++] = row;
    }
    if (entry !== undefined) this.#position = entry.key;
    batch.count = count;
    return count;
  }

  #nextMerged(batch: ScanBatch, limit: number): number {
    const { keys, rows } = batch;
    let count = 0;
    while (count < limit) {
      if (!this.#havePage()) {
        if (count > 0) break;
        if (!this.#synchronous) {
          this.#fetch();
          return SCAN_PENDING;
        }
        this.#fetchSync();
      }
      const page = this.#page!;
      const diskKey = this.#pageAt < page.keys.length ? page.keys[this.#pageAt]! : undefined;
      const entry = this.#cursor.peek();
      if (diskKey === undefined) {
        if (!page.last) {
          this.#page = undefined;
          continue;
        }
        if (entry === undefined) {
          this.close();
          break;
        }
      }
      const useDisk =
        entry === undefined || (diskKey !== undefined && (this.#reverse ? diskKey > entry.key : diskKey < entry.key));
      if (useDisk) {
        const key = diskKey!;
        keys[count] = key;
        rows[count++] = this.#decode(page.values[this.#pageAt++]!);
        this.#position = key;
        this.#cursor.passed(key);
        continue;
      }
      this.#cursor.advance(entry);
      this.#position = entry.key;
      const same = diskKey === entry.key;
      const version = visible(entry.head, this.#snapshot);
      if (version !== undefined) {
        if (version.row !== null) {
          keys[count] = entry.key;
          rows[count++] = version.row;
        }
      } else if (same) {
        // Everything in memory is newer than the snapshot; what is on disk is not.
        keys[count] = entry.key;
        rows[count++] = this.#decode(page.values[this.#pageAt]!);
      }
      if (same) this.#pageAt++;
    }
    batch.count = count;
    return count;
  }

  #decode(value: Buffer): StoredRow {
    return this.#host.codec.decode(this.#table.space, value, VALUE_STAMP_BYTES, value.length - VALUE_STAMP_BYTES);
  }

  /** Is there a page, and is it still good? */
  #havePage(): boolean {
    if (this.#generation !== this.#host.generation()) {
      this.#closePages();
      this.#page = undefined;
      return false;
    }
    return this.#page !== undefined;
  }

  #range(): RunRange {
    const position = this.#position;
    const { space } = this.#table;
    if (position === undefined) {
      return {
        space,
        low: this.#low,
        lowInclusive: this.#lowInclusive,
        high: this.#high,
        highInclusive: this.#highInclusive,
        reverse: this.#reverse,
      };
    }
    return this.#reverse
      ? { space, low: this.#low, lowInclusive: this.#lowInclusive, high: position, highInclusive: false, reverse: true }
      : {
          space,
          low: position,
          lowInclusive: false,
          high: this.#high,
          highInclusive: this.#highInclusive,
          reverse: false,
        };
  }

  #fetch(): void {
    if (this.#fetching) return;
    if (this.#pages === undefined) {
      this.#generation = this.#host.generation();
      this.#pages = this.#host.runs.pages(this.#range());
    }
    const pages = this.#pages;
    this.#fetching = true;
    const settle = (page: RunPage | undefined, error: Error | undefined): void => {
      this.#fetching = false;
      if (error !== undefined) this.#error = error;
      else if (this.#pages === pages) {
        this.#page = page;
        this.#pageAt = 0;
      }
      const waiter = this.#waiter;
      this.#waiter = undefined;
      waiter?.(error);
    };
    pages.next().then(
      (page) => settle(page, undefined),
      (error: unknown) => settle(undefined, this.#done ? undefined : (error as Error)),
    );
  }

  #fetchSync(): void {
    this.#generation = this.#host.generation();
    const page = this.#host.runs.pageSync(this.#range());
    if (page === undefined)
      throw new StorageError('conflict', 'this space is not in memory and cannot be scanned synchronously');
    this.#page = page;
    this.#pageAt = 0;
  }

  #closePages(): void {
    this.#pages?.close();
    this.#pages = undefined;
  }
}
