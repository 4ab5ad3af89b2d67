/**
 * What an error does to the explicit transaction it happens in. Where it fails the whole transaction, all that
 * others might wait for goes at once, not only when the client says ROLLBACK: down to the innermost savepoint,
 * which ROLLBACK TO may still return to, or everything.
 */
import type { Condition } from '../../sblr/contract/conditions.ts';
import type { Session } from './session.ts';

/** Whoever is chosen to end a deadlock or an anomaly must let go of everything that others wait for. */
const VICTIMS: ReadonlySet<Condition> = new Set<Condition>(['deadlock_detected', 'serialization_failure']);

export function undoInBlock(session: Session, condition: Condition | undefined): void {
  session.endOpenStatements(false);
  if (session.semantics?.statementError === 'undo-statement') {
    if (condition !== undefined && VICTIMS.has(condition)) session.rollback();
    return;
  }
  session.failed = true;
  const { transaction, savepoints } = session;
  if (transaction?.state !== 'active') return;
  const last = savepoints.at(-1);
  if (last === undefined) transaction.rollback();
  else transaction.rollbackTo(last.name);
}
