/** Integers, floats, decimals and booleans: text to value and back. */
import { canonicalInteger, Decimal } from '../values.ts';
import { SqlError } from '../sql-error.ts';
import { invalidSyntax, valueOutOfRange } from './errors.ts';

const INTEGER = /^\s*([+-]?\d+)\s*$/;
/** Most digits before and after the point. */
export const MAX_DECIMAL_WHOLE_DIGITS = 131072;
export const MAX_DECIMAL_SCALE = 16383;

/** Parses an integer in [minimum, maximum] that fits a number. */
export function parseSmallInteger(text: string, type: string, minimum: number, maximum: number): number {
  const match = INTEGER.exec(text);
  if (match === null) throw invalidSyntax(type, text);
  const value = Number(match[1]);
  if (value < minimum || value > maximum) throw valueOutOfRange(type, text.trim() === text ? text : text);
  return value === 0 ? 0 : value;
}

export function parseInt16(text: string): number {
  return parseSmallInteger(text, 'smallint', -32768, 32767);
}

export function parseInt32(text: string): number {
  return parseSmallInteger(text, 'integer', -2147483648, 2147483647);
}

export function parseInt64(text: string): number | bigint {
  const match = INTEGER.exec(text);
  if (match === null) throw invalidSyntax('bigint', text);
  const digits = match[1] as string;
  if (digits.length <= 15) return Number(digits) + 0;
  const value = BigInt(digits.startsWith('+') ? digits.slice(1) : digits);
  if (value < -9223372036854775808n || value > 9223372036854775807n) throw valueOutOfRange('bigint', text);
  return canonicalInteger(value);
}

/** Object ids accept the negative spelling of large values. */
export function parseOid(text: string): number {
  const match = INTEGER.exec(text);
  if (match === null) throw invalidSyntax('oid', text);
  const value = Number(match[1]);
  if (value < -2147483648 || value > 4294967295) throw valueOutOfRange('oid', text);
  return value < 0 ? value + 4294967296 : value;
}

const FLOAT = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

export function parseFloat64(text: string): number {
  return parseFloating(text, 'double precision', Number);
}

export function parseFloat32(text: string): number {
  return parseFloating(text, 'real', (digits) => Math.fround(Number(digits)));
}

function parseFloating(text: string, type: string, convert: (digits: string) => number): number {
  const trimmed = text.trim();
  if (FLOAT.test(trimmed)) {
    const value = convert(trimmed);
    if (!Number.isFinite(value) || (value === 0 && /[1-9]/.test(trimmed.replace(/e.*$/i, '')))) {
      throw new SqlError('numeric_value_out_of_range', {
        message: `"${trimmed}" is out of range for type ${type}`,
        args: { type, value: trimmed },
      });
    }
    return value;
  }
  switch (trimmed.toLowerCase()) {
    case 'nan':
    case '+nan':
    case '-nan':
      return NaN;
    case 'inf':
    case 'infinity':
    case '+inf':
    case '+infinity':
      return Infinity;
    case '-inf':
    case '-infinity':
      return -Infinity;
    default: {
      if (/^[+-]?0x[0-9a-f]+$/i.test(trimmed)) {
        const negative = trimmed.startsWith('-');
        return convert(`${negative ? '-' : ''}${Number(trimmed.replace(/^[+-]/, ''))}`);
      }
      throw invalidSyntax(type, text);
    }
  }
}

/** Shortest text that reads back as the same double; exponents below -4 and above 14 as 1e+20. */
export function formatFloat64(value: number, extraDigits = 1): string {
  if (value !== value) return 'NaN';
  if (value === Infinity) return 'Infinity';
  if (value === -Infinity) return '-Infinity';
  if (Object.is(value, -0)) return '-0';
  if (extraDigits > 0) {
    if (Number.isSafeInteger(value) && value < 1e15 && value > -1e15) return `${value}`;
    return layOut(value.toExponential(), 15);
  }
  return general(value, Math.max(1, 15 + extraDigits));
}

/** Shortest text that reads back as the same single-precision value. */
export function formatFloat32(value: number, extraDigits = 1): string {
  if (value !== value) return 'NaN';
  if (value === Infinity) return 'Infinity';
  if (value === -Infinity) return '-Infinity';
  if (Object.is(value, -0)) return '-0';
  if (extraDigits <= 0) return general(value, Math.max(1, 6 + extraDigits));
  for (let digits = 0; digits < 9; digits++) {
    const text = value.toExponential(digits);
    if (Math.fround(Number(text)) === value) return layOut(text, 6);
  }
  return layOut(value.toExponential(8), 6);
}

