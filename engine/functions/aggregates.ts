/** Aggregate functions. States are small mutable objects; every one of fixed size can be merged. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { arrayOf, type SqlType } from '../../sblr/contract/types.ts';
import { Bits, Decimal, Interval, SqlArray, type SqlValue } from '../../sblr/contract/values.ts';
import { type Comparator, comparatorFor } from '../types/compare.ts';
import { addIntervals, makeInterval, multiplyInterval } from '../types/date-time.ts';
import {
  addDecimal,
  decimal,
  decimalFromInteger,
  divideDecimal,
  type DivisionRule,
  multiplyDecimal,
  NAN,
  signOf,
  subtractDecimal,
  ZERO,
} from '../types/decimal.ts';
import { sqrtDecimal } from '../types/decimal-functions.ts';
import { add64, type Integer } from '../types/integers.ts';
import { aggregate, aggregateFor, type AggregateOptions } from './table.ts';

// ---- count
interface Count {
  count: number;
}
const counter: AggregateOptions<Count> = {
  create: () => ({ count: 0 }),
  step: (state) => {
    state.count++;
  },
  stepNumbers: (state, _values, _rows, count) => {
    state.count += count;
  },
  stepScaled: (state, _values, _scale, _rows, count) => {
    state.count += count;
  },
  final: (state) => state.count,
  combine: (state, other) => {
    state.count += other.count;
  },
};
aggregate('count() int64', counter);
aggregate('count(any) int64', counter);

// ---- sum and avg
interface WholeSum {
  count: number;
  sum: number;
  /** What did not fit `sum` safely. */
  big: bigint;
}
/** Sums whole numbers in a double while it is exact, spilling into a BigInt. */
const wholeSum = (final: (state: WholeSum) => SqlValue): AggregateOptions<WholeSum> => ({
  create: () => ({ count: 0, sum: 0, big: 0n }),
  step: (state, value: Integer) => {
    state.count++;
    // Two values within the limit add up exactly; a larger one goes to the BigInt.
    if (typeof value === 'bigint' || value > 4503599627370496 || value < -4503599627370496) {
      state.big += BigInt(value);
      return;
    }
    state.sum += value;
    if (state.sum > 4503599627370496 || state.sum < -4503599627370496) {
      state.big += BigInt(state.sum);
      state.sum = 0;
    }
  },
  stepNumbers: (state, values, rows, count) => {
    state.count += count;
    let { sum } = state;
    for (let at = 0; at < count; at++) {
      const value = values[rows[at] as number] as number;
      if (value > 4503599627370496 || value < -4503599627370496) {
        state.big += BigInt(value);
        continue;
      }
      sum += value;
      if (sum > 4503599627370496 || sum < -4503599627370496) {
        state.big += BigInt(sum);
        sum = 0;
      }
    }
    state.sum = sum;
  },
  final: (state) => (state.count === 0 ? null : final(state)),
  combine: (state, other) => {
    state.count += other.count;
    state.big += other.big + BigInt(other.sum);
  },
});
const totalOf = (state: WholeSum): bigint => state.big + BigInt(state.sum);
const exactSum = wholeSum((state) => decimal(totalOf(state), 0));
const bigintSum = wholeSum((state) => (state.big === 0n ? state.sum + 0 : add64(0, add64(totalOf(state), 0))));
const wholeAverage = (rule: DivisionRule) =>
  wholeSum((state) => divideDecimal(decimal(totalOf(state), 0), new Decimal(state.count, 0), rule));
for (const type of ['int16', 'int32']) aggregate(`sum(${type}) int64`, bigintSum);
aggregate('sum(int64) decimal', exactSum);
for (const type of ['int16', 'int32', 'int64'])
  aggregateFor(`avg(${type}) decimal`, {}, (_types, _result, semantics) => wholeAverage(semantics.decimalDivision));

