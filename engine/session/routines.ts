/**
 * User-defined routines. A body of queries alone gives the result of the last; a procedural body runs in
 * the procedural machine. Bodies run inside the calling statement and see its changes so far.
 */
import type { SqlType, VariableKind } from '../../sblr/contract/types.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { ExecuteRequest } from '../../sblr/contract/session.ts';
import type { Row, SqlValue } from '../../sblr/contract/values.ts';
import { SqlRecord } from '../../sblr/contract/values.ts';
import { decodeProgram } from '../../sblr/decode.ts';
import type { Program } from '../../sblr/nodes.ts';
import { bindQuery } from '../binder/index.ts';
import { isPolymorphic } from '../binder/polymorphic-routines.ts';
import { asRoutineResult } from '../binder/routine-result.ts';
import type { RoutineDefinition } from '../catalog/definitions.ts';
import { Execution } from '../executor/run.ts';
import { driveAsync, driveSync } from '../procedure/drive.ts';
import { Machine, type OtherStatement } from '../procedure/machine.ts';
import type { PlanStore } from '../procedure/queries.ts';
import { enterRoutine } from './binding-versions.ts';
import { bindContext, planBound, withLocals, type PlannedQuery } from './prepare.ts';
import type { Session } from './session.ts';
import { StatementContext } from './statement-context.ts';

/** Calls of routines inside routines. */
const CALL_DEPTH_LIMIT = 64;

/** A routine's body, ready to run in one session. */
interface Body {
  readonly program: Program;
  readonly epoch: number;
  readonly version: number;
  /** Of a body of queries alone. */
  readonly queries: readonly PlannedQuery[] | undefined;
  /** Of a procedural body: outlives changes of the catalog, each plan being checked by itself. */
  readonly plans: PlanStore;
}

const bodies = new WeakMap<Session, WeakMap<RoutineDefinition, Body>>();
let depth = 0;

const inputsOf = (routine: RoutineDefinition): RoutineDefinition['parameters'] =>
  routine.parameters.filter((one) => one.mode !== 'out' && one.mode !== 'table');

function bodyOf(session: Session, routine: RoutineDefinition): Body {
  let known = bodies.get(session);
  if (known === undefined) bodies.set(session, (known = new WeakMap()));
  const { epoch } = session.catalog;
  const version = session.versions.current;
  const before = known.get(routine);
  if (before !== undefined && (before.queries === undefined || (before.epoch === epoch && before.version === version)))
    return before;
  const program = before?.program ?? decodeProgram(routine.program);
  const types = inputsOf(routine).map((one) => one.type);
  const local = (name: string): SqlType | undefined => types[inputNamed(routine, name)];
  const context = withLocals(bindContext(session, program, types), local);
  const last = program.statements.at(-1);
  const queries = program.statements.every((statement) => statement.op === 'RETURN')
    ? program.statements.map((statement) => {
        const bound = bindQuery(statement.source, context);
        const { returns, form, name } = routine;
        const answers = statement === last && returns !== undefined && form === 'function';
        const query = answers ? asRoutineResult(bound, name.text, returns, context) : bound;
        return planBound(session, query, statement.command);
      })
    : undefined;
  const body: Body = { program, epoch, version, queries, plans: new WeakMap() };
  known.set(routine, body);
  return body;
}

/** Binds a new routine's queries, so that the one who creates it learns what is wrong with them. */
export function checkBody(session: Session, routine: RoutineDefinition): void {
  if (session.settings.byRole('check_routine_bodies') === 'off') return;
  // What the placeholders stand for is known at a call.
  if (routine.parameters.some((parameter) => isPolymorphic(parameter.type))) return;
  const { semantics } = session;
  try {
    bodyOf(session, routine);
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    // Positions are those of the body, which the client does not see alone.
    const { position: _position, ...details } = error.details;
    throw new SqlError(error.condition, details);
  } finally {
    session.semantics = semantics;
  }
}

