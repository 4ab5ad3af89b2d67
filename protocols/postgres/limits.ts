/** Bounds of a client connection. Everything a client can make grow has one. */
export interface ConnectionLimits {
  /** Largest start-up packet; a larger one is not from a client of ours. */
  readonly startupPacketBytes: number;
  /** Largest message before authentication is done. */
  readonly authenticationMessageBytes: number;
  /** Largest message of an authenticated client. */
  readonly messageBytes: number;
  /** Input beyond this is left in the socket while a statement runs. */
  readonly inputBufferBytes: number;
  /** Output is handed to the socket from this size on, else at the end of a request. */
  readonly outputFlushBytes: number;
  readonly preparedStatements: number;
  readonly portals: number;
  /** Statements in one query message. */
  readonly queryStatements: number;
  /** From accept to the end of authentication. */
  readonly authenticationTimeoutMs: number;
  /** Without any message from the client, outside a statement; 0 = for ever. */
  readonly idleTimeoutMs: number;
}

export const DEFAULT_LIMITS: ConnectionLimits = {
  startupPacketBytes: 10_000,
  authenticationMessageBytes: 65_535,
  messageBytes: 256 << 20,
  inputBufferBytes: 1 << 20,
  outputFlushBytes: 64 << 10,
  preparedStatements: 10_000,
  portals: 10_000,
  queryStatements: 100_000,
  authenticationTimeoutMs: 60_000,
  idleTimeoutMs: 0,
};
