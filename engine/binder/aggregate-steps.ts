/**
 * The steps of an aggregate made of routines: a state, the step that takes it from row to row, and the one that makes
 * the result of it.
 */
import type { AggregateStep, RoutineDefinition } from '../catalog/definitions.ts';
import type { BoundExpression, OutputColumn } from './bound.ts';
import { resolveUnknown } from './coerce.ts';
import { Binder, newShared, type BindContext } from './context.ts';
import { fail } from './errors.ts';
import { bindExpression } from './expression.ts';
import { bindRelation } from './query.ts';
import { makeEntry } from './range-entries.ts';
import { newLevel, Scope } from './scope.ts';
import { storedValue } from './stored-program.ts';

/** The steps over the columns 1 = state, 2 = first argument, 3 = second argument ... */
export interface BoundSteps {
  readonly transition: BoundExpression;
  readonly final: BoundExpression | undefined;
}

export function bindSteps(routine: RoutineDefinition, context: BindContext): BoundSteps {
  const { aggregate } = routine;
  if (aggregate === undefined) return fail('internal_error', `${routine.name.text} is not an aggregate`, undefined);
  const columns = [aggregate.stateType, ...routine.parameters.map((parameter) => parameter.type)].map(
    (type, at): OutputColumn => ({ id: at + 1, name: '', type, tableId: 0, position: at + 1 }),
  );
  return {
    transition: bindStep(aggregate.transition, columns, context),
    final: aggregate.final === undefined ? undefined : bindStep(aggregate.final, columns.slice(0, 1), context),
  };
}

function bindStep(step: AggregateStep, columns: readonly OutputColumn[], context: BindContext): BoundExpression {
  const { value, semantics } = storedValue(step.expression);
  const shared = newShared(context, columns.length + 1);
  for (const column of columns) shared.columns[column.id] = column;
  const names = context.names.stored();
  const binder = new Binder({ ...context, names, semantics, variables: undefined }, shared, bindRelation);
  const keys = columns.map((_column, at) => (at === 0 ? 'state' : `argument${at}`));
  const entry = makeEntry({ key: '', display: '', columns, keys });
  const scope = new Scope(binder, undefined, newLevel(0), undefined, [entry]);
  // A routine is known by its id, whatever it is called by now.
  const called = step.routineId === undefined ? undefined : names.catalog.get(step.routineId);
  const schema = called?.kind === 'routine' ? names.catalog.get(called.schemaId) : undefined;
  const node =
    value.op === 'CALL_ROUTINE' && called?.kind === 'routine' && schema?.kind === 'schema'
      ? { ...value, name: [schema.name, called.name] }
      : value;
  return resolveUnknown(binder, bindExpression(node, scope), undefined);
}

/** Is the step skipped, with NULL for its result, where an argument is NULL? */
export function isStrictStep(step: BoundExpression): boolean {
  switch (step.kind) {
    case 'routine':
      return step.routine.strict;
    case 'call':
      return step.function.strict;
    case 'cast':
      return isStrictStep(step.operand);
    case 'compare':
    case 'extremum':
      return true;
    default:
      return false;
  }
}
