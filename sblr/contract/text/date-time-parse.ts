/**
 * Dates and times from text: every spelling the Postgres date/time input accepts, in two steps. The
 * text is cut into fields (numbers, dates, times, words, zones), then the fields are read in turn with
 * the session's date order deciding between ambiguous ones. A fast path reads the ISO form.
 */
import { SqlError } from '../sql-error.ts';
import { TimeTz } from '../values.ts';
import {
  civilFromDays,
  daysFromCivil,
  daysInMonth,
  END_TIMESTAMP_DAYS,
  joinMicros,
  MAX_DATE_DAYS,
  MICROS_PER_DAY,
  MICROS_PER_HOUR,
  MICROS_PER_MINUTE,
  MICROS_PER_SECOND,
  MIN_DATE_DAYS,
  splitMicros,
} from './calendar.ts';
import { cutFields, type Field, MONTHS } from './date-time-fields.ts';
import { fieldOutOfRange, invalidDateTime } from './errors.ts';
import type { TextSettings } from './settings.ts';
import { offsetForLocal, timeZoneByName, type TimeZone, ZONE_ABBREVIATIONS } from './time-zone.ts';

/** What the fields of a text add up to. */
interface Parsed {
  special?: 'infinity' | '-infinity' | 'now' | 'epoch' | 'today' | 'tomorrow' | 'yesterday';
  year?: number;
  month?: number;
  day?: number;
  yearDay?: number;
  julian?: number;
  micros?: number;
  hasTime: boolean;
  half?: 'am' | 'pm';
  bc: boolean;
  /** Seconds east. */
  offset?: number;
  zone?: TimeZone;
  twoDigitYear: boolean;
}

const WEEKDAYS =
  /^(sun|mon|tue|tues|wed|weds|thu|thur|thurs|fri|sat|sunday|monday|tuesday|wednesday|thursday|friday|saturday)$/;
function parseFields(text: string, type: string, settings: TextSettings): Parsed {
  const fail = (): SqlError => invalidDateTime(type, text);
  const fields = cutFields(text, fail);
  if (fields.length === 0) throw fail();
  const parsed: Parsed = { hasTime: false, bc: false, twoDigitYear: false };
  const numbers: string[] = [];
  for (let i = 0; i < fields.length; i++) {
    const field = fields[i] as Field;
    switch (field.kind) {
      case 'time':
        if (parsed.hasTime) throw fail();
        readTime(field.text, parsed, text, fail);
        break;
      case 'date':
        // '+05' follows a time as '1-2' never does: a date only once.
        if (parsed.day !== undefined || parsed.julian !== undefined) throw fail();
        readDate(field.text, parsed, settings, fail);
        break;
      case 'zone':
        if (parsed.offset !== undefined || parsed.zone !== undefined) {
          // 'UTC+3' and the like: a word, then an offset of the opposite sign convention.
          throw fail();
        }
        if (!parsed.hasTime && numbers.length > 0 && parsed.day === undefined) throw fail();
        parsed.offset = readOffset(field.text, text);
        break;
      case 'number':
        if (!readNumber(field.text, parsed, numbers, fields[i - 1], fail, text)) numbers.push(field.text);
        break;
      default:
        readWord(field.text, parsed, fields, i, text, fail);
    }
  }
  if (numbers.length > 0) readLooseNumbers(numbers, parsed, settings, fail);
  if (parsed.half !== undefined) {
    if (parsed.micros === undefined) throw fail();
    const hours = Math.floor(parsed.micros / MICROS_PER_HOUR);
    if (hours > 12) throw fieldOutOfRange(text);
    if (parsed.half === 'pm' && hours !== 12) parsed.micros += 12 * MICROS_PER_HOUR;
    else if (parsed.half === 'am' && hours === 12) parsed.micros -= 12 * MICROS_PER_HOUR;
  }
  return parsed;
}

function readTime(field: string, parsed: Parsed, text: string, fail: () => SqlError): void {
  const match = /^(\d+):(\d+)(?::(\d+))?(\.\d*)?$/.exec(field);
  if (match === null) throw fail();
  let hours = Number(match[1]);
  let minutes = Number(match[2]);
  let seconds = Number(match[3] ?? 0);
  if (match[3] === undefined && match[4] !== undefined) {
    // mm:ss.fff
    seconds = minutes;
    minutes = hours;
    hours = 0;
  }
  const fraction = readFraction(match[4]);
  parsed.micros = checkedTime(hours, minutes, seconds, fraction, text);
  parsed.hasTime = true;
}

