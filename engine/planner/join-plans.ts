/**
 * Plans of joins. Inner joins below one another form a graph that join-order.ts puts in order; outer,
 * semi and anti joins keep their place. Each step is a hash join, or a nested loop when its right side
 * can be looked up by values of the left (index) or depends on them (LATERAL).
 */
import type { BoundExpression, ColumnId, LogicalPlan } from '../binder/bound.ts';
import { compileCondition, compileExpression, type Layout } from '../executor/expressions/compile.ts';
import type { Evaluator } from '../executor/operator.ts';
import { HashJoin, NestedLoop, type JoinKind, type KeyFunction } from '../executor/operators/joins.ts';
import { hashKeyOf, joinKey } from '../executor/values.ts';
import { columnsOf, conjunctsOf, freeColumns, hasSubquery, isVolatile, withColumns } from './expression-walk.ts';
import { planJoinGraph } from './join-order.ts';
import { equalityPair, hashJoinCost, joinedLayout, joinRows, JOIN_TITLES } from './join-shape.ts';
import { orderedJoin } from './merge-plans.ts';
import { PhysicalNode, type PlanDetail } from './physical.ts';
import { slotOf, type Planner, type PlanRequest } from './planner.ts';
import { COST } from './scan-paths.ts';

type JoinPlan = LogicalPlan & { kind: 'join' };

export function outputIds(plan: LogicalPlan): Set<ColumnId> {
  return new Set(plan.columns.map((column) => column.id));
}

export function usesOnly(
  expression: BoundExpression,
  ids: ReadonlySet<ColumnId>,
  forbidden: ReadonlySet<ColumnId>,
): boolean {
  let any = false;
  for (const id of columnsOf(expression)) {
    if (forbidden.has(id)) return false;
    if (ids.has(id)) any = true;
  }
  return any;
}

function mentions(expression: BoundExpression, ids: ReadonlySet<ColumnId>): boolean {
  for (const id of columnsOf(expression)) if (ids.has(id)) return true;
  return false;
}

export function planJoin(planner: Planner, plan: JoinPlan, request: PlanRequest): PhysicalNode {
  const reduced = reduceOuterJoin(plan, request.conjuncts);
  if (reduced.join === 'inner' && !reduced.lateral) return planJoinGraph(planner, reduced, request);
  if (reduced.join === 'right') {
    return planOuter(planner, { ...reduced, join: 'left', left: reduced.right, right: reduced.left }, request);
  }
  return planOuter(planner, reduced, request);
}

/** An outer join whose NULL-extended rows the conditions above reject is an inner (or left) join. */
export function reduceOuterJoin(plan: JoinPlan, conjuncts: readonly BoundExpression[]): JoinPlan {
  const leftIds = outputIds(plan.left);
  const rightIds = outputIds(plan.right);
  const rejects = (ids: ReadonlySet<ColumnId>): boolean => conjuncts.some((conjunct) => rejectsNull(conjunct, ids));
  switch (plan.join) {
    case 'left':
      return rejects(rightIds) ? { ...plan, join: 'inner' } : plan;
    case 'right':
      return rejects(leftIds) ? { ...plan, join: 'inner' } : plan;
    case 'full': {
      const left = rejects(leftIds);
      const right = rejects(rightIds);
      return left && right
        ? { ...plan, join: 'inner' }
        : left
          ? { ...plan, join: 'left' }
          : right
            ? { ...plan, join: 'right' }
            : plan;
    }
    default:
      return plan;
  }
}

/** Is the condition never true when all of `ids` are NULL? */
function rejectsNull(expression: BoundExpression, ids: ReadonlySet<ColumnId>): boolean {
  switch (expression.kind) {
    case 'compare':
      return nullFrom(expression.left, ids) || nullFrom(expression.right, ids);
    case 'in_list':
      return nullFrom(expression.operand, ids);
    case 'is_null':
      return expression.negated && nullFrom(expression.operand, ids);
    case 'and':
      return expression.operands.some((operand) => rejectsNull(operand, ids));
    case 'or':
      return expression.operands.every((operand) => rejectsNull(operand, ids));
    default:
      return nullFrom(expression, ids);
  }
}

