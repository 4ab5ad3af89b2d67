/**
 * Sums and differences of dates, instants and spans of time in units, where any value may stand for a date: a text is read as one
 * and gives a text. What leaves the calendar (years 0 to 9999) is NULL with a warning.
 */
import {
  civilFromDays,
  daysFromCivil,
  joinMicros,
  MICROS_PER_DAY,
  MICROS_PER_HOUR,
  MICROS_PER_MINUTE,
  MICROS_PER_SECOND,
  splitMicros,
} from '../../sblr/contract/text/calendar.ts';
import { dateText, instantText, timeText } from '../../sblr/contract/text/plain.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { Decimal, type SqlValue } from '../../sblr/contract/values.ts';
import { addMonths, type Timestamp, toLocal } from '../types/date-time.ts';
import { decimalToNumber } from '../types/decimal.ts';
import { type Integer } from '../types/integers.ts';
import { instantOfNumber, readInstant, readTime } from '../types/lenient-date-time.ts';
import { DAYS_BEFORE_EPOCH } from './calendar-parts.ts';
import { instantWarning } from './free-conversion.ts';
import type { EvalContext } from './function.ts';
import { type Implementation, scalar, scalarFor } from './table.ts';

const FIRST_DAY = daysFromCivil(0, 1, 1);
const END_DAY = daysFromCivil(10_000, 1, 1);
const MAX_SPAN = 838 * MICROS_PER_HOUR + 59 * MICROS_PER_MINUTE + 59 * MICROS_PER_SECOND;

function overflow(context: EvalContext, name: string): null {
  context.notice({
    severity: 'warning',
    condition: 'datetime_field_overflow',
    details: { message: 'date out of range', variant: 'function', args: { function: name } },
  });
  return null;
}

// ---- amounts

/** So many months and microseconds: what an interval in units comes to. */
interface Amount {
  readonly months: number;
  readonly micros: number;
}

const MONTHS: Readonly<Record<string, number>> = { month: 1, quarter: 3, year: 12 };
const MICROS: Readonly<Record<string, number>> = {
  microsecond: 1,
  second: MICROS_PER_SECOND,
  minute: MICROS_PER_MINUTE,
  hour: MICROS_PER_HOUR,
  day: MICROS_PER_DAY,
  week: 7 * MICROS_PER_DAY,
};
/** Units of several fields, from the highest to the lowest. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  year_month: ['year', 'month'],
  day_hour: ['day', 'hour'],
  day_minute: ['day', 'hour', 'minute'],
  day_second: ['day', 'hour', 'minute', 'second'],
  day_microsecond: ['day', 'hour', 'minute', 'second', 'microsecond'],
  hour_minute: ['hour', 'minute'],
  hour_second: ['hour', 'minute', 'second'],
  hour_microsecond: ['hour', 'minute', 'second', 'microsecond'],
  minute_second: ['minute', 'second'],
  minute_microsecond: ['minute', 'second', 'microsecond'],
  second_microsecond: ['second', 'microsecond'],
};

function amountOf(count: number, unit: string): Amount {
  const months = MONTHS[unit];
  return months === undefined
    ? { months: 0, micros: count * (MICROS[unit] ?? 0) }
    : { months: count * months, micros: 0 };
}

/** '1 2:03' as day_minute: numbers from the right, whatever stands between them; fewer numbers than fields leave out the highest. */
function amountOfFields(text: string, unit: string): Amount {
  const fields = FIELDS[unit] ?? [];
  const numbers = text.match(/\d+/g) ?? [];
  const sign = /^[^\d]*-/.test(text) ? -1 : 1;
  let months = 0;
  let micros = 0;
  const used = fields.slice(Math.max(0, fields.length - numbers.length));
  used.forEach((field, i) => {
    const digits = numbers[i] as string;
    // A fraction of a second is written as one: .5 is half a second.
    const count = field === 'microsecond' ? Number(digits.padEnd(6, '0').slice(0, 6)) : Number(digits);
    const part = amountOf(sign * count, field);
    months += part.months;
    micros += part.micros;
  });
  return { months, micros };
}

// ---- adding an amount to a date, an instant, a span of time, or a text

/** The finest part of an amount decides what becomes of a date. */
type Grain = 'date' | 'time' | 'fraction';

const INSTANT_TEXT: SqlType = Object.freeze({ kind: 'text', length: 29, declared: 'varchar' });

