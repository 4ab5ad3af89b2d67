/** Row numbers: the keys of table rows, 6-byte big-endian, rising, never used twice while a table lives. */
import { NEWEST, ScanBatch, type TransactionStore } from '../storage/contract/index.ts';

/** Row number 2^48 is out of reach. */
const KEY_BYTES = 6;

export function rowKey(number: number): string {
  const high = Math.floor(number / 4294967296);
  const low = number >>> 0;
  return String.fromCharCode(
    (high >>> 8) & 255,
    high & 255,
    low >>> 24,
    (low >>> 16) & 255,
    (low >>> 8) & 255,
    low & 255,
  );
}

export function rowNumber(key: string): number {
  let number = 0;
  for (let i = 0; i < KEY_BYTES; i++) number = number * 256 + key.charCodeAt(i);
  return number;
}

export class RowNumbers {
  readonly #store: TransactionStore;
  readonly #next = new Map<number, number>();

  constructor(store: TransactionStore) {
    this.#store = store;
  }

  next(space: number): string {
    let number = this.#next.get(space);
    number ??= this.#lastStored(space) + 1;
    this.#next.set(space, number + 1);
    return rowKey(number);
  }

  /** Numbers up to the key's are taken, though the row is not stored yet. Keys of other spaces do no harm. */
  reserve(space: number, key: string): void {
    if (key.length !== KEY_BYTES) return;
    const next = this.#next.get(space) ?? this.#lastStored(space) + 1;
    this.#next.set(space, Math.max(next, rowNumber(key) + 1));
  }

  /** A rewritten table goes on where the old one was. */
  copy(from: number, to: number): void {
    const next = this.#next.get(from) ?? this.#lastStored(from) + 1;
    this.#next.set(to, next);
  }

  /** Tombstones count too: a deleted row's number may still be locked by somebody. */
  #lastStored(space: number): number {
    const scan = this.#store.scan(space, '', undefined, NEWEST, { reverse: true, synchronous: true });
    const batch = new ScanBatch();
    const count = scan.next(batch, 1);
    scan.close();
    return count > 0 ? rowNumber(batch.keys[0]!) : 0;
  }
}
