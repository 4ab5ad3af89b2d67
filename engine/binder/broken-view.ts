/** Views whose query reads what is not there any more, where views find what they read by name. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { ViewDefinition } from '../catalog/definitions.ts';
import type { Binder } from './context.ts';

/** Conditions by which the query of a view says that what it reads is not what it was. */
const SOURCE_GONE: ReadonlySet<string> = new Set([
  'undefined_table',
  'undefined_column',
  'undefined_function',
  'invalid_schema_name',
  'invalid_catalog_name',
]);

export function isSourceGone(error: unknown): boolean {
  return error instanceof SqlError && SOURCE_GONE.has(error.condition);
}

export function brokenView(view: ViewDefinition, binder: Binder, pos: number | undefined): SqlError {
  const shown = binder.display(view.name);
  const database = binder.names.catalog.get(view.databaseId);
  return new SqlError('undefined_table', {
    message: `view "${shown}" reads what is not there any more`,
    variant: 'view_source',
    args: { name: database?.kind === 'database' ? `${binder.display(database.name)}.${shown}` : shown },
    ...(pos === undefined ? {} : { position: pos }),
  });
}
