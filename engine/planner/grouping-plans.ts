/**
 * Plans of grouping, windows, duplicate removal and set operations.
 */
import type { Assigned, BoundExpression, ColumnId, LogicalPlan, SortKey, WindowCall } from '../binder/bound.ts';
import { equalExpressions } from '../binder/expression-tools.ts';
import type { RoutineDefinition } from '../catalog/definitions.ts';
import { definedAggregate } from '../executor/defined-aggregate.ts';
import { compileExpression } from '../executor/expressions/compile.ts';
import type { Evaluator, ExecutionContext } from '../executor/operator.ts';
import { HashAggregate } from '../executor/operators/aggregate.ts';
import { Append, Limit } from '../executor/operators/basic.ts';
import { Distinct, SetOperation } from '../executor/operators/sets.ts';
import { rowComparator } from '../executor/operators/sort.ts';
import { Window, type WindowCallSpec } from '../executor/operators/window.ts';
import { hashKeyOf } from '../executor/values.ts';
import { collectColumns, columnsOf, hasSubquery, isVolatile, mapOperands, withColumns } from './expression-walk.ts';
import { aggregateCall, compileSteps } from './aggregate-calls.ts';
import { PhysicalNode, type PlanDetail } from './physical.ts';
import { openVectorAggregate, planVectorAggregate } from './vector-plans.ts';
import { layoutOf, type Planner, type PlanRequest } from './planner.ts';
import { columnExpressions, orderColumns, rowKey } from './row-keys.ts';
import { COST, satisfiesOrder } from './scan-paths.ts';
import { distinctOf } from './selectivity.ts';
import { sorted } from './sort-plans.ts';

const NONE: ReadonlySet<ColumnId> = new Set();

/** Computes expressions that hold subqueries below the node that uses them, as columns of their own. */
function precompute(
  planner: Planner,
  source: PhysicalNode,
  expressions: readonly BoundExpression[],
): { node: PhysicalNode; replace: (expression: BoundExpression) => BoundExpression } {
  const slow = expressions.filter(hasSubquery);
  if (slow.length === 0) return { node: source, replace: (expression) => expression };
  const made = new Map<BoundExpression, BoundExpression>();
  const items: Assigned[] = [];
  for (const [id] of source.layout) {
    const type = planner.origins.get(id)?.type ?? { kind: 'unknown' };
    items.push({ column: { id, name: '', type, tableId: 0, position: 0 }, expression: { kind: 'column', id, type } });
  }
  for (const expression of slow) {
    const id = planner.newId();
    items.push({ column: { id, name: '', type: expression.type, tableId: 0, position: 0 }, expression });
    made.set(expression, { kind: 'column', id, type: expression.type });
  }
  return { node: planner.project(source, items), replace: (expression) => made.get(expression) ?? expression };
}

// ---- aggregation --------------------------------------------------------------------------------------

type AggregatePlan = LogicalPlan & { kind: 'aggregate' };

export function planAggregate(planner: Planner, plan: AggregatePlan, request: PlanRequest): PhysicalNode {
  const grouped = plan.sets.length === 1 && plan.sets[0].length === plan.keys.length && plan.keys.length > 0;
  const replacements = new Map<ColumnId, BoundExpression>(
    grouped ? plan.keys.map((key) => [key.column.id, key.expression]) : [],
  );
  const down: BoundExpression[] = [];
  const here: BoundExpression[] = [];
  for (const conjunct of request.conjuncts) {
    const used = columnsOf(conjunct);
    const overKeys =
      grouped &&
      [...used].some((id) => replacements.has(id)) &&
      !plan.columns.some((column) => used.has(column.id) && !replacements.has(column.id));
    const moved = overKeys ? planner.pushThrough([conjunct], replacements).down[0] : undefined;
    if (moved === undefined) here.push(conjunct);
    else down.push(moved);
  }
  const expressions = aggregateInputs(plan);
  const required = new Set<ColumnId>();
  for (const expression of expressions) collectColumns(expression, required);
  const planned =
    firstRowForExtremum(planner, plan, required) ?? planner.plan(plan.source, { required, conjuncts: down });
  const { node: source, replace } = precompute(planner, planned, expressions);
  for (const key of plan.keys) inheritOrigin(planner, key);
  const node = aggregateNode(planner, plan, source, replace);
  return planner.filtered(node, here);
}

function inheritOrigin(planner: Planner, item: Assigned): void {
  if (item.expression.kind !== 'column') return;
  const origin = planner.origins.get(item.expression.id);
  if (origin !== undefined) planner.origins.set(item.column.id, origin);
  const alias = planner.aliases.get(item.expression.id);
  if (alias !== undefined) planner.aliases.set(item.column.id, alias);
}