/** Is the expression NULL whenever all of `ids` are? */
function nullFrom(expression: BoundExpression, ids: ReadonlySet<ColumnId>): boolean {
  switch (expression.kind) {
    case 'column':
      return ids.has(expression.id);
    case 'cast':
      return expression.domainId === undefined && nullFrom(expression.operand, ids);
    case 'not':
      return nullFrom(expression.operand, ids);
    case 'compare':
      return nullFrom(expression.left, ids) || nullFrom(expression.right, ids);
    case 'call':
      return (
        expression.function.strict &&
        expression.function.kind === 'scalar' &&
        expression.arguments.some((argument) => nullFrom(argument, ids))
      );
    default:
      return false;
  }
}

/** Joins whose sides keep their place: left, full, semi, anti, and lateral inner joins. */
function planOuter(planner: Planner, plan: JoinPlan, request: PlanRequest): PhysicalNode {
  const kind = plan.join as Exclude<JoinKind, 'right'>;
  const leftIds = outputIds(plan.left);
  const rightIds = outputIds(plan.right);
  const leftDown: BoundExpression[] = [];
  const rightDown: BoundExpression[] = [];
  const above: BoundExpression[] = [];
  const on: BoundExpression[] = [];
  for (const conjunct of request.conjuncts) {
    if (kind !== 'full' && !isVolatile(conjunct) && !mentions(conjunct, rightIds)) leftDown.push(conjunct);
    else if (kind === 'inner') on.push(conjunct);
    else above.push(conjunct);
  }
  for (const conjunct of conjunctsOf(plan.condition)) {
    if (isVolatile(conjunct)) on.push(conjunct);
    else if (kind !== 'full' && !mentions(conjunct, leftIds)) rightDown.push(conjunct);
    else if ((kind === 'inner' || kind === 'semi') && !mentions(conjunct, rightIds)) leftDown.push(conjunct);
    else on.push(conjunct);
  }
  const required = withColumns(withColumns(request.required, above), on);
  if (plan.lateral || plan.right.kind === 'function_scan') for (const id of freeColumns(plan.right)) required.add(id);
  const lateral = plan.lateral && freeColumns(plan.right).some((id) => leftIds.has(id));
  const left = planner.plan(plan.left, { required, conjuncts: leftDown, order: lateral ? request.order : undefined });
  const out = withColumns(request.required, above);
  if (lateral) {
    const right = planner.plan(plan.right, { required, conjuncts: [...rightDown, ...parametrisable(on, rightIds)] });
    return planner.filtered(
      nestedLoop(
        planner,
        kind,
        left,
        right,
        on.filter((one) => !parametrisable([one], rightIds).length),
        out,
        freeColumns(plan.right),
      ),
      above,
    );
  }
  const right = planner.plan(plan.right, { required, conjuncts: rightDown });
  const hash = hashJoinCost(left, right);
  if (kind !== 'full') {
    const loop = indexedSide(planner, plan.right, [...rightDown, ...on], rightDown.length, required, left);
    if (loop !== undefined && left.total + left.rows * loop.total < hash) {
      return planner.filtered(nestedLoop(planner, kind, left, loop, [], out, []), above);
    }
  }
  const merged = orderedJoin(
    planner,
    kind,
    { node: left, plan: plan.left, conjuncts: leftDown },
    { node: right, plan: plan.right, conjuncts: rightDown },
    on,
    required,
    out,
    request,
  );
  if (merged !== undefined) return planner.filtered(merged, above);
  // A left join may also build on its left side when that is much smaller.
  if (kind === 'left' && left.rows * 4 < right.rows)
    return planner.filtered(hashJoin(planner, 'right', right, left, on, out), above);
  return planner.filtered(hashJoin(planner, kind, left, right, on, out), above);
}

