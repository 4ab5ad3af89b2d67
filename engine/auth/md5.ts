/**
 * 'md5-challenge': for clients that know no better. The verifier is `md5` and the digest of password and user
 * name in hexadecimal; the proof is `md5` and the digest of that digest and a salt of four bytes.
 */
import { createHash, timingSafeEqual } from 'node:crypto';

export const MD5_SALT_BYTES = 4;

const md5 = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('md5');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

export function md5Verifier(password: string, user: string): string {
  return `md5${md5(password, user)}`;
}

export function isMd5Verifier(text: string): boolean {
  return /^md5[0-9a-f]{32}$/.test(text);
}

/** `data`: the salt, then the proof. */
export function checkMd5Challenge(data: Buffer, verifier: string): boolean {
  const expected = Buffer.from(`md5${md5(verifier.slice(3), data.subarray(0, MD5_SALT_BYTES))}`);
  const given = data.subarray(MD5_SALT_BYTES);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
