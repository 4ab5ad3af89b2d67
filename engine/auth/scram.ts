/**
 * SCRAM-SHA-256, the server's side (RFC 5802, RFC 7677), and the verifier kept instead of a password:
 * `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`, salt and keys in base64.
 * Workers relay the messages; only the engine sees verifiers.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';

export const SCRAM_ITERATIONS = 4096;
const SALT_BYTES = 16;
const NONCE_BYTES = 18;
const MESSAGE_LIMIT = 4096;

interface Verifier {
  readonly iterations: number;
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (data: Buffer): Buffer => createHash('sha256').update(data).digest();

export function scramVerifier(
  password: string,
  salt: Buffer = randomBytes(SALT_BYTES),
  iterations: number = SCRAM_ITERATIONS,
): string {
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, 32, 'sha256');
  const storedKey = sha256(hmac(salted, 'Client Key'));
  const serverKey = hmac(salted, 'Server Key');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey.toString('base64')}:${serverKey.toString('base64')}`;
}

export function isScramVerifier(text: string): boolean {
  return parseVerifier(text) !== undefined;
}

function parseVerifier(text: string): Verifier | undefined {
  const match = /^SCRAM-SHA-256\$(\d{1,8}):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)$/.exec(text);
  if (match === null) return undefined;
  const storedKey = Buffer.from(match[3]!, 'base64');
  const serverKey = Buffer.from(match[4]!, 'base64');
  if (storedKey.length !== 32 || serverKey.length !== 32) return undefined;
  return { iterations: Number(match[1]), salt: Buffer.from(match[2]!, 'base64'), storedKey, serverKey };
}

/** Does `password` fit the verifier? For mechanisms that send the password itself. */
export function verifyPassword(password: string, verifier: string): boolean {
  const parsed = parseVerifier(verifier);
  if (parsed === undefined) return false;
  const salted = pbkdf2Sync(password.normalize('NFKC'), parsed.salt, parsed.iterations, 32, 'sha256');
  return timingSafeEqual(sha256(hmac(salted, 'Client Key')), parsed.storedKey);
}

export type ScramStep =
  | { readonly kind: 'continue'; readonly data: string }
  | { readonly kind: 'ok'; readonly data: string }
  | { readonly kind: 'malformed'; readonly reason: string }
  | { readonly kind: 'failed' };

/**
 * One exchange. A user without verifier runs through the same messages with a made-up verifier, so
 * that nobody learns which users exist.
 */
export class ScramExchange {
  readonly #verifier: Verifier;
  readonly #real: boolean;
  #clientFirstBare = '';
  #serverFirst = '';
  #nonce = '';
  #header = '';

  constructor(verifier: string | undefined, mockSeed: string) {
    const parsed = verifier === undefined ? undefined : parseVerifier(verifier);
    this.#real = parsed !== undefined;
    this.#verifier = parsed ?? {
      iterations: SCRAM_ITERATIONS,
      salt: createHash('sha256').update(`salt:${mockSeed}`).digest().subarray(0, SALT_BYTES),
      storedKey: randomBytes(32),
      serverKey: randomBytes(32),
    };
  }

  step(message: string): ScramStep {
    if (message.length > MESSAGE_LIMIT) return { kind: 'malformed', reason: 'message too long' };
    return this.#nonce === '' ? this.#first(message) : this.#final(message);
  }

  #first(message: string): ScramStep {
    const match = /^(([nyp])(?:=([^,]*))?,(?:a=([^,]*))?,)(n=([^,]*),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/s.exec(
      message,
    );
    if (match === null) return { kind: 'malformed', reason: 'malformed client-first-message' };
    if (match[2] === 'p') return { kind: 'malformed', reason: 'channel binding is not offered' };
    this.#header = match[1]!;
    this.#clientFirstBare = match[5]!;
    this.#nonce = match[7]! + randomBytes(NONCE_BYTES).toString('base64');
    this.#serverFirst = `r=${this.#nonce},s=${this.#verifier.salt.toString('base64')},i=${this.#verifier.iterations}`;
    return { kind: 'continue', data: this.#serverFirst };
  }

  #final(message: string): ScramStep {
    const match = /^((?:c=([A-Za-z0-9+/=]+)),r=([^,]+)(?:,.*)?),p=([A-Za-z0-9+/=]+)$/s.exec(message);
    if (match === null) return { kind: 'malformed', reason: 'malformed client-final-message' };
    if (Buffer.from(match[2]!, 'base64').toString('utf8') !== this.#header)
      return { kind: 'malformed', reason: 'channel binding data does not match' };
    if (match[3] !== this.#nonce) return { kind: 'malformed', reason: 'nonce does not match' };
    const authMessage = `${this.#clientFirstBare},${this.#serverFirst},${match[1]!}`;
    const signature = hmac(this.#verifier.storedKey, authMessage);
    const proof = Buffer.from(match[4]!, 'base64');
    if (proof.length !== 32) return { kind: 'malformed', reason: 'malformed proof' };
    const clientKey = Buffer.alloc(32);
    for (let i = 0; i < 32; i++) clientKey[i] = proof[i]! ^ signature[i]!;
    const matches = timingSafeEqual(sha256(clientKey), this.#verifier.storedKey);
    if (!matches || !this.#real) return { kind: 'failed' };
    return { kind: 'ok', data: `v=${hmac(this.#verifier.serverKey, authMessage).toString('base64')}` };
  }
}
