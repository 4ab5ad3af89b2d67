/**
 * Compiles bound expressions to closures. A closure takes the row (in the layout it was compiled for)
 * and the execution; everything that changes between executions lives there, so closures are made
 * once per plan. Column ids that the layout lacks are read from `context.outer` (correlations, let).
 */
import type { Semantics } from '../../../sblr/contract/semantics.ts';
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import { UNKNOWN } from '../../../sblr/contract/types.ts';
import { SqlArray, SqlRecord, type SqlValue } from '../../../sblr/contract/values.ts';
import type { BoundSteps } from '../../binder/aggregate-steps.ts';
import type { BoundExpression, ColumnId } from '../../binder/bound.ts';
import { isDomain, withoutModifiers } from '../../binder/type-facts.ts';
import { domainLineage } from '../../catalog/domains.ts';
import type { TableDefinition } from '../../catalog/definitions.ts';
import type { RoutineDefinition, StoredExpression, UserTypeDefinition } from '../../catalog/definitions.ts';
import { hasSubquery, isStableConstant } from '../../planner/expression-walk.ts';
import type { Evaluator, ExecutionContext } from '../operator.ts';
import { compileColumnCast, compileLenientCast } from './lenient-casts.ts';
import { castOf, comparatorOf, equalityOf, hashKeyOf, type CastFunction, type Comparator } from '../values.ts';
import { compileCall } from './calls.ts';
import { compileArray, compileQuantifiedArray, compileSubscript } from './arrays.ts';
import { compileCompare, compileDistinct } from './comparisons.ts';
import { compileQuantifiedQuery, compileSubquery, type SubplanFactory } from './subplans.ts';

/** Where each column stands in the rows an expression will see. */
export type Layout = ReadonlyMap<ColumnId, number>;

/** Binds expressions kept in the catalog; table columns come out as column references whose id is the position. */
export interface StoredExpressions {
  bindTableExpression(stored: StoredExpression, table: TableDefinition): BoundExpression;
  /** The column's default cast for assignment to its type; columns do not occur in it. */
  bindDefault(stored: StoredExpression, table: TableDefinition, position: number): BoundExpression;
  /** A domain's check; its VALUE is column id 1. */
  bindDomainCheck(stored: StoredExpression, domain: UserTypeDefinition): BoundExpression;
  /** The steps of an aggregate made of routines; its state is column id 1, its arguments those after. */
  bindSteps(routine: RoutineDefinition): BoundSteps;
}

export interface CompileContext {
  readonly semantics: Semantics;
  /** Gives out a number for per-execution state (`context.slots`). */
  newSlot(): number;
  readonly subplans: SubplanFactory;
  readonly stored: StoredExpressions;
  /** Evaluate subexpressions without columns only once per execution (for code that runs per row). */
  readonly hoist: boolean;
}

export function compileExpression(expression: BoundExpression, layout: Layout, context: CompileContext): Evaluator {
  if (context.hoist && isHoistable(expression)) {
    return once(compileNode(expression, layout, { ...context, hoist: false }), context.newSlot());
  }
  return compileNode(expression, layout, context);
}

/** Compiles a condition; the closure's answer is to be compared with `=== true`. */
export function compileCondition(
  conjuncts: readonly BoundExpression[],
  layout: Layout,
  context: CompileContext,
): Evaluator | undefined {
  if (conjuncts.length === 0) return undefined;
  if (conjuncts.length === 1) return compileExpression(conjuncts[0], layout, context);
  const tests = conjuncts.map((conjunct) => compileExpression(conjunct, layout, context));
  if (tests.length === 2) {
    const [first, second] = tests;
    return (row, execution) => first(row, execution) === true && second(row, execution) === true;
  }
  return (row, execution) => {
    for (const test of tests) if (test(row, execution) !== true) return false;
    return true;
  };
}

function isHoistable(expression: BoundExpression): boolean {
  if (expression.kind !== 'call' && expression.kind !== 'cast' && expression.kind !== 'routine') return false;
  return isStableConstant(expression) && !hasSubquery(expression);
}

interface Once {
  readonly value: SqlValue;
}

function once(evaluate: Evaluator, slot: number): Evaluator {
  return (row, context) => {
    const known = context.slots[slot] as Once | undefined;
    if (known !== undefined) return known.value;
    const value = evaluate(row, context);
    context.slots[slot] = { value } satisfies Once;
    return value;
  };
}

