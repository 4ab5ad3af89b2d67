/**
 * Arithmetic and bit operators where any operand is a number: integers in 64 bits, decimals with the digits of their operands,
 * doubles for everything else. A quotient is computed with more digits than it shows; they are cut where it leaves the arithmetic.
 */
import { BOOL, type SqlType } from '../../sblr/contract/types.ts';
import { OPERATORS } from '../../sblr/operators.ts';
import { lenientOperator } from '../functions/lenient-arithmetic.ts';
import { QUOTIENT_DIGITS } from '../types/decimal.ts';
import type { BoundExpression } from './bound.ts';
import type { Binder } from './context.ts';
import { databaseOfTable } from './user-types.ts';
import { coerceLeniently, truth, withoutRounding } from './lenient-coerce.ts';
import {
  type Digits,
  decimalType,
  digitsOf,
  DOUBLE,
  doubleOf,
  numberType,
  UNSIGNED_WIDE,
  WIDE,
} from './lenient-types.ts';

const BITS: ReadonlySet<string> = new Set(['bit_and', 'bit_or', 'bit_xor', 'bit_not', 'shift_left', 'shift_right']);
const ARITHMETIC: ReadonlySet<string> = new Set([
  'add',
  'subtract',
  'multiply',
  'divide',
  'integer_divide',
  'modulo',
  'negate',
]);

/** The operator over these operands, or undefined where it is none of these or an operand is no number. */
export function bindLenientOperator(
  binder: Binder,
  name: string,
  given: readonly BoundExpression[],
  pos: number | undefined,
): BoundExpression | undefined {
  if (name === 'xor') return exclusiveOr(binder, given, pos);
  if (!BITS.has(name) && !ARITHMETIC.has(name)) return undefined;
  const operands = given.map(withoutRounding);
  const types = given.map(numberType);
  if (types.includes(undefined)) return undefined;
  if (BITS.has(name)) return call(binder, name, operands, operands.map(bitOperand), UNSIGNED_WIDE, pos);
  const [first, second] = types as readonly SqlType[];
  if (first === undefined) return undefined;
  if (second === undefined) {
    const result = first.kind === 'float64' ? doubleOf(given.map((operand) => operand.type)) : negatedType(first);
    return call(binder, name, operands, [negatedType(first)], result, pos);
  }
  return binary(binder, name, operands, given, [first, second], pos);
}

function binary(
  binder: Binder,
  name: string,
  operands: readonly BoundExpression[],
  given: readonly BoundExpression[],
  [left, right]: readonly [SqlType, SqlType],
  pos: number | undefined,
): BoundExpression | undefined {
  // Operands with digits beyond what they show leave some in the result.
  const beyond = operands.some((operand, i) => operand !== given[i]);
  const shownDigits = (value: BoundExpression, type: SqlType): BoundExpression =>
    beyond ? rounded(value, type) : value;
  const [x, y] = given.map((operand) => digitsOf(operand)) as [Digits, Digits];
  const double = left.kind === 'float64' || right.kind === 'float64';
  const signed = name === 'subtract' && binder.semantics.unsignedSubtraction === 'signed';
  const unsigned = !signed && (left.unsigned === true || right.unsigned === true);
  const shown = doubleOf(
    given.map((operand) => operand.type),
    name === 'divide' ? QUOTIENT_DIGITS : 0,
  );
  switch (name) {
    case 'divide': {
      if (double) return call(binder, name, operands, [DOUBLE, DOUBLE], shown, pos);
      const digits = decimalType(x.precision + y.scale + QUOTIENT_DIGITS, x.scale + QUOTIENT_DIGITS);
      const quotient = call(binder, name, operands, [exact(left, x), exact(right, y)], digits, pos);
      return quotient === undefined ? undefined : rounded(quotient, digits);
    }
    case 'integer_divide': {
      const whole = left.kind === 'int64' && right.kind === 'int64';
      const result = unsigned ? UNSIGNED_WIDE : WIDE;
      return call(binder, name, operands, whole ? [left, right] : [exact(left, x), exact(right, y)], result, pos);
    }
    case 'modulo': {
      if (double) return call(binder, name, operands, [DOUBLE, DOUBLE], shown, pos);
      if (left.kind === 'int64' && right.kind === 'int64')
        return call(binder, name, operands, [left, right], left, pos);
      const result = decimalType(Math.max(x.precision, y.precision), Math.max(x.scale, y.scale));
      const rest = call(binder, name, operands, [exact(left, x), exact(right, y)], result, pos);
      return rest === undefined ? undefined : shownDigits(rest, result);
    }
    default: {
      if (double) return call(binder, name, operands, [DOUBLE, DOUBLE], shown, pos);
      if (left.kind === 'int64' && right.kind === 'int64')
        return call(binder, name, operands, [left, right], unsigned ? UNSIGNED_WIDE : WIDE, pos);
      const result = name === 'multiply' ? productType(x, y) : sumType(x, y);
      const value = call(binder, name, operands, [exact(left, x), exact(right, y)], result, pos);
      return value === undefined ? undefined : shownDigits(value, result);
    }
  }
}

