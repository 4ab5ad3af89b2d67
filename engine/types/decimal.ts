/**
 * Exact decimal arithmetic. Most values are small: their unscaled integers are plain numbers and the
 * operations check that results stay safe; beyond that BigInt carries on. The number of digits after
 * the point of quotients, roots, logarithms and powers follows the rule of at least 16 significant
 * digits, counted in groups of four digits as the reference system does, so that results print alike.
 */
import {
  DECIMAL_SPECIALS,
  decimalOverflow,
  MAX_DECIMAL_SCALE,
  MAX_DECIMAL_WHOLE_DIGITS,
  parseDecimal,
} from '../../sblr/contract/text/numbers.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { canonicalInteger, Decimal } from '../../sblr/contract/values.ts';

export const ZERO = new Decimal(0, 0);
export const ONE = new Decimal(1, 0);
export const NAN = DECIMAL_SPECIALS.NaN;
export const INFINITY = DECIMAL_SPECIALS.Infinity;
export const NEGATIVE_INFINITY = DECIMAL_SPECIALS['-Infinity'];

export const MIN_SIGNIFICANT_DIGITS = 16;
export const MAX_RESULT_SCALE = 1000;
const SAFE = Number.MAX_SAFE_INTEGER;

const POWERS: number[] = Array.from({ length: 16 }, (_, i) => 10 ** i);
const bigPowers: bigint[] = [];

export function bigPower(exponent: number): bigint {
  let value = bigPowers[exponent];
  if (value === undefined) {
    value = 10n ** BigInt(exponent);
    if (exponent < 2000) bigPowers[exponent] = value;
  }
  return value;
}

export function decimal(unscaled: bigint, scale: number): Decimal {
  return new Decimal(canonicalInteger(unscaled), scale);
}

export function decimalFromInteger(value: number | bigint): Decimal {
  return new Decimal(value, 0);
}

/** `value`'s unscaled integer at a larger or equal scale. */
function raised(value: Decimal, scale: number): bigint {
  return scale === value.scale ? BigInt(value.unscaled) : BigInt(value.unscaled) * bigPower(scale - value.scale);
}

export function checked(unscaled: bigint, scale: number): Decimal {
  const value = decimal(unscaled, scale);
  if (typeof value.unscaled === 'bigint' && value.unscaled.toString().length - scale > MAX_DECIMAL_WHOLE_DIGITS)
    throw decimalOverflow();
  return value;
}

export function addDecimal(a: Decimal, b: Decimal): Decimal {
  if (a.special !== undefined || b.special !== undefined) return addSpecial(a, b, false);
  if (a.scale === b.scale && typeof a.unscaled === 'number' && typeof b.unscaled === 'number') {
    const sum = a.unscaled + b.unscaled;
    if (sum <= SAFE && sum >= -SAFE) return new Decimal(sum, a.scale);
  }
  const scale = a.scale > b.scale ? a.scale : b.scale;
  const fast = fastAlign(a, b, scale, 1);
  return fast === undefined ? checked(raised(a, scale) + raised(b, scale), scale) : fast;
}

export function subtractDecimal(a: Decimal, b: Decimal): Decimal {
  if (a.special !== undefined || b.special !== undefined) return addSpecial(a, b, true);
  const scale = a.scale > b.scale ? a.scale : b.scale;
  const fast = fastAlign(a, b, scale, -1);
  return fast === undefined ? checked(raised(a, scale) - raised(b, scale), scale) : fast;
}

function fastAlign(a: Decimal, b: Decimal, scale: number, sign: number): Decimal | undefined {
  if (typeof a.unscaled !== 'number' || typeof b.unscaled !== 'number' || scale - a.scale > 15 || scale - b.scale > 15)
    return undefined;
  const x = a.unscaled * (POWERS[scale - a.scale] as number);
  const y = b.unscaled * (POWERS[scale - b.scale] as number);
  if (x > SAFE || x < -SAFE || y > SAFE || y < -SAFE) return undefined;
  const sum = x + sign * y;
  return sum <= SAFE && sum >= -SAFE ? new Decimal(sum, scale) : undefined;
}

function addSpecial(a: Decimal, b: Decimal, subtract: boolean): Decimal {
  const right = subtract ? negateDecimal(b) : b;
  if (a.special === 'NaN' || right.special === 'NaN') return NAN;
  if (a.special !== undefined && right.special !== undefined) return a.special === right.special ? a : NAN;
  return a.special === undefined ? right : a;
}

