/**
 * Accounts: roles as dialects see them whose users are told apart by the host they come from, too. A role that names no
 * host is the account of its name from anywhere; the administrator is the account of the dialect's name for it.
 */
import { displayIdentifier, type Identifier } from '../../sblr/contract/names.ts';
import { type ClientHost, fits, specificity } from '../auth/hosts.ts';
import type { CatalogView, ObjectId, RoleDefinition } from './definitions.ts';

/** Who logs in, and from where. */
export interface Account {
  readonly user: string;
  readonly host: string;
}

/** What is known of the administrator besides its role. */
export interface Administrator {
  readonly id: ObjectId;
  readonly name: string;
}

export const ANYWHERE = '%';

export function accountOf(role: RoleDefinition, administrator: Administrator): Account {
  if (role.account !== undefined) return role.account;
  const user = role.id === administrator.id ? administrator.name : displayIdentifier(role.name, 'preserve');
  return { user, host: ANYWHERE };
}

/** The name of the role of an account: the user's where it comes from anywhere. */
export function accountRoleName({ user, host }: Account): Identifier {
  const text = host === ANYWHERE ? user : `${user}@${host}`;
  return { text, exact: text !== text.toLowerCase() };
}

export function findAccount(
  catalog: CatalogView,
  administrator: Administrator,
  wanted: Account,
): RoleDefinition | undefined {
  for (const role of catalog.all('role')) {
    if (role.kind !== 'role') continue;
    const { user, host } = accountOf(role, administrator);
    if (user === wanted.user && host.toLowerCase() === wanted.host.toLowerCase()) return role;
  }
  return undefined;
}

/** Of the accounts that the user may log in as from there, the one whose host says most. */
export function accountFor(
  catalog: CatalogView,
  administrator: Administrator,
  user: string,
  client: ClientHost,
): RoleDefinition | undefined {
  let best: RoleDefinition | undefined;
  let most = -1;
  for (const role of catalog.all('role')) {
    if (role.kind !== 'role') continue;
    const account = accountOf(role, administrator);
    if (account.user !== user || !fits(account.host, client)) continue;
    const says = specificity(account.host);
    if (says > most) [best, most] = [role, says];
  }
  return best;
}

export function showAccount({ user, host }: Account): string {
  return `'${user}'@'${host}'`;
}
