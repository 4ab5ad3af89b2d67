/**
 * Calls of aggregates that are made of routines (aggregate-steps.ts binds what those do): resolved like calls of
 * routines.
 */
import type { Name } from '../../sblr/contract/names.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { node, type NodeOf } from '../../sblr/nodes.ts';
import type { RoutineDefinition } from '../catalog/definitions.ts';
import type { AggregateFunction } from '../functions/function.ts';
import type { BoundExpression } from './bound.ts';
import { inputParameters, noFunction, type Positions } from './calls.ts';
import type { Binder } from './context.ts';
import { atPosition, fail } from './errors.ts';
import { coerceArguments, resolveOverload } from './overloads.ts';
import { formOf, patternOf } from './polymorphic-routines.ts';
import { showName } from './user-types.ts';

/** A call's definition, its arguments as it takes them, and the type of its result. */
export interface DefinedCall {
  readonly definition: AggregateFunction;
  readonly values: BoundExpression[];
  readonly type: SqlType;
}

const definitions = new WeakMap<RoutineDefinition, AggregateFunction>();

/** Is there an aggregate of this name for so many arguments? */
export function isDefinedAggregate(binder: Binder, name: Name, count: number, pos: number | undefined): boolean {
  const found = atPosition(pos, () => binder.names.findRoutines(name));
  return found.some((routine) => routine.form === 'aggregate' && routine.parameters.length === count);
}

/** The call as one of an aggregate, where that is what it names. */
export function asAggregate(binder: Binder, call: NodeOf<'CALL_ROUTINE'>): NodeOf<'AGGREGATE'> | undefined {
  const { name, pos } = call;
  if (!isDefinedAggregate(binder, name, call.arguments.length, pos)) return undefined;
  const parts = { distinct: false, star: false, order: [], within: [] };
  return node('AGGREGATE', {
    function: name.at(-1)?.text ?? '',
    routine: name,
    ...parts,
    arguments: call.arguments,
    pos,
  });
}

export function resolveDefined(
  binder: Binder,
  call: { readonly routine?: Name | undefined; readonly star: boolean; readonly pos?: number | undefined },
  values: readonly BoundExpression[],
  positions: Positions,
): DefinedCall {
  const name = call.routine ?? [];
  const types = values.map((value) => value.type);
  const candidates = atPosition(call.pos, () => binder.names.findRoutines(name))
    .filter((routine) => routine.form === 'aggregate')
    .map((routine) => ({
      routine,
      parameters: inputParameters(routine).map((parameter) => patternOf(parameter.type)),
      variadic: 'none' as const,
    }));
  const best = resolveOverload(candidates, types, false);
  const shown = showName(binder, name);
  if (best === undefined || best === 'ambiguous') noFunction(shown, types, call.pos, best === 'ambiguous');
  if (values.length === 0 && !call.star)
    fail('wrong_object_type', `${shown}(*) must be used to call a parameterless aggregate function`, call.pos);
  binder.shared.caller.checkPrivilege(best.target.routine, 'EXECUTE');
  const routine = formOf(best.target.routine, best.patterns, best.types, types);
  const definition = definitionOf(routine);
  return {
    definition,
    values: coerceArguments(binder, values, best.types, positions),
    type: definition.result as SqlType,
  };
}

function definitionOf(routine: RoutineDefinition): AggregateFunction {
  let definition = definitions.get(routine);
  if (definition === undefined) {
    definition = {
      kind: 'aggregate',
      name: routine.name.text,
      parameters: routine.parameters.map((parameter) => parameter.type),
      variadic: 'none',
      result: routine.returns as SqlType,
      // Whether rows with a NULL are passed over is known once the step is bound.
      strict: false,
      volatility: routine.volatility,
      operator: false,
      form: 'normal',
      within: [],
      ordered: true,
      duplicateInsensitive: false,
      growing: true,
      routine,
      implementation: () => fail('internal_error', 'the steps of an aggregate are planned', undefined),
    };
    definitions.set(routine, definition);
  }
  return definition;
}