interface DecimalSum {
  count: number;
  sum: Decimal;
}
const decimalSum = (final: (state: DecimalSum) => SqlValue): AggregateOptions<DecimalSum> => ({
  create: () => ({ count: 0, sum: ZERO }),
  step: (state, value: Decimal) => {
    state.sum = state.count++ === 0 ? value : addDecimal(state.sum, value);
  },
  stepScaled: (state, values, scale, rows, count) => {
    let big = 0n;
    let sum = 0;
    for (let at = 0; at < count; at++) {
      const value = values[rows[at] as number] as number;
      const next = sum + value;
      if (next <= Number.MAX_SAFE_INTEGER && next >= -Number.MAX_SAFE_INTEGER) sum = next;
      else {
        big += BigInt(sum);
        sum = value;
      }
    }
    const total = decimal(big + BigInt(sum), scale);
    state.sum = state.count === 0 ? total : addDecimal(state.sum, total);
    state.count += count;
  },
  final: (state) => (state.count === 0 ? null : final(state)),
  combine: (state, other) => {
    if (other.count === 0) return;
    state.sum = state.count === 0 ? other.sum : addDecimal(state.sum, other.sum);
    state.count += other.count;
  },
});
aggregate(
  'sum(decimal) decimal',
  decimalSum((state) => state.sum),
);
aggregateFor('avg(decimal) decimal', {}, (_types, _result, semantics) =>
  decimalSum((state) => divideDecimal(state.sum, new Decimal(state.count, 0), semantics.decimalDivision)),
);

interface FloatSum {
  count: number;
  sum: number;
}
function floatOverflow(): SqlError {
  return new SqlError('numeric_value_out_of_range', 'value out of range: overflow');
}
const floatSum = (
  round: (value: number) => number,
  final: (state: FloatSum) => SqlValue,
): AggregateOptions<FloatSum> => ({
  create: () => ({ count: 0, sum: 0 }),
  step: (state, value: number) => {
    const before = state.sum;
    state.sum = state.count++ === 0 ? value : round(before + value);
    if ((state.sum === Infinity || state.sum === -Infinity) && Number.isFinite(before) && Number.isFinite(value))
      throw floatOverflow();
  },
  stepNumbers: (state, values, rows, count) => {
    let { sum } = state;
    let first = state.count === 0;
    for (let at = 0; at < count; at++) {
      const value = values[rows[at] as number] as number;
      const before = sum;
      sum = first ? value : round(before + value);
      first = false;
      if ((sum === Infinity || sum === -Infinity) && Number.isFinite(before) && Number.isFinite(value))
        throw floatOverflow();
    }
    state.sum = sum;
    state.count += count;
  },
  final: (state) => (state.count === 0 ? null : final(state)),
  combine: (state, other) => {
    state.count += other.count;
    state.sum = round(state.sum + other.sum);
  },
});
aggregate(
  'sum(float32) float32',
  floatSum(Math.fround, (state) => state.sum),
);
aggregate(
  'sum(float64) float64',
  floatSum(
    (value) => value,
    (state) => state.sum,
  ),
);
aggregate(
  'avg(float32) float64',
  floatSum(
    (value) => value,
    (state) => state.sum / state.count,
  ),
);
aggregate(
  'avg(float64) float64',
  floatSum(
    (value) => value,
    (state) => state.sum / state.count,
  ),
);

interface IntervalSum {
  count: number;
  sum: Interval;
}
const intervalSum = (final: (state: IntervalSum) => SqlValue): AggregateOptions<IntervalSum> => ({
  create: () => ({ count: 0, sum: new Interval(0, 0, 0) }),
  step: (state, value: Interval) => {
    state.count++;
    state.sum = addIntervals(state.sum, value, 1);
  },
  final: (state) => (state.count === 0 ? null : final(state)),
  combine: (state, other) => {
    state.count += other.count;
    state.sum = addIntervals(state.sum, other.sum, 1);
  },
});
aggregate(
  'sum(interval) interval',
  intervalSum((state) => state.sum),
);
aggregate(
  'avg(interval) interval',
  intervalSum((state) => multiplyInterval(state.sum, 1 / state.count)),
);
const timeAsInterval = (finish: (state: IntervalSum) => SqlValue): AggregateOptions<IntervalSum> => ({
  ...intervalSum(finish),
  step: (state, value: number) => {
    state.count++;
    state.sum = makeInterval(state.sum.months, state.sum.days, state.sum.micros + value);
  },
});
aggregate(
  'sum(time) interval',
  timeAsInterval((state) => state.sum),
);
aggregate(
  'avg(time) interval',
  timeAsInterval((state) => multiplyInterval(state.sum, 1 / state.count)),
);

