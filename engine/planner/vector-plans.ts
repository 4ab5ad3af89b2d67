/**
 * Decides whether an aggregation runs in vectors: one grouping set, aggregates of at most one argument without
 * an order of their own. Its source is a table scan, whose conditions it then tests itself, or any other
 * node. What the vectorised gear cannot compute as numbers is computed row by row within it; what waits
 * (subqueries, routines) or has effects stays out.
 */
import type { BoundExpression, LogicalPlan } from '../binder/bound.ts';
import { compileCondition, compileExpression } from '../executor/expressions/compile.ts';
import type { ExecutionContext, Operator } from '../executor/operator.ts';
import { HashAggregate, type AggregateCallSpec, type AggregateSpec } from '../executor/operators/aggregate.ts';
import type { Evaluator } from '../executor/operator.ts';
import { missingValues } from '../executor/operators/scans.ts';
import { planNumber } from '../executor/vector/arithmetic.ts';
import { planTruth } from '../executor/vector/conditions.ts';
import type { TruthPlan, VectorScope } from '../executor/vector/frame.ts';
import { VectorProgram, type VectorCallPlan, type VectorPlan } from '../executor/vector/program.ts';
import { RawScan } from '../executor/vector/raw-scan.ts';
import { isVolatile } from './expression-walk.ts';
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
  if (gear === 'rows' || (gear === 'auto' && source.rows < LEAST_ROWS)) return undefined;
  if (plan.sets.length !== 1 || plan.sets[0].length !== plan.keys.length || plan.groupings.length > 0) return undefined;
  if (!plan.sets[0].every((key, at) => key === at)) return undefined;
  const keys: (number | Evaluator)[] = [];
  for (let at = 0; at < plan.keys.length; at++) {
    const { expression } = plan.keys[at];
    if (isVolatile(expression)) return undefined;
    const slot = expression.kind === 'column' ? source.layout.get(expression.id) : undefined;
    keys.push(slot ?? spec.keys[at]);
  }
  const calls: VectorCallPlan[] = [];
  for (let at = 0; at < plan.aggregates.length; at++) {
    const call = planCall(plan.aggregates[at], spec.calls[at], scopeOf(planner, source.layout), planner);
    if (call === undefined) return undefined;
    calls.push(call);
  }
  const { scan } = source.facts;
  const conditions: TruthPlan[] = [];
  // Conditions alone run about as fast row by row (measured): a scan that drops most of its rows does so itself.
  const own = scan !== undefined && (gear !== 'auto' || source.rows >= scan.rows * LEAST_SHARE);
  for (const conjunct of own ? scan.conjuncts : []) {
    const condition = planTruth(conjunct, scopeOf(planner, scan?.layout ?? source.layout), semantics);
    if (condition === undefined) return { conditions: [], filter: undefined, scans: false, keys, calls };
    conditions.push(condition);
  }
  const filter = own ? compileCondition(scan.conjuncts, scan.layout, planner.compileHoisted) : undefined;
  return { conditions, filter, scans: own, keys, calls };
}

function scopeOf(planner: Planner, layout: VectorScope['layout']): VectorScope {
  return { layout, compile: (expression: BoundExpression) => compileExpression(expression, layout, planner.compile) };
}

function planCall(
  call: AggregatePlan['aggregates'][number],
  spec: AggregateCallSpec,
  scope: VectorScope,
  planner: Planner,
): VectorCallPlan | undefined {
  if (
    spec.compare !== undefined ||
    spec.growing ||
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
  const plan =
    known === undefined || !spec.strict || spec.distinct !== undefined ? undefined : planNumber(argument, scope);
  if (plan !== undefined) return { filter, input: { kind: 'number', plan, decimal } };
  const slot = argument.kind === 'column' ? scope.layout.get(argument.id) : undefined;
  if (slot !== undefined) return { filter, input: { kind: 'column', slot } };
  if (isVolatile(argument) || filter !== undefined) return undefined;
  return { filter, input: { kind: 'value', evaluate: spec.inputs[0] } };
}

export function openVectorAggregate(
  plan: VectorPlan,
  spec: AggregateSpec,
  source: PhysicalNode,
  context: ExecutionContext,
): Operator {
  const program = new VectorProgram(plan, spec.calls, context);
  const { scan } = source.facts;
  const operator =
    scan === undefined || !plan.scans
      ? source.open(context)
      : source.measured(new RawScan(scan.table, missingValues(scan.table), context), context, program);
  return new HashAggregate(operator, spec, context, program);
}
