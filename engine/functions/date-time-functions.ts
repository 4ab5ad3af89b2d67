/** Operators and functions of dates, times and intervals. */
import { LONG_DATE_STYLE } from '../../sblr/contract/text/settings.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import {
  civilFromDays,
  dayOfYear,
  daysFromCivil,
  daysInMonth,
  isoWeek,
  MICROS_PER_DAY,
  MICROS_PER_HOUR,
  MICROS_PER_MINUTE,
  MICROS_PER_SECOND,
  splitMicros,
  weekday,
} from '../../sblr/contract/text/calendar.ts';
import { formatTimestamp } from '../../sblr/contract/text/date-time-format.ts';
import {
  timeZoneByName,
  timeZoneNames,
  fixedZone,
  type TimeZone,
  ZONE_ABBREVIATIONS,
} from '../../sblr/contract/text/time-zone.ts';

import { Decimal, Interval, type SqlValue, TimeTz } from '../../sblr/contract/values.ts';
import { dateToTimestamp, roundTimestamp } from '../types/casts.ts';
import {
  addInterval,
  addIntervals,
  addIntervalZoned,
  age,
  checkDate,
  divideInterval,
  fromLocal,
  intervalOutOfRange,
  isInfinite,
  makeInterval,
  multiplyInterval,
  negateInterval,
  subtractTimestamps,
  type Timestamp,
  timestampFrom,
  toLocal,
} from '../types/date-time.ts';
import { decimal, decimalFromNumber } from '../types/decimal.ts';
import { divisionByZero } from '../types/integers.ts';
import { roundMicros } from '../../sblr/contract/text/date-time-parse.ts';
import type { EvalContext } from './function.ts';
import { NOT_STRICT, operator, rowsSource, scalar, setFunction, STABLE, VOLATILE } from './table.ts';

const zoneOf = (context: EvalContext): TimeZone => context.text.timeZone;
const invalid = (message: string): SqlError => new SqlError('invalid_parameter_value', message);

