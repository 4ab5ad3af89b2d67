/** The result sets of SHOW WARNINGS, SHOW ERRORS and their COUNT(*) forms, made of the diagnostics area. */
import type { ClientAction } from '../../sblr/contract/dialect.ts';
import type { ResultColumn } from '../../sblr/contract/session.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { Diagnostics } from './diagnostics.ts';

export interface DiagnosticsResult {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly string[])[];
}

const LEVEL: SqlType = { kind: 'text', length: 7, declared: 'varchar' };
const CODE: SqlType = { kind: 'int32', unsigned: true };
const MESSAGE: SqlType = { kind: 'text', length: 512, declared: 'varchar' };
const COUNT: SqlType = { kind: 'int64', unsigned: true };

const column = (name: string, type: SqlType): ResultColumn => ({ name, type, tableId: 0, columnPosition: 0 });

export function diagnosticsResult(
  diagnostics: Diagnostics,
  action: Extract<ClientAction, { kind: 'diagnostics' }>,
): DiagnosticsResult {
  if (action.count) {
    const errors = action.errorsOnly;
    return {
      columns: [column(errors ? '@@session.error_count' : '@@session.warning_count', COUNT)],
      rows: [[String(errors ? diagnostics.errors : diagnostics.warnings)]],
    };
  }
  const list = action.errorsOnly ? diagnostics.list.filter(({ level }) => level === 'Error') : diagnostics.list;
  const end = action.limit === undefined ? undefined : action.offset + action.limit;
  return {
    columns: [column('Level', LEVEL), column('Code', CODE), column('Message', MESSAGE)],
    rows: list.slice(action.offset, end).map(({ level, errno, message }) => [level, String(errno), message]),
  };
}
