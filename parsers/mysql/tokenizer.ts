/**
 * MySQL's lexical rules on top of the standard ones (MySQL 8.0 Reference Manual 11.1 and 11.7): backquoted
 * identifiers, strings in either quote with backslash escapes, # comments, comments with a version that are
 * executed, hexadecimal and bit literals, user and system variables, character set introducers.
 */
import {
  BACKSLASH,
  classOf,
  DIGIT,
  DOT,
  DOUBLE_QUOTE,
  MINUS,
  QUOTE,
  SLASH,
  STAR,
  single,
  Token,
  Tokenizer,
  WORD_PART,
  WORD_START,
} from '../shared/tokenizer.ts';
import { KEYWORDS } from './keywords.ts';

const BACKQUOTE = 96;
const HASH = 35;
const AT = 64;
const EXCLAMATION = 33;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const QUESTION = 63;
const ZERO = 48;
/** Comments for versions above this are comments: the version that is mimicked. */
const MIMICKED_VERSION = 80_036;

/** Operators of more than one character, longest first. */
const LONG_OPERATORS = ['<=>', '->>', '<<', '>>', '<=', '>=', '<>', '!=', '&&', '||', ':=', '->'] as const;

const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  b: '\b',
  n: '\n',
  r: '\r',
  t: '\t',
  Z: '\x1a',
};

export interface LexicalModes {
  /** ANSI_QUOTES: a double quote delimits identifiers. */
  readonly ansiQuotes: boolean;
  /** NO_BACKSLASH_ESCAPES: a backslash in a string is itself. */
  readonly backslashes: boolean;
}

export class MysqlTokenizer extends Tokenizer {
  readonly #modes: LexicalModes;
  /** Executed comments that are open: their end is passed over like a blank. */
  #executed = 0;

  constructor(text: string, start: number, modes: LexicalModes) {
    super(text, start, KEYWORDS);
    this.#modes = modes;
  }

  // ---- blanks and comments -------------------------------------------------------------------------