function rounded(operand: BoundExpression, type: SqlType): BoundExpression {
  return { kind: 'cast', operand, type, context: 'lenient', rounding: true };
}

function productType(a: Digits, b: Digits): SqlType {
  return decimalType(a.precision + b.precision, a.scale + b.scale);
}

function sumType(a: Digits, b: Digits): SqlType {
  const scale = Math.max(a.scale, b.scale);
  return decimalType(Math.max(a.precision - a.scale, b.precision - b.scale) + scale + 1, scale);
}

/** A decimal for a number that is none; text and the like go by way of all the digits they have. */
function exact(type: SqlType, digits: Digits): SqlType {
  return type.kind === 'float64'
    ? { kind: 'decimal' }
    : type.kind === 'decimal'
      ? type
      : decimalType(digits.precision, 0);
}

function negatedType(type: SqlType): SqlType {
  return type.kind === 'int64' ? WIDE : type;
}

function bitOperand(operand: BoundExpression): SqlType {
  return numberType(operand)?.unsigned === true ? UNSIGNED_WIDE : WIDE;
}

function call(
  binder: Binder,
  name: string,
  operands: readonly BoundExpression[],
  types: readonly SqlType[],
  type: SqlType,
  pos: number | undefined,
): BoundExpression | undefined {
  const definition = lenientOperator(name, strictDivision(binder));
  const converted = operands.map((operand, i) => operandAs(binder, operand, types[i] as SqlType, pos));
  if (definition === undefined || converted.includes(undefined)) return undefined;
  const arguments_ = converted as BoundExpression[];
  return {
    kind: 'call',
    function: definition,
    arguments: arguments_,
    type,
    pos,
    shown: () => shownOperator(binder, name, arguments_),
  };
}

/** Decimals take part with all their digits, whatever their type shows; integers of any width as they are. */
function operandAs(
  binder: Binder,
  operand: BoundExpression,
  type: SqlType,
  pos: number | undefined,
): BoundExpression | undefined {
  if (operand.type.kind === 'decimal' && type.kind === 'decimal') return operand;
  if (operand.type.kind.startsWith('int') && operand.type.kind !== 'interval' && type.kind === 'int64') return operand;
  if (operand.type.kind === 'unknown') {
    if (operand.kind === 'parameter') return binder.inferParameter(operand.index, type, pos);
    if (operand.kind === 'constant' && operand.value === null) return { kind: 'constant', value: null, type };
  }
  const plain: SqlType = type.kind === 'decimal' ? { kind: 'decimal' } : type;
  return coerceLeniently(binder, operand, plain, 'implicit', pos);
}

/** Is a division by zero an error? Only where its result would be written. */
function strictDivision(binder: Binder): boolean {
  const { divisionByZero, truncation } = binder.semantics;
  return (
    binder.shared.modifies && !binder.shared.adjusts && truncation === 'error' && divisionByZero === 'null-with-warning'
  );
}

function exclusiveOr(
  binder: Binder,
  operands: readonly BoundExpression[],
  pos: number | undefined,
): BoundExpression | undefined {
  const [left, right] = operands.map((operand) =>
    operand.type.kind === 'bool' ? operand : truth(binder, operand, pos),
  );
  if (left === undefined || right === undefined) return undefined;
  return { kind: 'compare', operator: 'not_equal', left, right, operandType: BOOL, type: BOOL, pos };
}

// ---- as messages show it ---------------------------------------------------------------------------------

function shownOperator(binder: Binder, name: string, operands: readonly BoundExpression[]): string {
  const symbol = name === 'integer_divide' ? 'DIV' : OPERATORS[name as keyof typeof OPERATORS];
  const shown = operands.map((operand) => shownOperand(binder, operand));
  return shown.length === 1 ? `${symbol}(${shown[0]})` : `(${shown[0]} ${symbol} ${shown[1]})`;
}

function shownOperand(binder: Binder, expression: BoundExpression): string {
  switch (expression.kind) {
    case 'constant':
      return typeof expression.value === 'string' ? `'${expression.value}'` : String(expression.value ?? 'NULL');
    case 'cast':
      return shownOperand(binder, expression.operand);
    case 'column': {
      const column = binder.shared.columns[expression.id];
      const parts = column?.relation === undefined ? [column?.name ?? '?'] : [column.relation, column.name];
      const database = column === undefined ? undefined : databaseOfTable(binder, column.tableId);
      if (database !== undefined) parts.unshift(database);
      return parts.map((part) => `\`${part}\``).join('.');
    }
    case 'call':
      return (
        expression.shown?.() ??
        `${expression.function.name}(${expression.arguments.map((each) => shownOperand(binder, each)).join(',')})`
      );
    case 'parameter':
      return '?';
    default:
      return `<${expression.kind}>`;
  }
}
