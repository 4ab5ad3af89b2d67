/** What only administrators may do, and those who hold one of the privileges that the dialect names for it. */
import type { AdministrationArea } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { hasServerPrivilege } from '../catalog/privileges.ts';
import type { Session } from './session.ts';

export function administers(session: Session, area: AdministrationArea): boolean {
  return hasServerPrivilege(session.catalog, session.actor, session.dialect.profile.administration[area]);
}

/** The same, or an error. */
export function requireAdministration(session: Session, area: AdministrationArea, message: string): void {
  if (administers(session, area)) return;
  const privileges = session.dialect.profile.administration[area].join(' or ');
  throw new SqlError('insufficient_privilege', { message, variant: 'server', args: { privileges } });
}
