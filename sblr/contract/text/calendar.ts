/**
 * The proleptic Gregorian calendar in integers: days since 1970-01-01 to year, month, day and back,
 * and the constants of date and time values. Year 0 is 1 BC.
 */
export const MICROS_PER_SECOND = 1_000_000;
export const MICROS_PER_MINUTE = 60_000_000;
export const MICROS_PER_HOUR = 3_600_000_000;
export const MICROS_PER_DAY = 86_400_000_000;
/** Days from 1970-01-01 to 2000-01-01. */
export const DAYS_TO_2000 = 10957;
/** First and last day a date may have: 4714-11-24 BC and 5874897-12-31. */
export const MIN_DATE_DAYS = -2_440_588;
export const MAX_DATE_DAYS = 2_145_042_905;
/**
 * First day and first excluded day of timestamps: 4714-11-24 BC to 294247-01-10, what microseconds since
 * 1970 in 64 bits can hold with room for the infinities.
 */
export const MIN_TIMESTAMP_DAYS = -2_440_588;
export const END_TIMESTAMP_DAYS = 106_751_991;

export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** Days since 1970-01-01 of a date; month 1..12, day may overflow. */
export function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

/** The parts of the date that lies before all others, where a dialect has one to write. */
const BEFORE_ALL: CivilDate = Object.freeze({ year: 0, month: 0, day: 0 });

export function civilFromDays(days: number): CivilDate {
  if (days === -Infinity) return BEFORE_ALL;
  const z = days + 719468;
  const era = Math.floor(z / 146097);
  const dayOfEra = z - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const mp = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * mp + 2) / 5) + 1;
  const month = mp < 10 ? mp + 3 : mp - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

const MONTH_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

export function daysInMonth(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : (MONTH_LENGTHS[month - 1] ?? 0);
}

/** 0 = Sunday. */
export function weekday(days: number): number {
  return (((days + 4) % 7) + 7) % 7;
}

/** Splits microseconds since 1970 into whole days and microseconds within the day. */
export function splitMicros(value: number | bigint): { days: number; micros: number } {
  if (typeof value === 'number') {
    if (value === -Infinity) return { days: value, micros: 0 };
    const days = Math.floor(value / MICROS_PER_DAY);
    return { days, micros: value - days * MICROS_PER_DAY };
  }
  let days = value / 86_400_000_000n;
  let rest = value % 86_400_000_000n;
  if (rest < 0n) {
    days -= 1n;
    rest += 86_400_000_000n;
  }
  return { days: Number(days), micros: Number(rest) };
}

/** Microseconds since 1970 from days and microseconds (which may lie outside one day), canonical. */
export function joinMicros(days: number, micros: number): number | bigint {
  const value = days * MICROS_PER_DAY + micros;
  if (Number.isSafeInteger(value)) return value;
  const exact = BigInt(days) * 86_400_000_000n + BigInt(micros);
  return exact >= -9007199254740991n && exact <= 9007199254740991n ? Number(exact) : exact;
}

export const MONTH_NAMES = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;
export const SHORT_MONTHS = [
  'Jan',
  'Feb',
  'Mar',
  'Apr',
  'May',
  'Jun',
  'Jul',
  'Aug',
  'Sep',
  'Oct',
  'Nov',
  'Dec',
] as const;
export const DAY_NAMES = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
export const SHORT_DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;

/** ISO 8601 week and its year. */
export function isoWeek(days: number): { year: number; week: number } {
  const thursday = days - ((weekday(days) + 6) % 7) + 3;
  const { year } = civilFromDays(thursday);
  return { year, week: Math.floor((thursday - daysFromCivil(year, 1, 1)) / 7) + 1 };
}

export function dayOfYear(days: number): number {
  return days - daysFromCivil(civilFromDays(days).year, 1, 1) + 1;
}

/** Two digits. */
export function two(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}
