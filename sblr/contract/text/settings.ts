/**
 * Settings that decide how values are written as text and read from it. Engine (casts) and workers
 * (wire text) share the code in this folder, so a value looks the same whichever side prints it.
 */
import type { ReferenceTarget } from '../types.ts';
import { UTC, type TimeZone } from './time-zone.ts';

export type DateStyle = 'iso' | 'sql' | 'postgres' | 'german';
export type DateOrder = 'mdy' | 'dmy' | 'ymd';
export type IntervalStyle = 'postgres' | 'postgres_verbose' | 'sql_standard' | 'iso_8601';

export interface TextSettings {
  readonly dateStyle: DateStyle;
  readonly dateOrder: DateOrder;
  readonly intervalStyle: IntervalStyle;
  readonly timeZone: TimeZone;
  readonly bytesOutput: 'hex' | 'escape';
  /** 1 and above = shortest exact form of floats; 0 and below = 15 (6) digits plus this many. */
  readonly extraFloatDigits: number;
  /** Microseconds since 1970 UTC for 'now', 'today' ... in input: when the transaction began; absent = the clock. */
  readonly now?: (() => number) | undefined;
  /** Names of objects for reference values; absent = numbers. */
  readonly referenceText?: ((target: ReferenceTarget, id: number) => string | undefined) | undefined;
  readonly lookupReference?: ((target: ReferenceTarget, text: string) => number | undefined) | undefined;
}

/** The long form with names of weekday and month, 'Wed Dec 17 07:37:16 1997'. */
export const LONG_DATE_STYLE: DateStyle = 'postgres';

export const DEFAULT_TEXT_SETTINGS: TextSettings = {
  dateStyle: 'iso',
  dateOrder: 'mdy',
  intervalStyle: 'postgres',
  timeZone: UTC,
  bytesOutput: 'hex',
  extraFloatDigits: 1,
};

/** Reads a DateStyle setting such as 'ISO, MDY'; undefined = not a date style. */
export function parseDateStyle(
  text: string,
  base: { dateStyle: DateStyle; dateOrder: DateOrder },
): { dateStyle: DateStyle; dateOrder: DateOrder } | undefined {
  let { dateStyle, dateOrder } = base;
  for (const part of text.split(',')) {
    const word = part.trim().toLowerCase();
    if (word === 'iso') dateStyle = 'iso';
    else if (word === 'sql') dateStyle = 'sql';
    else if (word.startsWith('postgres')) dateStyle = 'postgres';
    else if (word === 'german') {
      dateStyle = 'german';
      if (!/[mdy]{3}/i.test(text)) dateOrder = 'dmy';
    } else if (word === 'mdy' || word === 'us' || word.startsWith('noneuro')) dateOrder = 'mdy';
    else if (word === 'dmy' || word.startsWith('euro')) dateOrder = 'dmy';
    else if (word === 'ymd') dateOrder = 'ymd';
    else if (word !== 'default' && word !== '') return undefined;
  }
  return { dateStyle, dateOrder };
}

/** The canonical text of a date style setting, e.g. 'ISO, MDY'. */
export function formatDateStyle(style: DateStyle, order: DateOrder): string {
  const names = { iso: 'ISO', sql: 'SQL', postgres: 'Postgres', german: 'German' } as const;
  return `${names[style]}, ${order.toUpperCase()}`;
}

export function parseIntervalStyle(text: string): IntervalStyle | undefined {
  const word = text.trim().toLowerCase();
  return word === 'postgres' || word === 'postgres_verbose' || word === 'sql_standard' || word === 'iso_8601'
    ? word
    : undefined;
}