function aggregateInputs(plan: AggregatePlan): BoundExpression[] {
  const found: BoundExpression[] = plan.keys.map((key) => key.expression);
  for (const call of plan.aggregates) {
    found.push(
      ...call.arguments,
      ...call.order.map((key) => key.expression),
      ...call.within.map((key) => key.expression),
    );
    if (call.filter !== undefined) found.push(call.filter);
  }
  return found;
}

/** min(x) or max(x) over everything: the first row in the order of x, when an index gives that order. */
function firstRowForExtremum(
  planner: Planner,
  plan: AggregatePlan,
  required: ReadonlySet<ColumnId>,
): PhysicalNode | undefined {
  if (plan.keys.length > 0 || plan.sets.length !== 1 || plan.aggregates.length !== 1) return undefined;
  const [call] = plan.aggregates;
  if (
    (call.function.name !== 'min' && call.function.name !== 'max') ||
    call.arguments.length !== 1 ||
    call.filter !== undefined
  )
    return undefined;
  const [argument] = call.arguments;
  if (argument.kind !== 'column') return undefined;
  const key: SortKey = {
    expression: argument,
    descending: call.function.name === 'max',
    nullsFirst: false,
    collation: argument.type.collation,
  };
  const present: BoundExpression = { kind: 'is_null', operand: argument, negated: true, type: { kind: 'bool' } };
  const node = planner.plan(plan.source, { required, conjuncts: [present], order: [key], fetch: 1 });
  const sorted = satisfiesOrder(node.order, [key], NONE, NONE);
  if (!sorted) return undefined;
  return new PhysicalNode({
    layout: node.layout,
    width: node.width,
    rows: 1,
    startup: node.startup,
    total: node.startup + node.total / Math.max(1, node.rows),
    title: 'Limit',
    children: [node],
    create: (context) =>
      new Limit(node.open(context), { count: () => 1, offset: undefined, percent: false, ties: undefined }, context),
  });
}

function aggregateNode(
  planner: Planner,
  plan: AggregatePlan,
  source: PhysicalNode,
  replace: (expression: BoundExpression) => BoundExpression,
): PhysicalNode {
  const compile = (expression: BoundExpression): Evaluator =>
    compileExpression(replace(expression), source.layout, planner.compileHoisted);
  const compiler = {
    semantics: planner.options.semantics,
    compile,
    compileDirect: (argument: BoundExpression) => compileDirect(planner, argument, plan.keys),
    orderColumns: (keys: readonly SortKey[]) => orderColumns(planner, keys),
    steps: (routine: RoutineDefinition) => compileSteps(routine, planner.compile),
  };
  const spec = {
    keys: plan.keys.map((key) => compile(key.expression)),
    hashes: plan.keys.map((key) => hashKeyOf(key.expression.type, planner.options.semantics)),
    sets: plan.sets,
    calls: plan.aggregates.map((call) => aggregateCall(call, compiler)),
    groupings: plan.groupings.map((grouping) => grouping.keys),
  };
  const layout = layoutOf([
    ...plan.keys.map((key) => key.column),
    ...plan.aggregates.map((call) => call.column),
    ...plan.groupings.map((grouping) => grouping.column),
  ]);
  let groups = 0;
  for (const set of plan.sets)
    groups += set.reduce((product, at) => product * distinctOf(plan.keys[at].expression, source.rows, planner), 1);
  groups = Math.max(1, Math.min(groups, source.rows));
  const total =
    source.total + source.rows * (plan.keys.length + plan.aggregates.length) * COST.operator + groups * COST.tuple;
  const keys = plan.keys.map((key) => key.expression);
  const details: PlanDetail[] = keys.length === 0 ? [] : [{ label: 'Group Key', expressions: keys }];
  const vector = planVectorAggregate(planner, plan, source, spec);
  if (vector !== undefined) details.push({ label: 'Vectorized', text: 'true' });
  return new PhysicalNode({
    layout,
    width: layout.size,
    rows: groups,
    startup: total - groups * COST.tuple,
    total,
    title: plan.keys.length === 0 ? 'Aggregate' : 'HashAggregate',
    children: [source],
    details,
    create:
      vector === undefined
        ? (context) => new HashAggregate(source.open(context), spec, context)
        : (context) => openVectorAggregate(vector, spec, source, context),
  });
}

/** A direct argument is computed from the keys of the group: those outside of its grouping set are NULL. */
function compileDirect(planner: Planner, argument: BoundExpression, keys: readonly Assigned[]): Evaluator {
  const overKeys = (expression: BoundExpression): BoundExpression => {
    const key = keys.find((one) => equalExpressions(one.expression, expression));
    if (key === undefined) return mapOperands(expression, overKeys);
    return { kind: 'column', id: key.column.id, type: key.column.type };
  };
  return compileExpression(overKeys(argument), layoutOf(keys.map((key) => key.column)), planner.compile);
}

