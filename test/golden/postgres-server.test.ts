/** The golden files over the wire: client, worker process, engine process. */
import { afterAll, beforeAll } from 'vitest';
import { startServer, type TestServer } from '../harness/index.ts';
import { postgresGoldens, testGoldenFiles } from './golden-runner.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startServer({ config: { durability: 'relaxed' } });
});
afterAll(async () => {
  await server?.stop();
});

testGoldenFiles(postgresGoldens, () => server.url);