// ---- arithmetic
operator('add(date, int32) date', (a: number, b: number) => checkDate(a + b));
operator('add(int32, date) date', (a: number, b: number) => checkDate(a + b));
operator('subtract(date, int32) date', (a: number, b: number) => checkDate(a - b));
operator('subtract(date, date) int32', (a: number, b: number) => {
  if (!Number.isFinite(a) || !Number.isFinite(b))
    throw new SqlError('datetime_field_overflow', 'cannot subtract infinite dates');
  return a - b;
});
operator('add(date, time) timestamp', (a: number, b: number) => plusTime(a, b));
operator('add(time, date) timestamp', (a: number, b: number) => plusTime(b, a));
const plusTime = (date: number, time: number): Timestamp => (isInfinite(date) ? date : timestampFrom(date, time));
operator('add(date, timetz) timestamptz', (a: number, b: TimeTz) =>
  isInfinite(a) ? a : timestampFrom(a, b.micros - b.offsetSeconds * 1e6),
);
operator('add(timetz, date) timestamptz', (b: TimeTz, a: number) =>
  isInfinite(a) ? a : timestampFrom(a, b.micros - b.offsetSeconds * 1e6),
);
operator('add(date, interval) timestamp', (a: number, b: Interval) => addInterval(dateToTimestamp(a), b, 1));
operator('add(interval, date) timestamp', (b: Interval, a: number) => addInterval(dateToTimestamp(a), b, 1));
operator('subtract(date, interval) timestamp', (a: number, b: Interval) => addInterval(dateToTimestamp(a), b, -1));
operator('add(timestamp, interval) timestamp', (a: Timestamp, b: Interval) => addInterval(a, b, 1));
operator('add(interval, timestamp) timestamp', (b: Interval, a: Timestamp) => addInterval(a, b, 1));
operator('subtract(timestamp, interval) timestamp', (a: Timestamp, b: Interval) => addInterval(a, b, -1));
operator(
  'add(timestamptz, interval) timestamptz',
  (a: Timestamp, b: Interval, c: EvalContext) => addIntervalZoned(a, b, 1, zoneOf(c)),
  STABLE,
);
operator(
  'add(interval, timestamptz) timestamptz',
  (b: Interval, a: Timestamp, c: EvalContext) => addIntervalZoned(a, b, 1, zoneOf(c)),
  STABLE,
);
operator(
  'subtract(timestamptz, interval) timestamptz',
  (a: Timestamp, b: Interval, c: EvalContext) => addIntervalZoned(a, b, -1, zoneOf(c)),
  STABLE,
);
operator('subtract(timestamp, timestamp) interval', subtractTimestamps);
operator('subtract(timestamptz, timestamptz) interval', subtractTimestamps);
const wrapDay = (micros: number): number => micros - Math.floor(micros / MICROS_PER_DAY) * MICROS_PER_DAY;
operator('add(time, interval) time', (a: number, b: Interval) => wrapDay(a + b.micros));
operator('add(interval, time) time', (b: Interval, a: number) => wrapDay(a + b.micros));
operator('subtract(time, interval) time', (a: number, b: Interval) => wrapDay(a - b.micros));
operator('subtract(time, time) interval', (a: number, b: number) => new Interval(0, 0, a - b));
operator(
  'add(timetz, interval) timetz',
  (a: TimeTz, b: Interval) => new TimeTz(wrapDay(a.micros + b.micros), a.offsetSeconds),
);
operator(
  'add(interval, timetz) timetz',
  (b: Interval, a: TimeTz) => new TimeTz(wrapDay(a.micros + b.micros), a.offsetSeconds),
);
operator(
  'subtract(timetz, interval) timetz',
  (a: TimeTz, b: Interval) => new TimeTz(wrapDay(a.micros - b.micros), a.offsetSeconds),
);
operator('add(interval, interval) interval', (a: Interval, b: Interval) => addIntervals(a, b, 1));
operator('subtract(interval, interval) interval', (a: Interval, b: Interval) => addIntervals(a, b, -1));
operator('negate(interval) interval', negateInterval);
operator('plus(interval) interval', (a: Interval) => a);
operator('multiply(interval, float64) interval', multiplyInterval);
operator('multiply(float64, interval) interval', (factor: number, a: Interval) => multiplyInterval(a, factor));
operator('divide(interval, float64) interval', (a: Interval, divisor: number) => {
  if (divisor === 0) throw divisionByZero();
  return divideInterval(a, divisor);
});
// ---- the clock
scalar('now() timestamptz', (c: EvalContext) => c.transactionTimestamp, STABLE);
scalar('transaction_timestamp() timestamptz', (c: EvalContext) => c.transactionTimestamp, STABLE);
scalar('current_timestamp() timestamptz', (c: EvalContext) => c.transactionTimestamp, STABLE);
scalar(
  'current_timestamp(int32) timestamptz',
  (p: number, c: EvalContext) => roundTimestamp(c.transactionTimestamp, p),
  STABLE,
);
scalar('statement_timestamp() timestamptz', (c: EvalContext) => c.statementTimestamp, STABLE);
scalar('clock_timestamp() timestamptz', (c: EvalContext) => c.clock(), VOLATILE);
scalar(
  'timeofday() text',
  (c: EvalContext) => {
    const now = c.clock();
    const zone = zoneOf(c);
    const local = toLocal(now, zone);
    const text = formatTimestamp(local, { ...c.text, dateStyle: LONG_DATE_STYLE, dateOrder: 'mdy' });
    const [head = '', day = '', date = '', time = '', year = ''] = text.split(' ');
    const fraction = String(splitMicros(local).micros % 1_000_000).padStart(6, '0');
    return `${head} ${day} ${date} ${time.slice(0, 8)}.${fraction} ${year} ${zone.spanAt(Math.floor(now / 1e6)).abbreviation}`;
  },
  VOLATILE,
);
const localNow = (c: EvalContext): Timestamp => toLocal(c.transactionTimestamp, zoneOf(c));
scalar('current_date() date', (c: EvalContext) => splitMicros(localNow(c)).days, STABLE);
scalar('localtimestamp() timestamp', (c: EvalContext) => localNow(c), STABLE);
scalar('localtimestamp(int32) timestamp', (p: number, c: EvalContext) => roundTimestamp(localNow(c), p), STABLE);
scalar('localtime() time', (c: EvalContext) => splitMicros(localNow(c)).micros, STABLE);
scalar('localtime(int32) time', (p: number, c: EvalContext) => roundMicros(splitMicros(localNow(c)).micros, p), STABLE);
const zonedNow = (c: EvalContext, precision: number): TimeTz =>
  new TimeTz(
    roundMicros(splitMicros(localNow(c)).micros, precision),
    zoneOf(c).spanAt(Math.floor(c.transactionTimestamp / 1e6)).offset,
  );
scalar('current_time() timetz', (c: EvalContext) => zonedNow(c, 6), STABLE);
scalar('current_time(int32) timetz', (p: number, c: EvalContext) => zonedNow(c, p), STABLE);

// ---- extract and date_part
type Field = string;
interface Parts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly days: number;
  readonly micros: number;
}
function partsOf(value: Timestamp): Parts {
  const { days, micros } = splitMicros(value);
  const { year, month, day } = civilFromDays(days);
  return { year, month, day, days, micros };
}
/** A field's value: a number, or microseconds over a unit when it has a fraction. */
type Extracted = number | { readonly micros: bigint; readonly digits: number };
const fraction = (micros: number | bigint, digits = 6): Extracted => ({ micros: BigInt(micros), digits });

