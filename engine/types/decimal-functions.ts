/**
 * Roots, exponentials, logarithms and powers of exact decimals, computed on fixed-point big integers
 * (value * 10^digits) with as many digits more than the result shows as its error can reach.
 */
import { decimalOverflow, MAX_DECIMAL_WHOLE_DIGITS } from '../../sblr/contract/text/numbers.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { Decimal } from '../../sblr/contract/values.ts';
import {
  absDecimal,
  bigPower,
  checked,
  clampScale,
  compareDecimal,
  decimal,
  decimalToNumber,
  divideRounded,
  divisionByZero,
  INFINITY,
  leadingGroup,
  MAX_RESULT_SCALE,
  MIN_SIGNIFICANT_DIGITS,
  multiplyDecimal,
  NAN,
  NEGATIVE_INFINITY,
  ONE,
  signOf,
  subtractDecimal,
  trimDecimal,
  ZERO,
} from './decimal.ts';

function fixed(a: Decimal, digits: number): bigint {
  return digits >= a.scale
    ? BigInt(a.unscaled) * bigPower(digits - a.scale)
    : BigInt(a.unscaled) / bigPower(a.scale - digits);
}

function bigSqrt(n: bigint): bigint {
  if (n < 2n) return n;
  let x = 1n << BigInt(Math.ceil(n.toString(2).length / 2));
  for (;;) {
    const y = (x + n / x) >> 1n;
    if (y >= x) return x;
    x = y;
  }
}

/** `wantedScale`: digits after the point; absent = as many as give 16 significant ones. */
export function sqrtDecimal(a: Decimal, wantedScale?: number): Decimal {
  if (a.special !== undefined) {
    if (a.special === '-Infinity') throw sqrtOfNegative();
    return a;
  }
  if (a.unscaled < 0) throw sqrtOfNegative();
  const { weight } = leadingGroup(a);
  const digits = weight >= 0 ? Math.trunc(((weight + 1) * 4) / 2) - 1 : 1 - Math.trunc((1 - weight * 4) / 2);
  const scale = wantedScale ?? clampScale(MIN_SIGNIFICANT_DIGITS - digits, a.scale);
  // One more digit than asked, then round: exact because a root is never exactly half way.
  const root = bigSqrt(fixed(a, 2 * (scale + 1)));
  return decimal(divideRounded(root, 10n), scale);
}

function sqrtOfNegative(): SqlError {
  return new SqlError('invalid_argument_for_power_function', 'cannot take square root of a negative number');
}

/** e^x for fixed-point x with `digits` digits. */
function fixedExp(x: bigint, digits: number): bigint {
  const one = bigPower(digits);
  // Halve until small, add up the series, square back.
  let halvings = 0;
  let reduced = x;
  while ((reduced < 0n ? -reduced : reduced) > one / 100n) {
    reduced /= 2n;
    halvings++;
  }
  let term = one;
  let sum = one;
  for (let n = 1n; ; n++) {
    term = (term * reduced) / (one * n);
    if (term === 0n) break;
    sum += term;
  }
  for (let i = 0; i < halvings; i++) sum = (sum * sum) / one;
  return sum;
}

const lnTen = new Map<number, bigint>();

function fixedLnTen(digits: number): bigint {
  let value = lnTen.get(digits);
  if (value === undefined) {
    value = fixedLnSeries(bigPower(digits) * 10n, digits);
    if (lnTen.size < 100) lnTen.set(digits, value);
  }
  return value;
}

/** ln of a fixed-point value by repeated square roots and the series of atanh. */
function fixedLnSeries(x: bigint, digits: number): bigint {
  const one = bigPower(digits);
  let value = x;
  let doublings = 0n;
  while (value > one + one / 10n || value < one - one / 10n) {
    value = bigSqrt(value * one);
    doublings++;
  }
  const y = ((value - one) * one) / (value + one);
  const square = (y * y) / one;
  let power = y;
  let sum = 0n;
  for (let n = 1n; power !== 0n; n += 2n) {
    sum += power / n;
    power = (power * square) / one;
  }
  return (sum * 2n) << doublings;
}

function fixedLn(a: Decimal, digits: number): bigint {
  // a = m * 10^k with m in [0.1, 1)..: keep the series near one.
  const text = a.unscaled.toString();
  const shift = text.length - a.scale;
  if (shift >= -1 && shift <= 2) return fixedLnSeries(fixed(a, digits), digits);
  const mantissa = BigInt(a.unscaled) * bigPower(digits);
  const scaled = mantissa / bigPower(text.length - 1);
  return fixedLnSeries(scaled, digits) + BigInt(shift - 1) * fixedLnTen(digits);
}

