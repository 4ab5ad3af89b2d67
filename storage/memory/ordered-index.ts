/**
 * OrderedIndex: the keys of a space in order, for scans. Two levels: leaves of up to 512 entries, and
 * one array of leaves with their first keys. Shallower and, with plain `<` on strings, faster than a
 * general B-tree with a comparator; good for tens of millions of keys.
 *
 * Cursors are (leaf number, position) and valid while `version` is unchanged; readers then seek again.
 */
export interface Keyed {
  readonly key: string;
}

const LEAF_CAPACITY = 512;

export class Leaf<E extends Keyed> {
  keys: string[];
  entries: E[];

  constructor(keys: string[], entries: E[]) {
    this.keys = keys;
    this.entries = entries;
  }
}

/** First position in `keys` whose key is not below `key`. */
export function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class OrderedIndex<E extends Keyed> {
  readonly leaves: Leaf<E>[] = [];
  /** First key of each leaf at the time it was made: a lower fence, never above the leaf's keys. */
  readonly #fences: string[] = [];
  size = 0;
  version = 0;

  /** Number of the leaf where `key` is or belongs; 0 when there is none. */
  leafOf(key: string): number {
    const fences = this.#fences;
    let low = 0;
    let high = fences.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (fences[middle]! <= key) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? 0 : low - 1;
  }

  /** Adds an entry whose key is not there yet. */
  insert(entry: E): void {
    const key = entry.key;
    this.size++;
    this.version++;
    if (this.leaves.length === 0) {
      this.leaves.push(new Leaf([key], [entry]));
      this.#fences.push('');
      return;
    }
    const number = this.leafOf(key);
    const leaf = this.leaves[number]!;
    const count = leaf.keys.length;
    if (count === 0 || leaf.keys[count - 1]! < key) {
      if (count >= LEAF_CAPACITY && number === this.leaves.length - 1) {
        // Rising keys: leave full leaves behind.
        this.leaves.push(new Leaf([key], [entry]));
        this.#fences.push(key);
        return;
      }
      leaf.keys.push(key);
      leaf.entries.push(entry);
    } else {
      const at = lowerBound(leaf.keys, key);
      leaf.keys.splice(at, 0, key);
      leaf.entries.splice(at, 0, entry);
    }
    if (leaf.keys.length > LEAF_CAPACITY) this.#split(number);
  }

  delete(key: string): boolean {
    if (this.leaves.length === 0) return false;
    const number = this.leafOf(key);
    const leaf = this.leaves[number]!;
    const at = lowerBound(leaf.keys, key);
    if (at >= leaf.keys.length || leaf.keys[at] !== key) return false;
    leaf.keys.splice(at, 1);
    leaf.entries.splice(at, 1);
    this.size--;
    this.version++;
    if (leaf.keys.length === 0 && this.leaves.length > 1) {
      this.leaves.splice(number, 1);
      this.#fences.splice(number, 1);
      this.#fences[0] = '';
    }
    return true;
  }

  #split(number: number): void {
    const leaf = this.leaves[number]!;
    const half = leaf.keys.length >>> 1;
    const right = new Leaf(leaf.keys.slice(half), leaf.entries.slice(half));
    leaf.keys.length = half;
    leaf.entries.length = half;
    this.leaves.splice(number + 1, 0, right);
    this.#fences.splice(number + 1, 0, right.keys[0]!);
  }
}

/**
 * A position in an index between two bounds, moving in either direction. Survives changes of the
 * index: it remembers the last key and seeks again.
 */
export class IndexCursor<E extends Keyed> {
  readonly #index: OrderedIndex<E>;
  readonly #reverse: boolean;
  /** The bound the cursor moves towards, or undefined. */
  readonly #end: string | undefined;
  readonly #endInclusive: boolean;
  #leaf = 0;
  #at = 0;
  #version = -1;
  /** Where to seek: the start bound, then the last key taken. */
  #from: string | undefined;
  #fromInclusive: boolean;

  constructor(
    index: OrderedIndex<E>,
    low: string,
    lowInclusive: boolean,
    high: string | undefined,
    highInclusive: boolean,
    reverse: boolean,
  ) {
    this.#index = index;
    this.#reverse = reverse;
    this.#end = reverse ? low : high;
    this.#endInclusive = reverse ? lowInclusive : highInclusive;
    this.#from = reverse ? high : low;
    this.#fromInclusive = reverse ? highInclusive : lowInclusive;
  }

  /** The entry at the cursor, without moving; undefined at the end. */
  peek(): E | undefined {
    if (this.#version !== this.#index.version) this.#seek();
    const leaves = this.#index.leaves;
    for (;;) {
      const leaf = leaves[this.#leaf];
      if (leaf === undefined) return undefined;
      if (this.#at >= 0 && this.#at < leaf.keys.length) {
        const key = leaf.keys[this.#at]!;
        const end = this.#end;
        if (end !== undefined) {
          if (this.#reverse ? key < end : key > end) return undefined;
          if (key === end && !this.#endInclusive) return undefined;
        }
        return leaf.entries[this.#at];
      }
      if (this.#reverse) {
        if (--this.#leaf < 0) return undefined;
        this.#at = leaves[this.#leaf]!.keys.length - 1;
      } else {
        this.#leaf++;
        this.#at = 0;
      }
    }
  }

  /** Moves past `entry`, the one `peek` answered. */
  advance(entry: E): void {
    this.#from = entry.key;
    this.#fromInclusive = false;
    if (this.#version === this.#index.version) this.#at += this.#reverse ? -1 : 1;
  }

  /** `key`, at or before the cursor, is dealt with: entries up to it that appear later are not shown. */
  passed(key: string): void {
    this.#from = key;
    this.#fromInclusive = false;
  }

  #seek(): void {
    const index = this.#index;
    this.#version = index.version;
    const from = this.#from;
    if (index.leaves.length === 0) {
      this.#leaf = this.#reverse ? -1 : 0;
      this.#at = 0;
      return;
    }
    if (from === undefined) {
      this.#leaf = this.#reverse ? index.leaves.length - 1 : 0;
      this.#at = this.#reverse ? index.leaves[this.#leaf]!.keys.length - 1 : 0;
      return;
    }
    this.#leaf = index.leafOf(from);
    const keys = index.leaves[this.#leaf]!.keys;
    let at = lowerBound(keys, from);
    const hit = at < keys.length && keys[at] === from;
    if (this.#reverse) {
      if (!hit || !this.#fromInclusive) at--;
    } else if (hit && !this.#fromInclusive) {
      at++;
    }
    this.#at = at;
  }
}
