/** The built-in functions as the catalog lists them: the object id of the first function of each name. */
import type { BuiltinRoutine } from '../../sblr/contract/session.ts';
import { FUNCTIONS } from './functions.ts';

const IDS = `
abbrev=598 abs=1394 aclcontains=1037 acldefault=3943 aclexplode=1689 acos=1601 acosd=2732 acosh=2466 age=1181 array_agg=2335
array_append=378 array_cat=383 array_dims=747 array_fill=1193 array_length=2176 array_lower=2091 array_ndims=748 array_position=3277
array_positions=3279 array_prepend=379 array_remove=3167 array_replace=3168 array_to_json=3153 array_to_string=384 array_upper=2092
ascii=1620 asin=1600 asind=2731 asinh=2465 atan2=1603 atan2d=2734 atan=1602 atand=2733 atanh=2467 avg=2100 bit_and=2236 bit_count=6162
bit_length=1810 bit_or=2237 bit_xor=6164 bool_and=2517 bool_or=2518 broadcast=698 btrim=884 cardinality=3179 cbrt=1345 ceil=1711
ceiling=2167 char_length=1372 character_length=1367 chr=1621 clock_timestamp=2649 col_description=1216 concat=3058 concat_ws=3059
convert=1813 convert_from=1714 convert_to=1717 corr=2829 cos=1605 cosd=2736 cosh=2463 cot=1607 cotd=2738 count=2147 covar_pop=2827
covar_samp=2828 cume_dist=3104 current_database=861 current_query=817 current_schema=1402 current_schemas=1403 current_setting=2077
current_user=745 currval=1575 date_bin=6177 date_part=1171 date_trunc=1217 daterange=3941 decode=1947 degrees=1608 dense_rank=3102
div=1973 encode=1946 enum_first=3528 enum_last=3529 enum_range=3530 every=2519 exp=1347 extract=6199 factorial=1376 family=711
first_value=3112 floor=1712 format=3539 format_type=1081 gcd=5044 gen_random_uuid=3432 generate_series=938 generate_subscripts=1191
get_bit=723 get_byte=721 get_current_ts_config=3759 getdatabaseencoding=1039 has_any_column_privilege=3024 has_column_privilege=3012
has_database_privilege=2250 has_foreign_data_wrapper_privilege=3000 has_function_privilege=2256 has_language_privilege=2262
has_parameter_privilege=6205 has_schema_privilege=2268 has_sequence_privilege=2181 has_server_privilege=3006 has_table_privilege=1922
has_tablespace_privilege=2390 has_type_privilege=3138 hashtext=400 hashtextextended=448 host=699 hostmask=1362 inet_client_addr=2196
inet_client_port=2197 inet_merge=4063 inet_out=911 inet_same_family=4071 inet_server_addr=2198 inet_server_port=2199 initcap=872
int4range=3840 int8range=3945 is_normalized=4351 isempty=3850 isfinite=1373 json_agg=3175 json_array_elements=3955
json_array_elements_text=3969 json_array_length=3956 json_build_array=3198 json_build_object=3200 json_each=3958 json_each_text=3959
json_extract_path=3951 json_extract_path_text=3953 json_object=3202 json_object_agg=3197 json_object_keys=3957 json_populate_record=3960
json_populate_recordset=3961 json_strip_nulls=3261 json_to_record=3204 json_to_recordset=3205 json_typeof=3968 jsonb_agg=3267
jsonb_array_elements=3219 jsonb_array_elements_text=3465 jsonb_array_length=3207 jsonb_build_array=3271 jsonb_build_object=3273
jsonb_concat=3301 jsonb_contains=4046 jsonb_delete=3302 jsonb_delete_path=3304 jsonb_each=3208 jsonb_each_text=3932 jsonb_exists=4047
jsonb_exists_all=4049 jsonb_exists_any=4048 jsonb_extract_path=3217 jsonb_extract_path_text=3940 jsonb_insert=3579 jsonb_object=3263
jsonb_object_agg=3270 jsonb_object_keys=3931 jsonb_path_exists=4005 jsonb_path_exists_tz=1177 jsonb_path_match=4009
jsonb_path_match_tz=2030 jsonb_path_query=4006 jsonb_path_query_array=4007 jsonb_path_query_array_tz=1180 jsonb_path_query_first=4008
jsonb_path_query_first_tz=2023 jsonb_path_query_tz=1179 jsonb_populate_record=3209 jsonb_populate_recordset=3475 jsonb_pretty=3306
jsonb_set=3305 jsonb_set_lax=5054 jsonb_strip_nulls=3262 jsonb_to_record=3490 jsonb_to_recordset=3491 jsonb_typeof=3210 justify_days=1295
justify_hours=1175 justify_interval=2711 lag=3106 last_value=3113 lastval=2559 lcm=5046 lead=3109 left=3060 length=1317 like_escape=1637
ln=1341 lo_close=953 lo_creat=957 lo_create=715 lo_export=765 lo_from_bytea=3457 lo_get=3458 lo_import=764 lo_lseek64=3170 lo_lseek=956
lo_open=952 lo_put=3460 lo_tell64=3171 lo_tell=958 lo_truncate64=3172 lo_truncate=1004 lo_unlink=964 log10=1194 log=1340 loread=954
lower=870 lower_inc=3851 lower_inf=3853 lowrite=955 lpad=873 ltrim=875 make_date=3846 make_interval=3464 make_time=3847
make_timestamp=3461 make_timestamptz=3462 makeaclitem=1365 masklen=697 max=2050 md5=2311 min=2051 min_scale=5042 mod=940 mode=3984
mxid_age=3939 netmask=696 network=683 nextval=1574 normalize=4350 now=1299 nth_value=3114 ntile=3105 num_nonnulls=440 num_nulls=438
numnode=3672 numrange=3844 obj_description=1215 octet_length=720 oidvectortypes=1349 overlaps=1271 overlay=749 parse_ident=1268
percent_rank=3103 percentile_cont=3974 percentile_disc=3972 pg_advisory_lock=2880 pg_advisory_lock_shared=2881 pg_advisory_unlock=2884
pg_advisory_unlock_all=2892 pg_advisory_unlock_shared=2885 pg_advisory_xact_lock=3089 pg_advisory_xact_lock_shared=3090
pg_available_extension_versions=3083 pg_available_extensions=3082 pg_backend_pid=2026 pg_blocking_pids=2561 pg_cancel_backend=2171
pg_char_to_encoding=1264 pg_client_encoding=810 pg_collation_actual_version=3448 pg_collation_for=3162 pg_collation_is_visible=3815
pg_column_compression=2121 pg_column_is_updatable=3843 pg_column_size=1269 pg_conf_load_time=2034 pg_config=3400
pg_conversion_is_visible=2093 pg_create_restore_point=3098 pg_current_logfile=3800 pg_current_snapshot=5061 pg_current_wal_flush_lsn=3330
pg_current_wal_insert_lsn=2852 pg_current_wal_lsn=2849 pg_current_xact_id=5059 pg_current_xact_id_if_assigned=5060 pg_cursor=2511
pg_database_collation_actual_version=6249 pg_database_size=2168 pg_describe_object=3537 pg_encoding_max_length=2319
pg_encoding_to_char=1597 pg_export_snapshot=3809 pg_extension_update_paths=3084 pg_filenode_relation=3454 pg_function_is_visible=2081
pg_get_catalog_foreign_keys=6159 pg_get_constraintdef=1387 pg_get_expr=1716 pg_get_function_arg_default=3808
pg_get_function_arguments=2162 pg_get_function_identity_arguments=2232 pg_get_function_result=2165 pg_get_function_sqlbody=6197
pg_get_functiondef=2098 pg_get_indexdef=1643 pg_get_keywords=1686 pg_get_partition_constraintdef=3408 pg_get_partkeydef=3352
pg_get_publication_tables=6119 pg_get_replica_identity_index=6120 pg_get_replication_slots=3781 pg_get_ruledef=1573
pg_get_serial_sequence=1665 pg_get_statisticsobjdef=3415 pg_get_statisticsobjdef_columns=6174 pg_get_statisticsobjdef_expressions=6173
pg_get_triggerdef=1662 pg_get_userbyid=1642 pg_get_viewdef=1640 pg_has_role=2705 pg_hba_file_rules=3401 pg_identify_object=3839
pg_index_column_has_property=638 pg_index_has_property=637 pg_indexam_has_property=636 pg_indexes_size=2998 pg_is_in_recovery=3810
pg_is_other_temp_schema=2855 pg_is_wal_replay_paused=3073 pg_jit_available=315 pg_last_wal_receive_lsn=3820 pg_last_wal_replay_lsn=3821
pg_last_xact_replay_timestamp=3830 pg_listening_channels=3035 pg_lock_status=1371 pg_logical_slot_get_changes=3782 pg_ls_dir=2625
pg_ls_logdir=3353 pg_ls_tmpdir=5029 pg_ls_waldir=3354 pg_my_temp_schema=2854 pg_notification_queue_usage=3296 pg_notify=3036
pg_opclass_is_visible=2083 pg_operator_is_visible=2082 pg_opfamily_is_visible=3829 pg_options_to_table=2289 pg_partition_ancestors=3425
pg_partition_root=3424 pg_partition_tree=3423 pg_postmaster_start_time=2560 pg_prepared_statement=2510 pg_prepared_xact=1065
pg_promote=3436 pg_relation_filenode=2999 pg_relation_filepath=3034 pg_relation_is_publishable=6121 pg_relation_is_updatable=3842
pg_relation_size=2325 pg_reload_conf=2621 pg_rotate_logfile=2622 pg_safe_snapshot_blocking_pids=3376 pg_sequence_last_value=4032
pg_sequence_parameters=3078 pg_settings_get_flags=6240 pg_show_all_file_settings=3329 pg_show_all_settings=2084 pg_size_bytes=3334
pg_size_pretty=2288 pg_sleep=2626 pg_sleep_for=3935 pg_sleep_until=3936 pg_snapshot_xip=5064 pg_snapshot_xmax=5063 pg_snapshot_xmin=5062
pg_stat_clear_snapshot=2230 pg_stat_force_next_flush=2137 pg_stat_get_activity=2022 pg_stat_get_backend_activity=1940
pg_stat_get_backend_pid=1937 pg_stat_get_db_numbackends=1941 pg_stat_get_db_xact_commit=1942 pg_stat_get_db_xact_rollback=1943
pg_stat_get_dead_tuples=2879 pg_stat_get_live_tuples=2878 pg_stat_get_numscans=1928 pg_stat_get_progress_info=3318 pg_stat_get_slru=2306
pg_stat_get_tuples_deleted=1933 pg_stat_get_tuples_fetched=1930 pg_stat_get_tuples_inserted=1931 pg_stat_get_tuples_returned=1929
pg_stat_get_tuples_updated=1932 pg_stat_get_wal_senders=3099 pg_stat_reset=2274 pg_stat_reset_shared=3775
pg_stat_reset_single_table_counters=3776 pg_statistics_obj_is_visible=3403 pg_switch_wal=2848 pg_table_is_visible=2079 pg_table_size=2997
pg_tablespace_databases=2556 pg_tablespace_location=3778 pg_tablespace_size=2322 pg_terminate_backend=2096 pg_timezone_abbrevs=2599
pg_timezone_names=2856 pg_total_relation_size=2286 pg_trigger_depth=3163 pg_try_advisory_lock=2882 pg_try_advisory_lock_shared=2883
pg_try_advisory_xact_lock=3091 pg_try_advisory_xact_lock_shared=3092 pg_ts_config_is_visible=3758 pg_ts_dict_is_visible=3757
pg_ts_parser_is_visible=3756 pg_ts_template_is_visible=3768 pg_type_is_visible=2080 pg_typeof=1619 pg_visible_in_snapshot=5065
pg_wal_lsn_diff=3165 pg_walfile_name=2851 pg_xact_commit_timestamp=3581 pg_xact_status=5066 phraseto_tsquery=5001 pi=1610
plainto_tsquery=3747 position=849 pow=1346 power=1368 querytree=3673 quote_ident=1282 quote_literal=1283 quote_nullable=1289 radians=1609
random=1598 range_agg=4301 range_intersect_agg=4389 range_merge=4057 rank=3101 regexp_count=6254 regexp_instr=6257 regexp_like=6263
regexp_match=3396 regexp_matches=2763 regexp_replace=2284 regexp_split_to_array=2767 regexp_split_to_table=2765 regexp_substr=6265
regr_avgx=2822 regr_avgy=2823 regr_count=2818 regr_intercept=2826 regr_r2=2824 regr_slope=2825 regr_sxx=2819 regr_sxy=2821 regr_syy=2820
repeat=1622 replace=2087 reverse=3062 right=3061 round=1342 row_number=3100 row_security_active=3298 row_to_json=3155 rpad=874 rtrim=876
scale=3281 session_user=746 set_bit=724 set_byte=722 set_config=2078 set_masklen=605 setseed=1599 setval=1576 setweight=3320 sha224=3419
sha256=3420 sha384=3421 sha512=3422 shobj_description=1993 sign=1706 similar_to_escape=1986 sin=1604 sind=2735 sinh=2462 split_part=2088
sqrt=1344 starts_with=3696 statement_timestamp=2648 stddev=2154 stddev_pop=2724 stddev_samp=2712 string_agg=3538 string_to_array=376
string_to_table=6160 strip=3623 strpos=868 substr=877 substring=936 sum=2107 tan=1606 tand=2737 tanh=2464 timeofday=274 timezone=1026
to_ascii=1845 to_char=1768 to_date=1780 to_hex=2089 to_json=3176 to_jsonb=3787 to_number=1777 to_regclass=3495 to_regcollation=4195
to_regnamespace=4086 to_regoper=3492 to_regoperator=3476 to_regproc=3494 to_regprocedure=3479 to_regrole=4093 to_regtype=3493
to_timestamp=1158 to_tsquery=3746 to_tsvector=3745 transaction_timestamp=2647 translate=878 trim_array=6172 trim_scale=5043 trunc=753
ts_debug=6183 ts_headline=3743 ts_parse=3715 ts_rank=3703 ts_rank_cd=3707 ts_stat=3689 ts_token_type=3713 tsrange=3933 tstzrange=3937
txid_current=2943 txid_current_if_assigned=3348 txid_current_snapshot=2944 txid_snapshot_xip=2947 txid_snapshot_xmax=2946
txid_snapshot_xmin=2945 txid_status=3360 txid_visible_in_snapshot=2948 unistr=6198 unnest=1293 upper=871 upper_inc=3852 upper_inf=3854
var_pop=2718 var_samp=2641 variance=2148 version=89 websearch_to_tsquery=5007 width_bucket=320 xml_is_well_formed=3051 xmlagg=2901
xmlcomment=2895 xpath=2931 xpath_exists=3049
`;

