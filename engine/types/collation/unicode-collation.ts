/**
 * Collations by Unicode's algorithm: text is equal and sorts by the weights of its characters, as far as the levels go that count
 * (letters; accents; case). Keys are text that sorts by code points as the collation does: a letter or digit of ASCII stands for
 * itself in lower case, so that most keys are the text in lower case; what lies between two of them in the collation follows the
 * lower one and a mark; what lies behind all of them is its weight.
 */
import type { Collation } from './contract.ts';
import { boundedCache, characterFold, nextAscii, withoutTrailingSpaces } from './folding.ts';
import { asciiTable, type Elements, elementTable, type ElementTable, type UnicodeTable } from './tables.ts';

export interface UnicodeRules {
  readonly name: string;
  readonly table: UnicodeTable;
  /** 1: letters; 2: accents, too; 3: and case. */
  readonly levels: 1 | 2 | 3;
  /** Trailing spaces do not count. */
  readonly padSpace: boolean;
  /** Characters beyond the first plane are all equal. */
  readonly oneBeyond: boolean;
}

/** Above every character that stands for a weight of ASCII. */
const MARK = '\u00ff';
const LEVEL = '\u0001';
const COMMON_SECONDARY = 0x20;
const COMMON_TERTIARY = 2;
const FIRST_IMPLIED = 0xfb00;
const LAST_IMPLIED = 0xfbff;
const BEYOND: Elements = [0xfffd, COMMON_SECONDARY, COMMON_TERTIARY];

/** Room for the keys of text that is not longer. */
const SCRATCH = 512;
const scratch = Buffer.allocUnsafe(SCRATCH);

const LOWER_PLAIN = /^[0-9a-z]*$/;
const PLAIN = /^[0-9A-Za-z]*$/;

/** How primary weights are written; one for each table. */
class PrimaryText {
  /** Weights of ASCII in order, and what each is written as. */
  readonly #weights: number[] = [];
  readonly #texts: string[] = [];
  readonly #byWeight = new Map<number, string>();
  /** What each character of ASCII is written as; '' = it has no weight. */
  readonly ascii: readonly string[];
  /** The same as numbers; 0 = it has no weight. */
  readonly bytes: Uint8Array;
  readonly #name: UnicodeTable;
  #table: ElementTable | undefined;

