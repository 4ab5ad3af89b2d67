/**
 * ByteWriter: a growing little-endian buffer, reused from message to message. Everything binary that
 * leaves a process (programs, row blocks, frames) is written through one.
 */
import { SqlError } from './sql-error.ts';

/** Below this many characters a loop beats the call into native code. */
const SHORT_TEXT = 32;
const INITIAL_CAPACITY = 1 << 10;
/** No message grows past this. */
export const MAX_WRITER_BYTES = 1 << 30;

const TWO_32 = 4294967296;

export class ByteWriter {
  /** The storage; only the first `position` bytes are written. Replaced when it grows. */
  bytes: Buffer;
  position = 0;
  #view: DataView;
  readonly #limit: number;

  constructor(capacity = INITIAL_CAPACITY, limit = MAX_WRITER_BYTES) {
    this.bytes = Buffer.allocUnsafeSlow(capacity);
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, capacity);
    this.#limit = limit;
  }

  /** Starts again at 0 with storage of its own; what was handed out before stays as it is. */
  replaceStorage(capacity: number): void {
    this.bytes = Buffer.allocUnsafeSlow(capacity);
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, capacity);
    this.position = 0;
  }

  reserve(more: number): void {
    if (this.position + more > this.bytes.length) this.#grow(more);
  }

  #grow(more: number): void {
    const needed = this.position + more;
    if (needed > this.#limit) {
      throw new SqlError('program_limit_exceeded', {
        message: `message of more than ${this.#limit} bytes`,
        variant: 'message_size',
        args: { limit: this.#limit },
      });
    }
    const grown = Buffer.allocUnsafeSlow(Math.min(this.#limit, Math.max(needed, this.bytes.length * 2)));
    this.bytes.copy(grown, 0, 0, this.position);
    this.bytes = grown;
    this.#view = new DataView(grown.buffer, grown.byteOffset, grown.length);
  }

  u8(value: number): void {
    if (this.position === this.bytes.length) this.#grow(1);
    this.bytes[this.position++] = value;
  }

  bool(value: boolean): void {
    this.u8(value ? 1 : 0);
  }

  u16(value: number): void {
    this.reserve(2);
    const at = this.position;
    this.bytes[at] = value;
    this.bytes[at + 1] = value >>> 8;
    this.position = at + 2;
  }

  u32(value: number): void {
    this.reserve(4);
    this.setU32(this.position, value);
    this.position += 4;
  }

  i32(value: number): void {
    this.u32(value);
  }

  /** Overwrites four bytes already written: lengths that are known only afterwards. */
  setU32(at: number, value: number): void {
    const bytes = this.bytes;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
  }

  /** A 64-bit integer from a safe number or any bigint (modulo 2^64: callers check the range). */
  i64(value: number | bigint): void {
    this.reserve(8);
    const at = this.position;
    if (typeof value === 'number') {
      const high = Math.floor(value / TWO_32);
      this.setU32(at, value - high * TWO_32);
      this.setU32(at + 4, high);
    } else {
      this.#view.setBigInt64(at, BigInt.asIntN(64, value), true);
    }
    this.position = at + 8;
  }

  f64(value: number): void {
    this.reserve(8);
    this.#view.setFloat64(this.position, value, true);
    this.position += 8;
  }

  raw(source: Uint8Array): void {
    this.reserve(source.length);
    this.bytes.set(source, this.position);
    this.position += source.length;
  }

  zeros(count: number): void {
    this.reserve(count);
    this.bytes.fill(0, this.position, this.position + count);
    this.position += count;
  }

  /** UTF-8 without a length; answers the number of bytes. */
  utf8(text: string): number {
    const length = text.length;
    this.reserve(length * 3);
    const start = this.position;
    if (length <= SHORT_TEXT) {
      const bytes = this.bytes;
      let index = 0;
      for (; index < length; index++) {
        const code = text.charCodeAt(index);
        if (code > 127) break;
        bytes[start + index] = code;
      }
      if (index === length) {
        this.position = start + length;
        return length;
      }
    }
    const written = this.bytes.write(text, start);
    this.position = start + written;
    return written;
  }

  /** u32 byte length, then UTF-8. */
  text(text: string): void {
    this.reserve(4);
    const at = this.position;
    this.position = at + 4;
    const written = this.utf8(text);
    this.setU32(at, written);
  }

  /** u32 length, then the bytes. */
  blob(source: Uint8Array): void {
    this.u32(source.length);
    this.raw(source);
  }

  /** A copy of what was written. */
  copy(): Buffer {
    return Buffer.from(this.bytes.subarray(0, this.position));
  }
}
