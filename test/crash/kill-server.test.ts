/**
 * What was acknowledged survives kill -9 of the engine or of the whole server at any moment, and no
 * transaction is torn: every transaction writes the same number to two tables.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import { startServer, type TestServer, until } from '../harness/index.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function connect(server: TestServer): Promise<pg.Client> {
  const { port, password } = server;
  const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres', password });
  client.on('error', () => {});
  await client.connect();
  return client;
}

interface Writer {
  /** Numbers whose commit was acknowledged. */
  readonly acknowledged: number[];
  /** Resolves when the connection broke. */
  readonly done: Promise<void>;
}

async function startWriter(server: TestServer, first: number, step: number): Promise<Writer> {
  const client = await connect(server);
  const acknowledged: number[] = [];
  const write = async (): Promise<void> => {
    for (let n = first; ; n += step) {
      await client.query('begin');
      await client.query('insert into one values ($1)', [n]);
      await client.query('insert into two values ($1)', [n]);
      await client.query('commit');
      acknowledged.push(n);
    }
  };
  return { acknowledged, done: write().catch(() => client.end().catch(() => {})) };
}

async function check(server: TestServer, writers: readonly Writer[]): Promise<number> {
  const client = await connect(server);
  const numbers = async (table: string): Promise<Set<number>> =>
    new Set((await client.query<{ n: number }>(`select n from ${table}`)).rows.map((row) => row.n));
  const [one, two] = [await numbers('one'), await numbers('two')];
  const acknowledged = writers.flatMap((writer) => writer.acknowledged);
  expect(acknowledged.filter((n) => !one.has(n) || !two.has(n))).toEqual([]);
  expect([...one].filter((n) => !two.has(n))).toEqual([]);
  expect(two.size).toBe(one.size);
  await client.end();
  return acknowledged.length;
}

test.each(['engine', 'server'] as const)(
  'kill -9 of the %s loses no acknowledged commit and tears none',
  async (what) => {
    let server = await startServer();
    cleanups.push(async () => {
      if (server.process.exitCode === null && server.process.signalCode === null) await server.stop();
    });
    const setup = await connect(server);
    await setup.query('create table one (n int primary key); create table two (n int primary key)');
    await setup.end();
    const writers: Writer[] = [];
    for (let round = 0; round < 3; round++) {
      const fresh = await Promise.all([0, 1, 2, 3].map((index) => startWriter(server, round * 1_000_000 + index, 4)));
      writers.push(...fresh);
      await sleep(150 + round * 170);
      if (what === 'engine') {
        const pid = await server.enginePid();
        process.kill(pid, 'SIGKILL');
        await Promise.all(fresh.map((writer) => writer.done));
        await until('the engine is back', async () => {
          const { engine } = await server.status();
          return engine.pid !== pid && engine.state === 'ready';
        });
      } else {
        await server.kill();
        await Promise.all(fresh.map((writer) => writer.done));
        server = await startServer({ data: server.data, port: server.port });
      }
      await check(server, writers);
    }
    expect(await check(server, writers)).toBeGreaterThan(30);
  },
  60_000,
);

test('a prepared transaction survives kill -9 with its changes and locks', async () => {
  let server = await startServer();
  cleanups.push(async () => {
    if (server.process.exitCode === null && server.process.signalCode === null) await server.stop();
  });
  let client = await connect(server);
  await client.query(`
    create table parent (id int primary key);
    create table child (id int references parent, n int unique);
    insert into parent values (1), (2);
    insert into child values (2, 20)`);
  const prepare = async (name: string, statement: string, level = 'read committed'): Promise<void> => {
    await client.query(`begin isolation level ${level}`);
    await client.query(statement);
    await client.query(`prepare transaction '${name}'`);
  };
  await prepare('to commit', 'insert into child values (1, 10)');
  await prepare('to roll back', 'update child set n = 21 where n = 20', 'serializable');
  await prepare('to keep', 'insert into child values (null, 30)');
  for (let round = 0; round < 2; round++) {
    await server.kill();
    server = await startServer({ data: server.data, port: server.port });
    client = await connect(server);
    const listed = await client.query('select gid, owner, database from pg_prepared_xacts order by gid');
    expect(listed.rows.map(({ gid }: { gid: string }) => gid)).toEqual(['to commit', 'to keep', 'to roll back']);
    await client.query("set lock_timeout = '50ms'");
    // The parent it refers to, the row it changed, the keys it took and the table are still locked.
    await expect(client.query('delete from parent where id = 1')).rejects.toMatchObject({ code: '55P03' });
    await expect(client.query('delete from child where n = 20')).rejects.toMatchObject({ code: '55P03' });
    await expect(client.query('insert into child values (1, 10)')).rejects.toMatchObject({ code: '55P03' });
    await expect(client.query('alter table child add column x int')).rejects.toMatchObject({ code: '55P03' });
    // New rows do not take the places of those that wait.
    await client.query('insert into child values (2, $1)', [100 + round]);
  }
  await client.query("commit prepared 'to commit'");
  await client.query("rollback prepared 'to roll back'");
  await server.kill();
  server = await startServer({ data: server.data, port: server.port });
  client = await connect(server);
  const rows = await client.query('select id, n from child order by n');
  expect(rows.rows).toEqual([
    { id: 1, n: 10 },
    { id: 2, n: 20 },
    { id: 2, n: 100 },
    { id: 2, n: 101 },
  ]);
  const left = await client.query('select gid from pg_prepared_xacts');
  expect(left.rows).toEqual([{ gid: 'to keep' }]);
  await client.query('delete from child where n = 20');
  await client.query("commit prepared 'to keep'");
  expect((await client.query('select count(*)::int as count from child')).rows).toEqual([{ count: 4 }]);
  await client.end();
}, 60_000);