export function negateDecimal(a: Decimal): Decimal {
  if (a.special !== undefined) return a.special === 'NaN' ? a : a.special === 'Infinity' ? NEGATIVE_INFINITY : INFINITY;
  return new Decimal(a.unscaled === 0 ? 0 : -a.unscaled, a.scale);
}

export function absDecimal(a: Decimal): Decimal {
  return signOf(a) < 0 ? negateDecimal(a) : a;
}

/** -1, 0, 1; NaN counts as 1. */
export function signOf(a: Decimal): number {
  if (a.special !== undefined) return a.special === '-Infinity' ? -1 : 1;
  return a.unscaled < 0 ? -1 : a.unscaled > 0 ? 1 : 0;
}

export function multiplyDecimal(a: Decimal, b: Decimal): Decimal {
  if (a.special !== undefined || b.special !== undefined) {
    if (a.special === 'NaN' || b.special === 'NaN') return NAN;
    const sign = signOf(a) * signOf(b);
    return sign === 0 ? NAN : sign > 0 ? INFINITY : NEGATIVE_INFINITY;
  }
  const scale = a.scale + b.scale;
  if (typeof a.unscaled === 'number' && typeof b.unscaled === 'number') {
    const product = a.unscaled * b.unscaled;
    if (product <= SAFE && product >= -SAFE)
      return scale > MAX_DECIMAL_SCALE
        ? roundDecimal(new Decimal(product + 0, scale), MAX_DECIMAL_SCALE)
        : new Decimal(product + 0, scale);
  }
  const product = checked(BigInt(a.unscaled) * BigInt(b.unscaled), scale);
  return scale > MAX_DECIMAL_SCALE ? roundDecimal(product, MAX_DECIMAL_SCALE) : product;
}

export function divisionByZero(): SqlError {
  return new SqlError('division_by_zero', 'division by zero');
}

/** Weight and value of the first group of four digits; groups are aligned at the point. */
export function leadingGroup(a: Decimal): { weight: number; first: number; digits: string; fractionGroups: number } {
  if (a.unscaled === 0) return { weight: 0, first: 0, digits: '', fractionGroups: 0 };
  let text = (a.unscaled < 0 ? -a.unscaled : a.unscaled).toString();
  const fractionGroups = Math.ceil(a.scale / 4);
  text += '0'.repeat(fractionGroups * 4 - a.scale);
  const groups = Math.ceil(text.length / 4);
  const first = Number(text.slice(0, text.length - (groups - 1) * 4));
  return { weight: groups - 1 - fractionGroups, first, digits: text, fractionGroups };
}

function quotientScale(a: Decimal, b: Decimal): number {
  const x = leadingGroup(a);
  const y = leadingGroup(b);
  let weight = x.weight - y.weight;
  if (x.first <= y.first) weight--;
  return clampScale(MIN_SIGNIFICANT_DIGITS - weight * 4, a.scale, b.scale);
}

export function clampScale(scale: number, ...minimums: number[]): number {
  return Math.min(Math.max(scale, 0, ...minimums), MAX_RESULT_SCALE);
}

/** n / d rounded half away from zero. */
export function divideRounded(n: bigint, d: bigint): bigint {
  const quotient = n / d;
  const rest = n % d;
  const twice = (rest < 0n ? -rest : rest) * 2n;
  if (twice < (d < 0n ? -d : d)) return quotient;
  return n < 0n === d < 0n ? quotient + 1n : quotient - 1n;
}

export type DivisionRule = 'significant-16' | 'scale-plus-4' | 'sum-of-scales' | 'precision-38';

export function divideDecimal(a: Decimal, b: Decimal, rule: DivisionRule = 'significant-16'): Decimal {
  if (a.special !== undefined || b.special !== undefined) return divideSpecial(a, b);
  if (b.unscaled === 0) throw divisionByZero();
  switch (rule) {
    case 'scale-plus-4':
      return divideInWords(a, b);
    case 'sum-of-scales':
      return divideTo(a, b, a.scale + b.scale, true);
    case 'precision-38':
      return divideTo(a, b, Math.max(6, a.scale + b.scale + 1));
    default:
      return divideTo(a, b, quotientScale(a, b));
  }
}

/** Digits of a word of a quotient that is computed with more digits than it shows. */
const WORD_DIGITS = 9;
/** Digits it shows beyond those of the dividend. */
export const QUOTIENT_DIGITS = 4;
const words = (digits: number): number => Math.ceil(digits / WORD_DIGITS);

/** The quotient cut after the words that hold the digits it shows: what takes part in further arithmetic. */
function divideInWords(a: Decimal, b: Decimal): Decimal {
  const whole = (words(a.scale) + words(b.scale)) * WORD_DIGITS;
  const more = Math.max(0, QUOTIENT_DIGITS - (whole - a.scale - b.scale));
  return divideTo(a, b, words(whole + more) * WORD_DIGITS, true);
}

