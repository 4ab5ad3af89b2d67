/**
 * Between the engine's types and the type identifiers of the wire: OID, type length and modifier of a
 * column or parameter, and the SqlType of an OID a client declares.
 */
import {
  arrayOf,
  BOOL,
  BYTES,
  DATE,
  DECIMAL,
  FLOAT32,
  FLOAT64,
  INT16,
  INT32,
  INT64,
  INTERVAL,
  JSON_TEXT,
  JSONB,
  OID,
  RECORD,
  TEXT,
  TIME,
  TIMESTAMP,
  TIMESTAMPTZ,
  TIMETZ,
  UUID,
  VOID,
  type SqlType,
} from '../../sblr/contract/types.ts';

export const OIDS = {
  bool: 16,
  bytea: 17,
  char: 18,
  name: 19,
  int8: 20,
  int2: 21,
  int2vector: 22,
  int4: 23,
  regproc: 24,
  text: 25,
  oid: 26,
  tid: 27,
  xid: 28,
  cid: 29,
  oidvector: 30,
  json: 114,
  xml: 142,
  pg_node_tree: 194,
  float4: 700,
  float8: 701,
  unknown: 705,
  money: 790,
  macaddr: 829,
  macaddr8: 774,
  inet: 869,
  cidr: 650,
  aclitem: 1033,
  bpchar: 1042,
  varchar: 1043,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  interval: 1186,
  timetz: 1266,
  bit: 1560,
  varbit: 1562,
  numeric: 1700,
  refcursor: 1790,
  regprocedure: 2202,
  regoper: 2203,
  regoperator: 2204,
  regclass: 2205,
  regtype: 2206,
  record: 2249,
  cstring: 2275,
  any: 2276,
  anyarray: 2277,
  void: 2278,
  trigger: 2279,
  uuid: 2950,
  pg_lsn: 3220,
  tsvector: 3614,
  tsquery: 3615,
  regconfig: 3734,
  regdictionary: 3769,
  jsonb: 3802,
  jsonpath: 4072,
  regnamespace: 4089,
  regrole: 4096,
  regcollation: 4191,
  xid8: 5069,
} as const;

/** OID of the array type by the OID of its element. */
const ARRAY_OF: Readonly<Record<number, number>> = {
  16: 1000,
  17: 1001,
  18: 1002,
  19: 1003,
  20: 1016,
  21: 1005,
  22: 1006,
  23: 1007,
  24: 1008,
  25: 1009,
  26: 1028,
  27: 1010,
  28: 1011,
  29: 1012,
  30: 1013,
  114: 199,
  142: 143,
  650: 651,
  700: 1021,
  701: 1022,
  790: 791,
  774: 775,
  829: 1040,
  869: 1041,
  1033: 1034,
  1042: 1014,
  1043: 1015,
  1082: 1182,
  1083: 1183,
  1114: 1115,
  1184: 1185,
  1186: 1187,
  1266: 1270,
  1560: 1561,
  1562: 1563,
  1700: 1231,
  1790: 2201,
  2202: 2207,
  2203: 2208,
  2204: 2209,
  2205: 2210,
  2206: 2211,
  2249: 2287,
  2275: 1263,
  2950: 2951,
  3220: 3221,
  3614: 3643,
  3615: 3645,
  3734: 3735,
  3769: 3770,
  3802: 3807,
  4072: 4073,
  4089: 4090,
  4096: 4097,
  4191: 4192,
  5069: 271,
};

const ELEMENT_OF: ReadonlyMap<number, number> = new Map(
  Object.entries(ARRAY_OF).map(([element, array]) => [array, Number(element)]),
);

