/** The door of the MySQL protocol: what the worker's composition root uses. */
export { MysqlConnection, type MysqlConnectionOptions } from './connection.ts';
export type { StatementCompiler } from './session-host.ts';
export { type ConnectionLimits, DEFAULT_LIMITS } from './limits.ts';
