/** Intervals: all input spellings, and output in the four interval styles. */
import { SqlError } from '../sql-error.ts';
import { Interval } from '../values.ts';
import { MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND, two } from './calendar.ts';
import { formatFraction, formatTime } from './date-time-format.ts';
import { invalidDateTime } from './errors.ts';
import type { TextSettings } from './settings.ts';

type Unit =
  | 'micro'
  | 'milli'
  | 'second'
  | 'minute'
  | 'hour'
  | 'day'
  | 'week'
  | 'month'
  | 'quarter'
  | 'year'
  | 'decade'
  | 'century'
  | 'millennium';

const UNITS: Readonly<Record<string, Unit>> = {
  us: 'micro',
  usec: 'micro',
  usecs: 'micro',
  usecond: 'micro',
  useconds: 'micro',
  microsecond: 'micro',
  microseconds: 'micro',
  microsecon: 'micro',
  ms: 'milli',
  msec: 'milli',
  msecs: 'milli',
  msecond: 'milli',
  mseconds: 'milli',
  millisecond: 'milli',
  milliseconds: 'milli',
  millisecon: 'milli',
  s: 'second',
  sec: 'second',
  secs: 'second',
  second: 'second',
  seconds: 'second',
  m: 'minute',
  min: 'minute',
  mins: 'minute',
  minute: 'minute',
  minutes: 'minute',
  h: 'hour',
  hr: 'hour',
  hrs: 'hour',
  hour: 'hour',
  hours: 'hour',
  d: 'day',
  day: 'day',
  days: 'day',
  w: 'week',
  week: 'week',
  weeks: 'week',
  mon: 'month',
  mons: 'month',
  month: 'month',
  months: 'month',
  qtr: 'quarter',
  quarter: 'quarter',
  y: 'year',
  yr: 'year',
  yrs: 'year',
  year: 'year',
  years: 'year',
  dec: 'decade',
  decs: 'decade',
  decade: 'decade',
  decades: 'decade',
  c: 'century',
  cent: 'century',
  century: 'century',
  centuries: 'century',
  mil: 'millennium',
  mils: 'millennium',
  millennia: 'millennium',
  millennium: 'millennium',
  millenniums: 'millennium',
};

/** Sums up fields; fractions spill into smaller units as in the standard reading. */
class Accumulator {
  months = 0;
  days = 0;
  micros = 0;

  add(unit: Unit, value: number): void {
    const whole = Math.trunc(value);
    const fraction = value - whole;
    switch (unit) {
      case 'micro':
        this.micros += Math.round(value);
        break;
      case 'milli':
        this.micros += Math.round(value * 1000);
        break;
      case 'second':
        this.micros += Math.round(value * MICROS_PER_SECOND);
        break;
      case 'minute':
        this.micros += Math.round(value * MICROS_PER_MINUTE);
        break;
      case 'hour':
        this.micros += Math.round(value * MICROS_PER_HOUR);
        break;
      case 'day':
        this.days += whole;
        this.micros += Math.round(fraction * MICROS_PER_DAY);
        break;
      case 'week':
        this.days += whole * 7;
        this.#days(fraction * 7);
        break;
      case 'month':
        this.months += whole;
        this.#days(fraction * 30);
        break;
      case 'quarter':
        this.#months(value * 3);
        break;
      case 'year':
        this.months += Math.round(value * 12);
        break;
      case 'decade':
        this.months += Math.round(value * 120);
        break;
      case 'century':
        this.months += Math.round(value * 1200);
        break;
      default:
        this.months += Math.round(value * 12000);
    }
  }

  #months(value: number): void {
    this.add('month', value);
  }

  #days(value: number): void {
    const exact = Math.round(value * 1e9) / 1e9;
    const whole = Math.trunc(exact);
    this.days += whole;
    this.micros += Math.round((exact - whole) * MICROS_PER_DAY);
  }

  result(text: string): Interval {
    return checkedInterval(this.months, this.days, this.micros, () => fieldOverflow(text));
  }
}

function fieldOverflow(text: string): SqlError {
  return new SqlError('interval_field_overflow', {
    message: `interval field value out of range: "${text}"`,
    args: { value: text },
  });
}

