/** Plans of sorting and limits: what is below a limit is asked for so many rows first, and a sort keeps no more. */
import type { BoundExpression, ColumnId, LogicalPlan, SortKey } from '../binder/bound.ts';
import { compileExpression, type Layout } from '../executor/expressions/compile.ts';
import type { Evaluator, ExecutionContext } from '../executor/operator.ts';
import { Limit } from '../executor/operators/basic.ts';
import { CountingLimit, type CountingLimitSpec } from '../executor/operators/counting-limit.ts';
import { rowComparator, Sort, type SortSpec } from '../executor/operators/sort.ts';
import { PhysicalNode } from './physical.ts';
import { withColumns } from './expression-walk.ts';
import type { Planner, PlanRequest } from './planner.ts';
import { orderColumns } from './row-keys.ts';

import { COST, orderOfKeys, satisfiesOrder, sortCost } from './scan-paths.ts';

const NONE: ReadonlySet<ColumnId> = new Set();

/** Sorted by the keys: as it is when it comes in that order, else through a sort. */
export function sorted(
  planner: Planner,
  source: PhysicalNode,
  keys: readonly SortKey[],
  limit: SortSpec['limit'],
  limitRows?: number,
): PhysicalNode {
  const effective = keys.filter((key) => key.expression.kind !== 'constant');
  if (effective.length === 0) return source;
  if (satisfiesOrder(source.order, effective, NONE, NONE)) return source;
  const slots = effective.map((key) =>
    key.expression.kind === 'column' ? source.layout.get(key.expression.id) : undefined,
  );
  const plain = slots.every((slot) => slot !== undefined);
  const spec: SortSpec = {
    order: orderColumns(planner, effective),
    slots: plain ? (slots as number[]) : undefined,
    keys: plain
      ? effective.map(() => () => null)
      : effective.map((key) => compileExpression(key.expression, source.layout, planner.compile)),
    width: source.width,
    limit,
  };
  const order = orderOfKeys(effective);
  const kept = limitRows === undefined ? source.rows : Math.min(limitRows, source.rows);
  const cost = source.total + sortCost(source.rows, kept);
  return new PhysicalNode({
    // Computed keys stay behind the row's own columns.
    layout: source.layout,
    width: source.width + (plain ? 0 : effective.length),
    rows: source.rows,
    startup: cost,
    total: cost + source.rows * COST.operator,
    order,
    title: 'Sort',
    children: [source],
    details: [
      {
        label: 'Sort Key',
        expressions: effective.map((key) => key.expression),
        text: effective.map(describeDirection).join(','),
      },
    ],
    create: (context) => new Sort(source.open(context), spec, context),
  });
}

function describeDirection(key: SortKey): string {
  const nulls = key.nullsFirst === key.descending ? '' : key.nullsFirst ? ' NULLS FIRST' : ' NULLS LAST';
  return `${key.descending ? ' DESC' : ''}${nulls}`;
}

export function planSort(planner: Planner, plan: LogicalPlan & { kind: 'sort' }, request: PlanRequest): PhysicalNode {
  const required = withColumns(
    request.required,
    plan.keys.map((key) => key.expression),
  );
  const source = planner.plan(plan.source, {
    required,
    conjuncts: request.conjuncts,
    order: plan.keys,
    fetch: request.fetch,
  });
  return sorted(planner, source, plan.keys, undefined);
}

function constantNumber(expression: BoundExpression | undefined): number | undefined {
  const inner = expression?.kind === 'cast' ? expression.operand : expression;
  return inner?.kind === 'constant' && inner.value !== null ? Number(inner.value) : undefined;
}

/** Rows fetched when LIMIT's value is not known while planning. */
const ASSUMED_LIMIT = 100;