/** Declared names that are types of their own on the wire, with their OIDs. */
const DECLARED: Readonly<Record<string, number>> = {
  name: OIDS.name,
  '"char"': OIDS.char,
  char: OIDS.bpchar,
  character: OIDS.bpchar,
  bpchar: OIDS.bpchar,
  varchar: OIDS.varchar,
  'character varying': OIDS.varchar,
  text: OIDS.text,
  xid: OIDS.xid,
  cid: OIDS.cid,
  tid: OIDS.tid,
  oid: OIDS.oid,
  xid8: OIDS.xid8,
  int2vector: OIDS.int2vector,
  oidvector: OIDS.oidvector,
  aclitem: OIDS.aclitem,
  pg_node_tree: OIDS.pg_node_tree,
  xml: OIDS.xml,
  cstring: OIDS.cstring,
  inet: OIDS.inet,
  cidr: OIDS.cidr,
  macaddr: OIDS.macaddr,
  macaddr8: OIDS.macaddr8,
  money: OIDS.money,
  pg_lsn: OIDS.pg_lsn,
  regclass: OIDS.regclass,
  regtype: OIDS.regtype,
  regproc: OIDS.regproc,
  regprocedure: OIDS.regprocedure,
  regoper: OIDS.regoper,
  regoperator: OIDS.regoperator,
  regnamespace: OIDS.regnamespace,
  regrole: OIDS.regrole,
  regcollation: OIDS.regcollation,
  regconfig: OIDS.regconfig,
  regdictionary: OIDS.regdictionary,
  refcursor: OIDS.refcursor,
  anyarray: OIDS.anyarray,
  tsvector: OIDS.tsvector,
  tsquery: OIDS.tsquery,
  jsonpath: OIDS.jsonpath,
  varbit: OIDS.varbit,
  'bit varying': OIDS.varbit,
  trigger: OIDS.trigger,
};

const REFERENCES: Readonly<Record<NonNullable<SqlType['target']>, number>> = {
  relation: OIDS.regclass,
  type: OIDS.regtype,
  routine: OIDS.regproc,
  routine_signature: OIDS.regprocedure,
  operator: OIDS.regoperator,
  schema: OIDS.regnamespace,
  role: OIDS.regrole,
  collation: OIDS.regcollation,
};

/** First id that belongs to a user's objects. */
const FIRST_USER_OID = 16384;

/** The OID under which a client sees the type. Untyped text goes out as text. */
export function oidOfType(type: SqlType): number {
  if (type.kind === 'array') {
    // The two vectors are arrays of fixed element type with a type of their own.
    if (type.declared === 'int2vector') return OIDS.int2vector;
    if (type.declared === 'oidvector') return OIDS.oidvector;
    if (type.declared === 'anyarray') return OIDS.anyarray;
    if (type.typeId !== undefined && type.typeId >= FIRST_USER_OID) return type.typeId;
    const element = type.element === undefined ? OIDS.text : oidOfType(type.element);
    return ARRAY_OF[element] ?? OIDS.anyarray;
  }
  if (type.typeId !== undefined && (type.kind === 'enum' || type.kind === 'record')) return type.typeId;
  if (type.declared !== undefined && type.kind !== 'enum') {
    const declared = DECLARED[type.declared];
    if (declared !== undefined) return declared;
  }
  return oidOfKind(type);
}

/** The OID of a part of an array or record, where a domain keeps its own. */
export function oidOfPart(type: SqlType): number {
  return type.typeId !== undefined && type.typeId >= FIRST_USER_OID ? type.typeId : oidOfType(type);
}

function oidOfKind(type: SqlType): number {
  switch (type.kind) {
    case 'void':
      return OIDS.void;
    case 'bool':
      return OIDS.bool;
    case 'int8':
      return OIDS.int2;
    case 'int16':
      return type.unsigned === true ? OIDS.int4 : OIDS.int2;
    case 'int24':
      return OIDS.int4;
    case 'int32':
      return type.unsigned === true ? OIDS.int8 : OIDS.int4;
    case 'int64':
      return type.unsigned === true ? OIDS.numeric : OIDS.int8;
    case 'year':
      return OIDS.int4;
    case 'decimal':
      return OIDS.numeric;
    case 'float32':
      return OIDS.float4;
    case 'float64':
      return OIDS.float8;
    case 'bytes':
      return OIDS.bytea;
    case 'bits':
      return type.fixed === false ? OIDS.varbit : OIDS.bit;
    case 'date':
      return OIDS.date;
    case 'time':
      return OIDS.time;
    case 'timetz':
      return OIDS.timetz;
    case 'timestamp':
      return OIDS.timestamp;
    case 'timestamptz':
      return OIDS.timestamptz;
    case 'interval':
      return OIDS.interval;
    case 'uuid':
      return OIDS.uuid;
    case 'json':
      return OIDS.json;
    case 'jsonb':
      return OIDS.jsonb;
    case 'oid':
      return OIDS.oid;
    case 'reference':
      return type.target === undefined ? OIDS.oid : REFERENCES[type.target];
    case 'record':
      return OIDS.record;
    case 'text':
      if (type.fixed === true) return OIDS.bpchar;
      return type.length === undefined ? OIDS.text : OIDS.varchar;
    // A set of labels has no counterpart; its text is a list of labels.
    case 'set':
    case 'enum':
    case 'unknown':
    case 'named':
    case 'polymorphic':
    case 'array':
      return OIDS.text;
  }
}

