/** The one place where failures of storage become errors for the client. */
import type { Condition } from '../../sblr/contract/conditions.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { StorageError, type StorageErrorKind } from '../../storage/contract/index.ts';

const CONDITION_OF: Readonly<Record<StorageErrorKind, Condition>> = {
  corruption: 'data_corrupted',
  io: 'io_error',
  conflict: 'internal_error',
  full: 'disk_full',
  locked: 'cannot_connect_now',
};

export function toSqlError(error: Error): Error {
  if (error instanceof StorageError) return new SqlError(CONDITION_OF[error.kind], { message: error.message });
  return error;
}
