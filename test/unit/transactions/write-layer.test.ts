/** The changes of one space behave as a Map of them does, in whatever order keys come, and are found in order. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WriteSpace } from '../../../engine/transactions/write-layer.ts';
import type { Row } from '../../../sblr/contract/values.ts';

const KEYS = Array.from({ length: 60 }, (_, at) => String(at).padStart(2, '0'));

test('a space of changes is a Map with ranges', () => {
  const change = fc.tuple(fc.constantFrom(...KEYS), fc.option(fc.nat(9)));
  const changes = fc.oneof(
    fc.array(change, { maxLength: 100 }),
    // Rising keys, then anything.
    fc
      .tuple(fc.nat(60), fc.array(change, { maxLength: 20 }))
      .map(([count, rest]) => [...KEYS.slice(0, count).map((key): [string, number | null] => [key, 1]), ...rest]),
  );
  fc.assert(
    fc.property(changes, fc.constantFrom(...KEYS), fc.constantFrom(...KEYS), (made, low, high) => {
      const space = new WriteSpace();
      const map = new Map<string, Row | null>();
      for (const [at, [key, value]] of made.entries()) {
        const row = value === null ? null : [value];
        space.set(key, row);
        map.set(key, row);
        // Ranges asked for in between must not spoil later ones.
        if (at % 7 === 0) space.range(low, undefined, undefined);
      }
      expect(space.size).toBe(map.size);
      for (const key of KEYS) {
        expect(space.get(key)).toEqual(map.get(key));
        expect(space.has(key)).toBe(map.has(key));
      }
      expect([...space.entries()]).toEqual([...map.entries()]);
      expect([...space.keys()]).toEqual([...map.keys()]);
      const inRange = [...map.keys()].filter((key) => key >= low && key < high).sort();
      expect(space.range(low, high, undefined)).toEqual(inRange);
    }),
  );
});
