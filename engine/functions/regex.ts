/**
 * Regular expressions of the POSIX advanced flavour, translated to JavaScript's. Compiled expressions
 * are kept in a bounded cache. Leftmost-longest alternation becomes leftmost-first; patterns that the
 * translation cannot carry exactly are refused.
 */
import { setFlagsFromString } from 'node:v8';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { AdaptiveRegex, BoundedRegex, type Matcher } from './regex-matcher.ts';

// An expression that backtracks beyond the limit goes on in the language's linear-time matcher, which gives the same
// answer. The flags act on expressions compiled from here on.
setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
setFlagsFromString('--regexp-backtracks-before-fallback=50000');

const MAX_CACHED = 500;
export const MAX_PATTERN_LENGTH = 32_768;
const cache = new Map<string, Matcher>();

function bad(message: string): SqlError {
  return new SqlError('invalid_regular_expression', `invalid regular expression: ${message}`);
}

/** Flags as in regexp functions: i, c, n, m, s, p, w, x, q, e, b (g is the caller's). */
export function compileRegex(pattern: string, flags: string, extra = ''): Matcher {
  const key = `${flags}/${extra}/${pattern}`;
  let found = cache.get(key);
  if (found === undefined) {
    found = translate(pattern, flags, extra);
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(key, found);
  }
  found.lastIndex = 0;
  return found;
}

