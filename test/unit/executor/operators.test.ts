/** Operators against naive implementations, on random rows with NULLs, stopped and resumed at random. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { INT32, TEXT } from '../../../sblr/contract/types.ts';
import type { Row, SqlValue } from '../../../sblr/contract/values.ts';
import type { LogicalPlan, SortKey } from '../../../engine/binder/bound.ts';
import type { TableDefinition } from '../../../engine/catalog/definitions.ts';
import { functionsNamed } from '../../../engine/functions/registry.ts';
import '../../../engine/functions/index.ts';
import { and, compare, constant, drainPlan, filter, LIMIT_TYPE, output, reference, scan, World } from './helpers.ts';

let world: World;
let left: TableDefinition;
let right: TableDefinition;
let leftRows: Row[];
let rightRows: Row[];

/** Numbers in a fixed, scattered sequence. */
function sequence(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % below;
  };
}

beforeAll(async () => {
  world = await World.open();
  left = world.table('l', { a: INT32, b: INT32, c: TEXT }, [
    { unique: true, columns: ['a'] },
    { columns: ['b', 'c'] },
    { columns: ['c'], descending: true },
  ]);
  right = world.table('r', { x: INT32, y: INT32, z: TEXT }, [{ columns: ['x'] }]);
  const random = sequence(7);
  const maybe = (value: SqlValue): SqlValue => (random(8) === 0 ? null : value);
  leftRows = Array.from({ length: 700 }, (_, at): Row => [at, maybe(random(40)), maybe(`t${random(30)}`)]);
  rightRows = Array.from({ length: 500 }, (): Row => [maybe(random(900)), maybe(random(10)), maybe(`t${random(30)}`)]);
  await world.insert(left, leftRows);
  await world.insert(right, rightRows);
});

afterAll(() => world.close());

const sorted = (rows: readonly Row[]): string[] => rows.map((row) => JSON.stringify(row)).sort();
const INTERRUPTIONS = [0, 1, 2, 3, 7];

describe('joins', () => {
  const l = (): ReturnType<typeof scan> => scan(left, 0);
  const r = (): ReturnType<typeof scan> => scan(right, 10);

  function naive(kind: string, test: (a: Row, b: Row) => boolean): Row[] {
    const out: Row[] = [];
    const matched = new Set<Row>();
    for (const a of leftRows) {
      const found = rightRows.filter((b) => test(a, b));
      for (const b of found) matched.add(b);
      if (kind === 'semi') {
        if (found.length > 0) out.push(a);
      } else if (kind === 'anti') {
        if (found.length === 0) out.push(a);
      } else {
        for (const b of found) out.push([...a, ...b]);
        if (found.length === 0 && (kind === 'left' || kind === 'full')) out.push([...a, null, null, null]);
      }
    }
    if (kind === 'right' || kind === 'full')
      for (const b of rightRows) if (!matched.has(b)) out.push([null, null, null, ...b]);
    return out;
  }

  const equal = (a: SqlValue | undefined, b: SqlValue | undefined): boolean => a !== null && b !== null && a === b;

  test.each(['inner', 'left', 'right', 'full', 'semi', 'anti'] as const)('%s', async (join) => {
    for (const interruptEvery of INTERRUPTIONS) {
      const a = l();
      const b = r();
      const columns = join === 'semi' || join === 'anti' ? a.columns : [...a.columns, ...b.columns];
      const condition = and(
        compare('equal', reference(a.columns[0]!), reference(b.columns[0]!)),
        compare('less', reference(b.columns[1]!), constant(7)),
      );
      const plan: LogicalPlan = { kind: 'join', join, left: a, right: b, condition, lateral: false, columns };
      const expected = naive(join, (p, q) => equal(p[0], q[0]) && q[1] !== null && (q[1] as number) < 7);
      expect(sorted(await world.run(plan, { interruptEvery }))).toEqual(sorted(expected));
    }
  });

  test.each(['inner', 'left', 'full', 'semi', 'anti'] as const)(
    '%s on several keys and an inequality',
    async (join) => {
      const a = l();
      const b = r();
      const columns = join === 'semi' || join === 'anti' ? a.columns : [...a.columns, ...b.columns];
      const condition = and(
        compare('equal', reference(a.columns[2]!), reference(b.columns[2]!)),
        compare('greater', reference(a.columns[1]!), reference(b.columns[1]!)),
      );
      const plan: LogicalPlan = { kind: 'join', join, left: a, right: b, condition, lateral: false, columns };
      const expected = naive(
        join,
        (p, q) => equal(p[2], q[2]) && p[1] !== null && q[1] !== null && (p[1] as number) > (q[1] as number),
      );
      expect(sorted(await world.run(plan, { interruptEvery: 5 }))).toEqual(sorted(expected));
    },
  );

  test.each(['inner', 'left', 'right', 'full', 'semi', 'anti'] as const)('%s beyond its memory', async (join) => {
    const a = l();
    const b = r();
    const columns = join === 'semi' || join === 'anti' ? a.columns : [...a.columns, ...b.columns];
    const condition = compare('equal', reference(a.columns[2]!), reference(b.columns[2]!));
    const plan: LogicalPlan = { kind: 'join', join, left: a, right: b, condition, lateral: false, columns };
    const expected = sorted(naive(join, (p, q) => equal(p[2], q[2])));
    for (const [memory, interruptEvery] of [
      [0, 0],
      [20_000, 0],
      [20_000, 6],
    ] as const) {
      const transaction = world.manager.begin({ isolation: 'read_committed' });
      transaction.beginStatement();
      const context = world.context(transaction, { memory, interruptEvery });
      expect(sorted(await drainPlan(world.plan(plan), context))).toEqual(expected);
      expect(context.spilled).toBeGreaterThan(0);
      expect([context.openFiles, context.memoryInUse]).toEqual([0, 0]);
      transaction.rollback();
    }
  });

  test('inner join without any condition', async () => {
    const a = filter(l(), compare('less', reference(l().columns[0]!), constant(20)));
    const plan: LogicalPlan = {
      kind: 'join',
      join: 'inner',
      left: a,
      right: r(),
      condition: undefined,
      lateral: false,
      columns: [...a.columns, ...r().columns],
    };
    expect((await world.run(plan)).length).toBe(20 * 500);
  });
});

