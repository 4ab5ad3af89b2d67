/** The ordered index against a sorted array. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IndexCursor, OrderedIndex } from '../../../storage/memory/ordered-index.ts';

test('keeps order through inserts and deletes, and cursors survive them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.boolean()), { maxLength: 3000, size: 'max' }),
      fc.boolean(),
      (operations, reverse) => {
        const index = new OrderedIndex<{ key: string }>();
        const model = new Set<string>();
        const cursor = new IndexCursor(index, 'k01000', true, 'k04000', false, reverse);
        const seen: string[] = [];
        for (const [number, insert] of operations) {
          const key = `k${String(number).padStart(5, '0')}`;
          if (insert && !model.has(key)) {
            model.add(key);
            index.insert({ key });
          } else if (!insert) {
            expect(index.delete(key)).toBe(model.delete(key));
          }
          if (number % 17 === 0) {
            const next = cursor.peek();
            if (next !== undefined) {
              expect(model.has(next.key)).toBe(true);
              seen.push(next.key);
              cursor.advance(next);
            }
          }
        }
        expect(seen).toEqual(reverse ? [...new Set(seen)].sort().reverse() : [...new Set(seen)].sort());
        expect(index.size).toBe(model.size);
        const all = new IndexCursor(index, '', true, undefined, false, reverse);
        const keys: string[] = [];
        for (let entry = all.peek(); entry !== undefined; entry = all.peek()) {
          keys.push(entry.key);
          all.advance(entry);
        }
        expect(keys).toEqual(reverse ? [...model].sort().reverse() : [...model].sort());
      },
    ),
    { numRuns: 30 },
  );
});

test('rising keys fill leaves', () => {
  const index = new OrderedIndex<{ key: string }>();
  for (let i = 0; i < 100_000; i++) index.insert({ key: String(i).padStart(8, '0') });
  expect(index.leaves.length).toBeLessThan(200);
});
