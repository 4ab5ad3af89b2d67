/**
 * The changes of one layer of a transaction (base, savepoint, statement): per space the new row of each
 * changed key (null = deleted), with the keys in order when a scan needs them.
 */
import type { Row } from '../../sblr/contract/values.ts';
import type { ChangedRows, Key, ScanOptions, Space } from '../../storage/contract/index.ts';

/** So many keys are looked through one by one. */
const SEARCH_ONE_BY_ONE = 8;
/** Up to so many new keys are put in their places one by one; more are sorted together. */
const INSERT_ONE_BY_ONE = 32;

/** First position in sorted `keys` whose key is not below `key`. */
function lowerBound(keys: readonly Key[], key: Key, end: number): number {
  let low = 0;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The changes of one space, in the order they were made, as parallel arrays. Most statements change one
 * row or rows with rising keys: then that is all, and a key is found by comparing or by halving. Only
 * many keys in no order get a Map.
 */
export class WriteSpace implements ChangedRows {
  readonly #keys: Key[] = [];
  readonly #rows: (Row | null)[] = [];
  /** Each key is above the one before. */
  #rising = true;
  /** Where a key is, once there are many in no order. */
  #places: Map<Key, number> | undefined = undefined;
  /** Keys in order, as far as `#ordered` brought them, when they were not made in order. */
  #sorted: Key[] | undefined = undefined;

  get size(): number {
    return this.#keys.length;
  }

  get(key: Key): Row | null | undefined {
    const at = this.#find(key);
    return at < 0 ? undefined : this.#rows[at];
  }

  has(key: Key): boolean {
    return this.#find(key) >= 0;
  }

  set(key: Key, row: Row | null): void {
    const keys = this.#keys;
    const count = keys.length;
    if (count === 0 || (this.#rising && keys[count - 1]! < key)) {
      keys.push(key);
      this.#rows.push(row);
      return;
    }
    const at = this.#find(key);
    if (at >= 0) {
      this.#rows[at] = row;
      return;
    }
    this.#rising = false;
    keys.push(key);
    this.#rows.push(row);
    if (this.#places !== undefined) this.#places.set(key, count);
    else if (count >= SEARCH_ONE_BY_ONE) this.#places = new Map(keys.map((each, place) => [each, place]));
  }

  forEach(visit: (row: Row | null, key: Key) => void): void {
    const keys = this.#keys;
    const rows = this.#rows;
    for (let at = 0; at < keys.length; at++) visit(rows[at]!, keys[at]!);
  }

  keys(): IterableIterator<Key> {
    return this.#keys.values();
  }

  *entries(): IterableIterator<[Key, Row | null]> {
    for (let at = 0; at < this.#keys.length; at++) yield [this.#keys[at]!, this.#rows[at]!];
  }

  #find(key: Key): number {
    const keys = this.#keys;
    if (this.#places !== undefined) return this.#places.get(key) ?? -1;
    if (keys.length === 0 || (this.#rising && keys[keys.length - 1]! < key)) return -1;
    if (!this.#rising || keys.length < SEARCH_ONE_BY_ONE) {
      for (let at = keys.length - 1; at >= 0; at--) if (keys[at] === key) return at;
      return -1;
    }
    const at = lowerBound(keys, key, keys.length);
    return keys[at] === key ? at : -1;
  }

  /** The keys of a range, rising. */
  range(low: Key, high: Key | undefined, options: ScanOptions | undefined): Key[] {
    const keys = this.#ordered();
    let from = lowerBound(keys, low, keys.length);
    if (options?.lowInclusive === false && keys[from] === low) from++;
    let to = high === undefined ? keys.length : lowerBound(keys, high, keys.length);
    if (high !== undefined && options?.highInclusive === true && keys[to] === high) to++;
    return keys.slice(from, to);
  }

  #ordered(): readonly Key[] {
    const keys = this.#keys;
    if (this.#rising) return keys;
    const sorted = (this.#sorted ??= []);
    const added = keys.length - sorted.length;
    if (added > INSERT_ONE_BY_ONE) {
      this.#sorted = keys.slice().sort();
      return this.#sorted;
    }
    for (let at = keys.length - added; at < keys.length; at++)
      sorted.splice(lowerBound(sorted, keys[at]!, sorted.length), 0, keys[at]!);
    return sorted;
  }
}

export type LayerKind = 'base' | 'savepoint' | 'statement';

/** One layer and the marks that undoing it goes back to. */
export class Layer {
  readonly kind: LayerKind;
  readonly name: string;
  /** Of a statement: it has a snapshot of its own, apart from the transaction's. */
  ownSnapshot = false;
  writes: Map<Space, WriteSpace> | undefined = undefined;
  readonly lockMark: number;
  readonly deferredMark: number;
  readonly commitMark: number;
  readonly rollbackMark: number;
  readonly dropMark: number;

  constructor(
    kind: LayerKind,
    name: string,
    lockMark: number,
    deferredMark: number,
    commitMark: number,
    rollbackMark: number,
    dropMark: number,
  ) {
    this.kind = kind;
    this.name = name;
    this.lockMark = lockMark;
    this.deferredMark = deferredMark;
    this.commitMark = commitMark;
    this.rollbackMark = rollbackMark;
    this.dropMark = dropMark;
  }

  space(space: Space): WriteSpace {
    const writes = (this.writes ??= new Map());
    let found = writes.get(space);
    if (found === undefined) {
      found = new WriteSpace();
      writes.set(space, found);
    }
    return found;
  }

  /** Takes over the changes of the layer above. */
  absorb(upper: Layer): void {
    if (upper.writes === undefined) return;
    if (this.writes === undefined) {
      this.writes = upper.writes;
      return;
    }
    for (const [space, changes] of upper.writes) {
      const own = this.writes.get(space);
      if (own === undefined) {
        this.writes.set(space, changes);
        continue;
      }
      changes.forEach((row, key) => own.set(key, row));
    }
  }
}

/** Own changes in a range as parallel arrays in scan order. */
export interface OwnRange {
  readonly keys: readonly Key[];
  readonly rows: readonly (Row | null)[];
}

/** The changes the first `count` layers hold for a range, upper layers winning; undefined = none. */
export function ownRange(
  layers: readonly Layer[],
  count: number,
  space: Space,
  low: Key,
  high: Key | undefined,
  options: ScanOptions | undefined,
): OwnRange | undefined {
  let single: WriteSpace | undefined;
  let several: WriteSpace[] | undefined;
  for (let i = 0; i < count; i++) {
    const found = layers[i]!.writes?.get(space);
    if (found === undefined) continue;
    if (single === undefined) single = found;
    else (several ??= [single]).push(found);
  }
  if (single === undefined) return undefined;
  let keys: Key[];
  let rows: (Row | null)[];
  if (several === undefined) {
    keys = single.range(low, high, options);
    rows = new Array<Row | null>(keys.length);
    for (let i = 0; i < keys.length; i++) rows[i] = single.get(keys[i]!)!;
  } else {
    const merged = new Map<Key, Row | null>();
    for (const layer of several) for (const key of layer.range(low, high, options)) merged.set(key, layer.get(key)!);
    keys = [...merged.keys()].sort();
    rows = keys.map((key) => merged.get(key)!);
  }
  if (keys.length === 0) return undefined;
  if (options?.reverse === true) {
    keys.reverse();
    rows.reverse();
  }
  return { keys, rows };
}
