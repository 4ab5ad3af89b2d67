/**
 * PostgreSQL's functions by name -> engine primitive. The parser consults this table for every call
 * that is unqualified or qualified with pg_catalog; a name not listed here becomes CALL_ROUTINE, a
 * user-defined routine that the engine looks up.
 *
 * The engine's own primitives carry general names, so a function whose PostgreSQL name is particular to
 * that server is renamed here. specs/dialects/postgres/functions.md is written from this table.
 */
export type FunctionKind = 'scalar' | 'aggregate' | 'window' | 'set';

export interface FunctionEntry {
  readonly primitive: string;
  readonly kind: FunctionKind;
}

/** Scalar functions whose primitive has the same name. */
const SCALAR = `
ascii bit_length btrim char_length character_length chr concat_ws convert convert_from convert_to decode encode format initcap
left length lower lpad ltrim md5 normalize is_normalized octet_length overlay parse_ident position quote_ident quote_literal
quote_nullable repeat replace reverse right rpad rtrim split_part starts_with strpos substr substring to_ascii to_hex translate trim
unistr upper string_to_array sha224 sha256 sha384 sha512 get_bit get_byte set_bit set_byte bit_count
regexp_count regexp_instr regexp_like regexp_match regexp_replace regexp_split_to_array regexp_substr similar_to_escape like_escape
abs acos acosd acosh asin asind asinh atan atan2 atan2d atand atanh cbrt ceil ceiling cos cosd cosh cot cotd degrees div exp factorial
floor gcd lcm ln log log10 min_scale mod pi power radians random round scale setseed sign sin sind sinh sqrt tan tand tanh trim_scale
trunc width_bucket num_nonnulls num_nulls
age clock_timestamp current_date current_time current_timestamp date_bin date_part date_trunc extract isfinite justify_days
justify_hours justify_interval localtime localtimestamp make_date make_interval make_time make_timestamp make_timestamptz now overlaps
statement_timestamp timeofday timezone to_char to_date to_number to_timestamp transaction_timestamp
array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position array_positions array_prepend
array_remove array_replace array_to_json array_to_string array_upper cardinality trim_array
enum_first enum_last enum_range
json_array_length json_build_array json_build_object json_extract_path json_extract_path_text json_object json_strip_nulls json_typeof
json_populate_record json_to_record row_to_json to_json to_jsonb
jsonb_array_length jsonb_build_array jsonb_build_object jsonb_concat jsonb_contains jsonb_delete jsonb_delete_path jsonb_exists
jsonb_exists_all jsonb_exists_any jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object jsonb_path_exists
jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query_array jsonb_path_query_array_tz jsonb_path_query_first
jsonb_path_query_first_tz jsonb_populate_record jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_typeof
currval lastval nextval setval gen_random_uuid
abbrev broadcast family host hostmask masklen netmask network set_masklen inet_merge inet_same_family
current_catalog current_database current_query current_role current_schema current_schemas current_setting current_user session_user
inet_client_addr inet_client_port inet_server_addr inet_server_port row_security_active set_config user version format_type
col_description obj_description shobj_description
has_any_column_privilege has_column_privilege has_database_privilege has_foreign_data_wrapper_privilege has_function_privilege
has_language_privilege has_parameter_privilege has_schema_privilege has_sequence_privilege has_server_privilege has_table_privilege
has_tablespace_privilege has_type_privilege
makeaclitem acldefault aclcontains to_tsvector to_tsquery plainto_tsquery phraseto_tsquery websearch_to_tsquery ts_rank ts_rank_cd
ts_headline setweight strip numnode querytree get_current_ts_config
lo_import lo_export oidvectortypes mxid_age hashtext
xmlcomment xml_is_well_formed xpath xpath_exists
int4range int8range numrange daterange tsrange tstzrange isempty lower_inc lower_inf upper_inc upper_inf range_merge
`;