function compileNode(expression: BoundExpression, layout: Layout, context: CompileContext): Evaluator {
  const compile = (operand: BoundExpression): Evaluator => compileExpression(operand, layout, context);
  switch (expression.kind) {
    case 'constant': {
      const { value } = expression;
      return () => value;
    }
    case 'parameter': {
      const { index } = expression;
      return (_row, execution) => execution.parameters[index] ?? null;
    }
    case 'column':
      return compileColumn(expression.id, layout);
    case 'variable': {
      const { name, scope, type } = expression;
      return (_row, execution) => execution.variable(name, scope, type);
    }
    case 'set_variable': {
      const { name, type } = expression;
      const value = compile(expression.value);
      return (row, execution) => {
        const result = value(row, execution);
        execution.setVariable(name, result, type);
        return result;
      };
    }
    case 'compare':
      return compileCompare(expression, layout, context);
    case 'call':
      return compileCall(expression, layout, context);
    case 'routine':
      return compileRoutine(expression, layout, context);
    case 'cast':
      return compileCast(expression, layout, context);
    case 'and':
      return compileAnd(expression.operands.map(compile));
    case 'or':
      return compileOr(expression.operands.map(compile));
    case 'not': {
      const operand = compile(expression.operand);
      return (row, execution) => {
        const value = operand(row, execution);
        return value === null ? null : value !== true;
      };
    }
    case 'is_null':
      return compileIsNull(expression, compile(expression.operand));
    case 'is_truth': {
      const operand = compile(expression.operand);
      const wanted = expression.truth === 'unknown' ? null : expression.truth === 'true';
      const { negated } = expression;
      return (row, execution) => (operand(row, execution) === wanted) !== negated;
    }
    case 'is_distinct':
      return compileDistinct(expression, layout, context);
    case 'in_list':
      return compileInList(expression, layout, context);
    case 'quantified_array':
      return compileQuantifiedArray(expression, layout, context);
    case 'case':
      return compileCase(expression, layout, context);
    case 'let': {
      const value = compile(expression.value);
      const body = compile(expression.body);
      const { id } = expression;
      return (row, execution) => {
        const bound = value(row, execution);
        execution.outer[id] = bound;
        return body(row, execution);
      };
    }
    case 'coalesce': {
      const operands = expression.operands.map(compile);
      return (row, execution) => {
        for (const operand of operands) {
          const value = operand(row, execution);
          if (value !== null) return value;
        }
        return null;
      };
    }
    case 'extremum':
      return compileExtremum(expression, layout, context);
    case 'array':
      return compileArray(expression, layout, context);
    case 'row': {
      const items = expression.items.map(compile);
      return (row, execution) => new SqlRecord(items.map((item) => item(row, execution)));
    }
    case 'field': {
      const operand = compile(expression.operand);
      const { index } = expression;
      return (row, execution) => {
        const value = operand(row, execution);
        return value instanceof SqlRecord ? (value.values[index] ?? null) : null;
      };
    }
    case 'subscript':
      return compileSubscript(expression, layout, context);
    case 'next_value': {
      const { sequenceId } = expression;
      return (_row, execution) => execution.nextSequenceValue(sequenceId);
    }
    case 'subquery':
      return compileSubquery(expression, layout, context);
    case 'quantified_query':
      return compileQuantifiedQuery(expression, layout, context);
  }
}

export function compileColumn(id: ColumnId, layout: Layout): Evaluator {
  const slot = layout.get(id);
  if (slot === undefined) return (_row, execution) => execution.outer[id] ?? null;
  switch (slot) {
    case 0:
      return (row) => row[0];
    case 1:
      return (row) => row[1];
    case 2:
      return (row) => row[2];
    default:
      return (row) => row[slot];
  }
}

function compileAnd(operands: readonly Evaluator[]): Evaluator {
  if (operands.length === 2) {
    const [first, second] = operands;
    return (row, execution) => {
      const a = first(row, execution);
      if (a === false) return false;
      const b = second(row, execution);
      if (b === false) return false;
      return a === null || b === null ? null : true;
    };
  }
  return (row, execution) => {
    let result: SqlValue = true;
    for (const operand of operands) {
      const value = operand(row, execution);
      if (value === false) return false;
      if (value === null) result = null;
    }
    return result;
  };
}

function compileOr(operands: readonly Evaluator[]): Evaluator {
  return (row, execution) => {
    let result: SqlValue = false;
    for (const operand of operands) {
      const value = operand(row, execution);
      if (value === true) return true;
      if (value === null) result = null;
    }
    return result;
  };
}

