/**
 * Values as text in this protocol's habit: what differs from the engine's own text forms. Dates have no
 * era, fractional seconds are as many as the column declares, booleans are 0 and 1.
 */
import { civilFromDays, splitMicros, two } from '../../sblr/contract/text/calendar.ts';
import { DEFAULT_TEXT_SETTINGS, type TextSettings } from '../../sblr/contract/text/settings.ts';
import { textFormatter, type TextFormatter } from '../../sblr/contract/text/text-io.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { Bits, Interval, SqlValue, TimeTz } from '../../sblr/contract/values.ts';

const MICROS_PER_HOUR = 3_600_000_000;
const MICROS_PER_MINUTE = 60_000_000;
const MICROS_PER_SECOND = 1_000_000;
const MICROS_PER_DAY = 24 * MICROS_PER_HOUR;
/** From here on a double is written with an exponent. */
const EXPONENT_FROM = 1e15;
const SMALL_EXPONENT_BELOW = 1e-15;

export function dateText(days: number): string {
  const { year, month, day } = civilFromDays(days);
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
}

/** [-]HH:MM:SS[.ffffff]; hours may exceed a day. */
export function timeText(micros: number, precision: number): string {
  const sign = micros < 0 ? '-' : '';
  let rest = Math.abs(micros);
  const hours = Math.floor(rest / MICROS_PER_HOUR);
  rest -= hours * MICROS_PER_HOUR;
  const minutes = Math.floor(rest / MICROS_PER_MINUTE);
  rest -= minutes * MICROS_PER_MINUTE;
  const seconds = Math.floor(rest / MICROS_PER_SECOND);
  return `${sign}${two(hours)}:${two(minutes)}:${two(seconds)}${fraction(rest - seconds * MICROS_PER_SECOND, precision)}`;
}

export function instantText(value: number | bigint, precision: number): string {
  const { days, micros } = splitMicros(value);
  return `${dateText(days)} ${timeText(micros, precision)}`;
}

function fraction(micros: number, precision: number): string {
  return precision === 0 ? '' : `.${String(micros).padStart(6, '0').slice(0, precision)}`;
}

/** The shortest digits that give the same value back. */
export function doubleText(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude >= EXPONENT_FROM || magnitude < SMALL_EXPONENT_BELOW))
    return value.toExponential().replace('e+', 'e');
  if (Object.is(value, -0)) return '-0';
  const text = String(value);
  if (!text.includes('e')) return text;
  // Small values are written out: their digits behind as many zeros as the exponent says.
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  const sign = digits.startsWith('-') ? '-' : '';
  return `${sign}0.${'0'.repeat(-Number(exponent) - 1)}${digits.replace(/[-.]/g, '')}`;
}

/** A float has about six significant digits. */
export function floatText(value: number): string {
  return doubleText(Number(Math.fround(value).toPrecision(6)));
}

function intervalMicros(value: Interval): number {
  return value.days * MICROS_PER_DAY + value.micros;
}

/** Bytes of a bit string, the first bit the highest of its last byte's row. */
export function bitBytes(value: Bits): Buffer {
  const length = (value.text.length + 7) >> 3;
  const padded = value.text.padStart(length * 8, '0');
  return Buffer.from(Array.from({ length }, (_, i) => Number.parseInt(padded.slice(i * 8, i * 8 + 8), 2)));
}

/** Formatter of the types whose text is neither copied nor an integer. */
export function formatterOf(type: SqlType, settings: TextSettings = DEFAULT_TEXT_SETTINGS): TextFormatter {
  const precision = type.precision ?? 0;
  switch (type.kind) {
    case 'timetz':
      return (value) => timeText((value as TimeTz).micros, precision);
    case 'interval':
      return (value) => {
        const interval = value as Interval;
        return interval.months === 0
          ? timeText(intervalMicros(interval), precision)
          : textFormatter(type, settings)(value);
      };
    default:
      return textFormatter(type, settings) as (value: SqlValue) => string;
  }
}
