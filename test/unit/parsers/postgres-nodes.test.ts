/** Shapes of the trees the PostgreSQL parser builds, labels, names, literals, and errors. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FUNCTIONS } from '../../../parsers/postgres/functions.ts';
import { compileDirect } from '../../../parsers/postgres/plugin.ts';
import { parsePostgres } from '../../../parsers/postgres/parse.ts';
import type { SqlError } from '../../../sblr/contract/sql-error.ts';
import type { NodeOf, ValueNode } from '../../../sblr/nodes.ts';

const returned = (text: string): NodeOf<'RETURN'> => parsePostgres(text)[0] as NodeOf<'RETURN'>;
const project = (text: string): NodeOf<'PROJECT'> => returned(text).source as NodeOf<'PROJECT'>;
const item = (text: string): NodeOf<'ITEM'> => project(`select ${text}`).items[0] as NodeOf<'ITEM'>;

/** A value as a short prefix notation, for precedence tests. */
function shape(value: ValueNode): string {
  switch (value.op) {
    case 'OPERATOR':
      return `(${value.name} ${value.operands.map(shape).join(' ')})`;
    case 'AND':
    case 'OR':
      return `(${value.op.toLowerCase()} ${value.operands.map(shape).join(' ')})`;
    case 'NOT':
      return `(not ${shape(value.operand)})`;
    case 'IS_NULL':
      return `(${value.negated ? 'notnull' : 'isnull'} ${shape(value.operand)})`;
    case 'CAST':
      return `(cast ${shape(value.operand)} ${value.type.kind})`;
    case 'COLUMN':
      return value.name.map((part) => part.text).join('.');
    case 'LITERAL':
      return String(value.value);
    case 'BETWEEN':
      return `(between ${shape(value.value)} ${shape(value.lower)} ${shape(value.upper)})`;
    case 'LIKE':
      return `(like ${shape(value.value)} ${shape(value.pattern)})`;
    case 'COLLATE':
      return `(collate ${shape(value.operand)})`;
    case 'CALL':
      return `(${value.function} ${value.arguments.map(shape).join(' ')})`;
    default:
      return value.op;
  }
}

function failure(text: string): SqlError {
  try {
    parsePostgres(text);
  } catch (error) {
    return error as SqlError;
  }
  throw new Error('accepted');
}

