/**
 * Taking correlated conditions out of a subquery's plan, for the rules that turn subqueries into joins.
 */
import type { BoundExpression, ColumnId, LogicalPlan, OutputColumn } from '../../binder/bound.ts';
import { BOOL } from '../../../sblr/contract/types.ts';
import { columnsOf, conjunctsOf, freeColumns, hasSubquery, isVolatile } from '../expression-walk.ts';

export interface Pulled {
  /** The plan without the conditions; it may have more columns than before. */
  readonly plan: LogicalPlan;
  /** Conditions over columns of the plan and of the outer query. */
  readonly conditions: readonly BoundExpression[];
}

export function conjunction(conditions: readonly BoundExpression[]): BoundExpression | undefined {
  return conditions.length <= 1 ? conditions[0] : { kind: 'and', operands: conditions, type: BOOL };
}

export function filtered(source: LogicalPlan, conditions: readonly BoundExpression[]): LogicalPlan {
  const condition = conjunction(conditions);
  return condition === undefined ? source : { kind: 'filter', source, condition, columns: source.columns };
}

/**
 * Pulls the conditions that mention columns from outside up to the top of the plan, or answers
 * undefined where the correlation is of another kind. Filters commute with inner joins, with the
 * preserved side of a left join and with projections; with nothing else.
 */
export function pullCorrelated(plan: LogicalPlan): Pulled | undefined {
  if (freeColumns(plan).length === 0) return { plan, conditions: [] };
  const free = new Set(freeColumns(plan));
  switch (plan.kind) {
    case 'filter': {
      const source = pullCorrelated(plan.source);
      if (source === undefined) return undefined;
      const split = splitConditions(plan.condition, free);
      if (split === undefined) return undefined;
      return { plan: filtered(source.plan, split.inner), conditions: [...source.conditions, ...split.outer] };
    }
    case 'join': {
      if (plan.lateral || (plan.join !== 'inner' && plan.join !== 'left')) return undefined;
      const left = pullCorrelated(plan.left);
      const right =
        plan.join === 'inner'
          ? pullCorrelated(plan.right)
          : freeColumns(plan.right).length === 0
            ? { plan: plan.right, conditions: [] }
            : undefined;
      if (left === undefined || right === undefined) return undefined;
      const split = plan.condition === undefined ? { inner: [], outer: [] } : splitConditions(plan.condition, free);
      if (split === undefined || (plan.join === 'left' && split.outer.length > 0)) return undefined;
      const columns = [...left.plan.columns, ...right.plan.columns];
      return {
        plan: { ...plan, left: left.plan, right: right.plan, condition: conjunction(split.inner), columns },
        conditions: [...left.conditions, ...right.conditions, ...split.outer],
      };
    }
    case 'project': {
      if (plan.setReturning || plan.items.some((item) => mentions(item.expression, free))) return undefined;
      const source = pullCorrelated(plan.source);
      if (source === undefined) return undefined;
      const wanted = new Set<ColumnId>();
      for (const condition of source.conditions) for (const id of columnsOf(condition)) wanted.add(id);
      const have = new Set(plan.columns.map((column) => column.id));
      const extra: OutputColumn[] = source.plan.columns.filter(
        (column) => wanted.has(column.id) && !have.has(column.id),
      );
      const items = [
        ...plan.items,
        ...extra.map((column) => ({
          column,
          expression: { kind: 'column', id: column.id, type: column.type } as const,
        })),
      ];
      return {
        plan: { ...plan, source: source.plan, items, columns: items.map((item) => item.column) },
        conditions: source.conditions,
      };
    }
    default:
      return undefined;
  }
}

function mentions(expression: BoundExpression, ids: ReadonlySet<ColumnId>): boolean {
  for (const id of columnsOf(expression)) if (ids.has(id)) return true;
  return false;
}

/** Conjuncts with and without outer columns; undefined if one cannot be moved. */
function splitConditions(
  condition: BoundExpression,
  free: ReadonlySet<ColumnId>,
): { inner: BoundExpression[]; outer: BoundExpression[] } | undefined {
  const inner: BoundExpression[] = [];
  const outer: BoundExpression[] = [];
  for (const conjunct of conjunctsOf(condition)) {
    if (!mentions(conjunct, free)) inner.push(conjunct);
    else if (isVolatile(conjunct) || hasSubquery(conjunct)) return undefined;
    else outer.push(conjunct);
  }
  return { inner, outer };
}

/** outer = inner, with the sides told apart; undefined if the condition is not of this form. */
export function correlationKey(
  condition: BoundExpression,
  inside: ReadonlySet<ColumnId>,
): { outer: BoundExpression; inner: BoundExpression } | undefined {
  if (condition.kind !== 'compare' || condition.operator !== 'equal') return undefined;
  const side = (expression: BoundExpression): 'inner' | 'outer' | 'mixed' | 'none' => {
    let result: 'inner' | 'outer' | 'none' | 'mixed' = 'none';
    for (const id of columnsOf(expression)) {
      const its = inside.has(id) ? 'inner' : 'outer';
      result = result === 'none' || result === its ? its : 'mixed';
    }
    return result;
  };
  const left = side(condition.left);
  const right = side(condition.right);
  if (left === 'outer' && right === 'inner') return { outer: condition.left, inner: condition.right };
  if (left === 'inner' && right === 'outer') return { outer: condition.right, inner: condition.left };
  return undefined;
}
