/** The MySQL golden files over the wire: client, worker process, engine process. */
import { afterAll, beforeAll } from 'vitest';
import { startServer, type TestServer } from '../harness/index.ts';
import { testGoldenFiles } from './golden-runner.ts';
import { mysqlGoldens } from './mysql-goldens.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ mysql: true, config: { durability: 'relaxed' } });
});
afterAll(async () => {
  await server?.stop();
});

testGoldenFiles(mysqlGoldens, () => server.mysqlUrl);
