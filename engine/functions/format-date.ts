/** to_char, to_date and to_timestamp: templates of dates and times. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import {
  civilFromDays,
  DAY_NAMES,
  dayOfYear,
  daysFromCivil,
  daysInMonth,
  isoWeek,
  MICROS_PER_DAY,
  MICROS_PER_HOUR,
  MICROS_PER_MINUTE,
  MONTH_NAMES,
  SHORT_DAYS,
  SHORT_MONTHS,
  splitMicros,
  weekday,
} from '../../sblr/contract/text/calendar.ts';
import { fixedZone, offsetForLocal, ZONE_ABBREVIATIONS } from '../../sblr/contract/text/time-zone.ts';
import type { Interval, SqlValue } from '../../sblr/contract/values.ts';
import { checkDate, isInfinite, type Timestamp, timestampFrom, toLocal } from '../types/date-time.ts';
import type { EvalContext } from './function.ts';
import { scalar, STABLE } from './table.ts';

interface Item {
  readonly kind: 'field' | 'text';
  /** Field name in upper case, or literal text. */
  readonly text: string;
  /** As written, for case. */
  readonly written: string;
  readonly fill: boolean;
  readonly ordinal: '' | 'TH' | 'th';
  /** Literal text that was quoted or is no separator. */
  readonly exact: boolean;
}

const FIELDS = [
  'SSSSS',
  'SSSS',
  'Y,YYY',
  'YYYY',
  'IYYY',
  'MONTH',
  'A.M.',
  'P.M.',
  'A.D.',
  'B.C.',
  'HH24',
  'HH12',
  'YYY',
  'IYY',
  'DAY',
  'DDD',
  'IDDD',
  'MON',
  'FF1',
  'FF2',
  'FF3',
  'FF4',
  'FF5',
  'FF6',
  'TZH',
  'TZM',
  'YY',
  'IY',
  'DY',
  'DD',
  'ID',
  'MM',
  'MI',
  'MS',
  'HH',
  'SS',
  'US',
  'AM',
  'PM',
  'AD',
  'BC',
  'WW',
  'IW',
  'CC',
  'RM',
  'TZ',
  'OF',
  'Y',
  'I',
  'D',
  'J',
  'Q',
  'W',
].sort((a, b) => b.length - a.length);

const MAX_CACHED = 200;
const cache = new Map<string, readonly Item[]>();

function parseTemplate(template: string): readonly Item[] {
  const known = cache.get(template);
  if (known !== undefined) return known;
  const items: Item[] = [];
  let fill = true;
  let at = 0;
  while (at < template.length) {
    const rest = template.slice(at);
    const upper = rest.slice(0, 6).toUpperCase();
    if (upper.startsWith('FM')) {
      fill = false;
      at += 2;
      continue;
    }
    if (upper.startsWith('FX') || upper.startsWith('TM')) {
      at += 2;
      continue;
    }
    const char = rest[0] as string;
    if (char === '"') {
      let text = '';
      at++;
      while (at < template.length && template[at] !== '"') {
        if (template[at] === '\\') at++;
        text += template[at++] ?? '';
      }
      at++;
      items.push({ kind: 'text', text, written: text, fill: true, ordinal: '', exact: true });
      continue;
    }
    if (char === '\\' && rest[1] === '"') {
      items.push({ kind: 'text', text: '"', written: '"', fill: true, ordinal: '', exact: true });
      at += 2;
      continue;
    }
    const field = FIELDS.find(
      (name) => upper.startsWith(name) || (name.length === 6 && rest.toUpperCase().startsWith(name)),
    );
    if (field === undefined) {
      const point = String.fromCodePoint(template.codePointAt(at) as number);
      items.push({
        kind: 'text',
        text: point,
        written: point,
        fill: true,
        ordinal: '',
        exact: /[\p{L}\p{N}]/u.test(point),
      });
      at += point.length;
      continue;
    }
    at += field.length;
    const suffix = template.slice(at, at + 2);
    const ordinal = suffix === 'TH' || suffix === 'th' ? suffix : suffix === 'Th' || suffix === 'tH' ? 'th' : '';
    if (ordinal !== '') at += 2;
    if (template.slice(at, at + 2).toUpperCase() === 'SP') at += 2;
    items.push({ kind: 'field', text: field, written: rest.slice(0, field.length), fill, ordinal, exact: false });
    fill = true;
  }
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(template, items);
  return items;
}

