/** Bounds of a client connection. Everything a client can make grow has one. */
export interface ConnectionLimits {
  /** Largest payload before authentication is done. */
  readonly handshakeBytes: number;
  /** Largest command of an authenticated client (max_allowed_packet). */
  readonly messageBytes: number;
  /** Input beyond this is left in the socket while a statement runs. */
  readonly inputBufferBytes: number;
  /** Output is handed to the socket from this size on, else at the end of a request. */
  readonly outputFlushBytes: number;
  readonly preparedStatements: number;
  /** Errors and warnings of a statement that are kept for SHOW WARNINGS (max_error_count). */
  readonly diagnostics: number;
  /** From accept to the end of authentication. */
  readonly authenticationTimeoutMs: number;
}

export const DEFAULT_LIMITS: ConnectionLimits = {
  handshakeBytes: 1 << 20,
  messageBytes: 64 << 20,
  inputBufferBytes: 1 << 20,
  outputFlushBytes: 64 << 10,
  preparedStatements: 16_382,
  diagnostics: 1024,
  authenticationTimeoutMs: 10_000,
};
