/** How many bytes relations and databases take, as far as the store knows. */
import type { DatabaseDefinition, RelationDefinition } from '../catalog/definitions.ts';
import type { Session } from './session.ts';

export function relationSize(
  session: Session,
  relation: RelationDefinition,
  part: 'main' | 'table' | 'indexes' | 'total',
): number {
  const bytes = (space: number): number => session.core.store.approximateBytes(space);
  if (relation.kind === 'index') return bytes(relation.space);
  if (relation.kind !== 'table') return 0;
  const indexes = relation.indexes.reduce((sum, index) => sum + bytes(index.space), 0);
  return part === 'indexes' ? indexes : part === 'total' ? bytes(relation.space) + indexes : bytes(relation.space);
}

export function databaseSize(session: Session, database: DatabaseDefinition): number {
  let sum = 0;
  for (const table of session.catalog.all('table'))
    if (table.kind === 'table' && table.databaseId === database.id) sum += relationSize(session, table, 'total');
  return sum;
}
