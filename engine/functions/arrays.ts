/** Array functions and operators, unnest and subscripts. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { displayType } from '../../sblr/contract/text/type-name.ts';
import { arrayOf, TEXT, type SqlType } from '../../sblr/contract/types.ts';
import { type SqlRecord, SqlArray, type SqlValue } from '../../sblr/contract/values.ts';
import { type Comparator, comparatorFor } from '../types/compare.ts';
import type { EvalContext } from './function.ts';
import {
  NOT_STRICT,
  operator,
  operatorFor,
  scalar,
  scalarFor,
  setFor,
  setFunction,
  type SetOptions,
  valuesSource,
} from './table.ts';
import { formatterFor } from './strings.ts';

const element = (type: SqlType | undefined): SqlType => type?.element ?? TEXT;
export const EMPTY_ARRAY = new SqlArray([]);

/** Elements of `b` behind those of `a`; a sub-array adds one row to the outer dimension. */
export function concatenate(a: SqlArray, b: SqlArray): SqlArray {
  if (a.items.length === 0) return b;
  if (b.items.length === 0) return a;
  const incompatible = (detail: string): SqlError =>
    new SqlError('array_subscript_error', { message: 'cannot concatenate incompatible arrays', detail });
  const x = a.dimensions;
  const y = b.dimensions;
  if (x.length === y.length) {
    if (x.slice(1).some((length, i) => length !== y[i + 1]))
      throw incompatible('Arrays with differing element dimensions are not compatible for concatenation.');
    return new SqlArray([...a.items, ...b.items], [(x[0] as number) + (y[0] as number), ...x.slice(1)], a.lowerBounds);
  }
  if (x.length === y.length + 1) {
    if (x.slice(1).some((length, i) => length !== y[i]))
      throw incompatible('Arrays with differing dimensions are not compatible for concatenation.');
    return new SqlArray([...a.items, ...b.items], [(x[0] as number) + 1, ...x.slice(1)], a.lowerBounds);
  }
  if (y.length === x.length + 1) {
    if (y.slice(1).some((length, i) => length !== x[i]))
      throw incompatible('Arrays with differing dimensions are not compatible for concatenation.');
    return new SqlArray([...a.items, ...b.items], [(y[0] as number) + 1, ...y.slice(1)], b.lowerBounds);
  }
  throw incompatible(`Arrays of ${x.length} and ${y.length} dimensions are not compatible for concatenation.`);
}

function append(array: SqlArray | null, item: SqlValue): SqlArray {
  if (array === null || array.items.length === 0) return new SqlArray([item]);
  if (array.dimensions.length > 1)
    throw new SqlError('data_exception', 'argument must be empty or one-dimensional array');
  return new SqlArray([...array.items, item], [array.items.length + 1], array.lowerBounds);
}
function prepend(item: SqlValue, array: SqlArray | null): SqlArray {
  if (array === null || array.items.length === 0) return new SqlArray([item]);
  if (array.dimensions.length > 1)
    throw new SqlError('data_exception', 'argument must be empty or one-dimensional array');
  return new SqlArray([item, ...array.items], [array.items.length + 1], array.lowerBounds);
}
const join = (a: SqlArray | null, b: SqlArray | null): SqlArray | null =>
  a === null ? b : b === null ? a : concatenate(a, b);
operator('concat(any_compatible_array, any_compatible_array) any_compatible_array', join, NOT_STRICT);
operator('concat(any_compatible_array, any_compatible) any_compatible_array', append, NOT_STRICT);
operator('concat(any_compatible, any_compatible_array) any_compatible_array', prepend, NOT_STRICT);
scalar('array_cat(any_compatible_array, any_compatible_array) any_compatible_array', join, NOT_STRICT);
scalar('array_append(any_compatible_array, any_compatible) any_compatible_array', append, NOT_STRICT);
scalar('array_prepend(any_compatible, any_compatible_array) any_compatible_array', prepend, NOT_STRICT);

