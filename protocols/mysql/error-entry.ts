/** One line of the error map: what a condition is to clients of this protocol. */
export interface ErrorEntry {
  readonly errno: number;
  readonly sqlstate: string;
  /** Template per variant; '' = errors without one. */
  readonly messages: Readonly<Record<string, string>>;
  /** Numbers and states of variants that have their own. */
  readonly variants: Readonly<Record<string, { readonly errno: number; readonly sqlstate?: string }>>;
}

export const entry = (
  errno: number,
  sqlstate: string,
  messages: ErrorEntry['messages'] = {},
  variants: ErrorEntry['variants'] = {},
): ErrorEntry => ({ errno, sqlstate, messages, variants });
