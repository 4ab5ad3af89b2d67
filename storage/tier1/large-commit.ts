/**
 * A commit too large for one record: logged in parts and installed in slices, so that neither holds
 * the thread. Its versions carry a commit that is not visible; the final part, which has the stamp,
 * makes all of it count on disk, and setting the commit's stamp makes all of it visible in memory.
 */
import type {
  ChangedRows,
  CommitCallback,
  Durability,
  Key,
  RowCodec,
  Space,
  StoredRow,
  WriteSet,
} from '../contract/index.ts';
import { Commit, UNCOMMITTED, versionBytes, type Entry, type SpaceTable } from '../memory/space-table.ts';
import { beginRecord, OP_DELETE, OP_PUT, RECORD_HEADER_BYTES } from '../log/record.ts';
import type { ByteWriter } from '../contract/index.ts';
import { PART_BYTES, SLICE_OPERATIONS } from './options.ts';

/** Log bytes waiting to be written beyond which the next slice waits. */
export const MAX_WAITING_LOG_BYTES = 8 << 20;

export interface LargeCommitHost {
  table(space: Space): SpaceTable;
  oldest(): number;
  writer(): ByteWriter;
  /** Ends the part begun at `start`. */
  finishPart(start: number, id: Uint8Array, operations: number): void;
  /** Everything is installed and logged but the final part. */
  finished(commit: LargeCommit): void;
  failed(commit: LargeCommit, error: Error): void;
  /** The reason why commits fail, once they do. */
  failure(): Error | undefined;
  /** Calls back when the log took what waits. */
  afterGroup(action: () => void): void;
}

export class LargeCommit {
  readonly writes: WriteSet;
  readonly durability: Durability;
  readonly callback: CommitCallback;
  readonly id: Uint8Array;
  readonly commit = new Commit(UNCOMMITTED);
  /** Entries with older versions, or deleted: for the collector once visible. */
  readonly supersededTables: SpaceTable[] = [];
  readonly superseded: Entry[] = [];
  bytes = 0;
  readonly #codec: RowCodec;
  readonly #host: LargeCommitHost;
  readonly #spaces: Iterator<[Space, ChangedRows]>;
  #table: SpaceTable | undefined = undefined;
  #rows: Iterator<[Key, StoredRow | null]> | undefined = undefined;
  #installed = 0;

  constructor(
    codec: RowCodec,
    host: LargeCommitHost,
    writes: WriteSet,
    durability: Durability,
    callback: CommitCallback,
    id: Uint8Array,
  ) {
    this.#codec = codec;
    this.#host = host;
    this.writes = writes;
    this.durability = durability;
    this.callback = callback;
    this.id = id;
    this.#spaces = writes.spaces.entries()[Symbol.iterator]();
  }

  readonly step = (): void => {
    const failure = this.#host.failure();
    if (failure !== undefined) {
      this.#undo();
      this.#host.failed(this, failure);
      return;
    }
    const writer = this.#host.writer();
    if (writer.length > MAX_WAITING_LOG_BYTES) {
      this.#host.afterGroup(this.step);
      return;
    }
    const start = beginRecord(writer);
    let operations = 0;
    let more = true;
    try {
      while (operations < SLICE_OPERATIONS && writer.length - start < PART_BYTES) {
        more = this.#one(writer);
        if (!more) break;
        operations++;
      }
    } catch (error) {
      writer.length = start;
      this.#undo();
      this.#host.failed(this, error as Error);
      return;
    }
    if (operations > 0) {
      this.bytes += writer.length - start - RECORD_HEADER_BYTES;
      this.#host.finishPart(start, this.id, operations);
    } else {
      writer.length = start;
    }
    if (more) setImmediate(this.step);
    else this.#host.finished(this);
  };

  /** Logs and installs one operation; false when there is none left. */
  #one(writer: ByteWriter): boolean {
    for (;;) {
      const next = this.#rows?.next();
      if (next !== undefined && next.done !== true) {
        const [key, row] = next.value;
        const table = this.#table!;
        const before = writer.length;
        encodeOperation(writer, table.space, key, row, this.#codec);
        this.#installed++;
        const bytes = versionBytes(key, writer.length - before);
        const entry = table.install(key, row, bytes, this.commit, this.#host.oldest());
        if (entry !== undefined) {
          this.supersededTables.push(table);
          this.superseded.push(entry);
        }
        return true;
      }
      const space = this.#spaces.next();
      if (space.done === true) return false;
      this.#table = this.#host.table(space.value[0]);
      this.#rows = space.value[1].entries()[Symbol.iterator]();
    }
  }

  #undo(): void {
    let left = this.#installed;
    for (const [space, rows] of this.writes.spaces) {
      const table = this.#host.table(space);
      for (const key of rows.keys()) {
        if (left-- <= 0) return;
        table.uninstall(key, this.commit);
      }
    }
  }
}

/** Appends one put or delete. */
export function encodeOperation(
  writer: ByteWriter,
  space: Space,
  key: Key,
  row: StoredRow | null,
  codec: RowCodec,
): void {
  writer.u8(row === null ? OP_DELETE : OP_PUT);
  writer.u32(space);
  writer.varint(key.length);
  writer.binary(key);
  if (row === null) return;
  const at = writer.skip(4);
  codec.encode(space, row, writer);
  const length = writer.length - at - 4;
  const { buffer } = writer;
  buffer[at] = length;
  buffer[at + 1] = length >>> 8;
  buffer[at + 2] = length >>> 16;
  buffer[at + 3] = length >>> 24;
}
