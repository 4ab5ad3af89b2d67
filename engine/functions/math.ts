/** Mathematical functions. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { Decimal, type SqlArray, type SqlValue } from '../../sblr/contract/values.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { comparatorFor } from '../types/compare.ts';
import {
  absDecimal,
  addDecimal,
  bigGcd,
  bigPower,
  ceilDecimal,
  checked,
  compareDecimal,
  divideTo,
  factorialDecimal,
  floorDecimal,
  gcdDecimal,
  integerDivideDecimal,
  moduloDecimal,
  multiplyDecimal,
  ONE,
  roundDecimal,
  signOf,
  subtractDecimal,
  trimDecimal,
  truncateDecimal,
} from '../types/decimal.ts';
import { expDecimal, lnDecimal, logDecimal, powerDecimal, sqrtDecimal } from '../types/decimal-functions.ts';
import {
  checkInt32,
  checkInt64,
  divisionByZero,
  type Integer,
  modulo64,
  outOfRange,
  roundHalfEven,
  subtract64,
} from '../types/integers.ts';
import type { EvalContext } from './function.ts';
import { checkFloat, powerFloat } from './operators-arithmetic.ts';
import { scalar, scalarFor, VOLATILE } from './table.ts';

const fail = (message: string): SqlError => new SqlError('numeric_value_out_of_range', message);
const badInput = (): SqlError => fail('input is out of range');

for (const type of ['int16', 'int32'] as const) {
  const [limit, name] = type === 'int16' ? [32767, 'smallint'] : [2147483647, 'integer'];
  scalar(`abs(${type}) ${type}`, (a: number) => {
    if (-a > limit) throw outOfRange(name);
    return Math.abs(a);
  });
  scalar(`mod(${type}, ${type}) ${type}`, (a: number, b: number) => {
    if (b === 0) throw divisionByZero();
    return (a % b) + 0;
  });
}
scalar('abs(int64) int64', (a: Integer) => (a < 0 ? subtract64(0, a) : a));
scalar('abs(decimal) decimal', absDecimal);
scalar('abs(float32) float32', (a: number) => Math.abs(a));
scalar('abs(float64) float64', (a: number) => Math.abs(a));
scalar('mod(int64, int64) int64', modulo64);
scalar('mod(decimal, decimal) decimal', moduloDecimal);
scalar('div(decimal, decimal) decimal', integerDivideDecimal);

for (const name of ['ceil', 'ceiling']) {
  scalar(`${name}(decimal) decimal`, ceilDecimal);
  scalar(`${name}(float64) float64`, (a: number) => Math.ceil(a));
}
/** No decimal has digits beyond these places. */
const clampedScale = (scale: number): number => Math.max(-131_073, Math.min(16_383, scale));
scalar('floor(decimal) decimal', floorDecimal);
scalar('floor(float64) float64', (a: number) => Math.floor(a));
scalar('round(decimal) decimal', (a: Decimal) => roundDecimal(a, 0));
scalar('round(decimal, int32) decimal', (a: Decimal, scale: number) => roundDecimal(a, clampedScale(scale)));
scalar('round(float64) float64', (a: number) =>
  Number.isFinite(a) ? (a < 0 ? -roundHalfEven(-a) : roundHalfEven(a)) : a,
);
scalar('trunc(decimal) decimal', (a: Decimal) => truncateDecimal(a, 0));
scalar('trunc(decimal, int32) decimal', (a: Decimal, scale: number) => truncateDecimal(a, clampedScale(scale)));
scalar('trunc(float64) float64', (a: number) => Math.trunc(a));
scalar('sign(decimal) decimal', (a: Decimal) => (a.special === 'NaN' ? a : new Decimal(signOf(a), 0)));
scalar('sign(float64) float64', (a: number) => Math.sign(a) + 0);

scalar('sqrt(decimal) decimal', (value: Decimal) => sqrtDecimal(value));
scalar('sqrt(float64) float64', (a: number) => {
  if (a < 0) throw new SqlError('invalid_argument_for_power_function', 'cannot take square root of a negative number');
  return Math.sqrt(a);
});
scalar('cbrt(float64) float64', (a: number) => Math.cbrt(a));
scalar('power(decimal, decimal) decimal', powerDecimal);
scalar('power(float64, float64) float64', powerFloat);
scalar('exp(decimal) decimal', expDecimal);
scalar('exp(float64) float64', (a: number) => {
  const result = Math.exp(a);
  return checkFloat(result, result === Infinity && a !== Infinity, result === 0 && a !== -Infinity);
});

