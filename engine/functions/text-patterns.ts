/**
 * Functions of regular expressions in the widespread syntax (Perl's, without code): match types c, i, m, n, u; the collation says
 * whether case counts where they do not. Matching takes linear time, as in engine/functions/regex.ts.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { SqlValue } from '../../sblr/contract/values.ts';
import { characterOffset } from '../types/casts.ts';
import type { Integer } from '../types/integers.ts';
import { MAX_PATTERN_LENGTH } from './regex.ts';
import { AdaptiveRegex, type Matcher } from './regex-matcher.ts';
import { characters } from './strings.ts';
import { type Implementation, scalarFor } from './table.ts';
import { callCollation } from './call-collation.ts';

const MAX_CACHED = 500;
const cache = new Map<string, Matcher>();
const POSIX_CLASSES: Readonly<Record<string, string>> = {
  alpha: '\\p{L}',
  digit: '\\p{Nd}',
  alnum: '\\p{L}\\p{Nd}',
  upper: '\\p{Lu}',
  lower: '\\p{Ll}',
  space: '\\s',
  blank: ' \\t',
  punct: '\\p{P}',
  xdigit: '0-9a-fA-F',
  cntrl: '\\p{Cc}',
};

function refused(pattern: string, message: string): SqlError {
  return new SqlError('invalid_regular_expression', {
    message: `invalid regular expression: ${message}`,
    args: { pattern },
  });
}

const WORD = '[\\p{L}\\p{Nd}_]';
const BOUNDARY = `(?:(?<!${WORD})(?=${WORD})|(?<=${WORD})(?!${WORD}))`;
const NO_BOUNDARY = `(?:(?<!${WORD})(?!${WORD})|(?<=${WORD})(?=${WORD}))`;

/** The expression in JavaScript's syntax. */
function translated(pattern: string): string {
  return pattern
    .replace(/\[:(\^?)(\w+):\]/g, (whole, not: string, name: string) =>
      not === '' ? (POSIX_CLASSES[name] ?? whole) : whole,
    )
    .replace(/\\([^])/g, (whole, char: string) => {
      if (char === 'b') return BOUNDARY;
      if (char === 'B') return NO_BOUNDARY;
      if (char === 'A') return '^';
      if (char === 'z' || char === 'Z') return '$';
      return /[\w\s^$\\.*+?()[\]{}|/-]/.test(char) ? whole : char;
    });
}

