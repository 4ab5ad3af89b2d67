/**
 * COPY ... TO STDOUT: rows of a block as copy data, one message per row, in text, CSV or binary format.
 */
import type { CopyFormat } from '../../sblr/contract/dialect.ts';
import { RowBlockReader } from '../../sblr/contract/row-block.ts';
import type { ResultColumn, RowBlock } from '../../sblr/contract/session.ts';
import type { TextSettings } from '../../sblr/contract/text/settings.ts';
import { beginMessage, endMessage, type NetworkWriter } from '../shared/byte-writer.ts';
import { TextValueWriter, writeBinaryValue } from './encode.ts';

const COPY_DATA = 0x64;
const NEWLINE = 10;
const BACKSLASH = 92;
/** Marks a binary stream; the odd bytes reveal transfers that change line ends or drop the high bit. */
export const BINARY_SIGNATURE = Buffer.from('PGCOPY\n\u00ff\r\n\0', 'latin1');

/** Letter after the backslash for control characters that text format escapes, by byte. */
const ESCAPES: Uint8Array = new Uint8Array(256);
ESCAPES[8] = 98; // b
ESCAPES[9] = 116; // t
ESCAPES[10] = 110; // n
ESCAPES[11] = 118; // v
ESCAPES[12] = 102; // f
ESCAPES[13] = 114; // r

export class CopyOutEncoder {
  readonly columns: readonly ResultColumn[];
  readonly #format: CopyFormat;
  readonly #reader: RowBlockReader;
  readonly #text: TextValueWriter;
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #escape: number;
  readonly #nullText: Buffer;
  readonly #forceQuote: readonly boolean[];

  constructor(format: CopyFormat, columns: readonly ResultColumn[]) {
    this.columns = columns;
    this.#format = format;
    this.#reader = new RowBlockReader(columns.map((column) => column.type));
    this.#text = new TextValueWriter(this.#reader);
    this.#delimiter = format.delimiter.charCodeAt(0);
    this.#quote = format.quote.charCodeAt(0);
    this.#escape = format.escape.charCodeAt(0);
    this.#nullText = Buffer.from(format.nullText);
    const all = format.forceQuote.includes('*');
    this.#forceQuote = columns.map((column) => all || format.forceQuote.includes(column.name));
  }

  get binary(): boolean {
    return this.#format.format === 'binary';
  }

  /** What goes before the first row. */
  begin(writer: NetworkWriter): void {
    if (this.#format.format === 'binary') {
      const mark = beginMessage(writer, COPY_DATA);
      writer.raw(BINARY_SIGNATURE);
      writer.i32(0);
      writer.i32(0);
      endMessage(writer, mark);
    } else if (this.#format.header !== false) {
      const mark = beginMessage(writer, COPY_DATA);
      this.columns.forEach((column, index) => {
        if (index > 0) writer.u8(this.#delimiter);
        const start = writer.mark();
        writer.utf8(column.name);
        this.#protect(writer, start, false);
      });
      writer.u8(NEWLINE);
      endMessage(writer, mark);
    }
  }

  /** What goes after the last row. */
  end(writer: NetworkWriter): void {
    if (this.#format.format !== 'binary') return;
    const mark = beginMessage(writer, COPY_DATA);
    writer.i16(-1);
    endMessage(writer, mark);
  }

  encode(writer: NetworkWriter, block: RowBlock, settings: TextSettings): void {
    const reader = this.#reader.reset(block);
    this.#text.use(settings);
    const binary = this.#format.format === 'binary';
    while (reader.nextRow()) {
      const mark = beginMessage(writer, COPY_DATA);
      if (binary) this.#binaryRow(writer);
      else this.#textRow(writer);
      endMessage(writer, mark);
    }
  }

  #binaryRow(writer: NetworkWriter): void {
    const lengths = this.#reader.lengths;
    writer.i16(lengths.length);
    for (let column = 0; column < lengths.length; column++) {
      if (lengths[column] === -1) {
        writer.i32(-1);
        continue;
      }
      const mark = writer.mark();
      writer.i32(0);
      writeBinaryValue(writer, this.#reader, column);
      writer.setI32(mark, writer.mark() - mark - 4);
    }
  }

  #textRow(writer: NetworkWriter): void {
    const lengths = this.#reader.lengths;
    for (let column = 0; column < lengths.length; column++) {
      if (column > 0) writer.u8(this.#delimiter);
      if (lengths[column] === -1) {
        writer.raw(this.#nullText);
        continue;
      }
      const start = writer.mark();
      this.#text.write(writer, column);
      this.#protect(writer, start, this.#forceQuote[column] as boolean);
    }
    writer.u8(NEWLINE);
  }

  /** Escapes or quotes what was written since `mark`, in place. */
  #protect(writer: NetworkWriter, mark: number, force: boolean): void {
    if (this.#format.format === 'csv') this.#quoteField(writer, mark, force);
    else this.#escapeField(writer, mark);
  }

  #escapeField(writer: NetworkWriter, mark: number): void {
    const delimiter = this.#delimiter;
    const bytes = writer.bytes;
    const end = writer.position;
    let at = writer.start + mark;
    while (at < end) {
      const byte = bytes[at] as number;
      if (byte === BACKSLASH || byte === delimiter || (byte < 14 && ESCAPES[byte] !== 0)) break;
      at++;
    }
    if (at === end) return;
    const plain = Buffer.from(bytes.subarray(at, end));
    writer.position = at;
    for (const byte of plain) {
      const letter = ESCAPES[byte] as number;
      if (letter !== 0) {
        writer.u8(BACKSLASH);
        writer.u8(letter);
      } else {
        if (byte === BACKSLASH || byte === delimiter) writer.u8(BACKSLASH);
        writer.u8(byte);
      }
    }
  }

  #quoteField(writer: NetworkWriter, mark: number, force: boolean): void {
    const start = writer.start + mark;
    const field = writer.bytes.subarray(start, writer.position);
    if (!force && !this.#needsQuotes(field)) return;
    const plain = Buffer.from(field);
    writer.rewind(mark);
    writer.u8(this.#quote);
    for (const byte of plain) {
      if (byte === this.#quote || byte === this.#escape) writer.u8(this.#escape);
      writer.u8(byte);
    }
    writer.u8(this.#quote);
  }

  #needsQuotes(field: Buffer): boolean {
    if (field.equals(this.#nullText)) return true;
    // A lone end-of-data mark in a one-column file would end it.
    if (this.columns.length === 1 && field.length === 2 && field[0] === BACKSLASH && field[1] === 46) return true;
    for (const byte of field) {
      if (byte === this.#delimiter || byte === this.#quote || byte === NEWLINE || byte === 13) return true;
    }
    return false;
  }
}
