/**
 * Error map: number, SQLSTATE and wording of each condition for clients of this protocol (MySQL 8.0 "Server
 * Error Message Reference"). A template's {places} are filled from the error's arguments; one whose
 * arguments are missing is not used: the error's own message serves.
 */
import type { Condition } from '../../sblr/contract/conditions.ts';
import type { SqlErrorDetails } from '../../sblr/contract/sql-error.ts';

export interface ErrorEntry {
  readonly errno: number;
  readonly sqlstate: string;
  /** Template per variant; '' = errors without one. */
  readonly messages: Readonly<Record<string, string>>;
  /** Numbers and states of variants that have their own. */
  readonly variants: Readonly<Record<string, { readonly errno: number; readonly sqlstate?: string }>>;
}

const entry = (
  errno: number,
  sqlstate: string,
  messages: ErrorEntry['messages'] = {},
  variants: ErrorEntry['variants'] = {},
): ErrorEntry => ({ errno, sqlstate, messages, variants });

/** ER_UNKNOWN_ERROR: conditions that the real server does not know. */
const OTHER = entry(1105, 'HY000');

/** A foreign key as messages show it. */
const FOREIGN_KEY =
  '{database|quoted}.{child|quoted}, CONSTRAINT {constraint|quoted} FOREIGN KEY ({columns|quoted}) REFERENCES {parent|quoted} ({parentColumns|quoted}){actions}';

const NOT_AT_ONCE = 'Statement aborted because lock(s) could not be acquired immediately and NOWAIT is set.';

