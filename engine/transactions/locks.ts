/**
 * The lock manager: row, table and named (advisory) locks with fair wait queues, NOWAIT, SKIP LOCKED,
 * timeouts, cancellation and deadlock detection. Nobody blocks: a lock not to be had at once yields a
 * LockWaiter that calls back.
 *
 * Owners of one group (a session: its transaction and its session-level locks) never conflict. The
 * wait-for graph has groups as nodes; it is searched when a wait begins. A cycle that exists only because
 * of the order of a queue is resolved by changing the order; otherwise whoever would close it is the
 * victim, so a cycle never exists.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { Key, Space } from '../../storage/contract/index.ts';
import {
  NAME_CONFLICTS,
  ROW_CONFLICTS,
  ROW_MODE,
  ROW_LOCK_STRENGTHS,
  TABLE_CONFLICTS,
  TABLE_LOCK_MODES,
  TABLE_MODE,
  type RowLockStrength,
  type TableLockMode,
} from './lock-modes.ts';

export type { RowLockStrength, TableLockMode } from './lock-modes.ts';

export type WaitPolicy = 'wait' | 'nowait' | 'skip_locked';

/** 'skipped' is answered to skip_locked only. */
export type LockResult = 'granted' | 'skipped' | LockWaiter;

/** Locks one transaction may hold. */
export const MAX_LOCKS_PER_OWNER = 50_000_000;
/** Nodes visited in one search for a deadlock. */
const MAX_DEADLOCK_VISITS = 100_000;

/** A session, as far as locks go. */
export class LockGroup {
  /** Shown in deadlock details, e.g. the session's process id. */
  readonly id: number;
  /** Milliseconds a wait may take; 0 = for ever. */
  timeoutMs = 0;
  /** The request the group waits for. A session runs one statement at a time, so there is one at most. */
  waiting: LockWaiter | undefined = undefined;

  constructor(id: number) {
    this.id = id;
  }
}

/** Holder of locks: a transaction, or a session for session-level advisory locks. */
export class LockOwner {
  /** Changes once: when a transaction is prepared, and belongs to its session no longer. */
  group: LockGroup;
  /** Acquisitions in order: lock and the mode bit gained. */
  readonly locks: Lock[] = [];
  readonly bits: number[] = [];

  constructor(group: LockGroup) {
    this.group = group;
  }
}

type LockKind = 'row' | 'table' | 'name';

const NO_WAITERS: LockWaiter[] = [];

/** One lockable thing with its holders and its queue. */
class Lock {
  readonly kind: LockKind;
  /** Space of a row, id of a table, 0 for names. */
  readonly number: number;
  /** Key of a row, or the name. */
  readonly text: string;
  readonly conflicts: readonly number[];
  readonly owners: LockOwner[];
  readonly masks: number[];
  /** NO_WAITERS until somebody waits: a load locks millions of keys nobody else wants. */
  queue: LockWaiter[] = NO_WAITERS;

  constructor(
    kind: LockKind,
    number: number,
    text: string,
    conflicts: readonly number[],
    owners: LockOwner[],
    masks: number[],
  ) {
    this.owners = owners;
    this.masks = masks;
    this.kind = kind;
    this.number = number;
    this.text = text;
    this.conflicts = conflicts;
  }

  /** Does a group other than `group` hold a mode in `conflicting`? */
  heldByOthers(group: LockGroup, conflicting: number): boolean {
    const masks = this.masks;
    for (let i = 0; i < masks.length; i++) {
      if ((masks[i]! & conflicting) !== 0 && this.owners[i]!.group !== group) return true;
    }
    return false;
  }

  heldBy(group: LockGroup, conflicting: number): boolean {
    return this.owners.some((owner, i) => owner.group === group && (this.masks[i]! & conflicting) !== 0);
  }

  holds(group: LockGroup): boolean {
    for (const owner of this.owners) if (owner.group === group) return true;
    return false;
  }