describe('expressions', () => {
  it.each([
    ['1 + 2 * 3 ^ 2 - 4', '(subtract (add 1 (multiply 2 (power 3 2))) 4)'],
    ['-2 ^ 2', '(power -2 2)'],
    ['- a ^ 2', '(power (negate a) 2)'],
    ['a or b and not c = d', '(or a (and b (not (equal c d))))'],
    ['a = b is null', '(isnull (equal a b))'],
    ["a || 'x' like b || 'y'", '(like (concat a x) (concat b y))'],
    ['a between 1 and 2 and b', '(and (between a 1 2) b)'],
    ['-a::int', '(negate (cast a int32))'],
    ['a + b -> c', '(json_get (add a b) c)'],
    ['a at time zone b || c', '(concat (timezone b a) c)'],
    ['a collate "C" < b', '(less (collate a) b)'],
    ['a and b and c', '(and a b c)'],
    ['a <> -1', '(not_equal a -1)'],
    ['a operator(pg_catalog.~) b collate pg_catalog.default', '(regex_match a (collate b))'],
  ])('%s', (text, expected) => {
    expect(shape(item(text).value)).toBe(expected);
  });

  it('gives numbers the first type that holds them', () => {
    const types = ['1', '2147483648', '-2147483648', '9223372036854775808', '1.50', '1e3'].map(
      (text) => (item(text).value as NodeOf<'LITERAL'>).type.kind,
    );
    expect(types).toEqual(['int32', 'int64', 'int32', 'decimal', 'decimal', 'decimal']);
    expect(String((item('1.50').value as NodeOf<'LITERAL'>).value)).toBe('1.50');
  });

  it.each([
    ['a.b', 'b'],
    ["'x'::varchar", 'varchar'],
    ['cast(1 as char)', 'bpchar'],
    ['upper(a)::text', 'upper'],
    ['1 + 1', '?column?'],
    ['count(*)', 'count'],
    ['case a when 1 then 2 end', 'case'],
    ['case when a then 1 else b end', 'b'],
    ['coalesce(a, b)', 'coalesce'],
    ['(select x as q)', 'q'],
    ['exists (select 1)', 'exists'],
    ['array[1]', 'array'],
    ["date '2020-01-01'", 'date'],
    ['current_user', 'current_user'],
    ['user', 'user'],
    ["trim('a')", 'btrim'],
    ['a[1]', 'a'],
    ['(a).b', 'b'],
    ['row(1)', 'row'],
    ['true', '?column?'],
    ['extract(year from a)', 'extract'],
    ['pg_backend_pid()', 'pg_backend_pid'],
    ['greatest(1, 2)', 'greatest'],
    ['a collate "C"', 'a'],
    ['a at time zone b', 'timezone'],
  ])('labels %s', (text, label) => {
    expect(item(text).label).toBe(label);
  });

  it('maps functions to primitives', () => {
    expect(item('pg_catalog.pg_get_userbyid(1)').value).toMatchObject({ op: 'CALL', function: 'role_name' });
    expect(item('mine(1)').value).toMatchObject({ op: 'CALL_ROUTINE' });
    expect(item('sum(a) over (order by b)').value).toMatchObject({ op: 'WINDOW_CALL', function: 'sum' });
    expect(item('int4(a)').value).toMatchObject({ op: 'CAST' });
    expect(failure('select row_number()').condition).toBe('windowing_error');
    expect(failure('select lower(distinct a)').condition).toBe('wrong_object_type');
  });
});

describe('functions.md', () => {
  it('lists exactly the functions of the table', () => {
    const text = readFileSync(new URL('../../../specs/dialects/postgres/functions.md', import.meta.url), 'utf8');
    const listed = [...text.matchAll(/^- (\S+) -> (\S+), (\w+)$/gm)].map((match) => match.slice(1, 4));
    const known = [...FUNCTIONS].map(([name, fact]) => [name, fact.primitive, fact.kind]);
    expect(listed).toEqual(known.sort((a, b) => ((a[0] as string) < (b[0] as string) ? -1 : 1)));
    expect(known.filter((each) => /pg_|postgres/.test(each[1] as string))).toEqual([]);
  });
});

describe('names and strings', () => {
  it('folds undelimited names and marks exact ones', () => {
    const value = item('Foo."Bar"."baz"').value as NodeOf<'COLUMN'>;
    expect(value.name).toEqual([
      { text: 'foo', exact: false },
      { text: 'Bar', exact: true },
      { text: 'baz', exact: false },
    ]);
  });

  it('limits names to 63 bytes', () => {
    const value = item('x'.repeat(70)).value as NodeOf<'COLUMN'>;
    expect(value.name[0]?.text).toHaveLength(63);
  });

  it.each([
    ["'it''s'", "it's"],
    ["E'a\\n\\x41\\u00e9'", 'a\nA\u00e9'],
    ["'a'\n  'b'", 'ab'],
    ["U&'\\0041'", 'A'],
    ["$x$a'$$b$x$", "a'$$b"],
    ["E'\\303\\251'", '\u00e9'],
  ])('string %s', (text, expected) => {
    expect((item(text).value as NodeOf<'LITERAL'>).value).toBe(expected);
  });
});

