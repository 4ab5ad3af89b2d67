/**
 * The library: the whole database inside a Node process.
 *
 *     import { open } from 'lyrebird';
 *     const db = await open({ data: './lyrebird-data' });
 *     const rows = await db.query('select $1::int + 1 as n', [41]);
 *     await db.listen({ pgPort: 5432 }); // optional: serve Postgres clients from this process
 *     await db.close();
 */
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { Listener } from '../listener/index.ts';
import { postgresPlugin } from '../parsers/postgres/plugin.ts';
import type { SqlNotice } from '../sblr/contract/sql-error.ts';
import { type Config, type ConfigInput, validateConfig } from './config.ts';
import { ConnectionHost } from './connection-host.ts';
import { administratorPassword, type DataFolder, openDataFolder, selfSignedCertificate } from './data-folder.ts';
import { EmbeddedSession, type ResultRow, type SessionIdentity, type StatementResult } from './embedded-session.ts';
import type { ParameterValue } from './embedded-values.ts';
import { type EngineHost, openEngineHost } from './engine-host.ts';
import { openLog, type ProcessLog } from './log.ts';
import { certificateFiles, engineSettings, logOptions, workerSettings } from './settings.ts';

export type { EmbeddedSession, ResultRow, StatementResult } from './embedded-session.ts';
export type { JavaScriptValue, ParameterValue } from './embedded-values.ts';
export { SqlError } from '../sblr/contract/sql-error.ts';

export interface OpenOptions {
  /** Data folder; made when missing. Also accepted as `dataDirectory`. */
  readonly data?: string;
  readonly dataDirectory?: string;
  /** Anything lyrebird.yaml may contain, see specs/configuration.md. */
  readonly config?: Omit<ConfigInput, 'data'>;
  /** Told of notices and warnings of the default session. */
  readonly onNotice?: (notice: SqlNotice) => void;
}

export interface ListenOptions {
  readonly host?: string;
  /** 0 (the default) = any free port. */
  readonly pgPort?: number;
}

export interface ListenAddress {
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
}

const ADMINISTRATOR: SessionIdentity = { user: 'postgres', database: 'postgres' };

/** Opens a data folder in this process. One process at a time may have it open. */
export async function open(options: OpenOptions = {}): Promise<Database> {
  const data = resolve(options.data ?? options.dataDirectory ?? './lyrebird-data');
  const config = validateConfig({ ...options.config, data }, 'open()');
  const folder = openDataFolder(data);
  try {
    const log = openLog(logOptions(config, folder, 'embedded'));
    const password = administratorPassword(folder, process.env['LYREBIRD_PASSWORD']);
    // Callers in this process need no proof; network clients are asked for theirs by their connection.
    const host = await openEngineHost(engineSettings(config, folder, ''), true, log);
    host.engine.install(postgresPlugin.profile());
    const session = await EmbeddedSession.open(host.engine, ADMINISTRATOR, options.onNotice);
    return new Database({ config, folder, log, host, session, password });
  } catch (error) {
    folder.release();
    throw error;
  }
}

interface Parts {
  readonly config: Config;
  readonly folder: DataFolder;
  readonly log: ProcessLog;
  readonly host: EngineHost;
  readonly session: EmbeddedSession;
  readonly password: string;
}

export class Database {
  readonly #parts: Parts;
  readonly #sessions = new Set<EmbeddedSession>();
  #network: { readonly listener: Listener; readonly connections: ConnectionHost } | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Password of the administrator, for clients that connect over the network. */
  get password(): string {
    return this.#parts.password;
  }

  /** Rows of the (last) statement, each an object by column name; runs in the default session. */
  query(sql: string, parameters: readonly ParameterValue[] = []): Promise<readonly ResultRow[]> {
    return this.#parts.session.query(sql, parameters);
  }

  /** What every statement of the text did; runs in the default session. */
  run(sql: string, parameters: readonly ParameterValue[] = []): Promise<readonly StatementResult[]> {
    return this.#parts.session.run(sql, parameters);
  }

  /** A session of its own, with transactions and settings of its own. Close it when done. */
  async session(identity: Partial<SessionIdentity> = {}): Promise<EmbeddedSession> {
    const session = await EmbeddedSession.open(this.#parts.host.engine, { ...ADMINISTRATOR, ...identity });
    this.#sessions.add(session);
    return session;
  }

  /** Runs `work` in a transaction of a session of its own. */
  async transaction<Result>(work: (session: EmbeddedSession) => Promise<Result>): Promise<Result> {
    const session = await this.session();
    try {
      return await session.transaction(work);
    } finally {
      this.#sessions.delete(session);
      await session.close();
    }
  }

  /** Serves Postgres clients from this process, until `close`. */
  async listen(options: ListenOptions = {}): Promise<readonly ListenAddress[]> {
    if (this.#network !== undefined) throw new Error('the database listens already');
    const { config, folder, log, host } = this.#parts;
    const certificate = certificateFiles(config, () => selfSignedCertificate(folder, hostname()));
    const connections = new ConnectionHost({
      link: host.engine,
      settings: workerSettings(config, folder, '', certificate),
      log,
      onClosed: (id) => listener.closed([id]),
    });
    const { connections: limit, connections_per_client } = config.limits;
    const listener: Listener = new Listener(
      {
        ports: [{ protocol: 'postgres', host: options.host ?? config.host, port: options.pgPort ?? 0 }],
        admission: { connections: limit, connectionsPerClient: connections_per_client },
        waitTimeoutMs: config.timeouts.handshake,
        log,
      },
      {
        assign(notice, handle) {
          connections.accept(notice, handle);
          return true;
        },
      },
    );
    await listener.listen();
    this.#network = { listener, connections };
    return listener.addresses();
  }

  /** What the engine reports of itself. */
  status(): unknown {
    return this.#parts.host.engine.status();
  }

  /** Ends sessions and clients, makes everything durable, and lets go of the folder. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { config, folder, host, session } = this.#parts;
    await this.#network?.listener.close();
    await this.#network?.connections.drain(config.timeouts.drain);
    for (const each of [...this.#sessions, session]) await each.close();
    await host.close();
    folder.release();
  }
}