  override skipBlanks(from: number): number {
    const { text } = this;
    let at = from;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code <= 32) at++;
      else if (code === HASH) at = this.lineEnd(at + 1);
      else if (code === MINUS && text.charCodeAt(at + 1) === MINUS && !(text.charCodeAt(at + 2) > 32))
        at = this.lineEnd(at + 2);
      else if (code === SLASH && text.charCodeAt(at + 1) === STAR) at = this.#blockComment(at);
      else if (this.#executed > 0 && code === STAR && text.charCodeAt(at + 1) === SLASH) {
        this.#executed--;
        at += 2;
      } else return at;
    }
  }

  /** A comment, or the opening of one whose content is executed. */
  #blockComment(start: number): number {
    const { text } = this;
    const mark = text.startsWith('/*!', start) ? 3 : text.startsWith('/*M!', start) ? 4 : 0;
    if (mark > 0) {
      const digits = /^\d{5,6}/.exec(text.slice(start + mark, start + mark + 6))?.[0] ?? '';
      // Comments marked for MariaDB are for that server alone.
      if (mark === 3 && Number(digits) <= MIMICKED_VERSION) {
        this.#executed++;
        return start + mark + digits.length;
      }
    }
    // Block comments do not nest.
    const end = text.indexOf('*/', start + 2);
    if (end < 0) this.fail('syntax_error', 'unterminated comment', start);
    return end + 2;
  }

  // ---- tokens --------------------------------------------------------------------------------------

  protected override scan(start: number, code: number): void {
    const next = this.text.charCodeAt(start + 1);
    switch (code) {
      case BACKQUOTE:
        this.#scanIdentifier(start, BACKQUOTE);
        return;
      case DOUBLE_QUOTE:
        if (this.#modes.ansiQuotes) this.#scanIdentifier(start, DOUBLE_QUOTE);
        else this.#scanText(start, start, DOUBLE_QUOTE);
        return;
      case QUOTE:
        this.#scanText(start, start, QUOTE);
        return;
      case AT:
        this.#scanVariable(start);
        return;
      case OPEN_BRACE:
      case CLOSE_BRACE:
        this.push(Token.SYMBOL, code === OPEN_BRACE ? '{' : '}', start, start + 1);
        return;
      case QUESTION:
        this.push(Token.PARAMETER, '?', start, start + 1);
        return;
      case ZERO:
        if (next === 120 && this.#scanNumberIn(start, 16)) return;
        if (next === 98 && this.#scanNumberIn(start, 2)) return;
        break;
      default:
        if (next === QUOTE && this.#scanPrefixed(start, code | 32)) return;
    }
    super.scan(start, code);
  }

  /** x'..', b'..' and n'..' */
  #scanPrefixed(start: number, letter: number): boolean {
    if (letter === 110) {
      this.#scanText(start, start + 1, QUOTE);
      return true;
    }
    if (letter !== 120 && letter !== 98) return false;
    const end = this.closingQuote(start + 1, QUOTE, 'literal');
    const digits = this.text.slice(start + 2, end);
    const hex = letter === 120;
    const whole = !hex || digits.length % 2 === 0;
    if (!whole || !(hex ? /^[0-9a-f]*$/i : /^[01]*$/).test(digits)) this.failNear('syntax error', start, end + 1);
    this.push(hex ? Token.HEX : Token.BITS, digits, start, end + 1);
    return true;
  }

  /** 0x1F and 0b01; anything else beginning so is a number and a word. */
  #scanNumberIn(start: number, base: 2 | 16): boolean {
    const digits = (base === 16 ? /^[0-9a-f]+/i : /^[01]+/).exec(this.text.slice(start + 2))?.[0] ?? '';
    const end = start + 2 + digits.length;
    if (digits === '' || (end < this.text.length && (classOf(this.text.charCodeAt(end)) & WORD_PART) !== 0))
      return false;
    const even = base === 16 && digits.length % 2 === 1 ? `0${digits}` : digits;
    this.push(base === 16 ? Token.HEX : Token.BITS, even, start, end);
    return true;
  }

  /** Words may begin with digits, as long as they are not all digits. */
  protected override scanNumber(start: number): void {
    const end = this.digits(start);
    const next = this.text.charCodeAt(end);
    const exponent = (next | 32) === 101 && /^[eE][+-]?\d/.test(this.text.slice(end, end + 3));
    if (next === next && (classOf(next) & WORD_START) !== 0 && !exponent) {
      this.scanWord(start);
      return;
    }
    super.scanNumber(start);
  }

  #scanIdentifier(start: number, quote: number): void {
    const end = this.closingQuote(start, quote, 'identifier');
    const mark = single(quote);
    const raw = this.text.slice(start + 1, end);
    this.push(Token.QUOTED, raw.includes(mark) ? raw.replaceAll(mark + mark, mark) : raw, start, end + 1);
  }

  /** A string; strings that follow each other are one. */
  #scanText(start: number, quoteAt: number, quote: number): void {
    let { value, end } = this.#readText(quoteAt, quote);
    for (;;) {
      // Looking ahead must not close a comment that is still open at the string's end.
      const executed = this.#executed;
      const next = this.skipBlanks(end);
      const code = this.text.charCodeAt(next);
      const follows = code === QUOTE || (code === DOUBLE_QUOTE && !this.#modes.ansiQuotes);
      if (!follows || next === end) {
        this.#executed = executed;
        break;
      }
      const more = this.#readText(next, code);
      value += more.value;
      end = more.end;
    }
    this.push(Token.STRING, value, start, end);
  }

  #readText(start: number, quote: number): { value: string; end: number } {
    const { text } = this;
    const { backslashes } = this.#modes;
    let value = '';
    let from = start + 1;
    for (let at = from; ; at++) {
      if (at >= text.length)
        this.fail('syntax_error', `unterminated quoted string at or near "${text.slice(start)}"`, start);
      const code = text.charCodeAt(at);
      if (code === quote) {
        value += text.slice(from, at);
        if (text.charCodeAt(at + 1) !== quote) return { value, end: at + 1 };
        from = at + 1;
        at++;
      } else if (code === BACKSLASH && backslashes) {
        value += text.slice(from, at) + unescaped(text[at + 1] ?? '');
        at++;
        from = at + 1;
      }
    }
  }

  /** @name, @'name', @@name: the value keeps the signs and loses the quotes. */
  #scanVariable(start: number): void {
    const { text } = this;
    const system = text.charCodeAt(start + 1) === AT;
    const from = start + (system ? 2 : 1);
    const code = text.charCodeAt(from);
    if (code === BACKQUOTE || (!system && (code === QUOTE || code === DOUBLE_QUOTE))) {
      const end = this.closingQuote(from, code, 'variable name');
      this.push(Token.PARAMETER, `${text.slice(start, from)}${text.slice(from + 1, end)}`, start, end + 1);
      return;
    }
    const dots = !system;
    let end = from;
    for (;;) {
      const next = text.charCodeAt(end);
      const belongs = (classOf(next) & WORD_PART) !== 0 || (dots && next === DOT);
      if (end >= text.length || !belongs) break;
      end++;
    }
    this.push(Token.PARAMETER, text.slice(start, end), start, end);
  }

  protected override scanOperator(start: number): void {
    const { text } = this;
    for (const operator of LONG_OPERATORS) {
      if (text.startsWith(operator, start)) {
        this.push(Token.OPERATOR, operator, start, start + operator.length);
        return;
      }
    }
    const code = text.charCodeAt(start);
    if (code === AT || code === HASH || code === BACKQUOTE) this.failNear('syntax error', start, start + 1);
    this.push(Token.OPERATOR, code === EXCLAMATION ? '!' : single(code), start, start + 1);
  }

  protected override scanSymbol(start: number, code: number): void {
    if (this.text.startsWith(':=', start)) {
      this.push(Token.OPERATOR, ':=', start, start + 2);
      return;
    }
    if (code === DOT && (classOf(this.text.charCodeAt(start + 1)) & DIGIT) !== 0 && this.#afterName(start)) {
      this.push(Token.SYMBOL, '.', start, start + 1);
      return;
    }
    super.scanSymbol(start, code);
  }

  /** Does the dot at `start` belong to a qualified name, so that digits after it begin a word? */
  #afterName(start: number): boolean {
    const last = this.count - 1;
    return (
      last >= 0 && this.ends[last] === start && (this.kinds[last] === Token.WORD || this.kinds[last] === Token.QUOTED)
    );
  }
}

/** What a backslash and a character stand for; before % and _ the backslash stays, for LIKE. */
function unescaped(character: string): string {
  if (character === '%' || character === '_') return `\\${character}`;
  return ESCAPES[character] ?? character;
}
