/** Columns of all relations as rows. */
import { displayIdentifier } from '../../../sblr/contract/names.ts';
import { BOOL, INT16, INT32, INT64, OID, TEXT, type SqlType } from '../../../sblr/contract/types.ts';
import { type Row } from '../../../sblr/contract/values.ts';
import { aclItems } from '../privileges.ts';
import { shownColumns } from '../column-order.ts';
import type { ColumnDefinition, ObjectId } from '../definitions.ts';
import { own, texts, TEXTS, type Producers, type SystemContext } from './producer.ts';

export const COLUMNS: Producers = {
  columns: {
    columns: [
      ['relation_id', OID],
      ['relation_kind', TEXT],
      ['position', INT16],
      ['name', TEXT],
      ['type_id', OID],
      ['type_kind', TEXT],
      ['length', INT32],
      ['fixed', BOOL],
      ['precision', INT32],
      ['scale', INT32],
      ['dimensions', INT32],
      ['not_null', BOOL],
      ['has_default', BOOL],
      ['default_text', TEXT],
      ['identity', TEXT],
      ['generated', TEXT],
      ['dropped', BOOL],
      ['collation', TEXT],
      ['comment', TEXT],
      ['acl', TEXTS],
      ['sequence_id', OID],
      ['has_missing', BOOL],
      ['declared', TEXT],
      ['is_unsigned', BOOL],
      ['labels', TEXTS],
      ['default_source', TEXT],
      ['on_update', TEXT],
      ['ordinal', INT16],
      ['interval_fields', TEXT],
    ],
    rows: columnRows,
  },
};

function columnRow(
  context: SystemContext,
  relationId: ObjectId,
  kind: string,
  column: ColumnDefinition,
  defaultText: string | null,
  ordinal: number = column.position,
): Row {
  const { type } = column;
  const element = type.kind === 'array' ? (type.element ?? type) : type;
  return [
    relationId,
    kind,
    column.position,
    displayIdentifier(column.name, column.dropped ? 'preserve' : context.fold),
    column.dropped ? 0 : context.typeId(type),
    element.kind,
    element.length ?? null,
    element.fixed ?? false,
    element.precision ?? null,
    element.scale ?? null,
    type.kind === 'array' ? 1 : 0,
    column.notNull,
    defaultText !== null,
    defaultText,
    column.identity,
    column.generated,
    column.dropped,
    type.collation ?? type.element?.collation ?? null,
    column.comment ?? null,
    texts(aclItems(context.catalog, column.grants)),
    column.sequenceId ?? 0,
    column.missing !== null,
    element.declared ?? null,
    element.unsigned ?? false,
    texts(element.labels),
    column.defaultValue?.text ?? null,
    column.onUpdate?.text ?? null,
    ordinal,
    element.intervalFields ?? null,
  ];
}

const plain = (position: number, name: string, type: SqlType): ColumnDefinition => ({
  position,
  name: { text: name, exact: true },
  type,
  notNull: false,
  identity: 'none',
  generated: 'none',
  missing: null,
  dropped: false,
});

/** An index's column over an expression is called like the outermost function. */
function expressionName(text: string): string {
  return /^([a-z_]\w*)\(/i.exec(text)?.[1]?.toLowerCase() ?? (/^\(?CASE\b/.test(text) ? 'case' : 'expr');
}

function* columnRows(context: SystemContext): Iterable<Row> {
  for (const table of own(context, 'table')) {
    const ordinals = new Map(shownColumns(table).map(({ position }, at) => [position, at + 1]));
    for (const column of table.columns) {
      const text = context.defaultText(table, column);
      yield columnRow(context, table.id, 'table', column, text, ordinals.get(column.position) ?? 0);
    }
    for (const index of table.indexes) {
      let position = 0;
      const names = new Set<string>();
      for (const key of index.keys) {
        position++;
        const base =
          key.column === 0
            ? expressionName(context.indexExpression(index.id, position - 1))
            : displayIdentifier(table.columns[key.column - 1]!.name, context.fold);
        let name = base;
        for (let number = 1; names.has(name); number++) name = `${base}${number}`;
        names.add(name);
        yield columnRow(context, index.id, 'index', plain(position, name, key.type), null);
      }
      for (const included of index.include) {
        position++;
        const column = table.columns[included - 1]!;
        yield columnRow(
          context,
          index.id,
          'index',
          plain(position, displayIdentifier(column.name, context.fold), column.type),
          null,
        );
      }
    }
  }
  for (const view of own(context, 'view'))
    for (const column of view.columns) yield columnRow(context, view.id, 'view', column, null);
  for (const view of context.views)
    for (const column of view.columns) yield columnRow(context, view.id, 'view', column, null);
  for (const one of own(context, 'sequence')) {
    yield columnRow(context, one.id, 'sequence', { ...plain(1, 'last_value', INT64), notNull: true }, null);
    yield columnRow(context, one.id, 'sequence', { ...plain(2, 'log_cnt', INT64), notNull: true }, null);
    yield columnRow(context, one.id, 'sequence', { ...plain(3, 'is_called', BOOL), notNull: true }, null);
  }
  for (const one of own(context, 'type')) {
    for (const [at, field] of (one.form === 'composite' ? (one.type.fields ?? []) : []).entries())
      yield columnRow(context, one.id, 'composite_type', plain(at + 1, field.name, field.type), null);
  }
}
