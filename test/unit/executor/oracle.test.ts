/**
 * The same statements here and on a real PostgreSQL: rows, row counts, column types, and errors with
 * their codes, details and constraint names must be equal.
 */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEmbedded, type TestDatabase } from '../../harness/embedded.ts';
import { skipWithoutPostgres, startPostgres, type PostgresOracle } from '../../harness/postgres-oracle.ts';
import { QueryGenerator, SCHEMA } from './query-generator.ts';

const QUERIES_PER_SEED = 120;
const AS_TEXT = { getTypeParser: () => (value: string) => value };

let database: TestDatabase;
let oracle: PostgresOracle;
const clients: pg.Client[] = [];

describe.skipIf(skipWithoutPostgres('executor against PostgreSQL'))('executor against PostgreSQL', () => {
  beforeAll(async () => {
    process.env['LYREBIRD_PASSWORD'] = 'for-tests-only';
    [database, oracle] = await Promise.all([openEmbedded(), startPostgres()]);
  });

  afterAll(async () => {
    for (const client of clients) await client.end();
    await Promise.all([database?.close(), oracle?.stop()]);
  });

  /** A fresh database on both sides. */
  async function pair(name: string): Promise<readonly [pg.Client, pg.Client]> {
    const [address] = await listening();
    const connect = async (port: number, database_: string): Promise<pg.Client> => {
      const client = new pg.Client({
        port,
        host: '127.0.0.1',
        user: 'postgres',
        password: 'for-tests-only',
        database: database_,
        types: AS_TEXT,
      });
      await client.connect();
      clients.push(client);
      return client;
    };
    for (const port of [address!.port, oracle.port])
      await (await connect(port, 'postgres')).query(`create database ${name}`);
    return Promise.all([connect(address!.port, name), connect(oracle.port, name)]);
  }

  let addresses: Awaited<ReturnType<TestDatabase['db']['listen']>> | undefined;
  async function listening(): Promise<NonNullable<typeof addresses>> {
    addresses ??= await database.db.listen({ pgPort: 0 });
    return addresses;
  }

  async function outcome(client: pg.Client, sql: string, ordered: boolean): Promise<unknown> {
    try {
      const result = await client.query({ text: sql, rowMode: 'array' });
      const rows = result.rows.map((row) => JSON.stringify(row));
      return {
        rows: ordered ? rows : rows.sort(),
        count: result.rowCount,
        columns: result.fields.map((field) => `${field.name} ${field.dataTypeID}`),
      };
    } catch (error) {
      const { code, message, detail, schema, table, constraint } = error as pg.DatabaseError;
      return { code, message, detail, schema, table, constraint };
    }
  }

  test('fixed statements', async () => {
    const [ours, theirs] = await pair('fixed');
    const statements = readFileSync(new URL('./statements.sql', import.meta.url), 'utf8')
      .split(/;\s*\n/)
      .map((text) => text.trim())
      .filter((text) => text !== '');
    for (const sql of statements) {
      const ordered = /order by/i.test(sql) && !/over *\([^)]*order by/i.test(sql);
      const [actual, expected] = await Promise.all([outcome(ours, sql, ordered), outcome(theirs, sql, ordered)]);
      expect(actual, sql).toEqual(expected);
    }
  }, 60_000);

  test.each([1, 2])(
    'random queries, seed %i',
    async (seed) => {
      const [ours, theirs] = await pair(`random${seed}`);
      for (const sql of SCHEMA) await Promise.all([ours.query(sql), theirs.query(sql)]);
      if (seed % 2 === 0) await Promise.all([ours.query('analyze'), theirs.query('analyze')]);
      const generator = new QueryGenerator(seed);
      for (let count = 0; count < QUERIES_PER_SEED; count++) {
        const { sql, ordered } = generator.next();
        const [actual, expected] = await Promise.all([outcome(ours, sql, ordered), outcome(theirs, sql, ordered)]);
        expect(actual, sql).toEqual(expected);
      }
    },
    60_000,
  );
});
