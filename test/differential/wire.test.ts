/**
 * The same messages to PostgreSQL and to this server: every message of the answers must be the same, with types,
 * formats, tags and all fields of errors but those that name source code.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEmbedded, type TestDatabase } from '../harness/embedded.ts';
import { skipWithoutPostgres, startPostgres, type PostgresOracle } from '../harness/postgres-oracle.ts';
import {
  bind,
  closePortal,
  closeStatement,
  copyData,
  copyDone,
  describePortal,
  describeStatement,
  execute,
  flush,
  int16,
  int32,
  message,
  parse,
  query,
  sync,
} from '../unit/protocols/postgres/wire-client.ts';
import { RawConnection, type Exchange } from './wire.ts';

const one = (title: string, ...send: Buffer[]): Exchange => ({ title, send });

/** Sends and fetches one value in binary, through text once so that both readings are seen. */
const roundTrip = (type: string, literal: string): Exchange =>
  one(
    `${type}: ${literal}`,
    parse('', `select $1::${type}`),
    bind('', '', [literal], [0], [1]),
    describePortal(''),
    execute(''),
    sync,
  );

const fromBinary = (type: string, bytes: string): Exchange =>
  one(
    `${type} of bytes ${bytes}`,
    parse('', `select $1::${type}`),
    bind('', '', [Buffer.from(bytes.replaceAll(' ', ''), 'hex')], [1], [0]),
    execute(''),
    sync,
  );

