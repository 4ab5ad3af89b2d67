/**
 * Types where any value converts: the number that stands for a value of a type, the decimal digits it may have, and the type
 * that values of several types have in common.
 */
import type { SqlType } from '../../sblr/contract/types.ts';
import { Decimal, type SqlValue } from '../../sblr/contract/values.ts';
import type { BoundExpression } from './bound.ts';
import { sameType } from './type-facts.ts';

export const WIDE: SqlType = Object.freeze({ kind: 'int64' });
export const UNSIGNED_WIDE: SqlType = Object.freeze({ kind: 'int64', unsigned: true });
export const DOUBLE: SqlType = Object.freeze({ kind: 'float64' });
export const MAX_PRECISION = 65;
export const MAX_SCALE = 30;

const DIGITS: Partial<Record<SqlType['kind'], number>> = {
  bool: 1,
  int8: 3,
  int16: 5,
  int24: 8,
  int32: 10,
  int64: 19,
  year: 4,
};
const INTEGERS: ReadonlySet<string> = new Set(['int8', 'int16', 'int24', 'int32', 'int64']);

export function isInteger(type: SqlType): boolean {
  return INTEGERS.has(type.kind);
}

export function isNumber(type: SqlType): boolean {
  return (
    INTEGERS.has(type.kind) ||
    type.kind === 'decimal' ||
    type.kind === 'float32' ||
    type.kind === 'float64' ||
    type.kind === 'year'
  );
}

export function isInstant(type: SqlType): boolean {
  return type.kind === 'date' || type.kind === 'time' || type.kind === 'timestamp' || type.kind === 'timestamptz';
}

export function decimalType(precision: number, scale: number): SqlType {
  const places = Math.min(scale, MAX_SCALE);
  return { kind: 'decimal', precision: Math.min(Math.max(precision, places, 1), MAX_PRECISION), scale: places };
}

/** The kind of number a value is computed with: an integer of 64 bits, a decimal with its digits, or a double. */
export function numberType(expression: BoundExpression): SqlType | undefined {
  const { type } = expression;
  switch (type.kind) {
    case 'bool':
    case 'int8':
    case 'int16':
    case 'int24':
    case 'int32':
    case 'int64':
      return type.unsigned === true ? UNSIGNED_WIDE : WIDE;
    case 'year':
    case 'bits':
      return UNSIGNED_WIDE;
    case 'decimal': {
      const { precision, scale } = digitsOf(expression);
      return decimalType(precision, scale);
    }
    case 'date':
      return WIDE;
    case 'time':
    case 'timestamp':
    case 'timestamptz': {
      const { precision, scale } = digitsOf(expression);
      return scale === 0 ? WIDE : decimalType(precision, scale);
    }
    case 'bytes':
      return type.declared === 'hex' ? UNSIGNED_WIDE : DOUBLE;
    case 'unknown':
    case 'text':
    case 'enum':
    case 'set':
    case 'json':
    case 'jsonb':
    case 'float32':
    case 'float64':
      return DOUBLE;
    default:
      return undefined;
  }
}

export interface Digits {
  readonly precision: number;
  readonly scale: number;
}

/** Digits before and behind the point that a number of the expression may have. */
export function digitsOf({ kind, type, ...rest }: BoundExpression): Digits {
  const value = kind === 'constant' ? (rest as { value: unknown }).value : undefined;
  if (value instanceof Decimal) return { precision: countDigits(value.unscaled, value.scale), scale: value.scale };
  if (typeof value === 'number' && Number.isInteger(value)) return { precision: countDigits(value, 0), scale: 0 };
  return typeDigits(type);
}

export function typeDigits(type: SqlType): Digits {
  switch (type.kind) {
    case 'decimal':
      return {
        precision: type.precision ?? MAX_PRECISION,
        scale: type.scale ?? (type.precision === undefined ? MAX_SCALE : 0),
      };
    case 'date':
      return { precision: 8, scale: 0 };
    case 'time':
      return { precision: 7 + (type.precision ?? 0), scale: type.precision ?? 0 };
    case 'timestamp':
    case 'timestamptz':
      return { precision: 14 + (type.precision ?? 0), scale: type.precision ?? 0 };
    default: {
      const digits = DIGITS[type.kind] ?? 20;
      return { precision: type.unsigned === true && type.kind === 'int64' ? 20 : digits, scale: 0 };
    }
  }
}

function countDigits(value: number | bigint, scale: number): number {
  const length = String(value < 0 ? -value : value).length;
  return Math.max(length, scale);
}

/** Digits that every value of the type is shown with behind the point; undefined where they are not fixed. */
export function fixedScale(type: SqlType): number | undefined {
  switch (type.kind) {
    case 'decimal':
    case 'float32':
    case 'float64':
      return type.scale;
    case 'text':
    case 'bytes':
    case 'enum':
    case 'set':
    case 'json':
    case 'jsonb':
    case 'unknown':
      return undefined;
    default:
      return type.precision ?? 0;
  }
}