  grant(owner: LockOwner, bit: number): void {
    const at = this.owners.indexOf(owner);
    if (at < 0) {
      this.owners.push(owner);
      this.masks.push(bit);
    } else {
      if ((this.masks[at]! & bit) !== 0) return;
      this.masks[at]! |= bit;
    }
    owner.locks.push(this);
    owner.bits.push(bit);
  }

  describeMode(mode: number): string {
    if (this.kind === 'table') return TABLE_LOCK_MODES[mode]!.replaceAll('_', ' ');
    if (this.kind === 'row') return ROW_LOCK_STRENGTHS[mode]!.replaceAll('_', ' ');
    return mode === 0 ? 'shared' : 'exclusive';
  }

  describe(subject: string | undefined): string {
    if (this.kind === 'row')
      return subject === undefined ? `row of space ${this.number}` : `row of relation "${subject}"`;
    if (this.kind === 'table') return subject === undefined ? `relation ${this.number}` : `relation "${subject}"`;
    return `"${this.text}"`;
  }
}

/** A request in a queue. */
export class LockWaiter {
  readonly owner: LockOwner;
  readonly lock: Lock;
  readonly mode: number;
  readonly subject: string | undefined;
  readonly #manager: LockManager;
  #callback: ((error?: SqlError) => void) | undefined = undefined;
  #settled = false;
  #error: SqlError | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;
  #granted: (() => void) | undefined = undefined;

  constructor(manager: LockManager, owner: LockOwner, lock: Lock, mode: number, subject: string | undefined) {
    this.#manager = manager;
    this.owner = owner;
    this.lock = lock;
    this.mode = mode;
    this.subject = subject;
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** Calls back once, asynchronously: without an error when granted. */
  onSettled(callback: (error?: SqlError) => void): void {
    this.#callback = callback;
    if (this.#settled) queueMicrotask(() => this.#deliver());
  }

  /** Runs at the moment the lock is granted, before anybody else can act. */
  onGranted(action: () => void): void {
    this.#granted = action;
  }

  /** Gives up waiting (statement cancelled, session gone); the callback gets `error`. Harmless when settled. */
  cancel(error: SqlError): void {
    this.#manager.abandon(this, error);
  }

  /** For the lock manager. */
  startTimer(milliseconds: number): void {
    this.#timer = setTimeout(() => {
      this.cancel(
        new SqlError('lock_not_available', { message: 'canceling statement due to lock timeout', variant: 'timeout' }),
      );
    }, milliseconds);
  }

  /** For the lock manager. */
  settle(error: SqlError | undefined): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#error = error;
    if (error === undefined) this.#granted?.();
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    if (this.#callback !== undefined) queueMicrotask(() => this.#deliver());
  }

  #deliver(): void {
    const callback = this.#callback;
    this.#callback = undefined;
    callback?.(this.#error);
  }
}

/** One mode of a lock that an owner holds, as it is kept over restarts. */
export interface LockDescription {
  readonly kind: LockKind;
  readonly number: number;
  readonly text: string;
  readonly mode: number;
}

/** One row of the lock list that sys.locks shows. */
export interface LockInformation {
  readonly kind: LockKind;
  readonly number: number;
  readonly text: string;
  readonly mode: string;
  readonly group: number;
  readonly granted: boolean;
}

export class LockManager {
  readonly #rows = new Map<Space, Map<Key, Lock>>();
  readonly #tables = new Map<number, Lock>();
  readonly #names = new Map<string, Lock>();
  deadlocks = 0;

  acquireRow(
    owner: LockOwner,
    space: Space,
    key: Key,
    strength: RowLockStrength,
    wait: WaitPolicy,
    subject?: string,
  ): LockResult {
    let rows = this.#rows.get(space);
    if (rows === undefined) {
      rows = new Map();
      this.#rows.set(space, rows);
    }
    const mode = ROW_MODE[strength];
    let lock = rows.get(key);
    if (lock === undefined) {
      lock = new Lock('row', space, key, ROW_CONFLICTS, [owner], [1 << mode]);
      rows.set(key, lock);
      owner.locks.push(lock);
      owner.bits.push(1 << mode);
      return 'granted';
    }
    return this.#acquire(owner, lock, mode, wait, subject);
  }