scalar('array_ndims(any_array) int32', (a: SqlArray) => (a.dimensions.length === 0 ? null : a.dimensions.length));
scalar('array_dims(any_array) text', (a: SqlArray) =>
  a.dimensions.length === 0
    ? null
    : a.dimensions
        .map((length, i) => `[${a.lowerBounds[i] as number}:${(a.lowerBounds[i] as number) + length - 1}]`)
        .join(''),
);
scalar('array_length(any_array, int32) int32', (a: SqlArray, dimension: number) => a.dimensions[dimension - 1] ?? null);
scalar('array_lower(any_array, int32) int32', (a: SqlArray, dimension: number) => a.lowerBounds[dimension - 1] ?? null);
scalar('array_upper(any_array, int32) int32', (a: SqlArray, dimension: number) => {
  const length = a.dimensions[dimension - 1];
  return length === undefined ? null : (a.lowerBounds[dimension - 1] as number) + length - 1;
});
scalar('cardinality(any_array) int32', (a: SqlArray) => a.items.length);

function equality(type: SqlType): (a: SqlValue, b: SqlValue) => boolean {
  const compare = comparatorFor(type);
  return (a, b) => (a === null || b === null ? a === b : compare(a, b) === 0);
}
function oneDimension(a: SqlArray, what: string): void {
  if (a.dimensions.length > 1) throw new SqlError('feature_not_supported', what);
}
for (const withStart of [false, true]) {
  scalarFor(
    `array_position(any_compatible_array, any_compatible${withStart ? ', int32' : ''}) int32`,
    ([type]) => {
      const equal = equality(element(type));
      return (a: SqlArray | null, item: SqlValue, start: number | null) => {
        if (a === null) return null;
        oneDimension(a, 'searching for elements in multidimensional arrays is not supported');
        const base = a.lowerBounds[0] ?? 1;
        if (withStart && start === null)
          throw new SqlError('null_value_not_allowed', 'initial position must not be null');
        for (let i = withStart ? Math.max(0, (start as number) - base) : 0; i < a.items.length; i++)
          if (equal(a.items[i] as SqlValue, item)) return i + base;
        return null;
      };
    },
    NOT_STRICT,
  );
}
scalarFor(
  'array_positions(any_compatible_array, any_compatible) int32[]',
  ([type]) => {
    const equal = equality(element(type));
    return (a: SqlArray | null, item: SqlValue) => {
      if (a === null) return null;
      oneDimension(a, 'searching for elements in multidimensional arrays is not supported');
      const found: number[] = [];
      a.items.forEach((value, i) => {
        if (equal(value, item)) found.push(i + (a.lowerBounds[0] as number));
      });
      return new SqlArray(found);
    };
  },
  NOT_STRICT,
);
scalarFor(
  'array_remove(any_compatible_array, any_compatible) any_compatible_array',
  ([type]) => {
    const equal = equality(element(type));
    return (a: SqlArray | null, item: SqlValue) => {
      if (a === null) return null;
      oneDimension(a, 'removing elements from multidimensional arrays is not supported');
      const kept = a.items.filter((value) => !equal(value, item));
      return kept.length === a.items.length
        ? a
        : kept.length === 0
          ? EMPTY_ARRAY
          : new SqlArray(kept, [kept.length], a.lowerBounds);
    };
  },
  NOT_STRICT,
);
scalarFor(
  'array_replace(any_compatible_array, any_compatible, any_compatible) any_compatible_array',
  ([type]) => {
    const equal = equality(element(type));
    return (a: SqlArray | null, from: SqlValue, to: SqlValue) =>
      a === null
        ? null
        : new SqlArray(
            a.items.map((value) => (equal(value, from) ? to : value)),
            a.dimensions,
            a.lowerBounds,
          );
  },
  NOT_STRICT,
);
scalar('trim_array(any_array, int32) any_array', (a: SqlArray, count: number) => {
  const length = a.dimensions[0] ?? 0;
  if (count < 0 || count > length)
    throw new SqlError('array_subscript_error', `number of elements to trim must be between 0 and ${length}`);
  if (count === length) return EMPTY_ARRAY;
  const row = length === 0 ? 0 : a.items.length / length;
  return new SqlArray(
    a.items.slice(0, (length - count) * row),
    [length - count, ...a.dimensions.slice(1)],
    [1, ...a.lowerBounds.slice(1)],
  );
});
function fill(value: SqlValue, lengths: SqlArray | null, bounds: SqlArray | undefined | null): SqlArray {
  if (lengths === null || bounds === null)
    throw new SqlError('null_value_not_allowed', 'dimension array or low bound array cannot be null');
  if (lengths.items.includes(null)) throw new SqlError('null_value_not_allowed', 'dimension values cannot be null');
  const dimensions = lengths.items as number[];
  const total = dimensions.reduce((product, length) => product * length, dimensions.length === 0 ? 0 : 1);
  if (total > 10_000_000)
    throw new SqlError('program_limit_exceeded', 'array size exceeds the maximum allowed (134217727)');
  if (total <= 0) return EMPTY_ARRAY;
  return new SqlArray(
    new Array<SqlValue>(total).fill(value),
    dimensions,
    bounds === undefined ? dimensions.map(() => 1) : (bounds.items as number[]),
  );
}
scalarFor(
  'array_fill(any_element, int32[]) any_array',
  () => (value: SqlValue, lengths: SqlArray | null) => fill(value, lengths, undefined),
  { strict: false, result: ([type]) => arrayOf(type as SqlType) },
);
scalarFor(
  'array_fill(any_element, int32[], int32[]) any_array',
  () => (value: SqlValue, lengths: SqlArray | null, bounds: SqlArray | null) => fill(value, lengths, bounds),
  { strict: false, result: ([type]) => arrayOf(type as SqlType) },
);

