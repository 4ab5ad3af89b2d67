/**
 * Table locks that a session takes by name and holds beyond its transactions. While it holds any, it may use no other table, and
 * change none that it holds for reading.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { type LockGroup, type LockManager, LockOwner, type LockResult, type TableLockMode } from './locks.ts';

/** Modes of statements that only read. */
const READING: ReadonlySet<TableLockMode> = new Set(['access_share', 'share_update_exclusive']);

interface Table {
  readonly id: number;
  readonly name: { readonly text: string };
  readonly persistence: string;
}

export class HeldTables {
  readonly #manager: LockManager;
  readonly #owner: LockOwner;
  readonly #modes = new Map<number, TableLockMode>();
  /** What is read by way of something that is held is not known beforehand: other tables may be used, too. */
  open = false;

  constructor(manager: LockManager, group: LockGroup) {
    this.#manager = manager;
    this.#owner = new LockOwner(group);
  }

  get any(): boolean {
    return this.#modes.size > 0;
  }

  acquire({ id, name }: Table, mode: TableLockMode): LockResult {
    const result = this.#manager.acquireTable(this.#owner, id, mode, 'wait', name.text);
    if (result === 'granted') this.#modes.set(id, mode);
    else if (result !== 'skipped') result.onGranted(() => this.#modes.set(id, mode));
    return result;
  }

  release(): void {
    this.#modes.clear();
    this.open = false;
    this.#manager.releaseFrom(this.#owner, 0);
  }

  /** Raises where the session's own locks bar the use; `exists`: of a table by its id. When all that is held is gone, nothing is. */
  check({ id, name, persistence }: Table, mode: TableLockMode, exists: (id: number) => boolean): void {
    if (!this.any || persistence === 'temporary') return;
    const held = this.#modes.get(id);
    if (held === undefined && ![...this.#modes.keys()].some(exists)) {
      this.release();
      return;
    }
    const args = { table: name.text };
    if (held === undefined && !this.open)
      throw new SqlError('object_not_in_prerequisite_state', {
        message: `table "${name.text}" was not locked by the session that holds others`,
        variant: 'table_not_held',
        args,
      });
    if (held === 'share' && !READING.has(mode))
      throw new SqlError('object_not_in_prerequisite_state', {
        message: `table "${name.text}" was locked for reading and cannot be changed`,
        variant: 'table_held_for_reading',
        args,
      });
  }
}