export const ERROR_MAP = {
  successful_completion: entry(
    0,
    '00000',
    {
      passed_over: "Unknown table '{qualifiedName}'",
      database_passed_over: "Can't drop database '{name}'; database doesn't exist",
    },
    { passed_over: { errno: 1051 }, database_passed_over: { errno: 1008 } },
  ),
  warning: OTHER,
  null_value_eliminated_in_set_function: OTHER,
  string_data_right_truncation_warning: entry(
    1265,
    '01000',
    {
      joined: 'Row {row} was cut by GROUP_CONCAT()',
      '': "Data truncated for column '{column}' at row {row}",
    },
    { joined: { errno: 1260, sqlstate: 'HY000' } },
  ),
  privilege_not_granted: OTHER,
  deprecated_feature: OTHER,
  no_data: entry(1329, '02000', { '': 'No data - zero rows fetched, selected, or processed' }),
  connection_exception: entry(1043, '08S01', { '': 'Bad handshake' }),
  connection_does_not_exist: OTHER,
  connection_failure: entry(1053, '08S01'),
  sqlserver_rejected_establishment_of_sqlconnection: OTHER,
  protocol_violation: entry(1835, 'HY000', { '': 'Malformed communication packet.' }),
  feature_not_supported: entry(
    1235,
    '42000',
    {
      '': "This version of MySQL doesn't yet support '{feature}'",
      truncate_referenced:
        'Cannot truncate a table referenced in a foreign key constraint ({database|quoted}.{child|quoted}, CONSTRAINT {constraint|quoted})',
    },
    { truncate_referenced: { errno: 1701 } },
  ),
  invalid_transaction_initiation: OTHER,
  invalid_grantor: OTHER,
  invalid_grant_operation: OTHER,
  invalid_role_specification: OTHER,
  cardinality_violation: entry(
    1242,
    '21000',
    {
      '': 'Subquery returns more than 1 row',
      columns: 'The used SELECT statements have a different number of columns',
    },
    { columns: { errno: 1222 } },
  ),
  data_exception: OTHER,
  string_data_right_truncation: entry(1406, '22001', { '': "Data too long for column '{column}' at row {row}" }),
  numeric_value_out_of_range: entry(
    1690,
    '22003',
    {
      '': "{type} value is out of range in '{expression}'",
      column: "Out of range value for column '{column}' at row {row}",
    },
    { column: { errno: 1264 } },
  ),
  null_value_not_allowed: entry(
    1105,
    'HY000',
    { json_key: 'JSON documents may not contain NULL member names.' },
    { json_key: { errno: 3158, sqlstate: '22032' } },
  ),
  error_in_assignment: OTHER,
  invalid_datetime_format: entry(
    1292,
    '22007',
    {
      '': "Incorrect {type} value: '{value}'",
      column: "Incorrect {type} value: '{value}' for column '{column}' at row {row}",
      function: "Incorrect {type} value: '{value}' for function {function}",
    },
    { function: { errno: 1411, sqlstate: 'HY000' } },
  ),
  datetime_field_overflow: entry(
    1292,
    '22007',
    { '': "Incorrect {type} value: '{value}'", function: 'Datetime function: {function} field overflow' },
    { function: { errno: 1441, sqlstate: '22008' } },
  ),
  invalid_time_zone_displacement_value: entry(1298, 'HY000', { '': "Unknown or incorrect time zone: '{value}'" }),
  escape_character_conflict: OTHER,
  invalid_escape_character: OTHER,
  invalid_escape_octet: OTHER,
  zero_length_character_string: OTHER,
  most_specific_type_mismatch: OTHER,
  sequence_generator_limit_exceeded: entry(1467, 'HY000', {
    '': 'Failed to read auto-increment value from storage engine',
  }),
  division_by_zero: entry(1365, '22012', { '': 'Division by 0' }),
  invalid_preceding_or_following_size: OTHER,
  invalid_argument_for_ntile_function: OTHER,
  interval_field_overflow: OTHER,
  invalid_argument_for_nth_value_function: OTHER,
  invalid_character_value_for_cast: OTHER,
  invalid_regular_expression: entry(3692, 'HY000'),
  invalid_argument_for_logarithm: OTHER,
  invalid_argument_for_power_function: OTHER,
  invalid_argument_for_width_bucket_function: OTHER,
  invalid_row_count_in_limit_clause: OTHER,
  invalid_row_count_in_result_offset_clause: OTHER,
  character_not_in_repertoire: entry(1300, 'HY000', { literal: "Invalid utf8mb4 character string: '{value}'" }),
  indicator_overflow: OTHER,
  invalid_parameter_value: entry(
    1231,
    '42000',
    {
      '': "Variable '{name}' can't be set to the value of '{value}'",
      setting_type: "Incorrect argument type to variable '{name}'",
      session: 'Unknown thread id: {id}',
      arguments: 'Incorrect arguments to {function}',
      one_or_all: "The oneOrAll argument to {function} may take these values: 'one' or 'all'.",
      explain_format: "Unknown EXPLAIN format name: '{name}'",
      short_vector:
        'The initialization vector supplied to {function} is too short. Must be at least {length} bytes long',
    },
    {
      setting_type: { errno: 1232 },
      session: { errno: 1094, sqlstate: 'HY000' },
      arguments: { errno: 1210, sqlstate: 'HY000' },
      one_or_all: { errno: 3154 },
      explain_format: { errno: 1791, sqlstate: 'HY000' },
      short_vector: { errno: 1882, sqlstate: 'HY000' },
    },
  ),
  invalid_escape_sequence: OTHER,
  string_data_length_mismatch: OTHER,
  trim_error: OTHER,
  array_subscript_error: OTHER,
  invalid_json_text: entry(
    3140,
    '22032',
    {
      column: 'Invalid JSON text: "{reason}" at position {at} in value for column \'{column}\'.',
      argument: 'Invalid JSON text in argument {argument} to function {function}: "{reason}" at position {at}.',
      missing: "Missing value for JSON_TABLE column '{column}'",
      invalid: 'Invalid JSON value for CAST for column {column}',
      type: 'Invalid data type for JSON data in argument {argument} to function {function}; a JSON string or JSON type is required.',
    },
    {
      argument: { errno: 3141 },
      type: { errno: 3146 },
      missing: { errno: 3665 },
      invalid: { errno: 3156 },
    },
  ),
  duplicate_json_object_key_value: OTHER,
  sql_json_item_error: OTHER,
  substring_error: entry(3686, 'HY000', { '': 'Index out of bounds in regular expression search.' }),
  invalid_use_of_escape_character: OTHER,
  invalid_sql_json_subscript: OTHER,
  non_numeric_sql_json_item: OTHER,
  singleton_sql_json_item_required: OTHER,
  sql_json_array_not_found: OTHER,
  sql_json_member_not_found: OTHER,
  sql_json_number_not_found: OTHER,
  sql_json_object_not_found: OTHER,
  invalid_text_representation: entry(
    1366,
    'HY000',
    {
      '': "Incorrect {type} value: '{value}'",
      column: "Incorrect {type} value: '{value}' for column '{column}' at row {row}",
      truncated: "Truncated incorrect {type} value: '{value}'",
      function: "Incorrect {type} value: '{value}' for function {function}",
    },
    { truncated: { errno: 1292, sqlstate: '22007' }, function: { errno: 1411 } },
  ),
  invalid_binary_representation: OTHER,
  bad_copy_file_format: OTHER,
  untranslatable_character: OTHER,
  nonstandard_use_of_escape_character: OTHER,
  integrity_constraint_violation: OTHER,
  restrict_violation: entry(1451, '23000', {
    '': 'Cannot delete or update a parent row: a foreign key constraint fails',
  }),
  not_null_violation: entry(
    1048,
    '23000',
    { '': "Column '{column}' cannot be null", no_default: "Field '{column}' doesn't have a default value" },
    { no_default: { errno: 1364, sqlstate: 'HY000' } },
  ),
  foreign_key_violation: entry(
    1452,
    '23000',
    {
      '': `Cannot add or update a child row: a foreign key constraint fails (${FOREIGN_KEY})`,
      parent: `Cannot delete or update a parent row: a foreign key constraint fails (${FOREIGN_KEY})`,
    },
    { parent: { errno: 1451 } },
  ),
  unique_violation: entry(1062, '23000', { '': "Duplicate entry '{key}' for key '{table}.{index}'" }),
  check_violation: entry(3819, 'HY000', { '': "Check constraint '{constraint}' is violated." }),
  exclusion_violation: OTHER,
  invalid_cursor_state: OTHER,
  invalid_transaction_state: OTHER,
  active_sql_transaction: entry(1568, '25001', {
    '': "Transaction characteristics can't be changed while a transaction is in progress",
  }),
  read_only_sql_transaction: entry(1792, '25006', { '': 'Cannot execute statement in a READ ONLY transaction.' }),
  no_active_sql_transaction: OTHER,
  in_failed_sql_transaction: OTHER,
  idle_in_transaction_session_timeout: OTHER,
  invalid_sql_statement_name: entry(1243, 'HY000', {
    '': 'Unknown prepared statement handler ({name}) given to {command}',
  }),
  triggered_data_change_violation: OTHER,
  invalid_authorization_specification: entry(1045, '28000', {
    '': "Access denied for user '{user}'@'{host}' (using password: {password})",
  }),
  invalid_password: entry(1045, '28000', {
    '': "Access denied for user '{user}'@'{host}' (using password: {password})",
  }),
  dependent_objects_still_exist: entry(3730, 'HY000', {
    referenced: "Cannot drop table '{table}' referenced by a foreign key constraint '{constraint}' on table '{child}'.",
  }),
  invalid_transaction_termination: OTHER,
  sql_routine_exception: OTHER,
  invalid_cursor_name: OTHER,
  external_routine_exception: OTHER,
  invalid_savepoint_specification: entry(1305, '42000', { '': 'SAVEPOINT {name} does not exist' }),
  invalid_catalog_name: entry(
    1049,
    '42000',
    { '': "Unknown database '{name}'", none_selected: 'No database selected' },
    { none_selected: { errno: 1046, sqlstate: '3D000' } },
  ),
  invalid_schema_name: OTHER,
  serialization_failure: entry(1213, '40001', {
    '': 'Deadlock found when trying to get lock; try restarting transaction',
  }),
  transaction_integrity_constraint_violation: OTHER,
  statement_completion_unknown: OTHER,
  deadlock_detected: entry(1213, '40001', { '': 'Deadlock found when trying to get lock; try restarting transaction' }),
  syntax_error: entry(
    1064,
    '42000',
    {
      execute_arguments: 'Incorrect arguments to EXECUTE',
      row_width: "Column count doesn't match value count at row {row}",
      json_path: 'Invalid JSON path expression. The error is around character position {at}.',
      json_path_wild: 'In this situation, path expressions may not contain the * and ** tokens or an array range.',
      json_path_root: "The path expression '$' is not allowed in this context.",
      json_path_cell: 'A path expression is not a path to a cell in an array.',
    },
    {
      execute_arguments: { errno: 1210, sqlstate: 'HY000' },
      row_width: { errno: 1136, sqlstate: '21S01' },
      json_path: { errno: 3143 },
      json_path_wild: { errno: 3149 },
      json_path_root: { errno: 3153 },
      json_path_cell: { errno: 3165 },
      empty_query: { errno: 1065 },
    },
  ),
  insufficient_privilege: entry(1142, '42000'),
  cannot_coerce: OTHER,
  grouping_error: entry(
    1055,
    '42000',
    {
      ungrouped:
        "Expression #{number} of {place} is not in GROUP BY clause and contains nonaggregated column '{column}' which is not functionally dependent on columns in GROUP BY clause; this is incompatible with sql_mode=only_full_group_by",
      no_groups:
        "In aggregated query without GROUP BY, expression #{number} of {place} contains nonaggregated column '{column}'; this is incompatible with sql_mode=only_full_group_by",
      misplaced: 'Invalid use of group function',
    },
    { no_groups: { errno: 1140 }, misplaced: { errno: 1111, sqlstate: 'HY000' } },
  ),
  windowing_error: OTHER,
  invalid_recursion: entry(
    3574,
    'HY000',
    {
      '': "Recursive Common Table Expression '{name}' should have one or more non-recursive query blocks followed by one or more recursive ones",
      no_union: "Recursive Common Table Expression '{name}' should contain a UNION",
      place:
        "In recursive query block of Recursive Common Table Expression '{name}', the recursive table must be referenced only once, and not in any subquery",
      outer:
        "In recursive query block of Recursive Common Table Expression '{name}', the recursive table must neither be in the right argument of a LEFT JOIN, nor be forced to be non-first with join order hints",
    },
    { no_union: { errno: 3573 }, place: { errno: 3577 }, outer: { errno: 3576 } },
  ),
  invalid_foreign_key: entry(1822, 'HY000'),
  invalid_name: OTHER,
  name_too_long: entry(1059, '42000', { '': "Identifier name '{name}' is too long" }),
  reserved_name: OTHER,
  datatype_mismatch: OTHER,
  indeterminate_datatype: OTHER,
  collation_mismatch: entry(
    1267,
    'HY000',
    {
      '': "Illegal mix of collations {list} for operation '{operation}'",
      many: "Illegal mix of collations for operation '{operation}'",
      set: "COLLATION '{name}' is not valid for CHARACTER SET '{set}'",
    },
    { three: { errno: 1270 }, many: { errno: 1271 }, set: { errno: 1253, sqlstate: '42000' } },
  ),
  indeterminate_collation: OTHER,
  wrong_object_type: entry(
    1347,
    'HY000',
    { not_updatable: 'The target table {name} of the {verb} is not updatable' },
    { not_updatable: { errno: 1288 } },
  ),
  generated_always: entry(3105, 'HY000'),
  undefined_column: entry(
    1054,
    '42S22',
    {
      '': "Unknown column '{column}' in '{clause}'",
      of_table: "Unknown column '{column}' in '{table}'",
      named_in_key: "Key column '{column}' doesn't exist in table",
      dropped: "Can't DROP '{column}'; check that column/key exists",
    },
    { named_in_key: { errno: 1072, sqlstate: '42000' }, dropped: { errno: 1091, sqlstate: '42000' } },
  ),
  undefined_function: entry(
    1305,
    '42000',
    {
      '': 'FUNCTION {qualifiedName} does not exist',
      count: "Incorrect parameter count in the call to native function '{name}'",
    },
    { count: { errno: 1582 } },
  ),
  undefined_table: entry(
    1146,
    '42S02',
    {
      '': "Table '{qualifiedName}' doesn't exist",
      from_entry: "Unknown column '{column}' in '{clause}'",
      table: "Unknown table '{qualifiedName}'",
      view: "Unknown table '{qualifiedName}'",
      joined_target: "Unknown table '{name}' in MULTI DELETE",
    },
    {
      from_entry: { errno: 1054, sqlstate: '42S22' },
      table: { errno: 1051 },
      view: { errno: 1051 },
      joined_target: { errno: 1109 },
    },
  ),
  undefined_parameter: entry(1193, 'HY000', { '': "Unknown system variable '{name}'" }),
  undefined_object: entry(
    1193,
    'HY000',
    {
      constraint: "Can't DROP '{constraint}'; check that column/key exists",
      index: "Can't DROP '{name}'; check that column/key exists",
      renamed_index: "Key '{name}' doesn't exist in table '{table}'",
      setting: "Unknown system variable '{name}'",
      character_set: "Unknown character set: '{name}'",
      collation: "Unknown collation: '{name}'",
    },
    {
      constraint: { errno: 1091, sqlstate: '42000' },
      index: { errno: 1091, sqlstate: '42000' },
      renamed_index: { errno: 1176, sqlstate: '42000' },
      character_set: { errno: 1115, sqlstate: '42000' },
      collation: { errno: 1273 },
    },
  ),
  duplicate_column: entry(1060, '42S21', {
    '': "Duplicate column name '{column}'",
    specified: "Duplicate column name '{column}'",
    of_relation: "Duplicate column name '{column}'",
  }),
  duplicate_cursor: OTHER,
  duplicate_database: entry(1007, 'HY000', { '': "Can't create database '{name}'; database exists" }),
  duplicate_function: OTHER,
  duplicate_prepared_statement: OTHER,
  duplicate_schema: OTHER,
  duplicate_table: entry(1050, '42S01', { '': "Table '{name}' already exists" }),
  duplicate_alias: entry(1066, '42000', { '': "Not unique table/alias: '{name}'" }),
  duplicate_object: entry(1061, '42000', { '': "Duplicate key name '{name}'" }),
  ambiguous_column: entry(1052, '23000', { '': "Column '{column}' in '{clause}' is ambiguous" }),
  ambiguous_function: OTHER,
  ambiguous_parameter: OTHER,
  ambiguous_alias: OTHER,
  invalid_column_reference: entry(
    1054,
    '42S22',
    {
      distinct_order:
        "Expression #{number} of ORDER BY clause is not in SELECT list, references column '{column}' which is not in SELECT list; this is incompatible with DISTINCT",
    },
    { distinct_order: { errno: 3065, sqlstate: 'HY000' } },
  ),
  invalid_column_definition: entry(
    1063,
    '42000',
    { default: "Invalid default value for '{column}'" },
    { default: { errno: 1067 } },
  ),
  invalid_cursor_definition: OTHER,
  invalid_database_definition: OTHER,
  invalid_function_definition: OTHER,
  invalid_prepared_statement_definition: OTHER,
  invalid_schema_definition: OTHER,
  invalid_table_definition: entry(
    1075,
    '42000',
    { multiple_primary_keys: 'Multiple primary key defined' },
    { multiple_primary_keys: { errno: 1068 } },
  ),
  invalid_object_definition: OTHER,
  with_check_option_violation: entry(1369, 'HY000', { '': "CHECK OPTION failed '{name}'" }),
  insufficient_resources: OTHER,
  disk_full: entry(1021, 'HY000'),
  out_of_memory: entry(1041, 'HY000'),
  too_many_connections: entry(1040, '08004', { '': 'Too many connections' }),
  configuration_limit_exceeded: OTHER,
  program_limit_exceeded: entry(
    1153,
    '08S01',
    { result: 'Result of {function}() was larger than max_allowed_packet ({limit}) - truncated' },
    { result: { errno: 1301, sqlstate: 'HY000' } },
  ),
  statement_too_complex: entry(1436, 'HY000'),
  too_many_columns: entry(1117, '42000', { '': 'Too many columns' }),
  too_many_arguments: OTHER,
  object_not_in_prerequisite_state: entry(
    1105,
    'HY000',
    {
      keyed_changes:
        'You are using safe update mode and you tried to update a table without a WHERE that uses a KEY column. ',
      table_not_held: "Table '{table}' was not locked with LOCK TABLES",
      table_held_for_reading: "Table '{table}' was locked with a READ lock and can't be updated",
    },
    { keyed_changes: { errno: 1175 }, table_not_held: { errno: 1100 }, table_held_for_reading: { errno: 1099 } },
  ),
  object_in_use: OTHER,
  cannot_change_runtime_parameter: entry(
    1238,
    'HY000',
    {
      '': "Variable '{name}' is a read only variable",
      global_only: "Variable '{name}' is a GLOBAL variable and should be set with SET GLOBAL",
    },
    { global_only: { errno: 1229 } },
  ),
  lock_not_available: entry(
    1205,
    'HY000',
    {
      '': 'Lock wait timeout exceeded; try restarting transaction',
      row: NOT_AT_ONCE,
      table: NOT_AT_ONCE,
    },
    { row: { errno: 3572 }, table: { errno: 3572 } },
  ),
  unsafe_new_enum_value_usage: OTHER,
  query_canceled: entry(
    1317,
    '70100',
    {
      '': 'Query execution was interrupted',
      statement_timeout: 'Query execution was interrupted, maximum statement execution time exceeded',
    },
    { statement_timeout: { errno: 3024, sqlstate: 'HY000' } },
  ),
  admin_shutdown: entry(1053, '08S01', { '': 'Server shutdown in progress' }),
  crash_shutdown: entry(1053, '08S01', { '': 'Server shutdown in progress' }),
  cannot_connect_now: entry(1053, '08S01', { '': 'Server shutdown in progress' }),
  idle_session_timeout: OTHER,
  system_error: OTHER,
  io_error: OTHER,
  undefined_file: OTHER,
  raise_exception: entry(1644, '45000'),
  no_data_found: OTHER,
  assert_failure: OTHER,
  too_many_rows: entry(1172, '42000', { '': 'Result consisted of more than one row' }),
  internal_error: OTHER,
  data_corrupted: OTHER,
} as const satisfies Record<Condition, ErrorEntry>;

