/** Aggregates, window functions and set functions, with values a real PostgreSQL 15 gave. */
import { describe, expect, test } from 'vitest';
import { textFormatter } from '../../../sblr/contract/text/text-io.ts';
import type { SqlType } from '../../../sblr/contract/types.ts';
import type { Row, SqlValue } from '../../../sblr/contract/values.ts';
import type { AggregateFunction, SetFunction, WindowFunction, WindowRows } from '../../../engine/functions/function.ts';
import { functionsNamed, resolveResult } from '../../../engine/functions/registry.ts';
import { castFunction } from '../../../engine/types/casts.ts';
import { contextWith, SEMANTICS, typeNamed } from './evaluate.ts';

const context = contextWith();

function read(text: string | null, type: SqlType): SqlValue {
  if (text === null) return null;
  return (castFunction({ kind: 'unknown' }, type, 'explicit') as NonNullable<ReturnType<typeof castFunction>>)(
    text,
    context,
  );
}

function fits(pattern: unknown, type: SqlType): boolean {
  if (typeof pattern === 'string')
    return (
      !pattern.includes('enum') &&
      !pattern.includes('record') &&
      (pattern === 'any' ||
        pattern.includes('element') ||
        (pattern.includes('non_array') ? type.kind !== 'array' : type.kind === 'array') ||
        pattern === 'any_compatible')
    );
  return (pattern as SqlType).kind === type.kind && ((pattern as SqlType).fixed ?? false) === (type.fixed ?? false);
}

/** Runs an aggregate over rows of texts; splits the rows in two to test combining as well. */
function aggregate(
  name: string,
  types: readonly string[],
  rows: readonly (readonly (string | null)[])[],
  direct: readonly [string, string][] = [],
): string {
  const argumentTypes = types.map(typeNamed);
  const directTypes = direct.map(([, type]) => typeNamed(type));
  const found = functionsNamed(name).find((candidate): candidate is AggregateFunction => {
    if (candidate.kind !== 'aggregate') return false;
    if (candidate.form === 'normal')
      return (
        direct.length === 0 &&
        candidate.parameters.length === types.length &&
        candidate.parameters.every((pattern, i) => fits(pattern, argumentTypes[i] as SqlType))
      );
    return (
      candidate.within.every((pattern, i) => fits(pattern, argumentTypes[i] as SqlType)) &&
      (candidate.form === 'hypothetical' ||
        candidate.parameters.every((pattern, i) => fits(pattern, directTypes[i] as SqlType)))
    );
  });
  if (found === undefined) throw new Error(`no aggregate ${name}`);
  const all = [...directTypes, ...argumentTypes];
  const result = resolveResult(found.result, found.parameters, all);
  const code = found.implementation(
    all,
    result,
    SEMANTICS,
    argumentTypes.map(() => ({ descending: false, nullsFirst: false })),
  );
  const directValues = direct.map(([text, type]) => read(text, typeNamed(type)));
  const run = (part: typeof rows, state = code.create(directValues)): object => {
    for (const row of part) {
      const [a = null, b = null] = row.map((text, i) => read(text, argumentTypes[i] as SqlType));
      if (found.strict && row.includes(null)) continue;
      code.step(state, a, b, context);
    }
    return state;
  };
  const value = code.final(run(rows), context);
  if (code.combine !== undefined) {
    const half = rows.length >> 1;
    const state = run(rows.slice(0, half));
    code.combine(state, run(rows.slice(half)));
    const merged = code.final(state, context);
    if (result.kind !== 'float64') expect(merged).toEqual(value);
    else if (value !== null) expect(merged as number).toBeCloseTo(value as number, 10);
  }
  return value === null ? '<null>' : textFormatter(result, context.text)(value);
}
const column = (...values: (string | number | null)[]): (string | null)[][] =>
  values.map((value) => [value === null ? null : String(value)]);
const ten = column(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);

