/** Flushing through the worker thread, bundled as it is for release, while commits go on. */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NEWEST } from '../../../storage/contract/index.ts';
import { openTier1 } from '../../../storage/index.ts';
import { close, commit, drain, flush, type Change } from '../../conformance/storage/helpers.ts';
import { jsonCodec } from '../../conformance/storage/text-codec.ts';

const repository = resolve(import.meta.dirname, '../../..');
const root = mkdtempSync(join(tmpdir(), 'flush-worker-'));
const script = join(root, 'flush-worker.mjs');
beforeAll(async () => {
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  await build({
    entryPoints: [join(repository, 'storage/runs/flush-worker.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: script,
    external: ['classic-level'],
    logLevel: 'error',
  });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('moves everything, survives a restart, frees log segments', async () => {
  const options = {
    directory: join(root, 'data'),
    codec: jsonCodec,
    flushWorker: pathToFileURL(script),
    preallocateBytes: 65_536,
    segmentBytes: 65_536,
    flushBytes: 200_000,
    memoryBytes: 400_000,
    memoryLimitBytes: 1 << 30,
  };
  let store = await openTier1(options);
  const text = 'z'.repeat(200);
  for (let round = 0; round < 20; round++) {
    const changes = Array.from(
      { length: 300 },
      (_, i): Change => [1, `k${String((i * 13 + round * 101) % 2500).padStart(5, '0')}`, [round, i, text]],
    );
    await Promise.all([commit(store, changes), commit(store, [[2, `r${round}`, [round]]])]);
  }
  await commit(
    store,
    Array.from({ length: 5000 }, (_, i): Change => [3, `k${i}`, [i]]),
  );
  await flush(store);
  const before = await drain(store.scan(1, '', undefined, NEWEST), 100);
  expect(store.statistics().flushes).toBeGreaterThan(1);
  expect(store.statistics().flushedStamp).toBe(41);
  expect(store.statistics().logBytes).toBeLessThan(1_000_000);
  await close(store);
  store = await openTier1(options);
  expect(store.lastStamp()).toBe(41);
  expect(await drain(store.scan(1, '', undefined, NEWEST), 100)).toEqual(before);
  expect((await drain(store.scan(3, '', undefined, NEWEST), 1000)).length).toBe(5000);
  await close(store);
}, 60_000);