/** Bytes of the type's fixed-size form; -1 variable, -2 zero-terminated. */
export function typeLength(oid: number): number {
  return LENGTHS[oid] ?? -1;
}

const LENGTHS: Readonly<Record<number, number>> = {
  16: 1,
  18: 1,
  19: 64,
  20: 8,
  21: 2,
  23: 4,
  24: 4,
  26: 4,
  27: 6,
  28: 4,
  29: 4,
  700: 4,
  701: 8,
  705: -2,
  790: 8,
  774: 8,
  829: 6,
  1033: 12,
  1082: 4,
  1083: 8,
  1114: 8,
  1184: 8,
  1186: 16,
  1266: 12,
  2202: 4,
  2203: 4,
  2204: 4,
  2205: 4,
  2206: 4,
  2275: -2,
  2278: 4,
  2279: 4,
  2950: 16,
  3220: 8,
  3734: 4,
  3769: 4,
  4089: 4,
  4096: 4,
  4191: 4,
  5069: 8,
};

const ENUM_LENGTH = 4;

export function lengthOfType(type: SqlType): number {
  return type.kind === 'enum' && type.typeId !== undefined ? ENUM_LENGTH : typeLength(oidOfType(type));
}

/** Header bytes that character type modifiers count in. */
const MODIFIER_HEADER = 4;
const FULL_INTERVAL_FIELDS = 0x7fff;
const FULL_INTERVAL_PRECISION = 0xffff;

/** Bits of an interval's leading-field restriction. */
const INTERVAL_BITS: Readonly<Record<string, number>> = {
  year: 1 << 2,
  month: 1 << 1,
  day: 1 << 3,
  hour: 1 << 10,
  minute: 1 << 11,
  second: 1 << 12,
};
const INTERVAL_ORDER = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const;

function intervalMask(fields: string): number {
  const words = fields
    .toLowerCase()
    .split(' to ')
    .map((word) => word.trim());
  const from = INTERVAL_ORDER.indexOf(words[0] as (typeof INTERVAL_ORDER)[number]);
  const to = INTERVAL_ORDER.indexOf((words[1] ?? words[0]) as (typeof INTERVAL_ORDER)[number]);
  if (from < 0 || to < from) return FULL_INTERVAL_FIELDS;
  let mask = 0;
  for (let index = from; index <= to; index++) mask |= INTERVAL_BITS[INTERVAL_ORDER[index] as string] as number;
  return mask;
}

/** The type modifier as pg_attribute.atttypmod and RowDescription show it; -1 = none. */
export function modifierOfType(type: SqlType): number {
  switch (type.kind) {
    case 'array':
      return type.element === undefined ? -1 : modifierOfType(type.element);
    case 'text':
      if (type.declared === 'name' || type.declared === '"char"' || type.length === undefined) return -1;
      return type.length + MODIFIER_HEADER;
    case 'bits':
      return type.length ?? -1;
    case 'decimal':
      return type.precision === undefined
        ? -1
        : ((type.precision << 16) | ((type.scale ?? 0) & 0x7ff)) + MODIFIER_HEADER;
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz':
      return type.precision ?? -1;
    case 'interval': {
      if (type.precision === undefined && type.intervalFields === undefined) return -1;
      const mask = type.intervalFields === undefined ? FULL_INTERVAL_FIELDS : intervalMask(type.intervalFields);
      return (mask << 16) | (type.precision ?? FULL_INTERVAL_PRECISION);
    }
    default:
      return -1;
  }
}

