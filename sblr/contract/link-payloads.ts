/**
 * Payloads of the frames between worker and engine. The hot ones are binary with fixed offsets; rare
 * ones (errors, notices, sign-in, profiles) are msgpack maps, whose shape is checked on arrival.
 */
import { Packr } from 'msgpackr';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { CodecError } from './codec-error.ts';
import { CONDITIONS, type Condition } from './conditions.ts';
import type {
  AuthReply,
  ColumnOrigin,
  Completion,
  DialectProfile,
  ResultColumn,
  SessionInfo,
  SessionOptions,
  TransactionStatus,
} from './session.ts';
import { SqlError, type SqlErrorDetails, type SqlNotice } from './sql-error.ts';
import { readType, writeType } from './type-codec.ts';
import type { SqlType } from './types.ts';

const packr = new Packr({ useRecords: false });

export function writeControl(writer: ByteWriter, value: unknown): void {
  writer.raw(packr.pack(value));
}

export function readControl(payload: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = packr.unpack(payload);
  } catch {
    throw new CodecError('malformed control payload');
  }
  return checkedMap(value);
}

function checkedMap(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new CodecError('not a map');
  return value as Readonly<Record<string, unknown>>;
}

function checked(value: unknown, type: 'string' | 'number' | 'boolean'): void {
  if (typeof value !== type) throw new CodecError(`a control field is not a ${type}`);
}

function checkedStringMap(value: unknown): Readonly<Record<string, string>> {
  for (const item of Object.values(checkedMap(value))) checked(item, 'string');
  return value as Readonly<Record<string, string>>;
}

// ---- errors and notices ----

const TEXT_DETAILS = [
  'variant',
  'detail',
  'hint',
  'context',
  'schema',
  'table',
  'column',
  'dataType',
  'constraint',
  'sqlstate',
] as const satisfies readonly (keyof SqlErrorDetails)[];

interface PackedError {
  readonly condition: Condition;
  readonly details: SqlErrorDetails;
}

export function packError(error: SqlError | SqlNotice): PackedError {
  return { condition: error.condition, details: error.details };
}

function readDetails(value: Readonly<Record<string, unknown>>): PackedError {
  const { condition } = value;
  const details = checkedMap(value['details']);
  if (typeof condition !== 'string' || !Object.hasOwn(CONDITIONS, condition)) throw new CodecError('unknown condition');
  checked(details['message'], 'string');
  for (const name of TEXT_DETAILS) if (details[name] !== undefined) checked(details[name], 'string');
  for (const name of ['position', 'parameter']) if (details[name] !== undefined) checked(details[name], 'number');
  return { condition: condition as Condition, details: details as unknown as SqlErrorDetails };
}

export function unpackError(value: unknown): SqlError {
  const { condition, details } = readDetails(checkedMap(value));
  return new SqlError(condition, details);
}

const SEVERITIES: readonly string[] = [
  'debug',
  'log',
  'info',
  'notice',
  'warning',
] satisfies readonly SqlNotice['severity'][];

export function unpackNotice(value: Readonly<Record<string, unknown>>): SqlNotice {
  const { condition, details } = readDetails(value);
  const severity = value['severity'] as SqlNotice['severity'];
  if (!SEVERITIES.includes(severity)) throw new CodecError('unknown severity');
  return { severity, condition, details };
}

/** Anything thrown by the engine as an SqlError: what is not one is a bug and says so. */
export function toSqlError(error: unknown): SqlError {
  if (error instanceof SqlError) return error;
  return new SqlError('internal_error', error instanceof Error ? error.message : String(error));
}

// ---- sessions ----

export function unpackSessionOptions(payload: Buffer): SessionOptions {
  const value = readControl(payload);
  for (const name of ['dialect', 'user', 'database', 'clientAddress']) checked(value[name], 'string');
  checkedStringMap(value['settings']);
  return value as unknown as SessionOptions;
}

export function unpackProfile(payload: Buffer): DialectProfile {
  const value = readControl(payload);
  for (const name of ['dialect', 'hash', 'systemSchema']) checked(value[name], 'string');
  for (const name of ['views', 'settings', 'schemas', 'facts']) {
    if (!Array.isArray(value[name])) throw new CodecError('a profile list is missing');
  }
  return value as unknown as DialectProfile;
}

