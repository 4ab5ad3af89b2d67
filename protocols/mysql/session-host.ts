/** What the session of a connection needs of what is around it: the compiler, and the connection that carries it. */
import type { CompileRequest, CompileResult } from '../../sblr/contract/dialect.ts';
import type { ConnectionLimits } from './limits.ts';
import type { PacketWriter } from './packets.ts';

export interface StatementCompiler {
  compile(request: CompileRequest): CompileResult;
}

/** What the session needs of the connection that carries it. */
export interface SessionHost {
  readonly packets: PacketWriter;
  readonly limits: ConnectionLimits;
  readonly blocked: boolean;
  outputGrown(urgent: boolean): void;
  answered(): void;
  proceed(): void;
  broken(error: unknown): void;
  /** The conversation is over: ends the connection once all is sent. */
  close(): void;
}
