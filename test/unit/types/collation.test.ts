/** Collations by name: equality and order of text, and keys that agree with both. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { collationNamed, findCollation } from '../../../engine/types/collation.ts';
import { COLLATIONS } from '../../../parsers/mysql/character-sets.ts';

const names = COLLATIONS.map(([name]) => name).filter((name) => name !== 'binary');
const text = fc.string({
  unit: fc.constantFrom(...'abAB zZ09_-.~$\tàÀßsæeøоО中かカ😀😁e\u0301\u0000Ａ'),
  maxLength: 6,
});

describe.each(names)('%s', (name) => {
  const collation = collationNamed(name);

  test('keys are in the order of the collation', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const x = Buffer.from(collation.key(a));
        const y = Buffer.from(collation.key(b));
        expect(Math.sign(Buffer.compare(x, y))).toBe(Math.sign(collation.compare(a, b)));
        expect(collation.hash(a) === collation.hash(b)).toBe(collation.compare(a, b) === 0);
      }),
      { numRuns: 300 },
    );
  });

  test('what sorts behind a prefix sorts behind all text that begins with it', () => {
    fc.assert(
      fc.property(text, text, (prefix, rest) => {
        const after = collation.after?.(prefix);
        if (after !== undefined) expect(collation.compare(prefix + rest, after)).toBeLessThan(0);
      }),
    );
  });
});

test.each([
  [
    'utf8mb4_0900_ai_ci',
    ['a=A', 'a=ä', 'ss=ß', 'ae=æ', 'o=ø', 'е=ё', 'и≠й', 'Ａ=a', '😀≠😁', 'a≠a ', 'é=e\u0301', 'か=カ'],
  ],
  ['utf8mb4_0900_as_ci', ['a=A', 'a≠ä', 'Ａ=a', 'e\u0301=é']],
  ['utf8mb4_0900_as_cs', ['a≠A', 'a≠ä', 'e\u0301=é', 'a≠a ']],
  ['utf8mb4_unicode_ci', ['a=A', 'ss=ß', 'ae≠æ', 'o≠ø', '😀=😁', 'a=a ']],
  ['utf8mb4_general_ci', ['a=A', 'a=ä', 's=ß', 'ss≠ß', 'е=ё', '😀=😁', 'a=a  ']],
  ['utf8mb4_bin', ['a≠A', 'a=a ', 'a≠ä']],
  ['utf8mb4_0900_bin', ['a≠A', 'a≠a ']],
  ['latin1_swedish_ci', ['a=A', 'a=à', 'a≠ä', 'y=ü', 'ä=æ']],
  ['latin1_general_cs', ['a≠A', 'a=a ']],
])('%s: what is equal', (name, pairs) => {
  const collation = collationNamed(name);
  for (const pair of pairs) {
    const [a = '', b = ''] = pair.split(/[=≠]/);
    expect([pair, collation.compare(a, b) === 0]).toEqual([pair, pair.includes('=')]);
  }
});

test('order: signs, digits, letters; accents and case last', () => {
  const sorted = (name: string, words: string): string => {
    const { compare } = collationNamed(name);
    return words
      .split(' ')
      .sort(compare.bind(collationNamed(name)))
      .join(' ');
  };
  expect(sorted('utf8mb4_0900_as_cs', 'b B á A a 1 _ z ж')).toBe('_ 1 a A á b B z ж');
  expect(sorted('utf8mb4_general_ci', '_ b a')).toBe('a b _');
  expect(sorted('latin1_swedish_ci', 'å ä ö z a')).toBe('a z å ä ö');
});

test('names of none', () => {
  for (const name of ['utf8mb4_nope_ci', 'nope_general_ci', 'latin1_0900_ai_ci', 'utf8mb3_0900_ai_ci'])
    expect(findCollation(name)).toBeUndefined();
});
