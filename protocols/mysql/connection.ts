/**
 * MysqlConnection: one client of this protocol, from the greeting to the last packet. It takes the
 * connection through handshake, TLS and authentication, and then passes commands to a CommandSession.
 */
import type { EngineLink, EngineSession, SessionInfo } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { MalformedMessage, NetworkReader } from '../shared/byte-reader.ts';
import {
  ClientConnection,
  type ClientSocket,
  type ConnectionLog,
  type TlsMaterial,
} from '../shared/client-connection.ts';
import { Authentication, NATIVE } from './auth.ts';
import { clientCollation } from './character-sets.ts';
import { CommandSession } from './command-session.ts';
import { CHARSET, CLIENT, COM, SERVER_STATUS } from './constants.ts';
import { nativeError } from './native-error.ts';
import {
  type HandshakeResponse,
  makeNonce,
  readHandshakeResponse,
  readUserChange,
  writeHandshakeV10,
} from './handshake.ts';
import { type ConnectionLimits, DEFAULT_LIMITS } from './limits.ts';
import { writeErr, writeOk } from './messages.ts';
import { PacketBuffer, PacketWriter } from './packets.ts';
import type { StatementCompiler } from './session-host.ts';

export interface MysqlConnectionOptions {
  readonly socket: ClientSocket;
  readonly link: EngineLink;
  readonly compiler: StatementCompiler;
  /** Unique among the server's connections; clients are told it and use it in KILL. */
  readonly connectionId: number;
  /** Without it a request for TLS is not offered. */
  readonly tls?: TlsMaterial | undefined;
  /** Refuse logins that are not encrypted. */
  readonly tlsRequired?: boolean;
  /** The client is told this error instead of being greeted. */
  readonly refusal?: SqlError | undefined;
  /** e.g. '8.0.36-lyrebird'. */
  readonly serverVersion: string;
  readonly authentication?: 'password' | 'trust';
  readonly limits?: Partial<ConnectionLimits>;
  readonly log?: ConnectionLog;
  /** Name under which the dialect is installed in the engine. */
  readonly dialect?: string;
  readonly onClose?: () => void;
}

type Phase = 'handshake' | 'authentication' | 'session';

/** Everybody on this machine is shown as the same host. */
const LOOPBACK = /^(127\.0\.0\.1|::1|)$/;

export class MysqlConnection extends ClientConnection<PacketBuffer> {
  readonly packets = new PacketWriter(this.writer);
  limits: ConnectionLimits;
  readonly #options: MysqlConnectionOptions;
  readonly #reader = new NetworkReader();
  readonly #nonce = makeNonce();
  #phase: Phase = 'handshake';
  #capabilities = 0;
  #charset: number = CHARSET.UTF8MB4_0900_AI_CI;
  #user = '';
  #hasPassword = false;
  #engine: EngineSession | undefined;
  #authentication: Authentication | undefined;
  #session: CommandSession | undefined;
  readonly #timer: NodeJS.Timeout;
  /** End when idle. */
  #ending = false;