const ORDER: Exchange[] = [
  one('set up', query("set timezone = 'UTC'; create table t (id int primary key, v text not null)")),
  one('describe a statement', parse('s1', 'select id, v from t where id = $1'), describeStatement('s1'), sync),
  one('a name twice', parse('s1', 'select 1'), sync),
  one('close twice', closeStatement('s1'), closeStatement('s1'), closePortal('nothing'), sync),
  one('bind what is closed', bind('', 's1'), execute(''), sync),
  one('describe what is not there', describeStatement('no'), sync, describePortal('no'), sync),
  one('execute what is not there', execute('no'), sync),
  one('nothing to run', parse('', ''), describeStatement(''), bind('', ''), describePortal(''), execute(''), sync),
  one('a comment only', query('-- nothing'), query(''), query(';')),
  one('two statements at once', parse('', 'select 1; select 2'), sync),
  one(
    'after an error all is passed over',
    parse('', 'select nope'),
    bind('', ''),
    execute(''),
    flush,
    sync,
    query('select 1'),
  ),
  one(
    'a portal in pieces',
    parse('', 'select g from generate_series(1, 5) g'),
    bind('p', ''),
    execute('p', 2),
    execute('p', 2),
    execute('p', 2),
    execute('p'),
    sync,
  ),
  one(
    'a portal to its exact end',
    parse('', 'select g from generate_series(1, 2) g'),
    bind('p', ''),
    execute('p', 2),
    execute('p', 2),
    sync,
  ),
  one('a portal name twice', parse('', 'select 1'), bind('p', ''), bind('p', ''), sync),
  one('portals end with their transaction', parse('', 'select 1'), bind('p', ''), sync, execute('p'), sync),
  one(
    'insert, returning',
    parse('', 'insert into t values ($1, $2) returning id'),
    bind('', '', ['1', 'a']),
    describePortal(''),
    execute(''),
    sync,
  ),
  one(
    'a pipeline is one transaction',
    parse('', 'insert into t values (2, $1)'),
    bind('', '', ['b']),
    execute(''),
    bind('', '', [null]),
    execute(''),
    sync,
    query('select count(*) from t'),
  ),
  one(
    'sync ends the transaction',
    parse('', "insert into t values (3, 'c')"),
    bind('', ''),
    execute(''),
    sync,
    query('select id from t'),
  ),
  one('too few parameters', parse('', 'select $1::int, $2::int'), bind('', '', ['1']), sync),
  one('wrong number of formats', parse('', 'select $1::int'), bind('', '', ['1'], [0, 1, 0]), sync),
  one('wrong number of result formats', parse('', 'select 1'), bind('', '', [], [], [0, 0, 0]), execute(''), sync),
  one('not a number', parse('', 'select $1::int'), bind('', '', ['x']), execute(''), sync),
  one('rows before an error', query('select 10 / (3 - g) from generate_series(1, 9) g')),
  one(
    'rows before an error, extended',
    parse('', 'select 10 / (3 - g) from generate_series(1, 9) g'),
    bind('', ''),
    describePortal(''),
    execute(''),
    sync,
  ),
  one(
    'in a failed transaction',
    query('begin'),
    query('select nope'),
    parse('', 'select 1'),
    sync,
    query('select 1'),
    parse('', 'rollback'),
    bind('', ''),
    execute(''),
    sync,
  ),
  one(
    'utility statements',
    parse('', 'begin'),
    describeStatement(''),
    bind('', ''),
    describePortal(''),
    execute(''),
    sync,
    query('commit'),
  ),
  one(
    'declare and fetch',
    query('begin'),
    query('declare c cursor for select g from generate_series(1, 3) g'),
    parse('', 'fetch 2 from c'),
    describeStatement(''),
    bind('', ''),
    describePortal(''),
    execute(''),
    sync,
    describePortal('c'),
    sync,
    query('fetch all from c; close c; commit'),
  ),
  one(
    'a fetch prepared before its cursor',
    parse('f', 'fetch all from late'),
    describeStatement('f'),
    sync,
    query('begin; declare late cursor for select 1 as n'),
    bind('', 'f'),
    describePortal(''),
    execute(''),
    sync,
    query('commit'),
  ),
  one(
    'deallocate what a client prepared',
    parse('d1', 'select $1::int, 5'),
    query('execute d1(3)'),
    query('deallocate d1'),
    bind('', 'd1', ['1']),
    execute(''),
    sync,
    query('deallocate d1'),
  ),
  one(
    'prepared statements are listed',
    parse('l1', "select $1::text, 'x', $2 + 1"),
    query('select name, statement, from_sql from pg_prepared_statements order by 1'),
    query('prepare l2 as select 1'),
    query('select name, from_sql from pg_prepared_statements order by 1'),
    parse('l2b', 'select 1'),
    query('prepare l2b as select 1'),
    closeStatement('l1'),
    sync,
    query('select name from pg_prepared_statements order by 1'),
    query('deallocate all; select count(*) from pg_prepared_statements'),
  ),
  one(
    'a statement that does not bind is not listed',
    parse('bad', 'select nope'),
    sync,
    query("select count(*) from pg_prepared_statements where name = 'bad'"),
  ),
  one(
    'a cached result that no longer fits',
    query('create table cr (a text)'),
    parse('cr', "insert into cr values ('1') returning a"),
    bind('', 'cr'),
    execute(''),
    sync,
    query('alter table cr alter a type int using a::int'),
    bind('', 'cr'),
    execute(''),
    sync,
    query('select count(*) from cr'),
    parse('cr2', 'insert into cr values (2) returning a'),
    bind('', 'cr2'),
    execute(''),
    sync,
  ),
  one(
    'a cached type that no longer fits',
    query('create table ca (a text)'),
    parse('ca', 'insert into ca values ($1)', [25]),
    sync,
    query('alter table ca alter a type int using 0'),
    bind('', 'ca', ['1']),
    execute(''),
    sync,
  ),
  one(
    'a place for the result of a function',
    query('create table named (i int, v text)'),
    query("insert into named values (7, 'seven'), (8, 'eight')"),
    query(
      'create function of_named(v text, i int) returns text language sql as $$select v || i || of_named.i from named where i = of_named.i$$',
    ),
    query("select of_named('x', 8), of_named('y', 9)"),
    query('create function add1(i int) returns int language sql as $$select i + 1$$'),
    parse('', 'select * from add1($1, $2) as result', [2278, 23]),
    describeStatement(''),
    bind('', '', [null, '41']),
    execute(''),
    sync,
    parse('', 'select * from abs($1, $2) as result', [2278, 23]),
    bind('', '', [null, '-3']),
    execute(''),
    sync,
  ),
  one(
    'functions by their arguments',
    query('create function add1(a int, b text) returns int language sql as $$select 2$$'),
    query('drop function add1(int, varchar)'),
    query('drop function add1(a integer, text)'),
    query('drop function if exists add1(int)'),
    query("select count(*) from pg_proc where proname = 'add1'"),
  ),
  one(
    'input functions of types',
    query(
      "select typname, typinput = 'pg_catalog.array_in'::regproc as is_array from pg_type where typname in ('int4', '_int4', 'int2vector', '_text') order by 1",
    ),
  ),
  one('isolation as asked', query('begin isolation level read uncommitted; show transaction_isolation; commit')),
  one(
    'deferrable as asked',
    query(
      'begin isolation level serializable, read only, deferrable; show transaction_deferrable; commit; show transaction_deferrable',
    ),
  ),
  one(
    'settings are told',
    query("set application_name = 'x y'"),
    query('begin; set local datestyle = german; rollback'),
  ),
  one('ending oneself', query('select pg_terminate_backend(pg_backend_pid()) and pg_sleep(2) is null')),
];

