/**
 * Tables of collation weights, read from weights.json (write-weights.mjs says how they are written) when text first needs them:
 * Unicode's of two versions, and those that give each character one weight. The weights are facts of the Unicode Character
 * Database and of character sets.
 */
import { inflateRawSync } from 'node:zlib';
import { hangulParts, impliedPrimaries } from './implied-weights.ts';
import weights from './weights.json' with { type: 'json' };

interface StoredTable {
  readonly keys: string;
  readonly counts: string;
  readonly primaries: string;
  readonly secondaries?: string;
  readonly tertiaries?: string;
}

class NumberReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(text: string | undefined) {
    this.#bytes = text === undefined ? new Uint8Array() : inflateRawSync(Buffer.from(text, 'base64'));
  }

  /** At least as many as there are numbers. */
  get length(): number {
    return this.#bytes.length;
  }

  get more(): boolean {
    return this.#at < this.#bytes.length;
  }

  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#bytes[this.#at++] as number;
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
  }

  signed(): number {
    const value = this.number();
    return value & 1 ? -((value + 1) / 2) : value / 2;
  }
}

/** Elements of text: three numbers each (primary, secondary, tertiary), one after the other. */
export type Elements = ArrayLike<number>;

const COMMON_SECONDARY = 0x20;
const COMMON_TERTIARY = 2;
/** Behind the last character that a table names, but for a few. */
const FLAT_CODES = 0x30000;

/** Collation elements by character, and by sequences of characters that count as one. */
export class ElementTable {
  /** Where the elements of a character begin, from 1, and how many numbers they are; 0 = it is in no table. */
  readonly #starts: Uint32Array;
  readonly #lengths: Uint8Array;
  readonly #numbers: Uint16Array;
  readonly #rare = new Map<number, Elements>();
  /** By first character: further characters and elements, longest first. */
  readonly #sequences = new Map<number, { readonly rest: readonly number[]; readonly elements: Elements }[]>();

  /** `limit`: characters from there on are not asked for. */
  constructor({ keys, counts, primaries, secondaries, tertiaries }: StoredTable, limit = Number.MAX_SAFE_INTEGER) {
    this.#starts = new Uint32Array(Math.min(limit, FLAT_CODES));
    this.#lengths = new Uint8Array(Math.min(limit, FLAT_CODES));
    const key = new NumberReader(keys);
    const count = new NumberReader(counts);
    const primary = new NumberReader(primaries);
    const secondary = new NumberReader(secondaries);
    const tertiary = new NumberReader(tertiaries);
    const numbers = new Uint16Array(primary.length * 3);
    let code = 0;
    let weight = 0;
    let end = 0;
    while (key.more) {
      const rest: number[] = [];
      const length = key.number();
      code += key.signed();
      if (code >= limit) break;
      for (let i = 1; i < length; i++) rest.push(key.number());
      const start = end;
      for (let left = count.number(); left > 0; left--) {
        weight += primary.signed();
        numbers[end++] = weight;
        numbers[end++] = secondaries === undefined ? COMMON_SECONDARY : secondary.number();
        numbers[end++] = tertiaries === undefined ? COMMON_TERTIARY : tertiary.number();
      }
      if (rest.length > 0) this.#addSequence(code, rest, numbers.subarray(start, end));
      else if (code >= FLAT_CODES) this.#rare.set(code, numbers.subarray(start, end));
      else {
        this.#starts[code] = start + 1;
        this.#lengths[code] = end - start;
      }
    }
    this.#numbers = numbers;
  }

  #addSequence(code: number, rest: readonly number[], elements: Elements): void {
    const known = this.#sequences.get(code) ?? [];
    known.push({ rest, elements });
    known.sort((a, b) => b.rest.length - a.rest.length);
    this.#sequences.set(code, known);
  }

  /** Elements of one character, without regard to what follows. */
  elementsOf(code: number): Elements {
    const start = this.#starts[code] ?? 0;
    if (start > 0) return this.#numbers.subarray(start - 1, start - 1 + (this.#lengths[code] as number));
    const rare = this.#rare.get(code);
    if (rare !== undefined) return rare;
    const parts = hangulParts(code);
    return parts === undefined
      ? impliedPrimaries(code).flatMap((weight) => [weight, COMMON_SECONDARY, COMMON_TERTIARY])
      : parts.flatMap((part) => Array.from(this.elementsOf(part)));
  }

  /** How many code units from `at` on count as one, beginning with the character `code`; and their elements. */
  sequenceAt(
    text: string,
    at: number,
    code: number,
  ): { readonly length: number; readonly elements: Elements } | undefined {
    const known = this.#sequences.get(code);
    if (known === undefined) return undefined;
    const first = at + (code > 0xffff ? 2 : 1);
    for (const { rest, elements } of known)
      if (this.#follows(text, first, rest))
        return { length: first - at + rest.reduce((sum, next) => sum + (next > 0xffff ? 2 : 1), 0), elements };
    return undefined;
  }

  #follows(text: string, from: number, rest: readonly number[]): boolean {
    let at = from;
    for (const next of rest) {
      if (text.codePointAt(at) !== next) return false;
      at += next > 0xffff ? 2 : 1;
    }
    return true;
  }
}

export type UnicodeTable = 'uca4' | 'uca9';
export type CharacterTable = 'general' | 'swedish' | 'western' | 'westernCase';

const elementTables = new Map<UnicodeTable, ElementTable>();

/** Elements of ASCII alone, which are read at once; reading all of a table takes a while. */
export function asciiTable(name: UnicodeTable): ElementTable {
  return new ElementTable(weights[name], 128);
}

export function elementTable(name: UnicodeTable): ElementTable {
  let table = elementTables.get(name);
  if (table === undefined) {
    table = new ElementTable(weights[name]);
    elementTables.set(name, table);
  }
  return table;
}

/** What stands above all characters of the first plane. */
const BEYOND = 0xfffd;
const characterTables = new Map<CharacterTable, Uint16Array>();

/** The weight of each character of the first plane; those beyond it have all the same. */
export function characterTable(name: CharacterTable): Uint16Array {
  let table = characterTables.get(name);
  if (table === undefined) {
    table = Uint16Array.from({ length: 0x10000 }, (_none, code) => (code >= 0xd800 && code < 0xe000 ? BEYOND : code));
    const { keys, primaries } = weights[name];
    const key = new NumberReader(keys);
    const primary = new NumberReader(primaries);
    let code = 0;
    let weight = 0;
    while (key.more) {
      key.number();
      code += key.signed();
      weight += primary.signed();
      table[code] = weight;
    }
    characterTables.set(name, table);
  }
  return table;
}
