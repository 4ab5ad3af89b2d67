/** Collations that give each character one weight: text is equal and sorts by its weights, one by one. */
import type { Collation } from './contract.ts';
import { characterFold, nextAscii, withoutTrailingSpaces } from './folding.ts';
import { type CharacterTable, characterTable } from './tables.ts';

const ASCII = /^[\0-\x7f]*$/;
const HIGH_SURROGATE = 0xd800;
const LOW_SURROGATE = 0xdc00;
const AFTER_SURROGATES = 0xe000;

/** Trailing spaces do not count in any of them. */
class CharacterCollation implements Collation {
  readonly name: string;
  readonly ordered = true;
  readonly padSpace = true;
  readonly fold: (text: string) => string;
  readonly #tableName: CharacterTable;
  #table: Uint16Array | undefined;
  /** Is the weight of every character of ASCII that of its upper case? */
  #upperCase = false;

  constructor(name: string, table: CharacterTable) {
    this.name = name;
    this.#tableName = table;
    this.fold = characterFold(table !== 'westernCase', (char) => this.key(char));
  }

  get #weights(): Uint16Array {
    if (this.#table === undefined) {
      const table = characterTable(this.#tableName);
      this.#table = table;
      this.#upperCase = table
        .subarray(0, 128)
        .every((weight, i) => String.fromCharCode(i).toUpperCase().charCodeAt(0) === weight);
    }
    return this.#table;
  }

  key(text: string): string {
    const plain = withoutTrailingSpaces(text);
    const weights = this.#weights;
    if (this.#upperCase && ASCII.test(plain)) return plain.toUpperCase();
    let key = '';
    for (let at = 0; at < plain.length; at++) {
      const unit = plain.charCodeAt(at);
      if (unit >= HIGH_SURROGATE && unit < LOW_SURROGATE) at++;
      key += String.fromCharCode(weights[unit] as number);
    }
    return key;
  }

  hash(text: string): string {
    return this.key(text);
  }

  compare(a: string, b: string): number {
    if (a === b) return 0;
    const weights = this.#weights;
    const shorter = Math.min(a.length, b.length);
    for (let at = 0; at < shorter; at++) {
      const x = a.charCodeAt(at);
      const y = b.charCodeAt(at);
      if (x === y) continue;
      // Pairs count as one character, and trailing spaces not at all.
      if (isSurrogate(x) || isSurrogate(y) || x === 32 || y === 32) return this.#compareKeys(a, b);
      const difference = (weights[x] as number) - (weights[y] as number);
      if (difference !== 0) return difference;
    }
    return a.length === b.length ? 0 : this.#compareKeys(a, b);
  }

  #compareKeys(a: string, b: string): number {
    const x = this.key(a);
    const y = this.key(b);
    return x < y ? -1 : x > y ? 1 : 0;
  }

  /** Text that sorts behind all text beginning with `prefix`; undefined where that is not simple. */
  after(prefix: string): string | undefined {
    return this.#tableName === 'general' ? nextAscii(prefix, '0123456789:@ABCDEFGHIJKLMNOPQRSTUVWXYZ[') : undefined;
  }
}

function isSurrogate(unit: number): boolean {
  return unit >= HIGH_SURROGATE && unit < AFTER_SURROGATES;
}

export function characterCollation(name: string, table: CharacterTable): Collation {
  return new CharacterCollation(name, table);
}
