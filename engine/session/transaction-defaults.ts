/** What the settings say of new statements and transactions, in the form that starting one needs. */
import type { EngineCore } from '../core.ts';
import type { SessionSettings } from './settings.ts';
import type { DeclaredModes } from './transaction-settings.ts';

export interface TransactionDefaults extends DeclaredModes {
  readonly readOnly: boolean;
  readonly lockTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly durability: 'sync' | 'relaxed';
  readonly checksForeignKeys: boolean;
  /** Rows that a query without a limit of its own returns at most; 0 = all. */
  readonly rowLimit: number;
  /** Are rows changed by keys, or up to a limit, or not at all? */
  readonly keyedChanges: boolean;
}

export function transactionDefaults(
  settings: SessionSettings,
  durability: EngineCore['durability'],
): TransactionDefaults {
  return {
    isolation: settings.byRole('isolation')?.toLowerCase().replace(/[ -]/g, '_') ?? 'read_committed',
    readOnly: settings.byRole('read_only') === 'on',
    deferrable: settings.byRole('deferrable') === 'on',
    lockTimeoutMs: settings.millisecondsByRole('lock_timeout'),
    statementTimeoutMs: settings.millisecondsByRole('statement_timeout'),
    idleTimeoutMs: settings.millisecondsByRole('idle_timeout'),
    durability: settings.byRole('commit_sync') === 'off' ? 'relaxed' : durability,
    rowLimit: rowLimit(settings.byRole('row_limit')),
    keyedChanges: settings.byRole('keyed_changes') === 'on',
    checksForeignKeys: settings.byRole('foreign_key_checks') !== 'off',
  };
}

/** Numbers past all counting are no limit. */
function rowLimit(text: string | undefined): number {
  const number = Number(text ?? 0);
  return Number.isSafeInteger(number) ? number : 0;
}