  acquireTable(owner: LockOwner, tableId: number, mode: TableLockMode, wait: WaitPolicy, subject?: string): LockResult {
    let lock = this.#tables.get(tableId);
    if (lock === undefined) {
      lock = new Lock('table', tableId, '', TABLE_CONFLICTS, [], []);
      this.#tables.set(tableId, lock);
    }
    return this.#acquire(owner, lock, TABLE_MODE[mode], wait, subject);
  }

  /** Could the group have this lock at once, without passing a queue? */
  tableIsFree(group: LockGroup, tableId: number, mode: TableLockMode): boolean {
    const lock = this.#tables.get(tableId);
    if (lock === undefined) return true;
    return lock.queue.length === 0 && !lock.heldByOthers(group, lock.conflicts[TABLE_MODE[mode]]!);
  }

  acquireName(owner: LockOwner, name: string, exclusive: boolean, wait: WaitPolicy): LockResult {
    let lock = this.#names.get(name);
    if (lock === undefined) {
      lock = new Lock('name', 0, name, NAME_CONFLICTS, [], []);
      this.#names.set(name, lock);
    }
    return this.#acquire(owner, lock, exclusive ? 1 : 0, wait, undefined);
  }

  /** Gives back one named lock early (session-level advisory locks). False when not held in that mode. */
  releaseName(owner: LockOwner, name: string, exclusive: boolean): boolean {
    const lock = this.#names.get(name);
    if (lock === undefined) return false;
    const bit = exclusive ? 2 : 1;
    for (let i = owner.locks.length - 1; i >= 0; i--) {
      if (owner.locks[i] !== lock || owner.bits[i] !== bit) continue;
      owner.locks.splice(i, 1);
      owner.bits.splice(i, 1);
      this.#drop(lock, owner, bit);
      return true;
    }
    return false;
  }

  /** Releases the owner's locks from acquisition number `mark` on (0 = all), newest first. */
  releaseFrom(owner: LockOwner, mark: number): void {
    const { locks, bits } = owner;
    while (locks.length > mark) this.#drop(locks.pop()!, owner, bits.pop()!);
  }

  *held(owner: LockOwner): Iterable<LockDescription> {
    for (let i = 0; i < owner.locks.length; i++) {
      const { kind, number, text } = owner.locks[i]!;
      yield { kind, number, text, mode: 31 - Math.clz32(owner.bits[i]!) };
    }
  }

  /** Takes again what an owner held before a restart, when nobody else holds anything yet. */
  restore(owner: LockOwner, { kind, number, text, mode }: LockDescription): void {
    if (kind === 'row') this.acquireRow(owner, number, text, ROW_LOCK_STRENGTHS[mode]!, 'nowait');
    else if (kind === 'table') this.acquireTable(owner, number, TABLE_LOCK_MODES[mode]!, 'nowait');
    else this.acquireName(owner, text, mode === 1, 'nowait');
  }

  /** For LockWaiter.cancel. */
  abandon(waiter: LockWaiter, error: SqlError): void {
    if (waiter.settled) return;
    const queue = waiter.lock.queue;
    const at = queue.indexOf(waiter);
    if (at >= 0) queue.splice(at, 1);
    waiter.owner.group.waiting = undefined;
    waiter.settle(error);
    this.#wake(waiter.lock);
  }

