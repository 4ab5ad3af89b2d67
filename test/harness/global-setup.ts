/**
 * Runs once per test run, in the main process: keeps the run's temporary folder and the shared real PostgreSQL. It is started only
 * when the first suite asks for it (over a loopback port, since suites are processes of their own) and
 * stopped at the end.
 */
import http from 'node:http';
import { chmodSync } from 'node:fs';
import { removeFolder, temporaryFolder } from './ports.ts';
import { type PostgresOracle, startPostgres } from './postgres-oracle.ts';

export async function setup(): Promise<() => Promise<void>> {
  const folder = temporaryFolder('lyrebird-run-');
  // The oracle runs as another user and must reach its own folder in it.
  chmodSync(folder, 0o711);
  process.env['LYREBIRD_TEST_FOLDER'] = folder;
  let oracle: Promise<PostgresOracle> | undefined;
  const server = http.createServer((_request, response) => {
    oracle ??= startPostgres();
    oracle.then(
      ({ port, url }) => response.end(JSON.stringify({ port, url })),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address === 'object' && address !== null)
    process.env['LYREBIRD_ORACLE_CONTROL'] = `http://127.0.0.1:${address.port}/`;
  return async () => {
    server.close();
    server.closeAllConnections();
    await (await oracle?.catch(() => undefined))?.stop();
    removeFolder(folder);
  };
}
