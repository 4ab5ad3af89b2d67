/**
 * Incoming copy data in text and CSV format. Lines are found in the bytes as they arrive (a newline
 * may be data: escaped by a backslash in text, inside quotes in CSV), then cut into fields.
 */
import type { CopyFormat } from '../../sblr/contract/dialect.ts';
import type { ResultColumn } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { decodeUtf8, InvalidUtf8 } from '../shared/byte-reader.ts';
import { badCopy, copyPlace, type CopyParser, type CopyRow } from './copy-in.ts';

const NEWLINE = 10;
const RETURN = 13;
const BACKSLASH = 92;
/** Longest line taken. */
const MAX_LINE_BYTES = 256 << 20;
const NO_BYTES = Buffer.alloc(0);
const NOT_FOUND = Number.MAX_SAFE_INTEGER;

/** How lines end is found out on the first line and must stay so. */
type LineEnd = 'unknown' | 'lf' | 'crlf' | 'cr';

export class DelimitedCopyParser implements CopyParser {
  readonly #csv: boolean;
  readonly #delimiter: string;
  readonly #nullText: string;
  readonly #quote: string;
  readonly #escape: string;
  readonly #columns: readonly ResultColumn[];
  readonly #forceNotNull: readonly boolean[];
  readonly #forceNull: readonly boolean[];
  readonly #emit: (row: CopyRow) => void;
  readonly #relation: string;
  #header: boolean | 'match';
  #lineEnd: LineEnd = 'unknown';
  #left: Buffer = NO_BYTES;
  /** Bytes at the start of `left` already looked at, and the quote state there. */
  #scanned = 0;
  #inQuotes = false;
  #line = 0;
  #ended = false;

  constructor(format: CopyFormat, columns: readonly ResultColumn[], emit: (row: CopyRow) => void, relation: string) {
    this.#relation = relation;
    this.#csv = format.format === 'csv';
    this.#delimiter = format.delimiter;
    this.#nullText = format.nullText;
    this.#quote = format.quote;
    this.#escape = format.escape;
    this.#columns = columns;
    this.#header = format.header;
    this.#emit = emit;
    const chosen = (names: readonly string[]): boolean[] =>
      columns.map((column) => names.includes('*') || names.includes(column.name));
    this.#forceNotNull = chosen(format.forceNotNull);
    this.#forceNull = chosen(format.forceNull);
  }

