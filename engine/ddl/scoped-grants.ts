/** GRANT and REVOKE on scopes, and of roles to accounts. */
import { identifierKey } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import { noDatabase } from '../catalog/errors.ts';
import { type Account, findAccount } from '../catalog/accounts.ts';
import type { RelationDefinition, RoleDefinition, ScopedGrant } from '../catalog/definitions.ts';
import { hasScopedPrivilege, isSuperuser } from '../catalog/privileges.ts';
import { GRANT_OPTION, type Scope, sameScope, withScope } from '../catalog/scoped-grants.ts';
import { unknownAccount } from './accounts.ts';
import { isMember, type DdlContext } from './context.ts';

type Statement = NodeOf<'GRANT_SCOPED'>;

export async function grantScoped(statement: Statement, context: DdlContext): Promise<void> {
  await context.lockName('accounts');
  if (statement.scope === 'everything') {
    context.requireAdministration('accounts', 'permission denied to revoke all privileges');
    for (const role of grantees(statement, context)) context.catalog.put({ ...role, scopedGrants: undefined });
    return;
  }
  const place = placeOf(statement, context);
  const changes = statement.privileges.flatMap(({ privilege, columns }) =>
    columns.length === 0
      ? [{ scope: place, privilege }]
      : columns.map((column) => ({ scope: { ...place, column: column.text }, privilege })),
  );
  requireGrantable(changes, place, context);
  if (statement.scope === 'relation') requireRelation(statement, place, context);
  for (const role of grantees(statement, context)) {
    if (statement.revoke) requireGranted(role, place, statement, context);
    let scopedGrants: readonly ScopedGrant[] = role.scopedGrants ?? [];
    for (const { scope, privilege } of changes)
      scopedGrants = withScope(scopedGrants, scope, (held) => {
        const others = held.filter((one) => one !== privilege);
        return statement.revoke ? others : [...others, privilege];
      });
    context.catalog.put({ ...role, scopedGrants: scopedGrants.length === 0 ? undefined : scopedGrants });
    if (statement.revoke) revokeFromObject(role, place, changes, context);
  }
}

function grantees(
  { accounts, revoke }: { readonly accounts: readonly Account[]; readonly revoke: boolean },
  context: DdlContext,
): RoleDefinition[] {
  return accounts.map((account) => {
    const role = findAccount(context.catalog, context.administrator, account);
    if (role !== undefined) return role;
    if (revoke) throw noSuchGrant(account);
    throw new SqlError('invalid_grant_operation', {
      message: `there is no account '${account.user}'@'${account.host}' to grant privileges to`,
      variant: 'no_account',
    });
  });
}

function noSuchGrant({ user, host }: Account, relation?: string): SqlError {
  return new SqlError('invalid_grant_operation', {
    message: `no such grant is defined for '${user}'@'${host}'`,
    variant: relation === undefined ? 'no_grant' : 'no_grant_on_table',
    args: { user, host, ...(relation === undefined ? {} : { table: relation }) },
  });
}

function placeOf(statement: Statement, context: DdlContext): Scope {
  const { scope, relation } = statement;
  if (scope === 'server') return { database: '', relation: '', column: '' };
  const database =
    statement.database === '' ? context.catalog.database(context.databaseId)?.name.text : statement.database;
  if (database === undefined) throw noDatabase();
  return { database, relation: scope === 'relation' ? relation : '', column: '' };
}

/** Who grants must hold the privilege there, and the right to grant. */
function requireGrantable(
  changes: readonly { readonly scope: Scope; readonly privilege: string }[],
  place: Scope,
  context: DdlContext,
): void {
  const { catalog, actor } = context;
  if (isSuperuser(catalog, actor)) return;
  const may = (scope: Scope, privilege: string): boolean => hasScopedPrivilege(catalog, actor, scope, privilege);
  if (changes.every(({ scope, privilege }) => may(scope, privilege) && may(scope, GRANT_OPTION))) return;
  const variant = place.database === '' ? 'server_grant' : place.relation === '' ? 'database' : 'object';
  const name = place.relation === '' ? place.database : place.relation;
  throw new SqlError('insufficient_privilege', {
    message: `permission denied to grant privileges on ${name === '' ? 'the server' : name}`,
    variant,
    args: { name, privilege: 'GRANT' },
  });
}

function relationAt(place: Scope, context: DdlContext): RelationDefinition | undefined {
  const database = context.catalog.databaseByName({ text: place.database, exact: false });
  if (database === undefined) return undefined;
  for (const schema of context.catalog.all('schema'))
    if (schema.kind === 'schema' && schema.main && schema.databaseId === database.id)
      return context.catalog.relationByName(schema.id, { text: place.relation, exact: false });
  return undefined;
}

