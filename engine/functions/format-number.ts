/** to_char and to_number: templates of numbers. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { parseDecimal } from '../../sblr/contract/text/numbers.ts';
import { type Decimal, Decimal as DecimalValue, type SqlValue } from '../../sblr/contract/values.ts';
import { decimalFromInteger, decimalFromNumber, multiplyDecimal, roundDecimal, signOf } from '../types/decimal.ts';
import { powerDecimal } from '../types/decimal-functions.ts';
import type { Integer } from '../types/integers.ts';
import { ordinal } from './format-date.ts';
import { scalar, STABLE } from './table.ts';

interface Template {
  /** Pieces in order: digit positions, separators, text. */
  readonly pieces: readonly Piece[];
  readonly whole: number;
  readonly fraction: number;
  readonly firstZero: number;
  readonly multiply: number;
  readonly fill: boolean;
  readonly sign: 'default' | 'S_first' | 'S_last' | 'PR' | 'MI_PL_SG';
  readonly ordinal: string;
  readonly roman: string;
  readonly exponent: boolean;
}
type Piece =
  | { readonly kind: '9' | '0'; readonly index: number; readonly afterPoint: boolean }
  | { readonly kind: 'point' | 'group' | 'S' | 'MI' | 'PL' | 'SG' | 'L' | 'EEEE' | 'TH' }
  | { readonly kind: 'text'; readonly text: string };

const bad = (message: string): SqlError => new SqlError('syntax_error', message);
const MAX_CACHED = 200;
const cache = new Map<string, Template>();

function parseTemplate(template: string): Template {
  const known = cache.get(template);
  if (known !== undefined) return known;
  const pieces: Piece[] = [];
  let whole = 0;
  let fraction = 0;
  let firstZero = -1;
  let multiply = 0;
  let afterPoint = false;
  let afterV = false;
  let fill = true;
  let sign: Template['sign'] = 'default';
  // PL alone leaves the sign of a negative number in its usual place.
  let ordinalStyle = '';
  let roman = '';
  let exponent = false;
  let at = 0;
  while (at < template.length) {
    const rest = template.slice(at);
    const upper = rest.slice(0, 4).toUpperCase();
    if (rest[0] === '"') {
      const end = template.indexOf('"', at + 1);
      pieces.push({ kind: 'text', text: template.slice(at + 1, end < 0 ? undefined : end) });
      at = end < 0 ? template.length : end + 1;
    } else if (upper.startsWith('EEEE')) {
      exponent = true;
      pieces.push({ kind: 'EEEE' });
      at += 4;
    } else if (upper.startsWith('FM')) {
      fill = false;
      at += 2;
    } else if (upper.startsWith('TH')) {
      ordinalStyle = rest.slice(0, 2) === 'TH' ? 'TH' : 'th';
      pieces.push({ kind: 'TH' });
      at += 2;
    } else if (upper.startsWith('RN')) {
      roman = rest.slice(0, 2);
      at += 2;
    } else if (upper.startsWith('PR')) {
      sign = 'PR';
      at += 2;
    } else if (upper.startsWith('MI') || upper.startsWith('PL') || upper.startsWith('SG')) {
      if (sign === 'S_first' || sign === 'S_last') throw bad(`cannot use "S" and "${upper.slice(0, 2)}" together`);
      if (!upper.startsWith('PL')) sign = 'MI_PL_SG';
      pieces.push({ kind: upper.slice(0, 2) as 'MI' });
      at += 2;
    } else if (/^[90]/.test(rest)) {
      const kind = rest[0] as '9' | '0';
      if (afterV) multiply++;
      if (afterPoint) {
        pieces.push({ kind, index: fraction, afterPoint: true });
        fraction++;
        if (kind === '0') firstZero = firstZero < 0 ? whole : firstZero;
      } else {
        if (kind === '0' && firstZero < 0) firstZero = whole;
        pieces.push({ kind, index: whole, afterPoint: false });
        whole++;
      }
      at++;
    } else if (/^[.dD]/.test(rest)) {
      if (afterPoint) throw bad('multiple decimal points');
      afterPoint = true;
      pieces.push({ kind: 'point' });
      at++;
    } else if (/^[,gG]/.test(rest)) {
      pieces.push({ kind: 'group' });
      at++;
    } else if (/^[lL]/.test(rest)) {
      pieces.push({ kind: 'L' });
      at++;
    } else if (/^[sS]/.test(rest)) {
      sign = whole + fraction === 0 ? 'S_first' : 'S_last';
      pieces.push({ kind: 'S' });
      at++;
    } else if (/^[vV]/.test(rest)) {
      afterV = true;
      at++;
    } else if (/^[bcef]/i.test(rest)) at++;
    else {
      pieces.push({ kind: 'text', text: rest[0] === '\\' && rest[1] === '"' ? '"' : (rest[0] as string) });
      at += rest[0] === '\\' && rest[1] === '"' ? 2 : 1;
    }
  }
  const made: Template = {
    pieces,
    whole,
    fraction,
    firstZero,
    multiply,
    fill,
    sign,
    ordinal: ordinalStyle,
    roman,
    exponent,
  };
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(template, made);
  return made;
}

