/** The lock manager: conflicts, queues, waiting policies, deadlocks, timeouts, cancellation. */
import { describe, expect, test } from 'vitest';
import { LockGroup, LockManager, LockOwner, SessionLocks } from '../../../engine/transactions/index.ts';
import { ROW_LOCK_STRENGTHS, TABLE_LOCK_MODES } from '../../../engine/transactions/lock-modes.ts';
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import { granted, settled } from './helpers.ts';

let groups = 100;
const owner = (): LockOwner => new LockOwner(new LockGroup(groups++));

describe('conflicts', () => {
  test('of row locks', () => {
    const expected = ['yyyn', 'yynn', 'ynnn', 'nnnn'];
    ROW_LOCK_STRENGTHS.forEach((held, i) => {
      const got = ROW_LOCK_STRENGTHS.map((wanted) => {
        const locks = new LockManager();
        locks.acquireRow(owner(), 1, 'k', held, 'nowait');
        return locks.acquireRow(owner(), 1, 'k', wanted, 'skip_locked') === 'granted' ? 'y' : 'n';
      });
      expect(got.join('')).toBe(expected[i]);
    });
  });

  test('of table locks', () => {
    const expected = ['yyyyyyyn', 'yyyyyynn', 'yyyynnnn', 'yyynnnnn', 'yynnynnn', 'yynnnnnn', 'ynnnnnnn', 'nnnnnnnn'];
    TABLE_LOCK_MODES.forEach((held, i) => {
      const got = TABLE_LOCK_MODES.map((wanted) => {
        const locks = new LockManager();
        locks.acquireTable(owner(), 1, held, 'nowait');
        return locks.acquireTable(owner(), 1, wanted, 'skip_locked') === 'granted' ? 'y' : 'n';
      });
      expect(got.join('')).toBe(expected[i]);
    });
  });

  test('never within a group', () => {
    const locks = new LockManager();
    const group = new LockGroup(1);
    expect(locks.acquireName(new LockOwner(group), 'n', true, 'nowait')).toBe('granted');
    expect(locks.acquireName(new LockOwner(group), 'n', true, 'nowait')).toBe('granted');
  });
});

describe('waiting', () => {
  test('is fair: a reader does not pass a waiting writer', async () => {
    const locks = new LockManager();
    const [one, two, three] = [owner(), owner(), owner()];
    locks.acquireRow(one, 1, 'k', 'share', 'wait');
    const writer = granted(locks.acquireRow(two, 1, 'k', 'update', 'wait'));
    const reader = granted(locks.acquireRow(three, 1, 'k', 'share', 'wait'));
    expect(await settled(reader)).toBe(false);
    locks.releaseFrom(one, 0);
    await writer;
    expect(await settled(reader)).toBe(false);
    locks.releaseFrom(two, 0);
    await reader;
    locks.releaseFrom(three, 0);
    expect(locks.list()).toEqual([]);
  });

  test('an upgrade goes before the queue', async () => {
    const locks = new LockManager();
    const [one, two, three] = [owner(), owner(), owner()];
    locks.acquireRow(one, 1, 'k', 'key_share', 'wait');
    locks.acquireRow(two, 1, 'k', 'key_share', 'wait');
    const outsider = granted(locks.acquireRow(three, 1, 'k', 'update', 'wait'));
    const upgrade = granted(locks.acquireRow(one, 1, 'k', 'update', 'wait'));
    locks.releaseFrom(two, 0);
    await upgrade;
    expect(await settled(outsider)).toBe(false);
    locks.releaseFrom(one, 0);
    await outsider;
  });

  test('nowait, skip locked', () => {
    const locks = new LockManager();
    locks.acquireRow(owner(), 1, 'k', 'update', 'wait');
    expect(locks.acquireRow(owner(), 1, 'k', 'share', 'skip_locked')).toBe('skipped');
    expect(() => locks.acquireRow(owner(), 1, 'k', 'share', 'nowait', 'accounts')).toThrow(
      'could not obtain lock on row in relation "accounts"',
    );
  });

  test('ends with a timeout', async () => {
    const locks = new LockManager();
    locks.acquireRow(owner(), 1, 'k', 'update', 'wait');
    const late = owner();
    late.group.timeoutMs = 10;
    await expect(granted(locks.acquireRow(late, 1, 'k', 'update', 'wait'))).rejects.toMatchObject({
      condition: 'lock_not_available',
    });
  });

  test('can be cancelled, which lets those behind go on', async () => {
    const locks = new LockManager();
    const [one, two, three] = [owner(), owner(), owner()];
    locks.acquireRow(one, 1, 'k', 'share', 'wait');
    const waiter = locks.acquireRow(two, 1, 'k', 'update', 'wait');
    if (waiter === 'granted' || waiter === 'skipped') throw new Error('should wait');
    const second = granted(waiter);
    const third = granted(locks.acquireRow(three, 1, 'k', 'share', 'wait'));
    waiter.cancel(new SqlError('query_canceled', 'canceled'));
    await expect(second).rejects.toMatchObject({ condition: 'query_canceled' });
    await third;
  });
});

