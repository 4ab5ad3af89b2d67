/** Tier 1 against the contract. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openTier1 } from '../../../storage/index.ts';
import { jsonCodec } from './text-codec.ts';
import { transactionStoreSuite } from './transaction-store.ts';

const root = mkdtempSync(join(tmpdir(), 'tier1-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let number = 0;

transactionStoreSuite('tier 1', () => {
  const directory = join(root, String(number++));
  const small = { preallocateBytes: 64 * 1024 };
  return {
    supports: { persistence: true, eviction: true, changeLog: true },
    open: () => openTier1({ directory, codec: jsonCodec, ...small }),
    openSmall: () =>
      openTier1({
        directory,
        codec: jsonCodec,
        ...small,
        segmentBytes: 128 * 1024,
        memoryBytes: 200_000,
        memoryLimitBytes: 1 << 30,
        flushBytes: 60_000,
      }),
  };
});
