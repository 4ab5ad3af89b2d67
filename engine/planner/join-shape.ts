/** What plans of all join methods share: estimates, the layout of joined rows, equalities between the sides. */
import type { BoundExpression, ColumnId } from '../binder/bound.ts';
import type { Layout } from '../executor/expressions/compile.ts';
import type { JoinKind } from '../executor/operators/joins.ts';
import { columnsOf, hasSubquery, isVolatile } from './expression-walk.ts';
import type { PhysicalNode } from './physical.ts';
import type { Planner } from './planner.ts';

export function hashJoinCost(left: PhysicalNode, right: PhysicalNode): number {
  return left.total + right.total + right.rows * 0.02 + left.rows * 0.012;
}

export function joinedLayout(
  left: PhysicalNode,
  right: PhysicalNode,
  out: ReadonlySet<ColumnId>,
): { layout: Map<ColumnId, number>; leftSlots: number[]; rightSlots: number[] } {
  const layout = new Map<ColumnId, number>();
  const leftSlots: number[] = [];
  const rightSlots: number[] = [];
  for (const [id, slot] of left.layout) {
    if (!out.has(id)) continue;
    layout.set(id, leftSlots.length);
    leftSlots.push(slot);
  }
  for (const [id, slot] of right.layout) {
    if (!out.has(id) || layout.has(id)) continue;
    layout.set(id, leftSlots.length + rightSlots.length);
    rightSlots.push(slot);
  }
  return { layout, leftSlots, rightSlots };
}

export function joinRows(
  planner: Planner,
  kind: JoinKind,
  left: PhysicalNode,
  right: PhysicalNode,
  conjuncts: readonly BoundExpression[],
): number {
  const inner = planner.estimate(left.rows * right.rows, conjuncts);
  switch (kind) {
    case 'left':
      return Math.max(inner, left.rows);
    case 'right':
      return Math.max(inner, right.rows);
    case 'full':
      return Math.max(inner, left.rows + right.rows);
    case 'semi':
      return Math.max(1, Math.min(left.rows, inner));
    case 'anti':
      return Math.max(1, left.rows - Math.min(left.rows * 0.9, inner));
    default:
      return inner;
  }
}

/** How EXPLAIN names the kinds. */
export const JOIN_TITLES: Readonly<Record<JoinKind, string>> = {
  inner: '',
  left: ' Left',
  right: ' Right',
  full: ' Full',
  semi: ' Semi',
  anti: ' Anti',
};

export function equalityPair(
  conjunct: BoundExpression,
  left: Layout,
  right: Layout,
): { left: BoundExpression; right: BoundExpression } | undefined {
  if (conjunct.kind !== 'compare' || conjunct.operator !== 'equal' || isVolatile(conjunct) || hasSubquery(conjunct))
    return undefined;
  const sideOf = (expression: BoundExpression): 'left' | 'right' | 'none' | 'both' => {
    let inLeft = false;
    let inRight = false;
    for (const id of columnsOf(expression)) {
      if (left.has(id)) inLeft = true;
      else if (right.has(id)) inRight = true;
    }
    return inLeft ? (inRight ? 'both' : 'left') : inRight ? 'right' : 'none';
  };
  const a = sideOf(conjunct.left);
  const b = sideOf(conjunct.right);
  if (a === 'left' && b === 'right') return { left: conjunct.left, right: conjunct.right };
  if (a === 'right' && b === 'left') return { left: conjunct.right, right: conjunct.left };
  return undefined;
}