/** Reading of the clock that fields are taken from. */
interface Reading {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly days: number;
  readonly micros: number;
  readonly offset: number | undefined;
  readonly zone: string;
  readonly interval: boolean;
}

const ROMAN = ['I', 'II', 'III', 'IV', 'V', 'VI', 'VII', 'VIII', 'IX', 'X', 'XI', 'XII'] as const;

function number(value: number, width: number, item: Item): string {
  const size = Math.abs(value);
  let text = `${value < 0 ? '-' : ''}${item.fill ? String(size).padStart(width, '0') : size}`;
  if (item.ordinal !== '') text += ordinal(size, item.ordinal);
  return text;
}

export function ordinal(value: number, style: string): string {
  const tens = Math.floor(value / 10) % 10;
  const last = value % 10;
  const suffix = tens === 1 ? 'th' : last === 1 ? 'st' : last === 2 ? 'nd' : last === 3 ? 'rd' : 'th';
  return style === 'TH' ? suffix.toUpperCase() : suffix;
}

function cased(name: string, written: string, width: number, fill: boolean): string {
  const letters = written.replace(/[^A-Za-z]/g, '');
  const text =
    letters === letters.toUpperCase()
      ? name.toUpperCase()
      : letters[0] === letters[0]?.toUpperCase()
        ? name
        : name.toLowerCase();
  return fill ? text.padEnd(width) : text;
}

function formatItem(item: Item, r: Reading): string {
  const seconds = Math.floor(r.micros / 1_000_000);
  const hours = r.interval ? Math.trunc(r.micros / MICROS_PER_HOUR) : Math.floor(seconds / 3600);
  const fraction = Math.abs(r.micros % 1_000_000);
  const year = r.year > 0 || r.interval ? r.year : 1 - r.year;
  switch (item.text) {
    case 'HH':
    case 'HH12':
      return number(hours % 12 === 0 ? 12 : hours % 12, 2, item);
    case 'HH24':
      return number(hours, 2, item);
    case 'MI':
      return number(Math.trunc(r.micros / MICROS_PER_MINUTE) % 60, 2, item);
    case 'SS':
      return number(Math.trunc(r.micros / 1_000_000) % 60, 2, item);
    case 'MS':
      return number(Math.floor(fraction / 1000), 3, { ...item, fill: true });
    case 'US':
      return number(fraction, 6, { ...item, fill: true });
    case 'FF1':
    case 'FF2':
    case 'FF3':
    case 'FF4':
    case 'FF5':
    case 'FF6':
      return (
        String(fraction).padStart(6, '0').slice(0, Number(item.text[2])) +
        (item.ordinal === '' ? '' : ordinal(fraction, item.ordinal))
      );
    case 'SSSS':
    case 'SSSSS':
      return `${r.interval ? Math.trunc(r.micros / 1_000_000) : seconds}${item.ordinal === '' ? '' : ordinal(seconds, item.ordinal)}`;
    case 'AM':
    case 'PM':
      return caseLike(hours % 24 >= 12 ? 'PM' : 'AM', item.written);
    case 'A.M.':
    case 'P.M.':
      return caseLike(hours % 24 >= 12 ? 'P.M.' : 'A.M.', item.written);
    case 'AD':
    case 'BC':
      return caseLike(r.year > 0 ? 'AD' : 'BC', item.written);
    case 'A.D.':
    case 'B.C.':
      return caseLike(r.year > 0 ? 'A.D.' : 'B.C.', item.written);
    case 'Y,YYY': {
      const text = item.fill ? String(year).padStart(4, '0') : String(year);
      const grouped =
        year >= 1000 || item.fill ? `${text.slice(0, -3)},${text.slice(-3)}` : `0,${text.padStart(3, '0')}`;
      return grouped + (item.ordinal === '' ? '' : ordinal(year, item.ordinal));
    }
    case 'YYYY':
      return number(year, 4, item);
    case 'YYY':
      return number(year % 1000, 3, item);
    case 'YY':
      return number(year % 100, 2, item);
    case 'Y':
      return number(year % 10, 1, item);
    case 'IYYY':
    case 'IYY':
    case 'IY':
    case 'I': {
      const iso = isoWeek(r.days).year;
      const shown = iso > 0 ? iso : 1 - iso;
      const width = item.text.length;
      return number(shown % 10 ** (width === 4 ? 9 : width), width, item);
    }
    default:
      return r.interval ? formatIntervalItem(item, r) : formatDateItem(item, r);
  }
}

