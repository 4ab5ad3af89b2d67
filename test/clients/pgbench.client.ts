/** pgbench against the server: fills its tables and runs its transactions in every protocol mode. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { POSTGRES_BIN, startServer, type TestServer } from '../harness/index.ts';

const program = join(POSTGRES_BIN, 'pgbench');
const installed = existsSync(program);
if (!installed) console.log('pgbench: skipped, it is not installed (test/clients/install.sh installs it)');

describe.skipIf(!installed)('pgbench', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer();
    await pgbench('-i', '-s', '1');
  });
  afterAll(async () => {
    await server?.stop();
  });

  function pgbench(...args: string[]): Promise<{ stdout: string; stderr: string }> {
    const connection = ['-h', '127.0.0.1', '-p', String(server.port), '-U', 'postgres'];
    return promisify(execFile)(program, [...connection, ...args, 'postgres'], {
      env: { ...process.env, PGPASSWORD: server.password },
      timeout: 50_000,
    });
  }

  test.each(['simple', 'extended', 'prepared'])('runs transactions in mode %s', async (mode) => {
    const { stdout } = await pgbench('-n', '-M', mode, '-c', '4', '-j', '2', '-t', '20');
    expect(stdout).toContain('number of transactions actually processed: 80/80');
    expect(stdout).toContain('number of failed transactions: 0');
  });

  test('reads in mode prepared', async () => {
    const { stdout } = await pgbench('-n', '-S', '-M', 'prepared', '-c', '8', '-j', '2', '-t', '50');
    expect(stdout).toContain('number of transactions actually processed: 400/400');
  });
});
