/**
 * What the benchmarks share: Lyrebird and a real PostgreSQL 15 on private ports and folders, the CPU time of their
 * processes, medians.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
export const BIN = process.env.PG_BIN ?? '/usr/lib/postgresql/15/bin';
export const PASSWORD = 'bench';

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** PostgreSQL refuses to run as root: then it runs as the user its package made. */
function asPostgres(folder, command, args) {
  const root = process.getuid?.() === 0;
  if (root) spawnSync('chown', ['postgres', folder]);
  return root ? ['runuser', ['-u', 'postgres', '--', command, ...args]] : [command, args];
}

export async function startPostgres(folder, settings = {}) {
  const data = mkdtempSync(join(tmpdir(), 'lyrebird-bench-pg-'));
  const port = await freePort();
  const [init, initArgs] = asPostgres(data, join(BIN, 'initdb'), [
    '-D',
    join(data, 'db'),
    '-U',
    'postgres',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
  ]);
  const made = spawnSync(init, initArgs, { encoding: 'utf8', cwd: tmpdir() });
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const [command, args] = asPostgres(data, join(BIN, 'postgres'), [
    '-D',
    join(data, 'db'),
    '-p',
    String(port),
    '-c',
    'listen_addresses=127.0.0.1',
    '-c',
    `unix_socket_directories=${data}`,
    '-c',
    'shared_buffers=256MB',
    '-c',
    'max_connections=120',
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]);
  const child = spawn(command, args, { stdio: 'ignore', cwd: tmpdir() });
  const server = {
    name: 'PostgreSQL',
    port,
    async stop() {
      const pid = Number(readFileSync(join(data, 'db', 'postmaster.pid'), 'utf8').split('\n')[0]);
      process.kill(pid, 'SIGINT');
      await new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve()));
      rmSync(data, { recursive: true, force: true });
    },
  };
  await until(() => spawnSync(join(BIN, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)]).status === 0, folder);
  return server;
}

export async function startLyrebird(folder) {
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [
      join(ROOT, 'dist/lyrebird.js'),
      'start',
      '--data',
      join(folder, 'data'),
      '--pg-port',
      String(port),
      '--mysql-port',
      'off',
    ],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, LYREBIRD_PASSWORD: PASSWORD },
    },
  );
  await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    child.stdout.on('data', (text) => String(text).includes('is ready') && resolve());
  });
  const roles = [{ role: 'listener', pid: child.pid }, ...children(child.pid)];
  return {
    name: 'Lyrebird',
    port,
    processes: () => roles,
    async stop() {
      child.kill('SIGTERM');
      await new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve()));
    },
  };
}

/** The server's child processes by what they run. */
function children(parent) {
  const found = [];
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'latin1');
      if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) !== parent) continue;
      const command = readFileSync(`/proc/${entry}/cmdline`, 'latin1');
      found.push({ role: command.includes('engine') ? 'engine' : 'worker', pid: Number(entry) });
    } catch {
      // Gone meanwhile.
    }
  }
  return found;
}

const MICROS_PER_TICK = 10_000;

/** Microseconds of processor time of the server's processes so far, by role: in user code and in the system. */
export function cpuMicros(server) {
  const byRole = {};
  for (const { role, pid } of server.processes()) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const sum = (byRole[role] ??= { user: 0, system: 0 });
    sum.user += Number(fields[11]) * MICROS_PER_TICK;
    sum.system += Number(fields[12]) * MICROS_PER_TICK;
  }
  return byRole;
}

/** Ratios are worth little while something else wants the processors. */
export function warnIfBusy() {
  const [load] = loadavg();
  if (load > 1) console.log(`other work is running here (load ${load.toFixed(1)}): expect noise in all that follows`);
}

/** Runs one of PostgreSQL's own programs against a server; answers what it prints. */
export function client(server, program, args) {
  const result = spawnSync(
    join(BIN, program),
    ['-h', '127.0.0.1', '-p', String(server.port), '-U', 'postgres', ...args, 'postgres'],
    {
      encoding: 'utf8',
      timeout: 600_000,
      // Encrypted connections on one side only would measure TLS.
      env: { ...process.env, PGPASSWORD: PASSWORD, PGSSLMODE: 'disable' },
    },
  );
  if (result.status !== 0) throw new Error(`${program} on ${server.name}: ${result.stderr}`);
  return result.stdout;
}

/** What a load leaves to do in the background is done now, not during the measurement. */
export function settle(server) {
  client(server, 'psql', ['-q', '-c', 'checkpoint']);
}

async function until(condition) {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('a server did not start within 20 seconds');
}
