/**
 * PostgreSQL's types by name: what the engine keeps for each, and under which name a column made of a
 * cast to it is shown. Names that are not here are user-defined types, resolved by the engine.
 */
import type { Name } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import * as base from '../../sblr/contract/types.ts';
import type { ReferenceTarget, SqlType } from '../../sblr/contract/types.ts';

const frozen = (type: SqlType): SqlType => Object.freeze(type);
const declared = (kind: SqlType['kind'], name: string, more: Partial<SqlType> = {}): SqlType =>
  frozen({ kind, ...more, declared: name });
const reference = (name: string, target: ReferenceTarget): SqlType =>
  frozen({ kind: 'reference', target, declared: name });

export const CHAR = declared('text', '"char"', { length: 1 });
export const NAME = declared('text', 'name', { length: 63, element: CHAR });
export const VARCHAR = declared('text', 'varchar');
export const BPCHAR = declared('text', 'bpchar', { fixed: true });
export const INT2VECTOR = declared('array', 'int2vector', { element: base.INT16 });
export const OIDVECTOR = declared('array', 'oidvector', { element: base.OID });

const TYPES: ReadonlyMap<string, SqlType> = new Map<string, SqlType>([
  ['bool', base.BOOL],
  ['int2', base.INT16],
  ['int4', base.INT32],
  ['int8', base.INT64],
  ['numeric', base.DECIMAL],
  ['float4', base.FLOAT32],
  ['float8', base.FLOAT64],
  ['text', base.TEXT],
  ['varchar', VARCHAR],
  ['bpchar', BPCHAR],
  ['name', NAME],
  ['bytea', base.BYTES],
  ['date', base.DATE],
  ['time', base.TIME],
  ['timetz', base.TIMETZ],
  ['timestamp', base.TIMESTAMP],
  ['timestamptz', base.TIMESTAMPTZ],
  ['interval', base.INTERVAL],
  ['uuid', base.UUID],
  ['json', base.JSON_TEXT],
  ['jsonb', base.JSONB],
  ['oid', base.OID],
  ['record', base.RECORD],
  ['void', base.VOID],
  ['unknown', base.UNKNOWN],
  ['bit', declared('bits', 'bit', { fixed: true })],
  ['varbit', declared('bits', 'varbit')],
  ['xid', declared('oid', 'xid')],
  ['cid', declared('oid', 'cid')],
  ['xid8', declared('int64', 'xid8')],
  ['tid', declared('text', 'tid')],
  ['pg_lsn', declared('text', 'pg_lsn')],
  ['cstring', declared('text', 'cstring')],
  ['citext', declared('text', 'citext', { collation: 'ignore_case' })],
  ['inet', declared('text', 'inet')],
  ['cidr', declared('text', 'cidr')],
  ['macaddr', declared('text', 'macaddr')],
  ['macaddr8', declared('text', 'macaddr8')],
  ['aclitem', declared('text', 'aclitem')],
  ['pg_node_tree', declared('text', 'pg_node_tree')],
  ['pg_ndistinct', declared('text', 'pg_ndistinct')],
  ['pg_dependencies', declared('text', 'pg_dependencies')],
  ['pg_mcv_list', declared('text', 'pg_mcv_list')],
  ['refcursor', declared('text', 'refcursor')],
  ['jsonpath', declared('text', 'jsonpath')],
  ['int2vector', INT2VECTOR],
  ['oidvector', OIDVECTOR],
  ['regclass', reference('regclass', 'relation')],
  ['regtype', reference('regtype', 'type')],
  ['regproc', reference('regproc', 'routine')],
  ['regprocedure', reference('regprocedure', 'routine_signature')],
  ['regoper', reference('regoper', 'operator')],
  ['regoperator', reference('regoperator', 'operator')],
  ['regnamespace', reference('regnamespace', 'schema')],
  ['regrole', reference('regrole', 'role')],
  ['regcollation', reference('regcollation', 'collation')],
]);

/** Placeholders, which only parameters and results of routines are of. */
export const POLYMORPHIC: ReadonlyMap<string, SqlType> = new Map(
  (
    [
      ['anyelement', 'any_element'],
      ['anyarray', 'any_array'],
      ['anynonarray', 'any_non_array'],
      ['anyenum', 'any_enum'],
      ['anycompatible', 'any_compatible'],
      ['anycompatiblearray', 'any_compatible_array'],
      ['anycompatiblenonarray', 'any_compatible_non_array'],
    ] as const
  ).map(([name, pattern]) => [name, declared('polymorphic', name, { pattern })]),
);

