import { describe, expect, test } from 'vitest';
import { bind, errorOf, items, outputOf, shape } from './helpers.ts';

describe('select', () => {
  test('point query', () => {
    const query = bind('SELECT * FROM t WHERE a = $1');
    expect(shape(query.plan)).toBe('project(filter(scan t))');
    expect(query.parameterTypes.map((type) => type.kind)).toEqual(['int32']);
    expect(query.plan.columns.map((column) => [column.name, column.position])).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3],
      ['d', 4],
      ['e', 5],
      ['f', 6],
    ]);
  });

  test.each([
    ['SELECT 1, 1.5, NULL, true, $1', '?column? int32, ?column? decimal, ?column? text, ?column? bool, ?column? text'],
    ['SELECT a + b, a * 2, b / 3 AS q FROM t', '?column? int64, ?column? int32, q int64'],
    ['SELECT count(*), sum(a), max(c) FROM t', 'count int64, sum int64, max text'],
    ['SELECT t FROM t', 't record'],
    ['SELECT count(t) FROM t', 'count int64'],
    ['SELECT a FROM t UNION SELECT 1.5', 'a decimal'],
    ["SELECT 'x' UNION SELECT 1", 'ignored'],
    ["VALUES (1, NULL), (2.5, 'x')", 'column1 decimal, column2 text'],
    ['SELECT ARRAY[1, 2], ARRAY[[1], [2]], z[1] FROM u', 'array array, array array, z int32'],
    ['SELECT CASE WHEN a > 1 THEN 1 ELSE 2.5 END FROM t', 'case decimal'],
    [
      'SELECT row_number() OVER (ORDER BY a), sum(a) OVER w FROM t WINDOW w AS (PARTITION BY c)',
      'row_number int64, sum int64',
    ],
    ['SELECT generate_series(1, 3)', 'generate_series int32'],
    ['SELECT * FROM generate_series(1, 3) g', 'g int32'],
    ["SELECT * FROM json_to_recordset('[]') AS x(a int, b text)", 'a int32, b text'],
    ['SELECT n, label FROM v', 'n int32, label text'],
    [
      'SELECT * FROM t NATURAL JOIN u',
      'a int32, b int64, c text, d decimal, e timestamptz, f text, x text, y float64, z array',
    ],
    ['SELECT a FROM t FULL JOIN u USING (a)', 'a int32'],
    ['WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r', 'n int32'],
    ['SELECT ctid, a FROM t', 'ctid text, a int32'],
    [
      'SELECT (SELECT max(a) FROM u), EXISTS (SELECT 1 FROM u), ARRAY(SELECT a FROM u)',
      'max int32, exists bool, array array',
    ],
    ["SELECT now() - interval '1 day', e::date + 1 FROM t", '?column? timestamptz, ?column? date'],
    ["SELECT body->'a', body->>'b' FROM doc", '?column? jsonb, ?column? text'],
    ["SELECT 'sad'::mood, 5::positive", 'mood enum, positive int32'],
    [
      'INSERT INTO t (a, c) VALUES ($1, $2) RETURNING a, t.*',
      'a int32, a int32, b int64, c text, d decimal, e timestamptz, f text',
    ],
    ['UPDATE t SET b = b + 1 RETURNING *', 'a int32, b int64, c text, d decimal, e timestamptz, f text'],
    ['DELETE FROM t USING u WHERE t.a = u.a RETURNING t.a, u.x', 'a int32, x text'],
    [
      "SELECT extract(year FROM e), coalesce(c, 'x'), nullif(a, 1), greatest(a, b) FROM t",
      'extract decimal, coalesce text, nullif int32, greatest int64',
    ],
    [
      "SELECT string_agg(c, ',' ORDER BY a), array_agg(DISTINCT a), percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM t",
      'string_agg text, array_agg array, percentile_cont float64',
    ],
  ])('%s', (sql, expected) => {
    if (expected === 'ignored') expect(errorOf(sql).text).toContain('22P02');
    else expect(outputOf(sql)).toBe(expected);
  });

  test.each([
    ['SELECT a FROM t ORDER BY b', 'project(sort(scan t))'],
    ['SELECT a FROM t ORDER BY a LIMIT 5', 'project(limit(sort(scan t)))'],
    ['SELECT a + 1 AS n FROM t ORDER BY n', 'sort(project(scan t))'],
    ['SELECT a + 1 AS n FROM t ORDER BY n, b', 'project(sort(project(scan t)))'],
    ['SELECT DISTINCT a FROM t ORDER BY a', 'sort(distinct(project(scan t)))'],
    ['SELECT DISTINCT ON (c) a, b FROM t ORDER BY c, b DESC', 'project(sort(distinct(project(scan t))))'],
    [
      'SELECT c, count(*) FROM t GROUP BY c HAVING count(*) > 1 ORDER BY count(*) DESC',
      'project(sort(filter(aggregate(scan t))))',
    ],
    ['SELECT a FROM t FOR UPDATE', 'project(lock_rows(scan t))'],
    ['SELECT a FROM t ORDER BY b LIMIT 1 FOR UPDATE SKIP LOCKED', 'project(limit(lock_rows(sort(scan t))))'],
    [
      'SELECT t.a, s.n FROM t, LATERAL (SELECT count(*) AS n FROM u WHERE u.a = t.a) s',
      'project(inner lateral(scan t, project(aggregate(filter(scan u)))))',
    ],
    ['SELECT t.a, g FROM t, unnest(ARRAY[t.a]) g', 'project(inner lateral(scan t, function g))'],
    ['SELECT unnest(z), a FROM u', 'project(expand(scan u))'],
    ['SELECT rank() OVER (ORDER BY sum(a)) FROM t GROUP BY c', 'project(window(aggregate(scan t)))'],
    ['WITH q AS (SELECT 1 AS x) SELECT * FROM q', 'with(project(dual); project(cte q))'],
    ['SELECT 1 UNION ALL SELECT 2 ORDER BY 1', 'sort(union all(project(dual), project(dual)))'],
    ['INSERT INTO t (a) VALUES (1)', 'insert(dual)'],
    ['INSERT INTO t (a) VALUES (1), (2)', 'insert(values 2)'],
    ['UPDATE t SET c = u.x FROM u WHERE u.a = t.a', 'update(filter(inner(scan t, scan u)))'],
    ['UPDATE t SET (b, c) = (SELECT 1, x FROM u WHERE u.a = t.a)', 'update(project(scan t))'],
    [
      'MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN UPDATE SET c = u.x WHEN NOT MATCHED THEN INSERT (a, c) VALUES (u.a, u.x)',
      'merge(left(scan u, scan t))',
    ],
  ])('%s', (sql, expected) => {
    expect(shape(bind(sql).plan)).toBe(expected);
  });

  test.each([
    ['SELECT a FROM t FULL JOIN u USING (a)', 'COALESCE(a, a)'],
    ['SELECT c, sum(a) + 1 FROM t GROUP BY c', "c, (sum + '1'::bigint)"],
    ['SELECT lower(c) FROM t GROUP BY lower(c)', 'key'],
    ['SELECT t.c FROM t GROUP BY t.a', 'c'],
    ["SELECT CASE c WHEN 'x' THEN 1 END FROM t GROUP BY CASE c WHEN 'x' THEN 1 END", 'key'],
    ["SELECT a IN (1, 2), c IN ('x') FROM t", "(a = ANY (ARRAY[1, 2])), (c = 'x'::text)"],
    ['SELECT (a, b) > (1, 2) FROM t', '((a >= 1) AND ((a > 1) OR ((a = 1) AND (b > 2))))'],
    ['SELECT a BETWEEN 1 AND 2 FROM t', '((a >= 1) AND (a <= 2))'],
  ])('%s', (sql, expected) => {
    expect(items(sql)).toBe(expected);
  });
});

