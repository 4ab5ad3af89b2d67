/**
 * The database a session is in. In some dialects a session keeps it from being dropped, in others it only names it: then it may
 * be dropped, and made anew, while the session is in it.
 */
import { displayIdentifier } from '../../sblr/contract/names.ts';
import type { ObjectId } from '../catalog/definitions.ts';
import type { DatabaseUsers } from '../ddl/schemas.ts';
import type { Session } from './session.ts';

export function holdsDatabase(session: Session): boolean {
  return session.dialect.profile.qualifier !== 'database';
}

/** The id of the session's database: a new one where one of the same name took its place. */
export function presentDatabase(session: Session): ObjectId {
  const { catalog, databaseId, databaseName } = session;
  if (databaseName === undefined || holdsDatabase(session) || catalog.database(databaseId) !== undefined)
    return databaseId;
  return catalog.databaseByName(databaseName)?.id ?? databaseId;
}

/** Its name as it is shown, also while there is none of that name; '' = the session is in none. */
export function shownDatabase(session: Session): string {
  const { catalog, databaseId, databaseName, ownSchema } = session;
  const name = catalog.database(databaseId)?.name ?? databaseName;
  return name === undefined ? (ownSchema ?? '') : displayIdentifier(name, session.identifierFold);
}

/** Who keeps a database from being dropped by this session. */
export function databaseUsers(session: Session): DatabaseUsers {
  return {
    sessionsIn(id) {
      let count = 0;
      for (const other of session.core.sessionList())
        if (other.databaseId === id && other !== session && holdsDatabase(other)) count++;
      return count;
    },
    sessionsHold: holdsDatabase(session),
  };
}

/** After a drop: if it was the session's own database, the session has none until it chooses another one. */
export function leaveDropped(session: Session): void {
  if (session.databaseId === 0 || session.catalog.database(session.databaseId) !== undefined) return;
  session.moveTo(0, undefined);
  session.sink.setting('database', '');
}
