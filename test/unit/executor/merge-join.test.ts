/** The merge join gives what the hash join gives, of every kind, in the order of its left side. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HashJoin, type JoinKind } from '../../../engine/executor/operators/joins.ts';
import { MergeJoin } from '../../../engine/executor/operators/merge-join.ts';
import { PENDING, type Batch, type Operator } from '../../../engine/executor/operator.ts';
import type { Row, SqlValue } from '../../../sblr/contract/values.ts';
import { World } from './helpers.ts';

let world: World;
beforeAll(async () => {
  world = await World.open();
});
afterAll(() => world.close());

/** Hands rows out in small batches, with a pause before each that has a number divisible by three. */
class Source implements Operator {
  readonly #rows: readonly Row[];
  readonly #size: number;
  #at = 0;
  #calls = 0;
  constructor(rows: readonly Row[], size: number) {
    this.#rows = rows;
    this.#size = size;
  }
  next(): Batch | null | typeof PENDING {
    if (++this.#calls % 3 === 0) return PENDING;
    const out = this.#rows.slice(this.#at, this.#at + this.#size);
    this.#at += out.length;
    return out.length === 0 ? null : out;
  }
  rewind(): void {
    this.#at = 0;
  }
  close(): void {}
}

function drain(operator: Operator): Row[] {
  const rows: Row[] = [];
  for (;;) {
    const batch = operator.next();
    if (batch === null) return rows;
    if (batch !== PENDING) rows.push(...batch);
  }
}

const compare = (a: SqlValue, b: SqlValue): number => (a as number) - (b as number);
const side = fc.array(
  fc.tuple(fc.option(fc.integer({ min: 0, max: 6 }), { freq: 6 }), fc.integer({ min: 0, max: 3 })),
  {
    maxLength: 30,
  },
);
const text = (row: Row): string => JSON.stringify(row);

test('like the hash join', async () => {
  const transaction = world.manager.begin({ isolation: 'read_committed' });
  transaction.beginStatement();
  await fc.assert(
    fc.asyncProperty(
      side,
      side,
      fc.constantFrom<JoinKind>('inner', 'left', 'right', 'full', 'semi', 'anti'),
      fc.boolean(),
      fc.boolean(),
      fc.boolean(),
      fc.integer({ min: 1, max: 7 }),
      async (left, right, kind, descending, nullsFirst, filtered, size) => {
        const sorted = (rows: readonly (readonly [number | null, number])[]): Row[] =>
          rows.toSorted(([a], [b]) => {
            if (a === null || b === null) return a === b ? 0 : (a === null) === nullsFirst ? -1 : 1;
            return descending ? b - a : a - b;
          });
        const spec = {
          kind,
          leftSlots: [0, 1],
          rightSlots: [0, 1],
          residual: filtered ? (row: Row) => (row[1] as number) <= (row[3] as number) : undefined,
        };
        const context = world.context(transaction, { interruptEvery: 5 });
        const key = (row: Row): unknown => row[0] ?? undefined;
        const lefts = sorted(left);
        const rights = sorted(right);
        const merge = new MergeJoin(
          new Source(lefts, size),
          new Source(rights, size),
          { ...spec, leftKey: 0, rightKey: 0, compare, descending },
          context,
        );
        const hash = new HashJoin(
          new Source(lefts, size),
          new Source(rights, size),
          { ...spec, leftKey: key, rightKey: key },
          context,
        );
        const expected = drain(hash).map(text).toSorted();
        const first = drain(merge);
        expect(first.map(text).toSorted()).toEqual(expected);
        const keys = first.map((row) => row[0]).filter((value) => value !== null) as number[];
        if (kind !== 'right' && kind !== 'full')
          expect(keys).toEqual(keys.toSorted((a, b) => (descending ? b - a : a - b)));
        merge.rewind();
        expect(drain(merge).map(text).toSorted()).toEqual(expected);
        merge.close();
        hash.close();
        expect(context.memoryInUse).toBe(0);
      },
    ),
    { numRuns: 400 },
  );
  transaction.rollback();
});
