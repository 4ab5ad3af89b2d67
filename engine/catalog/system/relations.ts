/** Tables, indexes, views, sequences and composite types as rows of one relation. */
import { displayIdentifier } from '../../../sblr/contract/names.ts';
import { BOOL, FLOAT64, INT16, INT32, OID, TEXT } from '../../../sblr/contract/types.ts';
import { type Row } from '../../../sblr/contract/values.ts';
import { aclItems } from '../privileges.ts';
import type { IndexDefinition } from '../definitions.ts';
import { optionTexts, own, texts, TEXTS, type Producers, type SystemContext } from './producer.ts';

export const RELATIONS: Producers = {
  relations: {
    columns: [
      ['id', OID],
      ['schema_id', OID],
      ['name', TEXT],
      ['kind', TEXT],
      ['owner', OID],
      ['persistence', TEXT],
      ['space', OID],
      ['row_estimate', FLOAT64],
      ['page_estimate', INT32],
      ['column_count', INT16],
      ['check_count', INT16],
      ['has_index', BOOL],
      ['has_primary_key', BOOL],
      ['is_referenced', BOOL],
      ['table_id', OID],
      ['options', TEXTS],
      ['comment', TEXT],
      ['acl', TEXTS],
      ['system', BOOL],
      ['method', TEXT],
      ['database_id', OID],
      ['local_name', TEXT],
    ],
    rows: relationRows,
  },
};

/** Rows per page assumed where a page count is wanted. */
const PAGE_BYTES = 8192;

/** What only tables have: checks, indexes, keys, references; no table of an index. */
const NO_TABLE = [0, false, false, false, 0] as const;

function* relationRows(context: SystemContext): Iterable<Row> {
  yield* tableRows(context);
  yield* viewRows(context);
  yield* otherRows(context);
}

function* tableRows(context: SystemContext): Iterable<Row> {
  for (const table of own(context, 'table')) {
    const rows = context.rowEstimate(table);
    const live = table.columns.length;
    yield [
      table.id,
      table.schemaId,
      displayIdentifier(table.name, context.fold),
      'table',
      table.owner,
      table.persistence,
      table.space,
      rows,
      Math.ceil(context.byteEstimate(table) / PAGE_BYTES),
      live,
      table.constraints.filter((one) => one.kind === 'check').length,
      table.indexes.length > 0,
      table.constraints.some((one) => one.kind === 'primary_key'),
      table.referencedBy.length > 0 || table.constraints.some((one) => one.kind === 'foreign_key'),
      0,
      optionTexts(table.options),
      table.comment ?? null,
      texts(aclItems(context.catalog, table.grants)),
      false,
      null,
      table.databaseId,
      null,
    ];
    for (const index of table.indexes) {
      yield [
        index.id,
        table.schemaId,
        displayIdentifier(index.name, context.fold),
        'index',
        table.owner,
        table.persistence,
        index.space,
        rows,
        1,
        index.keys.length + index.include.length,
        0,
        false,
        false,
        false,
        table.id,
        optionTexts(index.options),
        index.comment ?? null,
        null,
        false,
        index.method,
        table.databaseId,
        localName(index, context),
      ];
    }
  }
}

/** What an index is called on its table: names of indexes may be the table's own. */
function localName(index: IndexDefinition, { fold }: SystemContext): string {
  return displayIdentifier(index.localName ?? index.name, fold);
}

function* viewRows(context: SystemContext): Iterable<Row> {
  for (const view of own(context, 'view')) {
    yield [
      view.id,
      view.schemaId,
      displayIdentifier(view.name, context.fold),
      'view',
      view.owner,
      view.persistence,
      0,
      0,
      0,
      view.columns.length,
      ...NO_TABLE,
      optionTexts(view.options),
      view.comment ?? null,
      texts(aclItems(context.catalog, view.grants)),
      false,
      null,
      view.databaseId,
      null,
    ];
  }
  for (const view of context.views) {
    yield [
      view.id,
      view.schemaId,
      view.name.text,
      'view',
      context.administrator,
      'permanent',
      0,
      0,
      0,
      view.columns.length,
      ...NO_TABLE,
      null,
      null,
      null,
      true,
      null,
      0,
      null,
    ];
  }
}

function* otherRows(context: SystemContext): Iterable<Row> {
  for (const one of own(context, 'sequence')) {
    yield [
      one.id,
      one.schemaId,
      displayIdentifier(one.name, context.fold),
      'sequence',
      one.owner,
      one.persistence,
      one.id,
      1,
      1,
      3,
      ...NO_TABLE,
      null,
      one.comment ?? null,
      texts(aclItems(context.catalog, one.grants)),
      false,
      null,
      one.databaseId,
      null,
    ];
  }
  for (const one of own(context, 'type')) {
    if (one.form === 'composite')
      yield [
        one.id,
        one.schemaId,
        displayIdentifier(one.name, context.fold),
        'composite_type',
        one.owner,
        'permanent',
        0,
        0,
        0,
        one.type.fields?.length ?? 0,
        ...NO_TABLE,
        null,
        null,
        null,
        false,
        null,
        one.databaseId,
        null,
      ];
  }
}