const ALIASES: Readonly<Record<string, string>> = {
  years: 'year',
  y: 'year',
  yr: 'year',
  yrs: 'year',
  mon: 'month',
  mons: 'month',
  months: 'month',
  d: 'day',
  days: 'day',
  h: 'hour',
  hr: 'hour',
  hrs: 'hour',
  hours: 'hour',
  m: 'minute',
  min: 'minute',
  mins: 'minute',
  minutes: 'minute',
  s: 'second',
  sec: 'second',
  secs: 'second',
  seconds: 'second',
  ms: 'milliseconds',
  msec: 'milliseconds',
  msecs: 'milliseconds',
  millisecond: 'milliseconds',
  us: 'microseconds',
  usec: 'microseconds',
  usecs: 'microseconds',
  microsecond: 'microseconds',
  w: 'week',
  weeks: 'week',
  qtr: 'quarter',
  dec: 'decade',
  decs: 'decade',
  decades: 'decade',
  c: 'century',
  cent: 'century',
  centuries: 'century',
  mil: 'millennium',
  mils: 'millennium',
  millennia: 'millennium',
  timezone_h: 'timezone_hour',
  timezone_m: 'timezone_minute',
  weekday: 'dow',
};
function fieldName(text: string): Field {
  const key = text.toLowerCase().trim();
  return ALIASES[key] ?? key;
}
function notSupported(field: string, type: string): SqlError {
  return new SqlError('feature_not_supported', `unit "${field}" not supported for type ${type}`);
}
function notRecognized(field: string, type: string): SqlError {
  return new SqlError('invalid_parameter_value', `unit "${field}" not recognized for type ${type}`);
}
const KNOWN = new Set([
  'year',
  'month',
  'day',
  'hour',
  'minute',
  'second',
  'milliseconds',
  'microseconds',
  'week',
  'quarter',
  'decade',
  'century',
  'millennium',
  'timezone',
  'timezone_hour',
  'timezone_minute',
  'dow',
  'isodow',
  'doy',
  'isoyear',
  'julian',
  'epoch',
]);

function timeField(field: Field, micros: number): Extracted | undefined {
  switch (field) {
    case 'hour':
      return Math.floor(micros / MICROS_PER_HOUR);
    case 'minute':
      return Math.floor(micros / MICROS_PER_MINUTE) % 60;
    case 'second':
      return fraction(micros % MICROS_PER_MINUTE);
    case 'milliseconds':
      return fraction(micros % MICROS_PER_MINUTE, 3);
    case 'microseconds':
      return micros % MICROS_PER_MINUTE;
    default:
      return undefined;
  }
}
function yearField(field: Field, year: number): number | undefined {
  switch (field) {
    case 'year':
      return year > 0 ? year : year - 1;
    case 'decade':
      return Math.floor(year / 10);
    case 'century':
      return year > 0 ? Math.floor((year + 99) / 100) : -Math.floor((99 - (year - 1)) / 100);
    case 'millennium':
      return year > 0 ? Math.floor((year + 999) / 1000) : -Math.floor((999 - (year - 1)) / 1000);
    default:
      return undefined;
  }
}
function dateField(field: Field, parts: Parts): number | undefined {
  switch (field) {
    case 'month':
      return parts.month;
    case 'day':
      return parts.day;
    case 'quarter':
      return Math.floor((parts.month - 1) / 3) + 1;
    case 'week':
      return isoWeek(parts.days).week;
    case 'isoyear': {
      const { year } = isoWeek(parts.days);
      return year > 0 ? year : year - 1;
    }
    case 'dow':
      return weekday(parts.days);
    case 'isodow':
      return weekday(parts.days) === 0 ? 7 : weekday(parts.days);
    case 'doy':
      return dayOfYear(parts.days);
    default:
      return yearField(field, parts.year);
  }
}
const INFINITE_FIELDS = new Set(['year', 'decade', 'century', 'millennium', 'isoyear', 'julian', 'epoch']);

