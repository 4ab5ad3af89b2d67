/**
 * MySQL's functions by name -> engine primitive and number of arguments (Reference Manual 14). The parser consults this table for
 * every unqualified call; a name that is not here becomes CALL_ROUTINE, which the engine reports as unknown. Calls that become
 * something other than one CALL are made in calls.ts and the files beside it.
 */
import type { FunctionFact } from '../shared/value-parser.ts';

/** name[=primitive]/arguments, where arguments is a number, least-most, or least+ */
const NUMBERS = `
abs=absolute_of/1 acos=real_arc_cosine/1 asin=real_arc_sine/1 atan=arc_tangent/1-2 atan2=arc_tangent/1-2 bit_count=bits_set_in/1 ceil=ceiling_of/1
ceiling=ceiling_of/1 cos/1 cot=double_cotangent/1 crc32=checksum_of/1 degrees/1 exp=double_exponential/1 floor=floor_of/1 format=number_in_groups/2-3
ln=natural_logarithm/1 log10=common_logarithm/1 log2=binary_logarithm/1 pow=double_power/2 power=double_power/2 radians/1
sign=sign_of/1 sin/1 sqrt=real_square_root/1 tan/1 truncate=truncated/2
`;

const TEXT = `
ascii=first_byte/1 bin/1 bit_length/1 char_length/1 character_length/1 concat_ws=joined_with/2+ conv=text_in_base/3 elt=nth_text/2+
export_set=bits_as_texts/3-5 field/2+ find_in_set=index_in_set/2 from_base64=bytes_of_base64/1 hex=hex_of/1 insert=replace_part/4
instr/2 lcase=lower/1 left=text_start/2 length=octet_length/1 locate=position_of/2-3 lower/1 lpad=pad_start/3 ltrim=trim_start/1
make_set=texts_of_bits/2+ mid=text_part/3 oct/1 octet_length/1 ord=first_character_code/1 quote=quoted_text/1
regexp_instr=pattern_position/2-6 regexp_like=pattern_matches/2-3 regexp_replace=pattern_replace/3-6 regexp_substr=pattern_part/2-5
repeat=repeated/2 replace/3 reverse/1 right=text_end/2 rpad=pad_end/3 rtrim=trim_end/1 soundex=sound_of/1 space=blanks/1
strcmp=order_of/2 substring_index=text_before_delimiter/3 to_base64=base64_of/1 ucase=upper/1 unhex=bytes_of_hex/1 upper/1
`;

const DATES = `
addtime=add_time/2 convert_tz=reading_in_zone/3 curdate=local_date/0 date=date_part_of/1 date_format=write_instant/2
datediff=days_between/2 day=day_of/1 dayname=day_name/1 dayofmonth=day_of/1 dayofweek=day_of_week/1 dayofyear=day_of_year/1
from_days=date_of_day_number/1 hour=hour_of/1 last_day=last_day_of_month/1 makedate=date_of_year_day/2 maketime=time_of_parts/3
microsecond=microsecond_of/1 minute=minute_of/1 month=month_of/1 monthname=month_name/1 period_add=add_months_to_period/2
period_diff=months_between_periods/2 quarter=quarter_of/1 sec_to_time=time_of_seconds/1 second=second_of/1
subtime=subtract_time/2 time_format=write_time/2 time_to_sec=seconds_of_time/1 timediff=time_between/2
to_days=days_since_year_zero/1 to_seconds=seconds_since_year_zero/1 weekday=days_after_monday/1 year=year_of/1
`;

const DOCUMENTS = `
json_array=json_array_of/0+ json_array_append/3+ json_array_insert/3+ json_contains/2-3 json_contains_path/3+ json_depth/1
json_extract/2+ json_insert/3+ json_keys/1-2 json_length/1-2 json_merge=json_merge_preserve/2+ json_merge_patch/2+
json_merge_preserve/2+ json_object=json_object_of/0+ json_overlaps/2 json_pretty/1 json_quote/1 json_remove/2+ json_replace/3+
json_search/3+ json_set/3+ json_type/1 json_unquote/1 json_valid/1
`;

