/**
 * A column declared anew, with its name or without: type, nullability, default, counter and comment become
 * what the new declaration says, and what it does not say is gone.
 */
import { columnCollated } from './collations.ts';
import type { Identifier } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { node, type NodeOf } from '../../sblr/nodes.ts';
import { movedColumn } from '../catalog/column-order.ts';
import type { ColumnDefinition, TableDefinition } from '../catalog/definitions.ts';
import { addConstraint, setDefault } from './constraints.ts';
import { resolveType, storeExpression, type DdlContext } from './context.ts';
import { dropOwnedSequence } from './drop.ts';
import { createOwnedSequence } from './sequences.ts';
import { putColumn, requireColumn } from './tables.ts';

type Action = NodeOf<'ALTER_ACTION'>;

/** How a type changes and how a column is renamed: ALTER TABLE's own actions. */
export interface ColumnChanges {
  alterType(action: Action, table: TableDefinition, context: DdlContext): Promise<void>;
  renameColumn(action: Action, table: TableDefinition, context: DdlContext): void;
}

export async function changeColumn(
  action: Action,
  tableId: number,
  changes: ColumnChanges,
  context: DdlContext,
): Promise<void> {
  const declared = action.column!;
  const column = requireColumn(context.catalog.table(tableId), action.name!, context, action.pos, 'of_table');
  if (column.generated !== declared.generated)
    throw new SqlError('feature_not_supported', 'changing whether a column is generated is not supported');
  if (column.generated !== 'none')
    throw new SqlError('feature_not_supported', 'changing the declaration of a generated column is not supported');
  if (declared.name.text !== column.name.text)
    changes.renameColumn({ ...action, newName: declared.name }, context.catalog.table(tableId), context);
  await changeType(action, tableId, column, changes, context);
  await changeCounter(tableId, column, declared, context);
  await changeRules(tableId, column.position, declared, context);
}

/** FIRST and AFTER: the place in which the column is shown. */
export function placeColumn({ after }: Action, name: Identifier, tableId: number, context: DdlContext): void {
  if (after === undefined) return;
  const table = context.catalog.table(tableId);
  const [other] = after;
  const behind = other === undefined ? undefined : requireColumn(table, other, context, undefined, 'of_table').position;
  const { position } = requireColumn(table, name, context);
  context.catalog.put({ ...table, columnOrder: movedColumn(table, position, behind) });
}

async function changeType(
  action: Action,
  tableId: number,
  column: ColumnDefinition,
  { alterType }: ColumnChanges,
  context: DdlContext,
): Promise<void> {
  const { name, type, collation } = action.column!;
  const resolved = resolveType(context, type, action.pos);
  const next = columnCollated(resolved, collation, context.catalog.table(tableId), context);
  if (JSON.stringify(next) === JSON.stringify(column.type)) return;
  // Within a kind values are assigned, so that what does not fit is told; between kinds they are converted.
  const value =
    next.kind === column.type.kind
      ? undefined
      : node('CAST', { type: { kind: next.kind }, mode: 'cast', operand: node('COLUMN', { name: [name] }) });
  const bare = { ...action, action: 'alter_type' as const, name, type: next, collation: undefined };
  // The old default belongs to the old type; the new declaration brings its own.
  if (column.sequenceId === undefined) putColumn(context, tableId, column.position, { defaultValue: undefined });
  await alterType(value === undefined ? bare : { ...bare, value }, context.catalog.table(tableId), context);
}

/** The sequence behind the column comes and goes with the declaration. */
async function changeCounter(
  tableId: number,
  column: ColumnDefinition,
  declared: NodeOf<'COLUMN_DEF'>,
  context: DdlContext,
): Promise<void> {
  const { position, sequenceId } = column;
  if (declared.autoIncrement && sequenceId === undefined) {
    const current = context.catalog.table(tableId).columns[position - 1]!;
    const id = await createOwnedSequence(context, tableId, current, declared.sequenceOptions);
    putColumn(context, tableId, position, { sequenceId: id });
  } else if (!declared.autoIncrement && sequenceId !== undefined) {
    putColumn(context, tableId, position, { sequenceId: undefined });
    dropOwnedSequence(sequenceId, context);
  }
}

/** NOT NULL, default, comment, and keys written with the column. */
async function changeRules(
  tableId: number,
  position: number,
  declared: NodeOf<'COLUMN_DEF'>,
  context: DdlContext,
): Promise<void> {
  const inPrimaryKey = context.catalog
    .table(tableId)
    .constraints.some((one) => one.kind === 'primary_key' && one.columns.includes(position));
  const notNull = declared.autoIncrement || inPrimaryKey || declared.constraints.some((one) => one.kind === 'not_null');
  putColumn(context, tableId, position, {
    notNull,
    comment: declared.comment,
    onUpdate:
      declared.onUpdate === undefined
        ? undefined
        : storeExpression(context, declared.onUpdate, declared.onUpdateText ?? ''),
  });
  if (notNull) await context.validateNotNull(context.catalog.table(tableId), position);
  const given = declared.constraints.find((one) => one.kind === 'default');
  if (given === undefined) putColumn(context, tableId, position, { defaultValue: undefined });
  else setDefault(context, tableId, position, given.expression, given.text ?? '');
  for (const constraint of declared.constraints) {
    if (constraint.kind === 'default' || constraint.kind === 'not_null' || constraint.kind === 'null') continue;
    await addConstraint({ constraint, column: declared.name }, tableId, context, false);
  }
}
