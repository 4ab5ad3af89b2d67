/**
 * The base relations of the `sys` schema: the catalog and the server's state as rows, computed when scanned. Every
 * dialect's catalog views are queries over these. The columns are listed in specs/catalog/sys.md.
 */
import { displayIdentifier, type IdentifierFold } from '../../sblr/contract/names.ts';
import type { BuiltinRoutine, BuiltinType } from '../../sblr/contract/session.ts';
import {
  arrayOf,
  BOOL,
  FLOAT64,
  INT16,
  INT32,
  INT64,
  OID,
  TEXT,
  TIMESTAMPTZ,
  type SqlType,
} from '../../sblr/contract/types.ts';
import { canonicalInteger, SqlArray, type Row, type SqlValue } from '../../sblr/contract/values.ts';
import { aclItems } from './privileges.ts';
import { TRANSACTION_PRODUCERS, type TransactionContext } from './transaction-relations.ts';
import type {
  CatalogView,
  ColumnDefinition,
  Definition,
  ObjectId,
  SequenceDefinition,
  SystemRelation,
  TableDefinition,
  ViewDefinition,
} from './definitions.ts';

export interface SessionRow {
  readonly id: number;
  readonly databaseId: ObjectId;
  readonly roleId: ObjectId;
  readonly roleName: string;
  readonly applicationName: string;
  readonly clientAddress: string;
  readonly startedAt: number;
  readonly transactionStartedAt: number | null;
  readonly statementStartedAt: number;
  readonly stateChangedAt: number;
  readonly state: string;
  readonly text: string;
}

/** What row producers may ask. */
export interface SystemContext extends TransactionContext {
  readonly catalog: CatalogView;
  /** Set when one object is asked for: the only definitions to make rows of. */
  readonly only?: readonly Definition[] | undefined;
  readonly databaseId: ObjectId;
  readonly administrator: ObjectId;
  readonly fold: IdentifierFold;
  readonly mainSchema: string;
  readonly systemSchemaId: ObjectId;
  readonly types: readonly BuiltinType[];
  readonly routines: readonly BuiltinRoutine[];
  readonly views: Iterable<ViewDefinition>;
  readonly schemas: ReadonlyMap<string, ObjectId>;
  typeId(type: SqlType): ObjectId;
  rowEstimate(table: TableDefinition): number;
  byteEstimate(table: TableDefinition): number;
  sequenceState(sequence: SequenceDefinition): { readonly lastValue: number | bigint; readonly isCalled: boolean };
  defaultText(table: TableDefinition, column: ColumnDefinition): string | null;
  checkText(table: TableDefinition, constraintId: ObjectId): string | null;
  indexText(indexId: ObjectId): { readonly expressions: string | null; readonly predicate: string | null };
  /** Text of an index's key that is an expression, keys counted from 0. */
  indexExpression(indexId: ObjectId, at: number): string;
  domainText(typeId: ObjectId): { readonly defaultValue: string | null; readonly checks: readonly (string | null)[] };
  settings(): Iterable<Row>;
  sessions(): Iterable<SessionRow>;
  preparedStatements(): Iterable<Row>;
  cursors(): Iterable<Row>;
  statistics(): Iterable<Row>;
  listening(): Iterable<string>;
}

interface Producer {
  readonly columns: readonly (readonly [name: string, type: SqlType])[];
  rows(context: SystemContext): Iterable<Row>;
}

const TEXTS = arrayOf(TEXT);
const INT16S = arrayOf(INT16);
const OIDS = arrayOf(OID);

const texts = (items: readonly string[] | null | undefined): SqlValue =>
  items === null || items === undefined ? null : new SqlArray(items);
const numbers = (items: readonly number[] | undefined): SqlValue => new SqlArray(items ?? []);

function own<K extends Definition['kind']>(context: SystemContext, kind: K): Extract<Definition, { kind: K }>[] {
  const found: Extract<Definition, { kind: K }>[] = [];
  for (const definition of context.only ?? context.catalog.all(kind)) {
    if (definition.kind !== kind) continue;
    if ('databaseId' in definition && definition.databaseId !== context.databaseId) continue;
    found.push(definition as Extract<Definition, { kind: K }>);
  }
  return found;
}

