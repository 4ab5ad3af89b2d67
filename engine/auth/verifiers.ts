/** What is kept of a password: one verifier per mechanism, by the mechanism's name, and never the password. */
import { doubleSha1 } from './challenge.ts';
import { isScramVerifier, scramVerifier } from './scram.ts';

/** `password` may be a verifier that the client made itself; then only its own mechanism can be used. */
export function verifiersOf(password: string): Readonly<Record<string, string>> {
  if (password === '') return {};
  if (isScramVerifier(password)) return { 'scram-sha-256': password };
  return { 'scram-sha-256': scramVerifier(password), 'sha1-challenge': doubleSha1(password) };
}
