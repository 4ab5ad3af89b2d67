/** Identifiers made of names, times and chance (RFC 4122), and digests by the name of their algorithm. */
import { createHash, createHmac, randomBytes } from 'node:crypto';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { scalar, VOLATILE } from './table.ts';

// ---- identifiers

const NAMESPACES = {
  dns: '6ba7b810-9dad-11d1-80b4-00c04fd430c8',
  url: '6ba7b811-9dad-11d1-80b4-00c04fd430c8',
  oid: '6ba7b812-9dad-11d1-80b4-00c04fd430c8',
  x500: '6ba7b814-9dad-11d1-80b4-00c04fd430c8',
} as const;

function shown(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .slice(0, 32)
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function marked(bytes: Buffer, version: number): string {
  bytes[6] = ((bytes[6] as number) & 0x0f) | (version << 4);
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return shown(bytes);
}

/** Name within a namespace, always the same. */
function named(algorithm: 'md5' | 'sha1', version: number): (namespace: string, name: string) => string {
  return (namespace, name) => {
    const hash = createHash(algorithm)
      .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
      .update(name);
    return marked(hash.digest().subarray(0, 16), version);
  };
}

/** 100 ns steps from the Gregorian reform to 1970. */
const EPOCH_STEPS = 0x01b21dd213814000n;
/** Stands for the machine, whose real address nobody needs to learn. */
const NODE = randomBytes(6);
NODE[0] = (NODE[0] as number) | 1;
let lastSteps = 0n;
const clock = randomBytes(2);

function timed(): string {
  let steps = BigInt(Date.now()) * 10_000n + EPOCH_STEPS;
  if (steps <= lastSteps) steps = lastSteps + 1n;
  lastSteps = steps;
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32BE(Number(steps & 0xffffffffn), 0);
  bytes.writeUInt16BE(Number((steps >> 32n) & 0xffffn), 4);
  bytes.writeUInt16BE(Number((steps >> 48n) & 0x0fffn), 6);
  clock.copy(bytes, 8);
  NODE.copy(bytes, 10);
  return marked(bytes, 1);
}

scalar('uuid_of_time() uuid', timed, VOLATILE);
// As gen_random_uuid, under the name that a dialect may have for it besides.
scalar('uuid_random() uuid', () => globalThis.crypto.randomUUID(), VOLATILE);
scalar('uuid_of_name_md5(uuid, text) uuid', named('md5', 3));
scalar('uuid_of_name_sha1(uuid, text) uuid', named('sha1', 5));
scalar('uuid_nil() uuid', () => '00000000-0000-0000-0000-000000000000');
for (const [name, value] of Object.entries(NAMESPACES)) scalar(`uuid_namespace_${name}() uuid`, () => value);

// ---- digests

const ALGORITHMS: ReadonlySet<string> = new Set(['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512']);

function algorithm(name: string): string {
  const known = name.toLowerCase();
  if (!ALGORITHMS.has(known))
    throw new SqlError('invalid_parameter_value', `Cannot use "${name}": No such hash algorithm`);
  return known;
}

const digest = (data: string | Uint8Array, name: string): Uint8Array =>
  Uint8Array.from(createHash(algorithm(name)).update(data).digest());
const keyed = (data: string | Uint8Array, key: string | Uint8Array, name: string): Uint8Array =>
  Uint8Array.from(createHmac(algorithm(name), key).update(data).digest());
for (const type of ['text', 'bytes']) {
  scalar(`digest(${type}, text) bytes`, digest);
  scalar(`keyed_digest(${type}, ${type}, text) bytes`, keyed);
}

scalar(
  'random_bytes(int32) bytes',
  (count: number) => {
    if (count < 1 || count > 1024) throw new SqlError('external_routine_exception', 'Length not in range');
    return Uint8Array.from(randomBytes(count));
  },
  VOLATILE,
);
