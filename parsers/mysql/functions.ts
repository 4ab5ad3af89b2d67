/**
 * MySQL's functions by name -> engine primitive (Reference Manual 14). The parser consults this table for
 * every unqualified call; a name that is not here becomes CALL_ROUTINE, which the engine reports as unknown.
 */
import type { FunctionFact } from '../shared/value-parser.ts';

/** Functions whose primitive has the same name and the same meaning. */
const SCALAR = `
abs acos ascii asin atan atan2 bit_count ceiling ceil char_length character_length cos cot degrees exp floor greatest least
ln log10 lpad ltrim md5 mod pi power radians repeat replace reverse right round rpad rtrim sign sin sqrt substring substr tan left lower
upper user version current_user session_user now current_timestamp current_date current_time
`;

const RENAMED_SCALAR = `
bit_length=bit_length
connection_id=session_id
database=current_database
lcase=lower
length=octet_length
localtime=now
localtimestamp=now
mid=substring
octet_length=octet_length
pow=power
schema=current_database
sleep=sleep
system_user=session_user
ucase=upper
curdate=current_date
`;

const AGGREGATES = `avg bit_and bit_or bit_xor count max min sum
stddev=stddev_population std=stddev_population stddev_pop=stddev_population stddev_samp=stddev_sample
var_pop=variance_population var_samp=variance_sample variance=variance_population any_value=any_value`;

const WINDOWS = 'cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number';

const table = new Map<string, FunctionFact>();

function add(list: string, kind: FunctionFact['kind']): void {
  for (const entry of list.split(/\s+/)) {
    if (entry === '') continue;
    const [name, primitive = name] = entry.split('=') as [string, string?];
    table.set(name, { primitive: primitive as string, kind });
  }
}

add(SCALAR, 'scalar');
add(RENAMED_SCALAR, 'scalar');
add(AGGREGATES, 'aggregate');
add(WINDOWS, 'window');

export const FUNCTIONS: ReadonlyMap<string, FunctionFact> = table;
