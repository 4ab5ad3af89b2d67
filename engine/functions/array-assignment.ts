/**
 * Assignment to parts: `a[i] = v`, `a[i:j] = array`, `document['key'] = v`. The binder makes calls of these functions
 * for the targets of UPDATE; each answers the whole value with the part replaced.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import {
  JSON_NULL,
  jsonArray,
  jsonbFromNode,
  jsonbNode,
  type JsonNode,
  jsonMember,
  jsonObject,
} from '../../sblr/contract/text/json.ts';
import { type Jsonb, SqlArray, type SqlValue } from '../../sblr/contract/values.ts';
import { NOT_STRICT, scalar } from './table.ts';

const MAX_ELEMENTS = 134_217_727;

const subscriptError = (message: string, detail?: string): SqlError =>
  new SqlError('array_subscript_error', detail === undefined ? { message } : { message, detail });

function checkSubscripts(subscripts: readonly SqlValue[]): void {
  if (subscripts.includes(null))
    throw new SqlError('null_value_not_allowed', 'array subscript in assignment must not be null');
}

function checkSize(length: number): void {
  if (length > MAX_ELEMENTS)
    throw new SqlError('program_limit_exceeded', `array size exceeds the maximum allowed (${MAX_ELEMENTS})`);
}

/** The one-dimensional array with room for the subscripts low .. high, new elements null. */
function extended(array: SqlArray, low: number, high: number): { items: SqlValue[]; lower: number } {
  const bound = array.lowerBounds[0] as number;
  const before = Math.max(0, bound - low);
  const after = Math.max(0, high - (bound + array.items.length - 1));
  checkSize(before + array.items.length + after);
  const nulls = (count: number): SqlValue[] => new Array<SqlValue>(count).fill(null);
  return { items: [...nulls(before), ...array.items, ...nulls(after)], lower: Math.min(bound, low) };
}

/** Offset in row-major order; only existing elements have one. */
function offsetOf(array: SqlArray, subscripts: readonly number[]): number {
  let offset = 0;
  for (let i = 0; i < subscripts.length; i++) {
    const length = array.dimensions[i] as number;
    const index = (subscripts[i] as number) - (array.lowerBounds[i] as number);
    if (index < 0 || index >= length) throw subscriptError('array subscript out of range');
    offset = offset * length + index;
  }
  return offset;
}

scalar(
  'array_assign_element(any_array, any_element, ...int32) any_array',
  ([old, value, ...given]: [SqlArray | null, SqlValue, ...SqlValue[]]) => {
    checkSubscripts(given);
    const subscripts = given as number[];
    if (old === null || old.items.length === 0)
      return new SqlArray(
        [value],
        subscripts.map(() => 1),
        subscripts,
      );
    if (old.dimensions.length !== subscripts.length) throw subscriptError('wrong number of array subscripts');
    if (subscripts.length > 1) {
      const items = [...old.items];
      items[offsetOf(old, subscripts)] = value;
      return new SqlArray(items, old.dimensions, old.lowerBounds);
    }
    const [at] = subscripts as [number];
    const { items, lower } = extended(old, at, at);
    items[at - lower] = value;
    return new SqlArray(items, [items.length], [lower]);
  },
  NOT_STRICT,
);

interface Bounds {
  readonly low: number | undefined;
  readonly high: number | undefined;
}

/** A slice of an array without elements makes one of just those bounds. */
function sliceOfNothing(bounds: readonly Bounds[], source: SqlArray): SqlArray {
  const lengths = bounds.map(({ low, high }) => {
    if (low === undefined || high === undefined)
      throw subscriptError(
        'array slice subscript must provide both boundaries',
        'When assigning to a slice of an empty array value, slice boundaries must be fully specified.',
      );
    if (low > high) throw subscriptError('upper bound cannot be less than lower bound');
    return high - low + 1;
  });
  const count = lengths.reduce((product, length) => product * length, 1);
  checkSize(count);
  if (source.items.length < count) throw subscriptError('source array too small');
  return new SqlArray(
    source.items.slice(0, count),
    lengths,
    bounds.map(({ low }) => low as number),
  );
}

