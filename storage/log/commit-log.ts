/**
 * CommitLog: the writing side of the log. Records are encoded straight into the buffer of the next
 * group; a group is one write and one sync, with exactly one group in flight. Whoever commits
 * meanwhile joins the next. Files are filled with zeros ahead of the writing position, so that a sync
 * writes data only and no file metadata.
 *
 * A failed write or sync is final: what reached the disk is then unknown, so every later commit fails.
 */
import { ByteWriter, StorageError } from '../contract/index.ts';
import type { Clock } from '../io/clock.ts';
import type { Disk, DiskFile } from '../io/disk.ts';
import type { LogPosition } from './log-reader.ts';
import { listSegments, SEGMENT_HEADER_BYTES, segmentHeader, segmentPath } from './segments.ts';

/** A group buffer larger than this is given back after use. */
const KEEP_BUFFER_BYTES = 4 << 20;

export interface CommitLogOptions {
  readonly segmentBytes: number;
  /** Bytes zeroed ahead at a time. */
  readonly preallocateBytes: number;
}

export interface CommitLogEvents {
  /** The group with this number, and all before it, are durable. */
  durable(group: number): void;
  failed(error: StorageError): void;
}

interface Segment {
  readonly number: number;
  /** Highest stamp in it, known once written. */
  lastStamp: number;
  readonly createdMillis: number;
}

export class CommitLog {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #options: CommitLogOptions;
  readonly #events: CommitLogEvents;
  #file: DiskFile;
  #segmentNumber: number;
  #position: number;
  /** File bytes known to be zeroed or written. */
  #allocated: number;
  #allocating = false;
  readonly #segments: Segment[] = [];

  /** The group being filled. */
  writer = new ByteWriter(64 * 1024);
  #spare = new ByteWriter(64 * 1024);
  /** Number of the group being filled. */
  group = 1;
  #groupCommits = 0;
  #groupStamp = 0;
  #inFlightStamp = 0;
  /** The transactions up to this stamp are in the file. */
  durableStamp: number;
  #lastGroupCommits = 0;
  #inFlight = false;
  #scheduled = false;
  #failure: StorageError | undefined = undefined;
  #idle: (() => void) | undefined = undefined;
  syncs = 0;
  bytes = 0;

  constructor(
    disk: Disk,
    directory: string,
    clock: Clock,
    options: CommitLogOptions,
    events: CommitLogEvents,
    lastStamp: number,
  ) {
    this.#disk = disk;
    this.#directory = directory;
    this.#clock = clock;
    this.#options = options;
    this.#events = events;
    this.durableStamp = lastStamp;
    const existing = listSegments(disk, directory);
    for (const number of existing) this.#segments.push({ number, lastStamp, createdMillis: clock.nowMillis() });
    this.#segmentNumber = (existing.at(-1) ?? 0) + 1;
    this.#allocated = 0;
    this.#position = SEGMENT_HEADER_BYTES;
    this.#file = this.#create(this.#segmentNumber, Math.min(options.preallocateBytes, 256 * 1024));
  }

  get failure(): StorageError | undefined {
    return this.#failure;
  }

