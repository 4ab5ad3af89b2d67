/**
 * Overload resolution of operators and functions: exact match first, then the candidates every argument
 * converts to implicitly, thinned out by exact matches, preferred types and the categories of unknown
 * arguments. Dialects that coerce otherwise are served by `relax`, the one place to extend.
 */
import { arrayOf, TEXT, type SqlType } from '../../sblr/contract/types.ts';
import type { FunctionDefinition, TypePattern } from '../functions/function.ts';
import { resolveResult } from '../functions/registry.ts';
import type { BoundExpression } from './bound.ts';
import { coerce } from './coerce.ts';
import type { Binder } from './context.ts';
import { fail } from './errors.ts';
import {
  baseType,
  canCast,
  categoryOf,
  isPreferred,
  sameIdentity,
  typeIdentity,
  typeName,
  type Category,
} from './type-facts.ts';

/** A candidate in the shape resolution works on: built-in functions and routines alike. */
export interface Candidate<T> {
  readonly target: T;
  /** Patterns per argument of this call (spread parameters repeated). */
  readonly patterns: readonly TypePattern[];
  /** Concrete type per argument for this call. */
  readonly types: readonly SqlType[];
}

/** Patterns for a call of `count` arguments, or undefined when the number does not fit. */
export function patternsFor(
  definition: Pick<FunctionDefinition, 'parameters' | 'variadic'>,
  count: number,
): readonly TypePattern[] | undefined {
  const { parameters, variadic } = definition;
  if (variadic === 'none') return parameters.length === count ? parameters : undefined;
  const fixed = parameters.length - 1;
  if (count < fixed) return undefined;
  const last = parameters[fixed] as TypePattern;
  const result = parameters.slice(0, fixed);
  while (result.length < count) result.push(last);
  return result;
}

/** Concrete parameter types for these arguments, or undefined if some argument does not fit. */
export function concreteTypes(
  patterns: readonly TypePattern[],
  arguments_: readonly SqlType[],
): readonly SqlType[] | undefined {
  let polymorphic = false;
  for (const pattern of patterns) if (typeof pattern === 'string') polymorphic = true;
  if (!polymorphic) return patterns as readonly SqlType[];
  const element = elementOf(patterns, arguments_, ['any_element', 'any_array', 'any_non_array', 'any_enum'], false);
  if (element === null) return undefined;
  const compatible = elementOf(
    patterns,
    arguments_,
    ['any_compatible', 'any_compatible_array', 'any_compatible_non_array'],
    true,
  );
  if (compatible === null) return undefined;
  const types: SqlType[] = [];
  for (let i = 0; i < patterns.length; i++) {
    const pattern = patterns[i] as TypePattern;
    const argument = arguments_[i] as SqlType;
    switch (pattern) {
      case 'any':
        types.push(argument.kind === 'unknown' ? TEXT : argument);
        break;
      case 'any_record':
        if (argument.kind !== 'record' && argument.kind !== 'unknown') return undefined;
        types.push(argument.kind === 'unknown' ? { kind: 'record' } : argument);
        break;
      case 'any_element':
        types.push(element ?? TEXT);
        break;
      case 'any_non_array':
        if (element?.kind === 'array') return undefined;
        types.push(element ?? TEXT);
        break;
      case 'any_enum':
        if (element !== undefined && element.kind !== 'enum') return undefined;
        types.push(element ?? TEXT);
        break;
      case 'any_array':
        if (argument.kind !== 'array' && argument.kind !== 'unknown') return undefined;
        types.push(arrayOf(element ?? TEXT));
        break;
      case 'any_compatible':
        types.push(compatible ?? TEXT);
        break;
      case 'any_compatible_non_array':
        if (compatible?.kind === 'array') return undefined;
        types.push(compatible ?? TEXT);
        break;
      case 'any_compatible_array':
        if (argument.kind !== 'array' && argument.kind !== 'unknown') return undefined;
        types.push(arrayOf(compatible ?? TEXT));
        break;
      default:
        types.push(pattern);
    }
  }
  return types;
}

