/**
 * The server process of `lyrebird start`: opens the data folder and the ports, starts the engine and
 * the workers beside it (or serves everything itself with isolation 'none'), and stays until told to
 * stop. Order matters: what can be refused is checked before anything is started or written.
 */
import { hostname } from 'node:os';
import { join } from 'node:path';
import {
  type ConnectionTarget,
  EngineSupervisor,
  Listener,
  type ListenPort,
  type Log,
  WorkerPool,
} from '../listener/index.ts';
import { changedKeys, type Config, HOT_KEYS, loadConfig, type Overrides, workerCount } from './config.ts';
import { type ControlCommand, type ControlServer, serveControl } from './control-socket.ts';
import { administratorPassword, type DataFolder, openDataFolder, selfSignedCertificate } from './data-folder.ts';
import { openLog, type ProcessLog, rotateLog } from './log.ts';
import { programFolder } from './program-folder.ts';
import { makeRunFolder, type RunPaths } from './run-paths.ts';
import {
  certificateFiles,
  engineSettings,
  logOptions,
  PROTOCOLS,
  SETTINGS_VARIABLE,
  workerSettings,
} from './settings.ts';
import { UsageError } from './usage-error.ts';
import { VERSION } from './version.ts';

const LOG_ROTATION_INTERVAL_MS = 10_000;
const STATUS_TIMEOUT_MS = 1_000;
/** Deaths of the engine before its first readiness after which the start is given up. */
const START_ATTEMPTS = 3;
/** Ports that clients try when they are told none. */
const STANDARD_PORTS = { postgres: 5432, mysql: 3306 } as const;
/** How the command line and the configuration call a protocol's port. */
const PORT_NAMES: Readonly<Record<string, string>> = {
  postgres: '--pg-port or postgres.port',
  mysql: '--mysql-port or mysql.port',
};

export interface StartOptions {
  readonly configFile: string | undefined;
  readonly overrides: Overrides;
}

/** What serves the connections, whichever way the processes are laid out. */
interface Backend {
  readonly target: ConnectionTarget;
  /** Resolves when the first connection can be served; rejects when it never can. */
  start(): Promise<void>;
  stop(drainTimeoutMs: number): Promise<void>;
  configure(config: Config): void;
  recycle(): void;
  reopenLog(): void;
  status(): Promise<object>;
}

interface BackendContext {
  readonly config: Config;
  readonly folder: DataFolder;
  readonly paths: RunPaths;
  readonly log: ProcessLog;
  /** The backend can take connections (again). */
  readonly onReady: () => void;
  readonly onClosed: (ids: Iterable<number>) => void;
  readonly onFatal: (message: string) => void;
}

export interface RunningServer {
  readonly config: Config;
  readonly folder: DataFolder;
  readonly addresses: readonly { protocol: string; host: string; port: number }[];
  /** Standard ports that another program has, so that their clients are not served. */
  readonly unserved: readonly ListenPort[];
  /** Drains and ends everything; resolves to the exit code. */
  stop(reason: string): Promise<number>;
  reload(): Promise<object>;
  /** Resolves to the exit code when the server has ended, for whatever reason. */
  readonly ended: Promise<number>;
}

export async function startServer(options: StartOptions): Promise<RunningServer> {
  const config = loadConfig(options.configFile, options.overrides);
  const folder = openDataFolder(config.data);
  try {
    return await new Server(options, config, folder).start();
  } catch (error) {
    folder.release();
    throw error;
  }
}

class Server implements RunningServer {
  config: Config;
  readonly folder: DataFolder;
  readonly ended: Promise<number>;
  readonly #options: StartOptions;
  readonly #log: ProcessLog;
  readonly #startedAt = Date.now();
  #listener!: Listener;
  #backend!: Backend;
  #control: ControlServer | undefined;
  #rotation: NodeJS.Timeout | undefined;
  #stopping: Promise<number> | undefined;
  #resolveEnded: (code: number) => void = () => {};

