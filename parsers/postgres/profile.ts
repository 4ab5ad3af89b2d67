/** What the engine is told of this dialect: settings, schemas and the catalog's views. */
import { createHash } from 'node:crypto';
import type { DialectProfile } from '../../sblr/contract/session.ts';
import { SETTINGS } from './settings.ts';

/** Stable ids of the schemas only this dialect has. */
const SCHEMAS = [
  { name: 'pg_catalog', id: 11 },
  { name: 'information_schema', id: 13183 },
  { name: 'pg_toast', id: 99 },
] as const;

let cached: DialectProfile | undefined;

export function postgresProfile(): DialectProfile {
  if (cached === undefined) {
    const rest = { dialect: 'postgres', views: [], settings: SETTINGS, schemas: SCHEMAS, systemSchema: 'pg_catalog' };
    const hash = createHash('sha256').update(JSON.stringify(rest)).digest('hex');
    cached = { ...rest, hash };
  }
  return cached;
}
