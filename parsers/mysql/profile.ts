/** What the engine is told of this dialect: system variables, schemas, and the catalog's views. */
import { createHash } from 'node:crypto';
import type { DialectProfile } from '../../sblr/contract/session.ts';
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
  const rest = {
    dialect: 'mysql',
    views: [],
    settings: SETTINGS,
    schemas: SCHEMAS,
    systemSchema: 'information_schema',
    mainSchema: SEMANTICS.mainSchema,
    temporarySchema: undefined,
    qualifier: SEMANTICS.qualifier,
    administrator: 'root',
    databaseOptional: true,
    describesOrigins: true,
    identifierFold: SEMANTICS.identifierFold,
    types: [],
    routines: [],
    banner: SERVER_VERSION,
    typeAliases: [],
    extensions: [],
  };
  return { ...rest, hash: createHash('sha256').update(JSON.stringify(rest)).digest('hex') };
}

let cached: DialectProfile | undefined;

export function mysqlProfile(): DialectProfile {
  cached ??= buildProfile();
  return cached;
}