/** Decimal weight of ln(a), estimated as the reference system does. */
function lnWeight(a: Decimal): number {
  if (signOf(a) <= 0) return 0;
  const nine = new Decimal(9, 1);
  const eleven = new Decimal(11, 1);
  if (compareDecimal(a, nine) >= 0 && compareDecimal(a, eleven) <= 0) {
    const x = leadingGroup(subtractDecimal(a, ONE));
    return x.first === 0 ? 0 : x.weight * 4 + Math.trunc(Math.log10(x.first));
  }
  const group = leadingGroup(a);
  const head = ((group.digits.length - 1) % 4) + 1;
  let digits = group.first;
  let weight = group.weight * 4;
  if (group.digits.length > head) {
    digits = digits * 10000 + Number(group.digits.slice(head, head + 4));
    weight -= 4;
  }
  const ln = Math.log(digits) + weight * 2.302585092994046;
  return Math.trunc(Math.log10(Math.abs(ln)));
}

function badLogarithm(a: Decimal): SqlError {
  return new SqlError(
    'invalid_argument_for_logarithm',
    signOf(a) === 0 ? 'cannot take logarithm of zero' : 'cannot take logarithm of a negative number',
  );
}

export function lnDecimal(a: Decimal): Decimal {
  if (a.special !== undefined) {
    if (a.special === '-Infinity') throw badLogarithm(a);
    return a;
  }
  if (a.unscaled <= 0) throw badLogarithm(a);
  const scale = clampScale(MIN_SIGNIFICANT_DIGITS - lnWeight(a), a.scale);
  const work = scale + 12;
  return decimal(divideRounded(fixedLn(a, work), bigPower(work - scale)), scale);
}

export function logDecimal(base: Decimal, a: Decimal): Decimal {
  if (base.special === 'NaN' || a.special === 'NaN') return NAN;
  if (signOf(base) <= 0) throw badLogarithm(base);
  if (signOf(a) <= 0) throw badLogarithm(a);
  if (base.special !== undefined) return a.special !== undefined ? NAN : ZERO;
  if (a.special !== undefined) return compareDecimal(base, ONE) > 0 ? INFINITY : NEGATIVE_INFINITY;
  const scale = clampScale(MIN_SIGNIFICANT_DIGITS - (lnWeight(a) - lnWeight(base)), base.scale, a.scale);
  const work = scale + 24;
  const below = fixedLn(base, work);
  if (below === 0n) throw divisionByZero();
  return decimal(divideRounded(fixedLn(a, work) * bigPower(scale), below), scale);
}

export function expDecimal(a: Decimal): Decimal {
  if (a.special !== undefined) return a.special === '-Infinity' ? ZERO : a;
  const value = decimalToNumber(a);
  if (value >= MAX_EXPONENT) throw decimalOverflow();
  if (value <= -MAX_EXPONENT) return new Decimal(0, MAX_RESULT_SCALE);
  const magnitude = value * LOG10_E;
  const scale = clampScale(MIN_SIGNIFICANT_DIGITS - Math.trunc(Math.max(-2000, Math.min(2000, magnitude))), a.scale);
  if (magnitude < -scale - 2) return new Decimal(0, scale);
  const work = scale + Math.max(0, Math.ceil(magnitude)) + 24;
  return decimal(divideRounded(fixedExp(fixed(a, work), work), bigPower(work - scale)), scale);
}

function badPower(message: string): SqlError {
  return new SqlError('invalid_argument_for_power_function', message);
}

const LOG10_E = 0.434294481903252;
/** The largest exponent of e that is computed; results beyond overflow. */
const MAX_EXPONENT = 6000;

export function powerDecimal(base: Decimal, exponent: Decimal): Decimal {
  if (base.special !== undefined || exponent.special !== undefined) return powerSpecial(base, exponent);
  const whole = trimDecimal(exponent);
  const sign = signOf(base);
  if (sign === 0 && exponent.unscaled < 0) throw badPower('zero raised to a negative power is undefined');
  if (sign < 0 && whole.scale > 0)
    throw badPower('a negative number raised to a non-integer power yields a complex result');
  if (whole.scale === 0 && typeof whole.unscaled === 'number' && Math.abs(whole.unscaled) <= 2147483647)
    return powerInteger(base, whole.unscaled, exponent.scale);
  if (sign === 0) return new Decimal(0, MIN_SIGNIFICANT_DIGITS);
  const negative = sign < 0 && whole.scale === 0 && BigInt(whole.unscaled) % 2n !== 0n;
  const size = absDecimal(base);
  // Near one the logarithm has many zeros after the point: it is estimated to some digits more than those.
  const zeros = Math.max(0, -lnWeight(size));
  const estimate = decimal(fixedLn(size, zeros + 16), zeros + 16);
  const power = decimalToNumber(multiplyDecimal(trimDecimal(estimate), whole));
  if (power >= MAX_EXPONENT) throw decimalOverflow();
  if (power <= -MAX_EXPONENT) return new Decimal(0, MAX_RESULT_SCALE);
  const magnitude = power * LOG10_E;
  const scale = clampScale(
    MIN_SIGNIFICANT_DIGITS - Math.trunc(Math.max(-2000, Math.min(2000, magnitude))),
    base.scale,
    exponent.scale,
  );
  if (magnitude < -scale - 2) return new Decimal(0, scale);
  const work = scale + Math.max(0, Math.ceil(magnitude)) + 30 + zeros;
  const product = (fixedLn(size, work) * BigInt(exponent.unscaled)) / bigPower(exponent.scale);
  const result = divideRounded(fixedExp(product, work), bigPower(work - scale));
  return decimal(negative ? -result : result, scale);
}

