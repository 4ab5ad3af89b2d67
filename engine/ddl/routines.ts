/** CREATE FUNCTION / PROCEDURE: the body is a program already; other languages than SQL are refused. */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type { RoutineDefinition, RoutineParameter } from '../catalog/definitions.ts';
import { sameType, withoutModifiers } from '../binder/type-facts.ts';
import { isTemporarySchema, placeOf, requireOwner, resolveType, storeExpression, type DdlContext } from './context.ts';

/** The declared result, or what the output parameters make: one its own type, several or a TABLE a row. */
function resultType(
  context: DdlContext,
  statement: NodeOf<'CREATE_ROUTINE'>,
  parameters: readonly RoutineParameter[],
): SqlType | undefined {
  const outputs = parameters.filter((one) => one.mode === 'out' || one.mode === 'inout' || one.mode === 'table');
  if (outputs.length === 0)
    return statement.returns === undefined
      ? undefined
      : withoutModifiers(resolveType(context, statement.returns, statement.pos));
  if (outputs.length === 1 && outputs[0]!.mode !== 'table') return outputs[0]!.type;
  const fields = outputs.map((one, at) => ({
    name: one.name === undefined ? `column${at + 1}` : context.display(one.name),
    type: one.type,
  }));
  return { kind: 'record', fields };
}

/** Options `set name`: what SET gives the routine. */
function settingsOf(
  statement: NodeOf<'CREATE_ROUTINE'>,
  context: DdlContext,
): Readonly<Record<string, string>> | undefined {
  const given = statement.options.filter(({ name, value }) => name.startsWith('set ') && value !== undefined);
  if (given.length === 0) return undefined;
  const settings = given.map(({ name, value }): [string, string] => [name.slice(4), value!]);
  for (const [name, value] of settings) context.requireSetting(name, value);
  return Object.fromEntries(settings);
}

/** Are both called with the same types? */
export function sameInputs(a: readonly RoutineParameter[], b: readonly RoutineParameter[]): boolean {
  const inputs = (list: readonly RoutineParameter[]): string =>
    list
      .filter((one) => one.mode !== 'out' && one.mode !== 'table')
      .map((one) => JSON.stringify([one.type.kind, one.type.typeId, one.type.element?.kind, one.type.declared]))
      .join();
  return inputs(a) === inputs(b);
}

/** A routine is replaced by one that is called and answers alike. */
function requireReplaceable(
  old: RoutineDefinition,
  by: Pick<RoutineDefinition, 'form' | 'parameters' | 'returns' | 'returnsSet'>,
  context: DdlContext,
): void {
  const shown = context.display(old.name);
  if (old.form !== by.form)
    throw new SqlError('wrong_object_type', {
      message: 'cannot change routine kind',
      detail: `"${shown}" is ${old.form === 'aggregate' ? 'an aggregate function' : `a ${old.form}`}.`,
    });
  const inputs = (list: readonly RoutineParameter[]): RoutineParameter[] =>
    list.filter((one) => one.mode !== 'out' && one.mode !== 'table');
  const types = inputs(old.parameters).map(({ type }) => context.typeName(type));
  const refuse = (message: string, detail?: string): never => {
    const hint = `Use DROP ${old.form.toUpperCase()} ${shown}(${types.join(',')}) first.`;
    throw new SqlError('invalid_function_definition', { message, hint, ...(detail === undefined ? {} : { detail }) });
  };
  const { returns } = old;
  const same =
    returns === undefined || by.returns === undefined ? returns === by.returns : sameType(returns, by.returns);
  if (!same || old.returnsSet !== by.returnsSet) refuse('cannot change return type of existing function');
  const fields = (type: SqlType | undefined): string =>
    JSON.stringify(type?.fields?.map((field) => [field.name, context.typeName(field.type)]));
  if (returns?.kind === 'record' && returns.typeId === undefined && fields(returns) !== fields(by.returns))
    refuse('cannot change return type of existing function', 'Row type defined by OUT parameters is different.');
  inputs(by.parameters).forEach(({ name }, at) => {
    const before = inputs(old.parameters)[at]?.name;
    if (before !== undefined && (name === undefined || context.display(before) !== context.display(name)))
      refuse(`cannot change name of input parameter "${context.display(before)}"`);
  });
}

export async function createRoutine(statement: NodeOf<'CREATE_ROUTINE'>, context: DdlContext): Promise<void> {
  if (statement.body.length === 0) {
    throw new SqlError('feature_not_supported', {
      message: `routines in language "${statement.language}" are not supported`,
      ...(statement.pos === undefined ? {} : { position: statement.pos }),
    });
  }
  const place = placeOf(context, statement.name, false, statement.pos);
  await context.lockName(`routine:${place.schema.id}:${place.name.text.toLowerCase()}`);
  const parameters = statement.parameters.map(
    (parameter): RoutineParameter => ({
      name: parameter.name,
      mode: parameter.mode,
      type: withoutModifiers(resolveType(context, parameter.type, parameter.pos)),
      defaultValue: parameter.default === undefined ? undefined : storeExpression(context, parameter.default, ''),
    }),
  );
  const old = context.catalog
    .routinesByName(place.schema.id, place.name)
    .find((routine) => sameInputs(routine.parameters, parameters));
  const shown = context.display(place.name);
  if (old !== undefined && !statement.replace) {
    throw new SqlError('duplicate_function', {
      message: `function "${shown}" already exists with same argument types`,
      args: { name: shown },
    });
  }
  const returns = resultType(context, statement, parameters);
  if (old !== undefined) {
    requireOwner(context, old, 'function');
    requireReplaceable(old, { form: statement.kind, parameters, returns, returnsSet: statement.returnsSet }, context);
  }
  const routine: RoutineDefinition = {
    kind: 'routine',
    id: old?.id ?? context.catalog.base.allocateId(),
    name: place.name,
    owner: old?.owner ?? context.role,
    schemaId: place.schema.id,
    databaseId: place.schema.databaseId,
    form: statement.kind,
    parameters,
    returns,
    returnsSet: statement.returnsSet,
    language: statement.language,
    volatility: statement.volatility,
    strict: statement.strict,
    ownersRights: statement.options.some(({ name, value }) => name === 'security' && value === 'definer') || undefined,
    settings: settingsOf(statement, context),
    program: statement.body,
    source: statement.source,
    persistence: isTemporarySchema(place.schema) ? 'temporary' : 'permanent',
    grants: old?.grants,
    comment: old?.comment,
  };
  context.catalog.put(routine);
  context.checkBody(routine);
}
