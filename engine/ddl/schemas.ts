/** Schemas and databases. */
import { regular, type Identifier } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type { DatabaseDefinition, Definition, ObjectId, SchemaDefinition } from '../catalog/definitions.ts';
import type { Catalog, CatalogFork } from '../catalog/catalog.ts';
import { hasScopedPrivilege } from '../catalog/privileges.ts';
import { requireOwner, type DdlContext } from './context.ts';

/** A new database with its main schema, also used at the first start. */
export function newDatabase(
  catalog: Catalog,
  name: Identifier,
  owner: ObjectId,
  options: Readonly<Record<string, string>>,
): [DatabaseDefinition, SchemaDefinition] {
  const id = catalog.allocateId();
  const database: DatabaseDefinition = { kind: 'database', id, name, owner, options };
  const main: SchemaDefinition = {
    kind: 'schema',
    id: catalog.allocateId(),
    name: regular('main'),
    owner,
    databaseId: id,
    main: true,
  };
  return [database, main];
}

export async function createDatabase(statement: NodeOf<'CREATE_DATABASE'>, context: DdlContext): Promise<void> {
  const role = context.catalog.get(context.role);
  const shown = context.display(statement.name);
  const scope = { database: statement.name.text, relation: '', column: '' };
  const may = context.isSuperuser || (role?.kind === 'role' && role.createDatabase);
  if (!may && !hasScopedPrivilege(context.catalog, context.actor, scope, 'CREATE'))
    throw new SqlError('insufficient_privilege', {
      message: 'permission denied to create database',
      variant: 'database',
      args: { name: shown },
    });
  await context.lockName(`database:${statement.name.text.toLowerCase()}`);
  if (context.catalog.databaseByName(statement.name) !== undefined) {
    const details = { message: `database "${shown}" already exists`, args: { name: shown } };
    if (!statement.exists) throw new SqlError('duplicate_database', details);
    context.notice('notice', 'duplicate_database', { ...details, message: `${details.message}, skipping` });
    return;
  }
  const options: Record<string, string> = {};
  let owner = context.ownerIn({ owner: context.administrator.id });
  for (const option of statement.options) {
    if (option.name === 'owner' && option.value !== undefined) owner = requireRole(regular(option.value), context).id;
    else options[option.name] = option.value ?? '';
  }
  for (const definition of newDatabase(context.catalog.base, statement.name, owner, options))
    context.catalog.put(definition);
}

export function requireRole(
  name: Identifier,
  context: { readonly catalog: CatalogFork; display(identifier: Identifier): string },
): Definition & { kind: 'role' } {
  const found = context.catalog.roleByName(name);
  if (found !== undefined) return found;
  throw new SqlError('undefined_object', {
    message: `role "${context.display(name)}" does not exist`,
    variant: 'role',
    args: { role: context.display(name) },
  });
}

/** Who is in a database that is to be dropped. */
export interface DatabaseUsers {
  /** Other sessions that keep it from being dropped. */
  sessionsIn(databaseId: ObjectId): number;
  /** Does this session keep its own? Otherwise it goes on without one. */
  readonly sessionsHold: boolean;
}

export async function dropDatabase(
  statement: NodeOf<'DROP_DATABASE'>,
  context: DdlContext,
  hooks: DatabaseUsers,
): Promise<number> {
  const shown = context.display(statement.name);
  const found = context.catalog.databaseByName(statement.name);
  if (found === undefined) {
    const details = { message: `database "${shown}" does not exist`, args: { name: shown } };
    if (!statement.exists) throw new SqlError('invalid_catalog_name', details);
    context.notice('notice', 'invalid_catalog_name', { ...details, message: `${details.message}, skipping` });
    return 0;
  }
  requireOwner(context, found, 'database', 'DROP');
  await context.lockName(`database:${statement.name.text.toLowerCase()}`);
  if (hooks.sessionsHold && found.id === context.databaseId)
    throw new SqlError('object_in_use', 'cannot drop the currently open database');
  const users = hooks.sessionsIn(found.id);
  if (users > 0) {
    throw new SqlError('object_in_use', {
      message: `database "${shown}" is being accessed by other users`,
      args: { name: shown },
      detail:
        users === 1
          ? 'There is 1 other session using the database.'
          : `There are ${users} other sessions using the database.`,
    });
  }
  let tables = 0;
  for (const kind of ['view', 'table', 'sequence', 'type', 'routine', 'schema'] as const) {
    for (const object of [...context.catalog.all(kind)]) {
      if (!('databaseId' in object) || object.databaseId !== found.id) continue;
      if (object.kind === 'table' || object.kind === 'view') tables++;
      if (object.kind === 'table') {
        context.afterCommit(() => {
          context.dropSpace(object.space);
          for (const index of object.indexes) context.dropSpace(index.space);
        });
      }
      context.catalog.drop(object.id);
    }
  }
  context.catalog.drop(found.id);
  return tables;
}

export async function alterDatabase(statement: NodeOf<'ALTER_DATABASE'>, context: DdlContext): Promise<void> {
  const found = context.catalog.databaseByName(statement.name);
  const shown = context.display(statement.name);
  if (found === undefined)
    throw new SqlError('invalid_catalog_name', {
      message: `database "${shown}" does not exist`,
      args: { name: shown },
    });
  requireOwner(context, found, 'database', 'ALTER');
  if (statement.newName !== undefined && context.catalog.databaseByName(statement.newName) !== undefined) {
    throw new SqlError('duplicate_database', {
      message: `database "${context.display(statement.newName)}" already exists`,
      args: { name: context.display(statement.newName) },
    });
  }
  const options = { ...found.options };
  for (const option of statement.options) {
    if (option.value === undefined) delete options[option.name];
    else options[option.name] = option.value;
  }
  context.catalog.put({
    ...found,
    options,
    name: statement.newName ?? found.name,
    owner: statement.owner === undefined ? found.owner : requireRole(statement.owner, context).id,
  });
}

/** Answers the schema; undefined where it exists and may. */
export async function createSchema(
  statement: NodeOf<'CREATE_SCHEMA'>,
  context: DdlContext,
): Promise<SchemaDefinition | undefined> {
  const database = context.catalog.database(context.databaseId)!;
  context.names.checkPrivilege(database as never, 'CREATE');
  const name = statement.name[statement.name.length - 1]!;
  const shown = context.display(name);
  await context.lockName(`schema:${context.databaseId}:${name.text.toLowerCase()}`);
  const isMain =
    !name.exact &&
    name.text.toLowerCase() === context.semantics.mainSchema.toLowerCase() &&
    [...context.catalog.all('schema')].some(
      (schema) => schema.kind === 'schema' && schema.main && schema.databaseId === context.databaseId,
    );
  if (isMain || context.catalog.schemaByName(context.databaseId, name) !== undefined) {
    const details = { message: `schema "${shown}" already exists`, args: { name: shown } };
    if (!statement.exists) throw new SqlError('duplicate_schema', details);
    context.notice('notice', 'duplicate_schema', { ...details, message: `${details.message}, skipping` });
    return undefined;
  }
  const owner = statement.owner === undefined ? context.role : requireRole(statement.owner, context).id;
  const isNewMain = !name.exact && name.text.toLowerCase() === context.semantics.mainSchema.toLowerCase();
  const schema: SchemaDefinition = {
    kind: 'schema',
    id: context.catalog.base.allocateId(),
    name: isNewMain ? regular('main') : name,
    owner,
    databaseId: context.databaseId,
    main: isNewMain,
  };
  context.catalog.put(schema);
  return schema;
}
