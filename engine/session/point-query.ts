/**
 * The fast path of a query that is a PointRead: carried out and answered at once.
 *
 * Because it runs to its end before anything else can happen on the engine thread, a query that stands
 * alone needs neither a transaction nor a registered snapshot: it reads what is committed now. For the
 * same reason a table lock is not taken, only looked at: where somebody holds or awaits a conflicting
 * one, the general path waits for it. Inside a transaction it reads what a statement would see, the
 * transaction's own changes too, and the lock is taken, for it lasts as long as the transaction.
 */
import type { Completion, ExecuteRequest } from '../../sblr/contract/session.ts';
import type { Row } from '../../sblr/contract/values.ts';
import { RowBlockWriter } from '../../sblr/contract/row-block.ts';
import { bindParameters } from './prepare.ts';
import type { CachedStatement, PlannedQuery } from './plan-cache.ts';
import type { Session } from './session.ts';

/** Carries out the request if it is one for this path; false = nothing was done. */
export function runPointQuery(session: Session, cached: CachedStatement, request: ExecuteRequest): boolean {
  const query = cached.query!;
  const { point } = query.plan;
  if (point === undefined || request.portal !== undefined) return false;
  const { transaction } = session;
  if (transaction === undefined && request.implicit !== 'statement') return false;
  // A serializable transaction notes what it reads.
  if ((transaction?.isolation ?? session.transactionDefaults.isolation) === 'serializable') return false;
  if (session.sessionLocks.tables.any) return false;
  const { store, locks } = session.core.transactions;
  for (const { table } of query.bound.tables) {
    if (!locks.tableIsFree(session.lockGroup, table.id, 'access_share')) return false;
  }
  const parameters = bindParameters(session, cached, request);
  let row: Row | undefined;
  if (transaction === undefined) {
    const snapshot = store.lastStamp();
    row = point.read(
      parameters,
      (index, key, space) => store.getReferenced(index, key, space, snapshot) as Row | undefined,
    );
  } else {
    for (const { table } of query.bound.tables) transaction.lockTable(table.id, 'access_share', 'wait');
    row = point.read(parameters, (index, key, space) => transaction.getCurrentReferenced(index, key, space));
  }
  const { sink } = session;
  if (request.wantColumns || !session.toldColumns.has(query.columns)) {
    session.toldColumns.add(query.columns);
    sink.columns(query.columns);
  }
  if (row !== undefined) {
    const writer = query.idleWriter ?? new RowBlockWriter(query.types, session.resolveReference);
    query.idleWriter = undefined;
    writer.append(row);
    writer.send(sink);
    query.idleWriter = writer;
  }
  const done = completion(query, row === undefined ? 0 : 1);
  session.counts.done(done);
  sink.complete(done);
  session.requestDone();
  return true;
}

/** Completions are kept with the query: there are only two. */
function completion(query: PlannedQuery, rows: 0 | 1): Completion {
  return (query.pointCompletions ??= [
    { command: query.command, rows: 0 },
    { command: query.command, rows: 1 },
  ])[rows];
}
