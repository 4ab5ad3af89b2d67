/**
 * Power failures: the same work, cut off at every sync in turn; then every unsynced write is kept,
 * dropped or torn. What was acknowledged must be there, transactions must be whole, and the store must
 * go on working.
 */
import { expect, test } from 'vitest';
import { NEWEST, type StoredRow, type TransactionStore } from '../../storage/contract/index.ts';
import { openTier1 } from '../../storage/index.ts';
import { close, commit, drain, flush, type Change } from '../conformance/storage/helpers.ts';
import { jsonCodec } from '../conformance/storage/text-codec.ts';
import { seeded, SimulatedDisk, SimulatedRuns } from './simulated-disk.ts';

const DIRECTORY = '/data';
/** Transactions committed at the same time. */
const ROUND = 2;

function open(disk: SimulatedDisk): Promise<TransactionStore> {
  return openTier1({
    directory: DIRECTORY,
    codec: jsonCodec,
    disk,
    openRuns: async () => new SimulatedRuns(disk),
    preallocateBytes: 4096,
    segmentBytes: 6000,
    memoryBytes: 20_000,
    memoryLimitBytes: 1 << 30,
    flushBytes: 1 << 30,
  });
}

interface Attempt {
  readonly changes: readonly Change[];
  acknowledged: boolean;
  submitted: boolean;
}

/** A fixed piece of work; large transactions (logged in parts) included. */
function plan(random: () => number): Attempt[] {
  const attempts: Attempt[] = [];
  for (let i = 0; i < 40; i++) {
    const count = i === 9 || i === 17 ? 4500 : 1 + Math.floor(random() * 6);
    const changes = Array.from({ length: count }, (_, j): Change => {
      // Commits in flight at once must not share keys with a large one (row locks see to that).
      const key = `${count > 100 ? 'l' : 'k'}${String(Math.floor(random() * (count > 100 ? 9000 : 60))).padStart(4, '0')}`;
      return [
        1 + Math.floor(random() * 2),
        key,
        random() < 0.2 ? null : [i, j, 'x'.repeat(Math.floor(random() * (count > 100 ? 1 : 300)))],
      ];
    });
    attempts.push({
      changes: [...changes, [3, `t${String(i).padStart(2, '0')}`, [i]]],
      acknowledged: false,
      submitted: false,
    });
  }
  return attempts;
}

async function work(disk: SimulatedDisk, attempts: Attempt[]): Promise<void> {
  const store = await open(disk);
  for (let i = 0; i < attempts.length; i += ROUND) {
    await Promise.all(
      attempts.slice(i, i + ROUND).map((attempt) => {
        attempt.submitted = true;
        return commit(store, attempt.changes).then(() => {
          attempt.acknowledged = true;
        });
      }),
    );
    if (i % 4 === 2) await flush(store);
  }
  await close(store);
}

async function verify(disk: SimulatedDisk, attempts: Attempt[], title: string): Promise<void> {
  const store = await open(disk);
  const present = (await drain(store.scan(3, '', undefined, NEWEST), 100)).map(([key]) => key);
  const expected = attempts
    .map((attempt, i) => (attempt.acknowledged ? `t${String(i).padStart(2, '0')}` : ''))
    .filter((key) => key !== '');
  for (const key of expected) expect(present, `${title}: acknowledged ${key}`).toContain(key);
  // Commits take effect in stamp order; replaying those present, in that order, must give the state.
  for (const key of present)
    if (key.startsWith('t')) expect(attempts[Number(key.slice(1))]!.submitted, title).toBe(true);
  const order: { stamp: number; attempt: Attempt }[] = [];
  store.changes.register('check', 0);
  const model = new Map<string, StoredRow>();
  for (const [i, attempt] of attempts.entries()) {
    if (!present.includes(`t${String(i).padStart(2, '0')}`)) continue;
    order.push({ stamp: i, attempt });
  }
  // Within a round, the large one comes last: it gets its stamp when all its parts are logged.
  order.sort(
    (a, b) =>
      Math.floor(a.stamp / ROUND) - Math.floor(b.stamp / ROUND) ||
      Number(a.attempt.changes.length > 4000) - Number(b.attempt.changes.length > 4000) ||
      a.stamp - b.stamp,
  );
  for (const { attempt } of order) {
    for (const [space, key, row] of attempt.changes) {
      if (row === null) model.delete(`${space}/${key}`);
      else model.set(`${space}/${key}`, row);
    }
  }
  const found = new Map<string, StoredRow>();
  for (const space of [1, 2, 3])
    for (const [key, row] of await drain(store.scan(space, '', undefined, NEWEST), 500))
      found.set(`${space}/${key}`, row);
  expect(found.size, title).toBe(model.size);
  for (const [key, row] of model) expect(found.get(key), `${title}: ${key}`).toEqual(row);
  const next = await commit(store, [[9, 'after', [1]]]);
  expect(next, title).toBe(store.lastStamp());
  await close(store);
  const again = await open(disk);
  expect(again.get(9, 'after', NEWEST), title).toEqual([1]);
  expect(
    (await drain(again.scan(3, '', undefined, NEWEST), 100)).map(([key]) => key),
    title,
  ).toEqual(present);
  await close(again);
}

test('a crash at every sync loses nothing acknowledged and tears nothing', async () => {
  const whole = new SimulatedDisk();
  const complete = plan(seeded(1));
  await work(whole, complete);
  const syncs = whole.syncs;
  expect(syncs).toBeGreaterThan(40);
  await verify(whole, complete, 'no crash');
  for (let at = 1; at <= syncs; at++) {
    const disk = new SimulatedDisk();
    disk.crashAtSync = at;
    const attempts = plan(seeded(1));
    const crashed = new Promise<void>((resolve) => {
      disk.onCrash = resolve;
    });
    await Promise.race([crashed, work(disk, attempts).catch(() => undefined)]);
    await crashed;
    for (let seed = 0; seed < 2; seed++) {
      await verify(disk.afterCrash(seeded(at * 100 + seed)), attempts, `crash at sync ${at}, seed ${seed}`);
    }
  }
}, 120_000);

test('damage in the middle of the log is refused', async () => {
  const disk = new SimulatedDisk();
  const store = await open(disk);
  for (let i = 0; i < 60; i++) await commit(store, [[1, `k${i}`, ['y'.repeat(300)]]]);
  await close(store);
  const first = [...disk.files.keys()].filter((name) => name.endsWith('.log')).sort()[0]!;
  disk.files.get(first)!.current[200]! ^= 1;
  await expect(open(disk)).rejects.toMatchObject({ kind: 'corruption' });
});

test('a failed write fails the commits, all later ones, and nothing else', async () => {
  const disk = new SimulatedDisk();
  const store = await open(disk);
  await commit(store, [[1, 'a', [1]]]);
  const failing = new Error('no space');
  const proto = Object.getPrototypeOf(disk.open(`${DIRECTORY}/log/000000000001.log`, 'read')) as { write: unknown };
  const write = proto.write;
  proto.write = (
    _buffer: Buffer,
    _offset: number,
    _length: number,
    _position: number,
    callback: (error: Error) => void,
  ) => setImmediate(() => callback(failing));
  try {
    await expect(commit(store, [[1, 'a', [2]]])).rejects.toMatchObject({ kind: 'io' });
  } finally {
    proto.write = write;
  }
  await expect(commit(store, [[1, 'a', [3]]])).rejects.toMatchObject({ kind: 'io' });
  expect(store.get(1, 'a', NEWEST)).toEqual([1]);
  await close(store);
});
