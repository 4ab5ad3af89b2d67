/**
 * Arithmetic of dialects in which any operand is a number: 64-bit integers with and without sign, decimals, doubles. The binder
 * chooses the operand types and the result type (engine/binder/lenient-arithmetic.ts); these definitions are not in the registry.
 * A division by zero is NULL with a warning, or an error where the statement is strict about what it writes.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { canonicalInteger, type Decimal, type SqlValue } from '../../sblr/contract/values.ts';
import {
  addDecimal,
  divideDecimal,
  integerDivideDecimal,
  moduloDecimal,
  multiplyDecimal,
  negateDecimal,
  subtractDecimal,
} from '../types/decimal.ts';
import type { Integer } from '../types/integers.ts';
import { leadingDouble } from '../types/lenient-numbers.ts';
import type { EvalContext, ScalarCall, ScalarFunction } from './function.ts';

const SAFE = Number.MAX_SAFE_INTEGER;
const MAX_INT64 = 9223372036854775807n;
const MAX_UINT64 = 18446744073709551615n;

function outOfRange(type: 'BIGINT' | 'BIGINT UNSIGNED' | 'DOUBLE' | 'DECIMAL'): SqlError {
  return new SqlError('numeric_value_out_of_range', { message: `${type.toLowerCase()} out of range`, args: { type } });
}

type Code = (types: readonly SqlType[], result: SqlType, strict: boolean) => ScalarCall;

/** Result of an integer operation in the range of its type. */
function checkWide(value: bigint, unsigned: boolean): Integer {
  if (unsigned ? value < 0n || value > MAX_UINT64 : value > MAX_INT64 || value < -MAX_INT64 - 1n)
    throw outOfRange(unsigned ? 'BIGINT UNSIGNED' : 'BIGINT');
  return canonicalInteger(value);
}

function wide(
  result: SqlType,
  small: (a: number, b: number) => number,
  big: (a: bigint, b: bigint) => bigint,
): ScalarCall {
  const unsigned = result.unsigned === true;
  const low = unsigned ? 0 : -SAFE;
  return {
    arity: 2,
    call(a: Integer, b: Integer) {
      if (typeof a === 'number' && typeof b === 'number') {
        const value = small(a, b);
        if (value <= SAFE && value >= low) return value + 0;
      }
      return checkWide(big(BigInt(a), BigInt(b)), unsigned);
    },
  };
}

function float(operate: (a: number, b: number) => number): ScalarCall {
  return {
    arity: 2,
    call(a: number, b: number) {
      const value = operate(a, b);
      if (!Number.isFinite(value)) throw outOfRange('DOUBLE');
      return value;
    },
  };
}

function exact(operate: (a: Decimal, b: Decimal) => Decimal): ScalarCall {
  return { arity: 2, call: (a: Decimal, b: Decimal) => operate(a, b) };
}

function byZero(strict: boolean, evaluation: EvalContext): null {
  const details = { message: 'division by zero' };
  if (strict) throw new SqlError('division_by_zero', details);
  if (evaluation.semantics.divisionByZero === 'null-with-warning')
    evaluation.notice({ severity: 'warning', condition: 'division_by_zero', details });
  return null;
}

/** A call whose right operand is not zero; the definitions are not strict about NULL themselves. */
function divided<T extends SqlValue>(
  strict: boolean,
  isZero: (b: T) => boolean,
  operate: (a: T, b: T) => SqlValue,
): ScalarCall {
  return {
    arity: 2,
    call: (a: T, b: T, evaluation: EvalContext) => (isZero(b) ? byZero(strict, evaluation) : operate(a, b)),
  };
}

const zeroNumber = (b: Integer): boolean => b === 0;
const zeroDecimal = (b: Decimal): boolean => b.unscaled === 0;

const quotient = (a: Decimal, b: Decimal): Decimal => divideDecimal(a, b, 'scale-plus-4');

const add: Code = (_types, result) => {
  if (result.kind === 'float64') return float((a, b) => a + b);
  if (result.kind === 'decimal') return exact(addDecimal);
  return wide(
    result,
    (a, b) => a + b,
    (a, b) => a + b,
  );
};

const subtract: Code = (_types, result) => {
  if (result.kind === 'float64') return float((a, b) => a - b);
  if (result.kind === 'decimal') return exact(subtractDecimal);
  return wide(
    result,
    (a, b) => a - b,
    (a, b) => a - b,
  );
};

const multiply: Code = (_types, result) => {
  if (result.kind === 'float64') return float((a, b) => a * b);
  if (result.kind === 'decimal') return exact(multiplyDecimal);
  return wide(
    result,
    (a, b) => a * b,
    (a, b) => a * b,
  );
};

const divide: Code = (types, _result, strict) => {
  if (types[0]?.kind === 'float64')
    return divided<number>(strict, zeroNumber, (a, b) => {
      const value = a / b;
      if (!Number.isFinite(value)) throw outOfRange('DOUBLE');
      return value;
    });
  return divided<Decimal>(strict, zeroDecimal, quotient);
};

