/** Splits the text of a JSON path expression into tokens, for json-path-text.ts. */
import { SqlError } from '../sql-error.ts';

export interface PathToken {
  readonly kind: 'string' | 'variable' | 'number' | 'word' | 'symbol' | 'end';
  /** Meaning: without quotes, with escapes resolved. */
  readonly text: string;
  /** As written, for messages. */
  readonly raw: string;
}

/** Characters that end a word. */
const SPECIAL = '?%$.[]{}()|&!=<>@#,*:-+/';
const BLANK = ' \t\n\r\f';
const NUMBER = /(?:(?:0|[1-9]\d*)\.\d*|\.\d+|(?:0|[1-9]\d*))(?:[eE][+-]?\d+)?/y;
const SYMBOL = /\*\*|==|!=|<>|<=|>=|&&|\|\||[?%$.[\]{}()|&!=<>@#,*:\-+/]/y;

function fail(message: string, near: string | undefined): SqlError {
  const where = near === undefined ? 'at end' : `at or near "${near}"`;
  return new SqlError('syntax_error', `${message} ${where} of jsonpath input`);
}

const isWordCharacter = (char: string | undefined): boolean =>
  char !== undefined && !SPECIAL.includes(char) && !BLANK.includes(char) && char !== '"';

export function tokenizeJsonPath(text: string): PathToken[] {
  const tokens: PathToken[] = [];
  let at = 0;
  const push = (kind: PathToken['kind'], value: string, from: number): void => {
    tokens.push({ kind, text: value, raw: text.slice(from, at) });
  };
  while (at < text.length) {
    const char = text[at] as string;
    const from = at;
    if (BLANK.includes(char)) {
      at++;
    } else if (text.startsWith('/*', at)) {
      at = text.indexOf('*/', at + 2);
      if (at < 0) throw fail('unexpected end of comment', undefined);
      at += 2;
    } else if (char === '"' || (char === '$' && text[at + 1] === '"')) {
      const value = quoted(text, at + (char === '"' ? 1 : 2));
      at = value.end;
      push(char === '"' ? 'string' : 'variable', value.text, from);
    } else if (char === '$' && isWordCharacter(text[at + 1]) && text[at + 1] !== '\\') {
      at++;
      while (isWordCharacter(text[at]) && text[at] !== '\\') at++;
      push('variable', text.slice(from + 1, at), from);
    } else if (/\d/.test(char) || (char === '.' && /\d/.test(text[at + 1] ?? ''))) {
      NUMBER.lastIndex = at;
      at += (NUMBER.exec(text) as RegExpExecArray)[0].length;
      if (/^[eE][+-]/.test(text.slice(at, at + 2))) throw fail('invalid numeric literal', text.slice(from, at + 2));
      if (isWordCharacter(text[at])) throw fail('trailing junk after numeric literal', text.slice(from, at + 1));
      push('number', text.slice(from, at), from);
    } else if (SPECIAL.includes(char)) {
      SYMBOL.lastIndex = at;
      const symbol = (SYMBOL.exec(text) as RegExpExecArray)[0];
      at += symbol.length;
      push('symbol', symbol, from);
    } else {
      const word = bare(text, at);
      at = word.end;
      push('word', word.text, from);
    }
  }
  tokens.push({ kind: 'end', text: '', raw: '' });
  return tokens;
}

interface Piece {
  readonly text: string;
  readonly end: number;
}

function quoted(text: string, start: number): Piece {
  let out = '';
  let at = start;
  for (;;) {
    const char = text[at];
    if (char === undefined) throw fail('unexpected end of quoted string', undefined);
    if (char === '"') return { text: out, end: at + 1 };
    if (char === '\\') {
      const piece = escape(text, at);
      out += piece.text;
      at = piece.end;
    } else {
      out += char;
      at++;
    }
  }
}

/** A word without quotes, which may hold escapes. */
function bare(text: string, start: number): Piece {
  let out = '';
  let at = start;
  while (isWordCharacter(text[at])) {
    const piece = text[at] === '\\' ? escape(text, at) : { text: text[at] as string, end: at + 1 };
    out += piece.text;
    at = piece.end;
  }
  return { text: out, end: at };
}

const SIMPLE: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

function escape(text: string, at: number): Piece {
  const next = text[at + 1];
  if (next === undefined) throw fail('unexpected end after backslash', undefined);
  if (next === 'x') {
    const hex = /^[0-9a-fA-F]{2}/.exec(text.slice(at + 2))?.[0];
    if (hex === undefined) throw fail('invalid hex character sequence', text.slice(at, at + 2));
    return { text: String.fromCharCode(Number.parseInt(hex, 16)), end: at + 4 };
  }
  if (next === 'u') return unicode(text, at);
  const plain = String.fromCodePoint(text.codePointAt(at + 1) as number);
  return { text: SIMPLE[next] ?? plain, end: at + 1 + plain.length };
}

function codeUnit(text: string, at: number): { code: number; end: number } | undefined {
  const match = /^\\u(?:([0-9a-fA-F]{4})|\{([0-9a-fA-F]{1,6})\})/.exec(text.slice(at, at + 10));
  if (match === null) return undefined;
  return { code: Number.parseInt((match[1] ?? match[2]) as string, 16), end: at + match[0].length };
}

function unicode(text: string, at: number): Piece {
  const first = codeUnit(text, at);
  if (first === undefined) throw fail('invalid unicode sequence', text.slice(at, at + 2));
  const invalid = (detail: string): SqlError =>
    new SqlError('invalid_text_representation', { message: 'invalid input syntax for type jsonpath', detail });
  if (first.code === 0)
    throw new SqlError('untranslatable_character', {
      message: 'unsupported Unicode escape sequence',
      detail: '\\u0000 cannot be converted to text.',
    });
  if (first.code >= 0xdc00 && first.code <= 0xdfff)
    throw invalid('Unicode low surrogate must follow a high surrogate.');
  if (first.code < 0xd800 || first.code > 0xdbff) {
    if (first.code > 0x10ffff) throw fail('invalid unicode sequence', text.slice(at, first.end));
    return { text: String.fromCodePoint(first.code), end: first.end };
  }
  const second = codeUnit(text, first.end);
  if (second !== undefined && second.code >= 0xd800 && second.code <= 0xdbff)
    throw invalid('Unicode high surrogate must not follow a high surrogate.');
  if (second === undefined || second.code < 0xdc00 || second.code > 0xdfff)
    throw invalid('Unicode low surrogate must follow a high surrogate.');
  return { text: String.fromCharCode(first.code, second.code), end: second.end };
}
