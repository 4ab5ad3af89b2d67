/**
 * The same statements on PostgreSQL and on this server: rows, names and types of columns, and errors with
 * code, message, position, hint and detail must be the same.
 */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEmbedded, type TestDatabase } from '../harness/embedded.ts';
import { skipWithoutPostgres, startPostgres, type PostgresOracle } from '../harness/postgres-oracle.ts';

const NOT_COMPARED = '--! ';

function statements(file: string): string[] {
  const lines = readFileSync(new URL(file, import.meta.url), 'utf8').split('\n');
  return lines.filter((line) => line !== '' && (!line.startsWith('--') || line.startsWith(NOT_COMPARED)));
}

async function answer(client: pg.Client, sql: string): Promise<unknown> {
  try {
    const result = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
    return { columns: result.fields.map((field) => `${field.name} ${field.dataTypeID}`), rows: result.rows };
  } catch (error) {
    const { code, message, position, hint, detail } = error as pg.DatabaseError;
    return { code, message, position, hint, detail };
  }
}

function connect(port: number, password: string): Promise<pg.Client> {
  const types = { getTypeParser: () => (value: unknown) => value };
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    database: 'postgres',
    password,
    types: types as never,
  });
  return client.connect().then(() => client);
}

describe.skipIf(skipWithoutPostgres('differential'))('as PostgreSQL answers', () => {
  let oracle: PostgresOracle;

  beforeAll(async () => {
    oracle = await startPostgres();
  });

  afterAll(async () => {
    await oracle.stop();
  });

  test.each([
    'queries.sql',
    'values.sql',
    'functions.sql',
    'joins.sql',
    'windows.sql',
    'schema.sql',
    'subqueries.sql',
    'definitions.sql',
    'views.sql',
    'catalog.sql',
    'routines.sql',
    'domains.sql',
  ])(
    '%s',
    async (file) => {
      const database: TestDatabase = await openEmbedded({ config: { authentication: { method: 'trust' } } as never });
      const [address] = await database.db.listen();
      const theirs = await connect(oracle.port, '');
      const ours = await connect(address!.port, '');
      try {
        await theirs.query("drop schema public cascade; create schema public; set timezone = 'UTC'");
        await ours.query("set timezone = 'UTC'");
        for (const line of statements(file)) {
          const compared = !line.startsWith(NOT_COMPARED);
          const sql = compared ? line : line.slice(NOT_COMPARED.length);
          const expected = await answer(theirs, sql);
          const actual = await answer(ours, sql);
          if (compared) expect({ sql, ...(actual as object) }).toEqual({ sql, ...(expected as object) });
        }
      } finally {
        await theirs.end();
        await ours.end();
        await database.close();
      }
    },
    60_000,
  );
});
