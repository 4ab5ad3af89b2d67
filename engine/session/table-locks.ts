/** Table locks taken by statements that run as promises: LOCK TABLE itself, definitions, loads, ANALYZE, TRUNCATE. */
import { displayIdentifier, type Name } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import { type LockResult, LockWaiter, type TableLockMode } from '../transactions/locks.ts';
import { hasPrivilege } from '../catalog/privileges.ts';
import type { RelationDefinition, SystemRelation, TableDefinition } from '../catalog/definitions.ts';
import type { Session } from './session.ts';

type Done = { readonly command: string };

export async function lockTables(
  session: Session,
  statement: NodeOf<'LOCK_TABLES'> | NodeOf<'HOLD_TABLES'>,
): Promise<Done> {
  if (statement.op === 'HOLD_TABLES') return holdTables(session, statement);
  if (session.mode !== 'block')
    throw new SqlError('no_active_sql_transaction', 'LOCK TABLE can only be used in transaction blocks');
  for (const { name } of statement.tables) {
    const found = relationNamed(session, name);
    if (found.kind !== 'table') {
      const shown = shownName(session, name);
      throw new SqlError('wrong_object_type', {
        message: `"${shown}" is not a table`,
        args: { name: shown, kind: 'table' },
      });
    }
    requireLockPrivilege(session, found, statement.mode);
    await lockTable(session, found.id, found.name.text, statement.mode, statement.nowait ? 'nowait' : 'wait');
  }
  return { command: 'LOCK TABLE' };
}

const shownName = (session: Session, name: Name): string =>
  name.map((part) => displayIdentifier(part, session.identifierFold)).join('.');

function relationNamed(session: Session, name: Name): RelationDefinition | SystemRelation {
  const found = session.names.findRelation(name);
  if (found !== undefined) return found;
  const shown = shownName(session, name);
  throw new SqlError('undefined_table', { message: `relation "${shown}" does not exist`, args: { name: shown } });
}

/** Gives back what the session holds and takes these, always in the same order so that two sessions do not wait for each other. */
async function holdTables(session: Session, statement: NodeOf<'HOLD_TABLES'>): Promise<Done> {
  const held = session.sessionLocks.tables;
  held.release();
  const wanted = new Map<number, { readonly table: TableDefinition; readonly mode: TableLockMode }>();
  for (const { name, mode } of statement.tables)
    for (const table of tablesBehind(session, name))
      if (mode === 'access_exclusive' || !wanted.has(table.id)) wanted.set(table.id, { table, mode });
  try {
    for (const { table, mode } of [...wanted.values()].sort((a, b) => a.table.id - b.table.id))
      await settled(held.acquire(table, mode));
  } catch (error) {
    held.release();
    throw error;
  }
  return { command: 'LOCK TABLES' };
}

/** The table of that name, or those that the view of that name reads. */
function tablesBehind(session: Session, name: Name): readonly TableDefinition[] {
  const found = relationNamed(session, name);
  if (found.kind !== 'table' && found.kind !== 'view') return [];
  session.names.checkPrivilege(found, 'SELECT');
  if (found.kind === 'table') return [found];
  session.sessionLocks.tables.open = true;
  const tables: TableDefinition[] = [];
  const seen = new Set(found.dependsOn);
  for (const id of seen) {
    const read = session.catalog.get(id);
    if (read?.kind === 'table') tables.push(read);
    else if (read?.kind === 'view') for (const next of read.dependsOn) seen.add(next);
  }
  return tables;
}

/** Raises where tables that the session holds bar it from this one. */
export function checkHeld(session: Session, table: TableDefinition, mode: TableLockMode): void {
  const { tables } = session.sessionLocks;
  if (tables.any) tables.check(table, mode, (id) => session.catalog.get(id)?.kind === 'table');
}

/** One privilege to do what the lock is for. */
function requireLockPrivilege(session: Session, table: TableDefinition, mode: NodeOf<'LOCK_TABLES'>['mode']): void {
  const enough = mode === 'access_share' ? ['SELECT'] : ['UPDATE', 'DELETE', 'TRUNCATE'];
  if (mode === 'row_exclusive') enough.push('INSERT');
  if (enough.some((privilege) => hasPrivilege(session.catalog, session.actor, table, privilege))) return;
  session.names.checkPrivilege(table, enough[0]!);
}

export function lockTable(
  session: Session,
  id: number,
  name: string,
  mode: NodeOf<'LOCK_TABLES'>['mode'],
  wait: 'wait' | 'nowait',
): Promise<void> {
  const table = session.catalog.get(id);
  if (table?.kind === 'table') checkHeld(session, table, mode);
  return settled(session.transaction!.lockTable(id, mode, wait, name));
}

function settled(result: LockResult): Promise<void> {
  if (!(result instanceof LockWaiter)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    result.onSettled((error) => (error === undefined ? resolve() : reject(error)));
  });
}
