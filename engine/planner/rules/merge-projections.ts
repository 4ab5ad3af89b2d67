/**
 * Rule: merge projections.
 *
 * project(project(S)) computes the inner expressions in the outer ones. Right when an inner expression
 * is not volatile (it would otherwise run another number of times) and no set-returning projection is
 * involved. An expression that is more than a column is merged only if it is used once, so that nothing
 * is computed twice.
 */
import type { BoundExpression, ColumnId, LogicalPlan } from '../../binder/bound.ts';
import { collectColumns, forEachOperand, hasSubquery, isVolatile, substituteColumns } from '../expression-walk.ts';

export function mergeProjections(plan: LogicalPlan): LogicalPlan {
  if (plan.kind !== 'project' || plan.setReturning) return plan;
  const inner = plan.source;
  if (inner.kind !== 'project' || inner.setReturning) return plan;
  const replacements = new Map<ColumnId, BoundExpression>();
  const uses = new Map<ColumnId, number>();
  for (const item of plan.items) countUses(item.expression, uses);
  for (const item of inner.items) {
    const { expression } = item;
    const used = uses.get(item.column.id) ?? 0;
    if (isVolatile(expression)) return plan;
    if (used === 0) continue;
    const plain = expression.kind === 'column' || expression.kind === 'constant' || expression.kind === 'parameter';
    if (!plain && (used > 1 || hasSubquery(expression))) return plan;
    replacements.set(item.column.id, expression);
  }
  const items = [];
  for (const item of plan.items) {
    const expression = substituteColumns(item.expression, replacements);
    if (expression === undefined) return plan;
    items.push({ column: item.column, expression });
  }
  return { ...plan, source: inner.source, items };
}

function countUses(expression: BoundExpression, uses: Map<ColumnId, number>): void {
  if (expression.kind === 'column') {
    uses.set(expression.id, (uses.get(expression.id) ?? 0) + 1);
    return;
  }
  if (expression.kind === 'subquery' || expression.kind === 'quantified_query') {
    const inside = new Set<ColumnId>();
    collectColumns(expression, inside);
    // Evaluated any number of times inside: counts as several.
    for (const id of inside) uses.set(id, (uses.get(id) ?? 0) + 2);
  }
  forEachOperand(expression, (operand) => countUses(operand, uses));
}