/** Scalar functions that the engine knows under another name. */
const RENAMED_SCALAR = `
pow=power
lo_creat=large_object_create
lo_create=large_object_create_as
lo_from_bytea=large_object_from_bytes
lo_get=large_object_bytes
lo_put=large_object_put
lo_unlink=large_object_unlink
lo_open=large_object_open
lo_close=large_object_close
loread=large_object_read
lowrite=large_object_write
lo_lseek=large_object_seek
lo_lseek64=large_object_seek64
lo_tell=large_object_tell
lo_tell64=large_object_tell64
lo_truncate=large_object_truncate
lo_truncate64=large_object_truncate64
inet_out=text
getdatabaseencoding=database_encoding
hashtextextended=hash_text_extended
txid_current=transaction_id
txid_current_if_assigned=transaction_id_if_assigned
txid_current_snapshot=current_snapshot
txid_snapshot_xmax=snapshot_maximum
txid_snapshot_xmin=snapshot_minimum
txid_status=transaction_status
txid_visible_in_snapshot=visible_in_snapshot
to_regclass=find_relation
to_regcollation=find_collation
to_regnamespace=find_schema
to_regoper=find_operator
to_regoperator=find_operator_signature
to_regproc=find_routine
to_regprocedure=find_routine_signature
to_regrole=find_role
to_regtype=find_type
uuid_generate_v1=uuid_of_time
uuid_generate_v1mc=uuid_of_time
uuid_generate_v3=uuid_of_name_md5
uuid_generate_v4=uuid_random
uuid_generate_v5=uuid_of_name_sha1
uuid_nil=uuid_nil
uuid_ns_dns=uuid_namespace_dns
uuid_ns_oid=uuid_namespace_oid
uuid_ns_url=uuid_namespace_url
uuid_ns_x500=uuid_namespace_x500
digest=digest
hmac=keyed_digest
gen_random_bytes=random_bytes
concat=concat_present
pg_advisory_lock=advisory_lock
pg_advisory_lock_shared=advisory_lock_shared
pg_advisory_unlock=advisory_unlock
pg_advisory_unlock_all=advisory_unlock_all
pg_advisory_unlock_shared=advisory_unlock_shared
pg_advisory_xact_lock=advisory_transaction_lock
pg_advisory_xact_lock_shared=advisory_transaction_lock_shared
pg_try_advisory_lock=try_advisory_lock
pg_try_advisory_lock_shared=try_advisory_lock_shared
pg_try_advisory_xact_lock=try_advisory_transaction_lock
pg_try_advisory_xact_lock_shared=try_advisory_transaction_lock_shared
pg_backend_pid=session_id
pg_blocking_pids=blocking_sessions
pg_safe_snapshot_blocking_pids=snapshot_blocking_sessions
pg_cancel_backend=cancel_session
pg_terminate_backend=terminate_session
pg_char_to_encoding=encoding_number
pg_client_encoding=client_encoding
pg_encoding_to_char=encoding_name
pg_encoding_max_length=encoding_maximum_length
pg_collation_actual_version=collation_actual_version
pg_database_collation_actual_version=database_collation_actual_version
pg_collation_for=collation_for
pg_collation_is_visible=collation_is_visible
pg_conversion_is_visible=conversion_is_visible
pg_function_is_visible=routine_is_visible
pg_opclass_is_visible=operator_class_is_visible
pg_operator_is_visible=operator_is_visible
pg_opfamily_is_visible=operator_family_is_visible
pg_statistics_obj_is_visible=statistics_is_visible
pg_table_is_visible=relation_is_visible
pg_ts_config_is_visible=text_search_configuration_is_visible
pg_ts_dict_is_visible=text_search_dictionary_is_visible
pg_ts_parser_is_visible=text_search_parser_is_visible
pg_ts_template_is_visible=text_search_template_is_visible
pg_type_is_visible=type_is_visible
pg_column_compression=column_compression
pg_column_is_updatable=column_is_updatable
pg_relation_is_updatable=relation_is_updatable
pg_relation_is_publishable=relation_is_publishable
pg_column_size=value_size
pg_conf_load_time=configuration_load_time
pg_postmaster_start_time=server_start_time
pg_current_snapshot=current_snapshot
pg_snapshot_xmax=snapshot_maximum
pg_snapshot_xmin=snapshot_minimum
pg_visible_in_snapshot=visible_in_snapshot
pg_export_snapshot=export_snapshot
pg_current_wal_lsn=current_log_position
pg_current_wal_insert_lsn=current_log_insert_position
pg_current_wal_flush_lsn=current_log_flush_position
pg_last_wal_receive_lsn=last_log_receive_position
pg_last_wal_replay_lsn=last_log_replay_position
pg_last_xact_replay_timestamp=last_replay_timestamp
pg_wal_lsn_diff=log_position_difference
pg_walfile_name=log_file_name
pg_switch_wal=switch_log
pg_current_xact_id=transaction_id
pg_current_xact_id_if_assigned=transaction_id_if_assigned
pg_xact_status=transaction_status
pg_xact_commit_timestamp=transaction_commit_timestamp
pg_database_size=database_size
pg_indexes_size=indexes_size
pg_relation_size=relation_size
pg_table_size=table_size
pg_tablespace_size=tablespace_size
pg_total_relation_size=total_relation_size
pg_size_bytes=size_bytes
pg_size_pretty=size_pretty
pg_describe_object=describe_object
pg_filenode_relation=filenode_relation
pg_relation_filenode=relation_filenode
pg_relation_filepath=relation_file_path
pg_get_constraintdef=constraint_definition
pg_get_expr=expression_text
pg_get_function_arg_default=routine_argument_default
pg_get_function_arguments=routine_arguments
pg_get_function_identity_arguments=routine_identity_arguments
pg_get_function_result=routine_result
pg_get_function_sqlbody=routine_sql_body
pg_get_functiondef=routine_definition
pg_get_indexdef=index_definition
pg_get_partition_constraintdef=partition_constraint_definition
pg_get_partkeydef=partition_key_definition
pg_get_replica_identity_index=replica_identity_index
pg_get_ruledef=rule_definition
pg_get_serial_sequence=owned_sequence
pg_get_statisticsobjdef=statistics_definition
pg_get_statisticsobjdef_columns=statistics_definition_columns
pg_get_statisticsobjdef_expressions=statistics_definition_expressions
pg_get_triggerdef=trigger_definition
pg_get_userbyid=role_name
pg_get_viewdef=view_definition
pg_has_role=has_role
pg_index_column_has_property=index_column_has_property
pg_index_has_property=index_has_property
pg_indexam_has_property=index_method_has_property
pg_is_in_recovery=is_in_recovery
pg_is_wal_replay_paused=is_log_replay_paused
pg_is_other_temp_schema=is_other_temporary_schema
pg_my_temp_schema=own_temporary_schema
pg_jit_available=jit_available
pg_notification_queue_usage=notification_queue_usage
pg_notify=notify
pg_partition_root=partition_root
pg_promote=promote
pg_reload_conf=reload_configuration
pg_rotate_logfile=rotate_log_file
pg_current_logfile=current_log_file
pg_create_restore_point=create_restore_point
pg_sequence_last_value=sequence_last_value
pg_sequence_parameters=sequence_parameters
pg_settings_get_flags=setting_flags
pg_sleep=sleep
pg_sleep_for=sleep_for
pg_sleep_until=sleep_until
pg_stat_clear_snapshot=statistics_clear_snapshot
pg_stat_force_next_flush=statistics_flush
pg_stat_reset=statistics_reset
pg_stat_reset_shared=statistics_reset_shared
pg_stat_reset_single_table_counters=statistics_reset_table
pg_stat_get_backend_activity=session_activity
pg_stat_get_backend_pid=session_process
pg_stat_get_live_tuples=statistics_live_rows
pg_stat_get_dead_tuples=statistics_dead_rows
pg_stat_get_numscans=statistics_scans
pg_stat_get_tuples_returned=statistics_rows_returned
pg_stat_get_tuples_fetched=statistics_rows_fetched
pg_stat_get_tuples_inserted=statistics_rows_inserted
pg_stat_get_tuples_updated=statistics_rows_updated
pg_stat_get_tuples_deleted=statistics_rows_deleted
pg_stat_get_db_numbackends=statistics_database_sessions
pg_stat_get_db_xact_commit=statistics_database_commits
pg_stat_get_db_xact_rollback=statistics_database_rollbacks
pg_tablespace_location=tablespace_location
pg_trigger_depth=trigger_depth
pg_typeof=type_of
`;

