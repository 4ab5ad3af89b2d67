/** Listener, worker pool and supervision with a stand-in worker that echoes. */
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { EngineSupervisor, Listener, WorkerPool, type WorkerPoolOptions } from '../../listener/index.ts';
import { until } from '../harness/index.ts';

const entry = fileURLToPath(new URL('../fixtures/echo-worker.mjs', import.meta.url));
const log = { debug() {}, info() {}, warn() {}, error() {} };

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Rig {
  readonly pool: WorkerPool;
  readonly listener: Listener;
  readonly port: number;
}

async function rig(
  pool: Partial<WorkerPoolOptions> = {},
  limits = { connections: 100, connectionsPerClient: 0 },
  mode = '',
): Promise<Rig> {
  const workers: WorkerPool = new WorkerPool({
    isolation: 'pool',
    size: 2,
    assignment: 'least_connections',
    child: { entry, environment: { ECHO_MODE: mode }, execArgv: [], healthTimeoutMs: 60_000, log },
    onReady: () => listener.flush(),
    onClosed: (ids) => listener.closed(ids),
    ...pool,
  });
  const listener: Listener = new Listener(
    { ports: [{ protocol: 'echo', host: '127.0.0.1', port: 0 }], admission: limits, waitTimeoutMs: 2000, log },
    workers,
  );
  await listener.listen();
  cleanups.push(async () => {
    await listener.close();
    await workers.stop(200);
  });
  workers.start();
  return { pool: workers, listener, port: listener.addresses()[0]!.port };
}

class Client {
  readonly socket: net.Socket;
  text = '';
  closed = false;

  constructor(port: number) {
    this.socket = net.connect(port, '127.0.0.1');
    this.socket.setEncoding('utf8');
    this.socket.on('data', (chunk: string) => (this.text += chunk));
    this.socket.on('error', () => {});
    this.socket.on('close', () => (this.closed = true));
    cleanups.push(() => void this.socket.destroy());
  }

  async greeting(): Promise<string> {
    await until('greeting', () => this.text.includes('\n') || this.closed);
    return this.text.trim();
  }
}

describe('worker pool', () => {
  test('spreads connections over the workers and loses no byte of an early sender', async () => {
    const { port, pool, listener } = await rig();
    await until('both ready', () => pool.status().every((worker) => worker.state === 'ready'));
    const clients = Array.from({ length: 6 }, () => new Client(port));
    // Sent before any worker can have the connection.
    for (const client of clients) client.socket.write('early\n');
    const pids = await Promise.all(clients.map((client) => client.greeting().then((text) => text.split('\n')[0])));
    expect(new Set(pids).size).toBe(2);
    await until('echo', () => clients.every((client) => client.text.includes('early')));
    expect(
      pool
        .status()
        .map((worker) => worker.connections)
        .sort(),
    ).toEqual([3, 3]);
    for (const client of clients) client.socket.end();
    await until('closed', () => listener.connections === 0);
  });

  test('a killed worker closes its connections only, and a new one takes over', async () => {
    const { port, pool, listener } = await rig();
    await until('both ready', () => pool.status().every((worker) => worker.state === 'ready'));
    const [a, b] = [new Client(port), new Client(port)];
    const [pidA, pidB] = [await a.greeting(), await b.greeting()];
    expect(pidA).not.toBe(pidB);
    process.kill(Number(pidA), 'SIGKILL');
    await until('a closed', () => a.closed);
    expect(b.closed).toBe(false);
    await until('counted out', () => listener.connections === 1);
    await until('replaced', () => pool.status().filter((worker) => worker.state !== 'starting').length === 2);
    expect(await new Client(port).greeting()).not.toBe(pidA);
  });

  test('quarantines a slot that keeps failing', async () => {
    const { pool } = await rig({ size: 1 }, undefined, 'fail');
    await until('quarantine', () => pool.status().some((worker) => worker.state === 'quarantined'), 15_000);
  });

  test('connection isolation gives every connection a process of its own, which ends with it', async () => {
    const { port, pool } = await rig({ isolation: 'connection', size: 1 });
    const clients = Array.from({ length: 4 }, () => new Client(port));
    const pids = await Promise.all(clients.map((client) => client.greeting()));
    expect(new Set(pids).size).toBe(4);
    for (const client of clients) client.socket.end();
    await until('only the spare is left', () => pool.status().length === 1 && pool.status()[0]!.connections === 0);
  });

  test('recycle swaps workers and keeps connections', async () => {
    const { port, pool } = await rig({ size: 1 });
    const old = new Client(port);
    const oldPid = await old.greeting();
    pool.recycle();
    await until('swapped', () => pool.status().some((worker) => worker.state === 'draining'));
    const fresh = new Client(port);
    expect(await fresh.greeting()).not.toBe(oldPid);
    old.socket.write('still here\n');
    await until('old one answers', () => old.text.includes('still here'));
    old.socket.end();
    await until('old worker gone', () => pool.status().every((worker) => String(worker.pid) !== oldPid));
  });

  test('grows and shrinks while running', async () => {
    const { pool } = await rig({ size: 1 });
    pool.configure({ size: 3, assignment: 'round_robin' });
    await until('grown', () => pool.status().filter((worker) => worker.state === 'ready').length === 3);
    pool.configure({ size: 1, assignment: 'round_robin' });
    await until('shrunk', () => pool.status().length === 1);
  });

  test('kills a worker that does not stop by itself', async () => {
    const { pool } = await rig({ size: 1 }, undefined, 'stubborn');
    await until('ready', () => pool.status()[0]?.state === 'ready');
    await pool.stop(10);
    expect(pool.status()).toEqual([]);
  });
});