describe('index scans give what a filter gives', () => {
  const ranges: readonly [
    string,
    (c: ReturnType<typeof scan>['columns']) => Parameters<typeof filter>[1],
    (row: Row) => boolean,
  ][] = [
    ['point', (c) => compare('equal', reference(c[0]!), constant(77)), (row) => row[0] === 77],
    [
      'range',
      (c) =>
        and(
          compare('greater', reference(c[0]!), constant(100)),
          compare('less_equal', reference(c[0]!), constant(140)),
        ),
      (row) => (row[0] as number) > 100 && (row[0] as number) <= 140,
    ],
    [
      'prefix and range',
      (c) =>
        and(
          compare('equal', reference(c[1]!), constant(5)),
          compare('greater_equal', reference(c[2]!), constant('t2')),
        ),
      (row) => row[1] === 5 && row[2] !== null && (row[2] as string) >= 't2',
    ],
    [
      'descending index',
      (c) => compare('less', reference(c[2]!), constant('t11')),
      (row) => row[2] !== null && (row[2] as string) < 't11',
    ],
    [
      'null',
      (c) => ({ kind: 'is_null', operand: reference(c[1]!), negated: false, type: { kind: 'bool' } }),
      (row) => row[1] === null,
    ],
    [
      'list',
      (c) => ({
        kind: 'in_list',
        operand: reference(c[0]!),
        items: [constant(3), constant(900), constant(5), constant(3), constant(null)],
        negated: false,
        operandType: INT32,
        type: { kind: 'bool' },
      }),
      (row) => row[0] === 3 || row[0] === 5,
    ],
    ["out of the type's range", (c) => compare('less', reference(c[0]!), constant(5_000_000_000)), () => true],
    [
      'empty range',
      (c) => and(compare('greater', reference(c[0]!), constant(10)), compare('less', reference(c[0]!), constant(5))),
      () => false,
    ],
  ];
  test.each(ranges)('%s', async (_name, condition, accepts) => {
    const source = scan(left, 0);
    for (const interruptEvery of [0, 1, 3]) {
      expect(sorted(await world.run(filter(source, condition(source.columns)), { interruptEvery }))).toEqual(
        sorted(leftRows.filter(accepts)),
      );
    }
  });

  test('order and limit by index, both directions', async () => {
    for (const descending of [false, true]) {
      const source = scan(left, 0);
      const keys: SortKey[] = [{ expression: reference(source.columns[0]!), descending, nullsFirst: descending }];
      const plan: LogicalPlan = {
        kind: 'limit',
        count: constant(9, LIMIT_TYPE),
        offset: constant(3, LIMIT_TYPE),
        withTies: false,
        percent: false,
        order: keys,
        columns: source.columns,
        source: { kind: 'sort', source, keys, columns: source.columns },
      };
      expect(JSON.stringify(world.plan(plan).root.facts.children?.[0]?.facts.title)).toContain('Index Scan');
      const all = [...leftRows].sort((a, b) => (descending ? -1 : 1) * ((a[0] as number) - (b[0] as number)));
      expect(await world.run(plan, { interruptEvery: 2 })).toEqual(all.slice(3, 12));
    }
  });
});