function extractTimestamp(text: string, value: Timestamp, zone: TimeZone | undefined, type: string): Extracted | null {
  const field = fieldName(text);
  if (isInfinite(value)) {
    if (INFINITE_FIELDS.has(field)) return value as number;
    if (!KNOWN.has(field)) throw notRecognized(text, type);
    return null;
  }
  const local = zone === undefined ? value : toLocal(value, zone);
  const { days, micros } = splitMicros(local);
  const found = timeField(field, micros) ?? dateField(field, partsOf(local));
  if (found !== undefined) return found;
  if (field === 'epoch') return fraction(BigInt(value));
  if (field === 'julian') return { micros: BigInt(days + 2440588) * 86_400_000_000n + BigInt(micros), digits: -1 };
  if (zone !== undefined && field.startsWith('timezone')) {
    const { offset } = zone.spanAt(Math.floor(Number(value) / 1e6));
    if (field === 'timezone') return offset;
    if (field === 'timezone_hour') return Math.trunc(offset / 3600) + 0;
    if (field === 'timezone_minute') return (Math.trunc(offset / 60) % 60) + 0;
  }
  throw KNOWN.has(field) ? notSupported(text, type) : notRecognized(text, type);
}
function extractDate(text: string, value: number): Extracted | null {
  const field = fieldName(text);
  if (isInfinite(value)) {
    if (INFINITE_FIELDS.has(field)) return value;
    if (!KNOWN.has(field) || field.startsWith('timezone')) throw notRecognized(text, 'date');
    return null;
  }
  const found = dateField(field, { ...civilFromDays(value), days: value, micros: 0 });
  if (found !== undefined) return found;
  if (field === 'epoch') return value * 86400;
  if (field === 'julian') return value + 2440588;
  throw KNOWN.has(field) ? notSupported(text, 'date') : notRecognized(text, 'date');
}
function extractTime(text: string, micros: number, offset: number | undefined, type: string): Extracted {
  const field = fieldName(text);
  const found = timeField(field, micros);
  if (found !== undefined) return found;
  if (field === 'epoch') return fraction(micros - (offset ?? 0) * 1e6);
  if (offset !== undefined) {
    if (field === 'timezone') return offset;
    if (field === 'timezone_hour') return Math.trunc(offset / 3600) + 0;
    if (field === 'timezone_minute') return (Math.trunc(offset / 60) % 60) + 0;
  }
  throw KNOWN.has(field) ? notSupported(text, type) : notRecognized(text, type);
}
function extractInterval(text: string, value: Interval): Extracted {
  const field = fieldName(text);
  const years = Math.trunc(value.months / 12) + 0;
  const size = Math.abs(value.micros);
  const sign = value.micros < 0 ? -1 : 1;
  switch (field) {
    case 'hour':
      return sign * Math.floor(size / MICROS_PER_HOUR) + 0;
    case 'minute':
      return sign * (Math.floor(size / MICROS_PER_MINUTE) % 60) + 0;
    case 'second':
      return fraction(sign * (size % MICROS_PER_MINUTE) + 0);
    case 'milliseconds':
      return fraction(sign * (size % MICROS_PER_MINUTE) + 0, 3);
    case 'microseconds':
      return sign * (size % MICROS_PER_MINUTE) + 0;
    case 'day':
      return value.days;
    case 'month':
      return (value.months % 12) + 0;
    case 'quarter':
      return Math.floor((value.months % 12) / 3) + 1;
    case 'year':
      return years;
    case 'decade':
      return Math.trunc(years / 10) + 0;
    case 'century':
      return Math.trunc(years / 100) + 0;
    case 'millennium':
      return Math.trunc(years / 1000) + 0;
    case 'epoch': {
      // A year counts as 365.25 days, a month as 30.
      const quarters = BigInt(years) * 1461n + BigInt(value.months % 12) * 120n + BigInt(value.days) * 4n;
      return fraction(quarters * 21_600_000_000n + BigInt(value.micros));
    }
    default:
      throw KNOWN.has(field) ? notSupported(text, 'interval') : notRecognized(text, 'interval');
  }
}

function asDecimal(value: Extracted | null): SqlValue {
  if (value === null) return null;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? new Decimal(value, 0) : decimalFromNumber(value);
  if (value.digits === -1) {
    // Julian date: whole days and 20 digits of the day's fraction, none at midnight.
    const rest = value.micros % 86_400_000_000n;
    const whole = value.micros / 86_400_000_000n;
    if (rest === 0n) return decimal(whole, 0);
    const scaled = (value.micros * 10n ** 20n * 2n + 86_400_000_000n) / (2n * 86_400_000_000n);
    return decimal(scaled, 20);
  }
  return value.digits === 3 ? decimal(value.micros, 3) : decimal(value.micros, 6);
}
function asFloat(value: Extracted | null): SqlValue {
  if (value === null || typeof value === 'number') return value;
  if (value.digits === -1) return Number(value.micros) / 86_400_000_000;
  return Number(value.micros) / (value.digits === 3 ? 1000 : 1e6);
}
for (const [name, result, finish] of [
  ['extract', 'decimal', asDecimal],
  ['date_part', 'float64', asFloat],
] as const) {
  scalar(`${name}(text, date) ${result}`, (field: string, value: number) =>
    finish(
      name === 'extract'
        ? extractDate(field, value)
        : extractTimestamp(field, dateToTimestamp(value), undefined, 'timestamp without time zone'),
    ),
  );
  scalar(`${name}(text, timestamp) ${result}`, (field: string, value: Timestamp) =>
    finish(extractTimestamp(field, value, undefined, 'timestamp without time zone')),
  );
  scalar(
    `${name}(text, timestamptz) ${result}`,
    (field: string, value: Timestamp, c: EvalContext) =>
      finish(extractTimestamp(field, value, zoneOf(c), 'timestamp with time zone')),
    STABLE,
  );
  scalar(`${name}(text, time) ${result}`, (field: string, value: number) =>
    finish(extractTime(field, value, undefined, 'time without time zone')),
  );
  scalar(`${name}(text, timetz) ${result}`, (field: string, value: TimeTz) =>
    finish(extractTime(field, value.micros, value.offsetSeconds, 'time with time zone')),
  );
  scalar(`${name}(text, interval) ${result}`, (field: string, value: Interval) =>
    finish(extractInterval(field, value)),
  );
}