/** Conditions of a lateral join may be pushed into its right side, which sees the left row anyway. */
function parametrisable(on: readonly BoundExpression[], rightIds: ReadonlySet<ColumnId>): BoundExpression[] {
  return on.filter((conjunct) => mentions(conjunct, rightIds) && !isVolatile(conjunct) && !hasSubquery(conjunct));
}

/** The right side with the join conditions pushed into it, if an index then serves it. */
export function indexedSide(
  planner: Planner,
  plan: LogicalPlan,
  conjuncts: readonly BoundExpression[],
  local: number,
  required: ReadonlySet<ColumnId>,
  left: PhysicalNode | undefined,
): PhysicalNode | undefined {
  if (conjuncts.length === local || !isPlainScan(plan)) return undefined;
  const rightIds = outputIds(plan);
  if (conjuncts.some((conjunct) => isVolatile(conjunct) || (hasSubquery(conjunct) && left !== undefined)))
    return undefined;
  if (!conjuncts.slice(local).every((conjunct) => mentions(conjunct, rightIds))) return undefined;
  const node = planner.plan(plan, { required, conjuncts });
  const uses = indexConditions(node);
  const outer = conjuncts.slice(local);
  return uses.some(
    (condition) => outer.includes(condition) || [...columnsOf(condition)].some((id) => left?.layout.has(id) === true),
  )
    ? node
    : undefined;
}

function indexConditions(node: PhysicalNode): readonly BoundExpression[] {
  const own = node.facts.details?.find((detail) => detail.label === 'Index Cond')?.expressions ?? [];
  return node.facts.title === '' || node.facts.title === 'Filter'
    ? [...own, ...node.children.flatMap(indexConditions)]
    : own;
}

function isPlainScan(plan: LogicalPlan): boolean {
  if (plan.kind === 'scan') return true;
  if (plan.kind === 'filter') return isPlainScan(plan.source);
  if (isSystemScan(plan)) return true;
  return (
    plan.kind === 'project' &&
    !plan.setReturning &&
    plan.items.every((item) => item.expression.kind === 'column') &&
    isPlainScan(plan.source)
  );
}

/** A computed relation, maybe behind a catalog view that derives its columns from one. */
function isSystemScan(plan: LogicalPlan): boolean {
  if (plan.kind === 'system_scan') return true;
  if (plan.kind === 'filter') return !hasSubquery(plan.condition) && isSystemScan(plan.source);
  return plan.kind === 'project' && !plan.setReturning && isSystemScan(plan.source);
}

/** Equalities between the sides become keys; the rest is tested on the joined row. */
export function hashJoin(
  planner: Planner,
  kind: JoinKind,
  left: PhysicalNode,
  right: PhysicalNode,
  conjuncts: readonly BoundExpression[],
  out: ReadonlySet<ColumnId>,
): PhysicalNode {
  const keys: { left: BoundExpression; right: BoundExpression; conjunct: BoundExpression & { kind: 'compare' } }[] = [];
  const rest: BoundExpression[] = [];
  for (const conjunct of conjuncts) {
    const pair = equalityPair(conjunct, left.layout, right.layout);
    if (pair === undefined) rest.push(conjunct);
    else keys.push({ ...pair, conjunct: conjunct as BoundExpression & { kind: 'compare' } });
  }
  const passing = kind === 'semi' || kind === 'anti';
  const { layout, leftSlots, rightSlots } = joinedLayout(left, right, withColumns(out, rest));
  const key = (side: 'left' | 'right', sideLayout: Layout): KeyFunction | undefined =>
    keys.length === 0
      ? undefined
      : keyFunction(
          keys.map((one) => ({
            evaluate: compileExpression(one[side], sideLayout, planner.compile),
            hash: hashKeyOf(one.conjunct.operandType, planner.options.semantics),
          })),
        );
  const spec = {
    kind,
    leftSlots,
    rightSlots,
    residual: compileCondition(rest, layout, planner.compileHoisted),
    leftKey: key('left', left.layout),
    rightKey: key('right', right.layout),
  };
  const details: PlanDetail[] = [];
  if (keys.length > 0) details.push({ label: 'Hash Cond', expressions: keys.map((one) => one.conjunct) });
  if (rest.length > 0) details.push({ label: 'Join Filter', expressions: rest });
  const rows = joinRows(planner, kind, left, right, conjuncts);
  const total = hashJoinCost(left, right) + (keys.length === 0 ? left.rows * right.rows : rows) * COST.tuple;
  const build = new PhysicalNode({
    layout: right.layout,
    width: right.width,
    rows: right.rows,
    startup: right.total,
    total: right.total,
    title: keys.length === 0 ? 'Materialize' : 'Hash',
    children: [right],
    create: (context) => right.open(context),
  });
  return new PhysicalNode({
    layout: passing ? left.layout : layout,
    width: passing ? left.width : leftSlots.length + rightSlots.length,
    rows,
    startup: right.total,
    total,
    title: `${keys.length === 0 ? 'Nested Loop' : 'Hash'}${JOIN_TITLES[kind]}${keys.length === 0 && kind === 'inner' ? '' : ' Join'}`,
    children: [left, build],
    details,
    order: kind === 'inner' || kind === 'left' || passing ? left.order : [],
    create: (context) => new HashJoin(left.open(context), build.open(context), spec, context),
  });
}

