/**
 * Two-phase commit: PREPARE TRANSACTION hands the session's transaction to the prepared ones, where it
 * waits, over restarts, too, for COMMIT PREPARED or ROLLBACK PREPARED from any session.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type { Transaction } from '../transactions/transaction.ts';
import { toSqlError } from './errors.ts';
import type { Session } from './session.ts';

export function runTwoPhase(session: Session, statement: NodeOf<'PREPARE_TRANSACTION'>): void {
  if (statement.action === 'prepare') prepare(session, statement.gid);
  else finish(session, statement.gid, statement.action);
}

function prepare(session: Session, name: string): void {
  if (session.mode !== 'block') session.warn('no_active_sql_transaction', 'there is no transaction in progress');
  if (session.mode !== 'block' || session.failed) {
    session.rollback();
    session.sink.complete({ command: 'ROLLBACK' });
    session.requestDone();
    return;
  }
  const information = {
    name,
    id: session.transaction!.id,
    role: session.currentRole,
    databaseId: session.databaseId,
    preparedAt: session.core.now(),
  };
  session.commit(
    (error) => answer(session, 'PREPARE TRANSACTION', error),
    (transaction, done) => {
      try {
        refuse(session, transaction);
      } catch (error) {
        transaction.rollback();
        done(error as Error);
        return;
      }
      transaction.prepare({ ...information, isolation: transaction.isolation }, done);
    },
  );
}

/** What cannot outlive the session, or a restart, cannot be prepared. */
function refuse(session: Session, transaction: Transaction): void {
  const cannot = (what: string): SqlError =>
    new SqlError('feature_not_supported', `cannot PREPARE a transaction that has ${what}`);
  const temporary = 'operated on temporary objects';
  for (const made of session.fork?.changes.values() ?? [])
    if (made !== null && 'persistence' in made && made.persistence === 'temporary') throw cannot(temporary);
  for (const { kind, number } of session.core.locks.held(transaction.lockOwner)) {
    const table = kind === 'table' ? session.catalog.get(number) : undefined;
    if (table?.kind === 'table' && table.persistence === 'temporary') throw cannot(temporary);
  }
  if (session.fork?.changed === true) throw cannot('changed definitions');
  if (session.notifications.length > 0) throw cannot('executed LISTEN, UNLISTEN, or NOTIFY');
  for (const cursor of session.cursors.values())
    if (cursor.hold && cursor.createdAt >= transaction.startedAt) throw cannot('created a cursor WITH HOLD');
}

function finish(session: Session, name: string, how: 'commit' | 'rollback'): void {
  const command = how === 'commit' ? 'COMMIT PREPARED' : 'ROLLBACK PREPARED';
  if (session.transaction !== undefined || session.mode === 'block')
    throw new SqlError('active_sql_transaction', `${command} cannot run inside a transaction block`);
  const { prepared } = session.core.transactions;
  const information = prepared.get(name);
  if (information !== undefined && information.role !== session.currentRole && !session.isSuperuser)
    throw new SqlError('insufficient_privilege', {
      message: 'permission denied to finish prepared transaction',
      hint: 'Must be superuser or the user that prepared the transaction.',
    });
  if (information !== undefined && information.databaseId !== session.databaseId)
    throw new SqlError('feature_not_supported', {
      message: 'prepared transaction belongs to another database',
      hint: 'Connect to the database where the transaction was prepared to finish it.',
    });
  prepared.finish(name, how, (error) => answer(session, command, error));
}

function answer(session: Session, command: string, error: Error | undefined): void {
  if (error === undefined) session.sink.complete({ command });
  else session.sink.error(toSqlError(error));
  session.requestDone();
}
