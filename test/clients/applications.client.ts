/**
 * Applications as people write them with postgres.js, kysely, knex and drizzle: each script (test/clients/applications)
 * migrates, inspects, queries and fails on purpose, once against Lyrebird and once against a real PostgreSQL 15; what
 * it prints must be the same.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import pg from 'pg';
import {
  type PostgresOracle,
  ROOT,
  removeFolder,
  skipWithoutPostgres,
  startPostgres,
  startServer,
  temporaryFolder,
  type TestServer,
} from '../harness/index.ts';

const SCRIPTS = ['postgres-js', 'kysely', 'knex', 'drizzle', 'drizzle-kit'];
const SCRIPT_TIMEOUT_MS = 50_000;

describe.skipIf(skipWithoutPostgres('applications'))('applications', () => {
  let server: TestServer;
  let oracle: PostgresOracle;
  const folder = temporaryFolder();

  beforeAll(async () => {
    [server, oracle] = [await startServer(), await startPostgres()];
  });
  afterAll(async () => {
    await server?.stop();
    await oracle?.stop();
    removeFolder(folder);
  });

  async function run(script: string, port: number, password: string): Promise<string> {
    const database = script.replaceAll('-', '_');
    const admin = new pg.Client({ host: '127.0.0.1', port, user: 'postgres', password, database: 'postgres' });
    await admin.connect();
    await admin.query(`create database ${database}`);
    await admin.end();
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [join(ROOT, 'test/clients/applications', `${script}.mjs`)], {
        cwd: folder,
        timeout: SCRIPT_TIMEOUT_MS,
        env: {
          ...process.env,
          TZ: 'UTC',
          SERVER_PORT: String(port),
          SERVER_PASSWORD: password,
          SERVER_DATABASE: database,
        },
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => (output += text));
      child.on('close', (code) => resolve(`${output}exit ${code}\n`));
    });
  }

  test.each(SCRIPTS)('%s', async (script) => {
    const mine = await run(script, server.port, server.password);
    const real = await run(script, oracle.port, 'none');
    expect(real).toContain('exit 0');
    expect(mine).toBe(real);
  });
});