function readFraction(text: string | undefined): number {
  return text === undefined || text === '.' ? 0 : Math.round(Number(`0${text}`) * MICROS_PER_SECOND);
}

function checkedTime(hours: number, minutes: number, seconds: number, fraction: number, text: string): number {
  const micros = hours * MICROS_PER_HOUR + minutes * MICROS_PER_MINUTE + seconds * MICROS_PER_SECOND + fraction;
  if (minutes > 59 || seconds > 60 || hours > 24 || micros > MICROS_PER_DAY) throw fieldOutOfRange(text);
  return micros;
}

function readOffset(field: string, text: string): number {
  const negative = field.startsWith('-');
  const body = field.slice(1);
  let hours: number;
  let minutes = 0;
  let seconds = 0;
  if (body.includes(':')) {
    const parts = body.split(':').map(Number);
    hours = parts[0] as number;
    minutes = parts[1] ?? 0;
    seconds = parts[2] ?? 0;
  } else if (body.length > 4) {
    hours = Number(body.slice(0, -4));
    minutes = Number(body.slice(-4, -2));
    seconds = Number(body.slice(-2));
  } else if (body.length > 2) {
    hours = Number(body.slice(0, -2));
    minutes = Number(body.slice(-2));
  } else hours = Number(body);
  if (hours > 15 || minutes > 59 || seconds > 59) {
    throw new SqlError('invalid_time_zone_displacement_value', {
      message: `time zone displacement out of range: "${text}"`,
    });
  }
  const offset = hours * 3600 + minutes * 60 + seconds;
  return negative ? -offset : offset;
}

function readDate(field: string, parsed: Parsed, settings: TextSettings, fail: () => SqlError): void {
  const parts = field.split(/[-/.]/);
  if (parts.length === 2) {
    // 1999.007 or 99-007: year and day of year; else incomplete.
    if ((parts[1] as string).length === 3) {
      parsed.year = readYear(parts[0] as string, parsed);
      parsed.yearDay = Number(parts[1]);
      parsed.month = 1;
      parsed.day = 1;
      return;
    }
    throw fail();
  }
  if (parts.length !== 3) throw fail();
  const [a = '', b = '', c = ''] = parts;
  const wordAt = parts.findIndex((part) => /[a-z]/.test(part));
  if (wordAt >= 0) {
    const month = MONTHS[parts[wordAt] as string];
    if (month === undefined) throw fail();
    parsed.month = month;
    const rest = parts.filter((_, index) => index !== wordAt);
    const [first = '', second = ''] = rest;
    const yearFirst = wordAt === 1 && (first.length > 2 || (settings.dateOrder === 'ymd' && second.length <= 2));
    parsed.day = Number(yearFirst ? second : first);
    parsed.year = readYear(yearFirst ? first : second, parsed);
    return;
  }
  if (a.length >= 3) setDate(parsed, a, b, c);
  else if (settings.dateOrder === 'ymd') setDate(parsed, a, b, c);
  else if (settings.dateOrder === 'dmy') setDate(parsed, c, b, a);
  else setDate(parsed, c, a, b);
}

function setDate(parsed: Parsed, year: string, month: string, day: string): void {
  parsed.year = readYear(year, parsed);
  parsed.month = Number(month);
  parsed.day = Number(day);
}

function readYear(text: string, parsed: Parsed): number {
  const year = Number(text);
  parsed.twoDigitYear = text.length <= 2;
  return year;
}

