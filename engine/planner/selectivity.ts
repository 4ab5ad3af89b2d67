/**
 * Estimates: which share of rows a condition lets pass, how many different values a column has.
 */
import type { SqlValue } from '../../sblr/contract/values.ts';
import { Decimal } from '../../sblr/contract/values.ts';
import type { BoundExpression, ColumnId, OutputColumn } from '../binder/bound.ts';
import type { ColumnStatistics, StatisticsSource } from './statistics.ts';

const DEFAULT_EQUAL = 0.005;
const DEFAULT_RANGE = 1 / 3;
const DEFAULT_MATCH = 0.05;
const DEFAULT_UNKNOWN = 0.5;
const DEFAULT_DISTINCT = 200;

export interface EstimateContext {
  readonly statistics: StatisticsSource;
  /** Where columns come from, by id. */
  readonly origins: ReadonlyMap<ColumnId, OutputColumn>;
  /** Are values of this column unique (a single-column unique index)? */
  isUnique(column: OutputColumn): boolean;
}

function stripCasts(expression: BoundExpression): BoundExpression {
  return expression.kind === 'cast' ? stripCasts(expression.operand) : expression;
}

function columnStatistics(
  expression: BoundExpression,
  context: EstimateContext,
): { column: OutputColumn; statistics: ColumnStatistics | undefined; rows: number } | undefined {
  const stripped = stripCasts(expression);
  if (stripped.kind !== 'column') return undefined;
  const column = context.origins.get(stripped.id);
  if (column === undefined || column.tableId === 0) return undefined;
  const table = context.statistics.table(column.tableId);
  return { column, statistics: table?.columns[column.position - 1], rows: table?.rows ?? 1000 };
}

/** Different values of an expression among `rows` rows. */
export function distinctOf(expression: BoundExpression, rows: number, context: EstimateContext): number {
  const found = columnStatistics(expression, context);
  if (found === undefined) return Math.min(DEFAULT_DISTINCT, Math.max(1, rows));
  if (context.isUnique(found.column)) return Math.max(1, found.rows);
  if (found.statistics === undefined) return Math.min(DEFAULT_DISTINCT, Math.max(1, found.rows));
  const { distinct } = found.statistics;
  return Math.max(1, distinct < 0 ? -distinct * found.rows : distinct);
}

export function selectivity(expression: BoundExpression, context: EstimateContext): number {
  return Math.max(1e-9, Math.min(1, estimate(expression, context)));
}

function estimate(expression: BoundExpression, context: EstimateContext): number {
  switch (expression.kind) {
    case 'constant':
      return expression.value === true ? 1 : 0;
    case 'and':
      return expression.operands.reduce((product, operand) => product * selectivity(operand, context), 1);
    case 'or':
      return expression.operands.reduce((sum, operand) => {
        const one = selectivity(operand, context);
        return sum + one - sum * one;
      }, 0);
    case 'not':
      return 1 - selectivity(expression.operand, context);
    case 'is_null': {
      const fraction = columnStatistics(expression.operand, context)?.statistics?.nullFraction ?? 0.005;
      return expression.negated ? 1 - fraction : fraction;
    }
    case 'compare':
      return compareSelectivity(expression, context);
    case 'in_list': {
      const each = equalSelectivity(expression.operand, undefined, context);
      const share = Math.min(1, each * expression.items.length);
      return expression.negated ? 1 - share : share;
    }
    case 'quantified_array':
      return Math.min(1, equalSelectivity(expression.operand, undefined, context) * 10);
    case 'call':
      return /like|match/.test(expression.function.name) ? DEFAULT_MATCH : DEFAULT_RANGE;
    default:
      return DEFAULT_UNKNOWN;
  }
}

