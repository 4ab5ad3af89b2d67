/** Deferrable constraints: whether one is checked now or at the commit, and how a check put off is named. */
import type { ConstraintDefinition } from '../../catalog/definitions.ts';
import type { ExecutionContext } from '../operator.ts';

/** Kinds of deferred checks in the transaction. */
export const DEFERRED_PARENT = 'foreign_key_parent';
export const DEFERRED_CHILDREN = 'foreign_key_children';
export const DEFERRED_KEY = 'unique_key';

/** Is the check put off to the commit? SET CONSTRAINTS may have said so. */
export function isDeferred(constraint: ConstraintDefinition, context: ExecutionContext): boolean {
  if (!constraint.deferrable) return false;
  const mode = context.constraintMode?.(constraint.id);
  return mode === undefined ? constraint.initiallyDeferred : mode === 'deferred';
}