function sumType(grain: Grain): (types: readonly SqlType[]) => SqlType {
  return ([type]) => {
    const precision = grain === 'fraction' ? 6 : (type?.precision ?? 0);
    switch (type?.kind) {
      case 'date':
        return grain === 'date' ? { kind: 'date' } : { kind: 'timestamp', precision };
      case 'timestamp':
      case 'timestamptz':
        return { kind: 'timestamp', precision };
      case 'time':
        return { kind: 'time', precision };
      default:
        return INSTANT_TEXT;
    }
  };
}

function shift(
  days: number,
  micros: number,
  { months, micros: more }: Amount,
): { days: number; micros: number } | null {
  if (days === -Infinity) return null;
  let day = days;
  if (months !== 0) {
    const date = civilFromDays(days);
    const year = date.year + Math.floor((date.month - 1 + months) / 12);
    if (!(year >= 0 && year <= 9999)) return null;
    day = addMonths(days, months);
  }
  const total = micros + more;
  if (!Number.isSafeInteger(total)) return null;
  const carry = Math.floor(total / MICROS_PER_DAY);
  day += carry;
  return day < FIRST_DAY || day >= END_DAY ? null : { days: day, micros: total - carry * MICROS_PER_DAY };
}

type Add = (value: SqlValue, amount: Amount, context: EvalContext) => SqlValue;

function addTo(type: SqlType, grain: Grain): Add {
  switch (type.kind) {
    case 'date':
      return (value, amount, context) => {
        if (value === -Infinity) return null;
        const sum = shift(value as number, 0, amount);
        if (sum === null) return overflow(context, 'date_add_interval');
        return grain === 'date' ? sum.days : joinMicros(sum.days, sum.micros);
      };
    case 'timestamp':
    case 'timestamptz':
      return (value, amount, context) => {
        const local =
          type.kind === 'timestamptz' ? toLocal(value as Timestamp, context.text.timeZone) : (value as Timestamp);
        const { days, micros } = splitMicros(local);
        if (days === -Infinity) return null;
        const sum = shift(days, micros, amount);
        return sum === null ? overflow(context, 'date_add_interval') : joinMicros(sum.days, sum.micros);
      };
    case 'time':
      return (value, amount, context) => {
        const sum = (value as number) + amount.micros;
        return amount.months !== 0 || Math.abs(sum) > MAX_SPAN ? overflow(context, 'time') : sum;
      };
    default:
      return (value, amount, context) => addToText(value, amount, grain, context);
  }
}

function addToText(value: SqlValue, amount: Amount, grain: Grain, context: EvalContext): SqlValue {
  const text = textOf(value);
  const read = typeof value === 'number' || typeof value === 'bigint' ? instantOfNumber(value) : readInstant(text);
  if (read === undefined) {
    instantWarning(context, 'datetime', text);
    return null;
  }
  if (read.rest) instantWarning(context, 'datetime', text, 'truncated');
  const sum = shift(read.days, read.micros, amount);
  if (sum === null) return overflow(context, 'date_add_interval');
  if (grain === 'date' && !read.hasTime) return dateText(sum.days);
  return instantText(joinMicros(sum.days, sum.micros), sum.micros % MICROS_PER_SECOND === 0 ? 0 : 6);
}

function textOf(value: SqlValue): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : String(value);
}

for (const grain of ['date', 'time', 'fraction'] as const) {
  const options = { result: sumType(grain) };
  // The direction is 1 to add, -1 to subtract.
  scalarFor(
    `shift_by_${grain}_unit(any, int64, text, int32) text`,
    ([type]) => {
      const add = addTo(type as SqlType, grain);
      return (value: SqlValue, count: Integer, unit: string, direction: number, context: EvalContext) =>
        add(value, amountOf(Number(count) * direction, unit), context);
    },
    options,
  );
  scalarFor(
    `shift_by_${grain}_fields(any, text, text, int32) text`,
    ([type]) => {
      const add = addTo(type as SqlType, grain);
      return (value: SqlValue, text: string, unit: string, direction: number, context: EvalContext) => {
        const { months, micros } = amountOfFields(text, unit);
        return add(value, { months: months * direction, micros: micros * direction }, context);
      };
    },
    options,
  );
}
/** Seconds may have a fraction, which shows where there is one. */
scalarFor(
  'shift_by_seconds(any, any, text, int32) text',
  ([type, amountType]) => {
    const add = addTo(type as SqlType, secondsGrain(amountType));
    return (value: SqlValue, amount: SqlValue, _unit: string, direction: number, context: EvalContext) => {
      const seconds = amount instanceof Decimal ? decimalToNumber(amount) : Number.parseFloat(textOf(amount)) || 0;
      return add(value, { months: 0, micros: Math.round(seconds * MICROS_PER_SECOND) * direction }, context);
    };
  },
  {
    result: ([type, amountType]) => {
      const sum = sumType(secondsGrain(amountType))([type as SqlType]);
      if (sum.precision === undefined || amountType?.kind !== 'decimal') return sum;
      return { ...sum, precision: Math.max(type?.precision ?? 0, fractionDigits(amountType)) };
    },
  },
);
function secondsGrain(type: SqlType | undefined): Grain {
  return type?.kind === 'decimal' || type?.kind === 'float64' || type?.kind === 'text' ? 'fraction' : 'time';
}

