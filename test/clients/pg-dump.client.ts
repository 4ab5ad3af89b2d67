/**
 * pg_dump and pg_restore: what is dumped here is what PostgreSQL dumps of the same schema; either's dump restored
 * into the other is dumped again as it was, in plain text and in the custom format.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  POSTGRES_BIN,
  type PostgresOracle,
  skipWithoutPostgres,
  startPostgres,
  startServer,
  type TestServer,
} from '../harness/index.ts';

const installed = existsSync(join(POSTGRES_BIN, 'pg_dump'));
if (!installed) console.log('pg_dump: skipped, the client is not installed (test/clients/install.sh installs it)');

/** Beside the objects of psql's test: rows that are the same at every run, and names that must be quoted. */
const ROWS = `
set search_path = app, public;
truncate emp;
insert into emp (id, dept_id, name, code, salary, hired, ts, j, m, arr, ident, p, mail, t3, iv, uid)
  values (7, 1, E'tab\\there', 'ab', -0.5 + 1, '2024-02-29', '2024-02-29 12:00:00.5+02', '{"a": [1, null]}', 'sad', '{1,null,3}', 9, 3, 'x@y',
    '2001-01-01 00:00:00.123', '1 mon -2 days', '00000000-0000-0000-0000-000000000001');
create table "Mixed Case" ("Select" int generated always as identity primary key, "order" bytea default '\\xdead', n numeric[] default '{}', "x""y" text collate "C");
insert into "Mixed Case" ("order", "x""y") values ('\\x00ff', E'back\\\\slash'), (default, null);
create view "A View" as select "Select", "x""y" from "Mixed Case" where "Select" > 0;
alter table "Mixed Case" add constraint "Ck 1" check ("Select" > 0);
alter table "Mixed Case" owner to r2;
grant select ("order") on "Mixed Case" to r1;
grant select on "A View" to public;
create index "Ix 1" on "Mixed Case" ("x""y" desc, ("Select" + 1));
create function quoted(inout a int, out b text) language plpgsql as $$ begin b := 'x' || a; end $$;
select setval('s1', 9);
`;

interface Run {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

describe.skipIf(!installed || skipWithoutPostgres('pg_dump'))('pg_dump', () => {
  let server: TestServer;
  let oracle: PostgresOracle;
  let ours: number;
  let theirs: number;

  function run(program: string, port: number, args: readonly string[], input?: string | Buffer): Run {
    const { status, stdout, stderr } = spawnSync(
      join(POSTGRES_BIN, program),
      ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', ...args],
      { env: { ...process.env, PGPASSWORD: server.password }, input: input ?? '', maxBuffer: 1 << 26 },
    );
    return { status, stdout, stderr: stderr.toString() };
  }

  function succeed(program: string, port: number, args: readonly string[], input?: string | Buffer): Buffer {
    const { status, stdout, stderr } = run(program, port, args, input);
    expect({ program, args, status, stderr }).toEqual({ program, args, status: 0, stderr: '' });
    return stdout;
  }

  const psql = (port: number, database: string, input: string | Buffer): Buffer =>
    succeed('psql', port, ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', database], input);

  /** Without the version of the server and the key that every dump makes anew. */
  const comparable = (text: Buffer): string =>
    text.toString().replaceAll(/^\\(un)?restrict .*\n|^-- Dumped from .*\n/gm, '');

  const dump = (port: number, database: string, ...args: string[]): string =>
    comparable(succeed('pg_dump', port, [...args, database]));

  /** With what pg_dump warns of, and whether it succeeded. */
  function told(port: number, args: readonly string[]): { status: number | null; text: string; stderr: string } {
    const { status, stdout, stderr } = run('pg_dump', port, [...args, 'postgres']);
    return { status, text: comparable(stdout), stderr };
  }

  function newDatabase(port: number, name: string): void {
    psql(port, 'postgres', `create database ${name};`);
  }

  beforeAll(async () => {
    [server, oracle] = [await startServer(), await startPostgres()];
    [ours, theirs] = [server.port, oracle.port];
    const objects = readFileSync(new URL('psql-objects.sql', import.meta.url), 'utf8') + ROWS;
    for (const port of [ours, theirs]) psql(port, 'postgres', objects);
  });
  afterAll(async () => {
    await server?.stop();
    await oracle?.stop();
  });

  test.each([
    [['-s']],
    [[]],
    [['--inserts', '-a']],
    [['--column-inserts', '-t', 'app.emp']],
    [['-n', 'app', '--no-owner', '-x']],
    [['-c', '--if-exists', '-s']],
    [['-C', '-s']],
  ])('pg_dump %j is what PostgreSQL writes', (args: string[]) => {
    const expected = told(theirs, args);
    expect(expected.status).toBe(0);
    expect(told(ours, args)).toEqual(expected);
  });

  test.each(['from here into PostgreSQL', 'from PostgreSQL into here'])('plain text, %s', (way) => {
    const [from, to] = way.startsWith('from here') ? [ours, theirs] : [theirs, ours];
    newDatabase(to, 'plain');
    psql(to, 'plain', succeed('pg_dump', from, ['postgres']));
    expect(dump(to, 'plain')).toBe(dump(from, 'postgres'));
  });

  test.each(['from here into PostgreSQL', 'from PostgreSQL into here'])('custom format, %s', (way) => {
    const [from, to] = way.startsWith('from here') ? [ours, theirs] : [theirs, ours];
    newDatabase(to, 'custom');
    const archive = succeed('pg_dump', from, ['-Fc', 'postgres']);
    succeed('pg_restore', to, ['-d', 'custom', '--exit-on-error'], archive);
    expect(dump(to, 'custom')).toBe(dump(from, 'postgres'));
  });

  test('pg_restore -c replaces what is there', () => {
    newDatabase(ours, 'again');
    const archive = succeed('pg_dump', ours, ['-Fc', 'postgres']);
    for (let time = 0; time < 2; time++)
      succeed('pg_restore', ours, ['-d', 'again', '--exit-on-error', '-c', '--if-exists'], archive);
    expect(dump(ours, 'again')).toBe(dump(ours, 'postgres'));
  });

  test('pg_dumpall writes roles, databases and their contents', () => {
    const text = succeed('pg_dumpall', ours, ['-g', '--no-role-passwords']).toString();
    expect(text).toContain('CREATE ROLE r1;\nALTER ROLE r1 WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN');
    expect(text).toContain('GRANT r1 TO r2');
  });
});
