/** What a collation is, and the order of code points. */
export interface Collation {
  readonly name: string;
  compare(a: string, b: string): number;
  /** Text that is equal for equal text and, where the collation is `ordered`, sorts by code points as the collation does. */
  key(text: string): string;
  /** Are keys in the collation's order? Else an index finds single values, but neither ranges nor an order. */
  readonly ordered: boolean;
  /** Text equal for equal values; for deterministic collations the text itself. */
  hash(text: string): string;
  /** Do trailing spaces not count? */
  readonly padSpace?: boolean;
  /** The text with each character replaced by one that stands for all equal ones, for searching; absent = as it is. */
  readonly fold?: (text: string) => string;
  /** Text that sorts behind all text beginning with `prefix`; undefined where that is not simple. */
  after?(prefix: string): string | undefined;
}

/** Code point order. UTF-16 order differs from it for surrogates, which sort above U+FFFF. */
export function compareCodePoints(a: string, b: string): number {
  const length = a.length < b.length ? a.length : b.length;
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      if (x >= 0xd800 && y >= 0xd800)
        return (x >= 0xe000 ? x - 0x2000 : x + 0x2000) - (y >= 0xe000 ? y - 0x2000 : y + 0x2000);
      return x - y;
    }
  }
  return a.length - b.length;
}
