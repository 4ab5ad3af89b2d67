/**
 * The payloads of EXECUTE, OPEN_PORTAL and PREPARE, the frames of every statement.
 *
 * EXECUTE and OPEN_PORTAL: u32 program slot, u8 flags, u8 implicit transaction, u16 parameters, u32 maximum of rows; the
 * parameters as tagged values; then, as the flags say, which parameters are text, the types, the
 * statement text, the portal. PREPARE: u32 program slot, u8 flags, the types, the text.
 * NAME_STATEMENT: the name, u16 literals, the literals as tagged values, then as PREPARE.
 */
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { CodecError } from './codec-error.ts';
import { readTypes, writeTypes } from './link-payloads.ts';
import { MAX_KEPT_TEXT, type ProgramSlot } from './link-programs.ts';
import type { ExecuteRequest, ImplicitTransaction, NamedStatement } from './session.ts';
import { SqlError } from './sql-error.ts';
import { readTaggedValue, writeTaggedValue } from './tagged-value.ts';
import type { SqlType } from './types.ts';
import type { SqlValue } from './values.ts';

/** The implicit transaction a request asks for, as the number it travels by: u8 in EXECUTE, the flags of FETCH. */
export const IMPLICIT_MODES = ['statement', 'group', 'block'] as const satisfies readonly ImplicitTransaction[];

const FLAG_WANT_COLUMNS = 2;
const FLAG_PORTAL = 4;
const FLAG_SAME_TEXT = 8;
const FLAG_SAME_TYPES = 16;
const FLAG_TEXT_PARAMETERS = 32;
/** All parameters are text: nothing more is said. */
const FLAG_ALL_TEXT = 64;

const MAX_PARAMETERS = 65_535;

/** Flags for parameters that all are text, by count: shared, since most executions need just these. */
const ALL_TEXT: (readonly boolean[])[] = [];
/** Beside the implicit transaction. */
const HOLD = 0x80;

const SHARED_FLAG_COUNT = 64;

export function allText(count: number): readonly boolean[] {
  if (count > SHARED_FLAG_COUNT) return new Array<boolean>(count).fill(true);
  return (ALL_TEXT[count] ??= new Array<boolean>(count).fill(true));
}

function isAllText(flags: readonly boolean[], count: number): boolean {
  if (flags === ALL_TEXT[count]) return true;
  for (let index = 0; index < count; index++) if (flags[index] !== true) return false;
  return true;
}

function repeatFlags(slot: ProgramSlot, types: readonly (SqlType | undefined)[], text: string): number {
  let flags = 0;
  if (slot.text === text) flags |= FLAG_SAME_TEXT;
  if (slot.types === types) flags |= FLAG_SAME_TYPES;
  return flags;
}

function writeTypesAndText(
  writer: ByteWriter,
  flags: number,
  types: readonly (SqlType | undefined)[],
  text: string,
): void {
  if (!(flags & FLAG_SAME_TYPES)) writeTypes(writer, types);
  if (!(flags & FLAG_SAME_TEXT)) writer.text(text);
}

/** Both ends remember by the same rule, the sender only once the frame is complete. */
export function remember(slot: ProgramSlot, types: readonly (SqlType | undefined)[], text: string): void {
  slot.types = types;
  slot.text = text.length <= MAX_KEPT_TEXT ? text : undefined;
}

function readTypesOf(reader: ByteReader, flags: number, slot: ProgramSlot): readonly (SqlType | undefined)[] {
  return flags & FLAG_SAME_TYPES ? (slot.types ?? []) : readTypes(reader);
}

function readTextOf(reader: ByteReader, flags: number, slot: ProgramSlot): string {
  return flags & FLAG_SAME_TEXT ? (slot.text ?? '') : reader.text();
}

