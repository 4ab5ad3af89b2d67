/** psql against the server: login, TLS, meta commands, scripts, Ctrl-C. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  POSTGRES_BIN,
  type PostgresOracle,
  skipWithoutPostgres,
  startPostgres,
  startServer,
  type TestServer,
} from '../harness/index.ts';

const psqlProgram = join(POSTGRES_BIN, 'psql');
const installed = existsSync(psqlProgram);
if (!installed) console.log('psql: skipped, the client is not installed (test/clients/install.sh installs it)');

/** Separated by semicolons: what these print depends on the schema alone, not on the server around it. */
const META_COMMANDS = String.raw`
\dt; \dt app.*; \d; \d emp; \d dept; \d+ emp; \d+ dept; \d refs; \d ref2; \d ul; \d v_simple; \d+ v_simple; \d+ v_join; \d+ v_group
\d+ v_union; \d+ v_cte; \d+ v_sub; \d+ v_case; \d+ v_window; \d s1; \d+ s1; \d emp_id_seq; \d emp_ident_seq; \d emp_name_idx
\d+ emp_name_idx; \d pair; \d+ pair; \di; \ds; \dv; \dm; \df; \df+; \df app.*; \dT; \dT+; \dD; \dD+; \da; \db; \dc; \dO; \des
\dew; \det; \du; \du+; \dg; \drds; \dRp; \dRs; \dp; \z; \z emp; \ddp; \dl; \dy; \dX; \dP; \dconfig work_mem; \sf f1; \sf+ f1
\sf f2; \sf p1; \sv v_simple; \sv v_join; \sv+ v_group; \dE; \dti; \dd; \dd app.*; \lo_list
select 1 a, 'x' b, 1.5::numeric(10,2) c, array[1] d \gdesc
select 1 a, 2 b, 3 c union all select 2, 3, 4 \crosstabview
`;

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
    options: { input?: string; password?: string; environment?: Record<string, string>; port?: number } = {},
  ): Promise<Run> {
    const port = String(options.port ?? server.port);
    const connection = ['-X', '-h', '127.0.0.1', '-p', port, '-U', 'postgres', '-v', 'ON_ERROR_STOP=1'];
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

  describe.skipIf(skipWithoutPostgres('psql meta commands'))('beside PostgreSQL', () => {
    let oracle: PostgresOracle;

    beforeAll(async () => {
      oracle = await startPostgres();
      const objects = readFileSync(new URL('psql-objects.sql', import.meta.url), 'utf8');
      await psql(['-q', '-c', 'drop table if exists account']);
      expect((await psql(['-q'], { input: objects })).stderr).toBe('');
      expect((await psql(['-q'], { input: objects, port: oracle.port })).stderr).toBe('');
    }, 60_000);
    afterAll(async () => {
      await oracle?.stop();
    });

    test.each(META_COMMANDS.trim().split(/;\s*|\n/))('%s', async (command) => {
      const input = `set search_path = app, public;\n${command}\n`;
      const [theirs, ours] = [await psql(['-q'], { input, port: oracle.port }), await psql(['-q'], { input })];
      expect(ours).toEqual(theirs);
    });
  });
});
