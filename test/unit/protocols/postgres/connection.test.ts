/** The conversation: start-up, simple and extended queries, errors, transactions, COPY, cancel. */
import { describe, expect, it } from 'vitest';
import { FakeLink } from './fake-engine.ts';
import {
  bind,
  closePortal,
  closeStatement,
  copyData,
  copyDone,
  copyFail,
  describePortal,
  describeStatement,
  execute,
  fields,
  flush,
  int32,
  message,
  packet,
  parse,
  query,
  show,
  split,
  startup,
  sync,
  terminate,
  WireClient,
} from './wire-client.ts';

describe('start-up', () => {
  it('greets with settings, key and ready', async () => {
    const client = new WireClient();
    const lines = await client.ask(
      startup({ user: 'ann', application_name: 'psql', options: '-c search_path=a\\ b --work-mem=4' }),
    );
    expect(lines[0]).toBe('R 00000000');
    expect(lines).toContain('setting server_version=15.6 (test)');
    expect(lines).toContain('setting application_name=psql');
    expect(lines).toContain('setting is_superuser=on');
    expect(lines.at(-2)).toBe('K 000010920000004d');
    expect(lines.at(-1)).toBe('ready I');
    expect(client.session.options).toMatchObject({
      user: 'ann',
      database: 'ann',
      settings: { search_path: 'a b', work_mem: '4' },
    });
  });

  it('declines TLS and GSS encryption when it has none', async () => {
    const client = new WireClient();
    client.feed(packet(int32(80877104)));
    client.feed(packet(int32(80877103)));
    expect(client.takeBytes().toString()).toBe('NN');
    expect((await client.ask(startup())).at(-1)).toBe('ready I');
  });

  it('negotiates newer minor versions and options down', async () => {
    const lines = await new WireClient().ask(startup({ user: 'a', '_pq_.x': '1' }, 0x30002));
    expect(lines[0]).toBe(`v 0000000000000001${Buffer.from('_pq_.x\0').toString('hex')}`);
    expect(lines.at(-1)).toBe('ready I');
  });

  it.each([
    ['version 2', startup({ user: 'a' }, 0x20000), '0A000'],
    ['no user', startup({ database: 'd' }), '28000'],
    ['replication', startup({ user: 'a', replication: 'database' }), '0A000'],
    ['another encoding', startup({ user: 'a', client_encoding: 'LATIN1' }), '22023'],
    ['a huge packet', Buffer.concat([int32(20000), Buffer.alloc(100)]), '08P01'],
    ['a tiny length', int32(3), '08P01'],
    ['no terminator', packet(int32(0x30000), Buffer.from('user\0a')), '08P01'],
  ])('refuses %s', async (_name, bytes, sqlstate) => {
    const client = new WireClient();
    const [answer] = await client.send(bytes);
    expect(fields(answer!.body)).toMatchObject({ S: 'FATAL', V: 'FATAL', C: sqlstate });
    expect(client.socket.ended).toBe(true);
  });

  it('relays SCRAM', async () => {
    const client = new WireClient({ authentication: 'scram-sha-256' });
    expect(await client.ask(startup())).toEqual([`R 0000000a${Buffer.from('SCRAM-SHA-256\0\0').toString('hex')}`]);
    const first = await client.ask(message('p', Buffer.from('SCRAM-SHA-256\0'), int32(5), Buffer.from('n,,xx')));
    expect(first).toEqual([`R 0000000b${Buffer.from('server-first').toString('hex')}`]);
    const last = await client.ask(message('p', Buffer.from('proof')));
    expect(last.slice(0, 2)).toEqual([`R 0000000c${Buffer.from('server-final').toString('hex')}`, 'R 00000000']);
    expect(last.at(-1)).toBe('ready I');
  });

  it('ends on a wrong password and on other messages before it', async () => {
    const client = new WireClient({ authentication: 'plain' });
    expect(await client.ask(startup())).toEqual(['R 00000003']);
    const [answer] = await client.send(message('p', Buffer.from('wrong\0')));
    expect(fields(answer!.body)).toMatchObject({ S: 'FATAL', C: '28P01' });
    const other = new WireClient({ authentication: 'plain' });
    await other.send(startup());
    expect(await other.ask(query('select 1'))).toEqual(['error 08P01']);
    expect(other.socket.ended).toBe(true);
  });

  it('gives up on silent clients', async () => {
    const client = new WireClient({ limits: { authenticationTimeoutMs: 5 } });
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(split(client.takeBytes()).map(show)).toEqual(['error 08P01']);
  });

  it('passes cancel requests on', async () => {
    const client = await new WireClient().login();
    client.feed(query('slow'));
    await client.settle();
    const other = new WireClient({ link: client.link });
    other.feed(packet(int32(80877102), int32(4242), int32(77)));
    expect(other.takeBytes()).toHaveLength(0);
    await client.settle();
    expect(client.link.cancels).toEqual([[4242, 77]]);
    expect(split(client.takeBytes()).map(show)).toEqual(['error 57014', 'ready I']);
  });
});

