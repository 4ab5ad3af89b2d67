/**
 * The scan a transaction hands out: the store's scan, with the transaction's own changes merged in,
 * holding its snapshot until it is closed. Own changes are those at the time it was opened.
 */
import type { Row } from '../../sblr/contract/values.ts';
import {
  SCAN_PENDING,
  ScanBatch,
  type Key,
  type Scan,
  type SnapshotHandle,
  type Space,
} from '../../storage/contract/index.ts';
import type { ReadRange } from './tracked-keys.ts';
import type { OwnRange } from './write-layer.ts';

/** The transaction, as its scans know it. */
export interface ScanOwner {
  /** A scan that is tracked has read up to `key`, or to its end. May throw. */
  scanReached(scan: TransactionScan, key: Key | undefined): void;
  scanClosed(scan: TransactionScan): void;
}

export class TransactionScan implements Scan {
  readonly #inner: Scan;
  readonly #own: OwnRange | undefined;
  readonly #reverse: boolean;
  /** What serializable transactions remember of the scan. */
  readonly range: ReadRange | undefined;
  readonly space: Space;
  /** Keeps what the scan may still read; released by the owner. */
  readonly handle: SnapshotHandle;
  #owner: ScanOwner | undefined;
  #ownAt = 0;
  readonly #batch: ScanBatch | undefined;
  #batchAt = 0;
  #innerDone = false;

  constructor(
    inner: Scan,
    own: OwnRange | undefined,
    reverse: boolean,
    space: Space,
    range: ReadRange | undefined,
    handle: SnapshotHandle,
    owner: ScanOwner,
  ) {
    this.#inner = inner;
    this.#own = own;
    this.#reverse = reverse;
    this.space = space;
    this.range = range;
    this.handle = handle;
    this.#owner = owner;
    this.#batch = own === undefined ? undefined : new ScanBatch();
  }

  next(batch: ScanBatch, limit: number): number {
    if (this.#owner === undefined) {
      batch.count = 0;
      return 0;
    }
    const count = this.#own === undefined ? this.#inner.next(batch, limit) : this.#merge(this.#own, batch, limit);
    if (count === 0) {
      if (this.range !== undefined) this.#owner.scanReached(this, undefined);
      this.close();
    } else if (count > 0) {
      if (this.range !== undefined) this.#owner.scanReached(this, batch.keys[count - 1]!);
    }
    return count;
  }

  wait(callback: (error?: Error) => void): void {
    this.#inner.wait(callback);
  }

  close(): void {
    const owner = this.#owner;
    if (owner === undefined) return;
    this.#owner = undefined;
    this.#inner.close();
    owner.scanClosed(this);
  }

  #merge(own: OwnRange, batch: ScanBatch, limit: number): number {
    const source = this.#batch!;
    const { keys, rows } = batch;
    let count = 0;
    while (count < limit) {
      if (this.#batchAt >= source.count && !this.#innerDone) {
        const got = this.#inner.next(source, limit);
        if (got === SCAN_PENDING) {
          source.count = 0;
          this.#batchAt = 0;
          if (count === 0) return SCAN_PENDING;
          break;
        }
        this.#batchAt = 0;
        if (got === 0) this.#innerDone = true;
      }
      const stored = this.#batchAt < source.count ? source.keys[this.#batchAt]! : undefined;
      const mine = this.#ownAt < own.keys.length ? own.keys[this.#ownAt]! : undefined;
      if (stored === undefined && mine === undefined) break;
      if (mine === undefined || (stored !== undefined && (this.#reverse ? stored > mine : stored < mine))) {
        keys[count] = stored!;
        rows[count++] = source.rows[this.#batchAt++]!;
        continue;
      }
      if (stored === mine) this.#batchAt++;
      const row: Row | null = own.rows[this.#ownAt++]!;
      if (row !== null) {
        keys[count] = mine;
        rows[count++] = row;
      }
    }
    batch.count = count;
    return count;
  }
}
