/**
 * Frames: the unit of traffic between a worker and the engine on their Unix socket. A fixed header
 * and a payload; link-payloads.ts has the payloads. This file knows how frames are gathered into few
 * writes and found again in whatever pieces arrive.
 *
 * | offset | bytes |
 * |--------|-------|
 * | 0      | u16 magic |
 * | 2      | u8 version |
 * | 3      | u8 kind, FRAME_* |
 * | 4      | u16 flags, by kind |
 * | 6      | u16 reserved, 0 |
 * | 8      | u32 session id, 0 = the link itself |
 * | 12     | u32 request id, 0 = none |
 * | 16     | u32 payload length |
 */
import type { Duplex } from 'node:stream';
import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { CodecError } from './codec-error.ts';
import { SqlError } from './sql-error.ts';

export const FRAME_MAGIC = 0x424c; // 'LB'
export const FRAME_VERSION = 2;
export const FRAME_HEADER_BYTES = 20;
/** No payload is larger: more than the largest program. */
export const MAX_FRAME_BYTES = 256 << 20;

// Worker to engine.
export const FRAME_INSTALL = 1;
export const FRAME_OPEN_SESSION = 2;
export const FRAME_AUTHENTICATE = 3;
export const FRAME_PROGRAM = 4;
export const FRAME_PREPARE = 5;
export const FRAME_EXECUTE = 6;
export const FRAME_OPEN_PORTAL = 7;
export const FRAME_DESCRIBE_PORTAL = 8;
export const FRAME_FETCH = 9;
export const FRAME_CLOSE_PORTAL = 10;
export const FRAME_END_GROUP = 11;
export const FRAME_LOAD = 12;
export const FRAME_LOAD_END = 13;
export const FRAME_LOAD_FAIL = 14;
export const FRAME_CREDIT = 15;
export const FRAME_CANCEL = 16;
export const FRAME_CLOSE_SESSION = 17;
export const FRAME_CANCEL_KEY = 18;
export const FRAME_FAIL = 19;
export const FRAME_RESET = 20;
export const FRAME_NAME_STATEMENT = 21;
export const FRAME_FORGET_STATEMENT = 22;

// Engine to worker.
export const FRAME_AUTH_REPLY = 64;
export const FRAME_COLUMNS = 65;
export const FRAME_PARAMETERS = 66;
export const FRAME_ROWS = 67;
export const FRAME_COMPLETE = 68;
export const FRAME_SUSPENDED = 69;
export const FRAME_NOTICE = 70;
export const FRAME_SETTING = 71;
export const FRAME_LOAD_READY = 72;
export const FRAME_ERROR = 73;
export const FRAME_READY = 74;
export const FRAME_NOTIFICATION = 75;
export const FRAME_TERMINATED = 76;
export const FRAME_LOAD_TAKEN = 77;

const NO_BYTES = Buffer.alloc(0);

/**
 * A frame as received. The assembler has one, which it fills anew for every frame: it is valid during
 * the visit only, and so are the bytes it reads from.
 */
export class Frame {
  kind = 0;
  flags = 0;
  session = 0;
  request = 0;
  /** At the start of the payload and bounded by it. */
  readonly reader = new ByteReader(NO_BYTES);

  /** A copy of the payload, for frames so rare that copying costs nothing. */
  copyPayload(): Buffer {
    const { reader } = this;
    return Buffer.from(reader.bytes.subarray(reader.position, reader.end));
  }

  /** Fills the frame from the bytes at .. end. */
  read(bytes: Buffer, at: number, end: number): this {
    this.kind = bytes[at + 3]!;
    this.flags = bytes[at + 4]! | (bytes[at + 5]! << 8);
    this.session = u32At(bytes, at + 8);
    this.request = u32At(bytes, at + 12);
    this.reader.reset(bytes, at + FRAME_HEADER_BYTES, end);
    return this;
  }
}