for (const withNull of [false, true]) {
  scalarFor(
    `array_to_string(any_array, text${withNull ? ', text' : ''}) text`,
    ([type]) => {
      const format = formatterFor(element(type));
      return (
        a: SqlArray | null,
        separator: string | null,
        nothing: string | null | EvalContext,
        context?: EvalContext,
      ) => {
        if (a === null || separator === null) return null;
        const evaluation = withNull ? (context as EvalContext) : (nothing as EvalContext);
        const parts: string[] = [];
        for (const item of a.items) {
          if (item !== null) parts.push(format(item, evaluation));
          else if (withNull && nothing !== null) parts.push(nothing as string);
        }
        return parts.join(separator);
      };
    },
    { strict: false, volatility: 'stable' },
  );
}

function contains(compare: Comparator, a: SqlArray, b: SqlArray): boolean {
  return b.items.every(
    (wanted) => wanted !== null && a.items.some((item) => item !== null && compare(item, wanted) === 0),
  );
}
operatorFor('contains(any_array, any_array) bool', ([type]) => {
  const compare = comparatorFor(element(type));
  return (a: SqlArray, b: SqlArray) => contains(compare, a, b);
});
operatorFor('contained_by(any_array, any_array) bool', ([type]) => {
  const compare = comparatorFor(element(type));
  return (a: SqlArray, b: SqlArray) => contains(compare, b, a);
});
operatorFor('overlaps(any_array, any_array) bool', ([type]) => {
  const compare = comparatorFor(element(type));
  return (a: SqlArray, b: SqlArray) =>
    a.items.some((x) => x !== null && b.items.some((y) => y !== null && compare(x, y) === 0));
});

