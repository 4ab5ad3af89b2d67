/** What the dialect's facts say of built-in objects: arguments and results of routines, descriptions. */
import type { Definition } from '../catalog/definitions.ts';
import type { InstalledDialect } from '../installed-dialect.ts';

const DEFAULT = / DEFAULT (?:'[^']*'|[^,'])+/g;

export function builtInArguments(dialect: InstalledDialect, id: number, form: 'full' | 'identity'): string | undefined {
  const text = dialect.facts.find('routine', id)?.fields[2];
  if (text === undefined) return dialect.routineName(id) === undefined ? undefined : '';
  return form === 'full' ? text : text.replace(DEFAULT, '');
}

export function builtInResult(dialect: InstalledDialect, id: number): string | undefined {
  return dialect.facts.find('routine', id)?.fields[1];
}

/** `catalog`: the view that lists the object, or '' for the first object of that id. */
export function builtInDescription(dialect: InstalledDialect, id: number, catalog: string): string | undefined {
  const { systemSchema, views } = dialect.system;
  const view = catalog === '' ? undefined : views.get(`${systemSchema}.${catalog}`)?.id;
  for (const { kind, fields } of dialect.facts.withId(id))
    if (kind === 'description' && (catalog === '' || Number(fields[0]) === view)) return fields[1];
  return undefined;
}

/** The main schema, which every dialect names, is described as the dialect has it until it gets a comment. */
export function descriptionOf(dialect: InstalledDialect, found: Definition, catalog: string): string | undefined {
  if (found.comment !== undefined || found.kind !== 'schema' || !found.main) return found.comment;
  return builtInDescription(dialect, 0, catalog);
}