describe.each([
  ['whole', 0, false],
  ['byte by byte', 1, false],
  ['in sevens', 7, false],
  ['whole, engine at once', 0, true],
  ['byte by byte, engine at once', 1, true],
])('queries fed %s', (_name, pieceBytes, immediate) => {
  const connect = async (): Promise<WireClient> => {
    const link = new FakeLink();
    link.immediate = immediate;
    return new WireClient({ link }, pieceBytes).login();
  };

  it('runs one statement in its own transaction', async () => {
    const client = await connect();
    expect(await client.ask(query('select 1;'))).toEqual(['columns 1', 'row 1', 'done SELECT 1', 'ready I']);
    expect(client.session.calls).toEqual(['execute statement select 1;'.slice(0, -1)]);
    expect(client.socket.writes).toBe(1);
  });

  it('runs several in one', async () => {
    const client = await connect();
    expect(await client.ask(query('select 1; insert a; ;rows 2'))).toEqual([
      'columns 1',
      'row 1',
      'done SELECT 1',
      'done INSERT 0 1',
      'columns 1',
      'row 1',
      'row 2',
      'done SELECT 2',
      'ready I',
    ]);
    expect(client.session.calls.at(-1)).toBe('endGroup');
  });

  it('stops at the first error and counts its position in the whole text', async () => {
    const client = await connect();
    const answer = await client.send(query("select 'é😀'; bad x; select 2"));
    expect(answer.map(show)).toEqual(['columns 1', 'row 1', 'done SELECT 1', 'error 42703', 'ready I']);
    expect(fields(answer[3]!.body).P).toBe('18');
    expect(client.session.calls.at(-1)).toBe('endGroup rollback');
  });

  it('runs nothing when one does not compile', async () => {
    const client = await connect();
    const answer = await client.send(query("select 'é😀'; syntax"));
    expect(answer.map(show)).toEqual(['error 42601', 'ready I']);
    expect(fields(answer[0]!.body)).toMatchObject({
      S: 'ERROR',
      V: 'ERROR',
      P: '14',
      M: 'syntax error at or near "syntax"',
    });
    expect(client.session.calls).toEqual([]);
  });

  it('answers empty text', async () => {
    const client = await connect();
    expect(await client.ask(query(''))).toEqual(['empty', 'ready I']);
    expect(await client.ask(query(' ; '))).toEqual(['empty', 'ready I']);
  });

  it('follows transactions', async () => {
    const client = await connect();
    expect(await client.ask(query('begin'))).toEqual(['done BEGIN', 'ready T']);
    expect(await client.ask(query('syntax'))).toEqual(['error 42601', 'ready E']);
    expect(client.session.calls).toContain('fail');
    expect(await client.ask(parse('', 'select 1'), sync)).toEqual(['error 25P02', 'ready E']);
    expect(await client.ask(query('rollback'))).toEqual(['done ROLLBACK', 'ready I']);
  });

  it('costs a pipeline of an unnamed statement one round trip and one write', async () => {
    const client = await connect();
    expect(
      await client.ask(parse('', 'echo $1 $2'), bind('', '', ['a', null]), describePortal(''), execute(''), sync),
    ).toEqual(['parsed', 'bound', 'columns 2', 'row a|null', 'done SELECT 1', 'ready I']);
    if (pieceBytes === 0) {
      expect(client.session.calls).toEqual(['execute statement echo $1 $2']);
      expect(client.socket.writes).toBe(1);
      expect(client.session.requests[0]).toMatchObject({ textParameters: [true, true], parameters: ['a', null] });
    }
  });

  it('answers nodata for a described insert', async () => {
    const client = await connect();
    expect(
      await client.ask(parse('', 'insert $1'), bind('', '', ['a']), describePortal(''), execute(''), sync),
    ).toEqual(['parsed', 'bound', 'nodata', 'done INSERT 0 1', 'ready I']);
  });

  it('describes a cursor that a statement declared', async () => {
    const client = await connect();
    expect(await client.ask(describePortal('declared'), sync)).toEqual(['columns 1', 'ready I']);
    expect(await client.ask(describePortal('none'), execute(''), sync)).toEqual(['error 34000', 'ready I']);
    expect(await client.ask(parse('', 'echo $1'), bind('', '', ['a']), describePortal('declared'), sync)).toEqual([
      'parsed',
      'bound',
      'columns 1',
      'ready I',
    ]);
  });

  it('keeps named statements and their description', async () => {
    const client = await connect();
    expect(await client.ask(parse('s', 'rows $1'), describeStatement('s'), flush)).toEqual([
      'parsed',
      'parameters 23',
      'columns 1',
    ]);
    await client.ask(sync);
    client.session.calls.length = 0;
    const lines = ['bound', 'columns 1', 'done SELECT 0', 'ready I'];
    expect(await client.ask(bind('', 's', ['2']), describePortal(''), execute(''), sync)).toEqual(lines);
    if (pieceBytes === 0) expect(client.session.calls).toHaveLength(1);
    expect(client.session.requests.at(-1)?.wantColumns).toBe(false);
    expect(await client.ask(parse('s', 'rows 1'), sync)).toEqual(['error 42P05', 'ready I']);
    expect(await client.ask(closeStatement('s'), closeStatement('never'), bind('', 's'), sync)).toEqual([
      'closed',
      'closed',
      'error 26000',
      'ready I',
    ]);
  });

  it('reports an analysis error in place of ParseComplete, a later one after it', async () => {
    const client = await connect();
    expect(await client.ask(parse('b', 'bad'), bind('', 'b'), describePortal(''), execute(''), sync)).toEqual([
      'error 42703',
      'ready I',
    ]);
    expect(await client.ask(bind('', 'b'), sync)).toEqual(['error 26000', 'ready I']);
    expect(await client.ask(parse('b', 'bad'), sync)).toEqual(['error 42703', 'ready I']);
    const answer = await client.send(parse('d', 'dup'), bind('', 'd'), execute(''), sync);
    expect(answer.map(show)).toEqual(['parsed', 'bound', 'error 23505', 'ready I']);
    expect(fields(answer[2]!.body)).toMatchObject({
      s: 's',
      t: 't',
      n: 'k',
      M: 'duplicate key value violates unique constraint "k"',
    });
    expect(await client.ask(bind('', 'd'), sync)).toEqual(['bound', 'ready I']);
  });

  it('passes over everything from an error to Sync', async () => {
    const client = await connect();
    expect(
      await client.ask(
        bind('', 'none'),
        execute(''),
        parse('', 'select 1'),
        query('select 1'),
        sync,
        query('select 1'),
      ),
    ).toEqual(['error 26000', 'ready I', 'columns 1', 'row 1', 'done SELECT 1', 'ready I']);
  });

  it('shares a transaction up to Sync', async () => {
    const client = await connect();
    const run = [parse('', 'insert a'), bind('', ''), execute('')];
    expect(await client.ask(...run, ...run, sync)).toEqual([
      'parsed',
      'bound',
      'done INSERT 0 1',
      'parsed',
      'bound',
      'done INSERT 0 1',
      'ready I',
    ]);
    expect(client.session.calls.filter((call) => call.startsWith('execute'))).toEqual([
      'execute group insert a',
      'execute group insert a',
    ]);
    expect(client.session.calls.at(-1)).toBe('endGroup');
  });

  it('suspends portals and resumes them', async () => {
    const client = await connect();
    expect(await client.ask(parse('', 'rows 5'), bind('p', ''), execute('p', 2), flush)).toEqual([
      'parsed',
      'bound',
      'row 1',
      'row 2',
      'suspended',
    ]);
    expect(await client.ask(execute('p', 2), flush)).toEqual(['row 3', 'row 4', 'suspended']);
    expect(await client.ask(execute('p', 2), flush)).toEqual(['row 5', 'done SELECT 1']);
    expect(await client.ask(execute('p', 2), sync)).toEqual(['done SELECT 0', 'ready I']);
    expect(await client.ask(execute('p'), sync)).toEqual(['error 34000', 'ready I']);
  });

  it('closes portals and refuses names in use', async () => {
    const client = await connect();
    expect(await client.ask(parse('', 'rows 5'), bind('p', ''), bind('p', ''), sync)).toEqual([
      'parsed',
      'bound',
      'error 42P03',
      'ready I',
    ]);
    const lines = await client.ask(
      parse('', 'rows 5'),
      bind('p', ''),
      execute('p', 1),
      closePortal('p'),
      execute('p', 1),
      sync,
    );
    expect(lines).toEqual(['parsed', 'bound', 'row 1', 'suspended', 'closed', 'error 34000', 'ready I']);
    expect(client.session.calls).toContain('close p');
  });

  it('handles empty statements and text of several', async () => {
    const client = await connect();
    expect(await client.ask(parse('', ''), bind('', ''), describePortal(''), execute(''), sync)).toEqual([
      'parsed',
      'bound',
      'nodata',
      'empty',
      'ready I',
    ]);
    expect(await client.ask(parse('', 'select 1; select 2'), sync)).toEqual(['error 42601', 'ready I']);
  });

  it('decodes binary parameters by declared and by inferred type', async () => {
    const client = await connect();
    const five = int32(5);
    expect(await client.ask(parse('', 'echo $1', [23]), bind('', '', [five], [1]), execute(''), sync)).toEqual([
      'parsed',
      'bound',
      'row 5',
      'done SELECT 1',
      'ready I',
    ]);
    expect(await client.ask(parse('', 'echo $1'), bind('', '', [five], [1]), execute(''), sync)).toEqual([
      'parsed',
      'bound',
      'row 5',
      'done SELECT 1',
      'ready I',
    ]);
    expect(
      await client.ask(parse('', 'echo $1', [23]), bind('', '', [Buffer.alloc(3)], [1]), execute(''), sync),
    ).toContain('error 22P03');
    expect(await client.ask(parse('', 'echo $1', [23]), bind('', '', []), sync)).toContain('error 08P01');
    expect(await client.ask(parse('', 'echo $1', [23]), bind('', '', ['1'], [2]), sync)).toContain('error 22023');
    expect(await client.ask(parse('', 'echo $1', [12345]), sync)).toEqual(['error 42704', 'ready I']);
  });

  it('sends settings before ready, notices at once', async () => {
    const client = await connect();
    expect(await client.ask(query('set TimeZone Europe/Berlin'))).toEqual([
      'done SET',
      'setting TimeZone=Europe/Berlin',
      'ready I',
    ]);
    expect(await client.ask(query('set bytea_output escape'))).toEqual(['done SET', 'ready I']);
    expect(await client.ask(query('notice'))).toEqual(['notice careful', 'done NOTICE', 'ready I']);
  });

  it('copies in', async () => {
    const client = await connect();
    expect(await client.ask(query('copyin'), copyData('1\tx\n2'), copyData('\t\\N\n3\ta\\tb\n'), copyDone)).toEqual([
      'copyin',
      'done COPY 3',
      'ready I',
    ]);
    expect(client.session.loaded).toEqual([
      ['1', 'x'],
      ['2', null],
      ['3', 'a\tb'],
    ]);
  });

  it('reports what is wrong with copied data and swallows the rest of it', async () => {
    const client = await connect();
    const answer = await client.send(query('copyin'), copyData('1\n'), copyData('2\tx\n'), copyDone, query('select 1'));
    expect(answer.map(show)).toEqual([
      'copyin',
      'error 22P04',
      'ready I',
      'columns 1',
      'row 1',
      'done SELECT 1',
      'ready I',
    ]);
    expect(fields(answer[1]!.body).M).toBe('missing data for column "b"');
    expect(await client.ask(query('copyin'), copyFail('no'))).toEqual(['copyin', 'error 57014', 'ready I']);
    expect(await client.ask(query('copyin'), query('select 1'))).toEqual(['copyin', 'error 08P01', 'ready I']);
  });

  it('copies out', async () => {
    const client = await connect();
    expect(await client.ask(query('copyout'))).toEqual([
      'copyout',
      'copy "1\\tx\\\\ty\\n"',
      'copy "2\\t\\\\N\\n"',
      'copy "3\\tq\\"z,\\\\\\\\\\n"',
      'copydone',
      'done COPY 3',
      'ready I',
    ]);
    expect(await client.ask(parse('', 'copyout csv'), describeStatement(''), bind('', ''), execute(''), sync)).toEqual([
      'parsed',
      'parameters ',
      'nodata',
      'bound',
      'copyout',
      'copy "1,x\\ty\\n"',
      'copy "2,\\n"',
      'copy "3,\\"q\\"\\"z,\\\\\\"\\n"',
      'copydone',
      'done COPY 3',
      'ready I',
    ]);
  });

  it('refuses calls of functions that are not there and goes on', async () => {
    const client = await connect();
    expect(await client.ask(message('F', int32(1), Buffer.alloc(6)), query('select 1'))).toEqual([
      'error 42883',
      'ready I',
      'columns 1',
      'row 1',
      'done SELECT 1',
      'ready I',
    ]);
  });

  it('ends on broken messages', async () => {
    for (const bytes of [
      message('Q', Buffer.from('x')),
      message('B', Buffer.from('\0')),
      Buffer.from([0x51, 0, 0, 0, 1]),
      message('!'),
      message('D', Buffer.from('P')),
    ]) {
      const client = await connect();
      const [answer] = await client.send(bytes);
      expect(fields(answer!.body)).toMatchObject({ S: 'FATAL', C: '08P01' });
      expect(client.socket.ended).toBe(true);
      expect(client.session.closed).toBe(true);
    }
  });

  it('refuses text that is not UTF-8', async () => {
    const client = await connect();
    expect(await client.ask(message('Q', Buffer.from([0x73, 0xff, 0])))).toEqual(['error 22021', 'ready I']);
  });

  it('terminates', async () => {
    const client = await connect();
    expect(await client.ask(query('select 1'), terminate)).toEqual(['columns 1', 'row 1', 'done SELECT 1', 'ready I']);
    expect(client.socket.ended).toBe(true);
    expect(client.session.closed).toBe(true);
  });
});

