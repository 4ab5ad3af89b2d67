/** TRUNCATE: the tables get fresh, empty spaces, so it costs the same whatever they hold, and rolls back. */
import { displayIdentifier, type Identifier } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type { ObjectId, TableDefinition } from '../catalog/definitions.ts';
import type { Session } from './session.ts';
import { lockTable } from './table-locks.ts';
import { temporarySchemaIds } from './temporary-schemas.ts';

export async function truncate(session: Session, statement: NodeOf<'TRUNCATE'>): Promise<void> {
  const ids = new Set<ObjectId>();
  for (const { name } of statement.tables) {
    const found = session.names.findRelation(name);
    const shown = name.map((part) => displayIdentifier(part, session.identifierFold)).join('.');
    if (found === undefined)
      throw new SqlError('undefined_table', { message: `relation "${shown}" does not exist`, args: { name: shown } });
    if (found.kind !== 'table')
      throw new SqlError('wrong_object_type', {
        message: `"${shown}" is not a table`,
        args: { name: shown, kind: 'table' },
      });
    session.names.checkPrivilege(found, 'TRUNCATE');
    ids.add(found.id);
  }
  if (session.transactionDefaults.checksForeignKeys) addReferencing(session, ids, statement.behavior);
  for (const id of ids) {
    const table = session.catalog.get(id) as TableDefinition;
    await lockTable(session, id, table.name.text, 'access_exclusive', 'wait');
  }
  for (const id of ids) emptyTable(session, id, statement.restartIdentity);
}

/** Tables with foreign keys to the named ones go along (CASCADE) or forbid it. */
function addReferencing(session: Session, ids: Set<ObjectId>, behavior: 'restrict' | 'cascade'): void {
  for (const id of ids) {
    const table = session.catalog.get(id) as TableDefinition;
    for (const other of table.referencedBy) {
      if (ids.has(other)) continue;
      const child = session.catalog.get(other);
      if (child?.kind !== 'table') continue;
      const show = (one: TableDefinition): string => displayIdentifier(one.name, session.identifierFold);
      if (behavior === 'restrict') {
        throw new SqlError('feature_not_supported', {
          message: 'cannot truncate a table referenced in a foreign key constraint',
          variant: 'truncate_referenced',
          args: referenceNames(session, table, child),
          detail: `Table "${show(child)}" references "${show(table)}".`,
          hint: `Truncate table "${show(child)}" at the same time, or use TRUNCATE ... CASCADE.`,
        });
      }
      session.notice({
        severity: 'notice',
        condition: 'successful_completion',
        details: { message: `truncate cascades to table "${show(child)}"` },
      });
      ids.add(other);
    }
  }
}

/** Names of a foreign key between the tables, and of where it is. */
function referenceNames(session: Session, table: TableDefinition, child: TableDefinition): Record<string, string> {
  const show = (one: { readonly name: Identifier }): string => displayIdentifier(one.name, session.identifierFold);
  const key = child.constraints.find((one) => one.kind === 'foreign_key' && one.refTableId === table.id);
  const database = session.catalog.get(child.databaseId);
  return {
    child: show(child),
    ...(key === undefined ? {} : { constraint: show(key) }),
    ...(database?.kind === 'database' ? { database: show(database) } : {}),
  };
}

/** ON COMMIT DELETE ROWS and ON COMMIT DROP of the session's temporary tables, carried out just before the commit. */
export function endTemporaryTables(session: Session): void {
  const schemas = temporarySchemaIds(session);
  if (schemas.size === 0 || (session.transaction?.hasWrites !== true && session.fork?.changed !== true)) return;
  for (const table of [...session.catalog.all('table')]) {
    if (table.kind !== 'table' || !schemas.has(table.schemaId)) continue;
    if (table.onCommit === 'delete') emptyTable(session, table.id, false);
    else if (table.onCommit === 'drop') dropTable(session, table);
  }
}

function dropTable(session: Session, table: TableDefinition): void {
  const { core } = session;
  session.catalogFork().drop(table.id);
  session.transaction!.onCommit(() => {
    core.dropSpace(table.space);
    for (const index of table.indexes) core.dropSpace(index.space);
  });
}

function emptyTable(session: Session, id: ObjectId, restartIdentity: boolean): void {
  const fork = session.catalogFork();
  const { core } = session;
  const table = fork.table(id);
  const space = core.catalog.allocateId();
  core.store.createSpace(space);
  const indexes = table.indexes.map((index) => {
    const next = core.catalog.allocateId();
    core.store.createSpace(next);
    return { ...index, space: next };
  });
  fork.put({
    ...table,
    space,
    indexes,
    columns: table.columns.map((column) => (column.dropped ? column : { ...column, missing: null })),
  });
  session.transaction!.onCommit(() => {
    core.dropSpace(table.space);
    for (const index of table.indexes) core.dropSpace(index.space);
  });
  if (!restartIdentity) return;
  for (const sequence of fork.all('sequence')) {
    if (sequence.kind === 'sequence' && sequence.ownedBy?.tableId === id)
      core.sequences.restart(sequence.id, sequence.start);
  }
}
