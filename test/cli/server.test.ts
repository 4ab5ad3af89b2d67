/** The real server process with real Postgres drivers: life and death of its processes. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import {
  freePort,
  isRunning,
  removeFolder,
  runProgram,
  type ServerOptions,
  startServer,
  temporaryFolder,
  type TestServer,
  until,
} from '../harness/index.ts';

const base = temporaryFolder();
afterAll(() => removeFolder(base));
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function started(options: ServerOptions = {}): Promise<TestServer> {
  const server = await startServer(options);
  cleanups.push(async () => {
    if (server.process.exitCode === null && server.process.signalCode === null) await server.stop();
  });
  return server;
}

async function connect(server: TestServer, options: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: server.port,
    user: 'postgres',
    database: 'postgres',
    password: server.password,
    ...options,
  });
  client.on('error', () => {});
  await client.connect();
  cleanups.push(() => client.end().catch(() => {}));
  return client;
}

const one = async (client: pg.Client): Promise<unknown> => (await client.query('select 1 as x')).rows[0].x;

describe('connections', () => {
  test('log in with the password of the file, over TLS too, and not with another', async () => {
    const server = await started();
    expect(await one(await connect(server))).toBe(1);
    const ca = readFileSync(join(server.data, 'server.crt'), 'utf8');
    expect(await one(await connect(server, { ssl: { ca, servername: 'localhost' } }))).toBe(1);
    await expect(connect(server, { password: 'wrong' })).rejects.toThrow(
      'password authentication failed for user "postgres"',
    );
  });

  test('use the password of the environment at the first start', async () => {
    const server = await started({ password: 'from the environment' });
    expect(await one(await connect(server))).toBe(1);
  });

  test('need no password with trust, and no unencrypted login with tls required', async () => {
    const server = await started({ config: { authentication: { method: 'trust' }, tls: { mode: 'required' } } });
    await expect(connect(server)).rejects.toThrow('encrypted connections only');
    expect(await one(await connect(server, { password: '', ssl: { rejectUnauthorized: false } }))).toBe(1);
  });

  test('run at once, two hundred of them', async () => {
    const server = await started();
    const clients = await Promise.all(Array.from({ length: 200 }, () => connect(server)));
    await clients[0]!.query(
      'create table seen (n int primary key); create table total (n int); insert into total values (0)',
    );
    const work = clients.map(async (client, n) => {
      await client.query('begin');
      await client.query('insert into seen values ($1)', [n]);
      // All meet at one row.
      await client.query('update total set n = n + 1');
      await client.query('commit');
      return (await client.query<{ n: number }>('select n from seen where n = $1', [n])).rows[0]!.n;
    });
    expect(await Promise.all(work)).toEqual(clients.map((_, n) => n));
    expect((await clients[7]!.query('select n from total')).rows).toEqual([{ n: 200 }]);
    expect(
      (await clients[8]!.query('select count(distinct pid)::int as n from pg_stat_activity')).rows[0].n,
    ).toBeGreaterThanOrEqual(200);
    expect((await server.status()).connections.open).toBe(200);
  });

  test('are told when there are too many, and admitted again when one ends', async () => {
    const server = await started({ config: { limits: { connections: 2 } } });
    const first = await connect(server);
    await connect(server);
    await expect(connect(server)).rejects.toMatchObject({ code: '53300' });
    await first.end();
    await until('one connection left', async () => (await server.status()).connections.open === 1);
    expect(await one(await connect(server))).toBe(1);
  });

  test('that say nothing are closed after the handshake timeout', async () => {
    const server = await started({ config: { timeouts: { handshake: 300 } } });
    const socket = net.connect(server.port, '127.0.0.1');
    socket.on('error', () => {});
    const begun = performance.now();
    await new Promise((resolve) => socket.on('data', () => {}).on('close', resolve));
    expect(performance.now() - begun).toBeLessThan(3000);
  });

  test.each(['pool', 'connection', 'none'] as const)('are served with isolation %s', async (isolation) => {
    const server = await started({ config: { isolation } });
    const clients = await Promise.all(Array.from({ length: 4 }, () => connect(server)));
    expect(await Promise.all(clients.map(one))).toEqual([1, 1, 1, 1]);
    const { workers } = await server.status();
    if (isolation === 'connection') expect(workers.filter((worker) => worker.connections === 1).length).toBe(4);
    if (isolation === 'none') expect(workers).toEqual([]);
    await Promise.all(clients.map((client) => client.end()));
    expect(await server.stop()).toBe(0);
  });
});

describe('ending', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s lets a running statement finish, ends idle sessions, exits 0 and leaves nothing',
    async (signal) => {
      const server = await started();
      const [busy, idle] = [await connect(server), await connect(server)];
      const pids = [await server.enginePid(), ...(await server.workerPids())];
      const told = new Promise<Error>((resolve) => idle.once('error', resolve));
      const running = busy.query('select pg_sleep(1)');
      await until('running', async () => true);
      server.process.kill(signal);
      expect(await told).toMatchObject({ code: '57P01' });
      await expect(running).resolves.toBeDefined();
      expect(await server.stop()).toBe(0);
      expect(pids.filter(isRunning)).toEqual([]);
    },
  );

  test('does not wait longer than the drain timeout', async () => {
    const server = await started({ config: { timeouts: { drain: 300 } } });
    const busy = await connect(server);
    const running = busy.query('select pg_sleep(60)').catch((error: unknown) => error);
    await until('sent', async () => true);
    const begun = performance.now();
    expect(await server.stop()).toBe(0);
    expect(performance.now() - begun).toBeLessThan(5000);
    expect(await running).toBeInstanceOf(Error);
  });

  test('by command; the folder can then be opened again', async () => {
    const server = await started();
    const { stdout, code } = await runProgram(['stop', '--data', server.data]);
    expect({ stdout, code }).toEqual({ stdout: `The server (process ${server.process.pid}) has stopped.\n`, code: 0 });
    const again = await started({ data: server.data, port: server.port });
    expect(await one(await connect(again))).toBe(1);
    await again.stop();
    expect(await runProgram(['stop', '--data', server.data])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no server runs on') as string,
    });
  });

  test('of the server process by kill -9 ends its children, and the next start takes over', async () => {
    const server = await started();
    await connect(server);
    const pids = [await server.enginePid(), ...(await server.workerPids())];
    await server.kill();
    const again = await started({ data: server.data, port: server.port });
    await until('children ended', () => !pids.some(isRunning));
    expect(await one(await connect(again))).toBe(1);
  });
});

describe('failures', () => {
  test('a killed worker closes its clients only; a new one takes over', async () => {
    const server = await started({ config: { workers: { count: 2 } } });
    await until('both ready', async () => (await server.status()).workers.every((worker) => worker.state === 'ready'));
    const clients = [await connect(server), await connect(server)];
    const [victim] = await server.workerPids();
    const lost = clients.map((client) => new Promise<void>((resolve) => client.once('end', resolve)));
    process.kill(victim!, 'SIGKILL');
    const index = await Promise.race(lost.map((promise, position) => promise.then(() => position)));
    expect(await one(clients[1 - index]!)).toBe(1);
    await until(
      'replaced',
      async () => (await server.status()).workers.filter((worker) => worker.state !== 'starting').length === 2,
    );
    expect(await one(await connect(server))).toBe(1);
  });

  test('a killed engine fails what runs, is started again, and clients reconnect', async () => {
    const server = await started();
    const client = await connect(server);
    const pid = await server.enginePid();
    const running = client.query('select pg_sleep(30)').catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 100));
    process.kill(pid, 'SIGKILL');
    expect(await running).toBeInstanceOf(Error);
    // No waiting here: a login right after the crash waits for the engine by itself.
    expect(await one(await connect(server))).toBe(1);
    const { engine } = await server.status();
    expect(engine.restarts).toBe(1);
    expect(engine.pid).not.toBe(pid);
  });
});

describe('a start that cannot be', () => {
  const refused = async (args: readonly string[], message: RegExp): Promise<void> => {
    const { code, stdout, stderr } = await runProgram(['start', ...args]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  };

  test('because the port is taken', async () => {
    const port = await freePort();
    const taken = net.createServer().listen(port, '127.0.0.1');
    await refused(
      ['--data', join(base, 'a'), '--pg-port', String(port)],
      new RegExp(`port 127.0.0.1:${port} is taken .*--pg-port`),
    );
    taken.close();
  });

  test('because another server has the folder', async () => {
    const server = await started();
    await refused(
      ['--data', server.data, '--pg-port', '0'],
      new RegExp(`process id ${server.process.pid}; stop it with "lyrebird stop`),
    );
    expect(await one(await connect(server))).toBe(1);
  });

  test('because the folder is foreign', async () => {
    const folder = join(base, 'foreign');
    mkdirSync(folder);
    writeFileSync(join(folder, 'file'), '');
    await refused(['--data', folder], /is not a Lyrebird data folder/);
  });

  test('because of the configuration', async () => {
    const file = join(base, 'bad.yaml');
    writeFileSync(file, 'postgres: { prot: 1 }\n');
    await refused(['--config', file], /unknown key "postgres.prot"; did you mean "postgres.port"\?/);
    await refused(['--config', join(base, 'missing.yaml')], /cannot read the configuration file/);
    await refused(['--pg-port', 'many'], /--pg-port needs a number or "off", not "many"/);
    await refused(['--pg-port', 'off', '--mysql-port', 'off', '--data', join(base, 'b')], /no protocol is enabled/);
    await refused(
      ['--host', '203.0.113.7', '--pg-port', '0', '--data', join(base, 'c')],
      /is not an address of this machine/,
    );
  });

  test('because the certificate cannot be read', async () => {
    const file = join(base, 'tls.yaml');
    writeFileSync(file, `data: tls-data\npostgres: { port: 0 }\ntls: { certificate: none.crt, key: none.key }\n`);
    await refused(['--config', file], /cannot read the certificate or key file .*none\.crt/);
    writeFileSync(join(base, 'none.crt'), 'x');
    writeFileSync(join(base, 'none.key'), 'y');
    await refused(['--config', file], /are not a certificate and its key/);
  });
});

test('a warm start takes well under a second, and says how to connect', async () => {
  const first = await started();
  await first.stop({ keep: true });
  const begun = performance.now();
  const server = await started({ data: first.data, port: first.port });
  expect(performance.now() - begun).toBeLessThan(3000);
  expect(server.output()).toContain(
    `PGPASSWORD=$(cat ${server.data}/admin-password) psql -h 127.0.0.1 -p ${server.port} -U postgres`,
  );
});

test('settings change while it runs', async () => {
  const server = await started({ config: { limits: { connections: 10 } } });
  const file = join(server.data, '../lyrebird.yaml');
  writeFileSync(
    file,
    `data: ${server.data}\npostgres: { port: ${server.port} }\nmysql: { port: off }\nlimits: { connections: 1 }\nworkers: { count: 2 }\nhost: localhost\n`,
  );
  const { stdout, code } = await runProgram(['reload', '--data', server.data, '--json']);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ applied: ['limits.connections', 'workers.count'], needRestart: ['host'] });
  await connect(server);
  await expect(connect(server)).rejects.toMatchObject({ code: '53300' });
  await until('two workers', async () => (await server.status()).workers.length === 2);
  writeFileSync(file, 'nonsense: 1\n');
  expect(await runProgram(['reload', '--data', server.data])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('unknown key "nonsense"') as string,
  });
});

test('workers are replaced without closing a connection', async () => {
  const server = await started();
  const client = await connect(server);
  const before = await server.workerPids();
  expect((await runProgram(['recycle', '--data', server.data])).code).toBe(0);
  await until('replaced', async () =>
    (await server.status()).workers.some((worker) => worker.state === 'ready' && !before.includes(worker.pid)),
  );
  expect(await one(client)).toBe(1);
  await client.end();
  await until('old ones gone', async () => !(await server.workerPids()).some((pid) => before.includes(pid)));
});

test('status, version and help for people', async () => {
  const server = await started();
  const { stdout } = await runProgram(['status', '--data', server.data]);
  expect(stdout).toMatch(/^Lyrebird \d+\.\d+\.\d+, process \d+, up \d+ s, isolation pool, durability sync\n/);
  expect(stdout).toContain(`postgres     127.0.0.1:${server.port}`);
  expect((await runProgram(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect((await runProgram(['--help'])).stdout).toContain('lyrebird');
  expect(await runProgram(['strat'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("unknown command 'strat'") as string,
  });
});
