/** Whole-number arithmetic with overflow detected; 64-bit values stay numbers while they are safe. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { canonicalInteger } from '../../sblr/contract/values.ts';

export type Integer = number | bigint;

export function outOfRange(type: string): SqlError {
  return new SqlError('numeric_value_out_of_range', {
    message: `${type} out of range`,
    variant: 'type_out_of_range',
    args: { type },
  });
}

export function divisionByZero(): SqlError {
  return new SqlError('division_by_zero', 'division by zero');
}

export function checkInt16(value: number): number {
  if (value > 32767 || value < -32768) throw outOfRange('smallint');
  return value;
}

export function checkInt32(value: number): number {
  if (value > 2147483647 || value < -2147483648) throw outOfRange('integer');
  return value;
}

export function checkInt64(value: bigint): Integer {
  if (value > 9223372036854775807n || value < -9223372036854775808n) throw outOfRange('bigint');
  return canonicalInteger(value);
}

export function add64(a: Integer, b: Integer): Integer {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (sum <= 9007199254740991 && sum >= -9007199254740991) return sum;
  }
  return checkInt64(BigInt(a) + BigInt(b));
}

export function subtract64(a: Integer, b: Integer): Integer {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b;
    if (difference <= 9007199254740991 && difference >= -9007199254740991) return difference;
  }
  return checkInt64(BigInt(a) - BigInt(b));
}

export function multiply64(a: Integer, b: Integer): Integer {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    if (product <= 9007199254740991 && product >= -9007199254740991) return product + 0;
  }
  return checkInt64(BigInt(a) * BigInt(b));
}

export function divide64(a: Integer, b: Integer): Integer {
  if (b === 0) throw divisionByZero();
  if (typeof a === 'number' && typeof b === 'number')
    return Math.trunc(a / b) * b === a || Math.abs(a) < 4503599627370496
      ? Math.trunc(a / b) + 0
      : checkInt64(BigInt(a) / BigInt(b));
  return checkInt64(BigInt(a) / BigInt(b));
}

export function modulo64(a: Integer, b: Integer): Integer {
  if (b === 0) throw divisionByZero();
  if (typeof a === 'number' && typeof b === 'number') return (a % b) + 0;
  return canonicalInteger(BigInt(a) % BigInt(b));
}

/** Rounds half to even, as doubles convert to integers. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest < 0.5) return floor + 0;
  if (rest > 0.5) return floor + 1 + 0;
  return (floor % 2 === 0 ? floor : floor + 1) + 0;
}