describe('admission', () => {
  test('refuses past the limit, at the limit not', async () => {
    const { port, listener } = await rig({}, { connections: 2, connectionsPerClient: 0 });
    const clients = [new Client(port), new Client(port)];
    for (const client of clients) expect(await client.greeting()).toMatch(/^\d+$/);
    const third = new Client(port);
    expect(await third.greeting()).toBe('refused too_many_connections');
    clients[0]!.socket.end();
    await until('one left', () => listener.connections === 1);
    expect(await new Client(port).greeting()).toMatch(/^\d+$/);
  });

  test('counts per client address', async () => {
    const { port } = await rig({}, { connections: 10, connectionsPerClient: 1 });
    expect(await new Client(port).greeting()).toMatch(/^\d+$/);
    expect(await new Client(port).greeting()).toBe('refused too_many_connections_of_client');
  });

  test('a connection nobody takes in time is closed', async () => {
    const { port, listener } = await rig({ size: 1 }, undefined, 'silent');
    const client = new Client(port);
    await until('closed', () => client.closed, 5000);
    expect(listener.connections).toBe(0);
  });
});

describe('engine supervision', () => {
  test('restarts with backoff and tells when it is ready again', async () => {
    let ready = 0;
    const lost: string[] = [];
    const engine = new EngineSupervisor({
      child: { name: 'engine', entry, environment: {}, execArgv: [], healthTimeoutMs: 0, log },
      onReady: () => ready++,
      onLost: (failure) => lost.push(failure),
      onRefused: () => {},
    });
    cleanups.push(() => engine.stop(100));
    engine.start();
    await until('ready', () => ready === 1);
    process.kill(engine.pid!, 'SIGKILL');
    await until('ready again', () => ready === 2);
    expect(lost).toEqual(['signal SIGKILL']);
    expect(engine.restarts).toBe(1);
    expect(await engine.status(1000)).toEqual({ open: 0 });
  });

  test('does not restart an engine that refuses to start', async () => {
    const refused: string[] = [];
    const engine = new EngineSupervisor({
      child: { name: 'engine', entry, environment: { ECHO_MODE: 'refuse' }, execArgv: [], healthTimeoutMs: 0, log },
      onReady: () => {},
      onLost: () => {},
      onRefused: (message) => refused.push(message),
    });
    cleanups.push(() => engine.stop(100));
    engine.start();
    await until('refused', () => refused.length === 1);
    expect(refused).toEqual(['cannot start here']);
    expect(engine.restarts).toBe(0);
  });
});
