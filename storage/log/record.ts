/**
 * The format of log records (specs/storage/log.md): how a transaction becomes bytes and how the bytes
 * are walked again, without an object per operation.
 *
 *   record  = u32 payload length, u32 checksum of the payload, payload
 *   payload = u8 kind, u48 stamp, 16-byte version id, f64 microseconds, u32 schema epoch,
 *             u32 operation count, operations
 *   op      = u8 code, u32 space, [varint key length, key], [u32 row length, row]
 */
import type { ByteWriter } from '../contract/index.ts';
import { checksum } from '../io/checksum.ts';

/** A whole transaction. */
export const KIND_COMMIT = 1;
/** Part of a large transaction; counts only once its final part follows. */
export const KIND_PART = 2;
/** Last part of a large transaction; carries the stamp. */
export const KIND_FINAL = 3;
/** The parts with this version id will never be finished. */
export const KIND_ABORT = 4;

export const OP_PUT = 1;
export const OP_DELETE = 2;
export const OP_DROP_SPACE = 3;

export const FRAME_BYTES = 8;
const STAMP_AT = FRAME_BYTES + 1;
const ID_AT = STAMP_AT + 6;
const TIME_AT = ID_AT + 16;
const EPOCH_AT = TIME_AT + 8;
const COUNT_AT = EPOCH_AT + 4;
/** From the start of a record to its first operation. */
export const RECORD_HEADER_BYTES = COUNT_AT + 4;

/** Largest payload read back; a larger length is damage. Rows are bounded well below. */
export const MAX_PAYLOAD_BYTES = 1 << 30;

export interface RecordHeader {
  readonly kind: number;
  readonly stamp: number;
  readonly timestampMicros: number;
  readonly schemaEpoch: number;
}

/** Opens a record in `writer` and returns its start; operations follow, then `finishRecord`. */
export function beginRecord(writer: ByteWriter): number {
  return writer.skip(RECORD_HEADER_BYTES);
}

/** Fills in the header (the version id was written at `idOffset`) and the checksum. */
export function finishRecord(writer: ByteWriter, start: number, header: RecordHeader, operations: number): void {
  const buffer = writer.buffer;
  buffer[start + FRAME_BYTES] = header.kind;
  buffer.writeUIntLE(header.stamp, start + STAMP_AT, 6);
  buffer.writeDoubleLE(header.timestampMicros, start + TIME_AT);
  buffer.writeUInt32LE(header.schemaEpoch, start + EPOCH_AT);
  buffer.writeUInt32LE(operations, start + COUNT_AT);
  buffer.writeUInt32LE(writer.length - start - FRAME_BYTES, start);
  buffer.writeUInt32LE(checksum(buffer, start + FRAME_BYTES, writer.length), start + 4);
}

export function idOffset(start: number): number {
  return start + ID_AT;
}

/** Walks the records of a byte range. `step` answers false at the end of what is whole and valid. */
export class RecordWalker {
  buffer: Buffer = Buffer.alloc(0);
  /** Valid bytes of the buffer. */
  limit = 0;
  /** Start of the next record. */
  position = 0;

  kind = 0;
  stamp = 0;
  timestampMicros = 0;
  schemaEpoch = 0;
  operationCount = 0;
  /** Where the current record begins and ends. */
  start = 0;
  end = 0;
  /** Bytes the next record needs from `position` on, when `step` stopped for want of them; else 0. */
  missing = 0;
  /** Why `step` stopped: nothing more written, more bytes wanted, or a record that is damaged. */
  stop: 'none' | 'end' | 'more' | 'damaged' = 'none';

  /** Operation fields, set by `operation`. */
  op = 0;
  space = 0;
  keyStart = 0;
  keyEnd = 0;
  rowStart = 0;
  rowEnd = 0;
  #next = 0;
  #left = 0;

  step(): boolean {
    const { buffer, limit, position } = this;
    this.stop = 'none';
    this.missing = 0;
    if (limit - position < FRAME_BYTES) {
      this.stop = 'more';
      this.missing = FRAME_BYTES;
      return false;
    }
    const length = buffer.readUInt32LE(position);
    if (length === 0) {
      this.stop = 'end';
      return false;
    }
    if (length < RECORD_HEADER_BYTES - FRAME_BYTES || length > MAX_PAYLOAD_BYTES) {
      this.stop = 'damaged';
      return false;
    }
    const end = position + FRAME_BYTES + length;
    if (end > limit) {
      this.stop = 'more';
      this.missing = end - position;
      return false;
    }
    if (buffer.readUInt32LE(position + 4) !== checksum(buffer, position + FRAME_BYTES, end)) {
      this.stop = 'damaged';
      return false;
    }
    this.start = position;
    this.end = end;
    this.position = end;
    this.kind = buffer[position + FRAME_BYTES]!;
    this.stamp = buffer.readUIntLE(position + STAMP_AT, 6);
    this.timestampMicros = buffer.readDoubleLE(position + TIME_AT);
    this.schemaEpoch = buffer.readUInt32LE(position + EPOCH_AT);
    this.operationCount = buffer.readUInt32LE(position + COUNT_AT);
    this.#next = position + RECORD_HEADER_BYTES;
    this.#left = this.operationCount;
    return true;
  }

  /** Version id of the current record as a binary string. */
  id(): string {
    return this.buffer.toString('latin1', this.start + ID_AT, this.start + ID_AT + 16);
  }

  idBytes(): Uint8Array {
    return Uint8Array.prototype.slice.call(this.buffer, this.start + ID_AT, this.start + ID_AT + 16);
  }

  /** Advances to the next operation of the current record. */
  operation(): boolean {
    if (this.#left === 0) return false;
    this.#left--;
    const buffer = this.buffer;
    let at = this.#next;
    this.op = buffer[at]!;
    this.space = buffer.readUInt32LE(at + 1);
    at += 5;
    if (this.op !== OP_DROP_SPACE) {
      at = this.#varint(at);
      this.keyStart = at;
      this.keyEnd = at + this.#value;
      at = this.keyEnd;
      if (this.op === OP_PUT) {
        // Fixed width: the length is patched after the row was encoded.
        this.rowStart = at + 4;
        this.rowEnd = this.rowStart + buffer.readUInt32LE(at);
        at = this.rowEnd;
      }
    }
    this.#next = at;
    return true;
  }

  key(): string {
    return this.buffer.toString('latin1', this.keyStart, this.keyEnd);
  }

  #value = 0;

  #varint(start: number): number {
    let at = start;
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.buffer[at++]!;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) break;
      factor *= 128;
    }
    this.#value = value;
    return at;
  }
}
