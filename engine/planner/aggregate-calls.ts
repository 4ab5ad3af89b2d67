/**
 * What one aggregate call needs while rows are grouped: its implementation, compiled arguments, and the
 * order in which rows reach it.
 */
import type { Semantics } from '../../sblr/contract/semantics.ts';
import { TEXT } from '../../sblr/contract/types.ts';
import { isStrictStep } from '../binder/aggregate-steps.ts';
import type { AggregateCall, BoundExpression, SortKey } from '../binder/bound.ts';
import type { RoutineDefinition } from '../catalog/definitions.ts';
import { definedAggregate, NOT_OPEN, type AggregateSteps } from '../executor/defined-aggregate.ts';
import { compileExpression, type CompileContext } from '../executor/expressions/compile.ts';
import type { Evaluator } from '../executor/operator.ts';
import type { AggregateCallSpec } from '../executor/operators/aggregate.ts';
import { rowComparator, type OrderColumn } from '../executor/operators/sort.ts';
import { hashKeyOf, joinKey } from '../executor/values.ts';

export interface AggregateCompiler {
  readonly semantics: Semantics;
  /** Code over the rows that are grouped. */
  readonly compile: (expression: BoundExpression) => Evaluator;
  /** Code over the keys of a group. */
  readonly compileDirect: (expression: BoundExpression) => Evaluator;
  readonly orderColumns: (keys: readonly SortKey[]) => OrderColumn[];
  readonly steps: (routine: RoutineDefinition) => AggregateSteps;
}

/** Code of the steps of an aggregate made of routines. */
export function compileSteps(routine: RoutineDefinition, context: CompileContext): AggregateSteps {
  const { transition, final } = context.stored.bindSteps(routine);
  const layout = new Map([0, ...routine.parameters.keys()].map((_, at) => [at + 1, at]));
  const code = (step: BoundExpression): Evaluator => compileExpression(step, layout, { ...context, hoist: false });
  return {
    transition: code(transition),
    strict: isStrictStep(transition),
    final: final === undefined ? undefined : code(final),
    finalStrict: final !== undefined && isStrictStep(final),
    stateType: routine.aggregate?.stateType ?? TEXT,
    initial: routine.aggregate?.initial,
  };
}

export function aggregateCall(call: AggregateCall, compiler: AggregateCompiler): AggregateCallSpec {
  const { compile, compileDirect, semantics } = compiler;
  const definition = call.function;
  if (definition.kind !== 'aggregate') throw new TypeError(`${definition.name} is not an aggregate`);
  const orderedSet = definition.form !== 'normal';
  const inputExpressions = orderedSet ? call.within.map((key) => key.expression) : call.arguments;
  const types = [...call.arguments.map((argument) => argument.type), ...call.within.map((key) => key.expression.type)];
  const within = call.within.map((key) => ({
    descending: key.descending,
    nullsFirst: key.nullsFirst,
    collation: key.collation,
  }));
  const distinct = call.distinct && !definition.duplicateInsensitive;
  // DISTINCT without an order of its own: order-sensitive results come out sorted by the arguments.
  const implied: readonly SortKey[] =
    distinct && definition.ordered
      ? inputExpressions.map((expression) => ({ expression, descending: false, nullsFirst: false }))
      : [];
  const order: readonly SortKey[] = orderedSet
    ? call.within
    : call.order.length > 0
      ? definition.ordered || distinct
        ? call.order
        : []
      : implied;
  const hashes = inputExpressions.map((expression) => hashKeyOf(expression.type, semantics));
  const sortKeys = orderedSet ? [] : order.map((key) => compile(key.expression));
  const slots = orderedSet ? order.map((_, at) => at) : order.map((_, at) => inputExpressions.length + at);
  const steps = definition.routine === undefined ? undefined : compiler.steps(definition.routine);
  return {
    ...(steps === undefined
      ? { implementation: definition.implementation(types, call.column.type, semantics, within) }
      : { implementation: NOT_OPEN, open: (context) => definedAggregate(steps, context) }),
    direct: orderedSet ? call.arguments.map(compileDirect) : [],
    inputs: inputExpressions.map(compile),
    filter: call.filter === undefined ? undefined : compile(call.filter),
    strict: steps?.strict ?? definition.strict,
    growing: definition.growing,
    distinct: distinct
      ? hashes.length === 1
        ? ([value]) => (value === null ? null : hashes[0](value))
        : (values) => joinKey(values.map((value, at) => (value === null ? null : hashes[at](value))))
      : undefined,
    sortKeys,
    compare: order.length === 0 ? undefined : rowComparator(compiler.orderColumns(order), slots),
  };
}
