/**
 * PostgreSQL's lexical rules on top of the standard ones: dollar quotes, E'', U&'', B'', X'' strings,
 * strings continued over line ends, operators of any length, numbered parameters.
 */
import {
  BACKSLASH,
  classOf,
  COLON,
  DIGIT,
  DOLLAR,
  DOT,
  DOUBLE_QUOTE,
  EQUALS,
  MINUS,
  NEWLINE,
  OPERATOR_PART,
  PLUS,
  QUOTE,
  RETURN,
  SLASH,
  single,
  STAR,
  Token,
  Tokenizer,
  type TokenKind,
  WORD_PART,
  WORD_START,
} from '../shared/tokenizer.ts';
import { KEYWORDS } from './keywords.ts';

const AMPERSAND = 38;
const GREATER = 62;
/** Any of these in an operator lets it end in + or -. */
const FREE_OPERATOR = '~!@#^&|`?%';

export class PostgresTokenizer extends Tokenizer {
  /** standard_conforming_strings: does a plain string take a backslash as it is? */
  readonly #standardStrings: boolean;

  constructor(text: string, start: number, standardStrings: boolean) {
    super(text, start, KEYWORDS);
    this.#standardStrings = standardStrings;
  }

  protected override scan(start: number, code: number): void {
    if (code === DOLLAR) {
      this.#scanDollar(start);
      return;
    }
    const next = this.text.charCodeAt(start + 1);
    if (next === QUOTE) {
      // A letter immediately before a quote may be the mark of a special string.
      switch (code | 32) {
        case 101:
          this.#scanEscapeString(start, start + 1);
          return;
        case 98:
          this.#scanBits(start, Token.BITS);
          return;
        case 120:
          this.#scanBits(start, Token.HEX);
          return;
        case 110: // N'...' is a plain string of the national character type
          this.scanString(start + 1);
          return;
        default:
      }
    } else if (next === AMPERSAND && (code | 32) === 117) {
      const quote = this.text.charCodeAt(start + 2);
      if (quote === QUOTE || quote === DOUBLE_QUOTE) {
        this.#scanUnicode(start, quote);
        return;
      }
    }
    super.scan(start, code);
  }

  // ---- strings ---------------------------------------------------------------------------------------