const optionTexts = (options: Readonly<Record<string, string>>): SqlValue => {
  const entries = Object.entries(options);
  return entries.length === 0 ? null : new SqlArray(entries.map(([name, value]) => `${name}=${value}`));
};

/** Rows per page assumed where a page count is wanted. */
const PAGE_BYTES = 8192;

export const PRODUCERS: Readonly<Record<string, Producer>> = {
  databases: {
    columns: [
      ['id', OID],
      ['name', TEXT],
      ['owner', OID],
      ['comment', TEXT],
      ['acl', TEXTS],
      ['options', TEXTS],
    ],
    *rows(context) {
      for (const definition of context.catalog.all('database')) {
        if (definition.kind !== 'database') continue;
        yield [
          definition.id,
          displayIdentifier(definition.name, context.fold),
          definition.owner,
          definition.comment ?? null,
          texts(aclItems(context.catalog, definition.grants)),
          optionTexts(definition.options),
        ];
      }
    },
  },
  schemas: {
    columns: [
      ['id', OID],
      ['name', TEXT],
      ['owner', OID],
      ['main', BOOL],
      ['system', BOOL],
      ['comment', TEXT],
      ['acl', TEXTS],
    ],
    *rows(context) {
      for (const [name, id] of context.schemas) yield [id, name, context.administrator, false, true, null, null];
      for (const schema of own(context, 'schema')) {
        yield [
          schema.id,
          schema.main ? context.mainSchema : displayIdentifier(schema.name, context.fold),
          schema.owner,
          schema.main,
          false,
          schema.comment ?? null,
          texts(aclItems(context.catalog, schema.grants)),
        ];
      }
    },
  },
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
    ],
    rows: relationRows,
  },
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
    ],
    rows: columnRows,
  },
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
    ],
    *rows(context) {
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
            rendered.expressions,
            rendered.predicate,
            index.ready,
          ];
        }
      }
    },
  },
  sequences: {
    columns: [
      ['id', OID],
      ['type_id', OID],
      ['start', INT64],
      ['increment', INT64],
      ['minimum', INT64],
      ['maximum', INT64],
      ['cache', INT64],
      ['cycle', BOOL],
      ['last_value', INT64],
      ['is_called', BOOL],
      ['owner_table', OID],
      ['owner_column', INT16],
      ['owner_internal', BOOL],
    ],
    *rows(context) {
      for (const one of own(context, 'sequence')) {
        const state = context.sequenceState(one);
        yield [
          one.id,
          context.typeId(one.type),
          canonicalInteger(one.start),
          canonicalInteger(one.increment),
          canonicalInteger(one.minimum),
          canonicalInteger(one.maximum),
          canonicalInteger(one.cache),
          one.cycle,
          state.lastValue,
          state.isCalled,
          one.ownedBy?.tableId ?? 0,
          one.ownedBy?.column ?? 0,
          one.ownedBy?.internal ?? false,
        ];
      }
    },
  },
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
  views: {
    columns: [
      ['id', OID],
      ['schema_id', OID],
      ['name', TEXT],
      ['owner', OID],
      ['definition', TEXT],
    ],
    *rows(context) {
      for (const view of own(context, 'view'))
        yield [view.id, view.schemaId, displayIdentifier(view.name, context.fold), view.owner, view.text];
    },
  },
  routines: {
    columns: [
      ['id', OID],
      ['schema_id', OID],
      ['name', TEXT],
      ['owner', OID],
      ['language', TEXT],
      ['kind', TEXT],
      ['return_type_id', OID],
      ['returns_set', BOOL],
      ['argument_types', OIDS],
      ['argument_names', TEXTS],
      ['argument_modes', TEXTS],
      ['argument_count', INT16],
      ['default_count', INT16],
      ['source', TEXT],
      ['volatility', TEXT],
      ['strict', BOOL],
      ['system', BOOL],
      ['comment', TEXT],
      ['acl', TEXTS],
    ],
    *rows(context) {
      for (const one of context.routines) {
        yield [
          one.id,
          context.systemSchemaId,
          one.name,
          context.administrator,
          'internal',
          one.kind,
          0,
          false,
          numbers([]),
          null,
          null,
          0,
          0,
          one.primitive,
          'v',
          false,
          true,
          null,
          null,
        ];
      }
      for (const one of own(context, 'routine')) {
        const inputs = one.parameters.filter((parameter) => parameter.mode !== 'out' && parameter.mode !== 'table');
        yield [
          one.id,
          one.schemaId,
          displayIdentifier(one.name, context.fold),
          one.owner,
          one.language,
          one.form === 'procedure' ? 'p' : 'f',
          one.returns === undefined ? context.typeId({ kind: 'void' }) : context.typeId(one.returns),
          one.returnsSet,
          SqlArray.fromZero(inputs.map((parameter) => context.typeId(parameter.type))),
          one.parameters.some((parameter) => parameter.name !== undefined)
            ? texts(
                one.parameters.map((parameter) =>
                  parameter.name === undefined ? '' : displayIdentifier(parameter.name, context.fold),
                ),
              )
            : null,
          inputs.length === one.parameters.length ? null : texts(one.parameters.map((parameter) => parameter.mode)),
          inputs.length,
          inputs.filter((parameter) => parameter.defaultValue !== undefined).length,
          one.source,
          one.volatility,
          one.strict,
          false,
          one.comment ?? null,
          texts(aclItems(context.catalog, one.grants)),
        ];
      }
    },
  },
  roles: {
    columns: [
      ['id', OID],
      ['name', TEXT],
      ['superuser', BOOL],
      ['inherit', BOOL],
      ['create_role', BOOL],
      ['create_database', BOOL],
      ['login', BOOL],
      ['replication', BOOL],
      ['bypass_row_security', BOOL],
      ['connection_limit', INT32],
      ['valid_until', TEXT],
      ['settings', TEXTS],
      ['comment', TEXT],
    ],
    *rows(context) {
      for (const one of context.catalog.all('role')) {
        if (one.kind !== 'role') continue;
        yield [
          one.id,
          displayIdentifier(one.name, context.fold),
          one.superuser,
          one.inherit,
          one.createRole,
          one.createDatabase,
          one.login,
          one.replication,
          one.bypassRowSecurity,
          one.connectionLimit,
          one.validUntil ?? null,
          optionTexts(one.settings),
          one.comment ?? null,
        ];
      }
    },
  },
  role_memberships: {
    columns: [
      ['role_id', OID],
      ['member_id', OID],
      ['grantor_id', OID],
      ['admin', BOOL],
    ],
    *rows(context) {
      for (const one of context.catalog.all('role')) {
        if (one.kind === 'role')
          for (const membership of one.memberOf) yield [membership.role, one.id, membership.grantor, membership.admin];
      }
    },
  },
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
  settings: {
    columns: [
      ['name', TEXT],
      ['value', TEXT],
      ['default_value', TEXT],
      ['reset_value', TEXT],
      ['unit', TEXT],
      ['description', TEXT],
      ['context', TEXT],
      ['kind', TEXT],
      ['minimum', TEXT],
      ['maximum', TEXT],
      ['options', TEXTS],
      ['reported', BOOL],
    ],
    rows: (context) => context.settings(),
  },
  sessions: {
    columns: [
      ['id', INT32],
      ['database_id', OID],
      ['role_id', OID],
      ['role_name', TEXT],
      ['application_name', TEXT],
      ['client_address', TEXT],
      ['started', TIMESTAMPTZ],
      ['transaction_started', TIMESTAMPTZ],
      ['statement_started', TIMESTAMPTZ],
      ['state_changed', TIMESTAMPTZ],
      ['state', TEXT],
      ['text', TEXT],
    ],
    *rows(context) {
      for (const one of context.sessions()) {
        yield [
          one.id,
          one.databaseId,
          one.roleId,
          one.roleName,
          one.applicationName,
          one.clientAddress,
          one.startedAt,
          one.transactionStartedAt,
          one.statementStartedAt,
          one.stateChangedAt,
          one.state,
          one.text,
        ];
      }
    },
  },
  ...TRANSACTION_PRODUCERS,
  prepared_statements: {
    columns: [
      ['name', TEXT],
      ['text', TEXT],
      ['prepared_at', TIMESTAMPTZ],
      ['parameter_types', OIDS],
      ['by_client', BOOL],
    ],
    rows: (context) => context.preparedStatements(),
  },
  cursors: {
    columns: [
      ['name', TEXT],
      ['text', TEXT],
      ['hold', BOOL],
      ['scroll', BOOL],
      ['created_at', TIMESTAMPTZ],
    ],
    rows: (context) => context.cursors(),
  },
  statistics: {
    columns: [
      ['relation_id', OID],
      ['position', INT16],
      ['null_fraction', FLOAT64],
      ['distinct_count', FLOAT64],
      ['average_width', INT32],
    ],
    rows: (context) => context.statistics(),
  },
  listening_channels: {
    columns: [['channel', TEXT]],
    *rows(context) {
      for (const channel of context.listening()) yield [channel];
    },
  },
};