describe('aggregates', () => {
  const cases: readonly (readonly [string, string, (string | null)[][], string])[] = [
    ['avg', 'int4', ten, '5.5000000000000000'],
    ['sum', 'int4', ten, '55'],
    ['sum', 'int8', ten, '55'],
    ['sum', 'int8', column('9223372036854775807', '9223372036854775807'), '18446744073709551614'],
    ['stddev', 'int4', ten, '3.0276503540974917'],
    ['variance', 'int4', ten, '9.1666666666666667'],
    ['var_pop', 'int4', ten, '8.2500000000000000'],
    ['stddev_pop', 'int4', ten, '2.8722813232690143'],
    ['avg', 'float8', ten, '5.5'],
    ['stddev', 'float8', ten, '3.0276503540974917'],
    ['stddev', 'numeric', ten, '3.0276503540974917'],
    ['avg', 'numeric', column('1.10', '2.25'), '1.6750000000000000'],
    ['sum', 'numeric', column('1.10', null, '2.2'), '3.30'],
    ['sum', 'interval', column('1 day', '2 hours'), '1 day 02:00:00'],
    ['avg', 'interval', column('1 day', '2 hours'), '13:00:00'],
    ['min', 'text', column('b', 'a', 'c'), 'a'],
    ['max', 'int4', column(), '<null>'],
    ['max', 'numeric', column('1.0', 'NaN', '3'), 'NaN'],
    ['count', 'int4', column(1, null, 2), '2'],
    ['bool_and', 'bool', column('t', 'f'), 'f'],
    ['bool_or', 'bool', column('t', 'f'), 't'],
    ['bit_or', 'int4', column(1, 4), '5'],
    ['bit_xor', 'int8', column(1, 5), '4'],
    ['array_agg', 'int4', column(1, null, 2), '{1,NULL,2}'],
    ['json_agg', 'text', column('a', null), '["a", null]'],
    ['jsonb_agg', 'numeric', column('1.50'), '[1.50]'],
  ];
  for (const [name, type, rows, expected] of cases) {
    test(`${name}(${type}) = ${expected}`, () => {
      expect(aggregate(name, [type], rows)).toBe(expected);
    });
  }
  test('two arguments', () => {
    const pairs = [1, 2, 3, 4].map((x) => [String(x * 2 + (x % 2)), String(x)]);
    expect(
      aggregate(
        'string_agg',
        ['text', 'text'],
        [
          ['a', ','],
          [null, ','],
          ['b', ';'],
        ],
      ),
    ).toBe('a;b');
    expect(
      aggregate(
        'json_object_agg',
        ['text', 'int4'],
        [
          ['a', '1'],
          ['b', null],
        ],
      ),
    ).toBe('{ "a" : 1, "b" : null }');
    expect(aggregate('regr_slope', ['float8', 'float8'], pairs)).toBe('1.8');
    expect(aggregate('regr_count', ['float8', 'float8'], pairs)).toBe('4');
    expect(aggregate('covar_samp', ['float8', 'float8'], pairs)).toBe('3');
  });
  test('ordered sets', () => {
    expect(aggregate('percentile_cont', ['float8'], ten, [['0.5', 'float8']])).toBe('5.5');
    expect(aggregate('percentile_disc', ['int4'], ten, [['0.5', 'float8']])).toBe('5');
    expect(aggregate('percentile_cont', ['float8'], ten, [['{0.25,0.75}', 'float8[]']])).toBe('{3.25,7.75}');
    expect(aggregate('rank', ['int4'], ten, [['4', 'int4']])).toBe('4');
    expect(aggregate('cume_dist', ['int4'], ten, [['4', 'int4']])).toBe('0.45454545454545453');
  });
});

/** Runs a window function over one partition of sorted integers with the default frame. */
function window(name: string, values: readonly (number | null)[], ...more: readonly number[]): SqlValue[] {
  const found = functionsNamed(name).find(
    (candidate): candidate is WindowFunction =>
      candidate.kind === 'window' &&
      (candidate.parameters.length === 0
        ? more.length === 0
        : candidate.parameters.length === more.length + (name === 'ntile' ? 0 : 1)),
  );
  if (found === undefined) throw new Error(`no window function ${name}`);
  const evaluator = found.create([{ kind: 'int32' }], false);
  return values.map((value, row) => {
    const rows: WindowRows = {
      count: values.length,
      row,
      frameStart: 0,
      frameEnd: values.lastIndexOf(value) + 1,
      peerStart: values.indexOf(value),
      peerEnd: values.lastIndexOf(value) + 1,
      excluded: () => false,
      argument: (index, at) =>
        name === 'ntile'
          ? (more[index] as number)
          : index === 0
            ? (values[at] as number | null)
            : (more[index - 1] as number),
    };
    return evaluator.evaluate(rows, context);
  });
}

