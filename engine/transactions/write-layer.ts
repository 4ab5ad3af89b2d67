/**
 * The changes of one layer of a transaction (base, savepoint, statement): per space a map from key to
 * new row (null = deleted), with the keys in order when a scan needs them.
 */
import type { Row } from '../../sblr/contract/values.ts';
import type { Key, ScanOptions, Space } from '../../storage/contract/index.ts';

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

export class WriteSpace {
  readonly rows = new Map<Key, Row | null>();
  /** All keys of `rows`; the first #sorted of them in order. */
  readonly #keys: Key[] = [];
  #sorted = 0;

  set(key: Key, row: Row | null): void {
    const { rows } = this;
    const before = rows.size;
    rows.set(key, row);
    if (rows.size === before) return;
    const keys = this.#keys;
    const count = keys.length;
    // Keys that rise, as those of new rows do, stay sorted for nothing.
    if (this.#sorted === count && (count === 0 || keys[count - 1]! < key)) this.#sorted = count + 1;
    keys.push(key);
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
    if (this.#sorted === keys.length) return keys;
    if (keys.length - this.#sorted > INSERT_ONE_BY_ONE) {
      keys.sort();
    } else {
      const added = keys.splice(this.#sorted);
      for (const key of added) keys.splice(lowerBound(keys, key, keys.length), 0, key);
    }
    this.#sorted = keys.length;
    return keys;
  }
}

export type LayerKind = 'base' | 'savepoint' | 'statement';

/** One layer and the marks that undoing it goes back to. */
export class Layer {
  readonly kind: LayerKind;
  readonly name: string;
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
      for (const [key, row] of changes.rows) own.set(key, row);
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
    for (let i = 0; i < keys.length; i++) rows[i] = single.rows.get(keys[i]!)!;
  } else {
    const merged = new Map<Key, Row | null>();
    for (const layer of several)
      for (const key of layer.range(low, high, options)) merged.set(key, layer.rows.get(key)!);
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
