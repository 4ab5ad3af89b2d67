/**
 * Error map: how each condition looks to a client of this protocol. SQLSTATE comes from the table of
 * conditions; here are the severity and, where the wording of the error itself is not that of this
 * family of clients, a template by variant whose {places} are filled from the error's arguments. A
 * template whose arguments are missing is not used: the error's own message serves.
 */
import type { Condition } from '../../sblr/contract/conditions.ts';
import type { SqlError, SqlErrorDetails, SqlNotice } from '../../sblr/contract/sql-error.ts';

export type Severity = 'ERROR' | 'FATAL' | 'PANIC' | 'WARNING' | 'NOTICE' | 'DEBUG' | 'INFO' | 'LOG';

export interface ErrorEntry {
  readonly severity: 'ERROR' | 'FATAL' | 'PANIC';
  /** Template per variant; '' = errors without one. */
  readonly messages?: Readonly<Record<string, string>>;
}

const PLAIN: ErrorEntry = { severity: 'ERROR' };
const ENDS_SESSION: ErrorEntry = { severity: 'FATAL' };
const worded = (messages: Readonly<Record<string, string>>): ErrorEntry => ({ severity: 'ERROR', messages });

export const ERROR_MAP = {
  successful_completion: PLAIN,
  warning: PLAIN,
  null_value_eliminated_in_set_function: PLAIN,
  string_data_right_truncation_warning: PLAIN,
  privilege_not_granted: PLAIN,
  deprecated_feature: PLAIN,
  no_data: PLAIN,
  connection_exception: ENDS_SESSION,
  connection_does_not_exist: ENDS_SESSION,
  connection_failure: ENDS_SESSION,
  sqlserver_rejected_establishment_of_sqlconnection: ENDS_SESSION,
  protocol_violation: PLAIN,
  feature_not_supported: PLAIN,
  invalid_transaction_initiation: PLAIN,
  invalid_grantor: PLAIN,
  invalid_grant_operation: PLAIN,
  invalid_role_specification: PLAIN,
  cardinality_violation: worded({ subquery: 'more than one row returned by a subquery used as an expression' }),
  data_exception: PLAIN,
  string_data_right_truncation: PLAIN,
  numeric_value_out_of_range: PLAIN,
  null_value_not_allowed: PLAIN,
  error_in_assignment: PLAIN,
  invalid_datetime_format: PLAIN,
  datetime_field_overflow: PLAIN,
  invalid_time_zone_displacement_value: PLAIN,
  escape_character_conflict: PLAIN,
  invalid_escape_character: PLAIN,
  invalid_escape_octet: PLAIN,
  zero_length_character_string: PLAIN,
  most_specific_type_mismatch: PLAIN,
  sequence_generator_limit_exceeded: PLAIN,
  division_by_zero: worded({ '': 'division by zero' }),
  invalid_preceding_or_following_size: PLAIN,
  invalid_argument_for_ntile_function: PLAIN,
  interval_field_overflow: PLAIN,
  invalid_argument_for_nth_value_function: PLAIN,
  invalid_character_value_for_cast: PLAIN,
  invalid_regular_expression: PLAIN,
  invalid_argument_for_logarithm: PLAIN,
  invalid_argument_for_power_function: PLAIN,
  invalid_argument_for_width_bucket_function: PLAIN,
  invalid_row_count_in_limit_clause: PLAIN,
  invalid_row_count_in_result_offset_clause: PLAIN,
  character_not_in_repertoire: PLAIN,
  indicator_overflow: PLAIN,
  invalid_parameter_value: PLAIN,
  invalid_escape_sequence: PLAIN,
  string_data_length_mismatch: PLAIN,
  trim_error: PLAIN,
  array_subscript_error: PLAIN,
  invalid_json_text: PLAIN,
  duplicate_json_object_key_value: PLAIN,
  sql_json_item_error: PLAIN,
  substring_error: PLAIN,
  invalid_use_of_escape_character: PLAIN,
  invalid_sql_json_subscript: PLAIN,
  non_numeric_sql_json_item: PLAIN,
  singleton_sql_json_item_required: PLAIN,
  sql_json_array_not_found: PLAIN,
  sql_json_member_not_found: PLAIN,
  sql_json_number_not_found: PLAIN,
  sql_json_object_not_found: PLAIN,
  invalid_text_representation: PLAIN,
  invalid_binary_representation: PLAIN,
  bad_copy_file_format: PLAIN,
  untranslatable_character: PLAIN,
  nonstandard_use_of_escape_character: PLAIN,
  integrity_constraint_violation: PLAIN,
  restrict_violation: PLAIN,
  not_null_violation: PLAIN,
  foreign_key_violation: PLAIN,
  unique_violation: worded({ '': 'duplicate key value violates unique constraint "{constraint}"' }),
  check_violation: PLAIN,
  exclusion_violation: PLAIN,
  invalid_cursor_state: PLAIN,
  invalid_transaction_state: PLAIN,
  active_sql_transaction: PLAIN,
  read_only_sql_transaction: PLAIN,
  no_active_sql_transaction: PLAIN,
  in_failed_sql_transaction: worded({
    '': 'current transaction is aborted, commands ignored until end of transaction block',
  }),
  idle_in_transaction_session_timeout: ENDS_SESSION,
  invalid_sql_statement_name: PLAIN,
  triggered_data_change_violation: PLAIN,
  invalid_authorization_specification: ENDS_SESSION,
  invalid_password: ENDS_SESSION,
  dependent_objects_still_exist: PLAIN,
  invalid_transaction_termination: PLAIN,
  sql_routine_exception: PLAIN,
  invalid_cursor_name: PLAIN,
  external_routine_exception: PLAIN,
  invalid_savepoint_specification: PLAIN,
  invalid_catalog_name: PLAIN,
  invalid_schema_name: PLAIN,
  serialization_failure: PLAIN,
  transaction_integrity_constraint_violation: PLAIN,
  statement_completion_unknown: PLAIN,
  deadlock_detected: worded({ '': 'deadlock detected' }),
  syntax_error: PLAIN,
  insufficient_privilege: PLAIN,
  cannot_coerce: PLAIN,
  grouping_error: PLAIN,
  windowing_error: PLAIN,
  invalid_recursion: PLAIN,
  invalid_foreign_key: PLAIN,
  invalid_name: PLAIN,
  name_too_long: PLAIN,
  reserved_name: PLAIN,
  datatype_mismatch: PLAIN,
  indeterminate_datatype: PLAIN,
  collation_mismatch: PLAIN,
  indeterminate_collation: PLAIN,
  wrong_object_type: PLAIN,
  generated_always: PLAIN,
  undefined_column: PLAIN,
  undefined_function: PLAIN,
  undefined_table: PLAIN,
  undefined_parameter: PLAIN,
  undefined_object: worded({ collation: 'collation "{name}" for encoding "UTF8" does not exist' }),
  duplicate_column: PLAIN,
  duplicate_cursor: PLAIN,
  duplicate_database: PLAIN,
  duplicate_function: PLAIN,
  duplicate_prepared_statement: PLAIN,
  duplicate_schema: PLAIN,
  duplicate_table: PLAIN,
  duplicate_alias: PLAIN,
  duplicate_object: PLAIN,
  ambiguous_column: PLAIN,
  ambiguous_function: PLAIN,
  ambiguous_parameter: PLAIN,
  ambiguous_alias: PLAIN,
  invalid_column_reference: PLAIN,
  invalid_column_definition: PLAIN,
  invalid_cursor_definition: PLAIN,
  invalid_database_definition: PLAIN,
  invalid_function_definition: PLAIN,
  invalid_prepared_statement_definition: PLAIN,
  invalid_schema_definition: PLAIN,
  invalid_table_definition: PLAIN,
  invalid_object_definition: PLAIN,
  with_check_option_violation: PLAIN,
  insufficient_resources: PLAIN,
  disk_full: PLAIN,
  out_of_memory: PLAIN,
  too_many_connections: ENDS_SESSION,
  configuration_limit_exceeded: PLAIN,
  program_limit_exceeded: PLAIN,
  statement_too_complex: PLAIN,
  too_many_columns: PLAIN,
  too_many_arguments: PLAIN,
  object_not_in_prerequisite_state: PLAIN,
  object_in_use: PLAIN,
  cannot_change_runtime_parameter: PLAIN,
  lock_not_available: PLAIN,
  unsafe_new_enum_value_usage: PLAIN,
  query_canceled: PLAIN,
  admin_shutdown: ENDS_SESSION,
  crash_shutdown: ENDS_SESSION,
  cannot_connect_now: ENDS_SESSION,
  idle_session_timeout: ENDS_SESSION,
  system_error: PLAIN,
  io_error: PLAIN,
  undefined_file: PLAIN,
  raise_exception: PLAIN,
  no_data_found: PLAIN,
  assert_failure: PLAIN,
  too_many_rows: PLAIN,
  internal_error: PLAIN,
  data_corrupted: PLAIN,
} as const satisfies Record<Condition, ErrorEntry>;

const PLACE = /\{([a-zA-Z]+)\}/g;

function wording(condition: Condition, details: SqlErrorDetails): string {
  const entry: ErrorEntry = ERROR_MAP[condition];
  const template = entry.messages?.[details.variant ?? ''];
  if (template === undefined) return details.message;
  const parts = details.args ?? {};
  let complete = true;
  const text = template.replace(PLACE, (place, name: string) => {
    const part = parts[name];
    if (part === undefined) complete = false;
    return part === undefined ? place : String(part);
  });
  return complete ? text : details.message;
}

export function errorMessage(error: SqlError): string {
  return wording(error.condition, error.details);
}

export function noticeMessage(notice: SqlNotice): string {
  return wording(notice.condition, notice.details);
}

export function errorSeverity(error: SqlError): Severity {
  return ERROR_MAP[error.condition].severity;
}

const NOTICE_SEVERITIES = { debug: 'DEBUG', log: 'LOG', info: 'INFO', notice: 'NOTICE', warning: 'WARNING' } as const;

export function noticeSeverity(notice: SqlNotice): Severity {
  return NOTICE_SEVERITIES[notice.severity];
}
