/**
 * What overload resolution needs to know of types: identity, category, which type of a category is
 * preferred, which casts exist in which context, and the SQL-standard names shown in messages.
 */
import type { SqlType } from '../../sblr/contract/types.ts';

export type CastContext = 'implicit' | 'assignment' | 'explicit';

/** Types of kind text that are types of their own, not just strings of limited length. */
const OWN_TEXT = new Set([
  'name',
  '"char"',
  'citext',
  'inet',
  'cidr',
  'macaddr',
  'macaddr8',
  'xml',
  'tsvector',
  'tsquery',
  'money',
  'point',
  'line',
  'lseg',
  'box',
  'path',
  'polygon',
  'circle',
  'jsonpath',
  'aclitem',
  'int2vector',
  'oidvector',
]);

const IDENTITIES = new WeakMap<SqlType, string>();
const COMPOSED: ReadonlySet<SqlType['kind']> = new Set<SqlType['kind']>([
  'array',
  'enum',
  'set',
  'record',
  'reference',
]);

/** Two types of one identity are the same type up to modifiers and domains. */
export function typeIdentity(type: SqlType): string {
  // Only what is put together is worth remembering: most literals come with a type object of their own.
  if (!COMPOSED.has(type.kind)) return computeIdentity(type);
  let found = IDENTITIES.get(type);
  if (found === undefined) {
    found = computeIdentity(type);
    IDENTITIES.set(type, found);
  }
  return found;
}

function computeIdentity(type: SqlType): string {
  switch (type.kind) {
    case 'text':
      if (type.declared !== undefined && isOwnText(type.declared)) return type.declared;
      if (type.fixed === true) return 'fixed_text';
      return type.declared === 'varchar' || type.length !== undefined ? 'varchar' : 'text';
    case 'array':
      return `${type.element === undefined ? 'any' : typeIdentity(type.element)}[]`;
    case 'enum':
    case 'set':
      return `${type.kind}:${type.typeId ?? type.labels?.join(',') ?? ''}`;
    case 'record':
      return type.typeId === undefined ? 'record' : `record:${type.typeId}`;
    case 'reference':
      return `reference:${type.target ?? 'relation'}`;
    case 'bits':
      return type.fixed === true ? 'bit' : 'varbit';
    case 'int8':
    case 'int16':
    case 'int24':
    case 'int32':
    case 'int64':
      return type.unsigned === true ? `u${type.kind}` : type.kind;
    case 'oid':
      return type.declared === undefined || type.declared === 'oid' ? 'oid' : type.declared;
    default:
      return type.declared !== undefined && DECLARED_OTHER.has(type.declared) ? type.declared : type.kind;
  }
}

/** Names of own types whose kind is shared with an ordinary type. */
const DECLARED_OTHER = new Set(['xid', 'cid', 'tid', 'xid8']);

function isOwnText(declared: string): boolean {
  return OWN_TEXT.has(declared);
}

export function sameIdentity(a: SqlType, b: SqlType): boolean {
  return a === b || typeIdentity(a) === typeIdentity(b);
}

/** Equal in identity and in modifiers and domain. */
export function sameType(a: SqlType, b: SqlType): boolean {
  if (a === b) return true;
  return (
    typeIdentity(a) === typeIdentity(b) &&
    a.length === b.length &&
    a.precision === b.precision &&
    a.scale === b.scale &&
    a.typeId === b.typeId &&
    a.intervalFields === b.intervalFields &&
    a.unsigned === b.unsigned &&
    (a.element === undefined || b.element === undefined || sameType(a.element, b.element))
  );
}

/** True for a domain: a type id on a kind that otherwise has none. */
export function isDomain(type: SqlType): boolean {
  return type.typeId !== undefined && type.kind !== 'enum' && type.kind !== 'set' && type.kind !== 'record';
}

/** The type without modifiers and domain, what operators and functions work on. */
export function baseType(type: SqlType): SqlType {
  const domain = isDomain(type);
  if (!domain && !hasModifiers(type)) return type;
  if (type.kind === 'array') return domain ? withoutTypeId(type) : type;
  const { length: _length, precision: _precision, scale: _scale, intervalFields: _fields, typeId, ...rest } = type;
  const plain: SqlType = domain || typeId === undefined ? rest : { ...rest, typeId };
  // A string of limited length stays a varchar without its limit.
  return plain.kind === 'text' && plain.fixed !== true && plain.declared === undefined && type.length !== undefined
    ? { ...plain, declared: 'varchar' }
    : plain;
}

function withoutTypeId(type: SqlType): SqlType {
  const { typeId: _typeId, ...rest } = type;
  return rest;
}

/** The type without modifiers only. */
export function withoutModifiers(type: SqlType): SqlType {
  if (type.kind === 'array' && type.element !== undefined && hasModifiers(type.element))
    return { ...type, element: withoutModifiers(type.element) };
  if (!hasModifiers(type)) return type;
  const base = baseType(type);
  return isDomain(type) && type.typeId !== undefined ? { ...base, typeId: type.typeId } : base;
}

