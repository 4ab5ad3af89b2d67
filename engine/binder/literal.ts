/**
 * Constants at bind time: text of unknown literals read as the type their context gives, and casts of
 * constants carried out once. What depends on session settings or the clock stays a cast.
 */
import { INT32, INT64, UNKNOWN, type SqlType } from '../../sblr/contract/types.ts';
import { canonicalInteger, Decimal, type SqlValue } from '../../sblr/contract/values.ts';
import type { BoundExpression } from './bound.ts';
import type { Binder } from './context.ts';
import { TEXT_INPUTS } from '../../sblr/contract/text/own-text.ts';
import { textParser } from '../../sblr/contract/text/text-io.ts';
import { atPosition, fail } from './errors.ts';
import { hasModifiers, isDomain, NUMERIC_LADDER, typeIdentity, typeName, type CastContext } from './type-facts.ts';

export function constant(value: SqlValue, type: SqlType): BoundExpression {
  return { kind: 'constant', value, type };
}

/** The constant that `text` means as `type`, or a cast where that is only known at run time. */
export function readLiteral(
  binder: Binder,
  text: string,
  type: SqlType,
  context: CastContext,
  pos: number | undefined,
): BoundExpression {
  if (
    type.kind === 'text' &&
    type.length === undefined &&
    type.fixed !== true &&
    typeIdentity(type) !== 'name' &&
    !TEXT_INPUTS.has(type.declared ?? '')
  )
    return { kind: 'constant', value: text, type };
  if (type.kind === 'enum') {
    if (type.labels?.includes(text) !== true)
      fail('invalid_text_representation', `invalid input value for enum ${typeName(type)}: "${text}"`, pos);
    return { kind: 'constant', value: text, type };
  }
  if (binder.fold && isFixedText(text, type)) {
    return { kind: 'constant', value: atPosition(pos, () => textParser(type, binder.text)(text)), type };
  }
  return {
    kind: 'cast',
    operand: { kind: 'constant', value: text, type: UNKNOWN },
    type,
    context: context === 'implicit' ? 'explicit' : context,
    pos,
  };
}

/** Does the text mean the same whatever the session's settings and the time? */
function isFixedText(text: string, type: SqlType): boolean {
  if (hasModifiers(type)) return false;
  switch (type.kind) {
    case 'text':
      return type.fixed !== true;
    case 'bool':
    case 'int8':
    case 'int16':
    case 'int24':
    case 'int32':
    case 'int64':
    case 'decimal':
    case 'float32':
    case 'float64':
    case 'uuid':
    case 'json':
    case 'jsonb':
    case 'bytes':
    case 'bits':
    case 'oid':
      return true;
    case 'date':
    case 'timestamp':
      return /^\s*\d{4}-\d\d-\d\d/.test(text);
    case 'array':
      return (
        type.element !== undefined &&
        !hasModifiers(type.element) &&
        !isDomain(type.element) &&
        (type.element.kind === 'text' || isFixedText('', type.element))
      );
    default:
      return false;
  }
}

const LIMITS: Readonly<Record<string, number>> = { int8: 2 ** 7, int16: 2 ** 15, int24: 2 ** 23, int32: 2 ** 31 };

/** The value of a cast of a constant, or undefined where it must be left to run time. */
export function foldCast(value: SqlValue, from: SqlType, to: SqlType, context: string): SqlValue | undefined {
  if (context === 'try' || NUMERIC_LADDER[typeIdentity(from)] === undefined) return undefined;
  const integer = typeof value === 'number' || typeof value === 'bigint';
  if (!integer || from.kind === 'float32' || from.kind === 'float64') return undefined;
  switch (to.kind) {
    case 'int16':
    case 'int32': {
      if (to.unsigned === true) return undefined;
      const limit = LIMITS[to.kind] as number;
      return value >= -limit && value < limit ? value : undefined;
    }
    case 'int64':
      return to.unsigned === true || value > GREATEST_INT64 ? undefined : value;
    case 'decimal':
      return to.precision === undefined ? new Decimal(value, 0) : undefined;
    case 'float64':
      return Number(value);
    default:
      return undefined;
  }
}

const GREATEST_INT64 = 9223372036854775807n;
const LEAST_INTEGERS = { int16: -32768, int32: -2147483648, int64: -9223372036854775808n } as const;

/** -5 is a constant, not a call. */
export function negateConstant(operand: BoundExpression, literal: boolean): BoundExpression | undefined {
  if (operand.kind !== 'constant') return undefined;
  const { value, type } = operand;
  if (type.unsigned === true) return undefined;
  if (type.kind === 'int16' || type.kind === 'int32' || type.kind === 'int64' || type.kind === 'float64') {
    // The least integer has a literal one too wide for its own type.
    if (literal && value === 2147483648 && type.kind === 'int64') return constant(-2147483648, INT32);
    // The negative of the least integer is out of range: left to the operator, which says so.
    if (type.kind !== 'float64' && value === LEAST_INTEGERS[type.kind]) return undefined;
    if (typeof value === 'number' && value !== 0) return constant(-value, type);
    if (typeof value === 'bigint') return constant(canonicalInteger(-value), type);
  }
  if (value instanceof Decimal && value.special === undefined) {
    const unscaled = typeof value.unscaled === 'bigint' ? -value.unscaled : value.unscaled === 0 ? 0 : -value.unscaled;
    if (value.scale === 0 && unscaled === -9223372036854775808n) return constant(unscaled, INT64);
    return constant(new Decimal(unscaled, value.scale), type);
  }
  return undefined;
}