export function planLimit(planner: Planner, plan: LogicalPlan & { kind: 'limit' }, request: PlanRequest): PhysicalNode {
  const empty: Layout = new Map();
  const compile = (expression: BoundExpression | undefined): Evaluator | undefined =>
    expression === undefined ? undefined : compileExpression(expression, empty, planner.compile);
  const count = compile(plan.count);
  const offset = compile(plan.offset);
  if (plan.countsAll === true) return planCountingLimit(planner, plan, request, { count, offset });
  const bounded = count !== undefined && !plan.percent;
  const fetch = bounded
    ? (constantNumber(plan.count) ?? ASSUMED_LIMIT) + (constantNumber(plan.offset) ?? 0)
    : undefined;
  const required = withColumns(
    withColumns(request.required, request.conjuncts),
    plan.order.map((key) => key.expression),
  );
  let source: PhysicalNode;
  // A projection between limit and sort does not matter to either.
  if (plan.source.kind === 'sort') {
    const { keys } = plan.source;
    const below = planner.plan(plan.source.source, {
      required: withColumns(
        required,
        keys.map((key) => key.expression),
      ),
      conjuncts: [],
      order: keys,
      fetch,
    });
    source = sorted(
      planner,
      below,
      keys,
      bounded && !plan.withTies ? (context) => limitOf(count, offset, context) : undefined,
      fetch,
    );
  } else source = planner.plan(plan.source, { required, conjuncts: [], order: request.order, fetch });
  const ties = plan.withTies ? tiesComparator(planner, plan.order, source.layout) : undefined;
  const rows = fetch === undefined ? source.rows : Math.min(source.rows, constantNumber(plan.count) ?? ASSUMED_LIMIT);
  const spec = { count, offset, percent: plan.percent, ties };
  const node = new PhysicalNode({
    layout: source.layout,
    width: source.width,
    rows: Math.max(1, rows),
    startup: source.startup,
    total:
      source.startup + (source.total - source.startup) * Math.min(1, (fetch ?? source.rows) / Math.max(1, source.rows)),
    order: source.order,
    title: 'Limit',
    children: [source],
    create: (context) => new Limit(source.open(context), spec, context),
  });
  return planner.filtered(node, request.conjuncts);
}

/** Every row is read, so that nothing is gained from knowing the limit below it. */
function planCountingLimit(
  planner: Planner,
  plan: LogicalPlan & { kind: 'limit' },
  request: PlanRequest,
  { count, offset }: { readonly count: Evaluator | undefined; readonly offset: Evaluator | undefined },
): PhysicalNode {
  const required = withColumns(request.required, request.conjuncts);
  const source = planner.plan(plan.source, { required, conjuncts: [], order: request.order, fetch: undefined });
  const number = (evaluate: Evaluator | undefined, absent: number, context: ExecutionContext): number =>
    Math.max(0, Number(evaluate?.([], context) ?? absent));
  const spec: CountingLimitSpec = {
    bounds: (context) => ({
      offset: number(offset, 0, context),
      count: number(count, Number.POSITIVE_INFINITY, context),
    }),
  };
  const node = new PhysicalNode({
    layout: source.layout,
    width: source.width,
    rows: Math.max(1, Math.min(source.rows, constantNumber(plan.count) ?? ASSUMED_LIMIT)),
    startup: source.startup,
    total: source.total,
    order: source.order,
    title: 'Limit',
    children: [source],
    create: (context) => new CountingLimit(source.open(context), spec, context),
  });
  return planner.filtered(node, request.conjuncts);
}

function limitOf(
  count: Evaluator | undefined,
  offset: Evaluator | undefined,
  context: ExecutionContext,
): number | undefined {
  const wanted = count?.([], context) ?? null;
  if (wanted === null) return undefined;
  return Math.max(0, Number(wanted)) + Math.max(0, Number(offset?.([], context) ?? 0));
}

function tiesComparator(
  planner: Planner,
  order: readonly SortKey[],
  layout: Layout,
): (context: ExecutionContext) => (a: readonly never[] | readonly unknown[], b: readonly unknown[]) => number {
  const keys = order.map((key) => compileExpression(key.expression, layout, planner.compile));
  const compare = rowComparator(
    orderColumns(planner, order),
    keys.map((_, at) => at),
  );
  return (context) => (a, b) =>
    compare(
      keys.map((key) => key(a as never, context)),
      keys.map((key) => key(b as never, context)),
    );
}
