/** Functions about catalog objects; all knowledge comes from the session's IntrospectionHooks. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { ReferenceTarget } from '../../sblr/contract/types.ts';
import { SqlArray, type SqlValue } from '../../sblr/contract/values.ts';
import type { EvalContext } from './function.ts';
import type { IntrospectionHooks, ObjectClass, PrivilegeRequest } from './introspection.ts';
import { rowsSource, scalar, setFunction, STABLE, VOLATILE } from './table.ts';

type C = EvalContext;
const hooks = (c: C): IntrospectionHooks => c.introspection;
const stableNotStrict = { strict: false, volatility: 'stable' } as const;

scalar(
  'format_type(oid, int32) text',
  (id: number | null, modifier: number | null, c: C) =>
    id === null ? null : (hooks(c).formatType(id, modifier ?? undefined) ?? '???'),
  stableNotStrict,
);
scalar('role_name(oid) name', (id: number, c: C) => hooks(c).roleName(id) ?? `unknown (OID=${id})`, STABLE);

const VISIBLE: readonly (readonly [string, ObjectClass])[] = [
  ['relation_is_visible', 'relation'],
  ['type_is_visible', 'type'],
  ['routine_is_visible', 'routine'],
  ['operator_is_visible', 'operator'],
  ['collation_is_visible', 'collation'],
  ['conversion_is_visible', 'conversion'],
  ['operator_class_is_visible', 'operator_class'],
  ['operator_family_is_visible', 'operator_family'],
  ['statistics_is_visible', 'relation'],
  ['text_search_configuration_is_visible', 'text_search'],
  ['text_search_dictionary_is_visible', 'text_search'],
  ['text_search_parser_is_visible', 'text_search'],
  ['text_search_template_is_visible', 'text_search'],
];
for (const [name, kind] of VISIBLE)
  scalar(`${name}(oid) bool`, (id: number, c: C) => hooks(c).isVisible(kind, id) ?? null, STABLE);

for (const [suffix, pretty] of [
  ['', false],
  [', bool', true],
] as const) {
  const flag = (value: unknown): boolean => pretty && value === true;
  scalar(
    `constraint_definition(oid${suffix}) text`,
    (id: number, p: unknown, c: C) => hooks(pretty ? c : (p as C)).constraintDefinition(id, flag(p)) ?? null,
    STABLE,
  );
  scalar(
    `view_definition(oid${suffix}) text`,
    (id: number, p: unknown, c: C) => hooks(pretty ? c : (p as C)).viewDefinition(id, flag(p)) ?? null,
    STABLE,
  );
  scalar(
    `view_definition(text${suffix}) text`,
    (name: string, p: unknown, c: C) => {
      const h = hooks(pretty ? c : (p as C));
      const id = h.lookupReference('relation', name);
      if (id === undefined)
        throw new SqlError('undefined_table', { message: `relation "${name}" does not exist`, args: { name } });
      return h.viewDefinition(id, flag(p)) ?? null;
    },
    STABLE,
  );
  scalar(
    `trigger_definition(oid${suffix}) text`,
    (id: number, p: unknown, c: C) => hooks(pretty ? c : (p as C)).triggerDefinition(id) ?? null,
    STABLE,
  );
  scalar(`rule_definition(oid${suffix}) text`, () => null, STABLE);
}
scalar('index_definition(oid) text', (id: number, c: C) => hooks(c).indexDefinition(id, 0, false) ?? null, STABLE);
scalar(
  'index_definition(oid, int32, bool) text',
  (id: number, column: number, pretty: boolean, c: C) => hooks(c).indexDefinition(id, column, pretty) ?? null,
  STABLE,
);
scalar(
  'view_definition(oid, int32) text',
  (id: number, wrap: number, c: C) => hooks(c).viewDefinition(id, true, wrap) ?? null,
  STABLE,
);
scalar(
  'expression_text(text, oid) text',
  (expression: string, relation: number, c: C) => hooks(c).expressionText(expression, relation, false) ?? null,
  STABLE,
);
scalar(
  'expression_text(text, oid, bool) text',
  (expression: string, relation: number, pretty: boolean, c: C) =>
    hooks(c).expressionText(expression, relation, pretty) ?? null,
  STABLE,
);
scalar('routine_definition(oid) text', (id: number, c: C) => hooks(c).routineDefinition(id) ?? null, STABLE);
scalar('routine_arguments(oid) text', (id: number, c: C) => hooks(c).routineArguments(id, 'full') ?? null, STABLE);
scalar(
  'routine_identity_arguments(oid) text',
  (id: number, c: C) => hooks(c).routineArguments(id, 'identity') ?? null,
  STABLE,
);
scalar('routine_result(oid) text', (id: number, c: C) => hooks(c).routineResult(id) ?? null, STABLE);
for (const name of [
  'routine_sql_body',
  'partition_key_definition',
  'partition_constraint_definition',
  'statistics_definition',
  'statistics_definition_columns',
])
  scalar(`${name}(oid) text`, () => null, STABLE);
scalar('statistics_definition_expressions(oid) text[]', () => null, STABLE);
scalar('routine_argument_default(oid, int32) text', () => null, STABLE);

scalar(
  'col_description(oid, int32) text',
  (id: number, column: number, c: C) => hooks(c).objectDescription(id, '', column) ?? null,
  STABLE,
);
scalar('obj_description(oid) text', (id: number, c: C) => hooks(c).objectDescription(id, '', 0) ?? null, STABLE);
scalar(
  'obj_description(oid, name) text',
  (id: number, catalog: string, c: C) => hooks(c).objectDescription(id, catalog, 0) ?? null,
  STABLE,
);
scalar(
  'shobj_description(oid, name) text',
  (id: number, catalog: string, c: C) => hooks(c).sharedObjectDescription(id, catalog) ?? null,
  STABLE,
);
scalar(
  'owned_sequence(text, text) text',
  (table: string, column: string, c: C) => hooks(c).serialSequence(table, column) ?? null,
  STABLE,
);
scalar(
  'index_has_property(oid, text) bool',
  (id: number, property: string, c: C) => hooks(c).indexHasProperty(id, 0, property) ?? null,
  STABLE,
);
scalar(
  'index_column_has_property(oid, int32, text) bool',
  (id: number, column: number, property: string, c: C) => hooks(c).indexHasProperty(id, column, property) ?? null,
  STABLE,
);
scalar(
  'index_method_has_property(oid, text) bool',
  (_id: number, property: string) =>
    ['can_order', 'can_unique', 'can_multi_col', 'can_include'].includes(property.toLowerCase()),
  STABLE,
);
scalar(
  'relation_is_updatable(oid, bool) int32',
  (id: number, _triggers: boolean, c: C) => hooks(c).relationIsUpdatable(id),
  STABLE,
);
scalar(
  'relation_is_updatable(regclass, bool) int32',
  (id: number, _triggers: boolean, c: C) => hooks(c).relationIsUpdatable(id),
  STABLE,
);
scalar(
  'column_is_updatable(regclass, int16, bool) bool',
  (id: number, column: number, _triggers: boolean, c: C) =>
    column > 0 && (hooks(c).relationIsUpdatable(id) & 20) === 20,
  STABLE,
);
scalar('relation_is_publishable(regclass) bool', () => false, STABLE);
scalar(
  'is_other_temporary_schema(oid) bool',
  (id: number, c: C) => hooks(c).temporarySchemaKind(id) === 'other',
  STABLE,
);
scalar('is_own_temporary_schema(oid) bool', (id: number, c: C) => hooks(c).temporarySchemaKind(id) === 'own', STABLE);
scalar('own_temporary_schema() oid', (c: C) => hooks(c).temporarySchemaId(), STABLE);
scalar('encoding_name(int32) name', (encoding: number) => ENCODINGS[encoding] ?? '', STABLE);
scalar(
  'encoding_number(name) int32',
  (name: string) => {
    const key = name.toUpperCase().replace(/[^A-Z0-9]/g, '');
    return ENCODINGS.findIndex((known) => known?.replace(/_/g, '') === key);
  },
  STABLE,
);
scalar('encoding_maximum_length(int32) int32', (encoding: number) =>
  encoding === 6 ? 4 : ENCODINGS[encoding] === undefined ? null : 1,
);
const ENCODINGS: readonly (string | undefined)[] = [
  'SQL_ASCII',
  'EUC_JP',
  'EUC_CN',
  'EUC_KR',
  'EUC_TW',
  'EUC_JIS_2004',
  'UTF8',
  'MULE_INTERNAL',
  'LATIN1',
  'LATIN2',
  'LATIN3',
  'LATIN4',
  'LATIN5',
  'LATIN6',
  'LATIN7',
  'LATIN8',
  'LATIN9',
  'LATIN10',
  'WIN1256',
  'WIN1258',
  'WIN866',
  'WIN874',
  'KOI8R',
  'WIN1251',
  'WIN1252',
];
scalar('database_collation_actual_version(oid) text', () => null, STABLE);
scalar('collation_actual_version(oid) text', () => null, STABLE);
scalar(
  'oidvectortypes(any) text',
  (value: SqlValue, c: C) =>
    (value instanceof SqlArray
      ? value.items
      : String(value)
          .split(/[ ,{}]+/)
          .filter((part) => part !== '')
          .map(Number)
    )
      .map((id) => hooks(c).formatType(Number(id), -1) ?? '???')
      .join(', '),
  STABLE,
);
scalar('row_security_active(oid) bool', () => false, STABLE);
scalar('row_security_active(text) bool', () => false, STABLE);
scalar('tablespace_location(oid) text', () => '', STABLE);
scalar('relation_filenode(regclass) oid', (id: number) => id, STABLE);
scalar('relation_file_path(regclass) text', () => null, STABLE);
scalar('partition_root(regclass) regclass', () => null, STABLE);
scalar('replica_identity_index(regclass) regclass', () => null, STABLE);
scalar(
  'describe_object(oid, oid, int32) text',
  (_catalog: number, id: number, _part: number, c: C) => hooks(c).referenceText('relation', id) ?? null,
  STABLE,
);
setFunction('partition_ancestors(regclass) regclass', ([id]: [number]) => rowsSource([[id]]), { volatility: 'stable' });
setFunction('partition_tree(regclass) record', ([id]: [number]) => rowsSource([[id, null, true, 0]]), {
  volatility: 'stable',
  columns: [
    { name: 'relid', type: { kind: 'reference', target: 'relation' } },
    { name: 'parentrelid', type: { kind: 'reference', target: 'relation' } },
    { name: 'isleaf', type: { kind: 'bool' } },
    { name: 'level', type: { kind: 'int32' } },
  ],
});

// ---- find by name, NULL when missing
const FINDERS: readonly (readonly [string, string, ReferenceTarget])[] = [
  ['find_relation', 'regclass', 'relation'],
  ['find_type', 'regtype', 'type'],
  ['find_routine', 'regproc', 'routine'],
  ['find_routine_signature', 'regprocedure', 'routine_signature'],
  ['find_operator', 'regoper', 'operator'],
  ['find_operator_signature', 'regoper', 'operator'],
  ['find_schema', 'regnamespace', 'schema'],
  ['find_role', 'regrole', 'role'],
  ['find_collation', 'regcollation', 'collation'],
];
for (const [name, type, target] of FINDERS)
  scalar(`${name}(text) ${type}`, (text: string, c: C) => hooks(c).lookupReference(target, text) ?? null, STABLE);

// ---- privileges
type Kind = PrivilegeRequest['kind'];
const PRIVILEGES: readonly (readonly [string, Kind])[] = [
  ['has_table_privilege', 'table'],
  ['has_schema_privilege', 'schema'],
  ['has_database_privilege', 'database'],
  ['has_function_privilege', 'routine'],
  ['has_sequence_privilege', 'sequence'],
  ['has_type_privilege', 'type'],
  ['has_language_privilege', 'language'],
  ['has_tablespace_privilege', 'tablespace'],
  ['has_server_privilege', 'foreign_server'],
  ['has_foreign_data_wrapper_privilege', 'foreign_server'],
  ['has_any_column_privilege', 'any_column'],
];
const ask = (
  c: C,
  user: string | number | undefined,
  kind: Kind,
  object: string | number,
  privilege: string,
  column?: string | number,
): SqlValue => hooks(c).hasPrivilege({ user, kind, object, column, privilege }) ?? null;
for (const object of ['text', 'oid']) {
  for (const [name, kind] of PRIVILEGES) {
    scalar(
      `${name}(${object}, text) bool`,
      (target: string | number, privilege: string, c: C) => ask(c, undefined, kind, target, privilege),
      STABLE,
    );
    for (const user of ['name', 'oid']) {
      scalar(
        `${name}(${user}, ${object}, text) bool`,
        (who: string | number, target: string | number, privilege: string, c: C) =>
          ask(c, who, kind, target, privilege),
        STABLE,
      );
    }
  }
  for (const column of ['text', 'int16']) {
    scalar(
      `has_column_privilege(${object}, ${column}, text) bool`,
      (target: string | number, part: string | number, privilege: string, c: C) =>
        ask(c, undefined, 'column', target, privilege, part),
      STABLE,
    );
    for (const user of ['name', 'oid']) {
      scalar(
        `has_column_privilege(${user}, ${object}, ${column}, text) bool`,
        (who: string | number, target: string | number, part: string | number, privilege: string, c: C) =>
          ask(c, who, 'column', target, privilege, part),
        STABLE,
      );
    }
  }
}
scalar(
  'has_parameter_privilege(text, text) bool',
  (parameter: string, privilege: string, c: C) => ask(c, undefined, 'parameter', parameter, privilege),
  STABLE,
);
scalar(
  'has_parameter_privilege(name, text, text) bool',
  (user: string, parameter: string, privilege: string, c: C) => ask(c, user, 'parameter', parameter, privilege),
  STABLE,
);
for (const role of ['name', 'oid']) {
  scalar(
    `has_role(${role}, text) bool`,
    (target: string | number, privilege: string, c: C) => hooks(c).hasRole(undefined, target, privilege),
    STABLE,
  );
  for (const user of ['name', 'oid']) {
    scalar(
      `has_role(${user}, ${role}, text) bool`,
      (who: string | number, target: string | number, privilege: string, c: C) =>
        hooks(c).hasRole(who, target, privilege),
      STABLE,
    );
  }
}

// ---- sizes and statistics
const size =
  (part: 'main' | 'table' | 'indexes' | 'total') =>
  (id: number, c: C): SqlValue =>
    hooks(c).relationSize(id, part) ?? null;
scalar('relation_size(regclass) int64', size('main'), VOLATILE);
scalar(
  'relation_size(regclass, text) int64',
  (id: number, fork: string, c: C) => (fork === 'main' ? size('main')(id, c) : 0),
  VOLATILE,
);
scalar('table_size(regclass) int64', size('table'), VOLATILE);
scalar('indexes_size(regclass) int64', size('indexes'), VOLATILE);
scalar('total_relation_size(regclass) int64', size('total'), VOLATILE);
// ---- accounts, and who may see what
scalar('current_account() text', (c: C) => hooks(c).accounts.current(), STABLE);
scalar('client_account() text', (c: C) => hooks(c).accounts.client(), STABLE);
scalar('active_roles(text) text', (quote: string, c: C) => hooks(c).accounts.active(quote) ?? null, STABLE);
scalar(
  'required_account(text, text) oid',
  (user: string, host: string, c: C) => hooks(c).accounts.required(user, host),
  VOLATILE,
);
scalar(
  'acts_for(oid, oid, text) bool',
  (role: number, account: number, named: string, c: C) => hooks(c).accounts.actsFor(role, account, named),
  VOLATILE,
);
scalar('reaches_relation(oid) bool', (id: number, c: C) => hooks(c).accounts.reachesRelation(id), STABLE);
scalar(
  'reaches_column(oid, int32) bool',
  (id: number, position: number, c: C) => hooks(c).accounts.reachesColumn(id, position),
  STABLE,
);
scalar('reaches_database(oid) bool', (id: number, c: C) => hooks(c).accounts.reachesDatabase(id), STABLE);
scalar('reaches_own_schema(oid) bool', (id: number, c: C) => hooks(c).accounts.reachesOwnSchema(id), STABLE);
scalar('administers(text) bool', (area: string, c: C) => hooks(c).accounts.administers(area), STABLE);
scalar('account_digest(oid) text', (id: number, c: C) => hooks(c).accounts.digest(id) ?? null, STABLE);
scalar('current_role_id() oid', (c: C) => hooks(c).currentUserId(), STABLE);

scalar('required_database(text) text', (name: string, c: C) => hooks(c).requireDatabase(name), VOLATILE);
scalar('database_size(name) int64', (name: string, c: C) => hooks(c).databaseSize(name) ?? null, VOLATILE);
scalar('database_size(oid) int64', (id: number, c: C) => hooks(c).databaseSize(id) ?? null, VOLATILE);
scalar('tablespace_size(oid) int64', () => 0, VOLATILE);
scalar('tablespace_size(name) int64', () => 0, VOLATILE);
for (const name of [
  'statistics_scans',
  'statistics_rows_returned',
  'statistics_rows_fetched',
  'statistics_rows_inserted',
  'statistics_rows_updated',
  'statistics_rows_deleted',
  'statistics_live_rows',
  'statistics_dead_rows',
  'statistics_database_commits',
  'statistics_database_rollbacks',
]) {
  scalar(`${name}(oid) int64`, (id: number, c: C) => hooks(c).introspectionRows?.(name, [id])?.[0]?.[0] ?? 0, STABLE);
}
scalar(
  'statistics_database_sessions(oid) int32',
  (id: number, c: C) => hooks(c).introspectionRows?.('statistics_database_sessions', [id])?.[0]?.[0] ?? 0,
  STABLE,
);
for (const name of ['statistics_reset', 'statistics_clear_snapshot', 'statistics_flush'])
  scalar(`${name}() void`, () => '', VOLATILE);
for (const [name, type] of [
  ['statistics_reset_shared', 'text'],
  ['statistics_reset_table', 'oid'],
] as const)
  scalar(`${name}(${type}) void`, () => '', VOLATILE);
