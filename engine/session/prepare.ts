/** Programs to plans: look-up in the caches, binding, planning, description, parameters. */
import type { ExecuteRequest, ProgramRef, ResultColumn } from '../../sblr/contract/session.ts';
import { displayIdentifier } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { JSON_TEXT, TEXT, type SqlType } from '../../sblr/contract/types.ts';
import type { SqlValue } from '../../sblr/contract/values.ts';
import type { Program, RelationNode } from '../../sblr/nodes.ts';
import type { BoundQuery } from '../binder/bound.ts';
import type { BindContext } from '../binder/context.ts';
import { atPosition } from '../binder/errors.ts';
import { originOf } from './column-origins.ts';
import { bindQuery } from '../binder/index.ts';
import { columnExpression } from '../binder/outputs.ts';
import { isNeverNull } from '../planner/never-null.ts';
import { planQuery } from '../planner/plan.ts';
import { TEXT_INPUTS } from '../../sblr/contract/text/own-text.ts';
import { textParser } from '../../sblr/contract/text/text-io.ts';
import { displayType } from '../../sblr/contract/text/type-name.ts';
import { clientType } from './client-types.ts';
import type { KnownStatistics } from '../planner/known-statistics.ts';
import type { CachedStatement, PlannedQuery } from './plan-cache.ts';
export type { PlannedQuery } from './plan-cache.ts';
import { outputColumns, procedureOf } from '../procedure/procedures.ts';
import type { Session } from './session.ts';

export function bindContext(
  session: Session,
  program: Pick<Program, 'semantics'>,
  parameterTypes: readonly (SqlType | undefined)[],
): BindContext {
  const { names } = session;
  return {
    names,
    semantics: program.semantics,
    parameterTypes,
    text: session.evaluation.text,
    variables: { typeOf: (name, scope) => session.variables.typeOf(name, scope) },
    viewNames: (view) => (view.system ? names.with({ role: view.owner }) : session.viewNames(view)),
  };
}

/** Names of the routine around a query that has no statements of its own: columns come before them. */
export function withLocals(context: BindContext, local: (name: string) => SqlType | undefined): BindContext {
  const outer = context.variables;
  return {
    ...context,
    semantics: { ...context.semantics, variableConflict: 'column' },
    variables: { typeOf: (name, scope) => (scope === 'local' ? local(name) : outer?.typeOf(name, scope)) },
  };
}

export function planRelation(
  session: Session,
  program: Program,
  relation: RelationNode,
  parameterTypes: readonly (SqlType | undefined)[],
  command: string,
): PlannedQuery {
  return planBound(session, bindQuery(relation, bindContext(session, program, parameterTypes)), command);
}

export function planBound(session: Session, bound: BoundQuery, command: string): PlannedQuery {
  const plan = planQuery(bound, session.core.statistics, {
    semantics: session.semantics!,
    stored: session.storedExpressions(),
  });
  const { describesOrigins } = session.dialect.profile;
  const columns = bound.plan.columns.map((column): ResultColumn => {
    const origin = describesOrigins ? originOf(session, column) : undefined;
    return {
      name: column.name,
      type: clientType(session.catalog, column.type),
      tableId: column.tableId,
      columnPosition: column.position,
      ...(describesOrigins ? { neverNull: isNeverNull(columnExpression(column), bound.plan) } : {}),
      ...(origin === undefined ? {} : { origin }),
    };
  });
  return {
    bound,
    plan,
    columns,
    types: columns.map((column) => column.type),
    command,
    idleWriter: undefined,
    pointCompletions: undefined,
  };
}

export function lookupStatement(
  session: Session,
  reference: ProgramRef,
  declared: readonly (SqlType | undefined)[],
): CachedStatement {
  const found = session.plans.get(reference.hash, declared);
  const { catalog } = session;
  const { statistics } = session.core;
  if (
    found !== undefined &&
    found.epoch === catalog.epoch &&
    found.version === session.versions.current &&
    isPlannedWith(found, statistics)
  )
    return found;
  const program = found?.program ?? session.program(reference);
  session.semantics = program.semantics;
  session.core.semantics ??= program.semantics;
  const statement = program.statements[0];
  let query: PlannedQuery | undefined;
  if (program.statements.length === 1 && statement?.op === 'RETURN') {
    query = planRelation(session, program, statement.source, mergeTypes(program, declared), statement.command);
  }
  const before = found?.query?.columns;
  const told = before !== undefined && session.toldColumns.has(before) ? before : found?.told;
  const entry: CachedStatement = {
    program,
    epoch: catalog.epoch,
    version: session.versions.current,
    statistics: statistics.version,
    query,
    told,
  };
  session.plans.set(reference.hash, declared, entry);
  return entry;
}

/** Are these still the statistics the statement was planned with, as far as they matter to it? */
function isPlannedWith(cached: CachedStatement, statistics: KnownStatistics): boolean {
  if (cached.statistics === statistics.version) return true;
  const { query } = cached;
  // A look-up by a unique key is the best there is, whatever the statistics say.
  const matters = query !== undefined && query.plan.point === undefined;
  if (matters && statistics.analyzedSince(cached.statistics, query.bound.tables)) return false;
  cached.statistics = statistics.version;
  return true;
}