  constructor(options: StartOptions, config: Config, folder: DataFolder) {
    this.#options = options;
    this.config = config;
    this.folder = folder;
    this.#log = openLog(logOptions(config, folder, 'listener'));
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  get addresses(): readonly { protocol: string; host: string; port: number }[] {
    return this.#listener.addresses();
  }

  get unserved(): readonly ListenPort[] {
    return this.#listener.taken;
  }

  async start(): Promise<RunningServer> {
    const { config, folder } = this;
    const paths = makeRunFolder(folder.path);
    const context: BackendContext = {
      config,
      folder,
      paths,
      log: this.#log,
      onReady: () => this.#listener.flush(),
      onClosed: (ids) => this.#listener.closed(ids),
      onFatal: (message) => void this.#fatal(message),
    };
    this.#backend = config.isolation === 'none' ? await makeLocalBackend(context) : new ProcessBackend(context);
    this.#listener = new Listener(listenerOptions(config, this.#log), this.#backend.target);
    await listenOrExplain(this.#listener);
    try {
      administratorPassword(folder, process.env['LYREBIRD_PASSWORD']);
      await this.#backend.start();
      this.#control = await serveControl(paths.controlSocket, (command) => this.#command(command));
    } catch (error) {
      await this.#listener.close();
      await this.#backend.stop(0);
      throw error;
    }
    this.#rotation = setInterval(() => {
      if (rotateLog(folder.log, this.config.log.file_size, this.config.log.files)) {
        this.#log.reopen();
        this.#backend.reopenLog();
      }
    }, LOG_ROTATION_INTERVAL_MS);
    this.#rotation.unref();
    this.#log.info({ data: folder.path, ports: this.addresses, isolation: config.isolation }, 'ready');
    return this;
  }

