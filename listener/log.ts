/** The logger as the listener needs it; pino's logger fits, and so does a silent object in tests. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