const AGGREGATES = `
array_agg avg bit_and bit_or bit_xor bool_and bool_or count every max min stddev stddev_pop stddev_samp string_agg sum var_pop var_samp
variance corr covar_pop covar_samp regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
json_agg json_object_agg jsonb_agg jsonb_object_agg mode percentile_cont percentile_disc range_agg range_intersect_agg xmlagg
`;

/** Window functions; those that are also hypothetical-set aggregates are aggregates with WITHIN GROUP. */
const WINDOWS = `
row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
`;

const SETS = `
generate_series generate_subscripts unnest regexp_matches regexp_split_to_table string_to_table
json_array_elements json_array_elements_text json_each json_each_text json_object_keys json_populate_recordset json_to_recordset
jsonb_array_elements jsonb_array_elements_text jsonb_each jsonb_each_text jsonb_object_keys jsonb_path_query jsonb_path_query_tz
jsonb_populate_recordset jsonb_to_recordset aclexplode ts_debug ts_parse ts_stat ts_token_type
`;

const RENAMED_SETS = `
_pg_expandarray=expand_array
pg_available_extension_versions=available_extension_versions
pg_available_extensions=available_extensions
pg_config=build_configuration
pg_cursor=cursors
pg_extension_update_paths=extension_update_paths
pg_get_catalog_foreign_keys=catalog_foreign_keys
pg_get_keywords=keywords
pg_get_publication_tables=publication_tables
pg_get_replication_slots=replication_slots
pg_hba_file_rules=authentication_rules
pg_identify_object=identify_object
pg_listening_channels=listening_channels
pg_lock_status=lock_status
pg_logical_slot_get_changes=replication_slot_changes
pg_ls_dir=list_directory
pg_ls_logdir=list_log_directory
pg_ls_tmpdir=list_temporary_directory
pg_ls_waldir=list_log_segments
pg_options_to_table=options_to_table
pg_partition_ancestors=partition_ancestors
pg_partition_tree=partition_tree
pg_prepared_statement=prepared_statements
pg_prepared_xact=prepared_transactions
pg_show_all_file_settings=file_settings
pg_show_all_settings=all_settings
pg_snapshot_xip=snapshot_transactions
txid_snapshot_xip=snapshot_transactions
pg_stat_get_activity=session_statistics
pg_stat_get_progress_info=progress_information
pg_stat_get_wal_senders=log_senders
pg_stat_get_slru=cache_statistics
pg_tablespace_databases=tablespace_databases
pg_timezone_abbrevs=timezone_abbreviations
pg_timezone_names=timezone_names
`;