  stop(reason: string): Promise<number> {
    // Asked a second time: no more waiting for statements to finish.
    if (this.#stopping !== undefined) void this.#backend.stop(0);
    this.#stopping ??= this.#shutDown(reason, 0);
    return this.#stopping;
  }

  async reload(): Promise<object> {
    const next = loadConfig(this.#options.configFile, this.#options.overrides);
    const changed = changedKeys(this.config, next);
    const needRestart = changed.filter((key) => !HOT_KEYS.includes(key));
    const applied = changed.filter((key) => HOT_KEYS.includes(key));
    // Only the hot part is taken over, so that status and a later reload tell what is really in force.
    const { limits, workers, timeouts, log } = next;
    this.config = {
      ...this.config,
      limits: {
        ...this.config.limits,
        connections: limits.connections,
        connections_per_client: limits.connections_per_client,
      },
      workers: { ...this.config.workers, count: workers.count, spare: workers.spare, assignment: workers.assignment },
      timeouts: { ...this.config.timeouts, drain: timeouts.drain },
      log: { ...this.config.log, level: log.level },
    };
    this.#listener.setLimits(admissionLimits(this.config));
    this.#log.setLevel(log.level);
    this.#backend.configure(this.config);
    this.#log.info({ applied, needRestart }, 'configuration reloaded');
    return { applied, needRestart };
  }

  async #command(command: ControlCommand): Promise<unknown> {
    switch (command) {
      case 'status':
        return this.#status();
      case 'reload':
        return this.reload();
      case 'recycle':
        this.#backend.recycle();
        return {};
      case 'stop':
        // Answered at once; who asked watches the process end.
        setImmediate(() => void this.stop('stop command'));
        return { pid: process.pid, drainTimeoutMs: this.config.timeouts.drain };
    }
  }

  async #status(): Promise<object> {
    return {
      pid: process.pid,
      version: VERSION,
      uptimeSeconds: Math.round((Date.now() - this.#startedAt) / 1000),
      data: this.folder.path,
      isolation: this.config.isolation,
      durability: this.config.durability,
      ports: this.addresses,
      connections: {
        open: this.#listener.connections,
        limit: this.config.limits.connections,
        ...this.#listener.counters,
      },
      ...(await this.#backend.status()),
    };
  }

  async #fatal(message: string): Promise<void> {
    this.#log.error({ message }, 'the server cannot go on');
    process.stderr.write(`lyrebird: ${message}\n`);
    this.#stopping ??= this.#shutDown('fatal error', 1);
    await this.#stopping;
  }

  async #shutDown(reason: string, code: number): Promise<number> {
    this.#log.info({ reason, connections: this.#listener.connections }, 'stopping');
    clearInterval(this.#rotation);
    this.#control?.close();
    await this.#listener.close();
    await this.#backend.stop(this.config.timeouts.drain);
    this.folder.release();
    this.#log.info({ reason }, 'stopped');
    this.#resolveEnded(code);
    return code;
  }
}

/** Engine and workers as processes of their own. */
class ProcessBackend implements Backend {
  readonly target: ConnectionTarget;
  readonly #engine: EngineSupervisor;
  readonly #workers: WorkerPool;
  readonly #paths: RunPaths;
  readonly #onReady: () => void;
  readonly #log: string;
  #started: { resolve: () => void; reject: (error: Error) => void } | undefined;
  #engineFailures = 0;

  constructor(context: BackendContext) {
    const { config, folder, paths, log } = context;
    this.#paths = paths;
    this.#onReady = context.onReady;
    this.#log = folder.log;
    const certificate = certificateFiles(config, () => selfSignedCertificate(folder, hostname()));
    this.#engine = new EngineSupervisor({
      child: childOptions(
        'engine.js',
        engineSettings(config, folder, paths.engineSocket),
        'engine',
        0,
        log,
        process.env['LYREBIRD_ENGINE_EXECARGV'],
      ),
      onReady: () => {
        this.#workers.broadcast({ kind: 'engine', path: paths.engineSocket });
        this.#check();
      },
      onLost: (failure) =>
        this.#failedToStart(`the engine ended (${failure})`, ++this.#engineFailures >= START_ATTEMPTS),
      onRefused: (message) => {
        if (this.#started === undefined) context.onFatal(message);
        else this.#started.reject(new UsageError(message));
      },
    });
    this.#workers = new WorkerPool({
      isolation: config.isolation === 'connection' ? 'connection' : 'pool',
      size: workerCount(config),
      assignment: config.workers.assignment,
      child: childOptions(
        'worker.js',
        workerSettings(config, folder, paths.engineSocket, certificate),
        'worker',
        config.workers.health_timeout,
        log,
        process.env['LYREBIRD_WORKER_EXECARGV'],
      ),
      onReady: () => this.#check(),
      onClosed: context.onClosed,
      onQuarantined: () => this.#failedToStart('the workers end as soon as they start', true),
    });
    this.target = this.#workers;
  }

  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#started = { resolve, reject };
      this.#engine.start();
      this.#workers.start();
    });
  }

  async stop(drainTimeoutMs: number): Promise<void> {
    // Workers first: they need the engine to finish what their clients have running.
    await this.#workers.stop(drainTimeoutMs);
    await this.#engine.stop(drainTimeoutMs);
  }

  configure(config: Config): void {
    this.#workers.configure({ size: workerCount(config), assignment: config.workers.assignment });
    const message = { kind: 'settings', settings: { logLevel: config.log.level } } as const;
    this.#workers.broadcast(message);
    this.#engine.send(message);
  }

  recycle(): void {
    this.#workers.recycle();
  }

  reopenLog(): void {
    this.#workers.broadcast({ kind: 'reopen-log' });
    this.#engine.send({ kind: 'reopen-log' });
  }

  async status(): Promise<object> {
    const details = await this.#engine.status(STATUS_TIMEOUT_MS);
    const { pid, ready, restarts } = this.#engine;
    return {
      engine: { pid, state: ready ? 'ready' : 'starting', restarts, socket: this.#paths.engineSocket, details },
      workers: this.#workers.status(),
    };
  }

  /** Before the first connection could be served there is somebody who waits for the start: tell them. */
  #failedToStart(what: string, final: boolean): void {
    if (final) this.#started?.reject(new UsageError(`${what}; the reason is in the log, ${this.#log}`));
  }

  #check(): void {
    if (!this.#engine.ready || !this.#workers.available) return;
    this.#started?.resolve();
    this.#started = undefined;
    this.#onReady();
  }
}

