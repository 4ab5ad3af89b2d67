/**
 * Routines whose types a call decides: of parameters of polymorphic types, of rows without a type. The routine is
 * called in a form with these types in their place. One form per choice of types, so that its body is bound once.
 */
import { arrayOf, TEXT, type PolymorphicType, type SqlType } from '../../sblr/contract/types.ts';
import type { RoutineDefinition } from '../catalog/definitions.ts';
import type { TypePattern } from '../functions/function.ts';
import { fail } from './errors.ts';
import { baseType, typeIdentity } from './type-facts.ts';

/** The parameter as overload resolution takes it. */
export function patternOf(type: SqlType): TypePattern {
  return type.kind === 'polymorphic' ? (type.pattern ?? 'any_element') : type;
}

/** What one of the arguments that a variadic parameter collects is. */
export function elementPattern(type: SqlType): TypePattern {
  if (type.kind !== 'polymorphic') return type.element ?? type;
  return type.pattern === 'any_compatible_array' ? 'any_compatible' : 'any_element';
}

/** Does the type have to be found at the call? */
export function isPolymorphic(type: SqlType | undefined): boolean {
  return type?.kind === 'polymorphic' || (type?.fields ?? []).some((field) => isPolymorphic(field.type));
}

const isCompatible = (pattern: PolymorphicType): boolean => pattern.startsWith('any_compatible');
const isArray = (pattern: PolymorphicType): boolean => pattern.endsWith('_array') && !pattern.endsWith('non_array');

/** The types that the two families of placeholders stand for in one call. */
interface Found {
  element: SqlType | undefined;
  compatible: SqlType | undefined;
}

const forms = new WeakMap<RoutineDefinition, Map<string, RoutineDefinition>>();
/** Forms of one routine; past that the oldest are forgotten. */
const MAX_FORMS = 256;

/**
 * The routine for a call of these arguments: `patterns` are the parameters that they were matched with, `types` what
 * they convert to, `given` what they are.
 */
export function formOf(
  routine: RoutineDefinition,
  patterns: readonly TypePattern[],
  types: readonly SqlType[],
  given: readonly SqlType[],
): RoutineDefinition {
  if (!routine.parameters.some((parameter) => parameter.type.kind === 'polymorphic')) return routine;
  const found: Found = { element: undefined, compatible: undefined };
  for (let i = 0; i < patterns.length; i++) {
    const pattern = patterns[i] as TypePattern;
    if (typeof pattern !== 'string' || pattern === 'any' || pattern === 'any_record') continue;
    const type = types[i] as SqlType;
    const element = baseType(isArray(pattern) ? (type.element ?? type) : type);
    if (isCompatible(pattern)) found.compatible ??= element;
    else if ((given[i] as SqlType).kind !== 'unknown') found.element ??= element;
  }
  // Literals alone have a common type, but no one type of their own.
  const needsElement = routine.parameters.some(
    ({ type, mode }) => mode !== 'out' && mode !== 'table' && type.pattern !== undefined && !isCompatible(type.pattern),
  );
  if (needsElement && found.element === undefined)
    fail('datatype_mismatch', 'could not determine polymorphic type because input has type unknown', undefined);
  const key = [found.element, found.compatible].map((type) => (type === undefined ? '' : identity(type))).join();
  return formFor(routine, key, () => withTypes(routine, found));
}

/** A routine of rows without a type of their own, in the form that returns rows of this type. */
export function returning(routine: RoutineDefinition, type: SqlType): RoutineDefinition {
  return formFor(routine, `rows ${identity(type)}`, () => ({ ...routine, returns: type }));
}

function formFor(routine: RoutineDefinition, key: string, make: () => RoutineDefinition): RoutineDefinition {
  let known = forms.get(routine);
  if (known === undefined) forms.set(routine, (known = new Map()));
  let form = known.get(key);
  if (form === undefined) {
    form = make();
    if (known.size >= MAX_FORMS) known.delete(known.keys().next().value as string);
    known.set(key, form);
  }
  return form;
}

function identity(type: SqlType): string {
  const fields = type.fields?.map((field) => `${field.name} ${identity(field.type)}`);
  return JSON.stringify([typeIdentity(type), type.typeId, type.element && identity(type.element), fields, type.labels]);
}

function withTypes(routine: RoutineDefinition, found: Found): RoutineDefinition {
  return {
    ...routine,
    parameters: routine.parameters.map((parameter) => ({ ...parameter, type: filled(parameter.type, found) })),
    returns: routine.returns === undefined ? undefined : filled(routine.returns, found),
    aggregate:
      routine.aggregate === undefined
        ? undefined
        : { ...routine.aggregate, stateType: filled(routine.aggregate.stateType, found) },
  };
}

/** The type with the placeholders in it replaced. */
function filled(type: SqlType, found: Found): SqlType {
  if (type.kind === 'polymorphic') {
    const pattern = type.pattern ?? 'any_element';
    const element = (isCompatible(pattern) ? found.compatible : found.element) ?? TEXT;
    return isArray(pattern) && element.kind !== 'array' ? arrayOf(element) : element;
  }
  if (type.fields === undefined || !isPolymorphic(type)) return type;
  return { ...type, fields: type.fields.map((field) => ({ ...field, type: filled(field.type, found) })) };
}
