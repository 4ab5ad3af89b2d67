/**
 * Packets: the unit of this protocol. Every packet is a 3-byte little-endian length, a sequence number
 * that counts within one command, and the payload; a payload of 2^24-1 bytes or more is sent as several
 * packets, the last of which is shorter (MySQL protocol, "Packets"). PacketBuffer finds them in the input,
 * PacketWriter writes them.
 */
import type { NetworkReader } from '../shared/byte-reader.ts';
import type { NetworkWriter } from '../shared/byte-writer.ts';
import { StreamBuffer } from '../shared/framing.ts';
import { type CharacterSet, UTF8MB4 } from './character-sets.ts';

export const HEADER_BYTES = 4;
export const MAX_PACKET_PAYLOAD = 0xff_ffff;

export type PacketState = 'packet' | 'incomplete' | 'too_large' | 'out_of_order';

/** Payloads that come in one packet are looked at where they lie; only split ones are copied together. */
export class PacketBuffer extends StreamBuffer {
  /** Sequence number after the last packet found. */
  sequence = 0;
  /** The copy of a payload that came in several packets. */
  #joined: Buffer | undefined;

  /** Sets a reader to the payload found last. */
  open(reader: NetworkReader): void {
    if (this.#joined !== undefined) reader.reset(this.#joined, 0, this.#joined.length);
    else reader.reset(this.bytes, this.payloadStart, this.payloadEnd);
  }

  /** Looks for the next complete payload of at most `maxBytes`; `expected` = its first sequence number. */
  next(maxBytes: number, expected: number): PacketState {
    const { bytes, position, end } = this;
    let total = 0;
    let at = position;
    let sequence = expected;
    for (;;) {
      if (end - at < HEADER_BYTES) {
        this.needed = at - position + HEADER_BYTES;
        return 'incomplete';
      }
      const length = bytes.readUIntLE(at, 3);
      total += length;
      if (total > maxBytes) return 'too_large';
      if (bytes[at + 3] !== (sequence & 0xff)) return 'out_of_order';
      sequence++;
      at += HEADER_BYTES + length;
      this.needed = at - position;
      if (end < at) return 'incomplete';
      if (length < MAX_PACKET_PAYLOAD) break;
    }
    this.sequence = sequence & 0xff;
    this.payloadEnd = at;
    this.payloadStart = position + HEADER_BYTES;
    this.#joined = total < MAX_PACKET_PAYLOAD ? undefined : joined(bytes, position, total);
    return 'packet';
  }
}

function joined(bytes: Buffer, position: number, total: number): Buffer {
  const whole = Buffer.allocUnsafe(total);
  let at = position;
  for (let filled = 0; filled < total; ) {
    const length = bytes.readUIntLE(at, 3);
    bytes.copy(whole, filled, at + HEADER_BYTES, at + HEADER_BYTES + length);
    filled += length;
    at += HEADER_BYTES + length;
  }
  return whole;
}

/** Writes packets with ascending sequence numbers into a connection's output. */
export class PacketWriter {
  readonly out: NetworkWriter;
  sequence = 0;
  /** What the client reads text in. */
  set: CharacterSet = UTF8MB4;
  #mark = 0;

  constructor(out: NetworkWriter) {
    this.out = out;
  }

  begin(): void {
    this.#mark = this.out.mark();
    this.out.reserve(HEADER_BYTES);
    this.out.position += HEADER_BYTES;
  }

  end(): void {
    const { out } = this;
    const length = out.mark() - this.#mark - HEADER_BYTES;
    if (length >= MAX_PACKET_PAYLOAD) {
      this.#split(length);
      return;
    }
    const { bytes } = out;
    const at = out.start + this.#mark;
    bytes[at] = length;
    bytes[at + 1] = length >>> 8;
    bytes[at + 2] = length >>> 16;
    bytes[at + 3] = this.sequence++;
    this.sequence &= 0xff;
  }

  /** Whole packets made before; they get the sequence numbers whose turn it is. */
  copied(ready: Buffer): void {
    const { out } = this;
    out.raw(ready);
    const { bytes, position } = out;
    let at = position - ready.length;
    while (at < position) {
      bytes[at + 3] = this.sequence;
      this.sequence = (this.sequence + 1) & 0xff;
      at += HEADER_BYTES + bytes.readUIntLE(at, 3);
    }
  }

  /** Drops the packet begun last. */
  rewind(): void {
    this.out.rewind(this.#mark);
  }

  #split(length: number): void {
    const { out } = this;
    const start = out.start + this.#mark + HEADER_BYTES;
    const payload = Buffer.from(out.bytes.subarray(start, start + length));
    out.rewind(this.#mark);
    for (let at = 0; at <= length; at += MAX_PACKET_PAYLOAD) {
      const part = Math.min(MAX_PACKET_PAYLOAD, length - at);
      out.u24le(part);
      out.u8(this.sequence);
      this.sequence = (this.sequence + 1) & 0xff;
      out.raw(payload.subarray(at, at + part));
    }
  }

  // ---- the protocol's own number and text forms (MySQL protocol, "Basic data types") ------------

  lengthInteger(value: number | bigint): void {
    const { out } = this;
    if (value < 251) out.u8(Number(value));
    else if (value < 0x1_0000) {
      out.u8(0xfc);
      out.u16le(Number(value));
    } else if (value < 0x100_0000) {
      out.u8(0xfd);
      out.u24le(Number(value));
    } else {
      out.u8(0xfe);
      out.u64le(BigInt(value));
    }
  }

  /** Text with its length in bytes before it. */
  text(text: string): void {
    const { out } = this;
    if (!this.set.utf8) {
      this.#bytes(this.set.encode(text));
      return;
    }
    if (text.length < 84) {
      // At most 3 bytes a character: the length fits one byte.
      const mark = out.mark();
      out.u8(0);
      const length = out.utf8(text);
      out.bytes[out.start + mark] = length;
      return;
    }
    this.#bytes(Buffer.from(text));
  }

  /** The same for text in the form of the engine. */
  engineText(bytes: Uint8Array): void {
    this.#bytes(this.set.utf8 ? bytes : this.set.encode(UTF8MB4.decode(Buffer.from(bytes))));
  }

  /** Text up to the end of the packet. */
  rest(text: string): void {
    this.out.raw(this.set.encode(text));
  }

  #bytes(bytes: Uint8Array): void {
    this.lengthInteger(bytes.length);
    this.out.raw(bytes);
  }
}
