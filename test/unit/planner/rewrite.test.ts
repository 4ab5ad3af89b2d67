import { expect, test } from 'vitest';
import { conjunctsOf } from '../../../engine/planner/expression-walk.ts';
import { rewriteQuery } from '../../../engine/planner/rewrite.ts';
import { bind, shape } from '../binder/helpers.ts';

test.each([
  ['SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a)', 'project(semi(scan t, scan u))'],
  [
    'SELECT a FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.a = t.a AND u.y > 1)',
    'project(anti(scan t, filter(scan u)))',
  ],
  ['SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u)', 'project(filter(scan t))'],
  ['SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a > t.a)', 'project(filter(scan t))'],
  [
    'SELECT a FROM t WHERE b > 1 AND a IN (SELECT a FROM u WHERE x = c)',
    'project(filter(semi(scan t, project(scan u))))',
  ],
  ['SELECT a FROM t WHERE a IN (SELECT a FROM u)', 'project(semi(scan t, project(scan u)))'],
  ['SELECT a FROM t WHERE a IN (SELECT a FROM u) OR b = 1', 'project(filter(scan t))'],
  // NULL on either side: not an anti join.
  ['SELECT a FROM t WHERE a NOT IN (SELECT a FROM u)', 'project(filter(scan t))'],
  ['SELECT id FROM item WHERE id NOT IN (SELECT id FROM item)', 'project(anti(scan item, project(scan item)))'],
  ['SELECT a, (SELECT count(*) FROM u WHERE u.x = t.c) FROM t', 'project(left(scan t, aggregate(scan u)))'],
  [
    'SELECT a FROM t WHERE d > (SELECT avg(y) FROM u WHERE u.y = t.b AND x IS NULL)',
    'project(filter(left(scan t, aggregate(filter(scan u)))))',
  ],
  // An index on u.a: a look-up per row.
  ['SELECT a, (SELECT max(x) FROM u WHERE u.a = t.a) FROM t', 'project(scan t)'],
  ['SELECT n FROM v', 'project(filter(scan t))'],
  ['SELECT a FROM t WHERE 1 = 0', 'project(values 0)'],
  ['SELECT a FROM t WHERE true', 'project(scan t)'],
  [
    'SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a AND EXISTS (SELECT 1 FROM doc WHERE doc.id = u.a))',
    'project(semi(scan t, semi(scan u, scan doc)))',
  ],
])('%s', (sql, expected) => {
  expect(shape(rewriteQuery(bind(sql)).plan)).toBe(expected);
});

test.each([
  ['(a = 1 AND b = 2) OR (b = 2 AND d > 3)', ['compare', 'or']],
  ['b = 2 OR (b = 2 AND d > 3)', ['compare']],
  ['(a = b AND d > 3) OR (b = a AND d > 4) OR (a = b AND d > 5)', ['compare', 'or']],
  ['(a = 1 AND b = 2) OR (a = 3 AND d > 3)', ['or']],
  ['(random() < 1 AND a = 1) OR (random() < 1 AND b = 1)', ['or']],
])('conditions that all branches of %s share stand beside it', (condition, kinds) => {
  const { plan } = rewriteQuery(bind(`SELECT a FROM t WHERE ${condition}`));
  const filter = plan.kind === 'project' ? plan.source : plan;
  expect(conjunctsOf(filter.kind === 'filter' ? filter.condition : undefined).map(({ kind }) => kind)).toEqual(kinds);
});