// ---- sets
const unnestOptions: SetOptions = {
  strict: false,
  result: ([type]) => element(type),
  columns: (types) => {
    const first = types[0]?.element;
    if (types.length === 1 && first?.kind === 'record' && first.fields !== undefined) return first.fields;
    return types.map((type) => ({ name: 'unnest', type: element(type) }));
  },
};
setFor('unnest(any_array) any_element', unnestOptions, ([type]) => {
  const composite = type?.element?.kind === 'record' && type.element.fields !== undefined;
  return (values) => {
    const items = (values[0] as SqlArray | null)?.items ?? [];
    if (!composite) return valuesSource(items);
    let at = 0;
    const nothing = (type?.element?.fields ?? []).map(() => null);
    return {
      next: () => {
        if (at >= items.length) return null;
        const item = items[at++] as SqlRecord | null;
        return item === null ? nothing : item.values;
      },
    };
  };
});
for (let count = 2; count <= 10; count++) {
  // unnest of several arrays side by side, shorter ones filled with NULL.
  const list = Array.from({ length: count }, () => 'any').join(', ');
  setFor(
    `unnest(${list}) record`,
    {
      ...unnestOptions,
      result: (types) => ({ kind: 'record', fields: types.map((type) => ({ name: 'unnest', type: element(type) })) }),
    },
    (types) => {
      const bad = types.find((type) => type.kind !== 'array');
      if (bad !== undefined)
        throw new SqlError(
          'undefined_function',
          `function unnest(${types.map(displayType).join(', ')}) does not exist`,
        );
      return (values) => {
        const lists = values.map((value) => (value as SqlArray | null)?.items ?? []);
        const length = Math.max(...lists.map((items) => items.length));
        let at = 0;
        return {
          next: () => {
            if (at >= length) return null;
            const row = lists.map((items) => items[at] ?? null);
            at++;
            return row;
          },
        };
      };
    },
  );
}
function subscripts(array: SqlArray, dimension: number, reverse: boolean): SqlValue[] {
  const length = array.dimensions[dimension - 1] ?? 0;
  const base = array.lowerBounds[dimension - 1] ?? 1;
  const all = Array.from({ length }, (_, i) => base + i);
  return reverse ? all.reverse() : all;
}
setFunction('generate_subscripts(any_array, int32) int32', ([array, dimension]: [SqlArray, number]) =>
  valuesSource(subscripts(array, dimension, false)),
);
setFunction(
  'generate_subscripts(any_array, int32, bool) int32',
  ([array, dimension, reverse]: [SqlArray, number, boolean]) => valuesSource(subscripts(array, dimension, reverse)),
);
setFor(
  'expand_array(any_array) record',
  {
    columns: ([type]) => [
      { name: 'x', type: element(type) },
      { name: 'n', type: { kind: 'int32' } },
    ],
  },
  () => (values) => {
    const { items } = values[0] as SqlArray;
    let at = 0;
    return { next: () => (at < items.length ? [items[at] as SqlValue, ++at] : null) };
  },
);

// ---- enums
const labels = (type: SqlType | undefined): readonly string[] => type?.labels ?? [];
scalarFor(
  'enum_first(any_enum) any_enum',
  ([type]) =>
    () =>
      labels(type)[0] ?? null,
  NOT_STRICT,
);
scalarFor(
  'enum_last(any_enum) any_enum',
  ([type]) =>
    () =>
      labels(type).at(-1) ?? null,
  NOT_STRICT,
);
scalarFor(
  'enum_range(any_enum) any_array',
  ([type]) =>
    () =>
      new SqlArray(labels(type)),
  { strict: false, result: ([type]) => arrayOf(type as SqlType) },
);
scalarFor(
  'enum_range(any_enum, any_enum) any_array',
  ([type]) =>
    (from: string | null, to: string | null) => {
      const all = labels(type);
      return new SqlArray(
        all.slice(from === null ? 0 : all.indexOf(from), to === null ? all.length : all.indexOf(to) + 1),
      );
    },
  { strict: false, result: ([type]) => arrayOf(type as SqlType) },
);