/** Flags tell which of the bounds were written: bit 2i the lower, bit 2i+1 the upper one of dimension i. */
scalar(
  'array_assign_slice(any_array, any_array, int32, ...int32) any_array',
  ([old, source, flags, ...given]: [SqlArray | null, SqlArray | null, number, ...SqlValue[]]) => {
    const written = given.filter((_bound, i) => (flags & (1 << i)) !== 0);
    checkSubscripts(written);
    // A null array changes nothing.
    if (source === null) return old;
    const bounds: Bounds[] = [];
    for (let i = 0; i < given.length; i += 2)
      bounds.push({
        low: (flags & (1 << i)) === 0 ? undefined : (given[i] as number),
        high: (flags & (2 << i)) === 0 ? undefined : (given[i + 1] as number),
      });
    if (old === null || old.items.length === 0) return sliceOfNothing(bounds, source);
    if (bounds.length > old.dimensions.length) throw subscriptError('wrong number of array subscripts');
    const full = old.dimensions.map((length, i) => {
      const lower = old.lowerBounds[i] as number;
      const { low = lower, high = lower + length - 1 } = bounds[i] ?? { low: undefined, high: undefined };
      if (low > high) throw subscriptError('upper bound cannot be less than lower bound');
      return { low, high };
    });
    const count = full.reduce((product, { low, high }) => product * (high - low + 1), 1);
    if (source.items.length < count) throw subscriptError('source array too small');
    if (full.length === 1) {
      const { low, high } = full[0] as { low: number; high: number };
      const { items, lower } = extended(old, low, high);
      for (let i = 0; i < count; i++) items[low - lower + i] = source.items[i] as SqlValue;
      return new SqlArray(items, [items.length], [lower]);
    }
    const items = [...old.items];
    const subscripts = full.map(({ low }) => low);
    for (let i = 0; i < count; i++) {
      items[offsetOf(old, subscripts)] = source.items[i] as SqlValue;
      for (let d = full.length - 1; d >= 0 && ++(subscripts[d] as number) > (full[d] as { high: number }).high; d--)
        subscripts[d] = (full[d] as { low: number }).low;
    }
    return new SqlArray(items, old.dimensions, old.lowerBounds);
  },
  NOT_STRICT,
);

const WHOLE = /^\s*[+-]?\d+\s*$/;

/** `node` with the part at the keys replaced; objects and arrays that are missing are made. */
function replaced(node: JsonNode | undefined, keys: readonly string[], at: number, value: JsonNode): JsonNode {
  if (at === keys.length) return value;
  const key = keys[at] as string;
  const whole = WHOLE.test(key);
  if (node === undefined || (node.kind === 'null' && at === 0)) {
    const inner = replaced(undefined, keys, at + 1, value);
    if (!whole) return jsonObject([key], [inner]);
    const index = Number(key);
    if (index > MAX_ELEMENTS) throw subscriptError('array subscript out of range');
    return jsonArray([...new Array<JsonNode>(Math.max(0, index)).fill(JSON_NULL), inner]);
  }
  if (node.kind === 'object') {
    const inner = replaced(jsonMember(node, key), keys, at + 1, value);
    const kept = node.keys
      .map((name, i) => [name, node.items[i] as JsonNode] as const)
      .filter(([name]) => name !== key);
    return jsonObject([...kept.map(([name]) => name), key], [...kept.map(([, item]) => item), inner]);
  }
  if (node.kind === 'array') {
    if (!whole)
      throw new SqlError(
        'invalid_text_representation',
        `path element at position ${at + 1} is not an integer: "${key}"`,
      );
    let index = Number(key);
    if (index < 0) {
      if (-index > node.items.length)
        throw new SqlError('invalid_parameter_value', `path element at position ${at + 1} is out of range: ${index}`);
      index += node.items.length;
    }
    if (index > MAX_ELEMENTS) throw subscriptError('array subscript out of range');
    const items = [...node.items];
    while (items.length < index) items.push(JSON_NULL);
    items[index] = replaced(node.items[index], keys, at + 1, value);
    return jsonArray(items);
  }
  throw new SqlError('invalid_parameter_value', {
    message: 'cannot replace existing key',
    detail: 'The path assumes key is a composite object, but it is a scalar value.',
  });
}

scalar(
  'jsonb_assign(jsonb, jsonb, ...text) jsonb',
  ([old, value, ...keys]: [Jsonb | null, Jsonb | null, ...SqlValue[]]) => {
    if (keys.includes(null))
      throw new SqlError('null_value_not_allowed', 'jsonb subscript in assignment must not be null');
    const part = value === null ? JSON_NULL : jsonbNode(value);
    return jsonbFromNode(replaced(old === null ? undefined : jsonbNode(old), keys as string[], 0, part));
  },
  NOT_STRICT,
);
