/** Promise forms of the store's callbacks, for tests only. */
import {
  SCAN_PENDING,
  ScanBatch,
  type Durability,
  type Key,
  type Scan,
  type ScanOptions,
  type Space,
  type StoredRow,
  type TransactionStore,
} from '../../../storage/contract/index.ts';

export type Change = readonly [Space, Key, StoredRow | null];

export function commit(
  store: TransactionStore,
  changes: readonly Change[],
  droppedSpaces: readonly Space[] = [],
  durability: Durability = 'sync',
): Promise<number> {
  const spaces = new Map<Space, Map<Key, StoredRow | null>>();
  for (const [space, key, row] of changes) {
    const rows = spaces.get(space) ?? new Map<Key, StoredRow | null>();
    rows.set(key, row);
    spaces.set(space, rows);
  }
  return new Promise((resolve, reject) => {
    store.commit({ spaces, droppedSpaces, schemaEpoch: 1 }, durability, (error, stamp) =>
      error === undefined ? resolve(stamp) : reject(error),
    );
  });
}

export async function drain(scan: Scan, limit = 7): Promise<[Key, StoredRow][]> {
  const batch = new ScanBatch();
  const found: [Key, StoredRow][] = [];
  for (;;) {
    const count = scan.next(batch, limit);
    if (count === SCAN_PENDING) {
      await new Promise<void>((resolve, reject) =>
        scan.wait((error) => (error === undefined ? resolve() : reject(error))),
      );
      continue;
    }
    if (count === 0) break;
    for (let i = 0; i < count; i++) found.push([batch.keys[i]!, batch.rows[i]!]);
  }
  scan.close();
  return found;
}

export async function keysOf(
  store: TransactionStore,
  space: Space,
  snapshot: number,
  low = '',
  high?: string,
  options?: ScanOptions,
): Promise<string> {
  return (await drain(store.scan(space, low, high, snapshot, options), 2)).map(([key]) => key).join(' ');
}

export function flush(store: TransactionStore): Promise<void> {
  return new Promise((resolve, reject) => store.flush((error) => (error === undefined ? resolve() : reject(error))));
}

export function close(store: TransactionStore): Promise<void> {
  return new Promise((resolve, reject) => store.close((error) => (error === undefined ? resolve() : reject(error))));
}
