/** Which object needs which, as rows. */
import { INT32, OID, TEXT, type SqlType } from '../../../sblr/contract/types.ts';
import { type Row } from '../../../sblr/contract/values.ts';
import type { ObjectId, TableDefinition, UserTypeDefinition } from '../definitions.ts';
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

/** normal: the other cannot be dropped alone; automatic: this goes with it; internal: this is part of it. */
const [NORMAL, AUTOMATIC, INTERNAL] = ['n', 'a', 'i'] as const;

function* dependencyRows(context: SystemContext): Iterable<Row> {
  for (const one of own(context, 'sequence')) {
    yield inSchema('relation', one.id, one.schemaId);
    if (one.ownedBy === undefined) continue;
    const { tableId, column, internal } = one.ownedBy;
    yield ['relation', one.id, 0, 'relation', tableId, column, internal ? INTERNAL : AUTOMATIC];
  }
  for (const view of own(context, 'view')) {
    yield inSchema('relation', view.id, view.schemaId);
    yield ['view', view.id, 0, 'relation', view.id, 0, INTERNAL];
    for (const id of view.dependsOn) yield ['view', view.id, 0, kindOf(context, id), id, 0, NORMAL];
  }
  for (const table of own(context, 'table')) yield* tableRows(context, table);
  for (const type of own(context, 'type')) yield* typeRows(context, type);
  for (const routine of own(context, 'routine')) {
    yield inSchema('routine', routine.id, routine.schemaId);
    const types = [...routine.parameters.map((parameter) => parameter.type), routine.returns];
    yield* ofTypes(context, 'routine', routine.id, 0, types);
  }
}

function* tableRows(context: SystemContext, table: TableDefinition): Iterable<Row> {
  yield inSchema('relation', table.id, table.schemaId);
  for (const column of table.columns) {
    if (column.dropped) continue;
    yield* ofTypes(context, 'relation', table.id, column.position, [column.type]);
    // The sequence of an identity column is part of the column: there is no default then.
    const sequenceId = column.identity === 'none' ? column.sequenceId : undefined;
    if (column.defaultValue === undefined && sequenceId === undefined) continue;
    yield ['default', table.id, column.position, 'relation', table.id, column.position, AUTOMATIC];
    if (sequenceId !== undefined) yield ['default', table.id, column.position, 'relation', sequenceId, 0, NORMAL];
  }
  for (const one of table.constraints) {
    if (one.indexId !== undefined && one.kind !== 'foreign_key')
      yield ['relation', one.indexId, 0, 'constraint', one.id, 0, INTERNAL];
    for (const position of one.columns) yield ['constraint', one.id, 0, 'relation', table.id, position, AUTOMATIC];
    if (one.refTableId === undefined) continue;
    for (const position of one.refColumns ?? [])
      yield ['constraint', one.id, 0, 'relation', one.refTableId, position, NORMAL];
    if (one.indexId !== undefined) yield ['constraint', one.id, 0, 'relation', one.indexId, 0, NORMAL];
  }
  const enforced = new Set(table.constraints.map((one) => one.indexId));
  for (const index of table.indexes) {
    if (enforced.has(index.id)) continue;
    const positions = [...index.keys.map((key) => key.column), ...index.include].filter((position) => position > 0);
    for (const position of new Set(positions))
      yield ['relation', index.id, 0, 'relation', table.id, position, AUTOMATIC];
    if (positions.length < index.keys.length + index.include.length)
      yield ['relation', index.id, 0, 'relation', table.id, 0, AUTOMATIC];
  }
}

function* typeRows(context: SystemContext, type: UserTypeDefinition): Iterable<Row> {
  yield inSchema('type', type.id, type.schemaId);
  const parts = type.form === 'composite' ? (type.type.fields ?? []).map((field) => field.type) : [type.type];
  if (type.form !== 'enum')
    yield* ofTypes(
      context,
      'type',
      type.id,
      0,
      parts.filter((part) => part.typeId !== type.id),
    );
}

const inSchema = (kind: string, id: ObjectId, schemaId: ObjectId): Row => [kind, id, 0, 'schema', schemaId, 0, NORMAL];

/** Dependencies on user-defined types; those of tables' rows are on the table. */
function* ofTypes(
  context: SystemContext,
  kind: string,
  id: ObjectId,
  column: number,
  types: readonly (SqlType | undefined)[],
): Iterable<Row> {
  const needed = new Set<ObjectId>();
  for (const type of types) {
    const found = type?.kind === 'array' ? (type.element?.typeId ?? type.typeId) : type?.typeId;
    if (found !== undefined) needed.add(found);
  }
  for (const type of needed) yield [kind, id, column, kindOf(context, type), type, 0, NORMAL];
}

function kindOf(context: SystemContext, id: ObjectId): string {
  const found = context.catalog.get(id)?.kind;
  return found === 'type' || found === 'routine' ? found : 'relation';
}
