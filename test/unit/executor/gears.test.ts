/** The row-at-a-time and the vectorised gear give the same rows, in the same order, and fail alike. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BOOL, FLOAT64, INT32, INT64, TEXT, type SqlType } from '../../../sblr/contract/types.ts';
import { Decimal, type Row, type SqlValue } from '../../../sblr/contract/values.ts';
import type {
  AggregateCall,
  BoundExpression,
  ComparisonOperator,
  LogicalPlan,
  OutputColumn,
} from '../../../engine/binder/bound.ts';
import type { TableDefinition } from '../../../engine/catalog/definitions.ts';
import { functionsNamed } from '../../../engine/functions/registry.ts';
import { rowCodec } from '../../../engine/storage/row-codec.ts';
import { compare, constant, output, reference, World } from './helpers.ts';

const DECIMAL: SqlType = { kind: 'decimal' };
const TYPES = { i: INT32, l: INT64, f: FLOAT64, d: DECIMAL, t: TEXT, b: BOOL };
type Name = keyof typeof TYPES;
const NAMES = Object.keys(TYPES) as Name[];
const COLUMNS: OutputColumn[] = NAMES.map((name, at) => ({
  id: at + 1,
  name,
  type: TYPES[name],
  tableId: 0,
  position: at + 1,
}));
const column = (name: Name): OutputColumn => COLUMNS[NAMES.indexOf(name)] as OutputColumn;

const VALUES: Readonly<Record<Name, fc.Arbitrary<SqlValue>>> = {
  i: fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: -3, max: 3 }) },
    { weight: 1, arbitrary: fc.constantFrom(2147483647, -2147483648, 65536) },
  ),
  l: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -9, max: 9 }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<SqlValue>(
        9007199254740991,
        -9007199254740991,
        4503599627370497,
        9223372036854775807n,
        -9223372036854775808n,
      ),
    },
  ),
  f: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(0, -0, 0.1, 0.2, -1.5, 3) },
    { weight: 1, arbitrary: fc.constantFrom(NaN, Infinity, -Infinity, 1e308, 5e-324) },
  ),
  d: fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: -999, max: 999 }).map((n) => new Decimal(n, 2)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        new Decimal(5, 0),
        new Decimal(1, 30),
        new Decimal(0, 0, 'NaN'),
        new Decimal(0, 0, 'Infinity'),
        new Decimal(9007199254740991, 2),
        new Decimal(10n ** 20n, 2),
      ),
    },
  ),
  t: fc.constantFrom('', 'a', 'A', 'b ', 'é'),
  b: fc.boolean(),
};
/** Tables of all shapes: most columns tame, so that whole batches of vectors occur; some with extremes. */
const TAME: Readonly<Record<Name, fc.Arbitrary<SqlValue>>> = {
  ...VALUES,
  i: fc.integer({ min: -3, max: 3 }),
  l: fc.integer({ min: -9, max: 9 }),
  f: fc.constantFrom(0, -0, 0.1, 0.2, -1.5, 3),
  d: fc.integer({ min: -999, max: 999 }).map((n) => new Decimal(n, 2)),
};
const tables: fc.Arbitrary<Row[]> = fc
  .record(
    Object.fromEntries(NAMES.map((name) => [name, fc.constantFrom(TAME, TAME, VALUES)])) as Record<
      Name,
      fc.Arbitrary<typeof VALUES>
    >,
  )
  .chain((kinds) =>
    fc.array(
      fc.tuple(
        ...NAMES.map((name) =>
          fc.oneof({ weight: 7, arbitrary: kinds[name][name] }, { weight: 1, arbitrary: fc.constant(null) }),
        ),
      ),
      { maxLength: 40 },
    ),
  );

function call(name: string, type: SqlType, left: BoundExpression, right: BoundExpression): BoundExpression {
  const definition = functionsNamed(name).find(
    (one) =>
      one.operator &&
      one.parameters.length === 2 &&
      one.parameters.every((parameter) => typeof parameter !== 'string' && parameter.kind === type.kind),
  );
  if (definition === undefined) throw new Error(`${name}(${type.kind})`);
  return { kind: 'call', function: definition, arguments: [left, right], type };
}

