/**
 * ClientConnection: what every protocol's connection does with its socket. It collects input, lets the
 * protocol take messages out of it one by one, collects output and writes it when an answer is complete
 * and no further message waits (so a pipeline costs one write), slows down a client that sends ahead or
 * does not take its answers, turns a plain socket into a TLS one, and says good-bye in order.
 */
import { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { InvalidUtf8, MalformedMessage } from './byte-reader.ts';
import { NetworkWriter } from './byte-writer.ts';
import type { ClientSocket } from './client-socket.ts';
import type { StreamBuffer } from './framing.ts';

export type { ClientSocket } from './client-socket.ts';

/** Where a connection reports what an operator may want to know. */
export interface ConnectionLog {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** Certificate and key in PEM, or the context made of them. */
export type TlsMaterial = SecureContext | { readonly cert: string | Buffer; readonly key: string | Buffer };

export interface FlowLimits {
  /** Input beyond this is left in the socket while a statement runs. */
  readonly inputBufferBytes: number;
  /** Output is handed to the socket from this size on, else at the end of a request. */
  readonly outputFlushBytes: number;
}

/** A client that does not take our farewell is cut off after this. */
const FAREWELL_MS = 2000;

const secureContexts = new WeakMap<object, SecureContext>();

function secureContext(material: TlsMaterial): SecureContext {
  if (!('cert' in material)) return material;
  let context = secureContexts.get(material);
  if (context === undefined) {
    context = createSecureContext({ cert: material.cert, key: material.key, minVersion: 'TLSv1.2' });
    secureContexts.set(material, context);
  }
  return context;
}

export abstract class ClientConnection<Input extends StreamBuffer> {
  readonly writer = new NetworkWriter();
  readonly input: Input;
  readonly #flow: FlowLimits;
  readonly #log: ConnectionLog | undefined;
  #socket: ClientSocket;
  #closed = false;
  #encrypted = false;
  #blocked = false;
  #paused = false;
  #pumping = false;
  /** The client sends no more. */
  #inputEnded = false;
  /** A complete answer is in the output buffer. */
  #answerPending = false;
  #flushScheduled = false;

  readonly #onData = (chunk: Buffer): void => this.received(chunk);
  readonly #onDrain = (): void => {
    this.#blocked = false;
    this.drained();
    this.proceed();
  };
  readonly #onEnd = (): void => {
    this.#inputEnded = true;
    this.proceed();
    // A statement whose client is gone stops, unless the client said good-bye behind it.
    if (!this.#closed && !this.messageWaits()) this.close();
  };
  readonly #onGone = (): void => this.#dispose();

  constructor(socket: ClientSocket, input: Input, flow: FlowLimits, log: ConnectionLog | undefined) {
    this.#socket = socket;
    this.input = input;
    this.#flow = flow;
    this.#log = log;
    socket.setNoDelay?.(true);
    this.#listen(socket);
  }

  // ---- what a protocol supplies ----------------------------------------------------------------

  /** Handles one message; false = none can be handled now. */
  protected abstract step(): boolean;
  /** Is a whole message in the input that has not been handled? */
  protected abstract messageWaits(): boolean;
  /** Is a statement running? */
  protected abstract get statementRuns(): boolean;
  /** Has the client logged in, so that output leaves and the client's end is answered as soon as nothing runs? */
  protected abstract get conversing(): boolean;
  /** Writes the error that ends the connection. */
  protected abstract writeFarewell(error: SqlError): void;
  /** The connection is over: let go of what it holds. Called once. */
  protected abstract released(): void;
  /** The client takes output again. */
  protected drained(): void {}
  /** All messages there are have been handled. */
  protected settled(): void {}

  // ---- state -------------------------------------------------------------------------------------

  get closed(): boolean {
    return this.#closed;
  }

  get encrypted(): boolean {
    return this.#encrypted;
  }

  /** True while the client does not take output. */
  get blocked(): boolean {
    return this.#blocked;
  }

  protected get socket(): ClientSocket {
    return this.#socket;
  }

  // ---- socket ------------------------------------------------------------------------------------

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

  /** Can the socket be turned into a TLS one? */
  protected get plainDuplex(): boolean {
    return !this.#encrypted && this.#socket instanceof Duplex;
  }

  /**
   * Sends `answer`; from there on the client speaks TLS. A client that had to wait for the answer must not have sent
   * bytes ahead, which the handshake would not protect. One that is not answered may have begun the handshake.
   */
  protected startTls(material: TlsMaterial, answer?: Uint8Array): void {
    if (answer !== undefined && this.input.buffered > 0)
      throw new SqlError('protocol_violation', 'received unencrypted data after SSL request');
    const plain = this.#socket;
    if (!(plain instanceof Duplex)) throw new TypeError('the socket cannot speak TLS');
    this.flush();
    if (answer !== undefined) plain.write(answer);
    this.#unlisten(plain);
    this.#encrypted = true;
    if (this.input.buffered > 0) {
      // Paused, so that it waits for its new reader.
      plain.pause();
      plain.unshift(this.input.takeRest());
    }
    const encrypted = new TLSSocket(plain, { isServer: true, secureContext: secureContext(material) });
    plain.on('error', this.#onGone);
    plain.on('close', this.#onGone);
    this.#socket = encrypted;
    this.#listen(encrypted);
  }

  #dispose(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.released();
  }

  /** Sends what is left, then closes. */
  close(): void {
    if (this.#closed) return;
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
    if (this.#closed) return;
    this.writeFarewell(error);
    this.close();
  }

  /** Something was raised that is no statement's error: the connection cannot go on. */
  broken(error: unknown): void {
    if (error instanceof MalformedMessage) this.fatal(new SqlError('protocol_violation', error.message));
    else if (error instanceof InvalidUtf8) this.fatal(new SqlError('character_not_in_repertoire', error.message));
    else if (error instanceof SqlError) this.fatal(error);
    else {
      this.#log?.error({ error }, 'connection failed');
      this.fatal(new SqlError('internal_error', 'internal error'));
    }
  }

  // ---- output ------------------------------------------------------------------------------------

  flush(): void {
    this.#answerPending = false;
    if (this.writer.pending === 0 || this.#closed) return;
    if (!this.#socket.write(this.writer.take())) this.#blocked = true;
  }

  /** Output grew in the middle of an answer: hand it over if it is large, or now if `urgent`. */
  outputGrown(urgent: boolean): void {
    if (urgent || this.writer.pending >= this.#flow.outputFlushBytes) this.flush();
  }

  /** An answer is complete. */
  answered(): void {
    this.#answerPending = true;
  }

  #scheduleFlush(): void {
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(() => {
      this.#flushScheduled = false;
      this.flush();
    });
  }

  // ---- input -------------------------------------------------------------------------------------

  /** Bytes came. They may be overwritten after this call. */
  protected received(chunk: Buffer): void {
    if (this.#closed) return;
    this.input.append(chunk);
    this.proceed();
    this.input.releaseChunk();
  }

  /** Goes on with the input: called when bytes came, and when what the next message waited for is there. */
  proceed(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      while (!this.#closed && !this.#blocked && this.step()) {
        // One message after the other.
      }
    } catch (error) {
      this.broken(error);
    } finally {
      this.#pumping = false;
    }
    this.#settle();
  }

  /** After the messages there are: hand over the output, and slow down a client that sends ahead. */
  #settle(): void {
    if (this.#closed) return;
    this.settled();
    if (this.#closed) return;
    const runs = this.statementRuns;
    if (this.writer.pending > 0) {
      if (!runs && this.conversing) this.flush();
      else if (this.#answerPending) this.#scheduleFlush();
    }
    const full = this.input.buffered > Math.max(this.#flow.inputBufferBytes, this.input.needed);
    if (full !== this.#paused) {
      this.#paused = full;
      if (full) this.#socket.pause();
      else this.#socket.resume();
    }
    if (this.#inputEnded && !runs && this.conversing) this.close();
  }
}
