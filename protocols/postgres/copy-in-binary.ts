/** Incoming copy data in binary format: each field is decoded by its column's type and handed on as text. */
import type { ResultColumn } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { DEFAULT_TEXT_SETTINGS } from '../../sblr/contract/text/settings.ts';
import { textFormatter, type TextFormatter } from '../../sblr/contract/text/text-io.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { InvalidUtf8, MalformedMessage, NetworkReader } from '../shared/byte-reader.ts';
import { badCopy, copyPlace, type CopyParser, type CopyRow } from './copy-in.ts';
import { BINARY_SIGNATURE } from './copy-out.ts';
import { decodeBinary } from './decode.ts';

const HEADER_BYTES = 19;
const CRITICAL_FLAGS = 0xffff0000;
/** Largest field and header extension taken. */
const MAX_FIELD_BYTES = 256 << 20;
const NO_BYTES = Buffer.alloc(0);

export class BinaryCopyParser implements CopyParser {
  readonly #types: readonly SqlType[];
  readonly #formatters: readonly TextFormatter[];
  readonly #emit: (row: CopyRow) => void;
  readonly #relation: string;
  readonly #reader = new NetworkReader();
  #left: Buffer = NO_BYTES;
  /** Received bytes of a row that is still incomplete; parsing waits until there are more than this. */
  #wanted = 0;
  #pieces: Buffer[] = [];
  #piecesBytes = 0;
  #state: 'header' | 'rows' | 'end' = 'header';
  #line = 0;

  constructor(columns: readonly ResultColumn[], emit: (row: CopyRow) => void, relation: string) {
    this.#relation = relation;
    this.#types = columns.map((column) => column.type);
    this.#formatters = this.#types.map((type) => textFormatter(type, DEFAULT_TEXT_SETTINGS));
    this.#emit = emit;
  }

  write(chunk: Buffer): void {
    this.#pieces.push(Buffer.from(chunk));
    this.#piecesBytes += chunk.length;
    if (this.#left.length + this.#piecesBytes < this.#wanted) return;
    const data =
      this.#left.length === 0 && this.#pieces.length === 1
        ? (this.#pieces[0] as Buffer)
        : Buffer.concat([this.#left, ...this.#pieces]);
    this.#pieces = [];
    this.#piecesBytes = 0;
    this.#wanted = 0;
    let at = 0;
    for (;;) {
      const next = this.#state === 'header' ? this.#header(data, at) : this.#row(data, at);
      if (next < 0) break;
      at = next;
    }
    this.#left = data.subarray(at);
  }

  finish(): void {
    if (this.#state === 'rows' && this.#left.length === 0 && this.#piecesBytes === 0) return;
    if (this.#state !== 'end') throw badCopy('unexpected EOF in COPY data', copyPlace(this.#relation, this.#line));
  }

  /** Offset after the header, -1 = incomplete. */
  #header(data: Buffer, at: number): number {
    const seen = Math.min(BINARY_SIGNATURE.length, data.length - at);
    if (!data.subarray(at, at + seen).equals(BINARY_SIGNATURE.subarray(0, seen))) {
      throw badCopy('COPY file signature not recognized', copyPlace(this.#relation, 1));
    }
    if (data.length - at < HEADER_BYTES) return -1;
    const flags = data.readUInt32BE(at + 11);
    if ((flags & CRITICAL_FLAGS) !== 0)
      throw badCopy('unrecognized critical flags in COPY file header', copyPlace(this.#relation, 1));
    const extension = data.readInt32BE(at + 15);
    if (extension < 0 || extension > MAX_FIELD_BYTES)
      throw badCopy('invalid COPY file header (wrong length)', copyPlace(this.#relation, 1));
    if (data.length - at < HEADER_BYTES + extension) {
      this.#wanted = HEADER_BYTES + extension;
      return -1;
    }
    this.#state = 'rows';
    return at + HEADER_BYTES + extension;
  }

  #row(data: Buffer, start: number): number {
    if (this.#state === 'end') {
      if (data.length > start)
        throw badCopy('received copy data after EOF marker', copyPlace(this.#relation, this.#line));
      return -1;
    }
    if (data.length - start < 2) return -1;
    const count = data.readInt16BE(start);
    if (count === -1) {
      this.#state = 'end';
      return start + 2;
    }
    if (count !== this.#types.length) {
      throw badCopy(
        `row field count is ${count}, expected ${this.#types.length}`,
        copyPlace(this.#relation, this.#line + 1),
      );
    }
    // First see that the row is whole, then decode it.
    let at = start + 2;
    for (let column = 0; column < count; column++) {
      if (data.length - at < 4) return -1;
      const size = data.readInt32BE(at);
      if (size < -1 || size > MAX_FIELD_BYTES)
        throw badCopy('invalid field size', copyPlace(this.#relation, this.#line + 1));
      at += 4 + Math.max(size, 0);
      if (at > data.length) {
        this.#wanted = at - start;
        return -1;
      }
    }
    this.#line++;
    const row: CopyRow = [];
    let offset = start + 2;
    for (let column = 0; column < count; column++) {
      const size = data.readInt32BE(offset);
      row.push(size === -1 ? null : this.#field(data, offset + 4, size, column));
      offset += 4 + Math.max(size, 0);
    }
    this.#emit(row);
    return at;
  }

  #field(data: Buffer, at: number, size: number, column: number): string | null {
    this.#reader.reset(data, at, at + size);
    try {
      const value = decodeBinary(this.#reader, size, this.#types[column] as SqlType);
      if (this.#reader.remaining > 0)
        throw new SqlError('invalid_binary_representation', 'incorrect binary data format');
      return value === null ? null : (this.#formatters[column] as TextFormatter)(value);
    } catch (error) {
      if (error instanceof MalformedMessage)
        throw new SqlError('invalid_binary_representation', 'incorrect binary data format');
      if (error instanceof InvalidUtf8) throw new SqlError('character_not_in_repertoire', error.message);
      throw error;
    }
  }
}
