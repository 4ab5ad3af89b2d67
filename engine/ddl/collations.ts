/** Collations of columns: their own, else those of their table and database where the dialect gives text one by default. */
import type { SqlType } from '../../sblr/contract/types.ts';
import type { TableDefinition } from '../catalog/definitions.ts';
import { collated } from '../types/collation.ts';
import type { DdlContext } from './context.ts';

/** Kinds whose values are compared by a collation. */
export const HAS_COLLATION: ReadonlySet<SqlType['kind']> = new Set(['text', 'enum', 'set']);
const OPTION = 'collation';

/** The type of a column of the table, `own` being the collation written with it. */
export function columnCollated(
  type: SqlType,
  own: string | undefined,
  table: Pick<TableDefinition, 'options' | 'schemaId'>,
  context: DdlContext,
): SqlType {
  if (own !== undefined) return collated(type, own);
  const { defaultCollation } = context.semantics;
  if (defaultCollation === 'binary' || type.collation !== undefined || !HAS_COLLATION.has(type.kind)) return type;
  if (type.typeId !== undefined || type.element !== undefined) return type;
  const schema = context.catalog.get(table.schemaId);
  const database = schema?.kind === 'schema' ? context.catalog.database(schema.databaseId) : undefined;
  return collated(type, table.options[OPTION] ?? database?.options[OPTION] ?? defaultCollation);
}
