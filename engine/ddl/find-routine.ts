/** The routine that a statement names: alone, or with the types of its arguments where there are several. */
import type { Name } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { RoutineDefinition } from '../catalog/definitions.ts';
import type { DdlContext } from './context.ts';

export type RoutineKind = 'routine' | 'function' | 'procedure' | 'aggregate';

export function isRoutineKind(kind: string): kind is RoutineKind {
  return kind === 'routine' || kind === 'function' || kind === 'procedure' || kind === 'aggregate';
}

/** undefined = there is none; raises where the name means several, or something of another kind. */
export function findRoutine(
  kind: RoutineKind,
  name: Name,
  signature: string | undefined,
  context: DdlContext,
): RoutineDefinition | undefined {
  const overloads = context.names.findRoutines(name);
  const types = signature === undefined ? undefined : shownTypes(signature, context);
  const wanted =
    types === undefined ? overloads : overloads.filter((routine) => signaturesOf(routine, context).includes(types));
  const shown = name.map((part) => context.display(part)).join('.');
  if (wanted.length > 1) {
    throw new SqlError('ambiguous_function', {
      message: `function name "${shown}" is not unique`,
      hint: 'Specify the argument list to select the function unambiguously.',
    });
  }
  const [found] = wanted;
  if (found !== undefined && kind !== 'routine') requireForm(kind, found, `${shown}(${types ?? ''})`);
  return found;
}

function requireForm(kind: RoutineKind, found: RoutineDefinition, shown: string): void {
  if (kind === found.form) return;
  if (kind === 'aggregate') throw new SqlError('wrong_object_type', `function ${shown} is not an aggregate`);
  if (kind === 'procedure') throw new SqlError('wrong_object_type', `${shown} is not a procedure`);
  if (found.form === 'procedure') throw new SqlError('wrong_object_type', `${shown} is not a function`);
}

/** The same; raises where there is none. */
export function requireRoutine(
  kind: RoutineKind,
  name: Name,
  signature: string | undefined,
  context: DdlContext,
): RoutineDefinition {
  const found = findRoutine(kind, name, signature, context);
  if (found !== undefined) return found;
  const shown = name.map((part) => context.display(part)).join('.');
  const word = kind === 'routine' ? 'function' : kind;
  if (signature !== undefined)
    throw new SqlError('undefined_function', `${word} ${shown}(${shownTypes(signature, context)}) does not exist`);
  throw new SqlError('undefined_function', `could not find a ${word} named "${shown}"`);
}

/** Type names of a statement as the catalog shows them. */
export function shownTypes(signature: string, context: DdlContext): string {
  if (signature === '') return '';
  return signature
    .split(', ')
    .map((text) => context.typeNameOf(text) ?? text)
    .join(', ');
}

/** As the routine may be named: by its inputs, or by all its parameters. */
function signaturesOf(routine: RoutineDefinition, context: DdlContext): readonly string[] {
  const of = (parameters: RoutineDefinition['parameters']): string =>
    parameters.map(({ type }) => context.typeName(type)).join(', ');
  return [of(routine.parameters.filter(({ mode }) => mode !== 'out' && mode !== 'table')), of(routine.parameters)];
}
