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
binlog_format|ROW|string|||||user|
bulk_insert_buffer_size|8388608|integer||0|4294967295||user|
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
completion_type|NO_CHAIN|enum|NO_CHAIN||||user|
connect_timeout|10|integer||2|31536000|s|global|
cte_max_recursion_depth|1000|integer||0|4294967295||user|
default_authentication_plugin|mysql_native_password|string|||||fixed|
default_collation_for_utf8mb4|utf8mb4_0900_ai_ci|enum|utf8mb4_0900_ai_ci,utf8mb4_general_ci||||user|
default_storage_engine|InnoDB|string|||||user|
default_tmp_storage_engine|InnoDB|string|||||user|
default_week_format|0|integer||0|7||user|
div_precision_increment|4|integer||0|30||user|
eq_range_index_dive_limit|200|integer||0|4294967295||user|
event_scheduler|OFF|string|||||fixed|
explicit_defaults_for_timestamp|on|bool|||||user|
foreign_key_checks|on|bool|||||user|
general_log|off|bool|||||fixed|
group_concat_max_len|1024|integer||4|4294967295||user|
gtid_mode|OFF|string|||||fixed|
have_openssl|YES|string|||||fixed|
have_query_cache|NO|string|||||fixed|
have_ssl|YES|string|||||fixed|
have_statement_timeout|YES|string|||||fixed|
hostname|localhost|string|||||fixed|
information_schema_stats_expiry|86400|integer||0|31536000|s|user|
init_connect||string|||||global|
innodb_autoinc_lock_mode|2|integer||0|2||fixed|
innodb_buffer_pool_size|134217728|string|||||fixed|
innodb_file_per_table|on|bool|||||global|
innodb_lock_wait_timeout|50|integer||1|1073741824|s|user|
innodb_page_size|16384|integer||4096|65536||fixed|
innodb_strict_mode|on|bool|||||user|
innodb_table_locks|on|bool|||||user|
innodb_version|8.0.36|string|||||fixed|
interactive_timeout|28800|integer||1|31536000|s|user|
join_buffer_size|262144|integer||128|4294967295||user|
key_buffer_size|8388608|integer||0|4294967295||global|
lc_messages|en_US|string|||||user|
lc_time_names|en_US|enum|en_US,en_GB,en_AU,en_CA,en_IN,en_NZ,en_PH,en_ZA,en_ZW||||user|
license|MIT|string|||||fixed|
local_infile|on|bool|||||global|
lock_wait_timeout|31536000|integer||1|31536000|s|user|
log_bin|off|bool|||||fixed|
log_bin_trust_function_creators|off|bool|||||global|
long_query_time|10|real||0|31536000||user|
lower_case_file_system|off|bool|||||fixed|
lower_case_table_names|2|integer||0|2||fixed|
max_allowed_packet|67108864|integer||1024|1073741824||global|r
max_connect_errors|100|integer||1|4294967295||global|
max_connections|200|integer||1|100000||global|
max_error_count|1024|integer||0|65535||user|
max_execution_time|0|integer||0|4294967295|ms|user|
max_heap_table_size|16777216|integer||16384|4294967295||user|
max_join_size|18446744073709551615|string|||||user|
max_length_for_sort_data|4096|integer||4|8388608||user|
max_prepared_stmt_count|16382|integer||0|4194304||fixed|
max_sort_length|1024|integer||4|8388608||user|
max_user_connections|0|integer||0|4294967295||fixed|
myisam_sort_buffer_size|8388608|integer||4096|4294967295||user|
net_buffer_length|16384|integer||1024|1048576||user|
net_read_timeout|30|integer||1|31536000|s|user|
net_retry_count|10|integer||1|4294967295||user|
net_write_timeout|60|integer||1|31536000|s|user|
old_alter_table|off|bool|||||user|
optimizer_prune_level|1|integer||0|1||user|
optimizer_search_depth|62|integer||0|62||user|
optimizer_switch||string|||||user|
performance_schema|off|bool|||||fixed|
port|3306|integer||0|65535||fixed|
preload_buffer_size|32768|integer||1024|1073741824||user|
profiling|off|bool|||||fixed|
protocol_version|10|integer||10|10||fixed|
query_cache_size|0|integer||0|0||fixed|
query_cache_type|OFF|string|||||fixed|
range_optimizer_max_mem_size|8388608|integer||0|4294967295||user|
read_buffer_size|131072|integer||8192|2147479552||user|
read_only|off|bool|||||global|
read_rnd_buffer_size|262144|integer||1|2147483647||user|
require_secure_transport|off|bool|||||fixed|
secure_file_priv||string|||||fixed|
server_id|1|integer||0|4294967295||global|
server_version|8.0.36-lyrebird|string|||||fixed|
session_track_gtids|OFF|enum|OFF||||user|
session_track_schema|on|bool|||||user|
session_track_state_change|OFF|enum|OFF||||user|
session_track_system_variables|time_zone,autocommit,character_set_client,character_set_results,character_set_connection|string|||||user|
session_track_transaction_info|OFF|enum|OFF||||user|
skip_name_resolve|on|bool|||||fixed|
skip_networking|off|bool|||||fixed|
slow_query_log|off|bool|||||fixed|
socket||string|||||fixed|
sort_buffer_size|262144|integer||32768|4294967295||user|
sql_auto_is_null|off|bool|||||user|
sql_big_selects|on|bool|||||user|
sql_buffer_result|off|bool|||||user|
sql_log_bin|on|bool|||||user|
sql_mode|${DEFAULT_SQL_MODE}|set|${SQL_MODES}||||user|r
sql_notes|on|bool|||||user|
sql_quote_show_create|on|bool|||||user|
sql_require_primary_key|off|bool|||||fixed|
sql_safe_updates|off|bool|||||user|
sql_select_limit|18446744073709551615|string|||||user|
sql_warnings|off|bool|||||user|
ssl_cipher||string|||||fixed|
storage_engine|InnoDB|string|||||user|
super_read_only|off|bool|||||fixed|
system_time_zone|UTC|string|||||fixed|
table_definition_cache|2000|integer||400|524288||global|
table_open_cache|4000|integer||1|524288||global|
thread_cache_size|9|integer||0|16384||global|
thread_stack|1048576|integer||131072|4294967295||fixed|
timestamp|0|real||0|32536771199||user|
time_zone|SYSTEM|zone_or_offset|||||user|r
tls_version|TLSv1.2,TLSv1.3|string|||||fixed|
tmp_table_size|16777216|integer||1024|4294967295||user|
transaction_isolation|REPEATABLE-READ|enum|READ-UNCOMMITTED,READ-COMMITTED,REPEATABLE-READ,SERIALIZABLE||||user|
transaction_read_only|off|bool|||||user|
tx_isolation|REPEATABLE-READ|enum|READ-UNCOMMITTED,READ-COMMITTED,REPEATABLE-READ,SERIALIZABLE||||user|
unique_checks|on|bool|||||user|
updatable_views_with_limit|YES|enum|NO,YES||||user|
version|8.0.36-lyrebird|string|||||fixed|
version_comment|Lyrebird|string|||||fixed|
version_compile_machine|x86_64|string|||||fixed|
version_compile_os|Linux|string|||||fixed|
wait_timeout|28800|integer||1|31536000|s|user|
windowing_use_high_precision|on|bool|||||user|
`;

export const SETTINGS: readonly SettingDefinition[] = settingTable(TABLE, {
  transaction_isolation: 'isolation',
  transaction_read_only: 'read_only',
  innodb_lock_wait_timeout: 'lock_timeout',
  max_execution_time: 'statement_timeout',
  time_zone: 'time_zone',
  timestamp: 'clock',
  foreign_key_checks: 'foreign_key_checks',
  sql_select_limit: 'row_limit',
  sql_safe_updates: 'keyed_changes',
  autocommit: 'autocommit',
  div_precision_increment: 'division_scale',
});
