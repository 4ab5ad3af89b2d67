/**
 * ByteWriter: a growable byte buffer that rows, keys and log records are encoded into, without an
 * object per value. Little-endian throughout; memcomparable keys are strings and not written here.
 *
 * Encoders may also reserve space (`skip`) and patch it later through `buffer`, but must re-read
 * `buffer` after any write: it moves when it grows.
 */
const INITIAL_BYTES = 4096;
/** Below this length a loop over the characters beats the call into native code. */
const SHORT_TEXT = 40;

export class ByteWriter {
  buffer: Buffer;
  /** Bytes written so far; an encoder may move it back to undo. */
  length = 0;

  constructor(initialBytes: number = INITIAL_BYTES) {
    this.buffer = Buffer.allocUnsafe(initialBytes);
  }

  /** Makes room for `extra` more bytes. */
  reserve(extra: number): void {
    const needed = this.length + extra;
    if (needed <= this.buffer.length) return;
    let size = this.buffer.length * 2;
    while (size < needed) size *= 2;
    const grown = Buffer.allocUnsafe(size);
    this.buffer.copy(grown, 0, 0, this.length);
    this.buffer = grown;
  }

  /** Reserves `count` bytes to be patched later and returns their offset. */
  skip(count: number): number {
    this.reserve(count);
    const at = this.length;
    this.length = at + count;
    return at;
  }

  u8(value: number): void {
    if (this.length + 1 > this.buffer.length) this.reserve(1);
    this.buffer[this.length++] = value;
  }

  u16(value: number): void {
    if (this.length + 2 > this.buffer.length) this.reserve(2);
    const buffer = this.buffer;
    const at = this.length;
    buffer[at] = value;
    buffer[at + 1] = value >>> 8;
    this.length = at + 2;
  }

  /** Also for signed 32-bit values: the low 32 bits are written. */
  u32(value: number): void {
    if (this.length + 4 > this.buffer.length) this.reserve(4);
    const buffer = this.buffer;
    const at = this.length;
    buffer[at] = value;
    buffer[at + 1] = value >>> 8;
    buffer[at + 2] = value >>> 16;
    buffer[at + 3] = value >>> 24;
    this.length = at + 4;
  }

  /** A non-negative safe integer below 2^48. */
  u48(value: number): void {
    this.u32(value % 4294967296);
    this.u16(Math.floor(value / 4294967296));
  }

  f64(value: number): void {
    if (this.length + 8 > this.buffer.length) this.reserve(8);
    this.buffer.writeDoubleLE(value, this.length);
    this.length += 8;
  }

  i64(value: bigint): void {
    if (this.length + 8 > this.buffer.length) this.reserve(8);
    this.buffer.writeBigInt64LE(BigInt.asIntN(64, value), this.length);
    this.length += 8;
  }

  /** Unsigned LEB128; `value` is a non-negative safe integer. */
  varint(value: number): void {
    if (this.length + 8 > this.buffer.length) this.reserve(8);
    const buffer = this.buffer;
    let at = this.length;
    let rest = value;
    while (rest >= 0x80000000) {
      buffer[at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 0x80) {
      buffer[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buffer[at++] = rest;
    this.length = at;
  }

  bytes(value: Uint8Array): void {
    this.reserve(value.length);
    this.buffer.set(value, this.length);
    this.length += value.length;
  }

  /** The code units of a binary string (all 0..255), without a length. */
  binary(value: string): void {
    const count = value.length;
    if (this.length + count > this.buffer.length) this.reserve(count);
    const buffer = this.buffer;
    const at = this.length;
    if (count <= SHORT_TEXT) {
      for (let i = 0; i < count; i++) buffer[at + i] = value.charCodeAt(i);
    } else {
      buffer.write(value, at, count, 'latin1');
    }
    this.length = at + count;
  }

  /** Byte length as varint, then the UTF-8 bytes. */
  text(value: string): void {
    const count = value.length;
    if (count < SHORT_TEXT) {
      // A short string is ASCII most of the time: one length byte, patched never.
      if (this.length + 1 + count * 3 > this.buffer.length) this.reserve(1 + count * 3);
      const buffer = this.buffer;
      const at = this.length + 1;
      let i = 0;
      for (; i < count; i++) {
        const code = value.charCodeAt(i);
        if (code > 0x7f) break;
        buffer[at + i] = code;
      }
      if (i === count) {
        buffer[at - 1] = count;
        this.length = at + count;
        return;
      }
    }
    const size = Buffer.byteLength(value, 'utf8');
    this.varint(size);
    this.reserve(size);
    this.buffer.write(value, this.length, size, 'utf8');
    this.length += size;
  }
}
