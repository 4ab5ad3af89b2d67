/** Which plans are chosen for data of known shape, as EXPLAIN shows them, and that their rows are right. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbedded, type TestDatabase } from '../../harness/embedded.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await openEmbedded();
  const { db } = database;
  await db.query('create table a (id int primary key, x int)');
  await db.query('create table b (id int primary key, y int)');
  await db.query('create table c (id int primary key, z int, kind int)');
  await db.query('insert into a select g, g % 7 from generate_series(1, 6000) g');
  await db.query('insert into b select g * 2, g % 5 from generate_series(1, 6000) g');
  await db.query('insert into c select g, g % 3, case when g <= 5 then 1 else 0 end from generate_series(1, 6000) g');
  await db.query('analyze');
});
afterAll(() => database.close());

const planOf = async (statement: string): Promise<string> =>
  (await database.db.query(`explain (costs off) ${statement}`)).map((row) => Object.values(row)[0]).join('\n');

test.each([
  ['inner', 'select a.id, b.y from a join b on a.id = b.id order by a.id', 3000],
  ['left', 'select a.id, b.y from a left join b on a.id = b.id order by a.id', 6000],
  ['semi', 'select a.id from a where exists (select from b where b.id = a.id) order by a.id', 3000],
  ['anti', 'select a.id from a where not exists (select from b where b.id = a.id) order by a.id', 3000],
])('sides in the order wanted above are merged: %s', async (_kind, statement, count) => {
  const plan = await planOf(`${statement} limit 20`);
  expect(plan).toMatch(/Merge .*Join/);
  expect(plan).not.toContain('Sort');
  const merged = await database.db.query(`${statement} limit 100000`);
  expect(merged).toHaveLength(count);
  expect(await database.db.query(`${statement} limit 20`)).toEqual(merged.slice(0, 20));
  const ids = merged.map((row) => Object.values(row)[0] as number);
  expect(ids).toEqual(ids.toSorted((x, y) => x - y));
});

test('without a wanted order, hashing is cheaper', async () => {
  expect(await planOf('select a.x, b.y from a join b on a.id = b.id')).toContain('Hash Join');
});

test('equalities imply others: the small part comes first', async () => {
  const statement = 'select a.x, b.y from a, b, c where a.id = b.id and b.id = c.id and c.kind = 1';
  // c gives 5 rows; both others are looked up by its id, though a is not joined to it by any condition given.
  expect(await planOf(statement)).not.toMatch(/Seq Scan on (a|b)\b/);
  expect(await database.db.query(`select count(*)::int as n from (${statement}) q`)).toEqual([{ n: 2 }]);
});

test('a constant reaches all columns that equal it', async () => {
  const plan = await planOf('select a.x, b.y from a join b on b.id = a.id where a.id = 40');
  expect(plan).not.toContain('Seq Scan');
  expect(await database.db.query('select a.id, b.y from a join b on b.id = a.id where a.id = 40')).toEqual([
    { id: 40, y: 0 },
  ]);
});

test('the JSON form tells what tools read', async () => {
  const [row] = await database.db.query(
    'explain (analyze, buffers, settings, format json) select a.x, count(*) from a left join b on b.id = a.id where a.id < 100 group by a.x order by a.x',
  );
  const value = Object.values(row ?? {})[0];
  const [top] = (typeof value === 'string' ? JSON.parse(value) : value) as Record<string, never>[];
  const nodes: Record<string, unknown>[] = [];
  const visit = (node: Record<string, unknown>): void => {
    nodes.push(node);
    for (const child of (node['Plans'] ?? []) as Record<string, unknown>[]) visit(child);
  };
  visit(top!['Plan'] as never);
  expect(top).toMatchObject({ Settings: {}, Triggers: [] });
  expect(top!['Execution Time']).toBeGreaterThan(0);
  expect(nodes[0]).toMatchObject({ 'Node Type': 'Sort', 'Sort Key': ['a.x'], 'Actual Rows': 7, 'Actual Loops': 1 });
  expect(nodes[1]).toMatchObject({
    'Node Type': 'Aggregate',
    Strategy: 'Hashed',
    'Group Key': ['a.x'],
    'Parent Relationship': 'Outer',
    'Shared Hit Blocks': 0,
  });
  expect(nodes).toContainEqual(expect.objectContaining({ 'Join Type': 'Left', 'Actual Rows': 99 }));
  const scan = nodes.find((node) => node['Relation Name'] === 'a');
  expect(scan).toMatchObject({
    'Node Type': 'Index Scan',
    'Index Name': 'a_pkey',
    'Scan Direction': 'Forward',
    Alias: 'a',
    'Parallel Aware': false,
    'Index Cond': '(a.id < 100)',
    'Actual Rows': 99,
  });
});

test('options that need ANALYZE', async () => {
  await expect(database.db.query('explain (timing) select 1')).rejects.toThrow(
    'EXPLAIN option TIMING requires ANALYZE',
  );
});

test('the YAML and XML forms', async () => {
  const text = async (format: string): Promise<string> => {
    const [row] = await database.db.query(
      `explain (format ${format}, costs off) select x, count(*) from a where x > 3 group by x order by x desc`,
    );
    return String(Object.values(row ?? {})[0]);
  };
  expect((await text('yaml')).split('\n').map((line) => line.trimEnd())).toEqual([
    '- Plan:',
    '    Node Type: "Sort"',
    '    Parallel Aware: false',
    '    Async Capable: false',
    '    Sort Key:',
    '      - "x DESC"',
    '    Plans:',
    '      - Node Type: "Aggregate"',
    '        Strategy: "Hashed"',
    '        Partial Mode: "Simple"',
    '        Parent Relationship: "Outer"',
    '        Parallel Aware: false',
    '        Async Capable: false',
    '        Group Key:',
    '          - "x"',
    '        Vectorized: true',
    '        Plans:',
    '          - Node Type: "Seq Scan"',
    '            Parent Relationship: "Outer"',
    '            Parallel Aware: false',
    '            Async Capable: false',
    '            Relation Name: "a"',
    '            Alias: "a"',
    '            Filter: "(x > 3)"',
  ]);
  const xml = await text('xml');
  expect(xml).toContain(
    '<explain xmlns="http://www.postgresql.org/2009/explain">\n  <Query>\n    <Plan>\n      <Node-Type>Sort</Node-Type>\n',
  );
  expect(xml).toContain('<Sort-Key>\n        <Item>x DESC</Item>\n      </Sort-Key>\n');
  expect(xml).toContain('<Filter>(x &gt; 3)</Filter>');
});