const ROMAN: readonly (readonly [number, string])[] = [
  [1000, 'M'],
  [900, 'CM'],
  [500, 'D'],
  [400, 'CD'],
  [100, 'C'],
  [90, 'XC'],
  [50, 'L'],
  [40, 'XL'],
  [10, 'X'],
  [9, 'IX'],
  [5, 'V'],
  [4, 'IV'],
  [1, 'I'],
];

function romanNumber(value: number, format: Template): string {
  if (value < 1 || value > 3999) return format.fill ? '#'.repeat(15) : '#'.repeat(15);
  let rest = value;
  let text = '';
  for (const [size, letters] of ROMAN) {
    while (rest >= size) {
      text += letters;
      rest -= size;
    }
  }
  if (format.roman === format.roman.toLowerCase()) text = text.toLowerCase();
  return format.fill ? text.padStart(15) : text;
}

function formatNumber(value: Decimal, template: string): string {
  const format = parseTemplate(template);
  if (format.roman !== '') return romanNumber(Number(roundDecimal(value, 0).unscaled), format);
  if (value.special !== undefined) return specialNumber(value, format);
  if (format.exponent) return exponentNumber(value, format);
  const scaled =
    format.multiply > 0
      ? multiplyDecimal(value, powerDecimal(new DecimalValue(10, 0), new DecimalValue(format.multiply, 0)))
      : value;
  const rounded = roundDecimal(scaled, format.fraction);
  const negative = signOf(rounded) < 0 || (signOf(value) < 0 && signOf(rounded) !== 0);
  const plain = rounded.toString().replace('-', '');
  const [wholeDigits = '0', fractionDigits = ''] = plain.split('.');
  const overflow = wholeDigits.length > format.whole;
  return layOut(
    format,
    negative,
    overflow ? '#'.repeat(format.whole) : wholeDigits,
    overflow ? '#'.repeat(format.fraction) : fractionDigits,
    overflow,
  );
}

function specialNumber(value: Decimal, format: Template): string {
  if (value.special === 'NaN' && format.whole >= 3) return format.fill ? ` ${'NaN'.padStart(format.whole)}` : 'NaN';
  const negative = value.special === '-Infinity';
  return layOut(format, negative, '#'.repeat(format.whole), '#'.repeat(format.fraction), true);
}

function layOut(format: Template, negative: boolean, whole: string, fraction: string, overflow: boolean): string {
  const zeroFrom = format.firstZero >= 0 ? format.firstZero : Infinity;
  let lastFraction = format.fraction;
  if (!format.fill && !overflow) {
    // FM drops trailing zeros that stand under 9s.
    let keep = 0;
    let index = 0;
    for (const piece of format.pieces)
      if ((piece.kind === '9' || piece.kind === '0') && piece.afterPoint) {
        index++;
        if (piece.kind === '0') keep = index;
      }
    const digits = fraction.replace(/0+$/, '').length;
    lastFraction = Math.max(keep, digits);
  }
  // Whole digits right-aligned into their positions; leading zeros only from the first '0' of the template.
  const shown = whole === '0' && format.fraction > 0 && lastFraction > 0 && zeroFrom >= format.whole ? '' : whole;
  const padded = shown.padStart(format.whole, ' ');
  const signText = negative ? '-' : '+';
  let out = '';
  let started = false;
  let signDone = format.sign !== 'default' && format.sign !== 'S_first' && format.sign !== 'PR';
  const emitSign = (): void => {
    if (signDone) return;
    signDone = true;
    if (format.sign === 'S_first') out += signText;
    else if (format.sign === 'PR') out += negative ? '<' : format.fill ? ' ' : '';
    else out += negative ? '-' : format.fill ? ' ' : '';
  };
  for (const piece of format.pieces) {
    switch (piece.kind) {
      case '9':
      case '0':
        if (piece.afterPoint) {
          emitSign();
          if (piece.index < lastFraction) out += fraction[piece.index] ?? '0';
        } else {
          const char = padded[piece.index] ?? ' ';
          if (char !== ' ') {
            emitSign();
            out += char;
            started = true;
          } else if (piece.index >= zeroFrom) {
            emitSign();
            out += '0';
            started = true;
          } else if (format.fill) out += ' ';
        }
        break;
      case 'point':
        emitSign();
        if (format.fill || format.fraction > 0) out += '.';
        break;
      case 'group':
        if (started) out += ',';
        else if (format.fill) out += ' ';
        break;
      case 'S':
        if (format.sign === 'S_last') out += signText;
        break;
      case 'MI':
        out += negative ? '-' : format.fill ? ' ' : '';
        break;
      case 'PL':
        out += negative ? (format.fill ? ' ' : '') : '+';
        break;
      case 'SG':
        out += signText;
        break;
      case 'L':
        out += ' ';
        break;
      case 'TH':
        if (!negative && !overflow && format.fraction === 0) out += ordinal(Number(whole.slice(-2)), format.ordinal);
        break;
      case 'text':
        out += piece.text;
        break;
      default:
    }
  }
  emitSign();
  if (format.sign === 'PR') out += negative ? '>' : format.fill ? ' ' : '';
  return out;
}

