/**
 * Dates and times written and read by patterns of percent signs and letters (%Y-%m-%d), and the patterns that countries use.
 */
import {
  civilFromDays,
  DAY_NAMES,
  dayOfYear,
  daysFromCivil,
  daysInMonth,
  joinMicros,
  MICROS_PER_HOUR,
  MICROS_PER_MINUTE,
  MICROS_PER_SECOND,
  MONTH_NAMES,
  SHORT_DAYS,
  SHORT_MONTHS,
  splitMicros,
  two,
  weekday,
} from '../../sblr/contract/text/calendar.ts';
import type { Timestamp } from '../types/date-time.ts';
import { clockOf, weekOf } from './calendar-parts.ts';
import type { EvalContext } from './function.ts';
import { instantWarning } from './free-conversion.ts';
import { scalar } from './table.ts';

function ordinal(day: number): string {
  if (day >= 11 && day <= 13) return `${day}th`;
  return `${day}${['th', 'st', 'nd', 'rd'][day % 10] ?? 'th'}`;
}

/** A letter of the pattern that needs the date; undefined = not such a letter. */
function datePart(letter: string, days: number): string | undefined {
  const { year, month, day } = civilFromDays(days);
  switch (letter) {
    case 'Y':
      return String(year).padStart(4, '0');
    case 'y':
      return two(year % 100);
    case 'm':
      return two(month);
    case 'c':
      return String(month);
    case 'M':
      return MONTH_NAMES[month - 1];
    case 'b':
      return SHORT_MONTHS[month - 1];
    case 'd':
      return two(day);
    case 'e':
      return String(day);
    case 'D':
      return ordinal(day);
    case 'j':
      return String(dayOfYear(days)).padStart(3, '0');
    case 'W':
      return DAY_NAMES[weekday(days)];
    case 'a':
      return SHORT_DAYS[weekday(days)];
    case 'w':
      return String(weekday(days));
    case 'U':
      return two(weekOf(days, 0).week);
    case 'u':
      return two(weekOf(days, 1).week);
    case 'V':
      return two(weekOf(days, 2).week);
    case 'v':
      return two(weekOf(days, 3).week);
    case 'X':
      return String(weekOf(days, 2).year).padStart(4, '0');
    case 'x':
      return String(weekOf(days, 3).year).padStart(4, '0');
    default:
      return undefined;
  }
}

/** A letter of the pattern that needs the time; undefined = not such a letter. */
function timePart(letter: string, micros: number): string | undefined {
  const { sign, hour, minute, second, micro } = clockOf(micros);
  const twelve = hour % 12 === 0 ? 12 : hour % 12;
  const half = hour % 24 < 12 ? 'AM' : 'PM';
  const minus = sign < 0 ? '-' : '';
  switch (letter) {
    case 'H':
      return minus + two(hour);
    case 'k':
      return minus + String(hour);
    case 'h':
    case 'I':
      return two(twelve);
    case 'l':
      return String(twelve);
    case 'i':
      return two(minute);
    case 's':
    case 'S':
      return two(second);
    case 'f':
      return String(micro).padStart(6, '0');
    case 'p':
      return half;
    case 'r':
      return `${two(twelve)}:${two(minute)}:${two(second)} ${half}`;
    case 'T':
      return `${minus}${two(hour)}:${two(minute)}:${two(second)}`;
    default:
      return undefined;
  }
}

function write(pattern: string, days: number | undefined, micros: number): string | null {
  let out = '';
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern.charAt(i);
    if (char !== '%' || i + 1 === pattern.length) {
      out += char;
      continue;
    }
    const letter = pattern.charAt(++i);
    const time = timePart(letter, micros);
    if (time !== undefined) {
      out += time;
      continue;
    }
    if (days === undefined) {
      // A span of time has no date: its numbers are zero, its names are missing.
      if ('MWaDbjwUuVvXx'.includes(letter)) return null;
      out += letter === 'Y' ? '0000' : 'ymd'.includes(letter) ? '00' : 'ce'.includes(letter) ? '0' : letter;
    } else out += datePart(letter, days) ?? letter;
  }
  return out;
}

scalar('write_instant(timestamp, text) text', (value: Timestamp, pattern: string) => {
  const { days, micros } = splitMicros(value);
  return pattern === '' ? null : write(pattern, days, micros);
});
scalar('write_time(time, text) text', (value: number, pattern: string) =>
  pattern === '' ? null : write(pattern, undefined, value),
);

// ---- reading