// ---- truncation
function truncate(text: string, value: Timestamp, type: string): Timestamp {
  const field = fieldName(text);
  const { year, month, days, micros } = partsOf(value);
  switch (field) {
    case 'microseconds':
      return value;
    case 'milliseconds':
      return timestampFrom(days, micros - (micros % 1000));
    case 'second':
      return timestampFrom(days, micros - (micros % MICROS_PER_SECOND));
    case 'minute':
      return timestampFrom(days, micros - (micros % MICROS_PER_MINUTE));
    case 'hour':
      return timestampFrom(days, micros - (micros % MICROS_PER_HOUR));
    case 'day':
      return timestampFrom(days, 0);
    case 'week':
      return timestampFrom(days - ((weekday(days) + 6) % 7), 0);
    case 'month':
      return timestampFrom(daysFromCivil(year, month, 1), 0);
    case 'quarter':
      return timestampFrom(daysFromCivil(year, Math.floor((month - 1) / 3) * 3 + 1, 1), 0);
    case 'year':
      return timestampFrom(daysFromCivil(year, 1, 1), 0);
    case 'decade':
      return timestampFrom(
        daysFromCivil(year > 0 ? Math.floor(year / 10) * 10 : -(Math.floor((8 - (year - 1)) / 10) * 10), 1, 1),
        0,
      );
    case 'century':
      return timestampFrom(
        daysFromCivil(
          year > 0 ? Math.floor((year + 99) / 100) * 100 - 99 : -(Math.floor((99 - (year - 1)) / 100) * 100) + 1,
          1,
          1,
        ),
        0,
      );
    case 'millennium':
      return timestampFrom(
        daysFromCivil(
          year > 0 ? Math.floor((year + 999) / 1000) * 1000 - 999 : -(Math.floor((999 - (year - 1)) / 1000) * 1000) + 1,
          1,
          1,
        ),
        0,
      );
    default:
      throw KNOWN.has(field) ? notSupported(text, type) : notRecognized(text, type);
  }
}
const SMALL_UNITS = new Set(['hour', 'minute', 'second', 'milliseconds', 'microseconds']);
function truncateZoned(field: string, value: Timestamp, zone: TimeZone): Timestamp {
  if (isInfinite(value)) return value;
  const local = truncate(field, toLocal(value, zone), 'timestamp with time zone');
  if (!SMALL_UNITS.has(fieldName(field))) return fromLocal(local, zone);
  // Below a day the offset stays the one in force at the instant.
  const { offset } = zone.spanAt(Math.floor(Number(value) / 1e6));
  const { days, micros } = splitMicros(local);
  return timestampFrom(days, micros - offset * 1e6);
}
scalar('date_trunc(text, timestamp) timestamp', (field: string, value: Timestamp) =>
  isInfinite(value) ? value : truncate(field, value, 'timestamp without time zone'),
);
scalar(
  'date_trunc(text, timestamptz) timestamptz',
  (field: string, value: Timestamp, c: EvalContext) => truncateZoned(field, value, zoneOf(c)),
  STABLE,
);
scalar(
  'date_trunc(text, timestamptz, text) timestamptz',
  (field: string, value: Timestamp, zone: string) => truncateZoned(field, value, zoneNamed(zone)),
  STABLE,
);
scalar('date_trunc(text, interval) interval', (text: string, value: Interval) => {
  const field = fieldName(text);
  const cut = (micros: number, unit: number): number => Math.trunc(micros / unit) * unit + 0;
  const months = (unit: number): Interval => new Interval(Math.trunc(value.months / unit) * unit + 0, 0, 0);
  switch (field) {
    case 'millennium':
      return months(12000);
    case 'century':
      return months(1200);
    case 'decade':
      return months(120);
    case 'year':
      return months(12);
    case 'quarter':
      return months(3);
    case 'month':
      return months(1);
    case 'day':
      return new Interval(value.months, value.days, 0);
    case 'hour':
      return new Interval(value.months, value.days, cut(value.micros, MICROS_PER_HOUR));
    case 'minute':
      return new Interval(value.months, value.days, cut(value.micros, MICROS_PER_MINUTE));
    case 'second':
      return new Interval(value.months, value.days, cut(value.micros, MICROS_PER_SECOND));
    case 'milliseconds':
      return new Interval(value.months, value.days, cut(value.micros, 1000));
    case 'microseconds':
      return value;
    default:
      throw KNOWN.has(field) ? notSupported(text, 'interval') : notRecognized(text, 'interval');
  }
});
function bin(stride: Interval, value: Timestamp, origin: Timestamp): Timestamp {
  if (isInfinite(value)) return value;
  if (isInfinite(origin)) throw new SqlError('datetime_field_overflow', 'origin out of range');
  if (stride.months !== 0)
    throw new SqlError(
      'feature_not_supported',
      'timestamps cannot be binned into intervals containing months or years',
    );
  const width = BigInt(stride.days) * 86_400_000_000n + BigInt(stride.micros);
  if (width <= 0n) throw new SqlError('datetime_field_overflow', 'stride must be greater than zero');
  const distance = BigInt(value) - BigInt(origin);
  let bins = distance / width;
  if (distance < 0n && distance % width !== 0n) bins -= 1n;
  const result = BigInt(origin) + bins * width;
  return result >= -9007199254740991n && result <= 9007199254740991n ? Number(result) : result;
}
scalar('date_bin(interval, timestamp, timestamp) timestamp', bin);
scalar('date_bin(interval, timestamptz, timestamptz) timestamptz', bin);

