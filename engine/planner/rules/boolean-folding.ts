/**
 * Rule: fold constants in conditions.
 *
 * AND drops TRUE and becomes FALSE with any FALSE; OR the other way round; NOT of a constant is a
 * constant. Right under three-valued logic: TRUE is neutral for AND and FALSE absorbs whatever the
 * others are, NULL included. NULL operands are left alone. A filter on TRUE is its source; a filter on
 * FALSE or NULL has no rows, so its source need not run: queries have no effects but those of
 * modifications, which are never below a filter.
 */
import type { BoundExpression, LogicalPlan } from '../../binder/bound.ts';
import { BOOL } from '../../../sblr/contract/types.ts';
import { mapOperands } from '../expression-walk.ts';

const TRUE: BoundExpression = { kind: 'constant', value: true, type: BOOL };
const FALSE: BoundExpression = { kind: 'constant', value: false, type: BOOL };

export function foldCondition(expression: BoundExpression): BoundExpression {
  switch (expression.kind) {
    case 'and':
    case 'or': {
      const neutral = expression.kind === 'and';
      const kept: BoundExpression[] = [];
      for (const operand of expression.operands) {
        const folded = foldCondition(operand);
        if (folded.kind === 'constant' && folded.value === neutral) continue;
        if (folded.kind === 'constant' && folded.value === !neutral) return neutral ? FALSE : TRUE;
        kept.push(folded);
      }
      if (kept.length === 0) return neutral ? TRUE : FALSE;
      if (kept.length === 1) return kept[0] as BoundExpression;
      return kept.length === expression.operands.length &&
        kept.every((operand, i) => operand === expression.operands[i])
        ? expression
        : { ...expression, operands: kept };
    }
    case 'not': {
      const operand = foldCondition(expression.operand);
      if (operand.kind === 'constant' && typeof operand.value === 'boolean') return operand.value ? FALSE : TRUE;
      return operand === expression.operand ? expression : { ...expression, operand };
    }
    case 'compare': {
      const { left, right } = expression;
      if (
        left.kind !== 'constant' ||
        right.kind !== 'constant' ||
        typeof left.value !== 'number' ||
        typeof right.value !== 'number'
      )
        return expression;
      if (Number.isNaN(left.value) || Number.isNaN(right.value)) return expression;
      return compareNumbers(expression.operator, left.value, right.value) ? TRUE : FALSE;
    }
    case 'column':
    case 'constant':
    case 'parameter':
      return expression;
    case 'case':
    case 'is_truth':
      return mapOperands(expression, foldCondition);
    default:
      return expression;
  }
}

function compareNumbers(operator: string, a: number, b: number): boolean {
  switch (operator) {
    case 'equal':
      return a === b;
    case 'not_equal':
      return a !== b;
    case 'less':
      return a < b;
    case 'less_equal':
      return a <= b;
    case 'greater':
      return a > b;
    default:
      return a >= b;
  }
}

export function foldFilter(plan: LogicalPlan): LogicalPlan {
  if (plan.kind !== 'filter') return plan;
  const condition = foldCondition(plan.condition);
  if (condition.kind === 'constant') {
    if (condition.value === true) return plan.source;
    return { kind: 'values', rows: [], columns: plan.columns };
  }
  return condition === plan.condition ? plan : { ...plan, condition };
}
