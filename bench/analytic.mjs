/**
 * Analytic queries on generated data (analytic-data.mjs) against Lyrebird and a real PostgreSQL 15 without parallel
 * workers, interleaved: `npm run bench -- analytic [--scale 0.05] [--rounds 5] [--only q1,q6]`. Answers of both must be equal;
 * medians and their ratio are reported (above 1: Lyrebird is faster).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { generate, SCHEMA, TABLES } from './analytic-data.mjs';
import { BIN, median, PASSWORD, startLyrebird, startPostgres } from './servers.mjs';

const QUERIES = {
  q1: `SELECT l_returnflag, l_linestatus, sum(l_quantity) AS sum_qty, sum(l_extendedprice) AS sum_base_price,
      sum(l_extendedprice * (1 - l_discount)) AS sum_disc_price, sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS sum_charge,
      avg(l_quantity) AS avg_qty, avg(l_extendedprice) AS avg_price, avg(l_discount) AS avg_disc, count(*) AS count_order
    FROM lineitem WHERE l_shipdate <= date '1998-12-01' - interval '90 day'
    GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus`,
  q3: `SELECT l_orderkey, sum(l_extendedprice * (1 - l_discount)) AS revenue, o_orderdate, o_shippriority
    FROM customer, orders, lineitem
    WHERE c_mktsegment = 'BUILDING' AND c_custkey = o_custkey AND l_orderkey = o_orderkey
      AND o_orderdate < date '1995-03-15' AND l_shipdate > date '1995-03-15'
    GROUP BY l_orderkey, o_orderdate, o_shippriority ORDER BY revenue DESC, o_orderdate LIMIT 10`,
  q5: `SELECT n_name, sum(l_extendedprice * (1 - l_discount)) AS revenue
    FROM customer, orders, lineitem, supplier, nation, region
    WHERE c_custkey = o_custkey AND l_orderkey = o_orderkey AND l_suppkey = s_suppkey AND c_nationkey = s_nationkey
      AND s_nationkey = n_nationkey AND n_regionkey = r_regionkey AND r_name = 'ASIA'
      AND o_orderdate >= date '1994-01-01' AND o_orderdate < date '1994-01-01' + interval '1 year'
    GROUP BY n_name ORDER BY revenue DESC`,
  q6: `SELECT sum(l_extendedprice * l_discount) AS revenue FROM lineitem
    WHERE l_shipdate >= date '1994-01-01' AND l_shipdate < date '1994-01-01' + interval '1 year'
      AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24`,
  q12: `SELECT l_shipmode, sum(CASE WHEN o_orderpriority IN ('1-URGENT', '2-HIGH') THEN 1 ELSE 0 END) AS high,
      sum(CASE WHEN o_orderpriority NOT IN ('1-URGENT', '2-HIGH') THEN 1 ELSE 0 END) AS low
    FROM orders, lineitem WHERE o_orderkey = l_orderkey AND l_shipmode IN ('MAIL', 'SHIP')
      AND l_commitdate < l_receiptdate AND l_shipdate < l_commitdate
      AND l_receiptdate >= date '1994-01-01' AND l_receiptdate < date '1995-01-01'
    GROUP BY l_shipmode ORDER BY l_shipmode`,
  q13: `SELECT c_count, count(*) AS custdist FROM (
      SELECT c_custkey, count(o_orderkey) AS c_count FROM customer LEFT JOIN orders
        ON c_custkey = o_custkey AND o_comment NOT LIKE '%special%requests%' GROUP BY c_custkey) AS c_orders
    GROUP BY c_count ORDER BY custdist DESC, c_count DESC`,
  q18: `SELECT c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, sum(l_quantity)
    FROM customer, orders, lineitem
    WHERE o_orderkey IN (SELECT l_orderkey FROM lineitem GROUP BY l_orderkey HAVING sum(l_quantity) > 250)
      AND c_custkey = o_custkey AND o_orderkey = l_orderkey
    GROUP BY c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice ORDER BY o_totalprice DESC, o_orderdate LIMIT 100`,
  hits_count: 'SELECT count(*) FROM hits WHERE adv_engine_id <> 0',
  hits_sums: 'SELECT sum(adv_engine_id), count(*), avg(resolution_width) FROM hits',
  hits_distinct: 'SELECT count(DISTINCT user_id), count(DISTINCT search_phrase) FROM hits',
  hits_region: `SELECT region_id, sum(adv_engine_id), count(*) AS c, avg(resolution_width), count(DISTINCT user_id)
    FROM hits GROUP BY region_id ORDER BY c DESC, region_id LIMIT 10`,
  hits_phrase: `SELECT search_phrase, count(*) AS c FROM hits WHERE search_phrase <> '' GROUP BY search_phrase
    ORDER BY c DESC, search_phrase LIMIT 10`,
  hits_user_phrase: `SELECT user_id, extract(minute FROM event_time) AS m, search_phrase, count(*) AS c FROM hits
    GROUP BY user_id, m, search_phrase ORDER BY c DESC, user_id, m, search_phrase LIMIT 10`,
  hits_like: `SELECT search_phrase, min(url), count(*) AS c FROM hits WHERE url LIKE '%ironic%' AND search_phrase <> ''
    GROUP BY search_phrase ORDER BY c DESC, search_phrase LIMIT 10`,
  hits_minutes: `SELECT date_trunc('minute', event_time) AS m, count(*) AS views FROM hits
    WHERE event_time >= '2013-07-14' AND event_time < '2013-07-16' AND is_refresh = 0
    GROUP BY date_trunc('minute', event_time) ORDER BY m LIMIT 10 OFFSET 100`,
  hits_top: "SELECT url, event_time FROM hits WHERE search_phrase <> '' ORDER BY event_time, url LIMIT 10",
  sort_all: `SELECT count(*), max(r) FROM (SELECT row_number() OVER (ORDER BY l_extendedprice, l_orderkey, l_linenumber) AS r
    FROM lineitem) AS numbered`,
};

export async function run(options) {
  const scale = Number(options.scale ?? 0.05);
  const rounds = Number(options.rounds ?? 5);
  const chosen = options.only === undefined ? Object.keys(QUERIES) : options.only.split(',');
  if (!existsSync(join(BIN, 'psql'))) {
    console.error(`psql is not at ${BIN}: install postgresql-15, or set PG_BIN`);
    process.exitCode = 1;
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'lyrebird-bench-'));
  const servers = [];
  const clients = [];
  try {
    const counts = generate(folder, scale);
    console.log(`rows: ${TABLES.map((table) => `${table} ${counts[table]}`).join(', ')}`);
    servers.push(
      await startPostgres(folder, { max_parallel_workers_per_gather: 0, jit: 'off', work_mem: '64MB' }),
      await startLyrebird(folder),
    );
    for (const server of servers) {
      load(server, folder);
      const client = new pg.Client({ host: '127.0.0.1', port: server.port, user: 'postgres', password: PASSWORD });
      await client.connect();
      clients.push(client);
    }
    const results = [];
    for (const name of chosen) results.push(await measure(name, clients, rounds));
    report(results);
  } finally {
    for (const client of clients) await client.end();
    for (const server of servers) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function load(server, folder) {
  const script = [
    ...SCHEMA.map((statement) => `${statement};`),
    ...TABLES.map((table) => `\\copy ${table} FROM '${join(folder, `${table}.copy`)}'`),
    'ANALYZE;',
  ].join('\n');
  const started = performance.now();
  const result = spawnSync(
    join(BIN, 'psql'),
    ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', '127.0.0.1', '-p', String(server.port), '-U', 'postgres', 'postgres'],
    { input: script, encoding: 'utf8', env: { ...process.env, PGPASSWORD: PASSWORD, PGSSLMODE: 'disable' } },
  );
  if (result.status !== 0) throw new Error(`loading ${server.name}: ${result.stderr}`);
  console.log(`${server.name}: loaded in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

async function measure(name, clients, rounds) {
  const times = clients.map(() => []);
  // The first round warms up and compares the answers.
  const answers = [];
  for (let round = 0; round <= rounds; round++) {
    for (let at = 0; at < clients.length; at++) {
      const started = performance.now();
      const { rows } = await clients[at].query({ text: QUERIES[name], rowMode: 'array' });
      if (round > 0) times[at].push(performance.now() - started);
      else answers.push(JSON.stringify(rows));
    }
  }
  if (answers[0] !== answers[1])
    throw new Error(`${name}: the answers differ\n${answers.map((text) => text.slice(0, 2000)).join('\n')}`);
  const [postgres, lyrebird] = times.map(median);
  return { name, postgres, lyrebird, ratio: postgres / lyrebird };
}

function report(results) {
  console.log('\nquery              PostgreSQL ms  Lyrebird ms  PostgreSQL / Lyrebird');
  for (const { name, postgres, lyrebird, ratio } of results) {
    const verdict = ratio >= 1 ? 'met' : 'MISSED';
    console.log(
      `${name.padEnd(18)} ${postgres.toFixed(1).padStart(13)} ${lyrebird.toFixed(1).padStart(12)} ${ratio.toFixed(2).padStart(12)} ${verdict}`,
    );
  }
  for (const one of results) console.log(JSON.stringify(one));
}
