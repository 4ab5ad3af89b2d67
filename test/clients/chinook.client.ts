/**
 * The Chinook sample database, loaded by psql from its own unmodified script into Lyrebird and into a real PostgreSQL
 * 15, then asked the same analytic questions. The script is used in place and is not part of the project: without it
 * the suite is skipped.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  POSTGRES_BIN,
  type PostgresOracle,
  ROOT,
  skipWithoutPostgres,
  startPostgres,
  startServer,
  type TestServer,
} from '../harness/index.ts';

const SCRIPT = join(ROOT, '../shared/data/chinook/chinook-postgresql.sql');
const absent = !existsSync(SCRIPT);
if (absent) console.log('chinook: skipped, the sample database is not beside the project (../shared/data/chinook)');

const QUERIES: readonly string[] = [
  'select count(*), min(track_id), max(track_id), sum(milliseconds), avg(bytes)::numeric(20,4) from track',
  'select a.name, count(*) as albums from artist a join album b using (artist_id) group by a.name having count(*) > 3 order by albums desc, a.name',
  'select g.name, count(t.track_id), round(avg(t.milliseconds) / 1000.0, 2) from genre g left join track t using (genre_id) group by g.genre_id, g.name order by 2 desc, 1',
  "select to_char(invoice_date, 'YYYY-MM') as month, sum(total), count(*) from invoice group by 1 order by 1",
  'select billing_country, sum(total) as revenue, rank() over (order by sum(total) desc) from invoice group by billing_country order by revenue desc, billing_country',
  'select c.first_name, c.last_name, sum(i.total) as spent from customer c join invoice i using (customer_id) group by c.customer_id order by spent desc, c.customer_id limit 10',
  'with recursive chain as (select employee_id, last_name, 0 as depth from employee where reports_to is null union all select e.employee_id, e.last_name, chain.depth + 1 from employee e join chain on e.reports_to = chain.employee_id) select * from chain order by depth, employee_id',
  'select e.last_name, m.last_name as manager from employee e left join employee m on e.reports_to = m.employee_id order by e.employee_id',
  'select name from track where track_id not in (select track_id from invoice_line) order by track_id limit 20',
  'select distinct on (g.genre_id) g.name, t.name, t.milliseconds from genre g join track t using (genre_id) order by g.genre_id, t.milliseconds desc, t.track_id',
  'select p.name, count(*) as tracks, sum(t.unit_price) from playlist p join playlist_track pt using (playlist_id) join track t using (track_id) group by p.playlist_id, p.name order by p.playlist_id',
  'select customer_id, invoice_id, total, sum(total) over (partition by customer_id order by invoice_date, invoice_id) as running from invoice order by customer_id, invoice_date, invoice_id limit 60',
  'select m.name, g.name, count(*) from track t join media_type m using (media_type_id) join genre g using (genre_id) group by rollup (m.name, g.name) order by m.name nulls last, g.name nulls last',
  "select count(*) filter (where composer is null) as unknown, count(*) filter (where composer ilike '%jagger%') as jagger, count(distinct album_id) from track",
  'select c.country, (select count(*) from invoice i join customer x using (customer_id) where x.country = c.country) as invoices from customer c group by c.country order by 2 desc, 1',
  'select i.invoice_id, i.total, sum(l.unit_price * l.quantity) as lines from invoice i join invoice_line l using (invoice_id) group by i.invoice_id, i.total having i.total <> sum(l.unit_price * l.quantity) order by 1',
  'select extract(year from invoice_date) as y, extract(quarter from invoice_date) as q, sum(total) from invoice group by grouping sets ((1, 2), (1), ()) order by 1 nulls last, 2 nulls last',
  "select a.title, string_agg(t.name, ' | ' order by t.track_id) from album a join track t using (album_id) where a.album_id < 6 group by a.album_id, a.title order by a.album_id",
  'select percentile_cont(0.5) within group (order by milliseconds), percentile_disc(0.9) within group (order by bytes), stddev(milliseconds)::numeric(30,6) from track',
  'select genre_id, name, milliseconds, ntile(4) over w, lag(milliseconds) over w, first_value(name) over w from track where genre_id in (9, 25) window w as (partition by genre_id order by milliseconds, track_id) order by 1, 3, track_id',
  'select x.country, best.last_name, best.spent from (select distinct country from customer) x cross join lateral (select c.last_name, sum(i.total) as spent from customer c join invoice i using (customer_id) where c.country = x.country group by c.customer_id, c.last_name order by spent desc, c.last_name limit 1) best order by x.country',
  "select json_agg(json_build_object('album', a.title, 'tracks', a.n) order by a.title)::text from (select b.title, count(*) as n from album b join track t using (album_id) group by b.album_id, b.title having count(*) > 22) a",
];

describe.skipIf(absent || skipWithoutPostgres('chinook'))('Chinook', () => {
  let server: TestServer;
  let oracle: PostgresOracle;

  beforeAll(async () => {
    [server, oracle] = [await startServer(), await startPostgres()];
  });
  afterAll(async () => {
    await server?.stop();
    await oracle?.stop();
  });

  function psql(port: number, args: readonly string[]): { stdout: string; stderr: string; status: number | null } {
    const connection = ['-X', '-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-v', 'ON_ERROR_STOP=1'];
    const run = spawnSync(join(POSTGRES_BIN, 'psql'), [...connection, ...args], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      env: { ...process.env, PGPASSWORD: server.password },
    });
    return { stdout: run.stdout, stderr: run.stderr, status: run.status };
  }

  test('its script runs unmodified and answers as the real server does', () => {
    const mine = psql(server.port, ['-f', SCRIPT]);
    const real = psql(oracle.port, ['-f', SCRIPT]);
    expect(mine).toEqual(real);
    expect(mine.status).toBe(0);
  });

  test.each(QUERIES)('%s', (query) => {
    const mine = psql(server.port, ['-d', 'chinook', '-A', '-c', query]);
    expect(mine).toEqual(psql(oracle.port, ['-d', 'chinook', '-A', '-c', query]));
    expect(mine.status).toBe(0);
  });

  test.each(['\\dt', '\\di', '\\d album', '\\d track', '\\d invoice_line', '\\d+ customer'])(
    'prints %s as the real server',
    (command) => {
      expect(psql(server.port, ['-d', 'chinook', '-c', command]).stdout).toBe(
        psql(oracle.port, ['-d', 'chinook', '-c', command]).stdout,
      );
    },
  );
});
