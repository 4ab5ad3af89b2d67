/** What the engine is told of this dialect: system variables, schemas, and the catalog's views. */
import { createHash } from 'node:crypto';
import type { DialectProfile } from '../../sblr/contract/session.ts';
import { PRIVILEGE_SHAPES, PRIVILEGE_SOURCES } from './catalog/account-views.ts';
import { buildViews } from './catalog/build-view.ts';
import { INFORMATION_SCHEMA_SHAPES } from './catalog/information-schema-shapes.ts';
import { INFORMATION_SCHEMA_SOURCES } from './catalog/information-schema-sources.ts';
import {
  MYSQL_SHAPES,
  MYSQL_SOURCES,
  PERFORMANCE_SCHEMA_SHAPES,
  PERFORMANCE_SCHEMA_SOURCES,
} from './catalog/server-views.ts';
import { SEMANTICS } from './facts.ts';
import { SETTINGS } from './settings.ts';

/** Stable ids of the schemas only this dialect has. */
const SCHEMAS = [
  { name: 'information_schema', id: 13300 },
  { name: 'mysql', id: 13301 },
  { name: 'performance_schema', id: 13302 },
] as const;

export const SERVER_VERSION = '8.0.36-lyrebird';

function buildProfile(): DialectProfile {
  const rest: Omit<DialectProfile, 'hash'> = {
    dialect: 'mysql',
    views: [
      ...buildViews('information_schema', [...INFORMATION_SCHEMA_SHAPES, ...PRIVILEGE_SHAPES], {
        ...INFORMATION_SCHEMA_SOURCES,
        ...PRIVILEGE_SOURCES,
      }),
      ...buildViews('mysql', MYSQL_SHAPES, MYSQL_SOURCES),
      ...buildViews('performance_schema', PERFORMANCE_SCHEMA_SHAPES, PERFORMANCE_SCHEMA_SOURCES),
    ],
    settings: SETTINGS,
    schemas: SCHEMAS,
    // Names without a database never mean the dialect's own relations.
    systemSchema: 'sys',
    mainSchema: SEMANTICS.mainSchema,
    temporarySchema: undefined,
    qualifier: SEMANTICS.qualifier,
    administrator: 'root',
    logins: 'accounts',
    newRelations: 'schema_owner',
    databaseAccess: 'any_privilege',
    guardedSchemas: ['mysql'],
    administration: {
      settings: ['SUPER', 'SYSTEM_VARIABLES_ADMIN'],
      sessions: ['SUPER', 'CONNECTION_ADMIN'],
      activity: ['PROCESS'],
      accounts: ['CREATE USER'],
      roles: ['CREATE ROLE', 'CREATE USER'],
      role_grants: ['WITH ADMIN', 'ROLE_ADMIN', 'SUPER'],
    },
    databaseOptional: true,
    describesOrigins: true,
    identifierFold: SEMANTICS.identifierFold,
    types: [],
    routines: [],
    banner: SERVER_VERSION,
    typeAliases: [],
    extensions: [],
    facts: [],
  };
  return { ...rest, hash: createHash('sha256').update(JSON.stringify(rest)).digest('hex') };
}

let cached: DialectProfile | undefined;

export function mysqlProfile(): DialectProfile {
  cached ??= buildProfile();
  return cached;
}