// ---- booleans and bits
interface Folded {
  value: SqlValue;
}
const folding = <T extends SqlValue>(fold: (a: T, b: T) => T): AggregateOptions<Folded> => ({
  create: () => ({ value: null }),
  step: (state, value: T) => {
    state.value = state.value === null ? value : fold(state.value as T, value);
  },
  final: (state) => state.value,
  combine: (state, other) => {
    if (other.value !== null)
      state.value = state.value === null ? other.value : fold(state.value as T, other.value as T);
  },
});
for (const name of ['bool_and', 'every'])
  aggregate(
    `${name}(bool) bool`,
    folding<boolean>((a, b) => a && b),
    { duplicateInsensitive: true },
  );
const either = folding<boolean>((a, b) => a || b);
aggregate('bool_or(bool) bool', either, { duplicateInsensitive: true });
const bit64 = (fold: (a: bigint, b: bigint) => bigint) =>
  folding<Integer>((a, b) => add64(BigInt.asIntN(64, fold(BigInt(a), BigInt(b))), 0));
for (const [name, one, many] of [
  ['bit_and', (a: number, b: number) => a & b, (a: bigint, b: bigint) => a & b],
  ['bit_or', (a: number, b: number) => a | b, (a: bigint, b: bigint) => a | b],
  ['bit_xor', (a: number, b: number) => a ^ b, (a: bigint, b: bigint) => a ^ b],
] as const) {
  const facts = { duplicateInsensitive: name !== 'bit_xor' };
  aggregate(`${name}(int16) int16`, folding<number>(one), facts);
  aggregate(`${name}(int32) int32`, folding<number>(one), facts);
  aggregate(`${name}(int64) int64`, bit64(many), facts);
  aggregate(
    `${name}(bits) bits`,
    folding<Bits>((a, b) => {
      if (a.text.length !== b.text.length)
        throw new SqlError(
          'string_data_length_mismatch',
          `cannot ${name.slice(4).toUpperCase()} bit strings of different sizes`,
        );
      return new Bits([...a.text].map((bit, i) => String(one(Number(bit), Number(b.text[i])))).join(''));
    }),
    facts,
  );
}

// ---- collecting
interface Texts {
  text: string | null;
}
aggregate<Texts>(
  'string_agg(text, text) text',
  {
    create: () => ({ text: null }),
    step: (state, value: string | null, separator: string | null) => {
      if (value !== null) state.text = state.text === null ? value : state.text + (separator ?? '') + value;
    },
    final: (state) => state.text,
  },
  { strict: false, ordered: true, growing: true },
);
interface Chunks {
  chunks: Uint8Array[];
  seen: boolean;
}
aggregate<Chunks>(
  'string_agg(bytes, bytes) bytes',
  {
    create: () => ({ chunks: [], seen: false }),
    step: (state, value: Uint8Array | null, separator: Uint8Array | null) => {
      if (value === null) return;
      if (state.seen && separator !== null) state.chunks.push(separator);
      state.chunks.push(value);
      state.seen = true;
    },
    final: (state) => (state.seen ? Uint8Array.from(Buffer.concat(state.chunks)) : null),
  },
  { strict: false, ordered: true, growing: true },
);

interface Items {
  items: SqlValue[];
}
aggregateFor<Items>(
  'array_agg(any_non_array) any_array',
  { strict: false, ordered: true, growing: true, result: ([type]) => arrayOf(type as SqlType) },
  () => ({
    create: () => ({ items: [] }),
    step: (state, value: SqlValue) => {
      state.items.push(value);
    },
    // A copy: over a window frame that grows, the state is asked for its value and goes on.
    final: (state) => (state.items.length === 0 ? null : new SqlArray(state.items.slice())),
  }),
);
aggregateFor<Items>('array_agg(any_array) any_array', { strict: false, ordered: true, growing: true }, () => ({
  create: () => ({ items: [] }),
  step: (state, value: SqlValue) => {
    if (value === null) throw new SqlError('null_value_not_allowed', 'cannot accumulate null arrays');
    const array = value as SqlArray;
    if (array.items.length === 0) throw new SqlError('array_subscript_error', 'cannot accumulate empty arrays');
    const first = state.items[0] as SqlArray | undefined;
    if (first !== undefined && first.dimensions.join() !== array.dimensions.join())
      throw new SqlError('array_subscript_error', 'cannot accumulate arrays of different dimensionality');
    state.items.push(value);
  },
  final: (state) => {
    const arrays = state.items as SqlArray[];
    if (arrays.length === 0) return null;
    return new SqlArray(
      arrays.flatMap((array) => array.items),
      [arrays.length, ...(arrays[0] as SqlArray).dimensions],
    );
  },
}));

