/**
 * Starts the real server, as a user would, from dist/ on a free port with a private data folder.
 * Everything it starts ends with `stop`, or by process id with `kill`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { freePort, removeFolder, temporaryFolder } from './ports.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** The built command line; another build can be put to the test by naming its file. */
export const PROGRAM = process.env['LYREBIRD_PROGRAM'] ?? join(ROOT, 'dist/lyrebird.js');

export interface ServerOptions {
  /** Contents of lyrebird.yaml, on top of port and data folder. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Data folder to use (kept at the end); a temporary one otherwise. */
  readonly data?: string;
  readonly port?: number;
  /** Serve MySQL clients, too, on a free port. */
  readonly mysql?: boolean;
  readonly password?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface TestServer {
  readonly port: number;
  readonly data: string;
  readonly password: string;
  readonly user: string;
  /** The server (listener) process. */
  readonly process: ChildProcess;
  /** What it printed so far. */
  output(): string;
  /** Connection string for drivers, of database postgres. */
  readonly url: string;
  /** The same for MySQL drivers, without a database; '' when MySQL clients are not served. */
  readonly mysqlUrl: string;
  /** `lyrebird status --json`, parsed. */
  status(): Promise<ServerStatus>;
  enginePid(): Promise<number>;
  workerPids(): Promise<number[]>;
  /** Ends it in order; the exit code. Removes a temporary data folder unless told to keep it. */
  stop(options?: { keep?: boolean }): Promise<number | null>;
  /** kill -9 of the server process; its children notice and end. */
  kill(): Promise<void>;
}

export interface ServerStatus {
  readonly pid: number;
  readonly connections: { open: number; limit: number; accepted: number; refused: number; waiting: number };
  readonly engine: { pid: number; state: string; restarts: number; details: Record<string, unknown> | undefined };
  readonly workers: { name: string; pid: number; state: string; connections: number }[];
}

const START_TIMEOUT_MS = 20_000;

export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const folder = temporaryFolder();
  const data = options.data ?? join(folder, 'data');
  const port = options.port ?? (await freePort());
  const mysqlPort = options.mysql === true ? await freePort() : undefined;
  const configFile = join(folder, 'lyrebird.yaml');
  const { postgres, mysql, ...config } = { ...options.config } as { postgres?: object; mysql?: object };
  const settings = { data, postgres: { port, ...postgres }, mysql: { port: mysqlPort ?? 'off', ...mysql }, ...config };
  writeFileSync(configFile, stringify(settings));
  const environment = { ...process.env, ...options.environment };
  if (options.password !== undefined) environment['LYREBIRD_PASSWORD'] = options.password;
  const child = spawn(process.execPath, [PROGRAM, 'start', '--config', configFile], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  await untilReady(child, () => text);
  const passwordFile = join(data, 'admin-password');
  const password = options.password ?? (existsSync(passwordFile) ? readFileSync(passwordFile, 'utf8').trim() : '');
  const status = async (): Promise<ServerStatus> => {
    const { stdout, code, stderr } = await runProgram(['status', '--json', '--data', data]);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout) as ServerStatus;
  };
  return {
    port,
    data,
    password,
    user: 'postgres',
    process: child,
    output: () => text,
    url: `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`,
    mysqlUrl: mysqlPort === undefined ? '' : `mysql://root:${encodeURIComponent(password)}@127.0.0.1:${mysqlPort}`,
    status,
    enginePid: async () => (await status()).engine.pid,
    workerPids: async () => (await status()).workers.map((worker) => worker.pid),
    async stop({ keep = false } = {}) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const code = await Promise.race([
        exited,
        sleep(START_TIMEOUT_MS, undefined, { ref: false }).then(() => undefined),
      ]);
      if (code === undefined) {
        child.kill('SIGKILL');
        throw new Error(`the server did not stop:\n${text}`);
      }
      if (!keep) removeFolder(folder);
      return code;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

async function untilReady(child: ChildProcess, output: () => string): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!output().includes('is ready')) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the server ended at its start:\n${output()}`);
    if (performance.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`the server did not become ready:\n${output()}`);
    }
    await sleep(5);
  }
}

export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `lyrebird` with arguments to its end. */
export function runProgram(
  args: readonly string[],
  options: { cwd?: string; input?: string; timeoutMs?: number; environment?: Record<string, string> } = {},
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      cwd: options.cwd,
      env: { ...process.env, ...options.environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? START_TIMEOUT_MS);
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.stdin.end(options.input ?? '');
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    // A zombie has ended; only its parent has not looked yet.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return true;
  }
}

/** Waits until the condition holds; fails with `what` after the timeout. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(15);
  }
}
