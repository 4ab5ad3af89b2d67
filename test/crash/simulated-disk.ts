/**
 * A disk in memory that can lose power. Writes since a file's last sync are kept apart; a crash at the
 * n-th sync stops everything, and the image to restart from keeps, drops or tears each of them.
 */
import { StorageError, type Key, type Space } from '../../storage/contract/index.ts';
import type { Disk, DiskCallback, DiskFile } from '../../storage/io/disk.ts';
import {
  META_SPACE,
  VALUE_STAMP_BYTES,
  type RunBatch,
  type RunPage,
  type RunPages,
  type RunRange,
  type SortedRuns,
} from '../../storage/runs/sorted-runs.ts';

/** Writes are torn at sector boundaries. */
const SECTOR = 512;

export type Random = () => number;

/** Small deterministic generator (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

interface Write {
  readonly position: number;
  readonly bytes: Buffer;
}

class Content {
  /** What is on the medium for certain. */
  durable: Buffer = Buffer.alloc(0);
  /** What readers see. */
  current: Buffer = Buffer.alloc(0);
  unsynced: Write[] = [];
  /** Is the directory entry on the medium? */
  linked = false;
}

function apply(target: Buffer, write: Write): Buffer {
  const end = write.position + write.bytes.length;
  const grown = end > target.length ? Buffer.concat([target, Buffer.alloc(end - target.length)]) : target;
  write.bytes.copy(grown, write.position);
  return grown;
}

export class SimulatedDisk implements Disk {
  readonly files = new Map<string, Content>();
  /** Runs (see SimulatedRuns) live on the same medium. */
  runs = new Map<string, Buffer>();
  syncs = 0;
  crashAtSync = Number.POSITIVE_INFINITY;
  crashed = false;
  onCrash: () => void = () => undefined;

  /** Counts a sync; true when power fails just before it takes effect. */
  countSync(): boolean {
    if (!this.crashed && ++this.syncs >= this.crashAtSync) {
      this.crashed = true;
      setImmediate(this.onCrash);
    }
    return this.crashed;
  }

  check(): void {
    if (this.crashed) throw new StorageError('io', 'the power is off');
  }

  makeDirectory(): void {
    this.check();
  }

  list(path: string): string[] {
    this.check();
    return [...this.files.keys()]
      .filter((name) => name.startsWith(`${path}/`))
      .map((name) => name.slice(path.length + 1));
  }

  exists(path: string): boolean {
    return this.files.has(path);
  }

  open(path: string, mode: 'read' | 'write' | 'create'): DiskFile {
    this.check();
    let content = this.files.get(path);
    if (mode === 'create') {
      content = new Content();
      this.files.set(path, content);
    }
    if (content === undefined) throw new StorageError('io', `no file ${path}`);
    return new SimulatedFile(this, path, content);
  }

  remove(path: string): void {
    this.check();
    this.files.delete(path);
  }

  rename(from: string, to: string): void {
    this.check();
    const content = this.files.get(from);
    if (content === undefined) throw new StorageError('io', `no file ${from}`);
    this.files.delete(from);
    this.files.set(to, content);
  }

  syncDirectory(path: string): void {
    this.check();
    for (const [name, content] of this.files) if (name.startsWith(`${path}/`)) content.linked = true;
  }

  /** The medium after the power failure. */
  afterCrash(random: Random): SimulatedDisk {
    const image = new SimulatedDisk();
    image.runs = new Map(this.runs);
    for (const [path, content] of this.files) {
      if (!content.linked && random() < 0.5) continue;
      let bytes: Buffer<ArrayBufferLike> = Buffer.from(content.durable);
      for (const write of content.unsynced) {
        const fate = random();
        if (fate < 0.34) continue;
        if (fate < 0.67) {
          bytes = apply(bytes, write);
          continue;
        }
        for (let at = 0; at < write.bytes.length; at += SECTOR) {
          if (random() < 0.5)
            bytes = apply(bytes, { position: write.position + at, bytes: write.bytes.subarray(at, at + SECTOR) });
        }
      }
      const survivor = new Content();
      survivor.durable = bytes;
      survivor.current = Buffer.from(bytes);
      survivor.linked = true;
      image.files.set(path, survivor);
    }
    return image;
  }
}

class SimulatedFile implements DiskFile {
  readonly path: string;
  readonly #disk: SimulatedDisk;
  readonly #content: Content;

  constructor(disk: SimulatedDisk, path: string, content: Content) {
    this.#disk = disk;
    this.path = path;
    this.#content = content;
  }

  size(): number {
    return this.#content.current.length;
  }