const CLASSES: Readonly<Record<string, string>> = {
  alpha: '\\p{L}',
  digit: '0-9',
  alnum: '\\p{L}\\p{Nd}',
  upper: '\\p{Lu}',
  lower: '\\p{Ll}',
  space: '\\s',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`\\{-~',
  print: '\\x20-\\x7e\\u00a0-\\u{10ffff}',
  graph: '\\x21-\\x7e\\u00a1-\\u{10ffff}',
  cntrl: '\\x00-\\x1f\\x7f',
  xdigit: '0-9A-Fa-f',
  word: '\\p{L}\\p{Nd}_',
};

interface State {
  readonly source: string;
  at: number;
  newlineSensitive: boolean;
  readonly expanded: boolean;
  groups: number;
}

function translate(pattern: string, flags: string, extra: string): Matcher {
  if (pattern.length > MAX_PATTERN_LENGTH) throw bad('regular expression is too complex');
  let ignoreCase = false;
  let newlines = false;
  let lineAnchors = false;
  let expanded = false;
  let literal = false;
  const apply = (letters: string): void => {
    for (const flag of letters) {
      if (flag === 'i') ignoreCase = true;
      else if (flag === 'c') ignoreCase = false;
      else if (flag === 'n' || flag === 'm') newlines = lineAnchors = true;
      else if (flag === 's') newlines = lineAnchors = false;
      else if (flag === 'p') newlines = true;
      else if (flag === 'w') lineAnchors = true;
      else if (flag === 'x') expanded = true;
      else if (flag === 't') expanded = false;
      else if (flag === 'q') literal = true;
      else if (flag === 'b' || flag === 'e') {
        if (flag === 'b') throw new SqlError('feature_not_supported', 'basic regular expressions are not supported');
      } else throw new SqlError('invalid_parameter_value', `invalid regular expression option: "${flag}"`);
    }
  };
  apply(flags);
  let source = pattern;
  if (source.startsWith('***=')) {
    literal = true;
    source = source.slice(4);
  } else {
    if (source.startsWith('***:')) source = source.slice(4);
    const embedded = /^\(\?([a-z]+)\)/.exec(source);
    if (embedded !== null) {
      apply(embedded[1] as string);
      source = source.slice(embedded[0].length);
    }
  }
  const jsFlags = `u${extra}${ignoreCase ? 'i' : ''}${newlines ? '' : 's'}${lineAnchors ? 'm' : ''}`;
  const body = literal
    ? source.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
    : new Translator({ source, at: 0, newlineSensitive: newlines, expanded, groups: 0 }).run();
  try {
    const unicode = new RegExp(body, jsFlags);
    return matcherOf(body, unicode, jsFlags.slice(1));
  } catch (error) {
    throw bad(error instanceof Error ? reason(error.message) : 'syntax error');
  }
}

/**
 * The matcher whose time is bounded for this expression: the language's own one where nothing repeats or it cannot cost
 * more than a small power of a short text, its linear-time one where that can carry the expression, else one of our own.
 */
function matcherOf(body: string, unicode: RegExp, flags: string): Matcher {
  const own = flags.replace('g', '');
  if (/\\[1-9]/.test(body)) return new BoundedRegex(body, own, flags.includes('g'));
  const repetitions = body.match(/[*+]|\{\d/g)?.length ?? 0;
  if (repetitions === 0) return unicode;
  if (repetitions > 2 || /\)(?:[*+]|\{\d)/.test(body)) {
    const linear = flags.includes('i') ? undefined : withoutUnicodeMode(body, flags);
    return linear ?? new BoundedRegex(body, own, flags.includes('g'));
  }
  return new AdaptiveRegex(unicode, body, own, repetitions);
}

/** A character outside the surrogates, or a pair of them; `refused` is the rest of a negated class. */
const oneCharacter = (refused: string): string => `(?:[^${refused}\\ud800-\\udfff]|[\\ud800-\\udbff][\\udc00-\\udfff])`;

/**
 * The same expression for the matcher without backtracking, which knows no Unicode mode: what stands for
 * any character is written as one or two code units. Undefined where that matcher cannot carry it.
 */
function withoutUnicodeMode(body: string, flags: string): RegExp | undefined {
  if (/[^\0-\x7f]|\\[pPuDSW1-9]|\(\?[=!<]/.test(body)) return undefined;
  const anyCharacter = oneCharacter(flags.includes('s') ? '' : '\\n\\r\\u2028\\u2029');
  const written = body.replace(
    /\\[^]|\[\^((?:\\[^]|[^\]\\])*)\]|\[(?:\\[^]|[^\]\\])*\]|\./g,
    (part: string, refused: string | undefined) => {
      if (part === '.') return anyCharacter;
      return refused === undefined ? part : oneCharacter(refused);
    },
  );
  return new RegExp(written, flags);
}

function reason(message: string): string {
  if (/Unterminated group|Unmatched '\)'/.test(message)) return 'parentheses () not balanced';
  if (/Unterminated character class/.test(message)) return 'brackets [] not balanced';
  if (/Nothing to repeat/.test(message)) return 'quantifier operand invalid';
  if (/Lone quantifier|Incomplete quantifier|numbers out of order/.test(message)) return 'invalid repetition count(s)';
  if (/Range out of order/.test(message)) return 'invalid character range';
  return 'invalid escape \\ sequence';
}

class Translator {
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  run(): string {
    const state = this.#state;
    const { source } = state;
    let out = '';
    let depth = 0;
    while (state.at < source.length) {
      const char = source[state.at] as string;
      if (state.expanded && (/\s/.test(char) || char === '#')) {
        if (char === '#') while (state.at < source.length && source[state.at] !== '\n') state.at++;
        else state.at++;
        continue;
      }
      switch (char) {
        case '\\':
          out += this.#escape();
          break;
        case '[':
          out += this.#bracket();
          break;
        case '(':
          depth++;
          out += this.#group();
          break;
        case ')':
          if (depth === 0) throw bad('parentheses () not balanced');
          depth--;
          out += ')';
          state.at++;
          break;
        case '{':
          out += this.#bound(out);
          break;
        case '*':
        case '+':
        case '?':
          state.at++;
          out += char;
          if (source[state.at] === '?') {
            out += '?';
            state.at++;
          }
          if (/[*+?]/.test(source[state.at] ?? '')) throw bad('quantifier operand invalid');
          break;
        case '/':
          out += '\\/';
          state.at++;
          break;
        case '}':
        case ']':
          out += `\\${char}`;
          state.at++;
          break;
        default: {
          const point = String.fromCodePoint(source.codePointAt(state.at) as number);
          out += point;
          state.at += point.length;
        }
      }
    }
    if (depth !== 0) throw bad('parentheses () not balanced');
    return out;
  }

  #group(): string {
    const state = this.#state;
    const rest = state.source.slice(state.at, state.at + 4);
    const special = /^\((\?:|\?=|\?!|\?<=|\?<!)/.exec(rest);
    if (special !== null) {
      state.at += special[0].length;
      return special[0];
    }
    if (rest.startsWith('(?#')) {
      const end = state.source.indexOf(')', state.at);
      if (end < 0) throw bad('parentheses () not balanced');
      state.at = end + 1;
      // The caller counted an opening parenthesis: give it an empty group to close.
      state.at--;
      return '(?:';
    }
    if (rest.startsWith('(?')) throw bad('quantifier operand invalid');
    state.at++;
    state.groups++;
    return '(';
  }

  #bound(before: string): string {
    const state = this.#state;
    const match = /^\{(\d+)(,(\d*))?\}/.exec(state.source.slice(state.at, state.at + 24));
    if (match === null) {
      if (/^\{\d/.test(state.source.slice(state.at, state.at + 2))) throw bad('invalid repetition count(s)');
      state.at++;
      return '\\{';
    }
    const low = Number(match[1]);
    const high = match[3] === undefined || match[3] === '' ? low : Number(match[3]);
    if (low > 255 || high > 255 || low > high) throw bad('invalid repetition count(s)');
    if (before === '' || before.endsWith('|') || before.endsWith('(')) throw bad('quantifier operand invalid');
    state.at += match[0].length;
    if (state.source[state.at] === '?') {
      state.at++;
      return `${match[0]}?`;
    }
    return match[0];
  }

  #escape(): string {
    const state = this.#state;
    const { source } = state;
    const next = source[state.at + 1];
    if (next === undefined) throw bad('invalid escape \\ sequence');
    state.at += 2;
    switch (next) {
      case 'm':
        return '(?<![\\p{L}\\p{Nd}_])(?=[\\p{L}\\p{Nd}_])';
      case 'M':
        return '(?<=[\\p{L}\\p{Nd}_])(?![\\p{L}\\p{Nd}_])';
      case 'y':
        return '(?:(?<![\\p{L}\\p{Nd}_])(?=[\\p{L}\\p{Nd}_])|(?<=[\\p{L}\\p{Nd}_])(?![\\p{L}\\p{Nd}_]))';
      case 'Y':
        return '(?:(?<![\\p{L}\\p{Nd}_])(?![\\p{L}\\p{Nd}_])|(?<=[\\p{L}\\p{Nd}_])(?=[\\p{L}\\p{Nd}_]))';
      case 'A':
        return '(?<![^])';
      case 'Z':
        return '(?![^])';
      case 'd':
      case 'D':
      case 's':
      case 'S':
        return `\\${next}`;
      case 'w':
        return '[\\p{L}\\p{Nd}_]';
      case 'W':
        return '[^\\p{L}\\p{Nd}_]';
      case 'a':
        return '\\x07';
      case 'b':
        return '\\x08';
      case 'B':
        return '\\\\';
      case 'e':
        return '\\x1b';
      case 'f':
      case 'n':
      case 'r':
      case 't':
      case 'v':
        return `\\${next}`;
      case 'u':
      case 'U':
      case 'x':
        return this.#codePoint(next);
      case 'c': {
        const control = source.charCodeAt(state.at++) & 31;
        return `\\x${control.toString(16).padStart(2, '0')}`;
      }
      default:
    }
    if (/[1-9]/.test(next)) {
      const digits = /^\d+/.exec(source.slice(state.at - 1, state.at + 2))?.[0] ?? next;
      if (Number(digits[0]) <= state.groups) return `(?:\\${next})`;
      throw bad('invalid backreference number');
    }
    if (next === '0') return '\\0';
    if (/[A-Za-z0-9]/.test(next)) throw bad('invalid escape \\ sequence');
    return /[\\^$.*+?()[\]{}|/]/.test(next) ? `\\${next}` : next === '-' ? '-' : next;
  }

  #codePoint(kind: string): string {
    const state = this.#state;
    const pattern = kind === 'u' ? /^[0-9a-fA-F]{4}/ : kind === 'U' ? /^[0-9a-fA-F]{8}/ : /^[0-9a-fA-F]+/;
    const hex = pattern.exec(state.source.slice(state.at))?.[0];
    if (hex === undefined || Number.parseInt(hex, 16) > 0x10ffff) throw bad('invalid escape \\ sequence');
    state.at += hex.length;
    return `\\u{${hex}}`;
  }

  #bracket(): string {
    const state = this.#state;
    const { source } = state;
    if (source.startsWith('[[:<:]]', state.at)) {
      state.at += 7;
      return '(?<![\\p{L}\\p{Nd}_])(?=[\\p{L}\\p{Nd}_])';
    }
    if (source.startsWith('[[:>:]]', state.at)) {
      state.at += 7;
      return '(?<=[\\p{L}\\p{Nd}_])(?![\\p{L}\\p{Nd}_])';
    }
    state.at++;
    let out = '[';
    if (source[state.at] === '^') {
      out += state.newlineSensitive ? '^\\n' : '^';
      state.at++;
    }
    let first = true;
    for (;;) {
      const char = source[state.at];
      if (char === undefined) throw bad('brackets [] not balanced');
      if (char === ']' && !first) {
        state.at++;
        return `${out}]`;
      }
      first = false;
      if (char === '[') {
        const named = /^\[([:.=])([^\]]*?)\1\]/.exec(source.slice(state.at, state.at + 40));
        if (named !== null) {
          state.at += named[0].length;
          if (named[1] === ':') {
            const set = CLASSES[named[2] as string];
            if (set === undefined) throw bad('invalid character class');
            out += set;
          } else out += quoteClass(named[2] as string);
          continue;
        }
        out += '\\[';
        state.at++;
      } else if (char === '\\') {
        const next = source[state.at + 1] ?? '';
        if (/[dsw]/.test(next)) {
          out += next === 'w' ? '\\p{L}\\p{Nd}_' : `\\${next}`;
          state.at += 2;
        } else if (/[DSW]/.test(next)) throw bad('invalid escape \\ sequence');
        else out += this.#escape().replace(/^-$/, '\\-');
      } else if (char === '-') {
        const range = source[state.at + 1] !== ']' && out !== '[' && out !== '[^' && out !== '[^\\n';
        out += range ? '-' : '\\-';
        state.at++;
      } else {
        const point = String.fromCodePoint(source.codePointAt(state.at) as number);
        out += quoteClass(point);
        state.at += point.length;
      }
    }
  }
}

function quoteClass(text: string): string {
  return text.replace(/[\\\]^[&|{}()/-]/g, '\\$&');
}

/** Replacement text with \1..\9, \& and \\ filled in. */
export function expandReplacement(replacement: string, match: readonly (string | undefined)[]): string {
  if (!replacement.includes('\\')) return replacement;
  let out = '';
  for (let i = 0; i < replacement.length; i++) {
    const char = replacement[i] as string;
    if (char !== '\\') {
      out += char;
      continue;
    }
    const next = replacement[++i];
    if (next === undefined) out += '\\';
    else if (next >= '1' && next <= '9') out += match[Number(next)] ?? '';
    else if (next === '&') out += match[0] ?? '';
    else if (next === '\\') out += '\\';
    else out += `\\${next}`;
  }
  return out;
}
