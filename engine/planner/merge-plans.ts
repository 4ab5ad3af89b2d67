/**
 * Plans of merge joins: when both sides come in the order of one pair of equal columns, or can be read so from an
 * index while that order is wanted above, nothing needs to be hashed or sorted.
 */
import type { BoundExpression, ColumnId, LogicalPlan, SortKey } from '../binder/bound.ts';
import { compileCondition } from '../executor/expressions/compile.ts';
import type { JoinKind } from '../executor/operators/joins.ts';
import { MergeJoin } from '../executor/operators/merge-join.ts';
import { comparatorOf, hasNativeOrder } from '../executor/values.ts';
import { columnsOf } from './expression-walk.ts';
import { equalityPair, hashJoinCost, joinedLayout, joinRows, JOIN_TITLES } from './join-shape.ts';
import { PhysicalNode, type PlanDetail } from './physical.ts';
import type { Planner } from './planner.ts';
import { COST, sortCost } from './scan-paths.ts';

type Column = BoundExpression & { kind: 'column' };

interface MergeKey {
  readonly left: Column;
  readonly right: Column;
  readonly conjunct: BoundExpression;
}

/** The pairs of columns that a merge could go by. */
function mergeKeys(
  planner: Planner,
  conjuncts: readonly BoundExpression[],
  left: PhysicalNode,
  right: PhysicalNode,
): MergeKey[] {
  const found: MergeKey[] = [];
  for (const conjunct of conjuncts) {
    const pair = equalityPair(conjunct, left.layout, right.layout);
    if (pair === undefined || pair.left.kind !== 'column' || pair.right.kind !== 'column') continue;
    const { semantics } = planner.options;
    if (pair.left.type.kind !== pair.right.type.kind || !hasNativeOrder(pair.left.type, semantics)) continue;
    found.push({ left: pair.left, right: pair.right, conjunct });
  }
  return found;
}

/** Where rows of both sides already come in order; undefined = they do not, or hashing is cheaper. */
function mergeJoin(
  planner: Planner,
  kind: JoinKind,
  left: PhysicalNode,
  right: PhysicalNode,
  conjuncts: readonly BoundExpression[],
  out: ReadonlySet<ColumnId>,
  otherwise: number,
  fetch?: number,
): PhysicalNode | undefined {
  const [leftOrder] = left.order;
  const [rightOrder] = right.order;
  if (leftOrder === undefined || rightOrder === undefined || leftOrder.descending !== rightOrder.descending)
    return undefined;
  const key = mergeKeys(planner, conjuncts, left, right).find(
    (one) => one.left.id === leftOrder.id && one.right.id === rightOrder.id,
  );
  if (key === undefined) return undefined;
  const rows = joinRows(planner, kind, left, right, conjuncts);
  const total = left.total + right.total + (left.rows + right.rows) * 0.01 + rows * COST.tuple;
  // Of a merge no more is done than is fetched.
  if (total * (fetch === undefined ? 1 : Math.min(1, fetch / Math.max(1, rows))) >= otherwise) return undefined;
  const rest = conjuncts.filter((conjunct) => conjunct !== key.conjunct);
  const needed = new Set(out);
  for (const condition of rest) for (const id of columnsOf(condition)) needed.add(id);
  const { layout, leftSlots, rightSlots } = joinedLayout(left, right, needed);
  const passing = kind === 'semi' || kind === 'anti';
  const spec = {
    kind,
    leftSlots,
    rightSlots,
    residual: compileCondition(rest, layout, planner.compileHoisted),
    leftKey: left.layout.get(key.left.id) as number,
    rightKey: right.layout.get(key.right.id) as number,
    compare: comparatorOf(key.left.type, planner.options.semantics),
    descending: leftOrder.descending,
  };
  const details: PlanDetail[] = [{ label: 'Merge Cond', expressions: [key.conjunct] }];
  if (rest.length > 0) details.push({ label: 'Join Filter', expressions: rest });
  return new PhysicalNode({
    layout: passing ? left.layout : layout,
    width: passing ? left.width : leftSlots.length + rightSlots.length,
    rows,
    startup: left.startup + right.startup,
    total,
    title: `Merge${JOIN_TITLES[kind]} Join`,
    children: [left, right],
    details,
    order: kind === 'inner' || kind === 'left' || passing ? left.order : [],
    create: (context) => new MergeJoin(left.open(context), right.open(context), spec, context),
  });
}

/** What is wanted of the join's result. */
export interface WantedOrder {
  readonly order?: readonly SortKey[] | undefined;
  readonly fetch?: number | undefined;
}

/** A side of a join, as it can be planned anew. */
export interface MergeSide {
  readonly node: PhysicalNode;
  readonly plan: LogicalPlan;
  readonly conjuncts: readonly BoundExpression[];
}

/** For a wanted order that begins with a column joined by equality: both sides in that order, merged. */
function orderedMergeJoin(
  planner: Planner,
  kind: JoinKind,
  left: MergeSide,
  right: MergeSide,
  conjuncts: readonly BoundExpression[],
  required: ReadonlySet<ColumnId>,
  out: ReadonlySet<ColumnId>,
  { order, fetch }: WantedOrder,
  otherwise: number,
): PhysicalNode | undefined {
  const wanted = order?.[0];
  if (wanted === undefined || wanted.expression.kind !== 'column') return undefined;
  const { id } = wanted.expression;
  const key = mergeKeys(planner, conjuncts, left.node, right.node).find((one) => one.left.id === id);
  if (key === undefined) return undefined;
  const inOrder = (side: MergeSide, column: Column): PhysicalNode =>
    planner.plan(side.plan, {
      required,
      conjuncts: side.conjuncts,
      fetch,
      order: [{ ...wanted, expression: column, collation: column.type.collation }],
    });
  return mergeJoin(planner, kind, inOrder(left, key.left), inOrder(right, key.right), conjuncts, out, otherwise, fetch);
}

/** A merge join, where it is cheaper than a hash join and the sort that the wanted order then takes. */
export function orderedJoin(
  planner: Planner,
  kind: JoinKind,
  left: MergeSide,
  right: MergeSide,
  conjuncts: readonly BoundExpression[],
  required: ReadonlySet<ColumnId>,
  out: ReadonlySet<ColumnId>,
  wanted: WantedOrder,
): PhysicalNode | undefined {
  const rows = joinRows(planner, kind, left.node, right.node, conjuncts);
  const hash = hashJoinCost(left.node, right.node) + rows * COST.tuple;
  return (
    mergeJoin(planner, kind, left.node, right.node, conjuncts, out, hash) ??
    orderedMergeJoin(planner, kind, left, right, conjuncts, required, out, wanted, hash + sortCost(rows, wanted.fetch))
  );
}
