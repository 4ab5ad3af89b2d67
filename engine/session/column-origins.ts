/** The table columns behind the columns of a result, as clients of some dialects are told them. */
import type { ColumnOrigin } from '../../sblr/contract/session.ts';
import type { OutputColumn } from '../binder/bound.ts';
import type { TableDefinition } from '../catalog/definitions.ts';
import { displayIdentifier } from '../../sblr/contract/names.ts';
import type { Session } from './session.ts';

/** Of a column that a subquery or view computes, but for the name of that. */
const COMPUTED: Omit<ColumnOrigin, 'relation'> = {
  database: '',
  schema: '',
  table: '',
  column: '',
  notNull: false,
  hasDefault: false,
  autoIncrement: false,
  changesToNow: false,
  key: 'none',
  inKey: false,
};

/** Undefined for a column that is computed and stands in no relation of the query. */
export function originOf(session: Session, column: OutputColumn): ColumnOrigin | undefined {
  const table = column.tableId === 0 ? undefined : session.catalog.get(column.tableId);
  const origin = table?.kind === 'table' ? table.columns[column.position - 1] : undefined;
  if (table?.kind !== 'table' || origin === undefined)
    return column.relation === undefined ? undefined : { ...COMPUTED, relation: column.relation };
  const show = (name: TableDefinition['name']): string => displayIdentifier(name, session.identifierFold);
  const database = session.catalog.database(table.databaseId);
  const shown = show(table.name);
  return {
    database: database === undefined ? '' : show(database.name),
    schema: session.names.schemaName(table.schemaId) ?? '',
    relation: column.relation ?? shown,
    table: shown,
    column: show(origin.name),
    notNull: origin.notNull && column.optional !== true,
    hasDefault: origin.defaultValue !== undefined,
    autoIncrement: origin.sequenceId !== undefined,
    changesToNow: origin.onUpdate !== undefined,
    key: keyOf(table, column.position),
    inKey: table.indexes.some((index) => index.keys.some((part) => part.column === column.position)),
  };
}

function keyOf(table: TableDefinition, position: number): ColumnOrigin['key'] {
  let key: ColumnOrigin['key'] = 'none';
  for (const index of table.indexes) {
    const at = index.keys.findIndex((part) => part.column === position);
    if (at < 0) continue;
    if (index.primary) return 'primary';
    if (at > 0) continue;
    if (index.unique && index.keys.length === 1) key = 'unique';
    else if (key === 'none') key = 'index';
  }
  return key;
}
