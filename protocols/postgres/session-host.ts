/** What the conversation after authentication needs of the connection that carries it. */
import type { NetworkWriter } from '../shared/byte-writer.ts';
import type { FrameBuffer } from '../shared/framing.ts';
import type { ConnectionLimits } from './limits.ts';

export interface SessionHost {
  readonly writer: NetworkWriter;
  readonly input: FrameBuffer;
  readonly limits: ConnectionLimits;
  /** True while the client does not take output. */
  readonly blocked: boolean;
  /** Output grew in the middle of an answer: hand it over if it is large, or now if `urgent`. */
  outputGrown(urgent: boolean): void;
  /** An answer is complete. */
  answered(): void;
  /** The engine's answer is complete: go on with the input. */
  proceed(): void;
  /** A bug or a broken link: the connection cannot go on. */
  broken(error: unknown): void;
}