function powerInteger(base: Decimal, exponent: number, exponentScale: number): Decimal {
  const group = leadingGroup(base);
  let magnitude = 0;
  if (base.unscaled !== 0) {
    const text = group.digits;
    const head = text.slice(0, 17);
    magnitude = exponent * (Math.log10(Number(head)) + (text.length - head.length) - group.fractionGroups * 4);
  }
  if (magnitude > MAX_DECIMAL_WHOLE_DIGITS + 4) throw decimalOverflow();
  const scale = clampScale(MIN_SIGNIFICANT_DIGITS, base.scale, exponentScale);
  if (magnitude + 1 < -scale) return new Decimal(0, scale);
  if (exponent === 0) return decimal(bigPower(scale), scale);
  if (base.unscaled === 0) return new Decimal(0, scale);
  const size = Math.abs(exponent);
  const digits = base.unscaled.toString().length;
  if (exponent > 0 && digits * size < 5000)
    return checked(rescaled(BigInt(base.unscaled) ** BigInt(size), base.scale * size, scale), scale);
  if (exponent < 0 && digits * size < 5000) {
    const below = BigInt(base.unscaled) ** BigInt(size);
    return decimal(divideRounded(bigPower(scale + base.scale * size), below), scale);
  }
  const negative = base.unscaled < 0 && size % 2 === 1;
  const [unscaled, shift] = truncatedPower(base, size, scale + Math.max(0, Math.ceil(magnitude)) + 40);
  const result =
    exponent > 0 ? rescaled(unscaled, shift, scale) : divideRounded(bigPower(scale + Math.max(0, shift)), unscaled);
  return checked(negative ? -result : result, scale);
}

/** |base|^exponent by squaring with so many leading digits kept: the value is first * 10^-second. */
function truncatedPower(base: Decimal, exponent: number, keep: number): readonly [bigint, number] {
  const cut = (value: bigint, scale: number): readonly [bigint, number] => {
    const drop = Math.floor(value.toString(16).length * 1.2041) - keep;
    return drop <= 0 ? [value, scale] : [value / bigPower(drop), scale - drop];
  };
  let square: readonly [bigint, number] = [BigInt(absDecimal(base).unscaled), base.scale];
  let result: readonly [bigint, number] = [1n, 0];
  for (let rest = exponent; ; square = cut(square[0] * square[0], square[1] * 2)) {
    if (rest % 2 === 1) result = cut(result[0] * square[0], result[1] + square[1]);
    rest = Math.floor(rest / 2);
    if (rest === 0) return result;
  }
}

/** The integer at another scale, rounded. */
function rescaled(unscaled: bigint, from: number, to: number): bigint {
  return from <= to ? unscaled * bigPower(to - from) : divideRounded(unscaled, bigPower(from - to));
}

function powerSpecial(base: Decimal, exponent: Decimal): Decimal {
  if (exponent.special === undefined && exponent.unscaled === 0) return ONE;
  if (base.special === undefined && compareDecimal(base, ONE) === 0) return ONE;
  if (base.special === 'NaN' || exponent.special === 'NaN') return NAN;
  const result = decimalToNumber(base) ** decimalToNumber(exponent);
  if (signOf(base) === 0 && signOf(exponent) < 0) throw badPower('zero raised to a negative power is undefined');
  if (exponent.special === undefined && signOf(base) < 0 && trimDecimal(exponent).scale > 0)
    throw badPower('a negative number raised to a non-integer power yields a complex result');
  if (exponent.special !== undefined) {
    const one = compareDecimal(absDecimal(base), ONE);
    if (one === 0) return ONE;
    const grows = one > 0 === signOf(exponent) > 0;
    return grows ? INFINITY : ZERO;
  }
  return result === Infinity ? INFINITY : result === -Infinity ? NEGATIVE_INFINITY : ZERO;
}
