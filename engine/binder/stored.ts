/**
 * Expressions kept in the catalog, bound over the columns of their table.
 */
import type { SqlType } from '../../sblr/contract/types.ts';
import type { StoredExpression, TableDefinition } from '../catalog/definitions.ts';
import type { BoundExpression, OutputColumn } from './bound.ts';
import { coerceForAssignment, coerceToBoolean, resolveUnknown } from './coerce.ts';
import { Binder } from './context.ts';
import { bindExpression } from './expression.ts';
import { makeEntry, shapeOf } from './range-entries.ts';
import { newLevel, Scope, type Clause } from './scope.ts';
import { storedValue } from './stored-program.ts';

/** Binds a stored expression with its own semantics; `columns` stand for the table's live columns. */
export function bindStoredOver(
  binder: Binder,
  stored: StoredExpression,
  table: TableDefinition,
  columns: readonly OutputColumn[],
  clause: Clause,
  wanted?: SqlType,
): BoundExpression {
  const { value, semantics } = storedValue(stored);
  const inner = new Binder(
    { ...binder.context, names: binder.names.stored(), semantics, variables: undefined },
    binder.shared,
    binder.bindRelation,
  );
  const level = newLevel(0);
  level.clause = clause;
  const { live, keys } = shapeOf(table);
  const given = columns.length === live.length && columns.every((column, at) => column.position === live[at]!.position);
  const found = given ? columns : columns.filter((column) => live.some((each) => each.position === column.position));
  const shown = inner.display(table.name);
  const entry = makeEntry({
    key: shown.toLowerCase(),
    display: shown,
    columns: found,
    keys: given
      ? keys
      : found.map((column) => keys[live.findIndex((each) => each.position === column.position)] as string),
  });
  const bound = bindExpression(value, new Scope(inner, undefined, level, undefined, [entry]));
  if (clause === 'check' || clause === 'index_predicate')
    return coerceToBoolean(inner, bound, clause === 'check' ? 'CHECK' : 'WHERE', value.pos);
  if (wanted !== undefined) return coerceForAssignment(inner, bound, wanted, 'default', value.pos);
  return resolveUnknown(inner, bound, value.pos);
}