const numbers = (name: Name, depth = 2): fc.Arbitrary<BoundExpression> => {
  const type = TYPES[name];
  const leaf = fc.oneof(
    { weight: 3, arbitrary: fc.constant(reference(column(name))) },
    { weight: 1, arbitrary: VALUES[name].map((value) => constant(value, type)) },
  );
  if (depth === 0) return leaf;
  const inner = numbers(name, depth - 1);
  const operation = fc
    .tuple(fc.constantFrom('add', 'subtract', 'multiply'), inner, inner)
    .map(([operator, a, b]) => call(operator, type, a, b));
  const options = [
    { weight: 3, arbitrary: leaf },
    { weight: 1, arbitrary: operation },
  ];
  if (name === 'l' || name === 'd' || name === 'f')
    options.push({
      weight: 1,
      arbitrary: fc.constant<BoundExpression>({
        kind: 'cast',
        operand: reference(column('i')),
        type,
        context: 'implicit',
      }),
    });
  return fc.oneof(...options);
};
const NUMERIC = ['i', 'l', 'f', 'd'] as const;
const COMPARISONS: ComparisonOperator[] = ['equal', 'not_equal', 'less', 'less_equal', 'greater', 'greater_equal'];

const conditions = (depth = 2): fc.Arbitrary<BoundExpression> => {
  const comparison = fc
    .constantFrom(...NUMERIC)
    .chain((name) =>
      fc
        .tuple(fc.constantFrom(...COMPARISONS), numbers(name), numbers(name))
        .map(([operator, a, b]) => compare(operator, a, b)),
    );
  const text = fc
    .tuple(fc.constantFrom<ComparisonOperator>('equal', 'not_equal'), fc.option(VALUES.t))
    .map(([operator, value]) => compare(operator, reference(column('t')), constant(value, TEXT)));
  const list = fc.constantFrom<Name>('i', 'l', 't').chain((name) =>
    fc.tuple(fc.array(fc.option(VALUES[name], { freq: 8 }), { minLength: 1, maxLength: 4 }), fc.boolean()).map(
      ([items, negated]): BoundExpression => ({
        kind: 'in_list',
        operand: reference(column(name)),
        items: items.map((item) => constant(item, TYPES[name])),
        negated,
        operandType: TYPES[name],
        type: BOOL,
      }),
    ),
  );
  const isNull = fc
    .tuple(fc.oneof(fc.constantFrom(...COLUMNS).map(reference), numbers('l')), fc.boolean())
    .map(([operand, negated]): BoundExpression => ({ kind: 'is_null', operand, negated, type: BOOL }));
  const leaf = fc.oneof(
    { weight: 4, arbitrary: comparison },
    { weight: 2, arbitrary: text },
    { weight: 2, arbitrary: list },
    isNull,
    fc.constant(reference(column('b'))),
  );
  if (depth === 0) return leaf;
  const inner = conditions(depth - 1);
  return fc.oneof(
    { weight: 3, arbitrary: leaf },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom('and' as const, 'or' as const), fc.array(inner, { minLength: 2, maxLength: 3 }))
        .map(([kind, operands]): BoundExpression => ({ kind, operands, type: BOOL })),
    },
    inner.map((operand): BoundExpression => ({ kind: 'not', operand, type: BOOL })),
    fc
      .tuple(inner, fc.constantFrom('true' as const, 'false' as const, 'unknown' as const), fc.boolean())
      .map(([operand, truth, negated]): BoundExpression => ({ kind: 'is_truth', operand, truth, negated, type: BOOL })),
  );
};

function aggregate(
  name: string,
  argument: BoundExpression | undefined,
  filter: BoundExpression | undefined,
  distinct: boolean,
  id: number,
): AggregateCall {
  const definition = functionsNamed(name).find(
    (one) =>
      one.kind === 'aggregate' &&
      one.parameters.length === (argument === undefined ? 0 : 1) &&
      (argument === undefined ||
        one.parameters[0] === 'any' ||
        (typeof one.parameters[0] === 'object' &&
          one.parameters[0].kind === argument.type.kind &&
          one.parameters[0].fixed !== true)),
  );
  if (definition === undefined) throw new Error(`${name}(${argument?.type.kind ?? ''})`);
  const type = typeof definition.result === 'object' ? definition.result : INT64;
  return {
    column: output(id, type),
    function: definition,
    arguments: argument === undefined ? [] : [argument],
    distinct: distinct && argument !== undefined,
    order: [],
    within: [],
    filter,
  };
}
const calls: fc.Arbitrary<[string, BoundExpression | undefined]> = fc.oneof(
  fc.constant<[string, undefined]>(['count', undefined]),
  fc.constantFrom(...COLUMNS).map((one): [string, BoundExpression] => ['count', reference(one)]),
  fc
    .constantFrom(...NUMERIC)
    .chain((name) => fc.tuple(fc.constantFrom('sum', 'avg', 'min', 'max', 'count'), numbers(name))),
  fc.tuple(fc.constantFrom('min', 'max'), fc.constant(reference(column('t')))),
  fc.tuple(fc.constantFrom('bool_and', 'bool_or'), fc.constant(reference(column('b')))),
);
const queries = fc.record({
  rows: tables,
  repeat: fc.constantFrom(1, 1, 120),
  where: fc.option(conditions(), { freq: 3, nil: undefined }),
  keys: fc.subarray(COLUMNS, { maxLength: 3 }).chain((columns) =>
    fc.tuple(
      ...columns.map((one) => {
        const name = one.name as Name;
        return name === 't' || name === 'b'
          ? fc.constant(reference(one))
          : fc.oneof({ weight: 3, arbitrary: fc.constant(reference(one)) }, { weight: 1, arbitrary: numbers(name, 1) });
      }),
    ),
  ),
  calls: fc.array(
    fc.tuple(
      calls,
      fc.option(conditions(1), { freq: 2 }),
      fc.oneof({ weight: 3, arbitrary: fc.constant(false) }, fc.boolean()),
    ),
    { minLength: 1, maxLength: 4 },
  ),
  limited: fc.option(fc.integer({ min: 1, max: 3000 }), { freq: 4, nil: undefined }),
  interruptEvery: fc.constantFrom(0, 0, 3),
  memory: fc.constantFrom(Infinity, Infinity, 2000),
});

