/** expr COLLATE name: the value with the collation that is written for it. */
import { TEXT } from '../../sblr/contract/types.ts';
import { collated, collationNamed } from '../types/collation.ts';
import { characterSetOf } from '../types/collation/named.ts';
import type { BoundExpression } from './bound.ts';
import { coerce } from './coerce.ts';
import type { Binder } from './context.ts';
import { atPosition, fail } from './errors.ts';
import { isLenient } from './lenient-coerce.ts';

export function collate(
  binder: Binder,
  operand: BoundExpression,
  collation: string,
  pos: number | undefined,
): BoundExpression {
  const value = isLenient(binder) ? textToCollate(binder, operand, collation, pos) : operand;
  const type = atPosition(pos, () => collated(value.type, collation));
  return value.kind === 'constant' || value.kind === 'column'
    ? { ...value, type, collated: true }
    : { kind: 'cast', operand: value, type, context: 'explicit', collated: true, pos };
}

/** What can be given a collation: text, or what is written as text; and one of its character set. */
function textToCollate(
  binder: Binder,
  operand: BoundExpression,
  collation: string,
  pos: number | undefined,
): BoundExpression {
  const value = operand.type.kind === 'text' ? operand : (coerce(binder, operand, TEXT, 'implicit', pos) ?? operand);
  const set = characterSetOf(value.type.collation ?? binder.semantics.literalCollation);
  atPosition(pos, () => collationNamed(collation));
  if (characterSetOf(collation) !== set)
    fail('collation_mismatch', `collation "${collation}" is not valid for character set "${set}"`, pos, {
      variant: 'set',
      args: { name: collation, set },
    });
  return value;
}