  constructor(name: UnicodeTable) {
    this.#name = name;
    const table = asciiTable(name);
    const weightOf = (code: number): number => table.elementsOf(code)[0] ?? 0;
    const codes = Array.from({ length: 128 }, (_none, code) => code).filter((code) => weightOf(code) > 0);
    codes.sort((a, b) => weightOf(a) - weightOf(b) || b - a);
    // Digits and letters stand for themselves; the rest takes, in order, what lies below them.
    let next = LEVEL.charCodeAt(0) + 1;
    for (const code of codes) {
      const weight = weightOf(code);
      if (this.#byWeight.has(weight)) continue;
      const char = String.fromCharCode(code);
      const text = PLAIN.test(char) ? char.toLowerCase() : String.fromCharCode(next++);
      this.#byWeight.set(weight, text);
      this.#weights.push(weight);
      this.#texts.push(text);
    }
    this.ascii = Array.from({ length: 128 }, (_none, code) => this.#byWeight.get(weightOf(code)) ?? '');
    this.bytes = Uint8Array.from(this.ascii, (text) => (text === '' ? 0 : text.charCodeAt(0)));
  }

  /** All elements; read when text has more than ASCII. */
  get table(): ElementTable {
    this.#table ??= elementTable(this.#name);
    return this.#table;
  }

  /** The elements' primary weights. */
  of(elements: Elements): string {
    let text = '';
    for (let at = 0; at < elements.length; at += 3) {
      const weight = elements[at] as number;
      if (weight === 0) continue;
      text += this.#byWeight.get(weight) ?? this.#between(weight);
      if (weight < FIRST_IMPLIED || weight > LAST_IMPLIED) continue;
      // Half of a pair: the other half may be any number.
      at += 3;
      const rest = elements[at] ?? 0;
      text += String.fromCharCode((rest >> 8) + 0x100, (rest & 0xff) + 0x100);
    }
    return text;
  }

  #between(weight: number): string {
    let below = -1;
    while (below + 1 < this.#weights.length && (this.#weights[below + 1] as number) < weight) below++;
    const own = String.fromCharCode(weight);
    return below === this.#weights.length - 1 ? own : (this.#texts[below] ?? LEVEL) + MARK + own;
  }
}

const primaryTexts = new Map<UnicodeTable, PrimaryText>();

function primaryText(name: UnicodeTable): PrimaryText {
  let found = primaryTexts.get(name);
  if (found === undefined) {
    found = new PrimaryText(name);
    primaryTexts.set(name, found);
  }
  return found;
}

class UnicodeCollation implements Collation {
  readonly name: string;
  readonly ordered = true;
  readonly padSpace: boolean;
  readonly fold: (text: string) => string;
  readonly #rules: UnicodeRules;
  readonly #pieces = boundedCache<number, Piece>();
  #primary: PrimaryText | undefined;

  constructor(rules: UnicodeRules) {
    this.name = rules.name;
    this.padSpace = rules.padSpace;
    this.#rules = rules;
    this.fold = characterFold(rules.levels < 3, (char) => this.#full(char));
  }

  get #texts(): PrimaryText {
    this.#primary ??= primaryText(this.#rules.table);
    return this.#primary;
  }

  key(text: string): string {
    const plain = this.padSpace ? withoutTrailingSpaces(text) : text;
    const caseCounts = this.#rules.levels === 3;
    if (LOWER_PLAIN.test(plain)) return plain;
    if (!caseCounts && PLAIN.test(plain)) return plain.toLowerCase();
    const { bytes } = this.#texts;
    const room = plain.length <= SCRATCH ? scratch : Buffer.allocUnsafe(plain.length);
    let end = 0;
    let upper = '';
    for (let at = 0; at < plain.length; at++) {
      const code = plain.charCodeAt(at);
      if (code >= 128) return this.#full(plain);
      const byte = bytes[code] as number;
      if (byte === 0) continue;
      room[end++] = byte;
      if (caseCounts) upper += code >= 65 && code <= 90 ? '\u0008' : '\u0002';
    }
    const key = room.toString('latin1', 0, end);
    return caseCounts ? withLevels(key, '', upper) : key;
  }

  hash(text: string): string {
    return this.key(text);
  }

  compare(a: string, b: string): number {
    if (a === b) return 0;
    if (this.#rules.levels === 1) {
      const order = this.#compareAscii(a, b);
      if (order !== undefined) return order;
    }
    const x = this.key(a);
    const y = this.key(b);
    return x < y ? -1 : x > y ? 1 : 0;
  }

  /** Text that sorts behind all text beginning with `prefix`; undefined where that is not simple. */
  after(prefix: string): string | undefined {
    return nextAscii(prefix, '0123456789abcdefghijklmnopqrstuvwxyz');
  }

  /** The order of text of ASCII, by letters; undefined where anything else takes part. */
  #compareAscii(a: string, b: string): number | undefined {
    const { ascii } = this.#texts;
    const shorter = Math.min(a.length, b.length);
    for (let at = 0; at < shorter; at++) {
      const x = a.charCodeAt(at);
      const y = b.charCodeAt(at);
      if (x === y) continue;
      if (x >= 128 || y >= 128 || a.charCodeAt(at + 1) >= 128 || b.charCodeAt(at + 1) >= 128) return undefined;
      const p = ascii[x] as string;
      const q = ascii[y] as string;
      if (p === q) continue;
      if (p === '' || q === '' || (this.padSpace && (x === 32 || y === 32))) return undefined;
      return p < q ? -1 : 1;
    }
    const longer = a.length > b.length ? a : b;
    const next = longer.charCodeAt(shorter);
    if (shorter === longer.length) return 0;
    if (next >= 128 || next <= 32 || next === 127) return undefined;
    return a.length - b.length;
  }

  #full(text: string): string {
    const texts = this.#texts;
    const { levels } = this.#rules;
    let key = '';
    let accents = '';
    let cases = '';
    for (let at = 0; at < text.length; ) {
      const code = text.codePointAt(at) as number;
      const sequence = texts.table.sequenceAt(text, at, code);
      const piece = sequence === undefined ? this.#character(code) : this.#piece(sequence.elements);
      at += sequence?.length ?? (code > 0xffff ? 2 : 1);
      key += piece.primaries;
      accents += piece.accents;
      cases += piece.cases;
    }
    return levels === 1 ? key : withLevels(key, accents, levels === 3 ? cases : '');
  }

  #character(code: number): Piece {
    let piece = this.#pieces.get(code);
    if (piece === undefined) {
      piece = this.#piece(this.#rules.oneBeyond && code > 0xffff ? BEYOND : this.#texts.table.elementsOf(code));
      this.#pieces.set(code, piece);
    }
    return piece;
  }

  #piece(elements: Elements): Piece {
    let accents = '';
    let cases = '';
    for (let at = 0; at < elements.length && this.#rules.levels > 1; at += 3) {
      const secondary = elements[at + 1] as number;
      const tertiary = elements[at + 2] as number;
      if (secondary !== 0) accents += String.fromCharCode(secondary - COMMON_SECONDARY + COMMON_TERTIARY);
      if (tertiary !== 0) cases += String.fromCharCode(tertiary);
    }
    return { primaries: this.#texts.of(elements), accents, cases };
  }
}

/** What a character adds to each level of a key. */
interface Piece {
  readonly primaries: string;
  readonly accents: string;
  readonly cases: string;
}

/** The levels one after the other, without the commonest weight at the end of each: it is the lowest. */
function withLevels(primaries: string, accents: string, cases: string): string {
  const second = withoutCommon(accents);
  const third = withoutCommon(cases);
  if (third !== '') return primaries + LEVEL + second + LEVEL + third;
  return second === '' ? primaries : primaries + LEVEL + second;
}

function withoutCommon(weights: string): string {
  let end = weights.length;
  while (end > 0 && weights.charCodeAt(end - 1) === COMMON_TERTIARY) end--;
  return weights.slice(0, end);
}

export function unicodeCollation(rules: UnicodeRules): Collation {
  return new UnicodeCollation(rules);
}