/** A grant on a name that nothing bears makes sense only with the right to create it. */
function requireRelation(statement: Statement, place: Scope, context: DdlContext): void {
  if (context.isOwnSchema(place.database)) return;
  const found = relationAt(place, context);
  const name = `${place.database}.${place.relation}`;
  if (found === undefined) {
    if (statement.revoke || statement.privileges.some(({ privilege }) => privilege === 'CREATE')) return;
    throw new SqlError('undefined_table', { message: `relation "${name}" does not exist`, args: { name } });
  }
  if (found.kind !== 'table' && found.kind !== 'view') return;
  for (const { columns } of statement.privileges)
    for (const column of columns) {
      if (found.columns.some((one) => !one.dropped && identifierKey(one.name) === identifierKey(column))) continue;
      throw new SqlError('undefined_column', {
        message: `column "${column.text}" of relation "${name}" does not exist`,
        variant: 'of_table',
        args: { column: column.text, table: place.relation },
      });
    }
}

/** What is revoked must have been granted, at least in part. */
function requireGranted(role: RoleDefinition, place: Scope, statement: Statement, context: DdlContext): void {
  if (place.database === '') return;
  const has = (role.scopedGrants ?? []).some((grant) => sameScope({ ...grant, column: '' }, place));
  if (has || (place.relation !== '' && isGrantedByObject(role, place, context))) return;
  const { user, host } = statement.accounts.find(
    (account) => findAccount(context.catalog, context.administrator, account)?.id === role.id,
  )!;
  throw noSuchGrant({ user, host }, place.relation === '' ? undefined : place.relation);
}

function isGrantedByObject(role: RoleDefinition, place: Scope, context: DdlContext): boolean {
  const found = relationAt(place, context);
  return found?.grants?.some((entry) => entry.grantee === role.id) === true;
}

/** Grants that stand with the object itself go, too. */
function revokeFromObject(
  role: RoleDefinition,
  place: Scope,
  changes: readonly { readonly scope: Scope; readonly privilege: string }[],
  context: DdlContext,
): void {
  const found = place.relation === '' ? undefined : relationAt(place, context);
  if (found?.grants === undefined || found.owner === role.id) return;
  const gone = new Set(changes.filter(({ scope }) => scope.column === '').map(({ privilege }) => privilege));
  const grants = found.grants
    .map((entry) =>
      entry.grantee === role.id
        ? { ...entry, privileges: entry.privileges.filter((one) => !gone.has(one.replace('*', ''))) }
        : entry,
    )
    .filter((entry) => entry.privileges.length > 0);
  context.catalog.put({ ...found, grants });
}

/** GRANT role TO account, REVOKE role FROM account. */
export async function grantAccountRoles(statement: NodeOf<'GRANT_ACCOUNT_ROLES'>, context: DdlContext): Promise<void> {
  await context.lockName('accounts');
  const find = (account: Account): RoleDefinition => {
    const role = findAccount(context.catalog, context.administrator, account);
    if (role === undefined) throw unknownAccount(account);
    return role;
  };
  for (const account of statement.roles) {
    const group = find(account);
    requireRoleAdministration(group, context);
    for (const one of statement.accounts) {
      const member = find(one);
      const old = member.memberOf.find((entry) => entry.role === group.id);
      const rest = member.memberOf.filter((entry) => entry.role !== group.id);
      if (statement.revoke) {
        if (old === undefined) throw noSuchGrant(one);
        context.catalog.put({ ...member, memberOf: rest });
        continue;
      }
      if (isMember(context, group.id, member.id)) throw loop(account, one);
      const entry = { role: group.id, admin: statement.adminOption || old?.admin === true, grantor: context.role };
      const sleeps = old === undefined || old.dormant === true;
      context.catalog.put({ ...member, memberOf: [...rest, sleeps ? { ...entry, dormant: true } : entry] });
    }
  }
}

function requireRoleAdministration(group: RoleDefinition, context: DdlContext): void {
  const mine = context.catalog.get(context.role);
  if (mine?.kind === 'role' && mine.memberOf.some((entry) => entry.role === group.id && entry.admin)) return;
  context.requireAdministration('role_grants', `permission denied to grant role "${context.display(group.name)}"`);
}

function loop(role: Account, member: Account): SqlError {
  return new SqlError('invalid_grant_operation', {
    message: `role '${role.user}'@'${role.host}' is granted '${member.user}'@'${member.host}' already`,
    variant: 'role_loop',
    args: { role: role.user, roleHost: role.host, member: member.user, memberHost: member.host },
  });
}