/** Functions of extensions, with ids of their own. */
const EXTENSIONS = `
uuid_generate_v1=13611 uuid_generate_v1mc=13612 uuid_generate_v3=13613 uuid_generate_v4=13614 uuid_generate_v5=13615 uuid_nil=13616
uuid_ns_dns=13617 uuid_ns_url=13618 uuid_ns_oid=13619 uuid_ns_x500=13620 digest=13621 hmac=13622 gen_random_bytes=13623
`;

/** Input and output functions that pg_type names; they cannot be called. */
const TYPE_IO = `
array_in=750 array_out=751 array_recv=2400 array_send=2401 domain_in=2597 enum_in=3506 enum_out=3507 int2vectorin=40 oidvectorin=54
record_in=2290 textin=46 textout=47 textrecv=2414 textsend=2415
`;

const KINDS = { scalar: 'f', set: 'f', aggregate: 'a', window: 'w' } as const;

function definition(entry: string): BuiltinRoutine {
  const [name, id] = entry.split('=') as [string, string];
  const fact = FUNCTIONS.get(name);
  return {
    id: Number(id),
    name,
    kind: fact === undefined ? 'f' : KINDS[fact.kind],
    primitive: fact?.primitive ?? name,
  };
}

export const BUILTIN_ROUTINES: readonly BuiltinRoutine[] = (IDS + EXTENSIONS + TYPE_IO)
  .trim()
  .split(/\s+/)
  .map(definition);

const NAMES = new Map(BUILTIN_ROUTINES.map(({ id, name }) => [id, name]));

export function builtinRoutineName(id: number): string | undefined {
  return NAMES.get(id);
}
