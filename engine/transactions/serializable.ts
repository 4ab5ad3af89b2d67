/**
 * Serializable isolation over snapshots (serializable snapshot isolation): what each transaction reads
 * is compared with what concurrent ones write, at once, in both directions. A read that misses a
 * concurrent write is a dependency *reader --rw--> writer*. No anomaly is possible without
 *
 *     in --rw--> pivot --rw--> out      where `out` commits first
 *
 * so a transaction that would complete this is given up (Cahill, Roehm, Fekete 2008; Ports, Grittner
 * 2012). Where the one to go is not the one that runs, it is marked as doomed and fails at its next
 * read, write or commit. Conservative in what counts as read: keys and ranges actually scanned, or a
 * whole space where these grew too many; transactions long committed are folded into one.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { Key, Space } from '../../storage/contract/index.ts';
import { ReadRange, TrackedSpace, type RangeOptions, type TrackingBudget } from './tracked-keys.ts';

/** Keys and ranges all transactions together remember before spaces are coarsened. */
const MAX_TRACKED = 2_000_000;
/** Committed transactions kept one by one while a transaction that overlaps them runs. */
const MAX_COMMITTED = 500;

type Phase = 'active' | 'prepared' | 'committed' | 'rolled_back';

/** What is known of one serializable transaction while it, or one that overlaps it, runs. */
export class SerializableState {
  readonly id: number;
  /** Stamp it reads at. */
  readonly snapshot: number;
  /** Everything that committed up to this number of the registry is visible to it. */
  readonly begin: number;
  readOnly: boolean;
  phase: Phase = 'active';
  doomed = false;
  /** Nothing this read-only transaction sees can be part of an anomaly. */
  safe = false;
  wrote = false;
  prepareNumber = Number.POSITIVE_INFINITY;
  commitNumber = Number.POSITIVE_INFINITY;
  /** Stamp of the commit; infinite until it is visible. */
  commitStamp = Number.POSITIVE_INFINITY;
  /** Transactions that wrote what this one read without seeing it. */
  readonly out = new Set<SerializableState>();
  /** Transactions that read what this one wrote without seeing it. */
  readonly in = new Set<SerializableState>();
  /** Lowest prepare number among those of `out` that committed before this one did. */
  earliestOut = Number.POSITIVE_INFINITY;
  /** A dependency from or to a transaction no longer known one by one. */
  foldedIn = false;
  foldedOut = false;
  /** Writers whose fate decides whether this read-only transaction is safe. */
  readonly watched = new Set<SerializableState>();
  readonly reads = new Map<Space, TrackedSpace>();
  readonly writes = new Map<Space, TrackedSpace>();

  constructor(id: number, snapshot: number, begin: number, readOnly: boolean) {
    this.id = id;
    this.snapshot = snapshot;
    this.begin = begin;
    this.readOnly = readOnly;
  }

  get committed(): boolean {
    return this.phase === 'committed';
  }

  /** Past the check, so that it can no longer be chosen to fail. */
  get prepared(): boolean {
    return this.phase === 'prepared' || this.phase === 'committed';
  }
}

/** What is left of the transactions that were folded together, per space. */
interface Folded {
  /** Highest commit number of a transaction that read the space. */
  readUntil: number;
  /** Highest commit stamp of a transaction that wrote it, and the earliest conflict out of those. */
  writtenUntil: number;
  earliestOut: number;
}

export class SerializableRegistry {
  readonly #active = new Set<SerializableState>();
  /** Committed transactions that overlap an active one, oldest first. */
  #committed: SerializableState[] = [];
  readonly #readers = new Map<Space, Set<SerializableState>>();
  readonly #writers = new Map<Space, Set<SerializableState>>();
  readonly #folded = new Map<Space, Folded>();
  readonly #budget: TrackingBudget;
  readonly #maxCommitted: number;
  /** Numbers preparations and commits. */
  #number = 0;

  constructor(maxTracked: number = MAX_TRACKED, maxCommitted: number = MAX_COMMITTED) {
    this.#budget = { tracked: 0, limit: maxTracked };
    this.#maxCommitted = maxCommitted;
  }

