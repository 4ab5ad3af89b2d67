/** Small facts the procedural machine works with: errors as handlers and diagnostics see them, arrays with an element set. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { SqlArray, type SqlValue } from '../../sblr/contract/values.ts';

/** What a program may ask about the error it handles. */
export function errorFact(error: SqlError | undefined, name: string): SqlValue {
  if (error === undefined) return null;
  const { details } = error;
  switch (name) {
    case 'sqlstate':
      return error.sqlstate;
    case 'message':
      return error.message;
    case 'type':
      return details.dataType ?? '';
    case 'detail':
    case 'hint':
    case 'constraint':
    case 'column':
    case 'table':
    case 'schema':
    case 'context':
      return details[name] ?? '';
    default:
      return null;
  }
}

/** The array with one element set; it grows to hold it, with NULLs between. */
export function withElement(array: SqlArray | null, subscript: number, element: SqlValue): SqlArray {
  if (array === null || array.items.length === 0) return new SqlArray([element], [1], [subscript]);
  if (array.dimensions.length > 1) throw new SqlError('array_subscript_error', 'wrong number of array subscripts');
  const lower = array.lowerBounds[0] as number;
  const first = Math.min(lower, subscript);
  const last = Math.max(lower + array.items.length - 1, subscript);
  if (last - first >= 134_217_727)
    throw new SqlError('program_limit_exceeded', 'array size exceeds the maximum allowed (134217727)');
  const items = Array.from({ length: last - first + 1 }, (_unused, at) => array.items[at + first - lower] ?? null);
  items[subscript - first] = element;
  return new SqlArray(items, [items.length], [first]);
}

/** Handler conditions are condition names or SQLSTATEs, one ending in 000 its whole class; none = any error but a cancelled statement. */
export function matches(conditions: readonly string[], error: SqlError): boolean {
  if (conditions.length === 0) return error.condition !== 'query_canceled' && error.condition !== 'assert_failure';
  const { sqlstate } = error;
  return conditions.some(
    (one) =>
      one === error.condition || one === sqlstate || (one.endsWith('000') && sqlstate.startsWith(one.slice(0, 2))),
  );
}
