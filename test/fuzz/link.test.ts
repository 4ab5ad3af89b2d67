/**
 * Frames with right headers and random insides, at both ends of the link: the end that gets one goes
 * on or gives the link up, and nothing else is ever thrown.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CodecError } from '../../sblr/contract/codec-error.ts';
import { FRAME_VERSION } from '../../sblr/contract/frames.ts';
import { SocketEngineLink } from '../../sblr/contract/link-client.ts';
import { duplexPair } from '../../sblr/contract/link-pair.ts';
import { serveEngineLink } from '../../sblr/contract/link-server.ts';
import type { EngineLink, EngineSession, ReplySink } from '../../sblr/contract/session.ts';

const ready = (sink: ReplySink): void => sink.ready('idle');
const session: EngineSession = {
  authenticate: (_request, reply) => reply({ kind: 'continue', data: Buffer.alloc(0) }),
  prepare: (_program, _types, _text, sink) => ready(sink),
  execute: (_request, sink) => ready(sink),
  openPortal: (_request, sink) => ready(sink),
  nameStatement: () => {},
  forgetStatement: () => {},
  describePortal: (_portal, sink) => ready(sink),
  fetch: (_portal, _maxRows, _implicit, sink) => ready(sink),
  closePortal: (_portal, sink) => ready(sink),
  endGroup: ready,
  reset: ready,
  fail: ready,
  load: () => {},
  loadEnd: () => {},
  loadFail: () => {},
  credit: () => {},
  cancel: () => {},
  close: () => {},
};
const engine: EngineLink = {
  install: () => {},
  openSession: () => session,
  cancel: () => {},
  onLost: () => {},
  close: () => {},
};

const small = fc.nat(3);
const anyFrame = fc
  .tuple(
    fc.oneof(fc.integer({ min: 1, max: 19 }), fc.integer({ min: 64, max: 77 }), fc.nat(255)),
    fc.nat(3),
    small,
    small,
    fc.uint8Array({ maxLength: 60 }),
  )
  .map(([kind, flags, sessionId, request, payload]) => {
    const bytes = Buffer.alloc(20 + payload.length);
    bytes.writeUInt16LE(0x424c, 0);
    bytes[2] = FRAME_VERSION;
    bytes[3] = kind;
    bytes.writeUInt16LE(flags, 4);
    bytes.writeUInt32LE(sessionId, 8);
    bytes.writeUInt32LE(request, 12);
    bytes.writeUInt32LE(payload.length, 16);
    bytes.set(payload, 20);
    return bytes;
  });

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('the engine end survives any frames', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyFrame, { maxLength: 6 }), async (sent) => {
      const [left, right] = duplexPair();
      const errors: unknown[] = [];
      serveEngineLink(right, engine, { onError: (error) => errors.push(error) });
      for (const bytes of sent) left.write(bytes);
      await tick();
      for (const error of errors) expect(error).toBeInstanceOf(CodecError);
      left.destroy();
    }),
    { numRuns: 1500 },
  );
});

it('the worker end survives any frames and answers every request', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyFrame, { maxLength: 6 }), async (sent) => {
      const [left, right] = duplexPair();
      const link = new SocketEngineLink(left);
      let answered = 0;
      const ignore = (): void => {};
      const sink: ReplySink = {
        columns: ignore,
        parameters: ignore,
        rows: ignore,
        complete: ignore,
        suspended: ignore,
        notice: ignore,
        setting: ignore,
        loadReady: ignore,
        error: ignore,
        ready: () => answered++,
      };
      const opened = link.openSession(
        { dialect: 'd', user: 'u', database: 'b', clientAddress: '', settings: {} },
        { notification: ignore, terminated: ignore },
      );
      opened.endGroup(sink);
      opened.endGroup(sink);
      for (const bytes of sent) right.write(bytes);
      await tick();
      link.close();
      expect(answered).toBe(2);
    }),
    { numRuns: 1500 },
  );
});
