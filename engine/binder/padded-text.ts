/** Text of a fixed length where it is read with the blanks that fill it up. */
import { INT32 } from '../../sblr/contract/types.ts';
import type { BoundExpression } from './bound.ts';
import { builtin } from './calls.ts';
import { constant } from './coerce.ts';
import type { Scope } from './scope.ts';

/** Text of a fixed length in a select list, where it is read with its padding and types convert freely. */
export function paddedColumn(column: BoundExpression, { binder, level }: Scope): BoundExpression {
  const { type } = column;
  const { fixedText, coercion } = binder.semantics;
  if (fixedText !== 'padded' || coercion !== 'lenient' || level.clause !== 'select') return column;
  if (type.kind !== 'text' || type.fixed !== true) return column;
  const padded = builtin(binder, 'rpad', [column, constant(type.length ?? 1, INT32)], undefined);
  return { ...padded, type: { ...type, fixed: false } };
}