describe('sort', () => {
  const compareRows = (a: Row, b: Row): number => {
    // c descending nulls first, then a ascending.
    const [x, y] = [a[2] as string | null, b[2] as string | null];
    if (x !== y) {
      if (x === null) return -1;
      if (y === null) return 1;
      return x < y ? 1 : -1;
    }
    return (a[0] as number) - (b[0] as number);
  };
  const keysOf = (source: LogicalPlan): SortKey[] => [
    {
      expression: { kind: 'coalesce', operands: [reference(source.columns[2]!)], type: TEXT },
      descending: true,
      nullsFirst: true,
    },
    { expression: reference(source.columns[0]!), descending: false, nullsFirst: false },
  ];

  test('in memory, spilled and limited', async () => {
    const source = scan(left, 0);
    const keys = keysOf(source);
    const plan: LogicalPlan = { kind: 'sort', source, keys, columns: source.columns };
    const expected = [...leftRows].sort(compareRows);
    for (const interruptEvery of INTERRUPTIONS) expect(await world.run(plan, { interruptEvery })).toEqual(expected);
    const transaction = world.manager.begin({ isolation: 'read_committed' });
    transaction.beginStatement();
    const context = world.context(transaction, { memory: 100 });
    expect(await drainPlan(world.plan(plan), context)).toEqual(expected);
    expect(context.spilled).toBe(1);
    expect(context.openFiles).toBe(0);
    transaction.rollback();
    const limited: LogicalPlan = {
      kind: 'limit',
      source: plan,
      count: constant(10, LIMIT_TYPE),
      offset: constant(5, LIMIT_TYPE),
      withTies: false,
      percent: false,
      order: keys,
      columns: source.columns,
    };
    expect(await world.run(limited)).toEqual(expected.slice(5, 15));
  });

  test('many runs merge in order', async () => {
    const big = world.table('big', { v: INT32, w: INT32 });
    const random = sequence(3);
    const rows = Array.from({ length: 9000 }, (_, at): Row => [random(500), at]);
    await world.insert(big, rows);
    const source = scan(big, 0);
    const plan: LogicalPlan = {
      kind: 'sort',
      source,
      keys: [{ expression: reference(source.columns[0]!), descending: false, nullsFirst: false }],
      columns: source.columns,
    };
    const expected = [...rows].sort(
      (a, b) => (a[0] as number) - (b[0] as number) || (a[1] as number) - (b[1] as number),
    );
    expect(await world.run(plan)).toEqual(expected);
    expect(await world.run(plan, { memory: 50_000, interruptEvery: 4 })).toEqual(expected);
  });
});

