/** Locks that clients take by a name of their own and hold beyond transactions, with a time to wait for each. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { SUSPEND } from '../executor/operator.ts';
import type { NamedLockHooks } from '../functions/introspection.ts';
import type { Session } from './session.ts';

/** Longer waits are as good as none at all. */
const MAX_WAIT_MS = 2 ** 31 - 1;

export class NamedLocks implements NamedLockHooks {
  readonly #session: Session;
  /** How often each is held. */
  readonly #held = new Map<string, number>();
  /** How the wait of the call under way ended; the call is made again then. */
  #outcome: boolean | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Waits so many seconds, for ever when negative; false = in vain. */
  acquire(name: string, seconds: number): boolean {
    const key = name.toLowerCase();
    const outcome = this.#outcome;
    this.#outcome = undefined;
    if (outcome !== undefined) return outcome && this.#take(key);
    const result = this.#session.sessionLocks.acquire(lockName(key), true, seconds === 0 ? 'skip_locked' : 'wait');
    if (result === 'granted') return this.#take(key);
    if (result === 'skipped') return false;
    const context = this.#session.running?.context;
    const refused = new SqlError('lock_not_available', 'cannot wait for a named lock here');
    if (context === undefined) {
      result.cancel(refused);
      throw refused;
    }
    const timedOut = new SqlError('lock_not_available', 'the named lock was not given in time');
    const wait = Math.min(seconds * 1000, MAX_WAIT_MS);
    const timer = seconds < 0 ? undefined : setTimeout(() => result.cancel(timedOut), wait);
    context.waitFor(
      (resume) =>
        result.onSettled((error) => {
          clearTimeout(timer);
          if (error === undefined || error === timedOut) this.#outcome = error === undefined;
          else context.cancelled = error;
          resume();
        }),
      (error) => result.cancel(error),
    );
    throw SUSPEND;
  }

  #take(key: string): true {
    this.#held.set(key, (this.#held.get(key) ?? 0) + 1);
    this.#session.core.namedLocks.set(key, this.#session.processId);
    return true;
  }

  /** undefined = nobody holds it. */
  holder(name: string): number | undefined {
    return this.#session.core.namedLocks.get(name.toLowerCase());
  }

  /** Was it held by this session? undefined = by nobody. */
  release(name: string): boolean | undefined {
    const key = name.toLowerCase();
    const count = this.#held.get(key);
    if (count === undefined) return this.holder(key) === undefined ? undefined : false;
    if (count > 1) this.#held.set(key, count - 1);
    else {
      this.#held.delete(key);
      this.#session.core.namedLocks.delete(key);
    }
    this.#session.sessionLocks.release(lockName(key), true);
    return true;
  }

  /** Answers how many there were. */
  releaseAll(): number {
    let released = 0;
    for (const key of [...this.#held.keys()]) while (this.release(key) === true) released++;
    return released;
  }
}

function lockName(key: string): string {
  return `named:${key}`;
}
