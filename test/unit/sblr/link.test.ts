/**
 * The link between worker and engine, with a recording engine behind it: every request and reply
 * crosses unchanged, in order, over frames cut anywhere and over a real socket; loss and garbage end
 * in answers, not in silence.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FRAME_VERSION } from '../../../sblr/contract/frames.ts';
import { connectEngineLink, SocketEngineLink } from '../../../sblr/contract/link-client.ts';
import { createPairedLink, duplexPair, type PairOptions } from '../../../sblr/contract/link-pair.ts';
import { MAX_KEPT_PROGRAM_BYTES, MAX_PROGRAM_SLOTS } from '../../../sblr/contract/link-programs.ts';
import { serveEngineLink, serveEngineLinks } from '../../../sblr/contract/link-server.ts';
import type {
  AuthReply,
  AuthRequest,
  DialectProfile,
  EngineLink,
  EngineSession,
  ExecuteRequest,
  ProgramRef,
  ReplySink,
  ResultColumn,
  RowBlock,
  SessionEvents,
  SessionOptions,
} from '../../../sblr/contract/session.ts';
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import { INT32, TEXT, type SqlType } from '../../../sblr/contract/types.ts';
import { Decimal } from '../../../sblr/contract/values.ts';

type Call = readonly [string, ...unknown[]];

const columns: readonly ResultColumn[] = [
  { name: 'id', type: INT32, tableId: 16385, columnPosition: 1 },
  { name: 'ename', type: { kind: 'text', length: 20, declared: 'varchar' }, tableId: 16385, columnPosition: 2 },
];
const block: RowBlock = { rowCount: 2, bytes: Buffer.from([0, 1, 0, 0, 0, 0, 2, 0, 0, 0]) };
const options: SessionOptions = {
  dialect: 'd',
  user: 'u',
  database: 'b',
  clientAddress: '127.0.0.1:1',
  settings: { a: 'b' },
};

/** Records every call; `answer` decides what requests get. */
class RecordingEngine implements EngineLink {
  readonly calls: Call[] = [];
  readonly profiles: DialectProfile[] = [];
  events: SessionEvents | undefined;
  answer: (call: Call, sink: ReplySink) => void = (_call, sink) => sink.ready('idle');
  authenticate: (request: AuthRequest, reply: (reply: AuthReply) => void) => void = () => {};

  install(profile: DialectProfile): void {
    this.profiles.push(profile);
  }

  openSession(sessionOptions: SessionOptions, events: SessionEvents): EngineSession {
    this.calls.push(['open', sessionOptions]);
    this.events = events;
    const request = (sink: ReplySink, ...call: Call): void => {
      this.calls.push(call);
      this.answer(call, sink);
    };
    return {
      authenticate: (auth, reply) => this.authenticate(auth, reply),
      prepare: (program, types, text, sink) => request(sink, 'prepare', program, types, text),
      execute: (execute, sink) => request(sink, 'execute', execute),
      openPortal: (execute, sink) => request(sink, 'openPortal', execute),
      nameStatement: (statement) => this.calls.push(['nameStatement', statement]),
      forgetStatement: (name) => this.calls.push(['forgetStatement', name]),
      describePortal: (portal, sink) => request(sink, 'describePortal', portal),
      fetch: (portal, maxRows, implicit, sink) => request(sink, 'fetch', portal, maxRows, implicit),
      closePortal: (portal, sink) => request(sink, 'closePortal', portal),
      endGroup: (sink) => request(sink, 'endGroup'),
      reset: (sink) => request(sink, 'reset'),
      fail: (sink) => request(sink, 'fail'),
      load: (rows) => this.calls.push(['load', { rowCount: rows.rowCount, bytes: Buffer.from(rows.bytes) }]),
      loadEnd: () => this.calls.push(['loadEnd']),
      loadFail: (message) => this.calls.push(['loadFail', message]),
      credit: (bytes) => this.calls.push(['credit', bytes]),
      cancel: () => this.calls.push(['cancel']),
      close: () => this.calls.push(['close']),
    };
  }

  cancel(processId: number, cancelKey: number): void {
    this.calls.push(['cancelKey', processId, cancelKey]);
  }

