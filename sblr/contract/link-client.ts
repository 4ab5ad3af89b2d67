/**
 * The worker's end of the link to the engine: EngineLink over a socket. Sessions write frames, which
 * leave once per tick; replies are dispatched to the sinks in the order of the requests. If the engine
 * goes away every request under way is answered with an error, every session is told, and then the
 * handlers of `onLost` run.
 */
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { CodecError } from './codec-error.ts';
import * as frames from './frames.ts';
import { FrameAssembler, FrameOutput, type Frame } from './frames.ts';
import { ClientSession, type ClientLinkState } from './link-client-session.ts';
import { readColumns, writeControl } from './link-payloads.ts';
import { ProgramSender } from './link-programs.ts';
import type {
  DialectProfile,
  EngineLink,
  EngineSession,
  ProgramRef,
  ResultColumn,
  SessionEvents,
  SessionOptions,
} from './session.ts';
import { SqlError } from './sql-error.ts';

/** As many column lists as the other end may number. */
export const MAX_COLUMN_SLOTS = 1024;
/** Bytes read from the engine at most at once. */
const READ_BYTES = 64 << 10;

export class SocketEngineLink implements EngineLink, ClientLinkState {
  readonly output: FrameOutput;
  readonly programs: ProgramSender;
  readonly #stream: Duplex;
  readonly #assembler = new FrameAssembler();
  readonly #sessions = new Map<number, ClientSession>();
  readonly #columnSlots: (readonly ResultColumn[] | undefined)[] = [];
  /** Hash of the profile installed per dialect. */
  readonly #installed = new Map<string, string>();
  readonly #lostHandlers: (() => void)[] = [];
  #nextSession = 1;
  #loss: SqlError | undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
    this.output = new FrameOutput(stream);
    this.programs = new ProgramSender({
      define: (slot, program) => this.#define(slot, program),
      forget: (slot) => this.#forget(slot),
    });
    stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    stream.on('error', () => this.#lose(engineLost()));
    stream.on('close', () => this.#lose(engineLost()));
    stream.on('end', () => this.#lose(engineLost()));
  }

  /** The error of the loss, once the engine is gone. */
  get loss(): SqlError | undefined {
    return this.#loss;
  }

  install(profile: DialectProfile): void {
    if (this.#loss !== undefined || this.#installed.get(profile.dialect) === profile.hash) return;
    this.#installed.set(profile.dialect, profile.hash);
    writeControl(this.output.begin(frames.FRAME_INSTALL, 0, 0), profile);
    this.output.end();
  }

  openSession(options: SessionOptions, events: SessionEvents): EngineSession {
    const id = this.#freshSessionId();
    const session = new ClientSession(this, id, events);
    if (this.#loss !== undefined) {
      const loss = this.#loss;
      setImmediate(() => session.lose(loss));
      return session;
    }
    this.#sessions.set(id, session);
    writeControl(this.output.begin(frames.FRAME_OPEN_SESSION, id, 0), options);
    this.output.end();
    return session;
  }

  cancel(processId: number, cancelKey: number): void {
    if (this.#loss !== undefined) return;
    const writer = this.output.begin(frames.FRAME_CANCEL_KEY, 0, 0);
    writer.f64(processId);
    writer.f64(cancelKey);
    this.output.end();
    // A cancel is late already.
    this.output.flush();
  }

  onLost(handler: () => void): void {
    if (this.#loss === undefined) this.#lostHandlers.push(handler);
    else setImmediate(handler);
  }

  close(): void {
    this.output.flush();
    this.#stream.end();
    this.#lose(new SqlError('connection_failure', 'the connection to the engine was closed'));
  }

  removeSession(id: number): void {
    this.#sessions.delete(id);
  }

  /** The column list of a COLUMNS frame, which is either numbered now or known by its number. */
  columnsOf(frame: Frame): readonly ResultColumn[] {
    const { reader } = frame;
    const slot = reader.u32();
    if (slot >= MAX_COLUMN_SLOTS) throw new CodecError('column slot out of range');
    if (reader.remaining === 0) {
      const known = this.#columnSlots[slot];
      if (known === undefined) throw new CodecError('unknown column list');
      return known;
    }
    const columns = readColumns(reader);
    reader.expectEnd();
    while (this.#columnSlots.length <= slot) this.#columnSlots.push(undefined);
    this.#columnSlots[slot] = columns;
    return columns;
  }

  #freshSessionId(): number {
    let id = this.#nextSession;
    while (this.#sessions.has(id)) id = id === 0xffffffff ? 1 : id + 1;
    this.#nextSession = id === 0xffffffff ? 1 : id + 1;
    return id;
  }

  #define(slot: number, program: ProgramRef): void {
    const writer = this.output.begin(frames.FRAME_PROGRAM, 0, 0);
    writer.u32(slot);
    if (program.hash.length !== 32) throw new TypeError('a program hash has 32 characters');
    for (let index = 0; index < 32; index++) writer.u8(program.hash.charCodeAt(index));
    writer.raw(program.bytes);
    this.output.end();
  }

  #forget(slot: number): void {
    this.output.begin(frames.FRAME_PROGRAM, 0, 0).u32(slot);
    this.output.end();
  }

  #receive(chunk: Buffer): void {
    if (this.#loss !== undefined) return;
    try {
      this.#assembler.push(chunk, this.#visit);
    } catch (error) {
      this.#lose(new SqlError('connection_failure', `the engine sent what is no frame: ${String(error)}`));
    }
  }

  readonly #visit = (frame: Frame): void => {
    if (this.#loss !== undefined) return;
    try {
      this.#dispatch(frame);
    } catch (error) {
      if (error instanceof CodecError) throw error;
      // A bug in the receiver of a reply, not the link's: the other sessions' frames must still arrive.
      setImmediate(() => {
        throw error;
      });
    }
  };

  #dispatch(frame: Frame): void {
    if (frame.session === 0) throw new CodecError('frame for no session');
    const session = this.#sessions.get(frame.session);
    // Replies to a session that closed meanwhile go nowhere, but their column lists still count.
    if (session !== undefined) session.receive(frame);
    else if (frame.kind === frames.FRAME_COLUMNS) this.columnsOf(frame);
  }

  #lose(error: SqlError): void {
    if (this.#loss !== undefined) return;
    this.#loss = error;
    this.output.close();
    if (!this.#stream.writableEnded) this.#stream.destroy();
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    for (const session of sessions) session.lose(error);
    for (const handler of this.#lostHandlers.splice(0)) handler();
  }
}

function engineLost(): SqlError {
  return new SqlError('crash_shutdown', 'the engine ended unexpectedly');
}

/** Connects to the engine's socket. */
export function connectEngineLink(path: string): Promise<SocketEngineLink> {
  return new Promise((resolve, reject) => {
    // Reads into one buffer: what a 'data' event carries is valid during the event only.
    const socket: Socket = connect({
      path,
      onread: {
        buffer: Buffer.allocUnsafeSlow(READ_BYTES),
        callback: (count, buffer) => {
          socket.emit('data', buffer.subarray(0, count));
          return true;
        },
      },
    });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(new SocketEngineLink(socket));
    });
  });
}
