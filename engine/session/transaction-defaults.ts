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
  };
}
