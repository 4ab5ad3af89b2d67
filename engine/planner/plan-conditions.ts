/** The conditions that the rows of a plan met. */
import type { BoundExpression, ColumnId, LogicalPlan } from '../binder/bound.ts';
import { columnsOf, conjunctsOf, substituteColumns } from './expression-walk.ts';

/** Conditions a row had to meet: filters and inner joins below the top. */
export function collectConditions(plan: LogicalPlan): BoundExpression[] {
  switch (plan.kind) {
    case 'filter':
      return [...conjunctsOf(plan.condition), ...collectConditions(plan.source)];
    case 'join':
      if (plan.join === 'inner')
        return [...conjunctsOf(plan.condition), ...collectConditions(plan.left), ...collectConditions(plan.right)];
      return plan.join === 'left' || plan.join === 'semi' || plan.join === 'anti' ? collectConditions(plan.left) : [];
    case 'sort':
    case 'limit':
      return collectConditions(plan.source);
    case 'project': {
      // Stated over the projection's output, where that is possible.
      const back = new Map<ColumnId, BoundExpression>();
      for (const item of plan.items)
        if (item.expression.kind === 'column')
          back.set(item.expression.id, { kind: 'column', id: item.column.id, type: item.column.type });
      return collectConditions(plan.source).flatMap((condition) => {
        if (![...columnsOf(condition)].every((id) => back.has(id))) return [];
        const moved = substituteColumns(condition, back);
        return moved === undefined ? [] : [moved];
      });
    }
    default:
      return [];
  }
}