export function hasModifiers(type: SqlType): boolean {
  return (
    type.length !== undefined ||
    type.precision !== undefined ||
    type.scale !== undefined ||
    type.intervalFields !== undefined
  );
}

export type Category =
  | 'boolean'
  | 'numeric'
  | 'string'
  | 'datetime'
  | 'timespan'
  | 'array'
  | 'enum'
  | 'composite'
  | 'bits'
  | 'network'
  | 'unknown'
  | 'internal'
  | 'user';

export function categoryOf(type: SqlType): Category {
  switch (type.kind) {
    case 'bool':
      return 'boolean';
    case 'int8':
    case 'int16':
    case 'int24':
    case 'int32':
    case 'int64':
    case 'decimal':
    case 'float32':
    case 'float64':
    case 'year':
    case 'reference':
      return 'numeric';
    case 'oid':
      return type.declared === undefined || type.declared === 'oid' ? 'numeric' : 'user';
    case 'text': {
      const identity = typeIdentity(type);
      if (
        identity === 'text' ||
        identity === 'varchar' ||
        identity === 'fixed_text' ||
        identity === 'name' ||
        identity === 'citext'
      )
        return 'string';
      if (identity === '"char"') return 'internal';
      return identity === 'inet' || identity === 'cidr' ? 'network' : 'user';
    }
    case 'date':
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz':
      return 'datetime';
    case 'interval':
      return 'timespan';
    case 'array':
      return 'array';
    case 'enum':
    case 'set':
      return 'enum';
    case 'record':
      return 'composite';
    case 'bits':
      return 'bits';
    case 'unknown':
      return 'unknown';
    default:
      return 'user';
  }
}

export function isPreferred(type: SqlType): boolean {
  switch (type.kind) {
    case 'bool':
    case 'float64':
    case 'timestamptz':
    case 'interval':
      return true;
    case 'oid':
      return typeIdentity(type) === 'oid';
    case 'text':
      return typeIdentity(type) === 'text' || typeIdentity(type) === 'inet';
    case 'bits':
      return type.fixed !== true;
    default:
      return false;
  }
}

/** Position in the ladder of numeric types: a lower one converts implicitly to a higher one. */
export const NUMERIC_LADDER: Readonly<Record<string, number>> = {
  int8: 1,
  uint8: 2,
  int16: 3,
  year: 3,
  uint16: 4,
  int24: 5,
  uint24: 6,
  int32: 7,
  uint32: 8,
  int64: 9,
  uint64: 10,
  decimal: 11,
  float32: 12,
  float64: 13,
};

const IMPLICIT: ReadonlySet<string> = new Set([
  'date>timestamp',
  'date>timestamptz',
  'time>timetz',
  'time>interval',
  'timestamp>timestamptz',
  'bit>varbit',
  'varbit>bit',
  'cidr>inet',
  'text>varchar',
  'text>fixed_text',
  'text>name',
  'varchar>text',
  'varchar>fixed_text',
  'varchar>name',
  'fixed_text>text',
  'fixed_text>varchar',
  'fixed_text>name',
  'name>text',
  '"char">text',
  'citext>text',
  'citext>varchar',
  'text>citext',
  'varchar>citext',
  'text>reference:relation',
  'varchar>reference:relation',
  'int2vector>int16[]',
  'oidvector>oid[]',
]);
const ASSIGNMENT: ReadonlySet<string> = new Set([
  'timestamptz>timestamp',
  'timestamptz>date',
  'timestamptz>time',
  'timestamptz>timetz',
  'timestamp>date',
  'timestamp>time',
  'interval>time',
  'timetz>time',
  'json>jsonb',
  'jsonb>json',
  'name>varchar',
  'name>fixed_text',
  'text>"char"',
  'varchar>"char"',
  'fixed_text>"char"',
  '"char">varchar',
  '"char">fixed_text',
  'citext>fixed_text',
  'fixed_text>citext',
  'inet>cidr',
]);
const EXPLICIT: ReadonlySet<string> = new Set([
  'int32>bool',
  'bool>int32',
  '"char">int32',
  'int32>"char"',
  'int32>bit',
  'int64>bit',
  'bit>int32',
  'bit>int64',
  'jsonb>bool',
  'jsonb>decimal',
  'jsonb>int16',
  'jsonb>int32',
  'jsonb>int64',
  'jsonb>float32',
  'jsonb>float64',
  'int32>varbit',
  'int64>varbit',
]);

const RANK: Readonly<Record<CastContext, number>> = { implicit: 0, assignment: 1, explicit: 2 };

