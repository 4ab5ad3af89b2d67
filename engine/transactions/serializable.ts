/**
 * Serializable isolation by validation at commit (serializable snapshot isolation): transactions
 * remember what they read; a commit compares its writes with what others read, and its reads with what
 * concurrent transactions wrote, and gives up when it would complete a dangerous structure
 *
 *     in --rw--> pivot --rw--> out      where `out` commits first
 *
 * without which no cycle, hence no anomaly, is possible (Cahill, Roehm, Fekete 2008; Ports, Grittner
 * 2012). Conservative only in what counts as read: keys and the ranges actually scanned.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { Key, Space } from '../../storage/contract/index.ts';

/** Keys remembered per space before the whole space counts as read. */
const MAX_KEYS_PER_SPACE = 20_000;
const MAX_RANGES_PER_SPACE = 2_000;

/** The part of a range a scan has read so far. */
export class ReadRange {
  /** undefined = open. */
  #low: Key | undefined;
  #high: Key | undefined;
  readonly #reverse: boolean;
  #empty = true;
  readonly #limitLow: Key;
  readonly #limitHigh: Key | undefined;

  constructor(low: Key, high: Key | undefined, reverse: boolean) {
    this.#limitLow = low;
    this.#limitHigh = high;
    this.#low = low;
    this.#high = high;
    this.#reverse = reverse;
  }

  reach(key: Key): void {
    this.#empty = false;
    if (this.#reverse) this.#low = key;
    else this.#high = key;
  }

  reachEnd(): void {
    this.#empty = false;
    this.#low = this.#limitLow;
    this.#high = this.#limitHigh;
  }

  contains(key: Key): boolean {
    if (this.#empty) return false;
    return key >= this.#low! && (this.#high === undefined || key <= this.#high);
  }
}

class SpaceReads {
  keys: Set<Key> | undefined = undefined;
  readonly ranges: ReadRange[] = [];
  whole = false;

  contains(key: Key): boolean {
    if (this.whole) return true;
    if (this.keys?.has(key) === true) return true;
    for (const range of this.ranges) if (range.contains(key)) return true;
    return false;
  }
}

type Writes = ReadonlyMap<Space, { readonly rows: ReadonlyMap<Key, unknown> }>;

/** What one serializable transaction has read, and after its commit, wrote. */
export class SerializableState {
  /** Snapshot it reads at. */
  snapshot = 0;
  readonly reads = new Map<Space, SpaceReads>();
  writes: Writes | undefined = undefined;
  /** Order of validation; 0 = still running. */
  order = 0;
  /** Stamp of the commit; infinite until it is visible. */
  commitStamp = Number.POSITIVE_INFINITY;
  /** Lowest order of a transaction this one has an rw-dependency to that committed before it. */
  earliestOut = Number.POSITIVE_INFINITY;

  readKey(space: Space, key: Key): void {
    const reads = this.#space(space);
    if (reads.whole) return;
    const keys = (reads.keys ??= new Set());
    keys.add(key);
    if (keys.size > MAX_KEYS_PER_SPACE) {
      reads.whole = true;
      reads.keys = undefined;
    }
  }

  readRange(space: Space, low: Key, high: Key | undefined, reverse: boolean): ReadRange {
    const reads = this.#space(space);
    const range = new ReadRange(low, high, reverse);
    if (reads.ranges.length >= MAX_RANGES_PER_SPACE) reads.whole = true;
    else reads.ranges.push(range);
    return range;
  }

  /** Did it read something `writes` changes? */
  readsAny(writes: Writes): boolean {
    for (const [space, reads] of this.reads) {
      const changed = writes.get(space);
      if (changed === undefined) continue;
      if (reads.whole) return changed.rows.size > 0;
      // Point reads against many changes: go through the smaller side.
      if (reads.ranges.length === 0 && reads.keys !== undefined && reads.keys.size < changed.rows.size) {
        for (const key of reads.keys) if (changed.rows.has(key)) return true;
        continue;
      }
      for (const key of changed.rows.keys()) if (reads.contains(key)) return true;
    }
    return false;
  }

  #space(space: Space): SpaceReads {
    let reads = this.reads.get(space);
    if (reads === undefined) {
      reads = new SpaceReads();
      this.reads.set(space, reads);
    }
    return reads;
  }
}

export class SerializableRegistry {
  readonly #active = new Set<SerializableState>();
  /** Validated transactions that overlap one still active, oldest first. */
  #committed: SerializableState[] = [];
  #order = 0;

  begin(state: SerializableState): void {
    this.#active.add(state);
  }

  /** Throws serialization_failure when committing would allow an anomaly; else the commit is on record. */
  validate(state: SerializableState, writes: Writes | undefined): void {
    const readOnly = writes === undefined;
    let earliestOut = Number.POSITIVE_INFINITY;
    for (const other of this.#committed) {
      if (other.commitStamp <= state.snapshot || other.writes === undefined) continue;
      if (!state.readsAny(other.writes)) continue;
      // state --rw--> other, and other committed first.
      if (other.earliestOut < other.order && (!readOnly || this.#committedBefore(other.earliestOut, state.snapshot)))
        throw failure('pivot');
      earliestOut = Math.min(earliestOut, other.order);
    }
    if (!readOnly && earliestOut < Number.POSITIVE_INFINITY) {
      // state is a pivot if anybody concurrent read what it writes, and did not commit before `out`.
      for (const other of this.#active) if (other !== state && other.readsAny(writes)) throw failure('pivot');
      for (const other of this.#committed) {
        if (other.commitStamp <= state.snapshot || other.order < earliestOut) continue;
        if (other.readsAny(writes)) throw failure('pivot');
      }
    }
    state.order = ++this.#order;
    state.earliestOut = earliestOut;
    state.writes = writes;
    this.#active.delete(state);
    this.#committed.push(state);
  }

  /** The commit is visible from `stamp` on. */
  visible(state: SerializableState, stamp: number): void {
    state.commitStamp = stamp;
    this.#prune();
  }

  abort(state: SerializableState): void {
    if (this.#active.delete(state)) {
      this.#prune();
      return;
    }
    const at = this.#committed.indexOf(state);
    if (at >= 0) this.#committed.splice(at, 1);
  }

  /** Was the transaction validated as number `order` visible at `snapshot`? */
  #committedBefore(order: number, snapshot: number): boolean {
    for (const other of this.#committed) if (other.order === order) return other.commitStamp <= snapshot;
    // No longer on record: it ended before everybody active began.
    return true;
  }

  #prune(): void {
    let oldest = Number.POSITIVE_INFINITY;
    for (const state of this.#active) oldest = Math.min(oldest, state.snapshot);
    this.#committed = this.#committed.filter((state) => state.commitStamp > oldest);
  }
}

function failure(variant: string): SqlError {
  return new SqlError('serialization_failure', {
    message: 'could not serialize access due to read/write dependencies among transactions',
    variant,
    hint: 'The transaction might succeed if retried.',
  });
}
