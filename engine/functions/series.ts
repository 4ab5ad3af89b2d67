/** generate_series over whole numbers, decimals and timestamps. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { Decimal, Interval, SqlValue } from '../../sblr/contract/values.ts';
import { addInterval, addIntervalZoned, isInfinite, type Timestamp } from '../types/date-time.ts';
import { compareIntervals } from '../types/compare.ts';
import { Interval as IntervalValue } from '../../sblr/contract/values.ts';
import { addDecimal, compareDecimal, ONE, signOf } from '../types/decimal.ts';
import { type Integer } from '../types/integers.ts';
import { canonicalInteger } from '../../sblr/contract/values.ts';
import type { EvalContext, RowSource } from './function.ts';
import { setFunction } from './table.ts';

function zeroStep(): SqlError {
  return new SqlError('invalid_parameter_value', 'step size cannot equal zero');
}

function integers(start: Integer, stop: Integer, step: Integer): RowSource {
  if (step === 0) throw zeroStep();
  if (typeof start === 'number' && typeof stop === 'number' && typeof step === 'number') {
    let at = start;
    const up = step > 0;
    return {
      next: () => {
        if (up ? at > stop : at < stop) return null;
        const row = [at];
        at += step;
        return row;
      },
    };
  }
  let at = BigInt(start);
  const end = BigInt(stop);
  const by = BigInt(step);
  return {
    next: () => {
      if (by > 0n ? at > end : at < end) return null;
      const row = [canonicalInteger(at)];
      at += by;
      return row;
    },
  };
}
for (const type of ['int32', 'int64']) {
  setFunction(`generate_series(${type}, ${type}) ${type}`, ([start, stop]: [Integer, Integer]) =>
    integers(start, stop, 1),
  );
  setFunction(
    `generate_series(${type}, ${type}, ${type}) ${type}`,
    ([start, stop, step]: [Integer, Integer, Integer]) => integers(start, stop, step),
  );
}

function decimals(start: Decimal, stop: Decimal, step: Decimal): RowSource {
  for (const [value, name] of [
    [start, 'start'],
    [stop, 'stop'],
    [step, 'step size'],
  ] as const) {
    if (value.special !== undefined)
      throw new SqlError(
        'invalid_parameter_value',
        `${name}${name === 'step size' ? '' : ' value'} cannot be ${value.special === 'NaN' ? 'NaN' : 'infinity'}`,
      );
  }
  const direction = signOf(step);
  if (direction === 0) throw zeroStep();
  let at = start;
  return {
    next: () => {
      if (compareDecimal(at, stop) * direction > 0) return null;
      const row = [at];
      at = addDecimal(at, step);
      return row;
    },
  };
}
setFunction('generate_series(decimal, decimal) decimal', ([start, stop]: [Decimal, Decimal]) =>
  decimals(start, stop, ONE),
);
setFunction('generate_series(decimal, decimal, decimal) decimal', ([start, stop, step]: [Decimal, Decimal, Decimal]) =>
  decimals(start, stop, step),
);

function stamps(start: Timestamp, stop: Timestamp, step: Interval, next: (value: Timestamp) => Timestamp): RowSource {
  const direction = compareIntervals(step, new IntervalValue(0, 0, 0));
  if (direction === 0) throw zeroStep();
  let at: Timestamp | undefined = start;
  return {
    next: () => {
      if (at === undefined || (direction > 0 ? at > stop : at < stop)) return null;
      const row: SqlValue[] = [at];
      at = isInfinite(at) ? undefined : next(at);
      return row;
    },
  };
}
setFunction(
  'generate_series(timestamp, timestamp, interval) timestamp',
  ([start, stop, step]: [Timestamp, Timestamp, Interval]) =>
    stamps(start, stop, step, (value) => addInterval(value, step, 1)),
);
setFunction(
  'generate_series(timestamptz, timestamptz, interval) timestamptz',
  ([start, stop, step]: [Timestamp, Timestamp, Interval], context: EvalContext) =>
    stamps(start, stop, step, (value) => addIntervalZoned(value, step, 1, context.text.timeZone)),
  { volatility: 'stable' },
);