// ---- windows ------------------------------------------------------------------------------------------

export function planWindow(
  planner: Planner,
  plan: LogicalPlan & { kind: 'window' },
  request: PlanRequest,
): PhysicalNode {
  const partitionIds = new Set(
    plan.partition.filter((expression) => expression.kind === 'column').map((expression) => expression.id),
  );
  const down: BoundExpression[] = [];
  const here: BoundExpression[] = [];
  for (const conjunct of request.conjuncts) {
    const used = [...columnsOf(conjunct)];
    (used.length > 0 && used.every((id) => partitionIds.has(id)) && !isVolatile(conjunct) ? down : here).push(conjunct);
  }
  const expressions = [...plan.partition, ...plan.order.map((key) => key.expression)];
  for (const call of plan.calls) {
    expressions.push(...call.arguments);
    if (call.filter !== undefined) expressions.push(call.filter);
  }
  const computed = new Set(plan.calls.map((call) => call.column.id));
  const required = withColumns(withColumns(request.required, here), expressions);
  for (const id of computed) required.delete(id);
  const partitionKeys: SortKey[] = plan.partition.map((expression) => ({
    expression,
    descending: false,
    nullsFirst: false,
  }));
  const keys = [...partitionKeys, ...plan.order];
  const planned = planner.plan(plan.source, { required, conjuncts: down, order: keys.length === 0 ? undefined : keys });
  const { node: prepared, replace } = precompute(planner, planned, expressions);
  const source = sorted(
    planner,
    prepared,
    keys.map((key) => ({ ...key, expression: replace(key.expression) })),
    undefined,
  );
  const layout = new Map(source.layout);
  plan.calls.forEach((call, at) => layout.set(call.column.id, source.width + at));
  const compile = (expression: BoundExpression): Evaluator =>
    compileExpression(replace(expression), source.layout, planner.compile);
  const order = orderColumns(planner, plan.order);
  const spec = {
    partitionKey: plan.partition.length === 0 ? undefined : rowKey(planner, plan.partition.map(replace), source.layout),
    orderKeys: plan.order.map((key) => compile(key.expression)),
    orderTypes: plan.order.map((key) => key.expression.type),
    order,
    compareOrder:
      order.length === 0
        ? () => 0
        : rowComparator(
            order,
            order.map((_, at) => at),
          ),
    frame: plan.frame,
    startOffset:
      plan.frame.startOffset === undefined
        ? undefined
        : compileExpression(plan.frame.startOffset, new Map(), planner.compile),
    endOffset:
      plan.frame.endOffset === undefined
        ? undefined
        : compileExpression(plan.frame.endOffset, new Map(), planner.compile),
    calls: plan.calls.map((call) => windowCall(planner, call, compile)),
    width: source.width,
  };
  const node = new PhysicalNode({
    layout,
    width: source.width + plan.calls.length,
    rows: source.rows,
    startup: source.startup,
    total: source.total + source.rows * plan.calls.length * 0.01,
    order: source.order,
    title: 'WindowAgg',
    children: [source],
    create: (context) => new Window(source.open(context), spec, context),
  });
  return planner.filtered(node, here);
}

function windowCall(
  planner: Planner,
  call: WindowCall,
  compile: (expression: BoundExpression) => Evaluator,
): WindowCallSpec {
  const types = call.arguments.map((argument) => argument.type);
  const inputs = call.arguments.map(compile);
  const filter = call.filter === undefined ? undefined : compile(call.filter);
  const definition = call.function;
  if (definition.kind !== 'aggregate') {
    const create = definition.kind === 'window' ? () => definition.create(types, call.ignoreNulls) : undefined;
    return { create, aggregate: undefined, strict: false, inputs, filter };
  }
  if (definition.routine !== undefined) {
    const steps = compileSteps(definition.routine, planner.compile);
    const aggregate = (context: ExecutionContext) => definedAggregate(steps, context);
    return { create: undefined, aggregate, strict: steps.strict, inputs, filter };
  }
  const implementation = definition.implementation(types, call.column.type, planner.options.semantics);
  return { create: undefined, aggregate: () => implementation, strict: definition.strict, inputs, filter };
}

// ---- duplicates and set operations ----------------------------------------------------------------------

