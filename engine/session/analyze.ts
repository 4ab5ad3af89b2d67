/** ANALYZE: samples the tables and keeps what the planner wants to know. */
import { displayIdentifier, identifierKey, type Identifier, type Name } from '../../sblr/contract/names.ts';
import type { Semantics } from '../../sblr/contract/semantics.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type { TableDefinition } from '../catalog/definitions.ts';
import { STATISTICS_SPACE } from '../catalog/catalog.ts';
import { hasPrivilege } from '../catalog/privileges.ts';
import { isMember } from '../ddl/context.ts';
import type { EngineCore } from '../core.ts';
import { computeStatistics, RowSample, type TableStatistics } from '../planner/statistics.ts';
import { Turns } from '../planner/turns.ts';
import type { Transaction } from '../transactions/transaction.ts';
import { ScanBatch, SCAN_PENDING } from '../../storage/contract/index.ts';
import { idKey } from './sequences.ts';
import type { Session } from './session.ts';
import { lockTable } from './table-locks.ts';

/** Rows read between two looks at the clock. */
const BATCH = 250;

export async function analyzeTables(
  session: Session,
  named: readonly { readonly name: Name; readonly columns: readonly Identifier[] }[],
): Promise<void> {
  const tables =
    named.length === 0
      ? ownTables(session)
      : ownedOnly(
          session,
          named.map(({ name, columns }) => maintained(session, name, columns)),
          'analyze',
        );
  for (const table of tables) {
    await lockTable(session, table.id, table.name.text, 'share_update_exclusive', 'wait');
    await analyzeTable(session, table);
  }
}

/** VACUUM: the store needs none, so that only the right to it and ANALYZE remain. */
export async function vacuumTables(session: Session, { tables, analyze }: NodeOf<'VACUUM'>): Promise<void> {
  ownedOnly(
    session,
    tables.map(({ name, columns }) => maintained(session, name, columns)),
    'vacuum',
  );
  if (analyze) await analyzeTables(session, tables);
}

/** Without the tables that only their owner may maintain, which are passed over with a warning. */
function ownedOnly(
  session: Session,
  tables: readonly TableDefinition[],
  doing: 'analyze' | 'vacuum',
): TableDefinition[] {
  const mayMaintain = ({ owner, databaseId }: TableDefinition): boolean =>
    session.isSuperuser ||
    [owner, session.catalog.database(databaseId)?.owner ?? owner].some((one) =>
      isMember(session, session.currentRole, one),
    );
  return tables.filter((table) => {
    if (mayMaintain(table)) return true;
    const name = displayIdentifier(table.name, session.identifierFold);
    const details = { message: `skipping "${name}" --- only table or database owner can ${doing} it` };
    session.notice({ severity: 'warning', condition: 'warning', details });
    return false;
  });
}

function ownTables(session: Session): TableDefinition[] {
  const found: TableDefinition[] = [];
  for (const table of session.catalog.all('table')) {
    if (
      table.kind === 'table' &&
      table.databaseId === session.databaseId &&
      hasPrivilege(session.catalog, session.actor, table, 'SELECT')
    )
      found.push(table);
  }
  return found;
}

/** The table that ANALYZE or VACUUM names. */
function maintained(session: Session, name: Name, columns: readonly Identifier[]): TableDefinition {
  const found = session.names.findRelation(name);
  const shown = name.map((part) => displayIdentifier(part, session.identifierFold)).join('.');
  if (found === undefined)
    throw new SqlError('undefined_table', { message: `relation "${shown}" does not exist`, args: { name: shown } });
  if (found.kind !== 'table')
    throw new SqlError('wrong_object_type', {
      message: `"${shown}" is not a table`,
      args: { name: shown, kind: 'table' },
    });
  for (const column of columns) {
    if (found.columns.some((one) => !one.dropped && identifierKey(one.name) === identifierKey(column))) continue;
    const args = { column: displayIdentifier(column, session.identifierFold), relation: shown };
    throw new SqlError('undefined_column', {
      message: `column "${args.column}" of relation "${shown}" does not exist`,
      variant: 'column_of_relation',
      args,
    });
  }
  return found;
}

async function analyzeTable(session: Session, table: TableDefinition): Promise<void> {
  const { core } = session;
  const statistics = await sampleTable(
    session.transaction!,
    table,
    session.semantics!,
    () => core.random(session),
    () => session.checkCancelled(),
  );
  storeStatistics(core, session.transaction!, table, statistics);
}

/** Reads the table and computes its statistics, slice by slice; `check` may throw to give up. */
export async function sampleTable(
  transaction: Transaction,
  table: TableDefinition,
  semantics: Semantics,
  random: () => number,
  check: () => void,
): Promise<TableStatistics> {
  const sample = new RowSample(random);
  const scan = transaction.scan(table.space, '', undefined);
  const batch = new ScanBatch();
  const turns = new Turns();
  try {
    for (;;) {
      check();
      const count = scan.next(batch, BATCH);
      if (count === SCAN_PENDING) {
        await new Promise<void>((resolve, reject) =>
          scan.wait((error) => (error === undefined ? resolve() : reject(error))),
        );
        continue;
      }
      if (count === 0) break;
      for (let i = 0; i < count; i++) sample.add(batch.rows[i] as never);
      if (turns.over) await turns.next();
    }
  } finally {
    scan.close();
  }
  return await computeStatistics(table, sample, semantics, turns);
}

/** Takes effect at once: statistics are advice, and need not wait for the commit that keeps them. */
export function storeStatistics(
  core: EngineCore,
  transaction: Transaction,
  table: TableDefinition,
  statistics: TableStatistics,
): void {
  core.statistics.set(table.id, statistics);
  transaction.put(STATISTICS_SPACE, idKey(table.id), [table.id, statistics] as never);
}
