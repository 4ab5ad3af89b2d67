/**
 * Applications as people write them with mysql2, mariadb, knex, kysely and drizzle: each script (test/clients/applications)
 * migrates, inspects, queries and fails on purpose, once against Lyrebird and once against a real MariaDB; what it
 * prints must be the same. Where MariaDB is no measure for MySQL 8, the script says so.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createConnection } from 'mysql2/promise';
import {
  type MariadbOracle,
  ROOT,
  removeFolder,
  skipWithoutMariadb,
  startMariadb,
  startServer,
  temporaryFolder,
  type TestServer,
} from '../harness/index.ts';

const SCRIPTS = ['mysql2', 'mariadb', 'kysely-mysql', 'knex-mysql', 'drizzle-mysql'];
const SCRIPT_TIMEOUT_MS = 50_000;
const ORACLE_PASSWORD = 'secret';

describe.skipIf(skipWithoutMariadb('mysql-applications'))('MySQL applications', () => {
  let server: TestServer;
  let oracle: MariadbOracle;
  const folder = temporaryFolder();

  beforeAll(async () => {
    const options = ['--max-allowed-packet=64M'];
    [server, oracle] = [await startServer({ mysql: true }), await startMariadb({ arguments: options })];
    const admin = await createConnection({ host: '127.0.0.1', port: oracle.port, user: 'root' });
    await admin.query(`set password for current_user = password('${ORACLE_PASSWORD}')`);
    await admin.end();
  });
  afterAll(async () => {
    await server?.stop();
    await oracle?.stop();
    removeFolder(folder);
  });

  async function run(script: string, kind: 'lyrebird' | 'mariadb', port: number, password: string): Promise<string> {
    const database = `app_${script.replaceAll('-', '_')}`;
    const admin = await createConnection({ host: '127.0.0.1', port, user: 'root', password });
    await admin.query(`create database ${database}`);
    await admin.end();
    return new Promise((resolve) => {
      const child = spawn(process.execPath, [join(ROOT, 'test/clients/applications', `${script}.mjs`)], {
        cwd: folder,
        timeout: SCRIPT_TIMEOUT_MS,
        env: {
          ...process.env,
          TZ: 'UTC',
          SERVER_KIND: kind,
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

  test.each(SCRIPTS)('%s', { timeout: 2 * SCRIPT_TIMEOUT_MS }, async (script) => {
    const { port, password } = new URL(server.mysqlUrl);
    const mine = await run(script, 'lyrebird', Number(port), decodeURIComponent(password));
    const real = await run(script, 'mariadb', oracle.port, ORACLE_PASSWORD);
    expect(real).toContain('exit 0');
    expect(mine).toBe(real);
  });
});