/** Numbers whose meaning stands by themselves: 19990108, 040506, fractions after 't', Julian days. */
function readNumber(
  text: string,
  parsed: Parsed,
  numbers: string[],
  previous: Field | undefined,
  fail: () => SqlError,
  whole: string,
): boolean {
  if (previous?.kind === 'word' && previous.text === 'j') {
    parsed.julian = Number(text);
    return true;
  }
  const digits = text.replace(/\..*$/, '');
  const dated = parsed.day !== undefined || parsed.julian !== undefined;
  const afterT = previous?.kind === 'word' && previous.text === 't';
  if (!parsed.hasTime && (afterT || (dated && numbers.length === 0 && (digits.length === 4 || digits.length === 6)))) {
    if (dated && !afterT && parsed.year === undefined) return false;
    if (digits.length !== 2 && digits.length !== 4 && digits.length !== 6) throw fail();
    parsed.micros = checkedTime(
      Number(digits.slice(0, 2)),
      Number(digits.slice(2, 4) || 0),
      Number(digits.slice(4, 6) || 0),
      readFraction(text.includes('.') ? text.slice(text.indexOf('.')) : undefined),
      whole,
    );
    parsed.hasTime = true;
    return true;
  }
  if (text.includes('.')) {
    // 1999.007 without a month: year and day of the year.
    const match = /^(\d{4})\.(\d{3})$/.exec(text);
    if (match === null || dated) throw fail();
    parsed.year = Number(match[1]);
    parsed.yearDay = Number(match[2]);
    parsed.month = 1;
    parsed.day = 1;
    return true;
  }
  if (dated || numbers.length > 0) {
    if (dated && parsed.year !== undefined && parsed.month !== undefined) throw fail();
    return false;
  }
  if (digits.length === 8 || (digits.length === 6 && parsed.month === undefined)) {
    const yearDigits = digits.length - 4;
    setDate(
      parsed,
      digits.slice(0, yearDigits),
      digits.slice(yearDigits, yearDigits + 2),
      digits.slice(yearDigits + 2),
    );
    return true;
  }
  return false;
}

/** Numbers next to a month name, or three bare numbers. */
function readLooseNumbers(
  numbers: readonly string[],
  parsed: Parsed,
  settings: TextSettings,
  fail: () => SqlError,
): void {
  if (parsed.month !== undefined && parsed.day === undefined && numbers.length === 2) {
    const [a = '', b = ''] = numbers;
    const yearFirst = a.length > 2 || (settings.dateOrder === 'ymd' && b.length <= 2);
    parsed.year = readYear(yearFirst ? a : b, parsed);
    parsed.day = Number(yearFirst ? b : a);
    return;
  }
  if (parsed.month === undefined && numbers.length === 3) {
    readDate(numbers.join('-'), parsed, settings, fail);
    return;
  }
  throw fail();
}

function readWord(
  word: string,
  parsed: Parsed,
  fields: readonly Field[],
  index: number,
  text: string,
  fail: () => SqlError,
): void {
  switch (word) {
    case 'infinity':
    case '+infinity':
    case 'inf':
      parsed.special = 'infinity';
      return;
    case '-infinity':
    case '-inf':
      parsed.special = '-infinity';
      return;
    case 'now':
    case 'epoch':
    case 'today':
    case 'tomorrow':
    case 'yesterday':
      parsed.special = word;
      return;
    case 'allballs':
      parsed.micros = 0;
      parsed.hasTime = true;
      parsed.offset = 0;
      return;
    case 'am':
    case 'a':
      parsed.half = 'am';
      return;
    case 'pm':
    case 'p':
      parsed.half = 'pm';
      return;
    case 'bc':
    case 'b':
      parsed.bc = true;
      return;
    case 'ad':
    case 'at':
    case 'on':
    case 'of':
    case 'dst':
      return;
    case 't':
      if (parsed.day === undefined && fields[index + 1] === undefined) throw fail();
      return;
    case 'j': {
      if (fields[index + 1]?.kind !== 'number') throw fail();
      return;
    }
    default:
  }
  const month = MONTHS[word];
  if (month !== undefined) {
    if (parsed.month !== undefined) throw fail();
    parsed.month = month;
    return;
  }
  if (WEEKDAYS.test(word)) return;
  if (parsed.offset !== undefined || parsed.zone !== undefined) throw fail();
  const abbreviation = ZONE_ABBREVIATIONS[word];
  if (abbreviation !== undefined) {
    const next = fields[index + 1];
    if (next?.kind === 'zone' && /^(utc|gmt|z)$/.test(word)) throw fail();
    parsed.offset = abbreviation;
    return;
  }
  const zone = /^[a-z]{3,}|\//.test(word) ? timeZoneByName(word) : undefined;
  if (zone === undefined) {
    if (word.includes('/'))
      throw new SqlError('invalid_parameter_value', {
        message: `time zone "${word}" not recognized`,
        args: { name: word },
      });
    throw fail();
  }
  parsed.zone = zone;
}

