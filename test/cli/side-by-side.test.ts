/**
 * One table, two kinds of clients at once: what one writes the other reads, and locks, keys, counters and definitions
 * are the same for both. Each is told of errors in its own words.
 */
import mysql, { type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/index.ts';

let server: TestServer;
let my: mysql.Connection;
let post: pg.Client;

/** Rows as arrays of texts, which both protocols can give. */
async function ofMysql(sql: string): Promise<(string | null)[][]> {
  const [rows] = await my.query<RowDataPacket[][]>({
    sql,
    rowsAsArray: true,
    typeCast: (field) => field.string('utf8'),
  });
  return rows as unknown as (string | null)[][];
}

async function ofPostgres(text: string): Promise<(string | null)[][]> {
  const raw = (value: string): string => value;
  const { rows } = await post.query({ text, rowMode: 'array', types: { getTypeParser: () => raw } });
  return rows as (string | null)[][];
}

beforeAll(async () => {
  server = await startServer({ mysql: true });
  const { password, port, mysqlUrl } = server;
  my = await mysql.createConnection(mysqlUrl);
  await my.query('create database side');
  await my.query('use side');
  post = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password, database: 'side' });
  await post.connect();
});
afterAll(async () => {
  await my?.end();
  await post?.end();
  await server?.stop();
});

