/** Digests, ciphers by mode, unique identifiers as text and bytes, and network addresses as numbers, bytes and text. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { canonicalInteger } from '../../sblr/contract/values.ts';
import type { Integer } from '../types/integers.ts';
import type { EvalContext } from './function.ts';
import { scalar, STABLE, VOLATILE } from './table.ts';

// ---- digests

const SHA2: Readonly<Record<number, string>> = {
  0: 'sha256',
  224: 'sha224',
  256: 'sha256',
  384: 'sha384',
  512: 'sha512',
};
for (const type of ['text', 'bytes']) {
  scalar(`sha1_text(${type}) text`, (value: string | Uint8Array) => createHash('sha1').update(value).digest('hex'));
  scalar(`sha2_text(${type}, int64) text`, (value: string | Uint8Array, bits: Integer) => {
    const algorithm = SHA2[Number(bits)];
    return algorithm === undefined ? null : createHash(algorithm).update(value).digest('hex');
  });
}

// ---- ciphers

const BLOCK = 16;

/** The key folded to the length that the mode wants. */
function foldedKey(key: Uint8Array, length: number): Buffer {
  const folded = Buffer.alloc(length);
  key.forEach((byte, i) => {
    folded[i % length] = (folded[i % length] as number) ^ byte;
  });
  return folded;
}
interface Mode {
  readonly name: string;
  readonly keyLength: number;
  readonly vector: boolean;
}
function cipherMode(context: EvalContext): Mode {
  const name = context.introspection.setting('block_encryption_mode') ?? 'aes-128-ecb';
  return { name, keyLength: Number(name.split('-')[1] ?? 128) / 8, vector: !name.endsWith('ecb') };
}
function vectorFor(mode: Mode, vector: Uint8Array | undefined, name: string): Uint8Array | null {
  if (!mode.vector) return null;
  if (vector === undefined || vector.length < BLOCK)
    throw new SqlError('invalid_parameter_value', {
      message: `The initialization vector supplied to ${name} is too short. Must be at least ${BLOCK} bytes long`,
      variant: 'short_vector',
      args: { function: name, length: BLOCK },
    });
  return vector.subarray(0, BLOCK);
}
function enciphered(
  value: Uint8Array,
  key: Uint8Array,
  vector: Uint8Array | undefined,
  context: EvalContext,
): Uint8Array {
  const mode = cipherMode(context);
  const cipher = createCipheriv(mode.name, foldedKey(key, mode.keyLength), vectorFor(mode, vector, 'aes_encrypt'));
  return Uint8Array.from(Buffer.concat([cipher.update(value), cipher.final()]));
}
function deciphered(
  value: Uint8Array,
  key: Uint8Array,
  vector: Uint8Array | undefined,
  context: EvalContext,
): Uint8Array | null {
  const mode = cipherMode(context);
  const cipher = createDecipheriv(mode.name, foldedKey(key, mode.keyLength), vectorFor(mode, vector, 'aes_decrypt'));
  try {
    return Uint8Array.from(Buffer.concat([cipher.update(value), cipher.final()]));
  } catch {
    return null;
  }
}
for (const [name, code] of [
  ['enciphered', enciphered],
  ['deciphered', deciphered],
] as const) {
  scalar(
    `${name}(bytes, bytes) bytes`,
    (value: Uint8Array, key: Uint8Array, context: EvalContext) => code(value, key, undefined, context),
    STABLE,
  );
  scalar(`${name}(bytes, bytes, bytes) bytes`, code, STABLE);
}
scalar(
  'bytes_of_chance(int64) bytes',
  (count: Integer) => {
    if (count < 1 || count > 1024)
      throw new SqlError('numeric_value_out_of_range', {
        message: 'length value is out of range in random_bytes',
        args: { type: 'length', expression: 'random_bytes' },
      });
    return Uint8Array.from(randomBytes(Number(count)));
  },
  VOLATILE,
);

// ---- unique identifiers

const IDENTIFIER = /^\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?$/i;

/** The parts of the time in falling order, so that later identifiers are greater. */
const swapped = (bytes: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(6, 8), bytes.subarray(4, 6), bytes.subarray(0, 4), bytes.subarray(8)]);
const unswapped = (bytes: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(4, 8), bytes.subarray(2, 4), bytes.subarray(0, 2), bytes.subarray(8)]);

