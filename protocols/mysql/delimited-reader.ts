/**
 * Rows out of the bytes of a file as LOAD DATA describes it: fields end in the field terminator, lines in the
 * line terminator; an enclosed field may hold both; an escape character takes away their meaning
 * (Reference Manual 15.2.9). Bytes may arrive cut anywhere.
 */
import type { DelimitedFormat } from '../../sblr/contract/dialect.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';

/** Longest line taken, in characters. */
const MAX_LINE = 64 << 20;

const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  b: '\b',
  n: '\n',
  r: '\r',
  t: '\t',
  Z: '\x1a',
};

export type DelimitedRow = readonly (string | null)[];

export class DelimitedReader {
  readonly #format: DelimitedFormat;
  readonly #columns: number;
  readonly #emit: (row: DelimitedRow, had: number) => void;
  readonly #decoder = new TextDecoder('utf-8');
  #text = '';
  #skip: number;

  /** Every row is emitted with `columns` fields, and how many it had: too few are filled up with NULL, more are dropped. */
  constructor(format: DelimitedFormat, columns: number, emit: (row: DelimitedRow, had: number) => void) {
    this.#format = format;
    this.#columns = columns;
    this.#emit = emit;
    this.#skip = format.skipLines;
  }

  write(chunk: Uint8Array): void {
    this.#text += this.#decoder.decode(chunk, { stream: true });
    this.#lines(false);
    if (this.#text.length > MAX_LINE) throw new SqlError('program_limit_exceeded', 'a line of the file is too long');
  }

  /** The file is over: what is left is its last line. */
  finish(): void {
    this.#text += this.#decoder.decode();
    this.#lines(true);
  }

  #lines(final: boolean): void {
    let at = 0;
    while (at < this.#text.length) {
      const end = this.#line(at, final);
      if (end < 0) break;
      at = end;
    }
    this.#text = this.#text.slice(at);
  }

  /** Reads the line that starts at `start`; answers where the next one does, or -1 when it is not complete. */
  #line(start: number, final: boolean): number {
    const { lineStart, lineTerminator } = this.#format;
    const text = this.#text;
    if (this.#skip > 0) {
      const end = text.indexOf(lineTerminator, start);
      if (end < 0) return final ? text.length : -1;
      this.#skip--;
      return end + lineTerminator.length;
    }
    let from = start;
    if (lineStart !== '') {
      const found = text.indexOf(lineStart, start);
      if (found < 0) return final ? text.length : -1;
      from = found + lineStart.length;
    }
    return this.#fields(from, final);
  }

  #fields(start: number, final: boolean): number {
    const { fieldTerminator, lineTerminator } = this.#format;
    const text = this.#text;
    const row: (string | null)[] = [];
    let at = start;
    for (;;) {
      const field = this.#field(at, final);
      if (field === undefined) return -1;
      row.push(field.value);
      at = field.end;
      if (text.startsWith(fieldTerminator, at)) {
        at += fieldTerminator.length;
        continue;
      }
      this.#take(row);
      return text.startsWith(lineTerminator, at) ? at + lineTerminator.length : text.length;
    }
  }

  #take(row: (string | null)[]): void {
    const had = row.length;
    while (row.length < this.#columns) row.push(null);
    this.#emit(had > this.#columns ? row.slice(0, this.#columns) : row, had);
  }

  /** The field that starts at `start`, up to its terminator; undefined when its end has not arrived. */
  #field(start: number, final: boolean): { value: string | null; end: number } | undefined {
    const { fieldTerminator, lineTerminator, enclosedBy, escapedBy } = this.#format;
    const text = this.#text;
    const enclosed = enclosedBy !== '' && text[start] === enclosedBy;
    let value = '';
    let isNull = false;
    let at = enclosed ? start + 1 : start;
    for (; at < text.length; at++) {
      const character = text[at] as string;
      if (escapedBy !== '' && character === escapedBy) {
        const next = text[at + 1];
        if (next === undefined && !final) return undefined;
        if (next === 'N' && value === '' && !enclosed) isNull = true;
        else value += ESCAPES[next ?? ''] ?? next ?? '';
        at++;
      } else if (enclosed && character === enclosedBy) {
        if (text[at + 1] === enclosedBy) {
          value += enclosedBy;
          at++;
        } else if (at + 1 === text.length && !final) return undefined;
        else if (this.#ends(at + 1)) return { value, end: at + 1 };
        else value += character;
      } else if (!enclosed && (text.startsWith(fieldTerminator, at) || text.startsWith(lineTerminator, at))) break;
      else value += character;
    }
    // A terminator of several characters may have arrived by half.
    const longest = Math.max(fieldTerminator.length, lineTerminator.length);
    if (
      at + longest > text.length &&
      !final &&
      !text.startsWith(fieldTerminator, at) &&
      !text.startsWith(lineTerminator, at)
    )
      return undefined;
    if (!enclosed && enclosedBy !== '' && value === 'NULL') isNull = true;
    return { value: isNull ? null : value, end: at };
  }

  #ends(at: number): boolean {
    const { fieldTerminator, lineTerminator } = this.#format;
    const text = this.#text;
    return at >= text.length || text.startsWith(fieldTerminator, at) || text.startsWith(lineTerminator, at);
  }
}