function* relationRows(context: SystemContext): Iterable<Row> {
  const none = [0, 0, false, false, false, 0, null] as const;
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
      ];
    }
  }
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
      ...none.slice(1, 6),
      optionTexts(view.options),
      view.comment ?? null,
      texts(aclItems(context.catalog, view.grants)),
      false,
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
      ...none.slice(1, 6),
      null,
      null,
      null,
      true,
      null,
    ];
  }
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
      ...none.slice(1, 6),
      null,
      one.comment ?? null,
      texts(aclItems(context.catalog, one.grants)),
      false,
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
        ...none.slice(1, 6),
        null,
        null,
        null,
        false,
        null,
      ];
  }
}

function columnRow(
  context: SystemContext,
  relationId: ObjectId,
  kind: string,
  column: ColumnDefinition,
  defaultText: string | null,
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
    type.collation ?? null,
    column.comment ?? null,
    texts(aclItems(context.catalog, column.grants)),
    column.sequenceId ?? 0,
    column.missing !== null,
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
    for (const column of table.columns)
      yield columnRow(context, table.id, 'table', column, context.defaultText(table, column));
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

function* typeRows(context: SystemContext): Iterable<Row> {
  const listed = new Set(context.types.map((one) => one.id));
  for (const one of context.types) {
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
    ];
    if (one.arrayId !== 0 && !listed.has(one.arrayId))
      yield [
        one.arrayId,
        context.systemSchemaId,
        `_${one.name}`,
        context.administrator,
        -1,
        'b',
        'A',
        false,
        0,
        one.id,
        0,
        0,
        false,
        null,
        'array',
        null,
        null,
        null,
        false,
        null,
        null,
        null,
      ];
  }
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
    ];
    yield [
      one.arrayTypeId,
      one.schemaId,
      `_${name}`,
      one.owner,
      -1,
      'b',
      'A',
      false,
      0,
      one.id,
      0,
      0,
      false,
      null,
      'array',
      null,
      null,
      null,
      false,
      null,
      null,
      null,
    ];
  }
}

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