/** C's %.*g. */
function general(value: number, digits: number): string {
  const text = value.toExponential(digits - 1);
  const [mantissa = '', exponent = '0'] = text.split('e');
  return layOut(`${mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa}e${exponent}`, digits);
}

/** Rewrites d.ddde+x as plain digits when -4 <= x < limit, else with an exponent of at least two digits. */
function layOut(text: string, limit: number): string {
  const at = text.indexOf('e');
  const exponent = Number(text.slice(at + 1));
  let mantissa = text.slice(0, at);
  const negative = mantissa.startsWith('-');
  if (negative) mantissa = mantissa.slice(1);
  if (mantissa.includes('.')) mantissa = mantissa.replace(/0+$/, '').replace(/\.$/, '');
  const sign = negative ? '-' : '';
  if (exponent < -4 || exponent >= limit) {
    const size = Math.abs(exponent);
    return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${size < 10 ? '0' : ''}${size}`;
  }
  const digits = mantissa.replace('.', '');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return `${sign}${digits.padEnd(exponent + 1, '0')}`;
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i;

/** A decimal from the digits of an integer, canonical. */
export function decimalFromDigits(negative: boolean, digits: string, scale: number): Decimal {
  if (digits.length <= 15) {
    const value = Number(digits);
    return new Decimal(negative && value !== 0 ? -value : value, scale);
  }
  const value = BigInt(digits);
  return new Decimal(canonicalInteger(negative ? -value : value), scale);
}

export function parseDecimal(text: string): Decimal {
  const trimmed = text.trim();
  const match = DECIMAL.exec(trimmed);
  if (match === null || ((match[2] ?? '') === '' && (match[3] ?? '') === '')) return specialDecimal(trimmed, text);
  const negative = match[1] === '-';
  let digits = (match[2] as string) + (match[3] ?? '');
  let scale = match[3]?.length ?? 0;
  if (match[4] !== undefined) {
    const exponent = Number(match[4]);
    if (Math.abs(exponent) > MAX_DECIMAL_WHOLE_DIGITS * 2) throw decimalOverflow();
    scale -= exponent;
    if (scale < 0) {
      if (digits.length - scale > MAX_DECIMAL_WHOLE_DIGITS + MAX_DECIMAL_SCALE) throw decimalOverflow();
      digits = /[1-9]/.test(digits) ? digits + '0'.repeat(-scale) : '0';
      scale = 0;
    }
  }
  if (digits.length - scale > MAX_DECIMAL_WHOLE_DIGITS) {
    if (digits.replace(/^0+/, '').length - scale > MAX_DECIMAL_WHOLE_DIGITS) throw decimalOverflow();
  }
  if (scale > MAX_DECIMAL_SCALE) {
    const drop = scale - MAX_DECIMAL_SCALE;
    digits = digits.length > drop ? digits.slice(0, digits.length - drop) : '0';
    scale = MAX_DECIMAL_SCALE;
  }
  return decimalFromDigits(negative, digits, scale);
}

export function decimalOverflow(): SqlError {
  return new SqlError('numeric_value_out_of_range', {
    message: 'value overflows numeric format',
    variant: 'decimal_overflow',
  });
}

const NAN = new Decimal(0, 0, 'NaN');
const POSITIVE_INFINITY = new Decimal(0, 0, 'Infinity');
const NEGATIVE_INFINITY = new Decimal(0, 0, '-Infinity');
export const DECIMAL_SPECIALS = { NaN: NAN, Infinity: POSITIVE_INFINITY, '-Infinity': NEGATIVE_INFINITY } as const;

function specialDecimal(trimmed: string, text: string): Decimal {
  switch (trimmed.toLowerCase()) {
    case 'nan':
      return NAN;
    case 'inf':
    case 'infinity':
    case '+inf':
    case '+infinity':
      return POSITIVE_INFINITY;
    case '-inf':
    case '-infinity':
      return NEGATIVE_INFINITY;
    default:
      throw invalidSyntax('numeric', text);
  }
}

export function parseBoolean(text: string): boolean {
  const word = text.trim().toLowerCase();
  switch (word) {
    case 't':
    case 'true':
    case '1':
    case 'on':
    case 'yes':
    case 'y':
    case 'tr':
    case 'tru':
    case 'ye':
      return true;
    case 'f':
    case 'false':
    case '0':
    case 'off':
    case 'no':
    case 'n':
    case 'fa':
    case 'fal':
    case 'fals':
    case 'of':
      return false;
    default:
      throw invalidSyntax('boolean', text);
  }
}
