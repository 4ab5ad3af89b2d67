/** Small ways to run plans from inside the engine: all rows, or batch by batch, as promises. For DDL, cursors, routines; never per request. */
import type { Row, SqlValue } from '../../sblr/contract/values.ts';
import { Execution } from '../executor/run.ts';
import type { PlannedQuery } from './plan-cache.ts';
import type { Session } from './session.ts';
import { StatementContext } from './statement-context.ts';

/** Runs the plan in the open statement of the session's transaction; `onBatch` sees the rows. Answers rows changed. */
export function runPlan(
  session: Session,
  query: PlannedQuery,
  parameters: readonly SqlValue[],
  onBatch: (rows: readonly Row[]) => void,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const context = new StatementContext(session, session.transaction!, parameters);
    const execution = new Execution(query.plan, context);
    const advance = (): void => {
      try {
        context.startSlice();
        for (;;) {
          session.checkCancelled();
          const state = execution.step();
          if (state === 'pending') return;
          if (state === 'done') break;
          onBatch(execution.rows);
        }
        const affected = execution.affectedRows ?? 0;
        execution.close();
        resolve(affected);
      } catch (error) {
        execution.close();
        reject(error as Error);
      }
    };
    context.onResume = advance;
    advance();
  });
}

export async function allRows(
  session: Session,
  query: PlannedQuery,
  parameters: readonly SqlValue[] = [],
): Promise<Row[]> {
  const rows: Row[] = [];
  await runPlan(session, query, parameters, (batch) => {
    for (const row of batch) rows.push(row);
  });
  return rows;
}
