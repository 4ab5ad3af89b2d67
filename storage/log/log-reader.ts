/**
 * LogReader: records of the commit log in order, across segments, read in large pieces. Used by
 * recovery, by the flush to sorted runs, and by followers of the change log.
 */
import { StorageError } from '../contract/index.ts';
import type { Disk, DiskFile } from '../io/disk.ts';
import { RecordWalker } from './record.ts';
import { checkSegmentHeader, listSegments, SEGMENT_HEADER_BYTES, segmentPath } from './segments.ts';

const READ_BYTES = 1 << 20;

export interface LogPosition {
  readonly segment: number;
  readonly offset: number;
}

export const LOG_START: LogPosition = { segment: 0, offset: 0 };

export class LogReader {
  readonly walker = new RecordWalker();
  readonly #disk: Disk;
  readonly #directory: string;
  #file: DiskFile | undefined;
  /** Segment being read; 0 = none yet. */
  segment = 0;
  /** File offset of the walker's buffer start. */
  #base = 0;
  #buffer = Buffer.allocUnsafe(READ_BYTES);
  readonly #startAt: LogPosition;
  /** The first place where a record was begun but is not whole: where a crash cut the log, or damage. */
  torn: LogPosition | undefined = undefined;

  constructor(disk: Disk, directory: string, from: LogPosition) {
    this.#disk = disk;
    this.#directory = directory;
    this.#startAt = from;
  }

  /** Where the walker's next record begins. */
  get position(): LogPosition {
    if (this.segment === 0) return this.#startAt;
    return { segment: this.segment, offset: this.#base + this.walker.position };
  }

  /** Where the walker's current record began. */
  get recordPosition(): LogPosition {
    return { segment: this.segment, offset: this.#base + this.walker.start };
  }

  /**
   * Steps to the next record if the bytes at hand hold it. When false, `await fill()` and try again;
   * `fill` answers false at the end of the log.
   */
  step(): boolean {
    return this.segment !== 0 && this.walker.step();
  }

  async fill(): Promise<boolean> {
    if (this.segment === 0) return this.#openFrom(this.#startAt);
    const walker = this.walker;
    if (walker.stop === 'more') {
      if (await this.#readMore(walker.missing)) return true;
    }
    if (walker.stop === 'damaged' || (walker.stop === 'more' && this.#restIsWritten())) this.torn ??= this.position;
    return this.#nextSegment();
  }

  /** Is there anything but zeros after the last whole record? */
  #restIsWritten(): boolean {
    const { buffer, position, limit } = this.walker;
    for (let i = position; i < limit; i++) if (buffer[i] !== 0) return true;
    return false;
  }

  close(): void {
    this.#file?.closeSync();
    this.#file = undefined;
  }

  #openFrom(from: LogPosition): boolean {
    for (const number of listSegments(this.#disk, this.#directory)) {
      if (number < from.segment) continue;
      if (this.#open(number, number === from.segment ? from.offset : 0)) return true;
    }
    return false;
  }

  /**
   * A segment without a whole header is one whose creation a crash cut short: it holds nothing. (Were it
   * damage, the stamps that follow would not join up, which recovery checks.)
   */
  #nextSegment(): boolean {
    for (const number of listSegments(this.#disk, this.#directory)) {
      if (number > this.segment && this.#open(number, 0)) return true;
    }
    return false;
  }

  #open(number: number, offset: number): boolean {
    const file = this.#disk.open(segmentPath(this.#directory, number), 'read');
    if (!checkSegmentHeader(file, number)) {
      file.closeSync();
      return false;
    }
    this.#file?.closeSync();
    this.#file = file;
    this.segment = number;
    this.#base = Math.max(offset, SEGMENT_HEADER_BYTES);
    this.walker.buffer = this.#buffer;
    this.walker.limit = 0;
    this.walker.position = 0;
    this.walker.stop = 'more';
    return true;
  }

  /** Keeps the unread rest, reads on until `wanted` bytes are there; false when the file ends before. */
  async #readMore(wanted: number): Promise<boolean> {
    const walker = this.walker;
    const rest = walker.limit - walker.position;
    const size = Math.max(READ_BYTES, wanted);
    const target = this.#buffer.length >= size && walker.position >= 0 ? this.#buffer : Buffer.allocUnsafe(size);
    this.#buffer.copy(target, 0, walker.position, walker.limit);
    this.#buffer = target;
    this.#base += walker.position;
    walker.buffer = target;
    walker.position = 0;
    walker.limit = rest;
    const count = await this.#read(target.subarray(rest), target.length - rest, this.#base + rest);
    walker.limit = rest + count;
    return walker.limit >= wanted && count > 0;
  }

  #read(into: Buffer, length: number, position: number): Promise<number> {
    const file = this.#file;
    if (file === undefined) return Promise.reject(new StorageError('conflict', 'log reader is closed'));
    return new Promise((resolve, reject) => {
      file.read(into, length, position, (error, count) => (error === null ? resolve(count) : reject(error)));
    });
  }
}