/** The one type the polymorphic arguments share: undefined = none known, null = they do not agree. */
function elementOf(
  patterns: readonly TypePattern[],
  arguments_: readonly SqlType[],
  names: readonly string[],
  convertible: boolean,
): SqlType | undefined | null {
  let found: SqlType | undefined;
  for (let i = 0; i < patterns.length; i++) {
    const pattern = patterns[i];
    if (typeof pattern !== 'string' || !names.includes(pattern)) continue;
    const argument = arguments_[i] as SqlType;
    if (argument.kind === 'unknown') continue;
    const isArray = pattern === 'any_array' || pattern === 'any_compatible_array';
    if (isArray && argument.kind !== 'array') return null;
    const type = baseType(isArray ? (argument.element as SqlType) : argument);
    if (found === undefined) found = type;
    else if (!sameIdentity(found, type)) {
      if (!convertible) {
        if (bothPlainText(found, type)) found = TEXT;
        else return null;
      } else if (categoryOf(found) !== categoryOf(type)) return null;
      else if (!isPreferred(found) && canCast(found, type, 'implicit') && !canCast(type, found, 'implicit'))
        found = type;
      else if (!canCast(type, found, 'implicit')) return null;
    }
  }
  return found;
}

function bothPlainText(a: SqlType, b: SqlType): boolean {
  const plain = (type: SqlType): boolean => typeIdentity(type) === 'text' || typeIdentity(type) === 'varchar';
  return plain(a) && plain(b);
}

/** Does the argument convert to the parameter implicitly? */
function accepts(argument: SqlType, parameter: SqlType): boolean {
  return (
    argument.kind === 'unknown' ||
    sameIdentity(argument, parameter) ||
    canCast(baseType(argument), parameter, 'implicit')
  );
}

/** Thins candidates out; one = chosen, several = ambiguous. All candidates accept the arguments. */
export function selectCandidate<T>(
  candidates: readonly Candidate<T>[],
  arguments_: readonly SqlType[],
): readonly Candidate<T>[] {
  const bases = arguments_.map(baseType);
  const best = (list: readonly Candidate<T>[], score: (candidate: Candidate<T>) => number): readonly Candidate<T>[] => {
    let top = 0;
    let kept: Candidate<T>[] = [];
    for (const candidate of list) {
      const value = score(candidate);
      if (kept.length === 0 || value > top) {
        top = value;
        kept = [candidate];
      } else if (value === top) kept.push(candidate);
    }
    return kept;
  };
  const exact = (candidate: Candidate<T>, i: number): boolean =>
    typeof candidate.patterns[i] !== 'string' &&
    bases[i]?.kind !== 'unknown' &&
    sameIdentity(bases[i] as SqlType, candidate.types[i] as SqlType);
  const count = (candidate: Candidate<T>, test: (i: number) => boolean): number => {
    let total = 0;
    for (let i = 0; i < bases.length; i++) if (test(i)) total++;
    return total;
  };
  let list = best(candidates, (candidate) => count(candidate, (i) => exact(candidate, i)));
  if (list.length === 1) return list;
  list = best(list, (candidate) =>
    count(candidate, (i) => {
      if (bases[i]?.kind === 'unknown' || typeof candidate.patterns[i] === 'string') return false;
      const type = candidate.types[i] as SqlType;
      return exact(candidate, i) || (isPreferred(type) && categoryOf(type) === categoryOf(bases[i] as SqlType));
    }),
  );
  if (list.length === 1) return list;
  if (!bases.some((type) => type.kind === 'unknown')) return list;
  const categorised = resolveUnknownCategories(list, bases);
  if (categorised !== undefined) {
    list = categorised;
    if (list.length === 1) return list;
  }
  const known = bases.filter((type) => type.kind !== 'unknown');
  if (known.length > 0 && known.every((type) => sameIdentity(type, known[0] as SqlType))) {
    const matching = list.filter((candidate) => candidate.types.every((type) => accepts(known[0] as SqlType, type)));
    if (matching.length === 1) return matching;
  }
  return list;
}

