/**
 * What the benchmarks share: Lyrebird, a real PostgreSQL 15 and a real MariaDB on private ports and folders, the CPU
 * time of their processes, medians.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
export const BIN = process.env.PG_BIN ?? '/usr/lib/postgresql/15/bin';
export const MARIADBD = process.env.MARIADBD ?? '/usr/sbin/mariadbd';
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
  const postmaster = () => Number(readFileSync(join(data, 'db', 'postmaster.pid'), 'utf8').split('\n')[0]);
  const server = {
    name: 'PostgreSQL',
    port,
    processes: () => [{ role: 'server', pid: postmaster() }],
    async stop() {
      const pid = postmaster();
      process.kill(pid, 'SIGINT');
      await ended(child);
      rmSync(data, { recursive: true, force: true });
    },
  };
  await until(() => spawnSync(join(BIN, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)]).status === 0, folder);
  return server;
}

/**
 * A MariaDB that waits for the disk at every commit, as PostgreSQL and Lyrebird do, with a user `root` that has the
 * benchmarks' password.
 */
export async function startMariadb() {
  const folder = mkdtempSync(join(tmpdir(), 'lyrebird-bench-mariadb-'));
  const data = join(folder, 'data');
  const port = await freePort();
  const root = process.getuid?.() === 0;
  if (root) spawnSync('chown', ['mysql', folder]);
  const asOwner = (command, args) => (root ? ['runuser', ['-u', 'mysql', '--', command, ...args]] : [command, args]);
  const made = spawnSync(
    ...asOwner('mariadb-install-db', [
      '--no-defaults',
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ]),
    { encoding: 'utf8', cwd: folder },
  );
  if (made.status !== 0) throw new Error(`mariadb-install-db: ${made.stderr}${made.stdout}`);
  const first = join(folder, 'first.sql');
  writeFileSync(first, `SET PASSWORD FOR root@localhost = PASSWORD('${PASSWORD}');\n`);
  const child = spawn(
    ...asOwner(MARIADBD, [
      '--no-defaults',
      `--datadir=${data}`,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--socket=${join(folder, 'socket')}`,
      `--pid-file=${join(folder, 'pid')}`,
      `--init-file=${first}`,
      '--innodb-flush-log-at-trx-commit=1',
      '--innodb-buffer-pool-size=256M',
      '--max-connections=120',
    ]),
    { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder },
  );
  let said = '';
  child.stderr.on('data', (text) => {
    said = (said + text).slice(-4000);
  });
  await until(() => said.includes('ready for connections') || child.exitCode !== null);
  if (child.exitCode !== null) throw new Error(`MariaDB did not start:\n${said}`);
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
  return {
    name: 'MariaDB',
    port,
    processes: () => [{ role: 'server', pid }],
    async stop() {
      process.kill(pid, 'SIGTERM');
      await ended(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Lyrebird with the port of one protocol open: 'pg' or 'mysql'. */
export async function startLyrebird(folder, protocol = 'pg') {
  const port = await freePort();
  const ports = ['pg', 'mysql'].flatMap((name) => [`--${name}-port`, name === protocol ? String(port) : 'off']);
  const child = spawn(
    process.execPath,
    [join(ROOT, 'dist/lyrebird.js'), 'start', '--data', join(folder, 'data'), ...ports],
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
      await ended(child);
    },
  };
}

function ended(child) {
  return new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve()));
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

/**
 * Microseconds of processor time of the server's processes so far, by role: in user code and in the system. A process
 * answers for its children that have ended: so the time of PostgreSQL's connections is there once they are closed.
 */
export function cpuMicros(server) {
  const byRole = {};
  for (const { role, pid } of server.processes()) {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const sum = (byRole[role] ??= { user: 0, system: 0 });
    sum.user += (Number(fields[11]) + Number(fields[13])) * MICROS_PER_TICK;
    sum.system += (Number(fields[12]) + Number(fields[14])) * MICROS_PER_TICK;
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