function caseLike(text: string, written: string): string {
  return written === written.toUpperCase() ? text : text.toLowerCase();
}

function formatIntervalItem(item: Item, r: Reading): string {
  switch (item.text) {
    case 'MM':
      return number(r.month, 2, item);
    case 'DD':
      return number(r.day, r.day < 0 ? 1 : 2, item);
    case 'DDD':
      return number(r.year * 360 + r.month * 30 + r.day, 3, item);
    case 'CC':
      return number(Math.trunc(r.year / 100), 2, item);
    case 'Q':
      return r.month === 0 ? '' : String(Math.floor((r.month - 1) / 3) + 1);
    case 'RM':
      return r.month === 0
        ? ''
        : caseLike(
            item.fill ? (ROMAN[Math.abs(r.month) - 1] as string).padEnd(4) : (ROMAN[Math.abs(r.month) - 1] as string),
            item.written,
          );
    case 'J':
    case 'W':
    case 'WW':
      return number(0, 1, item);
    default:
      throw new SqlError('invalid_datetime_format', {
        message: 'invalid format specification for an interval value',
        hint: 'Intervals are not tied to specific calendar dates.',
      });
  }
}

function formatDateItem(item: Item, r: Reading): string {
  switch (item.text) {
    case 'MONTH':
      return cased(MONTH_NAMES[r.month - 1] as string, item.written, 9, item.fill);
    case 'MON':
      return cased(SHORT_MONTHS[r.month - 1] as string, item.written, 3, item.fill);
    case 'MM':
      return number(r.month, 2, item);
    case 'DAY':
      return cased(DAY_NAMES[weekday(r.days)] as string, item.written, 9, item.fill);
    case 'DY':
      return cased(SHORT_DAYS[weekday(r.days)] as string, item.written, 3, item.fill);
    case 'DDD':
      return number(dayOfYear(r.days), 3, item);
    case 'IDDD': {
      const { week } = isoWeek(r.days);
      return number((week - 1) * 7 + (weekday(r.days) === 0 ? 7 : weekday(r.days)), 3, item);
    }
    case 'DD':
      return number(r.day, 2, item);
    case 'D':
      return number(weekday(r.days) + 1, 1, item);
    case 'ID':
      return number(weekday(r.days) === 0 ? 7 : weekday(r.days), 1, item);
    case 'WW':
      return number(Math.floor((dayOfYear(r.days) - 1) / 7) + 1, 2, item);
    case 'IW':
      return number(isoWeek(r.days).week, 2, item);
    case 'W':
      return number(Math.floor((r.day - 1) / 7) + 1, 1, item);
    case 'Q':
      return number(Math.floor((r.month - 1) / 3) + 1, 1, item);
    case 'CC': {
      const century = r.year > 0 ? Math.floor((r.year - 1) / 100) + 1 : -Math.floor((1 - r.year - 1) / 100) - 1;
      return number(century, 2, item);
    }
    case 'J':
      return number(r.days + 2_440_588, 1, item);
    case 'RM':
      return caseLike(
        item.fill ? (ROMAN[r.month - 1] as string).padEnd(4) : (ROMAN[r.month - 1] as string),
        item.written,
      );
    case 'TZ':
      return r.zone === '' ? '' : /^[+-]/.test(r.zone) ? r.zone : caseLike(r.zone, item.written);
    case 'TZH': {
      const offset = r.offset ?? 0;
      return `${offset < 0 ? '-' : '+'}${String(Math.floor(Math.abs(offset) / 3600)).padStart(2, '0')}`;
    }
    case 'TZM':
      return String(Math.floor(Math.abs(r.offset ?? 0) / 60) % 60).padStart(2, '0');
    case 'OF': {
      const offset = r.offset ?? 0;
      const minutes = Math.floor(Math.abs(offset) / 60) % 60;
      return `${offset < 0 ? '-' : '+'}${String(Math.floor(Math.abs(offset) / 3600)).padStart(2, '0')}${minutes === 0 ? '' : `:${String(minutes).padStart(2, '0')}`}`;
    }
    default:
      return item.written;
  }
}

