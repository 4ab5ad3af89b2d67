/**
 * Dense numbers for keys of any number of parts: 0, 1, 2 ... in the order in which keys were first met. Each
 * part's values are numbered by a map of their own and the numbers are joined pairwise in integer tables, so
 * that a key of several parts needs no text made of it. Grouping and hash joins find their rows by them.
 */

const LEAST_SLOTS = 16;

/** Numbers for pairs of integers: open addressing, no object per pair. */
class PairTable {
  #slots = LEAST_SLOTS;
  #first = new Int32Array(LEAST_SLOTS);
  #second = new Int32Array(LEAST_SLOTS);
  /** The number of the pair in a slot, 0 = free, else number + 1. */
  #numbers = new Int32Array(LEAST_SLOTS);
  size = 0;

  numberOf(first: number, second: number, add: boolean): number {
    const mask = this.#slots - 1;
    let slot = mixed(first, second) & mask;
    for (;;) {
      const number = this.#numbers[slot];
      if (number === 0) break;
      if (this.#first[slot] === first && this.#second[slot] === second) return number - 1;
      slot = (slot + 1) & mask;
    }
    if (!add) return -1;
    this.#first[slot] = first;
    this.#second[slot] = second;
    this.#numbers[slot] = ++this.size;
    if (this.size * 2 > this.#slots) this.#grow();
    return this.size - 1;
  }

  #grow(): void {
    const first = this.#first;
    const second = this.#second;
    const numbers = this.#numbers;
    this.#slots *= 4;
    this.#first = new Int32Array(this.#slots);
    this.#second = new Int32Array(this.#slots);
    this.#numbers = new Int32Array(this.#slots);
    const mask = this.#slots - 1;
    for (let at = 0; at < numbers.length; at++) {
      if (numbers[at] === 0) continue;
      let slot = mixed(first[at], second[at]) & mask;
      while (this.#numbers[slot] !== 0) slot = (slot + 1) & mask;
      this.#first[slot] = first[at];
      this.#second[slot] = second[at];
      this.#numbers[slot] = numbers[at];
    }
  }
}

function mixed(first: number, second: number): number {
  let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second + 0x7f4a7c15, 0x85ebca6b);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}

export class KeyCodes {
  readonly #values: Map<unknown, number>[] = [];
  readonly #pairs: PairTable[] = [];
  readonly #width: number;
  /** Memory of the keys held, roughly. */
  bytes = 0;

  constructor(width: number) {
    this.#width = width;
    for (let part = 0; part < width; part++) {
      this.#values.push(new Map());
      if (part > 0) this.#pairs.push(new PairTable());
    }
  }

  /** Number of keys. */
  get size(): number {
    return this.#width === 1 ? this.#values[0].size : this.#pairs[this.#width - 2].size;
  }

  /** The number of a key given by the hash keys of its parts (null for NULL); -1 when it is new and not added. */
  codeOf(parts: readonly unknown[], add: boolean): number {
    let code = this.#partCode(0, parts[0], add);
    for (let part = 1; part < this.#width && code >= 0; part++) {
      const next = this.#partCode(part, parts[part], add);
      if (next < 0) return -1;
      const pairs = this.#pairs[part - 1];
      const before = pairs.size;
      code = pairs.numberOf(code, next, add);
      if (pairs.size > before) this.bytes += 32;
    }
    return code;
  }

  #partCode(part: number, value: unknown, add: boolean): number {
    const values = this.#values[part];
    const known = values.get(value);
    if (known !== undefined) return known;
    if (!add) return -1;
    const code = values.size;
    values.set(value, code);
    this.bytes += typeof value === 'string' ? 64 + 2 * value.length : 48;
    return code;
  }

  clear(): void {
    this.bytes = 0;
    for (const values of this.#values) values.clear();
    for (let at = 0; at < this.#pairs.length; at++) this.#pairs[at] = new PairTable();
  }
}