const integerDivide: Code = (types, result, strict) => {
  const unsigned = result.unsigned === true;
  if (types[0]?.kind === 'decimal')
    return divided<Decimal>(strict, zeroDecimal, (a, b) =>
      checkWide(BigInt(integerDivideDecimal(a, b).unscaled), unsigned),
    );
  return divided<Integer>(strict, zeroNumber, (a, b) =>
    typeof a === 'number' && typeof b === 'number' && a >= 0 && b > 0
      ? Math.floor(a / b) * b <= a && a < 4503599627370496
        ? Math.floor(a / b)
        : checkWide(BigInt(a) / BigInt(b), unsigned)
      : checkWide(BigInt(a) / BigInt(b), unsigned),
  );
};

const modulo: Code = (types, _result, strict) => {
  switch (types[0]?.kind) {
    case 'float64':
      return divided<number>(strict, zeroNumber, (a, b) => (a % b) + 0);
    case 'decimal':
      return divided<Decimal>(strict, zeroDecimal, moduloDecimal);
    default:
      return divided<Integer>(strict, zeroNumber, (a, b) =>
        typeof a === 'number' && typeof b === 'number' ? (a % b) + 0 : canonicalInteger(BigInt(a) % BigInt(b)),
      );
  }
};

const negate: Code = (_types, result) => {
  if (result.kind === 'float64') return { arity: 1, call: (a: number) => -a };
  if (result.kind === 'decimal') return { arity: 1, call: (a: Decimal) => negateDecimal(a) };
  return {
    arity: 1,
    call: (a: Integer) => (typeof a === 'number' ? 0 - a : checkWide(-a, false)),
  };
};

const bits = (value: Integer): bigint => BigInt.asUintN(64, BigInt(value));
const unsigned64 = (value: bigint): Integer => canonicalInteger(BigInt.asUintN(64, value));

function bitwise(operate: (a: bigint, b: bigint) => bigint): Code {
  return () => ({ arity: 2, call: (a: Integer, b: Integer) => unsigned64(operate(bits(a), bits(b))) });
}

function unary(operate: (a: bigint) => bigint): Code {
  return () => ({ arity: 1, call: (a: Integer) => unsigned64(operate(bits(a))) });
}

/** The integer that a double is, or NULL: what an index of integers can be searched for. */
const wholeOfDouble: ScalarCall = {
  arity: 1,
  call: (a: number) => (Number.isSafeInteger(a) ? a + 0 : null),
};
/** Digits in text keep all they are; a double would lose some of the last. */
const wholeOfText: ScalarCall = {
  arity: 1,
  call: (text: string, context: EvalContext) =>
    /^\s*[+-]?\d+\s*$/.test(text)
      ? canonicalInteger(BigInt(text.trim().replace('+', '')))
      : (wholeOfDouble.call as (value: number, context: EvalContext) => SqlValue)(leadingDouble(text), context),
} as ScalarCall;
const whole: Code = ([type]) => (type?.kind === 'text' ? wholeOfText : wholeOfDouble);

const CODES = {
  add: [2, add],
  subtract: [2, subtract],
  multiply: [2, multiply],
  divide: [2, divide],
  integer_divide: [2, integerDivide],
  modulo: [2, modulo],
  negate: [1, negate],
  bit_and: [2, bitwise((a, b) => a & b)],
  bit_or: [2, bitwise((a, b) => a | b)],
  bit_xor: [2, bitwise((a, b) => a ^ b)],
  shift_left: [2, bitwise((a, b) => (b > 63n ? 0n : a << b))],
  shift_right: [2, bitwise((a, b) => (b > 63n ? 0n : a >> b))],
  bit_not: [1, unary((a) => ~a)],
  whole_number: [1, whole],
} as const satisfies Record<string, readonly [1 | 2, Code]>;

export type LenientOperator = keyof typeof CODES;

function define(name: LenientOperator, strictDivision: boolean): ScalarFunction {
  const [count, code] = CODES[name];
  return {
    kind: 'scalar',
    name,
    parameters: count === 1 ? ['any'] : ['any', 'any'],
    variadic: 'none',
    result: (types) => types[0] as SqlType,
    strict: true,
    volatility: 'immutable',
    operator: name !== 'whole_number',
    implementation: (types, result) => code(types, result, strictDivision),
  };
}

const DEFINITIONS = new Map<string, ScalarFunction>();
for (const name of Object.keys(CODES) as LenientOperator[]) {
  DEFINITIONS.set(name, define(name, false));
  DEFINITIONS.set(`${name} strict`, define(name, true));
}

/** The definition of an operator; the same object every time, so that equal calls are equal expressions. */
export function lenientOperator(name: string, strictDivision: boolean): ScalarFunction | undefined {
  return DEFINITIONS.get(strictDivision ? `${name} strict` : name);
}
