/**
 * The routine field of errors. Clients look at it where the SQLSTATE alone does not tell what happened: drivers
 * prepare a statement again after these, since its cached form no longer fits the tables. Other errors have none.
 */
import type { SqlError } from '../../sblr/contract/sql-error.ts';

const ROUTINES: readonly (readonly [sqlstate: string, message: RegExp, routine: string])[] = [
  ['0A000', /^cached plan must not change result type$/, 'RevalidateCachedQuery'],
  ['26000', /^(unnamed )?prepared statement .*does not exist$/, 'FetchPreparedStatement'],
  ['42804', /^column ".*" is of type .* but expression is of type /, 'transformAssignedExpr'],
];

export function errorRoutine(error: SqlError, message: string): string | undefined {
  const state = error.sqlstate;
  for (const [sqlstate, pattern, routine] of ROUTINES) if (sqlstate === state && pattern.test(message)) return routine;
  return undefined;
}
