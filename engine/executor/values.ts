/**
 * Comparing, hashing and key-encoding values as the executor needs it: chosen once per plan by type,
 * with direct JavaScript comparison where that is the SQL order.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { Semantics } from '../../sblr/contract/semantics.ts';
import type { SqlType, TypeKind } from '../../sblr/contract/types.ts';
import type { Row, SqlValue } from '../../sblr/contract/values.ts';
import type { EvalContext } from '../functions/function.ts';
import { castFunction } from '../types/casts.ts';
import { BINARY, collationNamed, collationOf } from '../types/collation.ts';
import { comparatorFor, hashKeyFor } from '../types/compare.ts';
import { keyEncoder as typeKeyEncoder } from '../types/key.ts';

export type Comparator<T = SqlValue> = (a: T, b: T) => number;

const NATIVE: ReadonlySet<TypeKind> = new Set([
  'bool',
  'int8',
  'int16',
  'int24',
  'int32',
  'int64',
  'year',
  'oid',
  'reference',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'uuid',
]);

/** Does === on values mean SQL equality? */
export function hasNativeEquality(type: SqlType, semantics: Semantics): boolean {
  return NATIVE.has(type.kind) || type.kind === 'enum' || isBinaryText(type, semantics);
}

/** Does < on values mean SQL order? */
export function hasNativeOrder(type: SqlType, _semantics: Semantics): boolean {
  return NATIVE.has(type.kind);
}

/** Text whose equality is identity: compared by code points, no padding, no case folding. */
export function isBinaryText(type: SqlType, semantics: Semantics): boolean {
  return (
    type.kind === 'text' &&
    type.fixed !== true &&
    semantics.padSpace !== 'all' &&
    collationNamed(collationOf(type)) === BINARY
  );
}

const nativeCompare = (a: SqlValue, b: SqlValue): number =>
  (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
const identical = (a: SqlValue, b: SqlValue): boolean => a === b;

export function comparatorOf(type: SqlType, semantics: Semantics, collation?: string): Comparator {
  if (hasNativeOrder(type, semantics)) return nativeCompare;
  return comparatorFor(type, collation);
}

export function equalityOf(type: SqlType, semantics: Semantics): (a: SqlValue, b: SqlValue) => boolean {
  if (hasNativeEquality(type, semantics)) return identical;
  const compare = comparatorFor(type);
  return (a, b) => compare(a, b) === 0;
}

/** Equal values have the same key (as Map and Set compare keys); `value` is not NULL. */
export function hashKeyOf(type: SqlType, semantics: Semantics): (value: SqlValue) => unknown {
  if (hasNativeEquality(type, semantics)) return (value) => value;
  return hashKeyFor(type);
}

/** One key of several, NULL (null) included; different lists give different keys. */
export function joinKey(parts: readonly unknown[]): string {
  let key = '';
  for (const part of parts) {
    switch (typeof part) {
      case 'string':
        key += `s${part.length}:${part}`;
        break;
      case 'number':
        key += `n${part};`;
        break;
      case 'bigint':
        key += `i${part};`;
        break;
      case 'boolean':
        key += part ? 't' : 'f';
        break;
      default:
        key += '_';
    }
  }
  return key;
}

export type KeyEncoder = (value: SqlValue) => string;

export function keyEncoder(
  type: SqlType,
  descending: boolean,
  nullsFirst: boolean,
  collation: string | undefined,
): KeyEncoder {
  return typeKeyEncoder(type, descending, nullsFirst, collation);
}

export type CastFunction = (value: SqlValue, context: EvalContext) => SqlValue;

/** Code for a value that is not NULL; undefined when nothing changes. */
export function castOf(
  from: SqlType,
  to: SqlType,
  context: 'implicit' | 'assignment' | 'explicit' | 'try',
): CastFunction | undefined {
  const code = castFunction(from, to, context);
  if (code === undefined)
    throw new SqlError('cannot_coerce', `cannot cast type ${from.declared ?? from.kind} to ${to.declared ?? to.kind}`);
  return code;
}

/** Rough size of a row in memory. */
export function rowBytes(row: Row): number {
  let bytes = 32 + 8 * row.length;
  for (const value of row) {
    if (typeof value === 'string') bytes += 16 + value.length;
    else if (typeof value === 'object' && value !== null) bytes += value instanceof Uint8Array ? 64 + value.length : 64;
  }
  return bytes;
}
