/**
 * The character sets in which text is exchanged with a client: what it sends is in character_set_client, what it gets in
 * character_set_results. Inside everything is Unicode. A client names a collation by number when it logs in, and with it a
 * character set for both.
 */
import type { NetworkReader } from '../shared/byte-reader.ts';
import { CHARSET } from './constants.ts';

export interface CharacterSet {
  /** Number of its standard collation, as column definitions have it. */
  readonly id: number;
  /** Its bytes are those of the engine's text. */
  readonly utf8: boolean;
  /** `length` bytes of the reader. */
  read(reader: NetworkReader, length: number): string;
  decode(bytes: Buffer): string;
  encode(text: string): Buffer;
}

const unicode = (id: number): CharacterSet => ({
  id,
  utf8: true,
  read: (reader, length) => reader.utf8(length),
  decode: (bytes) => bytes.toString('utf8'),
  encode: (text) => Buffer.from(text),
});

/** A character set of one byte per character, of which the first `size` stand for something. */
function singleByte(id: number, size: number, bytesToText: (bytes: Buffer) => string): CharacterSet {
  const decode = (bytes: Buffer): string => bytesToText(bytes);
  const codes = new Map<number, number>();
  for (let code = 0; code < size; code++) codes.set(bytesToText(Buffer.of(code)).charCodeAt(0), code);
  return {
    id,
    utf8: false,
    read: (reader, length) => decode(reader.view(length)),
    decode,
    encode: (text) => Buffer.from(Array.from(text, (character) => codes.get(character.codePointAt(0) ?? 0) ?? UNKNOWN)),
  };
}

/** What a character set has instead of characters that it has not. */
const UNKNOWN = 0x3f;
/** The characters of 0x80 to 0x9f, where latin1 is what Windows calls 1252. */
const WINDOWS_CHARACTERS =
  '\u20ac\x81\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\x8d\u017d\x8f' +
  '\x90\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\x9d\u017e\u0178';
const western = (bytes: Buffer): string =>
  bytes.toString('latin1').replace(/[\x80-\x9f]/g, (byte) => WINDOWS_CHARACTERS[byte.charCodeAt(0) - 0x80] ?? byte);
const sevenBits = (bytes: Buffer): string =>
  Buffer.from(bytes.map((byte) => (byte < 0x80 ? byte : UNKNOWN))).toString('latin1');

export const UTF8MB4 = unicode(CHARSET.UTF8MB4_0900_AI_CI);
const SETS: ReadonlyMap<string, CharacterSet> = new Map([
  ['utf8mb4', UTF8MB4],
  ['utf8mb3', unicode(33)],
  ['utf8', unicode(33)],
  // Text as it is.
  ['binary', unicode(CHARSET.BINARY)],
  ['latin1', singleByte(8, 256, western)],
  ['ascii', singleByte(11, 128, sevenBits)],
]);

/** NULL, too, is a value of character_set_results: nothing is converted. */
export function characterSet(name: string | undefined): CharacterSet {
  return SETS.get((name ?? '').toLowerCase()) ?? UTF8MB4;
}

export interface ClientCollation {
  readonly charset: string;
  readonly collation: string;
}

/** Collations by the number that clients give. */
const COLLATIONS: ReadonlyMap<number, string> = new Map([
  [8, 'latin1_swedish_ci'],
  [11, 'ascii_general_ci'],
  [33, 'utf8mb3_general_ci'],
  [45, 'utf8mb4_general_ci'],
  [46, 'utf8mb4_bin'],
  [47, 'latin1_bin'],
  [48, 'latin1_general_ci'],
  [49, 'latin1_general_cs'],
  [63, 'binary'],
  [65, 'ascii_bin'],
  [83, 'utf8mb3_bin'],
  [192, 'utf8mb3_unicode_ci'],
  [224, 'utf8mb4_unicode_ci'],
  [246, 'utf8mb4_unicode_520_ci'],
  [255, 'utf8mb4_0900_ai_ci'],
]);
/** The numbers of collations for single languages, which the server takes for the general one of their character set. */
const LATIN1_NUMBERS: ReadonlySet<number> = new Set([5, 15, 31, 94]);
const UTF8MB3_NUMBERS = [192, 223] as const;
const UTF8MB4_NUMBERS = [224, 323] as const;
const SERVER_DEFAULT = 'utf8mb4_0900_ai_ci';

/** undefined: text cannot be exchanged in the character set that the number belongs to. */
export function clientCollation(id: number): ClientCollation | undefined {
  const collation = COLLATIONS.get(id) ?? generalCollation(id);
  return collation === undefined ? undefined : { collation, charset: collation.replace(/_.*/, '') };
}

function generalCollation(id: number): string | undefined {
  const between = ([first, last]: readonly [number, number]): boolean => id >= first && id <= last;
  if (LATIN1_NUMBERS.has(id)) return 'latin1_swedish_ci';
  if (between(UTF8MB3_NUMBERS)) return 'utf8mb3_unicode_ci';
  return between(UTF8MB4_NUMBERS) || id === 0 ? SERVER_DEFAULT : undefined;
}