function build(): Map<string, FunctionEntry> {
  const table = new Map<string, FunctionEntry>();
  const add = (names: string, kind: FunctionKind): void => {
    for (const word of names.split(/\s+/)) {
      if (word === '') continue;
      const equals = word.indexOf('=');
      const name = equals < 0 ? word : word.slice(0, equals);
      table.set(name, { primitive: equals < 0 ? word : word.slice(equals + 1), kind });
    }
  };
  add(SCALAR, 'scalar');
  add(RENAMED_SCALAR, 'scalar');
  add(AGGREGATES, 'aggregate');
  add(WINDOWS, 'window');
  add(SETS, 'set');
  add(RENAMED_SETS, 'set');
  return table;
}

export const FUNCTIONS: ReadonlyMap<string, FunctionEntry> = build();

/** Functions that do nothing but convert to the type of their name: int4(x) is x::int4. */
export const CAST_FUNCTIONS: ReadonlySet<string> = new Set(
  (
    'bool bpchar char cidr date float4 float8 inet int2 int4 int8 interval name numeric oid regclass text time timestamp timestamptz ' +
    'timetz varchar xid uuid json jsonb bytea macaddr'
  ).split(' '),
);

/** Functions that answer the larger or smaller of two values of the type in their name. */
export const EXTREMUM_FUNCTION =
  /^(?:int[248]|float[48]|numeric_|text_|bpchar_|date_|time_|timetz_|timestamp_|timestamptz_|interval_|array_|enum_|oid)(larger|smaller)$/;

/**
 * Functions that stand for an operator: the primitive is the operator's, so that catalog queries
 * which spell operators as functions mean the same.
 */
export const OPERATOR_FUNCTIONS: ReadonlyMap<string, string> = new Map([
  ['texteq', 'equal'],
  ['textne', 'not_equal'],
  ['textcat', 'concat'],
  ['int4eq', 'equal'],
  ['int4pl', 'add'],
  ['int4mi', 'subtract'],
  ['int4mul', 'multiply'],
  ['int4div', 'divide'],
  ['int8pl', 'add'],
  ['int8mi', 'subtract'],
  ['int8mul', 'multiply'],
  ['int8div', 'divide'],
  ['int2pl', 'add'],
  ['float4pl', 'add'],
  ['float4mul', 'multiply'],
  ['float8mi', 'subtract'],
  ['float8div', 'divide'],
  ['interval_pl', 'add'],
  ['numeric_add', 'add'],
  ['numeric_sub', 'subtract'],
  ['numeric_mul', 'multiply'],
  ['numeric_div', 'divide'],
  ['float8pl', 'add'],
  ['float8mul', 'multiply'],
  ['textregexeq', 'regex_match'],
  ['textregexne', 'regex_not_match'],
  ['textlike', 'like'],
  ['textnlike', 'not_like'],
  ['nameeq', 'equal'],
  ['namene', 'not_equal'],
  ['oideq', 'equal'],
  ['oidne', 'not_equal'],
  ['like', 'like'],
  ['notlike', 'not_like'],
]);
