/**
 * The engine's types. A type is a plain frozen record: a physical `kind` that decides how values are
 * stored, compared and sent, its modifiers, and the name under which its dialect of origin declared
 * it (`declared`), which never changes behaviour inside the engine except in overload resolution
 * between types of one kind and in what clients are shown.
 *
 * In-memory values per kind are described in values.ts.
 */
import type { Name } from './names.ts';

export type TypeKind =
  | 'unknown' // an untyped literal or parameter, before inference
  | 'named' // a user-defined type by name; resolved by the binder, never seen after it
  | 'void'
  | 'bool'
  | 'int8'
  | 'int16'
  | 'int24'
  | 'int32'
  | 'int64'
  | 'decimal'
  | 'float32'
  | 'float64'
  | 'text'
  | 'bytes'
  | 'bits'
  | 'date'
  | 'time'
  | 'timetz'
  | 'timestamp'
  | 'timestamptz'
  | 'interval'
  | 'year'
  | 'uuid'
  | 'json' // text kept as written
  | 'jsonb' // normalised document
  | 'oid' // unsigned 32-bit object id
  | 'reference' // an object id shown as the object's name; `target` says of what
  | 'array'
  | 'enum'
  | 'set'
  | 'record'
  | 'polymorphic'; // a routine's parameter or result whose type the call decides: `pattern`

export type ReferenceTarget =
  | 'relation'
  | 'type'
  | 'routine'
  | 'routine_signature'
  | 'operator'
  | 'schema'
  | 'role'
  | 'collation';

/**
 * Placeholders that stand for a type found at the call:
 * any = each argument its own type; any_element, any_array, any_non_array, any_enum = all one type
 * (any_array its array) with no conversion between arguments; any_compatible, any_compatible_array,
 * any_compatible_non_array = all arguments convert to one common type; any_record = any row type.
 */
export const POLYMORPHIC_TYPES = [
  'any',
  'any_element',
  'any_array',
  'any_non_array',
  'any_enum',
  'any_record',
  'any_compatible',
  'any_compatible_array',
  'any_compatible_non_array',
] as const;

export type PolymorphicType = (typeof POLYMORPHIC_TYPES)[number];

/** Whose variable: the program's, the session's, a setting, the server's, or a fact about the last statement or error. */
export type VariableKind = 'local' | 'session' | 'setting' | 'global' | 'diagnostic';

export interface RecordField {
  readonly name: string;
  readonly type: SqlType;
}

export interface SqlType {
  readonly kind: TypeKind;
  /** Characters for text, bytes for bytes, bits for bits. Absent = unlimited. */
  readonly length?: number;
  /** CHAR(n), BINARY(n), BIT(n): values are padded to `length`. */
  readonly fixed?: boolean;
  /** Decimal digits in total, or fractional-second digits (0-6) of a time type. */
  readonly precision?: number;
  /** Decimal digits after the point. */
  readonly scale?: number;
  readonly unsigned?: boolean;
  /** Element type of an array. */
  readonly element?: SqlType;
  /** Fields of a record. */
  readonly fields?: readonly RecordField[];
  /** Labels of an enum or set, in order. */
  readonly labels?: readonly string[];
  /** Catalog object id of a user-defined type (enum, domain, composite). */
  readonly typeId?: number;
  /** For kind 'named': the name still to be resolved. */
  readonly name?: Name;
  readonly target?: ReferenceTarget;
  /** For kind 'polymorphic'. */
  readonly pattern?: PolymorphicType;
  readonly collation?: string;
  /** Leading-field restriction of an interval, e.g. 'day to second'. */
  readonly intervalFields?: string;
  /**
   * Name of the type in its dialect of origin where the kind alone does not tell it, e.g. 'name',
   * '"char"', 'xid', 'citext', 'varchar'. Lower case.
   */
  readonly declared?: string;
}

/** `declared` of a named type that means the type of the column of that name. */
export const COLUMN_TYPE = 'column type';

const simple = (kind: TypeKind): SqlType => Object.freeze({ kind });

export const UNKNOWN = simple('unknown');
export const VOID = simple('void');
export const BOOL = simple('bool');
export const INT16 = simple('int16');
export const INT32 = simple('int32');
export const INT64 = simple('int64');
export const DECIMAL = simple('decimal');
export const FLOAT32 = simple('float32');
export const FLOAT64 = simple('float64');
export const TEXT = simple('text');
export const BYTES = simple('bytes');
export const DATE = simple('date');
export const TIME = simple('time');
export const TIMETZ = simple('timetz');
export const TIMESTAMP = simple('timestamp');
export const TIMESTAMPTZ = simple('timestamptz');
export const INTERVAL = simple('interval');
export const UUID = simple('uuid');
export const JSON_TEXT = simple('json');
export const JSONB = simple('jsonb');
export const OID = simple('oid');
export const RECORD = simple('record');

export function arrayOf(element: SqlType): SqlType {
  return { kind: 'array', element };
}
