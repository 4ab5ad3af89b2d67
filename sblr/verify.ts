/**
 * The verifier: is this a program that may be carried out? Verification and decoding are one pass
 * (decode.ts), so what passes here decodes, and what decodes has passed.
 */
import { HASH_BYTES, HASH_OFFSET, BODY_OFFSET, bodyHash } from './container.ts';
import { decodeProgram } from './decode.ts';
import { ProgramError } from './program-error.ts';

/** Throws ProgramError or SqlError when the bytes are not a program within the limits. */
export function verifyProgram(bytes: Uint8Array, expectedHash?: string): void {
  decodeProgram(bytes, expectedHash);
}

/** A copy whose hash fits its body: how tools and tests get past the hash to what it protects. */
export function resealProgram(bytes: Uint8Array): Uint8Array {
  if (bytes.length < BODY_OFFSET) throw new ProgramError('too short');
  const copy = Buffer.from(bytes);
  copy.write(bodyHash(copy), HASH_OFFSET, HASH_BYTES, 'latin1');
  return copy;
}
