/** Tables of one column `value` that exist only to bind expressions over a single value: checks of domains, arguments. */
import type { SqlType } from '../../sblr/contract/types.ts';
import type { RoutineDefinition, TableDefinition, UserTypeDefinition } from './definitions.ts';

/** A table of the one column VALUE, in which a domain's checks bind. */
export function domainScope(domain: UserTypeDefinition): TableDefinition {
  return valueScope(domain, domain.type);
}

/** A table of one column `value`, to bind expressions over a single value of an object's. */
export function valueScope(object: UserTypeDefinition | RoutineDefinition, type: SqlType): TableDefinition {
  return {
    kind: 'table',
    id: 0,
    space: 0,
    name: object.name,
    owner: object.owner,
    schemaId: object.schemaId,
    databaseId: object.databaseId,
    columns: [
      {
        position: 1,
        name: { text: 'value', exact: false },
        type: type,
        notNull: false,
        identity: 'none',
        generated: 'none',
        missing: null,
        dropped: false,
      },
    ],
    constraints: [],
    indexes: [],
    persistence: 'permanent',
    onCommit: 'preserve',
    options: {},
    referencedBy: [],
  };
}
