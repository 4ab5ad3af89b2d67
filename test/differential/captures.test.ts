/**
 * What real clients sent to a PostgreSQL 15 (psql's meta commands and completion, pg_dump, pgbench, the object mappers),
 * statement by statement to PostgreSQL and to this server over the schema the statements were taken from: each is
 * carried out, or fails on both with one code, and what depends on that schema alone answers the same rows.
 */
import { existsSync, readFileSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openEmbedded, type TestDatabase } from '../harness/embedded.ts';
import { skipWithoutPostgres, startPostgres, type PostgresOracle } from '../harness/postgres-oracle.ts';

const FOLDER = new URL('../../../shared/reference/captures/', import.meta.url);
const present = existsSync(FOLDER);
if (!present) console.log('captured statements: skipped, ../shared/reference/captures is not there');

type Capture = Readonly<Record<string, readonly string[]>>;
const capture = (file: string): Capture =>
  present ? (JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as Capture) : {};

/** Object ids in the captured statements, and what had them. */
const OBJECTS: Readonly<Record<string, string>> = {
  16385: "'dept'::regclass",
  16395: "'mood'::regtype",
  16400: "'dom1'::regtype",
  16402: "'emp_id_seq'::regclass",
  16403: "'emp_ident_seq'::regclass",
  16404: "'emp'::regclass",
  16414: "'emp_pkey'::regclass",
  16422: "'v_emp'::regclass",
  16430: "'s1'::regclass",
  16431: "'f1'::regproc",
  16433: "'r1'::regrole",
};

/** Values for parameters, by type: the statements were captured without them. */
const SAMPLES: Readonly<Record<string, string>> = {
  text: 'emp',
  name: 'emp',
  'character varying': 'emp',
  jsonb: '{}',
  json: '{}',
  boolean: 'true',
  'timestamp with time zone': '2026-01-01 00:00:00+00',
  'timestamp without time zone': '2026-01-01 00:00:00',
};

/** `title: statement`: what is answered tells of the server and of its built-in objects, or how rows happen to lie. */
const ABOUT_THE_SERVER: readonly RegExp[] = [
  /^(LOG )?\\l\+|^\\d(A|Ac|C|S|t \*\.\*|config):|^pg_dump/,
  /^TAB (set|show|drop function|drop type|alter type|\\df f|\\encoding) ?:/,
  /: (select version\(\)|show server_version|select "nspname" from)/i,
  /: WITH ranges AS .*FROM pg_type/s,
  // All columns of a table in the order of their storage, system columns included.
  /^sequelize.*array_agg\(a\.attnum\)/s,
  // Names of constraints made of object ids.
  /^sequelize.*"constraintCatalog"/s,
];

/** A value for each parameter, of the type that PostgreSQL finds for it. */
async function samplesFor(client: pg.Client, sql: string): Promise<string[]> {
  if (!/\$\d/.test(sql) || /^(PREPARE|CREATE|DO)/i.test(sql)) return [];
  if ((await answer(client, `prepare sample as ${sql}`, [])).code !== undefined) return [];
  const { rows } = await client.query<{ type: string }>(
    "select unnest(parameter_types)::text as type from pg_prepared_statements where name = 'sample'",
  );
  await client.query('deallocate sample');
  return rows.map(({ type }) => SAMPLES[type] ?? '1');
}

interface Server {
  readonly name: string;
  readonly port: number;
  readonly ids: Map<string, string>;
}

async function connect(port: number): Promise<pg.Client> {
  const types = { getTypeParser: () => (value: unknown) => value };
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    database: 'postgres',
    types: types as never,
  });
  await client.connect();
  return client;
}

interface Answer {
  readonly code?: string | undefined;
  readonly message?: string;
  readonly results: readonly { readonly command: string; readonly columns: string[]; readonly rows: unknown[][] }[];
}

