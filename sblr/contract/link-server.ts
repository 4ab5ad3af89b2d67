/**
 * The engine's end of the link to a worker: frames in, calls on an EngineLink (the engine itself);
 * replies out, once per tick. Frames come from another process and are checked; a worker that sends
 * garbage loses its link, and with it its sessions, never the engine.
 *
 * Back pressure: while the worker does not take what the engine has written, nothing more is read from
 * it. The worker always reads, so the two cannot wait for each other.
 */
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { CodecError } from './codec-error.ts';
import * as frames from './frames.ts';
import { FrameAssembler, FrameOutput, type Frame } from './frames.ts';
import {
  packAuthReply,
  packError,
  toSqlError,
  unpackProfile,
  unpackSessionOptions,
  writeControl,
} from './link-payloads.ts';
import { ProgramReceiver, type ProgramSlot } from './link-programs.ts';
import { implicitMode, readExecute, readNamed, readPrepare } from './link-requests.ts';
import { ColumnNumbers, ServerSink, type ServerLinkState } from './link-server-sink.ts';
import type { EngineLink, EngineSession, SessionEvents } from './session.ts';
import { SqlError } from './sql-error.ts';

export interface LinkServerOptions {
  /** Told of what went wrong with the link or inside the engine's session methods. */
  readonly onError?: (error: unknown) => void;
  /** Told once when the link is closed. */
  readonly onClose?: () => void;
}

export interface LinkListenerOptions extends LinkServerOptions {
  /** Makes of an accepted socket the stream that is served; undefined = it is gone already. */
  readonly adopt?: (socket: Socket) => Duplex | undefined;
}

export interface ServedLink {
  readonly sessionCount: number;
  /** Ends all sessions and the connection. */
  close(): void;
}

/** Written and not yet taken by the worker: from here on its requests are not read. */
const PAUSE_BYTES = 4 << 20;
/** From here on the worker is stuck for good. */
const MAX_QUEUED_BYTES = 1 << 30;
const MAX_SESSIONS = 65_536;

class LinkServer implements ServedLink, ServerLinkState {
  readonly output: FrameOutput;
  readonly columnNumbers = new ColumnNumbers();
  readonly #stream: Duplex;
  readonly #engine: EngineLink;
  readonly #options: LinkServerOptions;
  readonly #assembler = new FrameAssembler();
  readonly #programs = new ProgramReceiver();
  readonly #sessions = new Map<number, EngineSession>();
  #paused = false;
  #closed = false;

