/**
 * Commands as bytes: cursors, long data, packets of every size, recorded sessions of clients whole and byte by byte, and
 * garbage. What makes no sense is answered with the right error, and the server goes on.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import mysql from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, startServer, type TestServer } from '../harness/index.ts';
import { CAPABILITY, errorOf, framed, type Packet, RawClient, USUAL } from './raw-client.ts';

const COM = {
  QUERY: 3,
  FIELD_LIST: 4,
  PROCESS_KILL: 12,
  PING: 14,
  CHANGE_USER: 17,
  PREPARE: 0x16,
  EXECUTE: 0x17,
  LONG_DATA: 0x18,
  CLOSE: 0x19,
  RESET: 0x1a,
  FETCH: 0x1c,
} as const;
const CURSOR_EXISTS = 64;
const LAST_ROW_SENT = 128;

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0, 0);
  return bytes;
};

describe('commands', () => {
  let server: TestServer;
  let root: mysql.Connection;
  let port: number;

  beforeAll(async () => {
    server = await startServer({ mysql: true, config: { durability: 'relaxed' } });
    port = Number(new URL(server.mysqlUrl).port);
    root = await mysql.createConnection({ uri: server.mysqlUrl, multipleStatements: true });
    await root.query(`create database t; use t; create table n (i int primary key, s varchar(20));
      insert into n with recursive r (i) as (select 1 union all select i + 1 from r where i < 100) select i, concat('row ', i) from r;
      create user raw identified by 'raw'; grant all on *.* to raw`);
  });
  afterAll(async () => {
    await root?.end();
    await server?.stop();
  });

  const login = (capabilities = USUAL): Promise<RawClient> => RawClient.login(port, 'raw', 'raw', capabilities);

  /** The answer to a query: its packets up to the end. */
  async function answer(client: RawClient): Promise<Packet[]> {
    const found: Packet[] = [];
    let ends = 0;
    for (;;) {
      const one = await client.packet();
      if (one === undefined) return found;
      found.push(one);
      const { payload } = one;
      if (payload[0] === 0xff || (found.length === 1 && payload[0] === 0)) return found;
      if (payload[0] === 0xfe && payload.length < 9) ends++;
      if (ends === 2) return found;
    }
  }

  async function query(client: RawClient, sql: string): Promise<Packet[]> {
    client.command(COM.QUERY, sql);
    return answer(client);
  }

  const statusOf = ({ payload }: Packet): number => payload.readUInt16LE(3);
  const failure = ([first]: readonly Packet[]): string => {
    const found = first && errorOf(first.payload);
    return found === undefined ? 'no error' : `${found.errno} (${found.state}) ${found.message}`;
  };

  async function prepare(client: RawClient, sql: string): Promise<number> {
    client.command(COM.PREPARE, sql);
    const [first] = (await client.packets(1)) as [Packet];
    expect(errorOf(first.payload)).toBeUndefined();
    const columns = first.payload.readUInt16LE(5);
    const parameters = first.payload.readUInt16LE(7);
    const ends = (client.capabilities & CAPABILITY.DEPRECATE_EOF) === 0 ? 1 : 0;
    await client.packets((columns > 0 ? columns + ends : 0) + (parameters > 0 ? parameters + ends : 0));
    return first.payload.readUInt32LE(1);
  }

  const execute = (client: RawClient, id: number, flags = 0, rest = Buffer.alloc(0)): void =>
    client.command(COM.EXECUTE, u32(id), Buffer.from([flags]), u32(1), rest);
  const fetch = (client: RawClient, id: number, rows: number): void => client.command(COM.FETCH, u32(id), u32(rows));

  describe.each([
    ['EOF', USUAL],
    ['OK', USUAL | CAPABILITY.DEPRECATE_EOF],
  ])('cursors, for clients whose rows end in %s', (_, capabilities) => {
    const end = (packet: Packet): number =>
      (capabilities & CAPABILITY.DEPRECATE_EOF) === 0 ? statusOf(packet) : packet.payload.readUInt16LE(3);

    test('send rows as they are asked for, and live through commits and other statements', async () => {
      const client = await login(capabilities);
      const id = await prepare(client, 'select i, s from t.n order by i');
      execute(client, id, 1);
      const opened = await client.packets(4);
      expect(opened[0]!.payload).toEqual(Buffer.from([2]));
      expect(end(opened[3]!) & CURSOR_EXISTS).toBe(CURSOR_EXISTS);
      fetch(client, id, 40);
      const first = await client.packets(41);
      expect(first[0]!.payload.readInt32LE(2)).toBe(1);
      expect(end(first[40]!) & (CURSOR_EXISTS | LAST_ROW_SENT)).toBe(CURSOR_EXISTS);
      client.command(COM.QUERY, 'delete from t.n where i > 100');
      await client.packets(1);
      fetch(client, id, 60);
      const second = await client.packets(61);
      expect(second[59]!.payload.readInt32LE(2)).toBe(100);
      expect(end(second[60]!) & LAST_ROW_SENT).toBe(0);
      fetch(client, id, 5);
      const [last] = (await client.packets(1)) as [Packet];
      expect(end(last) & LAST_ROW_SENT).toBe(LAST_ROW_SENT);
      fetch(client, id, 5);
      expect(failure(await client.packets(1))).toBe(`1421 (HY000) The statement (${id}) has no open cursor.`);
      client.close();
    });

    test('are closed by RESET, by the next execution and by CLOSE', async () => {
      const client = await login(capabilities);
      const id = await prepare(client, 'select i from t.n order by i');
      const open = async (): Promise<void> => {
        execute(client, id, 1);
        await client.packets(3);
      };
      await open();
      client.command(COM.RESET, u32(id));
      expect((await client.packets(1))[0]!.payload[0]).toBe(0);
      fetch(client, id, 1);
      expect(failure(await client.packets(1))).toContain('1421 ');
      await open();
      await open();
      fetch(client, id, 1);
      expect((await client.packets(2))[0]!.payload.readInt32LE(2)).toBe(1);
      client.command(COM.CLOSE, u32(id));
      fetch(client, id, 1);
      expect(failure(await client.packets(1))).toBe(
        `1243 (HY000) Unknown prepared statement handler (${id}) given to mysqld_stmt_fetch`,
      );
      client.close();
    });
  });

  test('a statement without rows has no cursor', async () => {
    const client = await login();
    const id = await prepare(client, 'delete from t.n where i > 100');
    execute(client, id, 1);
    expect((await client.packets(1))[0]!.payload[0]).toBe(0);
    fetch(client, id, 1);
    expect(failure(await client.packets(1))).toContain('1421 ');
    client.close();
  });

  test('long data is joined, bounded, and its errors are told by the execution', async () => {
    const client = await login();
    const id = await prepare(client, 'select length(?)');
    const piece = (parameter: number, bytes: Buffer): void =>
      client.command(COM.LONG_DATA, u32(id), Buffer.from([parameter, 0]), bytes);
    const run = (): void => execute(client, id, 0, Buffer.from([0, 1, 0xfc, 0]));
    piece(0, Buffer.alloc(70_000, 'x'));
    piece(0, Buffer.alloc(5, 'y'));
    run();
    expect((await answer(client))[3]!.payload.readUInt32LE(2)).toBe(70_005);
    piece(7, Buffer.from('x'));
    run();
    expect(failure(await client.packets(1))).toBe('1210 (HY000) Incorrect arguments to mysqld_stmt_send_long_data');
    client.command(COM.RESET, u32(id));
    await client.packets(1);
    for (let i = 0; i < 5; i++) piece(0, Buffer.alloc(15 << 20));
    run();
    expect(failure(await client.packets(1))).toBe(
      "1105 (HY000) Parameter of prepared statement which is set through mysql_send_long_data() is longer than 'max_allowed_packet' bytes",
    );
    client.close();
  });

  test('packets of 16 MB and around it come and go whole', { timeout: 120_000 }, async () => {
    const client = await login();
    for (const size of [0xff_ffff - 1, 0xff_ffff, 0xff_ffff + 1]) {
      const head = "select length('";
      const text = `${head}${'x'.repeat(size - 1 - head.length - 2)}')`;
      client.command(COM.QUERY, text);
      const rows = await answer(client);
      expect(rows[3]!.payload.toString('latin1', 1)).toBe(String(size - 1 - head.length - 2));
    }
    for (const size of [0xff_ffff]) {
      client.command(COM.QUERY, `select repeat('x', ${size})`);
      let total = 0;
      await client.packets(3);
      for (;;) {
        const { payload } = (await client.packet()) as Packet;
        total += payload.length;
        if (payload.length < 0xff_ffff) break;
      }
      expect(total).toBe(size + 4);
      await client.packets(1);
    }
    client.close();
  });

  test('a packet past max_allowed_packet is refused and ends the connection', async () => {
    await root.query('set global max_allowed_packet = 1048576');
    try {
      for (const [size, wanted] of [
        [1_048_576, 'no error'],
        [1_048_577, "1153 (08S01) Got a packet bigger than 'max_allowed_packet' bytes"],
      ] as const) {
        const client = await login();
        client.command(COM.QUERY, `do 1 ${' '.repeat(size - 6)}`);
        expect(failure(await client.packets(1))).toBe(wanted);
        if (wanted !== 'no error') expect(await client.closed()).toBe(true);
        client.close();
      }
    } finally {
      await root.query('set global max_allowed_packet = default');
    }
  });

  test('packets out of order end the connection', async () => {
    const client = await login();
    client.write(framed(Buffer.from([COM.PING]), 3));
    expect(failure(await client.packets(1))).toBe('1156 (08S01) Got packets out of order');
    expect(await client.closed()).toBe(true);
  });

  test('KILL ends a query or a connection, by statement and by command', async () => {
    const victim = await login();
    const id = async (): Promise<string> =>
      (await query(victim, 'select connection_id()'))[3]!.payload.toString('latin1', 1);
    const number = await id();
    victim.command(COM.QUERY, 'select sleep(20)');
    await new Promise((resolve) => setTimeout(resolve, 200));
    const [found] = (await root.query({
      sql: `select user, db, command, info from information_schema.processlist where id = ${number}`,
      rowsAsArray: true,
    })) as unknown as [unknown[][]];
    expect(found).toEqual([['raw', null, 'Query', 'select sleep(20)']]);
    await root.query(`kill query ${number}`);
    const interrupted = await answer(victim);
    expect(
      interrupted.some(({ payload }) => payload.toString('latin1', 1) === '1' || errorOf(payload)?.errno === 1317),
    ).toBe(true);
    expect(await id()).toBe(number);
    const other = await login();
    other.command(COM.PROCESS_KILL, u32(Number(number)));
    expect((await other.packets(1))[0]!.payload[0]).toBe(0);
    expect(await victim.closed()).toBe(true);
    other.command(COM.PROCESS_KILL, u32(Number(number)));
    expect(failure(await other.packets(1))).toBe(`1094 (HY000) Unknown thread id: ${number}`);
    other.close();
  });

  test('COMMIT RELEASE and ROLLBACK RELEASE end the connection', async () => {
    for (const sql of ['commit release', 'rollback work and no chain release']) {
      const client = await login();
      expect((await query(client, sql))[0]!.payload[0]).toBe(0);
      expect(await client.closed()).toBe(true);
    }
  });

  test('malformed commands are answered as such and leave the connection', async () => {
    const client = await login();
    for (const [command, rest] of [
      [COM.EXECUTE, Buffer.from([1])],
      [COM.FETCH, Buffer.from([1, 2, 3])],
      [COM.RESET, Buffer.alloc(0)],
      [COM.CLOSE, Buffer.from([1])],
      [COM.LONG_DATA, Buffer.from([1, 0, 0, 0])],
      [COM.PROCESS_KILL, Buffer.from([1])],
      [COM.FIELD_LIST, Buffer.from('t')],
    ] as const) {
      client.command(command, rest);
      expect(failure(await client.packets(1)), `command ${command}`).toBe(
        '1835 (HY000) Malformed communication packet.',
      );
    }
    const id = await prepare(client, 'select ?, ?');
    execute(client, id, 0, Buffer.from([0, 1, 3, 0, 253, 0, 1, 0, 0, 0, 200, 1]));
    expect(failure(await client.packets(1))).toContain('1835 ');
    execute(client, await prepare(client, 'select ?, ?'), 0, Buffer.from([0, 0]));
    expect(failure(await client.packets(1))).toBe('1210 (HY000) Incorrect arguments to mysqld_stmt_execute');
    for (const code of [0, 5, 6, 8, 11, 15, 16, 18, 19, 20, 21, 29, 30, 32, 100, 255]) {
      client.command(code);
      expect(failure(await client.packets(1)), `command ${code}`).toBe('1047 (08S01) Unknown command');
    }
    client.write(framed(Buffer.alloc(0)));
    expect(failure(await client.packets(1))).toBe('1047 (08S01) Unknown command');
    expect((await query(client, 'select 1')).length).toBe(5);
    client.close();
  });

  /** Sends a payload, then asks for something that shows where its answer ends. */
  async function survives(client: RawClient, payload: Buffer, mark: number): Promise<boolean> {
    client.write(framed(payload));
    client.command(COM.QUERY, `select 'mark ${mark}'`);
    for (;;) {
      const one = await client.packet();
      if (one === undefined) return false;
      if (one.payload.includes(`mark ${mark}`) && one.payload[0] !== 0xff && one.payload[0] !== 3) break;
    }
    await client.packets(1);
    return true;
  }

  test('no payload of any command harms the server', async () => {
    const workers = await server.workerPids();
    let client = await login();
    let mark = 0;
    const payload = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 64 }),
      fc
        .tuple(fc.constantFrom(...Object.values(COM), 2, 9, 0x1b, 0x1f), fc.uint8Array({ maxLength: 40 }))
        .map(([command, rest]) => Uint8Array.from([command, ...rest])),
      fc
        .tuple(fc.constantFrom(0x17, 0x18, 0x19, 0x1a, 0x1c), fc.uint8Array({ maxLength: 40 }))
        .map(([command, rest]) => Uint8Array.from([command, 1, 0, 0, 0, ...rest])),
    );
    await fc.assert(
      fc.asyncProperty(payload, async (bytes) => {
        if (!(await survives(client, Buffer.from(bytes), mark++))) {
          client.close();
          client = await login();
          await prepare(client, 'select ?, ? from t.n');
        }
      }),
      { numRuns: 400 },
    );
    client.close();
    expect(await server.workerPids()).toEqual(workers);
  });

  test('a login that makes no sense is told so and ended', async () => {
    const workers = await server.workerPids();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 80 }), async (bytes) => {
        const client = await RawClient.open(port);
        await client.packets(1);
        client.write(framed(Buffer.from(bytes), 1));
        const first = await Promise.race([
          client.packet(),
          new Promise<'waits'>((resolve) => setTimeout(() => resolve('waits'), 500)),
        ]);
        // A request for TLS, or of another plugin, is gone on with.
        if (first !== 'waits' && first !== undefined) expect([0xff, 0xfe, 0x01]).toContain(first.payload[0]);
        client.close();
      }),
      { numRuns: 60 },
    );
    const client = await RawClient.open(port);
    await client.packets(1);
    client.write(framed(Buffer.alloc(3), 1));
    expect(failure(await client.packets(1))).toBe('1043 (08S01) Bad handshake');
    expect(await client.closed()).toBe(true);
    expect(await server.workerPids()).toEqual(workers);
  });

  const CAPTURES = join(ROOT, '../shared/reference/captures/mysql-wire-sessions.json');
  const captured = existsSync(CAPTURES)
    ? (JSON.parse(readFileSync(CAPTURES, 'utf8')) as Record<string, [number, '<' | '>', string][]>)
    : {};
  if (Object.keys(captured).length === 0)
    console.log('wire sessions: skipped, the captures are not beside the project');

  /** What the client of a session sent after its login, but for its end and what only MariaDB offers. */
  function commands(session: readonly [number, '<' | '>', string][]): Buffer[] {
    const sent = session.filter(([, direction]) => direction === '>').map(([, , hex]) => Buffer.from(hex, 'hex'));
    const others = new Set([1, COM.CHANGE_USER, 0xfa]);
    return sent.slice(1).filter((bytes) => bytes[3] === 0 && !others.has(bytes[4] as number));
  }

  /** All packets that answer the commands, sent whole or byte by byte. */
  async function replay(sent: readonly Buffer[], capabilities: number, bytewise: boolean): Promise<string[]> {
    const client = await login(capabilities);
    await query(client, 'use t');
    const found: string[] = [];
    for (const [at, bytes] of sent.entries()) {
      if (bytewise) await client.trickle(bytes);
      else client.write(bytes);
      client.command(COM.QUERY, `select 'end ${at}'`);
      for (;;) {
        const { payload, sequence } = (await client.packet()) as Packet;
        if (payload.includes(`end ${at}`) && payload[0] !== 3) break;
        found.push(`${at} ${sequence} ${payload.toString('hex')}`);
      }
      await client.packets(1);
    }
    client.close();
    return found;
  }

  test.each(Object.keys(captured))('the session of %s is answered alike whole and byte by byte', async (name) => {
    await root.query(`use t; drop table if exists emp, dept; create table dept (i int, s varchar(60));
      create table emp (id int primary key auto_increment, dept_id int, name varchar(50), salary decimal(10,2), hired date,
        ts datetime, j json, e enum('a','b'), note text, pic blob);
      insert into emp values (1, 1, 'Ann', 10.50, '2026-11-21', '2026-11-21 03:04:14', null, null, null, null)`);
    const sent = commands(captured[name]!);
    expect(sent.length).toBeGreaterThan(1);
    for (const capabilities of [USUAL, USUAL | CAPABILITY.DEPRECATE_EOF | CAPABILITY.SESSION_TRACK]) {
      const whole = await replay(sent, capabilities, false);
      expect(await replay(sent, capabilities, true)).toEqual(whole);
      // Numbers of statements are the recording server's; those that this one has not given are unknown to it.
      const errors = whole
        .map((line) => errorOf(Buffer.from(line.split(' ')[2]!, 'hex')))
        .filter((error) => error !== undefined && error.errno !== 1243);
      for (const error of errors) expect(error?.message).toBe("Unknown column 'bad' in 'field list'");
    }
  });
});
