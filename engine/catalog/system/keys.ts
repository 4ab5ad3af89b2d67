/** The parts of indexes and constraints as rows: one per key or column, with the names they have today. */
import { displayIdentifier } from '../../../sblr/contract/names.ts';
import { BOOL, INT16, INT32, OID, TEXT } from '../../../sblr/contract/types.ts';
import type { AbsentReference, TableDefinition } from '../definitions.ts';
import { own, type Producers, type SystemContext } from './producer.ts';

function columnName(table: TableDefinition, position: number, context: SystemContext): string | null {
  const column = table.columns[position - 1];
  return column === undefined ? null : displayIdentifier(column.name, context.fold);
}

export const KEYS: Producers = {
  index_keys: {
    columns: [
      ['index_id', OID],
      ['relation_id', OID],
      ['position', INT16],
      ['column_position', INT16],
      ['column_name', TEXT],
      ['expression', TEXT],
      ['expression_source', TEXT],
      ['descending', BOOL],
      ['prefix_length', INT32],
    ],
    *rows(context) {
      for (const table of own(context, 'table')) {
        for (const index of table.indexes) {
          for (const [at, key] of index.keys.entries()) {
            const column = key.prefixOf ?? key.column;
            const computed = key.expression !== undefined && column === 0;
            yield [
              index.id,
              table.id,
              at + 1,
              column,
              columnName(table, column, context),
              computed ? context.indexExpression(index.id, at) : null,
              computed ? (key.expression?.text ?? null) : null,
              key.descending,
              key.prefixLength ?? null,
            ];
          }
        }
      }
    },
  },
  constraint_columns: {
    columns: [
      ['constraint_id', OID],
      ['relation_id', OID],
      ['position', INT16],
      ['column_position', INT16],
      ['column_name', TEXT],
      ['ref_column_name', TEXT],
    ],
    *rows(context) {
      for (const table of own(context, 'table')) {
        for (const constraint of table.constraints) {
          const target = constraint.refTableId === undefined ? undefined : context.catalog.get(constraint.refTableId);
          for (const [at, position] of constraint.columns.entries()) {
            const referenced = constraint.refColumns?.[at];
            yield [
              constraint.id,
              table.id,
              at + 1,
              position,
              columnName(table, position, context),
              target?.kind === 'table' && referenced !== undefined
                ? columnName(target, referenced, context)
                : absentColumn(constraint.absent, at, context),
            ];
          }
        }
      }
    },
  },
};

function absentColumn(absent: AbsentReference | undefined, at: number, context: SystemContext): string | null {
  const name = absent?.columns[at];
  return name === undefined ? null : displayIdentifier(name, context.fold);
}
