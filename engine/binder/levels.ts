/**
 * Numbering of query levels.
 */
import type { Binder } from './context.ts';
import type { Scope } from './scope.ts';

/** Query levels are numbered inwards; a view's query starts a range of its own. */
export function depthBelow(binder: Binder, outer: Scope | undefined): number {
  return outer === undefined ? binder.viewDepth * 100_000 : outer.level.depth + 1;
}
