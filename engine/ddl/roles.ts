/** Roles and memberships. Passwords become verifiers here and are never kept. */
import { regular, type Identifier } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import { verifiersOf } from '../auth/verifiers.ts';
import type { Definition, RoleDefinition } from '../catalog/definitions.ts';
import { ANYWHERE } from '../catalog/accounts.ts';
import { givenTo } from '../catalog/privileges.ts';
import { isMember, type DdlContext } from './context.ts';
import { requireRole } from './schemas.ts';

type Options = NodeOf<'CREATE_ROLE'>['options'];

const FLAGS: Readonly<Record<string, keyof RoleDefinition>> = {
  superuser: 'superuser',
  createdb: 'createDatabase',
  createrole: 'createRole',
  login: 'login',
  inherit: 'inherit',
  replication: 'replication',
  bypassrls: 'bypassRowSecurity',
};

function requireRoleAdmin(context: DdlContext, what: string): void {
  const role = context.catalog.get(context.role);
  if (context.isSuperuser || (role?.kind === 'role' && role.createRole)) return;
  throw new SqlError('insufficient_privilege', `permission denied to ${what} role`);
}

export function freshRole(id: number, name: Identifier, login: boolean): RoleDefinition {
  return {
    kind: 'role',
    id,
    name,
    owner: id,
    login,
    superuser: false,
    createDatabase: false,
    createRole: false,
    inherit: true,
    replication: false,
    bypassRowSecurity: false,
    connectionLimit: -1,
    verifiers: {},
    memberOf: [],
    settings: {},
  };
}

export async function createRole(statement: NodeOf<'CREATE_ROLE'>, context: DdlContext): Promise<void> {
  requireRoleAdmin(context, 'create');
  const shown = context.display(statement.name);
  await context.lockName(`role:${statement.name.text.toLowerCase()}`);
  if (context.catalog.roleByName(statement.name) !== undefined) {
    const details = { message: `role "${shown}" already exists`, variant: 'role', args: { role: shown } };
    if (!statement.exists) throw new SqlError('duplicate_object', details);
    context.notice('notice', 'duplicate_object', { ...details, message: `${details.message}, skipping` });
    return;
  }
  if (/^(public|none)$/i.test(statement.name.text))
    throw new SqlError('reserved_name', `role name "${shown}" is reserved`);
  const role = withOptions(
    freshRole(context.catalog.base.allocateId(), statement.name, statement.login),
    statement.options,
    context,
  );
  context.catalog.put(role);
  memberships(role, statement.options, context);
}

function withOptions(role: RoleDefinition, options: Options, context: DdlContext): RoleDefinition {
  let result = role;
  for (const { name, value } of options) {
    const flag = FLAGS[name];
    if (flag !== undefined) {
      const on = value === undefined || value === 'true' || value === 'on';
      if (flag === 'superuser' && on && !context.isSuperuser)
        throw new SqlError('insufficient_privilege', 'must be superuser to create superusers');
      result = { ...result, [flag]: on };
    } else if (name === 'password') {
      result = {
        ...result,
        verifiers: verifiersOf(value ?? '', context.display(role.name), context.passwordEncryption),
      };
    } else if (name === 'connection_limit') {
      result = { ...result, connectionLimit: Number(value) };
    } else if (name === 'valid_until') {
      result = { ...result, validUntil: value };
    }
  }
  return result;
}

function memberships(role: RoleDefinition, options: Options, context: DdlContext): void {
  for (const { name, value } of options) {
    if (value === undefined) continue;
    const other =
      name === 'in_role' || name === 'role' || name === 'admin' ? requireRole(regular(value), context) : undefined;
    if (other === undefined) continue;
    if (name === 'in_role') addMember(other, context.catalog.get(role.id) as RoleDefinition, false, context);
    else addMember(context.catalog.get(role.id) as RoleDefinition, other, name === 'admin', context);
  }
}

function addMember(group: RoleDefinition, member: RoleDefinition, admin: boolean, context: DdlContext): void {
  if (isMember(context, group.id, member.id)) {
    throw new SqlError(
      'invalid_grant_operation',
      `role "${context.display(group.name)}" is a member of role "${context.display(member.name)}"`,
    );
  }
  const old = member.memberOf.find((entry) => entry.role === group.id);
  if (old !== undefined && (old.admin || !admin)) {
    context.notice('notice', 'successful_completion', {
      message: `role "${context.display(member.name)}" is already a member of role "${context.display(group.name)}"`,
    });
    return;
  }
  const rest = member.memberOf.filter((entry) => entry.role !== group.id);
  context.catalog.put({ ...member, memberOf: [...rest, { role: group.id, admin, grantor: context.role }] });
}

export async function alterRole(statement: NodeOf<'ALTER_ROLE'>, context: DdlContext): Promise<void> {
  const role = requireRole(statement.name, context);
  const ownPassword =
    role.id === context.role &&
    statement.options.every((option) => option.name === 'password') &&
    statement.newName === undefined;
  if (!ownPassword) requireRoleAdmin(context, 'alter');
  if (role.superuser && !context.isSuperuser)
    throw new SqlError(
      'insufficient_privilege',
      'must be superuser to alter superuser roles or change superuser attribute',
    );
  let changed = withOptions(role, statement.options, context);
  if (statement.newName !== undefined) {
    if (context.catalog.roleByName(statement.newName) !== undefined) {
      throw new SqlError('duplicate_object', {
        message: `role "${context.display(statement.newName)}" already exists`,
        variant: 'role',
        args: { role: context.display(statement.newName) },
      });
    }
    changed = renamed(changed, statement.newName, context);
  }
  if (statement.setting !== undefined) {
    const settings = { ...changed.settings };
    if (statement.setting === 'all') changed = { ...changed, settings: {} };
    else {
      if (statement.settingValue === undefined) delete settings[statement.setting];
      else settings[statement.setting] = statement.settingValue;
      changed = { ...changed, settings };
    }
  }
  context.catalog.put(changed);
}

