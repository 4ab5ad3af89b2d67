/** Settings of tier 1, with their defaults. All sizes in bytes. */
import type { Clock } from '../io/clock.ts';
import type { Disk } from '../io/disk.ts';
import type { Random } from '../io/random.ts';
import type { RowCodec } from '../contract/index.ts';
import type { SortedRuns } from '../runs/sorted-runs.ts';

export interface Tier1Options {
  /** Data directory; the log is in `log`, the sorted runs in `runs`. */
  readonly directory: string;
  readonly codec: RowCodec;
  /** Estimated memory for rows; above it, rows that are on disk too are dropped from memory. */
  readonly memoryBytes?: number;
  /** Commits are refused beyond this much memory that could not be flushed. */
  readonly memoryLimitBytes?: number;
  /** A flush begins when so much is in memory and log only. */
  readonly flushBytes?: number;
  readonly segmentBytes?: number;
  readonly preallocateBytes?: number;
  /** Segments are kept at least this long for consumers of the change log. */
  readonly retentionMillis?: number;
  /** Segments are kept for slow consumers at most this long. */
  readonly consumerRetentionMillis?: number;
  /** Block cache of the sorted runs. */
  readonly blockCacheBytes?: number;
  /** Up to this much data is read into memory before `open` is done; more follows in the background. */
  readonly preloadBytes?: number;
  /** Script of the flush worker (storage/runs/flush-worker.ts, bundled). Without it flushes run in slices on this thread. */
  readonly flushWorker?: URL;
  /** For tests. */
  readonly disk?: Disk;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly openRuns?: (path: string) => Promise<SortedRuns>;
}

export const DEFAULTS = {
  memoryBytes: 1 << 30,
  flushBytes: 128 << 20,
  segmentBytes: 64 << 20,
  preallocateBytes: 4 << 20,
  retentionMillis: 0,
  consumerRetentionMillis: 24 * 3600 * 1000,
  blockCacheBytes: 64 << 20,
  preloadBytes: 64 << 20,
} as const;

/** Write sets with more operations than this are encoded, logged and installed in slices. */
export const LARGE_WRITE_SET = 4000;
/** Operations handled per slice: about a millisecond. */
export const SLICE_OPERATIONS = 500;
/** A part of a large transaction is closed when it reaches this size. */
export const PART_BYTES = 1 << 20;
/** Old versions collected per turn. */
export const COLLECT_PER_TURN = 4000;
/** Entries looked at per slice of eviction or flush bookkeeping. */
export const SWEEP_PER_SLICE = 2000;
