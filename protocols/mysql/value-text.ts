/**
 * Values as text in this protocol's habit: what differs from the engine's own text forms. Dates have no
 * era, fractional seconds are as many as the column declares, booleans are 0 and 1.
 */
import { MICROS_PER_DAY } from '../../sblr/contract/text/calendar.ts';
import {
  dateText,
  doubleText,
  filledDigits,
  instantText,
  numberText,
  timeText,
} from '../../sblr/contract/text/plain.ts';
import { DEFAULT_TEXT_SETTINGS, type TextSettings } from '../../sblr/contract/text/settings.ts';
import { textFormatter, type TextFormatter } from '../../sblr/contract/text/text-io.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { Bits, Interval, SqlValue, TimeTz } from '../../sblr/contract/values.ts';

export { dateText, doubleText, filledDigits, instantText, numberText, timeText };

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
