/**
 * Who may do what: privileges from ownership, grants, membership and the default rights of everybody.
 * Privilege names are the SQL ones in upper case.
 */
import type { CatalogView, Definition, GrantEntry, ObjectId } from './definitions.ts';
import { holdsByScope, type Scope, scopeHolds, scopeOf, scopeTouches } from './scoped-grants.ts';

/** Grantee and owner id of everybody. */
export const PUBLIC: ObjectId = 0;

export const PRIVILEGES: Readonly<Record<string, readonly string[]>> = {
  table: ['INSERT', 'SELECT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'],
  view: ['INSERT', 'SELECT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'],
  column: ['SELECT', 'INSERT', 'UPDATE', 'REFERENCES'],
  sequence: ['SELECT', 'UPDATE', 'USAGE'],
  database: ['CREATE', 'TEMPORARY', 'CONNECT'],
  schema: ['USAGE', 'CREATE'],
  routine: ['EXECUTE'],
  type: ['USAGE'],
};

/** One letter per privilege, as access lists show them. */
export const PRIVILEGE_LETTERS: Readonly<Record<string, string>> = {
  INSERT: 'a',
  SELECT: 'r',
  UPDATE: 'w',
  DELETE: 'd',
  TRUNCATE: 'D',
  REFERENCES: 'x',
  TRIGGER: 't',
  USAGE: 'U',
  CREATE: 'C',
  CONNECT: 'c',
  TEMPORARY: 'T',
  EXECUTE: 'X',
};

/** Order of the letters in an access list. */
const LETTER_ORDER =
  'INSERT SELECT UPDATE DELETE TRUNCATE REFERENCES TRIGGER EXECUTE USAGE CREATE TEMPORARY CONNECT'.split(' ');

/** Rights everybody has unless revoked. */
function publicRights(object: Definition): readonly string[] {
  switch (object.kind) {
    case 'database':
      return ['TEMPORARY', 'CONNECT'];
    case 'schema':
      return object.main ? ['USAGE'] : [];
    case 'routine':
      return ['EXECUTE'];
    case 'type':
      return ['USAGE'];
    default:
      return [];
  }
}

/** The grants in force: those stored, or the defaults of a fresh object. */
export function effectiveGrants(object: Definition): readonly GrantEntry[] {
  if (object.grants !== undefined) return object.grants;
  const owner: GrantEntry = { grantee: object.owner, grantor: object.owner, privileges: PRIVILEGES[object.kind] ?? [] };
  const everybody = publicRights(object);
  return everybody.length === 0 ? [owner] : [{ grantee: PUBLIC, grantor: object.owner, privileges: everybody }, owner];
}

/** Whose rights count: a role with all that it inherits, or with those of its roles that a session made active. */
export type Actor = ObjectId | { readonly role: ObjectId; readonly active: ReadonlySet<ObjectId> };

const roleOf = (actor: Actor): ObjectId => (typeof actor === 'number' ? actor : actor.role);

/** The role itself and all roles whose rights it inherits. */
export function inheritedRoles(catalog: CatalogView, actor: Actor): ReadonlySet<ObjectId> {
  if (typeof actor === 'number') return closure(catalog, [actor]);
  const own = catalog.get(actor.role);
  const granted = own?.kind === 'role' ? own.memberOf.filter((one) => actor.active.has(one.role)) : [];
  const roles = closure(
    catalog,
    granted.map((one) => one.role),
  );
  return roles.add(actor.role);
}

function closure(catalog: CatalogView, start: readonly ObjectId[]): Set<ObjectId> {
  const found = new Set<ObjectId>();
  const pending = [...start];
  while (pending.length > 0) {
    const id = pending.pop()!;
    if (found.has(id)) continue;
    found.add(id);
    const definition = catalog.get(id);
    if (definition?.kind === 'role' && definition.inherit)
      for (const parent of definition.memberOf) if (parent.dormant !== true) pending.push(parent.role);
  }
  return found;
}

export function isSuperuser(catalog: CatalogView, actor: Actor): boolean {
  const definition = catalog.get(roleOf(actor));
  return definition?.kind === 'role' && definition.superuser;
}

/**
 * The object as another role's: what its owner held and granted, the new owner holds and has granted.
 */
export function givenTo<T extends Definition>(object: T, owner: ObjectId): T {
  const moved = (grants: readonly GrantEntry[] | undefined): readonly GrantEntry[] | undefined => {
    if (grants === undefined) return undefined;
    const role = (id: ObjectId): ObjectId => (id === object.owner ? owner : id);
    const merged: GrantEntry[] = [];
    for (const entry of grants) {
      const grantee = role(entry.grantee);
      const grantor = role(entry.grantor);
      const same = merged.findIndex((other) => other.grantee === grantee && other.grantor === grantor);
      const privileges = [...new Set([...(merged[same]?.privileges ?? []), ...entry.privileges])];
      merged[same < 0 ? merged.length : same] = { grantee, grantor, privileges };
    }
    return merged;
  };
  const given = { ...object, owner, grants: moved(object.grants) };
  if (given.kind !== 'table' && given.kind !== 'view') return given;
  return { ...given, columns: given.columns.map((column) => ({ ...column, grants: moved(column.grants) })) };
}

