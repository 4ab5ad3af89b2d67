/** Arithmetic and bit operators of numbers. Results out of range are errors, never wrapped. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { Bits, canonicalInteger, type Decimal } from '../../sblr/contract/values.ts';
import {
  absDecimal,
  addDecimal,
  divideDecimal,
  factorialDecimal,
  moduloDecimal,
  multiplyDecimal,
  negateDecimal,
  subtractDecimal,
} from '../types/decimal.ts';
import { powerDecimal } from '../types/decimal-functions.ts';
import {
  add64,
  checkInt16,
  checkInt32,
  divide64,
  divisionByZero,
  type Integer,
  modulo64,
  multiply64,
  subtract64,
} from '../types/integers.ts';
import { operator, operatorFor } from './table.ts';

type Small = (a: number, b: number) => number;

const small: Readonly<Record<'int16' | 'int32', (value: number) => number>> = { int16: checkInt16, int32: checkInt32 };

for (const [type, check] of Object.entries(small)) {
  operator(`add(${type}, ${type}) ${type}`, ((a, b) => check(a + b)) as Small);
  operator(`subtract(${type}, ${type}) ${type}`, ((a, b) => check(a - b)) as Small);
  operator(`multiply(${type}, ${type}) ${type}`, ((a, b) => check(a * b + 0)) as Small);
  const divide: Small = (a, b) => {
    if (b === 0) throw divisionByZero();
    return check(Math.trunc(a / b) + 0);
  };
  operator(`divide(${type}, ${type}) ${type}`, divide);
  operator(`integer_divide(${type}, ${type}) ${type}`, divide);
  operator(`modulo(${type}, ${type}) ${type}`, ((a, b) => {
    if (b === 0) throw divisionByZero();
    return (a % b) + 0;
  }) as Small);
  operator(`negate(${type}) ${type}`, (a: number) => check(0 - a));
  operator(`plus(${type}) ${type}`, (a: number) => a);
  operator(`absolute(${type}) ${type}`, (a: number) => check(Math.abs(a)));
  const narrow =
    type === 'int16' ? (value: number): number => (value << 16) >> 16 : (value: number): number => value | 0;
  operator(`bit_and(${type}, ${type}) ${type}`, (a: number, b: number) => a & b);
  operator(`bit_or(${type}, ${type}) ${type}`, (a: number, b: number) => a | b);
  operator(`bit_xor(${type}, ${type}) ${type}`, (a: number, b: number) => a ^ b);
  operator(`bit_not(${type}) ${type}`, (a: number) => ~a);
  operator(`shift_left(${type}, int32) ${type}`, (a: number, b: number) => narrow(a << b));
  operator(`shift_right(${type}, int32) ${type}`, (a: number, b: number) => a >> b);
}

operator('add(int64, int64) int64', add64);
operator('subtract(int64, int64) int64', subtract64);
operator('multiply(int64, int64) int64', multiply64);
operator('divide(int64, int64) int64', divide64);
operator('integer_divide(int64, int64) int64', divide64);
operator('modulo(int64, int64) int64', modulo64);
operator('negate(int64) int64', (a: Integer) => subtract64(0, a));
operator('plus(int64) int64', (a: Integer) => a);
operator('absolute(int64) int64', (a: Integer) => (a < 0 ? subtract64(0, a) : a));
const signed = (value: bigint): Integer => canonicalInteger(BigInt.asIntN(64, value));
operator('bit_and(int64, int64) int64', (a: Integer, b: Integer) => signed(BigInt(a) & BigInt(b)));
operator('bit_or(int64, int64) int64', (a: Integer, b: Integer) => signed(BigInt(a) | BigInt(b)));
operator('bit_xor(int64, int64) int64', (a: Integer, b: Integer) => signed(BigInt(a) ^ BigInt(b)));
operator('bit_not(int64) int64', (a: Integer) => signed(~BigInt(a)));
operator('shift_left(int64, int32) int64', (a: Integer, b: number) => signed(BigInt(a) << BigInt(b & 63)));
operator('shift_right(int64, int32) int64', (a: Integer, b: number) => signed(BigInt(a) >> BigInt(b & 63)));

operator('add(decimal, decimal) decimal', addDecimal);
operator('subtract(decimal, decimal) decimal', subtractDecimal);
operator('multiply(decimal, decimal) decimal', multiplyDecimal);
operatorFor(
  'divide(decimal, decimal) decimal',
  (_types, _result, semantics) => (a: Decimal, b: Decimal) => divideDecimal(a, b, semantics.decimalDivision),
);
operator('modulo(decimal, decimal) decimal', moduloDecimal);
operator('power(decimal, decimal) decimal', powerDecimal);
operator('negate(decimal) decimal', negateDecimal);
operator('plus(decimal) decimal', (a: Decimal) => a);
operator('absolute(decimal) decimal', absDecimal);

export function checkFloat(result: number, overflowed: boolean, underflowed: boolean): number {
  if (overflowed) throw new SqlError('numeric_value_out_of_range', 'value out of range: overflow');
  if (underflowed) throw new SqlError('numeric_value_out_of_range', 'value out of range: underflow');
  return result;
}

const identity = (value: number): number => value;
// The mixed forms make a float of single precision and any other number compute in double precision.
for (const [left, right, type, round] of [
  ['float64', 'float64', 'float64', identity],
  ['float32', 'float32', 'float32', Math.fround],
  ['float32', 'float64', 'float64', identity],
  ['float64', 'float32', 'float64', identity],
] as const) {
  operator(`add(${left}, ${right}) ${type}`, (a: number, b: number) => {
    const result = round(a + b);
    return Number.isFinite(result)
      ? result
      : checkFloat(result, result === result && Number.isFinite(a) && Number.isFinite(b), false);
  });
  operator(`subtract(${left}, ${right}) ${type}`, (a: number, b: number) => {
    const result = round(a - b);
    return Number.isFinite(result)
      ? result
      : checkFloat(result, result === result && Number.isFinite(a) && Number.isFinite(b), false);
  });
  operator(`multiply(${left}, ${right}) ${type}`, (a: number, b: number) => {
    const result = round(a * b);
    return Number.isFinite(result) && result !== 0
      ? result
      : checkFloat(
          result,
          Math.abs(result) === Infinity && Number.isFinite(a) && Number.isFinite(b),
          result === 0 && a !== 0 && b !== 0,
        );
  });
  operator(`divide(${left}, ${right}) ${type}`, (a: number, b: number) => {
    if (b === 0 && a === a) throw divisionByZero();
    const result = round(a / b);
    return Number.isFinite(result) && result !== 0
      ? result
      : checkFloat(
          result,
          Math.abs(result) === Infinity && Number.isFinite(a),
          result === 0 && a !== 0 && Number.isFinite(b),
        );
  });
  if (left !== right) continue;
  operator(`negate(${type}) ${type}`, (a: number) => -a);
  operator(`plus(${type}) ${type}`, (a: number) => a);
  operator(`absolute(${type}) ${type}`, (a: number) => Math.abs(a));
}

export function powerFloat(a: number, b: number): number {
  if (a === 0 && b < 0)
    throw new SqlError('invalid_argument_for_power_function', 'zero raised to a negative power is undefined');
  if (a < 0 && Number.isFinite(a) && Number.isFinite(b) && !Number.isInteger(b)) {
    throw new SqlError(
      'invalid_argument_for_power_function',
      'a negative number raised to a non-integer power yields a complex result',
    );
  }
  if (a === 1 || b === 0) return 1;
  if (a === -1 && !Number.isFinite(b) && b === b) return 1;
  const result = a ** b;
  return Number.isFinite(result) && result !== 0
    ? result
    : checkFloat(
        result,
        Math.abs(result) === Infinity && Number.isFinite(a) && Number.isFinite(b),
        result === 0 && a !== 0 && Number.isFinite(a) && Number.isFinite(b),
      );
}

operator('power(float64, float64) float64', powerFloat);
operator('square_root(float64) float64', (a: number) => {
  if (a < 0) throw new SqlError('invalid_argument_for_power_function', 'cannot take square root of a negative number');
  return Math.sqrt(a);
});
operator('cube_root(float64) float64', (a: number) => Math.cbrt(a));
operator('factorial(int64) decimal', (a: Integer) => factorialDecimal(a));

// ---- bit strings
function sameLength(a: Bits, b: Bits, name: string): void {
  if (a.text.length !== b.text.length)
    throw new SqlError('string_data_length_mismatch', `cannot ${name} bit strings of different sizes`);
}
const combine =
  (name: string, bit: (a: boolean, b: boolean) => boolean) =>
  (a: Bits, b: Bits): Bits => {
    sameLength(a, b, name);
    let text = '';
    for (let i = 0; i < a.text.length; i++) text += bit(a.text[i] === '1', b.text[i] === '1') ? '1' : '0';
    return new Bits(text);
  };
operator(
  'bit_and(bits, bits) bits',
  combine('AND', (a, b) => a && b),
);
operator(
  'bit_or(bits, bits) bits',
  combine('OR', (a, b) => a || b),
);
operator(
  'bit_xor(bits, bits) bits',
  combine('XOR', (a, b) => a !== b),
);
operator('bit_not(bits) bits', (a: Bits) => new Bits([...a.text].map((bit) => (bit === '1' ? '0' : '1')).join('')));
const shift = (a: Bits, by: number): Bits => {
  const { length } = a.text;
  if (by >= 0) return new Bits(a.text.slice(by).padEnd(length, '0'));
  return new Bits(a.text.slice(0, Math.max(0, length + by)).padStart(length, '0'));
};
operator('shift_left(bits, int32) bits', (a: Bits, by: number) => shift(a, by));
operator('shift_right(bits, int32) bits', (a: Bits, by: number) => shift(a, -by));
operator('concat(bits, bits) bits', (a: Bits, b: Bits) => new Bits(a.text + b.text), {
  result: () => ({ kind: 'bits', declared: 'varbit' }),
});
