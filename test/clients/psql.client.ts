/** psql against the server: login, TLS, meta commands, scripts, Ctrl-C. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { POSTGRES_BIN, startServer, type TestServer } from '../harness/index.ts';

const psqlProgram = join(POSTGRES_BIN, 'psql');
const installed = existsSync(psqlProgram);
if (!installed) console.log('psql: skipped, the client is not installed (test/clients/install.sh installs it)');

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

describe.skipIf(!installed)('psql', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(async () => {
    await server?.stop();
  });

  function psql(
    args: readonly string[],
    options: { input?: string; password?: string; environment?: Record<string, string> } = {},
  ): Promise<Run> {
    const connection = ['-X', '-h', '127.0.0.1', '-p', String(server.port), '-U', 'postgres', '-v', 'ON_ERROR_STOP=1'];
    return new Promise((resolve) => {
      const child = spawn(psqlProgram, [...connection, ...args], {
        env: { ...process.env, PGPASSWORD: options.password ?? server.password, ...options.environment },
      });
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
      child.stdin.end(options.input ?? '');
      child.on('close', (code) => resolve({ code, stdout, stderr }));
    });
  }

  test('logs in and runs a script', async () => {
    const { code, stdout, stderr } = await psql(['-At'], {
      input: `create table account (id int primary key, owner text not null, balance numeric(12,2));
insert into account values (1, 'Ada', 10.50), (2, 'Bob', 3);
begin; update account set balance = balance + 1 where id = 2; commit;
select owner, balance from account order by id;
`,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe('CREATE TABLE\nINSERT 0 2\nBEGIN\nUPDATE 1\nCOMMIT\nAda|10.50\nBob|4.00\n');
  });

  test('encrypts when asked to', async () => {
    const { code, stdout } = await psql(['-At', '-c', '\\conninfo'], { environment: { PGSSLMODE: 'require' } });
    expect(code).toBe(0);
    expect(stdout).toContain('SSL connection (protocol: TLSv1.3');
  });

  test('verifies the certificate the server made', async () => {
    const environment = { PGSSLMODE: 'verify-ca', PGSSLROOTCERT: join(server.data, 'server.crt') };
    expect((await psql(['-At', '-c', 'select 1'], { environment })).stdout).toBe('1\n');
  });

  test('is refused with a wrong password', async () => {
    const { code, stderr } = await psql(['-c', 'select 1'], { password: 'wrong' });
    expect(code).toBe(2);
    expect(stderr).toContain('FATAL:  password authentication failed for user "postgres"');
  });

  test('is told where an error is', async () => {
    const { code, stderr } = await psql(['-c', 'select nothing_here']);
    expect(code).toBe(1);
    expect(stderr).toContain(
      'ERROR:  column "nothing_here" does not exist\nLINE 1: select nothing_here\n               ^',
    );
  });
});
