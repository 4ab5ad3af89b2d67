/**
 * The built-in types as the catalog lists them: object ids, array types, lengths and categories, which
 * clients know by heart.
 *
 * One line per type: name|id|array id|length|category|preferred|form
 */
import type { BuiltinType } from '../../sblr/contract/session.ts';
import { arrayOf, type SqlType } from '../../sblr/contract/types.ts';
import { builtInType, CHAR, POLYMORPHIC } from './types.ts';

const TABLE = `
bool|16|1000|1|B|t|b
bytea|17|1001|-1|U|f|b
char|18|1002|1|Z|f|b
name|19|1003|64|S|f|b
int8|20|1016|8|N|f|b
int2|21|1005|2|N|f|b
int2vector|22|1006|-1|A|f|b
int4|23|1007|4|N|f|b
regproc|24|1008|4|N|f|b
text|25|1009|-1|S|t|b
oid|26|1028|4|N|t|b
tid|27|1010|6|U|f|b
xid|28|1011|4|U|f|b
cid|29|1012|4|U|f|b
oidvector|30|1013|-1|A|f|b
json|114|199|-1|U|f|b
pg_node_tree|194|0|-1|Z|f|b
cidr|650|651|-1|I|f|b
float4|700|1021|4|N|f|b
float8|701|1022|8|N|t|b
unknown|705|0|-2|X|f|p
macaddr8|774|775|8|U|f|b
macaddr|829|1040|6|U|f|b
inet|869|1041|-1|I|t|b
aclitem|1033|1034|12|U|f|b
bpchar|1042|1014|-1|S|f|b
varchar|1043|1015|-1|S|f|b
date|1082|1182|4|D|f|b
time|1083|1183|8|D|f|b
timestamp|1114|1115|8|D|f|b
timestamptz|1184|1185|8|D|t|b
interval|1186|1187|16|T|t|b
timetz|1266|1270|12|D|f|b
bit|1560|1561|-1|V|f|b
varbit|1562|1563|-1|V|t|b
numeric|1700|1231|-1|N|f|b
refcursor|1790|2201|-1|U|f|b
regprocedure|2202|2207|4|N|f|b
regoper|2203|2208|4|N|f|b
regoperator|2204|2209|4|N|f|b
regclass|2205|2210|4|N|f|b
regtype|2206|2211|4|N|f|b
record|2249|2287|-1|P|f|p
cstring|2275|1263|-2|P|f|p
void|2278|0|4|P|f|p
citext|13601|13602|-1|S|f|b
uuid|2950|2951|16|U|f|b
pg_lsn|3220|3221|8|U|f|b
pg_ndistinct|3361|0|-1|Z|f|b
pg_dependencies|3402|0|-1|Z|f|b
jsonb|3802|3807|-1|U|f|b
jsonpath|4072|4073|-1|U|f|b
regnamespace|4089|4090|4|N|f|b
regrole|4096|4097|4|N|f|b
regcollation|4191|4192|4|N|f|b
pg_mcv_list|5017|0|-1|Z|f|b
xid8|5069|271|8|U|f|b
`;

/** Types of arguments and results alone, which no value has: name=id. */
const PSEUDO = `
any=2276 anyarray=2277 anyelement=2283 anynonarray=2776 anyenum=3500 anycompatible=5077
anycompatiblearray=5078 anycompatiblenonarray=5079 internal=2281 trigger=2279
event_trigger=3838 language_handler=2280 index_am_handler=325 table_am_handler=269 fdw_handler=3115 tsm_handler=3310
`;

function pseudoType(entry: string): BuiltinType {
  const [name, id] = entry.split('=') as [string, string];
  const type: SqlType = POLYMORPHIC.get(name) ?? { kind: 'unknown', declared: name };
  return { id: Number(id), name, type, arrayId: 0, length: 4, category: 'P', preferred: false, form: 'p' };
}

function definitions(line: string): BuiltinType[] {
  const [name, id, arrayId, length, category, preferred, form] = line.split('|') as [
    string,
    string,
    string,
    string,
    string,
    string,
    'b' | 'p',
  ];
  const type = name === 'char' ? CHAR : (builtInType(name, []) as SqlType);
  const own: BuiltinType = {
    id: Number(id),
    name,
    type,
    arrayId: Number(arrayId),
    length: Number(length),
    category,
    preferred: preferred === 't',
    form,
  };
  if (own.arrayId === 0) return [own];
  const pseudo = form === 'p';
  return [
    own,
    {
      id: own.arrayId,
      name: `_${name}`,
      type: arrayOf(type),
      arrayId: 0,
      length: -1,
      category: pseudo ? 'P' : 'A',
      preferred: false,
      form,
    },
  ];
}

export const BUILTIN_TYPES: readonly BuiltinType[] = [
  ...TABLE.trim().split('\n').flatMap(definitions),
  ...PSEUDO.trim().split(/\s+/).map(pseudoType),
];
