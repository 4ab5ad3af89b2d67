/**
 * The settings a session of this dialect knows: name, default, kind and bounds. Those that do nothing here
 * are accepted and remembered, because clients set and show them.
 */
import type { SettingDefinition } from '../../sblr/contract/session.ts';
import { settingTable } from '../shared/setting-table.ts';

const TABLE = `
application_name||string|||||user|r
array_nulls|on|bool|||||user|
autovacuum|on|bool|||||fixed|
backend_flush_after|0|integer||0|256|8kB|user|
backslash_quote|safe_encoding|enum|safe_encoding,on,off||||user|
block_size|8192|integer||8192|8192||fixed|
bonjour_name||string|||||fixed|
bytea_output|hex|enum|escape,hex||||user|r
check_function_bodies|on|bool|||||user|
client_connection_check_interval|0|integer||0|2147483647|ms|user|
client_encoding|UTF8|encoding|||||user|r
client_min_messages|notice|enum|debug5,debug4,debug3,debug2,debug1,log,notice,warning,error||||user|
cluster_name||string|||||fixed|
commit_delay|0|integer||0|100000||superuser|
commit_siblings|5|integer||0|1000||user|
constraint_exclusion|partition|enum|partition,on,off||||user|
cpu_index_tuple_cost|0.005|real||0|1.79769e+308||user|
cpu_operator_cost|0.0025|real||0|1.79769e+308||user|
cpu_tuple_cost|0.01|real||0|1.79769e+308||user|
cursor_tuple_fraction|0.1|real||0|1||user|
data_checksums|on|bool|||||fixed|
data_directory_mode|0700|integer||0|511||fixed|
DateStyle|ISO, MDY|date_style|||||user|r
deadlock_timeout|1000|integer||1|2147483647|ms|superuser|
debug_assertions|off|bool|||||fixed|
debug_pretty_print|on|bool|||||user|
debug_print_parse|off|bool|||||user|
debug_print_plan|off|bool|||||user|
debug_print_rewritten|off|bool|||||user|
default_statistics_target|100|integer||1|10000||user|
default_table_access_method|heap|string|||||user|
default_tablespace||string|||||user|
default_text_search_config|pg_catalog.english|string|||||user|
default_toast_compression|pglz|enum|pglz,lz4||||user|
default_transaction_deferrable|off|bool|||||user|
default_transaction_isolation|read committed|enum|serializable,repeatable read,read committed,read uncommitted||||user|
default_transaction_read_only|off|bool|||||user|r
effective_cache_size|524288|integer||1|2147483647|8kB|user|
effective_io_concurrency|1|integer||0|1000||user|
enable_async_append|on|bool|||||user|
enable_bitmapscan|on|bool|||||user|
enable_gathermerge|on|bool|||||user|
enable_hashagg|on|bool|||||user|
enable_hashjoin|on|bool|||||user|
enable_incremental_sort|on|bool|||||user|
enable_indexonlyscan|on|bool|||||user|
enable_indexscan|on|bool|||||user|
enable_material|on|bool|||||user|
enable_memoize|on|bool|||||user|
enable_mergejoin|on|bool|||||user|
enable_nestloop|on|bool|||||user|
enable_parallel_append|on|bool|||||user|
enable_parallel_hash|on|bool|||||user|
enable_partition_pruning|on|bool|||||user|
enable_partitionwise_aggregate|off|bool|||||user|
enable_partitionwise_join|off|bool|||||user|
enable_seqscan|on|bool|||||user|
enable_sort|on|bool|||||user|
enable_tidscan|on|bool|||||user|
escape_string_warning|on|bool|||||user|
event_source|PostgreSQL|string|||||fixed|
exit_on_error|off|bool|||||user|
extra_float_digits|1|integer||-15|3||user|r
from_collapse_limit|8|integer||1|2147483647||user|
fsync|on|bool|||||fixed|
full_page_writes|on|bool|||||fixed|
geqo_threshold|12|integer||2|2147483647||user|
geqo|on|bool|||||user|
gin_fuzzy_search_limit|0|integer||0|2147483647||user|
gin_pending_list_limit|4096|integer||64|2147483647|kB|user|
hash_mem_multiplier|2|real||1|1000||user|
hot_standby|on|bool|||||fixed|
huge_pages|try|enum|off,on,try||||fixed|
idle_in_transaction_session_timeout|0|integer||0|2147483647|ms|user|
idle_session_timeout|0|integer||0|2147483647|ms|user|
in_hot_standby|off|bool|||||fixed|r
integer_datetimes|on|bool|||||fixed|r
IntervalStyle|postgres|enum|postgres,postgres_verbose,sql_standard,iso_8601||||user|r
is_superuser|off|bool|||||fixed|r
jit_above_cost|100000|real||-1|1.79769e+308||user|
jit|on|bool|||||user|
join_collapse_limit|8|integer||1|2147483647||user|
lc_collate|C|string|||||fixed|
lc_ctype|C|string|||||fixed|
lc_messages|C|string|||||superuser|
lc_monetary|C|string|||||user|
lc_numeric|C|string|||||user|
lc_time|C|string|||||user|
listen_addresses|localhost|string|||||fixed|
lo_compat_privileges|off|bool|||||superuser|
lock_timeout|0|integer||0|2147483647|ms|user|
log_duration|off|bool|||||superuser|
log_error_verbosity|default|enum|terse,default,verbose||||superuser|
log_min_duration_statement|-1|integer||-1|2147483647|ms|superuser|
log_min_error_statement|error|enum|debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic||||superuser|
log_min_messages|warning|enum|debug5,debug4,debug3,debug2,debug1,info,notice,warning,error,log,fatal,panic||||superuser|
log_statement|none|enum|none,ddl,mod,all||||superuser|
logical_decoding_work_mem|65536|integer||64|2147483647|kB|user|
maintenance_work_mem|65536|integer||1024|2147483647|kB|user|
max_connections|100|integer||1|262143||fixed|
max_files_per_process|1000|integer||64|2147483647||fixed|
max_function_args|100|integer||100|100||fixed|
max_identifier_length|63|integer||63|63||fixed|
max_index_keys|32|integer||32|32||fixed|
max_locks_per_transaction|64|integer||10|2147483647||fixed|
max_parallel_workers_per_gather|2|integer||0|1024||user|
max_parallel_workers|8|integer||0|1024||user|
max_prepared_transactions|64|integer||0|262143||fixed|
max_stack_depth|2048|integer||100|2147483647|kB|superuser|
max_wal_senders|10|integer||0|262143||fixed|
max_wal_size|1024|integer||2|2147483647|MB|fixed|
max_worker_processes|8|integer||0|262143||fixed|
min_parallel_index_scan_size|64|integer||0|715827882|8kB|user|
min_parallel_table_scan_size|1024|integer||0|715827882|8kB|user|
parallel_leader_participation|on|bool|||||user|
parallel_setup_cost|1000|real||0|1.79769e+308||user|
parallel_tuple_cost|0.1|real||0|1.79769e+308||user|
password_encryption|scram-sha-256|enum|md5,scram-sha-256||||user|
plan_cache_mode|auto|enum|auto,force_generic_plan,force_custom_plan||||user|
port|5432|integer||1|65535||fixed|
quote_all_identifiers|off|bool|||||user|
random_page_cost|4|real||0|1.79769e+308||user|
recursive_worktable_factor|10|real||0.001|1e+06||user|
restart_after_crash|on|bool|||||fixed|
role|none|string|||||user|
row_security|on|bool|||||user|
search_path|"$user", public|list|||||user|
seed|0|real||-1|1||user|
segment_size|131072|integer||131072|131072|8kB|fixed|
seq_page_cost|1|real||0|1.79769e+308||user|
server_encoding|UTF8|string|||||fixed|r
server_version_num|150018|integer||150020|150020||fixed|
server_version|15.18|string|||||fixed|r
session_authorization||string|||||fixed|r
session_preload_libraries||list|||||superuser|
session_replication_role|origin|enum|origin,replica,local||||superuser|
shared_buffers|16384|integer||16|1073741823|8kB|fixed|
shared_preload_libraries||list|||||fixed|
ssl|on|bool|||||fixed|
standard_conforming_strings|on|bool|||||user|r
statement_timeout|0|integer||0|2147483647|ms|user|
superuser_reserved_connections|3|integer||0|262143||fixed|
synchronize_seqscans|on|bool|||||user|
synchronous_commit|on|enum|local,remote_write,remote_apply,on,off||||user|
synchronous_standby_names||list|||||fixed|
tcp_keepalives_count|0|integer||0|2147483647||user|
tcp_keepalives_idle|0|integer||0|2147483647|s|user|
tcp_keepalives_interval|0|integer||0|2147483647|s|user|
tcp_user_timeout|0|integer||0|2147483647|ms|user|
temp_buffers|1024|integer||100|1073741823|8kB|user|
temp_file_limit|-1|integer||-1|2147483647|kB|superuser|
temp_tablespaces||list|||||user|
timezone_abbreviations|Default|string|||||user|
TimeZone|UTC|time_zone|||||user|r
trace_notify|off|bool|||||user|
track_activities|on|bool|||||superuser|
track_activity_query_size|1024|integer||100|1048576|B|fixed|
track_commit_timestamp|off|bool|||||fixed|
track_counts|on|bool|||||superuser|
track_functions|none|enum|none,pl,all||||superuser|
track_io_timing|off|bool|||||superuser|
transaction_deferrable|off|bool|||||user|
transaction_isolation|read committed|enum|serializable,repeatable read,read committed,read uncommitted||||user|
transaction_read_only|off|bool|||||user|
transform_null_equals|off|bool|||||user|
unix_socket_directories|/var/run/postgresql|list|||||fixed|
update_process_title|on|bool|||||superuser|
vacuum_cost_delay|0|real||0|100|ms|user|
vacuum_cost_limit|200|integer||1|10000||user|
vacuum_freeze_min_age|50000000|integer||0|1000000000||user|
vacuum_freeze_table_age|150000000|integer||0|2000000000||user|
wal_buffers|-1|integer||-1|262143|8kB|fixed|
wal_compression|off|enum|pglz,lz4,zstd,on,off||||superuser|
wal_level|replica|enum|minimal,replica,logical||||fixed|
work_mem|4096|integer||64|2147483647|kB|user|
xmlbinary|base64|enum|base64,hex||||user|
xmloption|content|enum|content,document||||user|
zero_damaged_pages|off|bool|||||superuser|
`;

export const SETTINGS: readonly SettingDefinition[] = settingTable(TABLE, {
  default_transaction_isolation: 'isolation',
  default_transaction_read_only: 'read_only',
  default_transaction_deferrable: 'deferrable',
  lock_timeout: 'lock_timeout',
  statement_timeout: 'statement_timeout',
  idle_in_transaction_session_timeout: 'idle_timeout',
  synchronous_commit: 'commit_sync',
  TimeZone: 'time_zone',
  search_path: 'search_path',
  check_function_bodies: 'check_routine_bodies',
  password_encryption: 'password_encryption',
});