function formatReading(template: string, reading: Reading): string {
  let out = '';
  for (const item of parseTemplate(template)) out += item.kind === 'text' ? item.text : formatItem(item, reading);
  return out;
}

function stampReading(value: Timestamp, offset: number | undefined, zone: string): Reading {
  const { days, micros } = splitMicros(value);
  return { ...civilFromDays(days), days, micros, offset, zone, interval: false };
}
scalar(
  'to_char(timestamp, text) text',
  (value: Timestamp, template: string) =>
    template === '' || isInfinite(value) ? null : formatReading(template, stampReading(value, undefined, '')),
  STABLE,
);
scalar(
  'to_char(timestamptz, text) text',
  (value: Timestamp, template: string, c: EvalContext) => {
    if (template === '' || isInfinite(value)) return null;
    const span = c.text.timeZone.spanAt(Math.floor(Number(value) / 1e6));
    return formatReading(template, stampReading(toLocal(value, c.text.timeZone), span.offset, span.abbreviation));
  },
  STABLE,
);
scalar(
  'to_char(interval, text) text',
  (value: Interval, template: string) => {
    if (template === '') return null;
    const year = Math.trunc(value.months / 12) + 0;
    return formatReading(template, {
      year,
      month: value.months - year * 12 + 0,
      day: value.days,
      days: 0,
      micros: value.micros,
      offset: undefined,
      zone: '',
      interval: true,
    });
  },
  STABLE,
);

// ---- reading
interface Found {
  year?: number;
  bc?: boolean;
  month?: number;
  day?: number;
  dayOfYear?: number;
  julian?: number;
  isoYear?: number;
  isoWeek?: number;
  isoDay?: number;
  week?: number;
  weekOfMonth?: number;
  century?: number;
  hour?: number;
  hour12?: boolean;
  pm?: boolean;
  minute?: number;
  second?: number;
  ofDay?: number;
  micros?: number;
  offset?: number;
  offsetSign?: number;
  shortYear?: number;
}
const NUMBER_WIDTH: Readonly<Record<string, number>> = {
  HH: 2,
  HH12: 2,
  HH24: 2,
  MI: 2,
  SS: 2,
  MS: 3,
  US: 6,
  SSSS: 5,
  SSSSS: 5,
  YYYY: 4,
  YYY: 3,
  YY: 2,
  Y: 1,
  IYYY: 4,
  IYY: 3,
  IY: 2,
  I: 1,
  MM: 2,
  DD: 2,
  DDD: 3,
  IDDD: 3,
  D: 1,
  ID: 1,
  WW: 2,
  IW: 2,
  W: 1,
  CC: 2,
  J: 7,
  Q: 1,
  TZM: 2,
  FF1: 1,
  FF2: 2,
  FF3: 3,
  FF4: 4,
  FF5: 5,
  FF6: 6,
};

