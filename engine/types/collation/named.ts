/**
 * Collations named as `character set`_`rules`: the rules say which weights count (ai, as: accents ignored, counted; ci, cs: the
 * same of case; bin: code points) and, by their kind, whether trailing spaces do. Text is held as Unicode whatever the set.
 */
import { compareCodePoints, type Collation } from './contract.ts';
import { characterCollation } from './character-collation.ts';
import { withoutTrailingSpaces } from './folding.ts';
import { unicodeCollation, type UnicodeRules } from './unicode-collation.ts';

/** Other names of character sets. */
const ALIASES: Readonly<Record<string, string>> = { utf8: 'utf8mb3' };
const UNICODE_SETS: ReadonlySet<string> = new Set(['utf8mb4', 'utf8mb3', 'ucs2', 'utf16', 'utf16le', 'utf32']);

/** The character set that a collation belongs to: the first word of its name. */
export function characterSetOf(collation: string): string {
  const [set = ''] = collation.toLowerCase().split('_');
  return ALIASES[set] ?? set;
}

/** Is every text one of the set? */
export function isUnicodeSet(set: string): boolean {
  return UNICODE_SETS.has(set);
}

function padded(name: string): Collation {
  const key = withoutTrailingSpaces;
  return {
    name,
    compare: (a, b) => compareCodePoints(key(a), key(b)),
    key,
    ordered: true,
    padSpace: true,
    hash: key,
    fold: (text) => text,
  };
}

type Rules = Omit<UnicodeRules, 'name'>;
const CURRENT = { table: 'uca9', padSpace: false, oneBeyond: false } as const;
const UNICODE_RULES: Readonly<Record<string, Rules>> = {
  '0900_ai_ci': { ...CURRENT, levels: 1 },
  '0900_as_ci': { ...CURRENT, levels: 2 },
  '0900_as_cs': { ...CURRENT, levels: 3 },
  unicode_520_ci: { table: 'uca9', padSpace: true, oneBeyond: false, levels: 1 },
  unicode_ci: { table: 'uca4', padSpace: true, oneBeyond: true, levels: 1 },
};

/** The collation of that name; undefined = there is none. */
export function namedCollation(given: string): Collation | undefined {
  const at = given.indexOf('_');
  if (at < 0) return undefined;
  const set = characterSetOf(given);
  const rules = given.slice(at + 1);
  const name = `${set}_${rules}`;
  if (rules === 'bin' && (UNICODE_SETS.has(set) || set === 'latin1' || set === 'ascii')) return padded(name);
  if (UNICODE_SETS.has(set)) {
    if (rules === 'general_ci') return characterCollation(name, 'general');
    if (rules === '0900_bin' && set === 'utf8mb4')
      return {
        ...padded(name),
        compare: compareCodePoints,
        key: (text) => text,
        hash: (text) => text,
        padSpace: false,
      };
    const unicode = UNICODE_RULES[rules];
    return unicode === undefined || (unicode.table === 'uca9' && !unicode.padSpace && set !== 'utf8mb4')
      ? undefined
      : unicodeCollation({ ...unicode, name });
  }
  switch (name) {
    case 'latin1_swedish_ci':
      return characterCollation(name, 'swedish');
    case 'latin1_general_ci':
      return characterCollation(name, 'western');
    case 'latin1_general_cs':
      return characterCollation(name, 'westernCase');
    case 'ascii_general_ci':
      return characterCollation(name, 'general');
    default:
      return undefined;
  }
}