  /** Keys and ranges remembered, and transactions known; for the status and for tests of the bounds. */
  get size(): { readonly tracked: number; readonly transactions: number } {
    return { tracked: this.#budget.tracked, transactions: this.#active.size + this.#committed.length };
  }

  begin(id: number, snapshot: number, readOnly: boolean): SerializableState {
    const state = new SerializableState(id, snapshot, this.#number, readOnly);
    if (readOnly) {
      for (const other of this.#active) if (!other.readOnly) state.watched.add(other);
      state.safe = state.watched.size === 0;
    }
    this.#active.add(state);
    return state;
  }

  /** A transaction prepared before a restart: whom it depends on is no longer known. */
  restore(id: number, changes: Iterable<{ readonly space: Space; readonly key: Key }>): SerializableState {
    const state = this.begin(id, 0, false);
    for (const { space, key } of changes) this.wrote(state, space, key);
    state.foldedIn = true;
    state.foldedOut = true;
    state.prepareNumber = ++this.#number;
    state.phase = 'prepared';
    return state;
  }

  // ---- reading ------------------------------------------------------------------------------------

  readKey(state: SerializableState, space: Space, key: Key): void {
    if (state.safe) return;
    if (state.doomed) throw failure('Canceled on identification as a pivot, during conflict out checking.');
    this.#reads(state, space).addKey(key, this.#budget);
    const writers = this.#writers.get(space);
    if (writers !== undefined)
      for (const writer of writers)
        if (this.#missed(state, writer, space)?.contains(key) === true) this.#flag(state, writer, state);
    this.#checkFolded(state, space);
  }

  openRange(
    state: SerializableState,
    space: Space,
    low: Key,
    high: Key | undefined,
    options: RangeOptions | undefined,
  ): ReadRange | undefined {
    if (state.safe) return undefined;
    if (state.doomed) throw failure('Canceled on identification as a pivot, during conflict out checking.');
    const range = new ReadRange(low, high, options);
    const reads = this.#reads(state, space);
    reads.openRange(range);
    return range;
  }

  /** The scan of the range has come further (`key` undefined = to its end). */
  rangeRead(state: SerializableState, space: Space, range: ReadRange, key: Key | undefined): void {
    if (key === undefined) range.reachEnd();
    else range.reach(key);
    if (state.safe) return;
    const writers = this.#writers.get(space);
    if (writers !== undefined)
      for (const writer of writers)
        if (this.#missed(state, writer, space)?.anyKeyIn(range.low, range.high) === true)
          this.#flag(state, writer, state);
    this.#checkFolded(state, space);
  }

  closeRange(state: SerializableState, space: Space, range: ReadRange): void {
    if (state.phase !== 'rolled_back') state.reads.get(space)?.closeRange(range, this.#budget);
  }

  /** What `writer` wrote to the space, if `reader` does not see it and the dependency is new. */
  #missed(reader: SerializableState, writer: SerializableState, space: Space): TrackedSpace | undefined {
    if (writer === reader || writer.commitStamp <= reader.snapshot || reader.out.has(writer)) return undefined;
    // A reader that never writes comes before a writer that committed without a conflict out of its own
    // that was visible to the reader.
    if (reader.readOnly && writer.committed && !writer.foldedOut && reader.begin < writer.earliestOut) return undefined;
    return writer.writes.get(space);
  }

  #checkFolded(state: SerializableState, space: Space): void {
    if (this.#folded.size === 0) return;
    const folded = this.#folded.get(space);
    if (folded === undefined || folded.writtenUntil <= state.snapshot) return;
    if (folded.earliestOut < Number.POSITIVE_INFINITY && (!state.readOnly || folded.earliestOut <= state.begin))
      throw failure('Canceled on conflict out to old pivot.');
    if (state.foldedIn || state.in.size > 0)
      throw failure('Canceled on identification as a pivot, with conflict out to old committed transaction.');
    state.foldedOut = true;
  }

  // ---- writing ------------------------------------------------------------------------------------

  /** `key` undefined = everything in the space. */
  wrote(state: SerializableState, space: Space, key: Key | undefined): void {
    this.checkWrite(state, space, key);
    state.wrote = true;
    let writes = state.writes.get(space);
    if (writes === undefined) {
      writes = new TrackedSpace();
      state.writes.set(space, writes);
      enlist(this.#writers, space, state);
    }
    if (key === undefined) writes.coarsen(this.#budget);
    else writes.addKey(key, this.#budget);
  }

  /** Would writing complete a dangerous structure? To be asked, too, before a key is reported as taken. */
  checkWrite(state: SerializableState, space: Space, key: Key | undefined): void {
    if (state.doomed) throw failure('Canceled on identification as a pivot, during conflict in checking.');
    const readers = this.#readers.get(space);
    if (readers !== undefined)
      for (const reader of readers) {
        if (reader === state || reader.doomed || reader.commitNumber <= state.begin || state.in.has(reader)) continue;
        if (key === undefined || reader.reads.get(space)!.contains(key)) this.#flag(reader, state, state);
      }
    const folded = this.#folded.get(space);
    if (folded === undefined || folded.readUntil <= state.begin || state.foldedIn) return;
    for (const other of state.out)
      if (other.prepared) throw failure('Canceled on identification as a pivot, during write.');
    if (state.foldedOut) throw failure('Canceled on identification as a pivot, during write.');
    state.foldedIn = true;
  }

  // ---- dependencies ---------------------------------------------------------------------------------

  /** Notes reader --rw--> writer; throws when `running` must fail for it, or dooms the writer. */
  #flag(reader: SerializableState, writer: SerializableState, running: SerializableState): void {
    if (writerIsPivot(reader, writer) || readerIsPivot(reader, writer)) {
      if (running === writer) throw failure('Canceled on identification as a pivot, during write.');
      if (writer.prepared) throw failure(`Canceled on conflict out to pivot ${writer.id}, during read.`);
      writer.doomed = true;
    }
    reader.out.add(writer);
    writer.in.add(reader);
  }

  // ---- the end ------------------------------------------------------------------------------------

  /** Before the commit is made durable: throws when it would allow an anomaly; after it, no one can undo it. */
  prepare(state: SerializableState): void {
    if (state.doomed) throw failure('Canceled on identification as a pivot, during commit attempt.');
    for (const near of state.in) {
      if (near.committed || near.doomed) continue;
      let dangerous = near.foldedIn;
      for (const far of near.in) dangerous ||= far === state || (!far.committed && !far.readOnly && !far.doomed);
      if (!dangerous) continue;
      // The pivot goes, so that whoever tries again makes progress; unless it is past its own check.
      if (near.prepared) throw failure('Canceled on commit attempt with conflict in from prepared pivot.');
      near.doomed = true;
    }
    state.prepareNumber = ++this.#number;
    state.phase = 'prepared';
  }

  /** The commit is visible from `stamp` on. */
  visible(state: SerializableState, stamp: number): void {
    state.phase = 'committed';
    state.commitNumber = ++this.#number;
    state.commitStamp = stamp;
    if (!state.wrote) state.readOnly = true;
    this.#active.delete(state);
    for (const other of state.out) {
      if (!state.readOnly && other.committed) state.earliestOut = Math.min(state.earliestOut, other.prepareNumber);
      if (other.committed) disconnect(state, other);
    }
    if (!state.readOnly && state.foldedOut) state.earliestOut = 0;
    for (const other of state.in) if (other.committed || other.readOnly) disconnect(other, state);
    this.#release(state);
    this.#committed.push(state);
    this.#prune();
    if (this.#committed.length > this.#maxCommitted) this.#fold(this.#committed.shift()!);
  }

  abort(state: SerializableState): void {
    state.phase = 'rolled_back';
    state.doomed = true;
    this.#active.delete(state);
    this.#release(state);
    this.#forget(state);
    this.#prune();
  }

  /** Tells the read-only transactions that watch `state` how it ended. */
  #release(state: SerializableState): void {
    for (const reader of this.#active) {
      if (!reader.watched.delete(state)) continue;
      if (state.committed && state.wrote && state.earliestOut <= reader.begin) {
        reader.watched.clear();
      } else if (reader.watched.size === 0) {
        reader.safe = true;
        this.#forget(reader);
      }
    }
  }

  #prune(): void {
    let oldest = Number.POSITIVE_INFINITY;
    for (const state of this.#active) if (!state.safe) oldest = Math.min(oldest, state.begin);
    let count = 0;
    while (count < this.#committed.length && this.#committed[count]!.commitNumber <= oldest) count++;
    for (const state of this.#committed.splice(0, count)) this.#forget(state);
    if (this.#active.size === 0) this.#folded.clear();
  }

  #forget(state: SerializableState): void {
    for (const [space, reads] of state.reads) {
      reads.forget(this.#budget);
      delist(this.#readers, space, state);
    }
    for (const [space, writes] of state.writes) {
      writes.forget(this.#budget);
      delist(this.#writers, space, state);
    }
    state.reads.clear();
    state.writes.clear();
    for (const other of state.out) disconnect(state, other);
    for (const other of state.in) disconnect(other, state);
  }

  /** Keeps of a committed transaction only which spaces it touched. */
  #fold(state: SerializableState): void {
    for (const space of state.reads.keys()) {
      const folded = this.#foldedSpace(space);
      folded.readUntil = Math.max(folded.readUntil, state.commitNumber);
    }
    for (const space of state.writes.keys()) {
      const folded = this.#foldedSpace(space);
      folded.writtenUntil = Math.max(folded.writtenUntil, state.commitStamp);
      folded.earliestOut = Math.min(folded.earliestOut, state.earliestOut);
    }
    for (const other of state.out) other.foldedIn = true;
    for (const other of state.in) other.foldedOut = true;
    this.#forget(state);
  }

  #foldedSpace(space: Space): Folded {
    let folded = this.#folded.get(space);
    if (folded === undefined) {
      folded = { readUntil: 0, writtenUntil: 0, earliestOut: Number.POSITIVE_INFINITY };
      this.#folded.set(space, folded);
    }
    return folded;
  }

  #reads(state: SerializableState, space: Space): TrackedSpace {
    let reads = state.reads.get(space);
    if (reads === undefined) {
      reads = new TrackedSpace();
      state.reads.set(space, reads);
      enlist(this.#readers, space, state);
    }
    return reads;
  }
}

/** reader --rw--> writer --rw--> out, where `out` is first to commit? */
function writerIsPivot(reader: SerializableState, writer: SerializableState): boolean {
  if (writer.foldedOut) return true;
  // Whoever committed keeps no dependency on those that committed before it, only the earliest of them.
  if (writer.committed && writer.earliestOut < Number.POSITIVE_INFINITY) return true;
  for (const out of writer.out) {
    if (
      out.prepared &&
      (!reader.committed || out.prepareNumber <= reader.commitNumber) &&
      (!writer.committed || out.prepareNumber <= writer.commitNumber) &&
      (!reader.readOnly || out.prepareNumber <= reader.begin)
    )
      return true;
  }
  return false;
}

/** in --rw--> reader --rw--> writer, where the writer is first to commit? */
function readerIsPivot(reader: SerializableState, writer: SerializableState): boolean {
  if (!writer.prepared || reader.readOnly) return false;
  if (reader.foldedIn) return true;
  for (const first of reader.in) {
    if (
      !first.doomed &&
      (!first.committed || first.commitNumber >= writer.prepareNumber) &&
      (!first.readOnly || first.begin >= writer.prepareNumber)
    )
      return true;
  }
  return false;
}

function disconnect(reader: SerializableState, writer: SerializableState): void {
  reader.out.delete(writer);
  writer.in.delete(reader);
}

function enlist(map: Map<Space, Set<SerializableState>>, space: Space, state: SerializableState): void {
  const set = map.get(space);
  if (set === undefined) map.set(space, new Set([state]));
  else set.add(state);
}

function delist(map: Map<Space, Set<SerializableState>>, space: Space, state: SerializableState): void {
  const set = map.get(space);
  if (set?.delete(state) === true && set.size === 0) map.delete(space);
}

function failure(reason: string): SqlError {
  return new SqlError('serialization_failure', {
    message: 'could not serialize access due to read/write dependencies among transactions',
    variant: 'dependencies',
    detail: `Reason code: ${reason}`,
    hint: 'The transaction might succeed if retried.',
  });
}