/** Types of PostgreSQL that the engine has no equal of. */
const REFUSED: ReadonlySet<string> = new Set(
  (
    'money xml tsvector tsquery gtsvector point line lseg box path polygon circle int4range int8range numrange tsrange tstzrange daterange ' +
    'int4multirange int8multirange nummultirange tsmultirange tstzmultirange datemultirange txid_snapshot pg_snapshot regconfig ' +
    'regdictionary trigger event_trigger anyelement anyarray anynonarray anyenum anyrange anycompatible anycompatiblearray anycompatiblenonarray ' +
    'anycompatiblerange anymultirange anycompatiblemultirange internal ' +
    'language_handler fdw_handler index_am_handler table_am_handler tsm_handler'
  ).split(' '),
);

/** Aliases that are keywords of the grammar or common other spellings. */
export const TYPE_ALIASES: ReadonlyMap<string, string> = new Map([
  ['int', 'int4'],
  ['integer', 'int4'],
  ['smallint', 'int2'],
  ['bigint', 'int8'],
  ['real', 'float4'],
  ['decimal', 'numeric'],
  ['dec', 'numeric'],
  ['boolean', 'bool'],
]);

export const SERIAL_TYPES: ReadonlyMap<string, SqlType> = new Map([
  ['serial', base.INT32],
  ['serial4', base.INT32],
  ['bigserial', base.INT64],
  ['serial8', base.INT64],
  ['smallserial', base.INT16],
  ['serial2', base.INT16],
]);

const MAX_LENGTH = 10485760;
const MAX_BITS = 83886080;

function bad(message: string, position: number | undefined): SqlError {
  return new SqlError('invalid_parameter_value', { message, ...(position === undefined ? {} : { position }) });
}

function withLength(
  type: SqlType,
  shown: string,
  maximum: number,
  modifiers: readonly number[],
  position: number | undefined,
): SqlType {
  const length = modifiers[0] as number;
  if (modifiers.length > 1) throw bad('invalid type modifier', position);
  if (length < 1) throw bad(`length for type ${shown} must be at least 1`, position);
  if (length > maximum) throw bad(`length for type ${shown} cannot exceed ${maximum}`, position);
  return { ...type, length };
}

function decimalModifiers(modifiers: readonly number[], position: number | undefined): SqlType {
  const [precision, scale = 0] = modifiers as [number, number?];
  if (modifiers.length > 2) throw bad('invalid NUMERIC type modifier', position);
  if (precision < 1 || precision > 1000)
    throw bad(`NUMERIC precision ${precision} must be between 1 and 1000`, position);
  if (scale < -1000 || scale > 1000) throw bad(`NUMERIC scale ${scale} must be between -1000 and 1000`, position);
  return { kind: 'decimal', precision, scale };
}

/** A built-in type with its modifiers applied. */
function modified(name: string, type: SqlType, modifiers: readonly number[], position: number | undefined): SqlType {
  if (modifiers.length === 0) return type;
  switch (name) {
    case 'numeric':
      return decimalModifiers(modifiers, position);
    case 'varchar':
      return withLength(type, 'varchar', MAX_LENGTH, modifiers, position);
    case 'bpchar':
      return withLength(type, 'char', MAX_LENGTH, modifiers, position);
    case 'bit':
    case 'varbit':
      return withLength(type, name === 'bit' ? 'bit' : 'bit varying', MAX_BITS, modifiers, position);
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz':
    case 'interval':
      // Precisions past 6 are reduced, as the server does with a warning.
      return { ...type, precision: Math.min(modifiers[0] as number, 6) };
    default:
      throw new SqlError('syntax_error', {
        message: `type modifier is not allowed for type "${name}"`,
        ...(position === undefined ? {} : { position }),
      });
  }
}

/** The type an undelimited name stands for, or undefined when it is not built in. */
export function builtInType(name: string, modifiers: readonly number[], position?: number): SqlType | undefined {
  const type = TYPES.get(name);
  if (type !== undefined) return modified(name, type, modifiers, position);
  if (REFUSED.has(name)) {
    throw new SqlError('feature_not_supported', {
      message: `type ${name} is not supported`,
      ...(position === undefined ? {} : { position }),
    });
  }
  // Arrays have types of their own, named with an underscore.
  if (name.startsWith('_')) {
    const element = TYPES.get(name.slice(1));
    if (element !== undefined) return base.arrayOf(element);
  }
  return undefined;
}

/** For the plugin's contract: a type by qualified name. */
export function typeByName(name: Name, modifiers: readonly number[]): SqlType | undefined {
  const last = name.at(-1);
  if (last === undefined || (name.length > 1 && name[0]?.text !== 'pg_catalog')) return undefined;
  if (last.text === 'char' || last.text === '"char"')
    return modifiers.length === 0 ? CHAR : builtInType('bpchar', modifiers);
  return builtInType(TYPE_ALIASES.get(last.text) ?? last.text, modifiers);
}
