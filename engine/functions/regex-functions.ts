/** Functions and operators of regular expressions. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { SqlArray, type SqlValue } from '../../sblr/contract/values.ts';
import { characterOffset } from '../types/casts.ts';
import { similarToRegex } from './pattern.ts';
import { compileRegex, expandReplacement } from './regex.ts';
import type { Matcher } from './regex-matcher.ts';
import { NOT_STRICT, operatorFor, scalar, setFunction, valuesSource } from './table.ts';
import { characters } from './strings.ts';

for (const [name, flags, negated] of [
  ['regex_match', '', false],
  ['regex_match_insensitive', 'i', false],
  ['regex_not_match', '', true],
  ['regex_not_match_insensitive', 'i', true],
] as const) {
  operatorFor(`${name}(text, text) bool`, () => {
    let last: string | undefined;
    let regex: Matcher = /(?:)/;
    return (text: string, pattern: string) => {
      if (pattern !== last) {
        regex = compileRegex(pattern, flags);
        last = pattern;
      }
      return regex.test(text) !== negated;
    };
  });
}

/** Splits 'g' off the flags. */
function globalFlag(flags: string): { rest: string; global: boolean } {
  return { rest: flags.replaceAll('g', ''), global: flags.includes('g') };
}

function noGlobal(flags: string, name: string): string {
  if (flags.includes('g'))
    throw new SqlError('invalid_parameter_value', {
      message: `${name}() does not support the "global" option`,
      ...(name === 'regexp_match' ? { hint: 'Use the regexp_matches function instead.' } : {}),
    });
  return flags;
}

// substring(text from pattern): the first group, or the whole match.
function substringRegex(text: string, pattern: string): SqlValue {
  const match = compileRegex(pattern, '').exec(text);
  if (match === null) return null;
  return match.length > 1 ? (match[1] ?? null) : match[0];
}
scalar('substring(text, text) text', substringRegex);
scalar('substring(text, text, text) text', (text: string, pattern: string, escape: string) =>
  substringRegex(text, similarToRegex(pattern, escape, true)),
);

/** Groups of a match, or the whole match when there are none. */
function groups(match: RegExpMatchArray): SqlArray {
  return new SqlArray(match.length > 1 ? match.slice(1).map((group) => group ?? null) : [match[0]]);
}

function* allMatches(text: string, pattern: string, flags: string): Generator<RegExpExecArray> {
  const regex = compileRegex(pattern, flags, 'g');
  let at = 0;
  for (;;) {
    regex.lastIndex = at;
    const match = regex.exec(text);
    if (match === null) return;
    yield match;
    at = match.index + match[0].length;
    if (match[0] === '') {
      if (at >= text.length) return;
      at += (text.codePointAt(at) as number) > 0xffff ? 2 : 1;
    }
  }
}

scalar('regexp_match(text, text) text[]', (text: string, pattern: string) => {
  const match = compileRegex(pattern, '').exec(text);
  return match === null ? null : groups(match);
});
scalar('regexp_match(text, text, text) text[]', (text: string, pattern: string, flags: string) => {
  const match = compileRegex(pattern, noGlobal(flags, 'regexp_match')).exec(text);
  return match === null ? null : groups(match);
});
const matches = (text: string, pattern: string, flags: string): SqlValue[] => {
  const { rest, global } = globalFlag(flags);
  if (!global) {
    const match = compileRegex(pattern, rest).exec(text);
    return match === null ? [] : [groups(match)];
  }
  return [...allMatches(text, pattern, rest)].map(groups);
};
setFunction('regexp_matches(text, text) text[]', ([text, pattern]: [string, string]) =>
  valuesSource(matches(text, pattern, '')),
);
setFunction('regexp_matches(text, text, text) text[]', ([text, pattern, flags]: [string, string, string]) =>
  valuesSource(matches(text, pattern, flags)),
);

