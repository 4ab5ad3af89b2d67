/** What a modification did, as its statement reports it: counted by the operators, read by the session at the end. */
import type { SqlValue } from '../../../sblr/contract/values.ts';
import type { Row } from '../../../sblr/contract/values.ts';

export class ModifyOutcome {
  /** Rows that qualified or were proposed and not passed over. */
  rows = 0;
  /** The real changes, where these are told apart. */
  changed: number | undefined;
  /** Rows proposed for insertion. */
  records: number | undefined;
  /** Of these, those that met an existing key. */
  duplicates = 0;
  /** First value that an identity column generated. */
  generated: number | bigint | undefined;
  /** Last value that was given for one. */
  given: number | bigint | undefined;
}

/** Are the values of both rows the same, to the last byte? */
export function sameRow(before: Row, after: Row): boolean {
  for (let at = 0; at < after.length; at++) if (!sameValue(before[at], after[at])) return false;
  return true;
}

function sameValue(a: SqlValue, b: SqlValue): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return typeof a === 'number' && typeof b === 'number' && Number.isNaN(a) && Number.isNaN(b);
  }
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, at) => sameValue(item, b[at]));
  if (a.constructor !== b.constructor) return false;
  const left = a as unknown as Record<string, SqlValue>;
  const right = b as unknown as Record<string, SqlValue>;
  return Object.keys(left).every((key) => sameValue(left[key], right[key]));
}