export function packAuthReply(reply: AuthReply): unknown {
  return reply.kind === 'error' ? { kind: 'error', error: packError(reply.error) } : reply;
}

export function unpackAuthReply(payload: Buffer): AuthReply {
  const value = readControl(payload);
  if (value['kind'] === 'error') return { kind: 'error', error: unpackError(value['error']) };
  const { data } = value;
  if (!(data instanceof Uint8Array)) throw new CodecError('no data in an authentication reply');
  if (value['kind'] === 'continue') return { kind: 'continue', data };
  if (value['kind'] !== 'ok') throw new CodecError('unknown authentication reply');
  const session = checkedMap(value['session']);
  checked(session['processId'], 'number');
  checked(session['cancelKey'], 'number');
  checked(session['user'], 'string');
  checked(session['database'], 'string');
  checked(session['isSuperuser'], 'boolean');
  checkedStringMap(session['settings']);
  return { kind: 'ok', data, session: session as unknown as SessionInfo };
}

// ---- types and columns ----

export function writeTypes(writer: ByteWriter, types: readonly (SqlType | undefined)[]): void {
  writer.u16(types.length);
  for (const type of types) {
    writer.u8(type === undefined ? 0 : 1);
    if (type !== undefined) writeType(writer, type);
  }
}

export function readTypes(reader: ByteReader): (SqlType | undefined)[] {
  const types: (SqlType | undefined)[] = [];
  for (let count = reader.u16(); count > 0; count--) types.push(reader.bool() ? readType(reader) : undefined);
  return types;
}

export function writeColumns(writer: ByteWriter, columns: readonly ResultColumn[]): void {
  writer.u32(columns.length);
  for (const column of columns) {
    writer.text(column.name);
    writeType(writer, column.type);
    writer.u32(column.tableId);
    writer.u32(column.columnPosition);
    writer.bool(column.neverNull === true);
    writer.bool(column.origin !== undefined);
    if (column.origin !== undefined) writeOrigin(writer, column.origin);
  }
}

const ORIGIN_KEYS = ['none', 'primary', 'unique', 'index'] as const satisfies readonly ColumnOrigin['key'][];
const ORIGIN_NOT_NULL = 1;
const ORIGIN_HAS_DEFAULT = 2;
const ORIGIN_AUTO_INCREMENT = 4;
const ORIGIN_CHANGES_TO_NOW = 8;
const ORIGIN_IN_KEY = 16;

function writeOrigin(writer: ByteWriter, origin: ColumnOrigin): void {
  for (const name of [origin.database, origin.schema, origin.relation, origin.table, origin.column]) writer.text(name);
  writer.u8(ORIGIN_KEYS.indexOf(origin.key));
  writer.u8(
    (origin.notNull ? ORIGIN_NOT_NULL : 0) |
      (origin.hasDefault ? ORIGIN_HAS_DEFAULT : 0) |
      (origin.autoIncrement ? ORIGIN_AUTO_INCREMENT : 0) |
      (origin.changesToNow ? ORIGIN_CHANGES_TO_NOW : 0) |
      (origin.inKey ? ORIGIN_IN_KEY : 0),
  );
}

function readOrigin(reader: ByteReader): ColumnOrigin {
  const database = reader.text();
  const schema = reader.text();
  const relation = reader.text();
  const table = reader.text();
  const column = reader.text();
  const key = ORIGIN_KEYS[reader.u8()];
  if (key === undefined) throw new CodecError('unknown kind of key');
  const flags = reader.u8();
  return {
    database,
    schema,
    relation,
    table,
    column,
    key,
    notNull: (flags & ORIGIN_NOT_NULL) !== 0,
    hasDefault: (flags & ORIGIN_HAS_DEFAULT) !== 0,
    autoIncrement: (flags & ORIGIN_AUTO_INCREMENT) !== 0,
    changesToNow: (flags & ORIGIN_CHANGES_TO_NOW) !== 0,
    inKey: (flags & ORIGIN_IN_KEY) !== 0,
  };
}

