/** The settings that show what the open transaction is, rather than what was set. */
import type { Session } from './session.ts';

/** What was asked of a transaction, as settings show it: a level may be carried out by a stricter one. */
export interface DeclaredModes {
  readonly isolation: string;
  readonly deferrable: boolean;
}

/** undefined = the setting is not one of these, or no transaction is open. */
export function transactionSetting(
  { transaction, declaredModes, settings }: Session,
  name: string,
): string | undefined {
  // Where the name is that of the session's default it is a setting like others.
  if (transaction === undefined || settings.plays(name)) return undefined;
  switch (name) {
    case 'transaction_isolation':
      return declaredModes.isolation.replaceAll('_', ' ');
    case 'transaction_read_only':
      return transaction.readOnly ? 'on' : 'off';
    case 'transaction_deferrable':
      return declaredModes.deferrable ? 'on' : 'off';
    default:
      return undefined;
  }
}
