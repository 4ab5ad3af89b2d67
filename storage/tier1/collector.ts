/**
 * Collector: takes versions nobody can see any more out of memory. Every change that put a version on
 * top of another, and every deletion, queues its entry here with its stamp; once no snapshot is older,
 * what lies behind goes. A deletion's own mark goes when nothing of the key is on disk any more.
 */
import { visible, type Entry, type SpaceTable } from '../memory/space-table.ts';

class EntryQueue {
  #tables: SpaceTable[] = [];
  #entries: Entry[] = [];
  #stamps: number[] = [];
  #first = 0;

  push(table: SpaceTable, entry: Entry, stamp: number): void {
    this.#tables.push(table);
    this.#entries.push(entry);
    this.#stamps.push(stamp);
  }

  /** Takes entries with a stamp not above `limit`, at most `count`. */
  take(limit: number, count: number, action: (table: SpaceTable, entry: Entry, stamp: number) => void): boolean {
    const end = Math.min(this.#entries.length, this.#first + count);
    let at = this.#first;
    while (at < end && this.#stamps[at]! <= limit) {
      action(this.#tables[at]!, this.#entries[at]!, this.#stamps[at]!);
      at++;
    }
    const more = at === end && at < this.#entries.length && this.#stamps[at]! <= limit;
    this.#first = at;
    if (at === this.#entries.length) {
      this.#tables = [];
      this.#entries = [];
      this.#stamps = [];
      this.#first = 0;
    } else if (at > 4096 && at * 2 > this.#entries.length) {
      this.#tables = this.#tables.slice(at);
      this.#entries = this.#entries.slice(at);
      this.#stamps = this.#stamps.slice(at);
      this.#first = 0;
    }
    return more;
  }
}

export class Collector {
  readonly #superseded = new EntryQueue();
  readonly #deleted = new EntryQueue();
  #oldest = 0;
  #flushed = 0;

  /** The entry got a version with `stamp` that hides others, or deletes the key. */
  add(table: SpaceTable, entry: Entry, stamp: number): void {
    this.#superseded.push(table, entry, stamp);
  }

  /** Collects what snapshots not older than `oldest` cannot see. True = there is more to do. */
  collect(oldest: number, flushed: number, count: number): boolean {
    this.#oldest = oldest;
    this.#flushed = flushed;
    return this.#superseded.take(oldest, count, this.#collectOne);
  }

  /** After a flush: drops the marks of deletions that are on disk now. */
  collectDeleted(flushed: number, count: number): boolean {
    this.#flushed = flushed;
    return this.#deleted.take(flushed, count, this.#dropMark);
  }

  readonly #collectOne = (table: SpaceTable, entry: Entry, stamp: number): void => {
    const version = visible(entry.head, this.#oldest);
    if (version === undefined) return;
    if (version.previous !== undefined) table.cut(version);
    if (version !== entry.head || version.row !== null || version.commit.stamp !== stamp) return;
    if (!table.onDisk || stamp <= this.#flushed) table.remove(entry);
    else this.#deleted.push(table, entry, stamp);
  };

  readonly #dropMark = (table: SpaceTable, entry: Entry): void => {
    const { head } = entry;
    if (head.row === null && head.commit.stamp <= this.#flushed && table.entries.get(entry.key) === entry)
      table.remove(entry);
  };
}