function readTemplate(text: string, template: string): Found {
  const items = parseTemplate(template);
  const found: Found = {};
  let at = 0;
  const blank = (): void => {
    while (text[at] === ' ' || text[at] === '\t') at++;
  };
  for (let i = 0; i < items.length; i++) {
    const item = items[i] as Item;
    if (item.kind === 'text') {
      if (item.exact) {
        at += item.text.length;
        continue;
      }
      if (at >= text.length) continue;
      // A separator or blank matches any separator or blank, or nothing at all.
      if (item.text === ' ') blank();
      else {
        blank();
        const isSign = /[+-]/.test(text[at] ?? '') && items[i + 1]?.text === 'TZH';
        if (/[^\p{L}\p{N}]/u.test(text[at] ?? 'x') && !isSign) at++;
      }
      continue;
    }
    if (item.text !== 'TZ' && item.text !== 'TZH') blank();
    if (at >= text.length) break;
    at = readField(item, items[i + 1], text, at, found, template);
  }
  return found;
}

function badValue(value: string, field: string, detail: string): SqlError {
  return new SqlError('invalid_datetime_format', { message: `invalid value "${value}" for "${field}"`, detail });
}

function readName(
  names: readonly string[],
  text: string,
  at: number,
  field: string,
): { index: number; length: number } {
  const rest = text.slice(at).toLowerCase();
  const index = names.findIndex((name) => rest.startsWith(name.toLowerCase()));
  if (index < 0)
    throw badValue(
      /^\S+/.exec(text.slice(at))?.[0] ?? text.slice(at),
      field,
      'The given value did not match any of the allowed values for this field.',
    );
  return { index, length: (names[index] as string).length };
}

function readField(
  item: Item,
  next: Item | undefined,
  text: string,
  start: number,
  found: Found,
  template: string,
): number {
  let at = start;
  const name = item.text;
  const rest = text.slice(at);
  switch (name) {
    case 'MONTH':
    case 'MON': {
      const { index, length } = readName(name === 'MONTH' ? MONTH_NAMES : SHORT_MONTHS, text, at, item.written);
      found.month = index + 1;
      return at + length;
    }
    case 'DAY':
    case 'DY': {
      const { length } = readName(name === 'DAY' ? DAY_NAMES : SHORT_DAYS, text, at, item.written);
      return at + length;
    }
    case 'RM': {
      const sorted = [...ROMAN].sort((a, b) => b.length - a.length);
      const { index, length } = readName(sorted, text, at, item.written);
      found.month = ROMAN.indexOf(sorted[index] as (typeof ROMAN)[number]) + 1;
      return at + length;
    }
    case 'AM':
    case 'PM':
    case 'A.M.':
    case 'P.M.': {
      const match = /^([ap])\.?m\.?/i.exec(rest);
      if (match === null)
        throw badValue(
          rest.slice(0, name.length),
          item.written,
          'The given value did not match any of the allowed values for this field.',
        );
      found.pm = match[1]?.toLowerCase() === 'p';
      found.hour12 = true;
      return at + match[0].length;
    }
    case 'AD':
    case 'BC':
    case 'A.D.':
    case 'B.C.': {
      const match = /^(b\.?c\.?|a\.?d\.?)/i.exec(rest);
      if (match === null)
        throw badValue(
          rest.slice(0, name.length),
          item.written,
          'The given value did not match any of the allowed values for this field.',
        );
      found.bc = /^b/i.test(match[0]);
      return at + match[0].length;
    }
    case 'TZ':
    case 'OF': {
      const zone = /^([+-]\d{1,2}(?::?\d{2})?|[a-z]+)/i.exec(rest);
      const seconds =
        zone === null
          ? undefined
          : /^[+-]/.test(zone[0])
            ? signedOffset(zone[0])
            : ZONE_ABBREVIATIONS[zone[0].toLowerCase()];
      if (zone === null || seconds === undefined)
        throw badValue(rest, item.written, 'Time zone abbreviation is not recognized.');
      found.offset = seconds;
      return at + zone[0].length;
    }
    case 'TZH': {
      const match = /^([+-]?)(\d{1,2})/.exec(rest);
      if (match === null) throw badValue(rest.slice(0, 2), item.written, 'Value must be an integer.');
      found.offsetSign = match[1] === '-' ? -1 : 1;
      found.offset = found.offsetSign * Number(match[2]) * 3600;
      return at + match[0].length;
    }
    default:
  }
  const width = name === 'Y,YYY' ? 9 : (NUMBER_WIDTH[name] ?? 2);
  // Digits run on when a separator follows in the template (or nothing does), or FM was given.
  const free =
    !item.fill ||
    next === undefined ||
    (next.kind === 'text' && !/^\d/.test(next.text)) ||
    (next.kind === 'field' && NUMBER_WIDTH[next.text] === undefined && next.text !== 'Y,YYY');
  const pattern =
    name === 'Y,YYY'
      ? /^[+-]?\d+,\d{3}/
      : free && !name.startsWith('FF') && name !== 'MS' && name !== 'US'
        ? /^[+-]?\d+/
        : new RegExp(`^[+-]?\\d{1,${width}}`);
  const match = pattern.exec(rest);
  if (match === null) throw badValue(rest.slice(0, width), item.written, 'Value must be an integer.');
  at += match[0].length;
  store(name, match[0], found, template);
  if (item.ordinal !== '') at += 2;
  return at;
}

