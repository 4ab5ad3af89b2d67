/** Statistics of a sample: what they say, and that computing them leaves the engine thread to others. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TableDefinition } from '../../../engine/catalog/definitions.ts';
import { KnownStatistics } from '../../../engine/planner/known-statistics.ts';
import { computeStatistics, RowSample } from '../../../engine/planner/statistics.ts';
import { sortInTurns, Turns } from '../../../engine/planner/turns.ts';
import { SEMANTICS } from '../../../parsers/postgres/facts.ts';
import { INT32, TEXT, type SqlType } from '../../../sblr/contract/types.ts';
import type { Row } from '../../../sblr/contract/values.ts';

const NOTHING = { rows: 0, rowBytes: 64, columns: [] };

function tableOf(...types: readonly SqlType[]): TableDefinition {
  const columns = types.map((type, at) => ({ position: at + 1, type, dropped: false, missing: null }));
  return { columns } as unknown as TableDefinition;
}

function sampleOf(rows: readonly Row[]): RowSample {
  const sample = new RowSample();
  for (const row of rows) sample.add(row);
  return sample;
}

describe('sortInTurns', () => {
  test('sorts as sort does, equal items in their order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 700 }), async (numbers) => {
        const items = numbers.map((key, at) => ({ key, at }));
        const expected = [...items].sort((a, b) => a.key - b.key);
        expect(await sortInTurns(items, (a, b) => a.key - b.key, new Turns())).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });
});

describe('KnownStatistics', () => {
  test('knows which tables were analyzed since a plan was made', () => {
    const known = new KnownStatistics({} as never, {} as never);
    const one = { table: { id: 1 } };
    const two = { table: { id: 2 } };
    known.set(1, NOTHING);
    const planned = known.version;
    expect(known.analyzedSince(planned, [one, two])).toBe(false);
    known.set(2, NOTHING);
    expect(known.analyzedSince(planned, [one])).toBe(false);
    expect(known.analyzedSince(planned, [one, two])).toBe(true);
  });
});

describe('computeStatistics', () => {
  test('finds common values, the spread of the others and what is missing', async () => {
    const rows: Row[] = [];
    for (let i = 0; i < 1000; i++) rows.push([i % 4 === 0 ? 7 : 1000 + i, i % 10 === 0 ? null : 'x']);
    const { columns } = await computeStatistics(tableOf(INT32, TEXT), sampleOf(rows), SEMANTICS, new Turns());
    const [number, text] = columns;
    expect(number?.common).toEqual([{ value: 7, fraction: 0.25 }]);
    expect(number?.histogram.length).toBe(101);
    expect([number?.histogram[0], number?.histogram[100]]).toEqual([1001, 1999]);
    expect(text).toMatchObject({
      distinct: 1,
      nullFraction: expect.closeTo(0.1),
      common: [{ value: 'x', fraction: 0.9 }],
      histogram: [],
    });
  });

  test('lets others have their turns', async () => {
    const rows: Row[] = [];
    for (let i = 0; i < 30_000; i++) rows.push([`${(i * 7919) % 30_000}`.padStart(100, 'x')]);
    let turns = 0;
    let done = false;
    const others = (): void => {
      turns++;
      if (!done) setImmediate(others);
    };
    others();
    const { columns } = await computeStatistics(tableOf(TEXT), sampleOf(rows), SEMANTICS, new Turns());
    done = true;
    expect(columns[0]?.distinct).toBe(-1);
    expect(turns).toBeGreaterThan(10);
  });
});