function keyFunction(parts: readonly { evaluate: Evaluator; hash: (value: never) => unknown }[]): KeyFunction {
  if (parts.length === 1) {
    const [{ evaluate, hash }] = parts;
    return (row, context) => {
      const value = evaluate(row, context);
      return value === null ? undefined : hash(value as never);
    };
  }
  return (row, context) => {
    const keys: unknown[] = new Array(parts.length);
    for (let at = 0; at < parts.length; at++) {
      const value = parts[at].evaluate(row, context);
      if (value === null) return undefined;
      keys[at] = parts[at].hash(value as never);
    }
    return joinKey(keys);
  };
}

/** Runs `right` for each left row; `free`: further outer columns the right side reads. */
export function nestedLoop(
  planner: Planner,
  kind: JoinKind,
  left: PhysicalNode,
  right: PhysicalNode,
  conjuncts: readonly BoundExpression[],
  out: ReadonlySet<ColumnId>,
  free: readonly ColumnId[],
): PhysicalNode {
  const passing = kind === 'semi' || kind === 'anti';
  const { layout, leftSlots, rightSlots } = joinedLayout(left, right, withColumns(out, conjuncts));
  // All left values the right side might read: cheap, and exact knowledge is spread over its nodes.
  const parameters = new Map<ColumnId, number>();
  const used = new Set<ColumnId>(free);
  collectNodeColumns(right, used);
  for (const id of used) if (left.layout.has(id) && !right.layout.has(id)) parameters.set(id, slotOf(left.layout, id));
  const spec = {
    kind,
    leftSlots,
    rightSlots,
    residual: compileCondition(conjuncts, layout, planner.compile),
    parameters: [...parameters].map(([id, slot]) => ({ id, slot })),
  };
  const rows =
    kind === 'semi' || kind === 'anti'
      ? Math.max(1, left.rows * 0.5)
      : Math.max(kind === 'left' ? left.rows : 1, left.rows * right.rows);
  return new PhysicalNode({
    layout: passing ? left.layout : layout,
    width: passing ? left.width : leftSlots.length + rightSlots.length,
    rows,
    startup: left.startup + right.startup,
    total: left.total + left.rows * right.total + rows * COST.tuple,
    title: `Nested Loop${JOIN_TITLES[kind]}${kind === 'inner' ? '' : ' Join'}`,
    children: [left, right],
    order: left.order,
    details: conjuncts.length === 0 ? [] : [{ label: 'Join Filter', expressions: conjuncts }],
    create: (context) => new NestedLoop(left.open(context), right.open(context), spec, context),
  });
}

function collectNodeColumns(node: PhysicalNode, into: Set<ColumnId>): void {
  for (const detail of node.facts.details ?? [])
    for (const expression of detail.expressions ?? []) for (const id of columnsOf(expression)) into.add(id);
  for (const child of node.children) collectNodeColumns(child, into);
}
