/** Routines as text: their definition, arguments and result, as catalog functions show them. */
import type { Identifier } from '../../sblr/contract/names.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { quoteIdentifier } from '../binder/quote-identifier.ts';
import type { RoutineDefinition } from '../catalog/definitions.ts';
import type { RenderedCatalog } from './rendered-catalog.ts';

/** How the session shows names, types and stored expressions. */
export interface RoutineNames {
  readonly rendered: RenderedCatalog;
  show(name: Identifier): string;
  typeName(type: SqlType): string;
}

export function routineDefinition(routine: RoutineDefinition, schema: string, names: RoutineNames): string {
  const word = routine.form === 'procedure' ? 'PROCEDURE' : 'FUNCTION';
  const name = `${quoteIdentifier(schema)}.${quoteIdentifier(names.show(routine.name))}`;
  const result = routineResult(routine, names);
  const volatility = routine.volatility === 'volatile' ? '' : ` ${routine.volatility.toUpperCase()}`;
  const facts = `${volatility}${routine.strict ? ' STRICT' : ''}${routine.ownersRights === true ? ' SECURITY DEFINER' : ''}`;
  const quote = `$${word.toLowerCase()}$`;
  const lines = [
    `CREATE OR REPLACE ${word} ${name}(${routineArguments(routine, 'full', names)})`,
    ...(result === undefined ? [] : [` RETURNS ${result}`]),
    ` LANGUAGE ${routine.language}`,
    ...(facts === '' ? [] : [facts]),
    ...Object.entries(routine.settings ?? {}).map(
      ([setting, value]) => ` SET ${setting} TO ${shownSetting(setting, value)}`,
    ),
    `AS ${quote}${routine.source}${quote}`,
  ];
  return `${lines.join('\n')}\n`;
}

/** A list of names keeps its commas. */
function shownSetting(name: string, value: string): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  return name === 'search_path' ? value.split(', ').map(quoted).join(', ') : quoted(value);
}

export function routineArguments(routine: RoutineDefinition, form: 'full' | 'identity', names: RoutineNames): string {
  return routine.parameters
    .filter((one) => one.mode !== 'table')
    .map((one) => {
      // A procedure's arguments tell their mode always.
      const mode = one.mode === 'in' && routine.form !== 'procedure' ? '' : `${one.mode.toUpperCase()} `;
      const name = one.name === undefined ? '' : `${quoteIdentifier(names.show(one.name))} `;
      const fallback = form === 'full' ? names.rendered.parameterDefault(routine, one) : null;
      return `${mode}${name}${names.typeName(one.type)}${fallback === null ? '' : ` DEFAULT ${fallback}`}`;
    })
    .join(', ');
}

export function routineResult(routine: RoutineDefinition, names: RoutineNames): string | undefined {
  if (routine.form === 'procedure') return undefined;
  const table = routine.parameters.filter((one) => one.mode === 'table');
  if (table.length > 0) {
    const columns = table.map((one) => {
      const name = one.name === undefined ? '' : `${quoteIdentifier(names.show(one.name))} `;
      return `${name}${names.typeName(one.type)}`;
    });
    return `TABLE(${columns.join(', ')})`;
  }
  const type = routine.returns === undefined ? 'void' : names.typeName(routine.returns);
  return routine.returnsSet ? `SETOF ${type}` : type;
}

interface TypeLookup {
  lookupReference(target: 'type', text: string): number | undefined;
  typeId(type: SqlType): number;
}

/** The name in 'name' or 'name(type, type)', and the routine that it means. */
export function routineNamed(
  text: string,
  overloads: (name: string) => readonly RoutineDefinition[],
  lookup: TypeLookup,
): [string, RoutineDefinition | undefined] {
  const [, name = '', types] = /^([^(]*)(?:\((.*)\)\s*)?$/s.exec(text) ?? [];
  return [name, overloads(name).find((one) => types === undefined || takes(one, types, lookup))];
}

/** Are these, separated by commas, the types of the routine's inputs? */
function takes(routine: RoutineDefinition, types: string, lookup: TypeLookup): boolean {
  const inputs = routine.parameters.filter(({ mode }) => mode !== 'out' && mode !== 'table');
  const named = types.trim() === '' ? [] : types.split(',').map((one) => lookup.lookupReference('type', one.trim()));
  return named.length === inputs.length && inputs.every(({ type }, at) => lookup.typeId(type) === named[at]);
}
