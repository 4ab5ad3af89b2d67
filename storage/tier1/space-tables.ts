/**
 * SpaceTables: the memory side of the store. Finds tables, reads rows through to the sorted runs,
 * keeps memory within its budget by dropping rows that are on disk too, and loads spaces back.
 */
import type { Key, RowCodec, Space, StoredRow } from '../contract/index.ts';
import { MemoryCounter, SETTLED, SpaceTable, UNCOMMITTED, versionBytes, type Entry } from '../memory/space-table.ts';
import { VALUE_STAMP_BYTES, type SortedRuns } from '../runs/sorted-runs.ts';
import { SWEEP_PER_SLICE } from './options.ts';

export interface TablesHost {
  readonly codec: RowCodec;
  readonly runs: SortedRuns;
  flushedStamp(): number;
  generation(): number;
  closed(): boolean;
  /** The entry has a version that the one with `stamp` hides. */
  superseded(table: SpaceTable, entry: Entry, stamp: number): void;
}

export class SpaceTables {
  readonly all = new Map<Space, SpaceTable>();
  readonly counter = new MemoryCounter();
  /** Spaces whose keys the runs may hold. */
  readonly onDisk = new Set<Space>();
  readonly #host: TablesHost;
  readonly #budget: number;
  readonly #dropped = new Set<Space>();
  #evicting = false;
  #last: SpaceTable | undefined = undefined;
  diskReads = 0;
  evictions = 0;

  constructor(host: TablesHost, budget: number) {
    this.#host = host;
    this.#budget = budget;
  }

  table(space: Space): SpaceTable {
    const last = this.#last;
    if (last !== undefined && last.space === space) return last;
    let table = this.all.get(space);
    if (table === undefined) {
      const disk = this.onDisk.has(space) && !this.#dropped.has(space);
      table = new SpaceTable(space, !disk, disk, this.counter);
      this.all.set(space, table);
    }
    this.#last = table;
    return table;
  }

  /** Those that are dropped and not yet taken off the disk do not count. */
  *spaces(): Iterable<Space> {
    yield* this.all.keys();
    for (const space of this.onDisk) if (!this.all.has(space) && !this.#dropped.has(space)) yield space;
  }

  drop(space: Space): void {
    const table = this.all.get(space);
    this.#last = undefined;
    this.#dropped.add(space);
    if (table === undefined) return;
    this.all.delete(space);
    table.account(-table.memory);
  }

  /** Reads a row that is not in memory, and keeps it there. */
  readThrough(table: SpaceTable, key: Key): StoredRow | undefined {
    this.diskReads++;
    const value = this.#host.runs.getSync(table.space, key);
    if (value === undefined) return undefined;
    const length = value.length - VALUE_STAMP_BYTES;
    const row = this.#host.codec.decode(table.space, value, VALUE_STAMP_BYTES, length);
    table.cache(key, row, versionBytes(key, length));
    return row;
  }

  /** Starts dropping rows when memory is over budget. */
  relieve(): void {
    if (this.#evicting || this.counter.bytes <= this.#budget) return;
    this.#evicting = true;
    const tables = [...this.all.values()].sort((a, b) => b.memory - a.memory);
    let number = 0;
    let entries: Iterator<Entry> | undefined;
    let rounds = 0;
    const target = this.#budget * 0.9;
    const slice = (): void => {
      if (this.#host.closed()) return;
      const flushed = this.#host.flushedStamp();
      for (let i = 0; i < SWEEP_PER_SLICE; i++) {
        if (this.counter.bytes <= target) {
          this.#evicting = false;
          return;
        }
        const table = tables[number];
        if (table === undefined) {
          // A second round finds what the first one only marked.
          if (++rounds > 1) {
            this.#evicting = false;
            return;
          }
          number = 0;
          continue;
        }
        entries ??= table.entries.values();
        const next = entries.next();
        if (next.done === true) {
          entries = undefined;
          number++;
          continue;
        }
        this.#evict(table, next.value, flushed);
      }
      setImmediate(slice);
    };
    setImmediate(slice);
  }

  /** Reads a whole space into memory, page by page; it is complete after that. False = given up. */
  async load(space: Space, limit: number): Promise<boolean> {
    const table = this.table(space);
    if (table.complete) return true;
    const host = this.#host;
    let position: Key | undefined;
    for (;;) {
      const generation = host.generation();
      const evictions = this.evictions;
      const pages = host.runs.pages({
        space,
        low: position ?? '',
        lowInclusive: position === undefined,
        high: undefined,
        highInclusive: false,
        reverse: false,
      });
      try {
        for (;;) {
          const page = await pages.next();
          if (host.closed() || this.counter.bytes > limit || this.evictions !== evictions) return false;
          // Rows flushed meanwhile are not in these pages: read on from here with fresh ones.
          if (host.generation() !== generation) break;
          for (let i = 0; i < page.keys.length; i++) {
            const key = page.keys[i]!;
            const value = page.values[i]!;
            const entry = table.entries.get(key);
            if (entry !== undefined && entry.head.commit === SETTLED) continue;
            const length = value.length - VALUE_STAMP_BYTES;
            const row = host.codec.decode(space, value, VALUE_STAMP_BYTES, length);
            if (entry === undefined) {
              table.cache(key, row, versionBytes(key, length));
              continue;
            }
            const hiddenBy = table.cacheBehind(entry, row, versionBytes(key, length), host.flushedStamp());
            if (hiddenBy > 0 && hiddenBy !== UNCOMMITTED) host.superseded(table, entry, hiddenBy);
          }
          if (page.keys.length > 0) position = page.keys[page.keys.length - 1]!;
          if (!page.last) continue;
          if (this.all.get(space) !== table) return false;
          table.complete = true;
          table.rows = table.entries.size - countDeleted(table);
          return true;
        }
      } finally {
        pages.close();
      }
    }
  }

  #evict(table: SpaceTable, entry: Entry, flushed: number): void {
    const { head } = entry;
    if (head.commit.stamp > flushed || head.previous !== undefined || head.row === null) return;
    if (entry.touched) {
      entry.touched = false;
      return;
    }
    table.complete = false;
    table.onDisk = true;
    this.onDisk.add(table.space);
    table.remove(entry);
    this.evictions++;
  }
}

function countDeleted(table: SpaceTable): number {
  let count = 0;
  for (const entry of table.entries.values()) if (entry.head.row === null) count++;
  return count;
}