function compile(pattern: string, types: string, ignoreCase: boolean): Matcher {
  const key = `${ignoreCase ? 'i' : 'c'}${types}/${pattern}`;
  let found = cache.get(key);
  if (found !== undefined) return found;
  if (pattern === '') throw refused(pattern, 'empty pattern');
  if (pattern.length > MAX_PATTERN_LENGTH) throw refused(pattern, 'pattern too long');
  let insensitive = ignoreCase;
  let flags = 'u';
  const inline = /^\(\?([ims]+)\)/.exec(pattern);
  for (const type of types) {
    if (type === 'i') insensitive = true;
    else if (type === 'c') insensitive = false;
    else if (type === 'm' || type === 'n') flags += type === 'm' ? 'm' : 's';
    else if (type !== 'u')
      throw new SqlError('invalid_parameter_value', {
        message: 'Incorrect arguments to regexp match type',
        variant: 'arguments',
        args: { function: 'regexp_like' },
      });
  }
  const body = translated(inline === null ? pattern : pattern.slice(inline[0].length));
  for (const flag of inline?.[1] ?? '') {
    if (flag === 'i') insensitive = true;
    else flags += flag;
  }
  flags = [...new Set(insensitive ? `${flags}i` : flags)].join('');
  try {
    const repetitions = body.match(/[*+{]/g)?.length ?? 0;
    found = new AdaptiveRegex(new RegExp(body, `${flags}g`), body, flags.replace('u', ''), repetitions);
  } catch (error) {
    throw refused(pattern, (error as Error).message);
  }
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(key, found);
  return found;
}

/** Match number `nth` from a character on. */
function nthMatch(regex: Matcher, text: string, start: Integer, nth: Integer): RegExpExecArray | null {
  if (start < 1 || start > characters(text) + 1)
    throw new SqlError('substring_error', { message: 'Index out of bounds in regular expression search.', args: {} });
  let at = characterOffset(text, Number(start) - 1);
  for (let left = Math.max(1, Number(nth)); ; left--) {
    regex.lastIndex = at;
    const match = regex.exec(text);
    if (match === null || left === 1) return match;
    at = match.index + Math.max(match[0].length, 1);
    if (at > text.length) return null;
  }
}

/** $1 and \x in a replacement. */
function expanded(replacement: string, match: RegExpExecArray): string {
  return replacement.replace(/\\(.)|\$(\d)/gs, (_, quoted?: string, group?: string) =>
    quoted === undefined ? (match[Number(group)] ?? '') : quoted,
  );
}

/** Registers a function for every number of arguments that it may have beyond text and pattern. */
function patternFunction(
  name: string,
  result: string,
  parameters: readonly string[],
  required: number,
  code: (regex: (types: string) => Matcher, text: string, rest: readonly SqlValue[]) => SqlValue,
): void {
  const typesAt = parameters.length - 1;
  for (let count = required; count <= parameters.length; count++) {
    const list = ['text', 'text', ...parameters.slice(0, count)].join(', ');
    scalarFor(`${name}(${list}) ${result}`, (argumentTypes, _result, semantics) => {
      const collation = callCollation(argumentTypes.slice(0, 2), semantics);
      const ignoreCase = collation.hash('A') === collation.hash('a');
      return ((text: string, pattern: string, ...rest: SqlValue[]) =>
        code(
          () => compile(pattern, (count > typesAt ? (rest[typesAt] as string) : '') ?? '', ignoreCase),
          text,
          rest.slice(0, count),
        )) as Implementation;
    });
  }
}

patternFunction('pattern_matches', 'bool', ['text'], 0, (regex, text) => {
  const matcher = regex('');
  matcher.lastIndex = 0;
  return matcher.test(text);
});
patternFunction('pattern_position', 'int64', ['int64', 'int64', 'int64', 'text'], 0, (regex, text, rest) => {
  const [start = 1, nth = 1, behind = 0] = rest as readonly Integer[];
  const match = nthMatch(regex(''), text, start, nth);
  if (match === null) return 0;
  return characters(text.slice(0, match.index + (Number(behind) === 1 ? match[0].length : 0))) + 1;
});
patternFunction('pattern_part', 'text', ['int64', 'int64', 'text'], 0, (regex, text, rest) => {
  const [start = 1, nth = 1] = rest as readonly Integer[];
  return nthMatch(regex(''), text, start, nth)?.[0] ?? null;
});
patternFunction('pattern_replace', 'text', ['text', 'int64', 'int64', 'text'], 1, (regex, text, rest) => {
  const [replacement, start = 1, nth = 0] = rest as unknown as readonly [string, Integer?, Integer?];
  const matcher = regex('');
  if (Number(nth) > 0) {
    const match = nthMatch(matcher, text, start, nth);
    if (match === null) return text;
    return text.slice(0, match.index) + expanded(replacement, match) + text.slice(match.index + match[0].length);
  }
  let at = characterOffset(text, Number(start) - 1);
  let out = text.slice(0, at);
  for (;;) {
    matcher.lastIndex = at;
    const match = matcher.exec(text);
    if (match === null) return out + text.slice(at);
    out += text.slice(at, match.index) + expanded(replacement, match);
    at = match.index + match[0].length;
    if (match[0] === '') {
      out += text.slice(at, at + 1);
      if (++at > text.length) return out;
    }
  }
});
