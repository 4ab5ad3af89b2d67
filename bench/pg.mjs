/**
 * pgbench against Lyrebird and a real PostgreSQL 15, both started here on private ports and folders: select-only and
 * TPC-B (fsync on), simple and prepared, per number of clients.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compare, report } from './compare.mjs';
import { BIN, client, settle, startLyrebird, startPostgres, warnIfBusy } from './servers.mjs';

/** First targets: ratio to PostgreSQL by number of clients. */
const TARGETS = {
  'select-only prepared': { 1: 0.6, 8: 0.9, 32: 1.6 },
  'select-only simple': { 1: 0.7, 8: 1.2, 32: 1.8 },
  'tpc-b prepared': { 1: 0.5, 8: 0.9, 32: 1.3 },
  'tpc-b simple': { 1: 0.5, 8: 0.9, 32: 1.3 },
};

export async function run(options) {
  const rounds = Number(options.rounds ?? 5);
  const seconds = Number(options.seconds ?? 3);
  const scale = Number(options.scale ?? 10);
  const clients = (options.clients ?? '1,8,32').split(',').map(Number);
  if (!existsSync(join(BIN, 'pgbench'))) {
    console.error(`pgbench is not at ${BIN}: install postgresql-15, or set PG_BIN`);
    process.exitCode = 1;
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'lyrebird-bench-'));
  const servers = [];
  try {
    warnIfBusy();
    servers.push(await startPostgres(folder), await startLyrebird(folder));
    for (const server of servers) {
      client(server, 'pgbench', ['-i', '-q', '-s', String(scale)]);
      settle(server);
      // A server is measured warm: code compiled, caches filled.
      for (const mode of ['simple', 'prepared']) {
        client(server, 'pgbench', ['-n', '-S', '-M', mode, '-c', '8', '-T', '2']);
        client(server, 'pgbench', ['-n', '-M', mode, '-c', '8', '-T', '2']);
      }
    }
    const cells = [];
    for (const work of ['select-only', 'tpc-b']) {
      for (const mode of ['simple', 'prepared']) for (const count of clients) cells.push({ work, mode, count });
    }
    const results = cells.map((cell) => measure(cell, servers, rounds, seconds));
    report(results, servers, 'transaction');
  } finally {
    for (const server of servers) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function measure({ work, mode, count }, servers, rounds, seconds) {
  const args = [
    '-n',
    '-M',
    mode,
    '-c',
    String(count),
    '-j',
    String(Math.min(count, 2)),
    '-T',
    String(seconds),
    ...(work === 'select-only' ? ['-S'] : []),
  ];
  const name = `${work} ${mode}`;
  return compare({ name, clients: count, target: TARGETS[name][count] }, servers, rounds, (server) => {
    const output = client(server, 'pgbench', args);
    const rate = Number(/tps = ([\d.]+)/.exec(output)?.[1] ?? Number.NaN);
    const failed = Number(/number of failed transactions: (\d+)/.exec(output)?.[1] ?? 0);
    if (!(rate > 0) || failed > 0) throw new Error(`pgbench failed on ${server.name}:\n${output}`);
    return { rate, units: Number(/actually processed: (\d+)/.exec(output)?.[1]) };
  });
}