describe('deadlocks', () => {
  test('of two', async () => {
    const locks = new LockManager();
    const [one, two] = [owner(), owner()];
    locks.acquireRow(one, 1, 'a', 'update', 'wait');
    locks.acquireRow(two, 1, 'b', 'update', 'wait');
    const waiting = granted(locks.acquireRow(one, 1, 'b', 'update', 'wait', 't'));
    let error: unknown;
    try {
      locks.acquireRow(two, 1, 'a', 'update', 'wait', 't');
    } catch (caught) {
      error = caught;
    }
    expect(error).toMatchObject({ condition: 'deadlock_detected' });
    expect((error as SqlError).details.detail).toMatch(
      /^Process \d+ waits for update lock on row of relation "t"; blocked by process \d+\.\nProcess/,
    );
    locks.releaseFrom(two, 0);
    await waiting;
  });

  test('of three, through a table lock and a name', () => {
    const locks = new LockManager();
    const [one, two, three] = [owner(), owner(), owner()];
    locks.acquireRow(one, 1, 'a', 'update', 'wait');
    locks.acquireTable(two, 5, 'access_exclusive', 'wait');
    locks.acquireName(three, 'n', true, 'wait');
    locks.acquireTable(one, 5, 'access_share', 'wait');
    locks.acquireName(two, 'n', false, 'wait');
    expect(() => locks.acquireRow(three, 1, 'a', 'key_share', 'wait')).toThrow('deadlock detected');
  });

  test('of two upgrades', () => {
    const locks = new LockManager();
    const [one, two] = [owner(), owner()];
    locks.acquireRow(one, 1, 'a', 'share', 'wait');
    locks.acquireRow(two, 1, 'a', 'share', 'wait');
    locks.acquireRow(one, 1, 'a', 'update', 'wait');
    expect(() => locks.acquireRow(two, 1, 'a', 'update', 'wait')).toThrow('deadlock detected');
  });

  test('a chain is none', () => {
    const locks = new LockManager();
    const owners = Array.from({ length: 50 }, owner);
    owners.forEach((each, i) => locks.acquireRow(each, 1, `k${i}`, 'update', 'wait'));
    owners.forEach((each, i) => {
      if (i > 0) locks.acquireRow(each, 1, `k${i - 1}`, 'update', 'wait');
    });
    expect(locks.deadlocks).toBe(0);
    expect(() => locks.acquireRow(owners[0]!, 1, 'k49', 'update', 'wait')).toThrow('deadlock detected');
  });
});

test('session locks count', async () => {
  const locks = new LockManager();
  const one = new SessionLocks(locks, new LockGroup(1));
  const two = new SessionLocks(locks, new LockGroup(2));
  one.acquire('42', true, 'wait');
  one.acquire('42', true, 'wait');
  const waiting = granted(two.acquire('42', true, 'wait'));
  expect(one.release('42', true)).toBe(true);
  expect(await settled(waiting)).toBe(false);
  expect(one.release('42', true)).toBe(true);
  expect(one.release('42', true)).toBe(false);
  await waiting;
  expect(two.release('42', true)).toBe(true);
  expect(locks.list()).toEqual([]);
});
