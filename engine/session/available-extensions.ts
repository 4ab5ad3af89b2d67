/** The extensions of the session's dialect, and the version of those that its database has. */
import type { Row } from '../../sblr/contract/values.ts';
import type { DatabaseDefinition } from '../catalog/definitions.ts';
import type { Session } from './session.ts';

const NONE: Pick<DatabaseDefinition, 'extensions' | 'extensionComments'> = {};

export function availableExtensions(session: Session): readonly Row[] {
  const database = session.catalog.get(session.databaseId);
  const { extensions: created, extensionComments } = database?.kind === 'database' ? database : NONE;
  return session.dialect.profile.extensions.map((one) => [
    one.name,
    one.version,
    extensionComments?.[one.name] ?? one.comment,
    one.present ? one.version : (created?.[one.name] ?? null),
  ]);
}
