/**
 * ChangeFeed: the commit log as the change log. Consumers read transactions from the segment files;
 * what they acknowledged is kept in a small file, replaced atomically, next to the segments.
 */
import type { ChangeLog, ChangeOperation, ChangeTransaction } from '../contract/index.ts';
import type { Disk } from '../io/disk.ts';
import { LOG_START, LogReader, type LogPosition } from '../log/log-reader.ts';
import { KIND_ABORT, KIND_PART, OP_DELETE, OP_DROP_SPACE, type RecordWalker } from '../log/record.ts';

const MAX_CONSUMERS = 256;
const MAX_BOOKMARKS = 64;

export class ChangeFeed implements ChangeLog {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #file: string;
  readonly #lastStamp: () => number;
  readonly #acknowledged = new Map<string, number>();
  readonly #listeners = new Set<(lastStamp: number) => void>();
  /** Where reading goes on after a stamp. */
  readonly #bookmarks = new Map<number, LogPosition>();

  constructor(disk: Disk, directory: string, lastStamp: () => number) {
    this.#disk = disk;
    this.#directory = directory;
    this.#file = `${directory}/consumers.json`;
    this.#lastStamp = lastStamp;
    this.#load();
  }

  register(consumer: string, fromStamp: number): number {
    const known = this.#acknowledged.get(consumer);
    if (known !== undefined) return known;
    if (this.#acknowledged.size >= MAX_CONSUMERS)
      throw new Error(`more than ${MAX_CONSUMERS} consumers of the change log`);
    this.#acknowledged.set(consumer, fromStamp);
    this.#save();
    return fromStamp;
  }

  unregister(consumer: string): void {
    if (this.#acknowledged.delete(consumer)) this.#save();
  }

  acknowledge(consumer: string, stamp: number): void {
    const known = this.#acknowledged.get(consumer);
    if (known === undefined || known >= stamp) return;
    this.#acknowledged.set(consumer, stamp);
    this.#save();
  }

  subscribe(listener: (lastStamp: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Lowest stamp every consumer is done with. */
  acknowledgedStamp(): number {
    let lowest = Number.MAX_SAFE_INTEGER;
    for (const stamp of this.#acknowledged.values()) lowest = Math.min(lowest, stamp);
    return lowest;
  }

  /** Commits became visible. */
  announce(): void {
    if (this.#listeners.size === 0) return;
    const stamp = this.#lastStamp();
    for (const listener of this.#listeners) listener(stamp);
  }

  read(
    afterStamp: number,
    maxBytes: number,
    callback: (error: Error | undefined, transactions: readonly ChangeTransaction[]) => void,
  ): void {
    this.#read(afterStamp, maxBytes).then(
      (transactions) => callback(undefined, transactions),
      (error: unknown) => callback(error as Error, []),
    );
  }

  async #read(afterStamp: number, maxBytes: number): Promise<ChangeTransaction[]> {
    const last = this.#lastStamp();
    const found: ChangeTransaction[] = [];
    if (afterStamp >= last) return found;
    const reader = new LogReader(this.#disk, this.#directory, this.#bookmarks.get(afterStamp) ?? LOG_START);
    const parts = new Map<string, ChangeOperation[]>();
    let bytes = 0;
    let reached = afterStamp;
    try {
      while (reached < last && bytes < maxBytes) {
        if (!reader.step()) {
          if (await reader.fill()) continue;
          break;
        }
        const { walker } = reader;
        const id = walker.id();
        if (walker.kind === KIND_ABORT) {
          parts.delete(id);
          continue;
        }
        const earlier = parts.get(id) ?? [];
        if (walker.kind === KIND_PART) {
          parts.set(id, earlier);
          copyOperations(walker, earlier);
          continue;
        }
        parts.delete(id);
        if (walker.stamp <= afterStamp) continue;
        copyOperations(walker, earlier);
        bytes += walker.end - walker.start;
        reached = walker.stamp;
        found.push({
          stamp: walker.stamp,
          versionId: walker.idBytes(),
          timestampMicros: walker.timestampMicros,
          schemaEpoch: walker.schemaEpoch,
          operations: earlier,
        });
      }
      // With a large transaction open, reading must begin at its first part again: no bookmark.
      if (parts.size === 0) this.#bookmark(reached, reader.position);
    } finally {
      reader.close();
    }
    return found;
  }

  #bookmark(stamp: number, position: LogPosition): void {
    if (this.#bookmarks.size >= MAX_BOOKMARKS) {
      for (const oldest of this.#bookmarks.keys()) {
        this.#bookmarks.delete(oldest);
        break;
      }
    }
    this.#bookmarks.set(stamp, position);
  }

  #load(): void {
    if (!this.#disk.exists(this.#file)) return;
    const file = this.#disk.open(this.#file, 'read');
    try {
      const bytes = Buffer.alloc(file.size());
      file.readSync(bytes, bytes.length, 0);
      const saved = JSON.parse(bytes.toString('utf8')) as Record<string, number>;
      for (const [consumer, stamp] of Object.entries(saved)) this.#acknowledged.set(consumer, stamp);
    } finally {
      file.closeSync();
    }
  }

  #save(): void {
    const bytes = Buffer.from(JSON.stringify(Object.fromEntries(this.#acknowledged)));
    const temporary = `${this.#file}.new`;
    const file = this.#disk.open(temporary, 'create');
    try {
      file.writeSync(bytes, 0, bytes.length, 0);
      file.syncSync();
    } finally {
      file.closeSync();
    }
    this.#disk.rename(temporary, this.#file);
    this.#disk.syncDirectory(this.#directory);
  }
}

function copyOperations(walker: RecordWalker, into: ChangeOperation[]): void {
  while (walker.operation()) {
    if (walker.op === OP_DROP_SPACE) {
      into.push({ space: walker.space, key: '', kind: 'drop-space', bytes: undefined });
    } else if (walker.op === OP_DELETE) {
      into.push({ space: walker.space, key: walker.key(), kind: 'delete', bytes: undefined });
    } else {
      const bytes = Uint8Array.prototype.slice.call(walker.buffer, walker.rowStart, walker.rowEnd);
      into.push({ space: walker.space, key: walker.key(), kind: 'put', bytes });
    }
  }
}