const reference = (target: NonNullable<SqlType['target']>): SqlType => ({ kind: 'reference', target });
const declared = (type: SqlType, name: string): SqlType => ({ ...type, declared: name });

const BY_OID: ReadonlyMap<number, SqlType> = new Map<number, SqlType>([
  [OIDS.bool, BOOL],
  [OIDS.bytea, BYTES],
  [OIDS.char, declared(TEXT, '"char"')],
  [OIDS.name, declared(TEXT, 'name')],
  [OIDS.int8, INT64],
  [OIDS.int2, INT16],
  [OIDS.int4, INT32],
  [OIDS.text, TEXT],
  [OIDS.oid, OID],
  [OIDS.xid, declared(OID, 'xid')],
  [OIDS.cid, declared(OID, 'cid')],
  [OIDS.json, JSON_TEXT],
  [OIDS.jsonb, JSONB],
  [OIDS.xml, declared(TEXT, 'xml')],
  [OIDS.float4, FLOAT32],
  [OIDS.float8, FLOAT64],
  [OIDS.numeric, DECIMAL],
  [OIDS.bpchar, { kind: 'text', fixed: true, declared: 'bpchar' }],
  [OIDS.varchar, declared(TEXT, 'varchar')],
  [OIDS.date, DATE],
  [OIDS.time, TIME],
  [OIDS.timetz, TIMETZ],
  [OIDS.timestamp, TIMESTAMP],
  [OIDS.timestamptz, TIMESTAMPTZ],
  [OIDS.interval, INTERVAL],
  [OIDS.bit, { kind: 'bits', fixed: true }],
  [OIDS.varbit, { kind: 'bits', fixed: false }],
  [OIDS.uuid, UUID],
  [OIDS.record, RECORD],
  [OIDS.void, VOID],
  [OIDS.regclass, reference('relation')],
  [OIDS.regtype, reference('type')],
  [OIDS.regproc, reference('routine')],
  [OIDS.regprocedure, reference('routine_signature')],
  [OIDS.regoperator, reference('operator')],
  [OIDS.regnamespace, reference('schema')],
  [OIDS.regrole, reference('role')],
  [OIDS.regcollation, reference('collation')],
  [OIDS.int2vector, { kind: 'array', element: INT16, declared: 'int2vector' }],
  [OIDS.oidvector, { kind: 'array', element: OID, declared: 'oidvector' }],
  [OIDS.refcursor, declared(TEXT, 'refcursor')],
  [OIDS.inet, declared(TEXT, 'inet')],
  [OIDS.cidr, declared(TEXT, 'cidr')],
  [OIDS.macaddr, declared(TEXT, 'macaddr')],
  [OIDS.macaddr8, declared(TEXT, 'macaddr8')],
  [OIDS.tid, declared(TEXT, 'tid')],
  [OIDS.pg_lsn, declared(TEXT, 'pg_lsn')],
  [OIDS.jsonpath, declared(TEXT, 'jsonpath')],
  [OIDS.xid8, declared(INT64, 'xid8')],
  [OIDS.aclitem, declared(TEXT, 'aclitem')],
  [OIDS.pg_node_tree, declared(TEXT, 'pg_node_tree')],
  [OIDS.cstring, declared(TEXT, 'cstring')],
]);

/**
 * The type a client declares for a parameter. `undefined` = to be inferred: 0, unknown, and the types
 * users made, which the worker does not know; `null` = no such type.
 */
export function typeOfOid(oid: number): SqlType | undefined | null {
  if (oid === 0 || oid === OIDS.unknown) return undefined;
  const known = BY_OID.get(oid);
  if (known !== undefined) return known;
  const elementOid = ELEMENT_OF.get(oid);
  if (elementOid !== undefined) {
    const element = BY_OID.get(elementOid);
    if (element !== undefined) return arrayOf(element);
  }
  return oid >= FIRST_USER_OID ? undefined : null;
}

/** OID of a type's element as binary arrays name it. */
export function elementOid(type: SqlType): number {
  return type.element === undefined ? OIDS.text : oidOfType(type.element);
}
