/**
 * Privileges on scopes: the server, the databases whose names fit a pattern, or what bears a name in a database, whether
 * it exists or not. They stand with the role that holds them, beside the grants that stand with objects.
 */
import { wildcards } from '../auth/hosts.ts';
import type { CatalogView, Definition, RoleDefinition, ScopedGrant } from './definitions.ts';

export const GRANT_OPTION = 'GRANT OPTION';

export interface Scope {
  /** '' = the whole server; else the pattern of a database's name, or with a relation its name. */
  readonly database: string;
  /** '' = all of the database. */
  readonly relation: string;
  /** '' = all of the relation. */
  readonly column: string;
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

export function sameScope(a: Scope, b: Scope): boolean {
  return same(a.database, b.database) && same(a.relation, b.relation) && same(a.column, b.column);
}

/** Does a grant on `grant` hold for what is asked about? */
export function covers(grant: Scope, asked: Scope): boolean {
  if (grant.database === '') return true;
  if (grant.relation === '') return asked.database !== '' && wildcards(grant.database).test(asked.database);
  if (!same(grant.database, asked.database) || !same(grant.relation, asked.relation)) return false;
  return grant.column === '' || same(grant.column, asked.column);
}

/** Does it hold for the scope, or for something in it? */
export function touches(grant: Scope, asked: Scope): boolean {
  if (covers(grant, asked)) return true;
  if (!same(grant.database, asked.database)) return false;
  return asked.relation === '' || same(grant.relation, asked.relation);
}

/** With `*` behind the privilege: together with the right to grant it. */
function holds(privileges: readonly string[], privilege: string): boolean {
  if (!privilege.endsWith('*')) return privileges.includes(privilege);
  return privileges.includes(privilege.slice(0, -1)) && privileges.includes(GRANT_OPTION);
}

export function scopeHolds(role: RoleDefinition, privilege: string, asked: Scope): boolean {
  return (role.scopedGrants ?? []).some((grant) => holds(grant.privileges, privilege) && covers(grant, asked));
}

/** Is anything at all granted there? */
export function scopeTouches(role: RoleDefinition, asked: Scope): boolean {
  return (role.scopedGrants ?? []).some((grant) => grant.privileges.length > 0 && touches(grant, asked));
}

/** What the privilege on an object is called on scopes. */
const SCOPED_NAMES: Readonly<Record<string, string>> = {
  TRUNCATE: 'DROP',
  TEMPORARY: 'CREATE TEMPORARY TABLES',
};

/** Where an object is, in names; undefined = scopes say nothing of it. */
export function scopeOf(catalog: CatalogView, object: Definition, column?: number): Scope | undefined {
  if (object.kind === 'database') return { database: object.name.text, relation: '', column: '' };
  if (!('databaseId' in object)) return undefined;
  const database = catalog.database(object.databaseId)?.name.text;
  if (database === undefined) return undefined;
  if (object.kind !== 'table' && object.kind !== 'view') return { database, relation: '', column: '' };
  const name = column === undefined ? undefined : object.columns[column - 1]?.name.text;
  return { database, relation: object.name.text, column: name ?? '' };
}

/** Does the role hold a privilege on an object by a scope that it is in? */
export function holdsByScope(
  catalog: CatalogView,
  role: RoleDefinition,
  object: Definition,
  privilege: string,
  column?: number,
): boolean {
  if (role.scopedGrants === undefined) return false;
  const asked = scopeOf(catalog, object, column);
  if (asked === undefined) return false;
  if ((object.kind === 'schema' && privilege === 'USAGE') || (object.kind === 'database' && privilege === 'CONNECT'))
    return scopeTouches(role, asked);
  const star = privilege.endsWith('*') ? '*' : '';
  const name = star === '' ? privilege : privilege.slice(0, -1);
  return scopeHolds(role, `${SCOPED_NAMES[name] ?? name}${star}`, asked);
}

/** The grants with these privileges added to, or taken from, one scope. */
export function withScope(
  grants: readonly ScopedGrant[],
  scope: Scope,
  change: (held: readonly string[]) => readonly string[],
): readonly ScopedGrant[] {
  const old = grants.find((grant) => sameScope(grant, scope));
  const privileges = change(old?.privileges ?? []);
  const rest = grants.filter((grant) => grant !== old);
  return privileges.length === 0 ? rest : [...rest, { ...(old ?? scope), privileges }];
}
