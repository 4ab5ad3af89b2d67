/**
 * NetworkWriter: the growing output buffer of one client connection; integers are big-endian, or
 * little-endian where the name says so. Messages are written
 * one after the other into a slab; `take` hands everything written since the last call to the socket
 * without copying it, and writing goes on in the rest of the slab.
 */

const DEFAULT_SLAB_BYTES = 16 * 1024;
/** A slab that grew past this for one big answer is not kept. */
const MAX_KEPT_SLAB_BYTES = 256 * 1024;
/** Below this many characters a loop beats the call into native code. */
const SHORT_TEXT = 24;

/** More output than a connection may hold at once. */
export class OutputLimitError extends Error {}

export class NetworkWriter {
  /** The slab; the unsent bytes are start .. position. */
  bytes: Buffer;
  start = 0;
  position = 0;
  readonly #slabBytes: number;
  readonly #limit: number;

  constructor(slabBytes = DEFAULT_SLAB_BYTES, limit = 0x7fff_0000) {
    this.#slabBytes = slabBytes;
    this.#limit = limit;
    this.bytes = Buffer.allocUnsafeSlow(slabBytes);
  }

  /** Bytes written and not yet taken. */
  get pending(): number {
    return this.position - this.start;
  }

  /** Makes room for `more` bytes; offsets handed out before move together with the data. */
  reserve(more: number): void {
    if (this.position + more > this.bytes.length) this.#grow(more);
  }

  #grow(more: number): void {
    const used = this.position - this.start;
    const needed = used + more;
    if (needed > this.#limit) throw new OutputLimitError('output buffer full');
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#slabBytes, needed * 2));
    this.bytes.copy(grown, 0, this.start, this.position);
    this.bytes = grown;
    this.start = 0;
    this.position = used;
  }

  /** The unsent bytes. They are never written to again. */
  take(): Buffer {
    const taken = this.bytes.subarray(this.start, this.position);
    this.start = this.position;
    if (this.bytes.length > MAX_KEPT_SLAB_BYTES || this.bytes.length - this.position < this.#slabBytes >> 2) {
      this.bytes = Buffer.allocUnsafeSlow(this.#slabBytes);
      this.start = 0;
      this.position = 0;
    }
    return taken;
  }

  /** Offset relative to the unsent bytes: stays right when the slab is replaced by a larger one. */
  mark(): number {
    return this.position - this.start;
  }

  /** Drops what was written after `mark`. */
  rewind(mark: number): void {
    this.position = this.start + mark;
  }

  u8(value: number): void {
    if (this.position === this.bytes.length) this.#grow(1);
    this.bytes[this.position++] = value;
  }

  i16(value: number): void {
    this.reserve(2);
    const bytes = this.bytes;
    bytes[this.position++] = value >>> 8;
    bytes[this.position++] = value;
  }

  i32(value: number): void {
    this.reserve(4);
    const bytes = this.bytes;
    const at = this.position;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
    this.position = at + 4;
  }

  i64(value: bigint): void {
    this.reserve(8);
    this.bytes.writeBigInt64BE(BigInt.asIntN(64, value), this.position);
    this.position += 8;
  }

  f32(value: number): void {
    this.reserve(4);
    this.bytes.writeFloatBE(value, this.position);
    this.position += 4;
  }

  f64(value: number): void {
    this.reserve(8);
    this.bytes.writeDoubleBE(value, this.position);
    this.position += 8;
  }

  u16le(value: number): void {
    this.reserve(2);
    const bytes = this.bytes;
    bytes[this.position++] = value;
    bytes[this.position++] = value >>> 8;
  }

  u24le(value: number): void {
    this.u16le(value);
    this.u8(value >>> 16);
  }

  u32le(value: number): void {
    this.u16le(value);
    this.u16le(value >>> 16);
  }

  u64le(value: bigint): void {
    this.reserve(8);
    this.bytes.writeBigUInt64LE(BigInt.asUintN(64, value), this.position);
    this.position += 8;
  }

  f32le(value: number): void {
    this.reserve(4);
    this.position = this.bytes.writeFloatLE(value, this.position);
  }

  f64le(value: number): void {
    this.reserve(8);
    this.position = this.bytes.writeDoubleLE(value, this.position);
  }

  /** Overwrites four bytes at a mark. */
  setI32(mark: number, value: number): void {
    const bytes = this.bytes;
    const at = this.start + mark;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
  }

  raw(source: Uint8Array): void {
    this.reserve(source.length);
    this.bytes.set(source, this.position);
    this.position += source.length;
  }

  /** UTF-8 without length or terminator; answers the number of bytes. */
  utf8(text: string): number {
    const length = text.length;
    this.reserve(length * 3);
    const at = this.position;
    if (length <= SHORT_TEXT) {
      const bytes = this.bytes;
      let index = 0;
      for (; index < length; index++) {
        const code = text.charCodeAt(index);
        if (code > 127) break;
        bytes[at + index] = code;
      }
      if (index === length) {
        this.position = at + length;
        return length;
      }
    }
    const written = this.bytes.write(text, at);
    this.position = at + written;
    return written;
  }

  /** Text of one-byte characters. */
  ascii(text: string): number {
    const length = text.length;
    this.reserve(length);
    const at = this.position;
    if (length <= SHORT_TEXT) {
      const bytes = this.bytes;
      for (let index = 0; index < length; index++) bytes[at + index] = text.charCodeAt(index);
    } else {
      this.bytes.write(text, at, 'latin1');
    }
    this.position = at + length;
    return length;
  }

  /** Zero-terminated text; a zero inside would end it early and is dropped with what follows. */
  cstring(text: string): void {
    const zero = text.indexOf('\0');
    this.utf8(zero < 0 ? text : text.slice(0, zero));
    this.u8(0);
  }
}

/** Starts a message of one type byte and a length; answers the mark for `endMessage`. */
export function beginMessage(writer: NetworkWriter, type: number): number {
  writer.reserve(5);
  writer.bytes[writer.position] = type;
  const mark = writer.mark() + 1;
  writer.position += 5;
  return mark;
}

/** Writes the length (which counts itself, not the type) over the mark. */
export function endMessage(writer: NetworkWriter, mark: number): void {
  writer.setI32(mark, writer.mark() - mark);
}
