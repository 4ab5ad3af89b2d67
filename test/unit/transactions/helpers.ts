/** A transaction manager over a real tier 1 in a private folder, and statement-sized helpers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LockResult, Transaction, TransactionScanOptions } from '../../../engine/transactions/index.ts';
import { TransactionManager } from '../../../engine/transactions/index.ts';
import type { Row } from '../../../sblr/contract/values.ts';
import { openTier1 } from '../../../storage/index.ts';
import { drain } from '../../conformance/storage/helpers.ts';
import { jsonCodec } from '../../conformance/storage/text-codec.ts';

export interface World {
  readonly manager: TransactionManager;
  close(): Promise<void>;
}

export async function openWorld(): Promise<World> {
  const directory = mkdtempSync(join(tmpdir(), 'transactions-'));
  const store = await openTier1({ directory, codec: jsonCodec, preallocateBytes: 64 * 1024 });
  return {
    manager: new TransactionManager(store),
    close: () =>
      new Promise((resolve) =>
        store.close(() => {
          rmSync(directory, { recursive: true, force: true });
          resolve();
        }),
      ),
  };
}

export const SPACE = 7;

export function granted(result: LockResult): Promise<void> {
  if (result === 'granted') return Promise.resolve();
  if (result === 'skipped') return Promise.reject(new Error('skipped'));
  return new Promise((resolve, reject) =>
    result.onSettled((error) => (error === undefined ? resolve() : reject(error))),
  );
}

export function commit(tx: Transaction): Promise<void> {
  return new Promise((resolve, reject) => tx.commit((error) => (error === undefined ? resolve() : reject(error))));
}

/** One statement that reads a key. */
export function read(tx: Transaction, key: string): unknown {
  tx.beginStatement();
  const row = tx.get(SPACE, key);
  tx.endStatement();
  return row?.[0];
}

/** One statement that updates (or, with null, deletes) a key the way an executor does. */
export async function write(
  tx: Transaction,
  key: string,
  change: (old: unknown) => Row | null,
): Promise<'done' | 'none'> {
  tx.beginStatement();
  try {
    let row = tx.get(SPACE, key);
    await granted(tx.lockRow(SPACE, key, 'update', 'wait', 't'));
    if (tx.verifyLocked(SPACE, key) === 'changed') row = tx.getNewest(SPACE, key);
    const next = change(row?.[0]);
    if (next === null) tx.delete(SPACE, key);
    else tx.put(SPACE, key, next);
    tx.endStatement();
    return 'done';
  } catch (error) {
    tx.rollbackStatement();
    throw error;
  }
}

export async function scanKeys(
  tx: Transaction,
  low = '',
  high?: string,
  options?: TransactionScanOptions,
): Promise<string> {
  tx.beginStatement();
  const rows = await drain(tx.scan(SPACE, low, high, options), 3);
  tx.endStatement();
  return rows.map(([key]) => key).join(' ');
}

/** Has the promise settled within a few turns? */
export async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  promise.then(
    () => (done = true),
    () => (done = true),
  );
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
  return done;
}
