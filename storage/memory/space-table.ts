/**
 * SpaceTable: one key space in memory. A map for point reads, an ordered index for scans, both over
 * the same entries; an entry is a chain of versions, newest first.
 *
 * A table is *complete* when memory holds every live key of the space; it then never asks the disk.
 */
import type { Key, StoredRow } from '../contract/index.ts';
import { OrderedIndex, type Keyed } from './ordered-index.ts';

/** Stamp of a commit that is not visible (not yet, or never). */
export const UNCOMMITTED = Number.POSITIVE_INFINITY;

/** One per transaction: setting `stamp` makes all its versions visible at once. */
export class Commit {
  stamp: number;
  constructor(stamp: number) {
    this.stamp = stamp;
  }
}

/** Versions read back from disk: older than every snapshot. */
export const SETTLED = new Commit(0);

export class Version {
  readonly commit: Commit;
  /** null = deleted. */
  readonly row: StoredRow | null;
  /** Estimated memory. */
  readonly bytes: number;
  previous: Version | undefined;

  constructor(commit: Commit, row: StoredRow | null, bytes: number, previous: Version | undefined) {
    this.commit = commit;
    this.row = row;
    this.bytes = bytes;
    this.previous = previous;
  }
}

/** What an entry shows once it is out of its table: nothing, whoever still holds it. */
const GONE = new Version(new Commit(UNCOMMITTED), null, 0, undefined);

export class Entry implements Keyed {
  readonly key: Key;
  head: Version;
  /** Read since the evictor last came by. */
  touched = false;
  /**
   * In an index: the entry that `head` stands for, once it was looked up. Following it saves searching
   * the table's map, which in a large table means several misses of the processor's caches.
   */
  target: Entry | undefined = undefined;

  constructor(key: Key, head: Version) {
    this.key = key;
    this.head = head;
  }
}

/** Memory of an entry and a version besides key and row. */
const ENTRY_OVERHEAD = 120;
const VERSION_OVERHEAD = 64;

/** Estimated memory of a version whose row takes `encoded` bytes on disk. */
export function versionBytes(key: Key, encoded: number): number {
  return VERSION_OVERHEAD + ENTRY_OVERHEAD + key.length + 32 + encoded * 3;
}

/** Estimated bytes of all tables together. */
export class MemoryCounter {
  bytes = 0;
}

export class SpaceTable {
  readonly space: number;
  readonly entries = new Map<Key, Entry>();
  readonly index = new OrderedIndex<Entry>();
  complete: boolean;
  /** May the sorted runs hold keys of this space? */
  onDisk: boolean;
  /** Estimated live keys and their bytes, those on disk included. */
  rows = 0;
  bytes = 0;
  /** Estimated memory in use. */
  memory = 0;
  readonly #counter: MemoryCounter;

  constructor(space: number, complete: boolean, onDisk: boolean, counter: MemoryCounter) {
    this.#counter = counter;
    this.space = space;
    this.complete = complete;
    this.onDisk = onDisk;
  }

  /**
   * Puts a version on top of the key's chain; answers the entry when it has older versions (or is a
   * deletion) that are to be collected later. `oldest` = oldest snapshot in use.
   */
  install(key: Key, row: StoredRow | null, bytes: number, commit: Commit, oldest: number): Entry | undefined {
    const entry = this.entries.get(key);
    this.account(bytes);
    if (entry === undefined) {
      const created = new Entry(key, new Version(commit, row, bytes, undefined));
      this.entries.set(key, created);
      this.index.insert(created);
      if (row !== null) {
        this.rows++;
        this.bytes += bytes;
        return undefined;
      }
      return created;
    }
    const head = entry.head;
    if (head.row === null) {
      if (row !== null) this.rows++;
    } else if (row === null) {
      this.rows--;
    }
    this.bytes += bytes - head.bytes;
    if (head.commit.stamp <= oldest && head.previous !== undefined) this.cut(head);
    entry.head = new Version(commit, row, bytes, head);
    entry.target = undefined;
    return entry;
  }

  /** Adds a row read from disk, for a key that memory knows nothing of. */
  cache(key: Key, row: StoredRow, bytes: number): void {
    if (this.entries.has(key)) return;
    const created = new Entry(key, new Version(SETTLED, row, bytes, undefined));
    this.entries.set(key, created);
    this.index.insert(created);
    this.account(bytes);
  }

  /**
   * Adds a row read from disk behind the versions memory has, all of them newer than `flushed`: old
   * snapshots still see it. Answers the stamp that hides it, 0 when there was nothing to add.
   */
  cacheBehind(entry: Entry, row: StoredRow, bytes: number, flushed: number): number {
    let tail = entry.head;
    while (tail.previous !== undefined) tail = tail.previous;
    if (tail.commit.stamp <= flushed) return 0;
    tail.previous = new Version(SETTLED, row, bytes, undefined);
    this.account(bytes);
    return tail.commit.stamp;
  }

  remove(entry: Entry): void {
    this.entries.delete(entry.key);
    this.index.delete(entry.key);
    for (let version: Version | undefined = entry.head; version !== undefined; version = version.previous)
      this.account(-version.bytes);
    entry.head = GONE;
  }

  /** Forgets the versions behind `version`. */
  cut(version: Version): void {
    for (let old = version.previous; old !== undefined; old = old.previous) this.account(-old.bytes);
    version.previous = undefined;
  }

  /** Takes an aborted version off the top of a chain. */
  uninstall(key: Key, commit: Commit): void {
    const entry = this.entries.get(key);
    if (entry === undefined || entry.head.commit !== commit) return;
    const { head } = entry;
    this.account(-head.bytes);
    const { previous } = head;
    if (previous === undefined) {
      if (head.row !== null) this.rows--;
      this.entries.delete(key);
      entry.head = GONE;
      this.index.delete(key);
      return;
    }
    if (previous.row === null && head.row !== null) this.rows--;
    if (previous.row !== null && head.row === null) this.rows++;
    this.bytes += previous.bytes - head.bytes;
    entry.head = previous;
    entry.target = undefined;
  }

  account(bytes: number): void {
    this.memory += bytes;
    this.#counter.bytes += bytes;
  }
}

/** The version of a chain that `snapshot` sees. */
export function visible(head: Version, snapshot: number): Version | undefined {
  let version: Version | undefined = head;
  while (version !== undefined && version.commit.stamp > snapshot) version = version.previous;
  return version;
}