  /** Position of the next group. */
  get position(): LogPosition {
    return { segment: this.#segmentNumber, offset: this.#position };
  }

  /** A record of `stamp` (0 for parts) was added to `writer`. */
  added(stamp: number): void {
    this.#groupCommits++;
    if (stamp > 0) this.#groupStamp = stamp;
    this.#schedule();
  }

  /** Removes segments all of whose transactions have a stamp not above `stamp`. */
  removeUpTo(stamp: number, keep: LogPosition, olderThanMillis: number): void {
    let removed = false;
    while (this.#segments.length > 1) {
      const oldest = this.#segments[0]!;
      if (oldest.number >= keep.segment || oldest.lastStamp > stamp || oldest.createdMillis > olderThanMillis) break;
      this.#disk.remove(segmentPath(this.#directory, oldest.number));
      this.#segments.shift();
      removed = true;
    }
    if (removed) this.#disk.syncDirectory(this.#directory);
  }

  /** Bytes in all segments, roughly. */
  size(): number {
    return (this.#segments.length - 1) * this.#options.segmentBytes + this.#position;
  }

  /** Calls back when nothing is in flight or waiting. */
  whenIdle(callback: () => void): void {
    if (!this.#inFlight && this.writer.length === 0 && !this.#allocating) callback();
    else this.#idle = callback;
  }

  closeSync(): void {
    this.#file.closeSync();
  }

  #create(number: number, zeros: number): DiskFile {
    const file = this.#disk.open(segmentPath(this.#directory, number), 'create');
    const start = Buffer.alloc(Math.max(zeros, SEGMENT_HEADER_BYTES));
    segmentHeader(number, this.#clock.nowMicros()).copy(start);
    file.writeSync(start, 0, start.length, 0);
    file.syncSync();
    this.#disk.syncDirectory(this.#directory);
    this.#segments.push({ number, lastStamp: 0, createdMillis: this.#clock.nowMillis() });
    this.#allocated = start.length;
    return file;
  }

  #schedule(): void {
    if (this.#inFlight || this.#scheduled || this.#failure !== undefined) return;
    this.#scheduled = true;
    // After a group of several, more are likely to arrive within the tick: wait for them.
    if (this.#lastGroupCommits > 1) setImmediate(this.#start);
    else process.nextTick(this.#start);
  }

  readonly #start = (): void => {
    this.#scheduled = false;
    if (this.#inFlight || this.writer.length === 0 || this.#failure !== undefined) return;
    // Never write where zeros may still be on their way.
    const end = this.#position + this.writer.length;
    if (this.#allocating && (end > this.#allocated || end > this.#options.segmentBytes)) return;
    const full = this.writer;
    const group = this.group;
    try {
      this.#rotateIfFull(full.length);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.writer = this.#spare;
    this.writer.length = 0;
    this.#spare = full;
    this.group = group + 1;
    this.#lastGroupCommits = this.#groupCommits;
    this.#groupCommits = 0;
    if (this.#groupStamp > 0) this.#segments[this.#segments.length - 1]!.lastStamp = this.#groupStamp;
    this.#inFlight = true;
    this.#inFlightStamp = this.#groupStamp;
    const file = this.#file;
    const length = full.length;
    file.write(full.buffer, 0, length, this.#position, (error) => {
      if (error !== null) {
        this.#fail(error);
        return;
      }
      file.sync((syncError) => {
        if (syncError !== null) this.#fail(syncError);
        else this.#finished(group, length);
      });
    });
  };

  #finished(group: number, length: number): void {
    this.#position += length;
    this.bytes += length;
    if (this.#position > this.#allocated) this.#allocated = this.#position;
    this.syncs++;
    this.#inFlight = false;
    if (this.#inFlightStamp > 0) this.durableStamp = this.#inFlightStamp;
    if (this.#spare.buffer.length > KEEP_BUFFER_BYTES) this.#spare = new ByteWriter(64 * 1024);
    this.#events.durable(group);
    if (this.writer.length > 0) this.#schedule();
    this.#allocateAhead();
    this.#checkIdle();
  }

  #fail(cause: unknown): void {
    const error = cause instanceof StorageError ? cause : new StorageError('io', String(cause), cause);
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#inFlight = false;
    this.writer.length = 0;
    this.#events.failed(error);
    this.#checkIdle();
  }

  #rotateIfFull(length: number): void {
    if (this.#position === SEGMENT_HEADER_BYTES || this.#position + length <= this.#options.segmentBytes) return;
    const next = this.#create(this.#segmentNumber + 1, 64 * 1024);
    this.#file.closeSync();
    this.#file = next;
    this.#segmentNumber++;
    this.#position = SEGMENT_HEADER_BYTES;
  }

  #allocateAhead(): void {
    const chunk = this.#options.preallocateBytes;
    if (this.#allocating || this.#failure !== undefined) return;
    if (this.#allocated - this.#position > chunk / 2 || this.#allocated >= this.#options.segmentBytes) return;
    this.#allocating = true;
    const file = this.#file;
    const from = this.#allocated;
    const zeros = Buffer.alloc(chunk);
    file.write(zeros, 0, chunk, from, (error) => {
      this.#allocating = false;
      if (error !== null) {
        // A full disk shows with the next group, which fails in its turn.
      } else if (this.#file === file) {
        this.#allocated = from + chunk;
      }
      if (this.writer.length > 0) this.#schedule();
      this.#checkIdle();
    });
  }

  #checkIdle(): void {
    if (
      this.#idle === undefined ||
      this.#inFlight ||
      this.#allocating ||
      (this.writer.length > 0 && this.#failure === undefined)
    )
      return;
    const idle = this.#idle;
    this.#idle = undefined;
    idle();
  }
}
