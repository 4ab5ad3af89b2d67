/**
 * Challenge-response logins in which the client proves that it knows a digest of the password:
 *
 * - 'sha1-challenge': the server keeps SHA1(SHA1(password)); the proof is
 *   SHA1(password) xor SHA1(nonce + SHA1(SHA1(password))).
 * - 'sha256-challenge': the proof is SHA256(password) xor SHA256(SHA256(SHA256(password)) + nonce). The
 *   digest it is checked against is never stored: it is remembered in memory after a login that sent the
 *   password itself over a protected channel, and forgotten when the password changes.
 *
 * Both send `nonce` and proof as one datum: the nonce's 20 bytes first.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

export const CHALLENGE_NONCE_BYTES = 20;
const SHA1_BYTES = 20;
const SHA256_BYTES = 32;

type Algorithm = 'sha1' | 'sha256';

const digest = (algorithm: Algorithm, ...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest();
};

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, i) => byte ^ (b[i] as number)));
}

/** The verifier kept for 'sha1-challenge', in hexadecimal. */
export function doubleSha1(password: string): string {
  return digest('sha1', digest('sha1', Buffer.from(password))).toString('hex');
}

/** What a fast 'sha256-challenge' is checked against. */
export function doubleSha256(password: Buffer): Buffer {
  return digest('sha256', digest('sha256', password));
}

export function checkSha1Challenge(data: Buffer, verifier: string): boolean {
  const stored = Buffer.from(verifier, 'hex');
  if (data.length !== CHALLENGE_NONCE_BYTES + SHA1_BYTES || stored.length !== SHA1_BYTES) return false;
  const nonce = data.subarray(0, CHALLENGE_NONCE_BYTES);
  const once = xor(data.subarray(CHALLENGE_NONCE_BYTES), digest('sha1', nonce, stored));
  return timingSafeEqual(digest('sha1', once), stored);
}

export function checkSha256Challenge(data: Buffer, twice: Buffer): boolean {
  if (data.length !== CHALLENGE_NONCE_BYTES + SHA256_BYTES) return false;
  const nonce = data.subarray(0, CHALLENGE_NONCE_BYTES);
  const once = xor(data.subarray(CHALLENGE_NONCE_BYTES), digest('sha256', twice, nonce));
  return timingSafeEqual(digest('sha256', once), twice);
}
