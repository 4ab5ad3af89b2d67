/**
 * NetworkReader: walks one received message; integers are big-endian, or little-endian where the name
 * says so. Every read is checked against the end of the
 * message, so hostile bytes can only raise MalformedMessage.
 */
import { textWithRawBytes } from '../../sblr/contract/text/raw-bytes.ts';

/** The bytes of a message do not have the layout of its type. */
export class MalformedMessage extends Error {}

/** The native string readers of Buffer, without the argument handling of toString. */
interface SliceBuffer extends Buffer {
  utf8Slice(start: number, end: number): string;
  latin1Slice(start: number, end: number): string;
}

const NO_BYTES = Buffer.alloc(0);
const REPLACEMENT = '\ufffd';

export class NetworkReader {
  #bytes = NO_BYTES as SliceBuffer;
  position = 0;
  end = 0;

  reset(bytes: Buffer, position: number, end: number): void {
    this.#bytes = bytes as SliceBuffer;
    this.position = position;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  #take(count: number): number {
    const at = this.position;
    if (count < 0 || count > this.end - at) throw new MalformedMessage('insufficient data left in message');
    this.position = at + count;
    return at;
  }

  u8(): number {
    return this.#bytes[this.#take(1)] as number;
  }

  i16(): number {
    return this.#bytes.readInt16BE(this.#take(2));
  }

  u16(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  i32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  i64(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8));
  }

  f32(): number {
    return this.#bytes.readFloatBE(this.#take(4));
  }

  f64(): number {
    return this.#bytes.readDoubleBE(this.#take(8));
  }

  u16le(): number {
    return this.#bytes.readUInt16LE(this.#take(2));
  }

  u24le(): number {
    return this.#bytes.readUIntLE(this.#take(3), 3);
  }

  i32le(): number {
    return this.#bytes.readInt32LE(this.#take(4));
  }

  u32le(): number {
    return this.#bytes.readUInt32LE(this.#take(4));
  }

  i64le(): bigint {
    return this.#bytes.readBigInt64LE(this.#take(8));
  }

  u64le(): bigint {
    return this.#bytes.readBigUInt64LE(this.#take(8));
  }

  f32le(): number {
    return this.#bytes.readFloatLE(this.#take(4));
  }

  f64le(): number {
    return this.#bytes.readDoubleLE(this.#take(8));
  }

  skip(count: number): void {
    this.#take(count);
  }

  /** A view of the next bytes; only valid until the input buffer moves on. */
  view(count: number): Buffer {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }

  /** A copy of the next bytes. */
  copy(count: number): Buffer {
    return Buffer.from(this.view(count));
  }

  utf8(count: number): string {
    const at = this.#take(count);
    return decodeUtf8(this.#bytes, at, at + count);
  }

  /** Text of a statement, in whose strings there may be bytes that are no UTF-8 (sblr/contract/text/raw-bytes.ts). */
  statementText(count: number): string {
    const bytes = this.view(count);
    try {
      return decodeUtf8(bytes, 0, count);
    } catch (error) {
      if (error instanceof InvalidUtf8) return textWithRawBytes(bytes);
      throw error;
    }
  }

  /** Zero-terminated text. */
  cstring(): string {
    const zero = this.#bytes.indexOf(0, this.position);
    if (zero < 0 || zero >= this.end) throw new MalformedMessage('invalid string in message');
    const text = decodeUtf8(this.#bytes, this.position, zero);
    this.position = zero + 1;
    return text;
  }

  expectEnd(): void {
    if (this.position !== this.end) throw new MalformedMessage('invalid message format');
  }
}

/** Bytes that are not UTF-8. */
export class InvalidUtf8 extends Error {}

/** Strict: what is not UTF-8 raises InvalidUtf8 (a lenient decoder would store other text than was sent). */
export function decodeUtf8(bytes: Buffer, start: number, end: number): string {
  if (start === end) return '';
  const text = (bytes as SliceBuffer).utf8Slice(start, end);
  // A replacement character is a decoding failure unless the client really sent one.
  if (text.includes(REPLACEMENT) && Buffer.compare(Buffer.from(text), bytes.subarray(start, end)) !== 0) {
    throw new InvalidUtf8('invalid byte sequence for encoding "UTF8"');
  }
  return text;
}
