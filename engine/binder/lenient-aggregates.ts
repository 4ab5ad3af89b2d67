/**
 * Sums, averages and deviations where any argument is a number: exact numbers give decimals with the digits that many rows need,
 * everything else doubles.
 */
import type { SqlType } from '../../sblr/contract/types.ts';
import { QUOTIENT_DIGITS } from '../types/decimal.ts';
import type { BoundExpression } from './bound.ts';
import type { Binder } from './context.ts';
import { coerceLeniently, withoutRounding } from './lenient-coerce.ts';
import { decimalType, digitsOf, DOUBLE, doubleOf, isInteger, numberType, WIDE } from './lenient-types.ts';

/** Digits by which a sum may be longer than its terms. */
const SUM_DIGITS = 22;
const DEVIATIONS = /^(stddev|var)_/;

export interface LenientAggregate {
  readonly values: readonly BoundExpression[];
  /** The types under which the definition is found. */
  readonly types: readonly SqlType[];
  readonly type: SqlType;
}

/** Argument and result of a sum, an average or a deviation; undefined for all others. */
export function lenientAggregate(
  binder: Binder,
  name: string,
  values: readonly BoundExpression[],
): LenientAggregate | undefined {
  const [argument] = values;
  if (argument === undefined || values.length !== 1) return undefined;
  const total = name === 'sum' || name === 'avg';
  if (!total && !DEVIATIONS.test(name)) return undefined;
  const number = numberType(argument);
  if (number === undefined) return undefined;
  if (!total) return converted(binder, argument, DOUBLE, DOUBLE);
  if (number.kind === 'float64') {
    const result = doubleOf([argument.type], name === 'avg' ? QUOTIENT_DIGITS : 0);
    return converted(binder, argument, DOUBLE, result);
  }
  const { precision, scale } = digitsOf(argument);
  const type =
    name === 'sum'
      ? decimalType(precision + SUM_DIGITS, scale)
      : decimalType(precision + QUOTIENT_DIGITS, scale + QUOTIENT_DIGITS);
  const operand = withoutRounding(argument);
  if (operand.type.kind === 'decimal') return { values: [operand], types: [{ kind: 'decimal' }], type };
  // Integers of any width and sign are added as they are.
  if (isInteger(operand.type)) return { values: [operand], types: [WIDE], type };
  return converted(binder, operand, number.kind === 'int64' ? WIDE : { kind: 'decimal' }, type);
}

const CHOOSING: ReadonlySet<string> = new Set(['min', 'max', 'any_value', 'first_row']);

/** Type of an aggregate whose result is one of its values, with the digits and lengths they have. */
export function chosenType(name: string, [value]: readonly BoundExpression[]): SqlType | undefined {
  return value !== undefined && CHOOSING.has(name) && KEPT.has(value.type.kind) ? value.type : undefined;
}

/** The least and greatest label are those of its text, not of its place among the labels. */
export function textOfLabels(binder: Binder, name: string, value: BoundExpression): BoundExpression {
  const { kind, collation } = value.type;
  if ((kind !== 'enum' && kind !== 'set') || (name !== 'min' && name !== 'max')) return value;
  const text: SqlType = collation === undefined ? { kind: 'text' } : { kind: 'text', collation };
  return coerceLeniently(binder, value, text, 'implicit', undefined) ?? value;
}

/** Kinds that come out of such an aggregate as they go in. */
const KEPT: ReadonlySet<SqlType['kind']> = new Set([
  'decimal',
  'float32',
  'float64',
  'text',
  'bytes',
  'date',
  'time',
  'timestamp',
  'timestamptz',
] as const);

function converted(
  binder: Binder,
  argument: BoundExpression,
  operand: SqlType,
  type: SqlType,
): LenientAggregate | undefined {
  const value = coerceLeniently(binder, argument, operand, 'implicit', undefined);
  return value === undefined ? undefined : { values: [value], types: [operand], type };
}

/** An average, and a sum of quotients, has more digits than it shows; they are cut where it leaves the arithmetic. */
export function shownAggregate(binder: Binder, name: string, value: BoundExpression): BoundExpression {
  const total = name === 'avg' || name === 'sum';
  return total && binder.semantics.coercion === 'lenient' && value.type.kind === 'decimal' && value.type.scale !== 0
    ? { kind: 'cast', operand: value, type: value.type, context: 'lenient', rounding: true }
    : value;
}