// ---- zones
export function zoneNamed(name: string): TimeZone {
  const abbreviation = ZONE_ABBREVIATIONS[name.toLowerCase()];
  const zone =
    abbreviation !== undefined && !/^(cet|eet|met|wet|est|mst|hst)$/i.test(name)
      ? fixedZone(abbreviation)
      : timeZoneByName(name);
  if (zone === undefined)
    throw new SqlError('invalid_parameter_value', { message: `time zone "${name}" not recognized`, args: { name } });
  return zone;
}
function intervalZone(value: Interval): TimeZone {
  if (value.months !== 0 || value.days !== 0) throw invalid('interval time zone must not include months or days');
  return fixedZone(Math.trunc(value.micros / 1e6));
}
scalar('timezone(text, timestamptz) timestamp', (zone: string, value: Timestamp) => toLocal(value, zoneNamed(zone)));
scalar('timezone(text, timestamp) timestamptz', (zone: string, value: Timestamp) => fromLocal(value, zoneNamed(zone)));
scalar('timezone(interval, timestamptz) timestamp', (zone: Interval, value: Timestamp) =>
  toLocal(value, intervalZone(zone)),
);
scalar('timezone(interval, timestamp) timestamptz', (zone: Interval, value: Timestamp) =>
  fromLocal(value, intervalZone(zone)),
);
function moveTime(value: TimeTz, offset: number): TimeTz {
  return new TimeTz(wrapDay(value.micros + (offset - value.offsetSeconds) * 1e6), offset);
}
scalar(
  'timezone(text, timetz) timetz',
  (zone: string, value: TimeTz, c: EvalContext) =>
    moveTime(value, zoneNamed(zone).spanAt(Math.floor(c.transactionTimestamp / 1e6)).offset),
  STABLE,
);
scalar('timezone(interval, timetz) timetz', (zone: Interval, value: TimeTz) =>
  moveTime(value, intervalZone(zone).spanAt(0).offset),
);
const zoneColumns = (c: EvalContext, name: string, zone: TimeZone): SqlValue[] => {
  const span = zone.spanAt(Math.floor(c.transactionTimestamp / 1e6));
  const january = zone.spanAt(Math.floor(c.transactionTimestamp / 1e6) - 15_778_800).offset;
  return [name, span.abbreviation, new Interval(0, 0, span.offset * 1e6), span.offset > january];
};
const text = { kind: 'text' } as const;
setFunction(
  'timezone_names() record',
  (_: never, c: EvalContext) =>
    rowsSource(timeZoneNames().map((name) => zoneColumns(c, name, timeZoneByName(name) as TimeZone))),
  {
    volatility: 'stable',
    columns: [
      { name: 'name', type: text },
      { name: 'abbrev', type: text },
      { name: 'utc_offset', type: { kind: 'interval' } },
      { name: 'is_dst', type: { kind: 'bool' } },
    ],
  },
);
setFunction(
  'timezone_abbreviations() record',
  () =>
    rowsSource(
      Object.entries(ZONE_ABBREVIATIONS).map(([name, offset]) => [
        name.toUpperCase(),
        new Interval(0, 0, offset * 1e6),
        false,
      ]),
    ),
  {
    columns: [
      { name: 'abbrev', type: text },
      { name: 'utc_offset', type: { kind: 'interval' } },
      { name: 'is_dst', type: { kind: 'bool' } },
    ],
  },
);

