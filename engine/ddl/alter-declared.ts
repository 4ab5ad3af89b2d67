/**
 * ALTER TABLE's actions that state what shall be: a column declared anew, indexes by their names on the table,
 * the next number of a counter, the comment.
 */
import { identifierKey } from '../../sblr/contract/names.ts';
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
      if (action.exists && hasIndexOver(action.index!, context.catalog.table(table.id))) return true;
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

/** Does an index begin with these columns? */
function hasIndexOver(wanted: NodeOf<'TABLE_INDEX'>, table: TableDefinition): boolean {
  const names = wanted.keys.map(({ expression }) => (expression.op === 'COLUMN' ? expression.name.at(-1) : undefined));
  const positions = names.map((name) => {
    const key = name === undefined ? '' : identifierKey(name);
    return table.columns.find((column) => !column.dropped && identifierKey(column.name) === key)?.position;
  });
  return table.indexes.some(
    ({ keys, predicate }) =>
      predicate === undefined &&
      positions.every((position, at) => position !== undefined && keys[at]?.column === position),
  );
}