  onLost(): void {}
  close(): void {}
}

/** Records replies as calls; `done` resolves with the last. */
class RecordingSink implements ReplySink {
  readonly calls: Call[] = [];
  readonly done: Promise<void>;
  #resolve: () => void = () => {};

  constructor() {
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }
  columns(list: readonly ResultColumn[]): void {
    this.calls.push(['columns', list]);
  }
  parameters(types: readonly SqlType[]): void {
    this.calls.push(['parameters', types]);
  }
  rows(rows: RowBlock): void {
    this.calls.push(['rows', { rowCount: rows.rowCount, bytes: Buffer.from(rows.bytes) }]);
  }
  complete(completion: unknown): void {
    this.calls.push(['complete', completion]);
  }
  suspended(): void {
    this.calls.push(['suspended']);
  }
  notice(notice: unknown): void {
    this.calls.push(['notice', notice]);
  }
  setting(name: string, value: string): void {
    this.calls.push(['setting', name, value]);
  }
  loadReady(list: readonly ResultColumn[], window?: number): void {
    this.calls.push(['loadReady', list, window]);
  }
  loadTaken(bytes: number): void {
    this.calls.push(['loadTaken', bytes]);
  }
  error(error: SqlError): void {
    this.calls.push(['error', error.condition, error.details]);
  }
  ready(status: string): void {
    this.calls.push(['ready', status]);
    this.#resolve();
  }
}

const events = (): SessionEvents & { readonly seen: Call[] } => {
  const seen: Call[] = [];
  return {
    seen,
    notification: (processId, channel, payload) => seen.push(['notification', processId, channel, payload]),
    terminated: (error) => seen.push(['terminated', error.condition]),
  };
};

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

function programOf(number: number, size = 40): ProgramRef {
  const bytes = Buffer.alloc(size);
  bytes.writeUInt32LE(number, 0);
  const hash = `${String(number).padStart(31, '0')}\u00e9`;
  return { hash, bytes };
}

function executeOf(program: ProgramRef, more: Partial<ExecuteRequest> = {}): ExecuteRequest {
  return {
    program,
    parameters: [],
    parameterTypes: [],
    implicit: 'statement',
    text: 'select 1',
    wantColumns: true,
    maxRows: 0,
    ...more,
  };
}

const started: (() => void)[] = [];
afterEach(() => {
  for (const stop of started.splice(0)) stop();
});

