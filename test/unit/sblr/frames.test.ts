/**
 * Frames: found again however the stream is cut, refused when they are none, written once per tick.
 */
import { Duplex } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodecError } from '../../../sblr/contract/codec-error.ts';
import { FRAME_HEADER_BYTES, FrameAssembler, FrameOutput, MAX_FRAME_BYTES } from '../../../sblr/contract/frames.ts';

interface Sent {
  readonly kind: number;
  readonly flags: number;
  readonly session: number;
  readonly request: number;
  readonly payload: Buffer;
}

class Sink extends Duplex {
  readonly chunks: Buffer[] = [];
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.chunks.push(Buffer.from(chunk));
    done();
  }
}

function encode(sent: readonly Sent[]): Buffer {
  const sink = new Sink();
  const output = new FrameOutput(sink);
  for (const { kind, flags, session, request, payload } of sent) {
    output.begin(kind, session, request, flags).raw(payload);
    output.end();
  }
  output.flush();
  return Buffer.concat(sink.chunks);
}

const u32 = fc.integer({ min: 0, max: 0xffffffff });
const anyFrames = fc.array(
  fc.record({
    kind: fc.nat(255),
    flags: fc.nat(65535),
    session: u32,
    request: u32,
    payload: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  }),
  { maxLength: 12 },
);

/** Every chunk is overwritten once pushed, as the buffer of a socket is. */
function collect(assembler: FrameAssembler, chunks: Iterable<Buffer>): Sent[] {
  const found: Sent[] = [];
  for (const chunk of chunks) {
    const reused = Buffer.from(chunk);
    assembler.push(reused, (frame) => {
      const { kind, flags, session, request } = frame;
      found.push({ kind, flags, session, request, payload: frame.copyPayload() });
    });
    reused.fill(0xff);
  }
  return found;
}

function* cut(bytes: Buffer, sizes: readonly number[]): Iterable<Buffer> {
  let at = 0;
  for (let index = 0; at < bytes.length; index++) {
    const size = sizes[index % sizes.length] as number;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

describe('frames', () => {
  it('arrive whole however the stream is cut', () => {
    fc.assert(
      fc.property(
        anyFrames,
        fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 5 }),
        (sent, sizes) => {
          expect(collect(new FrameAssembler(), cut(encode(sent), sizes))).toEqual(sent);
          expect(collect(new FrameAssembler(), cut(encode(sent), [1]))).toEqual(sent);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('of megabytes arrive byte-exact in small pieces', () => {
    const payload = Buffer.alloc(3_000_000, 'lyrebird');
    const sent = [{ kind: 1, flags: 0, session: 2, request: 3, payload }];
    const [frame] = collect(new FrameAssembler(), cut(encode(sent), [20, 7, 65536, 1000]));
    expect(frame?.payload.equals(payload)).toBe(true);
  });

  it('cut short at any byte are never delivered', () => {
    const bytes = encode([{ kind: 1, flags: 0, session: 2, request: 3, payload: Buffer.from('payload') }]);
    for (let length = 0; length < bytes.length; length++) {
      const assembler = new FrameAssembler();
      expect(collect(assembler, [bytes.subarray(0, length)])).toEqual([]);
      expect(assembler.pendingBytes).toBe(length);
    }
  });

  it('that are too large are refused before they are stored', () => {
    const header = encode([{ kind: 1, flags: 0, session: 0, request: 0, payload: Buffer.alloc(0) }]);
    header.writeUInt32LE(MAX_FRAME_BYTES + 1, 16);
    for (const sizes of [[FRAME_HEADER_BYTES], [1]]) {
      expect(() => collect(new FrameAssembler(), cut(header, sizes))).toThrow(CodecError);
    }
    const assembler = new FrameAssembler(100);
    expect(() =>
      collect(assembler, [encode([{ kind: 1, flags: 0, session: 0, request: 0, payload: Buffer.alloc(101) }])]),
    ).toThrow(CodecError);
  });

  it('of another magic, version or with reserved bytes are refused', () => {
    const good = encode([{ kind: 1, flags: 0, session: 0, request: 0, payload: Buffer.alloc(0) }]);
    for (const at of [0, 1, 2, 6, 7]) {
      const bad = Buffer.from(good);
      bad[at] = 99;
      expect(() => collect(new FrameAssembler(), [bad])).toThrow(CodecError);
    }
  });

  it('random bytes throw nothing but CodecError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          collect(new FrameAssembler(), [Buffer.from(bytes)]);
        } catch (error) {
          expect(error).toBeInstanceOf(CodecError);
        }
      }),
    );
  });

  it('leave in one write per tick', async () => {
    const sink = new Sink();
    const output = new FrameOutput(sink);
    for (let index = 0; index < 100; index++) output.empty(74, 1, index);
    expect(sink.chunks).toHaveLength(0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(sink.chunks).toHaveLength(1);
    expect(collect(new FrameAssembler(), sink.chunks)).toHaveLength(100);
  });

  it('begun and not ended never leave', () => {
    const sink = new Sink();
    const output = new FrameOutput(sink);
    output.empty(1, 0, 0);
    output.begin(2, 0, 0).text('half');
    output.flush();
    output.begin(3, 0, 0).text('half');
    output.empty(4, 0, 0);
    output.abandon();
    output.flush();
    expect(collect(new FrameAssembler(), sink.chunks).map((frame) => frame.kind)).toEqual([1, 4]);
  });

  it('keep what a slow stream has not taken yet intact', async () => {
    const received: Buffer[] = [];
    const slow = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        setTimeout(() => {
          received.push(Buffer.from(chunk));
          done();
        }, 1);
      },
    });
    const output = new FrameOutput(slow);
    const sent: Sent[] = [];
    for (let index = 0; index < 20; index++) {
      const payload = Buffer.alloc(1000 * index, index);
      sent.push({ kind: 1, flags: 0, session: 0, request: index, payload });
      output.begin(1, 0, index).raw(payload);
      output.end();
      output.flush();
    }
    const total = sent.reduce((bytes, { payload }) => bytes + FRAME_HEADER_BYTES + payload.length, 0);
    await expect.poll(() => received.reduce((bytes, chunk) => bytes + chunk.length, 0), { timeout: 5000 }).toBe(total);
    expect(collect(new FrameAssembler(), received)).toEqual(sent);
  });
});
