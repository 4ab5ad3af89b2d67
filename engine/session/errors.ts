/** Failures on their way to the client: what storage reports and what nobody expected become SqlErrors here, once. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { StorageError } from '../../storage/contract/index.ts';

export function toSqlError(error: unknown): SqlError {
  if (error instanceof SqlError) return error;
  if (error instanceof StorageError) {
    switch (error.kind) {
      case 'full':
        return new SqlError('disk_full', `could not store the change: ${error.message}`);
      case 'corruption':
        return new SqlError('data_corrupted', error.message);
      case 'conflict':
        return new SqlError('serialization_failure', 'could not serialize access due to concurrent update');
      default:
        return new SqlError('io_error', error.message);
    }
  }
  if (error instanceof RangeError && /call stack/i.test(error.message)) {
    return new SqlError('statement_too_complex', {
      message: 'stack depth limit exceeded',
      hint: 'Simplify the statement: it nests too deep.',
    });
  }
  return new SqlError('internal_error', `internal error: ${error instanceof Error ? error.message : String(error)}`);
}
