/**
 * SortedRuns over classic-level (LevelDB): bloom filters, compaction and compression are native.
 */
import { ClassicLevel, type ChainedBatch, type Iterator as LevelIterator } from 'classic-level';
import { StorageError, type Key, type Space } from '../contract/index.ts';
import { SyncPageReader } from './page-reader.ts';
import {
  META_SPACE,
  SPACE_BYTES,
  VALUE_STAMP_BYTES,
  type RunBatch,
  type RunPage,
  type RunPages,
  type RunRange,
  type SortedRuns,
} from './sorted-runs.ts';

const PAGE_ROWS = 1000;
const PAGE_BYTES = 256 * 1024;
const META_KEY = 'state';

type Level = ClassicLevel<Buffer, Buffer>;

export interface LevelOptions {
  /** Cache of uncompressed blocks. */
  readonly cacheBytes: number;
  readonly writeBufferBytes: number;
}

function levelKey(space: Space, key: Key): Buffer {
  const bytes = Buffer.allocUnsafe(SPACE_BYTES + key.length);
  bytes.writeUInt32BE(space, 0);
  bytes.write(key, SPACE_BYTES, 'latin1');
  return bytes;
}

function boundsOf(range: RunRange): { gt?: Buffer; gte?: Buffer; lt?: Buffer; lte?: Buffer } {
  const low = levelKey(range.space, range.low);
  const bounds: { gt?: Buffer; gte?: Buffer; lt?: Buffer; lte?: Buffer } = range.lowInclusive
    ? { gte: low }
    : { gt: low };
  if (range.high === undefined) bounds.lt = levelKey(range.space + 1, '');
  else if (range.highInclusive) bounds.lte = levelKey(range.space, range.high);
  else bounds.lt = levelKey(range.space, range.high);
  return bounds;
}

/** Maps the library's errors to ours. */
function levelError(error: unknown): StorageError {
  const code = (error as { code?: string }).code ?? '';
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  const text = cause?.message ?? (error instanceof Error ? error.message : String(error));
  if (code === 'LEVEL_LOCKED' || cause?.code === 'LEVEL_LOCKED') return new StorageError('locked', text, error);
  if (code === 'LEVEL_CORRUPTION' || cause?.code === 'LEVEL_CORRUPTION')
    return new StorageError('corruption', text, error);
  return new StorageError(/no space/i.test(text) ? 'full' : 'io', text, error);
}

async function guard<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw levelError(error);
  }
}

export async function openLevelRuns(path: string, options: LevelOptions): Promise<SortedRuns> {
  const level: Level = new ClassicLevel(path, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    cacheSize: options.cacheBytes,
    writeBufferSize: options.writeBufferBytes,
    maxFileSize: 8 << 20,
    // The flush worker opens the same database from its thread.
    multithreading: true,
  });
  await guard(level.open());
  return new LevelRuns(level);
}

class LevelRuns implements SortedRuns {
  readonly #level: Level;
  #closed = false;
  #reader: SyncPageReader | undefined = undefined;

  constructor(level: Level) {
    this.#level = level;
  }

  getSync(space: Space, key: Key): Buffer | undefined {
    try {
      return this.#level.getSync(levelKey(space, key));
    } catch (error) {
      throw levelError(error);
    }
  }

  pages(range: RunRange): RunPages {
    return new LevelPages(this.#level, range);
  }

  pageSync(range: RunRange): RunPage {
    this.#reader ??= new SyncPageReader(this.#level.location);
    const page = this.#reader.read({ ...boundsOf(range), reverse: range.reverse });
    return { keys: page.keys.map((key) => key.toString('latin1', SPACE_BYTES)), values: page.values, last: page.last };
  }

  batch(): RunBatch {
    return new LevelBatch(this.#level);
  }

  async clearSpace(space: Space): Promise<void> {
    await guard(this.#level.clear({ gte: levelKey(space, ''), lt: levelKey(space + 1, '') }));
  }

  getMeta(): Promise<Buffer | undefined> {
    return guard(this.#level.get(levelKey(META_SPACE, META_KEY)));
  }

  async setMeta(value: Buffer): Promise<void> {
    await guard(this.#level.put(levelKey(META_SPACE, META_KEY), value, { sync: true }));
  }

  async spaces(): Promise<Space[]> {
    const found: Space[] = [];
    const iterator = this.#level.keys({ highWaterMarkBytes: 0 });
    try {
      let key = await iterator.next();
      while (key !== undefined) {
        const space = key.readUInt32BE(0);
        if (space === META_SPACE) break;
        found.push(space);
        iterator.seek(levelKey(space + 1, ''));
        key = await iterator.next();
      }
    } catch (error) {
      throw levelError(error);
    } finally {
      await iterator.close();
    }
    return found;
  }

  approximateBytes(space: Space): Promise<number> {
    return guard(this.#level.approximateSize(levelKey(space, ''), levelKey(space + 1, '')));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#reader?.close();
    await guard(this.#level.close());
  }
}

class LevelBatch implements RunBatch {
  readonly #batch: ChainedBatch<Level, Buffer, Buffer>;
  #key = Buffer.allocUnsafe(256);
  #value = Buffer.allocUnsafe(4096);
  bytes = 0;

  constructor(level: Level) {
    this.#batch = level.batch();
  }

  put(space: Space, key: Buffer, stamp: number, row: Buffer): void {
    const valueBytes = VALUE_STAMP_BYTES + row.length;
    if (this.#value.length < valueBytes) this.#value = Buffer.allocUnsafe(valueBytes * 2);
    this.#value.writeUIntLE(stamp, 0, VALUE_STAMP_BYTES);
    row.copy(this.#value, VALUE_STAMP_BYTES);
    // The native batch copies both at once, so the scratch buffers can be reused.
    this.#batch.put(this.#keyOf(space, key), this.#value.subarray(0, valueBytes));
    this.bytes += SPACE_BYTES + key.length + valueBytes;
  }

  delete(space: Space, key: Buffer): void {
    this.#batch.del(this.#keyOf(space, key));
    this.bytes += SPACE_BYTES + key.length;
  }

  async write(): Promise<void> {
    await guard(this.#batch.write({ sync: true }));
  }

  #keyOf(space: Space, key: Buffer): Buffer {
    const size = SPACE_BYTES + key.length;
    if (this.#key.length < size) this.#key = Buffer.allocUnsafe(size * 2);
    this.#key.writeUInt32BE(space, 0);
    key.copy(this.#key, SPACE_BYTES);
    return this.#key.subarray(0, size);
  }
}

class LevelPages implements RunPages {
  readonly #iterator: LevelIterator<Level, Buffer, Buffer>;
  #closed = false;

  constructor(level: Level, range: RunRange) {
    this.#iterator = level.iterator({ ...boundsOf(range), reverse: range.reverse, highWaterMarkBytes: PAGE_BYTES });
  }

  async next(): Promise<RunPage> {
    const pairs = await guard(this.#iterator.nextv(PAGE_ROWS));
    const keys: Key[] = [];
    const values: Buffer[] = [];
    for (const [key, value] of pairs) {
      keys.push(key.toString('latin1', SPACE_BYTES));
      values.push(value);
    }
    // nextv answers fewer than asked when the byte limit is reached, none only at the end.
    return { keys, values, last: pairs.length === 0 };
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#iterator.close().catch(() => undefined);
  }
}