describe('flow', () => {
  it('cancels and forgets a session whose client is gone', async () => {
    const client = await new WireClient().login();
    client.feed(query('slow'));
    await client.settle();
    client.socket.emit('end');
    expect(client.session.calls).toContain('cancel');
    expect(client.session.closed).toBe(true);
  });

  it('waits for a slow client before the next statement and gives credit after', async () => {
    const client = await new WireClient().login();
    client.socket.full = true;
    expect(await client.ask(query('rows 100000'), query('select 1'))).toHaveLength(100003);
    expect(client.session.calls).toHaveLength(1);
    expect(client.session.credited).toBe(0);
    client.socket.full = false;
    client.socket.emit('drain');
    await client.settle();
    expect(client.session.calls).toHaveLength(2);
    expect(client.session.credited).toBeGreaterThan(0);
  });

  it('holds copy data back when the engine is behind', async () => {
    const link = new FakeLink();
    link.window = 100;
    const client = await new WireClient({ link }).login();
    const line = `1\t${'x'.repeat(1000)}\n`;
    expect(await client.ask(query('copyin'), copyData(line.repeat(200)), copyData(line.repeat(200)), copyDone)).toEqual(
      ['copyin', 'done COPY 400', 'ready I'],
    );
  });

  it('pauses a client that sends ahead of a running statement', async () => {
    const client = await new WireClient({ limits: { inputBufferBytes: 1000 } }).login();
    client.feed(query('slow'));
    for (let count = 0; count < 40; count++) client.feed(query(`select ${'1'.repeat(100)}`));
    expect(client.socket.paused).toBe(true);
    await client.settle();
    client.session.cancel();
    for (let count = 0; count < 6; count++) await client.settle();
    expect(client.socket.paused).toBe(false);
  });

  it('refuses oversized messages', async () => {
    const client = await new WireClient({ limits: { messageBytes: 100 } }).login();
    expect(await client.ask(Buffer.from([0x51, 0x7f, 0xff, 0xff, 0xff]))).toEqual(['error 08P01']);
  });

  it('delivers notifications and ends when told', async () => {
    const client = await new WireClient().login();
    client.session.events.notification(7, 'ch', 'p');
    expect(split(client.takeBytes()).map(show)).toEqual([`A 00000007${Buffer.from('ch\0p\0').toString('hex')}`]);
    client.connection.shutDown();
    expect(split(client.takeBytes()).map(show)).toEqual(['error 57P01']);
    expect(client.socket.ended).toBe(true);
  });

  it('runs very many statements of one query without deep recursion', async () => {
    const link = new FakeLink();
    link.immediate = true;
    const client = await new WireClient({ link }).login();
    expect(await client.ask(query('insert a;'.repeat(20000)))).toHaveLength(20001);
  });
});
