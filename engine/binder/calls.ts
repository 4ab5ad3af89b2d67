/**
 * Calls of operators, built-in functions and user-defined routines: finding the overload, converting
 * the arguments.
 */
import type { NodeOf } from '../../sblr/nodes.ts';
import type { Identifier, Name } from '../../sblr/contract/names.ts';
import { INT32, RECORD, VOID, type SqlType } from '../../sblr/contract/types.ts';
import { OPERATORS } from '../../sblr/operators.ts';
import type { RoutineDefinition, RoutineParameter } from '../catalog/definitions.ts';
import '../functions/index.ts';
import type { FunctionDefinition, TypePattern } from '../functions/function.ts';
import { functionsNamed, operatorsNamed, withVariadicArray } from '../functions/registry.ts';
import type { BoundExpression } from './bound.ts';
import { argumentsCollated, collationStrength, resultCollation } from './collations.ts';
import type { Binder } from './context.ts';
import { atPosition, fail } from './errors.ts';
import { bindLenientOperator } from './lenient-arithmetic.ts';
import { isLenient } from './lenient-coerce.ts';
import { operandTypes, resolveLeniently } from './lenient-overloads.ts';
import { coerceArguments, resolveOverload, resultType, type Candidate } from './overloads.ts';
import { elementPattern, formOf, patternOf } from './polymorphic-routines.ts';
import { typeIdentity, typeName } from './type-facts.ts';
import { showName } from './user-types.ts';

export type Positions = readonly (number | undefined)[];

/** Overload choices by name and argument types: the registry never changes. */
const CHOICES = new Map<string, Candidate<FunctionDefinition>>();
const MAX_CHOICES = 20_000;

function choose(
  name: string,
  kind: string,
  definitions: readonly FunctionDefinition[],
  types: readonly SqlType[],
  operator: boolean,
  lenient: boolean,
): Candidate<FunctionDefinition> | 'ambiguous' | undefined {
  let key = `${lenient ? 'lenient ' : ''}${kind}:${name}`;
  let cacheable = true;
  for (const type of types) {
    key += `,${typeIdentity(type)}`;
    if (type.kind === 'record' || type.kind === 'enum' || type.kind === 'array') cacheable = false;
  }
  const known = cacheable ? CHOICES.get(key) : undefined;
  if (known !== undefined && known.patterns.every((pattern) => typeof pattern !== 'string')) return known;
  const strict = resolveOverload(definitions, types, operator);
  const found =
    lenient && (strict === undefined || strict === 'ambiguous') ? resolveLeniently(definitions, types) : strict;
  if (cacheable && found !== undefined && found !== 'ambiguous') {
    if (CHOICES.size >= MAX_CHOICES) CHOICES.clear();
    CHOICES.set(key, found);
  }
  return found;
}

/** An operator other than the six comparisons. */
export function callOperator(
  binder: Binder,
  name: string,
  given: readonly BoundExpression[],
  pos: number | undefined,
  positions: Positions,
): BoundExpression {
  const lenient = isLenient(binder);
  const operands = binder.semantics.fixedText === 'trimmed' ? given.map(withoutPadding) : given;
  const own = lenient ? bindLenientOperator(binder, name, operands, pos) : undefined;
  if (own !== undefined) return own;
  const typesGiven = operands.map((operand) => operand.type);
  const types = lenient ? operandTypes(name, typesGiven) : typesGiven;
  const found = choose(name, `o${operands.length}`, operatorsNamed(name, operands.length), types, true, lenient);
  const symbol = OPERATORS[name as keyof typeof OPERATORS] ?? name;
  if (found === undefined || found === 'ambiguous') {
    const names = types.map((type) => typeName(type));
    const signature = names.length === 1 ? `${symbol} ${names[0]}` : `${names[0]} ${symbol} ${names[1]}`;
    if (found === 'ambiguous') {
      fail('ambiguous_function', `operator is not unique: ${signature}`, pos, {
        hint: 'Could not choose a best candidate operator. You might need to add explicit type casts.',
        variant: 'operator',
      });
    }
    const hint =
      names.length === 1
        ? 'No operator matches the given name and argument type. You might need to add an explicit type cast.'
        : 'No operator matches the given name and argument types. You might need to add explicit type casts.';
    fail('undefined_function', `operator does not exist: ${signature}`, pos, { hint, variant: 'operator' });
  }
  return build(binder, found, operands, name, pos, positions);
}

