/** COMMENT ON, ALTER ... RENAME / SET SCHEMA / OWNER of objects that are not tables, CREATE EXTENSION. */
import { identifierKey, type Name } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type { Definition } from '../catalog/definitions.ts';
import { givenTo } from '../catalog/privileges.ts';
import { renameRelation } from './alter-table.ts';
import { renameSchemaInViews } from './view-names.ts';
import { requireOwner, requireSchema, undefinedRelation, type DdlContext } from './context.ts';
import { requireRoutine } from './find-routine.ts';
import { requireRole } from './schemas.ts';
import { putColumn, requireColumn } from './tables.ts';

/** Finds an object of `kind` by name; throws the dialects' undefined_... otherwise. */
export function findObject(kind: string, name: Name, context: DdlContext, signature?: string | undefined): Definition {
  const last = name[name.length - 1]!;
  const shown = name.map((part) => context.display(part)).join('.');
  switch (kind) {
    case 'table':
    case 'view':
    case 'sequence':
    case 'index': {
      const found = context.names.findRelation(name);
      if (found === undefined || found.kind === 'system') throw undefinedRelation(context, name);
      if (found.kind !== kind)
        throw new SqlError('wrong_object_type', {
          message: `"${shown}" is not ${kind === 'index' ? 'an' : 'a'} ${kind}`,
          args: { name: shown, kind },
        });
      return found;
    }
    case 'schema':
      return requireSchema(context, last);
    case 'database': {
      const found = context.catalog.databaseByName(last);
      if (found === undefined)
        throw new SqlError('invalid_catalog_name', {
          message: `database "${shown}" does not exist`,
          args: { name: shown },
        });
      return found;
    }
    case 'role':
      return requireRole(last, context);
    case 'type':
    case 'domain': {
      const found = context.names.findType(name);
      if (found === undefined)
        throw new SqlError('undefined_object', {
          message: `type "${shown}" does not exist`,
          variant: 'type',
          args: { name: shown },
        });
      return found;
    }
    case 'function':
    case 'procedure':
    case 'routine':
    case 'aggregate':
      return requireRoutine(kind, name, signature, context);
    default:
      throw new SqlError('feature_not_supported', `objects of kind ${kind.replaceAll('_', ' ')} are not supported`);
  }
}

export async function commentOn(statement: NodeOf<'COMMENT_ON'>, context: DdlContext): Promise<void> {
  const { comment } = statement;
  if (statement.kind === 'column') {
    const name = statement.table ?? statement.name.slice(0, -1);
    const relation = context.names.findRelation(name);
    if (relation === undefined || (relation.kind !== 'table' && relation.kind !== 'view'))
      throw undefinedRelation(context, name);
    requireOwner(context, relation, relation.kind);
    const column = requireColumn(relation as never, statement.name[statement.name.length - 1]!, context);
    if (relation.kind === 'table') putColumn(context, relation.id, column.position, { comment });
    else
      context.catalog.put({
        ...relation,
        columns: relation.columns.map((candidate) =>
          candidate.position === column.position ? { ...candidate, comment } : candidate,
        ),
      });
    return;
  }
  if (statement.kind === 'constraint') {
    const table = context.names.findRelation(statement.table!);
    if (table === undefined || table.kind !== 'table') throw undefinedRelation(context, statement.table!);
    const key = identifierKey(statement.name[statement.name.length - 1]!);
    if (!table.constraints.some((constraint) => identifierKey(constraint.name) === key)) {
      const shown = context.display(statement.name[statement.name.length - 1]!);
      throw new SqlError('undefined_object', {
        message: `constraint "${shown}" for table "${context.display(table.name)}" does not exist`,
        variant: 'constraint',
        args: { constraint: shown, table: context.display(table.name) },
      });
    }
    context.catalog.put({
      ...table,
      constraints: table.constraints.map((constraint) =>
        identifierKey(constraint.name) === key ? { ...constraint, comment } : constraint,
      ),
    });
    return;
  }
  const object = findObject(statement.kind, statement.name, context, statement.signature);
  requireOwner(context, object, object.kind);
  putObject({ ...object, comment }, context);
}

/** Indexes live inside their table's definition. */
function putObject(object: Definition, context: DdlContext): void {
  if (object.kind !== 'index') {
    context.catalog.put(object);
    return;
  }
  const table = context.catalog.table(object.tableId);
  context.catalog.put({ ...table, indexes: table.indexes.map((index) => (index.id === object.id ? object : index)) });
}

export async function alterObject(statement: NodeOf<'ALTER_OBJECT'>, context: DdlContext): Promise<void> {
  let object: Definition;
  try {
    object = findObject(statement.kind, statement.name, context, statement.signature);
  } catch (error) {
    if (!statement.exists || !(error instanceof SqlError)) throw error;
    context.notice('notice', 'successful_completion', { message: `${error.message}, skipping` });
    return;
  }
  requireOwner(context, object, object.kind);
  switch (statement.action) {
    case 'rename':
      if (object.kind === 'table' || object.kind === 'view' || object.kind === 'sequence' || object.kind === 'index')
        renameRelation(object, statement.newName, context);
      else renameOther(object, statement, context);
      return;
    case 'set_schema':
      context.catalog.put({ ...object, schemaId: requireSchema(context, statement.newName).id } as Definition);
      return;
    case 'owner':
      putObject(givenTo(object as Definition, requireRole(statement.newName, context).id), context);
      return;
    default:
      statement.action satisfies never;
  }
}

function renameOther(object: Definition, statement: NodeOf<'ALTER_OBJECT'>, context: DdlContext): void {
  const shown = context.display(statement.newName);
  if (object.kind === 'schema' && context.catalog.schemaByName(object.databaseId, statement.newName) !== undefined) {
    throw new SqlError('duplicate_schema', { message: `schema "${shown}" already exists`, args: { name: shown } });
  }
  if (object.kind === 'type' && context.catalog.typeByName(object.schemaId, statement.newName) !== undefined) {
    throw new SqlError('duplicate_object', {
      message: `type "${shown}" already exists`,
      variant: 'type',
      args: { name: shown },
    });
  }
  if (object.kind === 'schema') renameSchemaInViews(object, statement.newName, context);
  context.catalog.put(
    object.kind === 'schema'
      ? { ...object, name: statement.newName, main: false }
      : ({ ...object, name: statement.newName } as Definition),
  );
}
