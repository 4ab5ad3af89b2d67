/** Arithmetic on dates, times and intervals. */
import {
  civilFromDays,
  daysFromCivil,
  daysInMonth,
  END_TIMESTAMP_DAYS,
  joinMicros,
  MAX_DATE_DAYS,
  MICROS_PER_DAY,
  MIN_DATE_DAYS,
  MIN_TIMESTAMP_DAYS,
  splitMicros,
} from '../../sblr/contract/text/calendar.ts';
import { checkedInterval } from '../../sblr/contract/text/interval.ts';
import { offsetForLocal, type TimeZone } from '../../sblr/contract/text/time-zone.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { Interval } from '../../sblr/contract/values.ts';
import { roundHalfEven } from './integers.ts';

export type Timestamp = number | bigint;

export function isInfinite(value: Timestamp): boolean {
  return value === Infinity || value === -Infinity;
}

export function dateOutOfRange(): SqlError {
  return new SqlError('datetime_field_overflow', 'date out of range');
}

export function timestampOutOfRange(): SqlError {
  return new SqlError('datetime_field_overflow', 'timestamp out of range');
}

export function intervalOutOfRange(): SqlError {
  return new SqlError('datetime_field_overflow', 'interval out of range');
}

export function makeInterval(months: number, days: number, micros: number): Interval {
  return checkedInterval(months, days, micros, intervalOutOfRange);
}

export function checkDate(days: number): number {
  if (days !== Infinity && days !== -Infinity && (days < MIN_DATE_DAYS || days > MAX_DATE_DAYS)) throw dateOutOfRange();
  return days;
}

export function timestampFrom(days: number, micros: number): Timestamp {
  const day = days + Math.floor(micros / MICROS_PER_DAY);
  if (day < MIN_TIMESTAMP_DAYS || day >= END_TIMESTAMP_DAYS) throw timestampOutOfRange();
  return joinMicros(days, micros);
}

/** Local wall-clock reading (as a timestamp) of an instant in a zone. */
export function toLocal(value: Timestamp, zone: TimeZone): Timestamp {
  if (isInfinite(value)) return value;
  const { days, micros } = splitMicros(value);
  const { offset } = zone.spanAt(days * 86400 + Math.floor(micros / 1e6));
  return joinMicros(days, micros + offset * 1e6);
}

/** Instant of a local reading. */
export function fromLocal(value: Timestamp, zone: TimeZone): Timestamp {
  if (isInfinite(value)) return value;
  const { days, micros } = splitMicros(value);
  return timestampFrom(days, micros - offsetForLocal(zone, days * 86400 + Math.floor(micros / 1e6)) * 1e6);
}

/** Months first (cut to the month's last day), then days, then time. */
export function addInterval(value: Timestamp, interval: Interval, sign: number): Timestamp {
  if (isInfinite(value)) return value;
  let { days, micros } = splitMicros(value);
  if (interval.months !== 0) days = addMonths(days, sign * interval.months);
  days += sign * interval.days;
  micros += sign * interval.micros;
  return timestampFrom(
    days + Math.floor(micros / MICROS_PER_DAY),
    micros - Math.floor(micros / MICROS_PER_DAY) * MICROS_PER_DAY,
  );
}

/** In local time for months and days, in absolute time for the rest. */
export function addIntervalZoned(value: Timestamp, interval: Interval, sign: number, zone: TimeZone): Timestamp {
  if (isInfinite(value)) return value;
  let instant = value;
  if (interval.months !== 0 || interval.days !== 0) {
    const { days, micros } = splitMicros(toLocal(value, zone));
    let day = interval.months === 0 ? days : addMonths(days, sign * interval.months);
    day += sign * interval.days;
    instant = fromLocal(timestampFrom(day, micros), zone);
  }
  const { days, micros } = splitMicros(instant);
  const total = micros + sign * interval.micros;
  const carry = Math.floor(total / MICROS_PER_DAY);
  return timestampFrom(days + carry, total - carry * MICROS_PER_DAY);
}

export function addMonths(days: number, months: number): number {
  const date = civilFromDays(days);
  const total = date.year * 12 + date.month - 1 + months;
  const year = Math.floor(total / 12);
  const month = total - year * 12 + 1;
  return daysFromCivil(year, month, Math.min(date.day, daysInMonth(year, month)));
}

/** Difference as days and time. */
export function subtractTimestamps(a: Timestamp, b: Timestamp): Interval {
  if (isInfinite(a) || isInfinite(b))
    throw new SqlError('datetime_field_overflow', 'cannot subtract infinite timestamps');
  const x = splitMicros(a);
  const y = splitMicros(b);
  let days = x.days - y.days;
  let micros = x.micros - y.micros;
  if (days > 0 && micros < 0) {
    days--;
    micros += MICROS_PER_DAY;
  } else if (days < 0 && micros > 0) {
    days++;
    micros -= MICROS_PER_DAY;
  }
  return makeInterval(0, days, micros);
}

/** Symbolic difference in years, months, days and time; `a` and `b` are local readings. */
export function age(a: Timestamp, b: Timestamp): Interval {
  if (isInfinite(a) || isInfinite(b)) throw timestampOutOfRange();
  const negative = a < b;
  const later = splitMicros(negative ? b : a);
  const earlier = splitMicros(negative ? a : b);
  const x = civilFromDays(later.days);
  const y = civilFromDays(earlier.days);
  let months = (x.year - y.year) * 12 + x.month - y.month;
  let days = x.day - y.day;
  let micros = later.micros - earlier.micros;
  if (micros < 0) {
    micros += MICROS_PER_DAY;
    days--;
  }
  if (days < 0) {
    // Borrow the length of the month the interval starts in (or ends in, when counted backwards).
    const borrowed = negative ? { year: y.year, month: y.month } : { year: y.year, month: y.month };
    days += daysInMonth(borrowed.year, borrowed.month);
    months--;
  }
  return negative ? makeInterval(-months, -days, -micros) : makeInterval(months, days, micros);
}

/** Interval times a number; fractions spill from months into days (30) and days into time. */
export function multiplyInterval(value: Interval, factor: number): Interval {
  return scaleInterval(value, (part) => part * factor);
}

export function divideInterval(value: Interval, divisor: number): Interval {
  return scaleInterval(value, (part) => part / divisor);
}

function scaleInterval(value: Interval, scale: (part: number) => number): Interval {
  const exactMonths = scale(value.months);
  const exactDays = scale(value.days);
  const months = Math.trunc(exactMonths);
  const monthDays = roundTiny((exactMonths - months) * 30);
  let days = Math.trunc(exactDays);
  let seconds = roundTiny((exactDays - days + (monthDays - Math.trunc(monthDays))) * 86400);
  if (Math.abs(seconds) >= 86400) {
    const whole = Math.trunc(seconds / 86400);
    days += whole;
    seconds -= whole * 86400;
  }
  days += Math.trunc(monthDays);
  const micros = roundHalfEven(scale(value.micros) + seconds * 1e6);
  if (!Number.isFinite(exactMonths) || !Number.isFinite(exactDays) || !Number.isFinite(micros))
    throw intervalOutOfRange();
  return makeInterval(months + 0, days + 0, micros + 0);
}

function roundTiny(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

export function addIntervals(a: Interval, b: Interval, sign: number): Interval {
  return makeInterval(a.months + sign * b.months, a.days + sign * b.days, a.micros + sign * b.micros);
}

export function negateInterval(a: Interval): Interval {
  return makeInterval(-a.months, -a.days, -a.micros);
}
