/**
 * User-defined routines. A SQL function's body is a program of one or more queries; the last one that
 * returns rows gives the result. Bodies run inside the calling statement and see its changes so far.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { ExecuteRequest } from '../../sblr/contract/session.ts';
import type { Row, SqlValue } from '../../sblr/contract/values.ts';
import { SqlRecord } from '../../sblr/contract/values.ts';
import { decodeProgram } from '../../sblr/decode.ts';
import type { Program } from '../../sblr/nodes.ts';
import type { RoutineDefinition } from '../catalog/definitions.ts';
import { Execution } from '../executor/run.ts';
import { Machine, type OtherStatement } from '../procedure/machine.ts';
import { planRelation, type PlannedQuery } from './prepare.ts';
import type { Session } from './session.ts';
import { StatementContext } from './statement-context.ts';

/** Calls of routines inside routines. */
const CALL_DEPTH_LIMIT = 64;

const planned = new WeakMap<
  RoutineDefinition,
  { readonly epoch: number; readonly version: number; readonly queries: readonly PlannedQuery[] }
>();
let depth = 0;

function plans(session: Session, routine: RoutineDefinition): readonly PlannedQuery[] {
  const known = planned.get(routine);
  if (known !== undefined && known.epoch === session.catalog.epoch && known.version === session.bindingVersion)
    return known.queries;
  const program = decodeProgram(routine.program);
  const types = routine.parameters.filter((one) => one.mode !== 'out' && one.mode !== 'table').map((one) => one.type);
  const queries = program.statements.map((statement) => {
    if (statement.op !== 'RETURN')
      throw new SqlError(
        'feature_not_supported',
        `${statement.op.replaceAll('_', ' ')} is not supported in a function body`,
      );
    return planRelation(session, program, statement.source, types, statement.command);
  });
  planned.set(routine, { epoch: session.catalog.epoch, version: session.bindingVersion, queries });
  return queries;
}

/** A context whose slices do not end: the body runs to completion inside one evaluation of the caller. */
class BodyContext extends StatementContext {
  override sliceUsed(): boolean {
    return false;
  }

  override waitFor(): void {
    throw new SqlError('feature_not_supported', {
      message: 'a function body had to wait for a lock or for data on disk',
      hint: 'Run its statements directly.',
    });
  }
}

export function routineRows(
  session: Session,
  caller: StatementContext,
  routine: RoutineDefinition,
  values: readonly SqlValue[],
): readonly Row[] {
  if (routine.strict && values.some((value) => value === null)) return [];
  if (depth >= CALL_DEPTH_LIMIT)
    throw new SqlError('statement_too_complex', {
      message: 'stack depth limit exceeded',
      hint: 'Routines call each other too deep.',
    });
  depth++;
  try {
    let rows: Row[] = [];
    for (const query of plans(session, routine)) {
      caller.transaction.beginStatement();
      const context = new BodyContext(session, caller.transaction, values);
      const execution = new Execution(query.plan, context);
      try {
        rows = [];
        for (;;) {
          caller.checkCancelled();
          const state = execution.step();
          if (state === 'done') break;
          if (state === 'rows') for (const row of execution.rows) rows.push(row.slice(0, query.columns.length));
        }
        caller.transaction.endStatement();
      } catch (error) {
        caller.transaction.rollbackStatement();
        throw error;
      } finally {
        execution.close();
      }
    }
    return rows;
  } finally {
    depth--;
  }
}

export function callRoutine(
  session: Session,
  caller: StatementContext,
  routine: RoutineDefinition,
  values: readonly SqlValue[],
): SqlValue {
  if (routine.strict && values.some((value) => value === null)) return null;
  const row = routineRows(session, caller, routine, values)[0];
  if (row === undefined || routine.returns === undefined || routine.returns.kind === 'void') return null;
  return routine.returns.kind === 'record' && row.length !== 1 ? new SqlRecord(row) : (row[0] ?? null);
}

/** Programs of several statements: batches and blocks. */
export async function runProgram(
  session: Session,
  program: Program,
  request: ExecuteRequest,
  other: OtherStatement,
): Promise<{ readonly command: string }> {
  const machine = new Machine({ session, program, parameters: request.parameters, other, depth: 0 });
  await machine.run();
  return { command: 'CALL' };
}
