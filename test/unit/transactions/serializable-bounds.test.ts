/** Serializable at the bounds of its memory: coarser, never wrong, and everything given back at the end. */
import { expect, test } from 'vitest';
import { SerializableRegistry, type SerializableState } from '../../../engine/transactions/serializable.ts';
import { MAX_KEYS_PER_SPACE, MAX_RANGES_PER_SPACE } from '../../../engine/transactions/tracked-keys.ts';

const X = 1;
const Y = 2;
const key = (number: number): string => String(number).padStart(8, '0');

/** A registry with the numbers of commits and ids made here. */
function world(maxTracked?: number, maxCommitted?: number) {
  const registry = new SerializableRegistry(maxTracked, maxCommitted);
  let stamp = 1;
  let id = 0;
  return {
    registry,
    begin: (readOnly = false): SerializableState => registry.begin(++id, stamp, readOnly),
    commit: (state: SerializableState): void => {
      registry.prepare(state);
      registry.visible(state, ++stamp);
    },
    scan: (state: SerializableState, space: number, low: string, high: string): void => {
      const range = registry.openRange(state, space, low, high, undefined);
      if (range === undefined) return;
      registry.rangeRead(state, space, range, undefined);
      registry.closeRange(state, space, range);
    },
  };
}

/** Two transactions that each write what the other read. */
function skew(prepare: (reader: SerializableState, at: ReturnType<typeof world>) => void, written: string): () => void {
  const at = world();
  const one = at.begin();
  const two = at.begin();
  prepare(one, at);
  at.registry.readKey(two, Y, 'y');
  at.registry.wrote(one, Y, 'y');
  at.registry.wrote(two, X, written);
  at.commit(one);
  return () => at.commit(two);
}

test('keys up to the bound are told apart, beyond it the whole space counts', () => {
  const reads = (count: number) => (reader: SerializableState, at: ReturnType<typeof world>) => {
    for (let i = 0; i < count; i++) at.registry.readKey(reader, X, key(i));
  };
  expect(skew(reads(MAX_KEYS_PER_SPACE), key(MAX_KEYS_PER_SPACE))).not.toThrow();
  expect(skew(reads(MAX_KEYS_PER_SPACE), key(MAX_KEYS_PER_SPACE - 1))).toThrow(/could not serialize/);
  expect(skew(reads(MAX_KEYS_PER_SPACE + 1), key(MAX_KEYS_PER_SPACE + 1))).toThrow(/could not serialize/);
});

test('ranges up to the bound are told apart, beyond it the whole space counts', () => {
  const reads = (count: number) => (reader: SerializableState, at: ReturnType<typeof world>) => {
    // From the middle outwards, so that they do not come in order.
    for (let i = 0; i < count; i++) {
      const at1 = (i % 2 === 0 ? i : -i) * 10 + 1_000_000;
      at.scan(reader, X, key(at1), key(at1 + 2));
    }
  };
  expect(skew(reads(MAX_RANGES_PER_SPACE), key(1_000_002))).not.toThrow();
  expect(skew(reads(MAX_RANGES_PER_SPACE), key(1_000_001))).toThrow(/could not serialize/);
  expect(skew(reads(MAX_RANGES_PER_SPACE + 1), key(1_000_002))).toThrow(/could not serialize/);
});

test('touching ranges melt together', () => {
  const at = world();
  const state = at.begin();
  for (let i = 0; i < MAX_RANGES_PER_SPACE * 3; i++) at.scan(state, X, key(i * 2), key(i * 2 + 2));
  expect(at.registry.size.tracked).toBe(1);
});

test('all transactions together keep within the budget and give it back', () => {
  const at = world(1000);
  const states = Array.from({ length: 10 }, () => at.begin());
  for (const [number, state] of states.entries())
    for (let i = 0; i < 300; i++) at.registry.readKey(state, X + number, key(i));
  expect(at.registry.size.tracked).toBeLessThanOrEqual(1000);
  // Whoever was coarsened is still checked.
  const last = states[9]!;
  const writer = states[0]!;
  at.registry.readKey(last, Y + 100, 'y');
  at.registry.wrote(last, X, key(5));
  at.registry.wrote(writer, Y + 100, 'y');
  at.commit(last);
  expect(() => at.commit(writer)).toThrow(/could not serialize/);
  for (const state of states) if (state.phase === 'active') at.registry.abort(state);
  expect(at.registry.size).toEqual({ tracked: 0, transactions: 0 });
});

test('many commits beside one that stays open are folded, and a conflict with one of them is found', () => {
  const at = world(undefined, 10);
  const old = at.begin();
  at.registry.readKey(old, X, 'seen');
  for (let i = 0; i < 100; i++) {
    const short = at.begin();
    at.registry.readKey(short, Y, key(i));
    at.registry.wrote(short, X, i === 0 ? 'seen' : key(i));
    at.commit(short);
  }
  expect(at.registry.size.transactions).toBe(11);
  // old --rw--> the first of them, long folded; and now they --rw--> old.
  expect(() => at.registry.wrote(old, Y, key(0))).toThrow(/could not serialize/);
  at.registry.abort(old);
  expect(at.registry.size).toEqual({ tracked: 0, transactions: 0 });
});

test('a read-only transaction with nobody writing beside it is not tracked', () => {
  const at = world();
  const reader = at.begin(true);
  at.registry.readKey(reader, X, 'x');
  at.scan(reader, X, 'a', 'b');
  expect(at.registry.size.tracked).toBe(0);
  const writer = at.begin();
  const later = at.begin(true);
  at.registry.readKey(later, X, 'x');
  expect(at.registry.size.tracked).toBe(1);
  at.commit(writer);
  expect(later.safe).toBe(true);
  expect(at.registry.size.tracked).toBe(0);
});