function resolveUnknownCategories<T>(
  list: readonly Candidate<T>[],
  bases: readonly SqlType[],
): readonly Candidate<T>[] | undefined {
  const chosen: (Category | undefined)[] = [];
  const wantsPreferred: boolean[] = [];
  for (let i = 0; i < bases.length; i++) {
    if (bases[i]?.kind !== 'unknown') continue;
    let category: Category | undefined;
    let conflict = false;
    let preferred = false;
    for (const candidate of list) {
      const type = candidate.types[i] as SqlType;
      const its = typeof candidate.patterns[i] === 'string' ? 'user' : categoryOf(type);
      if (category === undefined) {
        category = its;
        preferred = its !== 'user' && isPreferred(type);
      } else if (category === its) preferred = preferred || (its !== 'user' && isPreferred(type));
      else if (its === 'string') {
        category = its;
        conflict = false;
        preferred = isPreferred(type);
      } else if (category !== 'string') conflict = true;
    }
    if (conflict) return undefined;
    chosen[i] = category;
    wantsPreferred[i] = preferred;
  }
  const kept = list.filter((candidate) =>
    bases.every((_base, i) => {
      if (chosen[i] === undefined) return true;
      const type = candidate.types[i] as SqlType;
      const its = typeof candidate.patterns[i] === 'string' ? 'user' : categoryOf(type);
      return its === chosen[i] && (wantsPreferred[i] !== true || isPreferred(type));
    }),
  );
  return kept.length > 0 ? kept : undefined;
}

/** Chooses among built-in definitions. undefined = none fits, 'ambiguous' = several do. */
export function resolveOverload<T extends Pick<FunctionDefinition, 'parameters' | 'variadic'>>(
  definitions: readonly T[],
  arguments_: readonly SqlType[],
  operator: boolean,
): Candidate<T> | 'ambiguous' | undefined {
  const candidates: Candidate<T>[] = [];
  const assumed = operator && arguments_.length === 2 ? assumeSame(arguments_) : arguments_;
  for (const target of definitions) {
    const patterns = patternsFor(target, arguments_.length);
    if (patterns === undefined) continue;
    const types = concreteTypes(patterns, arguments_);
    if (types === undefined) continue;
    let exact = true;
    let possible = true;
    for (let i = 0; i < types.length && possible; i++) {
      const argument = assumed[i] as SqlType;
      const parameter = types[i] as SqlType;
      if (argument.kind === 'unknown' || typeof patterns[i] === 'string' || !sameIdentity(argument, parameter))
        exact = false;
      if (!accepts(arguments_[i] as SqlType, parameter)) possible = false;
    }
    if (!possible) continue;
    const candidate = { target, patterns, types };
    if (exact) return candidate;
    candidates.push(candidate);
  }
  if (candidates.length <= 1) return candidates[0];
  const kept = selectCandidate(candidates, arguments_);
  const first = kept[0] as Candidate<T>;
  // An operator and a function of one name and signature are the same thing.
  return kept.every((candidate) => candidate.types.every((type, i) => sameIdentity(type, first.types[i] as SqlType)))
    ? first
    : 'ambiguous';
}

/** For operators: an unknown operand is first taken to be of the other's type. */
function assumeSame(arguments_: readonly SqlType[]): readonly SqlType[] {
  const [left, right] = arguments_ as readonly [SqlType, SqlType];
  if (left.kind === 'unknown' && right.kind !== 'unknown') return [right, right];
  if (right.kind === 'unknown' && left.kind !== 'unknown') return [left, left];
  return arguments_;
}

/** Arguments converted for the chosen candidate. */
export function coerceArguments(
  binder: Binder,
  arguments_: readonly BoundExpression[],
  types: readonly SqlType[],
  positions: readonly (number | undefined)[],
): BoundExpression[] {
  const result: BoundExpression[] = [];
  for (let i = 0; i < arguments_.length; i++) {
    const argument = arguments_[i] as BoundExpression;
    const converted = coerce(binder, argument, types[i] as SqlType, 'implicit', positions[i]);
    if (converted === undefined) {
      fail(
        'datatype_mismatch',
        `argument of type ${typeName(argument.type)} cannot be converted to ${typeName(types[i] as SqlType)}`,
        positions[i],
      );
    }
    result.push(converted);
  }
  return result;
}

export function resultType(
  definition: FunctionDefinition,
  patterns: readonly TypePattern[],
  arguments_: readonly BoundExpression[],
): SqlType {
  return resolveResult(
    definition.result,
    patterns,
    arguments_.map((argument) => argument.type),
    arguments_.map((argument) => (argument.kind === 'constant' ? argument.value : undefined)),
  );
}
