/** CREATE AGGREGATE: the routines it is made of are looked up now and called by their ids from then on. */
import type { Name } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { NodeOf, ValueNode } from '../../sblr/nodes.ts';
import { isPolymorphic } from '../binder/polymorphic-routines.ts';
import { isStrictStep, type BoundSteps } from '../binder/aggregate-steps.ts';
import { sameIdentity, withoutModifiers } from '../binder/type-facts.ts';
import type { AggregateStep, RoutineDefinition, RoutineParameter } from '../catalog/definitions.ts';
import { isTemporarySchema, placeOf, requireOwner, resolveType, storeExpression, type DdlContext } from './context.ts';
import { sameInputs } from './routines.ts';

type Statement = NodeOf<'CREATE_AGGREGATE'>;

export async function createAggregate(statement: Statement, context: DdlContext): Promise<void> {
  const place = placeOf(context, statement.name, false, statement.pos);
  await context.lockName(`routine:${place.schema.id}:${place.name.text.toLowerCase()}`);
  const parameters = statement.parameters.map(
    (parameter): RoutineParameter => ({
      name: parameter.name,
      mode: parameter.mode,
      type: withoutModifiers(resolveType(context, parameter.type, parameter.pos)),
    }),
  );
  const stateType = withoutModifiers(resolveType(context, statement.stateType, statement.pos));
  if (isPolymorphic(stateType) && !parameters.some((parameter) => isPolymorphic(parameter.type)))
    throw new SqlError('invalid_function_definition', 'cannot determine transition data type');
  const old = replaced(statement, place.schema.id, parameters, context);
  const { final, finalName } = statement;
  let routine: RoutineDefinition = {
    kind: 'routine',
    id: old?.id ?? context.catalog.base.allocateId(),
    name: place.name,
    owner: old?.owner ?? context.role,
    schemaId: place.schema.id,
    databaseId: place.schema.databaseId,
    form: 'aggregate',
    aggregate: {
      stateType,
      initial: statement.initial,
      transition: step(statement.transition, statement.transitionName, parameters.length + 1, context),
      final:
        final === undefined || finalName === undefined
          ? undefined
          : step(final, finalName, 1 + (statement.extraArguments ? parameters.length : 0), context),
      extraArguments: statement.extraArguments,
    },
    parameters,
    returns: stateType,
    returnsSet: false,
    language: 'internal',
    volatility: 'immutable',
    strict: false,
    program: new Uint8Array(0),
    source: 'aggregate_dummy',
    persistence: isTemporarySchema(place.schema) ? 'temporary' : 'permanent',
    grants: old?.grants,
    comment: old?.comment,
  };
  // What placeholders stand for is known at a call.
  if (!parameters.some((parameter) => isPolymorphic(parameter.type)))
    routine = { ...routine, returns: verified(routine, statement, context) };
  else if (routine.aggregate?.final !== undefined)
    routine = { ...routine, returns: declaredResult(routine.aggregate.final, statement, context) };
  context.catalog.put(routine);
}

/** The routine of that name with the same arguments. */
function replaced(
  statement: Statement,
  schemaId: number,
  parameters: readonly RoutineParameter[],
  context: DdlContext,
): RoutineDefinition | undefined {
  const name = statement.name.at(-1)!;
  const old = context.catalog.routinesByName(schemaId, name).find((one) => sameInputs(one.parameters, parameters));
  if (old === undefined) return undefined;
  const shown = context.display(name);
  if (!statement.replace)
    throw new SqlError('duplicate_function', {
      message: `function "${shown}" already exists with same argument types`,
      args: { name: shown },
    });
  requireOwner(context, old, 'function');
  if (old.form !== 'aggregate')
    throw new SqlError('wrong_object_type', {
      message: 'cannot change routine kind',
      detail: `"${shown}" is ${old.form === 'procedure' ? 'a procedure' : 'a function'}.`,
    });
  return old;
}

function step(expression: ValueNode, name: Name, count: number, context: DdlContext): AggregateStep {
  const shown = name.map((part) => context.display(part)).join('.');
  const stored = { expression: storeExpression(context, expression, shown), name: shown };
  if (expression.op !== 'CALL_ROUTINE') return stored;
  const [found, another] = context.names
    .findRoutines(name)
    .filter((one) => one.form === 'function' && one.parameters.filter((each) => each.mode !== 'out').length === count);
  // Several of one width: the step is resolved by the types at hand each time.
  return found === undefined || another !== undefined ? stored : { ...stored, routineId: found.id };
}

/** The result's type, once the steps are known to fit. */
function verified(routine: RoutineDefinition, statement: Statement, context: DdlContext): SqlType {
  const { stateType, initial } = routine.aggregate!;
  const { transition, final } = bound(routine, context);
  const shown = statement.transitionName.map((part) => context.display(part)).join('.');
  if (!sameIdentity(transition.type, stateType))
    throw new SqlError(
      'datatype_mismatch',
      `return type of transition function ${shown} is not ${context.typeName(stateType)}`,
    );
  const first = routine.parameters[0]?.type;
  if (initial === undefined && isStrictStep(transition) && (first === undefined || !sameIdentity(first, stateType)))
    throw new SqlError(
      'invalid_function_definition',
      'must not omit initial value when transition function is strict and transition type is not compatible with input type',
    );
  return final?.type ?? stateType;
}

/** A function that is not there is told without a hint: the statement names no arguments. */
function bound(routine: RoutineDefinition, context: DdlContext): BoundSteps {
  try {
    return context.bindSteps(routine);
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    const { position: _position, hint: _hint, ...details } = error.details;
    throw new SqlError(error.condition, details);
  }
}

function declaredResult(final: AggregateStep, statement: Statement, context: DdlContext): SqlType {
  const found = final.routineId === undefined ? undefined : context.catalog.get(final.routineId);
  if (found?.kind === 'routine' && found.returns !== undefined) return found.returns;
  throw new SqlError('feature_not_supported', {
    message: `the result of final function ${final.name} over placeholder types is not supported`,
    ...(statement.pos === undefined ? {} : { position: statement.pos }),
  });
}