  constructor(stream: Duplex, engine: EngineLink, options: LinkServerOptions) {
    this.#stream = stream;
    this.#engine = engine;
    this.#options = options;
    this.output = new FrameOutput(stream);
    stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    stream.on('drain', () => this.#drained());
    stream.on('error', (error) => this.#fail(error));
    stream.on('end', () => this.close());
    stream.on('close', () => this.close());
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  isOpen(session: number): boolean {
    return this.#sessions.has(session);
  }

  close(): void {
    if (this.#closed) return;
    this.output.flush();
    this.#closed = true;
    this.output.close();
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    for (const session of sessions) this.#guard(() => session.close());
    this.#stream.end();
    this.#options.onClose?.();
  }

  /** After rows were written: a worker that does not read must not fill the memory. */
  checkQueue(): void {
    const queued = this.output.queuedBytes;
    if (queued <= PAUSE_BYTES || this.#closed) return;
    if (queued > MAX_QUEUED_BYTES) {
      this.#fail(new Error('a worker does not read its replies'));
      return;
    }
    if (this.#paused) return;
    // Only what the stream holds can drain.
    this.output.flush();
    if (this.#stream.writableLength <= PAUSE_BYTES) return;
    this.#paused = true;
    this.#stream.pause();
  }

  #drained(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#stream.resume();
  }

  #fail(error: unknown): void {
    if (this.#closed) return;
    this.#options.onError?.(error);
    this.close();
    this.#stream.destroy();
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#options.onError?.(error);
    }
  }

  #receive(chunk: Buffer): void {
    if (this.#closed) return;
    // What the engine answers at once leaves in one write, without waiting for the end of the tick.
    this.output.hold();
    try {
      this.#assembler.push(chunk, this.#visit);
    } catch (error) {
      this.#fail(error);
    }
    this.output.release();
    this.checkQueue();
  }

  readonly #visit = (frame: Frame): void => {
    if (this.#closed) return;
    if (frame.session === 0) this.#linkFrame(frame);
    else if (frame.kind === frames.FRAME_OPEN_SESSION) this.#openSession(frame);
    else {
      // A closed or terminated session: its last requests were on their way.
      const session = this.#sessions.get(frame.session);
      if (session !== undefined) this.#sessionFrame(frame, session);
    }
  };

  #linkFrame(frame: Frame): void {
    const { reader } = frame;
    switch (frame.kind) {
      case frames.FRAME_PROGRAM: {
        const slot = reader.u32();
        if (reader.remaining === 0) {
          this.#programs.forget(slot);
          return;
        }
        const hash = reader.latin1(32);
        this.#programs.define(slot, { hash, bytes: Buffer.from(reader.rest()) });
        return;
      }
      case frames.FRAME_INSTALL: {
        const profile = unpackProfile(frame.copyPayload());
        this.#guard(() => this.#engine.install(profile));
        return;
      }
      case frames.FRAME_CANCEL_KEY: {
        const processId = reader.f64();
        const cancelKey = reader.f64();
        this.#guard(() => this.#engine.cancel(processId, cancelKey));
        return;
      }
      default:
        throw new CodecError(`unknown frame ${frame.kind}`);
    }
  }

  #openSession(frame: Frame): void {
    const id = frame.session;
    if (this.#sessions.has(id)) throw new CodecError('session opened twice');
    const options = unpackSessionOptions(frame.copyPayload());
    const events: SessionEvents = {
      notification: (processId, channel, payload) => {
        if (!this.isOpen(id)) return;
        const writer = this.output.begin(frames.FRAME_NOTIFICATION, id, 0);
        writer.u32(processId);
        writer.text(channel);
        writer.text(payload);
        this.output.end();
      },
      terminated: (error) => this.#terminate(id, error),
    };
    try {
      if (this.#sessions.size >= MAX_SESSIONS) {
        throw new SqlError('sqlserver_rejected_establishment_of_sqlconnection', 'too many sessions');
      }
      this.#sessions.set(id, this.#engine.openSession(options, events));
    } catch (error) {
      if (!(error instanceof SqlError)) this.#options.onError?.(error);
      this.#terminate(id, toSqlError(error));
    }
  }

  #terminate(id: number, error: SqlError): void {
    if (this.#closed) return;
    writeControl(this.output.begin(frames.FRAME_TERMINATED, id, 0), packError(error));
    this.output.end();
  }

  #sessionFrame(frame: Frame, session: EngineSession): void {
    try {
      if (frame.request === 0) this.#sessionEvent(frame, session);
      else this.#request(frame, session);
    } catch (error) {
      if (error instanceof CodecError) throw error;
      // The engine answers errors through the sink: one thrown leaves the session in an unknown state.
      this.#options.onError?.(error);
      this.#terminate(frame.session, toSqlError(error));
      if (this.#sessions.delete(frame.session)) this.#guard(() => session.close());
    }
  }

  readonly #findSlot = (slot: number): ProgramSlot => this.#programs.get(slot);

  #request(frame: Frame, session: EngineSession): void {
    const { reader } = frame;
    const sink = new ServerSink(this, frame.session, frame.request);
    switch (frame.kind) {
      case frames.FRAME_EXECUTE:
        session.execute(readExecute(reader, this.#findSlot), sink);
        return;
      case frames.FRAME_OPEN_PORTAL:
        session.openPortal(readExecute(reader, this.#findSlot), sink);
        return;
      case frames.FRAME_PREPARE: {
        const { slot, types, text } = readPrepare(reader, this.#findSlot);
        session.prepare(slot.program, types, text, sink);
        return;
      }
      case frames.FRAME_DESCRIBE_PORTAL:
        session.describePortal(reader.text(), sink);
        return;
      case frames.FRAME_CLOSE_PORTAL:
        session.closePortal(reader.text(), sink);
        return;
      case frames.FRAME_FETCH: {
        const maxRows = reader.u32();
        session.fetch(reader.text(), maxRows, implicitMode(frame.flags), sink);
        return;
      }
      case frames.FRAME_RESET:
        session.reset(sink);
        return;
      case frames.FRAME_END_GROUP:
        session.endGroup(sink);
        return;
      case frames.FRAME_FAIL:
        session.fail(sink);
        return;
      default:
        throw new CodecError(`unknown frame ${frame.kind}`);
    }
  }

  #sessionEvent(frame: Frame, session: EngineSession): void {
    const { reader } = frame;
    switch (frame.kind) {
      case frames.FRAME_AUTHENTICATE: {
        const mechanism = reader.text();
        const data = Buffer.from(reader.blob());
        const id = frame.session;
        session.authenticate({ mechanism, data }, (reply) => {
          if (!this.isOpen(id)) return;
          writeControl(this.output.begin(frames.FRAME_AUTH_REPLY, id, 0), packAuthReply(reply));
          this.output.end();
        });
        return;
      }
      case frames.FRAME_NAME_STATEMENT:
        session.nameStatement(readNamed(reader, this.#findSlot));
        return;
      case frames.FRAME_FORGET_STATEMENT:
        session.forgetStatement(reader.text());
        return;
      case frames.FRAME_CREDIT:
        session.credit(reader.u32());
        return;
      case frames.FRAME_LOAD: {
        const rowCount = reader.u32();
        // A copy: the engine takes the rows when it gets to them.
        session.load({ rowCount, bytes: Buffer.from(reader.rest()) });
        return;
      }
      case frames.FRAME_LOAD_END:
        session.loadEnd();
        return;
      case frames.FRAME_LOAD_FAIL:
        session.loadFail(reader.text());
        return;
      case frames.FRAME_CANCEL:
        session.cancel();
        return;
      case frames.FRAME_CLOSE_SESSION:
        this.#sessions.delete(frame.session);
        session.close();
        return;
      default:
        throw new CodecError(`unknown frame ${frame.kind}`);
    }
  }
}

/** Serves one worker's connection with `engine`. */
export function serveEngineLink(stream: Duplex, engine: EngineLink, options: LinkServerOptions = {}): ServedLink {
  return new LinkServer(stream, engine, options);
}

/** Serves every connection that `server` accepts; answers a function that closes them all. */
export function serveEngineLinks(server: Server, engine: EngineLink, options: LinkListenerOptions = {}): () => void {
  const links = new Set<ServedLink>();
  server.on('connection', (socket) => {
    const stream = options.adopt === undefined ? socket : options.adopt(socket);
    if (stream === undefined) return;
    const link = serveEngineLink(stream, engine, {
      ...options,
      onClose: () => {
        links.delete(link);
        options.onClose?.();
      },
    });
    links.add(link);
  });
  return () => {
    for (const link of links) link.close();
  };
}