export interface NativeError {
  readonly errno: number;
  readonly sqlstate: string;
  readonly message: string;
}

/** {place}, or {place|quoted}: a list of names, each in the quotes of identifiers. */
const PLACE = /\{([a-zA-Z]+)(\|quoted)?\}/g;

/** An error or notice in the real server's words. `database`: the session's, for names that were written without one. */
export function nativeError(condition: Condition, details: SqlErrorDetails, database = ''): NativeError {
  const found: ErrorEntry = ERROR_MAP[condition];
  const variant = details.variant ?? '';
  const own = found.variants[variant];
  return {
    errno: own?.errno ?? found.errno,
    sqlstate: details.sqlstate ?? own?.sqlstate ?? found.sqlstate,
    message: wording(found.messages[variant] ?? found.messages[''], details, database),
  };
}

/** What the clauses of a query are called in messages; anything else is the list of columns. */
const CLAUSES: Readonly<Record<string, string>> = {
  where: 'where clause',
  join: 'on clause',
  group: 'group statement',
  having: 'having clause',
  order: 'order clause',
};

/** What parts of a query are called that may only use what groups have. */
const GROUPED_PLACES: Readonly<Record<string, string>> = { select: 'SELECT list', order: 'ORDER BY' };

/** Operations that have another name here. */
const OPERATIONS: Readonly<Record<string, string>> = {
  not_like: 'like',
  pattern_matches: 'regexp_like',
  pattern_part: 'regexp_substr',
  pattern_position: 'regexp_instr',
  pattern_replace: 'regexp_replace',
  position_of: 'locate',
  index_in_list: 'field',
  index_in_set: 'find_in_set',
  order_of: 'strcmp',
};

