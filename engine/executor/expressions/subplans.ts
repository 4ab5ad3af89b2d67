/**
 * Subqueries inside expressions. The subplan is opened at its first use in an execution and run again
 * when the outer values it depends on change; results are remembered by those values (bounded). When
 * the subplan has to wait, SUSPEND is thrown and the next evaluation goes on where it stopped.
 */
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import { SqlArray, type Row, type SqlValue } from '../../../sblr/contract/values.ts';
import type { BoundExpression, ColumnId, LogicalPlan } from '../../binder/bound.ts';
import { columnsOf, conjunctsOf } from '../../planner/expression-walk.ts';
import { PENDING, SUSPEND, type Evaluator, type ExecutionContext, type Operator } from '../operator.ts';
import { hashKeyOf, joinKey } from '../values.ts';
import { nestArrays } from './arrays.ts';
import { compileExpression, type CompileContext, type Layout } from './compile.ts';

export interface Subplan {
  /** Rows come in the order of the logical plan's columns. */
  open(context: ExecutionContext): Operator;
  readonly free: readonly ColumnId[];
  readonly volatile: boolean;
  /** Reads a common table whose rows change within the execution, so no result may be remembered. */
  readonly varies: boolean;
}

export interface SubplanFactory {
  /** `rows`: how many rows will be read at most (a hint), undefined = all. */
  plan(plan: LogicalPlan, rows: number | undefined): Subplan;
}

/** Results remembered per subquery and execution. */
const MEMO_LIMIT = 4096;

/** Per-execution state of one subquery. */
class SubplanRun<T> {
  readonly operator: Operator;
  readonly memo = new Map<unknown, T>();
  started = false;
  running = false;
  rows: Row[] = [];

  constructor(operator: Operator) {
    this.operator = operator;
  }
}

/** Reads rows into `run.rows` until `enough` of them or the end; throws SUSPEND to go on later. */
function readRows<T>(run: SubplanRun<T>, enough: number): Row[] {
  if (!run.running) {
    if (run.started) run.operator.rewind();
    run.started = true;
    run.running = true;
    run.rows = [];
  }
  while (run.rows.length < enough) {
    const batch = run.operator.next();
    if (batch === PENDING) throw SUSPEND;
    if (batch === null) break;
    for (const row of batch) run.rows.push(row);
  }
  run.running = false;
  return run.rows;
}

/** A closure giving the subplan's (remembered) result for the current outer values. */
function subplanResult<T>(
  plan: LogicalPlan,
  layout: Layout,
  context: CompileContext,
  enough: number,
  make: (rows: readonly Row[]) => T,
): (row: Row, execution: ExecutionContext) => T {
  const subplan = context.subplans.plan(plan, Number.isFinite(enough) ? enough : undefined);
  const slot = context.newSlot();
  const local = subplan.free.filter((id) => layout.has(id)).map((id) => ({ id, slot: layout.get(id) as number }));
  const { free } = subplan;
  const remember = !subplan.varies && (free.length === 0 || !subplan.volatile);
  return (row, execution) => {
    let run = execution.slots[slot] as SubplanRun<T> | undefined;
    for (const one of local) execution.outer[one.id] = row[one.slot];
    if (run === undefined) {
      run = new SubplanRun<T>(subplan.open(execution));
      execution.slots[slot] = run;
    }
    let key: unknown = 0;
    if (remember) {
      if (free.length === 1) key = memoKey(execution.outer[free[0]] ?? null);
      else if (free.length > 1) key = joinKey(free.map((id) => memoKey(execution.outer[id] ?? null)));
      const known = run.memo.get(key);
      if (known !== undefined) return known;
    }
    const result = make(readRows(run, enough));
    if (remember) {
      if (run.memo.size >= MEMO_LIMIT) run.memo.clear();
      run.memo.set(key, result);
    }
    return result;
  };
}

/** Identity of a value, exact in representation (1.0 and 1.00 differ: results may show them). */
function memoKey(value: SqlValue): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Uint8Array) return `b${Buffer.from(value).toString('latin1')}`;
  return `o${value.constructor.name}${JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part))}`;
}

interface ScalarResult {
  readonly value: SqlValue;
}

