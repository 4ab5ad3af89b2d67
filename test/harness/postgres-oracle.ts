/**
 * A real PostgreSQL 15 to compare with: one private cluster per test run, started on first use by the
 * global setup's helper and shared by all suites. Suites skip when it is not installed.
 */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, removeFolder, temporaryFolder } from './ports.ts';

export const POSTGRES_BIN = process.env['POSTGRES_BIN'] ?? '/usr/lib/postgresql/15/bin';

export function postgresInstalled(): boolean {
  return existsSync(join(POSTGRES_BIN, 'initdb')) && existsSync(join(POSTGRES_BIN, 'postgres'));
}

/** For `describe.skipIf`: says once, in one plain line, why a suite is skipped. */
export function skipWithoutPostgres(suite: string): boolean {
  if (postgresInstalled()) return false;
  console.log(`${suite}: skipped, PostgreSQL 15 is not installed (test/clients/install.sh installs it)`);
  return true;
}

export interface PostgresOracle {
  readonly port: number;
  readonly url: string;
  readonly bin: string;
  stop(): Promise<void>;
}

export interface OracleOptions {
  /** Wait for the disk as in production; off by default because tests throw the data away. */
  readonly fsync?: boolean;
  /** More lines for postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Starts a cluster of its own; trust authentication, UTF8, locale C.UTF-8, time zone UTC. */
export async function startPostgres(options: OracleOptions = {}): Promise<PostgresOracle> {
  const folder = temporaryFolder('lyrebird-oracle-');
  const data = join(folder, 'data');
  const port = await freePort();
  mkdirSync(data);
  // Servers refuse to run as root, so root lends the folder to the package's own user.
  const asRoot = process.getuid?.() === 0;
  if (asRoot) {
    const number = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
    const [uid, gid] = [number('-u'), number('-g')];
    for (const path of [folder, data]) chownSync(path, uid, gid);
  }
  chmodSync(data, 0o700);
  const command = (program: string, args: string[]): [string, string[]] =>
    asRoot
      ? ['runuser', ['-u', 'postgres', '--', join(POSTGRES_BIN, program), ...args]]
      : [join(POSTGRES_BIN, program), args];
  const initialise = command('initdb', [
    '-D',
    data,
    '-U',
    'postgres',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--locale=C.UTF-8',
    '-N',
  ]);
  execFileSync(initialise[0], initialise[1], { stdio: 'pipe', cwd: folder });
  const settings = {
    port: String(port),
    listen_addresses: "'127.0.0.1'",
    unix_socket_directories: "''",
    fsync: options.fsync === true ? 'on' : 'off',
    synchronous_commit: options.fsync === true ? 'on' : 'off',
    full_page_writes: options.fsync === true ? 'on' : 'off',
    timezone: "'UTC'",
    log_timezone: "'UTC'",
    shared_buffers: "'64MB'",
    ...options.settings,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  const extra = join(data, 'test.conf');
  writeFileSync(extra, `${lines.join('\n')}\n`, { mode: 0o644 });
  const server = command('postgres', ['-D', data, '-c', `config_file=${join(data, 'postgresql.conf')}`]);
  writeFileSync(join(data, 'postgresql.conf'), `include 'test.conf'\n`, { mode: 0o644 });
  const child = spawn(server[0], server[1], { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder });
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text = (text + chunk).slice(-4000)));
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const deadline = performance.now() + 30_000;
  while (!text.includes('ready to accept connections')) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(`PostgreSQL did not start:\n${text}`);
    await sleep(10);
  }
  return {
    port,
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    bin: POSTGRES_BIN,
    async stop() {
      // Fast shutdown of this one server; runuser passes the signal on.
      child.kill('SIGINT');
      await Promise.race([exited, sleep(10_000, undefined, { ref: false })]);
      if (child.exitCode === null) child.kill('SIGKILL');
      removeFolder(folder);
    },
  };
}

/**
 * The cluster shared by the whole test run. Started by the global setup when LYREBIRD_ORACLE asks for
 * it or on the first call here, whichever comes first; see global-setup.ts for who stops it.
 */
export async function sharedPostgres(): Promise<{ port: number; url: string }> {
  const address = process.env['LYREBIRD_ORACLE_CONTROL'];
  if (address === undefined) throw new Error('the shared PostgreSQL needs the global setup of vitest.config.ts');
  const response = await fetch(address);
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as { port: number; url: string };
}