export function checkedInterval(months: number, days: number, micros: number, fail: () => SqlError): Interval {
  if (!(Math.abs(months) <= 2147483647) || !(Math.abs(days) <= 2147483647) || !Number.isSafeInteger(micros))
    throw fail();
  return new Interval(months + 0, days + 0, micros + 0);
}

const TOKEN =
  /\s+|,|(?<time>[+-]?\d+:\d+(?::\d+)?(?:\.\d*)?)|(?<yearMonth>[+-]?\d+-\d+)|(?<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?(?![\d]))|(?<word>[a-z]+)|(?<at>@)/gy;

/** `fields` as in a type: 'year', 'day to second' ...: the unit of bare numbers, and what is kept. */
export function parseInterval(text: string, settings: TextSettings, fields?: string): Interval {
  const lower = text.trim().toLowerCase();
  if (/^-?p/.test(lower)) {
    const iso = parseIso(lower, text);
    if (iso !== undefined) return iso;
  }
  const fail = (): SqlError => invalidDateTime('interval', text);
  const tokens: { kind: string; text: string }[] = [];
  let at = 0;
  while (at < lower.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(lower);
    if (match === null || TOKEN.lastIndex === at) throw fail();
    at = TOKEN.lastIndex;
    for (const [kind, value] of Object.entries(match.groups ?? {}))
      if (value !== undefined) tokens.push({ kind, text: value });
  }
  if (tokens.length === 0) throw fail();
  const sum = new Accumulator();
  let ago = false;
  // SQL standard style: a leading minus governs every field when no other sign is written.
  const governs =
    settings.intervalStyle === 'sql_standard' &&
    lower.startsWith('-') &&
    !/.[+-]\d/.test(lower.slice(1).replace(/\d-\d/g, ''))
      ? -1
      : 1;
  let seen = false;
  const used = new Set<string>();
  const once = (...units: readonly string[]): void => {
    for (const unit of units) {
      if (used.has(unit)) throw fail();
      used.add(unit);
    }
  };
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as { kind: string; text: string };
    const sign = token.text.startsWith('-') ? -1 : 1;
    const factor = governs === -1 && !/^[+-]/.test(token.text) ? -1 : 1;
    if (token.kind === 'time') {
      once('hour', 'minute', 'second');
      readClock(token.text, sign * factor, fields, sum, text);
      seen = true;
    } else if (token.kind === 'yearMonth') {
      const [years = '0', months = '0'] = token.text.replace(/^[+-]/, '').split('-');
      once('year', 'month');
      if (Number(months) > 11) throw fieldOverflow(text);
      sum.months += sign * factor * (Number(years) * 12 + Number(months));
      seen = true;
    } else if (token.kind === 'number') {
      const next = tokens[i + 1];
      let unit: Unit | undefined;
      if (next?.kind === 'word' && next.text !== 'ago') {
        unit = UNITS[next.text];
        if (unit === undefined) throw fail();
        i++;
      } else unit = bareUnit(fields, next?.kind === 'time' || (fields === 'day to hour' && next?.kind === 'number'));
      once(unit);
      sum.add(unit, Number(token.text) * factor);
      seen = true;
    } else if (token.kind === 'word') {
      if (token.text === 'ago' && i > 0) ago = true;
      else throw fail();
    }
  }
  if (!seen) throw fail();
  if (ago) {
    sum.months = -sum.months;
    sum.days = -sum.days;
    sum.micros = -sum.micros;
  }
  return sum.result(text);
}

function bareUnit(fields: string | undefined, beforeTime: boolean): Unit {
  if (beforeTime) return 'day';
  const last = fields?.split(' ').at(-1);
  return last === undefined || last === '' ? 'second' : (UNITS[last] ?? 'second');
}

function readClock(token: string, sign: number, fields: string | undefined, sum: Accumulator, text: string): void {
  const match = /^[+-]?(\d+):(\d+)(?::(\d+))?(\.\d*)?$/.exec(token);
  if (match === null) throw invalidDateTime('interval', text);
  let hours = Number(match[1]);
  let minutes = Number(match[2]);
  let seconds = Number(match[3] ?? 0);
  if (match[3] === undefined && (match[4] !== undefined || fields === 'minute to second')) {
    seconds = minutes;
    minutes = hours;
    hours = 0;
  }
  if (minutes > 59 || seconds > 60) throw fieldOverflow(text);
  const fraction =
    match[4] === undefined || match[4] === '.' ? 0 : Math.round(Number(`0${match[4]}`) * MICROS_PER_SECOND);
  sum.micros += sign * (hours * MICROS_PER_HOUR + minutes * MICROS_PER_MINUTE + seconds * MICROS_PER_SECOND + fraction);
}