function exponentNumber(value: Decimal, format: Template): string {
  const digits = format.fraction;
  const text = value.unscaled.toString().replace('-', '');
  let exponent = value.unscaled === 0 ? 0 : text.length - 1 - value.scale;
  let mantissa = roundDecimal(new DecimalValue(value.unscaled, value.unscaled === 0 ? 0 : text.length - 1), digits);
  if (mantissa.toString().replace('-', '').split('.')[0]?.length === 2) {
    exponent++;
    mantissa = roundDecimal(new DecimalValue(value.unscaled, text.length), digits);
  }
  const sign = signOf(value) < 0 ? '-' : format.fill ? ' ' : '';
  const size = Math.abs(exponent);
  return `${sign}${mantissa.toString().replace('-', '')}e${exponent < 0 ? '-' : '+'}${size < 10 ? '0' : ''}${size}`;
}

scalar(
  'to_char(int32, text) text',
  (value: number, template: string) => formatNumber(decimalFromInteger(value), template),
  STABLE,
);
scalar(
  'to_char(int64, text) text',
  (value: Integer, template: string) => formatNumber(decimalFromInteger(value), template),
  STABLE,
);
scalar('to_char(decimal, text) text', formatNumber, STABLE);
scalar(
  'to_char(float32, text) text',
  (value: number, template: string) => formatNumber(decimalFromNumber(value, 6), template),
  STABLE,
);
scalar(
  'to_char(float64, text) text',
  (value: number, template: string) => formatNumber(decimalFromNumber(value, 15), template),
  STABLE,
);

scalar(
  'to_number(text, text) decimal',
  (text: string, template: string): SqlValue => {
    const format = parseTemplate(template);
    if (format.roman !== '') throw new SqlError('feature_not_supported', '"RN" not supported for input');
    if (format.exponent) throw new SqlError('feature_not_supported', '"EEEE" not supported for input');
    if (template === '') return null;
    let negative = false;
    let digits = '';
    let at = 0;
    let seenPoint = false;
    for (const piece of format.pieces) {
      if (at >= text.length) break;
      const char = text[at] as string;
      if (piece.kind === '9' || piece.kind === '0') {
        while (/[\s]/.test(text[at] ?? '')) at++;
        const next = text[at] ?? '';
        if (next === '-' || next === '<') {
          negative = true;
          at++;
        } else if (next === '+') at++;
        else if (next === '.' && !seenPoint) continue;
        const digit = text[at] ?? '';
        if (/\d/.test(digit)) {
          digits += digit;
          at++;
        }
      } else if (piece.kind === 'point') {
        // Digits left over before the point belong to the whole part only as far as the template has places.
        if (char === '.') {
          digits += '.';
          seenPoint = true;
          at++;
        }
      } else if (piece.kind === 'group') {
        if (char === ',') at++;
      } else if (piece.kind === 'S' || piece.kind === 'MI' || piece.kind === 'SG' || piece.kind === 'PL') {
        if (char === '-') negative = true;
        if (char === '-' || char === '+' || char === ' ') at++;
      } else if (piece.kind === 'L') {
        if (/[^\d.,+-]/.test(char)) at++;
      } else if (piece.kind === 'text') at += piece.text.length;
      else if (piece.kind === 'TH') at += 2;
    }
    if (!negative && /^\s*-/.test(text)) negative = true;
    if (digits === '' || digits === '.')
      throw new SqlError('invalid_text_representation', 'invalid input syntax for type numeric: " "');
    // As many digits as were read, not as the template has places for.
    const read = parseDecimal(`${negative ? '-' : ''}${digits}`);
    const value = roundDecimal(read, Math.min(read.scale, Math.max(format.fraction - format.multiply, 0)));
    return format.multiply > 0
      ? multiplyDecimal(value, powerDecimal(new DecimalValue(10, 0), new DecimalValue(-format.multiply, 0)))
      : value;
  },
  STABLE,
);
