/**
 * A real MariaDB to compare MySQL semantics with, where it agrees with MySQL 8: a private server on a free
 * loopback port with a folder of its own. Suites skip when it is not installed.
 */
import { execFileSync, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, removeFolder, temporaryFolder } from './ports.ts';

const SERVER = process.env['MARIADBD'] ?? '/usr/sbin/mariadbd';
const INSTALL = '/usr/bin/mariadb-install-db';
const START_TIMEOUT_MS = 60_000;
/** As MySQL 8 has them: strict, and collations without regard to case and accents. */
const SETTINGS = [
  '--character-set-server=utf8mb4',
  '--collation-server=utf8mb4_unicode_520_ci',
  '--sql-mode=ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
  '--default-time-zone=+00:00',
  '--explicit-defaults-for-timestamp=ON',
  '--lower-case-table-names=1',
  '--local-infile=ON',
];

export function mariadbInstalled(): boolean {
  return existsSync(SERVER) && existsSync(INSTALL);
}

/** For `describe.skipIf`: says once, in one plain line, why a suite is skipped. */
export function skipWithoutMariadb(suite: string): boolean {
  if (mariadbInstalled()) return false;
  console.log(`${suite}: skipped, MariaDB is not installed (test/clients/install.sh installs it)`);
  return true;
}

export interface MariadbOracle {
  readonly port: number;
  /** Connection string for drivers: user root without a password. */
  readonly url: string;
  stop(): Promise<void>;
}

export interface MariadbOptions {
  /** Wait for the disk at every commit, as in production; off by default because tests throw the data away. */
  readonly fsync?: boolean;
  readonly arguments?: readonly string[];
}

function accountOf(name: string): { uid: number; gid: number } {
  const number = (flag: string): number => Number(execFileSync('id', [flag, name], { encoding: 'utf8' }));
  return { uid: number('-u'), gid: number('-g') };
}

export async function startMariadb(options: MariadbOptions = {}): Promise<MariadbOracle> {
  const folder = temporaryFolder('lyrebird-mariadb-');
  const data = join(folder, 'data');
  const port = await freePort();
  mkdirSync(data);
  const owner: { uid?: number; gid?: number } = process.getuid?.() === 0 ? accountOf('mysql') : {};
  if (owner.uid !== undefined) for (const path of [folder, data]) chownSync(path, owner.uid, owner.gid ?? owner.uid);
  const run = { cwd: folder, env: { PATH: process.env['PATH'] ?? '' }, ...owner };
  const common = ['--no-defaults', `--datadir=${data}`];
  const initialise = [...common, '--auth-root-authentication-method=normal', '--skip-test-db'];
  execFileSync(INSTALL, initialise, { stdio: 'pipe', ...run });
  const child = spawn(
    SERVER,
    [
      ...common,
      `--port=${port}`,
      '--bind-address=127.0.0.1',
      `--socket=${join(folder, 'socket')}`,
      `--pid-file=${join(folder, 'pid')}`,
      '--skip-name-resolve',
      `--innodb-flush-log-at-trx-commit=${options.fsync === true ? 1 : 0}`,
      '--innodb-buffer-pool-size=64M',
      ...SETTINGS,
      ...(options.arguments ?? []),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], ...run },
  );
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text = (text + chunk).slice(-4000)));
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!text.includes('ready for connections')) {
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(`MariaDB did not start:\n${text}`);
    await sleep(10);
  }
  return {
    port,
    url: `mysql://root@127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGTERM');
      await Promise.race([exited, sleep(10_000, undefined, { ref: false })]);
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await exited;
      }
      removeFolder(folder);
    },
  };
}
