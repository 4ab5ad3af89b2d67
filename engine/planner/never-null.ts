/**
 * Expressions that are surely not NULL in the rows of a plan: subqueries become joins where that is known, and clients of some
 * dialects are told it of every column. What is not known here is not wrong, only untold.
 */
import type { SqlType } from '../../sblr/contract/types.ts';
import type { BoundExpression, ColumnId, LogicalPlan } from '../binder/bound.ts';

/** Operators that give a value for any two values. */
const TOTAL_OPERATORS: ReadonlySet<string> = new Set(['add', 'subtract', 'multiply', 'negate', 'concat']);
/** Aggregates and window functions that give a value for no rows at all. */
const TOTAL_CALLS: ReadonlySet<string> = new Set([
  'count',
  'row_number',
  'rank',
  'dense_rank',
  'percent_rank',
  'cume_dist',
]);
/** Conversions to other types may end in NULL where they only warn. */
const ALWAYS_CONVERTED: ReadonlySet<SqlType['kind']> = new Set([
  'int8',
  'int16',
  'int24',
  'int32',
  'int64',
  'decimal',
  'float32',
  'float64',
  'text',
  'bytes',
] as const);

export function isNeverNull(expression: BoundExpression, plan: LogicalPlan): boolean {
  const all = (operands: readonly BoundExpression[]): boolean => operands.every((each) => isNeverNull(each, plan));
  switch (expression.kind) {
    case 'constant':
      return expression.value !== null;
    case 'column':
      return isNeverNullColumn(expression.id, plan);
    case 'is_null':
    case 'is_truth':
    case 'is_distinct':
      return true;
    case 'compare':
      return expression.operandType.kind !== 'record' && all([expression.left, expression.right]);
    case 'in_list':
      return expression.operandType.kind !== 'record' && all([expression.operand, ...expression.items]);
    case 'and':
    case 'or':
      return all(expression.operands);
    case 'not':
      return isNeverNull(expression.operand, plan);
    case 'coalesce':
      return expression.operands.some((each) => isNeverNull(each, plan));
    case 'extremum':
      return expression.nullPropagates
        ? all(expression.operands)
        : expression.operands.some((each) => isNeverNull(each, plan));
    case 'case':
      return (
        expression.otherwise !== undefined &&
        all([...expression.whens.map((each) => each.result), expression.otherwise])
      );
    case 'cast':
      return expression.domainId === undefined && keepsValue(expression) && isNeverNull(expression.operand, plan);
    case 'call':
      return TOTAL_OPERATORS.has(expression.function.name) && expression.function.operator && all(expression.arguments);
    default:
      return false;
  }
}

function keepsValue({ context, type }: BoundExpression & { kind: 'cast' }): boolean {
  return context === 'implicit' || ALWAYS_CONVERTED.has(type.kind);
}

/** The column as the plan puts it out; one of an enclosing query is not known. */
function isNeverNullColumn(id: ColumnId, plan: LogicalPlan): boolean {
  const at = plan.columns.findIndex((column) => column.id === id);
  if (at < 0) return false;
  switch (plan.kind) {
    case 'scan': {
      const position = plan.columns[at]?.position ?? 0;
      return plan.rowKey === id || plan.table.columns[position - 1]?.notNull === true;
    }
    case 'filter':
    case 'sort':
    case 'limit':
    case 'distinct':
    case 'lock_rows':
      return isNeverNullColumn(id, plan.source);
    case 'project': {
      const item = plan.items.find((candidate) => candidate.column.id === id);
      return item !== undefined && isNeverNull(item.expression, plan.source);
    }
    case 'values':
      return plan.rows.every((row) => row[at]?.kind === 'constant' && row[at].value !== null);
    case 'aggregate': {
      const key = plan.keys.find((candidate) => candidate.column.id === id);
      if (key !== undefined) return plan.sets.length === 1 && isNeverNull(key.expression, plan.source);
      const call = plan.aggregates.find((candidate) => candidate.column.id === id);
      return call === undefined
        ? plan.groupings.some(({ column }) => column.id === id)
        : TOTAL_CALLS.has(call.function.name);
    }
    case 'window': {
      const call = plan.calls.find((candidate) => candidate.column.id === id);
      return call === undefined ? isNeverNullColumn(id, plan.source) : TOTAL_CALLS.has(call.function.name);
    }
    case 'set_operation': {
      const [left, right] = [plan.left, plan.right].map((side) => isNeverNullColumn(side.columns[at]?.id ?? 0, side));
      return left === true && (plan.operation !== 'union' || right === true);
    }
    case 'join':
      if (plan.join === 'full') return false;
      return (
        (plan.join !== 'right' && isNeverNullColumn(id, plan.left)) ||
        ((plan.join === 'inner' || plan.join === 'right') && isNeverNullColumn(id, plan.right))
      );
    default:
      return false;
  }
}
