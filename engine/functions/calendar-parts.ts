/**
 * Parts of dates, instants and spans of time as whole numbers, one primitive per part, and weeks counted in the eight ways in which
 * calendars count them. Primitives of hours and below take a span of time, which may exceed a day or be negative.
 */
import {
  civilFromDays,
  DAY_NAMES,
  dayOfYear,
  daysFromCivil,
  daysInMonth,
  MICROS_PER_HOUR,
  MICROS_PER_MINUTE,
  MICROS_PER_SECOND,
  MONTH_NAMES,
  splitMicros,
  weekday,
} from '../../sblr/contract/text/calendar.ts';
import type { Timestamp } from '../types/date-time.ts';
import type { SqlValue } from '../../sblr/contract/values.ts';
import { scalar } from './table.ts';

/** Days from the first day of the year 0 to 1970-01-01. */
export const DAYS_BEFORE_EPOCH = 719_528;

export const daysOf = (value: Timestamp): number => splitMicros(value).days;

// ---- weeks

/** Week 1 begins on Monday rather than Sunday. */
const MONDAY_FIRST = 1;
/** Days before week 1 belong to the last week of the year before rather than to week 0. */
const WEEK_YEAR = 2;
/** Week 1 is the first that begins in the year, for weeks from Sunday; the first with four days or more, otherwise. */
const FIRST_WEEKDAY = 4;

interface Week {
  readonly year: number;
  readonly week: number;
}

/** The week of a day; `mode` 0 to 7 as calendars count weeks. */
export function weekOf(days: number, mode: number): Week {
  let flags = mode & 7;
  if ((flags & MONDAY_FIRST) === 0) flags ^= FIRST_WEEKDAY;
  const mondayFirst = (flags & MONDAY_FIRST) !== 0;
  const firstWeekday = (flags & FIRST_WEEKDAY) !== 0;
  let weekYear = (flags & WEEK_YEAR) !== 0;
  let { year } = civilFromDays(days);
  let first = daysFromCivil(year, 1, 1);
  const dayIn = (day: number): number => (mondayFirst ? (weekday(day) + 6) % 7 : weekday(day));
  let start = dayIn(first);
  const isLate = (): boolean => (firstWeekday ? start !== 0 : start >= 4);
  const { month, day } = civilFromDays(days);
  if (month === 1 && day <= 7 - start) {
    if (!weekYear && isLate()) return { year, week: 0 };
    if (isLate()) {
      weekYear = true;
      year--;
      const length = daysFromCivil(year + 1, 1, 1) - daysFromCivil(year, 1, 1);
      first -= length;
      start = (start + 53 * 7 - length) % 7;
    }
  }
  const passed = isLate() ? days - (first + (7 - start)) : days - (first - start);
  if (weekYear && passed >= 52 * 7) {
    const length = daysFromCivil(year + 1, 1, 1) - daysFromCivil(year, 1, 1);
    const next = (start + length) % 7;
    if (firstWeekday ? next === 0 : next < 4) return { year: year + 1, week: 1 };
  }
  return { year, week: Math.floor(passed / 7) + 1 };
}

// ---- dates

const year = (value: Timestamp): number => civilFromDays(daysOf(value)).year;
const month = (value: Timestamp): number => civilFromDays(daysOf(value)).month;
const day = (value: Timestamp): number => civilFromDays(daysOf(value)).day;
const quarter = (value: Timestamp): number => Math.ceil(month(value) / 3);

/** Parts that only days of the calendar have, not the date before all others. */
function dated(signature: string, part: (value: Timestamp, mode: number) => SqlValue): void {
  scalar(
    signature,
    part.length === 2
      ? (value: Timestamp, mode: number) => (value === -Infinity ? null : part(value, mode))
      : (value: Timestamp) => (value === -Infinity ? null : part(value, 0)),
  );
}