function compareSelectivity(expression: BoundExpression & { kind: 'compare' }, context: EstimateContext): number {
  const { operator, left, right } = expression;
  const leftColumn = columnStatistics(left, context);
  const rightColumn = columnStatistics(right, context);
  if (leftColumn !== undefined && rightColumn !== undefined) {
    if (operator === 'equal')
      return 1 / Math.max(distinctOf(left, leftColumn.rows, context), distinctOf(right, rightColumn.rows, context));
    return operator === 'not_equal' ? 1 : DEFAULT_RANGE;
  }
  const column = leftColumn === undefined ? right : left;
  const value = leftColumn === undefined ? left : right;
  const constant = value.kind === 'constant' ? value.value : undefined;
  if (operator === 'equal') return equalSelectivity(column, constant, context);
  if (operator === 'not_equal') return 1 - equalSelectivity(column, constant, context);
  const statistics = (leftColumn ?? rightColumn)?.statistics;
  if (statistics === undefined || constant === undefined || constant === null) return DEFAULT_RANGE;
  const below = fractionBelow(statistics, constant);
  if (below === undefined) return DEFAULT_RANGE;
  const less = (operator === 'less' || operator === 'less_equal') === (leftColumn !== undefined);
  return (less ? below : 1 - below) * (1 - statistics.nullFraction);
}

function equalSelectivity(column: BoundExpression, constant: SqlValue | undefined, context: EstimateContext): number {
  const found = columnStatistics(column, context);
  if (found === undefined) return DEFAULT_EQUAL;
  if (context.isUnique(found.column)) return 1 / Math.max(1, found.rows);
  if (found.statistics === undefined) return Math.max(DEFAULT_EQUAL, 1 / DEFAULT_DISTINCT);
  const { common, nullFraction } = found.statistics;
  const distinct = distinctOf(column, found.rows, context);
  if (constant !== undefined && constant !== null) {
    const hit = common.find((entry) => sameValue(entry.value, constant));
    if (hit !== undefined) return hit.fraction;
    const rest = 1 - nullFraction - common.reduce((sum, entry) => sum + entry.fraction, 0);
    return Math.max(0, rest) / Math.max(1, distinct - common.length);
  }
  return (1 - nullFraction) / distinct;
}

function sameValue(a: SqlValue, b: SqlValue): boolean {
  if (a === b) return true;
  return a instanceof Decimal && b instanceof Decimal && Number(a.toString()) === Number(b.toString());
}

/** A value on a line, for interpolation; undefined for values that have no obvious place. */
function place(value: SqlValue): number | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  if (value instanceof Decimal) return Number(value.toString());
  if (typeof value === 'string') {
    let sum = 0;
    for (let at = 0; at < 6; at++) sum = sum * 256 + Math.min(255, at < value.length ? value.charCodeAt(at) : 0);
    return sum;
  }
  return undefined;
}

/** Share of the non-null values below `value`. */
function fractionBelow(statistics: ColumnStatistics, value: SqlValue): number | undefined {
  const at = place(value);
  if (at === undefined) return undefined;
  const commonShare = statistics.common.reduce((sum, entry) => sum + entry.fraction, 0);
  const commonBelow = statistics.common.reduce((sum, entry) => {
    const where = place(entry.value);
    return where !== undefined && where < at ? sum + entry.fraction : sum;
  }, 0);
  const present = Math.max(1e-9, 1 - statistics.nullFraction);
  const { histogram } = statistics;
  if (histogram.length < 2) return commonShare > 0 ? commonBelow / present : undefined;
  const rest = Math.max(0, present - commonShare);
  return (commonBelow + histogramFraction(histogram, at) * rest) / present;
}

function histogramFraction(histogram: readonly SqlValue[], at: number): number {
  const parts = histogram.length - 1;
  for (let part = 0; part < parts; part++) {
    const low = place(histogram[part]) ?? 0;
    const high = place(histogram[part + 1]) ?? 0;
    if (at <= low) return part / parts;
    if (at < high) return (part + (at - low) / (high - low)) / parts;
  }
  return 1;
}