export function readColumns(reader: ByteReader): readonly ResultColumn[] {
  const columns: ResultColumn[] = [];
  for (let count = reader.count(16); count > 0; count--) {
    const plain = { name: reader.text(), type: readType(reader), tableId: reader.u32(), columnPosition: reader.u32() };
    const column = reader.bool() ? { ...plain, neverNull: true } : plain;
    columns.push(reader.bool() ? { ...column, origin: readOrigin(reader) } : column);
  }
  return columns;
}

// ---- completion ----

/** Command words that travel as a number; the list only grows at its end. */
const COMMON_COMMANDS = [
  'SELECT',
  'INSERT',
  'UPDATE',
  'DELETE',
  'BEGIN',
  'COMMIT',
  'ROLLBACK',
  'SET',
  'START TRANSACTION',
  'SAVEPOINT',
  'RELEASE',
  'COPY',
  'FETCH',
  'MERGE',
  'SHOW',
  'DISCARD ALL',
  'DEALLOCATE',
  'PREPARE',
  'EXECUTE',
  'TRUNCATE TABLE',
  'CREATE TABLE',
  'DROP TABLE',
  'CREATE INDEX',
];
const commandIndex = new Map(COMMON_COMMANDS.map((command, index) => [command, index]));
const OTHER_COMMAND = 255;

const COMPLETE_ROWS = 1;
const COMPLETE_IDENTITY = 2;
const COMPLETE_CHANGED = 4;
const COMPLETE_DUPLICATES = 8;
const COMPLETE_RECORDS = 16;

/** u8 fields present, u8 command, f64 rows, then identity, changed rows, duplicates, records and other command where present. */
export function writeCompletion(writer: ByteWriter, completion: Completion): void {
  const { command, rows, lastIdentity, changed, duplicates, records } = completion;
  const index = commandIndex.get(command) ?? OTHER_COMMAND;
  writer.u8(
    (rows === undefined ? 0 : COMPLETE_ROWS) |
      (lastIdentity === undefined ? 0 : COMPLETE_IDENTITY) |
      (changed === undefined ? 0 : COMPLETE_CHANGED) |
      (duplicates === undefined ? 0 : COMPLETE_DUPLICATES) |
      (records === undefined ? 0 : COMPLETE_RECORDS),
  );
  writer.u8(index);
  writer.f64(rows ?? 0);
  if (lastIdentity !== undefined) {
    writer.bool(typeof lastIdentity === 'bigint' && lastIdentity > 0x7fffffffffffffffn);
    writer.i64(lastIdentity);
  }
  if (changed !== undefined) writer.f64(changed);
  if (duplicates !== undefined) writer.f64(duplicates);
  if (records !== undefined) writer.f64(records);
  if (index === OTHER_COMMAND) writer.text(command);
}

export function readCompletion(reader: ByteReader): Completion {
  const fields = reader.u8();
  const index = reader.u8();
  const rows = reader.f64();
  let lastIdentity: number | bigint | undefined;
  if (fields & COMPLETE_IDENTITY) lastIdentity = reader.bool() ? reader.u64() : reader.i64();
  const changed = fields & COMPLETE_CHANGED ? reader.f64() : undefined;
  const duplicates = fields & COMPLETE_DUPLICATES ? reader.f64() : undefined;
  const records = fields & COMPLETE_RECORDS ? reader.f64() : undefined;
  const command = index === OTHER_COMMAND ? reader.text() : COMMON_COMMANDS[index];
  if (command === undefined) throw new CodecError('unknown command');
  const result: { -readonly [Field in keyof Completion]: Completion[Field] } = { command };
  if (fields & COMPLETE_ROWS) result.rows = rows;
  if (lastIdentity !== undefined) result.lastIdentity = lastIdentity;
  if (changed !== undefined) result.changed = changed;
  if (duplicates !== undefined) result.duplicates = duplicates;
  if (records !== undefined) result.records = records;
  return result;
}

/** Values of the flags of a READY frame. */
export const TRANSACTION_STATUSES = ['idle', 'active', 'failed'] as const satisfies readonly TransactionStatus[];
