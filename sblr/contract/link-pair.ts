/**
 * A link within one process that still goes through frames: what tests use to run the whole path
 * without sockets.
 */
import { Duplex } from 'node:stream';
import { SocketEngineLink } from './link-client.ts';
import { serveEngineLink, type LinkServerOptions, type ServedLink } from './link-server.ts';
import type { EngineLink } from './session.ts';

export interface PairOptions extends LinkServerOptions {
  /** Cuts every chunk into pieces of so many bytes. */
  readonly chunkBytes?: number;
}

/** Two streams, each reading what the other writes. */
export function duplexPair(chunkBytes = Infinity): [Duplex, Duplex] {
  const make = (other: () => Duplex): Duplex =>
    new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        // A copy, as a socket makes one: the writer reuses its storage. And never inside the write.
        const copy = Buffer.from(chunk);
        process.nextTick(() => {
          for (let at = 0; at < copy.length && !other().destroyed; at += chunkBytes) {
            other().push(copy.subarray(at, Math.min(copy.length, at + chunkBytes)));
            if (chunkBytes === Infinity) break;
          }
          done();
        });
      },
      final(done) {
        if (!other().destroyed) other().push(null);
        done();
      },
      destroy(error, done) {
        const peer = other();
        if (!peer.destroyed && !peer.readableEnded) peer.push(null);
        done(error);
      },
    });
  const left: Duplex = make(() => right);
  const right: Duplex = make(() => left);
  return [left, right];
}

export function createPairedLink(
  engine: EngineLink,
  options: PairOptions = {},
): { link: SocketEngineLink; served: ServedLink } {
  const [left, right] = duplexPair(options.chunkBytes);
  const served = serveEngineLink(right, engine, options);
  return { link: new SocketEngineLink(left), served };
}
