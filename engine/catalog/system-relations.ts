/**
 * The base relations of the `sys` schema: the catalog and the server's state as rows. Every dialect's
 * catalog views (pg-like, information_schema, SHOW ...) are queries over these. The columns are listed in
 * specs/catalog/sys.md, the rows are made in system/, one group of relations per file.
 */
import type { SystemRelation } from './definitions.ts';
import { ACCOUNTS } from './system/accounts.ts';
import { ACTIVITY } from './system/activity.ts';
import { COLUMNS } from './system/columns.ts';
import { CONSTRAINTS } from './system/constraints.ts';
import { DEPENDENCIES } from './system/dependencies.ts';
import { FACTS } from './system/facts.ts';
import { GRANTS } from './system/grants.ts';
import { KEYS } from './system/keys.ts';
import { NAMESPACES } from './system/namespaces.ts';
import { OPTIONS } from './system/options.ts';
import type { Producers } from './system/producer.ts';
import { RELATIONS } from './system/relations.ts';
import { ROLES } from './system/roles.ts';
import { ROUTINES } from './system/routines.ts';
import { SEQUENCES } from './system/sequences.ts';
import { TYPES } from './system/types.ts';
import { TRANSACTION_PRODUCERS } from './transaction-relations.ts';

export const PRODUCERS: Producers = {
  ...NAMESPACES,
  ...RELATIONS,
  ...COLUMNS,
  ...CONSTRAINTS,
  ...SEQUENCES,
  ...TYPES,
  ...ROUTINES,
  ...ROLES,
  ...DEPENDENCIES,
  ...GRANTS,
  ...FACTS,
  ...ACTIVITY,
  ...TRANSACTION_PRODUCERS,
  ...KEYS,
  ...OPTIONS,
  ...ACCOUNTS,
};

/** Ids of base relations, below those of the dialects' views. */
const FIRST_SYSTEM_ID = 100;

export const SYSTEM_RELATIONS: ReadonlyMap<string, SystemRelation> = new Map(
  Object.entries(PRODUCERS).map(([name, producer], at) => [
    name,
    {
      kind: 'system',
      id: FIRST_SYSTEM_ID + at,
      name,
      columns: producer.columns.map(([column, type]) => ({ name: column, type })),
    } satisfies SystemRelation,
  ]),
);
