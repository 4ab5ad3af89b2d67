/**
 * CREATE and DROP EXTENSION. What an extension brings is built in; a database records which of them it has
 * been given, because clients ask for that before they use one.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type { DatabaseDefinition } from '../catalog/definitions.ts';
import { requireOwner, type DdlContext } from './context.ts';

function databaseOf(context: DdlContext): DatabaseDefinition {
  const found = context.catalog.get(context.databaseId);
  if (found?.kind !== 'database') throw new Error('a session without a database defines no extensions');
  return found;
}

/** `available`: version by name; those that every database has are marked by the dialect. */
export function createExtension(
  statement: NodeOf<'CREATE_EXTENSION'>,
  context: DdlContext,
  available: ReadonlyMap<string, string>,
): void {
  const name = context.display(statement.name);
  const version = available.get(name);
  if (version === undefined) {
    throw new SqlError('feature_not_supported', {
      message: `extension "${name}" is not available`,
      hint: 'The extension must first be installed on the system where the server is running.',
    });
  }
  const database = databaseOf(context);
  if (database.extensions?.[name] === undefined) {
    context.catalog.put({ ...database, extensions: { ...database.extensions, [name]: version } });
    return;
  }
  const message = `extension "${name}" already exists`;
  if (!statement.exists) throw new SqlError('duplicate_object', { message, args: { name } });
  context.notice('notice', 'duplicate_object', { message: `${message}, skipping` });
}

export function commentOnExtension(
  statement: NodeOf<'COMMENT_ON'>,
  context: DdlContext,
  present: ReadonlySet<string>,
): void {
  const name = context.display(statement.name[statement.name.length - 1]!);
  const database = databaseOf(context);
  if (database.extensions?.[name] === undefined && !present.has(name))
    throw new SqlError('undefined_object', { message: `extension "${name}" does not exist`, args: { name } });
  requireOwner(context, database, 'extension');
  const extensionComments = { ...database.extensionComments, [name]: statement.comment ?? '' };
  context.catalog.put({ ...database, extensionComments });
}

export function dropExtensions(statement: NodeOf<'DROP_OBJECTS'>, context: DdlContext): void {
  for (const { name } of statement.names) {
    const shown = context.display(name[name.length - 1]!);
    const database = databaseOf(context);
    if (database.extensions?.[shown] === undefined) {
      const message = `extension "${shown}" does not exist`;
      if (!statement.exists) throw new SqlError('undefined_object', { message, args: { name: shown } });
      context.notice('notice', 'successful_completion', { message: `${message}, skipping` });
      continue;
    }
    const { [shown]: _dropped, ...rest } = database.extensions;
    context.catalog.put({ ...database, extensions: rest });
  }
}
