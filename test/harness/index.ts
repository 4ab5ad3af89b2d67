/** Helpers for all tests. */
export { type PostgresOracle, POSTGRES_BIN, postgresInstalled, sharedPostgres, skipWithoutPostgres, startPostgres } from './postgres-oracle.ts';
export { freePort, removeFolder, temporaryFolder } from './ports.ts';
export { isRunning, PROGRAM, ROOT, runProgram, type ServerOptions, startServer, type TestServer, until } from './server.ts';