function compileIsNull(expression: BoundExpression & { kind: 'is_null' }, operand: Evaluator): Evaluator {
  const { negated } = expression;
  if (expression.operand.type.kind === 'record' && expression.inRow !== true) {
    // A row is null when all its fields are, and not null when none is.
    return (row, execution) => {
      const value = operand(row, execution);
      if (!(value instanceof SqlRecord)) return (value === null) !== negated;
      return negated ? value.values.every((field) => field !== null) : value.values.every((field) => field === null);
    };
  }
  if (negated) return (row, execution) => operand(row, execution) !== null;
  return (row, execution) => operand(row, execution) === null;
}

function compileCase(
  expression: BoundExpression & { kind: 'case' },
  layout: Layout,
  context: CompileContext,
): Evaluator {
  const conditions = expression.whens.map((when) => compileExpression(when.condition, layout, context));
  const results = expression.whens.map((when) => compileExpression(when.result, layout, context));
  const otherwise =
    expression.otherwise === undefined ? undefined : compileExpression(expression.otherwise, layout, context);
  return (row, execution) => {
    for (let at = 0; at < conditions.length; at++) {
      if (conditions[at](row, execution) === true) return results[at](row, execution);
    }
    return otherwise === undefined ? null : otherwise(row, execution);
  };
}

function compileExtremum(
  expression: BoundExpression & { kind: 'extremum' },
  layout: Layout,
  context: CompileContext,
): Evaluator {
  const operands = expression.operands.map((operand) => compileExpression(operand, layout, context));
  const compare = comparatorOf(expression.type, context.semantics);
  const sign = expression.which === 'greatest' ? 1 : -1;
  const { nullPropagates } = expression;
  return (row, execution) => {
    let best: SqlValue = null;
    for (const operand of operands) {
      const value = operand(row, execution);
      if (value === null) {
        if (nullPropagates) return null;
      } else if (best === null || compare(value, best) * sign > 0) best = value;
    }
    return best;
  };
}

/** A list of constants becomes a set of hash keys; any other list is tried item by item. */
function compileInList(
  expression: BoundExpression & { kind: 'in_list' },
  layout: Layout,
  context: CompileContext,
): Evaluator {
  const operand = compileExpression(expression.operand, layout, context);
  const { negated } = expression;
  if (expression.items.length > 2 && expression.items.every((item) => item.kind === 'constant')) {
    const hash = hashKeyOf(expression.operandType, context.semantics);
    const keys = new Set<unknown>();
    let hasNull = false;
    for (const item of expression.items) {
      if (item.kind !== 'constant' || item.value === null) hasNull = true;
      else keys.add(hash(item.value));
    }
    return (row, execution) => {
      const value = operand(row, execution);
      if (value === null) return null;
      if (keys.has(hash(value))) return !negated;
      return hasNull ? null : negated;
    };
  }
  const items = expression.items.map((item) => compileExpression(item, layout, context));
  const equal = equalityOf(expression.operandType, context.semantics);
  return (row, execution) => {
    const value = operand(row, execution);
    let hasNull = false;
    for (const item of items) {
      const candidate = item(row, execution);
      if (candidate === null || value === null) hasNull = true;
      else if (equal(value, candidate)) return !negated;
    }
    return hasNull ? null : negated;
  };
}

function compileRoutine(
  expression: BoundExpression & { kind: 'routine' },
  layout: Layout,
  context: CompileContext,
): Evaluator {
  const { routine } = expression;
  if (routine.returnsSet) {
    throw new SqlError('feature_not_supported', {
      message: 'set-valued function called in context that cannot accept a set',
    });
  }
  const values = expression.arguments.map((argument) => compileExpression(argument, layout, context));
  return (row, execution) => {
    const passed = values.map((value) => value(row, execution));
    if (routine.strict && passed.includes(null)) return null;
    return execution.callRoutine(routine, passed);
  };
}