async function makeLocalBackend(context: BackendContext): Promise<Backend> {
  // Loaded only when asked for: the listener process of the other layouts stays small.
  const { LocalServer } = await import('./local-server.ts');
  const { config, folder } = context;
  const certificate = certificateFiles(config, () => selfSignedCertificate(folder, hostname()));
  let server: Awaited<ReturnType<typeof LocalServer.open>> | undefined;
  return {
    target: { assign: (notice, handle) => server?.assign(notice, handle) ?? false },
    async start() {
      server = await LocalServer.open(
        engineSettings(config, folder, ''),
        workerSettings({ ...config, isolation: 'none' }, folder, '', certificate),
        context.log,
        (id) => context.onClosed([id]),
      );
      context.onReady();
    },
    stop: async (drainTimeoutMs) => server?.close(drainTimeoutMs),
    configure() {},
    recycle() {},
    reopenLog() {},
    status: async () => ({
      engine: { pid: process.pid, state: 'ready', restarts: 0, details: server?.status() },
      workers: [],
    }),
  };
}

function childOptions(
  file: string,
  settings: object,
  name: string,
  healthTimeoutMs: number,
  log: Log,
  execArgv: string | undefined,
): {
  name: string;
  entry: string;
  environment: Record<string, string>;
  execArgv: string[];
  healthTimeoutMs: number;
  log: Log;
} {
  return {
    name,
    entry: join(programFolder(), file),
    environment: { [SETTINGS_VARIABLE]: JSON.stringify(settings) },
    // For profiling one process, e.g. LYREBIRD_ENGINE_EXECARGV=--cpu-prof.
    execArgv: execArgv === undefined ? [] : execArgv.split(' '),
    healthTimeoutMs,
    log,
  };
}

function listenerOptions(config: Config, log: Log): ConstructorParameters<typeof Listener>[0] {
  const { host } = config;
  const ports: ListenPort[] = [];
  for (const protocol of PROTOCOLS) {
    const { port } = config[protocol];
    if (port === 'auto') ports.push({ protocol, host, port: STANDARD_PORTS[protocol], optional: true });
    else if (port !== 'off') ports.push({ protocol, host, port });
  }
  if (ports.length === 0) throw new UsageError('no protocol is enabled; set postgres.port (or --pg-port) to a number');
  return { ports, admission: admissionLimits(config), waitTimeoutMs: config.timeouts.handshake, log };
}

function admissionLimits(config: Config): { connections: number; connectionsPerClient: number } {
  return { connections: config.limits.connections, connectionsPerClient: config.limits.connections_per_client };
}

async function listenOrExplain(listener: Listener): Promise<void> {
  try {
    await listener.listen();
  } catch (error) {
    const { code, address, port, protocol } = error as NodeJS.ErrnoException & {
      address?: string;
      port?: number;
      protocol?: string;
    };
    const option = PORT_NAMES[protocol ?? 'postgres'] as string;
    const where = `${address ?? ''}:${port ?? ''}`;
    switch (code) {
      case 'EADDRINUSE':
        throw new UsageError(`port ${where} is taken by another program; choose another with ${option}`);
      case 'EACCES':
        throw new UsageError(`this user may not listen on ${where}; choose a port above 1023 with ${option}`);
      case 'EADDRNOTAVAIL':
      case 'ENOTFOUND':
      case 'EAI_AGAIN':
        throw new UsageError(
          `the host ${address ?? ''} is not an address of this machine (${code}); set --host or host`,
        );
      default:
        throw error;
    }
  }
}
