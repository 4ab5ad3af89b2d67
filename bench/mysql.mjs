/**
 * sysbench against Lyrebird and a real MariaDB that waits for the disk at every commit, both started here on private
 * ports and folders: point selects, read-write transactions of 20 statements and single inserts, prepared as sysbench
 * does, per number of threads. Statements that sysbench repeats after an error (1213, 1020, 1205) are counted and shown;
 * any other error ends the benchmark.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compare, report } from './compare.mjs';
import { MARIADBD, PASSWORD, startLyrebird, startMariadb, warnIfBusy } from './servers.mjs';

const SYSBENCH = process.env.SYSBENCH ?? '/usr/bin/sysbench';

/** First targets: ratio to MariaDB by number of threads. */
const TARGETS = {
  oltp_point_select: { 1: 0.7, 8: 0.9, 32: 1.5 },
  oltp_read_write: { 1: 0.5, 8: 0.8, 32: 1.2 },
  oltp_insert: { 1: 0.6, 8: 0.8, 32: 1.2 },
};

export async function run(options) {
  const rounds = Number(options.rounds ?? 5);
  const seconds = Number(options.seconds ?? 3);
  const rows = Number(options.scale ?? 1) * 100_000;
  const threads = (options.clients ?? '1,8,32').split(',').map(Number);
  const works = (options.only ?? Object.keys(TARGETS).join(',')).split(',');
  for (const [program, path] of [
    ['sysbench', SYSBENCH],
    ['MariaDB', MARIADBD],
  ])
    if (!existsSync(path)) {
      console.error(
        `${program} is not at ${path}: install Debian's sysbench and mariadb-server, or set SYSBENCH and MARIADBD`,
      );
      process.exitCode = 1;
      return;
    }
  const folder = mkdtempSync(join(tmpdir(), 'lyrebird-bench-'));
  const servers = [];
  try {
    warnIfBusy();
    servers.push(await startMariadb(), await startLyrebird(folder, 'mysql'));
    for (const server of servers) {
      mysql(server, 'CREATE DATABASE sbtest');
      const started = performance.now();
      sysbench(server, 'oltp_read_write', rows, ['prepare']);
      console.log(`${server.name}: ${rows} rows loaded and indexed in ${(performance.now() - started).toFixed(0)} ms`);
      // A server is measured warm: code compiled, caches filled.
      for (const work of works) sysbench(server, work, rows, ['--threads=8', '--time=2', 'run']);
    }
    const results = [];
    for (const work of works)
      for (const count of threads) results.push(measure(work, count, servers, rounds, seconds, rows));
    report(results, servers, 'statement');
  } finally {
    for (const server of servers) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function measure(work, count, servers, rounds, seconds, rows) {
  return compare({ name: work, clients: count, target: TARGETS[work]?.[count] }, servers, rounds, (server) => {
    const output = sysbench(server, work, rows, [`--threads=${count}`, `--time=${seconds}`, 'run']);
    const rate = Number(/transactions: +\d+ +\(([\d.]+) per sec/.exec(output)?.[1] ?? Number.NaN);
    if (!(rate > 0)) throw new Error(`sysbench failed on ${server.name}:\n${output}`);
    return {
      rate,
      units: Number(/queries: +(\d+)/.exec(output)?.[1]),
      ignored: Number(/ignored errors: +(\d+)/.exec(output)?.[1]),
    };
  });
}

function sysbench(server, work, rows, args) {
  return client(server, SYSBENCH, [
    work,
    '--db-driver=mysql',
    '--mysql-host=127.0.0.1',
    `--mysql-port=${server.port}`,
    '--mysql-user=root',
    `--mysql-password=${PASSWORD}`,
    '--tables=1',
    `--table-size=${rows}`,
    ...args,
  ]);
}

function mysql(server, text) {
  client(server, 'mysql', ['-h', '127.0.0.1', '-P', String(server.port), '-u', 'root', '-e', text]);
}

function client(server, program, args) {
  const result = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: 600_000,
    env: { ...process.env, MYSQL_PWD: PASSWORD },
  });
  if (result.status !== 0)
    throw new Error(`${program} on ${server.name}: ${result.stdout ?? ''}${result.stderr ?? ''}${result.error ?? ''}`);
  return result.stdout;
}
