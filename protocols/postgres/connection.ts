/**
 * PostgresConnection: one client of this protocol, from the first byte to the last. It cuts the input into
 * messages, takes the connection through start-up, TLS and authentication, and then passes messages to a
 * QuerySession. What it does with its socket is that of every protocol: protocols/shared/client-connection.ts.
 */
import type { EngineLink, EngineSession, SessionInfo } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { NetworkReader } from '../shared/byte-reader.ts';
import {
  ClientConnection,
  type ClientSocket,
  type ConnectionLog,
  type TlsMaterial,
} from '../shared/client-connection.ts';
import { FrameBuffer } from '../shared/framing.ts';
import { Authentication, type AuthenticationMethod } from './auth.ts';
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

export interface PostgresConnectionOptions {
  readonly socket: ClientSocket;
  readonly link: EngineLink;
  readonly compiler: StatementCompiler;
  /** Certificate and key in PEM, or the context made of them; without it a request for TLS is declined. */
  readonly tlsContext?: TlsMaterial | undefined;
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

type Phase = 'startup' | 'authentication' | 'session';

const ACCEPT_TLS = Buffer.from('S');
const DECLINE = Buffer.from('N');
export class PostgresConnection extends ClientConnection<FrameBuffer> {
  readonly limits: ConnectionLimits;
  readonly #options: PostgresConnectionOptions;
  readonly #reader = new NetworkReader();
  readonly #settings = new SessionSettings();
  #phase: Phase = 'startup';
  #engine: EngineSession | undefined;
  #authentication: Authentication | undefined;
  #session: QuerySession | undefined;
  /** End when idle. */
  #ending = false;
  #timer: NodeJS.Timeout | undefined;
  #lastMessage = 0;

  constructor(options: PostgresConnectionOptions) {
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    super(options.socket, new FrameBuffer(), limits, options.log);
    this.limits = limits;
    this.#options = options;
    this.#timer = setTimeout(() => this.#authenticationTimeout(), limits.authenticationTimeoutMs);
    this.#timer.unref();
    if (options.pending !== undefined && options.pending.length > 0) this.received(Buffer.from(options.pending));
  }

  /** Is a statement running or a transaction open? An idle connection can be closed without loss. */
  get busy(): boolean {
    return this.#session !== undefined && (this.#session.busy || this.#session.transactionStatus !== 'idle');
  }

  /** Ends the connection as soon as nothing runs and no transaction is open; the client is told why. */
  shutDown(): void {
    this.#ending = true;
    this.proceed();
  }

  /** Ends the connection with an error the client is told, e.g. admin_shutdown. */
  terminate(error: SqlError): void {
    this.fatal(error);
  }

  // ---- ClientConnection ----

  protected override get statementRuns(): boolean {
    return this.#session?.busy === true;
  }

  protected override get conversing(): boolean {
    return this.#phase === 'session';
  }

  protected override messageWaits(): boolean {
    return this.input.next(this.#phase !== 'startup', this.limits.messageBytes) === 'message';
  }

  protected override writeFarewell(error: SqlError): void {
    writeErrorResponse(this.writer, error, undefined, 'FATAL');
  }

  protected override released(): void {
    clearTimeout(this.#timer);
    if (this.#session?.busy === true) this.#engine?.cancel();
    this.#engine?.close();
    this.#engine = undefined;
    this.#options.onClose?.();
  }

  protected override drained(): void {
    this.#session?.drained();
  }

  protected override settled(): void {
    if (this.#ending && !this.busy)
      this.fatal(new SqlError('admin_shutdown', 'terminating connection due to administrator command'));
  }

  // ---- messages ----

  protected override step(): boolean {
    switch (this.#phase) {
      case 'startup':
        return this.#startupStep();
      case 'authentication':
        return this.#authenticationStep();
      case 'session':
        return this.#sessionStep(this.#session as QuerySession);
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
        this.socket.write(DECLINE);
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
    if (tlsContext === undefined || !this.plainDuplex) {
      this.socket.write(DECLINE);
      return true;
    }
    this.startTls(tlsContext, ACCEPT_TLS);
    return false;
  }

  #startSession(parameters: StartupParameters): void {
    const { refusal, tlsRequired = false } = this.#options;
    if (refusal !== undefined) throw refusal;
    if (tlsRequired && !this.encrypted) {
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
