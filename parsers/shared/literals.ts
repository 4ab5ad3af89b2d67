/** Numeric and string literals as SBLR constants: which type a number has, exactly. */
import type { SqlType } from '../../sblr/contract/types.ts';
import { BOOL, DECIMAL, INT32, INT64, UNKNOWN } from '../../sblr/contract/types.ts';
import { canonicalInteger, Decimal } from '../../sblr/contract/values.ts';
import { node, type NodeOf } from '../../sblr/nodes.ts';

export type LiteralNode = NodeOf<'LITERAL'>;

const MAX_INT64 = 0x7fffffffffffffffn;
const MIN_INT64 = -0x8000000000000000n;
/** Digits a decimal literal may have before or after its point, its exponent applied. */
const MAX_DECIMAL_DIGITS = 131072;
const MAX_DECIMAL_SCALE = 16383;

export function literal(value: LiteralNode['value'], type: SqlType, pos: number | undefined): LiteralNode {
  return node('LITERAL', { value, type, pos });
}

export const stringLiteral = (text: string, pos?: number): LiteralNode => literal(text, UNKNOWN, pos);
export const nullLiteral = (pos?: number): LiteralNode => literal(null, UNKNOWN, pos);
export const booleanLiteral = (value: boolean, pos?: number): LiteralNode => literal(value, BOOL, pos);
export const integerLiteral = (value: number, pos?: number): LiteralNode => literal(value, INT32, pos);

/** An integer literal: int32, int64 or decimal, whichever is the first to hold it. */
export function integerFromDigits(digits: string, negative: boolean, pos: number | undefined): LiteralNode {
  if (digits.length <= 9) return literal(negative ? -Number(digits) || 0 : Number(digits), INT32, pos);
  const value = negative ? -BigInt(digits) : BigInt(digits);
  if (value >= -0x80000000n && value <= 0x7fffffffn) return literal(Number(value), INT32, pos);
  const canonical = canonicalInteger(value);
  return value >= MIN_INT64 && value <= MAX_INT64
    ? literal(canonical, INT64, pos)
    : literal(new Decimal(canonical, 0), DECIMAL, pos);
}

/** A decimal literal: digits[.digits][e[+-]digits]; undefined when out of range. */
export function decimalFromText(text: string): Decimal | undefined {
  const e = text.search(/[eE]/);
  const mantissa = e < 0 ? text : text.slice(0, e);
  const exponent = e < 0 ? 0 : Number(text.slice(e + 1));
  const point = mantissa.indexOf('.');
  const digits = point < 0 ? mantissa : mantissa.slice(0, point) + mantissa.slice(point + 1);
  const scale = (point < 0 ? 0 : mantissa.length - point - 1) - exponent;
  if (Math.abs(scale) > MAX_DECIMAL_DIGITS || scale > MAX_DECIMAL_SCALE) return undefined;
  if (scale >= 0) return new Decimal(canonicalInteger(BigInt(digits)), scale);
  return new Decimal(canonicalInteger(BigInt(digits) * 10n ** BigInt(-scale)), 0);
}

/** The negative of a numeric literal, or undefined when it is none. */
export function negated(value: LiteralNode): LiteralNode | undefined {
  if (value.type.kind === 'int32' || value.type.kind === 'int64') {
    const text = String(value.value);
    if (text.startsWith('-')) return integerFromDigits(text.slice(1), false, value.pos);
    return integerFromDigits(text, true, value.pos);
  }
  if (value.value instanceof Decimal && value.value.special === undefined) {
    const { unscaled, scale } = value.value;
    if (scale === 0 && unscaled > 0) return integerFromDigits(unscaled.toString(), true, value.pos);
    return literal(new Decimal(typeof unscaled === 'bigint' ? -unscaled : -unscaled || 0, scale), DECIMAL, value.pos);
  }
  return undefined;
}
