/**
 * The messages of the protocol (version 3): their type bytes and the writers of everything the server
 * sends except rows (encode.ts) and copy data (copy-out.ts).
 */
import { CONDITIONS } from '../../sblr/contract/conditions.ts';
import type { Completion, ResultColumn, TransactionStatus } from '../../sblr/contract/session.ts';
import type { SqlError, SqlErrorDetails, SqlNotice } from '../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { beginMessage, endMessage, type NetworkWriter } from '../shared/byte-writer.ts';
import { characterPosition } from './char-position.ts';
import { errorMessage, errorSeverity, noticeMessage, noticeSeverity, type Severity } from './error-map.ts';
import { errorRoutine } from './error-routines.ts';
import { lengthOfType, modifierOfType, oidOfType } from './types.ts';

/** Type bytes of what clients send. */
export const CLIENT = {
  bind: 0x42, // B
  close: 0x43, // C
  describe: 0x44, // D
  execute: 0x45, // E
  functionCall: 0x46, // F
  flush: 0x48, // H
  parse: 0x50, // P
  query: 0x51, // Q
  sync: 0x53, // S
  terminate: 0x58, // X
  copyDone: 0x63, // c
  copyData: 0x64, // d
  copyFail: 0x66, // f
  password: 0x70, // p
} as const;

/** Request codes in place of a protocol version. */
export const CANCEL_REQUEST = 80877102;
export const SSL_REQUEST = 80877103;
export const GSSENC_REQUEST = 80877104;

const AUTHENTICATION = 0x52; // R
const AUTH_OK = 0;
const AUTH_CLEARTEXT = 3;
const AUTH_MD5 = 5;
const AUTH_SASL = 10;
const AUTH_SASL_CONTINUE = 11;
const AUTH_SASL_FINAL = 12;

function bare(writer: NetworkWriter, type: number): void {
  writer.u8(type);
  writer.i32(4);
}

export function writeParseComplete(writer: NetworkWriter): void {
  bare(writer, 0x31);
}
export function writeBindComplete(writer: NetworkWriter): void {
  bare(writer, 0x32);
}
export function writeCloseComplete(writer: NetworkWriter): void {
  bare(writer, 0x33);
}
export function writeNoData(writer: NetworkWriter): void {
  bare(writer, 0x6e);
}
export function writePortalSuspended(writer: NetworkWriter): void {
  bare(writer, 0x73);
}
export function writeEmptyQueryResponse(writer: NetworkWriter): void {
  bare(writer, 0x49);
}
export function writeCopyDone(writer: NetworkWriter): void {
  bare(writer, 0x63);
}

function authentication(writer: NetworkWriter, code: number, data?: Uint8Array): void {
  const mark = beginMessage(writer, AUTHENTICATION);
  writer.i32(code);
  if (data !== undefined) writer.raw(data);
  endMessage(writer, mark);
}

export function writeAuthenticationOk(writer: NetworkWriter): void {
  authentication(writer, AUTH_OK);
}
export function writeAuthenticationCleartext(writer: NetworkWriter): void {
  authentication(writer, AUTH_CLEARTEXT);
}
export function writeAuthenticationMd5(writer: NetworkWriter, salt: Uint8Array): void {
  const mark = beginMessage(writer, AUTHENTICATION);
  writer.i32(AUTH_MD5);
  writer.raw(salt);
  endMessage(writer, mark);
}
export function writeAuthenticationSasl(writer: NetworkWriter, mechanisms: readonly string[]): void {
  const mark = beginMessage(writer, AUTHENTICATION);
  writer.i32(AUTH_SASL);
  for (const mechanism of mechanisms) writer.cstring(mechanism);
  writer.u8(0);
  endMessage(writer, mark);
}
export function writeAuthenticationSaslContinue(writer: NetworkWriter, data: Uint8Array): void {
  authentication(writer, AUTH_SASL_CONTINUE, data);
}
export function writeAuthenticationSaslFinal(writer: NetworkWriter, data: Uint8Array): void {
  authentication(writer, AUTH_SASL_FINAL, data);
}

export function writeBackendKeyData(writer: NetworkWriter, processId: number, key: number): void {
  const mark = beginMessage(writer, 0x4b);
  writer.i32(processId);
  writer.i32(key);
  endMessage(writer, mark);
}

export function writeParameterStatus(writer: NetworkWriter, name: string, value: string): void {
  const mark = beginMessage(writer, 0x53);
  writer.cstring(name);
  writer.cstring(value);
  endMessage(writer, mark);
}

/** Tells the newest minor version we speak and the start-up options that were not understood. */
export function writeNegotiateProtocolVersion(
  writer: NetworkWriter,
  newestMinor: number,
  unknown: readonly string[],
): void {
  const mark = beginMessage(writer, 0x76);
  writer.i32(newestMinor);
  writer.i32(unknown.length);
  for (const option of unknown) writer.cstring(option);
  endMessage(writer, mark);
}