const ISO_UNITS = { y: 'year', m: 'month', w: 'week', d: 'day' } as const;
const ISO_TIME_UNITS = { h: 'hour', m: 'minute', s: 'second' } as const;

function parseIso(lower: string, text: string): Interval | undefined {
  const negative = lower.startsWith('-');
  const body = lower.slice(negative ? 2 : 1);
  const [datePart = '', timePart] = body.split('t');
  const sum = new Accumulator();
  const factor = negative ? -1 : 1;
  const alternative = /^([+-]?\d+)-(\d+)-(\d+)$/.exec(datePart);
  if (alternative !== null) {
    sum.months = factor * (Number(alternative[1]) * 12 + Number(alternative[2]));
    sum.days = factor * Number(alternative[3]);
  } else if (!readIsoPart(datePart, ISO_UNITS, factor, sum)) throw invalidDateTime('interval', text);
  if (timePart !== undefined) {
    const clock = /^(\d+):(\d+)(?::(\d+(?:\.\d*)?))?$/.exec(timePart);
    if (clock !== null)
      sum.micros +=
        factor * Math.round((Number(clock[1]) * 3600 + Number(clock[2]) * 60 + Number(clock[3] ?? 0)) * 1e6);
    else if (timePart === '' || !readIsoPart(timePart, ISO_TIME_UNITS, factor, sum))
      throw invalidDateTime('interval', text);
  } else if (datePart === '') throw invalidDateTime('interval', text);
  return sum.result(text);
}

function readIsoPart(part: string, units: Readonly<Record<string, Unit>>, factor: number, sum: Accumulator): boolean {
  let at = 0;
  const field = /([+-]?(?:\d+\.?\d*|\.\d+))([a-z])/y;
  while (at < part.length) {
    field.lastIndex = at;
    const match = field.exec(part);
    if (match === null) return false;
    const unit = units[match[2] as string];
    if (unit === undefined) return false;
    sum.add(unit, Number(match[1]) * factor);
    at = field.lastIndex;
  }
  return true;
}

/** Cuts an interval to the fields and precision of its type. */
export function restrictInterval(value: Interval, fields: string | undefined, precision: number | undefined): Interval {
  let { months, days, micros } = value;
  switch (fields) {
    case 'year':
      months = Math.trunc(months / 12) * 12;
      days = 0;
      micros = 0;
      break;
    case 'month':
    case 'year to month':
      days = 0;
      micros = 0;
      break;
    case 'day':
      micros = 0;
      break;
    case 'hour':
    case 'day to hour':
      micros = Math.trunc(micros / MICROS_PER_HOUR) * MICROS_PER_HOUR;
      break;
    case 'minute':
    case 'hour to minute':
    case 'day to minute':
      micros = Math.trunc(micros / MICROS_PER_MINUTE) * MICROS_PER_MINUTE;
      break;
    default:
  }
  if (precision !== undefined && precision < 6) {
    const unit = 10 ** (6 - precision);
    micros = (micros < 0 ? -Math.round(-micros / unit) : Math.round(micros / unit)) * unit;
  }
  return months === value.months && days === value.days && micros === value.micros
    ? value
    : new Interval(months + 0, days + 0, micros + 0);
}

export function formatInterval(value: Interval, settings: TextSettings): string {
  const years = Math.trunc(value.months / 12) + 0;
  const months = value.months - years * 12 + 0;
  const { days, micros } = value;
  switch (settings.intervalStyle) {
    case 'sql_standard':
      return sqlStandard(value, years, months);
    case 'iso_8601':
      return isoStyle(years, months, days, micros);
    case 'postgres_verbose':
      return verbose(years, months, days, micros);
    default:
      return plain(years, months, days, micros);
  }
}

