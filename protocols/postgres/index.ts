/** The door of the Postgres protocol: what the worker's composition root uses. */
export {
  PostgresConnection,
  type ConnectionLog,
  type PostgresConnectionOptions,
  type StatementCompiler,
} from './connection.ts';
export type { AuthenticationMethod } from './auth.ts';
export type { ClientSocket } from './client-socket.ts';
export { DEFAULT_LIMITS, type ConnectionLimits } from './limits.ts';