/** The least context in which `from` converts to `to`; undefined = never. */
export function castRank(from: SqlType, to: SqlType): number | undefined {
  const a = typeIdentity(from);
  const b = typeIdentity(to);
  if (a === b) return 0;
  if (from.kind === 'unknown') return 0;
  const low = NUMERIC_LADDER[a];
  const high = NUMERIC_LADDER[b];
  if (low !== undefined && high !== undefined) return low <= high ? 0 : 1;
  if (from.kind === 'array' && to.kind === 'array') {
    return from.element === undefined || to.element === undefined ? undefined : castRank(from.element, to.element);
  }
  const special = objectIdRank(from, to);
  if (special !== undefined) return special;
  if (from.kind === 'record' && to.kind === 'record')
    return from.typeId === undefined ? 2 : to.typeId === undefined ? 0 : undefined;
  const key = `${a}>${b}`;
  if (IMPLICIT.has(key)) return 0;
  if (ASSIGNMENT.has(key)) return 1;
  if (EXPLICIT.has(key)) return 2;
  // Conversion through text: into strings by assignment, out of them only when asked for.
  if (categoryOf(to) === 'string') return 1;
  if (categoryOf(from) === 'string') return 2;
  return undefined;
}

/** Object ids and references: integers convert to them, and they to each other. */
function objectIdRank(from: SqlType, to: SqlType): number | undefined {
  const fromId = from.kind === 'oid' ? typeIdentity(from) === 'oid' : from.kind === 'reference';
  const toId = to.kind === 'oid' ? typeIdentity(to) === 'oid' : to.kind === 'reference';
  if (fromId && toId) {
    if (from.kind === 'oid' || to.kind === 'oid') return 0;
    const pair = `${from.target}>${to.target}`;
    return pair === 'routine>routine_signature' || pair === 'routine_signature>routine' ? 0 : undefined;
  }
  const integer = (type: SqlType): boolean => type.kind === 'int16' || type.kind === 'int32' || type.kind === 'int64';
  if (toId && integer(from)) return 0;
  if (to.kind === 'oid' && (integer(from) || fromId)) return 2;
  if (fromId && (to.kind === 'int32' || to.kind === 'int64')) return 1;
  return undefined;
}

export function canCast(from: SqlType, to: SqlType, context: CastContext): boolean {
  const rank = castRank(from, to);
  return rank !== undefined && rank <= RANK[context];
}

const KIND_NAMES: Partial<Record<SqlType['kind'], string>> = {
  bool: 'boolean',
  int8: 'tinyint',
  int16: 'smallint',
  int24: 'mediumint',
  int32: 'integer',
  int64: 'bigint',
  decimal: 'numeric',
  float32: 'real',
  float64: 'double precision',
  bytes: 'bytea',
  date: 'date',
  time: 'time without time zone',
  timetz: 'time with time zone',
  timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
};
const REFERENCE_NAMES: Readonly<Record<string, string>> = {
  relation: 'regclass',
  type: 'regtype',
  routine: 'regproc',
  routine_signature: 'regprocedure',
  operator: 'regoper',
  schema: 'regnamespace',
  role: 'regrole',
  collation: 'regcollation',
};
const ZONED: Partial<Record<SqlType['kind'], readonly [string, string]>> = {
  time: ['time', ' without time zone'],
  timetz: ['time', ' with time zone'],
  timestamp: ['timestamp', ' without time zone'],
  timestamptz: ['timestamp', ' with time zone'],
};

/** The name of a type in messages and rendered expressions. `nameOf` gives the names of user-defined types. */
export function typeName(type: SqlType, modifiers = false, nameOf?: (typeId: number) => string | undefined): string {
  if (type.kind === 'array')
    return type.element === undefined ? 'anyarray' : `${typeName(type.element, modifiers, nameOf)}[]`;
  if (type.typeId !== undefined) {
    const own = nameOf?.(type.typeId);
    if (own !== undefined) return own;
  }
  switch (type.kind) {
    case 'text': {
      const identity = typeIdentity(type);
      if (identity === 'varchar')
        return `character varying${modifiers && type.length !== undefined ? `(${type.length})` : ''}`;
      if (identity === 'fixed_text')
        return type.length === undefined && modifiers
          ? 'bpchar'
          : `character${modifiers && type.length !== undefined ? `(${type.length})` : ''}`;
      return identity;
    }
    case 'bits':
      return `${type.fixed === true ? 'bit' : 'bit varying'}${modifiers && type.length !== undefined ? `(${type.length})` : ''}`;
    case 'decimal':
      return `numeric${modifiers && type.precision !== undefined ? `(${type.precision},${type.scale ?? 0})` : ''}`;
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz': {
      const [head, tail] = ZONED[type.kind] as readonly [string, string];
      return `${head}${modifiers && type.precision !== undefined ? `(${type.precision})` : ''}${tail}`;
    }
    case 'interval':
      return `interval${modifiers && type.intervalFields !== undefined ? ` ${type.intervalFields}` : ''}${modifiers && type.precision !== undefined ? `(${type.precision})` : ''}`;
    case 'reference':
      return REFERENCE_NAMES[type.target ?? 'relation'] ?? 'regclass';
    case 'oid':
      return type.declared ?? 'oid';
    case 'record':
      return 'record';
    default:
      return type.declared !== undefined && DECLARED_OTHER.has(type.declared)
        ? type.declared
        : (KIND_NAMES[type.kind] ?? type.kind);
  }
}
