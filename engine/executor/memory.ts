/**
 * What a statement answers when something that cannot go to a temporary file outgrows its memory.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';

export function memoryExceeded(user: string, limit: number): SqlError {
  return new SqlError('out_of_memory', {
    message: 'out of memory',
    detail: `${user} needs more than the ${limit} bytes a statement may use.`,
    hint: 'Raise the statement memory of the server, or make the statement work on fewer rows.',
  });
}
