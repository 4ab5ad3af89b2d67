/**
 * Catalog queries for one object do not make the rows of all objects: the base relations are looked up by
 * id, by name and by table, and a database of many tables answers as fast as one of few.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbedded, type TestDatabase } from '../../harness/embedded.ts';

const TABLES = 1000;
let database: TestDatabase;
let id: number;

beforeAll(async () => {
  database = await openEmbedded();
  const statements = ['create table t0 (id int primary key)'];
  for (let i = 1; i < TABLES; i++)
    statements.push(
      `create table t${i} (id int primary key, ref int references t${i - 1}, v int default 5 check (v > 0))`,
    );
  await database.db.run(`begin; ${statements.join('; ')}; commit`);
  const rows = await database.db.query("select 't500'::regclass::oid::int as id");
  id = (rows as { id: number }[])[0]!.id;
}, 60_000);

afterAll(async () => {
  await database.close();
});

/** What psql and the object mappers ask about one table. */
const QUERIES: readonly ((id: number) => string)[] = [
  () => `select oid from pg_class where relname = 't500'`,
  (oid) =>
    `select c.relchecks, am.amname from pg_class c left join pg_class tc on c.reltoastrelid = tc.oid left join pg_am am on c.relam = am.oid where c.oid = ${oid}`,
  (oid) =>
    `select a.attname, format_type(a.atttypid, a.atttypmod), (select pg_get_expr(d.adbin, d.adrelid, true) from pg_attrdef d where d.adrelid = a.attrelid and d.adnum = a.attnum) from pg_attribute a where a.attrelid = ${oid} and a.attnum > 0 order by a.attnum`,
  (oid) =>
    `select c2.relname, pg_get_indexdef(i.indexrelid, 0, true), pg_get_constraintdef(con.oid, true) from pg_class c, pg_class c2, pg_index i left join pg_constraint con on (conrelid = i.indrelid and conindid = i.indexrelid and contype in ('p', 'u', 'x')) where c.oid = ${oid} and c.oid = i.indrelid and i.indexrelid = c2.oid order by c2.relname`,
  (oid) =>
    `select conname, pg_get_constraintdef(oid, true) from pg_constraint where conrelid = ${oid} order by conname`,
  (oid) => `select conname, conrelid::regclass from pg_constraint where confrelid = ${oid}`,
  (oid) => `select * from pg_depend where refobjid = ${oid}`,
  () =>
    `select column_name, data_type, column_default from information_schema.columns where table_schema = 'public' and table_name = 't500' order by ordinal_position`,
];

test.each(QUERIES.map((query, i) => [i, query] as const))('query %i looks its relations up', async (_i, query) => {
  const plan = (await database.db.query(`explain ${query(id)}`)) as Record<string, string>[];
  expect(plan.map((row) => Object.values(row)[0]).join('\n')).toContain('Index Cond');
});

test('describing one table costs a small part of listing all', async () => {
  const time = async (work: () => Promise<unknown>): Promise<number> => {
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 7; i++) {
      const start = performance.now();
      await work();
      best = Math.min(best, performance.now() - start);
    }
    return best;
  };
  const all = await time(() => database.db.query('select relname, relacl from pg_class order by relname'));
  for (const query of QUERIES) {
    const one = await time(() => database.db.query(query(id)));
    expect(one, query(id)).toBeLessThan(all);
  }
});
