/**
 * What a serializable transaction read or wrote in one space, as serializable.ts compares it: single
 * keys and ranges of keys, coarsened to the whole space when they grow too many.
 */
import type { Key } from '../../storage/contract/index.ts';

/** Keys remembered per space before the whole space counts. */
export const MAX_KEYS_PER_SPACE = 20_000;
/** Disjoint ranges remembered per space before the whole space counts. */
export const MAX_RANGES_PER_SPACE = 2_000;
/** Up to so many new keys are put in their places one by one; more are sorted together. */
const INSERT_ONE_BY_ONE = 32;

/** The key right after `key`. */
function after(key: Key): Key {
  return `${key}\0`;
}

/** The half-open part [low, high) of a range that a scan has read so far. */
export class ReadRange {
  low: Key;
  /** undefined = open. */
  high: Key | undefined;
  empty = true;
  readonly #reverse: boolean;
  readonly #limitLow: Key;
  readonly #limitHigh: Key | undefined;

  constructor(low: Key, high: Key | undefined, options: RangeOptions | undefined) {
    this.#reverse = options?.reverse ?? false;
    this.#limitLow = options?.lowInclusive === false ? after(low) : low;
    this.#limitHigh = high !== undefined && options?.highInclusive === true ? after(high) : high;
    this.low = this.#limitLow;
    this.high = this.#limitHigh;
  }

  reach(key: Key): void {
    this.empty = false;
    if (this.#reverse) this.low = key;
    else this.high = after(key);
  }

  reachEnd(): void {
    this.empty = false;
    this.low = this.#limitLow;
    this.high = this.#limitHigh;
  }

  contains(key: Key): boolean {
    return !this.empty && key >= this.low && (this.high === undefined || key < this.high);
  }
}

export interface RangeOptions {
  readonly reverse?: boolean;
  readonly lowInclusive?: boolean;
  readonly highInclusive?: boolean;
}

/** Disjoint ranges in order, so that a key is found among thousands by halving. */
class RangeList {
  readonly #lows: Key[] = [];
  readonly #highs: (Key | undefined)[] = [];

  get size(): number {
    return this.#lows.length;
  }

  contains(key: Key): boolean {
    const at = upperBound(this.#lows, key) - 1;
    if (at < 0) return false;
    const high = this.#highs[at];
    return high === undefined || key < high;
  }

  /** Adds a range, melting it together with those it touches. */
  add(low: Key, high: Key | undefined): void {
    const lows = this.#lows;
    const highs = this.#highs;
    let from = upperBound(lows, low);
    if (from > 0 && (highs[from - 1] === undefined || highs[from - 1]! >= low)) from--;
    let to = from;
    let start = low;
    let end = high;
    while (to < lows.length && (end === undefined || lows[to]! <= end)) {
      if (lows[to]! < start) start = lows[to]!;
      const other = highs[to];
      if (end !== undefined && (other === undefined || other > end)) end = other;
      to++;
    }
    lows.splice(from, to - from, start);
    highs.splice(from, to - from, end);
  }
}

/** How many keys all serializable transactions together remember. */
export interface TrackingBudget {
  tracked: number;
  readonly limit: number;
}

/** Keys with their order, made when a range is asked for. */
class KeySet {
  readonly #keys = new Set<Key>();
  readonly #ordered: Key[] = [];
  #sorted = 0;

  get size(): number {
    return this.#keys.size;
  }

  has(key: Key): boolean {
    return this.#keys.has(key);
  }

  add(key: Key): boolean {
    const before = this.#keys.size;
    this.#keys.add(key);
    if (this.#keys.size === before) return false;
    const ordered = this.#ordered;
    // Keys that rise stay sorted for nothing.
    if (this.#sorted === ordered.length && (this.#sorted === 0 || ordered[this.#sorted - 1]! < key)) this.#sorted++;
    ordered.push(key);
    return true;
  }

  anyIn(low: Key, high: Key | undefined): boolean {
    const ordered = this.#order();
    const at = lowerBound(ordered, low);
    return at < ordered.length && (high === undefined || ordered[at]! < high);
  }

  #order(): readonly Key[] {
    const ordered = this.#ordered;
    if (this.#sorted === ordered.length) return ordered;
    if (ordered.length - this.#sorted > INSERT_ONE_BY_ONE) ordered.sort();
    else for (const key of ordered.splice(this.#sorted)) ordered.splice(lowerBound(ordered, key), 0, key);
    this.#sorted = ordered.length;
    return ordered;
  }
}

/** What was read or written of one space. */
export class TrackedSpace {
  whole = false;
  #keys: KeySet | undefined = undefined;
  #ranges: RangeList | undefined = undefined;
  /** Of scans still running; their ends move. */
  readonly #open: ReadRange[] = [];

  contains(key: Key): boolean {
    if (this.whole || this.#keys?.has(key) === true || this.#ranges?.contains(key) === true) return true;
    for (const range of this.#open) if (range.contains(key)) return true;
    return false;
  }

  /** Is one of the single keys in [low, high)? */
  anyKeyIn(low: Key, high: Key | undefined): boolean {
    return this.whole || this.#keys?.anyIn(low, high) === true;
  }

  addKey(key: Key, budget: TrackingBudget): void {
    if (this.whole) return;
    if (!(this.#keys ??= new KeySet()).add(key)) return;
    budget.tracked++;
    if (this.#keys.size > MAX_KEYS_PER_SPACE || budget.tracked > budget.limit) this.coarsen(budget);
  }

  openRange(range: ReadRange): void {
    this.#open.push(range);
  }

  /** The scan is over: its range will not change any more. */
  closeRange(range: ReadRange, budget: TrackingBudget): void {
    const at = this.#open.indexOf(range);
    if (at >= 0) this.#open.splice(at, 1);
    if (this.whole || range.empty) return;
    const ranges = (this.#ranges ??= new RangeList());
    const before = ranges.size;
    ranges.add(range.low, range.high);
    budget.tracked += ranges.size - before;
    if (ranges.size > MAX_RANGES_PER_SPACE || budget.tracked > budget.limit) this.coarsen(budget);
  }

  /** From now on the whole space counts. */
  coarsen(budget: TrackingBudget): void {
    this.forget(budget);
    this.whole = true;
  }

  /** Gives back what the space takes of the budget. */
  forget(budget: TrackingBudget): void {
    budget.tracked -= (this.#keys?.size ?? 0) + (this.#ranges?.size ?? 0);
    this.#keys = undefined;
    this.#ranges = undefined;
  }
}

/** First position whose key is not below `key`. */
function lowerBound(keys: readonly Key[], key: Key): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** First position whose key is above `key`. */
function upperBound(keys: readonly Key[], key: Key): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}
