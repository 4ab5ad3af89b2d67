/**
 * The checksum of log records: CRC-32 (ISO-HDLC, as in zlib and PNG), which Node computes in native
 * code. CRC-32C would detect the same errors but has to be computed in JavaScript, at a tenth of the
 * speed, on the commit path.
 */
import { crc32 } from 'node:zlib';

export function checksum(buffer: Buffer, start: number, end: number): number {
  return crc32(buffer.subarray(start, end));
}
