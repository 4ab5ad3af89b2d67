/**
 * The tokenizer: text -> tokens, on demand, by character codes. Tokens live in parallel arrays so that
 * the parser can look ahead and step back by index, and nothing is allocated per token but its text.
 * Standard SQL is scanned here; a dialect overrides the scan methods where its lexical rules differ.
 */
import type { Condition } from '../../sblr/contract/conditions.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { Keyword, KeywordTable } from './keywords.ts';

export const Token = {
  END: 0,
  /** An undelimited word; its value is folded to lower case. */
  WORD: 1,
  /** A delimited identifier; its value is the text inside. */
  QUOTED: 2,
  STRING: 3,
  INTEGER: 4,
  DECIMAL: 5,
  /** A parameter; its value is its number or name. */
  PARAMETER: 6,
  OPERATOR: 7,
  /** Punctuation that is no operator. */
  SYMBOL: 8,
  BITS: 9,
  HEX: 10,
} as const;

export type TokenKind = (typeof Token)[keyof typeof Token];

/** Character classes, as bit flags. */
export const BLANK = 1;
export const DIGIT = 2;
export const WORD_START = 4;
export const WORD_PART = 8;
export const OPERATOR_PART = 16;
export const UPPER = 32;

export const QUOTE = 39;
export const DOUBLE_QUOTE = 34;
export const DOLLAR = 36;
export const MINUS = 45;
export const PLUS = 43;
export const DOT = 46;
export const SLASH = 47;
export const STAR = 42;
export const COLON = 58;
export const EQUALS = 61;
export const BACKSLASH = 92;
export const NEWLINE = 10;
export const RETURN = 13;
export const PERCENT = 37;

const CLASSES = new Uint8Array(128);
for (const c of ' \t\n\r\f') CLASSES[c.charCodeAt(0)] = BLANK;
for (let c = 48; c < 58; c++) CLASSES[c] = DIGIT | WORD_PART;
for (let c = 97; c < 123; c++) CLASSES[c] = WORD_START | WORD_PART;
for (let c = 65; c < 91; c++) CLASSES[c] = WORD_START | WORD_PART | UPPER;
CLASSES[95] = WORD_START | WORD_PART;
CLASSES[DOLLAR] = WORD_PART;
for (const c of '~!@#^&|`?+-*/%<>=') CLASSES[c.charCodeAt(0)] = OPERATOR_PART;

/** Characters outside ASCII are letters. */
export function classOf(code: number): number {
  return code < 128 ? (CLASSES[code] as number) : WORD_START | WORD_PART;
}

/** Interned texts of one-character tokens. */
const SINGLE: string[] = [];
for (let c = 0; c < 128; c++) SINGLE.push(String.fromCharCode(c));
export const single = (code: number): string => SINGLE[code] as string;

export class Tokenizer {
  readonly text: string;
  /** Where reading goes on. */
  offset: number;
  /** Start of the statement: error positions count from here. */
  origin: number;
  /** Number of tokens read so far. */
  count = 0;
  readonly kinds: TokenKind[] = [];
  readonly values: string[] = [];
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  readonly keywords: (Keyword | undefined)[] = [];
  protected readonly keywordTable: KeywordTable;

  constructor(text: string, start: number, keywords: KeywordTable) {
    this.text = text;
    this.offset = start;
    this.origin = start;
    this.keywordTable = keywords;
  }

  fail(condition: Condition, message: string, start: number): never {
    throw new SqlError(condition, { message, position: start - this.origin });
  }

  /** An error that quotes the text from `start` to `end`. */
  failNear(what: string, start: number, end: number): never {
    return this.fail('syntax_error', `${what} at or near "${this.text.slice(start, end)}"`, start);
  }

  protected push(kind: TokenKind, value: string, start: number, end: number, keyword?: Keyword): void {
    this.kinds.push(kind);
    this.values.push(value);
    this.starts.push(start);
    this.ends.push(end);
    this.keywords.push(keyword);
    this.count++;
    this.offset = end;
  }

  /** Reads one token more. After the end it keeps adding END tokens. */
  read(): void {
    const start = this.skipBlanks(this.offset);
    if (start >= this.text.length) {
      this.push(Token.END, '', this.text.length, this.text.length);
      return;
    }
    this.scan(start, this.text.charCodeAt(start));
  }

  /** Scans the token that begins at `start` with character `code`. */
  protected scan(start: number, code: number): void {
    const kind = classOf(code);
    if ((kind & WORD_START) !== 0) this.scanWord(start);
    else if ((kind & DIGIT) !== 0) this.scanNumber(start);
    else if (code === QUOTE) this.scanString(start);
    else if (code === DOUBLE_QUOTE) this.scanQuoted(start);
    else if ((kind & OPERATOR_PART) !== 0) this.scanOperator(start);
    else this.scanSymbol(start, code);
  }

