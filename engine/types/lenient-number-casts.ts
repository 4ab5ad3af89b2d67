/** Any value as a number: integers, years, decimals, doubles. */
import { type SqlType } from '../../sblr/contract/types.ts';
import { Bits, canonicalInteger, Decimal, type SqlValue } from '../../sblr/contract/values.ts';
import { type EvalContext } from '../functions/function.ts';
import {
  compareDecimal,
  bigPower,
  decimalFromInteger,
  decimalFromNumber,
  decimalToInteger,
  decimalToNumber,
  roundDecimal,
  ZERO,
} from './decimal.ts';
import { roundHalfEven } from './integers.ts';
import { fullYear } from './lenient-date-time.ts';
import { dateNumber, instantDecimal } from './lenient-instant-casts.ts';
import {
  integerEnd,
  leadingBlanks,
  leadingDecimal,
  leadingDouble,
  leadingInteger,
  numberEnd,
  onlyBlanksFrom,
} from './lenient-numbers.ts';
import { type LenientCast, type Misfits, type Whole, textOf, plainText } from './lenient-values.ts';

const INTEGER_NAMES: Partial<Record<SqlType['kind'], string>> = {
  int8: 'integer',
  int16: 'integer',
  int24: 'integer',
  int32: 'integer',
  int64: 'integer',
};

const MOST_UNSIGNED = 18446744073709551615n;

const isFloat = (type: SqlType): boolean => type.kind === 'float32' || type.kind === 'float64';
const isInteger = (type: SqlType): boolean => INTEGER_NAMES[type.kind] !== undefined || type.declared === 'hex';