export function planDistinct(
  planner: Planner,
  plan: LogicalPlan & { kind: 'distinct' },
  request: PlanRequest,
): PhysicalNode {
  const onIds = new Set(
    plan.on.filter((expression) => expression.kind === 'column').map((expression) => expression.id),
  );
  const pushable = (conjunct: BoundExpression): boolean =>
    !isVolatile(conjunct) && (plan.on.length === 0 || [...columnsOf(conjunct)].every((id) => onIds.has(id)));
  const down = request.conjuncts.filter(pushable);
  const here = request.conjuncts.filter((conjunct) => !pushable(conjunct));
  const whole = plan.on.length === 0;
  const required = withColumns(
    whole ? new Set(plan.columns.map((column) => column.id)) : withColumns(request.required, here),
    [...plan.on, ...plan.order.map((key) => key.expression)],
  );
  const planned = planner.plan(plan.source, {
    required,
    conjuncts: down,
    order: plan.order.length === 0 ? undefined : plan.order,
  });
  const source = plan.order.length === 0 ? planned : sorted(planner, planned, plan.order, undefined);
  const key = rowKey(planner, whole ? columnExpressions(plan.columns) : plan.on, source.layout);
  const node = new PhysicalNode({
    layout: source.layout,
    width: source.width,
    rows: Math.max(1, source.rows * 0.5),
    startup: source.startup,
    total: source.total + source.rows * COST.operator * 2,
    order: source.order,
    title: whole ? 'HashAggregate' : 'Unique',
    children: [source],
    details: [{ label: 'Group Key', expressions: whole ? columnExpressions(plan.columns) : plan.on }],
    create: (context) => new Distinct(source.open(context), key, context),
  });
  return planner.filtered(node, here);
}

export function planSetOperation(
  planner: Planner,
  plan: LogicalPlan & { kind: 'set_operation' },
  request: PlanRequest,
): PhysicalNode {
  const layout = layoutOf(plan.columns);
  if (plan.operation !== 'union') {
    const left = planner.exact(plan.left);
    const right = planner.exact(plan.right);
    const { operation, all } = plan;
    const key = rowKey(planner, columnExpressions(plan.columns), layout);
    const node = new PhysicalNode({
      layout,
      width: plan.columns.length,
      rows: left.rows,
      startup: right.total,
      total: left.total + right.total,
      title: `HashSetOp ${operation === 'intersect' ? 'Intersect' : 'Except'}${all ? ' All' : ''}`,
      children: [left, right],
      create: (context) => new SetOperation(left.open(context), right.open(context), operation, all, key, context),
    });
    return planner.filtered(node, request.conjuncts);
  }
  // UNION: conditions go into every branch.
  const moved = request.conjuncts.filter((conjunct) => !isVolatile(conjunct));
  const branches: PhysicalNode[] = [];
  const kept = new Set<BoundExpression>(request.conjuncts.filter(isVolatile));
  for (const branch of unionBranches(plan, plan.all)) {
    const replacements = new Map<ColumnId, BoundExpression>(
      plan.columns.map((column, at) => [
        column.id,
        { kind: 'column', id: branch.columns[at].id, type: branch.columns[at].type },
      ]),
    );
    const down: BoundExpression[] = [];
    for (const conjunct of moved) {
      const [substituted] = planner.pushThrough([conjunct], replacements).down;
      if (substituted === undefined) kept.add(conjunct);
      else down.push(substituted);
    }
    const ids = branch.columns.map((column) => column.id);
    branches.push(planner.arrange(planner.plan(branch, { required: new Set(ids), conjuncts: down }), ids));
  }
  const rows = branches.reduce((sum, branch) => sum + branch.rows, 0);
  const total = branches.reduce((sum, branch) => sum + branch.total, 0);
  const append = new PhysicalNode({
    layout,
    width: plan.columns.length,
    rows,
    startup: branches[0].startup,
    total,
    title: 'Append',
    children: branches,
    create: (context) => new Append(branches.map((branch) => branch.open(context))),
  });
  if (plan.all) return planner.filtered(append, [...kept]);
  const key = rowKey(planner, columnExpressions(plan.columns), layout);
  const node = new PhysicalNode({
    layout,
    width: plan.columns.length,
    rows: Math.max(1, rows * 0.8),
    startup: total,
    total: total + rows * 0.01,
    title: 'HashAggregate',
    children: [append],
    details: [{ label: 'Group Key', expressions: columnExpressions(plan.columns) }],
    create: (context) => new Distinct(append.open(context), key, context),
  });
  return planner.filtered(node, [...kept]);
}

/** Nested unions of one kind as a flat list. A distinct union may absorb ALL unions below it too. */
function unionBranches(plan: LogicalPlan, all: boolean): LogicalPlan[] {
  if (plan.kind !== 'set_operation' || plan.operation !== 'union' || (all && !plan.all)) return [plan];
  return [...unionBranches(plan.left, all), ...unionBranches(plan.right, all)];
}