function wording(template: string | undefined, details: SqlErrorDetails, database: string): string {
  if (template === undefined) return details.message;
  const parts: Readonly<Record<string, string | number | undefined>> = {
    column: details.column,
    table: details.table,
    constraint: details.constraint,
    ...details.args,
    place: GROUPED_PLACES[String(details.args?.['place'] ?? '')],
    clause: CLAUSES[String(details.args?.['clause'] ?? '')] ?? 'field list',
    operation: OPERATIONS[String(details.args?.['operation'] ?? '')] ?? details.args?.['operation'],
    qualifiedName: qualified(details.args?.['name'], database),
  };
  let complete = true;
  const text = template.replace(PLACE, (place, name: string, quoted: string | undefined) => {
    const part = parts[name];
    if (part === undefined) complete = false;
    if (part === undefined) return place;
    return quoted === undefined ? String(part) : quotedList(String(part));
  });
  return complete ? text : details.message;
}

function qualified(name: string | number | undefined, database: string): string | undefined {
  if (name === undefined) return undefined;
  const text = String(name);
  return text.includes('.') || database === '' ? text : `${database}.${text}`;
}

function quotedList(names: string): string {
  return names
    .split(', ')
    .map((name) => `\`${name.replaceAll('`', '``')}\``)
    .join(', ');
}