function plain(years: number, months: number, days: number, micros: number): string {
  let text = '';
  let before = false;
  const part = (amount: number, unit: string): void => {
    if (amount === 0) return;
    text += `${text === '' ? '' : ' '}${before && amount > 0 ? '+' : ''}${amount} ${unit}${amount === 1 ? '' : 's'}`;
    before = amount < 0;
  };
  part(years, 'year');
  part(months, 'mon');
  part(days, 'day');
  if (text === '' || micros !== 0) {
    const sign = micros < 0 ? '-' : before ? '+' : '';
    text += `${text === '' ? '' : ' '}${sign}${formatTime(Math.abs(micros))}`;
  }
  return text;
}

function verbose(years: number, months: number, days: number, micros: number): string {
  let text = '@';
  let first = true;
  let negative = false;
  const part = (amount: number, fraction: string, unit: string): void => {
    if (amount === 0 && fraction === '') return;
    let shown = amount;
    if (first) {
      negative = amount < 0;
      shown = Math.abs(amount);
      first = false;
    } else if (negative) shown = -amount;
    text += ` ${shown}${fraction} ${unit}${Math.abs(amount) === 1 && fraction === '' && shown === 1 ? '' : 's'}`;
  };
  part(years, '', 'year');
  part(months, '', 'mon');
  part(days, '', 'day');
  const size = Math.abs(micros);
  const sign = micros < 0 ? -1 : 1;
  part(sign * Math.floor(size / MICROS_PER_HOUR), '', 'hour');
  part(sign * (Math.floor(size / MICROS_PER_MINUTE) % 60), '', 'min');
  const seconds = Math.floor(size / MICROS_PER_SECOND) % 60;
  const fraction = formatFraction(size % MICROS_PER_SECOND);
  if (seconds !== 0 || fraction !== '') {
    if (first) {
      negative = micros < 0;
      text += ` ${seconds}${fraction} sec${seconds === 1 && fraction === '' ? '' : 's'}`;
      first = false;
    } else {
      const minus = negative !== micros < 0 ? '-' : '';
      text += ` ${minus}${seconds}${fraction} sec${minus === '' && seconds === 1 && fraction === '' ? '' : 's'}`;
    }
  }
  if (first) return '@ 0';
  return negative ? `${text} ago` : text;
}

function sqlStandard(value: Interval, years: number, months: number): string {
  const { days, micros } = value;
  const negative = value.months < 0 || days < 0 || micros < 0;
  const positive = value.months > 0 || days > 0 || micros > 0;
  const size = Math.abs(micros);
  const hours = Math.floor(size / MICROS_PER_HOUR);
  const rest = `${two(Math.floor(size / MICROS_PER_MINUTE) % 60)}:${two(Math.floor(size / MICROS_PER_SECOND) % 60)}${formatFraction(size % MICROS_PER_SECOND)}`;
  if (!negative && !positive) return '0';
  const hasYears = value.months !== 0;
  const hasDays = days !== 0;
  const hasTime = micros !== 0;
  if ((hasYears && (hasDays || hasTime)) || (negative && positive)) {
    const y = value.months < 0 ? '-' : '+';
    const d = days < 0 ? '-' : '+';
    const t = micros < 0 ? '-' : '+';
    return `${y}${Math.abs(years)}-${Math.abs(months)} ${d}${Math.abs(days)} ${t}${hours}:${rest}`;
  }
  const sign = negative ? '-' : '';
  if (hasYears) return `${sign}${Math.abs(years)}-${Math.abs(months)}`;
  if (hasDays) return `${sign}${Math.abs(days)} ${hours}:${rest}`;
  return `${sign}${hours}:${rest}`;
}

function isoStyle(years: number, months: number, days: number, micros: number): string {
  let text = 'P';
  if (years !== 0) text += `${years}Y`;
  if (months !== 0) text += `${months}M`;
  if (days !== 0) text += `${days}D`;
  if (micros !== 0) {
    text += 'T';
    const sign = micros < 0 ? '-' : '';
    const size = Math.abs(micros);
    const hours = Math.floor(size / MICROS_PER_HOUR);
    const minutes = Math.floor(size / MICROS_PER_MINUTE) % 60;
    const seconds = Math.floor(size / MICROS_PER_SECOND) % 60;
    const fraction = formatFraction(size % MICROS_PER_SECOND);
    if (hours !== 0) text += `${sign}${hours}H`;
    if (minutes !== 0) text += `${sign}${minutes}M`;
    if (seconds !== 0 || fraction !== '') text += `${sign}${seconds}${fraction}S`;
  }
  return text === 'P' ? 'PT0S' : text;
}
