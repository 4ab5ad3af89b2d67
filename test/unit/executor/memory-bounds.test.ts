/** Operators whose rows outgrow their memory: spilled with the same result, or refused one byte past the bound. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CommonTable } from '../../../engine/executor/operators/common-tables.ts';
import { Materialize } from '../../../engine/executor/operators/basic.ts';
import { Distinct, SetOperation } from '../../../engine/executor/operators/sets.ts';
import { PENDING, type Batch, type Operator } from '../../../engine/executor/operator.ts';
import { rowBytes } from '../../../engine/executor/values.ts';
import type { Row } from '../../../sblr/contract/values.ts';
import { World, type TestContext } from './helpers.ts';

let world: World;
beforeAll(async () => {
  world = await World.open();
});
afterAll(() => world.close());

class Rows implements Operator {
  readonly #rows: readonly Row[];
  #at = 0;
  constructor(rows: readonly Row[]) {
    this.#rows = rows;
  }
  next(): Batch | null {
    const out = this.#rows.slice(this.#at, this.#at + 100);
    this.#at += out.length;
    return out.length === 0 ? null : out;
  }
  rewind(): void {
    this.#at = 0;
  }
  close(): void {}
}

const numbers = (count: number, of: number): Row[] => Array.from({ length: count }, (_, at) => [(at * 7919) % of]);
const key = (row: Row): unknown => row[0];

function drain(operator: Operator): Row[] {
  const rows: Row[] = [];
  for (;;) {
    const batch = operator.next();
    if (batch === null) return rows;
    if (batch !== PENDING) rows.push(...batch);
  }
}

async function withContext(memory: number | undefined, work: (context: TestContext) => void): Promise<void> {
  const transaction = world.manager.begin({ isolation: 'read_committed' });
  transaction.beginStatement();
  const context = world.context(transaction, memory === undefined ? {} : { memory });
  try {
    work(context);
    expect(context.openFiles).toBe(0);
    expect(context.memoryInUse).toBe(0);
  } finally {
    transaction.rollback();
  }
}

test('DISTINCT in little memory keeps rows and their order', async () => {
  const source = numbers(5000, 1700);
  const wanted = [...new Set(source.map((row) => row[0]))];
  await withContext(5000, (context) => {
    const distinct = new Distinct(new Rows(source), key, context);
    expect(drain(distinct).map((row) => row[0])).toEqual(wanted);
    expect(context.spilled).toBeGreaterThan(1);
    distinct.rewind();
    expect(drain(distinct)).toHaveLength(wanted.length);
    distinct.close();
  });
});

test('set operations in little memory give what they give in much', async () => {
  for (const operation of ['intersect', 'except'] as const) {
    for (const all of [false, true]) {
      const results: unknown[][] = [];
      for (const memory of [undefined, 3000]) {
        await withContext(memory, (context) => {
          const left = [...numbers(3000, 1500), ...numbers(500, 1900)];
          const set = new SetOperation(new Rows(left), new Rows(numbers(1500, 900)), operation, all, key, context);
          results.push(
            drain(set)
              .map((row) => row[0])
              .sort((a, b) => Number(a) - Number(b)),
          );
          set.close();
          expect(context.spilled > 0).toBe(memory !== undefined);
        });
      }
      expect(results[1]).toEqual(results[0]);
    }
  }
});

test('a common table is read at any position after it was spilled', async () => {
  const source = numbers(5000, 5000);
  await withContext(rowBytes([1]) * 1000, (context) => {
    const table = new CommonTable(new Rows(source), context);
    const read: Row[] = [];
    while (table.more(read.length) === true) read.push(...table.read(read.length));
    expect(read).toEqual(source);
    expect(table.read(3333)[0]).toEqual(source[3333]);
    expect(context.spilled).toBe(1);
    table.close();
  });
});

test('what cannot be spilled is refused one past the bound', async () => {
  const bound = rowBytes([1]) * 500;
  await withContext(bound, (context) => {
    const fits = new Materialize(new Rows(numbers(500, 500)), context);
    expect(drain(fits)).toHaveLength(500);
    fits.close();
    const past = new Materialize(new Rows(numbers(501, 501)), context);
    expect(() => drain(past)).toThrow(expect.objectContaining({ condition: 'out_of_memory' }));
    past.close();
  });
});

test.each([
  ['DISTINCT', (values: readonly unknown[]) => values[0], false, 64],
  ['growing', undefined, true, rowBytes([1])],
])('inputs kept for a %s aggregate are refused one past the bound', async (_kind, distinct, growing, each) => {
  const { HashAggregate } = await import('../../../engine/executor/operators/aggregate.ts');
  const implementation = {
    create: () => ({ count: 0 }),
    step: (state: { count: number }) => state.count++,
    final: (state: { count: number }) => state.count,
  };
  const call = {
    implementation: implementation as never,
    direct: [],
    inputs: [(row: Row) => row[0]!],
    filter: undefined,
    strict: true,
    distinct,
    sortKeys: [],
    compare: undefined,
    growing,
  };
  const spec = { keys: [], hashes: [], sets: [[]], calls: [call], groupings: [] };
  await withContext(each * 500, (context) => {
    const fits = new HashAggregate(new Rows(numbers(500, 500)), spec, context);
    expect(drain(fits)).toEqual([[500]]);
    fits.close();
    const past = new HashAggregate(new Rows(numbers(501, 501)), spec, context);
    expect(() => drain(past)).toThrow(expect.objectContaining({ condition: 'out_of_memory' }));
    past.close();
  });
});
