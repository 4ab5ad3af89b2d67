/** Table locks taken by statements that run as promises: LOCK TABLE itself, definitions, loads, ANALYZE, TRUNCATE. */
import { displayIdentifier } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import { LockWaiter } from '../transactions/locks.ts';
import { hasPrivilege } from '../catalog/privileges.ts';
import type { TableDefinition } from '../catalog/definitions.ts';
import type { Session } from './session.ts';

export async function lockTables(session: Session, statement: NodeOf<'LOCK_TABLES'>): Promise<void> {
  if (session.mode !== 'block')
    throw new SqlError('no_active_sql_transaction', 'LOCK TABLE can only be used in transaction blocks');
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
    requireLockPrivilege(session, found, statement.mode);
    await lockTable(session, found.id, found.name.text, statement.mode, statement.nowait ? 'nowait' : 'wait');
  }
}

/** One privilege to do what the lock is for. */
function requireLockPrivilege(session: Session, table: TableDefinition, mode: NodeOf<'LOCK_TABLES'>['mode']): void {
  const enough = mode === 'access_share' ? ['SELECT'] : ['UPDATE', 'DELETE', 'TRUNCATE'];
  if (mode === 'row_exclusive') enough.push('INSERT');
  if (enough.some((privilege) => hasPrivilege(session.catalog, session.currentRole, table, privilege))) return;
  session.names.checkPrivilege(table, enough[0]!);
}

export function lockTable(
  session: Session,
  id: number,
  name: string,
  mode: NodeOf<'LOCK_TABLES'>['mode'],
  wait: 'wait' | 'nowait',
): Promise<void> {
  const result = session.transaction!.lockTable(id, mode, wait, name);
  if (!(result instanceof LockWaiter)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    result.onSettled((error) => (error === undefined ? resolve() : reject(error)));
  });
}