interface Fields {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  micro: number;
  dayOfYear: number | undefined;
  weekday: number | undefined;
  week: number | undefined;
  weekMode: number;
  weekYear: number | undefined;
  afternoon: boolean | undefined;
}

/** The pattern's part that a text has behind `at`; answers where the text goes on, -1 = the text does not fit. */
class Reader {
  readonly fields: Fields = {
    year: 0,
    month: 0,
    day: 0,
    hour: 0,
    minute: 0,
    second: 0,
    micro: 0,
    dayOfYear: undefined,
    weekday: undefined,
    week: undefined,
    weekMode: 0,
    weekYear: undefined,
    afternoon: undefined,
  };
  at = 0;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Reads all of the pattern; false where the text does not fit. */
  read(pattern: string): boolean {
    for (let i = 0; i < pattern.length; i++) {
      if (this.#text.charAt(this.at) !== '' && !/\s/.test(pattern.charAt(i))) this.#blanks();
      if (this.at >= this.#text.length) return true;
      const char = pattern.charAt(i);
      if (char === '%' && i + 1 < pattern.length) {
        if (!this.#letter(pattern.charAt(++i))) return false;
      } else if (/\s/.test(char)) this.#blanks();
      else if (this.#text.charAt(this.at) === char) this.at++;
      else return false;
    }
    return true;
  }

  get rest(): string {
    return this.#text.slice(this.at);
  }

  #blanks(): void {
    while (/\s/.test(this.#text.charAt(this.at))) this.at++;
  }

  #number(digits: number): number | undefined {
    const found = /^\d+/.exec(this.#text.slice(this.at, this.at + digits))?.[0];
    if (found === undefined) return undefined;
    this.at += found.length;
    return Number(found);
  }

  #name(names: readonly string[]): number | undefined {
    const rest = this.#text.slice(this.at).toLowerCase();
    const index = names.findIndex((name) => rest.startsWith(name.toLowerCase()));
    if (index < 0) return undefined;
    this.at += (names[index] as string).length;
    return index;
  }

  #set(field: keyof Fields, value: number | undefined, least: number, most: number): boolean {
    if (value === undefined || value < least || value > most) return false;
    (this.fields as unknown as Record<string, number>)[field] = value;
    return true;
  }

  #letter(letter: string): boolean {
    const { fields } = this;
    switch (letter) {
      case 'Y': {
        const start = this.at;
        const value = this.#number(4);
        return this.#set('year', value === undefined || this.at - start > 2 ? value : fullYear(value), 0, 9999);
      }
      case 'y': {
        const value = this.#number(2);
        return this.#set('year', value === undefined ? undefined : fullYear(value), 0, 9999);
      }
      case 'm':
      case 'c':
        return this.#set('month', this.#number(2), 0, 12);
      case 'M': {
        const index = this.#name(MONTH_NAMES);
        return this.#set('month', index === undefined ? undefined : index + 1, 1, 12);
      }
      case 'b': {
        const index = this.#name(SHORT_MONTHS);
        return this.#set('month', index === undefined ? undefined : index + 1, 1, 12);
      }
      case 'd':
      case 'e':
        return this.#set('day', this.#number(2), 0, 31);
      case 'D': {
        const done = this.#set('day', this.#number(2), 0, 31);
        this.at = Math.min(this.at + 2, this.#text.length);
        return done;
      }
      case 'j':
        return this.#set('dayOfYear', this.#number(3), 1, 366);
      case 'W':
        return this.#set('weekday', this.#name(DAY_NAMES), 0, 6);
      case 'a':
        return this.#set('weekday', this.#name(SHORT_DAYS), 0, 6);
      case 'w':
        return this.#set('weekday', this.#number(1), 0, 6);
      case 'U':
      case 'u':
      case 'V':
      case 'v':
        fields.weekMode = 'UuVv'.indexOf(letter);
        return this.#set('week', this.#number(2), 0, 53);
      case 'X':
      case 'x':
        return this.#set('weekYear', this.#number(4), 0, 9999);
      case '%':
        if (this.#text.charAt(this.at) !== '%') return false;
        this.at++;
        return true;
      default:
        return this.#timeLetter(letter);
    }
  }

  #timeLetter(letter: string): boolean {
    const { fields } = this;
    switch (letter) {
      case 'H':
      case 'k':
        return this.#set('hour', this.#number(2), 0, 23);
      case 'h':
      case 'I':
      case 'l':
        if (fields.afternoon === undefined) fields.afternoon = false;
        return this.#set('hour', this.#number(2), 1, 12);
      case 'i':
        return this.#set('minute', this.#number(2), 0, 59);
      case 's':
      case 'S':
        return this.#set('second', this.#number(2), 0, 59);
      case 'f': {
        const start = this.at;
        const value = this.#number(6);
        return this.#set('micro', value === undefined ? undefined : value * 10 ** (6 - (this.at - start)), 0, 999_999);
      }
      case 'p': {
        const index = this.#name(['AM', 'PM']);
        if (index === undefined || fields.afternoon === undefined) return false;
        fields.afternoon = index === 1;
        return true;
      }
      case 'r':
        return this.read('%I:%i:%S %p');
      case 'T':
        return this.read('%H:%i:%S');
      default:
        return false;
    }
  }
}

function fullYear(value: number): number {
  return value < 70 ? 2000 + value : 1900 + value;
}

/** The day that the fields name; undefined = no day of the calendar. */
function dayNamed(fields: Fields): number | undefined {
  if (fields.dayOfYear !== undefined) return daysFromCivil(fields.year, 1, 1) + fields.dayOfYear - 1;
  if (fields.week !== undefined && fields.weekday !== undefined) {
    const year = fields.weekYear ?? fields.year;
    const mondayFirst = fields.weekMode % 2 === 1;
    const first = daysFromCivil(year, 1, 1);
    const start = mondayFirst ? (weekday(first) + 6) % 7 : weekday(first);
    const weekOne = mondayFirst ? first - start + (start >= 4 ? 7 : 0) : first - start + (start === 0 ? 0 : 7);
    return weekOne + (fields.week - 1) * 7 + (mondayFirst ? (fields.weekday + 6) % 7 : fields.weekday);
  }
  const { year, month, day } = fields;
  return month < 1 || day < 1 || day > daysInMonth(year, month) ? undefined : daysFromCivil(year, month, day);
}

function timeNamed(fields: Fields): number {
  const hour = fields.afternoon === undefined ? fields.hour : (fields.hour % 12) + (fields.afternoon ? 12 : 0);
  return hour * MICROS_PER_HOUR + fields.minute * MICROS_PER_MINUTE + fields.second * MICROS_PER_SECOND + fields.micro;
}

function readBy(
  text: string,
  pattern: string,
  kind: 'date' | 'time' | 'datetime',
  context: EvalContext,
): Fields | null {
  const reader = new Reader(text);
  if (!reader.read(pattern)) {
    instantWarning(context, 'datetime', text, 'function', 'str_to_date');
    return null;
  }
  if (reader.rest.trim() !== '') instantWarning(context, kind, text, 'truncated');
  if (kind !== 'time' && dayNamed(reader.fields) === undefined) {
    instantWarning(context, 'datetime', text, 'function', 'str_to_date');
    return null;
  }
  return reader.fields;
}

scalar('read_date(text, text) date', (text: string, pattern: string, context: EvalContext) => {
  const fields = readBy(text, pattern, 'date', context);
  return fields === null ? null : (dayNamed(fields) as number);
});
scalar(
  'read_time(text, text) time',
  (text: string, pattern: string, context: EvalContext) => {
    const fields = readBy(text, pattern, 'time', context);
    return fields === null ? null : timeNamed(fields);
  },
  { result: () => ({ kind: 'time', precision: 0 }) },
);
for (const [name, precision] of [
  ['read_instant', 0],
  ['read_exact_instant', 6],
] as const)
  scalar(
    `${name}(text, text) timestamp`,
    (text: string, pattern: string, context: EvalContext) => {
      const fields = readBy(text, pattern, 'datetime', context);
      return fields === null ? null : joinMicros(dayNamed(fields) as number, timeNamed(fields));
    },
    { result: () => ({ kind: 'timestamp', precision }) },
  );

// ---- patterns by country

const PATTERNS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  usa: { date: '%m.%d.%Y', datetime: '%Y-%m-%d %H.%i.%s', time: '%h:%i:%s %p' },
  jis: { date: '%Y-%m-%d', datetime: '%Y-%m-%d %H:%i:%s', time: '%H:%i:%s' },
  iso: { date: '%Y-%m-%d', datetime: '%Y-%m-%d %H:%i:%s', time: '%H:%i:%s' },
  eur: { date: '%d.%m.%Y', datetime: '%Y-%m-%d %H.%i.%s', time: '%H.%i.%s' },
  internal: { date: '%Y%m%d', datetime: '%Y%m%d%H%i%s', time: '%H%i%s' },
};
scalar(
  'instant_pattern(text, text) text',
  (kind: string, country: string) =>
    PATTERNS[country.toLowerCase()]?.[kind === 'timestamp' ? 'datetime' : kind] ?? null,
);