function u32At(bytes: Buffer, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

/** Storage of a partial frame starts here and doubles as bytes arrive: a lying length costs nothing. */
const INITIAL_PARTIAL_BYTES = 64 << 10;

/** Finds the frames in a stream of chunks, which the caller may reuse after `push`. */
export class FrameAssembler {
  readonly #maxPayload: number;
  readonly #frame = new Frame();
  #partial: Buffer | undefined;
  #have = 0;

  constructor(maxPayload = MAX_FRAME_BYTES) {
    this.#maxPayload = maxPayload;
  }

  /** Bytes held back until their frame is complete. */
  get pendingBytes(): number {
    return this.#have;
  }

  /** Calls `visit` for every frame completed by `chunk`. Throws CodecError when the stream is not frames. */
  push(chunk: Buffer, visit: (frame: Frame) => void): void {
    let at = 0;
    if (this.#partial !== undefined) {
      at = this.#continuePartial(this.#partial, chunk, visit);
      if (at < 0) return;
    }
    while (chunk.length - at >= FRAME_HEADER_BYTES) {
      const end = at + FRAME_HEADER_BYTES + this.#payloadLength(chunk, at);
      if (end > chunk.length) break;
      const start = at;
      at = end;
      visit(this.#frame.read(chunk, start, end));
    }
    if (at < chunk.length) this.#keep(chunk, at);
  }

  /** Adds to the partial frame; answers where the next frame starts in `chunk`, or -1 if all was used up. */
  #continuePartial(held: Buffer, chunk: Buffer, visit: (frame: Frame) => void): number {
    let partial = held;
    let at = 0;
    if (this.#have < FRAME_HEADER_BYTES) {
      at = chunk.copy(partial, this.#have, 0, FRAME_HEADER_BYTES - this.#have);
      this.#have += at;
      if (this.#have < FRAME_HEADER_BYTES) return -1;
    }
    const total = FRAME_HEADER_BYTES + this.#payloadLength(partial, 0);
    const take = Math.min(total - this.#have, chunk.length - at);
    if (this.#have + take > partial.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(total, Math.max(this.#have + take, partial.length * 2)));
      partial.copy(grown, 0, 0, this.#have);
      partial = grown;
      this.#partial = grown;
    }
    chunk.copy(partial, this.#have, at, at + take);
    this.#have += take;
    if (this.#have < total) return -1;
    this.#partial = undefined;
    this.#have = 0;
    visit(this.#frame.read(partial, 0, total));
    return at + take;
  }

  #keep(chunk: Buffer, at: number): void {
    const rest = chunk.length - at;
    const total = rest >= FRAME_HEADER_BYTES ? FRAME_HEADER_BYTES + this.#payloadLength(chunk, at) : FRAME_HEADER_BYTES;
    this.#partial = Buffer.allocUnsafeSlow(Math.max(FRAME_HEADER_BYTES, rest, Math.min(total, INITIAL_PARTIAL_BYTES)));
    chunk.copy(this.#partial, 0, at);
    this.#have = rest;
  }

  #payloadLength(bytes: Buffer, at: number): number {
    if (bytes[at]! !== (FRAME_MAGIC & 255) || bytes[at + 1]! !== FRAME_MAGIC >> 8) throw new CodecError('not a frame');
    if (bytes[at + 2] !== FRAME_VERSION) throw new CodecError('frame of another version');
    if (bytes[at + 6] !== 0 || bytes[at + 7] !== 0) throw new CodecError('reserved bytes of a frame are not 0');
    const length = u32At(bytes, at + 16);
    if (length > this.#maxPayload) throw new CodecError('frame too large');
    return length;
  }
}

/** More than this is written without waiting for the end of the tick. */
const FLUSH_BYTES = 256 << 10;
const BUFFER_BYTES = 64 << 10;

/**
 * Gathers outgoing frames and writes them once per tick. Between `begin` and `end` the payload is
 * written through `writer`.
 */
export class FrameOutput {
  readonly writer = new ByteWriter(BUFFER_BYTES, 1 << 30);
  readonly #stream: Duplex;
  #frameStart = 0;
  #open = false;
  #scheduled = false;
  #held = false;
  #closed = false;

  constructor(stream: Duplex) {
    this.#stream = stream;
  }

  /** Bytes accepted but not yet taken by the operating system. */
  get queuedBytes(): number {
    return this.writer.position + this.#stream.writableLength;
  }

  begin(kind: number, session: number, request: number, flags = 0): ByteWriter {
    // A frame that was never ended failed half-way: it must not reach the other end.
    this.abandon();
    const writer = this.writer;
    this.#frameStart = writer.position;
    this.#open = true;
    writer.reserve(FRAME_HEADER_BYTES);
    const at = writer.position;
    writer.setU32(at, FRAME_MAGIC | (FRAME_VERSION << 16) | (kind << 24));
    writer.setU32(at + 4, flags);
    writer.setU32(at + 8, session);
    writer.setU32(at + 12, request);
    writer.position = at + FRAME_HEADER_BYTES;
    return writer;
  }

  /** Completes the frame; throws SqlError, and takes the frame back, when it is too large to be received. */
  end(): void {
    const writer = this.writer;
    const length = writer.position - this.#frameStart - FRAME_HEADER_BYTES;
    if (length > MAX_FRAME_BYTES) {
      this.abandon();
      throw new SqlError('program_limit_exceeded', {
        message: `message of more than ${MAX_FRAME_BYTES} bytes`,
        variant: 'message_size',
        args: { limit: MAX_FRAME_BYTES },
      });
    }
    writer.setU32(this.#frameStart + 16, length);
    this.#open = false;
    if (this.#closed) writer.position = 0;
    else if (writer.position >= FLUSH_BYTES) this.flush();
    else if (!this.#scheduled && !this.#held) {
      this.#scheduled = true;
      setImmediate(this.#flushScheduled);
    }
  }

  /** Frames until `release` leave together: the answers to all that arrived at once. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.flush();
  }

  /** Takes back the frame begun, if one is: its payload could not be written. */
  abandon(): void {
    if (this.#open) this.writer.position = this.#frameStart;
    this.#open = false;
  }

  /** A frame without payload. */
  empty(kind: number, session: number, request: number, flags = 0): void {
    this.begin(kind, session, request, flags);
    this.end();
  }

  readonly #flushScheduled = (): void => {
    this.#scheduled = false;
    this.flush();
  };

  flush(): void {
    this.abandon();
    const writer = this.writer;
    if (writer.position === 0) return;
    if (this.#closed || this.#stream.destroyed) {
      writer.position = 0;
      return;
    }
    const capacity = writer.bytes.length;
    this.#stream.write(writer.bytes.subarray(0, writer.position));
    // A socket usually takes everything at once, and then the storage is free again.
    if (this.#stream.writableLength === 0 && capacity <= FLUSH_BYTES * 4) writer.position = 0;
    else writer.replaceStorage(BUFFER_BYTES);
  }

  /** Drops what is not written yet and whatever comes. */
  close(): void {
    this.#closed = true;
    this.writer.position = 0;
  }
}
