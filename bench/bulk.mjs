/**
 * Moving many rows: loading with COPY and an index build (pgbench -i), COPY out, a whole table as a result, and single
 * inserts in one transaction, beside a real PostgreSQL 15 on private ports and folders. Times of the best of the rounds,
 * for what disturbs a round only adds to it.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BIN, client, cpuMicros, settle, startLyrebird, startPostgres, warnIfBusy } from './servers.mjs';

const INSERTS = 100_000;

export async function run(options) {
  const rounds = Number(options.rounds ?? 3);
  const scale = Number(options.scale ?? 10);
  if (!existsSync(join(BIN, 'pgbench'))) {
    console.error(`pgbench is not at ${BIN}: install postgresql-15, or set PG_BIN`);
    process.exitCode = 1;
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'lyrebird-bench-'));
  const inserts = join(folder, 'inserts.sql');
  writeFileSync(inserts, insertScript());
  const psql = (server, ...commands) => client(server, 'psql', ['-q', ...commands.flatMap((text) => ['-c', text])]);
  const jobs = {
    'load and index': { run: (server) => client(server, 'pgbench', ['-i', '-q', '-s', String(scale)]) },
    'copy out, text': { run: (server) => psql(server, '\\copy pgbench_accounts to /dev/null') },
    'copy out, binary': { run: (server) => psql(server, '\\copy pgbench_accounts to /dev/null binary') },
    'select *': {
      run: (server) =>
        client(server, 'psql', ['-q', '-A', '-t', '-o', '/dev/null', '-c', 'select * from pgbench_accounts']),
    },
    'single inserts': {
      before: (server) =>
        psql(server, 'drop table if exists one', 'create table one (id int primary key, t text, v int)'),
      run: (server) => client(server, 'psql', ['-q', '-f', inserts]),
    },
  };
  const servers = [];
  try {
    warnIfBusy();
    servers.push(await startPostgres(folder), await startLyrebird(folder));
    console.log('\njob               PostgreSQL ms  Lyrebird ms  slower by  CPU ms of Lyrebird');
    for (const [name, job] of Object.entries(jobs)) {
      const best = servers.map(() => ({ time: Number.POSITIVE_INFINITY, cpu: 0 }));
      for (let round = 0; round < rounds; round++)
        servers.forEach((server, at) => {
          const one = measure(server, job);
          if (one.time < best[at].time) best[at] = one;
        });
      const [postgres, lyrebird] = best;
      console.log(
        `${name.padEnd(17)} ${postgres.time.toFixed(0).padStart(13)} ${lyrebird.time.toFixed(0).padStart(12)} ${(lyrebird.time / postgres.time).toFixed(2).padStart(10)}  ${lyrebird.cpu.toFixed(0)}`,
      );
    }
  } finally {
    for (const server of servers) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function measure(server, job) {
  settle(server);
  job.before?.(server);
  const before = total(server);
  const start = performance.now();
  job.run(server);
  return { time: performance.now() - start, cpu: (total(server) - before) / 1000 };
}

function total(server) {
  return Object.values(cpuMicros(server)).reduce((sum, { user, system }) => sum + user + system, 0);
}

function insertScript() {
  const lines = ['begin;'];
  for (let id = 0; id < INSERTS; id++) lines.push(`insert into one values (${id}, 'row ${id}', ${(id * 7) % 1000});`);
  lines.push('commit;', '');
  return lines.join('\n');
}