/** Replaces match number `nth` (0 = all) from character `start`. */
function replace(
  text: string,
  pattern: string,
  replacement: string,
  start: number,
  nth: number,
  flags: string,
): string {
  if (start <= 0) throw new SqlError('invalid_parameter_value', `invalid value for parameter "start": ${start}`);
  if (nth < 0) throw new SqlError('invalid_parameter_value', `invalid value for parameter "n": ${nth}`);
  const from = characterOffset(text, start - 1);
  let out = text.slice(0, from);
  const rest = text.slice(from);
  let at = 0;
  let count = 0;
  for (const match of allMatches(rest, pattern, flags)) {
    count++;
    if (nth > 0 && count < nth) continue;
    // An empty match right after the previous one does not count.
    out += rest.slice(at, match.index) + expandReplacement(replacement, match);
    at = match.index + match[0].length;
    if (nth > 0) break;
  }
  return out + rest.slice(at);
}
scalar('regexp_replace(text, text, text) text', (text: string, pattern: string, to: string) =>
  replace(text, pattern, to, 1, 1, ''),
);
scalar('regexp_replace(text, text, text, text) text', (text: string, pattern: string, to: string, flags: string) => {
  const { rest, global } = globalFlag(flags);
  return replace(text, pattern, to, 1, global ? 0 : 1, rest);
});
scalar('regexp_replace(text, text, text, int32) text', (text: string, pattern: string, to: string, start: number) =>
  replace(text, pattern, to, start, 1, ''),
);
scalar(
  'regexp_replace(text, text, text, int32, int32) text',
  (text: string, pattern: string, to: string, start: number, nth: number) => replace(text, pattern, to, start, nth, ''),
);
scalar(
  'regexp_replace(text, text, text, int32, int32, text) text',
  (text: string, pattern: string, to: string, start: number, nth: number, flags: string) =>
    replace(text, pattern, to, start, nth, globalFlag(flags).rest),
);

function split(text: string, pattern: string, flags: string, name: string): string[] {
  const parts: string[] = [];
  let at = 0;
  for (const match of allMatches(text, pattern, noGlobal(flags, name))) {
    // Empty matches at the start, the end or right after a match do not split.
    if (match[0] === '' && (match.index === at || match.index >= text.length)) continue;
    parts.push(text.slice(at, match.index));
    at = match.index + match[0].length;
  }
  parts.push(text.slice(at));
  return parts;
}
scalar(
  'regexp_split_to_array(text, text) text[]',
  (text: string, pattern: string) => new SqlArray(split(text, pattern, '', 'regexp_split_to_array')),
);
scalar(
  'regexp_split_to_array(text, text, text) text[]',
  (text: string, pattern: string, flags: string) => new SqlArray(split(text, pattern, flags, 'regexp_split_to_array')),
);
setFunction('regexp_split_to_table(text, text) text', ([text, pattern]: [string, string]) =>
  valuesSource(split(text, pattern, '', 'regexp_split_to_table')),
);
setFunction('regexp_split_to_table(text, text, text) text', ([text, pattern, flags]: [string, string, string]) =>
  valuesSource(split(text, pattern, flags, 'regexp_split_to_table')),
);

function startAt(text: string, start: number): string {
  if (start <= 0) throw new SqlError('invalid_parameter_value', `invalid value for parameter "start": ${start}`);
  return text.slice(characterOffset(text, start - 1));
}
const count = (text: string, pattern: string, start: number, flags: string): number =>
  [...allMatches(startAt(text, start), pattern, noGlobal(flags, 'regexp_count'))].length;
scalar('regexp_count(text, text) int32', (text: string, pattern: string) => count(text, pattern, 1, ''));
scalar('regexp_count(text, text, int32) int32', (text: string, pattern: string, start: number) =>
  count(text, pattern, start, ''),
);
scalar('regexp_count(text, text, int32, text) int32', count);
scalar('regexp_like(text, text) bool', (text: string, pattern: string) => compileRegex(pattern, '').test(text));
scalar('regexp_like(text, text, text) bool', (text: string, pattern: string, flags: string) =>
  compileRegex(pattern, noGlobal(flags, 'regexp_like')).test(text),
);

