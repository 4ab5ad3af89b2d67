/**
 * Segment files of the commit log: names, header, enumeration. Numbers only rise; a segment is never
 * reused, so old bytes can never be taken for new ones.
 */
import { StorageError } from '../contract/index.ts';
import type { Disk, DiskFile } from '../io/disk.ts';
import { checksum } from '../io/checksum.ts';

export const SEGMENT_HEADER_BYTES = 32;
const MAGIC = 'LYRLOG01';
const NAME_DIGITS = 12;

export function segmentPath(directory: string, number: number): string {
  return `${directory}/${String(number).padStart(NAME_DIGITS, '0')}.log`;
}

/** Numbers of the segments in `directory`, rising. */
export function listSegments(disk: Disk, directory: string): number[] {
  return disk
    .list(directory)
    .filter((name) => /^\d{12}\.log$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b);
}

/** magic 8, u48 number, 2 reserved, f64 creation time, 4 reserved, u32 checksum. */
export function segmentHeader(number: number, timestampMicros: number): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  header.write(MAGIC, 0, 'latin1');
  header.writeUIntLE(number, 8, 6);
  header.writeDoubleLE(timestampMicros, 16);
  header.writeUInt32LE(checksum(header, 0, SEGMENT_HEADER_BYTES - 4), SEGMENT_HEADER_BYTES - 4);
  return header;
}

/** Is the header whole? A segment whose creation was interrupted by a crash has none. */
export function checkSegmentHeader(file: DiskFile, number: number): boolean {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  if (file.readSync(header, SEGMENT_HEADER_BYTES, 0) < SEGMENT_HEADER_BYTES) return false;
  if (header.readUInt32LE(SEGMENT_HEADER_BYTES - 4) !== checksum(header, 0, SEGMENT_HEADER_BYTES - 4)) return false;
  if (header.toString('latin1', 0, 8) !== MAGIC)
    throw new StorageError('corruption', `${file.path} is not a log segment of this version`);
  if (header.readUIntLE(8, 6) !== number)
    throw new StorageError('corruption', `${file.path} carries another segment's number`);
  return true;
}