const functionCall = (id: number, formats: number[], values: (string | Buffer | null)[], result: number): Buffer =>
  message(
    'F',
    int32(id),
    int16(formats.length),
    ...formats.map(int16),
    int16(values.length),
    ...values.flatMap((value) =>
      value === null ? [int32(-1)] : [int32(Buffer.byteLength(value)), Buffer.from(value as string)],
    ),
    int16(result),
  );

const CALLS: Exchange[] = [
  one('text in, text out', functionCall(2311, [0], ['ABC'], 0)),
  one('an argument of NULL', functionCall(2311, [0], [null], 0)),
  one('binary in, binary out', functionCall(1402, [], [], 1), functionCall(2311, [1], ['ABC'], 1)),
  one('no such function', functionCall(999999, [], [], 0), query('select 1')),
  one('what it raises', functionCall(964, [1], [int32(77777777)], 1), query('select 1')),
  one('in a transaction', query('begin'), functionCall(715, [1], [int32(765432)], 1)),
  one('open', functionCall(952, [1, 1], [int32(765432), int32(0x60000)], 1)),
  one('write', functionCall(955, [1, 1], [int32(0), 'some bytes'], 1)),
  one('seek', functionCall(956, [1], [int32(0), int32(5), int32(0)], 1)),
  one('read', functionCall(954, [1], [int32(0), int32(100)], 1)),
  one('fails', functionCall(954, [1], [int32(9), int32(100)], 1)),
  one('in a failed transaction', functionCall(958, [1], [int32(0)], 1)),
  one('roll back', query('rollback')),
];

const COPY: Exchange[] = [
  one('set up', query('create table c (id int primary key, v text)')),
  one('in', query('copy c from stdin'), copyData('1\ta\n2\t'), copyData('b\n'), copyDone),
  one(
    'in, extended',
    parse('', 'copy c from stdin'),
    describeStatement(''),
    bind('', ''),
    execute(''),
    copyData('3\t\\N\n'),
    copyDone,
    sync,
  ),
  one('not a number', query('copy c from stdin'), copyData('x\ty\n'), copyDone),
  one('a field too few', query('copy c from stdin'), copyData('8\tx\n9\n'), copyDone),
  one('a field too many', query('copy c from stdin'), copyData('8\tx\ty\n'), copyDone),
  one('a key twice', query('copy c from stdin'), copyData('8\tx\n8\ty\n'), copyDone),
  one('rows left out', query('copy c from stdin where id > 20'), copyData('11\tx\n21\ty\n22\tz\n'), copyDone),
  one(
    'columns in another order',
    query("copy c (v, id) from stdin where v <> 'x'"),
    copyData('x\t31\ny\t32\n'),
    copyDone,
  ),
  one('out', query('copy (select * from c order by id) to stdout')),
  one('out as csv', query("copy (select * from c order by id) to stdout with (format csv, header, null '-')")),
  one('out, extended', parse('', 'copy c to stdout'), bind('', ''), describePortal(''), execute(''), sync),
  one(
    'in several statements',
    query('select 1; copy c from stdin; select count(*) from c'),
    copyData('7\tz\n'),
    copyDone,
  ),
];

