/** The extensions of the session's dialect, and the version of those that its database has. */
import type { Row } from '../../sblr/contract/values.ts';
import type { Session } from './session.ts';

export function availableExtensions(session: Session): readonly Row[] {
  const database = session.catalog.get(session.databaseId);
  const created = database?.kind === 'database' ? database.extensions : undefined;
  return session.dialect.profile.extensions.map((one) => [
    one.name,
    one.version,
    one.comment,
    one.present ? one.version : (created?.[one.name] ?? null),
  ]);
}
