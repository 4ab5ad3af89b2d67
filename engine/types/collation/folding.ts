/** What collations share: trailing spaces, characters that stand for all equal ones, the text behind a prefix. */
const ASCII = /^[\0-\x7f]*$/;
const MAX_CACHED = 20_000;

/** A map that forgets all it has when it is full. */
export function boundedCache<K, V>(): Pick<Map<K, V>, 'get' | 'set'> {
  const map = new Map<K, V>();
  return {
    get: (key) => map.get(key),
    set(key, value) {
      if (map.size >= MAX_CACHED) map.clear();
      return map.set(key, value);
    },
  };
}

export function withoutTrailingSpaces(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 32) end--;
  return end === text.length ? text : text.slice(0, end);
}

/**
 * Gives each character the one that stands for all that are equal to it by `keyOf`, so that text can be searched character by
 * character. `ignoreCase`: those of ASCII are equal in lower and upper case.
 */
export function characterFold(ignoreCase: boolean, keyOf: (char: string) => string): (text: string) => string {
  const byChar = new Map<string, string>();
  const byKey = new Map<string, string>();
  const standing = (char: string): string => {
    let found = byChar.get(char);
    if (found === undefined) {
      const key = keyOf(char);
      found = byKey.get(key) ?? char;
      if (byChar.size >= MAX_CACHED) byChar.clear();
      if (!byKey.has(key)) byKey.set(key, char);
      byChar.set(char, found);
    }
    return found;
  };
  let prepared = false;
  // Those of ASCII come first, so that they stand for others and not the other way round.
  const prepare = (): void => {
    prepared = true;
    for (let code = 0; code < 128; code++) {
      const char = String.fromCharCode(code);
      standing(ignoreCase ? char.toLowerCase() : char);
    }
  };
  return (text) => {
    if (ASCII.test(text)) return ignoreCase ? text.toLowerCase() : text;
    if (!prepared) prepare();
    let folded = '';
    for (const char of text) folded += char < '\x80' ? (ignoreCase ? char.toLowerCase() : char) : standing(char);
    return folded;
  };
}

/** The text behind all that begin with `prefix` (of ASCII): its last character replaced by the next of `alphabet`. */
export function nextAscii(prefix: string, alphabet: string): string | undefined {
  if (prefix === '' || !ASCII.test(prefix)) return undefined;
  const last = prefix.slice(-1);
  const at = Math.max(alphabet.indexOf(last.toLowerCase()), alphabet.indexOf(last.toUpperCase()));
  return at < 0 || at + 1 === alphabet.length ? undefined : prefix.slice(0, -1) + (alphabet[at + 1] as string);
}