describe('aggregation', () => {
  const call = (name: string, argument: Parameters<typeof reference>[0] | undefined, id: number, distinct = false) => {
    const definition = functionsNamed(name).find(
      (one) =>
        one.kind === 'aggregate' &&
        one.parameters.length === (argument === undefined ? 0 : 1) &&
        (argument === undefined ||
          typeof one.parameters[0] === 'string' ||
          one.parameters[0]?.kind === argument.type.kind),
    );
    if (definition === undefined) throw new Error(`no aggregate ${name}`);
    return {
      column: output(id, { kind: 'int64' }),
      function: definition,
      arguments: argument === undefined ? [] : [reference(argument)],
      distinct,
      order: [],
      within: [],
      filter: undefined,
    };
  };

  test('groups, with NULL as a group', async () => {
    const source = scan(left, 0);
    const key = output(20, INT32);
    const aggregates = [call('count', undefined, 21), call('count', source.columns[2], 22, true)];
    const plan: LogicalPlan = {
      kind: 'aggregate',
      source,
      keys: [{ column: key, expression: reference(source.columns[1]!) }],
      sets: [[0]],
      aggregates,
      groupings: [],
      columns: [key, ...aggregates.map((one) => one.column)],
    };
    const groups = new Map<SqlValue, { count: number; seen: Set<SqlValue> }>();
    for (const row of leftRows) {
      const group = groups.get(row[1]!) ?? { count: 0, seen: new Set() };
      groups.set(row[1]!, group);
      group.count++;
      if (row[2] !== null) group.seen.add(row[2]!);
    }
    const expected = [...groups].map(([value, group]): Row => [value, group.count, group.seen.size]);
    for (const interruptEvery of INTERRUPTIONS)
      expect(sorted(await world.run(plan, { interruptEvery }))).toEqual(sorted(expected));
  });

  test('more groups than fit in memory, with grouping sets', async () => {
    const source = scan(left, 0);
    const [a, c] = [output(20, INT32), output(21, TEXT)];
    const count = call('count', undefined, 22);
    const plan: LogicalPlan = {
      kind: 'aggregate',
      source,
      keys: [
        { column: a, expression: reference(source.columns[0]!) },
        { column: c, expression: reference(source.columns[2]!) },
      ],
      sets: [[0, 1], [1], []],
      aggregates: [count],
      groupings: [],
      columns: [a, c, count.column],
    };
    const byText = new Map<SqlValue, number>();
    for (const row of leftRows) byText.set(row[2]!, (byText.get(row[2]!) ?? 0) + 1);
    const expected: Row[] = [
      ...leftRows.map((row): Row => [row[0]!, row[2]!, 1]),
      ...[...byText].map(([value, n]): Row => [null, value, n]),
      [null, null, leftRows.length],
    ];
    for (const memory of [0, 40_000, 10_000_000]) {
      for (const interruptEvery of [0, 6])
        expect(sorted(await world.run(plan, { memory, interruptEvery }))).toEqual(sorted(expected));
    }
  });

  test('no rows: one group without keys, none with', async () => {
    const source = filter(scan(left, 0), constant(false, { kind: 'bool' }));
    const count = call('count', undefined, 21);
    const plain: LogicalPlan = {
      kind: 'aggregate',
      source,
      keys: [],
      sets: [[]],
      aggregates: [count],
      groupings: [],
      columns: [count.column],
    };
    expect(await world.run(plain)).toEqual([[0]]);
    const key = output(20, INT32);
    const grouped: LogicalPlan = {
      kind: 'aggregate',
      source,
      keys: [{ column: key, expression: reference(source.columns[1]!) }],
      sets: [[0]],
      aggregates: [count],
      groupings: [],
      columns: [key, count.column],
    };
    expect(await world.run(grouped)).toEqual([]);
  });
});

describe('set operations', () => {
  test.each([
    ['union', false],
    ['union', true],
    ['intersect', false],
    ['intersect', true],
    ['except', false],
    ['except', true],
  ] as const)('%s all=%s', async (operation, all) => {
    const a = scan(left, 0);
    const b = scan(right, 10);
    const pick = (source: ReturnType<typeof scan>, at: number, id: number): LogicalPlan => {
      const column = output(id, INT32);
      return {
        kind: 'project',
        source,
        items: [{ column, expression: reference(source.columns[at]!) }],
        columns: [column],
        setReturning: false,
      };
    };
    const plan: LogicalPlan = {
      kind: 'set_operation',
      operation,
      all,
      left: pick(a, 1, 30),
      right: pick(b, 1, 31),
      columns: [output(32, INT32)],
    };
    const [x, y] = [leftRows.map((row) => row[1]!), rightRows.map((row) => row[1]!)];
    const counts = new Map<SqlValue, number>();
    for (const value of y) counts.set(value, (counts.get(value) ?? 0) + 1);
    let expected: SqlValue[];
    if (operation === 'union') expected = all ? [...x, ...y] : [...new Set([...x, ...y])];
    else {
      expected = [];
      const seen = new Set<SqlValue>();
      for (const value of x) {
        const have = counts.get(value) ?? 0;
        const other = operation === 'intersect' ? have > 0 : have === 0;
        if (all && have > 0) counts.set(value, have - 1);
        if (other && (all || !seen.has(value))) expected.push(value);
        seen.add(value);
      }
    }
    expect(sorted(await world.run(plan, { interruptEvery: 3 }))).toEqual(sorted(expected.map((value) => [value])));
  });
});
