/** Any value as a date, an instant or a time, and these as the numbers their digits make. */
import { type SqlType } from '../../sblr/contract/types.ts';
import {
  joinMicros,
  MICROS_PER_DAY,
  MICROS_PER_SECOND,
  civilFromDays,
  splitMicros,
} from '../../sblr/contract/text/calendar.ts';
import { roundMicros } from '../../sblr/contract/text/date-time-parse.ts';
import { canonicalInteger, Decimal, type SqlValue } from '../../sblr/contract/values.ts';
import { type EvalContext } from '../functions/function.ts';
import { dateToTimestamp, roundTimestamp } from './casts.ts';
import { fromLocal, toLocal } from './date-time.ts';
import { roundDecimal } from './decimal.ts';
import { anyInstantOfNumber, type ReadInstant, readAnyInstant, readTime } from './lenient-date-time.ts';
import { type LenientCast, type Misfits, type Whole, INTEGERS, textOf, plainText, local } from './lenient-values.ts';

/** YYYYMMDD */
export function dateNumber(days: number): number {
  const { year, month, day } = civilFromDays(days);
  return year * 10000 + month * 100 + day;
}

/** hhmmss */
function timeNumber(micros: number): number {
  const seconds = Math.floor(micros / MICROS_PER_SECOND);
  return Math.floor(seconds / 3600) * 10000 + (Math.floor(seconds / 60) % 60) * 100 + (seconds % 60);
}

/** A time or instant as the number its digits make. */
export function instantDecimal(from: SqlType): (value: SqlValue, evaluation: EvalContext) => Decimal {
  const scale = from.precision ?? 0;
  const fraction = (whole: number, micros: number): Decimal =>
    scale === 0
      ? new Decimal(whole, 0)
      : roundDecimal(
          new Decimal(canonicalInteger(BigInt(whole) * 1_000_000n + BigInt(micros % MICROS_PER_SECOND)), 6),
          scale,
        );
  if (from.kind === 'time') {
    return (value) => {
      const micros = value as number;
      const result = fraction(timeNumber(Math.abs(micros)), Math.abs(micros));
      return micros < 0 ? new Decimal(-result.unscaled, result.scale) : result;
    };
  }
  return (value, evaluation) => {
    const { days, micros } = splitMicros(local(from, value, evaluation));
    return fraction(dateNumber(days) * 1_000_000 + timeNumber(micros), micros);
  };
}

const INSTANT_NAMES: Partial<Record<SqlType['kind'], string>> = {
  date: 'date',
  time: 'time',
  timestamp: 'datetime',
  timestamptz: 'datetime',
};

/** Without the digits of seconds beyond `precision`. */
function truncatedMicros(micros: number, precision: number): number {
  const unit = 10 ** (6 - precision);
  return Math.trunc(micros / unit) * unit;
}

export function toInstant(from: SqlType, to: SqlType): LenientCast | undefined {
  const precision = to.precision ?? 6;
  const name = INSTANT_NAMES[to.kind] as string;
  const finish = (
    days: number,
    micros: number,
    value: SqlValue,
    evaluation: EvalContext,
    misfits: Misfits,
  ): SqlValue => {
    if (to.kind === 'date') {
      if (micros !== 0 && typeof value !== 'object') misfits.rounded();
      return days;
    }
    const kept = misfits.truncatesSeconds ? truncatedMicros(micros, precision) : micros;
    const instant = roundTimestamp(joinMicros(days, kept), precision);
    return to.kind === 'timestamptz' ? fromLocal(instant, evaluation.text.timeZone) : instant;
  };
  switch (from.kind) {
    case 'date':
      return to.kind === 'date'
        ? (value) => value
        : (value, evaluation) => {
            const instant = dateToTimestamp(value as number);
            return to.kind === 'timestamptz' ? fromLocal(instant, evaluation.text.timeZone) : instant;
          };
    case 'timestamp':
    case 'timestamptz':
      return (value, evaluation, misfits) => {
        const { days, micros } = splitMicros(local(from, value, evaluation));
        return finish(days, micros, value, evaluation, misfits);
      };
    case 'time':
      // A time becomes the instant of the current day.
      return (value, evaluation, misfits) => {
        const today = splitMicros(toLocal(evaluation.statementTimestamp, evaluation.text.timeZone)).days;
        const micros = value as number;
        const whole = Math.floor(micros / MICROS_PER_DAY);
        return finish(today + whole, micros - whole * MICROS_PER_DAY, value, evaluation, misfits);
      };
  }
  const read = instantReader(from);
  if (read === undefined) return undefined;
  return (value, evaluation, misfits) => {
    const found = read(value);
    if (found === undefined) return misfits.unreadInstant(name, textOf(value));
    if (found.days === -Infinity) return misfits.zeroDate ? -Infinity : misfits.zeroInstant(name, textOf(value));
    if (found.rest) misfits.cutInstant(name, textOf(value));
    return finish(found.days, found.micros, value, evaluation, misfits);
  };
}

function instantReader(from: SqlType): ((value: SqlValue) => ReadInstant | undefined) | undefined {
  if (INTEGERS.has(from.kind)) return (value) => anyInstantOfNumber(value as Whole);
  switch (from.kind) {
    case 'bool':
      return () => undefined;
    case 'decimal':
      return (value) => {
        const [whole = '', fraction] = (value as Decimal).toString().split('.');
        const found = anyInstantOfNumber(BigInt(whole));
        return found === undefined || fraction === undefined
          ? found
          : { ...found, micros: found.micros + Math.round(Number(`0.${fraction}`) * MICROS_PER_SECOND) };
      };
    case 'float32':
    case 'float64':
      return (value) => (Number.isSafeInteger(value) ? anyInstantOfNumber(value as number) : undefined);
    case 'text':
    case 'unknown':
    case 'bytes':
    case 'json':
    case 'jsonb': {
      const text = plainText(from);
      return (value) => readAnyInstant(text(value));
    }
    default:
      return undefined;
  }
}

export function toTime(from: SqlType, to: SqlType): LenientCast | undefined {
  const precision = to.precision ?? 6;
  switch (from.kind) {
    case 'time':
      return (value, _evaluation, { truncatesSeconds }) => {
        const micros = value as number;
        return roundMicros(truncatesSeconds ? truncatedMicros(micros, precision) : micros, precision);
      };
    case 'date':
      return () => 0;
    case 'timestamp':
    case 'timestamptz':
      return (value, evaluation) => roundMicros(splitMicros(local(from, value, evaluation)).micros, precision);
  }
  const text = INTEGERS.has(from.kind) || from.kind === 'decimal' || from.kind === 'float64' ? textOf : plainText(from);
  return (value, _evaluation, misfits) => {
    const shown = text(value);
    const found = readTime(shown);
    if (found === undefined) return misfits.unreadInstant('time', shown);
    if (found.outOfRange) misfits.outOfRange('time', shown);
    else if (found.rest) misfits.cutInstant('time', shown);
    const kept = misfits.truncatesSeconds ? truncatedMicros(found.micros, precision) : found.micros;
    return roundMicros(kept, precision);
  };
}
