/** Cursors and portals left early are suspended executions: they cost what was read, in the snapshot they began with. */
import Cursor from 'pg-cursor';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../../harness/server.ts';

let server: TestServer;
let client: pg.Client;
let other: pg.Client;

async function connect(): Promise<pg.Client> {
  const made = new pg.Client({ host: '127.0.0.1', port: server.port, user: 'postgres', password: server.password });
  await made.connect();
  return made;
}

beforeAll(async () => {
  server = await startServer();
  client = await connect();
  other = await connect();
  await client.query('create table t (id int primary key, v int, pad text)');
  await client.query("insert into t select g, g, repeat('x', 100) from generate_series(1, 30000) g");
});
afterAll(async () => {
  await client.end();
  await other.end();
  await server.stop();
});

const fetchAll = async (statement: string): Promise<unknown[]> =>
  (await client.query({ text: statement, rowMode: 'array' })).rows.map((row: unknown[]) => row[0]);

test('a cursor computes no more than is fetched', async () => {
  await client.query('begin');
  await client.query('declare c cursor for select g * 2 from generate_series(1, 1000000000000) g');
  expect(await fetchAll('fetch 3 from c')).toEqual(['2', '4', '6']);
  expect(await fetchAll('fetch backward 2 from c')).toEqual(['4', '2']);
  expect(await fetchAll('fetch absolute 1000 from c')).toEqual(['2000']);
  await client.query('rollback');
});

test('a portal computes no more than is read, and others run meanwhile', async () => {
  await client.query('begin');
  const cursor = client.query(new Cursor<{ n: string }>('select g as n from generate_series(1, 1000000000000) g'));
  expect((await cursor.read(2)).map((row) => row.n)).toEqual(['1', '2']);
  expect((await cursor.read(2)).map((row) => row.n)).toEqual(['3', '4']);
  await cursor.close();
  await client.query('commit');
});

test('a suspended query stays in its snapshot, whatever is changed meanwhile', async () => {
  const query = `select a.v + b.v from t a join t b on b.id = a.id where a.id <= 20000 order by a.id`;
  const lookups = 'select (select v from t b where b.id = a.id + 1) from t a order by a.id';
  await client.query('begin');
  await client.query(`declare joined no scroll cursor for ${query}`);
  await client.query(`declare looked cursor for ${lookups}`);
  expect(await fetchAll('fetch 2 from joined')).toEqual([2, 4]);
  expect(await fetchAll('fetch 2 from looked')).toEqual([2, 3]);
  await other.query('update t set v = v + 1000000');
  await client.query('update t set v = -1 where id % 2 = 0');
  await client.query('delete from t where id > 19990');
  const joined = await fetchAll('fetch all from joined');
  expect(joined).toHaveLength(19998);
  expect(joined.at(-1)).toBe(40000);
  const looked = await fetchAll('fetch all from looked');
  expect(looked.slice(0, 2)).toEqual([4, 5]);
  expect(looked.slice(-2)).toEqual([30000, null]);
  await client.query('rollback');
  await other.query('update t set v = id');
});

test("a cursor over the transaction's own changes keeps them as they were", async () => {
  await client.query('begin');
  await client.query('update t set v = 0 where id <= 10');
  await client.query('declare c cursor for select v from t order by id');
  await client.query('update t set v = 7 where id <= 10');
  expect(await fetchAll('fetch 2 from c')).toEqual([0, 0]);
  expect(await fetchAll('fetch absolute 11 from c')).toEqual([11]);
  await client.query('rollback');
});

test('rows past the memory of a cursor are read backward from its file', async () => {
  await client.query('begin');
  await client.query('declare c scroll cursor with hold for select id, pad from t order by id');
  await client.query('commit');
  expect(await fetchAll('fetch last from c')).toEqual([30000]);
  expect(await fetchAll('fetch relative -12345 from c')).toEqual([17655]);
  expect(await fetchAll('fetch backward 3 from c')).toEqual([17654, 17653, 17652]);
  expect(await fetchAll('fetch absolute -1 from c')).toEqual([30000]);
  expect(await fetchAll('fetch first from c')).toEqual([1]);
  expect(await fetchAll('fetch forward all from c')).toHaveLength(29999);
  expect(await fetchAll('fetch next from c')).toEqual([]);
  expect(await fetchAll('fetch prior from c')).toEqual([30000]);
  await client.query('close c');
});