function signedOffset(text: string): number {
  const match = /^([+-])(\d{1,2}):?(\d{2})?/.exec(text) as RegExpExecArray;
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 3600 + Number(match[3] ?? 0) * 60);
}

function store(name: string, digits: string, found: Found, template: string): void {
  const value = Number(digits.replace(',', ''));
  switch (name) {
    case 'HH':
    case 'HH12':
      found.hour = value;
      found.hour12 = true;
      if (value < 1 || value > 12)
        throw new SqlError('invalid_datetime_format', {
          message: `hour "${value}" is invalid for the 12-hour clock`,
          hint: 'Use the 24-hour clock, or give an hour between 1 and 12.',
        });
      break;
    case 'HH24':
      found.hour = value;
      break;
    case 'MI':
      found.minute = value;
      break;
    case 'SS':
      found.second = value;
      break;
    case 'SSSS':
    case 'SSSSS':
      found.ofDay = value;
      break;
    case 'MS':
      found.micros = (found.micros ?? 0) + Number(digits.padEnd(3, '0')) * 1000;
      break;
    case 'US':
      found.micros = (found.micros ?? 0) + Number(digits.padEnd(6, '0'));
      break;
    case 'YYYY':
    case 'Y,YYY':
      found.year = value;
      break;
    case 'YYY':
    case 'YY':
    case 'Y':
      found.year = digits.length < 4 ? nearYear(value, digits.length) : value;
      found.shortYear = value;
      break;
    case 'IYYY':
      found.isoYear = value;
      break;
    case 'IYY':
    case 'IY':
    case 'I':
      found.isoYear = nearYear(value, digits.length);
      break;
    case 'MM':
      found.month = value;
      break;
    case 'DD':
      found.day = value;
      break;
    case 'DDD':
      found.dayOfYear = value;
      break;
    case 'ID':
      found.isoDay = value;
      break;
    case 'IW':
      found.isoWeek = value;
      break;
    case 'WW':
      found.week = value;
      break;
    case 'W':
      found.weekOfMonth = value;
      break;
    case 'CC':
      found.century = value;
      break;
    case 'J':
      found.julian = value;
      break;
    case 'TZM':
      found.offset = (found.offset ?? 0) + (found.offsetSign ?? 1) * value * 60;
      break;
    case 'Q':
    case 'D':
      break;
    case 'IDDD':
      found.isoWeek = Math.floor((value - 1) / 7) + 1;
      found.isoDay = ((value - 1) % 7) + 1;
      break;
    default:
      if (name.startsWith('FF')) found.micros = (found.micros ?? 0) + Number(digits.padEnd(6, '0').slice(0, 6));
      else throw new SqlError('feature_not_supported', `template pattern "${name}" is not supported in "${template}"`);
  }
}

