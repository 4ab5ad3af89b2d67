/** ANALYZE: samples the tables and keeps what the planner wants to know. */
import { displayIdentifier, type Identifier, type Name } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { TableDefinition } from '../catalog/definitions.ts';
import { STATISTICS_SPACE } from '../catalog/catalog.ts';
import { hasPrivilege } from '../catalog/privileges.ts';
import { computeStatistics, RowSample } from '../planner/statistics.ts';
import { ScanBatch, SCAN_PENDING } from '../../storage/contract/index.ts';
import { idKey } from './sequences.ts';
import type { Session } from './session.ts';
import { lockTable } from './table-locks.ts';

const BATCH = 1000;

export async function analyzeTables(
  session: Session,
  named: readonly { readonly name: Name; readonly columns: readonly Identifier[] }[],
): Promise<void> {
  const tables = named.length === 0 ? ownTables(session) : named.map(({ name }) => find(session, name));
  for (const table of tables) {
    await lockTable(session, table.id, table.name.text, 'share_update_exclusive', 'wait');
    await analyzeTable(session, table);
  }
}

function ownTables(session: Session): TableDefinition[] {
  const found: TableDefinition[] = [];
  for (const table of session.catalog.all('table')) {
    if (
      table.kind === 'table' &&
      table.databaseId === session.databaseId &&
      hasPrivilege(session.catalog, session.currentRole, table, 'SELECT')
    )
      found.push(table);
  }
  return found;
}

function find(session: Session, name: Name): TableDefinition {
  const found = session.names.findRelation(name);
  const shown = name.map((part) => displayIdentifier(part, session.identifierFold)).join('.');
  if (found === undefined)
    throw new SqlError('undefined_table', { message: `relation "${shown}" does not exist`, args: { name: shown } });
  if (found.kind !== 'table')
    throw new SqlError('wrong_object_type', {
      message: `"${shown}" is not a table`,
      args: { name: shown, kind: 'table' },
    });
  return found;
}

async function analyzeTable(session: Session, table: TableDefinition): Promise<void> {
  const sample = new RowSample(() => session.core.random(session));
  const scan = session.transaction!.scan(table.space, '', undefined);
  const batch = new ScanBatch();
  try {
    for (let turn = 0; ; turn++) {
      session.checkCancelled();
      const count = scan.next(batch, BATCH);
      if (count === SCAN_PENDING) {
        await new Promise<void>((resolve, reject) =>
          scan.wait((error) => (error === undefined ? resolve() : reject(error))),
        );
        continue;
      }
      if (count === 0) break;
      for (let i = 0; i < count; i++) sample.add(batch.rows[i] as never);
      if (turn % 4 === 3) await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    scan.close();
  }
  const statistics = computeStatistics(table, sample, session.semantics!);
  session.core.setStatistics(table.id, statistics);
  session.bindingVersion++;
  session.transaction!.put(STATISTICS_SPACE, idKey(table.id), [table.id, statistics] as never);
}
