/** The comparisons of a simple CASE. */
import { TEXT } from '../../sblr/contract/types.ts';
import type { BoundExpression } from './bound.ts';
import { compare } from './comparison.ts';
import type { Binder } from './context.ts';
import { coerceLeniently, isLenient } from './lenient-coerce.ts';

/** Is the operand of CASE the value of one WHEN? Where any two values compare, a document is matched with text by its text. */
export function matchCase(
  binder: Binder,
  operand: BoundExpression,
  value: BoundExpression,
  operandPos: number | undefined,
  pos: number | undefined,
): BoundExpression {
  const byText = isLenient(binder) && operand.type.kind === 'jsonb' && isTextual(value);
  const matched = byText ? coerceLeniently(binder, operand, TEXT, 'implicit', operandPos) : undefined;
  return compare(binder, 'equal', matched ?? operand, value, pos, operandPos, pos);
}

const isTextual = ({ kind, type }: BoundExpression): boolean =>
  type.kind === 'text' || (type.kind === 'unknown' && kind === 'parameter');
