/**
 * The connections of one process, whichever process that is: makes a protocol connection out of each
 * socket handle, and knows how many there are and how to end them in order.
 */
import { readFileSync } from 'node:fs';
import type net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionNotice, Log, NativeHandle, Refusal } from '../listener/index.ts';
import { postgresPlugin } from '../parsers/postgres/plugin.ts';
import { PostgresConnection } from '../protocols/postgres/index.ts';
import type { CompileRequest, CompileResult } from '../sblr/contract/dialect.ts';
import type { EngineLink } from '../sblr/contract/session.ts';
import { SqlError } from '../sblr/contract/sql-error.ts';
import { bufferedSocket } from './buffered-socket.ts';
import type { WorkerSettings } from './settings.ts';

export interface ConnectionHostOptions {
  readonly link: EngineLink;
  readonly settings: WorkerSettings;
  readonly log: Log;
  readonly onClosed: (id: number) => void;
}

/** How long clients have to take the last message before their socket is closed under them. */
const LINGER_MS = 500;
/** How often connections are looked at whose statement or transaction is let finish. */
const DRAIN_POLL_MS = 20;

export class ConnectionHost {
  readonly #options: ConnectionHostOptions;
  readonly #tlsContext: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  readonly #open = new Map<number, { readonly connection: PostgresConnection; readonly socket: net.Socket }>();
  readonly #compiler: { compile(request: CompileRequest): CompileResult };
  #emptied: (() => void) | undefined;
  #draining = false;
  /** As the dialect's profile has it; clients choose their catalog queries by it. */
  #serverVersion = '';
  #warm = false;

  constructor(options: ConnectionHostOptions) {
    this.#options = options;
    const { certificate, limits } = options.settings;
    if (certificate !== undefined) {
      this.#tlsContext = { cert: readFileSync(certificate.certificate), key: readFileSync(certificate.key) };
    }
    const longest = limits.statement_size;
    this.#compiler = {
      compile: (request) => (request.text.length > longest ? tooLong(longest) : postgresPlugin.compile(request)),
    };
  }

  /**
   * Compiles the dialect's catalog views and gives them to the engine: a tenth of a second, once. Left
   * to the first connection when nobody calls it before, so that it does not delay the start.
   */
  warmUp(): void {
    if (this.#warm) return;
    this.#warm = true;
    const profile = postgresPlugin.profile();
    this.#serverVersion = profile.settings.find((setting) => setting.name === 'server_version')?.defaultValue ?? '';
    this.#options.link.install(profile);
  }

  get connections(): number {
    return this.#open.size;
  }

  /** Statements that run now. */
  get running(): number {
    let running = 0;
    for (const { connection } of this.#open.values()) if (connection.busy) running++;
    return running;
  }

  accept(notice: ConnectionNotice, handle: NativeHandle): void {
    const { settings, link, log, onClosed } = this.#options;
    const socket = bufferedSocket(handle);
    this.warmUp();
    const { id } = notice;
    const refusal = this.#draining ? 'shutting_down' : notice.refusal;
    const connection = new PostgresConnection({
      socket,
      link,
      compiler: this.#compiler,
      tlsContext: this.#tlsContext,
      tlsRequired: settings.tlsRequired,
      authentication: settings.authentication.method,
      serverVersion: this.#serverVersion,
      limits: {
        messageBytes: settings.limits.message_size,
        preparedStatements: settings.limits.prepared_statements,
        authenticationTimeoutMs: settings.handshakeTimeoutMs,
      },
      log,
      ...(refusal === undefined ? {} : { refusal: refusalError(refusal) }),
    });
    this.#open.set(id, { connection, socket });
    socket.once('close', () => {
      this.#open.delete(id);
      onClosed(id);
      if (this.#open.size === 0) this.#emptied?.();
    });
  }

  /** Lets running statements finish, ends all sessions, and resolves when the last connection is closed. */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true;
    if (this.#open.size === 0) return;
    const emptied = new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    const error = new SqlError('admin_shutdown', 'terminating connection due to administrator command');
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const late = performance.now() >= deadline;
      for (const { connection } of this.#open.values()) if (late || !connection.busy) connection.terminate(error);
      if (late || this.#open.size === 0) break;
      await Promise.race([emptied, sleep(DRAIN_POLL_MS)]);
    }
    await Promise.race([emptied, sleep(LINGER_MS)]);
    for (const { socket } of this.#open.values()) socket.destroy();
  }
}

function tooLong(limit: number): CompileResult {
  const message = `statement is longer than ${limit} characters`;
  return {
    kind: 'error',
    error: new SqlError('program_limit_exceeded', { message, hint: 'Raise limits.statement_size.' }),
  };
}

function refusalError(refusal: Refusal): SqlError {
  switch (refusal) {
    case 'too_many_connections':
      return new SqlError('too_many_connections', 'sorry, too many clients already');
    case 'too_many_connections_of_client':
      return new SqlError('too_many_connections', 'too many connections from this address');
    case 'shutting_down':
      return new SqlError('cannot_connect_now', 'the database system is shutting down');
  }
}
