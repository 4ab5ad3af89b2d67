/** Statements that take effect by themselves and are refused inside a transaction block. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { StatementNode } from '../../sblr/nodes.ts';
import type { Session } from './session.ts';

export function requireOutsideBlock(session: Session, statement: StatementNode): void {
  if (session.mode !== 'block') return;
  const command = commandAlone(statement);
  if (command !== undefined)
    throw new SqlError('active_sql_transaction', `${command} cannot run inside a transaction block`);
}

function commandAlone(statement: StatementNode): string | undefined {
  switch (statement.op) {
    case 'VACUUM':
      return 'VACUUM';
    case 'REINDEX':
      return statement.kind === 'database' ? 'REINDEX DATABASE' : undefined;
    case 'CREATE_INDEX':
      return statement.concurrently ? 'CREATE INDEX CONCURRENTLY' : undefined;
    case 'DROP_OBJECTS':
      return statement.concurrently ? 'DROP INDEX CONCURRENTLY' : undefined;
    default:
      return undefined;
  }
}