// ---- variance, exact
interface Squares {
  count: number;
  sum: Decimal;
  squares: Decimal;
}
type Spread = 'var_pop' | 'var_samp' | 'stddev_pop' | 'stddev_samp';
const exactSpread = (which: Spread, convert: (value: never) => Decimal): AggregateOptions<Squares> => ({
  create: () => ({ count: 0, sum: ZERO, squares: ZERO }),
  step: (state, value: never) => {
    const number = convert(value);
    state.count++;
    state.sum = addDecimal(state.sum, number);
    state.squares = addDecimal(state.squares, multiplyDecimal(number, number));
  },
  final: (state) => {
    const sample = which.endsWith('samp');
    if (state.count === 0 || (sample && state.count === 1)) return null;
    if (state.sum.special !== undefined) return NAN;
    const n = new Decimal(state.count, 0);
    const numerator = subtractDecimal(multiplyDecimal(n, state.squares), multiplyDecimal(state.sum, state.sum));
    if (signOf(numerator) <= 0) return ZERO;
    const variance = divideDecimal(numerator, multiplyDecimal(n, sample ? new Decimal(state.count - 1, 0) : n));
    return which.startsWith('stddev') ? sqrtDecimal(variance, variance.scale) : variance;
  },
  combine: (state, other) => {
    state.count += other.count;
    state.sum = addDecimal(state.sum, other.sum);
    state.squares = addDecimal(state.squares, other.squares);
  },
});
/** Youngs-Cramer sums: n, sum, sum of squared deviations. */
interface Deviations {
  n: number;
  sx: number;
  sxx: number;
}
const floatSpread = (which: Spread): AggregateOptions<Deviations> => ({
  create: () => ({ n: 0, sx: 0, sxx: 0 }),
  step: (state, x: number) => {
    state.n++;
    state.sx += x;
    if (state.n > 1) {
      const tmp = x * state.n - state.sx;
      state.sxx += (tmp * tmp) / (state.n * (state.n - 1));
    } else if (!Number.isFinite(x)) state.sxx = NaN;
  },
  final: (state) => {
    const sample = which.endsWith('samp');
    if (state.n === 0 || (sample && state.n === 1)) return null;
    const variance = state.sxx / (sample ? state.n - 1 : state.n);
    return which.startsWith('stddev') ? Math.sqrt(variance) : variance;
  },
  combine: (state, other) => {
    if (other.n === 0) return;
    if (state.n === 0) Object.assign(state, other);
    else {
      const tmp = state.sx / state.n - other.sx / other.n;
      state.sxx += other.sxx + (state.n * other.n * tmp * tmp) / (state.n + other.n);
      state.sx += other.sx;
      state.n += other.n;
    }
  },
});
for (const [name, which] of [
  ['var_pop', 'var_pop'],
  ['var_samp', 'var_samp'],
  ['variance', 'var_samp'],
  ['stddev_pop', 'stddev_pop'],
  ['stddev_samp', 'stddev_samp'],
  ['stddev', 'stddev_samp'],
] as const) {
  for (const type of ['int16', 'int32', 'int64'])
    aggregate(`${name}(${type}) decimal`, exactSpread(which, decimalFromInteger as (value: never) => Decimal));
  aggregate(`${name}(decimal) decimal`, exactSpread(which, ((value: Decimal) => value) as (value: never) => Decimal));
  for (const type of ['float32', 'float64']) aggregate(`${name}(${type}) float64`, floatSpread(which));
}

