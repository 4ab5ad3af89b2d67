/**
 * Values as plain text: numbers with the fewest digits that give the same value back, dates and times in ISO order with as
 * many fractional digits as their type declares, no era and no zone. What text means to dialects that convert anything to it.
 */
import type { SqlType } from '../types.ts';
import { civilFromDays, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND, splitMicros, two } from './calendar.ts';

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

/** How many digits an integer type is filled up to with zeros; undefined = none. */
export function filledDigits({ declared }: SqlType): number | undefined {
  const digits = declared === undefined ? undefined : /\((\d+)\) zerofill$/.exec(declared)?.[1];
  return digits === undefined ? undefined : Number(digits);
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

/** A number in floating point as its type has it: with fixed digits behind the point, or as few as tell it. */
export function numberText({ kind, scale }: SqlType, value: number): string {
  if (scale !== undefined && Number.isFinite(value))
    return Math.abs(value) < 1e21
      ? value.toFixed(scale)
      : `${BigInt(value)}${scale > 0 ? `.${'0'.repeat(scale)}` : ''}`;
  return kind === 'float32' ? floatText(value) : doubleText(value);
}
