/** Types as rows: built in, user-defined, labels of enums, constraints of domains. */
import type { ObjectId } from '../definitions.ts';
import { displayIdentifier } from '../../../sblr/contract/names.ts';
import { BOOL, FLOAT64, INT16, INT32, OID, TEXT } from '../../../sblr/contract/types.ts';
import { type Row } from '../../../sblr/contract/values.ts';
import { aclItems } from '../privileges.ts';
import { own, texts, TEXTS, type Producers, type SystemContext } from './producer.ts';

export const TYPES: Producers = {
  types: {
    columns: [
      ['id', OID],
      ['schema_id', OID],
      ['name', TEXT],
      ['owner', OID],
      ['length', INT16],
      ['form', TEXT],
      ['category', TEXT],
      ['preferred', BOOL],
      ['relation_id', OID],
      ['element_id', OID],
      ['array_id', OID],
      ['base_type_id', OID],
      ['not_null', BOOL],
      ['default_text', TEXT],
      ['type_kind', TEXT],
      ['type_length', INT32],
      ['type_precision', INT32],
      ['type_scale', INT32],
      ['type_fixed', BOOL],
      ['collation', TEXT],
      ['comment', TEXT],
      ['acl', TEXTS],
      ['type_interval_fields', TEXT],
    ],
    rows: typeRows,
  },
  enum_labels: {
    columns: [
      ['id', OID],
      ['type_id', OID],
      ['position', FLOAT64],
      ['label', TEXT],
    ],
    *rows(context) {
      for (const type of own(context, 'type')) {
        // Labels have no ids of their own: numbers derived from type and position, far above object ids.
        for (const [at, label] of (type.form === 'enum' ? (type.type.labels ?? []) : []).entries())
          yield [3_000_000_000 + ((type.id * 1024 + at) % 1_000_000_000), type.id, at + 1, label];
      }
    },
  },
  domain_constraints: {
    columns: [
      ['type_id', OID],
      ['position', INT16],
      ['name', TEXT],
      ['schema_id', OID],
      ['expression', TEXT],
    ],
    *rows(context) {
      for (const type of own(context, 'type')) {
        if (type.form !== 'domain') continue;
        const rendered = context.domainText(type.id);
        for (const [at, check] of type.checks.entries())
          yield [
            type.id,
            at + 1,
            displayIdentifier(check.name, context.fold),
            type.schemaId,
            rendered.checks[at] ?? null,
          ];
      }
    },
  },
};

function arrayRow(id: ObjectId, schemaId: ObjectId, name: string, owner: ObjectId, elementId: ObjectId): Row {
  const none = null;
  return [
    ...[id, schemaId, name, owner, -1, 'b', 'A', false, 0, elementId, 0, 0, false, none, 'array'],
    ...[none, none, none, false, none, none, none, none],
  ];
}

function* typeRows(context: SystemContext): Iterable<Row> {
  yield* builtinRows(context);
  yield* ownRows(context);
  yield* rowTypeRows(context);
}

/** The rows of a table or view are of a type that has its name and id. */
function* rowTypeRows(context: SystemContext): Iterable<Row> {
  for (const kind of ['table', 'view'] as const) {
    for (const one of own(context, kind)) {
      const name = displayIdentifier(one.name, context.fold);
      yield [
        ...[one.id, one.schemaId, name, one.owner, -1, 'r', 'C', false, one.id, 0, 0, 0, false, null, 'record'],
        ...[null, null, null, false, null, null, null, null],
      ];
    }
  }
}

function* builtinRows(context: SystemContext): Iterable<Row> {
  const listed = new Set(context.types.map((one) => one.id));
  for (const one of context.listedTypes) {
    const element = one.type.kind === 'array' && one.type.element !== undefined ? context.typeId(one.type.element) : 0;
    yield [
      one.id,
      context.systemSchemaId,
      one.name,
      context.administrator,
      one.length,
      one.form,
      one.category,
      one.preferred,
      0,
      element,
      one.arrayId,
      0,
      false,
      null,
      one.type.kind,
      null,
      null,
      null,
      one.type.fixed ?? false,
      null,
      null,
      null,
      null,
    ];
    if (one.arrayId !== 0 && !listed.has(one.arrayId))
      yield arrayRow(one.arrayId, context.systemSchemaId, `_${one.name}`, context.administrator, one.id);
  }
}

function* ownRows(context: SystemContext): Iterable<Row> {
  for (const one of own(context, 'type')) {
    const name = displayIdentifier(one.name, context.fold);
    const domain = one.form === 'domain';
    const { type } = one;
    const baseId = domain ? context.typeId(type.typeId === one.id ? { ...type, typeId: undefined as never } : type) : 0;
    const base = domain ? context.types.find((candidate) => candidate.id === baseId) : undefined;
    yield [
      one.id,
      one.schemaId,
      name,
      one.owner,
      one.form === 'enum' ? 4 : (base?.length ?? -1),
      one.form === 'enum' ? 'e' : domain ? 'd' : 'c',
      one.form === 'enum' ? 'E' : domain ? (base?.category ?? 'U') : 'C',
      false,
      one.form === 'composite' ? one.id : 0,
      0,
      one.arrayTypeId,
      baseId,
      one.notNull,
      domain ? context.domainText(one.id).defaultValue : null,
      type.kind,
      type.length ?? null,
      type.precision ?? null,
      type.scale ?? null,
      type.fixed ?? false,
      type.collation ?? null,
      one.comment ?? null,
      texts(aclItems(context.catalog, one.grants)),
      type.intervalFields ?? null,
    ];
    yield arrayRow(one.arrayTypeId, one.schemaId, `_${name}`, one.owner, one.id);
  }
}
