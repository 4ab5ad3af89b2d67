/**
 * PostgresConnection: one client of this protocol, from the first byte to the last. It owns the socket,
 * cuts the input into messages, takes the connection through start-up, TLS and authentication, and
 * then passes messages to a QuerySession. Output collects in one buffer that is written when an answer
 * is complete and no further message waits, so a pipeline costs one write.
 */
import { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls';
import type { EngineLink, EngineSession, SessionInfo } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { InvalidUtf8, MalformedMessage, NetworkReader } from '../shared/byte-reader.ts';
import { NetworkWriter } from '../shared/byte-writer.ts';
import { FrameBuffer } from '../shared/framing.ts';
import { Authentication, type AuthenticationMethod } from './auth.ts';
import type { ClientSocket } from './client-socket.ts';
import type { StatementCompiler } from './compile.ts';
import { DEFAULT_LIMITS, type ConnectionLimits } from './limits.ts';
import {
  CLIENT,
  writeBackendKeyData,
  writeErrorResponse,
  writeNegotiateProtocolVersion,
  writeNotification,
  writeReadyForQuery,
} from './messages.ts';
import { QuerySession } from './query-session.ts';
import { SessionSettings } from './session-settings.ts';
import { PROTOCOL_MINOR, readStartupPacket, type StartupParameters } from './startup.ts';

export type { StatementCompiler } from './compile.ts';

/** Where a connection reports what an operator may want to know. */
export interface ConnectionLog {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface PostgresConnectionOptions {
  readonly socket: ClientSocket;
  readonly link: EngineLink;
  readonly compiler: StatementCompiler;
  /** Certificate and key in PEM, or the context made of them; without it a request for TLS is declined. */
  readonly tlsContext?: SecureContext | { readonly cert: string | Buffer; readonly key: string | Buffer } | undefined;
  /** Refuse logins that are not encrypted. */
  readonly tlsRequired?: boolean;
  /** The client is told this error at its login; cancel requests are served all the same. */
  readonly refusal?: SqlError | undefined;
  /** Reported as server_version, e.g. '15.6 (Lyrebird 0.1)'. */
  readonly serverVersion: string;
  readonly authentication?: AuthenticationMethod;
  readonly limits?: Partial<ConnectionLimits>;
  readonly log?: ConnectionLog;
  /** Unique among the server's connections: the process id that clients are told. */
  readonly connectionId?: number;
  /** Name under which the dialect is installed in the engine. */
  readonly dialect?: string;
  /** Bytes that were read from the socket before it came here. */
  readonly pending?: Uint8Array;
  readonly onClose?: () => void;
}

type Phase = 'startup' | 'authentication' | 'session' | 'closed';

const ACCEPT_TLS = Buffer.from('S');
const DECLINE = Buffer.from('N');
/** A client that does not take our farewell is cut off after this. */
const FAREWELL_MS = 2000;

const secureContexts = new WeakMap<object, SecureContext>();

function secureContext(options: NonNullable<PostgresConnectionOptions['tlsContext']>): SecureContext {
  if (!('cert' in options)) return options;
  let context = secureContexts.get(options);
  if (context === undefined) {
    context = createSecureContext({ cert: options.cert, key: options.key, minVersion: 'TLSv1.2' });
    secureContexts.set(options, context);
  }
  return context;
}

export class PostgresConnection {
  readonly writer = new NetworkWriter();
  readonly input = new FrameBuffer();
  readonly limits: ConnectionLimits;
  readonly #options: PostgresConnectionOptions;
  readonly #reader = new NetworkReader();
  readonly #settings = new SessionSettings();
  #socket: ClientSocket;
  #phase: Phase = 'startup';
  #engine: EngineSession | undefined;
  #authentication: Authentication | undefined;
  #session: QuerySession | undefined;
  #encrypted = false;
  #blocked = false;
  #paused = false;
  #pumping = false;
  /** The client sends no more. */
  #inputEnded = false;
  /** A complete answer is in the output buffer. */
  #answerPending = false;
  #flushScheduled = false;
  /** End when idle. */
  #ending = false;
  #timer: NodeJS.Timeout | undefined;
  #lastMessage = 0;

  readonly #onData = (chunk: Buffer): void => this.#received(chunk);
  readonly #onDrain = (): void => this.#drained();
  readonly #onEnd = (): void => this.#ended();
  readonly #onGone = (): void => this.#dispose();

  constructor(options: PostgresConnectionOptions) {
    this.#options = options;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#socket = options.socket;
    options.socket.setNoDelay?.(true);
    this.#listen(options.socket);
    this.#timer = setTimeout(() => this.#authenticationTimeout(), this.limits.authenticationTimeoutMs);
    this.#timer.unref();
    if (options.pending !== undefined && options.pending.length > 0) this.#received(Buffer.from(options.pending));
  }

  get closed(): boolean {
    return this.#phase === 'closed';
  }

  /** True while the client does not take output. */
  get blocked(): boolean {
    return this.#blocked;
  }

  /** Is a statement running or a transaction open? An idle connection can be closed without loss. */
  get busy(): boolean {
    return this.#session !== undefined && (this.#session.busy || this.#session.transactionStatus !== 'idle');
  }

  /** Ends the connection as soon as nothing runs and no transaction is open; the client is told why. */
  shutDown(): void {
    this.#ending = true;
    this.#settle();
  }

  /** Ends the connection with an error the client is told, e.g. admin_shutdown. */
  terminate(error: SqlError): void {
    this.fatal(error);
  }

  // ---- socket ----

  #listen(socket: ClientSocket): void {
    socket.on('data', this.#onData);
    socket.on('drain', this.#onDrain);
    socket.on('end', this.#onEnd);
    socket.on('close', this.#onGone);
    socket.on('error', this.#onGone);
  }

  #unlisten(socket: ClientSocket): void {
    socket.off('data', this.#onData);
    socket.off('drain', this.#onDrain);
    socket.off('end', this.#onEnd);
    socket.off('close', this.#onGone);
    socket.off('error', this.#onGone);
  }

  #received(chunk: Buffer): void {
    if (this.#phase === 'closed') return;
    this.input.append(chunk);
    this.#pump();
    this.input.releaseChunk();
  }

  #drained(): void {
    this.#blocked = false;
    this.#session?.drained();
    this.#pump();
  }

  #ended(): void {
    this.#inputEnded = true;
    this.#pump();
    // A statement whose client is gone stops, unless the client said good-bye behind it.
    if (this.#phase !== 'closed' && this.input.next(this.#phase !== 'startup', this.limits.messageBytes) !== 'message')
      this.close();
  }

  #dispose(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    clearTimeout(this.#timer);
    if (this.#session?.busy === true) this.#engine?.cancel();
    this.#engine?.close();
    this.#engine = undefined;
    this.#options.onClose?.();
  }

  /** Sends what is left, then closes. */
  close(): void {
    if (this.#phase === 'closed') return;
    this.flush();
    const socket = this.#socket;
    this.#dispose();
    socket.end();
    const cut = setTimeout(() => socket.destroy(), FAREWELL_MS);
    cut.unref();
    socket.on('close', () => clearTimeout(cut));
    // Nothing more is wanted, but a paused socket would never see the client's end.
    socket.resume();
  }

  /** Tells the client of an error that ends the connection. */
  fatal(error: SqlError): void {
    if (this.#phase === 'closed') return;
    writeErrorResponse(this.writer, error, undefined, 'FATAL');
    this.close();
  }

  flush(): void {
    this.#answerPending = false;
    if (this.writer.pending === 0 || this.#phase === 'closed') return;
    if (!this.#socket.write(this.writer.take())) this.#blocked = true;
  }

  outputGrown(urgent: boolean): void {
    if (urgent || this.writer.pending >= this.limits.outputFlushBytes) this.flush();
  }

  answered(): void {
    this.#answerPending = true;
  }

  proceed(): void {
    this.#pump();
  }

  // ---- messages ----

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (this.#phase !== 'closed' && this.#step()) {
        // One message after the other.
      }
    } catch (error) {
      this.broken(error);
    } finally {
      this.#pumping = false;
    }
    this.#settle();
  }

  /** Handles one message; false = none can be handled now. */
  #step(): boolean {
    if (this.#blocked) return false;
    switch (this.#phase) {
      case 'startup':
        return this.#startupStep();
      case 'authentication':
        return this.#authenticationStep();
      case 'session':
        return this.#sessionStep(this.#session as QuerySession);
      case 'closed':
        return false;
    }
  }

  /** After the messages there are: hand over the output, and slow down a client that sends ahead. */
  #settle(): void {
    if (this.#phase === 'closed') return;
    if (this.#ending && !this.busy) {
      this.fatal(new SqlError('admin_shutdown', 'terminating connection due to administrator command'));
      return;
    }
    const busy = this.#session?.busy === true;
    if (this.writer.pending > 0) {
      if (!busy && this.#phase === 'session') this.flush();
      else if (this.#answerPending) this.#scheduleFlush();
    }
    const full = this.input.buffered > Math.max(this.limits.inputBufferBytes, this.input.needed);
    if (full !== this.#paused) {
      this.#paused = full;
      if (full) this.#socket.pause();
      else this.#socket.resume();
    }
    if (this.#inputEnded && !busy && this.#phase === 'session') this.close();
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(() => {
      this.#flushScheduled = false;
      this.flush();
    });
  }

  /** Something was raised that is no statement's error: the connection cannot go on. */
  broken(error: unknown): void {
    if (error instanceof MalformedMessage) this.fatal(new SqlError('protocol_violation', error.message));
    else if (error instanceof InvalidUtf8) this.fatal(new SqlError('character_not_in_repertoire', error.message));
    else if (error instanceof SqlError) this.fatal(error);
    else {
      this.#options.log?.error({ error }, 'connection failed');
      this.fatal(new SqlError('internal_error', 'internal error'));
    }
  }

  #next(typed: boolean, maxBytes: number): boolean {
    const state = this.input.next(typed, maxBytes);
    if (state === 'message') {
      this.#reader.reset(this.input.bytes, this.input.payloadStart, this.input.payloadEnd);
      return true;
    }
    if (state === 'invalid')
      throw new SqlError('protocol_violation', typed ? 'invalid message length' : 'invalid length of startup packet');
    return false;
  }

  // ---- start-up ----

  #startupStep(): boolean {
    if (!this.#next(false, this.limits.startupPacketBytes)) return false;
    const packet = readStartupPacket(this.#reader);
    this.input.consume();
    switch (packet.kind) {
      case 'tls':
        return this.#answerTls();
      case 'gss':
        this.#socket.write(DECLINE);
        return true;
      case 'cancel':
        this.#options.link.cancel(packet.processId, packet.cancelKey);
        this.close();
        return false;
      case 'startup':
        this.#startSession(packet.parameters);
        return true;
    }
  }

  #answerTls(): boolean {
    const { tlsContext } = this.#options;
    const plain = this.#socket;
    if (tlsContext === undefined || this.#encrypted || !(plain instanceof Duplex)) {
      plain.write(DECLINE);
      return true;
    }
    // Bytes sent ahead of the handshake were not protected by it: they must not be taken for the client's.
    if (this.input.buffered > 0)
      throw new SqlError('protocol_violation', 'received unencrypted data after SSL request');
    plain.write(ACCEPT_TLS);
    this.#unlisten(plain);
    this.#encrypted = true;
    const encrypted = new TLSSocket(plain, { isServer: true, secureContext: secureContext(tlsContext) });
    plain.on('error', this.#onGone);
    plain.on('close', this.#onGone);
    this.#socket = encrypted;
    this.#listen(encrypted);
    return false;
  }

  #startSession(parameters: StartupParameters): void {
    const { refusal, tlsRequired = false } = this.#options;
    if (refusal !== undefined) throw refusal;
    if (tlsRequired && !this.#encrypted) {
      throw new SqlError('invalid_authorization_specification', 'the server accepts encrypted connections only');
    }
    if (parameters.minorVersion > PROTOCOL_MINOR || parameters.extensions.length > 0) {
      writeNegotiateProtocolVersion(this.writer, PROTOCOL_MINOR, parameters.extensions);
    }
    const { link, socket, connectionId, dialect = 'postgres', authentication = 'scram-sha-256' } = this.#options;
    const engine = link.openSession(
      {
        dialect,
        user: parameters.user,
        database: parameters.database,
        ...(connectionId === undefined ? {} : { connectionId }),
        clientAddress: `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`,
        settings: parameters.settings,
      },
      {
        notification: (processId, channel, payload) => this.#notify(processId, channel, payload),
        terminated: (error) => this.fatal(error),
      },
    );
    this.#engine = engine;
    this.#phase = 'authentication';
    this.#authentication = new Authentication(this, engine, authentication);
    this.#authentication.start();
  }

  #authenticationStep(): boolean {
    const authentication = this.#authentication as Authentication;
    if (authentication.waiting || !this.#next(true, this.limits.authenticationMessageBytes)) return false;
    const type = this.input.type;
    if (type === CLIENT.terminate) {
      this.close();
      return false;
    }
    if (type !== CLIENT.password)
      throw new SqlError('protocol_violation', `expected password response, got message type ${type}`);
    authentication.password(this.#reader);
    this.input.consume();
    return true;
  }

  /** The engine accepted the client. */
  authenticated(info: SessionInfo): void {
    clearTimeout(this.#timer);
    this.#phase = 'session';
    this.#settings.start(info, this.#options.serverVersion, this.writer);
    writeBackendKeyData(this.writer, info.processId, info.cancelKey);
    writeReadyForQuery(this.writer, 'idle');
    this.#session = new QuerySession(this, this.#engine as EngineSession, this.#options.compiler, this.#settings);
    this.flush();
    this.#watchIdle();
  }

  #authenticationTimeout(): void {
    this.fatal(new SqlError('protocol_violation', 'canceling authentication due to timeout'));
  }

  /** Checks now and then instead of arming a timer per message. */
  #watchIdle(): void {
    const limit = this.limits.idleTimeoutMs;
    if (limit <= 0) return;
    this.#lastMessage = Date.now();
    this.#timer = setInterval(
      () => {
        if (this.#session?.busy === true) this.#lastMessage = Date.now();
        else if (Date.now() - this.#lastMessage >= limit) {
          this.fatal(new SqlError('idle_session_timeout', 'terminating connection due to idle-session timeout'));
        }
      },
      Math.max(10, limit >> 2),
    );
    this.#timer.unref();
  }

  // ---- session ----

  #sessionStep(session: QuerySession): boolean {
    if (!session.accepting || !this.#next(true, this.limits.messageBytes)) return false;
    const type = this.input.type;
    if (type === CLIENT.terminate) {
      this.close();
      return false;
    }
    if (this.limits.idleTimeoutMs > 0) this.#lastMessage = Date.now();
    if (!isClientMessage(type)) throw new SqlError('protocol_violation', `invalid frontend message type ${type}`);
    if (session.handle(type, this.#reader) && !this.closed) this.input.consume();
    return true;
  }

  #notify(processId: number, channel: string, payload: string): void {
    if (this.#phase !== 'session') return;
    writeNotification(this.writer, processId, channel, payload);
    if (this.#session?.busy !== true) this.flush();
  }
}

const CLIENT_TYPES: ReadonlySet<number> = new Set(Object.values(CLIENT));

function isClientMessage(type: number): boolean {
  return CLIENT_TYPES.has(type) && type !== CLIENT.password;
}
