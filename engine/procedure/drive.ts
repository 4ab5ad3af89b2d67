/** Running the procedural machine: its steps yield promises to wait for, or a turn of the other sessions. */
import { SqlError } from '../../sblr/contract/sql-error.ts';

/** The machine has worked for a while: others may go first. */
export const TURN = Symbol('turn');
export type Steps<T> = Generator<Promise<unknown> | typeof TURN, T, unknown>;

export async function driveAsync<T>(steps: Steps<T>): Promise<T> {
  let next = steps.next();
  while (next.done !== true) {
    try {
      const value: unknown =
        next.value === TURN ? await new Promise((resolve) => setImmediate(resolve)) : await next.value;
      next = steps.next(value);
    } catch (error) {
      next = steps.throw(error);
    }
  }
  return next.value;
}

/** Inside an expression nothing can be waited for: `abandon` keeps handlers from catching that. */
export function driveSync<T>(steps: Steps<T>, abandon: () => void): T {
  let next = steps.next();
  while (next.done !== true) {
    if (next.value === TURN) {
      next = steps.next();
      continue;
    }
    next.value.catch(() => undefined);
    abandon();
    next = steps.throw(
      new SqlError('feature_not_supported', {
        message: 'a function body had to wait for a lock or for data on disk',
        hint: 'Run its statements directly.',
      }),
    );
  }
  return next.value;
}
