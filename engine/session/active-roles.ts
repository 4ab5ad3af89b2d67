/** Which of the roles granted to it a session acts with. */
import type { NodeOf } from '../../sblr/nodes.ts';
import { findAccount } from '../catalog/accounts.ts';
import type { ObjectId, RoleDefinition } from '../catalog/definitions.ts';
import { notGranted, unknownAccount } from '../ddl/accounts.ts';
import type { DdlContext } from '../ddl/context.ts';
import type { Session } from './session.ts';

type Statement = NodeOf<'ACTIVATE_ROLES'>;

export function activateRoles(session: Session, statement: Statement): void {
  const role = session.catalog.get(session.currentRole) as RoleDefinition;
  const context = { catalog: session.catalog, administrator: session.administrator };
  session.activate(chosen(role, statement, context as Pick<DdlContext, 'catalog' | 'administrator'>));
}

/** The roles that a statement chooses of those granted; undefined = those of its login. */
export function chosen(
  role: RoleDefinition,
  { which, roles }: Pick<Statement, 'which' | 'roles'>,
  context: Pick<DdlContext, 'catalog' | 'administrator'>,
): ReadonlySet<ObjectId> | undefined {
  if (which === 'default') return undefined;
  const granted = new Set(role.memberOf.map((entry) => entry.role));
  const named = new Set<ObjectId>();
  for (const account of roles) {
    const found = findAccount(context.catalog, context.administrator, account);
    if (which === 'listed' && (found === undefined || !granted.has(found.id)))
      throw notGranted(account, role, context.administrator);
    if (found === undefined) throw unknownAccount(account);
    named.add(found.id);
  }
  if (which === 'listed') return named;
  if (which === 'none') return new Set();
  return new Set([...granted].filter((id) => !named.has(id)));
}

/** The roles that act now. */
export function activeRoles(session: Session): readonly RoleDefinition[] {
  const role = session.catalog.get(session.currentRole);
  if (role?.kind !== 'role') return [];
  const acting = role.memberOf.filter((entry) => session.activeRoles?.has(entry.role) ?? entry.dormant !== true);
  return acting.map((entry) => session.catalog.get(entry.role) as RoleDefinition);
}

/** SET DEFAULT ROLE: which act from a login on. */
export function setDefaultRoles(statement: Statement, context: DdlContext): void {
  for (const account of statement.accounts) {
    const role = findAccount(context.catalog, context.administrator, account);
    if (role === undefined) throw unknownAccount(account);
    if (role.id !== context.role)
      context.requireAdministration('accounts', 'permission denied to set the default roles of others');
    const acting = chosen(role, statement, context) ?? new Set();
    context.catalog.put({
      ...role,
      memberOf: role.memberOf.map((entry) => ({ ...entry, dormant: !acting.has(entry.role) })),
    });
  }
}
