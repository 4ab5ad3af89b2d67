/** Indexes found by the names they have on their table: ALTER TABLE's actions about them. */
import { identifierKey, type Identifier } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { IndexDefinition, TableDefinition } from '../catalog/definitions.ts';
import type { DdlContext } from './context.ts';
import { dropConstraint, dropIndex } from './drop.ts';
import { indexByLocalName } from './indexes.ts';

function requireIndex(table: TableDefinition, name: Identifier, variant: string, context: DdlContext): IndexDefinition {
  const index = indexByLocalName(table, name);
  if (index !== undefined) return index;
  const shown = context.display(name);
  throw new SqlError('undefined_object', {
    message: `index "${shown}" of relation "${context.display(table.name)}" does not exist`,
    variant,
    args: { name: shown, table: context.display(table.name) },
  });
}

/** The key that the index enforces goes with it. */
export function dropTableIndex(table: TableDefinition, name: Identifier, context: DdlContext): void {
  const index = requireIndex(table, name, 'index', context);
  const key = table.constraints.find((one) => one.kind !== 'foreign_key' && one.indexId === index.id);
  if (key === undefined) dropIndex(table.id, index.id, context);
  else dropConstraint(table, key.name, false, 'restrict', context);
}

export function renameTableIndex(
  table: TableDefinition,
  name: Identifier,
  newName: Identifier,
  context: DdlContext,
): void {
  const index = requireIndex(table, name, 'renamed_index', context);
  const taken = indexByLocalName(table, newName);
  if (taken !== undefined && taken.id !== index.id) {
    const shown = context.display(newName);
    throw new SqlError('duplicate_object', { message: `index "${shown}" already exists`, args: { name: shown } });
  }
  context.catalog.put({
    ...table,
    indexes: table.indexes.map((one) => (one.id === index.id ? { ...one, localName: newName } : one)),
    constraints: table.constraints.map((one) =>
      one.kind !== 'foreign_key' && one.indexId === index.id && identifierKey(one.name) === identifierKey(name)
        ? { ...one, name: newName }
        : one,
    ),
  });
}