// ---- regression: arguments are (Y, X)
interface Regression {
  n: number;
  sx: number;
  sxx: number;
  sy: number;
  syy: number;
  sxy: number;
}
const regression = (final: (s: Regression) => SqlValue): AggregateOptions<Regression> => ({
  create: () => ({ n: 0, sx: 0, sxx: 0, sy: 0, syy: 0, sxy: 0 }),
  step: (s, y: number, x: number) => {
    s.n++;
    s.sx += x;
    s.sy += y;
    if (s.n > 1) {
      const tx = x * s.n - s.sx;
      const ty = y * s.n - s.sy;
      const scale = 1 / (s.n * (s.n - 1));
      s.sxx += tx * tx * scale;
      s.syy += ty * ty * scale;
      s.sxy += tx * ty * scale;
    } else {
      if (!Number.isFinite(x)) s.sxx = s.sxy = NaN;
      if (!Number.isFinite(y)) s.syy = s.sxy = NaN;
    }
  },
  final,
  combine: (s, o) => {
    if (o.n === 0) return;
    if (s.n === 0) {
      Object.assign(s, o);
      return;
    }
    const n = s.n + o.n;
    const dx = s.sx / s.n - o.sx / o.n;
    const dy = s.sy / s.n - o.sy / o.n;
    const weight = (s.n * o.n) / n;
    s.sxx += o.sxx + weight * dx * dx;
    s.syy += o.syy + weight * dy * dy;
    s.sxy += o.sxy + weight * dx * dy;
    s.sx += o.sx;
    s.sy += o.sy;
    s.n = n;
  },
});
const some =
  (value: (s: Regression) => SqlValue, least = 1) =>
  (s: Regression): SqlValue =>
    s.n < least ? null : value(s);
const regressions: Readonly<Record<string, (s: Regression) => SqlValue>> = {
  corr: some((s) => (s.sxx === 0 || s.syy === 0 ? null : s.sxy / Math.sqrt(s.sxx * s.syy))),
  covar_pop: some((s) => s.sxy / s.n),
  covar_samp: some((s) => s.sxy / (s.n - 1), 2),
  regr_avgx: some((s) => s.sx / s.n),
  regr_avgy: some((s) => s.sy / s.n),
  regr_intercept: some((s) => (s.sxx === 0 ? null : (s.sy - (s.sx * s.sxy) / s.sxx) / s.n)),
  regr_r2: some((s) => (s.sxx === 0 ? null : s.syy === 0 ? 1 : (s.sxy * s.sxy) / (s.sxx * s.syy))),
  regr_slope: some((s) => (s.sxx === 0 ? null : s.sxy / s.sxx)),
  regr_sxx: some((s) => s.sxx),
  regr_sxy: some((s) => s.sxy),
  regr_syy: some((s) => s.syy),
};
for (const [name, final] of Object.entries(regressions))
  aggregate(`${name}(float64, float64) float64`, regression(final));
aggregate(
  'regr_count(float64, float64) int64',
  regression((s) => s.n),
);

// ---- ordered sets: values arrive sorted
function fractionOf(direct: SqlValue): number | null {
  if (direct === null) return null;
  const fraction = direct as number;
  if (!(fraction >= 0 && fraction <= 1))
    throw new SqlError('numeric_value_out_of_range', `percentile value ${fraction} is not between 0 and 1`);
  return fraction;
}
interface Sorted {
  direct: SqlValue;
  items: SqlValue[];
}
const sorted = (pick: (items: readonly SqlValue[], fraction: number) => SqlValue): AggregateOptions<Sorted> => ({
  create: (direct) => ({ direct: direct[0] ?? null, items: [] }),
  step: (state, value: SqlValue) => {
    if (value !== null) state.items.push(value);
  },
  final: (state) => {
    if (state.direct instanceof SqlArray) {
      if (state.items.length === 0) return null;
      const { items, dimensions, lowerBounds } = state.direct;
      return new SqlArray(
        items.map((item) => {
          const fraction = fractionOf(item);
          return fraction === null ? null : pick(state.items, fraction);
        }),
        dimensions,
        lowerBounds,
      );
    }
    const fraction = fractionOf(state.direct);
    return fraction === null || state.items.length === 0 ? null : pick(state.items, fraction);
  },
});
const discrete = sorted((items, fraction) => items[Math.max(0, Math.ceil(fraction * items.length) - 1)] as SqlValue);
const continuous = <T extends SqlValue>(between: (low: T, high: T, part: number) => T) =>
  sorted((items, fraction) => {
    const at = fraction * (items.length - 1);
    const low = items[Math.floor(at)] as T;
    const high = items[Math.ceil(at)] as T;
    return Math.floor(at) === Math.ceil(at) ? low : between(low, high, at - Math.floor(at));
  });
