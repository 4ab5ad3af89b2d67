/**
 * Cuts the text of a date or time into fields: numbers, dates, times, words and zones. What they mean is
 * the next step's (date-time-parse.ts).
 */
import type { SqlError } from '../sql-error.ts';
import { ZONE_ABBREVIATIONS } from './time-zone.ts';

type FieldKind = 'number' | 'date' | 'time' | 'word' | 'zone';
export interface Field {
  readonly kind: FieldKind;
  readonly text: string;
}

export const MONTHS: Readonly<Record<string, number>> = {
  jan: 1,
  january: 1,
  feb: 2,
  february: 2,
  mar: 3,
  march: 3,
  apr: 4,
  april: 4,
  may: 5,
  jun: 6,
  june: 6,
  jul: 7,
  july: 7,
  aug: 8,
  august: 8,
  sep: 9,
  sept: 9,
  september: 9,
  oct: 10,
  october: 10,
  nov: 11,
  november: 11,
  dec: 12,
  december: 12,
};

const MAX_TEXT = 150;

const FIELD =
  /\s+|,|(?<time>\d+:[\d:]*(?:\.\d*)?)|(?<date>\d+(?:[-/]\d+[-/]\d+|[-/.][a-z]+[-/.]\d+|\.\d+\.\d+|[-/]\d+(?![\d:/-])|-\d+(?=$|\s)))|(?<iso>\d{8}t\d{2,6}(?:\.\d+)?)|(?<number>\d+(?:\.\d*)?|\.\d+)|(?<zone>[+-]\d+(?::\d+){0,2})|(?<special>[+-][a-z]+)|(?<word>[a-z]+(?:[-/.]\d+[-/.]\d+|(?:[_/][a-z0-9_+-]+)+)?)/gy;

export function cutFields(text: string, fail: () => SqlError): Field[] {
  const lower = text.toLowerCase();
  if (lower.length > MAX_TEXT) throw fail();
  const fields: Field[] = [];
  FIELD.lastIndex = 0;
  let at = 0;
  while (at < lower.length) {
    FIELD.lastIndex = at;
    const match = FIELD.exec(lower);
    if (match === null) throw fail();
    at = FIELD.lastIndex;
    const groups = match.groups ?? {};
    if (groups['time'] !== undefined) fields.push({ kind: 'time', text: groups['time'] });
    else if (groups['date'] !== undefined) fields.push({ kind: 'date', text: groups['date'] });
    else if (groups['iso'] !== undefined)
      fields.push(
        { kind: 'number', text: groups['iso'].slice(0, 8) },
        { kind: 'word', text: 't' },
        { kind: 'number', text: groups['iso'].slice(9) },
      );
    else if (groups['number'] !== undefined) fields.push({ kind: 'number', text: groups['number'] });
    else if (groups['zone'] !== undefined) {
      const before = fields[fields.length - 1];
      // An abbreviation with an offset right behind it is one field: 'GMT+3'.
      if (
        before?.kind === 'word' &&
        ZONE_ABBREVIATIONS[before.text] !== undefined &&
        /[a-z]/.test(lower[match.index - 1] ?? '')
      )
        fields[fields.length - 1] = { kind: 'word', text: before.text + groups['zone'] };
      else fields.push({ kind: 'zone', text: groups['zone'] });
    } else if (groups['special'] !== undefined) fields.push({ kind: 'word', text: groups['special'] });
    else if (groups['word'] !== undefined) {
      const word = groups['word'];
      fields.push(
        /^[a-z]+[-/.]\d+[-/.]\d+$/.test(word) && MONTHS[word.replace(/[^a-z].*$/, '')] !== undefined
          ? { kind: 'date', text: word }
          : { kind: 'word', text: word },
      );
    }
  }
  return fields;
}
