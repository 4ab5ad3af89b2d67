/**
 * ByteReader: the counterpart of ByteWriter. Every read checks the bounds, so bytes of any origin can
 * be walked: what does not fit throws CodecError and nothing else.
 */
import { CodecError } from './codec-error.ts';
import { canonicalInteger } from './values.ts';

/** The native string readers of Buffer, which skip the argument handling of toString. */
interface SliceBuffer extends Buffer {
  utf8Slice(start: number, end: number): string;
  latin1Slice(start: number, end: number): string;
}

const TWO_32 = 4294967296;

/** A Buffer over the same memory. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export class ByteReader {
  bytes: SliceBuffer;
  position: number;
  /** First offset that may not be read. */
  end: number;

  constructor(bytes: Uint8Array, position = 0, end = bytes.length) {
    this.bytes = asBuffer(bytes) as SliceBuffer;
    this.position = position;
    this.end = end;
  }

  /** Starts again on other bytes: one reader serves all messages of a stream. */
  reset(bytes: Buffer, position: number, end: number): void {
    this.bytes = bytes as SliceBuffer;
    this.position = position;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  /** Moves past `count` bytes and answers where they start. */
  take(count: number): number {
    const at = this.position;
    if (count < 0 || count > this.end - at) throw new CodecError('truncated');
    this.position = at + count;
    return at;
  }

  u8(): number {
    return this.bytes[this.take(1)] as number;
  }

  bool(): boolean {
    const value = this.u8();
    if (value > 1) throw new CodecError('a flag is neither 0 nor 1');
    return value === 1;
  }

  u16(): number {
    const at = this.take(2);
    const { bytes } = this;
    return bytes[at]! | (bytes[at + 1]! << 8);
  }

  u32(): number {
    return this.#i32At(this.take(4)) >>> 0;
  }

  i32(): number {
    return this.#i32At(this.take(4));
  }

  /** A signed 64-bit integer: number when safe, else bigint. */
  i64(): number | bigint {
    const at = this.take(8);
    const high = this.#i32At(at + 4);
    if (high >= -2097152 && high < 2097152) {
      const value = high * TWO_32 + (this.#i32At(at) >>> 0);
      if (value >= -9007199254740991) return value;
    }
    return canonicalInteger(this.bytes.readBigInt64LE(at));
  }

  #i32At(at: number): number {
    const { bytes } = this;
    return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  }

  u64(): number | bigint {
    return canonicalInteger(this.bytes.readBigUInt64LE(this.take(8)));
  }

  f64(): number {
    return this.bytes.readDoubleLE(this.take(8));
  }

  /** A view of the next bytes, not a copy. */
  raw(count: number): Buffer {
    const at = this.take(count);
    return this.bytes.subarray(at, at + count);
  }

  /** A view of all bytes that are left. */
  rest(): Buffer {
    return this.raw(this.end - this.position);
  }

  utf8(count: number): string {
    const at = this.take(count);
    return count === 0 ? '' : this.bytes.utf8Slice(at, at + count);
  }

  latin1(count: number): string {
    const at = this.take(count);
    return this.bytes.latin1Slice(at, at + count);
  }

  text(): string {
    return this.utf8(this.u32());
  }

  /** u32 length, then the bytes: a view like `raw`. */
  blob(): Buffer {
    return this.raw(this.u32());
  }

  /** A u32 count of items that take at least `itemBytes` each: a lying count is refused before anything is allocated. */
  count(itemBytes: number): number {
    const count = this.u32();
    if (count * itemBytes > this.end - this.position) throw new CodecError('a count exceeds the bytes there are');
    return count;
  }

  expectEnd(): void {
    if (this.position !== this.end) throw new CodecError('bytes after the end');
  }
}
