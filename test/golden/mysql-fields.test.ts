/** What drivers rely on besides rows: whose columns a result has and whether they may be NULL, bytes in parameters, empty texts. */
import mysql, { type FieldPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/index.ts';

const NOT_NULL = 1;

let server: TestServer;
let client: mysql.Connection;
beforeAll(async () => {
  server = await startServer({ mysql: true });
  client = await mysql.createConnection({ uri: `${server.mysqlUrl}`, multipleStatements: true });
  await client.query(
    'create database fields; use fields; create table a (id int primary key, n int); create table b (id int primary key, a int not null); create view v as select id, n + 1 as more from a',
  );
});
afterAll(async () => {
  await client?.end();
  await server?.stop();
});

/** Every column as relation.table.name, with ! where it cannot be NULL. */
async function fields(sql: string): Promise<string> {
  const [, found] = await client.query(sql);
  return (found as unknown as (FieldPacket & { flags: number })[])
    .map((one) => `${one.table}.${one.orgTable}.${one.name}${(one.flags & NOT_NULL) === 0 ? '' : '!'}`)
    .join(' ');
}

test('columns on the side of an outer join that may be missing can be NULL', async () => {
  expect(await fields('select * from a join b on a.id = b.a')).toBe('a.a.id! a.a.n b.b.id! b.b.a!');
  expect(await fields('select * from a left join b on a.id = b.a')).toBe('a.a.id! a.a.n b.b.id b.b.a');
  expect(await fields('select b.id, a.id from a right join b on a.id = b.a')).toBe('b.b.id! a.a.id');
  expect(await fields('select d.id, d.a from a left join (select * from b) d on a.id = d.a')).toBe('d.b.id d.b.a');
});

test('columns of subqueries and views belong to them', async () => {
  expect(await fields('select * from (select 1 as one) d')).toBe('d..one!');
  expect(await fields('select d.id, d.z from (select id, n as z from a) d')).toBe('d.a.id! d.a.z');
  expect(await fields('with c as (select id from a) select * from c')).toBe('c.a.id!');
  expect(await fields('select more from v')).toBe('v..more');
  expect(await fields('select w.more from v w')).toBe('w..more');
  expect(await fields('select x.n, count(*) from a x group by x.n')).toBe('x.a.n ..count(*)!');
});

test('binary strings that a client declares as text reach binary columns as they are', async () => {
  await client.query('create table bin (id int primary key, v varbinary(9), b blob, t text)');
  const raw = Buffer.from([0, 0xff, 0x27, 0xc3]);
  await client.execute({ sql: 'insert into bin values (1, ?, ?, ?)', values: [raw, raw, 'é'] });
  // mysql2 declares a Buffer as a string, as most clients do.
  const [rows] = await client.execute('select v, b, t from bin where v = ?', [raw]);
  expect(rows).toEqual([{ v: raw, b: raw, t: 'é' }]);
  await expect(client.execute('insert into bin values (2, null, null, ?)', [raw])).rejects.toMatchObject({
    errno: 1366,
  });
});

test('nothing but comments is a statement, nothing at all is not', async () => {
  const [nothing] = await client.query('-- only a comment');
  expect(nothing).toMatchObject({ affectedRows: 0 });
  await expect(client.query(' ')).rejects.toMatchObject({ errno: 1065 });
});
