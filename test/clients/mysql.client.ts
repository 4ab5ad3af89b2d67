/**
 * The real mysql client: Chinook's own unmodified MySQL script loaded into Lyrebird and into a real MariaDB, the same
 * questions asked of both, and of Lyrebird's tables by psql, too. The script is used in place and is not part of the
 * project: without it the suite is skipped.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type MariadbOracle,
  POSTGRES_BIN,
  ROOT,
  skipWithoutMariadb,
  startMariadb,
  startServer,
  type TestServer,
} from '../harness/index.ts';

const SCRIPT = join(ROOT, '../shared/data/chinook/chinook-mysql.sql');
const CLIENT = '/usr/bin/mysql';
const absent = !existsSync(SCRIPT);
if (absent) console.log('mysql: skipped, the sample database is not beside the project (../shared/data/chinook)');

/** Understood alike by MySQL and Postgres clients. */
const COMMON_QUERIES: readonly string[] = [
  'select count(*), min(TrackId), max(TrackId), sum(Milliseconds) from Track',
  'select a.Name, count(*) as Albums from Artist a join Album b on b.ArtistId = a.ArtistId group by a.Name having count(*) > 3 order by Albums desc, a.Name',
  'select g.Name, count(t.TrackId) from Genre g left join Track t on t.GenreId = g.GenreId group by g.GenreId, g.Name order by 2 desc, 1',
  'select BillingCountry, sum(Total) as Revenue from Invoice group by BillingCountry order by Revenue desc, BillingCountry',
  'select c.FirstName, c.LastName, sum(i.Total) as Spent from Customer c join Invoice i on i.CustomerId = c.CustomerId group by c.CustomerId, c.FirstName, c.LastName order by Spent desc, c.CustomerId limit 10',
  'select e.LastName, m.LastName as Manager from Employee e left join Employee m on e.ReportsTo = m.EmployeeId order by e.EmployeeId',
  'select Name from Track where TrackId not in (select TrackId from InvoiceLine) order by TrackId limit 20',
  'select CustomerId, InvoiceId, Total, sum(Total) over (partition by CustomerId order by InvoiceDate, InvoiceId) as Running from Invoice order by CustomerId, InvoiceDate, InvoiceId limit 60',
  'select InvoiceId, InvoiceDate, Total from Invoice where InvoiceId between 10 and 20 order by InvoiceId',
];

describe.skipIf(absent || skipWithoutMariadb('mysql'))('the mysql client', () => {
  let server: TestServer;
  let oracle: MariadbOracle;

  beforeAll(async () => {
    [server, oracle] = [await startServer({ mysql: true }), await startMariadb()];
  });
  afterAll(async () => {
    await server?.stop();
    await oracle?.stop();
  });

  interface Outcome {
    readonly stdout: string;
    readonly stderr: string;
    readonly status: number | null;
  }

  function mysql(url: string, args: readonly string[], input = ''): Outcome {
    const { port, password } = new URL(url);
    const run = spawnSync(CLIENT, ['--no-defaults', '-h', '127.0.0.1', '-P', port, '-u', 'root', ...args], {
      encoding: 'utf8',
      input,
      maxBuffer: 1 << 28,
      env: { ...process.env, MYSQL_PWD: decodeURIComponent(password) },
    });
    return { stdout: run.stdout, stderr: run.stderr, status: run.status };
  }

  /** Rows as psql shows them, in the form in which mysql does. */
  function psql(query: string): string[] {
    const connection = ['-X', '-A', '-t', '-F', '\t', '-P', 'null=NULL', '-h', '127.0.0.1', '-p', String(server.port)];
    const run = spawnSync(join(POSTGRES_BIN, 'psql'), [...connection, '-U', 'postgres', '-d', 'chinook', '-c', query], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      env: { ...process.env, PGPASSWORD: server.password },
    });
    expect(run.stderr).toBe('');
    return run.stdout.trimEnd().split('\n');
  }

  test('loads Chinook from its own script', () => {
    const script = readFileSync(SCRIPT, 'utf8');
    for (const url of [server.mysqlUrl, oracle.url]) {
      expect(mysql(url, [], script)).toEqual({ stdout: '', stderr: '', status: 0 });
    }
  });

  test.each(COMMON_QUERIES)('%s', (query) => {
    const mine = mysql(server.mysqlUrl, ['-D', 'Chinook', '-e', query]);
    expect(mine).toEqual(mysql(oracle.url, ['-D', 'Chinook', '-e', query]));
    expect(mine.status).toBe(0);
    const [, ...rows] = mine.stdout.trimEnd().split('\n');
    expect(psql(query)).toEqual(rows);
  });

  test('errors have number, state and line', () => {
    const wrong = mysql(server.mysqlUrl, ['-D', 'Chinook', '-e', 'select Nope from Artist']);
    expect(wrong).toMatchObject({ status: 1, stdout: '' });
    expect(wrong.stderr).toContain("ERROR 1054 (42S22) at line 1: Unknown column 'Nope' in 'field list'");
  });

  test('rows written on one side are read on the other', () => {
    expect(mysql(server.mysqlUrl, ['-e', "insert into Chinook.Genre values (100, 'Noise')"]).status).toBe(0);
    expect(psql('select name from genre where genreid = 100')).toEqual(['Noise']);
    psql("update genre set name = 'Silence' where genreid = 100");
    const read = mysql(server.mysqlUrl, ['-N', '-D', 'Chinook', '-e', 'select Name from Genre where GenreId = 100']);
    expect(read.stdout.trim()).toBe('Silence');
  });
});