describe('parameters', () => {
  test.each([
    ['SELECT $1', ['text']],
    ['SELECT * FROM t WHERE a = $1 AND c = $2 AND e > $3 AND d < $4', ['int32', 'text', 'timestamptz', 'decimal']],
    ['INSERT INTO t VALUES ($1, $2, $3, $4, $5, $6)', ['int32', 'int64', 'text', 'decimal', 'timestamptz', 'text']],
    ['SELECT * FROM t WHERE a = ANY($1)', ['array']],
    ['SELECT * FROM t LIMIT $1 OFFSET $2', ['int64', 'int64']],
    ['SELECT $1::int + $2', ['int32', 'int32']],
    ['UPDATE t SET b = $1, c = $2 WHERE a = $3', ['int64', 'text', 'int32']],
    ['SELECT a FROM t WHERE c LIKE $1', ['text']],
    ['SELECT a FROM t WHERE (a, b) IN (($1, $2), ($3, $4))', ['int32', 'int64', 'int32', 'int64']],
    ['INSERT INTO u (a, y) SELECT $1, $2', ['int32', 'float64']],
    ['SELECT COALESCE($1, a) FROM t', ['int32']],
    ['SELECT * FROM t WHERE e > now() - $1::interval', ['interval']],
  ])('%s', (sql, expected) => {
    expect(bind(sql).parameterTypes.map((type) => type.kind)).toEqual(expected);
  });

  test('literals taken out of the text', () => {
    const query = bind('SELECT a FROM t WHERE e = $1 AND c = $2', [{ kind: 'unknown' }, { kind: 'unknown' }]);
    expect(query.parameterTypes.map((type) => type.kind)).toEqual(['timestamptz', 'text']);
  });
});

