/**
 * The schemas of a session's temporary objects: one, or where names are qualified by databases, one in each database in
 * which it made some. They are the session's alone and no part of the catalog.
 */
import type { ObjectId, SchemaDefinition } from '../catalog/definitions.ts';

/** What is asked of a session here. */
interface Owner {
  readonly databaseId: ObjectId;
  readonly temporarySchemas: readonly SchemaDefinition[];
}

/** Undefined before the session made something temporary there. */
export function temporarySchemaOf(
  session: Owner,
  databaseId: ObjectId = session.databaseId,
): SchemaDefinition | undefined {
  return session.temporarySchemas.find((one) => one.databaseId === databaseId);
}

export function temporarySchemaIds(session: Owner): ReadonlySet<ObjectId> {
  return new Set(session.temporarySchemas.map(({ id }) => id));
}
