/**
 * Locks a session holds beyond its transactions: session-level advisory locks, which taken n times must be
 * given back n times, and tables.
 */
import { HeldTables } from './held-tables.ts';
import { LockOwner, type LockGroup, type LockManager, type LockResult, type WaitPolicy } from './locks.ts';

export class SessionLocks {
  readonly #manager: LockManager;
  readonly #owner: LockOwner;
  readonly #counts = new Map<string, number>();
  readonly tables: HeldTables;

  constructor(manager: LockManager, group: LockGroup) {
    this.#manager = manager;
    this.#owner = new LockOwner(group);
    this.tables = new HeldTables(manager, group);
  }

  acquire(name: string, exclusive: boolean, wait: WaitPolicy): LockResult {
    const counted = this.#key(name, exclusive);
    const result = this.#manager.acquireName(this.#owner, name, exclusive, wait);
    if (result === 'granted') this.#count(counted);
    else if (result !== 'skipped') result.onGranted(() => this.#count(counted));
    return result;
  }

  /** False when the session does not hold the lock. */
  release(name: string, exclusive: boolean): boolean {
    const counted = this.#key(name, exclusive);
    const count = this.#counts.get(counted);
    if (count === undefined) return false;
    if (count > 1) {
      this.#counts.set(counted, count - 1);
      return true;
    }
    this.#counts.delete(counted);
    return this.#manager.releaseName(this.#owner, name, exclusive);
  }

  releaseAll(): void {
    this.#counts.clear();
    this.#manager.releaseFrom(this.#owner, 0);
    this.tables.release();
  }

  #count(counted: string): void {
    this.#counts.set(counted, (this.#counts.get(counted) ?? 0) + 1);
  }

  #key(name: string, exclusive: boolean): string {
    return (exclusive ? 'x' : 's') + name;
  }
}