  /** Past blanks and comments. */
  skipBlanks(from: number): number {
    const text = this.text;
    let at = from;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code < 128 && (CLASSES[code] as number) === BLANK) at++;
      else if (code === MINUS && text.charCodeAt(at + 1) === MINUS) at = this.lineEnd(at + 2);
      else if (code === SLASH && text.charCodeAt(at + 1) === STAR) at = this.skipBlockComment(at);
      else return at;
    }
  }

  protected lineEnd(from: number): number {
    const text = this.text;
    let at = from;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code === NEWLINE || code === RETURN) break;
      at++;
    }
    return at;
  }

  /** Block comments nest. */
  protected skipBlockComment(from: number): number {
    const text = this.text;
    let depth = 1;
    let at = from + 2;
    while (depth > 0) {
      if (at >= text.length)
        this.fail('syntax_error', `unterminated /* comment at or near "${text.slice(from)}"`, from);
      const code = text.charCodeAt(at);
      if (code === STAR && text.charCodeAt(at + 1) === SLASH) {
        depth--;
        at += 2;
      } else if (code === SLASH && text.charCodeAt(at + 1) === STAR) {
        depth++;
        at += 2;
      } else at++;
    }
    return at;
  }

  protected scanWord(start: number): void {
    const text = this.text;
    let at = start;
    let seen = 0;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code !== code) break; // past the end charCodeAt yields NaN
      const kind = classOf(code);
      if ((kind & WORD_PART) === 0) break;
      seen |= kind;
      at++;
    }
    const raw = text.slice(start, at);
    const folded = (seen & UPPER) === 0 ? raw : this.foldWord(raw);
    const keyword = this.keywordTable.get(folded);
    this.push(Token.WORD, keyword === undefined ? folded : keyword.word, start, at, keyword);
  }

  /** Folds ASCII letters only. */
  protected foldWord(raw: string): string {
    for (let i = 0; i < raw.length; i++) {
      if (raw.charCodeAt(i) > 127) return raw.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
    }
    return raw.toLowerCase();
  }

  /** End of the word that begins at `from`. */
  protected wordEnd(from: number): number {
    let at = from;
    while (at < this.text.length && (classOf(this.text.charCodeAt(at)) & WORD_PART) !== 0) at++;
    return at;
  }

  protected digits(from: number): number {
    let at = from;
    while ((classOf(this.text.charCodeAt(at)) & DIGIT) !== 0) at++;
    return at;
  }

  protected scanNumber(start: number): void {
    const text = this.text;
    let at = this.digits(start);
    let kind: TokenKind = Token.INTEGER;
    if (text.charCodeAt(at) === DOT && text.charCodeAt(at + 1) !== DOT) {
      kind = Token.DECIMAL;
      at = this.digits(at + 1);
    }
    const e = text.charCodeAt(at);
    if (e === 101 || e === 69) {
      const sign = text.charCodeAt(at + 1);
      const first = sign === PLUS || sign === MINUS ? at + 2 : at + 1;
      const last = this.digits(first);
      if (last > first) {
        kind = Token.DECIMAL;
        at = last;
      }
    }
    const next = text.charCodeAt(at);
    if (next === next && (classOf(next) & WORD_START) !== 0)
      this.failNear('trailing junk after numeric literal', start, this.wordEnd(at));
    this.push(kind, text.slice(start, at), start, at);
  }

  /** End of the quoted run that starts at `start`: index of the closing quote; doubled quotes are passed over. */
  protected closingQuote(start: number, quote: number, what: string): number {
    const text = this.text;
    let at = start + 1;
    for (;;) {
      if (at >= text.length) this.fail('syntax_error', `unterminated ${what} at or near "${text.slice(start)}"`, start);
      if (text.charCodeAt(at) === quote) {
        if (text.charCodeAt(at + 1) !== quote) return at;
        at++;
      }
      at++;
    }
  }

  protected scanString(start: number): void {
    const end = this.closingQuote(start, QUOTE, 'quoted string');
    const raw = this.text.slice(start + 1, end);
    this.push(Token.STRING, raw.includes("'") ? raw.replaceAll("''", "'") : raw, start, end + 1);
  }

  protected scanQuoted(start: number): void {
    const end = this.closingQuote(start, DOUBLE_QUOTE, 'quoted identifier');
    const raw = this.text.slice(start + 1, end);
    if (raw === '') this.failNear('zero-length delimited identifier', start, end + 1);
    this.push(Token.QUOTED, raw.includes('"') ? raw.replaceAll('""', '"') : raw, start, end + 1);
  }

  protected scanOperator(start: number): void {
    const text = this.text;
    const code = text.charCodeAt(start);
    const next = text.charCodeAt(start + 1);
    const two =
      (code === 60 && (next === EQUALS || next === 62)) ||
      (code === 62 && next === EQUALS) ||
      (code === 33 && next === EQUALS) ||
      (code === 124 && next === 124);
    this.push(Token.OPERATOR, two ? text.slice(start, start + 2) : single(code), start, two ? start + 2 : start + 1);
  }

  protected scanSymbol(start: number, code: number): void {
    if (code === DOT && (classOf(this.text.charCodeAt(start + 1)) & DIGIT) !== 0) {
      this.scanNumber(start);
      return;
    }
    if (code >= 128 || !'()[],;.:'.includes(single(code))) this.failNear('syntax error', start, start + 1);
    this.push(Token.SYMBOL, single(code), start, start + 1);
  }
}