/** Text of a fixed length as text of any, which has no padding. */
function withoutPadding(expression: BoundExpression): BoundExpression {
  if (expression.type.kind !== 'text' || expression.type.fixed !== true) return expression;
  const { fixed: _fixed, ...type } = expression.type;
  return { ...expression, type };
}

function build(
  binder: Binder,
  found: Candidate<FunctionDefinition>,
  given: readonly BoundExpression[],
  operation: string,
  pos: number | undefined,
  positions: Positions,
): BoundExpression {
  const typed = coerceArguments(binder, given, found.types, positions);
  const converted = argumentsCollated(binder, typed, operation, pos);
  const type = resultType(found.target, found.patterns, converted);
  const collation = type.kind === 'text' ? resultCollation(binder, converted) : undefined;
  return {
    kind: 'call',
    function: found.target,
    arguments: converted,
    type: collation === undefined ? type : { ...type, collation },
    pos,
  };
}

export function noFunction(
  name: string,
  types: readonly SqlType[],
  pos: number | undefined,
  ambiguous: boolean,
): never {
  const signature = `${name}(${types.map((type) => typeName(type)).join(', ')})`;
  if (ambiguous) {
    fail('ambiguous_function', `function ${signature} is not unique`, pos, {
      hint: 'Could not choose a best candidate function. You might need to add explicit type casts.',
      variant: 'function',
    });
  }
  return fail('undefined_function', `function ${signature} does not exist`, pos, {
    hint: 'No function matches the given name and argument types. You might need to add explicit type casts.',
    variant: 'function',
    args: { name },
  });
}

/** Finds the definition of a built-in for these arguments. */
export function findFunction(
  name: string,
  kinds: readonly FunctionDefinition['kind'][],
  types: readonly SqlType[],
  variadic: boolean,
  pos: number | undefined,
  form: 'normal' | 'within' = 'normal',
  lenient = false,
): Candidate<FunctionDefinition> {
  let definitions = functionsNamed(name).filter(
    (definition) =>
      kinds.includes(definition.kind) &&
      (definition.kind !== 'aggregate' || (definition.form === 'normal') === (form === 'normal')),
  );
  if (variadic)
    definitions = definitions.filter((definition) => definition.variadic === 'spread').map(withVariadicArray);
  const found = variadic
    ? resolveOverload(definitions, types, false)
    : choose(name, kinds.join('') + form, definitions, types, false, lenient);
  if (found === undefined || found === 'ambiguous') noFunction(name, types, pos, found === 'ambiguous');
  return found;
}

/** A parameter that a client declares to have no value stands for a function's result; it is no argument. */
export function isResultPlace(argument: BoundExpression): boolean {
  return argument.kind === 'parameter' && argument.type.kind === 'void';
}

export function callFunction(
  binder: Binder,
  name: string,
  given: readonly BoundExpression[],
  variadic: boolean,
  pos: number | undefined,
  positions: Positions,
): BoundExpression {
  const [first] = given;
  if (name === 'collation_strength' && first !== undefined && given.length === 1)
    return { kind: 'constant', value: collationStrength(binder, first), type: INT32 };
  const arguments_ = binder.semantics.fixedText === 'trimmed' ? given.map(withoutPadding) : given;
  const found = findFunction(
    name,
    ['scalar', 'set'],
    arguments_.map((argument) => argument.type),
    variadic,
    pos,
    'normal',
    isLenient(binder),
  );
  const call = build(binder, found, arguments_, name, pos, positions);
  if (found.target.kind !== 'set') return call;
  const columns = found.target.columns(
    (call as { arguments: readonly BoundExpression[] }).arguments.map((argument) => argument.type),
  );
  if (columns !== undefined && columns.length > 1) return { ...call, type: { kind: 'record', fields: columns } };
  return columns !== undefined && columns.length === 1 && call.type.kind === 'record' && columns[0] !== undefined
    ? { ...call, type: columns[0].type }
    : call;
}