function range(to: SqlType): readonly [Whole, Whole] {
  if (to.kind === 'int64')
    return to.unsigned === true ? [0, 18446744073709551615n] : [-9223372036854775808n, 9223372036854775807n];
  const bits = Number(to.kind.slice(3));
  return to.unsigned === true ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

export function toInteger(from: SqlType, to: SqlType, assignment: boolean): LenientCast | undefined {
  const whole = wholeNumber(from, assignment);
  if (whole === undefined) return undefined;
  const [low, high] = range(to);
  const name = INTEGER_NAMES[to.kind] as string;
  // An expression takes the bits of a negative number, a column the nearest value.
  const wraps = !assignment && to.kind === 'int64' && to.unsigned === true;
  // A cast that asks for it takes those of an integer that is too large, however it is written.
  const turns = to.declared === 'signed' && !assignment && from.kind !== 'decimal' && !isFloat(from);
  const silent = !assignment && isInteger(from);
  return (value, evaluation, misfits) => {
    const number = whole(value, evaluation, misfits);
    if (number >= low && number <= high) return number;
    if (wraps && number < 0 && number >= -9223372036854775808n)
      return canonicalInteger(BigInt.asUintN(64, BigInt(number)));
    if (turns && number > high) {
      if (!silent) misfits.outOfRange(name, textOf(value));
      return canonicalInteger(number > MOST_UNSIGNED ? -1n : BigInt.asIntN(64, BigInt(number)));
    }
    if (!silent) misfits.outOfRange(name, textOf(value));
    return canonicalInteger(BigInt(number < low ? low : high));
  };
}

type WholeCast = (value: SqlValue, evaluation: EvalContext, misfits: Misfits) => Whole;

/** The nearest whole number of a value. */
export function wholeNumber(from: SqlType, assignment: boolean): WholeCast | undefined {
  switch (from.kind) {
    case 'int8':
    case 'int16':
    case 'int24':
    case 'int32':
    case 'int64':
    case 'year':
    case 'oid':
    case 'reference':
      return (value) => value as Whole;
    case 'bool':
      return (value) => (value === true ? 1 : 0);
    case 'decimal':
      return (value) => decimalToInteger(value as Decimal);
    case 'float32':
    case 'float64':
      return (value) => wholeOfFloat(value as number);
    case 'bits':
      return (value) => (value instanceof Bits ? wholeOfBits(value) : (value as Whole));
    case 'enum':
      return (value) => (from.labels ?? []).indexOf(value as string) + 1;
    case 'set':
      return (value) => value as Whole;
    case 'date':
      return (value) => dateNumber(value as number);
    case 'time':
    case 'timestamp':
    case 'timestamptz': {
      const decimal = instantDecimal(from);
      return (value, evaluation) => decimalToInteger(decimal(value, evaluation));
    }
    case 'bytes':
      if (from.declared === 'hex') return (value) => wholeOfBytes(value as Uint8Array);
      break;
    case 'text':
    case 'unknown':
    case 'jsonb':
    case 'json':
      break;
    default:
      return undefined;
  }
  const text = plainText(from);
  return assignment
    ? (value, _evaluation, misfits) => roundedText(text(value), misfits)
    : (value, _evaluation, misfits) => wholeOfText(text(value), misfits);
}

function wholeOfFloat(value: number): Whole {
  if (value >= 18446744073709551616 || value !== value) return 18446744073709551616n;
  if (value < -9223372036854775808) return -9223372036854775809n;
  const rounded = roundHalfEven(value);
  return Number.isSafeInteger(rounded) ? rounded : canonicalInteger(BigInt(rounded));
}

function wholeOfBits(value: Bits): Whole {
  return value.text === '' ? 0 : canonicalInteger(BigInt(`0b${value.text}`));
}

/** Bytes as a number of 64 bits, the last ones where there are more than eight. */
function wholeOfBytes(value: Uint8Array): Whole {
  let result = 0n;
  for (let at = Math.max(0, value.length - 8); at < value.length; at++)
    result = (result << 8n) | BigInt(value[at] as number);
  return canonicalInteger(result);
}

function wholeOfText(text: string, misfits: Misfits): Whole {
  const start = leadingBlanks(text);
  const end = integerEnd(text, start);
  if (end === start || !onlyBlanksFrom(text, end)) misfits.unread('integer', text, end > start);
  return leadingInteger(text);
}

function roundedText(text: string, misfits: Misfits): Whole {
  const start = leadingBlanks(text);
  const end = numberEnd(text, start);
  if (end === start || !onlyBlanksFrom(text, end)) misfits.unread('integer', text, end > start);
  return integerEnd(text, start) === end ? leadingInteger(text) : decimalToInteger(leadingDecimal(text));
}

export function toYear(from: SqlType, assignment: boolean): LenientCast | undefined {
  const whole = wholeNumber(from, assignment);
  if (whole === undefined) return undefined;
  return (value, evaluation, misfits) => {
    const number = Number(whole(value, evaluation, misfits));
    // The text '0' and '00' are the year 2000, the number 0 is the year 0.
    if (number === 0) return typeof value === 'string' && value.trim().length < 3 ? 2000 : 0;
    const year = number > 0 && number < 100 ? fullYear(number) : number;
    if (year >= 1901 && year <= 2155) return year;
    misfits.outOfRange('year', textOf(value));
    return 0;
  };
}

export function toDecimal(from: SqlType, to: SqlType, assignment: boolean): LenientCast | undefined {
  const exact = decimalNumber(from, assignment);
  if (exact === undefined) return undefined;
  const { precision, scale = 0 } = to;
  if (precision === undefined) return exact;
  const limit = new Decimal(canonicalInteger(bigPower(precision) - 1n), scale);
  const least = new Decimal(canonicalInteger(1n - bigPower(precision)), scale);
  return (value, evaluation, misfits) => {
    const number = exact(value, evaluation, misfits);
    const result = roundDecimal(number, scale);
    if (to.unsigned === true && result.unscaled < 0) {
      misfits.outOfRange('decimal', textOf(value));
      return roundDecimal(ZERO, scale);
    }
    if (compareDecimal(result, limit) > 0 || compareDecimal(result, least) < 0) {
      misfits.outOfRange('decimal', textOf(value));
      return result.unscaled < 0 ? least : limit;
    }
    if (assignment && number.scale > scale && compareDecimal(number, result) !== 0) misfits.rounded();
    return result;
  };
}

type DecimalCast = (value: SqlValue, evaluation: EvalContext, misfits: Misfits) => Decimal;

function decimalNumber(from: SqlType, assignment: boolean): DecimalCast | undefined {
  switch (from.kind) {
    case 'decimal':
      return (value) => value as Decimal;
    case 'float32':
      return (value) => decimalFromNumber(value as number, 6);
    case 'float64':
      return (value) => decimalFromNumber(value as number, 15);
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return instantDecimal(from);
    case 'text':
    case 'unknown':
    case 'jsonb':
    case 'json':
      return decimalOfText(plainText(from));
    case 'bytes':
      if (from.declared !== 'hex') return decimalOfText(plainText(from));
      break;
  }
  const whole = wholeNumber(from, assignment);
  return whole === undefined
    ? undefined
    : (value, evaluation, misfits) => decimalFromInteger(whole(value, evaluation, misfits));
}

function decimalOfText(text: (value: SqlValue) => string): DecimalCast {
  return (value, _evaluation, misfits) => {
    const shown = text(value);
    const start = leadingBlanks(shown);
    const end = numberEnd(shown, start);
    if (end === start || !onlyBlanksFrom(shown, end)) misfits.unread('decimal', shown, end > start);
    return leadingDecimal(shown);
  };
}

export function toFloat(from: SqlType, to: SqlType): LenientCast | undefined {
  const number = floatNumber(from);
  if (number === undefined) return undefined;
  const single = to.kind === 'float32';
  const fits = fixedDigits(to);
  return (value, evaluation, misfits) => {
    const given = number(value, evaluation, misfits);
    const kept = fits === undefined ? given : fits(given, misfits);
    const result = single ? Math.fround(kept) : kept;
    if (to.unsigned === true && result < 0) {
      misfits.outOfRange('double', textOf(value));
      return 0;
    }
    if (Number.isFinite(result)) return result;
    misfits.outOfRange('double', textOf(value));
    const most = single ? 3.4028234663852886e38 : Number.MAX_VALUE;
    return result < 0 ? -most : most;
  };
}

/** Rounds to the digits of a column that fixes them: halves to even, what is too large to the nearest end. */
function fixedDigits({ precision, scale }: SqlType): ((value: number, misfits: Misfits) => number) | undefined {
  if (precision === undefined || scale === undefined) return undefined;
  const unit = 10 ** scale;
  const most = (10 ** precision - 1) / unit;
  return (value, misfits) => {
    // The whole part stays as it is, only what is behind the point is rounded.
    const whole = Math.floor(value);
    const rounded = Math.abs(value) >= 2 ** 53 ? value : whole + roundHalfEven((value - whole) * unit) / unit;
    if (Math.abs(rounded) <= most) return rounded;
    misfits.outOfRange('double', textOf(value));
    return rounded < 0 ? -most : most;
  };
}

function floatNumber(
  from: SqlType,
): ((value: SqlValue, evaluation: EvalContext, misfits: Misfits) => number) | undefined {
  switch (from.kind) {
    case 'float32':
    case 'float64':
      return (value) => value as number;
    case 'decimal':
      return (value) => decimalToNumber(value as Decimal);
    case 'time':
    case 'timestamp':
    case 'timestamptz': {
      const decimal = instantDecimal(from);
      return (value, evaluation) => decimalToNumber(decimal(value, evaluation));
    }
    case 'text':
    case 'unknown':
    case 'jsonb':
    case 'json':
      return floatOfText(plainText(from));
    case 'bytes':
      if (from.declared !== 'hex') return floatOfText(plainText(from));
      break;
  }
  const whole = wholeNumber(from, false);
  return whole === undefined ? undefined : (value, evaluation, misfits) => Number(whole(value, evaluation, misfits));
}

function floatOfText(text: (value: SqlValue) => string) {
  return (value: SqlValue, _evaluation: EvalContext, misfits: Misfits): number => {
    if (typeof value === 'number') return value;
    const shown = text(value);
    const start = leadingBlanks(shown);
    const end = numberEnd(shown, start);
    if (end === start || !onlyBlanksFrom(shown, end)) misfits.unread('double', shown, end > start);
    return leadingDouble(shown);
  };
}
