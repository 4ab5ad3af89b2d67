/** LIKE patterns: compiled once, kept in a bounded cache; plain shapes test without a regular expression. */
import { SqlError } from '../../sblr/contract/sql-error.ts';

export type Matcher = (text: string) => boolean;

const MAX_CACHED = 500;
const cache = new Map<string, Matcher>();
const foldCache = new Map<string, Matcher>();

/** Gives each character one that stands for all that are equal to it. */
export type Fold = (text: string) => string;

/** A matcher for a LIKE pattern with backslash as escape. */
export function likeMatcher(pattern: string, ignoreCase = false, fold?: Fold): Matcher {
  if (fold !== undefined) return compile(pattern, ignoreCase, fold);
  const store = ignoreCase ? foldCache : cache;
  let found = store.get(pattern);
  if (found === undefined) {
    found = compile(pattern, ignoreCase);
    if (store.size >= MAX_CACHED) store.clear();
    store.set(pattern, found);
  }
  return found;
}

type Part = { readonly kind: 'text'; readonly text: string } | { readonly kind: 'one' } | { readonly kind: 'many' };

function split(pattern: string): Part[] {
  const parts: Part[] = [];
  let text = '';
  const flush = (): void => {
    if (text !== '') parts.push({ kind: 'text', text });
    text = '';
  };
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] as string;
    if (char === '\\') {
      text += pattern[++i] ?? '\\';
    } else if (char === '%') {
      flush();
      if (parts.at(-1)?.kind !== 'many') parts.push({ kind: 'many' });
    } else if (char === '_') {
      flush();
      parts.push({ kind: 'one' });
    } else text += char;
  }
  flush();
  return parts;
}

/** Does the pattern end with an escape that escapes nothing? */
function endsWithEscape(pattern: string): boolean {
  let escapes = 0;
  while (pattern[pattern.length - 1 - escapes] === '\\') escapes++;
  return escapes % 2 === 1;
}

function compile(pattern: string, ignoreCase: boolean, fold?: Fold): Matcher {
  if (fold !== undefined) {
    const matches = compileParts(
      split(pattern).map((part) => (part.kind === 'text' ? { ...part, text: fold(part.text) } : part)),
      ignoreCase,
    );
    return (text) => matches(fold(text));
  }
  if (endsWithEscape(pattern)) {
    // An error only once a text gets that far.
    const reaches = compile(`${pattern.slice(0, -1)}_%`, ignoreCase);
    return (text) => {
      if (reaches(text))
        throw new SqlError('invalid_escape_sequence', 'LIKE pattern must not end with escape character');
      return false;
    };
  }
  return compileParts(split(pattern), ignoreCase);
}

function compileParts(parts: readonly Part[], ignoreCase: boolean): Matcher {
  if (!ignoreCase) {
    const [a, b, c] = parts;
    if (parts.length === 0) return (text) => text === '';
    if (parts.length === 1 && a?.kind === 'text') return (text) => text === a.text;
    if (parts.length === 1 && a?.kind === 'many') return () => true;
    if (parts.length === 2 && a?.kind === 'text' && b?.kind === 'many') return (text) => text.startsWith(a.text);
    if (parts.length === 2 && a?.kind === 'many' && b?.kind === 'text') return (text) => text.endsWith(b.text);
    if (parts.length === 3 && a?.kind === 'many' && b?.kind === 'text' && c?.kind === 'many')
      return (text) => text.includes(b.text);
  }
  // Pieces between % are found leftmost first, which never needs to go back: linear, unlike a regular expression.
  const pieces: RegExp[] = [];
  let source = '';
  const starts = parts[0]?.kind !== 'many';
  const ends = parts.at(-1)?.kind !== 'many';
  const segments: string[] = [];
  for (const part of parts) {
    if (part.kind === 'many') {
      segments.push(source);
      source = '';
    } else source += part.kind === 'one' ? '[^]' : part.text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  }
  segments.push(source);
  const flags = ignoreCase ? 'iu' : 'u';
  if (segments.length === 1) {
    const whole = new RegExp(`^(?:${segments[0] as string})$`, flags);
    return (text) => whole.test(text);
  }
  const head = starts ? new RegExp(`^(?:${segments[0] as string})`, flags) : undefined;
  const tail = ends ? new RegExp(`(?:${segments.at(-1) as string})$`, flags) : undefined;
  for (const segment of segments.slice(1, -1)) if (segment !== '') pieces.push(new RegExp(segment, `${flags}g`));
  return (text) => {
    let at = 0;
    if (head !== undefined) {
      const match = head.exec(text);
      if (match === null) return false;
      at = match[0].length;
    }
    for (const piece of pieces) {
      piece.lastIndex = at;
      const match = piece.exec(text);
      if (match === null) return false;
      at = match.index + match[0].length;
    }
    if (tail !== undefined) {
      const match = tail.exec(text.slice(at));
      return match !== null;
    }
    return true;
  };
}

/** Rewrites a pattern with another escape character to one with a backslash. */
export function likeEscape(pattern: string, escape: string): string {
  if (escape === '\\') return pattern;
  if ([...escape].length > 1)
    throw new SqlError('invalid_escape_sequence', {
      message: 'invalid escape string',
      hint: 'Escape string must be empty or one character.',
    });
  if (escape === '') return pattern.replaceAll('\\', '\\\\');
  let out = '';
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] as string;
    if (char === escape) {
      const next = pattern[++i];
      if (next === undefined) out += '\\';
      else out += `\\${next}`;
    } else out += char === '\\' ? '\\\\' : char;
  }
  return out;
}

/**
 * Rewrites a SIMILAR TO pattern as a regular expression. For matching, what stands before the first separator is made to
 * take as little as it can; the text shown says so by a quantifier around it.
 */
export function similarToRegex(pattern: string, escape: string, toMatch = false): string {
  const separated = toMatch && escape !== '' && pattern.includes(`${escape}"`);
  if ([...escape].length > 1)
    throw new SqlError('invalid_escape_sequence', {
      message: 'invalid escape string',
      hint: 'Escape string must be empty or one character.',
    });
  let out = '^(?:';
  let inClass = false;
  let separators = 0;
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i] as string;
    if (escape !== '' && char === escape) {
      const next = pattern[++i];
      if (next === undefined) throw new SqlError('invalid_escape_sequence', 'invalid escape sequence');
      if (next === '"' && !inClass) {
        if (separators === 0) out += separated ? ')(' : '){1,1}?(';
        else if (separators === 1) out += '){1,1}(?:';
        else
          throw new SqlError(
            'invalid_use_of_escape_character',
            'SQL regular expression may not contain more than two escape-double-quote separators',
          );
        separators++;
      } else out += `\\${next}`;
    } else if (inClass) {
      if (char === '\\') out += '\\\\';
      else out += char;
      if (char === ']') inClass = false;
    } else if (char === '[') {
      out += '[';
      inClass = true;
    } else if (char === '%') out += separated && separators === 0 ? '.*?' : '.*';
    else if (separated && separators === 0 && '*+?}'.includes(char)) out += `${char}?`;
    else if (char === '_') out += '.';
    else if (char === '(') out += '(?:';
    else if (char === '\\' || char === '.' || char === '^' || char === '$') out += `\\${char}`;
    else out += char;
  }
  return `${out})$`;
}
