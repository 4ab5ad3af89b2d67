/**
 * TPC-B over kill -9: at twenty random moments (LYREBIRD_KILLS asks for more) the engine or the whole server is killed under the load of
 * eight clients. Afterwards every transaction that was acknowledged is there, none is there twice, and the
 * balances of accounts, tellers and branches equal the sum of the history. Same seed, same moments.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import { startServer, type TestServer } from '../harness/index.ts';

const KILLS = Number(process.env['LYREBIRD_KILLS'] ?? 20);
/** How long one kill with its recovery and its checks may take. */
const KILL_TIMEOUT_MS = 9_000;
const CLIENTS = 8;
const ACCOUNTS = 1000;
const TELLERS = 10;
const BRANCHES = 2;

let server: TestServer;
afterEach(async () => {
  if (server.process.exitCode === null && server.process.signalCode === null) await server.stop();
});

/** Numbers from 0 to 1 that the seed determines. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** How long an engine may take to come back, on a machine that runs much else. */
const RECOVERY_MS = 15_000;

/** Clients try again while the server says that it is starting up. */
async function connect(): Promise<pg.Client> {
  const { port, password } = server;
  const patience = performance.now() + RECOVERY_MS;
  for (;;) {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres', password });
    client.on('error', () => {});
    try {
      await client.connect();
      return client;
    } catch (error) {
      if ((error as { code?: string }).code !== '57P03' || performance.now() > patience) throw error;
      await sleep(100);
    }
  }
}

async function fill(): Promise<void> {
  const client = await connect();
  await client.query(`
    create table branches (bid int primary key, bbalance int not null);
    create table tellers (tid int primary key, bid int, tbalance int not null);
    create table accounts (aid int primary key, bid int, abalance int not null);
    create table history (tid int, bid int, aid int, delta int, mtime timestamptz, mark text);
    insert into branches select n, 0 from generate_series(1, ${BRANCHES}) n;
    insert into tellers select n, 1, 0 from generate_series(1, ${TELLERS}) n;
    insert into accounts select n, 1, 0 from generate_series(1, ${ACCOUNTS}) n`);
  await client.end();
}

/** Runs transactions until the connection breaks; every other client sends parameters, the others texts. */
async function load(marks: Set<string>, name: string, parameters: boolean, random: () => number): Promise<void> {
  const client = await connect();
  const run = (text: string, values: readonly unknown[]): Promise<pg.QueryResult> =>
    parameters
      ? client.query({ name: text, text, values: [...values] })
      : client.query(text.replaceAll(/\$(\d)/g, (_, at: string) => `'${String(values[Number(at) - 1])}'`));
  const pick = (count: number): number => 1 + Math.floor(random() * count);
  try {
    for (let number = 0; ; number++) {
      const [aid, tid, bid, delta] = [pick(ACCOUNTS), pick(TELLERS), pick(BRANCHES), pick(10_000) - 5000];
      const mark = `${name}-${number}`;
      await client.query('begin');
      await run('update accounts set abalance = abalance + $1 where aid = $2', [delta, aid]);
      await run('select abalance from accounts where aid = $1', [aid]);
      await run('update tellers set tbalance = tbalance + $1 where tid = $2', [delta, tid]);
      await run('update branches set bbalance = bbalance + $1 where bid = $2', [delta, bid]);
      await run('insert into history values ($1, $2, $3, $4, now(), $5)', [tid, bid, aid, delta, mark]);
      await client.query('commit');
      marks.add(mark);
    }
  } catch (error) {
    // Broken off by the kill; anything a server says in good health is a failure of the test.
    const { code } = error as { code?: string };
    if (code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('57P') && !code.startsWith('08'))
      throw error;
  } finally {
    await client.end().catch(() => {});
  }
}

async function check(marks: ReadonlySet<string>): Promise<void> {
  const client = await connect();
  const history = (await client.query<{ mark: string }>('select mark from history')).rows.map((row) => row.mark);
  const present = new Set(history);
  expect(present.size, 'no transaction twice').toBe(history.length);
  expect(
    [...marks].filter((mark) => !present.has(mark)),
    'acknowledged and lost',
  ).toEqual([]);
  const sums = await client.query(`
    select (select sum(abalance) from accounts) as accounts, (select sum(tbalance) from tellers) as tellers,
           (select sum(bbalance) from branches) as branches, (select coalesce(sum(delta), 0) from history) as history,
           (select count(*) from accounts) as count`);
  const { accounts, tellers, branches, history: total, count } = sums.rows[0] as Record<string, string>;
  expect([accounts, tellers, branches]).toEqual([total, total, total]);
  expect(count).toBe(String(ACCOUNTS));
  await client.end();
}

test(
  'TPC-B loses nothing that was acknowledged over many kills',
  async () => {
    const seed = Number(process.env['LYREBIRD_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
    console.log(`tpcb: LYREBIRD_SEED=${seed} repeats this run`);
    const random = randomFrom(seed);
    server = await startServer();
    await fill();
    const marks = new Set<string>();
    for (let kill = 0; kill < KILLS; kill++) {
      // An engine that fails again and again is started ever later; a new server begins anew with that.
      const whole = kill % 3 === 2;
      const moment = 50 + random() * 600;
      const clients = Array.from({ length: CLIENTS }, (_, number) =>
        load(marks, `${kill}-${number}`, number % 2 === 0, randomFrom(seed + kill * CLIENTS + number)),
      );
      const pid = await server.enginePid();
      await sleep(moment);
      if (whole) await server.kill();
      else process.kill(pid, 'SIGKILL');
      await Promise.all(clients);
      if (whole) server = await startServer({ data: server.data, port: server.port });
      await check(marks);
    }
    expect(marks.size).toBeGreaterThan(KILLS * CLIENTS);
  },
  KILLS * KILL_TIMEOUT_MS,
);
