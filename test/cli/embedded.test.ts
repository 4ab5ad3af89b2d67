/** The library: the database inside this process, with and without network clients. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { open } from '../../cli/embedded.ts';
import { openEmbedded } from '../harness/embedded.ts';
import type { TestDatabase } from '../harness/embedded.ts';
import { removeFolder, temporaryFolder } from '../harness/ports.ts';

describe('embedded', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await openEmbedded();
  });
  afterAll(() => database?.close());

  test('runs statements and returns rows as objects', async () => {
    const { db } = database;
    await db.run('create table note (id int primary key, body text, price numeric(8,2), made timestamptz)');
    await db.query('insert into note values ($1, $2, $3, $4)', [1, 'hello', '12.50', new Date(0)]);
    expect(await db.query('select * from note')).toEqual([{ id: 1, body: 'hello', price: '12.50', made: new Date(0) }]);
    expect(await db.query('select id from note where id = $1', [2])).toEqual([]);
  });

  test('says what each statement did', async () => {
    const results = await database.db.run(
      'create table counted (n int); insert into counted values (1), (2); select n from counted order by n',
    );
    expect(results.map(({ command, rowCount }) => [command, rowCount])).toEqual([
      ['CREATE TABLE', undefined],
      ['INSERT', 2],
      ['SELECT', 2],
    ]);
    expect(results[2]!.columns.map((column) => column.name)).toEqual(['n']);
  });

  test('takes and gives values of many types', async () => {
    const sql = `select $1::bigint as big, $2::bool as yes, $3::float8 as real, $4::jsonb as doc, $5::int[] as list, $6::bytea as bytes, $7::text as nothing, $8::date as day`;
    const [row] = await database.db.query(sql, [
      2n ** 60n,
      true,
      1.5,
      { a: [1, null] },
      [1, null, 3],
      Uint8Array.of(0, 255),
      null,
      '2024-02-29',
    ]);
    expect({ ...row, bytes: [...(row!['bytes'] as Uint8Array)] }).toEqual({
      big: 2n ** 60n,
      yes: true,
      real: 1.5,
      doc: { a: [1, null] },
      list: [1, null, 3],
      bytes: [0, 255],
      nothing: null,
      day: '2024-02-29',
    });
  });

  test('rejects with an SqlError that knows its SQLSTATE, and goes on', async () => {
    await expect(database.db.query('select * from nowhere')).rejects.toMatchObject({
      name: 'SqlError',
      sqlstate: '42P01',
    });
    await expect(database.db.query('selec 1')).rejects.toMatchObject({ sqlstate: '42601' });
    await expect(database.db.query('select $1::int', [])).rejects.toThrow('1 parameters, 0 were given');
    expect(await database.db.query('select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('an error undoes the whole text', async () => {
    const { db } = database;
    await db.run('create table whole (n int)');
    await expect(db.run('insert into whole values (1); insert into whole values (1/0)')).rejects.toMatchObject({
      sqlstate: '22012',
    });
    expect(await db.query('select * from whole')).toEqual([]);
  });

  test('transactions commit, roll back, and are invisible to others until then', async () => {
    const { db } = database;
    await db.run('create table ledger (n int)');
    await db.transaction(async (session) => {
      await session.query('insert into ledger values (1)');
      expect(await db.query('select * from ledger')).toEqual([]);
    });
    await expect(
      db.transaction(async (session) => {
        await session.query('insert into ledger values (2)');
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    expect(await db.query('select n from ledger')).toEqual([{ n: 1 }]);
  });

  test('statements that are not waited for run in order', async () => {
    const { db } = database;
    await db.run('create table ordered (n int)');
    await Promise.all(Array.from({ length: 20 }, (_, n) => db.query('insert into ordered values ($1)', [n])));
    expect((await db.query('select count(*) as n from ordered'))[0]).toEqual({ n: 20 });
  });

  test('serves network clients from the same process', async () => {
    const { db } = database;
    const [address] = await db.listen();
    await db.run("create table shared (t text); insert into shared values ('both see it')");
    const client = new pg.Client({
      host: address!.host,
      port: address!.port,
      user: 'postgres',
      database: 'postgres',
      password: db.password,
    });
    await client.connect();
    expect((await client.query('select t from shared')).rows).toEqual([{ t: 'both see it' }]);
    await client.end();
    const wrong = new pg.Client({
      host: address!.host,
      port: address!.port,
      user: 'postgres',
      database: 'postgres',
      password: 'wrong',
    });
    await expect(wrong.connect()).rejects.toThrow('password authentication failed');
  });
});

test('what was committed is there after opening again; one process at a time has it', async () => {
  const folder = temporaryFolder();
  const data = join(folder, 'data');
  const first = await open({ data });
  await first.run('create table kept (n int); insert into kept values (7)');
  await expect(open({ data })).rejects.toThrow(`process id ${process.pid}`);
  await first.close();
  expect(existsSync(join(data, 'lyrebird.lock'))).toBe(false);
  const second = await open({ data });
  expect(await second.query('select n from kept')).toEqual([{ n: 7 }]);
  await second.close();
  removeFolder(folder);
});
