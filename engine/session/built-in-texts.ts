/** Descriptions of objects, and what the dialect's facts say of built-in routines. */
import { crossReferences } from '../catalog/cross-references.ts';
import type { InstalledDialect } from '../installed-dialect.ts';
import type { Session } from './session.ts';

const DEFAULT = / DEFAULT (?:'[^']*'|[^,'])+/g;

export function builtInArguments(dialect: InstalledDialect, id: number, form: 'full' | 'identity'): string | undefined {
  const text = dialect.facts.find('routine', id)?.fields[2];
  if (text === undefined) return dialect.routineName(id) === undefined ? undefined : '';
  return form === 'full' ? text : text.replace(DEFAULT, '');
}

export function builtInResult(dialect: InstalledDialect, id: number): string | undefined {
  return dialect.facts.find('routine', id)?.fields[1];
}

/** `name`: the view of the system catalog that lists the object, or '' for the first object of that id. */
export function objectDescription(
  { catalog, dialect }: Pick<Session, 'catalog' | 'dialect'>,
  id: number,
  name: string,
  column: number,
): string | undefined {
  const found = catalog.get(id);
  if (column > 0)
    return found?.kind === 'table' || found?.kind === 'view' ? found.columns[column - 1]?.comment : undefined;
  if (/constraint/.test(name)) {
    const table = crossReferences(catalog).tableOfConstraint.get(id);
    return table?.constraints.find((one) => one.id === id)?.comment;
  }
  if (found === undefined) return builtInDescription(dialect, id, name);
  // The main schema, which every dialect names, is described as the dialect has it until it gets a comment.
  if (found.comment === undefined && found.kind === 'schema' && found.main) return builtInDescription(dialect, 0, name);
  return found.comment;
}

function builtInDescription(dialect: InstalledDialect, id: number, name: string): string | undefined {
  const { systemSchema, views } = dialect.system;
  const view = name === '' ? undefined : views.get(`${systemSchema}.${name}`)?.id;
  for (const { kind, fields } of dialect.facts.withId(id))
    if (kind === 'description' && (name === '' || Number(fields[0]) === view)) return fields[1];
  return undefined;
}
