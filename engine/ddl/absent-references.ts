/**
 * Foreign keys whose table does not exist. While foreign keys are not checked such a key may be declared, and the table of one
 * dropped; the key waits under the name of its table and takes effect when a table of that name is made.
 */
import { identifierKey, type Name } from '../../sblr/contract/names.ts';
import type { AbsentReference, ConstraintDefinition, ObjectId, TableDefinition } from '../catalog/definitions.ts';
import { referencedKey, requireComparable } from './foreign-key-target.ts';
import type { DdlContext } from './context.ts';

function databaseName(id: ObjectId, context: DdlContext): string {
  const database = context.catalog.get(id);
  return database?.kind === 'database' ? identifierKey(database.name) : '';
}

/** What a key of the table refers to by a name that means nothing yet. */
export function absentReference(
  table: TableDefinition,
  name: Name,
  columns: AbsentReference['columns'],
  context: DdlContext,
): AbsentReference {
  const database = name.length > 1 ? identifierKey(name[0]!) : databaseName(table.databaseId, context);
  return { database, table: name[name.length - 1]!, columns };
}

/** Keys that refer to a table that is about to go wait for the next one of its name. */
export function leaveReferences(parent: TableDefinition, context: DdlContext): void {
  const name = [{ text: databaseName(parent.databaseId, context), exact: false }, parent.name];
  for (const id of parent.referencedBy) {
    const child = context.catalog.get(id);
    if (child?.kind !== 'table' || child.id === parent.id) continue;
    const constraints = child.constraints.map((constraint): ConstraintDefinition => {
      if (constraint.kind !== 'foreign_key' || constraint.refTableId !== parent.id) return constraint;
      const columns = (constraint.refColumns ?? []).map((position) => parent.columns[position - 1]!.name);
      const { refTableId: _id, refColumns: _columns, indexId: _index, ...rest } = constraint;
      return { ...rest, absent: absentReference(child, name, columns, context) };
    });
    context.catalog.put({ ...child, constraints });
  }
}

/** Keys that wait for a table of this name refer to it from now on. */
export function adoptReferences(tableId: ObjectId, context: DdlContext): void {
  const { databaseId, name } = context.catalog.table(tableId);
  const database = databaseName(databaseId, context);
  const waits = ({ absent }: ConstraintDefinition): boolean =>
    absent !== undefined && absent.database === database && identifierKey(absent.table) === identifierKey(name);
  for (const child of [...context.catalog.all('table')]) {
    if (child.kind !== 'table' || !child.constraints.some(waits)) continue;
    const parent = context.catalog.table(tableId);
    const constraints = child.constraints.map((constraint): ConstraintDefinition => {
      if (!waits(constraint)) return constraint;
      const { absent, ...rest } = constraint;
      const { refColumns, index } = referencedKey(parent, absent!.columns, context);
      constraint.columns.forEach((position, at) =>
        requireComparable(child, position, parent, refColumns[at]!, constraint.name, context),
      );
      return { ...rest, refTableId: tableId, refColumns, indexId: index.id };
    });
    context.catalog.put({ ...(child.id === tableId ? parent : child), constraints });
    const current = context.catalog.table(tableId);
    if (!current.referencedBy.includes(child.id))
      context.catalog.put({ ...current, referencedBy: [...current.referencedBy, child.id] });
  }
}
