/**
 * SqlType as bytes: a kind, a bit set of the fields present, the fields. Programs carry types inside
 * operands; frames carry them for parameters and result columns.
 *
 * | bytes | meaning |
 * |-------|---------|
 * | u8    | index into TYPE_KINDS |
 * | u16   | bit set of fields, FIELD_* |
 * | ...   | the fields present, in the order of their bits |
 */
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { CodecError } from './codec-error.ts';
import type { Identifier } from './names.ts';
import { POLYMORPHIC_TYPES, type RecordField, type ReferenceTarget, type SqlType, type TypeKind } from './types.ts';

/** Numbers of the kinds on the wire: the list only grows at its end. */
export const TYPE_KINDS = [
  'unknown',
  'named',
  'void',
  'bool',
  'int8',
  'int16',
  'int24',
  'int32',
  'int64',
  'decimal',
  'float32',
  'float64',
  'text',
  'bytes',
  'bits',
  'date',
  'time',
  'timetz',
  'timestamp',
  'timestamptz',
  'interval',
  'year',
  'uuid',
  'json',
  'jsonb',
  'oid',
  'reference',
  'array',
  'enum',
  'set',
  'record',
  'polymorphic',
] as const satisfies readonly TypeKind[];

const REFERENCE_TARGETS = [
  'relation',
  'type',
  'routine',
  'routine_signature',
  'operator',
  'schema',
  'role',
  'collation',
] as const satisfies readonly ReferenceTarget[];

/** Compile-time proof that both lists are complete. */
type Missing =
  | Exclude<TypeKind, (typeof TYPE_KINDS)[number]>
  | Exclude<ReferenceTarget, (typeof REFERENCE_TARGETS)[number]>;
const complete: [Missing] extends [never] ? true : Missing = true;
void complete;

const kindIndex = new Map<string, number>(TYPE_KINDS.map((kind, index) => [kind, index]));
const targetIndex = new Map<string, number>(REFERENCE_TARGETS.map((target, index) => [target, index]));

/** One shared record per kind without modifiers, so that most types cost no allocation. */
const SIMPLE_TYPES: readonly SqlType[] = TYPE_KINDS.map((kind) => Object.freeze({ kind }));

const FIELD_LENGTH = 1;
const FIELD_FIXED = 1 << 1;
const FIELD_PRECISION = 1 << 2;
const FIELD_SCALE = 1 << 3;
const FIELD_UNSIGNED = 1 << 4;
const FIELD_ELEMENT = 1 << 5;
const FIELD_FIELDS = 1 << 6;
const FIELD_LABELS = 1 << 7;
const FIELD_TYPE_ID = 1 << 8;
const FIELD_NAME = 1 << 9;
const FIELD_TARGET = 1 << 10;
const FIELD_COLLATION = 1 << 11;
const FIELD_INTERVAL_FIELDS = 1 << 12;
const FIELD_DECLARED = 1 << 13;
const FIELD_PATTERN = 1 << 14;
const ALL_FIELDS = (1 << 15) - 1;

/** Arrays of records of arrays ... end here. */
export const MAX_TYPE_NESTING = 32;
export const MAX_RECORD_FIELDS = 2000;

function fieldBits(type: SqlType): number {
  let bits = 0;
  if (type.length !== undefined) bits |= FIELD_LENGTH;
  if (type.fixed === true) bits |= FIELD_FIXED;
  if (type.precision !== undefined) bits |= FIELD_PRECISION;
  if (type.scale !== undefined) bits |= FIELD_SCALE;
  if (type.unsigned === true) bits |= FIELD_UNSIGNED;
  if (type.element !== undefined) bits |= FIELD_ELEMENT;
  if (type.fields !== undefined) bits |= FIELD_FIELDS;
  if (type.labels !== undefined) bits |= FIELD_LABELS;
  if (type.typeId !== undefined) bits |= FIELD_TYPE_ID;
  if (type.name !== undefined) bits |= FIELD_NAME;
  if (type.target !== undefined) bits |= FIELD_TARGET;
  if (type.collation !== undefined) bits |= FIELD_COLLATION;
  if (type.intervalFields !== undefined) bits |= FIELD_INTERVAL_FIELDS;
  if (type.declared !== undefined) bits |= FIELD_DECLARED;
  if (type.pattern !== undefined) bits |= FIELD_PATTERN;
  return bits;
}