// ---- differences

scalar('units_between(text, timestamp, timestamp) int64', (unit: string, from: Timestamp, to: Timestamp) => {
  if (from === -Infinity || to === -Infinity) return null;
  const months = MONTHS[unit];
  const a = splitMicros(from);
  const b = splitMicros(to);
  if (months === undefined) {
    const micros = (b.days - a.days) * MICROS_PER_DAY + b.micros - a.micros;
    return Math.trunc(micros / (MICROS[unit] ?? 1)) + 0;
  }
  const backwards = b.days < a.days || (b.days === a.days && b.micros < a.micros);
  const [early, late] = backwards ? [b, a] : [a, b];
  const x = civilFromDays(early.days);
  const y = civilFromDays(late.days);
  let count = (y.year - x.year) * 12 + y.month - x.month;
  if (y.day < x.day || (y.day === x.day && late.micros < early.micros)) count--;
  return Math.trunc((backwards ? -count : count) / months) + 0;
});
scalar('days_between(timestamp, timestamp) int32', (a: Timestamp, b: Timestamp) =>
  a === -Infinity || b === -Infinity ? null : splitMicros(a).days - splitMicros(b).days,
);

/** A value as a span of time or an instant; undefined = neither. */
type Moment = { readonly instant: boolean; readonly days: number; readonly micros: number } | undefined;

function momentOf(type: SqlType): (value: SqlValue, context: EvalContext) => Moment {
  switch (type.kind) {
    case 'time':
      return (value) => ({ instant: false, days: 0, micros: value as number });
    case 'date':
      return (value) => ({ instant: true, days: value as number, micros: 0 });
    case 'timestamp':
      return (value) => ({ instant: true, ...splitMicros(value as Timestamp) });
    case 'timestamptz':
      return (value, context) => ({
        instant: true,
        ...splitMicros(toLocal(value as Timestamp, context.text.timeZone)),
      });
    default:
      return (value, context) => {
        const text = textOf(value);
        if (text.includes('-', 1)) {
          const read = readInstant(text);
          if (read !== undefined) return { instant: true, days: read.days, micros: read.micros };
        }
        const read = readTime(text);
        if (read === undefined) instantWarning(context, 'time', text);
        return read === undefined ? undefined : { instant: false, days: 0, micros: read.micros };
      };
  }
}

function bounded(micros: number, context: EvalContext): number {
  if (Math.abs(micros) <= MAX_SPAN) return micros;
  instantWarning(context, 'time', timeText(micros, 0), 'truncated');
  return micros < 0 ? -MAX_SPAN : MAX_SPAN;
}

const finer = (types: readonly SqlType[]): number =>
  Math.max(...types.map((type) => (type.kind === 'text' ? 6 : (type.precision ?? 0))));

scalarFor(
  'time_between(any, any) time',
  ([first, second]) => {
    const a = momentOf(first as SqlType);
    const b = momentOf(second as SqlType);
    return (x: SqlValue, y: SqlValue, context: EvalContext) => {
      const end = a(x, context);
      const start = b(y, context);
      if (end === undefined || start === undefined || end.instant !== start.instant) return null;
      return bounded((end.days - start.days) * MICROS_PER_DAY + end.micros - start.micros, context);
    };
  },
  { result: (types) => ({ kind: 'time', precision: finer(types) }) },
);