/** Days since 1970 of the date part; checks month, day and year. */
function dateOf(parsed: Parsed, text: string, type: string): number {
  if (parsed.julian !== undefined) return Math.floor(parsed.julian) - 2_440_588;
  if (parsed.year === undefined || parsed.month === undefined || parsed.day === undefined)
    throw invalidDateTime(type, text);
  let { year } = parsed;
  if (parsed.bc) {
    if (year <= 0) throw fieldOutOfRange(text);
    year = 1 - year;
  } else if (parsed.twoDigitYear) year += year < 70 ? 2000 : 1900;
  else if (year <= 0) throw fieldOutOfRange(text);
  if (year > 5_874_897) throw outOfRange(type, text);
  if (parsed.yearDay !== undefined) {
    if (parsed.yearDay < 1 || parsed.yearDay > 366) throw fieldOutOfRange(text);
    return daysFromCivil(year, 1, parsed.yearDay);
  }
  if (parsed.month < 1 || parsed.month > 12) throw fieldOutOfRange(text, true);
  if (parsed.day < 1 || parsed.day > 31) throw fieldOutOfRange(text, true);
  if (parsed.day > daysInMonth(year, parsed.month)) throw fieldOutOfRange(text);
  return daysFromCivil(year, parsed.month, parsed.day);
}

function outOfRange(type: string, text: string): SqlError {
  const base = type.startsWith('timestamp') ? 'timestamp' : type;
  return new SqlError('datetime_field_overflow', {
    message: `${base} out of range: "${text}"`,
    args: { type: base, value: text },
  });
}

function now(settings: TextSettings): number {
  return settings.now?.() ?? Date.now() * 1000;
}

/** Today's date in the session's zone. */
function today(settings: TextSettings): number {
  const utc = now(settings);
  return splitMicros(utc + settings.timeZone.spanAt(Math.floor(utc / 1e6)).offset * 1e6).days;
}

const ISO_DATE = /^(\d{4})-(\d\d)-(\d\d)$/;

export function parseDate(text: string, settings: TextSettings): number {
  const fast = ISO_DATE.exec(text);
  if (fast !== null) {
    const year = Number(fast[1]);
    const month = Number(fast[2]);
    const day = Number(fast[3]);
    if (year > 0 && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month))
      return daysFromCivil(year, month, day);
  }
  const parsed = parseFields(text, 'date', settings);
  switch (parsed.special) {
    case 'infinity':
      return Infinity;
    case '-infinity':
      return -Infinity;
    case 'epoch':
      return 0;
    case 'now':
    case 'today':
      return today(settings);
    case 'tomorrow':
      return today(settings) + 1;
    case 'yesterday':
      return today(settings) - 1;
    default:
  }
  const days = dateOf(parsed, text, 'date');
  if (days < MIN_DATE_DAYS || days > MAX_DATE_DAYS) throw outOfRange('date', text);
  return days;
}

/** Rounds microseconds to a number of fractional digits. */
export function roundMicros(value: number, precision: number | undefined): number {
  if (precision === undefined || precision >= 6) return value;
  const unit = 10 ** (6 - precision);
  return (value < 0 ? -Math.round(-value / unit) : Math.round(value / unit)) * unit;
}

/** '040506' and '0405' at the start are a time where a time is expected: written with colons. */
function withColons(text: string): string {
  return text.replace(
    /^\s*(\d\d)(\d\d)(\d\d)?(?=\.\d|[+-]|\s|$)(?!-\d+-)/,
    (_, h: string, m: string, s: string | undefined) => `${h}:${m}:${s ?? '00'}`,
  );
}

/** A region whose offset depends on the date, and none is given. */
function lacksDate({ zone, day }: Parsed): boolean {
  return zone !== undefined && day === undefined && zone.spanAt(0).until !== Infinity;
}

export function parseTime(text: string, settings: TextSettings): number {
  const parsed = parseFields(withColons(text), 'time', settings);
  if (parsed.special === 'now') {
    const utc = now(settings);
    return splitMicros(utc + settings.timeZone.spanAt(Math.floor(utc / 1e6)).offset * 1e6).micros;
  }
  if (parsed.micros === undefined || lacksDate(parsed)) throw invalidDateTime('time', text);
  return parsed.micros;
}