export function writeType(writer: ByteWriter, type: SqlType, depth = 0): void {
  const kind = kindIndex.get(type.kind);
  if (kind === undefined) throw new TypeError(`no type kind ${String(type.kind)}`);
  if (depth > MAX_TYPE_NESTING) throw new CodecError('type nested too deeply');
  const bits = fieldBits(type);
  writer.u8(kind);
  writer.u16(bits);
  if (bits !== 0) writeFields(writer, type, depth);
}

function writeFields(writer: ByteWriter, type: SqlType, depth: number): void {
  if (type.length !== undefined) writer.u32(type.length);
  if (type.precision !== undefined) writer.u32(type.precision);
  if (type.scale !== undefined) writer.i32(type.scale);
  if (type.element !== undefined) writeType(writer, type.element, depth + 1);
  if (type.fields !== undefined) {
    writer.u32(type.fields.length);
    for (const field of type.fields) {
      writer.text(field.name);
      writeType(writer, field.type, depth + 1);
    }
  }
  if (type.labels !== undefined) {
    writer.u32(type.labels.length);
    for (const label of type.labels) writer.text(label);
  }
  if (type.typeId !== undefined) writer.u32(type.typeId);
  if (type.name !== undefined) {
    writer.u8(type.name.length);
    for (const identifier of type.name) {
      writer.text(identifier.text);
      writer.bool(identifier.exact);
    }
  }
  if (type.target !== undefined) writer.u8(targetIndex.get(type.target) ?? 255);
  if (type.collation !== undefined) writer.text(type.collation);
  if (type.intervalFields !== undefined) writer.text(type.intervalFields);
  if (type.declared !== undefined) writer.text(type.declared);
  if (type.pattern !== undefined) writer.u8(POLYMORPHIC_TYPES.indexOf(type.pattern));
}

export function readType(reader: ByteReader, depth = 0): SqlType {
  const simple = SIMPLE_TYPES[reader.u8()];
  if (simple === undefined) throw new CodecError('unknown type kind');
  const bits = reader.u16();
  if (bits === 0) return simple;
  if ((bits & ~ALL_FIELDS) !== 0) throw new CodecError('unknown field of a type');
  if (depth > MAX_TYPE_NESTING) throw new CodecError('type nested too deeply');
  return readFields(reader, simple.kind, bits, depth);
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function readFields(reader: ByteReader, kind: TypeKind, bits: number, depth: number): SqlType {
  const type: Mutable<SqlType> = { kind };
  if (bits & FIELD_LENGTH) type.length = reader.u32();
  if (bits & FIELD_FIXED) type.fixed = true;
  if (bits & FIELD_PRECISION) type.precision = reader.u32();
  if (bits & FIELD_SCALE) type.scale = reader.i32();
  if (bits & FIELD_UNSIGNED) type.unsigned = true;
  if (bits & FIELD_ELEMENT) type.element = readType(reader, depth + 1);
  if (bits & FIELD_FIELDS) type.fields = readRecordFields(reader, depth);
  if (bits & FIELD_LABELS) {
    const labels: string[] = [];
    for (let count = reader.count(4); count > 0; count--) labels.push(reader.text());
    type.labels = labels;
  }
  if (bits & FIELD_TYPE_ID) type.typeId = reader.u32();
  if (bits & FIELD_NAME) {
    const name: Identifier[] = [];
    for (let count = reader.u8(); count > 0; count--) name.push({ text: reader.text(), exact: reader.bool() });
    type.name = name;
  }
  if (bits & FIELD_TARGET) {
    const target = REFERENCE_TARGETS[reader.u8()];
    if (target === undefined) throw new CodecError('unknown reference target');
    type.target = target;
  }
  if (bits & FIELD_COLLATION) type.collation = reader.text();
  if (bits & FIELD_INTERVAL_FIELDS) type.intervalFields = reader.text();
  if (bits & FIELD_DECLARED) type.declared = reader.text();
  if (bits & FIELD_PATTERN) {
    const pattern = POLYMORPHIC_TYPES[reader.u8()];
    if (pattern === undefined) throw new CodecError('unknown pattern of a type');
    type.pattern = pattern;
  }
  return type;
}

function readRecordFields(reader: ByteReader, depth: number): RecordField[] {
  const count = reader.count(7);
  if (count > MAX_RECORD_FIELDS) throw new CodecError('too many fields in a record type');
  const fields: RecordField[] = [];
  for (let index = 0; index < count; index++) {
    fields.push({ name: reader.text(), type: readType(reader, depth + 1) });
  }
  return fields;
}