/** A client that keeps the description of a result could not read one of another shape: it must prepare again. */
export function checkResultShape(cached: CachedStatement, request: ExecuteRequest): void {
  const { told, query } = cached;
  if (told === undefined || query === undefined) return;
  if (request.wantColumns) cached.told = undefined;
  else if (!sameShape(told, query.columns))
    throw new SqlError('feature_not_supported', 'cached plan must not change result type');
}

function sameShape(told: readonly ResultColumn[], columns: readonly ResultColumn[]): boolean {
  if (told.length !== columns.length) return false;
  return told.every(({ name, type }, at) => {
    const now = columns[at]!;
    return name === now.name && displayType(type) === displayType(now.type) && type.typeId === now.type.typeId;
  });
}

/** The program's own declarations (casts, lifted literals) win over the client's. */
export function mergeTypes(
  program: Program,
  declared: readonly (SqlType | undefined)[],
): readonly (SqlType | undefined)[] {
  const count = Math.max(program.parameterTypes.length, declared.length);
  const types: (SqlType | undefined)[] = new Array(count);
  for (let i = 0; i < count; i++) types[i] = program.parameterTypes[i] ?? declared[i];
  return types;
}

/** Answers parameters and columns of a statement without running it. */
export function describeStatement(
  session: Session,
  reference: ProgramRef,
  declared: readonly (SqlType | undefined)[],
): void {
  const program = session.program(reference);
  session.semantics = program.semantics;
  const statement = program.statements[0];
  if (
    session.failed &&
    !(statement?.op === 'COMMIT' || statement?.op === 'ROLLBACK' || statement?.op === 'ROLLBACK_TO_SAVEPOINT')
  )
    throw inFailedTransaction();
  const { sink } = session;
  const cached = lookupStatement(session, reference, declared);
  cached.told = undefined;
  const { query } = cached;
  if (query !== undefined) {
    sink.parameters(query.bound.parameterTypes.map((type) => clientType(session.catalog, type)));
    session.toldColumns.add(query.columns);
    sink.columns(query.columns);
    return;
  }
  if (statement?.op === 'EXECUTE_STATEMENT') {
    const prepared = session.prepared.get(statement.name);
    if (prepared !== undefined) {
      sink.parameters([]);
      sink.columns(lookupStatement(session, prepared.program, prepared.parameterTypes).query?.columns ?? []);
      return;
    }
  }
  sink.parameters(mergeTypes(program, declared).map((type) => type ?? TEXT));
  if (statement?.op === 'EXPLAIN') {
    const type = statement.format === 'json' ? JSON_TEXT : TEXT;
    sink.columns([{ name: 'QUERY PLAN', type, tableId: 0, columnPosition: 0 }]);
  } else if (statement?.op === 'FETCH_CURSOR' && !statement.move)
    sink.columns(session.cursors.get(statement.name)?.columns ?? []);
  else if (statement?.op === 'CALL_PROCEDURE') {
    const routine = procedureOf(session, statement);
    sink.columns(
      routine === undefined ? [] : outputColumns(routine, (name) => displayIdentifier(name, session.identifierFold)),
    );
  } else sink.columns([]);
}

export function inFailedTransaction(): SqlError {
  return new SqlError(
    'in_failed_sql_transaction',
    'current transaction is aborted, commands ignored until end of transaction block',
  );
}

function parsedParameter(session: Session, type: SqlType, value: string, parameter: number): SqlValue {
  try {
    return textParser(type, session.evaluation.text)(value);
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    throw new SqlError(error.condition, { ...error.details, parameter });
  }
}

/** Parameter values in the types the plan wants. */
export function bindParameters(
  session: Session,
  statement: CachedStatement,
  request: ExecuteRequest,
): readonly SqlValue[] {
  const wanted = statement.query?.bound.parameterTypes ?? [];
  const { parameters, textParameters } = request;
  if (parameters.length < wanted.length) {
    const name = `$${parameters.length + 1}`;
    throw new SqlError('undefined_parameter', { message: `there is no parameter ${name}`, args: { name } });
  }
  if (parameters.length === 0) return parameters;
  const declared = statement.program.parameterTypes;
  let converted: SqlValue[] | undefined;
  for (let i = 0; i < parameters.length; i++) {
    const value = parameters[i]!;
    const type = wanted[i];
    if (type === undefined || typeof value !== 'string' || type.kind === 'text') {
      const read = type?.length !== undefined || TEXT_INPUTS.has(type?.declared ?? '');
      if (!(typeof value === 'string' && type?.kind === 'text' && read)) continue;
    }
    const isText =
      textParameters?.[i] === true || declared[i]?.kind === 'unknown' || request.parameterTypes[i]?.kind === 'unknown';
    if (!isText) continue;
    converted ??= parameters.slice();
    // A literal taken out of the text is read here in place of the parser: its errors stand where it does.
    converted[i] =
      declared[i]?.kind === 'unknown'
        ? atPosition(statement.query?.bound.parameterPositions?.[i], () =>
            textParser(type!, session.evaluation.text)(value as string),
          )
        : parsedParameter(session, type!, value as string, i + 1);
  }
  return converted ?? parameters;
}