const STATUS_BYTE: Readonly<Record<TransactionStatus, number>> = { idle: 0x49, active: 0x54, failed: 0x45 };

export function writeReadyForQuery(writer: NetworkWriter, status: TransactionStatus): void {
  writer.u8(0x5a);
  writer.i32(5);
  writer.u8(STATUS_BYTE[status]);
}

/** The tag clients print: command words, then the row count, with a zero before it for INSERT. */
export function completionTag(completion: Completion): string {
  if (completion.rows === undefined || completion.command === 'SHOW') return completion.command;
  return completion.command === 'INSERT' ? `INSERT 0 ${completion.rows}` : `${completion.command} ${completion.rows}`;
}

export function writeCommandComplete(writer: NetworkWriter, tag: string): void {
  const mark = beginMessage(writer, 0x43);
  writer.cstring(tag);
  endMessage(writer, mark);
}

/** Format code of column `index`: none given = text, one = for all. */
export function formatAt(formats: readonly number[], index: number): number {
  if (formats.length === 0) return 0;
  return (formats.length === 1 ? formats[0] : formats[index]) ?? 0;
}

export function writeRowDescription(
  writer: NetworkWriter,
  columns: readonly ResultColumn[],
  formats: readonly number[],
): void {
  const mark = beginMessage(writer, 0x54);
  writer.i16(columns.length);
  for (let index = 0; index < columns.length; index++) {
    const column = columns[index] as ResultColumn;
    writer.cstring(column.name);
    writer.i32(column.tableId);
    writer.i16(column.columnPosition);
    writer.i32(oidOfType(column.type));
    writer.i16(lengthOfType(column.type));
    writer.i32(modifierOfType(column.type));
    writer.i16(formatAt(formats, index));
  }
  endMessage(writer, mark);
}

export function writeParameterDescription(writer: NetworkWriter, types: readonly SqlType[]): void {
  const mark = beginMessage(writer, 0x74);
  writer.i16(types.length);
  for (const type of types) writer.i32(oidOfType(type));
  endMessage(writer, mark);
}

export function writeNotification(writer: NetworkWriter, processId: number, channel: string, payload: string): void {
  const mark = beginMessage(writer, 0x41);
  writer.i32(processId);
  writer.cstring(channel);
  writer.cstring(payload);
  endMessage(writer, mark);
}

/** CopyInResponse (G) or CopyOutResponse (H): the overall format, then one code per column. */
export function writeCopyResponse(
  writer: NetworkWriter,
  direction: 'in' | 'out',
  binary: boolean,
  columns: number,
): void {
  const mark = beginMessage(writer, direction === 'in' ? 0x47 : 0x48);
  const format = binary ? 1 : 0;
  writer.u8(format);
  writer.i16(columns);
  for (let index = 0; index < columns; index++) writer.i16(format);
  endMessage(writer, mark);
}

function field(writer: NetworkWriter, code: string, value: string | undefined): void {
  if (value === undefined) return;
  writer.u8(code.charCodeAt(0));
  writer.cstring(value);
}

function writeFields(
  writer: NetworkWriter,
  severity: Severity,
  sqlstate: string,
  message: string,
  details: SqlErrorDetails,
  queryText: string | undefined,
  routine?: string,
): void {
  field(writer, 'S', severity);
  field(writer, 'V', severity);
  field(writer, 'C', sqlstate);
  field(writer, 'M', message);
  field(writer, 'D', details.detail);
  field(writer, 'H', details.hint);
  if (details.position !== undefined && queryText !== undefined) {
    field(writer, 'P', String(characterPosition(queryText, details.position)));
  }
  field(writer, 'W', details.context);
  field(writer, 's', details.schema);
  field(writer, 't', details.table);
  field(writer, 'c', details.column);
  field(writer, 'd', details.dataType);
  field(writer, 'n', details.constraint);
  field(writer, 'R', routine);
  writer.u8(0);
}

/** `queryText` is the whole text the client sent, which the error's position counts in. */
export function writeErrorResponse(
  writer: NetworkWriter,
  error: SqlError,
  queryText?: string,
  severity: Severity = errorSeverity(error),
): void {
  const mark = beginMessage(writer, 0x45);
  const message = errorMessage(error);
  writeFields(writer, severity, error.sqlstate, message, error.details, queryText, errorRoutine(error, message));
  endMessage(writer, mark);
}

export function writeNoticeResponse(writer: NetworkWriter, notice: SqlNotice, queryText?: string): void {
  const mark = beginMessage(writer, 0x4e);
  const sqlstate = notice.details.sqlstate ?? CONDITIONS[notice.condition].sqlstate;
  writeFields(writer, noticeSeverity(notice), sqlstate, noticeMessage(notice), notice.details, queryText);
  endMessage(writer, mark);
}
