/** What functions ask about accounts, their roles, and who may see what. */
import type { AdministrationArea } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { clientHost } from '../auth/hosts.ts';
import { doubleSha1 } from '../auth/challenge.ts';
import { type Account, accountOf, findAccount, showAccount } from '../catalog/accounts.ts';
import type { ObjectId, RoleDefinition } from '../catalog/definitions.ts';
import { hasPrivilege, hasScopedPrivilege, inheritedRoles, PRIVILEGES, reaches } from '../catalog/privileges.ts';
import { notGranted } from '../ddl/accounts.ts';
import type { AccountHooks } from '../functions/introspection.ts';
import { administers } from './administration.ts';
import { activeRoles } from './active-roles.ts';
import type { Session } from './session.ts';

const AREAS: ReadonlySet<string> = new Set(['settings', 'sessions', 'activity', 'accounts', 'roles', 'role_grants']);

export class AccountIntrospection implements AccountHooks {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  #role(id: ObjectId): RoleDefinition | undefined {
    const found = this.#session.catalog.get(id);
    return found?.kind === 'role' ? found : undefined;
  }

  current(): string {
    const role = this.#role(this.#session.currentRole);
    if (role === undefined) return '';
    const { user, host } = accountOf(role, this.#session.administrator);
    return `${user}@${host}`;
  }

  client(): string {
    const { user, clientAddress } = this.#session.options;
    return `${user}@${clientHost(clientAddress).name}`;
  }

  active(quote: string): string | undefined {
    const quoted = (text: string): string => `${quote}${text.replaceAll(quote, quote + quote)}${quote}`;
    const names = activeRoles(this.#session).map((role) => {
      const { user, host } = accountOf(role, this.#session.administrator);
      return `${quoted(user)}@${quoted(host)}`;
    });
    return names.length === 0 ? undefined : names.sort().join(',');
  }

  required(user: string, host: string): ObjectId {
    const session = this.#session;
    const found = findAccount(session.catalog, session.administrator, { user, host });
    const [guarded] = session.dialect.profile.guardedSchemas;
    const own = found?.id === session.currentRole || found?.id === session.loginRole;
    if (!own && guarded !== undefined) {
      const scope = { database: guarded, relation: '', column: '' };
      if (!hasScopedPrivilege(session.catalog, session.actor, scope, 'SELECT'))
        throw new SqlError('insufficient_privilege', {
          message: `permission denied for database "${guarded}"`,
          variant: 'database',
          args: { name: guarded },
        });
    }
    if (found !== undefined) return found.id;
    throw new SqlError('invalid_grant_operation', {
      message: `no such grant is defined for ${showAccount({ user, host })}`,
      variant: 'no_grant',
      args: { user, host },
    });
  }

  /** Does the role act for the account, with the roles named, or those that act now? */
  actsFor(role: ObjectId, account: ObjectId, named: string): boolean {
    if (role === account) return true;
    const { catalog, administrator, currentRole, actor } = this.#session;
    if (named === '') return account === currentRole && inheritedRoles(catalog, actor).has(role);
    const member = this.#role(account);
    if (member === undefined) return false;
    const active = new Set<ObjectId>();
    for (const [user, host] of JSON.parse(named) as [string, string][]) {
      const found = findAccount(catalog, administrator, { user, host });
      if (found === undefined || !member.memberOf.some((entry) => entry.role === found.id))
        throw notGranted({ user, host }, member, administrator);
      active.add(found.id);
    }
    return inheritedRoles(catalog, { role: account, active }).has(role);
  }

  reachesRelation(id: ObjectId): boolean {
    const { catalog, actor, dialect } = this.#session;
    const object = catalog.get(id);
    if (object !== undefined) return reaches(catalog, actor, object);
    const view = dialect.viewById(id);
    return view === undefined || this.reachesOwnSchema(view.schemaId);
  }

  /** One of the privileges that columns have, on the column or on all around it. */
  reachesColumn(id: ObjectId, position: number): boolean {
    const { catalog, actor } = this.#session;
    const object = catalog.get(id);
    if (object === undefined) return this.reachesRelation(id);
    const may = (privilege: string): boolean => hasPrivilege(catalog, actor, object, privilege, position);
    return PRIVILEGES['column']!.some(may);
  }

  reachesOwnSchema(id: ObjectId): boolean {
    const { catalog, actor, dialect } = this.#session;
    if (!dialect.system.guarded.has(id)) return true;
    const name = [...dialect.system.schemas].find(([, schemaId]) => schemaId === id)?.[0] ?? '';
    return hasScopedPrivilege(catalog, actor, { database: name, relation: '', column: '' });
  }

  reachesDatabase(id: ObjectId): boolean {
    const { catalog, actor } = this.#session;
    const database = catalog.database(id);
    return database !== undefined && reaches(catalog, actor, database);
  }

  administers(area: string): boolean {
    return AREAS.has(area) && administers(this.#session, area as AdministrationArea);
  }

  /** The verifier that clients of old prove their password by, for those who make accounts. */
  digest(id: ObjectId): string | undefined {
    const role = this.#role(id);
    if (role === undefined || !administers(this.#session, 'accounts')) return undefined;
    const digest = role.verifiers['sha1-challenge'];
    return digest === EMPTY_PASSWORD ? '' : digest;
  }

  account(id: ObjectId): Account | undefined {
    const role = this.#role(id);
    return role && accountOf(role, this.#session.administrator);
  }
}

const EMPTY_PASSWORD = doubleSha1('');