/**
 * Columns by which a relation's rows of one object can be asked for. The producer may answer with rows
 * of other objects too: the scan's condition decides.
 */
export const LOOKUP_COLUMNS: Readonly<Record<string, readonly string[]>> = {
  relations: ['id'],
  columns: ['relation_id'],
  constraints: ['relation_id'],
  indexes: ['id', 'relation_id'],
  sequences: ['id'],
  views: ['id'],
};

/** The definitions whose rows may belong to this id: an index is listed with its table. */
export function definitionsOf(catalog: CatalogView, id: ObjectId): readonly Definition[] {
  const found = catalog.get(id);
  if (found === undefined) return [];
  if (found.kind !== 'index') return [found];
  const table = catalog.get(found.tableId);
  return table === undefined ? [] : [table];
}

/** Ids of base relations, below those of the dialects' views. */
const FIRST_SYSTEM_ID = 100;

export const SYSTEM_RELATIONS: ReadonlyMap<string, SystemRelation> = new Map(
  Object.entries(PRODUCERS).map(([name, producer], at) => [
    name,
    {
      kind: 'system',
      id: FIRST_SYSTEM_ID + at,
      name,
      columns: producer.columns.map(([column, type]) => ({ name: column, type })),
    } satisfies SystemRelation,
  ]),
);