/** A digest that the old name is part of fits no longer. */
function renamed(role: RoleDefinition, name: Identifier, context: DdlContext): RoleDefinition {
  const { 'md5-challenge': old, ...verifiers } = role.verifiers;
  if (old !== undefined)
    context.notice('notice', 'successful_completion', { message: 'MD5 password cleared because of role rename' });
  // The user of an account from anywhere goes by the role's name.
  const { account } = role;
  const user = account?.host === ANYWHERE ? { account: { ...account, user: name.text } } : {};
  return { ...role, ...user, name, verifiers };
}

export async function dropRole(statement: NodeOf<'DROP_ROLE'>, context: DdlContext): Promise<void> {
  requireRoleAdmin(context, 'drop');
  for (const name of statement.names) {
    const shown = context.display(name);
    const role = context.catalog.roleByName(name);
    if (role === undefined) {
      const message = `role "${shown}" does not exist`;
      if (!statement.exists)
        throw new SqlError('undefined_object', { message, variant: 'role', args: { role: shown } });
      context.notice('notice', 'successful_completion', { message: `${message}, skipping` });
      continue;
    }
    if (role.id === context.role) throw new SqlError('object_in_use', 'current user cannot be dropped');
    const uses = [...ownedBy(role.id, context), ...grantsTo(role.id, context)];
    if (uses.length > 0) {
      throw new SqlError('dependent_objects_still_exist', {
        message: `role "${shown}" cannot be dropped because some objects depend on it`,
        variant: 'role',
        args: { role: shown },
        detail: [
          ...ownedBy(role.id, context).map((object) => `owner of ${object.kind} ${context.display(object.name)}`),
          ...grantsTo(role.id, context).map(
            (object) => `privileges for ${object.kind} ${context.display(object.name)}`,
          ),
        ].join('\n'),
      });
    }
    for (const member of context.catalog.all('role')) {
      if (member.kind === 'role' && member.memberOf.some((entry) => entry.role === role.id))
        context.catalog.put({ ...member, memberOf: member.memberOf.filter((entry) => entry.role !== role.id) });
    }
    context.catalog.drop(role.id);
  }
}

const OWNED_KINDS = ['database', 'schema', 'table', 'view', 'sequence', 'type', 'routine'] as const;

function ownedBy(role: number, context: DdlContext): Definition[] {
  return OWNED_KINDS.flatMap((kind) => [...context.catalog.all(kind)].filter((object) => object.owner === role));
}

function grantsTo(role: number, context: DdlContext): Definition[] {
  return OWNED_KINDS.flatMap((kind) =>
    [...context.catalog.all(kind)].filter(
      (object) => object.grants?.some((entry) => entry.grantee === role) === true && object.owner !== role,
    ),
  );
}

export async function grantRole(statement: NodeOf<'GRANT_ROLE'>, context: DdlContext): Promise<void> {
  for (const groupName of statement.roles) {
    const group = requireRole(groupName, context);
    const mine = context.catalog.get(context.role);
    const admin =
      context.isSuperuser ||
      (mine?.kind === 'role' &&
        (mine.createRole || mine.memberOf.some((entry) => entry.role === group.id && entry.admin)));
    if (!admin)
      throw new SqlError('insufficient_privilege', `must have admin option on role "${context.display(group.name)}"`);
    for (const memberName of statement.grantees) {
      const member = requireRole(memberName, context);
      if (!statement.revoke) {
        addMember(group, member, statement.adminOption, context);
        continue;
      }
      if (!member.memberOf.some((entry) => entry.role === group.id)) {
        context.notice('warning', 'warning', {
          message: `role "${context.display(member.name)}" is not a member of role "${context.display(group.name)}"`,
        });
        continue;
      }
      const rest = member.memberOf.filter((entry) => entry.role !== group.id);
      context.catalog.put({
        ...member,
        memberOf: statement.adminOption ? [...rest, { role: group.id, admin: false, grantor: context.role }] : rest,
      });
    }
  }
}

export async function reassignOwned(statement: NodeOf<'REASSIGN_OWNED'>, context: DdlContext): Promise<void> {
  for (const name of statement.roles) {
    const role = requireRole(name, context);
    if (!statement.drop) {
      const next = requireRole(statement.newRole!, context);
      for (const object of ownedBy(role.id, context)) context.catalog.put(givenTo(object, next.id));
      continue;
    }
    if (ownedBy(role.id, context).length > 0)
      throw new SqlError('feature_not_supported', {
        message: 'DROP OWNED of a role that owns objects is not supported',
        hint: 'Use REASSIGN OWNED, or drop the objects one by one.',
      });
    for (const object of grantsTo(role.id, context))
      context.catalog.put({
        ...object,
        grants: object.grants!.filter((entry) => entry.grantee !== role.id),
      } as Definition);
  }
}
