/**
 * Constants at bind time: text of unknown literals read as the type their context gives, and casts of
 * constants carried out once. What depends on session settings or the clock stays a cast.
 */
import { UNKNOWN, type SqlType } from '../../sblr/contract/types.ts';
import { Decimal, type SqlValue } from '../../sblr/contract/values.ts';
import type { BoundExpression } from './bound.ts';
import type { Binder } from './context.ts';
import { textParser } from '../../sblr/contract/text/text-io.ts';
import { atPosition, fail } from './errors.ts';
import { hasModifiers, NUMERIC_LADDER, typeIdentity, typeName, type CastContext } from './type-facts.ts';

/** The constant that `text` means as `type`, or a cast where that is only known at run time. */
export function readLiteral(
  binder: Binder,
  text: string,
  type: SqlType,
  context: CastContext,
  pos: number | undefined,
): BoundExpression {
  if (type.kind === 'text' && type.length === undefined && type.fixed !== true && typeIdentity(type) !== 'name')
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
      return type.element !== undefined && (type.element.kind === 'text' || isFixedText('', type.element));
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
      return to.unsigned === true ? undefined : value;
    case 'decimal':
      return to.precision === undefined ? new Decimal(value, 0) : undefined;
    case 'float64':
      return Number(value);
    default:
      return undefined;
  }
}
