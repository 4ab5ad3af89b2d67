/**
 * What MySQL's own tools and the common ORMs were seen to send, statement by statement, on the schema that they were
 * seen with: every one runs, except those that fail in the real server, too, and those that are named here as missing.
 * The captures are used in place and are not part of the project: without them the suite is skipped.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT, startServer, type TestServer } from '../harness/index.ts';

const FOLDER = join(ROOT, '../shared/reference/captures');
const absent = !existsSync(join(FOLDER, 'mysql-client-statements.json'));
if (absent) console.log('captures: skipped, they are not beside the project (../shared/reference/captures)');

/** Beginnings of statements that fail in MySQL 8.0 as well: of MariaDB's tools, or wrong on purpose. */
const WRONG: readonly RegExp[] = [
  /^select bad/,
  /^\/\*M!/,
  /`(general_log|slow_log|column_stats|event)`|`Delete_history_priv`/,
  /^alter table `kt` add `z`.*add `z`/,
  // Answered with rows that the client must supply.
  /^LOAD DATA +LOCAL/,
];

/** What is not there yet. */
const MISSING: readonly RegExp[] = [/^show create (procedure|trigger)/i, /^show grants/i];

type Capture = Readonly<Record<string, readonly string[]>>;

const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');
const statementsOf = (lines: readonly string[], mark: RegExp): string[] =>
  lines.flatMap((line) => {
    const database = /^Init DB: (.*)$/.exec(line)?.[1];
    return database === undefined ? (mark.exec(line)?.slice(1) ?? []) : [`use ${database}`];
  });

describe.skipIf(absent)('captured statements', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ mysql: true, config: { durability: 'relaxed' } });
  });
  afterAll(async () => {
    await server?.stop();
  });

  async function failures(database: string, statements: readonly string[]): Promise<string[]> {
    const connection = await mysql.createConnection(`${server.mysqlUrl}/${database}`);
    const failed: string[] = [];
    for (const sql of statements) {
      if (WRONG.some((pattern) => pattern.test(sql))) continue;
      const error = await connection.query(sql).then(
        () => undefined,
        (cause: Error) => cause.message,
      );
      const missing = MISSING.some((pattern) => pattern.test(sql));
      if (error !== undefined && !missing) failed.push(`${error} << ${sql}`);
    }
    await connection.end();
    return failed;
  }

  async function create(database: string): Promise<void> {
    const connection = await mysql.createConnection(server.mysqlUrl);
    await connection.query(`drop database if exists ${database}`);
    await connection.query(`create database ${database}`);
    await connection.end();
  }

  /** The captured schema; its routines and users are not needed by the statements that run. */
  async function load(): Promise<void> {
    await create('t');
    const [schema] = read('mysql-schema.sql').split('delimiter //');
    const statements = (schema as string).split(/;\s/).filter((sql) => /^(create (table|view)|insert)/.test(sql));
    expect(await failures('t', statements)).toEqual([]);
  }

  test("of MySQL's own clients run", async () => {
    await load();
    const captured = Object.values(JSON.parse(read('mysql-client-statements.json')) as Capture).flat();
    expect(await failures('t', statementsOf(captured, /^Query: ([\s\S]*)$/))).toEqual([]);
  });

  test('of ORMs run', async () => {
    await load();
    const captures = JSON.parse(read('orm-statements-pg-mysql.json')) as Capture;
    for (const [name, lines] of Object.entries(captures)) {
      if (!name.endsWith('.mysql')) continue;
      const database = name.startsWith('drizzle-kit') ? 't' : 'orm';
      if (database === 'orm') await create('orm');
      const failed = await failures(database, statementsOf(lines, /^\[(?:Query|Execute)\] ([\s\S]*)$/));
      expect(failed, name).toEqual([]);
    }
  });
});