  list(): LockInformation[] {
    const all: LockInformation[] = [];
    for (const lock of this.#tables.values()) describeLock(lock, all);
    for (const lock of this.#names.values()) describeLock(lock, all);
    for (const rows of this.#rows.values()) for (const lock of rows.values()) describeLock(lock, all);
    return all;
  }

  #acquire(owner: LockOwner, lock: Lock, mode: number, wait: WaitPolicy, subject: string | undefined): LockResult {
    const conflicting = lock.conflicts[mode]!;
    if (!lock.heldByOthers(owner.group, conflicting)) {
      // Those who hold something already may pass the queue: waiting behind it would be a deadlock.
      if (
        lock.queue.length === 0 ||
        lock.holds(owner.group) ||
        !blockedByQueue(lock, lock.queue.length, owner.group, mode)
      ) {
        lock.grant(owner, 1 << mode);
        return 'granted';
      }
    }
    if (wait === 'skip_locked') return 'skipped';
    if (wait === 'nowait') throw notAvailable(lock, subject);
    if (owner.locks.length >= MAX_LOCKS_PER_OWNER) {
      throw new SqlError('out_of_memory', 'too many locks in one transaction');
    }
    return this.#enqueue(owner, lock, mode, subject);
  }

  #enqueue(owner: LockOwner, lock: Lock, mode: number, subject: string | undefined): LockWaiter {
    const waiter = new LockWaiter(this, owner, lock, mode, subject);
    if (lock.queue === NO_WAITERS) lock.queue = [];
    // Holders that upgrade go first.
    if (lock.holds(owner.group)) {
      let at = 0;
      while (at < lock.queue.length && lock.holds(lock.queue[at]!.owner.group)) at++;
      lock.queue.splice(at, 0, waiter);
    } else {
      lock.queue.push(waiter);
    }
    owner.group.waiting = waiter;
    const cycle = findCycle(waiter);
    if (cycle !== undefined && !this.#rearrange(cycle)) {
      this.deadlocks++;
      lock.queue.splice(lock.queue.indexOf(waiter), 1);
      owner.group.waiting = undefined;
      this.#wake(lock);
      throw deadlock(cycle);
    }
    if (owner.group.timeoutMs > 0 && !waiter.settled) waiter.startTimer(owner.group.timeoutMs);
    return waiter;
  }

  /**
   * A cycle in which somebody waits for one who is only ahead in a queue, and holds nothing, is resolved by
   * letting him pass, if that closes no other cycle.
   */
  #rearrange(cycle: readonly LockWaiter[]): boolean {
    // Whoever came last passes last: he would gain the most.
    for (let at = cycle.length - 1; at >= 0; at--) {
      const waiter = cycle[at]!;
      const ahead = cycle[(at + 1) % cycle.length]!;
      const { lock } = waiter;
      if (ahead.lock !== lock || lock.heldBy(ahead.owner.group, lock.conflicts[waiter.mode]!)) continue;
      const { queue } = lock;
      const to = queue.indexOf(ahead);
      const from = queue.indexOf(waiter);
      if (to < 0 || from < to) continue;
      queue.splice(from, 1);
      queue.splice(to, 0, waiter);
      if (
        queue.slice(to, from + 1).every((one) => findCycle(one) === undefined) &&
        findCycle(cycle[0]!) === undefined
      ) {
        this.#wake(lock);
        return true;
      }
      queue.splice(to, 1);
      queue.splice(from, 0, waiter);
    }
    return false;
  }

  #drop(lock: Lock, owner: LockOwner, bit: number): void {
    const at = lock.owners.indexOf(owner);
    if (at < 0) return;
    const rest = lock.masks[at]! & ~bit;
    if (rest !== 0) {
      lock.masks[at] = rest;
    } else {
      const last = lock.owners.length - 1;
      lock.owners[at] = lock.owners[last]!;
      lock.masks[at] = lock.masks[last]!;
      lock.owners.pop();
      lock.masks.pop();
    }
    if (lock.queue.length > 0) this.#wake(lock);
    if (lock.owners.length === 0 && lock.queue.length === 0) this.#forget(lock);
  }

  #forget(lock: Lock): void {
    if (lock.kind === 'row') {
      const rows = this.#rows.get(lock.number);
      rows?.delete(lock.text);
    } else if (lock.kind === 'name') {
      this.#names.delete(lock.text);
    }
    // Table locks stay: they are few and taken all the time.
  }

  /** Grants what can be granted, in queue order. */
  #wake(lock: Lock): void {
    const queue = lock.queue;
    for (let i = 0; i < queue.length; ) {
      const waiter = queue[i]!;
      const group = waiter.owner.group;
      if (
        lock.heldByOthers(group, lock.conflicts[waiter.mode]!) ||
        (!lock.holds(group) && blockedByQueue(lock, i, group, waiter.mode))
      ) {
        i++;
        continue;
      }
      queue.splice(i, 1);
      group.waiting = undefined;
      lock.grant(waiter.owner, 1 << waiter.mode);
      waiter.settle(undefined);
    }
  }
}

