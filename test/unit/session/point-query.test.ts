/** Queries for one row by its key, which take a path of their own: they answer what the general path does. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEmbedded } from '../../harness/embedded.ts';
import type { TestDatabase } from '../../harness/embedded.ts';

describe('point queries', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await openEmbedded();
    await database.db.run(`
      create table item (id int primary key, code text unique, bytes bytea);
      insert into item values (1, 'one', '\\x0102'), (2, 'two', null), (3, null, '\\xff');
      create table pair (a int, b text, v numeric, primary key (b, a));
      insert into pair values (1, 'x', 1.5), (2, 'x', 2.5)`);
  });
  afterAll(() => database?.close());

  test('answer the row in the columns asked for, or none', async () => {
    const { db } = database;
    expect(await db.query('select id, code from item where id = $1', [2])).toEqual([{ id: 2, code: 'two' }]);
    expect(await db.query('select code, id, code as again from item where id = 1')).toEqual([
      { code: 'one', id: 1, again: 'one' },
    ]);
    expect(await db.query('select v from pair where a = $1 and b = $2', [2, 'x'])).toEqual([{ v: '2.5' }]);
    for (const id of [9, null, 2147483647, -2147483648])
      expect(await db.query('select id from item where id = $1', [id])).toEqual([]);
    expect(await db.query('select id from item where id = 99999999999')).toEqual([]);
    expect(await db.query('select id from item where code = $1', [null])).toEqual([]);
  });

  test('answer bytes that stay as they are', async () => {
    const { db } = database;
    const [first] = await db.query('select bytes from item where id = $1', [1]);
    await db.query('select bytes from item where id = $1', [3]);
    expect(Buffer.from(first!['bytes'] as Uint8Array).toString('hex')).toBe('0102');
  });

  test('know columns added after the row was stored', async () => {
    const { db } = database;
    await db.run(
      'create table grown (id int primary key); insert into grown values (1); select * from grown where id = 1',
    );
    await db.run("alter table grown add column later text default 'new'");
    expect(await db.query('select * from grown where id = 1')).toEqual([{ id: 1, later: 'new' }]);
    await db.run('alter table grown drop column later');
    expect(await db.query('select * from grown where id = 1')).toEqual([{ id: 1 }]);
  });

  test("see a transaction's own changes inside it and nothing of it outside", async () => {
    const { db } = database;
    const sql = 'select code from item where id = $1';
    await db.transaction(async (session) => {
      await session.query("update item set code = 'changed' where id = 1");
      expect(await session.query(sql, [1])).toEqual([{ code: 'changed' }]);
      expect(await db.query(sql, [1])).toEqual([{ code: 'one' }]);
      await session.query('delete from item where id = 1');
      expect(await session.query(sql, [1])).toEqual([]);
      await session.query("insert into item values (1, 'one', '\\x0102')");
    });
    expect(await db.query(sql, [1])).toEqual([{ code: 'one' }]);
  });

  test('keep to the snapshot of a repeatable read', async () => {
    const { db } = database;
    const session = await db.session();
    await session.run('begin isolation level repeatable read');
    await session.query('select code from item where id = 2');
    await db.query("update item set code = 'later' where id = 2");
    expect(await session.query('select code from item where id = 2')).toEqual([{ code: 'two' }]);
    await db.query("insert into item values (4, 'four')");
    await session.query("update item set code = 'own' where id = 1");
    expect(await session.query('select code from item where id = 1')).toEqual([{ code: 'own' }]);
    expect(await session.query('select code from item where id = 2')).toEqual([{ code: 'two' }]);
    expect(await session.query('select code from item where id = 4')).toEqual([]);
    await session.run("update item set code = 'one' where id = 1; delete from item where id = 4; commit");
    expect(await session.query('select code from item where id = 2')).toEqual([{ code: 'later' }]);
    await session.close();
  });

  test('wait for whoever has locked the table', async () => {
    const { db } = database;
    const holder = await db.session();
    await holder.run('begin; lock table item in access exclusive mode');
    let answered = false;
    const waiting = db.query('select code from item where id = 3').then((rows) => {
      answered = true;
      return rows;
    });
    await holder.run("update item set code = 'three' where id = 3");
    expect(answered).toBe(false);
    await holder.run('commit');
    expect(await waiting).toEqual([{ code: 'three' }]);
    await holder.close();
  });

  test('fail as others do and leave the session usable', async () => {
    const { db } = database;
    await expect(db.query("select id from item where id = 'x'")).rejects.toThrow(
      /invalid input syntax for type integer/,
    );
    expect(await db.query('select id from item where id = $1', [1])).toEqual([{ id: 1 }]);
  });
});
