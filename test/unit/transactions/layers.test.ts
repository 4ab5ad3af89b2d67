/** Own changes: what a statement sees, savepoints, undoing, scans over own and stored rows. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Transaction } from '../../../engine/transactions/index.ts';
import { drain } from '../../conformance/storage/helpers.ts';
import { commit, openWorld, read, scanKeys, SPACE, write, type World } from './helpers.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
const begin = (): Transaction => world.manager.begin({ isolation: 'read_committed' });

beforeEach(async () => {
  const tx = begin();
  for (const key of (await scanKeys(tx)).split(' ')) if (key !== '') tx.delete(SPACE, key);
  for (const key of ['b', 'd', 'f']) tx.put(SPACE, key, [key]);
  await commit(tx);
});

describe('statements', () => {
  test('do not see their own changes, but those of earlier ones', async () => {
    const tx = begin();
    tx.beginStatement();
    tx.put(SPACE, 'a', ['a']);
    tx.delete(SPACE, 'b');
    expect(tx.get(SPACE, 'a')).toBeUndefined();
    expect(tx.get(SPACE, 'b')).toEqual(['b']);
    expect(tx.getNewest(SPACE, 'a')).toEqual(['a']);
    expect(tx.getNewest(SPACE, 'b')).toBeUndefined();
    expect(tx.changedInStatement(SPACE, 'a')).toBe(true);
    expect(tx.changedInStatement(SPACE, 'd')).toBe(false);
    expect((await drain(tx.scan(SPACE, '', undefined))).map(([key]) => key)).toEqual(['b', 'd', 'f']);
    expect((await drain(tx.scan(SPACE, '', undefined, { view: 'newest' }))).map(([key]) => key)).toEqual([
      'a',
      'd',
      'f',
    ]);
    tx.endStatement();
    expect(await scanKeys(tx)).toBe('a d f');
    expect(await scanKeys(tx, '', undefined, { reverse: true })).toBe('f d a');
    tx.rollback();
    expect(await scanKeys(begin())).toBe('b d f');
  });

  test('nest: the inner sees the outer, the outer not the inner', async () => {
    const tx = begin();
    tx.beginStatement();
    tx.put(SPACE, 'x', [1]);
    tx.beginStatement();
    expect(tx.get(SPACE, 'x')).toEqual([1]);
    tx.put(SPACE, 'y', [2]);
    tx.endStatement();
    expect(tx.get(SPACE, 'x')).toBeUndefined();
    expect(tx.get(SPACE, 'y')).toBeUndefined();
    expect(tx.getNewest(SPACE, 'y')).toEqual([2]);
    tx.beginStatement();
    tx.put(SPACE, 'z', [3]);
    tx.rollbackStatement();
    tx.endStatement();
    expect(await scanKeys(tx)).toBe('b d f x y');
    tx.rollback();
  });

  test('a nested statement reads newer rows, the outer goes on with its own snapshot', async () => {
    const tx = begin();
    tx.beginStatement();
    const other = begin();
    await write(other, 'b', () => ['changed']);
    await commit(other);
    tx.beginStatement();
    expect(tx.get(SPACE, 'b')).toEqual(['changed']);
    tx.endStatement();
    expect(tx.get(SPACE, 'b')).toEqual(['b']);
    tx.endStatement();
    tx.rollback();
  });

  test('undone alone', async () => {
    const tx = begin();
    tx.beginStatement();
    tx.put(SPACE, 'a', [1]);
    tx.endStatement();
    tx.beginStatement();
    tx.put(SPACE, 'a', [2]);
    tx.delete(SPACE, 'b');
    tx.rollbackStatement();
    expect(read(tx, 'a')).toBe(1);
    expect(read(tx, 'b')).toBe('b');
    await commit(tx);
    expect(await scanKeys(begin())).toBe('a b d f');
  });
});

describe('savepoints', () => {
  test('roll back, again and again, and release', async () => {
    const tx = begin();
    await write(tx, 'b', () => [1]);
    tx.savepoint('s');
    await write(tx, 'b', () => [2]);
    tx.savepoint('t');
    await write(tx, 'b', () => [3]);
    tx.rollbackTo('t');
    expect(read(tx, 'b')).toBe(2);
    tx.rollbackTo('s');
    expect(read(tx, 'b')).toBe(1);
    expect(() => tx.rollbackTo('t')).toThrow(/does not exist/);
    await write(tx, 'b', () => [4]);
    tx.rollbackTo('s');
    expect(read(tx, 'b')).toBe(1);
    await write(tx, 'd', () => [5]);
    tx.release('s');
    expect(() => tx.rollbackTo('s')).toThrow(/does not exist/);
    await commit(tx);
    expect(read(begin(), 'b')).toBe(1);
    expect(read(begin(), 'd')).toBe(5);
  });

  test('give back the locks taken since', async () => {
    const tx = begin();
    tx.savepoint('s');
    await write(tx, 'b', () => [1]);
    const other = begin();
    other.beginStatement();
    expect(() => other.lockRow(SPACE, 'b', 'update', 'nowait')).toThrow(/could not obtain lock/);
    tx.rollbackTo('s');
    expect(other.lockRow(SPACE, 'b', 'update', 'nowait')).toBe('granted');
    other.rollback();
    tx.rollback();
  });

  test('same name twice: the inner one hides the outer', async () => {
    const tx = begin();
    tx.savepoint('s');
    tx.put(SPACE, 'a', [1]);
    tx.savepoint('s');
    tx.put(SPACE, 'a', [2]);
    tx.rollbackTo('s');
    expect(read(tx, 'a')).toBe(1);
    tx.release('s');
    tx.rollbackTo('s');
    expect(read(tx, 'a')).toBeUndefined();
    tx.rollback();
  });

  test('take hooks and deferred checks with them', async () => {
    const tx = begin();
    const ran: string[] = [];
    tx.onCommit(() => ran.push('commit 1'));
    tx.savepoint('s');
    tx.onCommit(() => ran.push('commit 2'));
    tx.onRollback(() => ran.push('undo 1'));
    tx.onRollback(() => ran.push('undo 2'));
    tx.deferCheck({ constraint: 1, row: [1], kind: 'foreign_key' });
    tx.rollbackTo('s');
    expect(ran).toEqual(['undo 2', 'undo 1']);
    expect(tx.takeDeferredChecks()).toEqual([]);
    await commit(tx);
    expect(ran).toEqual(['undo 2', 'undo 1', 'commit 1']);
  });
});

test('a cursor keeps what it saw', async () => {
  const tx = begin();
  tx.beginStatement();
  const scan = tx.scan(SPACE, '', undefined);
  tx.endStatement();
  await write(tx, 'd', () => ['mine']);
  const other = begin();
  await write(other, 'b', () => null);
  await commit(other);
  expect(await drain(scan, 1)).toEqual([
    ['b', ['b']],
    ['d', ['d']],
    ['f', ['f']],
  ]);
  tx.rollback();
});

test('many own rows in random order scan in order', async () => {
  const tx = begin();
  const keys = Array.from({ length: 500 }, (_, i) => `k${String((i * 7919) % 1000).padStart(4, '0')}`);
  for (let i = 0; i < keys.length; i++) {
    tx.put(SPACE, keys[i]!, [i]);
    if (i % 50 === 0) expect(await scanKeys(tx, 'k', 'l')).toBe([...new Set(keys.slice(0, i + 1))].sort().join(' '));
  }
  expect(await scanKeys(tx, 'k0100', 'k0200', { reverse: true })).toBe(
    [...new Set(keys)]
      .filter((key) => key >= 'k0100' && key < 'k0200')
      .sort()
      .reverse()
      .join(' '),
  );
  tx.rollback();
});

test('reading costs no log record, and commit calls back at once', () => {
  const before = world.manager.store.statistics();
  const tx = begin();
  read(tx, 'b');
  let done = false;
  tx.commit(() => {
    done = true;
  });
  expect(done).toBe(true);
  expect(world.manager.store.statistics().commits).toBe(before.commits);
  expect(world.manager.store.statistics().oldestSnapshot).toBe(world.manager.store.lastStamp());
});
