/**
 * SortedRuns: the part of tier 1 on disk that keeps the newest flushed version of every key, in key
 * order. Behind it is an LSM library; the interface is what the store needs of one, and lets tests
 * put a simulated one in its place.
 *
 * Keys on disk are the space number, big-endian, then the key's bytes. Values are the stamp of the
 * version (u48 little-endian) and the encoded row.
 */
import type { Key, Space } from '../contract/index.ts';

/** Bytes of the stamp in front of every value. */
export const VALUE_STAMP_BYTES = 6;
export const SPACE_BYTES = 4;
/** Not a space: holds the store's own bookkeeping. */
export const META_SPACE = 0xffffffff;

export interface RunBatch {
  /** Bytes collected so far. */
  readonly bytes: number;
  /** The arguments are copied before the call returns. */
  put(space: Space, key: Buffer, stamp: number, row: Buffer): void;
  delete(space: Space, key: Buffer): void;
  /** Atomic and durable when it resolves. */
  write(): Promise<void>;
}

/** A run of neighbouring keys with their values (stamp included). */
export interface RunPage {
  readonly keys: readonly Key[];
  readonly values: readonly Buffer[];
  /** No keys follow in the range. */
  readonly last: boolean;
}

export interface RunRange {
  readonly space: Space;
  readonly low: Key;
  readonly lowInclusive: boolean;
  readonly high: Key | undefined;
  readonly highInclusive: boolean;
  readonly reverse: boolean;
}

export interface RunPages {
  /** The next page; shows the runs as they were when the pages were opened. */
  next(): Promise<RunPage>;
  close(): void;
}

export interface SortedRuns {
  getSync(space: Space, key: Key): Buffer | undefined;
  pages(range: RunRange): RunPages;
  /** A page read while the thread waits, of the present state; undefined when that is impossible. */
  pageSync(range: RunRange): RunPage | undefined;
  batch(): RunBatch;
  clearSpace(space: Space): Promise<void>;
  getMeta(): Promise<Buffer | undefined>;
  setMeta(value: Buffer): Promise<void>;
  /** Spaces that have keys. */
  spaces(): Promise<Space[]>;
  approximateBytes(space: Space): Promise<number>;
  close(): Promise<void>;
}
