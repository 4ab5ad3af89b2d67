/** Errors of looking for databases, worded once for binder, data definition and sessions. */
import { SqlError } from '../../sblr/contract/sql-error.ts';

/** The error of a name without a qualifier in a session that is in no database. */
export function noDatabase(): SqlError {
  return new SqlError('invalid_catalog_name', { message: 'no database selected', variant: 'none_selected' });
}

export function unknownDatabase(shown: string): SqlError {
  return new SqlError('invalid_catalog_name', { message: `database "${shown}" does not exist`, args: { name: shown } });
}