async function socketPair(engine: EngineLink): Promise<{ link: SocketEngineLink; server: Server; socket: Socket }> {
  const folder = mkdtempSync(join(tmpdir(), 'lyrebird-link-'));
  const path = join(folder, 'engine.sock');
  const server = createServer();
  const closeLinks = serveEngineLinks(server, engine);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  started.push(() => {
    closeLinks();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const socket = connect(path);
  return { link: new SocketEngineLink(socket), server, socket };
}

const paired = (engine: EngineLink, more: PairOptions = {}): SocketEngineLink => createPairedLink(engine, more).link;

describe.each([
  ['frames', (engine: EngineLink) => Promise.resolve(paired(engine))],
  ['frames byte by byte', (engine: EngineLink) => Promise.resolve(paired(engine, { chunkBytes: 1 }))],
  ['a Unix socket', async (engine: EngineLink) => (await socketPair(engine)).link],
] as const)('over %s', (_name, start) => {
  it('every request arrives as it was made', async () => {
    const engine = new RecordingEngine();
    const link = await start(engine);
    const session = link.openSession(options, events());
    const program = programOf(1);
    const requests: ExecuteRequest[] = [
      executeOf(program, {
        parameters: [1, 'x', null, 2n ** 60n, new Decimal(15, 1), -0, Buffer.from([1])],
        parameterTypes: [
          INT32,
          undefined,
          TEXT,
          { kind: 'int64' },
          { kind: 'decimal', precision: 5, scale: 1 },
          { kind: 'float64' },
          { kind: 'bytes' },
        ],
        textParameters: [false, true],
      }),
      executeOf(programOf(2), {
        implicit: 'group',
        wantColumns: false,
        portal: 'p',
        maxRows: 50,
        text: 'é'.repeat(5000),
      }),
      executeOf(programOf(2), { text: 'é'.repeat(5000) }),
      executeOf(program, { text: 'other' }),
      executeOf(program, { text: 'other' }),
    ];
    const sinks: RecordingSink[] = [];
    const sink = (): RecordingSink => {
      const made = new RecordingSink();
      sinks.push(made);
      return made;
    };
    session.prepare(program, [INT32, undefined], 'select $1', sink());
    for (const request of requests) session.execute(request, sink());
    session.openPortal(requests[1] as ExecuteRequest, sink());
    session.describePortal('p', sink());
    session.fetch('p', 7, 'group', sink());
    session.closePortal('', sink());
    session.endGroup(sink());
    session.reset(sink());
    session.fail(sink());
    const named = {
      name: 's',
      program,
      parameterTypes: [INT32, undefined],
      literals: ['x', null],
      text: 'select $1',
    };
    session.nameStatement(named);
    session.forgetStatement('s');
    session.load(block);
    session.loadEnd();
    session.loadFail('no');
    session.credit(65536);
    session.cancel();
    link.cancel(7, 4_000_000_000);
    await Promise.all(sinks.map((made) => made.done));
    session.close();
    await turn();
    await turn();
    expect(engine.calls).toEqual([
      ['open', options],
      ['prepare', program, [INT32, undefined], 'select $1'],
      ...requests.map((request) => ['execute', request]),
      ['openPortal', requests[1]],
      ['describePortal', 'p'],
      ['fetch', 'p', 7, 'group'],
      ['closePortal', ''],
      ['endGroup'],
      ['reset'],
      ['fail'],
      ['nameStatement', named],
      ['forgetStatement', 's'],
      ['load', block],
      ['loadEnd'],
      ['loadFail', 'no'],
      ['credit', 65536],
      ['cancel'],
      ['cancelKey', 7, 4_000_000_000],
      ['close'],
    ]);
    expect(sinks.every((made) => made.calls.length === 1)).toBe(true);
    link.close();
  });

  it('every reply arrives as it was made, in order', async () => {
    const engine = new RecordingEngine();
    const replies = (sink: ReplySink): void => {
      sink.setting('TimeZone', 'UTC');
      sink.parameters([INT32, { kind: 'array', element: TEXT }]);
      sink.columns(columns);
      sink.rows(block);
      sink.notice({ severity: 'warning', condition: 'no_data', details: { message: 'hm', args: { n: 1, s: 'x' } } });
      sink.rows({ rowCount: 0, bytes: new Uint8Array(0) });
      sink.complete({ command: 'SELECT', rows: 2 });
      sink.complete({ command: 'CREATE WONDER' });
      sink.complete({ command: 'INSERT', rows: 2 ** 40, lastIdentity: 5 });
      sink.complete({ command: 'INSERT', rows: 0, lastIdentity: 2n ** 64n - 1n });
      sink.complete({ command: 'INSERT', rows: 0, lastIdentity: -(2n ** 63n) });
      sink.suspended();
      sink.loadReady(columns, 1 << 20);
      sink.loadReady([]);
      sink.loadTaken?.(5);
      sink.error(new SqlError('division_by_zero', { message: 'by 0', position: 7, detail: 'd', sqlstate: '22012' }));
      sink.ready('failed');
    };
    engine.answer = (_call, sink) => {
      replies(sink);
      sink.error(new SqlError('internal_error', 'after ready: dropped'));
    };
    const link = await start(engine);
    const session = link.openSession(options, events());
    const expected = new RecordingSink();
    replies(expected);
    const first = new RecordingSink();
    const second = new RecordingSink();
    session.execute(executeOf(programOf(1)), first);
    session.execute(executeOf(programOf(1)), second);
    await second.done;
    expect(first.calls).toEqual(expected.calls);
    expect(second.calls).toEqual(expected.calls);
    // The second time the column list crossed as a number, and is the very same list.
    const listOf = (sink: RecordingSink): unknown => sink.calls.find(([name]) => name === 'columns')?.[1];
    expect(listOf(second)).toBe(listOf(first));
    link.close();
  });

  it('sign-in and events cross', async () => {
    const engine = new RecordingEngine();
    const info = {
      processId: 5,
      cancelKey: 4_000_000_000,
      user: 'u',
      database: 'b',
      isSuperuser: true,
      settings: { x: 'y' },
    };
    engine.authenticate = (request, reply) => {
      const text = Buffer.from(request.data).toString();
      if (text === 'one') reply({ kind: 'continue', data: Buffer.from(request.mechanism) });
      else if (text === 'two') reply({ kind: 'ok', data: Buffer.alloc(0), session: info });
      else reply({ kind: 'error', error: new SqlError('invalid_password', 'no') });
    };
    const link = await start(engine);
    const heard = events();
    const session = link.openSession(options, heard);
    const ask = (text: string): Promise<AuthReply> =>
      new Promise((resolve) => session.authenticate({ mechanism: 'scram-sha-256', data: Buffer.from(text) }, resolve));
    expect(await ask('one')).toEqual({ kind: 'continue', data: Buffer.from('scram-sha-256') });
    expect(await ask('two')).toEqual({ kind: 'ok', data: Buffer.alloc(0), session: info });
    expect(await ask('three')).toMatchObject({ kind: 'error', error: { condition: 'invalid_password' } });
    engine.events?.notification(9, 'c', 'p');
    engine.events?.terminated(new SqlError('admin_shutdown', 'bye'));
    await turn();
    await turn();
    expect(heard.seen).toEqual([
      ['notification', 9, 'c', 'p'],
      ['terminated', 'admin_shutdown'],
    ]);
    link.close();
  });
});

describe('the link', () => {
  it('installs a profile once per hash', async () => {
    const engine = new RecordingEngine();
    const link = paired(engine);
    const profile: DialectProfile = {
      ...({} as DialectProfile),
      dialect: 'd',
      hash: 'h1',
      views: [{ schema: 's', name: 'v', id: 5, program: Buffer.from([1, 2, 3]) }],
      settings: [],
      schemas: [{ name: 's', id: 11 }],
      systemSchema: 's',
      facts: [],
    };
    link.install(profile);
    link.install(profile);
    link.install({ ...profile, hash: 'h2' });
    await turn();
    expect(engine.profiles).toEqual([profile, { ...profile, hash: 'h2' }]);
    link.close();
  });

  it('sends a program once, and more programs than it may keep', async () => {
    const engine = new RecordingEngine();
    const hashes: string[] = [];
    engine.answer = (call, sink) => {
      const { program } = call[1] as ExecuteRequest;
      expect(Buffer.from(program.bytes).readUInt32LE(0)).toBe(Number(program.hash.slice(0, 31)));
      hashes.push(program.hash);
      engine.calls.length = 0;
      sink.ready('idle');
    };
    const link = paired(engine);
    const session = link.openSession(options, events());
    const expected: string[] = [];
    let last = new RecordingSink();
    for (let index = 0; index < MAX_PROGRAM_SLOTS * 2.5; index++) {
      for (const number of [index, 0, Math.floor(index / 2)]) {
        last = new RecordingSink();
        expected.push(programOf(number).hash);
        session.execute(executeOf(programOf(number)), last);
      }
      if (index % 500 === 0) await last.done;
    }
    await last.done;
    expect(hashes).toEqual(expected);
    link.close();
  });

  it('carries large programs, many at a time', async () => {
    const engine = new RecordingEngine();
    const sizes: number[] = [];
    engine.answer = (call, sink) => {
      sizes.push((call[1] as ExecuteRequest).program.bytes.length);
      sink.ready('idle');
    };
    const link = paired(engine);
    const session = link.openSession(options, events());
    let last = new RecordingSink();
    const expected: number[] = [];
    for (let index = 0; index < 80; index++) {
      const size = index % 10 === 9 ? MAX_KEPT_PROGRAM_BYTES + index : MAX_KEPT_PROGRAM_BYTES - index;
      expected.push(size);
      last = new RecordingSink();
      session.execute(executeOf(programOf(index, size)), last);
    }
    await last.done;
    expect(sizes).toEqual(expected);
    link.close();
  });

  it('answers a request that cannot be sent in its turn, and fails the transaction', async () => {
    const engine = new RecordingEngine();
    const link = paired(engine);
    const session = link.openSession(options, events());
    const sinks = [new RecordingSink(), new RecordingSink(), new RecordingSink()] as const;
    engine.answer = (call, sink) => sink.ready(call[0] === 'fail' ? 'failed' : 'active');
    session.execute(executeOf(programOf(1)), sinks[0]);
    session.execute(executeOf(programOf(1), { parameters: new Array(70_000).fill(null) }), sinks[1]);
    session.execute(executeOf(programOf(1)), sinks[2]);
    await sinks[2].done;
    expect(sinks.map((sink) => sink.calls.map(([name, value]) => `${name} ${String(value)}`))).toEqual([
      ['ready active'],
      ['error program_limit_exceeded', 'ready failed'],
      ['ready active'],
    ]);
    link.close();
  });

  it('answers everything when the engine goes away, in order, then tells', async () => {
    const engine = new RecordingEngine();
    engine.answer = () => {};
    const { link, served } = createPairedLink(engine);
    const heard = events();
    const session = link.openSession(options, heard);
    const order: string[] = [];
    link.onLost(() => order.push('lost'));
    const sinks = [new RecordingSink(), new RecordingSink()] as const;
    session.execute(executeOf(programOf(1)), sinks[0]);
    session.endGroup(sinks[1]);
    const reply = new Promise<AuthReply>((resolve) =>
      session.authenticate({ mechanism: 'm', data: Buffer.alloc(0) }, resolve),
    );
    await turn();
    served.close();
    await Promise.all(sinks.map((sink) => sink.done));
    expect(await reply).toMatchObject({ kind: 'error', error: { condition: 'crash_shutdown' } });
    for (const sink of sinks)
      expect(sink.calls.map(([name, value]) => `${name} ${String(value)}`)).toEqual([
        'error crash_shutdown',
        'ready idle',
      ]);
    expect(heard.seen).toEqual([['terminated', 'crash_shutdown']]);
    expect(order).toEqual(['lost']);
    const late = new RecordingSink();
    session.execute(executeOf(programOf(1)), late);
    expect(late.calls).toEqual([]);
    await late.done;
    expect(late.calls[0]?.[1]).toBe('crash_shutdown');
    const lateEvents = events();
    link.openSession(options, lateEvents);
    await turn();
    expect(lateEvents.seen).toEqual([['terminated', 'crash_shutdown']]);
    session.cancel();
    session.credit(1);
    session.close();
    link.close();
  });

  it('connects by path, or says why not', async () => {
    const engine = new RecordingEngine();
    const { server } = await socketPair(engine);
    const link = await connectEngineLink(server.address() as string);
    const sink = new RecordingSink();
    link.openSession(options, events()).endGroup(sink);
    await sink.done;
    link.close();
    await expect(connectEngineLink(join(tmpdir(), 'no-such-folder', 'engine.sock'))).rejects.toThrow(/ENOENT/);
  });

  it("closes the engine's sessions when the worker goes away", async () => {
    const engine = new RecordingEngine();
    const { link, server } = await socketPair(engine);
    link.openSession(options, events());
    link.openSession(options, events());
    await turn();
    link.close();
    await turn();
    await turn();
    expect(engine.calls.filter(([name]) => name === 'close')).toHaveLength(2);
    expect(await new Promise((resolve) => server.getConnections((_error, count) => resolve(count)))).toBe(0);
  });

  it('ends a session whose opening or request throws, and no other', async () => {
    const engine = new RecordingEngine();
    const errors: unknown[] = [];
    const link = paired(engine, { onError: (error) => errors.push(error) });
    const heard = [events(), events()] as const;
    const [first, second] = heard.map((one) => link.openSession(options, one)) as [EngineSession, EngineSession];
    engine.answer = (call, sink) => {
      if (call[0] === 'fail') throw new Error('bug');
      sink.ready('idle');
    };
    const sinks = [new RecordingSink(), new RecordingSink()] as const;
    first.fail(sinks[0]);
    second.endGroup(sinks[1]);
    await Promise.all(sinks.map((sink) => sink.done));
    expect(sinks[0].calls.map(([name, value]) => `${name} ${String(value)}`)).toEqual([
      'error internal_error',
      'ready idle',
    ]);
    expect(sinks[1].calls).toEqual([['ready', 'idle']]);
    expect(heard[0].seen).toEqual([['terminated', 'internal_error']]);
    expect(errors).toHaveLength(1);
    engine.openSession = () => {
      throw new SqlError('too_many_connections', 'full');
    };
    const refused = events();
    link.openSession(options, refused);
    await turn();
    expect(refused.seen).toEqual([['terminated', 'too_many_connections']]);
    link.close();
  });

  it('drops a worker that sends garbage, and the engine goes on', async () => {
    for (const garbage of [
      Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
      frame(99, 0, 0),
      frame(6, 1, 1, [9, 9, 9, 9]),
      frame(2, 5, 0, [1]),
      frame(4, 0, 0, [255, 255, 255, 255, 1]),
    ]) {
      const engine = new RecordingEngine();
      const errors: unknown[] = [];
      const [left, right] = duplexPair();
      serveEngineLink(right, engine, { onError: (error) => errors.push(error) });
      left.write(openFrame());
      left.write(garbage);
      await turn();
      expect(errors).toHaveLength(1);
      expect(engine.calls.map(([name]) => name)).toEqual(['open', 'close']);
    }
  });

  it('loses the link when the engine sends garbage', async () => {
    for (const garbage of [
      Buffer.from('hello, this is not a frame'),
      frame(74, 1, 55),
      frame(67, 1, 1, [1]),
      frame(65, 1, 1, [9, 0, 0, 0]),
    ]) {
      const [left, right] = duplexPair();
      const link = new SocketEngineLink(left);
      const heard = events();
      const sink = new RecordingSink();
      link.openSession(options, heard).endGroup(sink);
      right.write(garbage);
      await sink.done;
      expect(sink.calls.map(([name, value]) => `${name} ${String(value)}`)).toEqual([
        'error connection_failure',
        'ready idle',
      ]);
      expect(heard.seen).toEqual([['terminated', 'connection_failure']]);
    }
  });

  it('does not read requests while the worker does not take the replies', async () => {
    const engine = new RecordingEngine();
    const megabyte: RowBlock = { rowCount: 1, bytes: Buffer.alloc(1 << 20) };
    let executed = 0;
    engine.answer = (_call, sink) => {
      executed++;
      sink.rows(megabyte);
      sink.ready('idle');
    };
    const { socket, link } = await socketPair(engine);
    const session = link.openSession(options, events());
    await turn();
    socket.pause();
    const sinks = Array.from({ length: 64 }, () => new RecordingSink());
    for (const sink of sinks) {
      session.execute(executeOf(programOf(1)), sink);
      await turn();
    }
    expect(executed).toBeGreaterThan(0);
    expect(executed).toBeLessThan(16);
    socket.resume();
    await Promise.all(sinks.map((sink) => sink.done));
    expect(executed).toBe(64);
    expect(sinks.every((sink) => (sink.calls[0] as [string, RowBlock])[1].bytes.length === 1 << 20)).toBe(true);
    link.close();
  });
});

function frame(kind: number, session: number, request: number, payload: readonly number[] = []): Buffer {
  const bytes = Buffer.alloc(20 + payload.length);
  bytes.writeUInt16LE(0x424c, 0);
  bytes[2] = FRAME_VERSION;
  bytes[3] = kind;
  bytes.writeUInt32LE(session, 8);
  bytes.writeUInt32LE(request, 12);
  bytes.writeUInt32LE(payload.length, 16);
  bytes.set(payload, 20);
  return bytes;
}

/** OPEN_SESSION of session 1, as the client writes it. */
function openFrame(): Buffer {
  const map = Buffer.concat([
    Buffer.from([0x85]),
    ...Object.entries(options).map(([name, value]) =>
      Buffer.concat([packText(name), typeof value === 'string' ? packText(value) : Buffer.from([0x80])]),
    ),
  ]);
  return frame(2, 1, 0, [...map]);
}

function packText(text: string): Buffer {
  return Buffer.concat([Buffer.from([0xa0 + text.length]), Buffer.from(text)]);
}
