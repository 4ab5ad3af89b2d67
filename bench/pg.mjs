/**
 * pgbench against Lyrebird and a real PostgreSQL 15, both started here on private ports and folders: select-only and
 * TPC-B (fsync on), simple and prepared, per number of clients. The two servers take turns within every round, so that
 * what else the machine does meets both. Reported are the medians, the ratio of the medians with the lowest and highest
 * ratio of a round (the noise), and the processor time per transaction of each of Lyrebird's processes, user + system.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BIN, client, cpuMicros, median, settle, startLyrebird, startPostgres, warnIfBusy } from './servers.mjs';

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
    report(results);
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
  const rates = servers.map(() => []);
  const cpu = {};
  for (let round = 0; round < rounds; round++) {
    servers.forEach((server, at) => {
      const before = server.processes === undefined ? undefined : cpuMicros(server);
      const output = client(server, 'pgbench', args);
      const tps = Number(/tps = ([\d.]+)/.exec(output)?.[1] ?? Number.NaN);
      const failed = Number(/number of failed transactions: (\d+)/.exec(output)?.[1] ?? 0);
      if (!(tps > 0) || failed > 0) throw new Error(`pgbench failed on ${server.name}:\n${output}`);
      rates[at].push(tps);
      if (before === undefined) return;
      const transactions = Number(/actually processed: (\d+)/.exec(output)?.[1]);
      for (const [role, { user, system }] of Object.entries(cpuMicros(server))) {
        const per = (cpu[role] ??= { user: [], system: [] });
        per.user.push((user - before[role].user) / transactions);
        per.system.push((system - before[role].system) / transactions);
      }
    });
  }
  const [postgres, lyrebird] = rates.map(median);
  const name = `${work} ${mode}`;
  return {
    name,
    clients: count,
    postgres,
    lyrebird,
    ratio: lyrebird / postgres,
    ratios: rates[1].map((rate, round) => rate / rates[0][round]).sort((a, b) => a - b),
    target: TARGETS[name][count],
    cpu: Object.fromEntries(
      Object.entries(cpu).map(([role, { user, system }]) => [role, { user: median(user), system: median(system) }]),
    ),
  };
}

function report(results) {
  console.log(
    '\nbenchmark              clients   PostgreSQL     Lyrebird   ratio (of rounds)  target  CPU us per transaction',
  );
  for (const one of results) {
    const cpu = Object.entries(one.cpu)
      .map(([role, { user, system }]) => `${role} ${user.toFixed(0)}+${system.toFixed(0)}`)
      .join(', ');
    const verdict = one.target === undefined ? '' : one.ratio >= one.target ? 'met' : 'MISSED';
    console.log(
      `${one.name.padEnd(22)} ${String(one.clients).padStart(7)} ${one.postgres.toFixed(0).padStart(12)} ${one.lyrebird.toFixed(0).padStart(12)} ${one.ratio.toFixed(2).padStart(7)} (${one.ratios[0].toFixed(2)}-${one.ratios.at(-1).toFixed(2)})  ${String(one.target ?? '').padStart(4)} ${verdict.padEnd(6)}  ${cpu}`,
    );
  }
  for (const one of results) console.log(JSON.stringify(one));
}