const floats = continuous<number>((low, high, part) => low + part * (high - low));
const intervals = continuous<Interval>((low, high, part) =>
  addIntervals(low, multiplyInterval(addIntervals(high, low, -1), part), 1),
);
const orderedSet = { form: 'ordered_set', ordered: true, growing: true, strict: false } as const;
const withinElement = { ...orderedSet, within: ['any_element'] } as const;
aggregate('percentile_disc(float64) any_element', discrete, {
  ...withinElement,
  result: (types) => types.at(-1) as SqlType,
});
aggregate('percentile_disc(float64[]) any_array', discrete, {
  ...withinElement,
  result: (types) => arrayOf(types.at(-1) as SqlType),
});
aggregate('percentile_cont(float64) float64', floats, { ...orderedSet, within: [{ kind: 'float64' }] });
aggregate('percentile_cont(float64) interval', intervals, { ...orderedSet, within: [{ kind: 'interval' }] });
aggregate('percentile_cont(float64[]) float64[]', floats, { ...orderedSet, within: [{ kind: 'float64' }] });
aggregate('percentile_cont(float64[]) interval[]', intervals, { ...orderedSet, within: [{ kind: 'interval' }] });
aggregateFor<Sorted>(
  'mode() any_element',
  { ...withinElement, result: (types) => types.at(-1) as SqlType },
  (types) => {
    const compare = comparatorFor(types.at(-1) as SqlType);
    return {
      ...discrete,
      final: ({ items }) => {
        let winner: SqlValue = null;
        let most = 0;
        let run = 0;
        items.forEach((item, i) => {
          run = i > 0 && compare(items[i - 1] as SqlValue, item) === 0 ? run + 1 : 1;
          if (run > most) {
            most = run;
            winner = item;
          }
        });
        return winner;
      },
    };
  },
);

// ---- hypothetical sets: where would the direct row stand among the rows?
interface Standing {
  direct: readonly SqlValue[];
  before: number;
  equal: number;
  total: number;
  lastDistinct: readonly SqlValue[] | undefined;
  distinctBefore: number;
}
for (const [name, result, final] of [
  ['rank', 'int64', (s: Standing): SqlValue => s.before + 1],
  ['dense_rank', 'int64', (s: Standing): SqlValue => s.distinctBefore + 1],
  ['percent_rank', 'float64', (s: Standing): SqlValue => (s.total === 0 ? 0 : s.before / s.total)],
  ['cume_dist', 'float64', (s: Standing): SqlValue => (s.before + s.equal + 1) / (s.total + 1)],
] as const) {
  aggregateFor<Standing>(
    `${name}(...any) ${result}`,
    { form: 'hypothetical', strict: false, ordered: true, within: ['any'] },
    (types, _result, _semantics, within) => {
      const keys = types.slice(types.length / 2).map((type, i) => {
        const compare = comparatorFor(type, within[i]?.collation);
        const key = within[i];
        return (a: SqlValue, b: SqlValue): number => {
          if (a === null || b === null)
            return a === b ? 0 : (a === null) === (key?.nullsFirst ?? key?.descending ?? false) ? -1 : 1;
          return key?.descending === true ? -compare(a, b) : compare(a, b);
        };
      });
      const order = (a: readonly SqlValue[], b: readonly SqlValue[]): number => {
        for (let i = 0; i < keys.length; i++) {
          const result = (keys[i] as Comparator)(a[i] as SqlValue, b[i] as SqlValue);
          if (result !== 0) return result;
        }
        return 0;
      };
      const take = (state: Standing, values: readonly SqlValue[]): void => {
        state.total++;
        const where = order(values, state.direct);
        if (where === 0) state.equal++;
        else if (where < 0) {
          state.before++;
          if (state.lastDistinct === undefined || order(state.lastDistinct, values) !== 0) {
            state.distinctBefore++;
            state.lastDistinct = [...values];
          }
        }
      };
      return {
        create: (direct) => ({ direct, before: 0, equal: 0, total: 0, lastDistinct: undefined, distinctBefore: 0 }),
        step: (state, a: SqlValue, b: SqlValue) => take(state, [a, b]),
        stepMany: take,
        final,
      };
    },
  );
}