let world: World;
beforeAll(async () => {
  world = await World.open(rowCodec);
});
afterAll(() => world.close());

function planOf(
  table: TableDefinition,
  where: BoundExpression | undefined,
  limited: number | undefined,
  keys: readonly BoundExpression[],
  aggregates: readonly AggregateCall[],
): LogicalPlan {
  const columns = COLUMNS.map((one) => ({ ...one, tableId: table.id }));
  const scan: LogicalPlan = { kind: 'scan', table, columns, rowKey: undefined, alias: 't' };
  const rows: LogicalPlan = where === undefined ? scan : { kind: 'filter', source: scan, condition: where, columns };
  const limit = constant(limited ?? 0, INT64);
  // A limit below makes the source another node than a scan.
  const source: LogicalPlan =
    limited === undefined
      ? rows
      : {
          kind: 'limit',
          source: rows,
          count: limit,
          offset: undefined,
          withTies: false,
          percent: false,
          columns,
          order: [],
        };
  const assigned = keys.map((key, at) => ({ column: output(60 + at, key.type), expression: key }));
  return {
    kind: 'aggregate',
    source,
    keys: assigned,
    sets: [keys.map((_, at) => at)],
    aggregates,
    groupings: [],
    columns: [...assigned.map((key) => key.column), ...aggregates.map((one) => one.column)],
  };
}

let succeeded = 0;
let failed = 0;
let vectorised = 0;
async function outcome(
  plan: LogicalPlan,
  options: Parameters<World['run']>[1],
): Promise<{ rows: Row[] } | { error: unknown }> {
  try {
    return { rows: await world.run(plan, options) };
  } catch (error) {
    return { error: (error as { sqlstate?: string }).sqlstate ?? error };
  }
}

test('both gears give the same rows and errors', async () => {
  await fc.assert(
    fc.asyncProperty(queries, async ({ rows, repeat, where, limited, keys, calls: chosen, interruptEvery, memory }) => {
      const table = world.table('t', TYPES);
      const all = Array.from({ length: repeat }, () => rows).flat();
      if (all.length > 0) await world.insert(table, all);
      const plan = planOf(
        table,
        where,
        limited,
        keys,
        chosen.map(([[name, argument], filter, distinct], at) =>
          aggregate(name, argument, filter ?? undefined, distinct, 80 + at),
        ),
      );
      const physical = world.plan(plan, undefined, 'vectors');
      const details = physical.root.facts.details ?? physical.root.children[0]?.facts.details ?? [];
      if (details.some((one) => one.label === 'Vectorized')) vectorised++;
      const [a, b] = [
        await outcome(plan, { gear: 'rows' }),
        await outcome(plan, { gear: 'vectors', interruptEvery, memory }),
      ];
      if ('rows' in a) succeeded++;
      else failed++;
      if (memory !== Infinity && 'rows' in a && 'rows' in b)
        expect(new Set(b.rows.map(show))).toEqual(new Set(a.rows.map(show)));
      else expect(b).toEqual(a);
    }),
    { numRuns: Number(process.env['GEAR_RUNS'] ?? 250) },
  );
  // The property would be empty if most queries failed, or were folded to something else.
  expect(succeeded).toBeGreaterThan(failed);
  expect(vectorised).toBeGreaterThan((succeeded + failed) / 2);
}, 120_000);

function show(row: Row): string {
  return row
    .map((value) =>
      value instanceof Decimal ? `${value}` : Object.is(value, -0) ? '-0' : `${typeof value}${String(value)}`,
    )
    .join('|');
}
