/** Where a session, and the query of a view, look for names that are not qualified. */
import { displayIdentifier, type Identifier } from '../../sblr/contract/names.ts';
import { storedQuery } from '../binder/stored-program.ts';
import type { ObjectId, SchemaDefinition, ViewDefinition } from '../catalog/definitions.ts';
import { hasPrivilege } from '../catalog/privileges.ts';
import type { SessionNames } from './names.ts';
import type { Session } from './session.ts';

/** Names of the schemas in the search path setting, existing or not. */
export function searchPathNames(session: Session): string[] {
  const text = session.settings.byRole('search_path') ?? session.dialect.system.mainSchema;
  const names = text.match(/"(?:[^"]|"")*"|[^,\s][^,]*/g) ?? [];
  return names.map((name) => {
    const trimmed = name.trim();
    const bare = trimmed.startsWith('"') ? trimmed.slice(1, -1).replaceAll('""', '"') : trimmed;
    if (bare !== '$user') return bare;
    const role = session.catalog.get(session.currentRole);
    return role === undefined ? '' : displayIdentifier(role.name, session.identifierFold);
  });
}

/** Ids of the schemas searched, in order; those that the role may not use are passed over. A session whose names are qualified by databases searches the main one. */
export function searchPath(session: Session, names: SessionNames): ObjectId[] {
  if (session.dialect.profile.qualifier === 'database') return mainSchemaOnly(names);
  const ids: ObjectId[] = [];
  const mayUse = (schema: SchemaDefinition): boolean => hasPrivilege(session.catalog, session.actor, schema, 'USAGE');
  for (const name of searchPathNames(session)) {
    const schema = names.schemaByName(writtenName(session, name));
    if (schema !== undefined && !ids.includes(schema.id) && mayUse(schema)) ids.push(schema.id);
  }
  return ids;
}

function mainSchemaOnly(names: SessionNames): ObjectId[] {
  const main = names.mainSchema();
  return main === undefined ? [] : [main.id];
}

/** A name of the setting as an identifier: exact unless it is its own fold. */
function writtenName(session: Session, text: string): Identifier {
  return { text, exact: text !== displayIdentifier({ text, exact: false }, session.identifierFold) };
}

/**
 * Names as a view's query sees them: the database, path and name of the main schema it was made with, the rights of its owner, or where the
 * view leaves them to whoever reads it, of the current role (whatever views are in between).
 */
export function viewNames(session: Session, view: ViewDefinition): SessionNames {
  const { qualifier, mainSchema } = storedQuery(view.program).semantics;
  const names = session.names.with({
    databaseId: view.databaseId,
    qualifier,
    mainSchema,
    ...(invokersRights(view)
      ? { role: session.currentRole, active: session.activeRoles }
      : { role: view.owner, active: undefined }),
    stored: true,
  });
  if (qualifier === 'database') return names.with({ searchPath: mainSchemaOnly(names) });
  const ids = view.searchPath.map((name) => names.schemaByName(writtenName(session, name))?.id);
  return names.with({ searchPath: ids.filter((id): id is ObjectId => id !== undefined) });
}

function invokersRights(view: ViewDefinition): boolean {
  const value = view.options['security_invoker']?.toLowerCase();
  return value !== undefined && ['true', 'on', 'yes', '1', 't', 'y'].includes(value);
}