/** A call of a function that must exist, by the binder itself. */
export function builtin(
  binder: Binder,
  name: string,
  arguments_: readonly BoundExpression[],
  pos: number | undefined,
): BoundExpression {
  return callFunction(
    binder,
    name,
    arguments_,
    false,
    pos,
    arguments_.map(() => pos),
  );
}

export interface NamedArgument {
  readonly name: string | undefined;
  readonly expression: BoundExpression;
  readonly pos: number | undefined;
}

interface RoutineCandidate {
  readonly routine: RoutineDefinition;
  readonly inputs: readonly RoutineParameter[];
  /** Argument index per parameter; -1 = its default. */
  readonly order: readonly number[];
  readonly parameters: readonly TypePattern[];
  readonly variadic: 'none' | 'spread';
}

export function inputParameters(routine: RoutineDefinition): readonly RoutineParameter[] {
  return routine.parameters.filter(
    (parameter) => parameter.mode === 'in' || parameter.mode === 'inout' || parameter.mode === 'variadic',
  );
}

export function outputParameters(routine: RoutineDefinition): readonly RoutineParameter[] {
  return routine.parameters.filter(
    (parameter) => parameter.mode === 'out' || parameter.mode === 'inout' || parameter.mode === 'table',
  );
}

/** The row or value a routine yields. */
export function routineResult(binder: Binder, routine: RoutineDefinition): SqlType {
  const outputs = outputParameters(routine);
  if (outputs.length === 1 && (routine.returns === undefined || routine.form === 'function'))
    return (outputs[0] as RoutineParameter).type;
  if (outputs.length > 1 || (outputs.length === 1 && routine.returns?.kind === 'record')) {
    return {
      kind: 'record',
      fields: outputs.map((parameter, i) => ({
        name: parameter.name === undefined ? `column${i + 1}` : binder.display(parameter.name),
        type: parameter.type,
      })),
    };
  }
  return routine.returns ?? (outputs.length === 0 ? VOID : RECORD);
}

