/**
 * Conversion of any value to any type, where a dialect converts freely: what cannot be kept is reported and the nearest value
 * taken. Whether a report is a warning or an error is the affair of who asks (`Misfits`): an expression goes on, an
 * assignment to a column may be refused.
 */
import type { SqlType } from '../../sblr/contract/types.ts';
import { toInstant, toTime } from './lenient-instant-casts.ts';
import { toDecimal, toFloat, toInteger, toYear } from './lenient-number-casts.ts';
import { toBits, toBytes, toEnum, toJson, toSet, toText } from './lenient-text-casts.ts';
import type { LenientCast } from './lenient-values.ts';

export type { LenientCast, Misfits } from './lenient-values.ts';

/** Code for values that are not NULL; undefined where the types have nothing in common. `assignment`: into a column. */
export function lenientCast(from: SqlType, to: SqlType, assignment: boolean): LenientCast | undefined {
  switch (to.kind) {
    case 'int8':
    case 'int16':
    case 'int24':
    case 'int32':
    case 'int64':
      return toInteger(from, to, assignment);
    case 'year':
      return toYear(from, assignment);
    case 'decimal':
      return toDecimal(from, to, assignment);
    case 'float32':
    case 'float64':
      return toFloat(from, to);
    case 'text':
      return toText(from, to, assignment);
    case 'bytes':
      return toBytes(from, to);
    case 'bits':
      return toBits(from, to);
    case 'date':
    case 'timestamp':
    case 'timestamptz':
      return toInstant(from, to);
    case 'time':
      return toTime(from, to);
    case 'enum':
      return toEnum(from, to);
    case 'set':
      return toSet(from, to);
    case 'jsonb':
      return toJson(from);
    default:
      return undefined;
  }
}
