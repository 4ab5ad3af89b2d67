/**
 * The engine's side of a login: finds role and database, runs the mechanism the worker relays, and
 * opens the session when the proof holds. Says nothing that tells whether a user exists.
 */
import type { AuthReply, AuthRequest } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { checkSha1Challenge, checkSha256Challenge, doubleSha1, doubleSha256 } from '../auth/challenge.ts';
import { checkMd5Challenge, md5Verifier } from '../auth/md5.ts';
import { ScramExchange, verifyPassword } from '../auth/scram.ts';
import { accountFor } from '../catalog/accounts.ts';
import { type Actor, hasPrivilege, hasScopedPrivilege, reaches } from '../catalog/privileges.ts';
import { clientHost, fits } from '../auth/hosts.ts';
import type { DatabaseDefinition, RoleDefinition } from '../catalog/definitions.ts';
import type { Session } from './session.ts';

const NO_DATA = new Uint8Array();

export class Authenticator {
  readonly #session: Session;
  readonly #role: RoleDefinition | undefined;
  #exchange: ScramExchange | undefined = undefined;

  constructor(session: Session) {
    this.#session = session;
    this.#role = findRole(session);
  }

  step(request: AuthRequest): AuthReply {
    switch (request.mechanism) {
      case 'trust':
        return this.#session.core.trustsClients ? this.#open(NO_DATA) : this.#refuse();
      case 'plain':
        return this.#plain(Buffer.from(request.data));
      case 'choose': {
        const { verifiers } = this.#role ?? {};
        const only = verifiers?.['scram-sha-256'] === undefined && verifiers?.['md5-challenge'] !== undefined;
        return { kind: 'continue', data: Buffer.from(only ? 'md5-challenge' : 'scram-sha-256') };
      }
      case 'md5-challenge': {
        const verifier = this.#role?.verifiers['md5-challenge'];
        return verifier !== undefined && checkMd5Challenge(Buffer.from(request.data), verifier)
          ? this.#open(NO_DATA)
          : this.#refuse();
      }
      case 'sha1-challenge': {
        const verifier = this.#role?.verifiers['sha1-challenge'];
        return verifier !== undefined && checkSha1Challenge(Buffer.from(request.data), verifier)
          ? this.#open(NO_DATA)
          : this.#refuse();
      }
      case 'sha256-challenge': {
        const known = this.#role === undefined ? undefined : this.#session.core.passwordDigests.get(this.#role);
        // Nothing to check against yet: the client is asked for the password itself.
        if (known === undefined) return { kind: 'continue', data: NO_DATA };
        return checkSha256Challenge(Buffer.from(request.data), known) ? this.#open(NO_DATA) : this.#refuse();
      }
      case 'scram-sha-256':
        return this.#scram(Buffer.from(request.data).toString('utf8'));
      default:
        return {
          kind: 'error',
          error: new SqlError(
            'feature_not_supported',
            `authentication mechanism "${request.mechanism}" is not supported`,
          ),
        };
    }
  }

  #plain(password: Buffer): AuthReply {
    if (this.#role === undefined || !this.#fits(this.#role, password.toString('utf8'))) return this.#refuse();
    this.#session.core.passwordDigests.set(this.#role, doubleSha256(password));
    return this.#open(NO_DATA);
  }

  #fits({ verifiers }: RoleDefinition, password: string): boolean {
    const scram = verifiers['scram-sha-256'];
    if (scram !== undefined) return verifyPassword(password, scram);
    const sha1 = verifiers['sha1-challenge'];
    if (sha1 !== undefined && verifiers['md5-challenge'] === undefined) return sha1 === doubleSha1(password);
    return verifiers['md5-challenge'] === md5Verifier(password, this.#session.options.user);
  }

