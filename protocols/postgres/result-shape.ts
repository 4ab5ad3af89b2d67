/** What a client asked of the columns of a result, or was told of them, against the columns that come. */
import type { ResultColumn } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { oidOfType } from './types.ts';

/** Several formats must be as many as the columns; one stands for all. */
export function formatsRefused(formats: readonly number[], columns: readonly ResultColumn[]): SqlError | undefined {
  if (formats.length <= 1 || formats.length === columns.length) return undefined;
  const message = `bind message has ${formats.length} result formats but query has ${columns.length} columns`;
  return new SqlError('protocol_violation', message);
}

/** Would a client that knows the one description read rows of the other right? */
export function sameShape(before: readonly ResultColumn[], now: readonly ResultColumn[]): boolean {
  return (
    before.length === now.length &&
    before.every((column, index) => oidOfType(column.type) === oidOfType((now[index] as ResultColumn).type))
  );
}