/** Number of the input that the body names so, alone or after the routine's own name; -1 = none. */
function inputNamed(routine: RoutineDefinition, name: string): number {
  const inputs = inputsOf(routine);
  const at = inputs.findIndex((one) => one.name?.text === name);
  return at >= 0 ? at : inputs.findIndex((one) => one.name && `${routine.name.text}.${one.name.text}` === name);
}

/** A context whose slices do not end: the body runs to completion inside one evaluation of the caller. */
class BodyContext extends StatementContext {
  routine: RoutineDefinition | undefined;

  override variable(name: string, scope: VariableKind, type: SqlType): SqlValue {
    if (scope !== 'local' || this.routine === undefined) return super.variable(name, scope, type);
    return this.parameters[inputNamed(this.routine, name)] ?? null;
  }

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
  const { semantics } = session;
  const leave = enterRoutine(session, routine);
  try {
    const body = bodyOf(session, routine);
    if (body.queries === undefined) {
      const machine = routineMachine(session, routine, body, values, undefined);
      driveSync(machine.run(), () => (machine.abandoned = true));
      return resultRows(machine, routine);
    }
    let rows: readonly Row[] = [];
    for (const query of body.queries) rows = bodyRows(session, caller, routine, query, values);
    return rows;
  } finally {
    leave?.();
    session.semantics = semantics;
    depth--;
  }
}

function bodyRows(
  session: Session,
  caller: StatementContext,
  routine: RoutineDefinition,
  query: PlannedQuery,
  values: readonly SqlValue[],
): readonly Row[] {
  caller.transaction.beginStatement();
  const context = new BodyContext(session, caller.transaction, values);
  context.routine = routine;
  const execution = new Execution(query.plan, context);
  try {
    const rows: Row[] = [];
    for (;;) {
      caller.checkCancelled();
      const state = execution.step();
      if (state === 'done') break;
      if (state === 'rows') for (const row of execution.rows) rows.push(row.slice(0, query.columns.length));
    }
    caller.transaction.endStatement();
    return rows;
  } catch (error) {
    caller.transaction.rollbackStatement();
    throw error;
  } finally {
    execution.close();
  }
}

/** An activation of a procedural body, its parameters declared. */
function routineMachine(
  session: Session,
  routine: RoutineDefinition,
  body: Body,
  values: readonly SqlValue[],
  other: OtherStatement | undefined,
): Machine {
  const inputs = inputsOf(routine);
  const nameOf = (at: number): string => routine.parameters[at]!.name?.text ?? `$${at + 1}`;
  const outputs = routine.parameters.flatMap((one, at) =>
    one.mode === 'out' || one.mode === 'inout' ? [nameOf(at)] : [],
  );
  const machine = new Machine({
    session,
    program: body.program,
    parameters: values,
    parameterTypes: inputs.map((one) => one.type),
    other,
    depth,
    plans: body.plans,
    routine: { name: routine.name.text, returns: routine.returns, outputs },
  });
  for (const [at, parameter] of routine.parameters.entries()) {
    const input = inputs.indexOf(parameter);
    machine.declare(nameOf(at), parameter.type, input < 0 ? null : (values[input] ?? null));
  }
  return machine;
}

function resultRows(machine: Machine, routine: RoutineDefinition): readonly Row[] {
  if (routine.returnsSet) return machine.emitted;
  const { result } = machine;
  if (routine.returns?.kind === 'void') return [['']];
  if (routine.returns?.kind !== 'record') return [[result]];
  return result instanceof SqlRecord ? [result.values] : [(routine.returns.fields ?? [null]).map(() => null)];
}

export function callRoutine(
  session: Session,
  caller: StatementContext,
  routine: RoutineDefinition,
  values: readonly SqlValue[],
): SqlValue {
  if (routine.strict && values.some((value) => value === null)) return null;
  const row = routineRows(session, caller, routine, values)[0];
  if (row === undefined || routine.returns === undefined) return null;
  if (routine.returns.kind === 'void') return row[0] === '' ? '' : null;
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
  await driveAsync(machine.run());
  const [only] = program.statements;
  return { command: only?.op === 'EXECUTE_BLOCK' ? only.command : 'CALL' };
}
