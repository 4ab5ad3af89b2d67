/** The golden files with everything in this one process, engine included. */
import { afterAll, beforeAll } from 'vitest';
import { openEmbedded, type TestDatabase } from '../harness/embedded.ts';
import { postgresGoldens, testGoldenFiles } from './golden-runner.ts';

let database: TestDatabase;
let url: string;
beforeAll(async () => {
  database = await openEmbedded();
  const [address] = await database.db.listen();
  url = `postgres://postgres:${encodeURIComponent(database.db.password)}@127.0.0.1:${address!.port}/postgres`;
});
afterAll(async () => {
  await database?.close();
});

testGoldenFiles(postgresGoldens, () => url);
