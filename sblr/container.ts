/**
 * The container of a program: magic, version, hash, sections. Opening one checks everything but the
 * instructions: decode.ts does those. Layout: specs/sblr/format.md.
 */
import { hash as digest } from 'node:crypto';
import { asBuffer, ByteReader } from './contract/byte-reader.ts';
import { CodecError } from './contract/codec-error.ts';
import type { Semantics } from './contract/semantics.ts';
import { readTaggedValue } from './contract/tagged-value.ts';
import { readType } from './contract/type-codec.ts';
import type { SqlType } from './contract/types.ts';
import type { SqlValue } from './contract/values.ts';
import { MAX_INSTRUCTIONS, MAX_PROGRAM_BYTES } from './limits.ts';
import { SBLR_VERSION } from './opcodes.ts';
import { ProgramError, tooLarge } from './program-error.ts';
import { decodeSemantics } from './semantics-codec.ts';

/** 'SBLR' read as a little-endian u32. */
export const MAGIC = 0x524c4253;
export const VERSION_OFFSET = 4;
export const FLAGS_OFFSET = 6;
export const HASH_OFFSET = 8;
export const HASH_BYTES = 32;
/** Where the hashed rest begins. */
export const BODY_OFFSET = HASH_OFFSET + HASH_BYTES;

export interface Container {
  readonly version: number;
  readonly hash: string;
  readonly parameterTypes: readonly (SqlType | undefined)[];
  readonly semantics: Semantics;
  readonly strings: readonly string[];
  readonly values: readonly SqlValue[];
  readonly byteStrings: readonly Uint8Array[];
  readonly instructionCount: number;
  /** Over the whole program, bounded to the instruction stream. */
  readonly code: ByteReader;
  /** Where the source map starts: a u32 per instruction, position + 1, or 0. */
  readonly sourceMap: number;
}

/** SHA-256 of the body as 32 latin1 characters. */
export function bodyHash(bytes: Uint8Array): string {
  return digest('sha256', asBuffer(bytes).subarray(BODY_OFFSET), 'binary');
}

/** The hash a program carries, which is its key in every cache; unchecked. */
export function programHash(bytes: Uint8Array): string {
  if (bytes.length < BODY_OFFSET) throw new ProgramError('too short');
  return asBuffer(bytes).toString('latin1', HASH_OFFSET, BODY_OFFSET);
}

/** Opens a program of any origin. Throws ProgramError or SqlError. */
export function openContainer(bytes: Uint8Array): Container {
  if (bytes.length > MAX_PROGRAM_BYTES) throw tooLarge('bytes', MAX_PROGRAM_BYTES);
  if (bytes.length < BODY_OFFSET) throw new ProgramError('too short');
  const reader = new ByteReader(bytes);
  if (reader.u32() !== MAGIC) throw new ProgramError('not a program', 0);
  const version = reader.u16();
  if (version !== SBLR_VERSION) throw new ProgramError(`version ${version} is not supported`, VERSION_OFFSET);
  if (reader.u16() !== 0) throw new ProgramError('unknown flags', FLAGS_OFFSET);
  const hash = reader.latin1(HASH_BYTES);
  if (hash !== bodyHash(bytes)) throw new ProgramError('the hash does not match', HASH_OFFSET);
  return guarded(reader, () => readSections(reader, version, hash));
}

/** Runs a reading function: what the bytes cannot back becomes a ProgramError. */
export function guarded<T>(reader: ByteReader, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof CodecError) throw new ProgramError(error.message, reader.position);
    throw error;
  }
}

function readSections(reader: ByteReader, version: number, hash: string): Container {
  const parameterTypes: (SqlType | undefined)[] = [];
  for (let count = reader.u16(); count > 0; count--) parameterTypes.push(reader.bool() ? readType(reader) : undefined);
  const semantics = decodeSemantics(reader.raw(reader.u16()));
  const strings = readStrings(reader);
  const values: SqlValue[] = [];
  for (let count = reader.count(1); count > 0; count--) values.push(readTaggedValue(reader));
  const byteStrings: Uint8Array[] = [];
  for (let count = reader.count(4); count > 0; count--) byteStrings.push(reader.blob());
  const instructionCount = reader.count(8);
  if (instructionCount > MAX_INSTRUCTIONS) throw tooLarge('instructions', MAX_INSTRUCTIONS);
  const codeBytes = reader.u32();
  const start = reader.take(codeBytes);
  const sourceMap = reader.take(instructionCount * 4);
  reader.expectEnd();
  const code = new ByteReader(reader.bytes, start, start + codeBytes);
  return { version, hash, parameterTypes, semantics, strings, values, byteStrings, instructionCount, code, sourceMap };
}

/** The string pool is one UTF-8 text cut into pieces by UTF-16 lengths: one native call decodes all. */
function readStrings(reader: ByteReader): string[] {
  const count = reader.count(4);
  const lengths = reader.position;
  reader.take(count * 4);
  const text = reader.text();
  const strings: string[] = new Array(count);
  let at = 0;
  for (let index = 0; index < count; index++) {
    const end = at + reader.bytes.readUInt32LE(lengths + index * 4);
    if (end > text.length) throw new CodecError('string outside the pool');
    strings[index] = text.slice(at, end);
    at = end;
  }
  if (at !== text.length) throw new CodecError('text after the last string');
  return strings;
}
