/**
 * What the socket delivered and is not consumed yet. StreamBuffer collects it; FrameBuffer finds
 * messages of a type byte (absent in the start-up phase) and a big-endian 32-bit length that counts
 * itself. Protocols with other headers have buffers of their own over StreamBuffer. Messages are read where
 * the socket put them; only what is left when the socket takes its buffer back is copied.
 */

const NO_BYTES = Buffer.alloc(0);
const KEPT_BYTES = 1024;

/** What `next` found. */
export type FrameState = 'message' | 'incomplete' | 'invalid';

/** A whole chunk is kept as it came: only an incomplete message at its end is copied. */
export class StreamBuffer {
  bytes: Buffer = NO_BYTES;
  /** First byte not consumed. */
  position = 0;
  /** End of the bytes received; the buffer behind it may be larger. */
  end = 0;
  /** Where the payload of the message found last lies. */
  payloadStart = 0;
  payloadEnd = 0;
  /** Total bytes the incomplete message at `position` needs, 0 when not yet known. */
  needed = 0;

  get buffered(): number {
    return this.end - this.position;
  }

  append(chunk: Buffer): void {
    if (this.position === this.end) {
      this.bytes = chunk;
      this.#owned = false;
      this.position = 0;
      this.end = chunk.length;
      return;
    }
    const left = this.end - this.position;
    const total = left + chunk.length;
    if (this.end + chunk.length <= this.bytes.length && this.#owned) {
      chunk.copy(this.bytes, this.end);
      this.end += chunk.length;
      return;
    }
    // Doubling keeps a message of many chunks linear in time.
    const grown = Buffer.allocUnsafe(Math.max(total * 2, 1024));
    this.bytes.copy(grown, 0, this.position, this.end);
    chunk.copy(grown, left);
    this.bytes = grown;
    this.#owned = true;
    this.position = 0;
    this.end = total;
  }

  /** False while `bytes` is a chunk of the socket's, which must not be written to. */
  #owned = false;
  /** Storage for a short rest, such as the Sync behind an Execute; kept because it is needed per statement. */
  #rest: Buffer | undefined;

  /** The chunk given to `append` is about to be overwritten: what is not consumed is copied. */
  releaseChunk(): void {
    if (this.#owned || this.position === this.end) return;
    const left = this.end - this.position;
    const kept =
      left <= KEPT_BYTES ? (this.#rest ??= Buffer.allocUnsafeSlow(KEPT_BYTES)) : Buffer.allocUnsafe(left * 2);
    this.bytes.copy(kept, 0, this.position, this.end);
    this.bytes = kept;
    this.#owned = true;
    this.position = 0;
    this.end = left;
  }

  /** Takes out a copy of all that is not consumed. */
  takeRest(): Buffer {
    const rest = Buffer.from(this.bytes.subarray(this.position, this.end));
    this.payloadEnd = this.end;
    this.consume();
    return rest;
  }

  /** Moves past the message found last. */
  consume(): void {
    this.position = this.payloadEnd;
    if (this.position === this.end) {
      this.bytes = NO_BYTES;
      this.#owned = false;
      this.position = 0;
      this.end = 0;
    }
  }
}

export class FrameBuffer extends StreamBuffer {
  /** Type byte of the message found last, 0 without one. */
  type = 0;

  /** Looks for the next message; `typed` messages have a type byte before the length. */
  next(typed: boolean, maxBytes: number): FrameState {
    const header = typed ? 5 : 4;
    if (this.end - this.position < header) {
      this.needed = 0;
      return 'incomplete';
    }
    const lengthAt = this.position + header - 4;
    const length = this.bytes.readInt32BE(lengthAt);
    if (length < 4 || length > maxBytes) return 'invalid';
    this.needed = length + header - 4;
    if (this.end - lengthAt < length) return 'incomplete';
    this.type = typed ? (this.bytes[this.position] as number) : 0;
    this.payloadStart = lengthAt + 4;
    this.payloadEnd = lengthAt + length;
    return 'message';
  }

  /** Takes the message behind the one found last along with it, if it is here, without payload and of this type. */
  takeBare(type: number): boolean {
    const at = this.payloadEnd;
    if (this.typeAt(at) !== type || this.after(at) !== at + 5) return false;
    this.payloadEnd = at + 5;
    return true;
  }

  /** Type byte of the complete message that starts at `offset`, 0 if there is none yet. */
  typeAt(offset: number): number {
    if (this.end - offset < 5) return 0;
    const length = this.bytes.readInt32BE(offset + 1);
    if (length < 4 || this.end - offset - 1 < length) return 0;
    return this.bytes[offset] as number;
  }

  /** Offset after the complete message that starts at `offset`. */
  after(offset: number): number {
    return offset + 1 + this.bytes.readInt32BE(offset + 1);
  }
}