// ---- age, justification, construction
scalar('age(timestamp, timestamp) interval', age);
scalar(
  'age(timestamptz, timestamptz) interval',
  (a: Timestamp, b: Timestamp, c: EvalContext) => age(toLocal(a, zoneOf(c)), toLocal(b, zoneOf(c))),
  STABLE,
);
const midnight = (c: EvalContext): Timestamp => timestampFrom(splitMicros(localNow(c)).days, 0);
scalar('age(timestamp) interval', (a: Timestamp, c: EvalContext) => age(midnight(c), a), STABLE);
scalar('age(timestamptz) interval', (a: Timestamp, c: EvalContext) => age(midnight(c), toLocal(a, zoneOf(c))), STABLE);
scalar('age(xid) int32', (a: number, c: EvalContext) => ((c.introspection.transactionId(false) ?? a) - a) | 0, STABLE);
scalar('isfinite(date) bool', (a: number) => !isInfinite(a));
scalar('isfinite(timestamp) bool', (a: Timestamp) => !isInfinite(a));
scalar('isfinite(timestamptz) bool', (a: Timestamp) => !isInfinite(a));
scalar('isfinite(interval) bool', () => true);

function justifyHours(value: Interval): Interval {
  let { days, micros } = value;
  const whole = Math.trunc(micros / MICROS_PER_DAY);
  days += whole;
  micros -= whole * MICROS_PER_DAY;
  if (days > 0 && micros < 0) {
    micros += MICROS_PER_DAY;
    days--;
  } else if (days < 0 && micros > 0) {
    micros -= MICROS_PER_DAY;
    days++;
  }
  return makeInterval(value.months, days, micros);
}
function justifyDays(value: Interval): Interval {
  let { months, days } = value;
  const whole = Math.trunc(days / 30);
  months += whole;
  days -= whole * 30;
  if (months > 0 && days < 0) {
    days += 30;
    months--;
  } else if (months < 0 && days > 0) {
    days -= 30;
    months++;
  }
  return makeInterval(months, days, value.micros);
}
scalar('justify_hours(interval) interval', justifyHours);
scalar('justify_days(interval) interval', justifyDays);
scalar('justify_interval(interval) interval', (value: Interval) => {
  let { months, days, micros } = value;
  const wholeDays = Math.trunc(micros / MICROS_PER_DAY);
  days += wholeDays;
  micros -= wholeDays * MICROS_PER_DAY;
  const wholeMonths = Math.trunc(days / 30);
  months += wholeMonths;
  days -= wholeMonths * 30;
  if (months > 0 && (days < 0 || (days === 0 && micros < 0))) {
    days += 30;
    months--;
  } else if (months < 0 && (days > 0 || (days === 0 && micros > 0))) {
    days -= 30;
    months++;
  }
  if (days > 0 && micros < 0) {
    micros += MICROS_PER_DAY;
    days--;
  } else if (days < 0 && micros > 0) {
    micros -= MICROS_PER_DAY;
    days++;
  }
  return makeInterval(months, days, micros);
});

function makeDate(year: number, month: number, day: number): number {
  const bad = (): SqlError =>
    new SqlError(
      'datetime_field_overflow',
      `date field value out of range: ${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`,
    );
  if (year === 0 || month < 1 || month > 12 || day < 1) throw bad();
  const actual = year < 0 ? year + 1 : year;
  if (day > daysInMonth(actual, month)) throw bad();
  return checkDate(daysFromCivil(actual, month, day));
}
function makeTime(hour: number, minute: number, second: number): number {
  const micros = hour * MICROS_PER_HOUR + minute * MICROS_PER_MINUTE + Math.round(second * 1e6);
  if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || !(second >= 0 && second <= 60) || micros > MICROS_PER_DAY) {
    throw new SqlError(
      'datetime_field_overflow',
      `time field value out of range: ${hour}:${String(minute).padStart(2, '0')}:${second < 10 ? '0' : ''}${second}`,
    );
  }
  return micros;
}
scalar('make_date(int32, int32, int32) date', makeDate);
scalar('make_time(int32, int32, float64) time', makeTime);
const stamp = (y: number, mo: number, d: number, h: number, mi: number, s: number): Timestamp =>
  timestampFrom(makeDate(y, mo, d), makeTime(h, mi, s));
