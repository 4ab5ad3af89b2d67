/** Aggregates that answer one of the values they are given: min, max, any_value, first_row. */
import type { SqlType } from '../../sblr/contract/types.ts';
import { Decimal, type SqlValue } from '../../sblr/contract/values.ts';
import { type Comparator, compareFloats, comparatorFor } from '../types/compare.ts';
import { aggregate, aggregateFor, type AggregateOptions } from './table.ts';

interface Best {
  value: SqlValue;
}
const best = (compare: Comparator, sign: number): AggregateOptions<Best> => {
  const take = (state: Best, value: SqlValue): void => {
    if (state.value === null || compare(value, state.value) * sign > 0) state.value = value;
  };
  return {
    create: () => ({ value: null }),
    step: take,
    stepNumbers: (state, values, rows, count) => {
      let found = values[rows[0] as number] as number;
      for (let at = 1; at < count; at++) {
        const value = values[rows[at] as number] as number;
        if (compareFloats(value, found) * sign > 0) found = value;
      }
      take(state, found);
    },
    stepScaled: (state, values, scale, rows, count) => {
      let found = values[rows[0] as number] as number;
      for (let at = 1; at < count; at++) {
        const value = values[rows[at] as number] as number;
        if ((value - found) * sign > 0) found = value;
      }
      take(state, new Decimal(found, scale));
    },
    final: (state) => state.value,
    combine: (state, other) => {
      if (other.value !== null) take(state, other.value);
    },
  };
};
const ORDERED =
  'int16 int32 int64 decimal float32 float64 text fixed_text citext date time timetz timestamp ' +
  'timestamptz interval oid any_enum any_array bytes uuid bits xid8 inet';
for (const type of ORDERED.split(' ')) {
  for (const [name, sign] of [
    ['min', -1],
    ['max', 1],
  ] as const) {
    aggregateFor(`${name}(${type}) ${type}`, { duplicateInsensitive: true }, ([argument]) =>
      best(comparatorFor(argument as SqlType), sign),
    );
  }
}
aggregate(
  'any_value(any_element) any_element',
  best(() => 0, 1),
  { duplicateInsensitive: true },
);

interface FirstRow {
  seen: boolean;
  value: SqlValue;
}
/** The first row's value, null or not: the values that one group gives for several arguments are one row's. */
aggregateFor<FirstRow>('first_row(any_element) any_element', { strict: false }, () => ({
  create: () => ({ seen: false, value: null }),
  step: (state, value: SqlValue) => {
    if (state.seen) return;
    state.seen = true;
    state.value = value;
  },
  final: (state) => state.value,
  combine: (state, other) => {
    if (state.seen || !other.seen) return;
    state.seen = true;
    state.value = other.value;
  },
}));
