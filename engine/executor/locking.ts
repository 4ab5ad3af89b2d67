/**
 * Waiting for locks from operators: a lock not to be had at once makes the operator PENDING, and the
 * same request made again after the resume is granted.
 */
import type { LockResult, LockWaiter } from '../transactions/locks.ts';
import { PENDING, type ExecutionContext } from './operator.ts';

export function isWaiter(result: LockResult): result is LockWaiter {
  return typeof result !== 'string';
}

export function waitForLock(waiter: LockWaiter, context: ExecutionContext): typeof PENDING {
  context.waitFor(
    (resume) => waiter.onSettled(resume),
    (error) => waiter.cancel(error),
  );
  return PENDING;
}
