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

function accountOf(name: string): { uid: number; gid: number } {
  const number = (flag: string): number => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: number('-u'), gid: number('-g') };
}

/** Starts a cluster of its own; trust authentication, UTF8, locale C.UTF-8, time zone UTC. */
export async function startPostgres(options: OracleOptions = {}): Promise<PostgresOracle> {
  const folder = temporaryFolder('lyrebird-oracle-');
  const data = join(folder, 'data');
  const port = await freePort();
  mkdirSync(data);
  // It refuses to run as root, so root lends the folder to the package's own user and starts it as that
  // user directly: a helper in between would not pass every signal on.
  const owner: { uid?: number; gid?: number } = process.getuid?.() === 0 ? accountOf('postgres') : {};
  if (owner.uid !== undefined) for (const path of [folder, data]) chownSync(path, owner.uid, owner.gid ?? owner.uid);
  chmodSync(data, 0o700);
  const run = { cwd: folder, env: { PATH: process.env['PATH'] ?? '' }, ...owner };
  const initialise = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '-N'];
  execFileSync(join(POSTGRES_BIN, 'initdb'), initialise, { stdio: 'pipe', ...run });
  const settings = {
    port: String(port),
    listen_addresses: "'127.0.0.1'",
    unix_socket_directories: "''",
    max_prepared_transactions: '64',
    fsync: options.fsync === true ? 'on' : 'off',
    synchronous_commit: options.fsync === true ? 'on' : 'off',
    full_page_writes: options.fsync === true ? 'on' : 'off',
    timezone: "'UTC'",
    log_timezone: "'UTC'",
    shared_buffers: "'64MB'",
    ...options.settings,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  writeFileSync(join(data, 'postgresql.conf'), `${lines.join('\n')}\n`);
  const child = spawn(join(POSTGRES_BIN, 'postgres'), ['-D', data], { stdio: ['ignore', 'ignore', 'pipe'], ...run });
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
      // SIGINT is its fast shutdown: clients are disconnected.
      child.kill('SIGINT');
      await Promise.race([exited, sleep(10_000, undefined, { ref: false })]);
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGQUIT');
        await exited;
      }
      removeFolder(folder);
    },
  };
}

/**
 * The cluster shared by the whole test run: started on the first call, stopped at the end of the run by
 * global-setup.ts.
 */
export async function sharedPostgres(): Promise<{ port: number; url: string }> {
  const address = process.env['LYREBIRD_ORACLE_CONTROL'];
  if (address === undefined) throw new Error('the shared PostgreSQL needs the global setup of vitest.config.ts');
  const response = await fetch(address);
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as { port: number; url: string };
}
