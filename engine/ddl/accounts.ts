/** Accounts: the roles that users log in as from certain hosts, made, changed, renamed and dropped as one. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import { verifiersOf } from '../auth/verifiers.ts';
import {
  type Account,
  type Administrator,
  accountOf,
  accountRoleName,
  findAccount,
  showAccount,
} from '../catalog/accounts.ts';
import type { Definition, ObjectId, RoleDefinition } from '../catalog/definitions.ts';
import type { DdlContext } from './context.ts';
import { freshRole } from './roles.ts';

type Statement = NodeOf<'DEFINE_ACCOUNTS'>;
type Entry = Statement['accounts'][number];

export async function defineAccounts(statement: Statement, context: DdlContext): Promise<void> {
  await context.lockName('accounts');
  if (!changesOnlyItself(statement, context))
    context.requireAdministration(statement.login ? 'accounts' : 'roles', 'permission denied to define accounts');
  switch (statement.action) {
    case 'create':
      create(statement, context);
      return;
    case 'alter':
      for (const { entry, role } of present(statement, context))
        context.catalog.put(altered(role, entry, statement, context));
      return;
    case 'rename':
      for (const { entry, role } of present(statement, context)) rename(role, entry, statement, context);
      return;
    case 'drop':
      drop(
        present(statement, context).map(({ role }) => role),
        statement,
        context,
      );
  }
}

/** Everybody may change their own password. */
function changesOnlyItself({ action, accounts, options, defaultRoles }: Statement, context: DdlContext): boolean {
  if (action !== 'alter' || options.length > 0 || defaultRoles.length > 0) return false;
  return accounts.every((entry) => findAccount(context.catalog, context.administrator, entry)?.id === context.role);
}

/** Nothing is done where one of the accounts is not as it must be; the error names all that are not. */
function failed(statement: Statement, accounts: readonly Account[]): SqlError {
  const names = accounts.map(showAccount).join(',');
  return new SqlError(statement.action === 'create' ? 'duplicate_object' : 'undefined_object', {
    message: `operation ${statement.command} failed for ${names}`,
    variant: 'account',
    args: { operation: statement.command, accounts: names },
  });
}

function told(context: DdlContext, exists: boolean, account: Account): void {
  const name = showAccount(account);
  context.notice('notice', exists ? 'duplicate_object' : 'undefined_object', {
    message: `account ${name} ${exists ? 'already exists' : 'does not exist'}`,
    variant: 'account_told',
    args: { account: name },
  });
}

function create(statement: Statement, context: DdlContext): void {
  const { catalog, administrator } = context;
  const taken = (account: Account): boolean =>
    findAccount(catalog, administrator, account) !== undefined ||
    catalog.roleByName(accountRoleName(account)) !== undefined;
  const conflicts = statement.accounts.filter(taken);
  if (conflicts.length > 0 && !statement.exists) throw failed(statement, conflicts);
  for (const entry of statement.accounts) {
    if (taken(entry)) {
      told(context, true, entry);
      continue;
    }
    const fresh: RoleDefinition = {
      ...freshRole(catalog.base.allocateId(), accountRoleName(entry), statement.login),
      account: { user: entry.user, host: entry.host.toLowerCase() },
      verifiers: verifiersOf('', entry.user, undefined, true),
    };
    catalog.put(altered(fresh, entry, statement, context));
  }
}

/** The accounts that exist. */
function present(statement: Statement, context: DdlContext): { entry: Entry; role: RoleDefinition }[] {
  const missing: Account[] = [];
  const found: { entry: Entry; role: RoleDefinition }[] = [];
  for (const entry of statement.accounts) {
    const role = findAccount(context.catalog, context.administrator, entry);
    if (role === undefined) missing.push(entry);
    else found.push({ entry, role });
  }
  if (missing.length > 0 && !statement.exists) throw failed(statement, missing);
  for (const account of missing) told(context, false, account);
  return found;
}

function altered(role: RoleDefinition, entry: Entry, statement: Statement, context: DdlContext): RoleDefinition {
  if (role.superuser && !context.isSuperuser) throw failed(statement, [entry]);
  let result = role;
  if (entry.method !== undefined) result = { ...result, method: entry.method };
  if (entry.digest !== undefined)
    result = {
      ...result,
      verifiers:
        entry.digest === '' ? verifiersOf('', entry.user, undefined, true) : { 'sha1-challenge': entry.digest },
    };
  if (entry.password !== undefined)
    result = { ...result, verifiers: verifiersOf(entry.password, entry.user, undefined, true) };
  for (const { name, value } of statement.options) {
    if (name === 'login') result = { ...result, login: value === 'true' };
    else if (name === 'connection_limit') result = { ...result, connectionLimit: Number(value) };
    else if (name === 'default_roles') result = withDefaults(result, value ?? 'none', statement, context);
  }
  return result;
}

