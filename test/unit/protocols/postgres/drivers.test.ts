/** Real drivers over loopback TCP against the protocol with a scripted engine behind it. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { promisify } from 'node:util';
import pg from 'pg';
import Cursor from 'pg-cursor';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../../../cli/certificate.ts';
import { PostgresConnection } from '../../../../protocols/postgres/index.ts';
import { fakeCompiler, FakeLink } from './fake-engine.ts';
import { show, split, WireClient } from './wire-client.ts';

const run = promisify(execFile);
const link = new FakeLink();
const { certificatePem, keyPem } = makeCertificate(['localhost'], ['127.0.0.1']);
const tlsContext = { cert: certificatePem, key: keyPem };
const sockets = new Set<net.Socket>();
const server = net.createServer((socket) => {
  sockets.add(socket);
  new PostgresConnection({
    socket,
    link,
    compiler: fakeCompiler,
    serverVersion: '15.6 (test)',
    authentication: 'trust',
    tlsContext,
  });
});
let port = 0;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as net.AddressInfo).port;
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

describe.each([
  ['plain', false],
  ['TLS', true],
])('pg, %s', (_name, encrypted) => {
  it('queries, binds, fetches with a cursor and reports errors', async () => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user: 'ann',
      database: 'd',
      ...(encrypted ? { ssl: { rejectUnauthorized: false } } : {}),
    });
    await client.connect();
    expect((await client.query('rows 3')).rows).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect((await client.query('echo $1 $2', ['a', null])).rows).toEqual([{ p1: 'a', p2: null }]);
    for (let count = 0; count < 3; count++)
      expect((await client.query({ name: 's', text: 'rows 2' })).rowCount).toBe(2);
    await expect(client.query('bad x')).rejects.toMatchObject({ code: '42703', position: '5' });
    await expect(client.query('bad $1', [1])).rejects.toMatchObject({ code: '42703' });
    expect((await client.query('insert x')).rowCount).toBe(1);
    const cursor = client.query(new Cursor('rows 5'));
    expect(await cursor.read(2)).toHaveLength(2);
    expect(await cursor.read(10)).toHaveLength(3);
    await cursor.close();
    const several = (await client.query('select 1; rows 2')) as unknown as pg.QueryResult[];
    expect(several.map((each) => each.rowCount)).toEqual([1, 2]);
    await client.end();
  });
});

describe('postgres.js', () => {
  it('queries, streams cursors and runs transactions', async () => {
    const sql = postgres({
      host: '127.0.0.1',
      port,
      user: 'ann',
      database: 'd',
      max: 1,
      fetch_types: false,
      onnotice: () => {},
    });
    expect(await sql.unsafe('rows 3')).toHaveLength(3);
    expect([...(await sql`echo ${'a'}`)]).toEqual([{ p1: 'a' }]);
    expect([...(await sql`echo ${'b'}`)]).toEqual([{ p1: 'b' }]);
    await expect(sql`bad`).rejects.toMatchObject({ code: '42703' });
    let seen = 0;
    for await (const rows of sql`rows 25`.cursor(10)) seen += rows.length;
    expect(seen).toBe(25);
    expect(await sql.begin(async (inner) => (await inner`rows 2`).length)).toBe(2);
    await sql.end();
  });
});

describe.skipIf(!existsSync('/usr/bin/psql'))('psql', () => {
  it('prints results, errors and copies', async () => {
    const options = {
      env: {
        ...process.env,
        PGHOST: '127.0.0.1',
        PGPORT: String(port),
        PGUSER: 'ann',
        PGDATABASE: 'd',
        PGSSLMODE: 'require',
      },
    };
    const { stdout } = await run('/usr/bin/psql', ['-XAt', '-c', 'rows 2', '-c', 'copyout', '-c', 'insert x'], options);
    expect(stdout).toBe('1\n2\n1\tx\\ty\n2\t\\N\n3\tq"z,\\\\\nINSERT 0 1\n');
    await expect(run('/usr/bin/psql', ['-XAt', '-c', 'bad'], options)).rejects.toMatchObject({
      stderr: expect.stringContaining('column "x" does not exist') as string,
    });
  });
});

const CAPTURES = new URL('../../../../../shared/reference/captures/pg-wire-sessions.json', import.meta.url);

describe.skipIf(!existsSync(CAPTURES))('captured sessions', () => {
  type Session = [number, '>' | '<', string][];
  const sessions = existsSync(CAPTURES) ? (JSON.parse(readFileSync(CAPTURES, 'utf8')) as Record<string, Session>) : {};

  it.each(Object.keys(sessions))('%s: what the client sent is understood', async (name) => {
    const client = new WireClient({ authentication: 'trust' });
    let ready = 0;
    for (const [connection, direction, hex] of sessions[name] as Session) {
      const bytes = Buffer.from(hex, 'hex');
      // A second connection is a cancel request; passwords have no place where everybody is trusted.
      if (direction === '<' || connection !== 1 || bytes[0] === 0x70) continue;
      client.feed(bytes);
      await client.settle();
      const answer = client.takeBytes();
      if (answer.toString() === 'N') continue;
      for (const each of split(answer)) {
        if (each.type === 'Z') ready++;
        // The scripted engine knows no catalog, but the protocol must never be what fails.
        if (each.type === 'E') expect(show(each)).not.toMatch(/08P01|XX000/);
      }
    }
    expect(ready).toBeGreaterThan(0);
  });
});
