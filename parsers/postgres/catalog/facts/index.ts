/**
 * Built-in objects that PostgreSQL 15's catalog lists, with its object ids: facts read from its own catalog, of the
 * objects whose types, names and operators exist here. The views in the folder above name the fields; a row without
 * its last fields has them empty.
 */
import type { CatalogFacts } from '../../../../sblr/contract/session.ts';
import descriptions from './descriptions.json' with { type: 'json' };
import objects from './objects.json' with { type: 'json' };
import operators from './operators.json' with { type: 'json' };
import routines from './routines.json' with { type: 'json' };

export const CATALOG_FACTS: readonly CatalogFacts[] = Object.entries({
  ...objects,
  ...operators,
  ...routines,
  ...descriptions,
}).map(([kind, rows]) => ({ kind, rows: rows.join('\n') }));
