/** Loading a space back into memory while an old snapshot still needs what is on disk. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { NEWEST } from '../../../storage/contract/index.ts';
import { openTier1 } from '../../../storage/index.ts';
import { close, commit, drain, flush, type Change } from '../../conformance/storage/helpers.ts';
import { jsonCodec } from '../../conformance/storage/text-codec.ts';

const root = mkdtempSync(join(tmpdir(), 'load-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('versions overwritten unread stay visible to old snapshots', async () => {
  const options = { directory: root, codec: jsonCodec, preallocateBytes: 65_536, preloadBytes: 0 };
  const first = await openTier1(options);
  await commit(
    first,
    Array.from({ length: 20_000 }, (_, i): Change => [1, `k${String(i).padStart(6, '0')}`, [i]]),
  );
  await flush(first);
  await close(first);

  const store = await openTier1(options);
  const old = store.registerSnapshot();
  // Written without being read, while the space is being loaded.
  await commit(store, [
    [1, 'k000000', ['new']],
    [1, 'k019999', ['new']],
    [1, 'k010000', null],
  ]);
  // Loaded when asking for a key that does not exist goes to the disk no more.
  for (;;) {
    const before = store.statistics().diskReads;
    store.get(1, 'none', NEWEST);
    if (store.statistics().diskReads === before) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const reads = store.statistics().diskReads;
  expect(store.get(1, 'k000000', old.stamp)).toEqual([0]);
  expect(store.get(1, 'k019999', old.stamp)).toEqual([19_999]);
  expect(store.get(1, 'k010000', old.stamp)).toEqual([10_000]);
  expect((await drain(store.scan(1, '', undefined, old.stamp), 1000)).length).toBe(20_000);
  expect(store.get(1, 'k019999', NEWEST)).toEqual(['new']);
  expect((await drain(store.scan(1, '', undefined, NEWEST), 1000)).length).toBe(19_999);
  store.releaseSnapshot(old);
  expect(store.statistics().diskReads).toBe(reads);
  await close(store);
});
