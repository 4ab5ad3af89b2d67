/** Character sets and collations by name, as columns, strings and connections name them, and what the names are checked for. */
import { SqlError } from '../../sblr/contract/sql-error.ts';

/** name, default collation, description, bytes per character */
export const CHARACTER_SETS = [
  ['ascii', 'ascii_general_ci', 'US ASCII', 1],
  ['binary', 'binary', 'Binary pseudo charset', 1],
  ['latin1', 'latin1_swedish_ci', 'cp1252 West European', 1],
  ['ucs2', 'ucs2_general_ci', 'UCS-2 Unicode', 2],
  ['utf16', 'utf16_general_ci', 'UTF-16 Unicode', 4],
  ['utf16le', 'utf16le_general_ci', 'UTF-16LE Unicode', 4],
  ['utf32', 'utf32_general_ci', 'UTF-32 Unicode', 4],
  ['utf8mb3', 'utf8mb3_general_ci', 'UTF-8 Unicode', 3],
  ['utf8mb4', 'utf8mb4_0900_ai_ci', 'UTF-8 Unicode', 4],
] as const;

/** name, character set, id, is default, sort length, padding */
export const COLLATIONS = [
  ['ascii_bin', 'ascii', 65, '', 1, 'PAD SPACE'],
  ['ascii_general_ci', 'ascii', 11, 'Yes', 1, 'PAD SPACE'],
  ['binary', 'binary', 63, 'Yes', 1, 'NO PAD'],
  ['latin1_bin', 'latin1', 47, '', 1, 'PAD SPACE'],
  ['latin1_general_ci', 'latin1', 48, '', 1, 'PAD SPACE'],
  ['latin1_general_cs', 'latin1', 49, '', 1, 'PAD SPACE'],
  ['latin1_swedish_ci', 'latin1', 8, 'Yes', 1, 'PAD SPACE'],
  ['ucs2_bin', 'ucs2', 90, '', 1, 'PAD SPACE'],
  ['ucs2_general_ci', 'ucs2', 35, 'Yes', 1, 'PAD SPACE'],
  ['ucs2_unicode_ci', 'ucs2', 128, '', 8, 'PAD SPACE'],
  ['utf16_bin', 'utf16', 55, '', 1, 'PAD SPACE'],
  ['utf16_general_ci', 'utf16', 54, 'Yes', 1, 'PAD SPACE'],
  ['utf16_unicode_ci', 'utf16', 101, '', 8, 'PAD SPACE'],
  ['utf16le_bin', 'utf16le', 62, '', 1, 'PAD SPACE'],
  ['utf16le_general_ci', 'utf16le', 56, 'Yes', 1, 'PAD SPACE'],
  ['utf32_bin', 'utf32', 61, '', 1, 'PAD SPACE'],
  ['utf32_general_ci', 'utf32', 60, 'Yes', 1, 'PAD SPACE'],
  ['utf32_unicode_ci', 'utf32', 160, '', 8, 'PAD SPACE'],
  ['utf8mb3_bin', 'utf8mb3', 83, '', 1, 'PAD SPACE'],
  ['utf8mb3_general_ci', 'utf8mb3', 33, 'Yes', 1, 'PAD SPACE'],
  ['utf8mb3_unicode_520_ci', 'utf8mb3', 214, '', 8, 'PAD SPACE'],
  ['utf8mb3_unicode_ci', 'utf8mb3', 192, '', 8, 'PAD SPACE'],
  ['utf8mb4_0900_ai_ci', 'utf8mb4', 255, 'Yes', 0, 'NO PAD'],
  ['utf8mb4_0900_as_ci', 'utf8mb4', 305, '', 0, 'NO PAD'],
  ['utf8mb4_0900_as_cs', 'utf8mb4', 278, '', 0, 'NO PAD'],
  ['utf8mb4_0900_bin', 'utf8mb4', 309, '', 1, 'NO PAD'],
  ['utf8mb4_bin', 'utf8mb4', 46, '', 1, 'PAD SPACE'],
  ['utf8mb4_general_ci', 'utf8mb4', 45, '', 1, 'PAD SPACE'],
  ['utf8mb4_unicode_520_ci', 'utf8mb4', 246, '', 8, 'PAD SPACE'],
  ['utf8mb4_unicode_ci', 'utf8mb4', 224, '', 8, 'PAD SPACE'],
] as const;

const DEFAULTS: ReadonlyMap<string, string> = new Map(CHARACTER_SETS.map(([set, collation]) => [set, collation]));
const SETS: ReadonlyMap<string, string> = new Map(COLLATIONS.map(([collation, set]) => [collation, set]));

/** The name under which a character set or collation is known: utf8 is utf8mb3. */
function canonical(name: string): string {
  return name.toLowerCase().replace(/^utf8(?=_|$)/, 'utf8mb3');
}

/** A character set's own collation; 1115 for a name of none. */
export function collationOfSet(name: string, position?: number): string {
  const found = DEFAULTS.get(canonical(name));
  if (found !== undefined) return found;
  throw new SqlError('undefined_object', {
    message: `unknown character set: "${name}"`,
    variant: 'character_set',
    args: { name },
    ...(position === undefined ? {} : { position }),
  });
}

/** A collation, of the character set where one is named; 1273 for a name of none, 1253 for one of another set. */
export function knownCollation(name: string, charset?: string, position?: number): string {
  const collation = canonical(name);
  const set = SETS.get(collation);
  const place = position === undefined ? {} : { position };
  if (set === undefined)
    throw new SqlError('undefined_object', {
      message: `collation "${name}" does not exist`,
      variant: 'collation',
      args: { name },
      ...place,
    });
  if (charset === undefined || canonical(charset) === set) return collation;
  throw new SqlError('collation_mismatch', {
    message: `collation "${name}" is not valid for character set "${charset}"`,
    variant: 'set',
    args: { name: collation, set: canonical(charset) },
    ...place,
  });
}

/** The collation that CHARACTER SET and COLLATE give together; undefined where neither is there. */
export function declaredCollation(
  charset: string | undefined,
  collation: string | undefined,
  position?: number,
): string | undefined {
  const own = charset === undefined ? undefined : collationOfSet(charset, position);
  return collation === undefined ? own : knownCollation(collation, charset, position);
}
