/**
 * The system variables a session of this dialect knows: name, default, kind and bounds. Those that do nothing
 * here are accepted and remembered, because clients set and show them.
 */
import type { SettingDefinition } from '../../sblr/contract/session.ts';
import { settingTable } from '../shared/setting-table.ts';
import { DEFAULT_SQL_MODE } from './facts.ts';

/** All modes in their order; those that stand for several have them behind their name. */
const SQL_MODES = [
  'REAL_AS_FLOAT',
  'PIPES_AS_CONCAT',
  'ANSI_QUOTES',
  'IGNORE_SPACE',
  'ONLY_FULL_GROUP_BY',
  'NO_UNSIGNED_SUBTRACTION',
  'NO_DIR_IN_CREATE',
  'ANSI=REAL_AS_FLOAT+PIPES_AS_CONCAT+ANSI_QUOTES+IGNORE_SPACE+ONLY_FULL_GROUP_BY',
  'NO_AUTO_VALUE_ON_ZERO',
  'NO_BACKSLASH_ESCAPES',
  'STRICT_TRANS_TABLES',
  'STRICT_ALL_TABLES',
  'NO_ZERO_IN_DATE',
  'NO_ZERO_DATE',
  'ALLOW_INVALID_DATES',
  'ERROR_FOR_DIVISION_BY_ZERO',
  'TRADITIONAL=STRICT_TRANS_TABLES+STRICT_ALL_TABLES+NO_ZERO_IN_DATE+NO_ZERO_DATE+ERROR_FOR_DIVISION_BY_ZERO+NO_ENGINE_SUBSTITUTION',
  'HIGH_NOT_PRECEDENCE',
  'NO_ENGINE_SUBSTITUTION',
  'PAD_CHAR_TO_FULL_LENGTH',
  'TIME_TRUNCATE_FRACTIONAL',
].join(',');

const TABLE = `
auto_increment_increment|1|integer||1|65535||user|
auto_increment_offset|1|integer||1|65535||user|
autocommit|on|bool|||||user|r
big_tables|off|bool|||||user|
character_set_client|utf8mb4|string|||||user|r
character_set_connection|utf8mb4|string|||||user|r
character_set_database|utf8mb4|string|||||user|
character_set_filesystem|binary|string|||||user|
character_set_results|utf8mb4|string|||||user|r
character_set_server|utf8mb4|string|||||user|
character_set_system|utf8mb3|string|||||fixed|
collation_connection|utf8mb4_0900_ai_ci|string|||||user|r
collation_database|utf8mb4_0900_ai_ci|string|||||user|
collation_server|utf8mb4_0900_ai_ci|string|||||user|
completion_type|NO_CHAIN|enum|NO_CHAIN,CHAIN,RELEASE||||user|
cte_max_recursion_depth|1000|integer||0|4294967295||user|
default_authentication_plugin|mysql_native_password|string|||||fixed|
default_storage_engine|InnoDB|string|||||user|
default_tmp_storage_engine|InnoDB|string|||||user|
default_week_format|0|integer||0|7||user|
div_precision_increment|4|integer||0|30||user|
explicit_defaults_for_timestamp|on|bool|||||user|
foreign_key_checks|on|bool|||||user|
group_concat_max_len|1024|integer||4|4294967295||user|
have_ssl|YES|string|||||fixed|
hostname|localhost|string|||||fixed|
innodb_lock_wait_timeout|50|integer||1|1073741824|s|user|
innodb_version|8.0.36|string|||||fixed|
interactive_timeout|28800|integer||1|31536000|s|user|
init_connect||string|||||global|
lc_messages|en_US|string|||||user|
lc_time_names|en_US|string|||||user|
license|MIT|string|||||fixed|
local_infile|on|bool|||||global|
lock_wait_timeout|31536000|integer||1|31536000|s|user|
lower_case_table_names|1|integer||0|2||fixed|
max_allowed_packet|67108864|integer||1024|1073741824||user|
max_connections|200|integer||1|100000||global|
max_error_count|1024|integer||0|65535||user|
max_execution_time|0|integer||0|4294967295|ms|user|
max_join_size|18446744073709551615|string|||||user|
net_buffer_length|16384|integer||1024|1048576||user|
net_read_timeout|30|integer||1|31536000|s|user|
net_write_timeout|60|integer||1|31536000|s|user|
optimizer_switch||string|||||user|
performance_schema|off|bool|||||fixed|
port|3306|integer||0|65535||fixed|
protocol_version|10|integer||10|10||fixed|
query_cache_size|0|integer||0|0||fixed|
query_cache_type|OFF|string|||||fixed|
read_only|off|bool|||||global|
require_secure_transport|off|bool|||||fixed|
server_version|8.0.36-lyrebird|string|||||fixed|
session_track_schema|on|bool|||||user|
session_track_system_variables|time_zone,autocommit,character_set_client,character_set_results,character_set_connection|string|||||user|
sql_auto_is_null|off|bool|||||user|
sql_big_selects|on|bool|||||user|
sql_buffer_result|off|bool|||||user|
sql_log_bin|on|bool|||||user|
sql_mode|${DEFAULT_SQL_MODE}|set|${SQL_MODES}||||user|r
sql_notes|on|bool|||||user|
sql_quote_show_create|on|bool|||||user|
sql_safe_updates|off|bool|||||user|
sql_select_limit|18446744073709551615|string|||||user|
sql_warnings|off|bool|||||user|
ssl_cipher||string|||||fixed|
storage_engine|InnoDB|string|||||user|
system_time_zone|UTC|string|||||fixed|
table_definition_cache|2000|integer||400|524288||global|
thread_stack|1048576|integer||131072|4294967295||fixed|
time_zone|SYSTEM|zone_or_offset|||||user|r
tls_version|TLSv1.2,TLSv1.3|string|||||fixed|
transaction_isolation|REPEATABLE-READ|enum|READ-UNCOMMITTED,READ-COMMITTED,REPEATABLE-READ,SERIALIZABLE||||user|
transaction_read_only|off|bool|||||user|
tx_isolation|REPEATABLE-READ|enum|READ-UNCOMMITTED,READ-COMMITTED,REPEATABLE-READ,SERIALIZABLE||||user|
unique_checks|on|bool|||||user|
version|8.0.36-lyrebird|string|||||fixed|
version_comment|Lyrebird|string|||||fixed|
version_compile_machine|x86_64|string|||||fixed|
version_compile_os|Linux|string|||||fixed|
wait_timeout|28800|integer||1|31536000|s|user|
`;

export const SETTINGS: readonly SettingDefinition[] = settingTable(TABLE, {
  transaction_isolation: 'isolation',
  transaction_read_only: 'read_only',
  innodb_lock_wait_timeout: 'lock_timeout',
  max_execution_time: 'statement_timeout',
  time_zone: 'time_zone',
  foreign_key_checks: 'foreign_key_checks',
  sql_select_limit: 'row_limit',
  sql_safe_updates: 'keyed_changes',
  autocommit: 'autocommit',
  div_precision_increment: 'division_scale',
});
