/** What the settings say of new statements and transactions, in the form that starting one needs. */
import type { EngineCore } from '../core.ts';
import { type SessionSettings, settingNumber } from './settings.ts';
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
  const milliseconds = (name: string): number => {
    const text = settings.get(name);
    return text === undefined || text === '0' ? 0 : Math.max(settingNumber(settings.definition(name), text), 0);
  };
  return {
    isolation: settings.get('default_transaction_isolation')?.replaceAll(' ', '_') ?? 'read_committed',
    readOnly: settings.get('default_transaction_read_only') === 'on',
    deferrable: settings.get('default_transaction_deferrable') === 'on',
    lockTimeoutMs: milliseconds('lock_timeout'),
    statementTimeoutMs: milliseconds('statement_timeout'),
    idleTimeoutMs: milliseconds('idle_in_transaction_session_timeout'),
    durability: settings.get('synchronous_commit') === 'off' ? 'relaxed' : durability,
  };
}
