/** Which object needs which, as rows. */
import { INT32, OID, TEXT } from '../../../sblr/contract/types.ts';
import { type Row } from '../../../sblr/contract/values.ts';
import { own, type Producers, type SystemContext } from './producer.ts';

export const DEPENDENCIES: Producers = {
  dependencies: {
    columns: [
      ['kind', TEXT],
      ['object_id', OID],
      ['object_column', INT32],
      ['ref_kind', TEXT],
      ['ref_id', OID],
      ['ref_column', INT32],
      ['type', TEXT],
    ],
    rows: dependencyRows,
  },
};

function* dependencyRows(context: SystemContext): Iterable<Row> {
  for (const one of own(context, 'sequence')) {
    if (one.ownedBy !== undefined)
      yield [
        'relation',
        one.id,
        0,
        'relation',
        one.ownedBy.tableId,
        one.ownedBy.column,
        one.ownedBy.internal ? 'i' : 'a',
      ];
  }
  for (const view of own(context, 'view'))
    for (const id of view.dependsOn) yield ['view', view.id, 0, 'relation', id, 0, 'n'];
  for (const table of own(context, 'table')) {
    for (const one of table.constraints) {
      if (one.indexId !== undefined && one.kind !== 'foreign_key')
        yield ['relation', one.indexId, 0, 'constraint', one.id, 0, 'i'];
      for (const position of one.columns) yield ['constraint', one.id, 0, 'relation', table.id, position, 'a'];
      if (one.refTableId !== undefined) yield ['constraint', one.id, 0, 'relation', one.refTableId, 0, 'n'];
    }
  }
}