const TYPES: Exchange[] = [
  roundTrip('inet', '192.168.1.5'),
  roundTrip('inet', '192.168.1.5/24'),
  roundTrip('inet', '2001:db8::1'),
  roundTrip('inet', '::ffff:1.2.3.4/128'),
  roundTrip('inet', '::'),
  roundTrip('cidr', '10.0.0.0/8'),
  roundTrip('cidr', '2001:db8::/32'),
  roundTrip('macaddr', '08:00:2b:01:02:03'),
  roundTrip('macaddr8', '08:00:2b:01:02:03:04:05'),
  roundTrip('"char"', 'x'),
  roundTrip('tid', '(42,7)'),
  roundTrip('pg_lsn', '16/B374D848'),
  roundTrip('xid', '4000000000'),
  roundTrip('oid', '4000000000'),
  roundTrip('name', 'abc'),
  roundTrip('bit(5)', '10110'),
  roundTrip('varbit', '101101110'),
  roundTrip('numeric', '-12345.678900'),
  roundTrip('numeric', '0.00001'),
  roundTrip('numeric', 'NaN'),
  roundTrip('timestamptz', '2020-02-29 12:34:56.789+02'),
  roundTrip('timestamp', 'infinity'),
  roundTrip('date', '-infinity'),
  roundTrip('timetz', '12:34:56.5-03:30'),
  roundTrip('interval', '1 year 2 mons -3 days 04:05:06.7'),
  roundTrip('uuid', '6b8a4b04-5b9e-4c1a-9d44-0d4d8f3e2b11'),
  roundTrip('jsonb', '{"b": [1, null], "a": "x"}'),
  roundTrip('json', '{"b": 1}'),
  roundTrip('int[]', '{{1,2},{3,NULL}}'),
  roundTrip('text[]', '{}'),
  roundTrip('inet[]', '{10.0.0.1,::1}'),
  roundTrip('pair', '(1,"a b")'),
  roundTrip('pair[]', '{"(1,x)","(2,)"}'),
  roundTrip('mood[]', '{sad,NULL}'),
  roundTrip('positive', '7'),
  fromBinary('inet', '02 20 00 04 01 02 03 04'),
  fromBinary('inet', '02 18 00 04 01 02 03 04'),
  fromBinary('inet', '09 18 00 04 01 02 03 04'),
  fromBinary('inet', '02 40 00 04 01 02 03 04'),
  fromBinary('inet', '03 80 00 10 20010db8000000000000000000000001'),
  fromBinary('cidr', '02 18 01 04 01 02 03 00'),
  fromBinary('macaddr', '08002b010203'),
  fromBinary('"char"', '41'),
  fromBinary('tid', '0000002a0007'),
  fromBinary('pg_lsn', '00000016b374d848'),
  fromBinary('pair', '00000002 00000017 00000004 00000005 00000019 00000001 78'),
  fromBinary('pair', '00000002 00000017 ffffffff 00000019 ffffffff'),
  fromBinary('pair', '00000001 00000017 ffffffff'),
  fromBinary('pair', '00000002 00000019 00000001 78 00000019 00000001 78'),
];

const SETUP = [
  "create type pair as (a int, b text); create type mood as enum ('sad', 'happy'); create domain positive as int check (value > 0)",
  'create type nested as (p pair, l int[], ps pair[], n positive)',
];

describe.skipIf(skipWithoutPostgres('wire'))('as PostgreSQL answers on the wire', () => {
  let oracle: PostgresOracle;
  let database: TestDatabase;
  let theirs: RawConnection;
  let ours: RawConnection;
  let ports: readonly [number, number];
  const login = { user: 'postgres', database: 'postgres' };

  beforeAll(async () => {
    oracle = await startPostgres();
    database = await openEmbedded({ config: { authentication: { method: 'trust' } } as never });
    const [address] = await database.db.listen();
    ports = [oracle.port, address!.port];
    for (const port of ports) {
      const connection = await RawConnection.open(port, login);
      for (const sql of SETUP) await connection.ask(query(sql));
      connection.close();
    }
  });
  afterAll(async () => {
    await oracle?.stop();
    await database?.close();
  });

  describe.each([
    ['message order', ORDER],
    ['copy', COPY],
    ['function calls', CALLS],
    ['types', TYPES],
  ])('%s', (_name, exchanges) => {
    beforeAll(async () => {
      [theirs, ours] = [await RawConnection.open(ports[0], login), await RawConnection.open(ports[1], login)];
    });
    afterAll(() => {
      theirs.close();
      ours.close();
    });

    test.each(exchanges.map((exchange) => [exchange.title, exchange] as const))('%s', async (_title, { send }) => {
      expect(await ours.ask(...send)).toEqual(await theirs.ask(...send));
    });
  });
});
