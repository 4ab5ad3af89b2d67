/** Advisory locks: names that applications lock, for the session or for the transaction. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { SUSPEND } from '../executor/operator.ts';
import type { LockWaiter } from '../transactions/locks.ts';
import type { Session } from './session.ts';

export class AdvisoryLocks {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  lock(key: string, mode: 'exclusive' | 'shared', scope: 'session' | 'transaction', wait: boolean): boolean {
    if (this.#granted) {
      this.#granted = false;
      return true;
    }
    const session = this.#session;
    const name = `advisory:${session.databaseId}:${key}`;
    const policy = wait ? 'wait' : 'skip_locked';
    const result =
      scope === 'session'
        ? session.sessionLocks.acquire(name, mode === 'exclusive', policy)
        : session.transaction!.lockName(name, mode === 'exclusive', policy);
    if (result === 'granted') return true;
    if (result === 'skipped') return false;
    return this.#await(result);
  }

  /** Set when a wait ended well: the repeated call answers at once. */
  #granted = false;

  /** The statement is suspended; the call is made again when the lock is free, and then finds it granted. */
  #await(waiter: LockWaiter): never {
    const context = this.#session.running?.context;
    if (context === undefined) {
      const error = new SqlError('lock_not_available', 'cannot wait for an advisory lock here');
      waiter.cancel(error);
      throw error;
    }
    context.waitFor((resume) =>
      waiter.onSettled((error) => {
        if (error !== undefined) context.cancelled = error;
        else this.#granted = true;
        resume();
      }),
    );
    throw SUSPEND;
  }

  unlock(key: string, mode: 'exclusive' | 'shared'): boolean {
    const name = `advisory:${this.#session.databaseId}:${key}`;
    if (this.#session.sessionLocks.release(name, mode === 'exclusive')) return true;
    this.#session.warn(
      'warning',
      `you don't own a lock of type ${mode === 'exclusive' ? 'ExclusiveLock' : 'ShareLock'}`,
    );
    return false;
  }

  unlockAll(): void {
    this.#session.sessionLocks.releaseAll();
  }
}
