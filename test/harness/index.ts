/** Helpers of all tests; test/harness/embedded.ts is imported by itself, since it loads the whole engine. */
export {
  type PostgresOracle,
  POSTGRES_BIN,
  postgresInstalled,
  sharedPostgres,
  skipWithoutPostgres,
  startPostgres,
} from './postgres-oracle.ts';
export { mariadbInstalled, type MariadbOracle, skipWithoutMariadb, startMariadb } from './mariadb-oracle.ts';
export { freePort, removeFolder, temporaryFolder } from './ports.ts';
export {
  isRunning,
  PROGRAM,
  ROOT,
  runProgram,
  type ServerOptions,
  startServer,
  type TestServer,
  until,
} from './server.ts';
