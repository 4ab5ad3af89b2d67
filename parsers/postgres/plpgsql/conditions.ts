/** Condition names that PL/pgSQL programs use, as SQLSTATEs; a state ending in 000 stands for its whole class. */
import { CONDITIONS } from '../../../sblr/contract/conditions.ts';

/** Classes and conditions that the server itself never raises. */
const MORE: Readonly<Record<string, string>> = {
  warning: '01000',
  no_data: '02000',
  connection_exception: '08000',
  triggered_action_exception: '09000',
  invalid_transaction_initiation: '0B000',
  case_not_found: '20000',
  cardinality_violation: '21000',
  data_exception: '22000',
  string_data_right_truncation: '22001',
  integrity_constraint_violation: '23000',
  restrict_violation: '23001',
  exclusion_violation: '23P01',
  invalid_cursor_state: '24000',
  invalid_transaction_state: '25000',
  triggered_data_change_violation: '27000',
  invalid_authorization_specification: '28000',
  invalid_transaction_termination: '2D000',
  sql_routine_exception: '2F000',
  function_executed_no_return_statement: '2F005',
  external_routine_exception: '38000',
  external_routine_invocation_exception: '39000',
  savepoint_exception: '3B000',
  transaction_rollback: '40000',
  transaction_integrity_constraint_violation: '40002',
  syntax_error_or_access_rule_violation: '42000',
  with_check_option_violation: '44000',
  insufficient_resources: '53000',
  disk_full: '53100',
  out_of_memory: '53200',
  too_many_connections: '53300',
  program_limit_exceeded: '54000',
  object_not_in_prerequisite_state: '55000',
  object_in_use: '55006',
  lock_not_available: '55P03',
  operator_intervention: '57000',
  system_error: '58000',
  io_error: '58030',
  config_file_error: 'F0000',
  plpgsql_error: 'P0000',
  raise_exception: 'P0001',
  no_data_found: 'P0002',
  too_many_rows: 'P0003',
  assert_failure: 'P0004',
  internal_error: 'XX000',
};

export function conditionState(name: string): string | undefined {
  if (Object.hasOwn(MORE, name)) return MORE[name];
  return Object.hasOwn(CONDITIONS, name) ? CONDITIONS[name as keyof typeof CONDITIONS].sqlstate : undefined;
}