  #scram(message: string): AuthReply {
    const { options, core } = this.#session;
    this.#exchange ??= new ScramExchange(
      this.#role?.verifiers['scram-sha-256'],
      `${core.authenticationSecret}:${options.user}`,
    );
    const answer = this.#exchange.step(message);
    switch (answer.kind) {
      case 'continue':
        return { kind: 'continue', data: Buffer.from(answer.data) };
      case 'ok':
        return this.#open(Buffer.from(answer.data));
      case 'malformed':
        return {
          kind: 'error',
          error: new SqlError('protocol_violation', { message: 'malformed SCRAM message', detail: answer.reason }),
        };
      default:
        return this.#refuse();
    }
  }

  #refuse(): AuthReply {
    const { user } = this.#session.options;
    return {
      kind: 'error',
      error: new SqlError('invalid_password', {
        message: `password authentication failed for user "${user}"`,
        variant: 'password',
        args: { user },
      }),
    };
  }

  #open(data: Uint8Array): AuthReply {
    const session = this.#session;
    const { user, database } = session.options;
    const { account, connectionLimit: limit = -1 } = this.#role ?? {};
    const known = { accountHost: account?.host ?? '%', limit };
    const error = (
      condition:
        | 'invalid_authorization_specification'
        | 'invalid_catalog_name'
        | 'too_many_connections'
        | 'insufficient_privilege',
      message: string,
      variant: string,
    ): AuthReply => ({
      kind: 'error',
      error: new SqlError(condition, { message, variant, args: { user, name: database, ...known } }),
    });
    const role = this.#role;
    if (role === undefined)
      return error('invalid_authorization_specification', `role "${user}" does not exist`, 'role');
    if (role.account !== undefined && !fits(role.account.host, clientHost(session.options.clientAddress)))
      return this.#refuse();
    if (!role.login)
      return error('invalid_authorization_specification', `role "${user}" is not permitted to log in`, 'login');
    if (role.validUntil !== undefined && role.validUntil !== 'infinity' && Date.parse(role.validUntil) < Date.now())
      return this.#refuse();
    const { catalog } = session.core;
    const { profile, system } = session.dialect;
    const isOwn = profile.qualifier === 'database' && system.schemas.has(database.toLowerCase());
    const own = isOwn ? database.toLowerCase() : undefined;
    const anywhere = own !== undefined || (database === '' && profile.databaseOptional);
    const found = anywhere ? undefined : catalog.databaseByName(session.dialect.identifier(database));
    if (!anywhere && found === undefined && tellsDatabases(session, role, database))
      return error('invalid_catalog_name', `database "${database}" does not exist`, 'database');
    if (anywhere ? !mayBeInOwn(session, role.id, own) : found === undefined || !mayBeIn(session, role.id, found))
      return error('insufficient_privilege', `permission denied for database "${database}"`, 'database');
    if (role.connectionLimit >= 0 && !role.superuser && session.core.sessionsOf(role.id) >= role.connectionLimit) {
      return error('too_many_connections', `too many connections for role "${user}"`, 'role');
    }
    try {
      return { kind: 'ok', data, session: session.open(role, found?.id ?? 0, own) };
    } catch (failure) {
      if (failure instanceof SqlError) return { kind: 'error', error: failure };
      throw failure;
    }
  }
}

/** Is it told that there is no such database? */
function tellsDatabases({ catalog, dialect }: Session, role: RoleDefinition, database: string): boolean {
  const scope = { database, relation: '', column: '' };
  return dialect.profile.databaseAccess === 'connect' || hasScopedPrivilege(catalog, role.id, scope);
}

/** May the role be in the database? */
export function mayBeIn(session: Session, actor: Actor, database: DatabaseDefinition): boolean {
  return session.dialect.profile.databaseAccess === 'connect'
    ? hasPrivilege(session.catalog, actor, database, 'CONNECT')
    : reaches(session.catalog, actor, database);
}

/** The same for a schema of the dialect's own. */
export function mayBeInOwn({ catalog, dialect }: Session, actor: Actor, schema: string | undefined): boolean {
  if (schema === undefined || !dialect.profile.guardedSchemas.includes(schema)) return true;
  return hasScopedPrivilege(catalog, actor, { database: schema, relation: '', column: '' });
}

/** The role of this name; the administrator also answers to the dialect's name for one. */
function findRole(session: Session): RoleDefinition | undefined {
  const { catalog, administrator } = session.core;
  const { user, clientAddress } = session.options;
  if (session.dialect.profile.logins === 'accounts')
    return accountFor(catalog, session.administrator, user, clientHost(clientAddress));
  const named = catalog.roleByName(session.dialect.identifier(user)) ?? catalog.roleByName({ text: user, exact: true });
  if (named !== undefined || user.toLowerCase() !== session.dialect.profile.administrator.toLowerCase()) return named;
  const role = catalog.get(administrator);
  return role?.kind === 'role' ? role : undefined;
}