describe('errors', () => {
  test.each([
    ['SELECT zz FROM t', '42703 column "zz" does not exist', 7],
    ['SELECT t.zz FROM t', '42703 column t.zz does not exist', 7],
    ['SELECT q.a FROM t', '42P01 missing FROM-clause entry for table "q"', 7],
    ['SELECT t.a FROM t AS q', '42P01 invalid reference to FROM-clause entry for table "t"', 7],
    ['SELECT a FROM nope', '42P01 relation "nope" does not exist', 14],
    ['SELECT a FROM t, u', '42702 column reference "a" is ambiguous', 7],
    ['SELECT a FROM t, t', '42712 table name "t" specified more than once', undefined],
    ['SELECT a + c FROM t', '42883 operator does not exist: integer + text', 9],
    ['SELECT foo(a) FROM t', '42883 function foo(integer) does not exist', 7],
    ['SELECT lower(a, a) FROM t', '42883 function lower(integer, integer) does not exist', 7],
    [
      'SELECT b, count(*) FROM t GROUP BY c',
      '42803 column "t.b" must appear in the GROUP BY clause or be used in an aggregate function',
      7,
    ],
    ['SELECT a FROM t WHERE count(*) > 1', '42803 aggregate functions are not allowed in WHERE', 22],
    ['SELECT sum(count(*)) FROM t', '42803 aggregate function calls cannot be nested', undefined],
    ["SELECT a FROM t WHERE a = 'x'", '22P02 invalid input syntax for type integer: "x"', 26],
    ['SELECT a FROM t ORDER BY 3', '42P10 ORDER BY position 3 is not in select list', 25],
    [
      'SELECT DISTINCT a FROM t ORDER BY b',
      '42P10 for SELECT DISTINCT, ORDER BY expressions must appear in select list',
      34,
    ],
    ['INSERT INTO t (zz) VALUES (1)', '42703 column "zz" of relation "t" does not exist', undefined],
    ['INSERT INTO t (a) VALUES (1, 2)', '42601 INSERT has more expressions than target columns', undefined],
    ['INSERT INTO t (a, b) VALUES (1)', '42601 INSERT has more target columns than expressions', undefined],
    ['UPDATE t SET a = true', '42804 column "a" is of type integer but expression is of type boolean', 17],
    ['INSERT INTO item (id) VALUES (1)', '428C9 cannot insert a non-DEFAULT value into column "id"', undefined],
    ['INSERT INTO item (total) VALUES (1)', '428C9 cannot insert a non-DEFAULT value into column "total"', undefined],
    [
      'INSERT INTO t (a) VALUES (1) ON CONFLICT (d) DO NOTHING',
      '42P10 there is no unique or exclusion constraint matching the ON CONFLICT specification',
      undefined,
    ],
    ['SELECT 1 UNION SELECT 1, 2', '42601 each UNION query must have the same number of columns', undefined],
    ['SELECT a FROM t UNION SELECT true', '42804 UNION types integer and boolean cannot be matched', undefined],
    ['SELECT (SELECT 1, 2)', '42601 subquery must return only one column', undefined],
    ["SELECT 'nope'::mood", '22P02 invalid input value for enum', undefined],
    ['SELECT a FROM t GROUP BY a FOR UPDATE', '0A000 FOR UPDATE is not allowed with GROUP BY clause', undefined],
    ['SELECT CAST(e AS int) FROM t', '42846 cannot cast type timestamp with time zone to integer', undefined],
    ['SELECT a FROM t WHERE a', '42804 argument of WHERE must be type boolean, not type integer', 22],
    [
      'SELECT sum(a) OVER (ORDER BY rank() OVER ()) FROM t',
      '42P20 window functions are not allowed in window definitions',
      undefined,
    ],
    ['SELECT rank() OVER nope FROM t', '42704 window "nope" does not exist', undefined],
    [
      'SELECT x.a FROM t JOIN LATERAL (SELECT u.a FROM u WHERE u.a = q.a) x ON true',
      '42P01 missing FROM-clause entry for table "q"',
      undefined,
    ],
    ['SELECT * FROM t, (SELECT t.a) s', '42P01 invalid reference to FROM-clause entry for table "t"', undefined],
  ])('%s', (sql, text, position) => {
    const error = errorOf(sql);
    expect(error.text.slice(0, text.length)).toBe(text);
    if (position !== undefined) expect(error.position).toBe(position);
  });
});