/** Which of its roles act from its login on; roles that a new account is to have are granted to it. */
function withDefaults(role: RoleDefinition, which: string, statement: Statement, context: DdlContext): RoleDefinition {
  const wanted = new Set<ObjectId>();
  for (const account of statement.defaultRoles) {
    const found = findAccount(context.catalog, context.administrator, account);
    if (found === undefined) throw unknownAccount(account);
    wanted.add(found.id);
  }
  let { memberOf } = role;
  for (const id of wanted) {
    if (memberOf.some((one) => one.role === id)) continue;
    if (statement.action === 'alter') throw notGranted(accountById(id, context), role, context.administrator);
    memberOf = [...memberOf, { role: id, admin: false, grantor: context.role }];
  }
  const acts = (id: ObjectId): boolean => which === 'all' || wanted.has(id);
  return { ...role, memberOf: memberOf.map((one) => ({ ...one, dormant: !acts(one.role) })) };
}

function accountById(id: ObjectId, { catalog, administrator }: DdlContext): Account {
  return accountOf(catalog.get(id) as RoleDefinition, administrator);
}

export function unknownAccount({ user, host }: Account): SqlError {
  return new SqlError('undefined_object', {
    message: `unknown account ${showAccount({ user, host })}`,
    variant: 'account_unknown',
    args: { user: user.replaceAll('`', '``'), host },
  });
}

export function notGranted(role: Account, member: RoleDefinition, administrator: Administrator): SqlError {
  const to = accountOf(member, administrator);
  return new SqlError('invalid_role_specification', {
    message: `role ${showAccount(role)} is not granted to ${showAccount(to)}`,
    variant: 'not_granted',
    args: { role: role.user, roleHost: role.host, member: to.user, memberHost: to.host },
  });
}

function rename(role: RoleDefinition, entry: Entry, statement: Statement, context: DdlContext): void {
  const account = { user: entry.newUser ?? entry.user, host: (entry.newHost ?? entry.host).toLowerCase() };
  const { catalog, administrator } = context;
  const name = accountRoleName(account);
  const named = catalog.roleByName(name);
  if (
    findAccount(catalog, administrator, account) !== undefined ||
    (named !== undefined && named.id !== role.id) ||
    role.id === administrator.id
  )
    throw failed(statement, [entry]);
  const { 'md5-challenge': _, ...verifiers } = role.verifiers;
  catalog.put({ ...role, name, account, verifiers });
}

function drop(roles: readonly RoleDefinition[], statement: Statement, context: DdlContext): void {
  const { catalog, administrator } = context;
  for (const role of roles) {
    const account = accountOf(role, administrator);
    if (role.id === administrator.id || role.superuser || ownsAnything(role.id, context))
      throw failed(statement, [account]);
    for (const object of [...grantHolders(catalog)]) {
      const left = withoutGrantee(object, role.id);
      if (left !== object) catalog.put(left);
    }
    for (const member of [...catalog.all('role')])
      if (member.kind === 'role' && member.memberOf.some((entry) => entry.role === role.id))
        catalog.put({ ...member, memberOf: member.memberOf.filter((entry) => entry.role !== role.id) });
    catalog.drop(role.id);
  }
}

const OBJECT_KINDS = ['database', 'schema', 'table', 'view', 'sequence', 'type', 'routine'] as const;

function* grantHolders(catalog: DdlContext['catalog']): Iterable<Definition> {
  for (const kind of OBJECT_KINDS) yield* catalog.all(kind);
}

function ownsAnything(role: ObjectId, context: DdlContext): boolean {
  for (const object of grantHolders(context.catalog)) if (object.owner === role) return true;
  return false;
}

/** What was granted to a role goes with it. */
function withoutGrantee(object: Definition, role: ObjectId): Definition {
  const holds = (grants: Definition['grants']): boolean => grants?.some((entry) => entry.grantee === role) === true;
  const without = (grants: Definition['grants']): Definition['grants'] =>
    grants?.filter((entry) => entry.grantee !== role);
  const onColumns =
    (object.kind === 'table' || object.kind === 'view') && object.columns.some((one) => holds(one.grants));
  if (!holds(object.grants) && !onColumns) return object;
  const left = { ...object, grants: without(object.grants) } as Definition;
  if (left.kind !== 'table' && left.kind !== 'view') return left;
  return {
    ...left,
    columns: left.columns.map((column) => ({ ...column, grants: without(column.grants) })),
  } as Definition;
}
