/**
 * Versions against a model: random commits, snapshots, flushes, evictions and restarts; every snapshot
 * must at all times show exactly the map that was current when it was taken.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { openTier1 } from '../../../storage/index.ts';
import type { SnapshotHandle, StoredRow, TransactionStore } from '../../../storage/contract/index.ts';
import { close, commit, drain, flush, type Change } from '../../conformance/storage/helpers.ts';
import { jsonCodec } from '../../conformance/storage/text-codec.ts';

const root = mkdtempSync(join(tmpdir(), 'mvcc-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const key = fc.integer({ min: 0, max: 40 }).map((n) => `k${String(n).padStart(2, '0')}`);
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      changes: fc.array(fc.tuple(key, fc.boolean()), { minLength: 1, maxLength: 12 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('snapshot' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat(10) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('flush' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('scan-across' as const),
      limit: fc.integer({ min: 1, max: 10 }),
      reverse: fc.boolean(),
    }),
  },
);

type Model = Map<string, StoredRow>;

async function check(store: TransactionStore, model: Model, stamp: number): Promise<void> {
  const keys = [...model.keys()].sort();
  const found = await drain(store.scan(1, '', undefined, stamp), 4);
  expect(found).toEqual(keys.map((each) => [each, model.get(each)]));
  for (let i = 0; i <= 40; i += 3) {
    const each = `k${String(i).padStart(2, '0')}`;
    expect(store.get(1, each, stamp)).toEqual(model.get(each));
  }
}

test('every snapshot shows its moment', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 50 }), async (steps) => {
      const directory = join(root, String(run++));
      // So little memory that everything flushed is dropped.
      const options = {
        directory,
        codec: jsonCodec,
        preallocateBytes: 8192,
        segmentBytes: 4096,
        memoryBytes: 3000,
        memoryLimitBytes: 1 << 30,
        flushBytes: 8000,
        preloadBytes: run % 2 === 0 ? 0 : 1 << 20,
      };
      let store = await openTier1(options);
      let current: Model = new Map();
      const held: { handle: SnapshotHandle; model: Model }[] = [];
      let serial = 0;
      try {
        for (const each of steps) {
          if (each.kind === 'commit') {
            const next = new Map(current);
            const changes = each.changes.map(([name, deleted]): Change => {
              const row = deleted ? null : [serial++, 'text'];
              if (row === null) next.delete(name);
              else next.set(name, row);
              return [1, name, row];
            });
            await commit(store, changes);
            current = next;
          } else if (each.kind === 'snapshot') {
            held.push({ handle: store.registerSnapshot(), model: current });
          } else if (each.kind === 'release') {
            const [gone] = held.splice(each.which % Math.max(1, held.length), 1);
            if (gone !== undefined) store.releaseSnapshot(gone.handle);
          } else if (each.kind === 'flush') {
            await flush(store);
          } else if (each.kind === 'reopen') {
            held.length = 0;
            await close(store);
            store = await openTier1(options);
          } else {
            // A scan that goes on while the store changes and flushes under it.
            const handle = store.registerSnapshot();
            const before = current;
            const scan = store.scan(1, '', undefined, handle.stamp, { reverse: each.reverse });
            const batch = { keys: [] as string[], rows: [] as StoredRow[], count: 0 };
            const found: string[] = [];
            const first = scan.next(batch, each.limit);
            for (let i = 0; i < first; i++) found.push(batch.keys[i]!);
            const next = new Map(current);
            const changes = [...Array(8).keys()].map((i): Change => {
              const name = `k${String((serial + i * 5) % 41).padStart(2, '0')}`;
              next.set(name, [serial, i]);
              return [1, name, [serial, i]];
            });
            serial++;
            await commit(store, changes);
            current = next;
            await flush(store);
            await new Promise((resolve) => setImmediate(resolve));
            if (first !== 0) for (const [name] of await drain(scan, each.limit)) found.push(name);
            const expected = [...before.keys()].sort();
            expect(found).toEqual(each.reverse ? expected.reverse() : expected);
            store.releaseSnapshot(handle);
          }
          await check(store, current, store.lastStamp());
          for (const snapshot of held) await check(store, snapshot.model, snapshot.handle.stamp);
        }
      } finally {
        await close(store);
      }
    }),
    { numRuns: 60 },
  );
}, 60_000);