/** Time added to an instant or to a span of time: an instant, a span, or the text of either. */
function shiftByTime(direction: 1 | -1): (types: readonly SqlType[]) => Implementation {
  return ([first, second]) => {
    const type = first as SqlType;
    const start = momentOf(type);
    const amount = momentOf(second as SqlType);
    return (x: SqlValue, y: SqlValue, context: EvalContext) => {
      const from = start(x, context);
      const more = amount(y, context);
      if (from === undefined || more === undefined || more.instant) return null;
      const micros = from.micros + direction * more.micros;
      const fraction = micros % MICROS_PER_SECOND === 0 ? 0 : 6;
      if (!from.instant) {
        const sum = bounded(micros, context);
        return type.kind === 'time' ? sum : timeText(sum, fraction);
      }
      const sum = shift(from.days, micros, { months: 0, micros: 0 });
      if (sum === null) return overflow(context, 'add_time');
      const instant = joinMicros(sum.days, sum.micros);
      return isInstant(type) ? instant : instantText(instant, fraction);
    };
  };
}
const isInstant = (type: SqlType): boolean =>
  type.kind === 'timestamp' || type.kind === 'timestamptz' || type.kind === 'date';
const shiftedType = ([first, second]: readonly SqlType[]): SqlType => {
  const type = first as SqlType;
  const precision = finer([type, second as SqlType]);
  if (type.kind === 'time') return { kind: 'time', precision };
  return isInstant(type) ? { kind: 'timestamp', precision } : INSTANT_TEXT;
};
scalarFor('add_time(any, any) text', shiftByTime(1), { result: shiftedType });
scalarFor('subtract_time(any, any) text', shiftByTime(-1), { result: shiftedType });

/** The time of an instant, or a span of time as it is. */
scalarFor(
  'time_part_of(any) time',
  ([type]) => {
    const moment = momentOf(type as SqlType);
    return (value: SqlValue, context: EvalContext) => moment(value, context)?.micros ?? null;
  },
  { result: (types) => ({ kind: 'time', precision: finer(types) }) },
);

// ---- dates and times of numbers

scalar('date_of_day_number(int64) date', (days: Integer) => {
  const day = Number(days) - DAYS_BEFORE_EPOCH;
  return day < FIRST_DAY || day >= END_DAY ? null : day;
});
scalar('date_of_year_day(int64, int64) date', (year: Integer, dayOfYear: Integer) => {
  const full = year < 0 ? -1 : year < 70 ? Number(year) + 2000 : year < 100 ? Number(year) + 1900 : Number(year);
  if (full < 0 || full > 9999 || dayOfYear < 1) return null;
  const day = daysFromCivil(full, 1, 1) + Number(dayOfYear) - 1;
  return day >= END_DAY ? null : day;
});
scalarFor(
  'time_of_parts(int64, int64, any) time',
  () => (hour: Integer, minute: Integer, seconds: SqlValue, context: EvalContext) => {
    const second = secondsOf(seconds);
    if (minute < 0 || minute > 59 || second < 0 || second >= 60) return null;
    const size =
      Math.abs(Number(hour)) * MICROS_PER_HOUR + Number(minute) * MICROS_PER_MINUTE + Math.round(second * 1e6);
    return bounded(hour < 0 ? -size : size, context);
  },
  { result: ([, , type]) => ({ kind: 'time', precision: fractionDigits(type) }) },
);
scalarFor(
  'time_of_seconds(any) time',
  () => (seconds: SqlValue, context: EvalContext) => bounded(Math.round(secondsOf(seconds) * 1e6), context),
  { result: ([type]) => ({ kind: 'time', precision: fractionDigits(type) }) },
);
scalar('seconds_of_time(time) int64', (micros: number) => Math.trunc(micros / MICROS_PER_SECOND) + 0);

function secondsOf(value: SqlValue): number {
  return value instanceof Decimal ? decimalToNumber(value) : Number.parseFloat(textOf(value)) || 0;
}
/** Fractional digits that seconds of a type may have. */
export function fractionDigits(type: SqlType | undefined): number {
  if (type?.kind === 'decimal') return Math.min(type.scale ?? 6, 6);
  return type?.kind === 'text' || type?.kind === 'float64' || type?.kind === 'float32' ? 6 : 0;
}

// ---- months as YYYYMM

function monthsOfPeriod(period: Integer): number {
  const value = Number(period);
  const year = Math.floor(value / 100);
  return (year < 70 ? year + 2000 : year < 100 ? year + 1900 : year) * 12 + (value % 100) - 1;
}
scalar('add_months_to_period(int64, int64) int64', (period: Integer, count: Integer) => {
  const months = monthsOfPeriod(period) + Number(count);
  return Math.floor(months / 12) * 100 + (months % 12) + 1;
});
scalar('months_between_periods(int64, int64) int64', (a: Integer, b: Integer) => monthsOfPeriod(a) - monthsOfPeriod(b));