function logArgument(a: number): number {
  if (a === 0) throw new SqlError('invalid_argument_for_logarithm', 'cannot take logarithm of zero');
  if (a < 0) throw new SqlError('invalid_argument_for_logarithm', 'cannot take logarithm of a negative number');
  return a;
}
scalar('ln(decimal) decimal', lnDecimal);
scalar('ln(float64) float64', (a: number) => Math.log(logArgument(a)));
const TEN = new Decimal(10, 0);
for (const name of ['log', 'log10']) {
  scalar(`${name}(decimal) decimal`, (a: Decimal) => logDecimal(TEN, a));
  scalar(`${name}(float64) float64`, (a: number) => Math.log10(logArgument(a)));
}
scalar('log(decimal, decimal) decimal', logDecimal);

const degrees = (radians: number): number => radians / (Math.PI / 180);
const finite = (a: number): number => {
  if (a === Infinity || a === -Infinity) throw badInput();
  return a;
};
const unit = (a: number): number => {
  if (a < -1 || a > 1) throw badInput();
  return a;
};
const trigonometric: Readonly<Record<string, (a: number) => number>> = {
  sin: (a) => Math.sin(finite(a)),
  cos: (a) => Math.cos(finite(a)),
  tan: (a) => Math.tan(finite(a)),
  cot: (a) => 1 / Math.tan(finite(a)),
  asin: (a) => Math.asin(unit(a)),
  acos: (a) => Math.acos(unit(a)),
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: (a) => {
    if (a < 1) throw badInput();
    return Math.acosh(a);
  },
  atanh: (a) => {
    if (a < -1 || a > 1) throw badInput();
    return Math.atanh(a);
  },
  degrees,
  radians: (a) => a * (Math.PI / 180),
  sind: (a) => sinDegrees(finite(a)),
  cosd: (a) => sinDegrees(90 - Math.abs(finite(a) % 360)),
  tand: (a) => tanDegrees(finite(a)),
  cotd: (a) => {
    const tangent = tanDegrees(finite(a));
    // The sign tells the half turns apart.
    if (tangent === 0) return Math.abs(a % 360) === 180 && a > 0 ? -Infinity : Infinity;
    return Math.abs(tangent) === Infinity ? 0 : 1 / tangent;
  },
  asind: (a) => exactAngle(degrees(Math.asin(unit(a)))),
  acosd: (a) => exactAngle(degrees(Math.acos(unit(a)))),
  atand: (a) => exactAngle(degrees(Math.atan(a))),
};
for (const [name, code] of Object.entries(trigonometric)) scalar(`${name}(float64) float64`, code);
scalar('atan2(float64, float64) float64', (a: number, b: number) => Math.atan2(a, b));
scalar('atan2d(float64, float64) float64', (a: number, b: number) => exactAngle(degrees(Math.atan2(a, b))));
scalar('pi() float64', () => Math.PI);

/** Whole results of inverse functions at the well-known points. */
function exactAngle(angle: number): number {
  const whole = Math.round(angle);
  return Math.abs(angle - whole) < 1e-12 ? whole + 0 : angle;
}

/** Sine of degrees, exact at multiples of 30. */
function sinDegrees(angle: number): number {
  let a = angle % 360;
  let sign = 1;
  if (a < 0) {
    a = -a;
    sign = -1;
  }
  if (a > 180) {
    a -= 180;
    sign = -sign;
  }
  if (a > 90) a = 180 - a;
  if (a === 0) return 0;
  if (a === 30) return sign * 0.5;
  if (a === 90) return sign;
  return sign * Math.sin((a * Math.PI) / 180);
}

function tanDegrees(angle: number): number {
  let a = angle % 180;
  let sign = 1;
  if (a < 0) {
    a = -a;
    sign = -1;
  }
  if (a > 90) {
    a = 180 - a;
    sign = -sign;
  }
  if (a === 0) return 0;
  if (a === 45) return sign;
  if (a === 90) return sign * Infinity;
  return sign * Math.tan((a * Math.PI) / 180);
}

scalar('random() float64', (context: EvalContext) => context.random(), VOLATILE);
scalar(
  'setseed(float64) void',
  (seed: number, context: EvalContext) => {
    if (!(seed >= -1 && seed <= 1))
      throw new SqlError('invalid_parameter_value', `setseed parameter ${seed} is out of allowed range [-1,1]`);
    context.seedRandom(seed);
    return '';
  },
  VOLATILE,
);