scalar('make_timestamp(int32, int32, int32, int32, int32, float64) timestamp', stamp);
scalar(
  'make_timestamptz(int32, int32, int32, int32, int32, float64) timestamptz',
  (y: number, mo: number, d: number, h: number, mi: number, s: number, c: EvalContext) =>
    fromLocal(stamp(y, mo, d, h, mi, s), zoneOf(c)),
  STABLE,
);
scalar(
  'make_timestamptz(int32, int32, int32, int32, int32, float64, text) timestamptz',
  (y: number, mo: number, d: number, h: number, mi: number, s: number, zone: string) => {
    const offset = /^([+-])(\d{1,2})(?::?(\d{2}))?$/.exec(zone);
    const where =
      offset === null
        ? zoneNamed(zone)
        : fixedZone((Number(offset[2]) * 3600 + Number(offset[3] ?? 0) * 60) * (offset[1] === '-' ? -1 : 1));
    return fromLocal(stamp(y, mo, d, h, mi, s), where);
  },
);
for (let count = 0; count <= 7; count++) {
  const kinds = ['int32', 'int32', 'int32', 'int32', 'int32', 'int32', 'float64'].slice(0, count);
  scalar(`make_interval(${kinds.join(', ')}) interval`, (...all: unknown[]) => {
    const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = all.slice(
      0,
      count,
    ) as number[];
    if (!Number.isFinite(seconds)) throw intervalOutOfRange();
    return makeInterval(
      years * 12 + months,
      weeks * 7 + days,
      hours * MICROS_PER_HOUR + minutes * MICROS_PER_MINUTE + Math.round(seconds * 1e6),
    );
  });
}
scalar('to_timestamp(float64) timestamptz', (seconds: number) => {
  if (seconds === Infinity || seconds === -Infinity) return seconds;
  if (seconds !== seconds) throw new SqlError('datetime_field_overflow', 'timestamp cannot be NaN');
  if (Math.abs(seconds) > 9.3e12) throw new SqlError('datetime_field_overflow', `timestamp out of range: "${seconds}"`);
  const whole = Math.floor(seconds);
  const days = Math.floor(whole / 86400);
  return timestampFrom(days, (whole - days * 86400) * 1e6 + Math.round((seconds - whole) * 1e6));
});

/** (start, end or length) OVERLAPS (start, end or length); NULLs as the standard has them. */
function overlaps<T>(
  compare: (a: T, b: T) => number,
): (a: T | null, b: T | null, c: T | null, d: T | null) => boolean | null {
  return (a, b, c, d) => {
    const order = (x: T | null, y: T | null): [T, T | null] | null => {
      if (x === null) return y === null ? null : [y, null];
      if (y === null) return [x, null];
      return compare(x, y) > 0 ? [y, x] : [x, y];
    };
    const first = order(a, b);
    const second = order(c, d);
    if (first === null || second === null) return null;
    const [s1, e1] = first;
    const [s2, e2] = second;
    const starts = compare(s1, s2);
    if (starts > 0) return e2 === null ? null : compare(s1, e2) < 0 ? true : e1 === null ? null : false;
    if (starts < 0) return e1 === null ? null : compare(s2, e1) < 0 ? true : e2 === null ? null : false;
    return e1 === null || e2 === null ? null : true;
  };
}
const stampOverlap = overlaps<Timestamp>((a, b) => (a < b ? -1 : a > b ? 1 : 0));
const timeTzOverlap = overlaps<TimeTz>((a, b) => a.micros - a.offsetSeconds * 1e6 - (b.micros - b.offsetSeconds * 1e6));
for (const type of ['timestamp', 'timestamptz', 'time'] as const) {
  const plus = (value: Timestamp | null, length: Interval | null, c: EvalContext): Timestamp | null => {
    if (value === null || length === null) return null;
    if (type === 'time') return wrapDay((value as number) + length.micros);
    return type === 'timestamp' ? addInterval(value, length, 1) : addIntervalZoned(value, length, 1, zoneOf(c));
  };
  scalar(`overlaps(${type}, ${type}, ${type}, ${type}) bool`, stampOverlap, NOT_STRICT);
  scalar(
    `overlaps(${type}, interval, ${type}, interval) bool`,
    (a: Timestamp, b: Interval, c: Timestamp, d: Interval, e: EvalContext) =>
      stampOverlap(a, plus(a, b, e), c, plus(c, d, e)),
    NOT_STRICT,
  );
  scalar(
    `overlaps(${type}, ${type}, ${type}, interval) bool`,
    (a: Timestamp, b: Timestamp, c: Timestamp, d: Interval, e: EvalContext) => stampOverlap(a, b, c, plus(c, d, e)),
    NOT_STRICT,
  );
  scalar(
    `overlaps(${type}, interval, ${type}, ${type}) bool`,
    (a: Timestamp, b: Interval, c: Timestamp, d: Timestamp, e: EvalContext) => stampOverlap(a, plus(a, b, e), c, d),
    NOT_STRICT,
  );
}
scalar('overlaps(timetz, timetz, timetz, timetz) bool', timeTzOverlap, NOT_STRICT);
