/**
 * Numbers in text that need not be numbers: what the text begins with counts. No object is made per value except
 * for decimals, so that casts of whole columns stay cheap.
 */
import type { Decimal } from '../../sblr/contract/values.ts';
import { canonicalInteger } from '../../sblr/contract/values.ts';
import { parseDecimal } from '../../sblr/contract/text/numbers.ts';
import { ZERO } from './decimal.ts';

/** Longest text shown in a message. */
const MAX_SHOWN = 128;

export function isBlank(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

export function leadingBlanks(text: string): number {
  let at = 0;
  while (at < text.length && isBlank(text.charCodeAt(at))) at++;
  return at;
}

/** Is there nothing but blanks from here on? */
export function onlyBlanksFrom(text: string, from: number): boolean {
  for (let at = from; at < text.length; at++) if (!isBlank(text.charCodeAt(at))) return false;
  return true;
}

/** Where the whole number that begins at `start` ends; `start` when there is none. */
export function integerEnd(text: string, start: number): number {
  const first = text.charCodeAt(start);
  const digits = first === 43 || first === 45 ? start + 1 : start;
  let at = digits;
  while (isDigit(text.charCodeAt(at))) at++;
  return at === digits ? start : at;
}

/** Where the number with point and exponent that begins at `start` ends; `start` when there is none. */
export function numberEnd(text: string, start: number): number {
  const first = text.charCodeAt(start);
  let at = first === 43 || first === 45 ? start + 1 : start;
  let digits = 0;
  for (; isDigit(text.charCodeAt(at)); at++) digits++;
  if (text.charCodeAt(at) === 46) {
    let behind = at + 1;
    for (; isDigit(text.charCodeAt(behind)); behind++) digits++;
    if (digits > 0) at = behind;
  }
  if (digits === 0) return start;
  const e = text.charCodeAt(at);
  if (e !== 101 && e !== 69) return at;
  const exponent = integerEnd(text, at + 1);
  return exponent === at + 1 ? at : exponent;
}

/** Is the text one number, blanks around it aside? */
export function isNumeric(text: string): boolean {
  const start = leadingBlanks(text);
  const end = numberEnd(text, start);
  return end > start && onlyBlanksFrom(text, end);
}

export function leadingDouble(text: string): number {
  const start = leadingBlanks(text);
  const end = numberEnd(text, start);
  if (end === start) return 0;
  const value = Number(text.slice(start, end));
  return Number.isFinite(value) ? value : value > 0 ? Number.MAX_VALUE : -Number.MAX_VALUE;
}

export function leadingInteger(text: string): number | bigint {
  const start = leadingBlanks(text);
  const end = integerEnd(text, start);
  if (end === start) return 0;
  if (end - start <= 15) return Number(text.slice(start, end)) + 0;
  // BigInt reads no plus sign.
  return canonicalInteger(BigInt(text.slice(text.charCodeAt(start) === 43 ? start + 1 : start, end)));
}

export function leadingDecimal(text: string): Decimal {
  const start = leadingBlanks(text);
  const end = numberEnd(text, start);
  return end === start ? ZERO : parseDecimal(text.slice(start, end));
}

/** A value as messages show it. */
export function shownText(text: string): string {
  return text.length > MAX_SHOWN ? text.slice(0, MAX_SHOWN) : text;
}