  constructor(options: MysqlConnectionOptions) {
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    super(options.socket, new PacketBuffer(), limits, options.log);
    this.limits = limits;
    this.#options = options;
    this.#timer = setTimeout(
      () => this.fatal(new SqlError('connection_exception', 'the client did not finish its login in time')),
      limits.authenticationTimeoutMs,
    );
    this.#timer.unref();
    if (options.refusal !== undefined) {
      this.fatal(options.refusal);
      return;
    }
    writeHandshakeV10(this.packets, {
      serverVersion: options.serverVersion,
      connectionId: options.connectionId,
      nonce: this.#nonce,
      plugin: NATIVE,
      tls: options.tls !== undefined,
    });
    this.flush();
  }

  get busy(): boolean {
    return this.#session !== undefined && (this.#session.busy || this.#session.transactionStatus !== 'idle');
  }

  /** Ends the connection with an error the client is told, e.g. admin_shutdown. */
  terminate(error: SqlError): void {
    this.fatal(error);
  }

  /** Ends the connection as soon as nothing runs and no transaction is open; the client is told why. */
  shutDown(): void {
    this.#ending = true;
    this.proceed();
  }

  // ---- ClientConnection ----------------------------------------------------------------------------

  protected override get statementRuns(): boolean {
    return this.#session?.busy === true;
  }

  protected override get conversing(): boolean {
    return this.#phase === 'session';
  }

  protected override messageWaits(): boolean {
    return this.input.next(this.#maxBytes, this.#expected) === 'packet';
  }

  protected override settled(): void {
    if (this.#ending && !this.busy) this.fatal(new SqlError('admin_shutdown', 'Server shutdown in progress'));
  }

  protected override drained(): void {
    this.#session?.drained();
  }

  protected override writeFarewell(error: SqlError): void {
    const { errno, sqlstate, message } = nativeError(error.condition, error.details);
    writeErr(this.packets, errno, sqlstate, message);
  }

  protected override released(): void {
    clearTimeout(this.#timer);
    if (this.#session?.busy === true) this.#engine?.cancel();
    this.#engine?.close();
    this.#engine = undefined;
    this.#options.onClose?.();
  }

  get #maxBytes(): number {
    return this.#phase === 'session' ? this.limits.messageBytes : this.limits.handshakeBytes;
  }

  /** Sequence number of the client's next packet: a command starts at 0, other packets go on counting. */
  get #expected(): number {
    return this.#phase === 'session' && this.#session?.receiving !== true ? 0 : this.packets.sequence;
  }

  protected override step(): boolean {
    if (this.#phase === 'authentication' && this.#authentication?.waiting === true) return false;
    if (this.#phase === 'session' && this.#session?.accepting !== true) return false;
    const state = this.input.next(this.#maxBytes, this.#expected);
    if (state === 'incomplete') return false;
    if (state === 'too_large') {
      throw new SqlError('program_limit_exceeded', {
        message: "Got a packet bigger than 'max_allowed_packet' bytes",
        variant: 'packet_size',
      });
    }
    if (state === 'out_of_order')
      throw new SqlError('protocol_violation', { message: 'Got packets out of order', variant: 'packet_order' });
    this.packets.sequence = this.input.sequence;
    this.input.open(this.#reader);
    // The reader keeps the bytes: a packet is done with in one go.
    this.input.consume();
    this.#handled();
    return true;
  }

  /** A login that makes no sense ends the connection; a command that makes none is answered like any other. */
  #handled(): void {
    try {
      this.#handle();
    } catch (error) {
      if (!(error instanceof MalformedMessage) || this.#phase === 'session') throw error;
      throw new SqlError('connection_exception', { message: 'Bad handshake' });
    }
  }

  get #clientHost(): string {
    const address = (this.socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
    return LOOPBACK.test(address) ? 'localhost' : address;
  }

  #handle(): void {
    switch (this.#phase) {
      case 'handshake':
        this.#handshakePacket();
        return;
      case 'authentication':
        this.#authentication?.packet(this.#reader);
        return;
      case 'session':
        this.#command(this.#session as CommandSession);
        return;
    }
  }

  // ---- login -----------------------------------------------------------------------------------------

  #handshakePacket(): void {
    const greeting = readHandshakeResponse(this.#reader, this.encrypted);
    if (greeting.kind === 'response') {
      this.#login(greeting);
      return;
    }
    const { tls } = this.#options;
    if (tls === undefined) throw new SqlError('connection_exception', { message: 'Bad handshake' });
    this.startTls(tls);
  }

  #login(response: HandshakeResponse): void {
    if (this.#options.tlsRequired === true && !this.encrypted) {
      throw new SqlError('invalid_authorization_specification', {
        message: 'Connections using insecure transport are prohibited while --require_secure_transport=ON.',
        variant: 'insecure_transport',
      });
    }
    this.#capabilities = response.capabilities;
    this.#charset = response.charset;
    this.#open(response.user, response.database, response.plugin, response.proof, this.#nonce);
  }

  #open(user: string, database: string, plugin: string, proof: Buffer, nonce: Buffer): void {
    const { link, dialect = 'mysql', connectionId, authentication = 'password' } = this.#options;
    const { socket } = this;
    this.#user = user;
    this.#hasPassword = proof.length > 0;
    const engine = link.openSession(
      {
        dialect,
        user,
        database,
        connectionId,
        clientAddress: `${socket.remoteAddress ?? ''}:${socket.remotePort ?? 0}`,
        settings: this.#characterSettings(),
      },
      { notification() {}, terminated: (error) => this.#terminated(error) },
    );
    this.#engine = engine;
    this.#phase = 'authentication';
    this.#authentication = new Authentication(this, engine, nonce);
    this.#authentication.start(authentication, plugin, proof);
  }

  /** The client's number of a collation as the settings that follow from it. */
  #characterSettings(): Readonly<Record<string, string>> {
    const found = clientCollation(this.#charset);
    if (found === undefined) {
      throw new SqlError('undefined_object', {
        message: `unknown character set: '#${this.#charset}'`,
        variant: 'character_set',
        args: { name: `#${this.#charset}` },
      });
    }
    const { charset, collation } = found;
    return {
      character_set_client: charset,
      character_set_results: charset,
      character_set_connection: charset,
      collation_connection: collation,
    };
  }

  /** The engine ended the session. One that was killed by another learns of it by the end of its connection alone. */
  #terminated(error: SqlError): void {
    if (error.details.variant === 'killed') this.close();
    else this.fatal(error);
  }

  /** The engine accepted the client. */
  authenticated(info: SessionInfo): void {
    clearTimeout(this.#timer);
    this.#phase = 'session';
    const { messageBytes: most } = { ...DEFAULT_LIMITS, ...this.#options.limits };
    const messageBytes = Math.min(most, Number(info.settings['max_allowed_packet'] ?? most));
    this.limits = { ...this.limits, messageBytes };
    this.#session = new CommandSession(
      this,
      this.#engine as EngineSession,
      this.#options.compiler,
      this.#capabilities,
      this.#charset,
      info,
      this.#clientHost,
    );
    writeOk(this.packets, this.#capabilities, {
      affectedRows: 0,
      lastInsertId: 0,
      status: SERVER_STATUS.AUTOCOMMIT,
      warnings: 0,
      info: '',
      changes: [],
    });
    this.flush();
  }

  denied(error: SqlError): void {
    const { user, password } = { user: this.#user, password: this.#hasPassword ? 'YES' : 'NO' };
    const args = { ...error.details.args, user, host: this.#clientHost, password };
    this.fatal(new SqlError(error.condition, { ...error.details, args }));
  }

  // ---- commands ----------------------------------------------------------------------------------------

  #command(session: CommandSession): void {
    if (session.receiving) {
      session.continue(this.#reader);
      return;
    }
    // An empty packet is the command 0.
    const command = this.#reader.remaining === 0 ? COM.SLEEP : this.#reader.u8();
    switch (command) {
      case COM.QUIT:
        this.close();
        return;
      case COM.CHANGE_USER:
        this.#changeUser();
        return;
      default:
        session.command(command, this.#reader);
    }
  }

  /** A new session for another user on the same connection; what the old one had is gone. */
  #changeUser(): void {
    const change = readUserChange(this.#reader, this.#capabilities | CLIENT.SECURE_CONNECTION);
    this.#engine?.close();
    this.#session = undefined;
    this.#charset = change.charset;
    this.#open(change.user, change.database, change.plugin, change.proof, this.#nonce);
  }
}
