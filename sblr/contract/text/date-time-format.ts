/** Dates and times as text, in the session's date style. */
import type { TimeTz } from '../values.ts';
import { civilFromDays, MICROS_PER_DAY, SHORT_DAYS, SHORT_MONTHS, splitMicros, two, weekday } from './calendar.ts';
import type { TextSettings } from './settings.ts';
import { shortOffset, type TimeZone } from './time-zone.ts';

export function formatYear(year: number): string {
  const shown = year > 0 ? year : 1 - year;
  return shown > 999 ? `${shown}` : `${shown}`.padStart(4, '0');
}

function infinite(value: number): string {
  return value > 0 ? 'infinity' : '-infinity';
}

export function formatDate(value: number, settings: TextSettings): string {
  if (value === Infinity || value === -Infinity) return infinite(value);
  const { year, month, day } = civilFromDays(value);
  const text = layOutDate(year, month, day, settings);
  return year <= 0 ? `${text} BC` : text;
}

function layOutDate(year: number, month: number, day: number, settings: TextSettings): string {
  const y = formatYear(year);
  switch (settings.dateStyle) {
    case 'iso':
      return `${y}-${two(month)}-${two(day)}`;
    case 'sql':
      return settings.dateOrder === 'dmy' ? `${two(day)}/${two(month)}/${y}` : `${two(month)}/${two(day)}/${y}`;
    case 'german':
      return `${two(day)}.${two(month)}.${y}`;
    default:
      return settings.dateOrder === 'dmy'
        ? `${two(day)}-${two(month)}-${y}`
        : settings.dateOrder === 'ymd'
          ? `${y}-${two(month)}-${two(day)}`
          : `${two(month)}-${two(day)}-${y}`;
  }
}

/** HH:MM:SS[.ffffff] of microseconds since midnight (24:00:00 included). */
export function formatTime(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000);
  const text = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return text + formatFraction(micros - seconds * 1_000_000);
}

export function formatFraction(micros: number): string {
  if (micros === 0) return '';
  let end = 6;
  const digits = `${micros}`.padStart(6, '0');
  while (digits.charCodeAt(end - 1) === 48) end--;
  return `.${digits.slice(0, end)}`;
}

export function formatTimeTz(value: TimeTz): string {
  return formatTime(value.micros) + shortOffset(value.offsetSeconds);
}

export function formatTimestamp(value: number | bigint, settings: TextSettings): string {
  if (value === Infinity || value === -Infinity) return infinite(value);
  const { days, micros } = splitMicros(value);
  return layOutTimestamp(days, micros, settings, '', '');
}

let lastZone: TimeZone | undefined;
let lastOffset = 0;
let lastOffsetText = '';

export function formatTimestampTz(value: number | bigint, settings: TextSettings): string {
  if (value === Infinity || value === -Infinity) return infinite(value);
  const zone = settings.timeZone;
  const seconds = typeof value === 'number' ? Math.floor(value / 1_000_000) : Number(value / 1_000_000n);
  const span = zone.spanAt(seconds);
  const split = splitMicros(value);
  let { days } = split;
  let micros = split.micros + span.offset * 1_000_000;
  if (micros < 0) {
    micros += MICROS_PER_DAY;
    days--;
  } else if (micros >= MICROS_PER_DAY) {
    micros -= MICROS_PER_DAY;
    days++;
  }
  if (settings.dateStyle === 'iso') {
    if (zone !== lastZone || span.offset !== lastOffset) {
      lastZone = zone;
      lastOffset = span.offset;
      lastOffsetText = shortOffset(span.offset);
    }
    return layOutTimestamp(days, micros, settings, lastOffsetText, '');
  }
  const label = ` ${span.abbreviation === '' ? shortOffset(span.offset) : span.abbreviation}`;
  return layOutTimestamp(days, micros, settings, label, label);
}

function layOutTimestamp(
  days: number,
  micros: number,
  settings: TextSettings,
  isoZone: string,
  otherZone: string,
): string {
  const { year, month, day } = civilFromDays(days);
  const era = year <= 0 ? ' BC' : '';
  if (settings.dateStyle === 'iso') {
    return `${formatYear(year)}-${two(month)}-${two(day)} ${formatTime(micros)}${isoZone}${era}`;
  }
  if (settings.dateStyle === 'postgres') {
    const name = SHORT_MONTHS[month - 1] as string;
    const middle = settings.dateOrder === 'dmy' ? `${two(day)} ${name}` : `${name} ${two(day)}`;
    const zone = otherZone === '' || otherZone.startsWith(' ') ? otherZone : ` ${otherZone}`;
    return `${SHORT_DAYS[weekday(days)] as string} ${middle} ${formatTime(micros)} ${formatYear(year)}${zone}${era}`;
  }
  return `${layOutDate(year, month, day, settings)} ${formatTime(micros)}${otherZone}${era}`;
}
