/**
 * Statements that go by the newest commit: a row they waited for was deleted and came back under the same key. MySQL's
 * statements find the new row, as those of InnoDB do, which waits at the place of the key and not at the version.
 */
import mysql, { type Connection, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/index.ts';

let server: TestServer;
let one: Connection;
let two: Connection;

beforeAll(async () => {
  server = await startServer({ mysql: true, config: { durability: 'relaxed' } });
  one = await mysql.createConnection(server.mysqlUrl);
  two = await mysql.createConnection(server.mysqlUrl);
  await one.query('create database replaced');
  for (const connection of [one, two]) await connection.query('use replaced');
  await one.query('create table t (id int primary key, v int)');
});
afterAll(async () => {
  await one?.end();
  await two?.end();
  await server?.stop();
});
beforeEach(async () => {
  await one.query('delete from t');
  await one.query('insert into t values (1, 10), (2, 20)');
});

/** Starts `statement` on the second connection while the first has replaced row 1, and commits the first. */
async function whileReplaced(isolation: string, statement: string): Promise<ResultSetHeader | RowDataPacket[]> {
  await two.query(`set session transaction isolation level ${isolation}`);
  await one.query('begin');
  await one.query('delete from t where id = 1');
  await one.query('insert into t values (1, 11)');
  await two.query('begin');
  await two.query('select * from t');
  const waiting = two.query<ResultSetHeader | RowDataPacket[]>(statement);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await one.query('commit');
  const [answer] = await waiting;
  return answer;
}

describe.each(['repeatable read', 'read committed'])('%s', (isolation) => {
  test('DELETE removes the new row, and its key is free', async () => {
    expect(await whileReplaced(isolation, 'delete from t where id = 1')).toMatchObject({ affectedRows: 1 });
    await two.query('insert into t values (1, 12)');
    await two.query('commit');
    expect((await one.query('select v from t where id = 1'))[0]).toEqual([{ v: 12 }]);
  });

  test('UPDATE changes the new row, and rows before it once', async () => {
    expect(await whileReplaced(isolation, 'update t set v = v + 1 order by id desc')).toMatchObject({
      affectedRows: 2,
    });
    await two.query('commit');
    expect((await one.query('select v from t order by id'))[0]).toEqual([{ v: 12 }, { v: 21 }]);
  });

  test('SELECT FOR UPDATE answers the new row', async () => {
    expect(await whileReplaced(isolation, 'select v from t where id = 1 for update')).toEqual([{ v: 11 }]);
    await two.query('commit');
  });
});