/** Quotient with exactly `scale` digits after the point. */
export function divideTo(a: Decimal, b: Decimal, scale: number, truncate = false): Decimal {
  const shift = scale + b.scale - a.scale;
  let n = BigInt(a.unscaled);
  let d = BigInt(b.unscaled);
  if (shift >= 0) n *= bigPower(shift);
  else d *= bigPower(-shift);
  return checked(truncate ? n / d : divideRounded(n, d), scale);
}

function divideSpecial(a: Decimal, b: Decimal): Decimal {
  if (a.special === 'NaN' || b.special === 'NaN') return NAN;
  if (a.special !== undefined) {
    if (b.special !== undefined) return NAN;
    if (b.unscaled === 0) throw divisionByZero();
    return signOf(a) * signOf(b) > 0 ? INFINITY : NEGATIVE_INFINITY;
  }
  return ZERO;
}

/** Whole quotient, truncated toward zero. */
export function integerDivideDecimal(a: Decimal, b: Decimal): Decimal {
  if (a.special !== undefined || b.special !== undefined) return divideSpecial(a, b);
  if (b.unscaled === 0) throw divisionByZero();
  const scale = Math.max(a.scale, b.scale);
  return decimal(raised(a, scale) / raised(b, scale), 0);
}

export function moduloDecimal(a: Decimal, b: Decimal): Decimal {
  if (a.special !== undefined || b.special !== undefined) {
    if (a.special === undefined && b.special !== 'NaN') return a;
    if (a.special !== undefined && a.special !== 'NaN' && b.special === undefined && b.unscaled === 0)
      throw divisionByZero();
    return NAN;
  }
  if (b.unscaled === 0) throw divisionByZero();
  const scale = Math.max(a.scale, b.scale);
  if (a.scale === b.scale && typeof a.unscaled === 'number' && typeof b.unscaled === 'number')
    return new Decimal((a.unscaled % b.unscaled) + 0, scale);
  return decimal(raised(a, scale) % raised(b, scale), scale);
}

/** Rounded half away from zero; a negative scale rounds before the point. */
export function roundDecimal(a: Decimal, scale: number): Decimal {
  if (a.special !== undefined) return a;
  const target = scale < 0 ? 0 : scale;
  if (scale >= a.scale) return scale === a.scale ? a : decimal(raised(a, scale), scale);
  const drop = a.scale - scale;
  if (typeof a.unscaled === 'number' && drop <= 15) {
    const unit = POWERS[drop] as number;
    const size = Math.abs(a.unscaled);
    const rest = size % unit;
    let quotient = (size - rest) / unit + (rest * 2 >= unit ? 1 : 0);
    if (scale < 0) quotient *= 10 ** -scale;
    if (quotient <= SAFE) return new Decimal(a.unscaled < 0 ? 0 - quotient : quotient, target);
  }
  let rounded = divideRounded(BigInt(a.unscaled), bigPower(drop));
  if (scale < 0) rounded *= bigPower(-scale);
  return decimal(rounded, target);
}

export function truncateDecimal(a: Decimal, scale: number): Decimal {
  if (a.special !== undefined) return a;
  if (scale >= a.scale) return scale === a.scale ? a : decimal(raised(a, scale), scale);
  let cut = BigInt(a.unscaled) / bigPower(a.scale - scale);
  if (scale < 0) cut *= bigPower(-scale);
  return decimal(cut, scale < 0 ? 0 : scale);
}

export function floorDecimal(a: Decimal): Decimal {
  const cut = truncateDecimal(a, 0);
  return a.special === undefined && a.unscaled < 0 && compareDecimal(cut, a) !== 0 ? subtractDecimal(cut, ONE) : cut;
}

export function ceilDecimal(a: Decimal): Decimal {
  const cut = truncateDecimal(a, 0);
  return a.special === undefined && a.unscaled > 0 && compareDecimal(cut, a) !== 0 ? addDecimal(cut, ONE) : cut;
}

const SPECIAL_RANK = { '-Infinity': -1, Infinity: 1, NaN: 2 } as const;

