/**
 * Ordered reading of a key range, batch by batch, without an object or a promise per row.
 */
import type { Key, StoredRow } from './codec.ts';

/** Answer of `Scan.next` when a page must come from disk first: call `wait`, then `next` again. */
export const SCAN_PENDING = -1;

/** Arrays a scan fills from index 0; reuse one batch for the whole scan. Entries past `count` are stale. */
export class ScanBatch {
  keys: Key[] = [];
  rows: StoredRow[] = [];
  count = 0;
}

export interface ScanOptions {
  /** Descending key order. */
  readonly reverse?: boolean;
  /** Is `low` itself part of the range? Default true. */
  readonly lowInclusive?: boolean;
  /** Is `high` itself part of the range? Default false. */
  readonly highInclusive?: boolean;
  /**
   * The scan may never answer SCAN_PENDING: disk pages are read while the thread waits. For code that
   * cannot suspend (a correlated subquery inside an expression). Slow when the space is not in memory.
   */
  readonly synchronous?: boolean;
}

export interface Scan {
  /**
   * Fills `batch` with up to `limit` rows and returns how many; 0 = the range is exhausted;
   * SCAN_PENDING = nothing yet, see `wait`.
   */
  next(batch: ScanBatch, limit: number): number;
  /** After SCAN_PENDING: calls back once, asynchronously, when `next` can go on (or failed). */
  wait(callback: (error?: Error) => void): void;
  /** Frees what the scan holds. Needed unless `next` answered 0; harmless twice. */
  close(): void;
}
