/** Source of random bytes, injected so that tests can be repeated exactly. */
export interface Random {
  fill(bytes: Uint8Array): void;
}