export function compareDecimal(a: Decimal, b: Decimal): number {
  if (a.special !== undefined || b.special !== undefined) {
    const x = a.special === undefined ? 0 : SPECIAL_RANK[a.special];
    const y = b.special === undefined ? 0 : SPECIAL_RANK[b.special];
    return x - y;
  }
  if (a.scale === b.scale) return a.unscaled < b.unscaled ? -1 : a.unscaled > b.unscaled ? 1 : 0;
  if (typeof a.unscaled === 'number' && typeof b.unscaled === 'number') {
    const scale = a.scale > b.scale ? a.scale : b.scale;
    if (scale - a.scale <= 15 && scale - b.scale <= 15) {
      const x = a.unscaled * (POWERS[scale - a.scale] as number);
      const y = b.unscaled * (POWERS[scale - b.scale] as number);
      if (x <= SAFE && x >= -SAFE && y <= SAFE && y >= -SAFE) return x - y;
    }
  }
  const scale = Math.max(a.scale, b.scale);
  const x = raised(a, scale);
  const y = raised(b, scale);
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Without trailing zeros after the point. */
export function trimDecimal(a: Decimal): Decimal {
  if (a.special !== undefined || a.scale === 0) return a;
  let { unscaled, scale } = a;
  if (typeof unscaled === 'bigint') {
    while (scale > 0 && unscaled % 10n === 0n) {
      unscaled /= 10n;
      scale--;
    }
    return decimal(unscaled, scale);
  }
  while (scale > 0 && unscaled % 10 === 0) {
    unscaled /= 10;
    scale--;
  }
  return new Decimal(unscaled, scale);
}

export function decimalToNumber(a: Decimal): number {
  if (a.special !== undefined) return Number(a.special);
  if (a.scale === 0) return Number(a.unscaled);
  if (typeof a.unscaled === 'number' && a.scale <= 15) return a.unscaled / (POWERS[a.scale] as number);
  return Number(a.toString());
}

/** The decimal a double prints as with 15 significant digits (6 for single precision). */
export function decimalFromNumber(value: number, digits = 15): Decimal {
  if (value !== value) return NAN;
  if (value === Infinity) return INFINITY;
  if (value === -Infinity) return NEGATIVE_INFINITY;
  if (Number.isSafeInteger(value) && Math.abs(value) < 10 ** digits) return new Decimal(value + 0, 0);
  const text = value.toPrecision(digits);
  return trimDecimal(parseDecimal(text));
}

/** Integer nearest to the value, halves away from zero. */
export function decimalToInteger(a: Decimal): number | bigint {
  return a.scale === 0 ? a.unscaled : roundDecimal(a, 0).unscaled;
}

export function factorialDecimal(n: number | bigint): Decimal {
  if (n < 0) throw new SqlError('numeric_value_out_of_range', 'factorial of a negative number is undefined');
  if (n > 32177) throw decimalOverflow();
  let result = 1n;
  for (let i = 2n; i <= BigInt(n); i++) result *= i;
  return decimal(result, 0);
}

export function gcdDecimal(a: Decimal, b: Decimal): Decimal {
  if (a.special !== undefined || b.special !== undefined) return NAN;
  const scale = Math.max(a.scale, b.scale);
  return decimal(bigGcd(raised(a, scale), raised(b, scale)), scale);
}

export function bigGcd(a: bigint, b: bigint): bigint {
  let x = a < 0n ? -a : a;
  let y = b < 0n ? -b : b;
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

/** Applies NUMERIC(precision, scale): rounds, and refuses what does not fit. */
export function coerceDecimal(a: Decimal, precision: number, scale: number): Decimal {
  if (a.special === 'NaN') return a;
  if (a.special !== undefined) throw fieldOverflow(precision, scale, true);
  const rounded = roundDecimal(a, scale);
  if (typeof rounded.unscaled === 'number' && precision <= 15 && scale >= 0) {
    const limit = POWERS[precision] as number;
    if (rounded.unscaled < limit && rounded.unscaled > -limit) return rounded;
  } else {
    const size = BigInt(rounded.unscaled < 0 ? -rounded.unscaled : rounded.unscaled);
    // The limit is 10^(precision - scale) in value.
    const limit = scale >= 0 ? bigPower(precision) : bigPower(precision - scale);
    if (size < limit) return rounded;
  }
  throw fieldOverflow(precision, scale, false);
}

function fieldOverflow(precision: number, scale: number, infinite: boolean): SqlError {
  const whole = precision - scale;
  return new SqlError('numeric_value_out_of_range', {
    message: 'numeric field overflow',
    variant: 'decimal_field_overflow',
    args: { precision, scale },
    detail: infinite
      ? `A field with precision ${precision}, scale ${scale} cannot hold an infinite value.`
      : `A field with precision ${precision}, scale ${scale} must round to an absolute value less than ${whole === 0 ? '1' : `10^${whole}`}.`,
  });
}
