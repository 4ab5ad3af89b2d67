/** Applications that never say ANALYZE get plans for the data they have, prepared statements included. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbedded, type TestDatabase } from '../../harness/embedded.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openEmbedded();
});
afterAll(() => database.close());

const planOf = async (statement: string): Promise<string> =>
  (await database.db.query(`explain (costs off) ${statement}`)).map((row) => Object.values(row)[0]).join('\n');

test('a table that grew is analyzed, and plans follow', async () => {
  const { db } = database;
  await db.query('create table events (id int primary key, kind int, note text)');
  await db.query('create index on events (kind)');
  await db.query(
    "insert into events select g, case when g % 1000 = 0 then 1 else 0 end, 'n' from generate_series(1, 20000) g",
  );
  const common = 'select count(note) from events where kind = 0';
  const rare = 'select count(note) from events where kind = 1';
  // Without knowing the values both look alike.
  expect((await planOf(common)).replace('= 0', '= 1')).toBe(await planOf(rare));
  const statistics = 'select count(*)::int as n from pg_stats where tablename = $1';
  expect(await db.query(statistics, ['events'])).toEqual([{ n: 0 }]);
  const deadline = performance.now() + 30_000;
  while (((await db.query(statistics, ['events']))[0] as { n: number }).n === 0 && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await db.query(statistics, ['events'])).toEqual([{ n: 3 }]);
  expect(await planOf(common)).toContain('Seq Scan on events');
  expect(await planOf(rare)).toContain('Index Scan using events_kind_idx on events');
}, 60_000);
