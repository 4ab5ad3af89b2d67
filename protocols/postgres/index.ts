/** The door of the Postgres protocol: what the worker's composition root uses. */
export { PostgresConnection, type PostgresConnectionOptions, type StatementCompiler } from './connection.ts';
export type { ClientSocket, ConnectionLog } from '../shared/client-connection.ts';
export type { AuthenticationMethod } from './auth.ts';
export { DEFAULT_LIMITS, type ConnectionLimits } from './limits.ts';