  read(buffer: Buffer, length: number, position: number, callback: (error: Error | null, count: number) => void): void {
    setImmediate(() => {
      if (!this.#disk.crashed) callback(null, this.readSync(buffer, length, position));
    });
  }

  readSync(buffer: Buffer, length: number, position: number): number {
    this.#disk.check();
    return this.#content.current.copy(buffer, 0, position, Math.min(this.#content.current.length, position + length));
  }

  write(buffer: Buffer, offset: number, length: number, position: number, callback: DiskCallback): void {
    const bytes = Buffer.from(buffer.subarray(offset, offset + length));
    setImmediate(() => {
      if (this.#disk.crashed) return;
      this.#put({ position, bytes });
      callback(null);
    });
  }

  writeSync(buffer: Buffer, offset: number, length: number, position: number): void {
    this.#disk.check();
    this.#put({ position, bytes: Buffer.from(buffer.subarray(offset, offset + length)) });
  }

  sync(callback: DiskCallback): void {
    setImmediate(() => {
      if (this.#disk.countSync()) return;
      this.#settle();
      callback(null);
    });
  }

  syncSync(): void {
    if (this.#disk.countSync()) throw new StorageError('io', 'the power is off');
    this.#settle();
  }

  truncateSync(size: number): void {
    this.#disk.check();
    this.#content.current = Buffer.from(this.#content.current.subarray(0, size));
    this.#content.durable = Buffer.from(this.#content.current);
    this.#content.unsynced = [];
  }

  closeSync(): void {}

  #put(write: Write): void {
    this.#content.current = apply(this.#content.current, write);
    this.#content.unsynced.push(write);
  }

  #settle(): void {
    this.#content.durable = Buffer.from(this.#content.current);
    this.#content.unsynced = [];
  }
}

/** Sorted runs on the simulated medium: each write is atomic, and durable when it has been acknowledged. */
export class SimulatedRuns implements SortedRuns {
  readonly #disk: SimulatedDisk;

  constructor(disk: SimulatedDisk) {
    this.#disk = disk;
  }

  getSync(space: Space, key: Key): Buffer | undefined {
    return this.#disk.runs.get(runKey(space, key));
  }

  pages(range: RunRange): RunPages {
    const { space, low, high } = range;
    const prefix = runKey(space, '');
    const selected = [...this.#disk.runs].filter(([name]) => {
      if (!name.startsWith(prefix)) return false;
      const key = name.slice(4);
      return (
        (key > low || (range.lowInclusive && key === low)) &&
        (high === undefined || key < high || (range.highInclusive && key === high))
      );
    });
    selected.sort(([a], [b]) => (a < b ? -1 : 1));
    if (range.reverse) selected.reverse();
    let at = 0;
    return {
      next: async (): Promise<RunPage> => {
        await new Promise((resolve) => setImmediate(resolve));
        const slice = selected.slice(at, at + 5);
        at += 5;
        return {
          keys: slice.map(([name]) => name.slice(4)),
          values: slice.map(([, value]) => value),
          last: slice.length === 0,
        };
      },
      close: () => undefined,
    };
  }

  pageSync(): RunPage | undefined {
    return undefined;
  }

  batch(): RunBatch {
    const disk = this.#disk;
    const changes: [string, Buffer | undefined][] = [];
    return {
      bytes: 0,
      put(space: Space, key: Buffer, stamp: number, row: Buffer): void {
        const value = Buffer.alloc(VALUE_STAMP_BYTES + row.length);
        value.writeUIntLE(stamp, 0, VALUE_STAMP_BYTES);
        row.copy(value, VALUE_STAMP_BYTES);
        changes.push([runKey(space, key.toString('latin1')), value]);
        (this as { bytes: number }).bytes += value.length;
      },
      delete(space: Space, key: Buffer): void {
        changes.push([runKey(space, key.toString('latin1')), undefined]);
        (this as { bytes: number }).bytes += key.length + 1;
      },
      async write(): Promise<void> {
        await power(disk);
        for (const [name, value] of changes) {
          if (value === undefined) disk.runs.delete(name);
          else disk.runs.set(name, value);
        }
      },
    };
  }

  async clearSpace(space: Space): Promise<void> {
    await power(this.#disk);
    const prefix = runKey(space, '');
    for (const name of [...this.#disk.runs.keys()]) if (name.startsWith(prefix)) this.#disk.runs.delete(name);
  }

  async getMeta(): Promise<Buffer | undefined> {
    return this.#disk.runs.get(runKey(META_SPACE, 'meta'));
  }

  async setMeta(value: Buffer): Promise<void> {
    await power(this.#disk);
    this.#disk.runs.set(runKey(META_SPACE, 'meta'), value);
  }

  async spaces(): Promise<Space[]> {
    const found = new Set<Space>();
    for (const name of this.#disk.runs.keys()) found.add(Buffer.from(name, 'latin1').readUInt32BE(0));
    found.delete(META_SPACE);
    return [...found];
  }

  async approximateBytes(): Promise<number> {
    return 1000;
  }

  async close(): Promise<void> {}
}

function runKey(space: Space, key: Key): string {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32BE(space);
  return prefix.toString('latin1') + key;
}

/** Resolves after a sync, never when the power fails. */
async function power(disk: SimulatedDisk): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  if (disk.countSync()) await new Promise(() => undefined);
}