describe('window functions', () => {
  const values = [1, 2, 2, 3, 5];
  test('ranks', () => {
    expect(window('row_number', values)).toEqual([1, 2, 3, 4, 5]);
    expect(window('rank', values)).toEqual([1, 2, 2, 4, 5]);
    expect(window('dense_rank', values)).toEqual([1, 2, 2, 3, 4]);
    expect(window('percent_rank', values)).toEqual([0, 0.25, 0.25, 0.75, 1]);
    expect(window('cume_dist', values)).toEqual([0.2, 0.6, 0.6, 0.8, 1]);
    expect(window('ntile', values, 2)).toEqual([1, 1, 1, 2, 2]);
  });
  test('other rows', () => {
    expect(window('lag', values, 1)).toEqual([null, 1, 2, 2, 3]);
    expect(window('lead', values, 2)).toEqual([2, 3, 5, null, null]);
    expect(window('first_value', values)).toEqual([1, 1, 1, 1, 1]);
    expect(window('last_value', values)).toEqual([1, 2, 2, 3, 5]);
    expect(window('nth_value', values, 2)).toEqual([null, 2, 2, 2, 2]);
  });
});

/** Rows of a set function as text. */
function rows(name: string, ...values: readonly (readonly [string, string])[]): string[] {
  const types = values.map(([, type]) => typeNamed(type));
  const found = functionsNamed(name).find(
    (candidate): candidate is SetFunction =>
      candidate.kind === 'set' &&
      candidate.parameters.length === types.length &&
      candidate.parameters.every((pattern, i) => fits(pattern, types[i] as SqlType)),
  );
  if (found === undefined) throw new Error(`no set function ${name}`);
  const columns = found.columns(types) ?? [];
  const source = found.implementation(types, columns)(
    values.map(([text, type]) => read(text, typeNamed(type))),
    context,
  );
  const out: string[] = [];
  for (let row: Row | null = source.next(); row !== null; row = source.next()) {
    out.push(
      row
        .map((value, i) =>
          value === null ? '<null>' : textFormatter(columns[i]?.type as SqlType, context.text)(value),
        )
        .join('|'),
    );
  }
  return out;
}

describe('set functions', () => {
  test('series', () => {
    expect(rows('generate_series', ['1', 'int4'], ['3', 'int4'])).toEqual(['1', '2', '3']);
    expect(rows('generate_series', ['3', 'int4'], ['1', 'int4'], ['-2', 'int4'])).toEqual(['3', '1']);
    expect(rows('generate_series', ['1.0', 'numeric'], ['2', 'numeric'], ['0.5', 'numeric'])).toEqual([
      '1.0',
      '1.5',
      '2.0',
    ]);
    expect(
      rows('generate_series', ['2020-01-31', 'timestamp'], ['2020-04-01', 'timestamp'], ['1 month', 'interval']),
    ).toEqual(['2020-01-31 00:00:00', '2020-02-29 00:00:00', '2020-03-29 00:00:00']);
    expect(() => rows('generate_series', ['1', 'int4'], ['2', 'int4'], ['0', 'int4'])).toThrow(
      'step size cannot equal zero',
    );
  });
  test('unnest', () => {
    expect(rows('unnest', ['{1,NULL,3}', 'int4[]'])).toEqual(['1', '<null>', '3']);
    expect(rows('unnest', ['{1,2}', 'int4[]'], ['{a}', 'text[]'])).toEqual(['1|a', '2|<null>']);
    expect(rows('generate_subscripts', ['[3:5]={1,2,3}', 'int4[]'], ['1', 'int4'])).toEqual(['3', '4', '5']);
  });
  test('text', () => {
    expect(
      rows('regexp_matches', ['foobarbequebazilbarfbonk', 'text'], ['(b[^b]+)(b[^b]+)', 'text'], ['g', 'text']),
    ).toEqual(['{bar,beque}', '{bazil,barf}']);
    expect(rows('regexp_split_to_table', ['a  b', 'text'], [' +', 'text'])).toEqual(['a', 'b']);
    expect(rows('string_to_table', ['a,b', 'text'], [',', 'text'])).toEqual(['a', 'b']);
  });
  test('json', () => {
    expect(rows('jsonb_each', ['{"b":1,"a":"x"}', 'jsonb'])).toEqual(['a|"x"', 'b|1']);
    expect(rows('json_each_text', ['{"b":1,"a":null}', 'json'])).toEqual(['b|1', 'a|<null>']);
    expect(rows('json_array_elements', ['[1, {"a": 2}]', 'json'])).toEqual(['1', '{"a": 2}']);
    expect(rows('jsonb_array_elements_text', ['[1,"x",null]', 'jsonb'])).toEqual(['1', 'x', '<null>']);
    expect(rows('jsonb_object_keys', ['{"bb":1,"a":2}', 'jsonb'])).toEqual(['a', 'bb']);
  });
});