function nthMatch(
  text: string,
  pattern: string,
  start: number,
  nth: number,
  flags: string,
  name: string,
): { match: RegExpExecArray; offset: number } | undefined {
  const rest = startAt(text, start);
  if (nth <= 0) throw new SqlError('invalid_parameter_value', `invalid value for parameter "n": ${nth}`);
  let index = 0;
  for (const match of allMatches(rest, pattern, noGlobal(flags, name)))
    if (++index === nth) return { match, offset: text.length - rest.length };
  return undefined;
}
function checkGroup(group: number): void {
  if (group < 0) throw new SqlError('invalid_parameter_value', `invalid value for parameter "subexpr": ${group}`);
}
function substr(text: string, pattern: string, start = 1, nth = 1, flags = '', group = 0): SqlValue {
  checkGroup(group);
  const found = nthMatch(text, pattern, start, nth, flags, 'regexp_substr');
  return found?.match[group] ?? null;
}
scalar('regexp_substr(text, text) text', (a: string, b: string) => substr(a, b));
scalar('regexp_substr(text, text, int32) text', (a: string, b: string, c: number) => substr(a, b, c));
scalar('regexp_substr(text, text, int32, int32) text', (a: string, b: string, c: number, d: number) =>
  substr(a, b, c, d),
);
scalar('regexp_substr(text, text, int32, int32, text) text', (a: string, b: string, c: number, d: number, e: string) =>
  substr(a, b, c, d, e),
);
scalar(
  'regexp_substr(text, text, int32, int32, text, int32) text',
  (a: string, b: string, c: number, d: number, e: string, f: number) => substr(a, b, c, d, e, f),
);
function instr(text: string, pattern: string, start = 1, nth = 1, end = 0, flags = '', group = 0): number {
  checkGroup(group);
  const found = nthMatch(text, pattern, start, nth, flags, 'regexp_instr');
  if (found === undefined) return 0;
  if (end !== 0 && end !== 1)
    throw new SqlError('invalid_parameter_value', `invalid value for parameter "endoption": ${end}`);
  const { match, offset } = found;
  const part = match[group];
  if (part === undefined) return 0;
  const at = offset + match.index + (group === 0 ? 0 : Math.max(0, match[0].indexOf(part)));
  return characters(text.slice(0, end === 1 ? at + part.length : at)) + 1;
}
scalar('regexp_instr(text, text) int32', (a: string, b: string) => instr(a, b));
scalar('regexp_instr(text, text, int32) int32', (a: string, b: string, c: number) => instr(a, b, c));
scalar('regexp_instr(text, text, int32, int32) int32', (a: string, b: string, c: number, d: number) =>
  instr(a, b, c, d),
);
scalar('regexp_instr(text, text, int32, int32, int32) int32', (a: string, b: string, c: number, d: number, e: number) =>
  instr(a, b, c, d, e),
);
scalar(
  'regexp_instr(text, text, int32, int32, int32, text) int32',
  (a: string, b: string, c: number, d: number, e: number, f: string) => instr(a, b, c, d, e, f),
);
scalar(
  'regexp_instr(text, text, int32, int32, int32, text, int32) int32',
  (a: string, b: string, c: number, d: number, e: number, f: string, g: number) => instr(a, b, c, d, e, f, g),
);

// ---- splitting by plain text
function splitText(text: string, separator: string | null, nullText: string | null): SqlValue[] {
  const parts = text === '' ? [] : separator === null ? [...text] : separator === '' ? [text] : text.split(separator);
  return nullText === null ? parts : parts.map((part) => (part === nullText ? null : part));
}
scalar(
  'string_to_array(text, text) text[]',
  (text: string | null, separator: string | null) =>
    text === null ? null : new SqlArray(splitText(text, separator, null)),
  NOT_STRICT,
);
scalar(
  'string_to_array(text, text, text) text[]',
  (text: string | null, separator: string | null, nothing: string | null) =>
    text === null ? null : new SqlArray(splitText(text, separator, nothing)),
  NOT_STRICT,
);
setFunction(
  'string_to_table(text, text) text',
  ([text, separator]: [string | null, string | null]) =>
    valuesSource(text === null ? [] : splitText(text, separator, null)),
  NOT_STRICT,
);
setFunction(
  'string_to_table(text, text, text) text',
  ([text, separator, nothing]: [string | null, string | null, string | null]) =>
    valuesSource(text === null ? [] : splitText(text, separator, nothing)),
  NOT_STRICT,
);
