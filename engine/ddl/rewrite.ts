/** Rows that exist when a column is added or changes its type: they get its value, in a new space where need be. */
import { UNKNOWN } from '../../sblr/contract/types.ts';
import { node } from '../../sblr/nodes.ts';
import type { BoundExpression } from '../binder/bound.ts';
import type { TableDefinition } from '../catalog/definitions.ts';
import { domainLineage, refusesValues } from '../catalog/domains.ts';
import { storeExpression, type DdlContext } from './context.ts';
import { zeroOf } from '../executor/modify/missing-values.ts';
import { putColumn } from './tables.ts';

/**
 * Rows that exist get the default: as the column's missing value when constant, else by a rewrite. `zero`: for want of a
 * default, the zero of its type.
 */
export async function fillNewColumn(
  before: TableDefinition,
  position: number,
  zero: boolean,
  context: DdlContext,
): Promise<void> {
  const table = context.catalog.table(before.id);
  const column = table.columns[position - 1]!;
  const given = column.defaultValue !== undefined || column.sequenceId !== undefined;
  const nothing = zero && !given ? zeroOf(column.type) : undefined;
  if (nothing !== undefined) {
    putColumn(context, table.id, position, { missing: nothing });
    return;
  }
  const lineage = given ? [] : domainLineage(context.catalog, column.type.typeId);
  const inherited = lineage[0]?.defaultValue;
  if (!given && inherited === undefined && !refusesValues(lineage)) return;
  if (await context.isEmpty(before)) return;
  if (!given) {
    // What the domain brings, or a null that its rules must allow.
    const value = inherited ?? storeExpression(context, node('LITERAL', { value: null, type: UNKNOWN }), '');
    await rewrite(before, new Map([[position, context.bindDefault(value, table, position)]]), context);
    return;
  }
  if (column.defaultValue !== undefined && column.generated === 'none') {
    const bound = context.bindDefault(column.defaultValue, table, position);
    if (bound.kind === 'constant' && bound.type.kind === column.type.kind) {
      putColumn(context, table.id, position, { missing: bound.value });
      return;
    }
  }
  const conversion: BoundExpression =
    column.sequenceId !== undefined && column.defaultValue === undefined
      ? { kind: 'next_value', sequenceId: column.sequenceId, type: column.type }
      : column.generated === 'none'
        ? context.bindDefault(column.defaultValue!, table, position)
        : context.bindTableExpression(column.defaultValue!, table);
  await rewrite(before, new Map([[position, conversion]]), context);
}

/** Moves the table's rows to a new space, converting some columns, and rebuilds its indexes. */
export async function rewrite(
  before: TableDefinition,
  conversions: ReadonlyMap<number, BoundExpression>,
  context: DdlContext,
): Promise<void> {
  const table = context.catalog.table(before.id);
  const space = context.catalog.base.allocateId();
  const indexes = table.indexes.map((index) => ({ ...index, space: context.catalog.base.allocateId() }));
  const columns = table.columns.map((column) => (column.dropped ? column : { ...column, missing: null }));
  const next: TableDefinition = { ...table, space, indexes, columns };
  context.catalog.put(next);
  await context.rewriteTable({ ...before, columns: before.columns }, next, conversions);
  for (const index of indexes) await context.buildIndex(next, index);
  context.afterCommit(() => {
    context.dropSpace(before.space);
    for (const index of before.indexes) context.dropSpace(index.space);
  });
}