  /** Where the next part of a string continued over a line end begins (its quote), or -1. */
  #continuation(end: number): number {
    const { text } = this;
    let at = end;
    let newline = false;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === NEWLINE || code === RETURN) newline = true;
      else if (code === MINUS && text.charCodeAt(at + 1) === MINUS) {
        at = this.lineEnd(at);
        continue;
      } else if (code === QUOTE) return newline ? at : -1;
      else if (code !== 32 && code !== 9 && code !== 12) return -1;
      at++;
    }
  }

  protected override scanString(start: number): void {
    if (!this.#standardStrings) {
      this.#scanEscapeString(start, start);
      return;
    }
    let end = this.closingQuote(start, QUOTE, 'quoted string');
    let raw = this.text.slice(start + 1, end);
    for (let next = this.#continuation(end + 1); next >= 0; next = this.#continuation(end + 1)) {
      end = this.closingQuote(next, QUOTE, 'quoted string');
      raw += this.text.slice(next + 1, end);
    }
    this.push(Token.STRING, raw.includes("'") ? raw.replaceAll("''", "'") : raw, start, end + 1);
  }

  #scanBits(start: number, kind: TokenKind): void {
    const what = kind === Token.BITS ? 'bit string literal' : 'hexadecimal string literal';
    let end = this.closingQuote(start + 1, QUOTE, what);
    let raw = this.text.slice(start + 2, end);
    for (let next = this.#continuation(end + 1); next >= 0; next = this.#continuation(end + 1)) {
      end = this.closingQuote(next, QUOTE, what);
      raw += this.text.slice(next + 1, end);
    }
    this.push(kind, raw, start, end + 1);
  }

  /** A string with backslash escapes whose quote is at `open`. */
  #scanEscapeString(start: number, open: number): void {
    const { text } = this;
    let result = '';
    let bytes: number[] = [];
    const flush = (): void => {
      if (bytes.length === 0) return;
      try {
        result += new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
      } catch {
        const hex = bytes.map((b) => `0x${b.toString(16).padStart(2, '0')}`).join(' ');
        this.fail('character_not_in_repertoire', `invalid byte sequence for encoding "UTF8": ${hex}`, start);
      }
      bytes = [];
    };
    let at = open + 1;
    for (;;) {
      if (at >= text.length)
        this.fail('syntax_error', `unterminated quoted string at or near "${text.slice(start)}"`, start);
      const code = text.charCodeAt(at);
      if (code === QUOTE) {
        if (text.charCodeAt(at + 1) === QUOTE) {
          flush();
          result += "'";
          at += 2;
          continue;
        }
        const next = this.#continuation(at + 1);
        if (next < 0) break;
        at = next + 1;
      } else if (code === BACKSLASH) at = this.#escape(at, bytes, flush, (part) => (result += part));
      else {
        let last = at + 1;
        while (last < text.length && text.charCodeAt(last) !== QUOTE && text.charCodeAt(last) !== BACKSLASH) last++;
        flush();
        result += text.slice(at, last);
        at = last;
      }
    }
    flush();
    this.push(Token.STRING, result, start, at + 1);
  }

  /** One backslash escape at `at`; returns where reading goes on. */
  #escape(at: number, bytes: number[], flush: () => void, add: (part: string) => void): number {
    const { text } = this;
    const code = text.charCodeAt(at + 1);
    const octal = /[0-7]{1,3}/y;
    octal.lastIndex = at + 1;
    const digits = octal.exec(text)?.[0];
    if (digits !== undefined)
      return this.#escapedByte(Number.parseInt(digits, 8) & 255, at, at + 1 + digits.length, bytes);
    if (code === 120) {
      const hex = /[0-9a-fA-F]{1,2}/y;
      hex.lastIndex = at + 2;
      const found = hex.exec(text)?.[0];
      if (found !== undefined) return this.#escapedByte(Number.parseInt(found, 16), at, at + 2 + found.length, bytes);
    }
    flush();
    if (code === 117 || code === 85) {
      const length = code === 117 ? 4 : 8;
      const hex = text.slice(at + 2, at + 2 + length);
      if (hex.length !== length || /[^0-9a-fA-F]/.test(hex)) {
        throw this.#escapeError('invalid Unicode escape', at, 'Unicode escapes must be \\uXXXX or \\UXXXXXXXX.');
      }
      const { value, end } = this.#pair(this.#character(Number.parseInt(hex, 16), at), at, at + 2 + length);
      add(value);
      return end;
    }
    const simple = 'bfnrt'.indexOf(single(code & 127));
    add(code < 128 && simple >= 0 ? ('\b\f\n\r\t'[simple] as string) : text.charAt(at + 1));
    return at + 2;
  }

  /** Half of a surrogate pair must be written with the other half right behind it. */
  #pair(value: string, at: number, end: number): { readonly value: string; readonly end: number } {
    if (isLowSurrogate(value)) this.failNear('invalid Unicode surrogate pair', at, end);
    if (!isHighSurrogate(value)) return { value, end };
    const next = /\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/y;
    next.lastIndex = end;
    const found = next.exec(this.text);
    const low = found === null ? '' : this.#character(Number.parseInt((found[1] ?? found[2]) as string, 16), end);
    const last = found === null ? end + 1 : next.lastIndex;
    if (!isLowSurrogate(low)) this.failNear('invalid Unicode surrogate pair', end, last);
    return { value: value + low, end: last };
  }

  #escapedByte(byte: number, at: number, next: number, bytes: number[]): number {
    if (byte === 0) this.fail('character_not_in_repertoire', 'invalid byte sequence for encoding "UTF8": 0x00', at);
    bytes.push(byte);
    return next;
  }

  #escapeError(message: string, at: number, _hint: string): Error {
    try {
      this.fail('invalid_escape_sequence', message, at);
    } catch (error) {
      return error as Error;
    }
  }

  /** The code unit or character of a Unicode escape. */
  #character(code: number, at: number): string {
    if (code === 0 || code > 0x10ffff) this.fail('syntax_error', 'invalid Unicode escape value', at);
    return code < 0x10000 ? String.fromCharCode(code) : String.fromCodePoint(code);
  }

  /** U&'...' or U&"...", maybe with UESCAPE 'c'. */
  #scanUnicode(start: number, quote: number): void {
    const { text } = this;
    const isString = quote === QUOTE;
    const end = this.closingQuote(start + 2, quote, isString ? 'quoted string' : 'quoted identifier');
    const mark = isString ? "'" : '"';
    const raw = text.slice(start + 3, end).replaceAll(mark + mark, mark);
    let last = end + 1;
    let escape = '\\';
    const clause = /uescape\s*'([^'])'/iy;
    clause.lastIndex = this.skipBlanks(end + 1);
    const found = clause.exec(text);
    if (found !== null) {
      escape = found[1] as string;
      last = clause.lastIndex;
      if (/[0-9a-fA-F+"\s]/.test(escape)) this.failNear('invalid Unicode escape character', last - 3, last);
    }
    if (isString && !this.#standardStrings)
      this.fail('feature_not_supported', 'unsafe use of string constant with Unicode escapes', start);
    const value = this.#unescapeUnicode(raw, escape, start);
    if (!isString && value === '') this.failNear('zero-length delimited identifier', start, last);
    this.push(isString ? Token.STRING : Token.QUOTED, value, start, last);
  }

  #unescapeUnicode(raw: string, escape: string, start: number): string {
    let result = '';
    for (let i = 0; i < raw.length; i++) {
      const c = raw[i] as string;
      if (c !== escape) {
        result += c;
        continue;
      }
      if (raw[i + 1] === escape) {
        result += escape;
        i++;
        continue;
      }
      const plus = raw[i + 1] === '+';
      const hex = plus ? raw.slice(i + 2, i + 8) : raw.slice(i + 1, i + 5);
      if (hex.length !== (plus ? 6 : 4) || /[^0-9a-fA-F]/.test(hex))
        throw this.#escapeError('invalid Unicode escape', start + 3 + i, '');
      const place = start + 3 + i;
      const value = this.#character(Number.parseInt(hex, 16), place);
      // Halves of surrogate pairs only come together; the second one joins the first by itself.
      if (isHighSurrogate(result.slice(-1)) !== isLowSurrogate(value))
        this.fail('syntax_error', 'invalid Unicode surrogate pair', place);
      result += value;
      i += plus ? 7 : 4;
      const escaped = raw[i + 1] === escape && raw[i + 2] !== escape;
      if (isHighSurrogate(value) && !escaped)
        this.fail('syntax_error', 'invalid Unicode surrogate pair', start + 4 + i);
    }
    return result;
  }

  /** $1, or $tag$ ... $tag$ */
  #scanDollar(start: number): void {
    const { text } = this;
    const first = text.charCodeAt(start + 1);
    if ((classOf(first) & DIGIT) !== 0) {
      const end = this.digits(start + 1);
      const next = text.charCodeAt(end);
      if (next === next && (classOf(next) & WORD_START) !== 0)
        this.failNear('trailing junk after parameter', start, this.wordEnd(end));
      this.push(Token.PARAMETER, text.slice(start + 1, end), start, end);
      return;
    }
    let at = start + 1;
    if (first !== DOLLAR) {
      if (first !== first || (classOf(first) & WORD_START) === 0) this.failNear('syntax error', start, start + 1);
      while (text.charCodeAt(at) !== DOLLAR && at < text.length && (classOf(text.charCodeAt(at)) & WORD_PART) !== 0)
        at++;
      if (text.charCodeAt(at) !== DOLLAR) this.failNear('syntax error', start, start + 1);
    }
    const tag = text.slice(start, at + 1);
    const end = text.indexOf(tag, at + 1);
    if (end < 0)
      this.fail('syntax_error', `unterminated dollar-quoted string at or near "${text.slice(start)}"`, start);
    this.push(Token.STRING, text.slice(at + 1, end), start, end + tag.length);
  }

  // ---- operators and punctuation ------------------------------------------------------------------------

  protected override scanOperator(start: number): void {
    const { text } = this;
    let end = start + 1;
    let free = FREE_OPERATOR.includes(single(text.charCodeAt(start)));
    for (;;) {
      const code = text.charCodeAt(end);
      if (code !== code || (classOf(code) & OPERATOR_PART) === 0) break;
      const next = text.charCodeAt(end + 1);
      if ((code === MINUS && next === MINUS) || (code === SLASH && next === STAR)) break;
      if (!free && FREE_OPERATOR.includes(single(code))) free = true;
      end++;
    }
    // Without one of the free characters an operator does not end in a sign: a=-1 is a = -1.
    if (!free) {
      while (end > start + 1) {
        const last = text.charCodeAt(end - 1);
        if (last !== PLUS && last !== MINUS) break;
        end--;
      }
    }
    if (end === start + 1) {
      this.push(Token.OPERATOR, single(text.charCodeAt(start)), start, end);
      return;
    }
    const value = text.slice(start, end);
    if (value.length === 2 && text.charCodeAt(start) === EQUALS && text.charCodeAt(start + 1) === GREATER) {
      this.push(Token.SYMBOL, '=>', start, end);
      return;
    }
    if (value.length > 63) this.fail('name_too_long', 'operator too long', start);
    this.push(Token.OPERATOR, value === '!=' ? '<>' : value, start, end);
  }

  protected override scanSymbol(start: number, code: number): void {
    const next = this.text.charCodeAt(start + 1);
    if (code === COLON && (next === COLON || next === EQUALS)) {
      this.push(Token.SYMBOL, next === COLON ? '::' : ':=', start, start + 2);
    } else if (code === DOT && next === DOT) this.push(Token.SYMBOL, '..', start, start + 2);
    else super.scanSymbol(start, code);
  }
}

const isHighSurrogate = (char: string): boolean => char >= '\ud800' && char <= '\udbff' && char.length === 1;
const isLowSurrogate = (char: string): boolean => char >= '\udc00' && char <= '\udfff' && char.length === 1;
