/**
 * Rules: EXISTS and IN in a condition become semi joins, NOT EXISTS and NOT IN anti joins.
 *
 * A conjunct `EXISTS (Q)` keeps a row of the source when Q has a row for it; that is a semi join with Q
 * on the correlated conditions of Q. The conjunct must stand by itself in the AND: under OR the row may
 * be kept for another reason. What EXISTS selects does not matter, nor does its order; a LIMIT does
 * (LIMIT 0), so only a constant one above zero is ignored.
 *
 * `x IN (Q)` as a conjunct drops the row when the comparison is false and when it is NULL, as a semi join
 * does. `x NOT IN (Q)` is different: one NULL among Q, or a NULL x, makes it NULL and drops the row, while
 * an anti join would keep it. So it becomes an anti join only where neither side can be NULL.
 */
import type { BoundExpression, ColumnId, LogicalPlan } from '../../binder/bound.ts';
import {
  conjunctsOf,
  freeColumns,
  hasSubquery,
  isPlanVolatile,
  isVolatile,
  substituteColumns,
} from '../expression-walk.ts';
import { isNeverNull } from '../never-null.ts';
import { conjunction, correlationKey, filtered, pullCorrelated } from './correlation.ts';

export function subqueriesToJoins(plan: LogicalPlan): LogicalPlan {
  if (plan.kind !== 'filter') return plan;
  const kept: BoundExpression[] = [];
  let { source } = plan;
  for (const conjunct of conjunctsOf(plan.condition)) {
    const joined = joinOf(conjunct, source);
    if (joined === undefined) kept.push(conjunct);
    else source = joined;
  }
  if (source === plan.source) return plan;
  return filtered(source, kept);
}

function joinOf(conjunct: BoundExpression, source: LogicalPlan): LogicalPlan | undefined {
  switch (conjunct.kind) {
    case 'subquery':
      return conjunct.form === 'exists' ? existsJoin(conjunct.plan, source, 'semi') : undefined;
    case 'not': {
      const { operand } = conjunct;
      if (operand.kind === 'subquery' && operand.form === 'exists') return existsJoin(operand.plan, source, 'anti');
      return operand.kind === 'quantified_query'
        ? quantifiedJoin({ ...operand, negated: !operand.negated }, source)
        : undefined;
    }
    case 'quantified_query':
      return quantifiedJoin(conjunct, source);
    default:
      return undefined;
  }
}

function existsJoin(query: LogicalPlan, source: LogicalPlan, join: 'semi' | 'anti'): LogicalPlan | undefined {
  if (isPlanVolatile(query)) return undefined;
  const bare = withoutDecoration(query);
  if (!correlatedWith(bare, source)) return undefined;
  const pulled = pullCorrelated(bare);
  if (pulled === undefined || pulled.conditions.length === 0) return undefined;
  const inside = new Set(pulled.plan.columns.map((column) => column.id));
  // Without an equation to look up by, running the subquery per row is as good.
  if (!pulled.conditions.some((condition) => correlationKey(condition, inside) !== undefined)) return undefined;
  return {
    kind: 'join',
    join,
    left: source,
    right: pulled.plan,
    condition: conjunction(pulled.conditions),
    lateral: false,
    columns: source.columns,
  };
}

/** The plan is correlated with the source; columns from further out stay free in the join too. */
function correlatedWith(query: LogicalPlan, source: LogicalPlan): boolean {
  const have = new Set(source.columns.map((column) => column.id));
  return freeColumns(query).some((id) => have.has(id));
}

/** What cannot change whether there is a row. */
function withoutDecoration(plan: LogicalPlan): LogicalPlan {
  switch (plan.kind) {
    case 'sort':
      return withoutDecoration(plan.source);
    case 'distinct':
      return withoutDecoration(plan.source);
    case 'project':
      return plan.setReturning || plan.items.some((item) => isVolatile(item.expression))
        ? plan
        : withoutDecoration(plan.source);
    case 'limit':
      if (
        plan.offset === undefined &&
        !plan.percent &&
        plan.count?.kind === 'constant' &&
        typeof plan.count.value === 'number' &&
        plan.count.value > 0
      )
        return withoutDecoration(plan.source);
      return plan;
    default:
      return plan;
  }
}

type Quantified = BoundExpression & { kind: 'quantified_query' };

function quantifiedJoin(conjunct: Quantified, source: LogicalPlan): LogicalPlan | undefined {
  const { operands, left, plan, test, quantifier, negated } = conjunct;
  if (
    quantifier !== 'any' ||
    isPlanVolatile(plan) ||
    operands.some((operand) => isVolatile(operand) || hasSubquery(operand))
  )
    return undefined;
  if (!isEquality(test)) return undefined;
  const pulled = pullCorrelated(plan);
  if (pulled === undefined) return undefined;
  const replacements = new Map<ColumnId, BoundExpression>();
  left.forEach((id, i) => replacements.set(id, operands[i] as BoundExpression));
  const condition = substituteColumns(test, replacements);
  if (condition === undefined) return undefined;
  if (negated) {
    const outer = operands.every((operand) => isNeverNull(operand, source));
    const inner = plan.columns.every((column) =>
      isNeverNull({ kind: 'column', id: column.id, type: column.type }, plan),
    );
    if (!outer || !inner) return undefined;
  }
  const conditions = [...conjunctsOf(condition), ...pulled.conditions];
  return {
    kind: 'join',
    join: negated ? 'anti' : 'semi',
    left: source,
    right: pulled.plan,
    condition: conjunction(conditions),
    lateral: false,
    columns: source.columns,
  };
}

function isEquality(test: BoundExpression): boolean {
  return test.kind === 'and' ? test.operands.every(isEquality) : test.kind === 'compare' && test.operator === 'equal';
}
