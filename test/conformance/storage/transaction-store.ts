/**
 * What every TransactionStore must do, as a suite to run against any implementation. The factory opens
 * a store over the same data each time it is called, as after a restart.
 */
import { describe, expect, test } from 'vitest';
import {
  NEWEST,
  ScanBatch,
  StorageError,
  type ChangeTransaction,
  type StoredRow,
  type TransactionStore,
} from '../../../storage/contract/index.ts';
import { close, commit, drain, flush, keysOf, type Change } from './helpers.ts';

export interface Supports {
  /** Data survives close and open. */
  readonly persistence: boolean;
  /** Data may exceed memory; `openSmall` opens with a budget of a few hundred rows. */
  readonly eviction: boolean;
  readonly changeLog: boolean;
}

export interface StoreFactory {
  readonly supports: Supports;
  open(): Promise<TransactionStore>;
  openSmall?(): Promise<TransactionStore>;
}

export function transactionStoreSuite(name: string, makeFactory: () => StoreFactory): void {
  const using = (
    title: string,
    body: (store: TransactionStore, factory: StoreFactory) => Promise<void>,
    small = false,
  ): void => {
    test(title, async () => {
      const factory = makeFactory();
      const store = small && factory.openSmall !== undefined ? await factory.openSmall() : await factory.open();
      try {
        await body(store, factory);
      } finally {
        await close(store);
      }
    });
  };

  describe(`${name}: transaction store`, () => {
    using('starts empty', async (store) => {
      expect(store.lastStamp()).toBe(0);
      expect(store.get(1, 'a', 0)).toBeUndefined();
      expect(await keysOf(store, 1, 0)).toBe('');
      expect(store.newestStamp(1, 'a')).toBe(0);
    });

    using('shows a commit to later snapshots only', async (store) => {
      const first = await commit(store, [[1, 'a', ['one']]]);
      const second = await commit(store, [
        [1, 'a', ['two']],
        [1, 'b', [2]],
      ]);
      expect(second).toBe(first + 1);
      expect(store.lastStamp()).toBe(second);
      const old = store.registerSnapshot();
      await commit(store, [[1, 'a', null]]);
      expect(store.get(1, 'a', old.stamp)).toEqual(['two']);
      expect(store.get(1, 'a', NEWEST)).toBeUndefined();
      expect(await keysOf(store, 1, old.stamp)).toBe('a b');
      expect(await keysOf(store, 1, NEWEST)).toBe('b');
      store.releaseSnapshot(old);
    });

    using('finds the row that an index entry stands for, whatever became of both', async (store) => {
      const [table, index] = [1, 2];
      await commit(store, [
        [table, 'r1', ['first']],
        [table, 'r2', ['second']],
        [index, 'k', ['r1']],
      ]);
      const found = (snapshot = NEWEST): StoredRow | undefined => store.getReferenced(index, 'k', table, snapshot);
      const first = store.registerSnapshot();
      // Twice each: what was found may be remembered.
      for (let turn = 0; turn < 2; turn++) expect(found()).toEqual(['first']);
      await commit(store, [[table, 'r1', ['changed']]]);
      const changed = store.registerSnapshot();
      for (let turn = 0; turn < 2; turn++) expect(found()).toEqual(['changed']);
      await commit(store, [[index, 'k', ['r2']]]);
      const moved = store.registerSnapshot();
      for (let turn = 0; turn < 2; turn++) expect(found()).toEqual(['second']);
      await commit(store, [[table, 'r2', null]]);
      for (let turn = 0; turn < 2; turn++) expect(found()).toBeUndefined();
      await commit(store, [
        [table, 'r2', ['again']],
        [index, 'k', null],
      ]);
      for (let turn = 0; turn < 2; turn++) expect(found()).toBeUndefined();
      await commit(store, [[index, 'k', ['r2']]]);
      for (let turn = 0; turn < 2; turn++) {
        expect(found()).toEqual(['again']);
        expect(found(moved.stamp)).toEqual(['second']);
        expect(found(changed.stamp)).toEqual(['changed']);
        expect(found(first.stamp)).toEqual(['first']);
      }
      for (const snapshot of [first, changed, moved]) store.releaseSnapshot(snapshot);
      for (let turn = 0; turn < 2; turn++) expect(found()).toEqual(['again']);
      expect(store.getReferenced(index, 'none', table, NEWEST)).toBeUndefined();
    });

    using(
      'finds it when memory had to let go of the row',
      async (store) => {
        const rows = 3000;
        // Acknowledged before the log has them: what is not in the log yet must not count as flushed.
        for (let from = 0; from < rows; from += 500) {
          const changes: Change[] = [];
          for (let at = from; at < from + 500; at++)
            changes.push([1, `r${at}`, [at, 'x'.repeat(50)]], [2, `k${at}`, [`r${at}`]]);
          await commit(store, changes, [], 'relaxed');
          // Remembers them before they go.
          for (let at = from; at < from + 500; at++) store.getReferenced(2, `k${at}`, 1, NEWEST);
          await flush(store);
        }
        for (let turn = 0; turn < 2; turn++)
          for (let at = 0; at < rows; at += 7)
            expect(store.getReferenced(2, `k${at}`, 1, NEWEST)).toEqual([at, 'x'.repeat(50)]);
      },
      true,
    );

    using('reports the newest stamp, of deletions too', async (store) => {
      await commit(store, [[1, 'a', [1]]]);
      const held = store.registerSnapshot();
      const stamp = await commit(store, [[1, 'a', null]]);
      expect(store.newestStamp(1, 'a')).toBe(stamp);
      store.releaseSnapshot(held);
    });

    using('keeps spaces apart', async (store) => {
      await commit(store, [
        [1, 'a', [1]],
        [2, 'a', [2]],
        [0xfffffff0, 'a', [3]],
      ]);
      expect(store.get(1, 'a', NEWEST)).toEqual([1]);
      expect(store.get(2, 'a', NEWEST)).toEqual([2]);
      expect(store.get(0xfffffff0, 'a', NEWEST)).toEqual([3]);
      expect(await keysOf(store, 3, NEWEST)).toBe('');
    });

    using('scans in byte order, with any bounds, both ways', async (store) => {
      const changes: Change[] = ['b', 'a', 'd', 'c', '\u00ff', '\u0000', 'aa'].map((key) => [1, key, [key]]);
      await commit(store, changes);
      for (let round = 0; round < 2; round++) {
        const keys = (low: string, high?: string, options?: object): Promise<string> =>
          keysOf(store, 1, NEWEST, low, high, options);
        expect(await keys('')).toBe('\u0000 a aa b c d \u00ff');
        expect(await keys('a', 'c')).toBe('a aa b');
        expect(await keys('a', 'c', { lowInclusive: false, highInclusive: true })).toBe('aa b c');
        expect(await keys('a', 'c', { reverse: true })).toBe('b aa a');
        expect(await keys('a', 'c', { reverse: true, lowInclusive: false, highInclusive: true })).toBe('c b aa');
        expect(await keys('', undefined, { reverse: true })).toBe('\u00ff d c b aa a \u0000');
        expect(await keys('ab', 'ab')).toBe('');
        expect(await keys('x', 'b')).toBe('');
        await flush(store);
      }
    });

    using('a scan sees its snapshot while others commit', async (store) => {
      await commit(
        store,
        Array.from({ length: 50 }, (_, i): Change => [1, `k${String(i).padStart(3, '0')}`, [i]]),
      );
      const snapshot = store.registerSnapshot();
      const scan = store.scan(1, '', undefined, snapshot.stamp);
      const batch = { keys: [] as string[], rows: [] as StoredRow[], count: 0 };
      expect(scan.next(batch, 10)).toBe(10);
      await commit(store, [
        [1, 'k0005x', [0]],
        [1, 'k015', null],
        [1, 'k020', ['new']],
        [1, 'k0305', [0]],
      ]);
      const rest = await drain(scan, 3);
      expect(rest.length).toBe(40);
      expect(rest.find(([key]) => key === 'k020')?.[1]).toEqual([20]);
      store.releaseSnapshot(snapshot);
      expect((await drain(store.scan(1, '', undefined, NEWEST))).length).toBe(51);
    });

    using('commits in order, concurrently', async (store) => {
      const stamps = await Promise.all(Array.from({ length: 500 }, (_, i) => commit(store, [[1, `k${i}`, [i]]])));
      expect(stamps).toEqual(Array.from({ length: 500 }, (_, i) => i + 1));
      expect(store.statistics().commits).toBe(500);
      expect(store.statistics().syncs).toBeLessThan(100);
    });

    using('a large commit appears at once', async (store) => {
      await commit(store, [[1, 'k00001', ['old']]]);
      const changes = Array.from(
        { length: 30_000 },
        (_, i): Change => [1 + (i % 3), `k${String(i).padStart(5, '0')}`, [i, 'text']],
      );
      const promise = commit(store, [...changes, [1, 'k00001', null]]);
      const seen: number[] = [];
      let done = false;
      const watch = (): void => {
        seen.push(store.get(1, 'k00000', store.lastStamp()) === undefined ? 0 : 1);
        expect(store.get(3, 'k29999', store.lastStamp()) === undefined).toBe(seen.at(-1) === 0);
        expect(store.get(1, 'k00001', store.lastStamp()) !== undefined).toBe(seen.at(-1) === 0);
        if (!done) setImmediate(watch);
      };
      watch();
      const between = await commit(store, [[9, 'x', [1]]]);
      expect(between).toBe(2);
      await promise;
      done = true;
      expect((await drain(store.scan(2, '', undefined, NEWEST), 1000)).length).toBe(10_000);
      expect(store.get(1, 'k00001', NEWEST)).toBeUndefined();
    });

    using('a row that cannot be encoded fails its commit only', async (store) => {
      await commit(store, [[1, 'a', [1]]]);
      const circular: unknown[] = [];
      circular.push(circular);
      await expect(
        commit(store, [
          [1, 'a', [2]],
          [1, 'b', circular],
        ]),
      ).rejects.toThrow();
      const many = Array.from({ length: 9000 }, (_, i): Change => [1, `m${i}`, i === 8000 ? circular : [i]]);
      await expect(commit(store, [[1, 'a', [3]], ...many])).rejects.toThrow();
      expect(store.get(1, 'a', NEWEST)).toEqual([1]);
      expect(await keysOf(store, 1, NEWEST)).toBe('a');
      expect(await commit(store, [[1, 'c', [3]]])).toBe(2);
    });

    using('drops spaces', async (store) => {
      await commit(store, [
        [1, 'a', [1]],
        [2, 'a', [2]],
      ]);
      await flush(store);
      const held = store.registerSnapshot();
      await commit(store, [[3, 'a', [3]]], [1]);
      expect(store.get(1, 'a', held.stamp)).toEqual([1]);
      store.releaseSnapshot(held);
      await commit(store, [[3, 'b', [3]]]);
      expect(await keysOf(store, 1, NEWEST)).toBe('');
      expect(await keysOf(store, 2, NEWEST)).toBe('a');
      await flush(store);
      expect(await keysOf(store, 1, NEWEST)).toBe('');
    });

    using('counts rows', async (store) => {
      await commit(store, [
        [1, 'a', [1]],
        [1, 'b', [1]],
        [1, 'c', [1]],
      ]);
      await commit(store, [
        [1, 'a', [2]],
        [1, 'b', null],
      ]);
      expect(store.approximateRows(1)).toBe(2);
      expect(store.approximateBytes(1)).toBeGreaterThan(0);
    });

    using('refuses work after close', async (store) => {
      await commit(store, [[1, 'a', [1]]]);
      await close(store);
      await expect(commit(store, [[1, 'b', [1]]])).rejects.toBeInstanceOf(StorageError);
    });

    using('relaxed commits are visible at once and in order', async (store) => {
      const stamp = await commit(store, [[1, 'a', [1]]], [], 'relaxed');
      expect(store.lastStamp()).toBe(stamp);
      const results = await Promise.all([
        commit(store, [[1, 'b', [1]]]),
        commit(store, [[1, 'c', [1]]], [], 'relaxed'),
      ]);
      expect(results).toEqual([stamp + 1, stamp + 2]);
    });

    using('is the same after a restart', async (store, factory) => {
      if (!factory.supports.persistence) return;
      await commit(
        store,
        Array.from({ length: 100 }, (_, i): Change => [1, `a${i}`, [i]]),
      );
      await flush(store);
      await commit(
        store,
        Array.from({ length: 50 }, (_, i): Change => [1, `a${i}`, i % 2 === 0 ? null : ['changed']]),
      );
      await commit(
        store,
        Array.from({ length: 6000 }, (_, i): Change => [2, `b${i}`, [i]]),
      );
      await commit(store, [[3, 'x', [1]]]);
      await commit(store, [], [3]);
      const last = store.lastStamp();
      await close(store);
      for (let round = 0; round < 3; round++) {
        const again = await factory.open();
        try {
          expect(again.lastStamp()).toBe(last + round);
          expect((await drain(again.scan(1, '', undefined, NEWEST))).length).toBe(75);
          expect(again.get(1, 'a1', NEWEST)).toEqual(['changed']);
          expect(again.get(1, 'a2', NEWEST)).toBeUndefined();
          expect(again.get(2, 'b5999', NEWEST)).toEqual([5999]);
          expect(await keysOf(again, 3, NEWEST)).toBe('');
          await commit(again, [[4, `r${round}`, [round]]]);
          if (round > 0) await flush(again);
        } finally {
          await close(again);
        }
      }
    });

    using(
      'holds more than its memory',
      async (store, factory) => {
        if (!factory.supports.eviction) return;
        const model = new Map<string, StoredRow>();
        const filler = 'x'.repeat(100);
        for (let round = 0; round < 12; round++) {
          const changes: Change[] = [];
          for (let i = 0; i < 400; i++) {
            const key = `k${String((round * 311 + i * 7) % 3000).padStart(5, '0')}`;
            const row = (round + i) % 5 === 0 ? null : [round, i, filler];
            changes.push([1, key, row]);
            if (row === null) model.delete(key);
            else model.set(key, row);
          }
          await commit(store, changes);
          await flush(store);
          for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
          const expected = [...model.keys()].sort();
          const found = await drain(store.scan(1, '', undefined, NEWEST), 50);
          expect(found.map(([key]) => key)).toEqual(expected);
          const batch = new ScanBatch();
          const atOnce: string[] = [];
          const scan = store.scan(1, 'k00100', 'k02000', NEWEST, { synchronous: true });
          for (let count = scan.next(batch, 50); count !== 0; count = scan.next(batch, 50))
            atOnce.push(...batch.keys.slice(0, count));
          expect(atOnce).toEqual(expected.filter((key) => key >= 'k00100' && key < 'k02000'));
          const backwards = await drain(store.scan(1, 'k00100', 'k02000', NEWEST, { reverse: true }), 50);
          expect(backwards.map(([key]) => key)).toEqual(
            expected.filter((key) => key >= 'k00100' && key < 'k02000').reverse(),
          );
        }
        for (const [key, row] of model) expect(store.get(1, key, NEWEST)).toEqual(row);
        expect(store.get(1, 'nothing', NEWEST)).toBeUndefined();
        expect(store.statistics().evictions).toBeGreaterThan(0);
      },
      true,
    );

    using('hands its changes on', async (store, factory) => {
      if (!factory.supports.changeLog) return;
      store.changes.register('follower', 0);
      await commit(store, [
        [1, 'a', [1]],
        [1, 'b', [2]],
      ]);
      await commit(
        store,
        Array.from({ length: 5000 }, (_, i): Change => [2, `k${i}`, [i]]),
      );
      await commit(store, [[1, 'a', null]], [2]);
      await flush(store);
      const read = (after: number): Promise<readonly ChangeTransaction[]> =>
        new Promise((resolve, reject) =>
          store.changes.read(after, 1, (error, list) => (error === undefined ? resolve(list) : reject(error))),
        );
      const sizes: number[] = [];
      let after = 0;
      for (;;) {
        const list = await read(after);
        if (list.length === 0) break;
        for (const transaction of list) {
          sizes.push(transaction.operations.length);
          expect(transaction.stamp).toBe(after + 1);
          after = transaction.stamp;
        }
      }
      expect(sizes).toEqual([2, 5000, 2]);
      store.changes.acknowledge('follower', after);
    });
  });
}