/** The year nearest to 2020 with these last digits. */
function nearYear(value: number, digits: number): number {
  if (digits <= 2 && value < 70) return value + 2000;
  if (digits <= 2) return value + 1900;
  if (digits === 3) return value < 520 ? value + 2000 : value + 1000;
  return value;
}

function daysOf(found: Found, text: string): number {
  const out = (): SqlError => new SqlError('datetime_field_overflow', `date/time field value out of range: "${text}"`);
  if (found.julian !== undefined) return found.julian - 2_440_588;
  if (found.isoYear !== undefined || found.isoWeek !== undefined) {
    const monday = daysFromCivil(found.isoYear ?? found.year ?? 1, 1, 4);
    return monday - ((weekday(monday) + 6) % 7) + ((found.isoWeek ?? 1) - 1) * 7 + ((found.isoDay ?? 1) - 1);
  }
  let year = found.year;
  if (found.century !== undefined && (year === undefined || found.shortYear !== undefined)) {
    year =
      found.shortYear === undefined
        ? (found.century - 1) * 100 + 1
        : (found.century - 1) * 100 + (found.shortYear === 0 ? 100 : found.shortYear);
  }
  if (found.bc === true) year = year === undefined ? 0 : 1 - Math.abs(year);
  else if (year === undefined) year = 0;
  else if (year < 0) year += 1;
  if (found.week !== undefined && found.month === undefined) return daysFromCivil(year, 1, 1) + (found.week - 1) * 7;
  if (found.dayOfYear !== undefined && found.month === undefined) {
    if (found.dayOfYear < 1 || found.dayOfYear > 366) throw out();
    return daysFromCivil(year, 1, found.dayOfYear);
  }
  const month = found.month ?? 1;
  const day =
    found.weekOfMonth !== undefined && found.day === undefined ? (found.weekOfMonth - 1) * 7 + 1 : (found.day ?? 1);
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) throw out();
  return daysFromCivil(year, month, day);
}

function timeOf(found: Found, text: string): number {
  if (found.ofDay !== undefined) return found.ofDay * 1_000_000 + (found.micros ?? 0);
  let hour = found.hour ?? 0;
  if (found.hour12 === true && found.hour !== undefined) {
    if (found.pm === true && hour < 12) hour += 12;
    else if (found.pm !== true && hour === 12) hour = 0;
  }
  const minute = found.minute ?? 0;
  const second = found.second ?? 0;
  const micros = hour * MICROS_PER_HOUR + minute * MICROS_PER_MINUTE + second * 1_000_000 + (found.micros ?? 0);
  if (hour > 24 || minute > 59 || second > 59 || micros > MICROS_PER_DAY)
    throw new SqlError('datetime_field_overflow', `date/time field value out of range: "${text}"`);
  return micros;
}
scalar(
  'to_date(text, text) date',
  (text: string, template: string): SqlValue => checkDate(daysOf(readTemplate(text, template), text)),
  STABLE,
);
scalar(
  'to_timestamp(text, text) timestamptz',
  (text: string, template: string, c: EvalContext): SqlValue => {
    const found = readTemplate(text, template);
    const days = daysOf(found, text);
    const micros = timeOf(found, text);
    const zone = found.offset === undefined ? c.text.timeZone : fixedZone(found.offset);
    return timestampFrom(days, micros - offsetForLocal(zone, days * 86400 + Math.floor(micros / 1e6)) * 1e6);
  },
  STABLE,
);
