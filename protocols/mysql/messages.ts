/** Packets the server sends after the handshake: OK, ERR, EOF, column definitions (MySQL protocol, "Generic Response Packets"). */
import type { ResultColumn } from '../../sblr/contract/session.ts';
import { CLIENT, FIELD_FLAG, SERVER_STATUS } from './constants.ts';
import type { PacketWriter } from './packets.ts';
import { fieldType } from './types.ts';

const OK = 0x00;
const EOF = 0xfe;
const ERR = 0xff;
/** Length of the fixed part of a column definition. */
const FIXED_PART_BYTES = 0x0c;
const STATE_MARKER = 0x23;

/** Kinds of session state that OK packets track. */
const TRACK_SYSTEM_VARIABLE = 0;
const TRACK_SCHEMA = 1;

/** What changed in the session since the client was told last. */
export interface StateChange {
  readonly kind: 'variable' | 'schema';
  readonly name: string;
  readonly value: string;
}

export interface Outcome {
  readonly affectedRows: number | bigint;
  readonly lastInsertId: number | bigint;
  readonly status: number;
  readonly warnings: number;
  readonly info: string;
  readonly changes: readonly StateChange[];
}

export function writeOk(packets: PacketWriter, capabilities: number, outcome: Outcome, header = OK): void {
  const { out } = packets;
  const changed = outcome.changes.length > 0 && (capabilities & CLIENT.SESSION_TRACK) !== 0;
  const status = changed ? outcome.status | SERVER_STATUS.SESSION_STATE_CHANGED : outcome.status;
  packets.begin();
  out.u8(header);
  packets.lengthInteger(outcome.affectedRows);
  packets.lengthInteger(outcome.lastInsertId);
  out.u16le(status);
  out.u16le(Math.min(outcome.warnings, 0xffff));
  // Documented as a text to the end for clients that do not track; servers send its length all the same.
  if (changed || outcome.info !== '') packets.text(outcome.info);
  if (changed) writeStateChanges(packets, outcome.changes);
  packets.end();
}

function writeStateChanges(packets: PacketWriter, changes: readonly StateChange[]): void {
  const entries: Buffer[] = [];
  for (const { kind, name, value } of changes) {
    const data = kind === 'schema' ? lengthText(value) : Buffer.concat([lengthText(name), lengthText(value)]);
    entries.push(
      Buffer.from([kind === 'schema' ? TRACK_SCHEMA : TRACK_SYSTEM_VARIABLE]),
      lengthPrefix(data.length),
      data,
    );
  }
  const all = Buffer.concat(entries);
  packets.lengthInteger(all.length);
  packets.out.raw(all);
}

function lengthText(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([lengthPrefix(bytes.length), bytes]);
}

/** Lengths of names and values of settings fit two bytes. */
function lengthPrefix(length: number): Buffer {
  return length < 251 ? Buffer.from([length]) : Buffer.from([0xfc, length & 0xff, length >>> 8]);
}

/** Ends a column list or the rows. With DEPRECATE_EOF the rows end in an OK packet instead. */
export function writeEof(packets: PacketWriter, status: number, warnings: number): void {
  packets.begin();
  packets.out.u8(EOF);
  packets.out.u16le(Math.min(warnings, 0xffff));
  packets.out.u16le(status);
  packets.end();
}

export function writeEndOfRows(packets: PacketWriter, capabilities: number, outcome: Outcome): void {
  if ((capabilities & CLIENT.DEPRECATE_EOF) !== 0) writeOk(packets, capabilities, outcome, EOF);
  else writeEof(packets, outcome.status, outcome.warnings);
}

export function writeErr(packets: PacketWriter, errno: number, sqlstate: string, message: string): void {
  packets.begin();
  packets.out.u8(ERR);
  packets.out.u16le(errno);
  packets.out.u8(STATE_MARKER);
  packets.out.ascii(sqlstate);
  packets.rest(message);
  packets.end();
}

/** ColumnDefinition41. `defaults` = the field is described for COM_FIELD_LIST, which adds the default value. */
export function writeColumnDefinition(
  packets: PacketWriter,
  column: ResultColumn,
  charset: number,
  defaults = false,
): void {
  const { out } = packets;
  const { origin } = column;
  const type = fieldType(column.type, charset, origin !== undefined && origin.table !== '');
  packets.begin();
  packets.text('def');
  packets.text(origin?.database ?? '');
  packets.text(origin?.relation ?? '');
  packets.text(origin?.table ?? '');
  packets.text(column.name);
  packets.text(origin?.column ?? '');
  out.u8(FIXED_PART_BYTES);
  out.u16le(type.charset);
  out.u32le(type.length);
  out.u8(type.code);
  out.u16le(type.flags | (column.neverNull === true ? FIELD_FLAG.NOT_NULL : 0) | originFlags(column));
  out.u8(type.decimals);
  out.u16le(0);
  if (defaults) out.u8(0xfb);
  packets.end();
}

function originFlags({ origin, type }: ResultColumn): number {
  if (origin === undefined || origin.table === '') return 0;
  return (
    (origin.notNull ? FIELD_FLAG.NOT_NULL : 0) |
    (origin.key === 'primary' ? FIELD_FLAG.PRI_KEY : 0) |
    (origin.key === 'unique' ? FIELD_FLAG.UNIQUE_KEY : 0) |
    (origin.key === 'index' ? FIELD_FLAG.MULTIPLE_KEY : 0) |
    (origin.inKey ? FIELD_FLAG.PART_KEY : 0) |
    (type.kind === 'timestamptz' && (origin.hasDefault || origin.changesToNow) ? FIELD_FLAG.TIMESTAMP : 0) |
    (origin.changesToNow ? FIELD_FLAG.ON_UPDATE_NOW : 0) |
    (type.kind !== 'bytes' && type.collation?.endsWith('_bin') === true ? FIELD_FLAG.BINARY : 0) |
    (origin.autoIncrement ? FIELD_FLAG.AUTO_INCREMENT : 0) |
    (origin.notNull && !origin.hasDefault && !origin.autoIncrement ? FIELD_FLAG.NO_DEFAULT_VALUE : 0)
  );
}