scalar('year_of(timestamp) int32', year);
scalar('quarter_of(timestamp) int32', quarter);
scalar('month_of(timestamp) int32', month);
scalar('day_of(timestamp) int32', day);
dated('day_of_week(timestamp) int32', (value: Timestamp) => weekday(daysOf(value)) + 1);
dated('days_after_monday(timestamp) int32', (value: Timestamp) => (weekday(daysOf(value)) + 6) % 7);
dated('day_of_year(timestamp) int32', (value: Timestamp) => dayOfYear(daysOf(value)));
dated('day_name(timestamp) text', (value: Timestamp) => DAY_NAMES[weekday(daysOf(value))] as string);
dated('month_name(timestamp) text', (value: Timestamp) => MONTH_NAMES[month(value) - 1] as string);
dated('week_of(timestamp, int32) int32', (value: Timestamp, mode: number) => weekOf(daysOf(value), mode).week);
dated('year_and_week(timestamp, int32) int32', (value: Timestamp, mode: number) => {
  const found = weekOf(daysOf(value), mode | WEEK_YEAR);
  return found.year * 100 + found.week;
});
dated('days_since_year_zero(timestamp) int32', (value: Timestamp) => daysOf(value) + DAYS_BEFORE_EPOCH);
dated('seconds_since_year_zero(timestamp) int64', (value: Timestamp) => {
  const { days, micros } = splitMicros(value);
  return (days + DAYS_BEFORE_EPOCH) * 86_400 + Math.floor(micros / MICROS_PER_SECOND);
});
dated('last_day_of_month(timestamp) date', (value: Timestamp) => {
  const date = civilFromDays(daysOf(value));
  return daysFromCivil(date.year, date.month, daysInMonth(date.year, date.month));
});
scalar('date_part_of(timestamp) date', daysOf);

// ---- spans of time

interface Clock {
  readonly sign: 1 | -1;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly micro: number;
}

export function clockOf(micros: number): Clock {
  const size = Math.abs(micros);
  return {
    sign: micros < 0 ? -1 : 1,
    hour: Math.floor(size / MICROS_PER_HOUR),
    minute: Math.floor(size / MICROS_PER_MINUTE) % 60,
    second: Math.floor(size / MICROS_PER_SECOND) % 60,
    micro: size % MICROS_PER_SECOND,
  };
}

scalar('hour_of(time) int32', (value: number) => clockOf(value).hour);
scalar('minute_of(time) int32', (value: number) => clockOf(value).minute);
scalar('second_of(time) int32', (value: number) => clockOf(value).second);
scalar('microsecond_of(time) int32', (value: number) => clockOf(value).micro);

// ---- several parts in one number: EXTRACT with a unit of two names

/** Digits of the fields, the first without a limit: 12:34:56 as 123456. */
function joined(micros: number, ...fields: readonly number[]): number {
  const value = fields.reduce((sum, field) => sum * 100 + field, 0);
  return micros < 0 ? -value : value;
}

scalar('year_and_month(timestamp) int32', (value: Timestamp) => year(value) * 100 + month(value));
for (const [name, depth] of [
  ['hour', 1],
  ['minute', 2],
  ['second', 3],
  ['microsecond', 4],
] as const) {
  scalar(`day_to_${name}(timestamp) int64`, (value: Timestamp) => {
    const clock = clockOf(splitMicros(value).micros);
    const fields = [day(value), clock.hour, clock.minute, clock.second].slice(0, Math.min(depth, 3) + 1);
    const whole = joined(1, ...fields);
    return depth === 4 ? whole * 1e6 + clock.micro : whole;
  });
  if (depth >= 2)
    scalar(`hour_to_${name}(time) int64`, (value: number) => {
      const clock = clockOf(value);
      const whole = joined(value, ...[clock.hour, clock.minute, clock.second].slice(0, Math.min(depth, 3)));
      return depth === 4 ? whole * 1e6 + clock.sign * clock.micro : whole;
    });
  if (depth >= 3)
    scalar(`minute_to_${name}(time) int64`, (value: number) => {
      const clock = clockOf(value);
      const whole = joined(value, clock.minute, clock.second);
      return depth === 4 ? whole * 1e6 + clock.sign * clock.micro : whole;
    });
}
scalar('second_to_microsecond(time) int64', (value: number) => {
  const clock = clockOf(value);
  return clock.sign * (clock.second * 1e6 + clock.micro);
});
