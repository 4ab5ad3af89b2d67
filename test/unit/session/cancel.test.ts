/**
 * A statement stops soon after its timeout whatever it is doing: collecting, sorting, hashing, finishing an aggregate,
 * reading what it spilled. Measured on the engine in this process, so that a blocked slice would show.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbedded, type TestDatabase } from '../../harness/embedded.ts';

/** How late a statement may be. The aim is 100 ms; the rest is for machines that run much else. */
const LATENESS_MS = 400;
const TIMEOUT_MS = 300;

let database: TestDatabase;
beforeAll(async () => {
  database = await openEmbedded({ config: { memory: { statement: 8 << 20 } } });
  await database.db.query('create table t (id int primary key, v int, pad text)');
  await database.db.query("insert into t select g, g % 1000, repeat('x', 50) from generate_series(1, 60000) g");
});
afterAll(() => database.close());

const series = (count: string): string => `generate_series(1, ${count}) g`;

test.each([
  ['scalar series', `select count(*) from (select generate_series(1, 1000000000000) offset 0) q`],
  ['function scan', `select count(*) from ${series('1000000000000')}`],
  ['filter that lets nothing pass', `select g from ${series('1000000000000')} where g < 0`],
  ['nested loop', `select count(*) from t a, t b, t c where a.v + b.v + c.v < 0`],
  ['hash build', `select count(*) from t a join ${series('100000000')} on g = a.id`],
  ['hash probe', `select count(*) from ${series('10000000000')} join t a on g = a.id`],
  ['many matches', `select count(*) from t a join t b on a.v = b.v join t c on c.v = b.v`],
  ['sort that spills', `select g from (select g, repeat('y', 100) from ${series('50000000')} order by 2, 1 desc) q`],
  ['top of many', `select g from ${series('1000000000')} order by g desc limit 5`],
  ['groups that spill', `select g, count(*) from ${series('100000000')} group by g`],
  ['grouping sets', `select g, g % 7, count(*) from ${series('100000000')} group by cube (1, 2)`],
  ['distinct that spills', `select distinct g from ${series('100000000')}`],
  ['set operation', `select g from ${series('100000000')} except select g + 1 from ${series('100000000')}`],
  ['offset', `select g from ${series('100000000000')} offset 99999999999`],
  ['window', `select sum(v) over (order by id rows between 20000 preceding and current row) from t`],
  ['recursion', 'with recursive r(n) as (select 1 union all select n + 1 from r) select count(*) from r'],
  // Every round finds one new row and drops its copies: the rows that are kept stay within the memory of the statement.
  [
    'recursion without duplicates',
    `with recursive r(n) as (select 1 union select n + 1 from r, ${series('200')}) select max(n) from r`,
  ],
  ['correlated subquery', 'select (select count(*) from t b where b.v + a.v < 0) from t a'],
  ['lateral', 'select count(*) from t a, lateral (select count(*) from t b where b.pad > a.pad) q'],
  ['insert', `insert into t select g + 1000000, 1, '' from ${series('100000000')}`],
  ['update', 'update t set v = (select count(*) from t b where b.v < t.v)'],
])(
  '%s',
  async (_name, statement) => {
    const db = await database.db.session();
    await db.query(`set statement_timeout = ${TIMEOUT_MS}`);
    const started = performance.now();
    try {
      await expect(db.query(statement)).rejects.toMatchObject({ sqlstate: '57014' });
    } finally {
      await db.close();
    }
    expect(performance.now() - started - TIMEOUT_MS).toBeLessThan(LATENESS_MS);
  },
  60_000,
);