export function writeExecute(writer: ByteWriter, request: ExecuteRequest, slot: ProgramSlot): void {
  const { parameters, parameterTypes, textParameters, portal, text } = request;
  if (parameters.length > MAX_PARAMETERS) {
    throw new SqlError('program_limit_exceeded', `more than ${MAX_PARAMETERS} parameters`);
  }
  let flags = repeatFlags(slot, parameterTypes, text);
  if (request.wantColumns) flags |= FLAG_WANT_COLUMNS;
  if (portal !== undefined) flags |= FLAG_PORTAL;
  if (textParameters !== undefined)
    flags |= isAllText(textParameters, parameters.length) ? FLAG_ALL_TEXT : FLAG_TEXT_PARAMETERS;
  writer.u32(slot.slot);
  writer.u8(flags);
  writer.u8(IMPLICIT_MODES.indexOf(request.implicit) | (request.hold === true ? HOLD : 0));
  writer.u16(parameters.length);
  writer.u32(request.maxRows);
  for (let index = 0; index < parameters.length; index++) writeTaggedValue(writer, parameters[index] as SqlValue);
  if (textParameters !== undefined && flags & FLAG_TEXT_PARAMETERS) {
    const count = Math.min(textParameters.length, parameters.length);
    writer.u16(count);
    for (let index = 0; index < count; index++) writer.bool(textParameters[index] === true);
  }
  writeTypesAndText(writer, flags, parameterTypes, text);
  if (portal !== undefined) writer.text(portal);
}

/** The slot is looked up by `find` as soon as its number is known. */
export function readExecute(reader: ByteReader, find: (slot: number) => ProgramSlot): ExecuteRequest {
  const slot = find(reader.u32());
  const flags = reader.u8();
  const mode = reader.u8();
  const implicit = implicitMode(mode & ~HOLD);
  const count = reader.u16();
  const maxRows = reader.u32();
  const parameters: SqlValue[] = [];
  for (let index = 0; index < count; index++) parameters.push(readTaggedValue(reader));
  let textParameters: readonly boolean[] | undefined;
  if (flags & FLAG_ALL_TEXT) textParameters = allText(count);
  else if (flags & FLAG_TEXT_PARAMETERS) {
    const some: boolean[] = [];
    for (let left = reader.u16(); left > 0; left--) some.push(reader.bool());
    textParameters = some;
  }
  const parameterTypes = readTypesOf(reader, flags, slot);
  const text = readTextOf(reader, flags, slot);
  const portal = flags & FLAG_PORTAL ? reader.text() : undefined;
  reader.expectEnd();
  remember(slot, parameterTypes, text);
  return {
    program: slot.program,
    parameters,
    parameterTypes,
    implicit,
    text,
    wantColumns: (flags & FLAG_WANT_COLUMNS) !== 0,
    maxRows,
    textParameters,
    portal,
    ...((mode & HOLD) === 0 ? {} : { hold: true }),
  };
}

/** Throws CodecError for a number that stands for none. */
export function implicitMode(number: number): ImplicitTransaction {
  const mode = IMPLICIT_MODES[number];
  if (mode === undefined) throw new CodecError('unknown implicit transaction');
  return mode;
}

export function writePrepare(
  writer: ByteWriter,
  slot: ProgramSlot,
  types: readonly (SqlType | undefined)[],
  text: string,
): void {
  const flags = repeatFlags(slot, types, text);
  writer.u32(slot.slot);
  writer.u8(flags);
  writeTypesAndText(writer, flags, types, text);
}

export interface PrepareRequest {
  readonly slot: ProgramSlot;
  readonly types: readonly (SqlType | undefined)[];
  readonly text: string;
}

export function readPrepare(reader: ByteReader, find: (slot: number) => ProgramSlot): PrepareRequest {
  const slot = find(reader.u32());
  const flags = reader.u8();
  const types = readTypesOf(reader, flags, slot);
  const text = readTextOf(reader, flags, slot);
  reader.expectEnd();
  remember(slot, types, text);
  return { slot, types, text };
}

export function writeNamed(writer: ByteWriter, statement: NamedStatement, slot: ProgramSlot): void {
  const { name, literals, parameterTypes, text } = statement;
  writer.text(name);
  writer.u16(literals.length);
  for (const literal of literals) writeTaggedValue(writer, literal);
  writePrepare(writer, slot, parameterTypes, text);
}

export function readNamed(reader: ByteReader, find: (slot: number) => ProgramSlot): NamedStatement {
  const name = reader.text();
  const literals: SqlValue[] = [];
  for (let left = reader.u16(); left > 0; left--) literals.push(readTaggedValue(reader));
  const { slot, types, text } = readPrepare(reader, find);
  return { name, program: slot.program, parameterTypes: types, literals, text };
}
