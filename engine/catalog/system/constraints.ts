/** Constraints and indexes as rows. */
import { domainCheckId } from '../derived-ids.ts';
import { displayIdentifier } from '../../../sblr/contract/names.ts';
import { BOOL, INT16, OID, TEXT } from '../../../sblr/contract/types.ts';
import { SqlArray, type Row } from '../../../sblr/contract/values.ts';
import { INT16S, numbers, OIDS, own, TEXTS, type Producers, type SystemContext } from './producer.ts';

export const CONSTRAINTS: Producers = {
  constraints: {
    columns: [
      ['id', OID],
      ['name', TEXT],
      ['schema_id', OID],
      ['relation_id', OID],
      ['kind', TEXT],
      ['columns', INT16S],
      ['index_id', OID],
      ['ref_relation_id', OID],
      ['ref_columns', INT16S],
      ['on_delete', TEXT],
      ['on_update', TEXT],
      ['match', TEXT],
      ['set_columns', INT16S],
      ['deferrable', BOOL],
      ['initially_deferred', BOOL],
      ['validated', BOOL],
      ['no_inherit', BOOL],
      ['expression', TEXT],
      ['comment', TEXT],
      ['type_id', OID],
      ['expression_source', TEXT],
      ['absent_table', TEXT],
    ],
    *rows(context) {
      yield* domainChecks(context);
      for (const table of own(context, 'table')) {
        for (const one of table.constraints) {
          const reference = one.kind === 'foreign_key';
          yield [
            one.id,
            displayIdentifier(one.name, context.fold),
            table.schemaId,
            table.id,
            one.kind,
            numbers(one.columns),
            one.indexId ?? 0,
            one.refTableId ?? 0,
            reference ? numbers(one.refColumns) : null,
            one.onDelete,
            one.onUpdate,
            one.match,
            one.setColumns.length === 0 ? null : numbers(one.setColumns),
            one.deferrable,
            one.initiallyDeferred,
            one.validated,
            one.noInherit,
            one.kind === 'check' ? context.checkText(table, one.id) : null,
            one.comment ?? null,
            0,
            one.check?.text ?? null,
            one.absent === undefined ? null : displayIdentifier(one.absent.table, context.fold),
          ];
        }
      }
    },
  },
  indexes: {
    columns: [
      ['id', OID],
      ['relation_id', OID],
      ['is_unique', BOOL],
      ['is_primary', BOOL],
      ['nulls_not_distinct', BOOL],
      ['deferrable', BOOL],
      ['key_count', INT16],
      ['column_count', INT16],
      ['columns', INT16S],
      ['options', INT16S],
      ['key_types', OIDS],
      ['key_classes', TEXTS],
      ['key_collations', TEXTS],
      ['expressions', TEXT],
      ['predicate', TEXT],
      ['is_ready', BOOL],
    ],
    *rows(context) {
      for (const table of own(context, 'table')) {
        for (const index of table.indexes) {
          const constraint = table.constraints.find(
            (candidate) => candidate.kind !== 'foreign_key' && candidate.indexId === index.id,
          );
          const rendered = context.indexText(index.id);
          yield [
            index.id,
            table.id,
            index.unique || index.uniqueLate === true,
            index.primary,
            index.nullsNotDistinct,
            constraint?.deferrable ?? false,
            index.keys.length,
            index.keys.length + index.include.length,
            SqlArray.fromZero([...index.keys.map((key) => key.column), ...index.include]),
            SqlArray.fromZero(index.keys.map((key) => (key.descending ? 1 : 0) + (key.nullsFirst ? 2 : 0))),
            SqlArray.fromZero(index.keys.map((key) => context.typeId(key.type))),
            SqlArray.fromZero(index.keys.map((key) => key.operatorClass ?? null)),
            SqlArray.fromZero(index.keys.map((key) => key.collation ?? null)),
            rendered.expressions,
            rendered.predicate,
            index.ready,
          ];
        }
      }
    },
  },
};

/** Checks of domains belong to a type and to no table. */
function* domainChecks(context: SystemContext): Iterable<Row> {
  for (const type of own(context, 'type')) {
    for (const [at, check] of type.checks.entries()) {
      const name = displayIdentifier(check.name, context.fold);
      const expression = context.domainText(type.id).checks[at] ?? null;
      yield [
        ...[domainCheckId(type.id, at), name, type.schemaId, 0, 'check', null, 0, 0, null],
        ...['no_action', 'no_action', 'simple', null, false, false, check.unvalidated !== true, false],
        ...[expression?.slice('CHECK ('.length, -1) ?? null, null, type.id, check.expression.text, null],
      ];
    }
  }
}
