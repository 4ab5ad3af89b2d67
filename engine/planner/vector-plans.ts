/**
 * Decides whether an aggregation of a table scan runs in vectors: one grouping set over columns, plain
 * aggregates, and only expressions the vectorised gear knows. Anything else stays row by row.
 */
import type { BoundExpression, LogicalPlan } from '../binder/bound.ts';
import { compileCondition, compileExpression } from '../executor/expressions/compile.ts';
import type { ExecutionContext, Operator } from '../executor/operator.ts';
import { HashAggregate, type AggregateCallSpec, type AggregateSpec } from '../executor/operators/aggregate.ts';
import { missingValues } from '../executor/operators/scans.ts';
import { planNumber } from '../executor/vector/arithmetic.ts';
import { planTruth } from '../executor/vector/conditions.ts';
import type { VectorScope } from '../executor/vector/frame.ts';
import { VectorProgram, type VectorCallPlan, type VectorPlan } from '../executor/vector/program.ts';
import { RawScan } from '../executor/vector/raw-scan.ts';
import type { PhysicalNode } from './physical.ts';
import type { Planner } from './planner.ts';

type AggregatePlan = LogicalPlan & { kind: 'aggregate' };

/** Rows of a table from which batches pay. */
const LEAST_ROWS = 1000;
/** Share of the rows that must reach the aggregates: conditions alone run about as fast row by row (measured). */
const LEAST_SHARE = 0.25;

export function planVectorAggregate(
  planner: Planner,
  plan: AggregatePlan,
  source: PhysicalNode,
  spec: AggregateSpec,
): VectorPlan | undefined {
  const { semantics, gear = 'auto' } = planner.options;
  const { scan } = source.facts;
  if (
    scan === undefined ||
    gear === 'rows' ||
    (gear === 'auto' && (scan.rows < LEAST_ROWS || source.rows < scan.rows * LEAST_SHARE))
  )
    return undefined;
  if (plan.sets.length !== 1 || plan.sets[0].length !== plan.keys.length || plan.groupings.length > 0) return undefined;
  if (!plan.sets[0].every((key, at) => key === at)) return undefined;
  const keySlots: number[] = [];
  for (const key of plan.keys) {
    const slot = key.expression.kind === 'column' ? source.layout.get(key.expression.id) : undefined;
    if (slot === undefined) return undefined;
    keySlots.push(slot);
  }
  const scopeOf = (layout: VectorScope['layout']): VectorScope => ({
    layout,
    compile: (expression: BoundExpression) => compileExpression(expression, layout, planner.compile),
  });
  const conditions = [];
  for (const conjunct of scan.conjuncts) {
    const condition = planTruth(conjunct, scopeOf(scan.layout), semantics);
    if (condition === undefined) return undefined;
    conditions.push(condition);
  }
  const calls: VectorCallPlan[] = [];
  for (let at = 0; at < plan.aggregates.length; at++) {
    const call = planCall(plan.aggregates[at], spec.calls[at], scopeOf(source.layout), planner);
    if (call === undefined) return undefined;
    calls.push(call);
  }
  return { conditions, filter: compileCondition(scan.conjuncts, scan.layout, planner.compileHoisted), keySlots, calls };
}

function planCall(
  call: AggregatePlan['aggregates'][number],
  spec: AggregateCallSpec,
  scope: VectorScope,
  planner: Planner,
): VectorCallPlan | undefined {
  if (
    spec.compare !== undefined ||
    spec.distinct !== undefined ||
    spec.direct.length > 0 ||
    spec.implementation.stepMany !== undefined ||
    call.within.length > 0
  )
    return undefined;
  const filter = call.filter === undefined ? undefined : planTruth(call.filter, scope, planner.options.semantics);
  if (call.filter !== undefined && filter === undefined) return undefined;
  if (call.arguments.length === 0) return { filter, input: { kind: 'none' } };
  if (call.arguments.length > 1) return undefined;
  const [argument] = call.arguments;
  const decimal = argument.type.kind === 'decimal';
  const known = decimal ? spec.implementation.stepScaled : spec.implementation.stepNumbers;
  const plan = known === undefined || !spec.strict ? undefined : planNumber(argument, scope);
  if (plan !== undefined) return { filter, input: { kind: 'number', plan, decimal } };
  const slot = argument.kind === 'column' ? scope.layout.get(argument.id) : undefined;
  return slot === undefined ? undefined : { filter, input: { kind: 'column', slot } };
}

export function openVectorAggregate(
  plan: VectorPlan,
  spec: AggregateSpec,
  source: PhysicalNode,
  context: ExecutionContext,
): Operator {
  const { scan } = source.facts;
  // Measured, each node does its own work, so that EXPLAIN ANALYZE can tell them apart.
  if (scan === undefined || context.measurements !== undefined)
    return new HashAggregate(source.open(context), spec, context);
  return new HashAggregate(
    new RawScan(scan.table, missingValues(scan.table), context),
    spec,
    context,
    new VectorProgram(plan, spec.calls, spec.hashes, context),
  );
}
