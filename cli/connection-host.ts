/**
 * The connections of one process, whichever process that is: makes a protocol connection out of each
 * socket handle, and knows how many there are and how to end them in order.
 */
import { readFileSync } from 'node:fs';
import type net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConnectionNotice, Log, NativeHandle, Refusal } from '../listener/index.ts';
import type { CompileResult, DialectPlugin } from '../sblr/contract/dialect.ts';
import type { EngineLink } from '../sblr/contract/session.ts';
import { SqlError } from '../sblr/contract/sql-error.ts';
import { bufferedSocket } from './buffered-socket.ts';
import { type ClientConnection, PROTOCOL_FRONTS, type ProtocolFront } from './protocol-fronts.ts';
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

/** A protocol in use: its compiler, bounded, and the version that its clients are told. */
interface ReadyFront {
  readonly front: ProtocolFront;
  readonly compiler: Pick<DialectPlugin, 'compile' | 'routineName'>;
  readonly serverVersion: string;
}

export class ConnectionHost {
  readonly #options: ConnectionHostOptions;
  readonly #tlsContext: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  readonly #open = new Map<number, { readonly connection: ClientConnection; readonly socket: net.Socket }>();
  readonly #fronts = new Map<string, ReadyFront>();
  #emptied: (() => void) | undefined;
  #draining = false;

  constructor(options: ConnectionHostOptions) {
    this.#options = options;
    const { certificate } = options.settings;
    if (certificate !== undefined) {
      this.#tlsContext = { cert: readFileSync(certificate.certificate), key: readFileSync(certificate.key) };
    }
  }

  /** Makes the protocols that have a port ready, so that their first connection does not wait for it. */
  warmUp(): void {
    for (const protocol of this.#options.settings.protocols) this.#front(protocol);
  }

  /**
   * Compiles the dialect's catalog views and gives them to the engine: a tenth of a second, once. Left to
   * the first connection when nobody asks before, so that it does not delay the start.
   */
  #front(protocol: string): ReadyFront {
    const found = this.#fronts.get(protocol);
    if (found !== undefined) return found;
    const front = PROTOCOL_FRONTS[protocol];
    if (front === undefined) throw new TypeError(`no protocol "${protocol}"`);
    const { plugin } = front;
    const profile = plugin.profile();
    this.#options.link.install(profile);
    const longest = this.#options.settings.limits.statement_size;
    const ready: ReadyFront = {
      front,
      compiler: {
        ...plugin,
        compile: (request) => (request.text.length > longest ? tooLong(longest) : plugin.compile(request)),
      },
      serverVersion: profile.settings.find((setting) => setting.name === 'server_version')?.defaultValue ?? '',
    };
    this.#fronts.set(protocol, ready);
    return ready;
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
    const { front, compiler, serverVersion } = this.#front(notice.protocol);
    const { id } = notice;
    const refusal = this.#draining ? 'shutting_down' : notice.refusal;
    const connection = front.connect({
      socket,
      notice,
      link,
      compiler,
      tls: this.#tlsContext,
      settings,
      serverVersion,
      refusal: refusal === undefined ? undefined : refusalError(refusal),
      log,
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
