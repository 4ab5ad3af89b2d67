/** What the engine is told of this dialect: settings, schemas, built-in objects and the catalog's views. */
import { createHash } from 'node:crypto';
import type { CatalogView, DialectProfile } from '../../sblr/contract/session.ts';
import { BUILTIN_ROUTINES } from './builtin-routines.ts';
import { BUILTIN_TYPES } from './builtin-types.ts';
import { SEMANTICS } from './facts.ts';
import { buildViews } from './catalog/build-view.ts';
import { CATALOG_FACTS } from './catalog/facts/index.ts';
import { INFORMATION_SCHEMA_SHAPES } from './catalog/information-schema-shapes.ts';
import { INFORMATION_SCHEMA_SOURCES } from './catalog/information-schema-sources.ts';
import { PG_CATALOG_SOURCES } from './catalog/pg-catalog-sources.ts';
import { PG_CATALOG_SHAPES } from './catalog/shapes.ts';
import { SETTINGS } from './settings.ts';
import { TYPE_ALIASES } from './types.ts';

/** Stable ids of the schemas only this dialect has. */
const SCHEMAS = [
  { name: 'pg_catalog', id: 11 },
  { name: 'pg_toast', id: 99 },
  { name: 'information_schema', id: 13183 },
] as const;

/** Extensions whose types, functions and operator classes are built in. */
const EXTENSIONS = [
  { name: 'plpgsql', version: '1.0', comment: 'PL/pgSQL procedural language', present: true },
  {
    name: 'uuid-ossp',
    version: '1.1',
    comment: 'generate universally unique identifiers (UUIDs)',
    present: false,
  },
  { name: 'pgcrypto', version: '1.3', comment: 'cryptographic functions', present: false },
  { name: 'citext', version: '1.6', comment: 'data type for case-insensitive character strings', present: false },
  { name: 'btree_gin', version: '1.3', comment: 'support for indexing common datatypes in GIN', present: false },
  { name: 'btree_gist', version: '1.7', comment: 'support for indexing common datatypes in GiST', present: false },
] as const;

/** What the grammar makes types of and no other spelling covers. */
const GRAMMAR_SPELLINGS = [
  ['float', 'float8'],
  ['double precision', 'float8'],
  ['char', 'bpchar'],
  ['character', 'bpchar'],
  ['nchar', 'bpchar'],
  ['national character', 'bpchar'],
  ['char varying', 'varchar'],
  ['character varying', 'varchar'],
  ['bit varying', 'varbit'],
  ['time without time zone', 'time'],
  ['time with time zone', 'timetz'],
  ['timestamp without time zone', 'timestamp'],
  ['timestamp with time zone', 'timestamptz'],
] as const;

/** The profile with the given views of the system catalog. */
export function buildProfile(views: readonly CatalogView[]): DialectProfile {
  const rest: Omit<DialectProfile, 'hash'> = {
    dialect: 'postgres',
    views,
    settings: SETTINGS,
    schemas: SCHEMAS,
    systemSchema: 'pg_catalog',
    mainSchema: SEMANTICS.mainSchema,
    qualifier: SEMANTICS.qualifier,
    administrator: 'postgres',
    logins: 'roles',
    newRelations: 'creator',
    databaseAccess: 'connect',
    guardedSchemas: [],
    administration: { settings: [], sessions: [], activity: [], accounts: [], roles: [], role_grants: [] },
    databaseOptional: false,
    describesOrigins: false,
    temporarySchema: 'pg_temp',
    identifierFold: SEMANTICS.identifierFold,
    types: BUILTIN_TYPES,
    typeAliases: [...TYPE_ALIASES, ...GRAMMAR_SPELLINGS],
    routines: BUILTIN_ROUTINES,
    banner: `PostgreSQL ${SETTINGS.find((setting) => setting.name === 'server_version')?.defaultValue ?? '15'} (Lyrebird) on ${process.arch}-${process.platform}, 64-bit`,
    extensions: EXTENSIONS,
    facts: CATALOG_FACTS,
  };
  const digest = createHash('sha256').update(
    JSON.stringify({ ...rest, views: views.map(({ schema, name, id }) => ({ schema, name, id })) }),
  );
  for (const view of views) digest.update(view.program);
  return { ...rest, hash: digest.digest('hex') };
}

let cached: DialectProfile | undefined;

export function postgresProfile(): DialectProfile {
  cached ??= buildProfile([
    ...buildViews('pg_catalog', PG_CATALOG_SHAPES, PG_CATALOG_SOURCES),
    ...buildViews('information_schema', INFORMATION_SCHEMA_SHAPES, INFORMATION_SCHEMA_SOURCES),
  ]);
  return cached;
}
