/**
 * The engine's side of a login: finds role and database, runs the mechanism the worker relays, and
 * opens the session when the proof holds. Says nothing that tells whether a user exists.
 */
import type { AuthReply, AuthRequest } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { checkSha1Challenge, checkSha256Challenge, doubleSha256 } from '../auth/challenge.ts';
import { checkMd5Challenge, md5Verifier } from '../auth/md5.ts';
import { ScramExchange, verifyPassword } from '../auth/scram.ts';
import { hasPrivilege } from '../catalog/privileges.ts';
import type { RoleDefinition } from '../catalog/definitions.ts';
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
      error: new SqlError(condition, { message, variant, args: { user, name: database } }),
    });
    const role = this.#role;
    if (role === undefined)
      return error('invalid_authorization_specification', `role "${user}" does not exist`, 'role');
    if (!role.login)
      return error('invalid_authorization_specification', `role "${user}" is not permitted to log in`, 'login');
    if (role.validUntil !== undefined && role.validUntil !== 'infinity' && Date.parse(role.validUntil) < Date.now())
      return this.#refuse();
    const { catalog } = session.core;
    const { profile, system } = session.dialect;
    const own = profile.qualifier === 'database' && system.schemas.has(database.toLowerCase());
    const anywhere = own || (database === '' && profile.databaseOptional);
    const found = anywhere ? undefined : catalog.databaseByName(session.dialect.identifier(database));
    if (found === undefined && !anywhere)
      return error('invalid_catalog_name', `database "${database}" does not exist`, 'database');
    if (found !== undefined && !hasPrivilege(catalog, role.id, found, 'CONNECT'))
      return error('insufficient_privilege', `permission denied for database "${database}"`, 'database');
    if (role.connectionLimit >= 0 && !role.superuser && session.core.sessionsOf(role.id) >= role.connectionLimit) {
      return error('too_many_connections', `too many connections for role "${user}"`, 'role');
    }
    try {
      const opened = session.open(role, found?.id ?? 0);
      if (own) session.moveTo(0, database.toLowerCase());
      return { kind: 'ok', data, session: opened };
    } catch (failure) {
      if (failure instanceof SqlError) return { kind: 'error', error: failure };
      throw failure;
    }
  }
}

/** The role of this name; the administrator also answers to the dialect's name for one. */
function findRole(session: Session): RoleDefinition | undefined {
  const { catalog, administrator } = session.core;
  const { user } = session.options;
  const named = catalog.roleByName(session.dialect.identifier(user)) ?? catalog.roleByName({ text: user, exact: true });
  if (named !== undefined || user.toLowerCase() !== session.dialect.profile.administrator.toLowerCase()) return named;
  const role = catalog.get(administrator);
  return role?.kind === 'role' ? role : undefined;
}
