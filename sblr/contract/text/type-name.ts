/** Display names of types, SQL standard spelling, as error messages and format_type show them. */
import type { SqlType } from '../types.ts';

const REFERENCE_NAMES = {
  relation: 'regclass',
  type: 'regtype',
  routine: 'regproc',
  routine_signature: 'regprocedure',
  operator: 'regoper',
  schema: 'regnamespace',
  role: 'regrole',
  collation: 'regcollation',
} as const;

/** With modifiers: 'character varying(10)', 'numeric(10,2)', 'integer[]'. */
export function displayType(type: SqlType): string {
  switch (type.kind) {
    case 'array':
      return `${displayType(type.element ?? { kind: 'text' })}[]`;
    case 'text':
      if (type.fixed === true) return type.length === undefined ? 'bpchar' : `character(${type.length})`;
      return type.length === undefined || (type.declared !== undefined && type.declared !== 'varchar')
        ? baseTypeName(type)
        : `character varying(${type.length})`;
    case 'decimal':
      return type.precision === undefined ? 'numeric' : `numeric(${type.precision},${type.scale ?? 0})`;
    case 'bits':
      return type.length === undefined ? baseTypeName(type) : `${baseTypeName(type)}(${type.length})`;
    case 'time':
      return `time${precision(type)} without time zone`;
    case 'timetz':
      return `time${precision(type)} with time zone`;
    case 'timestamp':
      return `timestamp${precision(type)} without time zone`;
    case 'timestamptz':
      return `timestamp${precision(type)} with time zone`;
    case 'interval': {
      const fields = type.intervalFields === undefined ? '' : ` ${type.intervalFields}`;
      return `interval${fields}${precision(type)}`;
    }
    default:
      return baseTypeName(type);
  }
}

function precision(type: SqlType): string {
  return type.precision === undefined ? '' : `(${type.precision})`;
}

/** Without modifiers: 'character varying', 'numeric'. */
export function baseTypeName(type: SqlType): string {
  switch (type.kind) {
    case 'bool':
      return 'boolean';
    case 'int16':
      return 'smallint';
    case 'int24':
    case 'int32':
      return 'integer';
    case 'int8':
      return 'tinyint';
    case 'int64':
      return type.declared ?? 'bigint';
    case 'decimal':
      return 'numeric';
    case 'float32':
      return 'real';
    case 'float64':
      return type.declared ?? 'double precision';
    case 'text':
      if (type.fixed === true) return 'character';
      if (type.declared === 'varchar' || (type.declared === undefined && type.length !== undefined))
        return 'character varying';
      return type.declared ?? 'text';
    case 'bytes':
      return 'bytea';
    case 'bits':
      return type.fixed === true ? 'bit' : 'bit varying';
    case 'time':
      return 'time without time zone';
    case 'timetz':
      return 'time with time zone';
    case 'timestamp':
      return 'timestamp without time zone';
    case 'timestamptz':
      return 'timestamp with time zone';
    case 'oid':
      return type.declared ?? 'oid';
    case 'reference':
      return REFERENCE_NAMES[type.target ?? 'relation'];
    case 'array':
      return `${baseTypeName(type.element ?? { kind: 'text' })}[]`;
    case 'enum':
    case 'record':
      return type.declared ?? type.kind;
    default:
      return type.declared ?? type.kind;
  }
}