describe('side by side', () => {
  beforeEach(async () => {
    await my.query('drop table if exists t');
    await my.query(
      `create table t (id int primary key auto_increment, name varchar(20) unique, n int not null default 7)`,
    );
  });

  test('values of every common type cross', async () => {
    await my.query('drop table if exists kinds');
    await my.query(`create table kinds (
      ti tinyint, si smallint unsigned, bi bigint, bu bigint unsigned, de decimal(12, 3), fl float, db double, ok boolean,
      ch char(5), vc varchar(30), tx text, bl blob, da date, tm time, dt datetime(3), en enum('red', 'green'), js json)`);
    const values = `(-5, 65535, -9007199254740993, 9007199254740993, 1234.500, 1.5, -2.25, true, 'ab', 'Grüße', 'long',
      'bytes', '2024-02-29', '23:59:58', '2024-02-29 12:34:56.789', 'green', '{"a": [1, null]}')`;
    await my.query(`insert into kinds values ${values}`);
    // A boolean is a small number to MySQL.
    await post.query(`insert into kinds values ${values.replace('true', '1')}`);
    const seen = [
      ['-5', '65535', '-9007199254740993', '9007199254740993', '1234.500', '1.5', '-2.25', '2024-02-29', '23:59:58'],
      ['Grüße', 'long', 'green', '{"a": [1, null]}', '2024-02-29 12:34:56.789'],
    ];
    const [numbers, texts] = ['ti, si, bi, bu, de, fl, db, da, tm', 'vc, tx, en, js, dt'];
    for (const [columns, expected] of [
      [numbers, seen[0]],
      [texts, seen[1]],
    ] as const) {
      expect(await ofMysql(`select ${columns} from kinds`)).toEqual([expected, expected]);
      expect(await ofPostgres(`select ${columns} from kinds`)).toEqual([expected, expected]);
    }
    expect(await ofMysql('select ok, ch, hex(bl) from kinds')).toEqual([
      ['1', 'ab', '6279746573'],
      ['1', 'ab', '6279746573'],
    ]);
    expect(await ofPostgres('select ok, ch, bl from kinds')).toEqual([
      ['1', 'ab   ', '\\x6279746573'],
      ['1', 'ab   ', '\\x6279746573'],
    ]);
  });

  test('a transaction is seen by the other side when it commits', async () => {
    await my.query('begin');
    await my.query("insert into t (name) values ('open')");
    expect(await ofPostgres('select count(*) from t')).toEqual([['0']]);
    await my.query('commit');
    expect(await ofPostgres('select name, n from t')).toEqual([['open', '7']]);
    await post.query("begin; update t set n = 8 where name = 'open'");
    expect(await ofMysql('select n from t')).toEqual([['7']]);
    await post.query('rollback');
    expect(await ofMysql('select n from t')).toEqual([['7']]);
  });

  test('a row locked on one side makes the other wait', async () => {
    await my.query("insert into t (name) values ('row')");
    await post.query("begin; select * from t where name = 'row' for update");
    await my.query('set innodb_lock_wait_timeout = 1');
    await expect(my.query("update t set n = 1 where name = 'row'")).rejects.toMatchObject({ errno: 1205 });
    const waiting = my.query<ResultSetHeader>("update t set n = n + 1 where name = 'row'");
    await post.query("update t set n = 100 where name = 'row'; commit");
    expect((await waiting)[0].affectedRows).toBe(1);
    expect(await ofPostgres('select n from t')).toEqual([['101']]);
  });

  test('a deadlock over both sides is broken', async () => {
    await my.query("insert into t (name, n) values ('a', 0), ('b', 0)");
    await my.query('set innodb_lock_wait_timeout = 50');
    await my.query('begin');
    await post.query('begin');
    await my.query("update t set n = 1 where name = 'a'");
    await post.query("update t set n = 2 where name = 'b'");
    const outcomes = await Promise.all([
      my.query("update t set n = 1 where name = 'b'").then(
        () => 'done',
        (error: { errno: number }) => String(error.errno),
      ),
      post.query("update t set n = 2 where name = 'a'").then(
        () => 'done',
        (error: { code: string }) => error.code,
      ),
    ]);
    expect([
      ['done', '40P01'],
      ['1213', 'done'],
    ]).toContainEqual(outcomes);
    await my.query('rollback');
    await post.query('rollback');
  });

  test('keys and counters are shared', async () => {
    await my.query("insert into t (name) values ('one')");
    await post.query("insert into t (name) values ('two')");
    const [third] = await my.query<ResultSetHeader>("insert into t (name) values ('three')");
    expect(third.insertId).toBe(3);
    expect(await ofPostgres('select id, name from t order by id')).toEqual([
      ['1', 'one'],
      ['2', 'two'],
      ['3', 'three'],
    ]);
    await expect(post.query("insert into t (name) values ('one')")).rejects.toMatchObject({
      code: '23505',
      detail: 'Key (name)=(one) already exists.',
    });
    await expect(my.query("insert into t (name) values ('two')")).rejects.toMatchObject({
      errno: 1062,
      message: "Duplicate entry 'two' for key 't.name'",
    });
    await expect(my.query('insert into t (name, n) values (null, null)')).rejects.toMatchObject({ errno: 1048 });
    await expect(post.query('insert into t (name, n) values (null, null)')).rejects.toMatchObject({ code: '23502' });
  });

  test('definitions change under both, and under statements that are prepared', async () => {
    await my.query("insert into t (name) values ('x')");
    const prepared = 'select * from t where id = ?';
    expect((await my.execute(prepared, [1]))[0]).toEqual([{ id: 1, name: 'x', n: 7 }]);
    await post.query("alter table t add column extra text default 'new'");
    expect((await my.execute(prepared, [1]))[0]).toEqual([{ id: 1, name: 'x', n: 7, extra: 'new' }]);
    expect(
      await ofMysql(
        "select column_name from information_schema.columns where table_name = 't' order by ordinal_position",
      ),
    ).toEqual([['id'], ['name'], ['n'], ['extra']]);
    await my.query('alter table t drop column n');
    expect((await post.query('select * from t')).rows).toEqual([{ id: 1, name: 'x', extra: 'new' }]);
    await post.query('drop table t');
    await expect(my.execute(prepared, [1])).rejects.toMatchObject({
      errno: 1146,
      message: "Table 'side.t' doesn't exist",
    });
  });

  test('views and routines of one side serve the other', async () => {
    await post.query("insert into t (name, n) values ('a', 1), ('b', 2)");
    await post.query('drop view if exists totals');
    await post.query('create view totals as select count(*) as rows, sum(n) as total from t');
    expect(await ofMysql('select * from totals')).toEqual([['2', '3']]);
    await my.query('drop view totals');
    await my.query('create view totals as select max(n) as most from t');
    expect(await ofPostgres('select most from totals')).toEqual([['2']]);
    await my.query('drop view totals');
  });
});
