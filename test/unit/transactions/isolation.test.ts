/** One scenario per anomaly: which isolation level lets it happen, and which does not. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { IsolationLevel, Transaction } from '../../../engine/transactions/index.ts';
import { commit, openWorld, read, scanKeys, settled, SPACE, write, type World } from './helpers.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const begin = (isolation: IsolationLevel): Transaction => world.manager.begin({ isolation });

beforeEach(async () => {
  const tx = begin('read_committed');
  for (const key of await scanKeys(tx).then((keys) => keys.split(' '))) if (key !== '') tx.delete(SPACE, key);
  tx.put(SPACE, 'a', [10]);
  tx.put(SPACE, 'b', [20]);
  await commit(tx);
});

const LEVELS: readonly IsolationLevel[] = ['read_committed', 'repeatable_read', 'serializable'];

describe.each(LEVELS)('%s', (level) => {
  test('no dirty write: the second writer waits', async () => {
    const one = begin(level);
    const two = begin(level);
    await write(one, 'a', () => [11]);
    const second = write(two, 'a', () => [12]);
    expect(await settled(second)).toBe(false);
    one.rollback();
    await second;
    await commit(two);
    expect(read(begin(level), 'a')).toBe(12);
  });

  test('no dirty read, no read of what was rolled back', async () => {
    const one = begin(level);
    await write(one, 'a', () => [11]);
    expect(read(begin(level), 'a')).toBe(10);
    one.rollback();
    expect(read(begin(level), 'a')).toBe(10);
  });

  test('no intermediate read', async () => {
    const one = begin(level);
    await write(one, 'a', () => [11]);
    await write(one, 'a', () => [12]);
    const two = begin(level);
    expect(read(two, 'a')).toBe(10);
    await commit(one);
    expect(read(two, 'a')).toBe(level === 'read_committed' ? 12 : 10);
    two.rollback();
  });

  test('no circular information flow', async () => {
    const one = begin(level);
    const two = begin(level);
    await write(one, 'a', () => [11]);
    await write(two, 'b', () => [22]);
    expect(read(one, 'b')).toBe(20);
    expect(read(two, 'a')).toBe(10);
    await commit(one);
    if (level === 'serializable')
      await expect(commit(two)).rejects.toMatchObject({ condition: 'serialization_failure' });
    else await commit(two);
  });

  test('phantoms in the middle of a transaction', async () => {
    const one = begin(level);
    expect(await scanKeys(one)).toBe('a b');
    const two = begin(level);
    two.put(SPACE, 'c', [30]);
    await commit(two);
    expect(await scanKeys(one)).toBe(level === 'read_committed' ? 'a b c' : 'a b');
    one.rollback();
  });

  test('lost update', async () => {
    const one = begin(level);
    const two = begin(level);
    read(one, 'a');
    read(two, 'a');
    await write(one, 'a', (old) => [(old as number) + 1]);
    const second = write(two, 'a', (old) => [(old as number) + 1]);
    second.catch(() => undefined);
    await commit(one);
    if (level === 'read_committed') {
      await second;
      await commit(two);
      expect(read(begin(level), 'a')).toBe(12);
    } else {
      await expect(second).rejects.toMatchObject({ condition: 'serialization_failure' });
      two.rollback();
    }
  });

  test('an update of a row deleted meanwhile', async () => {
    const one = begin(level);
    const two = begin(level);
    read(two, 'b');
    await write(one, 'a', () => null);
    const seen: unknown[] = [];
    const second = write(two, 'a', (old) => {
      seen.push(old);
      return null;
    });
    second.catch(() => undefined);
    await commit(one);
    if (level === 'read_committed') {
      await second;
      expect(seen).toEqual([undefined]);
    } else {
      await expect(second).rejects.toMatchObject({
        condition: 'serialization_failure',
        details: { variant: 'concurrent_delete' },
      });
    }
    two.rollback();
  });

  test('read skew', async () => {
    const one = begin(level);
    expect(read(one, 'a')).toBe(10);
    const two = begin(level);
    await write(two, 'a', () => [12]);
    await write(two, 'b', () => [18]);
    await commit(two);
    expect(read(one, 'b')).toBe(level === 'read_committed' ? 18 : 20);
    one.rollback();
  });

  test('write skew on rows', async () => {
    const one = begin(level);
    const two = begin(level);
    expect((read(one, 'a') as number) + (read(one, 'b') as number)).toBe(30);
    expect((read(two, 'a') as number) + (read(two, 'b') as number)).toBe(30);
    await write(one, 'a', () => [-10]);
    await write(two, 'b', () => [-10]);
    await commit(one);
    if (level === 'serializable')
      await expect(commit(two)).rejects.toMatchObject({ condition: 'serialization_failure' });
    else await commit(two);
  });

  test('write skew by phantoms', async () => {
    const one = begin(level);
    const two = begin(level);
    expect(await scanKeys(one, 'x')).toBe('');
    expect(await scanKeys(two, 'x')).toBe('');
    one.put(SPACE, 'x1', [1]);
    two.put(SPACE, 'x2', [1]);
    await commit(one);
    if (level === 'serializable')
      await expect(commit(two)).rejects.toMatchObject({ condition: 'serialization_failure' });
    else await commit(two);
  });

  test('read-only transaction anomaly', async () => {
    // Fekete, O'Neil, O'Neil 2004: two writers that are serializable, until somebody looks in between.
    const batch = begin(level);
    expect(read(batch, 'a')).toBe(10);
    expect(read(batch, 'b')).toBe(20);
    const deposit = begin(level);
    await write(deposit, 'b', (old) => [(old as number) + 20]);
    await commit(deposit);
    const report = begin(level);
    read(report, 'a');
    expect(read(report, 'b')).toBe(40);
    await commit(report);
    const withdrawal = write(batch, 'a', () => [-11]);
    if (level === 'serializable') {
      await expect(withdrawal).rejects.toMatchObject({ condition: 'serialization_failure' });
      batch.rollback();
      return;
    }
    await withdrawal;
    await commit(batch);
  });
});

describe('serializable does not abort needlessly', () => {
  test('writers of different rows', async () => {
    const all = Array.from({ length: 20 }, () => begin('serializable'));
    await Promise.all(all.map((tx, i) => write(tx, `own${i}`, () => [i])));
    await Promise.all(all.map((tx) => commit(tx)));
  });

  test('readers beside a writer', async () => {
    const reader = begin('serializable');
    await scanKeys(reader);
    const writer = begin('serializable');
    await write(writer, 'a', (old) => [(old as number) + 1]);
    await commit(writer);
    expect(read(reader, 'a')).toBe(10);
    await commit(reader);
  });

  test('one after the other', async () => {
    for (let i = 0; i < 10; i++) {
      const tx = begin('serializable');
      await scanKeys(tx);
      await write(tx, 'a', (old) => [(old as number) + 1]);
      await commit(tx);
    }
    expect(read(begin('read_committed'), 'a')).toBe(20);
  });

  test('scans of other ranges', async () => {
    const one = begin('serializable');
    const two = begin('serializable');
    await scanKeys(one, 'a', 'b');
    await scanKeys(two, 'b', 'c');
    await write(one, 'a', () => [1]);
    await write(two, 'b', () => [2]);
    await commit(one);
    await commit(two);
  });
});