async function answer(client: pg.Client, text: string, values: readonly (string | null)[]): Promise<Answer> {
  try {
    const answered = (await client.query({
      text,
      rowMode: 'array',
      ...(values.length > 0 && { values: [...values] }),
    })) as unknown;
    const results = (Array.isArray(answered) ? answered : [answered]) as pg.QueryArrayResult[];
    return {
      results: results.map(({ command, fields, rows }) => ({
        command,
        columns: fields.map((field) => field.name),
        rows,
      })),
    };
  } catch (error) {
    const { code, message } = error as pg.DatabaseError;
    return { code, message, results: [] };
  }
}
/** Without what differs from server to server: ids of user-defined objects, times of the run, sizes, orders nobody asked for. */
function shown(sql: string, { results }: Answer): unknown {
  return results.map(({ command, columns, rows }) => {
    const lines = rows.map((row) =>
      JSON.stringify(row)
        .replaceAll(/\b20\d\d-\d\d-\d\d \d\d:\d\d:\d\d[.\d]*/g, 'now')
        .replaceAll(/\b(1[6-9]|[2-9]\d)\d{3}\b/g, 'id')
        .replaceAll(/\b\d+ (bytes|[kMG]B)/g, 'size'),
    );
    return { command, columns, rows: /order by/i.test(sql) ? lines : lines.sort() };
  });
}

describe.skipIf(!present || skipWithoutPostgres('captured statements'))('captured statements', () => {
  let oracle: PostgresOracle;
  let database: TestDatabase;
  let theirs: Server;
  let ours: Server;

  beforeAll(async () => {
    oracle = await startPostgres();
    database = await openEmbedded({ config: { authentication: { method: 'trust' } } as never });
    const [address] = await database.db.listen();
    theirs = { name: 'PostgreSQL', port: oracle.port, ids: new Map() };
    ours = { name: 'this server', port: address!.port, ids: new Map() };
    const clients = [await connect(ours.port), await connect(theirs.port)];
    const schema = readFileSync(new URL('postgres-schema.sql', FOLDER), 'utf8');
    for (const sql of schema.split(/;\s*(?=create|insert|comment|grant|$)/)) {
      if (sql.trim() === '') continue;
      // What is not supported is on neither server.
      const refused = await answer(clients[0]!, sql, []);
      if (refused.code !== undefined) {
        if (refused.code !== '0A000') throw new Error(`${sql}: ${refused.message}`);
        continue;
      }
      await clients[1]!.query(sql);
    }
    for (const [at, server] of [ours, theirs].entries()) {
      for (const [id, object] of Object.entries(OBJECTS)) {
        const { rows } = await clients[at]!.query<{ id: string }>(`select ${object}::oid as id`);
        server.ids.set(id, rows[0]!.id);
      }
      await clients[at]!.end();
    }
  }, 60_000);
  afterAll(async () => {
    await database?.close();
    await oracle?.stop();
  });

  const own = (server: Server, sql: string): string =>
    sql.replaceAll(/\b16\d\d\d\b/g, (id) => server.ids.get(id) ?? id);

  async function run(title: string, captured: readonly string[]): Promise<void> {
    const [mine, its] = [await connect(ours.port), await connect(theirs.port)];
    try {
      for (const line of captured) {
        if (line.startsWith('[fastpath')) continue;
        const sql = line.replace(/^\[[^\]]*\] /, '');
        const values = await samplesFor(its, sql);
        const expected = await answer(its, own(theirs, sql), values);
        const actual = await answer(mine, own(ours, sql), values);
        const compared = !ABOUT_THE_SERVER.some((pattern) => pattern.test(`${title}: ${sql}`));
        expect({ sql, code: actual.code, message: actual.message }).toEqual({
          sql,
          code: expected.code,
          message: expected.message,
        });
        if (compared) expect({ sql, results: shown(sql, actual) }).toEqual({ sql, results: shown(sql, expected) });
      }
    } finally {
      await mine.end();
      await its.end();
    }
  }

  for (const file of ['psql15-meta-queries.json', 'psql15-tabcomplete-and-tools.json', 'orm-statements-pg-mysql.json'])
    for (const [title, captured] of Object.entries(capture(file)))
      if (!title.endsWith('.mysql')) test(`${file.split(/[.-]/)[0]} ${title}`, () => run(title, captured));
});
