/**
 * What an error does to the explicit transaction it happens in. Where it fails the whole transaction, all that
 * others might wait for goes at once, not only when the client says ROLLBACK: down to the innermost savepoint,
 * which ROLLBACK TO may still return to, or everything.
 */
import type { Session } from './session.ts';

export function undoInBlock(session: Session): void {
  session.endOpenStatements(false);
  if (session.semantics?.statementError === 'undo-statement') return;
  session.failed = true;
  const { transaction, savepoints } = session;
  if (transaction?.state !== 'active') return;
  const last = savepoints.at(-1);
  if (last === undefined) transaction.rollback();
  else transaction.rollbackTo(last.name);
}