export function parseTimeTz(text: string, settings: TextSettings): TimeTz {
  const parsed = parseFields(withColons(text), 'time with time zone', settings);
  const utc = now(settings);
  if (parsed.special === 'now') {
    const { offset } = settings.timeZone.spanAt(Math.floor(utc / 1e6));
    return new TimeTz(splitMicros(utc + offset * 1e6).micros, offset);
  }
  if (parsed.micros === undefined) throw invalidDateTime('time with time zone', text);
  let { offset } = parsed;
  if (offset === undefined) {
    // The offset of a region depends on the date.
    if (lacksDate(parsed)) throw invalidDateTime('time with time zone', text);
    const zone = parsed.zone ?? settings.timeZone;
    const days = parsed.day !== undefined ? dateOf(parsed, text, 'time with time zone') : today(settings);
    offset = offsetForLocal(zone, days * 86400 + Math.floor(parsed.micros / 1e6));
  }
  return new TimeTz(parsed.micros, offset);
}

const ISO_TIMESTAMP =
  /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?:(Z)|([+-])(\d\d)(?::?(\d\d))?)?$/;

/** Microseconds for the fast form, or undefined. `zoned` = a missing offset means the session's zone. */
function fastTimestamp(text: string, settings: TextSettings, zoned: boolean): number | bigint | undefined {
  const match = ISO_TIMESTAMP.exec(text);
  if (match === null) return undefined;
  const year = Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  const hours = Number(match[4]);
  const minutes = Number(match[5]);
  const seconds = Number(match[6]);
  if (
    year === 0 ||
    month < 1 ||
    month > 12 ||
    day < 1 ||
    day > daysInMonth(year, month) ||
    hours > 23 ||
    minutes > 59 ||
    seconds > 59
  )
    return undefined;
  const fraction = match[7] === undefined ? 0 : Number(match[7].padEnd(6, '0'));
  const days = daysFromCivil(year, month, day);
  let local = (hours * 60 + minutes) * 60 + seconds;
  if (zoned) {
    let offset = 0;
    if (match[9] !== undefined) {
      if (Number(match[10]) > 15 || Number(match[11] ?? 0) > 59) return undefined;
      offset = (Number(match[10]) * 60 + Number(match[11] ?? 0)) * 60 * (match[9] === '-' ? -1 : 1);
    } else if (match[8] === undefined) offset = offsetForLocal(settings.timeZone, days * 86400 + local);
    local -= offset;
  }
  return joinMicros(days, local * 1_000_000 + fraction);
}

export function parseTimestamp(text: string, settings: TextSettings): number | bigint {
  return fastTimestamp(text, settings, false) ?? slowTimestamp(text, settings, false);
}

export function parseTimestampTz(text: string, settings: TextSettings): number | bigint {
  return fastTimestamp(text, settings, true) ?? slowTimestamp(text, settings, true);
}

function slowTimestamp(text: string, settings: TextSettings, zoned: boolean): number | bigint {
  const type = zoned ? 'timestamp with time zone' : 'timestamp';
  const parsed = parseFields(text, type, settings);
  let days: number;
  switch (parsed.special) {
    case 'infinity':
      return Infinity;
    case '-infinity':
      return -Infinity;
    case 'epoch':
      return 0;
    case 'now': {
      const utc = now(settings);
      return zoned ? utc : utc + settings.timeZone.spanAt(Math.floor(utc / 1e6)).offset * 1e6;
    }
    case 'today':
      days = today(settings);
      break;
    case 'tomorrow':
      days = today(settings) + 1;
      break;
    case 'yesterday':
      days = today(settings) - 1;
      break;
    default:
      days = dateOf(parsed, text, type);
  }
  let micros = parsed.micros ?? 0;
  if (parsed.julian !== undefined && !parsed.hasTime)
    micros = Math.round((parsed.julian - Math.floor(parsed.julian)) * MICROS_PER_DAY);
  if (zoned) {
    const offset =
      parsed.offset ?? offsetForLocal(parsed.zone ?? settings.timeZone, days * 86400 + Math.floor(micros / 1e6));
    micros -= offset * 1e6;
  }
  const exactDays = days + Math.floor(micros / MICROS_PER_DAY);
  if (exactDays < MIN_DATE_DAYS || exactDays >= END_TIMESTAMP_DAYS) throw outOfRange(type, text);
  return joinMicros(days, micros);
}

/** Civil date and time of a timestamp, for functions that take it apart. */
export function civilFromMicros(value: number | bigint): {
  year: number;
  month: number;
  day: number;
  micros: number;
  days: number;
} {
  const { days, micros } = splitMicros(value);
  return { ...civilFromDays(days), micros, days };
}
