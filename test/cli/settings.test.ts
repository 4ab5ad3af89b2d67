/** What the keys of the configuration do to a running server, where no other test shows it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { removeFolder, runProgram, startServer, temporaryFolder, type TestServer, until } from '../harness/index.ts';

let server: TestServer;
const clients: pg.Client[] = [];

beforeAll(async () => {
  server = await startServer({
    config: {
      host: 'localhost',
      authentication: { method: 'trust' },
      tls: { mode: 'off' },
      durability: 'relaxed',
      limits: {
        statement_size: 2000,
        prepared_statements: 3,
        message_size: '100kB',
        connections_per_client: 5,
        spill_size: '1MB',
      },
      memory: { statement: '1MB', memtable: '8MB', caches: '4MB' },
      timeouts: { statement: 400, idle_in_transaction: 300, lock: 200, drain: 0 },
      log: { level: 'debug', file_size: '64kB', files: 1, repeats_per_second: 5 },
    },
  });
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.end().catch(() => {});
});
afterAll(() => server?.stop());

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ host: 'localhost', port: server.port, user: 'postgres', database: 'postgres' });
  client.on('error', () => {});
  await client.connect();
  clients.push(client);
  return client;
}

describe('settings', () => {
  test('tls.mode off declines encryption', async () => {
    const client = new pg.Client({
      host: 'localhost',
      port: server.port,
      user: 'postgres',
      ssl: { rejectUnauthorized: false },
    });
    await expect(client.connect()).rejects.toThrow('does not support SSL');
  });

  test('timeouts.statement is the default of statement_timeout, which a session may change', async () => {
    const client = await connect();
    await expect(client.query('select pg_sleep(5)')).rejects.toMatchObject({ code: '57014' });
    await client.query('set statement_timeout = 0');
    await client.query('select pg_sleep(0.6)');
  });

  test('timeouts.lock is the default of lock_timeout', async () => {
    const [holder, waiter] = [await connect(), await connect()];
    await holder.query('create table held (n int primary key); insert into held values (1)');
    await holder.query('set idle_in_transaction_session_timeout = 0');
    await holder.query('begin; update held set n = 1');
    await expect(waiter.query('update held set n = 2')).rejects.toMatchObject({ code: '55P03' });
    await holder.query('rollback');
  });

  test('timeouts.idle_in_transaction ends a session that forgets its transaction', async () => {
    const client = await connect();
    const ended = new Promise<{ code?: string }>((resolve) => client.once('error', resolve));
    await client.query('begin');
    expect((await ended).code).toBe('25P03');
  });

  test('limits.statement_size, at the limit and one past it', async () => {
    const client = await connect();
    const text = (length: number): string => 'select 1'.padEnd(length, ' ');
    await client.query(text(2000));
    await expect(client.query(text(2001))).rejects.toMatchObject({ code: '54000' });
    await client.query('select 1');
  });

  test('limits.message_size ends a connection that sends more', async () => {
    const client = await connect();
    await expect(client.query('select length($1)', ['x'.repeat(200_000)])).rejects.toThrow();
  });

  test('limits.prepared_statements', async () => {
    const client = await connect();
    for (let n = 0; n < 3; n++) await client.query({ name: `s${n}`, text: `select ${n}` });
    await expect(client.query({ name: 's4', text: 'select 4' })).rejects.toThrow();
  });

  test('limits.connections_per_client', async () => {
    // Connections that earlier tests ended may still be on their way out.
    await until('five connections', async () => {
      while (clients.length < 5) await connect();
      return true;
    });
    await expect(connect()).rejects.toMatchObject({ code: '53300' });
  });

  test('memory.statement makes a sort spill, and limits.spill_size bounds it', async () => {
    const client = await connect();
    await client.query('set statement_timeout = 0');
    const sorted = (rows: number): Promise<pg.QueryResult> =>
      client.query(
        `select count(*) from (select n, repeat('x', 100) as t from generate_series(1, ${rows}) as g(n) order by t, n desc offset 1) as s`,
      );
    expect((await sorted(5000)).rows[0].count).toBe('4999');
    await expect(sorted(100_000)).rejects.toMatchObject({ code: expect.stringMatching(/^53/) as string });
    expect((await sorted(100)).rows[0].count).toBe('99');
  });

  test('durability is shown by status', async () => {
    expect((await runProgram(['status', '--data', server.data])).stdout).toContain('durability relaxed');
  });

  test('log.level decides what is written, as JSON lines', async () => {
    const lines = readFileSync(join(server.data, 'log/lyrebird.log'), 'utf8').trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toContain('ready');
  });
});

test('log.level silent writes nothing; log.destination stderr writes lines for people', async () => {
  const silent = await startServer({ config: { log: { level: 'silent' } } });
  await silent.stop({ keep: true });
  expect(readFileSync(join(silent.data, 'log/lyrebird.log'), 'utf8')).toBe('');
  const loud = await startServer({ data: silent.data, config: { log: { destination: 'stderr' } } });
  await until('line', () => /INFO {2}listener: ready/.test(loud.output()));
  await loud.stop();
});

test('workers.assignment and workers.spare reach the pool', async () => {
  const pool = await startServer({ config: { workers: { count: 3, assignment: 'round_robin' } } });
  await until(
    'three',
    async () => (await pool.status()).workers.filter((worker) => worker.state === 'ready').length === 3,
  );
  await pool.stop();
  const single = await startServer({ config: { isolation: 'connection', workers: { spare: 3 } } });
  await until('three spare', async () => (await single.status()).workers.length === 3);
  await single.stop();
});

test('lyrebird sblr lists the bytecode of each statement, or says where the text is wrong', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'query.sql');
  writeFileSync(file, 'select a + 1 from t where b = $1;\n\n-- a comment\ninsert into t values (1);\n');
  const { code, stdout, stderr } = await runProgram(['sblr', file]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('-- select a + 1 from t where b = $1\n');
  expect(stdout).toMatch(/LOAD_TABLE/);
  expect(stdout).toContain('-- insert into t values (1)\n');
  expect((await runProgram(['sblr', '-'], { input: 'select 1' })).stdout).toContain('-- select 1\n');
  expect(await runProgram(['sblr', '-'], { input: 'select 1;\nselect from where' })).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^lyrebird: -:2:\d+: syntax error/) as string,
  });
  expect(await runProgram(['sblr', join(folder, 'none.sql')])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('ENOENT') as string,
  });
  removeFolder(folder);
});