const INFORMATION = `
found_rows/0 get_lock=named_lock/2 is_free_lock=named_lock_is_free/1 is_used_lock=named_lock_holder/1
release_all_locks=named_locks_release/0 release_lock=named_lock_release/1 last_insert_id=last_identity/0-1 row_count/0
aes_decrypt=deciphered/2-3 aes_encrypt=enciphered/2-3 bin_to_uuid=uuid_text/1-2 compress=compressed/1 connection_id=session_id/0
current_user=current_account/0 database=current_database/0 inet6_aton=address_bytes/1 inet6_ntoa=address_text/1 inet_aton=address_number/1
inet_ntoa=address_of_number/1 charset=character_set_of/1 collation=collation_of/1 coercibility=collation_strength/1 is_ipv4=is_short_address/1 is_ipv4_compat=is_compatible_address/1 is_ipv4_mapped=is_mapped_address/1
is_ipv6=is_long_address/1 is_uuid=is_uuid_text/1 md5/1 random_bytes=bytes_of_chance/1 schema=current_database/0 session_user=client_account/0
sha=sha1_text/1 sha1=sha1_text/1 sha2=sha2_text/2 sleep=slept/1 system_user=client_account/0 uncompress=uncompressed/1
uncompressed_length/1 user=client_account/0 uuid=uuid_of_time/0 uuid_short=short_unique_number/0 uuid_to_bin=uuid_bytes/1-2 version/0
`;

const AGGREGATES = `avg/1 bit_and=all_bits_and/1 bit_or=all_bits_or/1 bit_xor=all_bits_xor/1 count/0+ json_arrayagg=json_array_of_rows/1 json_objectagg=json_object_of_rows/2
max/1 min/1 sum/1 stddev=stddev_pop/1 std=stddev_pop/1 stddev_pop/1 stddev_samp/1
var_pop/1 var_samp/1 variance=var_pop/1 any_value=first_row/1`;

const WINDOWS = `cume_dist/0 dense_rank/0 first_value/1 lag/1-3 last_value/1 lead/1-3 nth_value/2 ntile/1 percent_rank/0 rank/0
row_number/0`;

export interface MysqlFunctionFact extends FunctionFact {
  readonly least: number;
  readonly most: number;
}

const table = new Map<string, MysqlFunctionFact>();
const ENTRY = /([a-z0-9_]+)(?:=([a-z0-9_]+))?\/(\d+)(?:(\+)|-(\d+))?/g;

function add(list: string, kind: FunctionFact['kind']): void {
  for (const [, name, primitive = name, least, open, most = least] of list.matchAll(ENTRY)) {
    table.set(name as string, {
      primitive: primitive as string,
      kind,
      least: Number(least),
      most: open === undefined ? Number(most) : Number.MAX_SAFE_INTEGER,
    });
  }
}

for (const list of [NUMBERS, TEXT, DATES, DOCUMENTS, INFORMATION]) add(list, 'scalar');
add(AGGREGATES, 'aggregate');
add(WINDOWS, 'window');

export const FUNCTIONS: ReadonlyMap<string, MysqlFunctionFact> = table;

/** Functions that calls.ts turns into other nodes or several calls, by number of arguments: names that are not in the table. */
export const COMPOSED: ReadonlyMap<string, readonly [least: number, most: number]> = new Map([
  ['current_role', [0, 0]],
  ['adddate', [2, 3]],
  ['concat', [1, Number.MAX_SAFE_INTEGER]],
  ['curtime', [0, 1]],
  ['date_add', [3, 3]],
  ['date_sub', [3, 3]],
  ['from_unixtime', [1, 2]],
  ['greatest', [2, Number.MAX_SAFE_INTEGER]],
  ['ifnull', [2, 2]],
  ['isnull', [1, 1]],
  ['least', [2, Number.MAX_SAFE_INTEGER]],
  ['log', [1, 2]],
  ['now', [0, 1]],
  ['pi', [0, 0]],
  ['rand', [0, 1]],
  ['round', [1, 2]],
  ['str_to_date', [2, 2]],
  ['subdate', [2, 3]],
  ['substr', [2, 3]],
  ['substring', [2, 3]],
  ['sysdate', [0, 1]],
  ['time', [1, 1]],
  ['timestamp', [1, 2]],
  ['timestampadd', [3, 3]],
  ['timestampdiff', [3, 3]],
  ['unix_timestamp', [0, 1]],
  ['week', [1, 2]],
  ['weekofyear', [1, 1]],
  ['yearweek', [1, 2]],
]);