describe('queries', () => {
  it('builds the pipeline in order', () => {
    const ops: string[] = [];
    const text = 'select distinct a from t where b group by a having c window w as () order by a limit 1 for update';
    let node: { op: string; source?: unknown } | undefined = returned(text).source as { op: string };
    while (node !== undefined) {
      ops.push(node.op);
      node = node.source as { op: string } | undefined;
    }
    expect(ops).toEqual([
      'LOCK_ROWS',
      'LIMIT',
      'SORT',
      'DISTINCT',
      'PROJECT',
      'WINDOWS',
      'FILTER',
      'GROUP',
      'FILTER',
      'LOAD_TABLE',
    ]);
  });

  it('binds INTERSECT stronger than UNION', () => {
    expect(returned('select 1 union select 2 intersect select 3').source).toMatchObject({
      op: 'SET_OP',
      kind: 'union',
      right: { op: 'SET_OP', kind: 'intersect' },
    });
    expect(returned('select 1 except select 2 union select 3').source).toMatchObject({
      kind: 'union',
      left: { kind: 'except' },
    });
  });

  it('tells queries from values behind parentheses', () => {
    expect(item('((select 1) + 2)').value.op).toBe('OPERATOR');
    expect(item('((select 1) union (select 2))').value.op).toBe('SUBQUERY');
    expect(item('a in ((select 1))').value.op).toBe('IN_QUERY');
    expect(item('a in ((select 1), 2)').value).toMatchObject({
      op: 'IN_LIST',
      items: [{ op: 'SUBQUERY' }, { op: 'LITERAL' }],
    });
    expect(item('a in ((select 1) + 2)').value).toMatchObject({ op: 'IN_LIST', items: [{ op: 'OPERATOR' }] });
  });

  it('names the completion', () => {
    expect(returned('insert into t values (1)').command).toBe('INSERT');
    expect(returned('with a as (select 1) delete from t').command).toBe('DELETE');
    expect(returned('select 1 into x')).toMatchObject({ op: 'CREATE_TABLE_AS' });
    expect(returned('show datestyle')).toMatchObject({
      command: 'SHOW',
      source: { items: [{ alias: { text: 'DateStyle', exact: true } }] },
    });
  });

  it('keeps the source text of defaults and checks', () => {
    const table = parsePostgres(
      'create table t (a int default 1 + 2 check (a > 0), b serial)',
    )[0] as NodeOf<'CREATE_TABLE'>;
    expect(table.columns[0]?.constraints.map((each) => each.text)).toEqual(['1 + 2', 'a > 0']);
    expect(table.columns[1]).toMatchObject({ autoIncrement: true, constraints: [{ kind: 'not_null' }] });
  });
});

describe('errors', () => {
  it.each([
    ['select a from where', 'syntax error at or near "where"', 14],
    ['select a from t where', 'syntax error at end of input', 21],
    ["select 'abc", 'unterminated quoted string at or near "\'abc"', 7],
    ['select 1 < 2 < 3', 'syntax error at or near "<"', 13],
    ['create trigger x', 'CREATE TRIGGER is not supported', 7],
    ['select a from t limit 1, 2', 'LIMIT #,# syntax is not supported', 16],
  ])('%s', (text, message, position) => {
    expect(failure(text)).toMatchObject({ message, details: { position } });
  });

  it('counts positions from the start of the whole text', () => {
    const text = ' select 1; select from where';
    const first = compileDirect({ text, start: 0, settings: {} });
    expect(first).toMatchObject({ kind: 'statement', start: 1, end: 10 });
    const second = compileDirect({ text, start: 10, settings: {} });
    expect(second).toMatchObject({ kind: 'error', error: { details: { position: 23 } } });
  });

  it('survives deep nesting', () => {
    const deep = compileDirect({ text: `select ${'('.repeat(100000)}1`, start: 0, settings: {} });
    expect(deep).toMatchObject({ kind: 'error', error: { condition: 'statement_too_complex' } });
  });

  it('knows an empty text', () => {
    expect(compileDirect({ text: ' -- nothing\n ; ;', start: 0, settings: {} }).kind).toBe('empty');
  });
});