export function compileSubquery(
  expression: BoundExpression & { kind: 'subquery' },
  layout: Layout,
  context: CompileContext,
): Evaluator {
  switch (expression.form) {
    case 'exists': {
      const result = subplanResult<boolean>(expression.plan, layout, context, 1, (rows) => rows.length > 0);
      return result;
    }
    case 'array': {
      const nested = expression.plan.columns[0].type.kind === 'array';
      const collect = (rows: readonly Row[]): SqlArray => {
        const values = rows.map((row) => row[0]);
        return nested ? nestArrays(values) : new SqlArray(values);
      };
      const result = subplanResult<SqlArray>(expression.plan, layout, context, Number.POSITIVE_INFINITY, collect);
      return result;
    }
    case 'scalar': {
      const result = subplanResult<ScalarResult>(expression.plan, layout, context, 2, (rows) => {
        if (rows.length > 1) {
          throw new SqlError('cardinality_violation', {
            message: 'more than one row returned by a subquery used as an expression',
            variant: 'subquery',
          });
        }
        return { value: rows.length === 0 ? null : rows[0][0] };
      });
      return (row, execution) => result(row, execution).value;
    }
  }
}

interface QueryRows {
  readonly rows: readonly Row[];
  /** Hash keys of the rows without NULL; undefined when the test is no plain equality. */
  readonly keys: Set<unknown> | undefined;
  readonly withNull: readonly Row[];
}

export function compileQuantifiedQuery(
  expression: BoundExpression & { kind: 'quantified_query' },
  layout: Layout,
  context: CompileContext,
): Evaluator {
  const operands = expression.operands.map((operand) => compileExpression(operand, layout, context));
  const test = compileExpression(expression.test, layout, { ...context, hoist: false });
  const { left, quantifier, negated } = expression;
  const outputs = expression.plan.columns.map((column) => column.id);
  const hashes = quantifier === 'any' ? equalityHashes(expression, context) : undefined;
  const result = subplanResult<QueryRows>(expression.plan, layout, context, Number.POSITIVE_INFINITY, (rows) => {
    if (hashes === undefined) return { rows, keys: undefined, withNull: [] };
    const keys = new Set<unknown>();
    const withNull: Row[] = [];
    for (const row of rows) {
      const key = keyOf(row, hashes);
      if (key === undefined) withNull.push(row);
      else keys.add(key);
    }
    return { rows, keys, withNull };
  });
  const decisive = quantifier === 'any';
  const bind = (execution: ExecutionContext, values: readonly SqlValue[], row: Row): void => {
    for (let at = 0; at < left.length; at++) execution.outer[left[at]] = values[at];
    for (let at = 0; at < outputs.length; at++) execution.outer[outputs[at]] = row[at];
  };
  return (row, execution) => {
    const values = operands.map((operand) => operand(row, execution));
    const query = result(row, execution);
    let candidates = query.rows;
    if (query.keys !== undefined && hashes !== undefined) {
      const key = keyOf(values, hashes);
      if (key !== undefined) {
        if (query.keys.has(key)) return !negated;
        candidates = query.withNull;
      }
    }
    let hasNull = false;
    for (const candidate of candidates) {
      bind(execution, values, candidate);
      const outcome = test(row, execution);
      if (outcome === null) hasNull = true;
      else if (outcome === decisive) return decisive !== negated;
    }
    return hasNull ? null : !decisive !== negated;
  };
}

type Hash = (value: SqlValue) => unknown;

function keyOf(values: readonly SqlValue[], hashes: readonly Hash[]): unknown {
  if (hashes.length === 1) return values[0] === null ? undefined : hashes[0](values[0]);
  const parts: unknown[] = [];
  for (let at = 0; at < hashes.length; at++) {
    const value = values[at];
    if (value === null) return undefined;
    parts.push(hashes[at](value));
  }
  return joinKey(parts);
}

/** Hash functions per column when the test is left[i] = output[i] for all i. */
function equalityHashes(
  expression: BoundExpression & { kind: 'quantified_query' },
  context: CompileContext,
): readonly Hash[] | undefined {
  const found: (Hash | undefined)[] = expression.left.map(() => undefined);
  const tests = conjunctsOf(expression.test);
  if (tests.length !== expression.left.length) return undefined;
  for (const test of tests) {
    if (
      test.kind !== 'compare' ||
      test.operator !== 'equal' ||
      test.left.kind !== 'column' ||
      test.right.kind !== 'column'
    )
      return undefined;
    const at = expression.left.indexOf(test.left.id);
    if (at < 0 || expression.plan.columns[at]?.id !== test.right.id || columnsOf(test).size !== 2) return undefined;
    found[at] = hashKeyOf(test.operandType, context.semantics);
  }
  return found.every((hash) => hash !== undefined) ? (found as Hash[]) : undefined;
}
