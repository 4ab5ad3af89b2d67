/** The result sets of SHOW WARNINGS, SHOW ERRORS and their COUNT(*) forms, made of the diagnostics area. */
import type { ClientAction } from '../../sblr/contract/dialect.ts';
import type { ResultColumn } from '../../sblr/contract/session.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { Diagnostics } from './diagnostics.ts';
import { type Outcome, writeEndOfRows } from './messages.ts';
import type { PacketWriter } from './packets.ts';

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

/** The rows and their end. `outcome`: of the statement that shows them, whose warnings are not told again. */
export function writeDiagnostics(
  packets: PacketWriter,
  capabilities: number,
  result: DiagnosticsResult,
  outcome: Outcome,
): void {
  for (const row of result.rows) {
    packets.begin();
    for (const value of row) packets.text(value);
    packets.end();
  }
  writeEndOfRows(packets, capabilities, { ...outcome, warnings: 0 });
}
