/**
 * Every script of interleaved sessions, against the server and against a real PostgreSQL 15 where there is
 * one: both must answer as recorded. With LYREBIRD_RECORD=1 the real server's answers are recorded anew.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sharedPostgres, skipWithoutPostgres, startServer, type TestServer } from '../harness/index.ts';
import { readScripts, scriptFiles, writeScripts } from './script-file.ts';
import { prepareDatabase, runScript } from './script-runner.ts';

const RECORD = process.env['LYREBIRD_RECORD'] === '1';
const files = scriptFiles.map((file) => ({ file, scripts: readScripts(file) }));
const cases = files.flatMap(({ file, scripts }) =>
  scripts.flatMap((script) => script.levels.map((level) => ({ file, script, name: script.name, level }))),
);

describe.skipIf(RECORD)('Lyrebird', () => {
  let server: TestServer;
  let address: string;
  beforeAll(async () => {
    server = await startServer({ config: { durability: 'relaxed' } });
    address = await prepareDatabase(server.url, 'isolation');
  });
  afterAll(async () => {
    await server?.stop();
  });

  test.each(cases)('$name ($level)', async ({ script, level }) => {
    expect(script.expected.get(level), 'the script has been recorded').toBeDefined();
    expect(await runScript(address, script, level)).toEqual(script.expected.get(level));
  });
});

describe.skipIf(skipWithoutPostgres('isolation scripts against PostgreSQL'))('PostgreSQL', () => {
  let address: string;
  beforeAll(async () => {
    address = await prepareDatabase((await sharedPostgres()).url, 'isolation');
  });

  test.each(cases)('$name ($level)', async ({ script, level }) => {
    const answers = await runScript(address, script, level);
    if (RECORD) script.expected.set(level, answers);
    else expect(answers).toEqual(script.expected.get(level));
  });

  test.runIf(RECORD)('is recorded', () => {
    for (const { file, scripts } of files) writeScripts(file, scripts);
  });
});
