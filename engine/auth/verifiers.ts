/** What is kept of a password: one verifier per mechanism, by the mechanism's name, and never the password. */
import { doubleSha1 } from './challenge.ts';
import { isMd5Verifier, md5Verifier } from './md5.ts';
import { isScramVerifier, scramVerifier } from './scram.ts';

/**
 * `password` may be a verifier that the client made itself; then only its own mechanism can be used.
 * `encryption`: 'md5' = the one for clients that know nothing better, in place of SCRAM's. `literal`: the text is the
 * password, whatever it looks like, and an empty one is a password like any other.
 */
export function verifiersOf(
  password: string,
  user: string,
  encryption?: string,
  literal = false,
): Readonly<Record<string, string>> {
  if (literal) return { 'scram-sha-256': scramVerifier(password), 'sha1-challenge': doubleSha1(password) };
  if (password === '') return {};
  if (isScramVerifier(password)) return { 'scram-sha-256': password };
  if (isMd5Verifier(password)) return { 'md5-challenge': password };
  if (encryption === 'md5')
    return { 'md5-challenge': md5Verifier(password, user), 'sha1-challenge': doubleSha1(password) };
  return { 'scram-sha-256': scramVerifier(password), 'sha1-challenge': doubleSha1(password) };
}