/**
 * Does `role` hold `privilege` ('SELECT', or 'SELECT*' = with the right to grant it) on the object, or on one of its
 * columns? An owner may always grant; its other rights are grants like everybody's, which it may take from itself.
 */
export function hasPrivilege(
  catalog: CatalogView,
  actor: Actor,
  object: Definition,
  privilege: string,
  column?: number,
): boolean {
  if (isSuperuser(catalog, actor)) return true;
  const roles = inheritedRoles(catalog, actor);
  if (privilege.endsWith('*') && roles.has(object.owner)) return true;
  if (granted(effectiveGrants(object), roles, privilege)) return true;
  if (anyRole(catalog, roles, (role) => holdsByScope(catalog, role, object, privilege, column))) return true;
  if (column === undefined || (object.kind !== 'table' && object.kind !== 'view')) return false;
  return granted(object.columns[column - 1]?.grants ?? [], roles, privilege);
}

function anyRole(
  catalog: CatalogView,
  roles: ReadonlySet<ObjectId>,
  test: (role: Extract<Definition, { kind: 'role' }>) => boolean,
): boolean {
  for (const id of roles) {
    const role = catalog.get(id);
    if (role?.kind === 'role' && test(role)) return true;
  }
  return false;
}

/** A privilege on a scope itself, which need not exist; without one, any privilege in it. */
export function hasScopedPrivilege(catalog: CatalogView, actor: Actor, scope: Scope, privilege?: string): boolean {
  if (isSuperuser(catalog, actor)) return true;
  return anyRole(catalog, inheritedRoles(catalog, actor), (role) =>
    privilege === undefined ? scopeTouches(role, scope) : scopeHolds(role, privilege, scope),
  );
}

const WHOLE_SERVER: Scope = { database: '', relation: '', column: '' };

/** One of the privileges on the whole server. */
export function hasServerPrivilege(catalog: CatalogView, actor: Actor, privileges: readonly string[]): boolean {
  return (
    isSuperuser(catalog, actor) ||
    privileges.some((privilege) => hasScopedPrivilege(catalog, actor, WHOLE_SERVER, privilege))
  );
}

/** Is the object of any use to the role: does it hold a privilege on it, on a part of it, or on all around it? */
export function reaches(catalog: CatalogView, actor: Actor, object: Definition): boolean {
  if (isSuperuser(catalog, actor)) return true;
  const roles = inheritedRoles(catalog, actor);
  if (roles.has(object.owner)) return true;
  const scope = scopeOf(catalog, object);
  if (scope !== undefined && anyRole(catalog, roles, (role) => scopeTouches(role, scope))) return true;
  if (object.kind === 'database') return reachesWithin(catalog, roles, object.id);
  return isGranted(object, roles);
}

function reachesWithin(catalog: CatalogView, roles: ReadonlySet<ObjectId>, databaseId: ObjectId): boolean {
  for (const kind of ['table', 'view'] as const)
    for (const object of catalog.all(kind))
      if ('databaseId' in object && object.databaseId === databaseId && isGranted(object, roles)) return true;
  return false;
}

function isGranted(object: Definition, roles: ReadonlySet<ObjectId>): boolean {
  const any = (grants: readonly GrantEntry[] | undefined): boolean =>
    grants?.some((entry) => entry.grantee === PUBLIC || roles.has(entry.grantee)) === true;
  if (any(effectiveGrants(object))) return true;
  return (object.kind === 'table' || object.kind === 'view') && object.columns.some((column) => any(column.grants));
}

function granted(grants: readonly GrantEntry[], roles: ReadonlySet<ObjectId>, privilege: string): boolean {
  return grants.some(
    (entry) =>
      (entry.grantee === PUBLIC || roles.has(entry.grantee)) &&
      (entry.privileges.includes(privilege) || entry.privileges.includes(`${privilege}*`)),
  );
}

/** Access list items as catalog views show them: `grantee=letters/grantor`; null when only defaults apply. */
export function aclItems(catalog: CatalogView, grants: readonly GrantEntry[] | undefined): string[] | null {
  if (grants === undefined) return null;
  const name = (id: ObjectId): string => {
    if (id === PUBLIC) return '';
    const role = catalog.get(id);
    const text = role === undefined ? String(id) : role.name.text;
    return /^[a-z_][a-z0-9_]*$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`;
  };
  return grants.map((entry) => {
    const letters = LETTER_ORDER.map((privilege) =>
      entry.privileges.includes(`${privilege}*`)
        ? `${PRIVILEGE_LETTERS[privilege]}*`
        : entry.privileges.includes(privilege)
          ? PRIVILEGE_LETTERS[privilege]
          : '',
    );
    return `${name(entry.grantee)}=${letters.join('')}/${name(entry.grantor)}`;
  });
}
