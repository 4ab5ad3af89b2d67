/**
 * Conversion where a dialect lets any value stand for any other: casts that warn instead of failing, conditions of any type,
 * values for columns that are refused or adjusted (engine/types/lenient-casts.ts says how values convert).
 */
import type { SqlType } from '../../sblr/contract/types.ts';
import { canonicalInteger, type SqlValue } from '../../sblr/contract/values.ts';
import { lenientCast } from '../types/lenient-casts.ts';
import { isNumeric, leadingDouble } from '../types/lenient-numbers.ts';
import type { BoundExpression } from './bound.ts';
import type { Binder } from './context.ts';
import { constant, foldCast } from './literal.ts';
import { DOUBLE, isInteger, isNumber, numberType, WIDE } from './lenient-types.ts';
import { sameIdentity, sameType, type CastContext } from './type-facts.ts';

/** Types that convert in this way; the rest (arrays, rows, intervals) as everywhere. */
const KINDS: ReadonlySet<SqlType['kind']> = new Set([
  'bool',
  'int8',
  'int16',
  'int24',
  'int32',
  'int64',
  'year',
  'decimal',
  'float32',
  'float64',
  'text',
  'bytes',
  'bits',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'enum',
  'set',
  'json',
  'jsonb',
] as const);

export function isLenient(binder: Binder): boolean {
  return binder.semantics.coercion === 'lenient';
}

/** Does `from` become `to` in the lenient way? */
export function convertsLeniently(from: SqlType, to: SqlType): boolean {
  return KINDS.has(from.kind) && KINDS.has(to.kind);
}

/** The expression as a value of `target`; undefined where there is no such conversion. */
export function coerceLeniently(
  binder: Binder,
  expression: BoundExpression,
  target: SqlType,
  context: CastContext | 'try',
  pos: number | undefined,
): BoundExpression | undefined {
  const { type } = expression;
  if (target.kind === 'bool') return type.kind === 'bool' ? expression : truth(binder, expression, pos);
  if (keepsValue(type, target, context)) return expression;
  if (expression.kind === 'constant') {
    if (expression.value === null) return constant(null, target);
    const folded = binder.fold ? foldConstant(expression.value, type, target) : undefined;
    if (folded !== undefined) return constant(folded, target);
  }
  if (lenientCast(type, target, false) === undefined) return undefined;
  return { kind: 'cast', operand: expression, type: target, context: 'lenient', pos };
}

/** Is a value of one type one of the other as it is? */
function keepsValue(from: SqlType, to: SqlType, context: CastContext | 'try'): boolean {
  // A cast that was written gives the type that was written.
  if (context === 'explicit' && to.declared !== undefined && from.declared !== to.declared) return false;
  if (sameType(from, to)) return true;
  if (from.kind === 'text' && to.kind === 'text')
    return to.length === undefined || (from.length !== undefined && from.length <= to.length) || context === 'implicit';
  if (from.kind === 'bytes' && to.kind === 'bytes') return to.length === undefined || context === 'implicit';
  if (from.kind === 'decimal' && to.kind === 'decimal') return to.precision === undefined;
  return context === 'implicit' && sameIdentity(from, to);
}

/** Constants that convert without a word; text only where all of it is a number. */
function foldConstant(value: SqlValue, from: SqlType, to: SqlType): SqlValue | undefined {
  if (isInteger(from)) {
    const fits = to.kind !== 'int64' || value === canonicalInteger(BigInt.asIntN(64, BigInt(value as number | bigint)));
    return fits && to.kind !== 'text' ? foldCast(value, from, to, 'implicit') : undefined;
  }
  if (typeof value !== 'string' || from.kind !== 'text' || to.kind !== 'float64' || !isNumeric(value)) return undefined;
  return leadingDouble(value);
}

/** A value as a condition: is it other than zero? */
export function truth(
  binder: Binder,
  expression: BoundExpression,
  pos: number | undefined,
): BoundExpression | undefined {
  const number = numberType(expression);
  if (number === undefined) return undefined;
  if (expression.kind === 'constant' && expression.value === null) return constant(null, { kind: 'bool' });
  const operandType = isNumber(expression.type) ? expression.type : number;
  const left = coerceLeniently(binder, expression, operandType, 'implicit', pos);
  const right = coerceLeniently(binder, constant(0, WIDE), operandType, 'implicit', pos);
  if (left === undefined || right === undefined) return undefined;
  return { kind: 'compare', operator: 'not_equal', left, right, operandType, type: { kind: 'bool' }, pos };
}

/** The value without a rounding that only concerns where it is shown. */
export function withoutRounding(expression: BoundExpression): BoundExpression {
  return expression.kind === 'cast' && expression.context === 'lenient' && expression.rounding === true
    ? expression.operand
    : expression;
}

/** A value for a column: what does not fit is an error or, where the statement goes on, a warning. */
export function coerceToColumn(
  binder: Binder,
  expression: BoundExpression,
  target: SqlType,
  column: string,
  pos: number | undefined,
  firstRow: number,
): BoundExpression | undefined {
  const { type } = expression;
  if (sameType(type, target) || keepsColumn(type, target)) return expression;
  if (expression.kind === 'constant' && expression.value === null) return constant(null, target);
  if (expression.kind === 'constant' && isInteger(type) && fitsInteger(expression.value, target))
    return constant(expression.value, target);
  const operand = withoutRounding(expression);
  if (lenientCast(operand.type, target, true) === undefined) return undefined;
  const context = binder.semantics.truncation === 'error' && !binder.shared.adjusts ? 'column' : 'column_adjusted';
  return { kind: 'cast', operand, type: target, context, table: binder.shared.assigned, column, firstRow, pos };
}

/** Is every value of the type one of the column's? */
function keepsColumn(from: SqlType, to: SqlType): boolean {
  if (from.kind === 'text' && to.kind === 'text' && to.fixed !== true)
    return to.length === undefined || (from.length !== undefined && from.length <= to.length);
  if (from.kind === 'bytes' && to.kind === 'bytes') return to.length === undefined;
  return isInteger(from) && isInteger(to) && from.unsigned === to.unsigned && width(from) <= width(to);
}

function width(type: SqlType): number {
  return Number(type.kind.slice(3));
}

function fitsInteger(value: SqlValue, to: SqlType): boolean {
  if (!isInteger(to) || typeof value !== 'number') return false;
  const half = 2 ** (width(to) - 1);
  return to.unsigned === true ? value >= 0 && value < half * 2 : value >= -half && value < half;
}

/** A number in text, as the number compared with it may be looked up: an integer where it is one. */
export function numericConstant(text: string): BoundExpression | undefined {
  if (!isNumeric(text)) return undefined;
  const plain = text.trim();
  return /^[+-]?\d{1,18}$/.test(plain)
    ? constant(canonicalInteger(BigInt(plain.replace('+', ''))), WIDE)
    : constant(leadingDouble(text), DOUBLE);
}