  write(chunk: Buffer): void {
    if (this.#ended) return;
    if (this.#left.length + chunk.length > MAX_LINE_BYTES) {
      throw new SqlError('program_limit_exceeded', 'line of COPY data too long');
    }
    const data = this.#left.length === 0 ? chunk : Buffer.concat([this.#left, chunk]);
    const rest = this.#lines(data, false);
    this.#left = rest === data.length ? NO_BYTES : Buffer.from(data.subarray(rest));
  }

  finish(): void {
    if (this.#ended) return;
    const rest = this.#lines(this.#left, true);
    if (this.#ended || rest === this.#left.length) return;
    if (this.#inQuotes) throw badCopy('unterminated CSV quoted field', copyPlace(this.#relation, this.#line + 1));
    this.#takeLine(this.#left, rest, this.#left.length);
  }

  /** Takes all whole lines; answers where the incomplete one starts. */
  #lines(data: Buffer, final: boolean): number {
    let start = 0;
    let scan = this.#scanned;
    // Where the next bytes that make a line more than plain are, so that most lines need no byte loop.
    let special = this.#csv || this.#lineEnd !== 'lf' ? -1 : 0;
    while (!this.#ended) {
      let end: number;
      if (special >= 0 && scan === start) {
        const newline = data.indexOf(NEWLINE, start);
        if (newline < 0 && !final) break;
        if (special <= start) special = nextSpecial(data, start);
        end = newline >= 0 && special > newline ? newline : this.#findLineEnd(data, scan, final);
      } else {
        end = this.#findLineEnd(data, scan, final);
      }
      if (end < 0) {
        this.#scanned = -end - 1 - start;
        return start;
      }
      this.#takeLine(data, start, end);
      start = end + (this.#lineEnd === 'crlf' ? 2 : 1);
      scan = start;
      if (special < 0 && !this.#csv && this.#lineEnd === 'lf') special = 0;
    }
    this.#scanned = 0;
    return this.#ended ? data.length : start;
  }

  /** Offset of the line's end; negative = none yet, looked up to -result - 1. */
  #findLineEnd(data: Buffer, from: number, final: boolean): number {
    const quote = this.#csv ? this.#quote.charCodeAt(0) : -1;
    const escape = this.#csv ? this.#escape.charCodeAt(0) : -1;
    let at = from;
    while (at < data.length) {
      const byte = data[at] as number;
      if (this.#csv) {
        if (this.#inQuotes && byte === escape && escape !== quote) {
          if (at + 1 >= data.length && !final) return -at - 1;
          const next = data[at + 1];
          at += next === quote || next === escape ? 2 : 1;
          continue;
        }
        if (byte === quote) this.#inQuotes = !this.#inQuotes;
        if (this.#inQuotes) {
          at++;
          continue;
        }
      } else if (byte === BACKSLASH) {
        if (at + 1 >= data.length && !final) return -at - 1;
        at += 2;
        continue;
      }
      if (byte === RETURN) {
        if (at + 1 >= data.length && !final) return -at - 1;
        if (this.#carriageReturn(data[at + 1])) return at;
      } else if (byte === NEWLINE) {
        if (this.#lineEnd === 'unknown') this.#lineEnd = 'lf';
        if (this.#lineEnd === 'lf') return at;
        throw badCopy(
          this.#csv ? 'unquoted newline found in data' : 'literal newline found in data',
          copyPlace(this.#relation, this.#line + 1),
        );
      }
      at++;
    }
    return -Math.min(at, data.length) - 1;
  }

  /** Does a carriage return end the line here? */
  #carriageReturn(next: number | undefined): boolean {
    if (this.#lineEnd === 'unknown') this.#lineEnd = next === NEWLINE ? 'crlf' : 'cr';
    if (this.#lineEnd === 'cr' || (this.#lineEnd === 'crlf' && next === NEWLINE)) return true;
    throw badCopy(
      this.#csv ? 'unquoted carriage return found in data' : 'literal carriage return found in data',
      copyPlace(this.#relation, this.#line + 1),
    );
  }

  #takeLine(data: Buffer, start: number, end: number): void {
    this.#line++;
    if (end - start === 2 && data[start] === BACKSLASH && data[start + 1] === 46) {
      this.#ended = true;
      return;
    }
    const header = this.#header;
    if (header !== false) {
      this.#header = false;
      if (header === 'match') this.#matchHeader(this.#fields(data, start, end));
      return;
    }
    const row = this.#fields(data, start, end);
    if (row.length < this.#columns.length) {
      throw badCopy(`missing data for column "${this.#columns[row.length]?.name}"`, this.#placeOf(data, start, end));
    }
    if (row.length > this.#columns.length) {
      // A table without columns takes empty lines.
      if (this.#columns.length === 0 && start === end) row.length = 0;
      else throw badCopy('extra data after last expected column', this.#placeOf(data, start, end));
    }
    this.#emit(row);
  }

  #placeOf(data: Buffer, start: number, end: number): string {
    return copyPlace(this.#relation, this.#line, data.toString('utf8', start, end));
  }

  #matchHeader(names: CopyRow): void {
    if (names.length !== this.#columns.length) {
      throw badCopy(
        `wrong number of fields in header line: got ${names.length}, expected ${this.#columns.length}`,
        copyPlace(this.#relation, this.#line),
      );
    }
    names.forEach((name, index) => {
      const expected = this.#columns[index]?.name;
      if (name !== expected) {
        const got = name === null ? `null value ("${this.#nullText}")` : `"${name}"`;
        throw badCopy(
          `column name mismatch in header line field ${index + 1}: got ${got}, expected "${expected}"`,
          copyPlace(this.#relation, this.#line),
        );
      }
    });
  }

  #fields(data: Buffer, start: number, end: number): CopyRow {
    if (this.#csv) return this.#csvFields(this.#utf8(data, start, end));
    const backslash = data.indexOf(BACKSLASH, start);
    if (backslash < 0 || backslash >= end) {
      const fields: CopyRow = this.#utf8(data, start, end).split(this.#delimiter);
      for (let index = 0; index < fields.length; index++) {
        if (fields[index] === this.#nullText) fields[index] = null;
      }
      return fields;
    }
    return this.#escapedFields(data.toString('latin1', start, end));
  }

  #utf8(data: Buffer, start: number, end: number): string {
    try {
      const text = decodeUtf8(data, start, end);
      if (!text.includes('\0')) return text;
    } catch (error) {
      if (!(error instanceof InvalidUtf8)) throw error;
    }
    throw new SqlError('character_not_in_repertoire', {
      message: 'invalid byte sequence for encoding "UTF8"',
      context: copyPlace(this.#relation, this.#line),
    });
  }

  /** Cuts a text line with backslashes; works on bytes as characters because escapes may name bytes. */
  #escapedFields(line: string): CopyRow {
    const fields: CopyRow = [];
    const nullText = Buffer.from(this.#nullText).toString('latin1');
    let start = 0;
    for (;;) {
      let end = start;
      while (end < line.length && line[end] !== this.#delimiter) end += line[end] === '\\' ? 2 : 1;
      end = Math.min(end, line.length);
      const raw = line.slice(start, end);
      fields.push(raw === nullText ? null : this.#unescape(raw));
      if (end >= line.length) return fields;
      start = end + 1;
    }
  }

  #unescape(raw: string): string {
    const bytes = Buffer.from(raw.includes('\\') ? raw.replace(ESCAPE, unescapeOne) : raw, 'latin1');
    return this.#utf8(bytes, 0, bytes.length);
  }

  #csvFields(line: string): CopyRow {
    const fields: CopyRow = [];
    const delimiter = this.#delimiter;
    const quote = this.#quote;
    const escape = this.#escape;
    let at = 0;
    for (;;) {
      let value = '';
      let quoted = false;
      let inQuotes = false;
      let start = at;
      for (; at < line.length; at++) {
        const char = line[at];
        if (inQuotes) {
          if (char === escape && at + 1 < line.length && (line[at + 1] === quote || line[at + 1] === escape)) {
            value += line.slice(start, at) + (line[at + 1] as string);
            start = at + 2;
            at++;
          } else if (char === quote) {
            value += line.slice(start, at);
            start = at + 1;
            inQuotes = false;
          }
        } else if (char === quote) {
          value += line.slice(start, at);
          start = at + 1;
          quoted = true;
          inQuotes = true;
        } else if (char === delimiter) {
          break;
        }
      }
      value += line.slice(start, at);
      const column = fields.length;
      const isNull =
        value === this.#nullText && (quoted ? this.#forceNull[column] === true : this.#forceNotNull[column] !== true);
      fields.push(isNull ? null : value);
      if (at >= line.length) return fields;
      at++;
    }
  }
}

/** First backslash or carriage return from `from` on. */
function nextSpecial(data: Buffer, from: number): number {
  const backslash = data.indexOf(BACKSLASH, from);
  const carriage = data.indexOf(RETURN, from);
  return Math.min(backslash < 0 ? NOT_FOUND : backslash, carriage < 0 ? NOT_FOUND : carriage);
}

const ESCAPE = /\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|([^]))/g;
const CONTROL: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

function unescapeOne(
  _all: string,
  octal: string | undefined,
  hex: string | undefined,
  other: string | undefined,
): string {
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
  if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
  return CONTROL[other as string] ?? (other as string);
}
