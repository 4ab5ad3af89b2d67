/**
 * How the binder raises errors: one helper, so that every error carries a condition and a position.
 */
import type { Condition } from '../../sblr/contract/conditions.ts';
import { SqlError, type SqlErrorDetails } from '../../sblr/contract/sql-error.ts';

/** Throws a SqlError. Never returns. */
export function fail(
  condition: Condition,
  message: string,
  position?: number | undefined,
  more: Partial<SqlErrorDetails> = {},
): never {
  throw new SqlError(condition, position === undefined ? { message, ...more } : { message, position, ...more });
}

export function notSupported(what: string, position?: number | undefined): never {
  return fail('feature_not_supported', `${what} is not supported`, position);
}

/** Runs `work`; an SqlError without a position gets `position`. */
export function atPosition<T>(position: number | undefined, work: () => T): T {
  if (position === undefined) return work();
  try {
    return work();
  } catch (error) {
    if (error instanceof SqlError) throw error.at(position);
    throw error;
  }
}