function identifierBytes(text: string, swap: Integer): Uint8Array {
  if (!IDENTIFIER.test(text))
    throw new SqlError('invalid_text_representation', {
      message: `Incorrect string value: '${text}' for function uuid_to_bin`,
      variant: 'function',
      args: { type: 'string', value: text, function: 'uuid_to_bin' },
    });
  const bytes = Buffer.from(text.replace(/[-{}]/g, ''), 'hex');
  return Uint8Array.from(Number(swap) === 0 ? bytes : swapped(bytes));
}
function identifierText(value: Uint8Array, swap: Integer): string {
  const given = Buffer.from(value);
  if (given.length !== 16)
    throw new SqlError('invalid_text_representation', {
      message: `Incorrect string value for function bin_to_uuid`,
      variant: 'function',
      args: { type: 'string', value: given.toString('latin1'), function: 'bin_to_uuid' },
    });
  const hex = (Number(swap) === 0 ? given : unswapped(given)).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
scalar('is_uuid_text(text) bool', (text: string) => IDENTIFIER.test(text));
scalar('uuid_bytes(text) bytes', (text: string) => identifierBytes(text, 0));
scalar('uuid_bytes(text, int64) bytes', identifierBytes);
scalar('uuid_text(bytes) text', (value: Uint8Array) => identifierText(value, 0));
scalar('uuid_text(bytes, int64) text', identifierText);

let lastNumber = (BigInt(Math.floor(Date.now() / 1000)) << 24n) + (1n << 56n);
/** Rises with every call; begins with the time at which the server started. */
scalar('short_unique_number() int64', () => canonicalInteger(lastNumber++), {
  ...VOLATILE,
  result: () => ({ kind: 'int64', unsigned: true }),
});

// ---- network addresses

const SHORT = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;
function isShort(text: string): boolean {
  return SHORT.test(text);
}
/** Eight groups of hexadecimal digits, one run of zeros left out as ::, the last two perhaps as a short address. */
function isLong(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1);
  const short = last?.includes('.') === true;
  if (short && !isShort(last)) return false;
  if (!groups.slice(0, short ? -1 : undefined).every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  const size = groups.length + (short ? 1 : 0);
  return halves.length === 2 ? size <= 7 : size === 8;
}
function numbers(text: string): number[] {
  return text.split('.').map(Number);
}
/** a.b.c.d as a number; with fewer parts the last one fills the rest. */
scalar(
  'address_number(text) int64',
  (text: string) => {
    if (!/^\d{1,3}(\.\d{1,3}){0,3}$/.test(text)) return null;
    const parts = numbers(text);
    if (parts.some((part) => part > 255)) return null;
    const last = parts.pop() as number;
    return parts.reduce((sum, part, i) => sum + part * 256 ** (3 - i), last);
  },
  { result: () => ({ kind: 'int64', unsigned: true }) },
);
scalar('address_of_number(int64) text', (value: Integer) =>
  value < 0 || value > 4294967295
    ? null
    : [24, 16, 8, 0].map((shift) => Math.floor(Number(value) / 2 ** shift) % 256).join('.'),
);

function groupsOf(text: string): number[] {
  const [head = '', tail] = text.split('::');
  const read = (part: string): number[] =>
    part === ''
      ? []
      : part.split(':').flatMap((group) => {
          if (!group.includes('.')) return [Number.parseInt(group, 16)];
          const [a = 0, b = 0, c = 0, d = 0] = numbers(group);
          return [a * 256 + b, c * 256 + d];
        });
  const front = read(head);
  const back = tail === undefined ? [] : read(tail);
  return [...front, ...Array.from({ length: 8 - front.length - back.length }, () => 0), ...back];
}
scalar('address_bytes(text) bytes', (text: string) => {
  if (isShort(text)) return Uint8Array.from(numbers(text));
  if (!isLong(text)) return null;
  return Uint8Array.from(groupsOf(text).flatMap((group) => [group >> 8, group & 255]));
});
function longAddress(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[i * 2] as number) * 256 + (bytes[i * 2 + 1] as number));
  const short = [...bytes.subarray(12)].join('.');
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) return `::ffff:${short}`;
  if (groups.slice(0, 6).every((group) => group === 0) && groups[6] !== 0) return `::${short}`;
  // The longest run of zeros, the first among equals, is left out.
  let start = -1;
  let size = 0;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > size) [start, size] = [i, end - i];
  }
  const hex = groups.map((group) => group.toString(16));
  return start < 0 ? hex.join(':') : `${hex.slice(0, start).join(':')}::${hex.slice(start + size).join(':')}`;
}
scalar('address_text(bytes) text', (bytes: Uint8Array) =>
  bytes.length === 4 ? [...bytes].join('.') : bytes.length === 16 ? longAddress(bytes) : null,
);
const NULLABLE = { strict: false };
scalar('is_short_address(text) bool', (text: string | null) => text !== null && isShort(text), NULLABLE);
scalar('is_long_address(text) bool', (text: string | null) => text !== null && isLong(text), NULLABLE);
scalar(
  'is_mapped_address(bytes) bool',
  (bytes: Uint8Array) =>
    bytes.length === 16 && bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255,
);
scalar(
  'is_compatible_address(bytes) bool',
  (bytes: Uint8Array) =>
    bytes.length === 16 &&
    bytes.subarray(0, 12).every((byte) => byte === 0) &&
    // The unspecified address and that of the machine itself are addresses of their own.
    (bytes.subarray(12, 15).some((byte) => byte !== 0) || (bytes[15] as number) > 1),
);