/** A double that comes of such operands: it has fixed digits where they all do. */
export function doubleOf(operands: readonly SqlType[], more = 0): SqlType {
  const scales = operands.map(fixedScale);
  if (!operands.some((type) => type.kind.startsWith('float')) || scales.includes(undefined)) return DOUBLE;
  return { kind: 'float64', scale: Math.max(...(scales as number[])) + more };
}

/** Literals have types of just their length. */
export function literalType(value: SqlValue, type: SqlType): SqlType {
  if (type.kind === 'text' && type.length === undefined && typeof value === 'string')
    return { ...type, length: characterCount(value) };
  if (value instanceof Decimal && type.precision === undefined)
    return decimalType(countDigits(value.unscaled, value.scale), value.scale);
  return type;
}

function characterCount(text: string): number {
  let count = text.length;
  for (let at = 0; at < text.length; at++) if ((text.charCodeAt(at) & 0xfc00) === 0xdc00) count--;
  return count;
}

const LADDER = ['int8', 'int16', 'int24', 'int32', 'int64'] as const;

/** What values of the two types have in common; neither is unknown. */
export function commonLenientType(a: SqlType, b: SqlType): SqlType {
  if (sameType(a, b)) return a;
  if ((isNumber(a) || a.kind === 'bool') && (isNumber(b) || b.kind === 'bool')) return commonNumber(a, b);
  if (isInstant(a) && isInstant(b)) return commonInstant(a, b);
  if (a.kind === 'jsonb' && b.kind === 'jsonb') return a;
  if (a.kind === 'bits' && b.kind === 'bits')
    return { kind: 'bits', length: Math.max(a.length ?? 64, b.length ?? 64), fixed: true };
  return commonText(a, b);
}

function commonNumber(a: SqlType, b: SqlType): SqlType {
  if (a.kind === 'float32' && b.kind === 'float32') return { ...doubleOf([a, b]), kind: 'float32' };
  if (a.kind.startsWith('float') || b.kind.startsWith('float')) return doubleOf([a, b]);
  if (a.kind === 'decimal' || b.kind === 'decimal') {
    if ((a.kind === 'decimal' && a.precision === undefined) || (b.kind === 'decimal' && b.precision === undefined))
      return { kind: 'decimal' };
    return widerDecimal(typeDigits(a), typeDigits(b));
  }
  const x = integerOf(a);
  const y = integerOf(b);
  const unsigned = x.unsigned === true && y.unsigned === true;
  const rank = Math.max(LADDER.indexOf(x.kind as 'int8'), LADDER.indexOf(y.kind as 'int8'));
  if (unsigned || (x.unsigned !== true && y.unsigned !== true))
    return unsigned ? { kind: LADDER[rank] as 'int8', unsigned } : { kind: LADDER[rank] as 'int8' };
  // A sign takes a bit more than the widest unsigned has.
  const signed = LADDER.indexOf((x.unsigned === true ? y : x).kind as 'int8');
  const other = LADDER.indexOf((x.unsigned === true ? x : y).kind as 'int8');
  if (signed > other) return { kind: LADDER[signed] as 'int8' };
  const next = LADDER[other + 1];
  return next === undefined ? decimalType(20, 0) : { kind: next };
}

function integerOf(type: SqlType): SqlType {
  if (type.kind === 'bool') return { kind: 'int32' };
  return type.kind === 'year' ? { kind: 'int16', unsigned: true } : type;
}

function widerDecimal(a: Digits, b: Digits): SqlType {
  const scale = Math.max(a.scale, b.scale);
  return decimalType(Math.max(a.precision - a.scale, b.precision - b.scale) + scale, scale);
}

function commonInstant(a: SqlType, b: SqlType): SqlType {
  const precision = Math.max(a.precision ?? 0, b.precision ?? 0);
  return a.kind === b.kind ? { ...a, precision } : { kind: 'timestamp', precision };
}

/** Most characters a value of the type is written with; undefined where there is no limit. */
export function textLength(type: SqlType): number | undefined {
  switch (type.kind) {
    case 'text':
    case 'bytes':
      return type.length;
    case 'decimal':
      return type.precision === undefined ? undefined : type.precision + 2;
    case 'float32':
    case 'float64':
      return 23;
    case 'date':
      return 10;
    case 'time':
      return 10 + fractionLength(type);
    case 'timestamp':
    case 'timestamptz':
      return 19 + fractionLength(type);
    case 'enum':
      return Math.max(0, ...(type.labels ?? []).map((label) => label.length));
    case 'unknown':
      return 0;
    default:
      return DIGITS[type.kind] === undefined ? undefined : (DIGITS[type.kind] as number) + 1;
  }
}

function fractionLength(type: SqlType): number {
  return type.precision === undefined || type.precision === 0 ? 0 : type.precision + 1;
}

function commonText(a: SqlType, b: SqlType): SqlType {
  const x = textLength(a);
  const y = textLength(b);
  const length = x === undefined || y === undefined ? {} : { length: Math.max(x, y) };
  if (a.kind === 'bytes' || b.kind === 'bytes') return { kind: 'bytes', ...length };
  const collation = a.collation ?? b.collation;
  return { kind: 'text', ...length, ...(collation === undefined ? {} : { collation }) };
}