/** Does one of the first `count` waiters of other groups ask for a mode that conflicts with `mode`? */
function blockedByQueue(lock: Lock, count: number, group: LockGroup, mode: number): boolean {
  const conflicting = lock.conflicts[mode]!;
  for (let i = 0; i < count; i++) {
    const other = lock.queue[i]!;
    if (other.owner.group !== group && (conflicting & (1 << other.mode)) !== 0) return true;
  }
  return false;
}

/** The groups `waiter` waits for: holders in conflict, and those ahead in the queue. */
function blockers(waiter: LockWaiter): LockGroup[] {
  const { lock, mode } = waiter;
  const group = waiter.owner.group;
  const conflicting = lock.conflicts[mode]!;
  const found: LockGroup[] = [];
  for (let i = 0; i < lock.owners.length; i++) {
    const other = lock.owners[i]!.group;
    if (other !== group && (lock.masks[i]! & conflicting) !== 0) found.push(other);
  }
  for (const ahead of lock.queue) {
    if (ahead === waiter) break;
    if (ahead.owner.group !== group && (conflicting & (1 << ahead.mode)) !== 0) found.push(ahead.owner.group);
  }
  return found;
}

/** A cycle of the wait-for graph through `start`, as the requests along it. */
function findCycle(start: LockWaiter): LockWaiter[] | undefined {
  const target = start.owner.group;
  const seen = new Set<LockGroup>();
  const path: LockWaiter[] = [start];
  const pending: LockGroup[][] = [blockers(start)];
  let visits = 0;
  while (path.length > 0) {
    const next = pending[pending.length - 1]!.pop();
    if (next === undefined) {
      pending.pop();
      path.pop();
      continue;
    }
    if (next === target) return path;
    if (seen.has(next) || next.waiting === undefined) continue;
    if (++visits > MAX_DEADLOCK_VISITS) return undefined;
    seen.add(next);
    path.push(next.waiting);
    pending.push(blockers(next.waiting));
  }
  return undefined;
}

function deadlock(cycle: readonly LockWaiter[]): SqlError {
  const lines = cycle.map((waiter, i) => {
    const blocker = cycle[(i + 1) % cycle.length]!.owner.group.id;
    const what = `${waiter.lock.describeMode(waiter.mode)} lock on ${waiter.lock.describe(waiter.subject)}`;
    return `Process ${waiter.owner.group.id} waits for ${what}; blocked by process ${blocker}.`;
  });
  return new SqlError('deadlock_detected', {
    message: 'deadlock detected',
    detail: lines.join('\n'),
    hint: 'See server log for query details.',
  });
}

function notAvailable(lock: Lock, subject: string | undefined): SqlError {
  const name = subject ?? '';
  if (lock.kind === 'row') {
    const where = subject === undefined ? '' : ` in relation "${name}"`;
    return new SqlError('lock_not_available', {
      message: `could not obtain lock on row${where}`,
      variant: 'row',
      args: { table: name },
    });
  }
  const what = lock.kind === 'table' ? `relation "${name}"` : `"${lock.text}"`;
  return new SqlError('lock_not_available', {
    message: `could not obtain lock on ${what}`,
    variant: lock.kind,
    args: { table: name },
  });
}

function describeLock(lock: Lock, into: LockInformation[]): void {
  lock.owners.forEach((owner, i) => {
    for (let mode = 0; mode < lock.conflicts.length; mode++) {
      if ((lock.masks[i]! & (1 << mode)) === 0) continue;
      into.push({
        kind: lock.kind,
        number: lock.number,
        text: lock.text,
        mode: lock.describeMode(mode),
        group: owner.group.id,
        granted: true,
      });
    }
  });
  for (const waiter of lock.queue) {
    const mode = lock.describeMode(waiter.mode);
    into.push({
      kind: lock.kind,
      number: lock.number,
      text: lock.text,
      mode,
      group: waiter.owner.group.id,
      granted: false,
    });
  }
}
