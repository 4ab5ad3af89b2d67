/** EXPLAIN and EXPLAIN ANALYZE of queries and modifications; EXPLAIN (SBLR) lists the bytecode. */
import type { Identifier } from '../../sblr/contract/names.ts';
import type { ExecuteRequest } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { JSON_TEXT, TEXT } from '../../sblr/contract/types.ts';
import { encodeProgram } from '../../sblr/encode.ts';
import { disassemble } from '../../sblr/explain.ts';
import type { NodeOf, Program, RelationNode } from '../../sblr/nodes.ts';
import { Execution } from '../executor/run.ts';
import type { Measurement } from '../executor/operator.ts';
import { explainPlan } from '../planner/explain.ts';
import { EXPLAIN_COLUMNS, explainRows } from '../planner/explain-table.ts';
import { bindParameters, mergeTypes, planRelation } from './prepare.ts';
import type { Session } from './session.ts';
import { StatementContext } from './statement-context.ts';
import { sendRows, sendText } from './statements.ts';

export async function explain(
  session: Session,
  program: Program,
  statement: NodeOf<'EXPLAIN'>,
  request: ExecuteRequest,
): Promise<{ readonly command: string }> {
  const inner = statement.statement;
  if (statement.format === 'sblr') {
    const { bytes } = encodeProgram({ ...program, statements: [inner] });
    sendText(session, 'QUERY PLAN', disassemble(bytes).trimEnd().split('\n'));
    return { command: 'EXPLAIN' };
  }
  const source = explained(inner);
  if (source === undefined) {
    sendText(session, 'QUERY PLAN', ['Utility statements have no plan structure']);
    return { command: 'EXPLAIN' };
  }
  const started = performance.now();
  const query = planRelation(session, program, source, mergeTypes(program, request.parameterTypes), 'SELECT');
  const planned = performance.now() - started;
  const option = (name: string, otherwise: boolean): boolean => {
    const found = statement.options.find((one) => one.name === name);
    return found === undefined
      ? otherwise
      : found.value === undefined || !['off', 'false', '0'].includes(found.value.toLowerCase());
  };
  for (const name of ['timing', 'wal'])
    if (option(name, false) && !statement.analyze)
      throw new SqlError('invalid_parameter_value', `EXPLAIN option ${name.toUpperCase()} requires ANALYZE`);
  let measurements: Map<object, Measurement> | undefined;
  let executed: number | undefined;
  if (statement.analyze) {
    session.beginStatement();
    const context = new StatementContext(
      session,
      session.transaction!,
      bindParameters(session, { program, epoch: 0, version: 0, statistics: 0, query }, request),
    );
    measurements = new Map();
    context.measurements = measurements;
    executed = await run(session, new Execution(query.plan, context), context);
  }
  const display = (identifier: Identifier): string => session.introspectionHooks.show(identifier);
  if (statement.format === 'table') {
    sendRows(session, EXPLAIN_COLUMNS, explainRows(query.plan, display));
    return { command: 'EXPLAIN' };
  }
  const lines = explainPlan(query.plan, {
    analyze: statement.analyze,
    costs: option('costs', true),
    timing: option('timing', true),
    verbose: option('verbose', false),
    buffers: option('buffers', false),
    settings: option('settings', false),
    format: statement.format,
    namespace: statement.options.find((one) => one.name === 'namespace')?.value ?? '',
    measurements,
    planningMs: option('summary', statement.analyze) ? planned : undefined,
    executionMs: option('summary', statement.analyze) ? executed : undefined,
    display,
  });
  const label = statement.options.find((one) => one.name === 'label')?.value ?? 'QUERY PLAN';
  const shown = option('whole', false) ? [`${lines.join('\n')}\n`] : lines;
  sendText(session, label, shown, statement.format === 'json' ? JSON_TEXT : TEXT);
  return { command: 'EXPLAIN' };
}

function explained(statement: NodeOf<'EXPLAIN'>['statement']): RelationNode | undefined {
  switch (statement.op) {
    case 'RETURN':
    case 'CREATE_TABLE_AS':
    case 'DECLARE_CURSOR':
      return statement.source;
    case 'EXPLAIN':
      throw new SqlError('syntax_error', 'EXPLAIN cannot be nested');
    default:
      return undefined;
  }
}

function run(session: Session, execution: Execution, context: StatementContext): Promise<number> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const advance = (): void => {
      try {
        context.startSlice();
        for (;;) {
          session.checkCancelled();
          const state = execution.step();
          if (state === 'pending') return;
          if (state === 'done') break;
        }
        execution.close();
        resolve(performance.now() - started);
      } catch (error) {
        execution.close();
        reject(error as Error);
      }
    };
    context.onResume = advance;
    advance();
  });
}