/** A call of a user-defined routine. `defaults` binds the default of a parameter. */
export function callRoutine(
  binder: Binder,
  name: Name,
  given: readonly NamedArgument[],
  variadicArray: boolean,
  pos: number | undefined,
  defaults: (parameter: RoutineParameter) => BoundExpression,
  form: 'function' | 'procedure' = 'function',
): BoundExpression {
  const arguments_ = form === 'function' ? given.filter(({ expression }) => !isResultPlace(expression)) : given;
  const types = arguments_.map((argument) => argument.expression.type);
  const shown = showName(binder, name);
  const named = arguments_.findIndex((argument) => argument.name !== undefined);
  const candidates: (RoutineCandidate & Pick<FunctionDefinition, 'parameters' | 'variadic'>)[] = [];
  for (const routine of atPosition(pos, () => binder.names.findRoutines(name))) {
    if (routine.form !== form) continue;
    const candidate = routineCandidate(routine, arguments_, variadicArray);
    if (candidate !== undefined) candidates.push(candidate);
  }
  const written = arguments_.map((argument) => argument.expression.type);
  let best: Candidate<RoutineCandidate> | 'ambiguous' | undefined;
  if (named < 0) best = resolveOverload(candidates, written, false);
  else {
    // Named notation: each candidate gets its own order of the arguments.
    const fitting = candidates.filter((candidate) => resolveOverload([candidate], written, false) !== undefined);
    best =
      fitting.length > 1 ? 'ambiguous' : fitting.length === 1 ? resolveOverload(fitting, written, false) : undefined;
  }
  if (best === undefined || best === 'ambiguous') {
    if (form === 'procedure') {
      fail(
        best === 'ambiguous' ? 'ambiguous_function' : 'undefined_function',
        `procedure ${shown}(${types.map((type) => typeName(type)).join(', ')}) ${best === 'ambiguous' ? 'is not unique' : 'does not exist'}`,
        pos,
        {
          hint: 'No procedure matches the given name and argument types. You might need to add explicit type casts.',
          variant: 'procedure',
        },
      );
    }
    noFunction(shown, types, pos, best === 'ambiguous');
  }
  const { order } = best.target;
  binder.shared.caller.checkPrivilege(best.target.routine, 'EXECUTE');
  const routine = formOf(best.target.routine, best.patterns, best.types, written);
  const inputs = inputParameters(routine);
  const converted = coerceArguments(
    binder,
    arguments_.map((argument) => argument.expression),
    best.types,
    arguments_.map((argument) => argument.pos),
  );
  const values: BoundExpression[] = inputs.map((parameter, i) => {
    const at = order[i] as number;
    return at >= 0 ? (converted[at] as BoundExpression) : defaults(parameter);
  });
  const last = inputs[inputs.length - 1];
  if (last?.mode === 'variadic' && !variadicArray) {
    const rest = converted.slice(inputs.length - 1);
    values[inputs.length - 1] = { kind: 'array', items: rest, nested: false, type: last.type };
  }
  return { kind: 'routine', routine, arguments: values, type: routineResult(binder, routine), pos };
}

/** Is the parameter meant by the name in a call? */
function isNamed({ text, exact }: Identifier, given: string): boolean {
  return text === given || (!exact && text.toLowerCase() === given.toLowerCase());
}

function routineCandidate(
  routine: RoutineDefinition,
  arguments_: readonly NamedArgument[],
  variadicArray: boolean,
): (RoutineCandidate & Pick<FunctionDefinition, 'parameters' | 'variadic'>) | undefined {
  const inputs = inputParameters(routine);
  const last = inputs[inputs.length - 1];
  const order: number[] = inputs.map(() => -1);
  if (last?.mode === 'variadic' && !variadicArray) {
    if (arguments_.length < inputs.length - 1 || arguments_.some((argument) => argument.name !== undefined))
      return undefined;
    for (let i = 0; i < inputs.length - 1; i++) order[i] = i;
    order[inputs.length - 1] = inputs.length - 1;
    const parameters = [
      ...inputs.slice(0, -1).map((parameter) => patternOf(parameter.type)),
      elementPattern(last.type),
    ];
    return { routine, inputs, order, parameters, variadic: 'spread' };
  }
  if (arguments_.length > inputs.length) return undefined;
  const parameters: TypePattern[] = [];
  for (let i = 0; i < arguments_.length; i++) {
    const { name } = arguments_[i] as NamedArgument;
    const at =
      name === undefined
        ? i
        : inputs.findIndex((parameter) => parameter.name !== undefined && isNamed(parameter.name, name));
    if (at < 0 || order[at] !== -1) return undefined;
    order[at] = i;
    parameters.push(patternOf((inputs[at] as RoutineParameter).type));
  }
  for (let i = 0; i < inputs.length; i++)
    if (order[i] === -1 && inputs[i]?.defaultValue === undefined) return undefined;
  return { routine, inputs, order, parameters, variadic: 'none' };
}

/** LIKE of text that compares without case is ILIKE. */
export function likeOperator(node: NodeOf<'LIKE'>, type: SqlType): string {
  return `${node.negated ? 'not_' : ''}${type.collation === 'ignore_case' ? 'ilike' : node.kind}`;
}