scalar('factorial(int64) decimal', (a: Integer) => factorialDecimal(a));
scalar('gcd(int32, int32) int32', (a: number, b: number) => checkInt32(Number(bigGcd(BigInt(a), BigInt(b)))));
scalar('gcd(int64, int64) int64', (a: Integer, b: Integer) => checkInt64(bigGcd(BigInt(a), BigInt(b))));
scalar('gcd(decimal, decimal) decimal', gcdDecimal);
const lcm = (a: bigint, b: bigint): bigint => {
  if (a === 0n || b === 0n) return 0n;
  const product = (a / bigGcd(a, b)) * b;
  return product < 0n ? -product : product;
};
scalar('lcm(int32, int32) int32', (a: number, b: number) => {
  const result = lcm(BigInt(a), BigInt(b));
  if (result > 2147483647n) throw outOfRange('integer');
  return Number(result);
});
scalar('lcm(int64, int64) int64', (a: Integer, b: Integer) => checkInt64(lcm(BigInt(a), BigInt(b))));
scalar('lcm(decimal, decimal) decimal', (a: Decimal, b: Decimal) => {
  if (a.special !== undefined || b.special !== undefined) return gcdDecimal(a, b);
  const scale = Math.max(a.scale, b.scale);
  const x = BigInt(a.unscaled) * bigPower(scale - a.scale);
  const y = BigInt(b.unscaled) * bigPower(scale - b.scale);
  return checked(lcm(x, y), scale);
});
scalar('scale(decimal) int32', (a: Decimal) => (a.special === undefined ? a.scale : null));
scalar('min_scale(decimal) int32', (a: Decimal) => (a.special === undefined ? trimDecimal(a).scale : null));
scalar('trim_scale(decimal) decimal', trimDecimal);

function bucketCheck(count: number): void {
  if (count <= 0) throw new SqlError('invalid_argument_for_width_bucket_function', 'count must be greater than zero');
}
scalar(
  'width_bucket(float64, float64, float64, int32) int32',
  (operand: number, low: number, high: number, count: number) => {
    bucketCheck(count);
    if (operand !== operand || low !== low || high !== high)
      throw new SqlError(
        'invalid_argument_for_width_bucket_function',
        'operand, lower bound, and upper bound cannot be NaN',
      );
    if (!Number.isFinite(low) || !Number.isFinite(high))
      throw new SqlError('invalid_argument_for_width_bucket_function', 'lower and upper bounds must be finite');
    if (low === high)
      throw new SqlError('invalid_argument_for_width_bucket_function', 'lower bound cannot equal upper bound');
    if (low < high)
      return operand < low
        ? 0
        : operand >= high
          ? checkInt32(count + 1)
          : Math.min(count, Math.floor(((operand - low) / (high - low)) * count) + 1);
    return operand > low
      ? 0
      : operand <= high
        ? checkInt32(count + 1)
        : Math.min(count, Math.floor(((low - operand) / (low - high)) * count) + 1);
  },
);
scalar(
  'width_bucket(decimal, decimal, decimal, int32) int32',
  (operand: Decimal, low: Decimal, high: Decimal, count: number) => {
    bucketCheck(count);
    if ([operand, low, high].some((value) => value.special === 'NaN'))
      throw new SqlError(
        'invalid_argument_for_width_bucket_function',
        'operand, lower bound, and upper bound cannot be NaN',
      );
    if (low.special !== undefined || high.special !== undefined)
      throw new SqlError('invalid_argument_for_width_bucket_function', 'lower and upper bounds must be finite');
    const order = compareDecimal(low, high);
    if (order === 0)
      throw new SqlError('invalid_argument_for_width_bucket_function', 'lower bound cannot equal upper bound');
    const down = order > 0;
    if (down ? compareDecimal(operand, low) > 0 : compareDecimal(operand, low) < 0) return 0;
    if (down ? compareDecimal(operand, high) <= 0 : compareDecimal(operand, high) >= 0) return checkInt32(count + 1);
    const offset = multiplyDecimal(
      down ? subtractDecimal(low, operand) : subtractDecimal(operand, low),
      new Decimal(count, 0),
    );
    const width = down ? subtractDecimal(low, high) : subtractDecimal(high, low);
    return Number(addDecimal(divideTo(offset, width, 0, true), ONE).unscaled);
  },
);
scalarFor('width_bucket(any_compatible, any_compatible_array) int32', ([operand]) => {
  const compare = comparatorFor(operand as SqlType);
  return (value: SqlValue, thresholds: SqlArray) => {
    let low = 0;
    let high = thresholds.items.length;
    if (thresholds.dimensions.length > 1)
      throw new SqlError('array_subscript_error', 'thresholds must be one-dimensional array');
    if (thresholds.items.includes(null))
      throw new SqlError('null_value_not_allowed', 'thresholds array must not contain NULLs');
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(value, thresholds.items[middle] as SqlValue) < 0) high = middle;
      else low = middle + 1;
    }
    return low;
  };
});
scalar('bit_count(bits) int64', (bits: { text: string }) => [...bits.text].filter((bit) => bit === '1').length);
scalar('bit_count(bytes) int64', (bytes: Uint8Array) =>
  bytes.reduce((sum, byte) => sum + byte.toString(2).replaceAll('0', '').length, 0),
);
const hexOf =
  (width: 32 | 64) =>
  (value: Integer): string =>
    BigInt.asUintN(width, BigInt(value)).toString(16);
scalar('to_hex(int32) text', hexOf(32));
scalar('to_hex(int64) text', hexOf(64));
