/**
 * Dates and times in text of many forms: parts in the order of ISO with any punctuation between them, or digits without any;
 * years of two digits; what follows the last part is noted and dropped. Ranges are checked here, so that what is read is a date.
 */
import {
  daysFromCivil,
  daysInMonth,
  MICROS_PER_HOUR,
  MICROS_PER_MINUTE,
  MICROS_PER_SECOND,
} from '../../sblr/contract/text/calendar.ts';
import { isBlank, leadingBlanks, onlyBlanksFrom } from './lenient-numbers.ts';

export interface ReadInstant {
  readonly days: number;
  /** Of the day. */
  readonly micros: number;
  readonly hasTime: boolean;
  /** Something behind it was not read. */
  readonly rest: boolean;
}

export interface ReadTime {
  readonly micros: number;
  readonly rest: boolean;
  readonly outOfRange: boolean;
}

const MAX_YEAR = 9999;
/** The longest span of hours. */
const MAX_TIME = 838 * MICROS_PER_HOUR + 59 * MICROS_PER_MINUTE + 59 * MICROS_PER_SECOND;
const FRACTION_DIGITS = 6;

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** Years of two digits: 70-99 of the last century, 00-69 of this one. */
export function fullYear(year: number): number {
  return year < 70 ? 2000 + year : 1900 + year;
}

function digitsFrom(text: string, start: number, most: number): number {
  let at = start;
  while (at - start < most && isDigit(text.charCodeAt(at))) at++;
  return at;
}

/** Microseconds of the fraction whose point is at `start`, rounded, and where it ends. */
function fraction(text: string, start: number): { readonly micros: number; readonly end: number } {
  if (text.charCodeAt(start) !== 46) return { micros: 0, end: start };
  const end = digitsFrom(text, start + 1, text.length);
  return {
    micros: end === start + 1 ? 0 : Math.round(Number(`0${text.slice(start, end)}`) * 10 ** FRACTION_DIGITS),
    end,
  };
}

function instant(parts: readonly number[], micros: number, hasTime: boolean, rest: boolean): ReadInstant | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  if (parts.every((part) => part === 0) && parts.length >= 3) return { days: -Infinity, micros: 0, hasTime, rest };
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month) || year > MAX_YEAR) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  return {
    days: daysFromCivil(year, month, day),
    micros: hour * MICROS_PER_HOUR + minute * MICROS_PER_MINUTE + second * MICROS_PER_SECOND + micros,
    hasTime,
    rest,
  };
}

/** A date with or without a time; undefined where the text begins with none. */
export function readInstant(text: string): ReadInstant | undefined {
  const found = readAnyInstant(text);
  return found?.days === -Infinity ? undefined : found;
}

/** The same where the date of zeros, before all others, is one. */
export function readAnyInstant(text: string): ReadInstant | undefined {
  const start = leadingBlanks(text);
  const run = digitsFrom(text, start, text.length);
  const plain = run - start;
  if (plain === 6 || plain === 8 || plain === 12 || plain === 14) return readDigits(text, start, run);
  const parts: number[] = [];
  let at = start;
  let end = start;
  while (parts.length < 6) {
    const stop = digitsFrom(text, at, parts.length === 0 ? 4 : 2);
    if (stop === at) break;
    parts.push(Number(text.slice(at, stop)));
    end = stop;
    if (parts.length === 6) break;
    const separator = text.charCodeAt(stop);
    if (parts.length === 3 && (separator === 84 || isBlank(separator))) {
      at = stop + 1;
      while (isBlank(text.charCodeAt(at))) at++;
    } else if (isPunctuation(separator)) at = stop + 1;
    else break;
  }
  if (parts.length < 3) return undefined;
  if (digitsFrom(text, start, 4) - start <= 2) parts[0] = fullYear(parts[0] as number);
  const part = parts.length === 6 ? fraction(text, end) : { micros: 0, end };
  return instant(parts, part.micros, parts.length > 3, !onlyBlanksFrom(text, part.end));
}

function isPunctuation(code: number): boolean {
  return (code >= 33 && code <= 47) || (code >= 58 && code <= 64) || (code >= 91 && code <= 96) || code === 126;
}

/** YYMMDD, YYYYMMDD and the same followed by hhmmss. */
function readDigits(text: string, start: number, end: number): ReadInstant | undefined {
  const length = end - start;
  const wide = length === 8 || length === 14;
  const behindYear = start + (wide ? 4 : 2);
  const year = Number(text.slice(start, behindYear));
  const parts = [wide ? year : fullYear(year)];
  for (let at = behindYear; at < end; at += 2) parts.push(Number(text.slice(at, at + 2)));
  const part = parts.length === 6 ? fraction(text, end) : { micros: 0, end };
  return instant(parts, part.micros, parts.length > 3, !onlyBlanksFrom(text, part.end));
}

/** A number read as a date: YYMMDD, YYYYMMDD, YYMMDDhhmmss or YYYYMMDDhhmmss. */
export function instantOfNumber(value: number | bigint): ReadInstant | undefined {
  return value === 0 || value === 0n ? undefined : anyInstantOfNumber(value);
}

/** The same where 0 is the date of zeros. */
export function anyInstantOfNumber(value: number | bigint): ReadInstant | undefined {
  if (value === 0 || value === 0n) return { days: -Infinity, micros: 0, hasTime: false, rest: false };
  const text = String(value);
  if (text.startsWith('-') || text.length > 14 || text.length < 3) return undefined;
  const width = text.length <= 6 ? 6 : text.length <= 8 ? 8 : text.length <= 12 ? 12 : 14;
  return readInstant(text.padStart(width, '0'));
}

/** A span of time: [-][D ]hh:mm[:ss[.f]], hhmmss, mmss, ss, or the time of an instant. */
export function readTime(text: string): ReadTime | undefined {
  let at = leadingBlanks(text);
  const negative = text.charCodeAt(at) === 45;
  if (negative) at++;
  const whole = readInstant(text.slice(at));
  if (whole?.hasTime === true && text.slice(at).includes('-'))
    return { micros: whole.micros, rest: whole.rest, outOfRange: false };
  const first = digitsFrom(text, at, text.length);
  if (first === at) return undefined;
  let days = 0;
  const parts: number[] = [];
  let end = first;
  if (isBlank(text.charCodeAt(first)) && isDigit(text.charCodeAt(first + 1))) {
    days = Number(text.slice(at, first));
    at = first + 1;
    end = digitsFrom(text, at, text.length);
    parts.push(Number(text.slice(at, end)));
  } else if (text.charCodeAt(first) === 58) parts.push(Number(text.slice(at, first)));
  else {
    const value = Number(text.slice(at, first));
    parts.push(Math.floor(value / 10000), Math.floor(value / 100) % 100, value % 100);
  }
  while (parts.length < 3 && text.charCodeAt(end) === 58 && isDigit(text.charCodeAt(end + 1))) {
    const stop = digitsFrom(text, end + 1, text.length);
    parts.push(Number(text.slice(end + 1, stop)));
    end = stop;
  }
  const part = fraction(text, end);
  const [hours = 0, minutes = 0, seconds = 0] = parts;
  if (minutes > 59 || seconds > 59) return undefined;
  const micros =
    (days * 24 + hours) * MICROS_PER_HOUR + minutes * MICROS_PER_MINUTE + seconds * MICROS_PER_SECOND + part.micros;
  const bounded = Math.min(micros, MAX_TIME);
  return {
    micros: negative ? -bounded : bounded,
    rest: !onlyBlanksFrom(text, part.end),
    outOfRange: micros > MAX_TIME,
  };
}