function compileCast(
  expression: BoundExpression & { kind: 'cast' },
  layout: Layout,
  context: CompileContext,
): Evaluator {
  const operand = compileExpression(expression.operand, layout, context);
  if (expression.context === 'lenient') return compileLenientCast(expression, operand, context.semantics);
  if (expression.context === 'column' || expression.context === 'column_adjusted')
    return compileColumnCast(expression, operand, context.newSlot(), context.semantics);
  const cast = castOf(expression.operand.type, expression.type, expression.context);
  const plain: Evaluator =
    cast === undefined
      ? operand
      : expression.operand.kind === 'constant' && expression.operand.type.kind === 'unknown'
        ? literalCast(expression.operand.value, expression, expression.context)
        : (row, execution) => {
            const value = operand(row, execution);
            return value === null ? null : cast(value, execution.evaluation);
          };
  if (expression.domainId !== undefined) return checkedDomain(plain, expression.domainId, context);
  const { element } = expression.type;
  return expression.type.kind === 'array' && element !== undefined && isDomain(element)
    ? checkedElements(plain, element.typeId as number, context)
    : plain;
}

/**
 * A literal whose meaning depends on the session is read when it is met; its errors stand where it does, unlike those
 * of the length or precision applied afterwards.
 */
function literalCast(
  text: SqlValue,
  expression: BoundExpression & { kind: 'cast' },
  context: Parameters<typeof castOf>[2],
): Evaluator {
  const { type, pos } = expression;
  const plain = type.kind === 'interval' ? type : withoutModifiers(type);
  const read = castOf(UNKNOWN, plain, context) as CastFunction;
  const limit = plain === type ? undefined : castOf(plain, type, context);
  return (_row, execution) => {
    if (text === null) return null;
    let value: SqlValue;
    try {
      value = read(text, execution.evaluation);
    } catch (error) {
      throw error instanceof SqlError ? error.at(pos) : error;
    }
    return limit === undefined || value === null ? value : limit(value, execution.evaluation);
  };
}

/** NOT NULL and CHECK of a domain, looked up in the catalog at the first use of an execution. */
function checkedDomain(evaluate: Evaluator, domainId: number, context: CompileContext): Evaluator {
  const slot = context.newSlot();
  return (row, execution) => {
    const value = evaluate(row, execution);
    let check = execution.slots[slot] as DomainCheck | undefined;
    if (check === undefined) {
      check = compileDomain(domainId, execution, context);
      execution.slots[slot] = check;
    }
    check(value, execution);
    return value;
  };
}

/** The same for the elements of an array. */
function checkedElements(evaluate: Evaluator, domainId: number, context: CompileContext): Evaluator {
  const slot = context.newSlot();
  return (row, execution) => {
    const value = evaluate(row, execution);
    if (!(value instanceof SqlArray)) return value;
    let check = execution.slots[slot] as DomainCheck | undefined;
    if (check === undefined) {
      check = compileDomain(domainId, execution, context);
      execution.slots[slot] = check;
    }
    for (const item of value.items) check(item, execution);
    return value;
  };
}

export type DomainCheck = (value: SqlValue, context: ExecutionContext) => void;

export function compileDomain(
  domainId: number,
  execution: Pick<ExecutionContext, 'catalog' | 'display'>,
  context: CompileContext,
): DomainCheck {
  const lineage = domainLineage(execution.catalog, domainId);
  const [domain] = lineage;
  if (domain === undefined) return () => undefined;
  const layout = new Map([[1, 0]]);
  const compile = { ...context, hoist: false };
  const notNull = lineage.some((one) => one.notNull);
  // Those of the domain that this one stands on come first.
  const checks = lineage.toReversed().flatMap((one) =>
    one.checks.map((check) => ({
      name: check.name,
      test: compileExpression(context.stored.bindDomainCheck(check.expression, one), layout, compile),
    })),
  );
  return (value, running) => {
    if (checks.length === 0 && (value !== null || !notNull)) return;
    const shown = running.display(domain.name);
    const owner = running.catalog.get(domain.schemaId);
    const schema =
      owner?.kind !== 'schema'
        ? {}
        : { schema: owner.main ? running.evaluation.semantics.mainSchema : running.display(owner.name) };
    if (value === null && notNull) {
      throw new SqlError('not_null_violation', {
        message: `domain ${shown} does not allow null values`,
        variant: 'domain',
        args: { domain: shown },
        dataType: shown,
        ...schema,
      });
    }
    for (const check of checks) {
      if (check.test([value], running) === false) {
        const constraint = running.display(check.name);
        throw new SqlError('check_violation', {
          message: `value for domain ${shown} violates check constraint "${constraint}"`,
          variant: 'domain',
          args: { domain: shown, constraint },
          dataType: shown,
          constraint,
          ...schema,
        });
      }
    }
  };
}

export type { Comparator };
