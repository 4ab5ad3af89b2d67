/**
 * ALTER TABLE's actions that state what shall be: a column declared anew, indexes by their names on the table,
 * the next number of a counter, the comment.
 */
import type { NodeOf } from '../../sblr/nodes.ts';
import type { TableDefinition } from '../catalog/definitions.ts';
import { changeColumn, type ColumnChanges, placeColumn } from './change-column.ts';
import { HAS_COLLATION } from './collations.ts';
import type { DdlContext } from './context.ts';
import { addTableIndex } from './indexes.ts';
import { changeSequence } from './sequences.ts';
import { dropTableIndex, renameTableIndex } from './table-indexes.ts';

/** False for an action that is none of these. */
export async function alterDeclared(
  action: NodeOf<'ALTER_ACTION'>,
  table: TableDefinition,
  changes: ColumnChanges,
  context: DdlContext,
): Promise<boolean> {
  switch (action.action) {
    case 'change_column':
    case 'modify_column':
      await changeColumn(action, table.id, changes, context);
      placeColumn(action, action.column!.name, table.id, context);
      return true;
    case 'add_index':
      await addTableIndex(action.index!, table.id, true, context);
      return true;
    case 'drop_index':
      dropTableIndex(table, action.name!, context);
      return true;
    case 'rename_index':
      renameTableIndex(table, action.name!, action.newName!, context);
      return true;
    case 'restart_identity':
      for (const { sequenceId, dropped } of table.columns)
        if (sequenceId !== undefined && !dropped) changeSequence(sequenceId, action.sequence!, context);
      return true;
    case 'convert_collation':
      for (const { name, type, dropped } of table.columns) {
        if (dropped || !HAS_COLLATION.has(type.kind) || action.collation === undefined) continue;
        const converted = { ...action, action: 'alter_type' as const, name, type, collation: action.collation };
        await changes.alterType(converted, context.catalog.table(table.id), context);
      }
      return true;
    case 'set_comment':
      context.catalog.put({ ...table, comment: action.text === '' ? undefined : action.text });
      return true;
    default:
      return false;
  }
}
