/**
 * The table of all engine functions, by primitive name, and the short notation its entries are written
 * in: `scalar('lpad(text, int32) text', (s: string, n: number) => ...)`.
 */
import type { Semantics } from '../../sblr/contract/semantics.ts';
import {
  arrayOf,
  POLYMORPHIC_TYPES,
  RECORD,
  type RecordField,
  type ReferenceTarget,
  type SqlType,
  type TypeKind,
} from '../../sblr/contract/types.ts';
import { SqlArray, type SqlValue } from '../../sblr/contract/values.ts';
import type {
  AggregateFunction,
  AggregateImplementation,
  ComparisonName,
  EvalContext,
  FunctionDefinition,
  PolymorphicType,
  RowSource,
  ScalarCall,
  ScalarFunction,
  SetFunction,
  TypePattern,
  WindowEvaluator,
  WindowFunction,
  WithinKey,
  ResultRule,
} from './function.ts';

const functions = new Map<string, FunctionDefinition[]>();
const NONE: readonly FunctionDefinition[] = [];

/** All definitions (overloads and kinds) of a primitive name, in order of definition. Load functions/index.ts first. */
export function functionsNamed(name: string): readonly FunctionDefinition[] {
  return functions.get(name) ?? NONE;
}

/** Definitions usable as operator `name` (sblr/operators.ts) with so many operands. */
export function operatorsNamed(name: string, operands: number): readonly ScalarFunction[] {
  return functionsNamed(name).filter(
    (f): f is ScalarFunction => f.kind === 'scalar' && f.operator && f.parameters.length === operands,
  );
}

export function allFunctions(): Iterable<readonly FunctionDefinition[]> {
  return functions.values();
}

export function register(definition: FunctionDefinition): void {
  const list = functions.get(definition.name);
  if (list === undefined) functions.set(definition.name, [definition]);
  else list.push(definition);
}

const POLYMORPHIC: ReadonlySet<string> = new Set(POLYMORPHIC_TYPES);

const REFERENCES: Readonly<Record<string, ReferenceTarget>> = {
  regclass: 'relation',
  regtype: 'type',
  regproc: 'routine',
  regprocedure: 'routine_signature',
  regoper: 'operator',
  regnamespace: 'schema',
  regrole: 'role',
  regcollation: 'collation',
};

const typeCache = new Map<string, TypePattern>();

/** Reads a type of the notation: a kind, 'name', 'varchar', 'char1', 'xid', 'reg...', with [] for arrays. */
export function typePattern(text: string): TypePattern {
  let found = typeCache.get(text);
  if (found === undefined) {
    if (POLYMORPHIC.has(text)) found = text as PolymorphicType;
    else if (text.endsWith('[]')) found = arrayOf(typePattern(text.slice(0, -2)) as SqlType);
    else if (text === 'name') found = { kind: 'text', declared: 'name' };
    else if (text === 'varchar') found = { kind: 'text', declared: 'varchar' };
    else if (text === 'fixed_text') found = { kind: 'text', fixed: true };
    else if (text === 'char1') found = { kind: 'text', declared: '"char"' };
    else if (text === 'xid' || text === 'cid' || text === 'xid8')
      found = { kind: text === 'xid8' ? 'int64' : 'oid', declared: text };
    else if (text === 'aclitem' || text === 'inet' || text === 'cidr' || text === 'jsonpath')
      found = { kind: 'text', declared: text };
    else if (text === 'citext') found = { kind: 'text', declared: text, collation: 'ignore_case' };
    else if (text === 'record') found = RECORD;
    else if (text in REFERENCES) found = { kind: 'reference', target: REFERENCES[text] as ReferenceTarget };
    else found = { kind: text as TypeKind };
    typeCache.set(text, found);
  }
  return found;
}

interface ParsedSignature {
  readonly name: string;
  readonly parameters: readonly TypePattern[];
  readonly variadic: 'none' | 'spread';
  readonly result: TypePattern;
}

/** 'name(type, type, ...type) result'; '...' before the last type = spread. */
function parseSignature(text: string): ParsedSignature {
  const match = /^(\w+)\(([^)]*)\) ([\w[\]]+)$/.exec(text);
  if (match === null) throw new Error(`bad function signature: ${text}`);
  const [, name = '', list = '', result = ''] = match;
  const parts = list === '' ? [] : list.split(',').map((part) => part.trim());
  const variadic = parts.at(-1)?.startsWith('...') === true ? 'spread' : 'none';
  return {
    name,
    parameters: parts.map((part) => typePattern(part.replace('...', ''))),
    variadic,
    result: typePattern(result),
  };
}

export interface ScalarOptions {
  readonly strict?: boolean;
  readonly volatility?: 'immutable' | 'stable' | 'volatile';
  readonly operator?: boolean;
  readonly comparison?: ComparisonName;
  readonly result?: ResultRule;
}

export const STABLE: ScalarOptions = { volatility: 'stable' };
export const VOLATILE: ScalarOptions = { volatility: 'volatile' };
export const NOT_STRICT: ScalarOptions = { strict: false };

/**
 * Any function of values: parameters may be narrower than SqlValue because the binder coerces to the
 * signature; `never` makes every such function assignable.
 */
export type Implementation = (...values: never[]) => SqlValue | undefined;

/** Wraps a plain function in the calling form for its number of arguments. */
export function scalarCall(arity: number | 'n', code: Implementation): ScalarCall {
  const call = code as unknown as never;
  switch (arity) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
      return { arity, call } as unknown as ScalarCall;
    default:
      return arity === 'n'
        ? { arity: 'n', call }
        : {
            arity: 'n',
            call: (values, context) => (code as unknown as (...all: unknown[]) => SqlValue)(...values, context),
          };
  }
}

/** Registers a scalar function; `code` gets the arguments and the context (spread functions: an array and the context). */
export function scalar(signature: string, code: Implementation, options: ScalarOptions = {}): void {
  const parsed = parseSignature(signature);
  const call = scalarCall(parsed.variadic === 'spread' ? 'n' : parsed.parameters.length, code);
  registerScalar(parsed, options, () => call);
}

/** A scalar function whose code depends on the types of the call. */
export function scalarFor(
  signature: string,
  make: (argumentTypes: readonly SqlType[], resultType: SqlType, semantics: Semantics) => Implementation,
  options: ScalarOptions = {},
): void {
  const parsed = parseSignature(signature);
  const arity = parsed.variadic === 'spread' ? 'n' : parsed.parameters.length;
  registerScalar(parsed, options, (argumentTypes, resultType, semantics) =>
    scalarCall(arity, make(argumentTypes, resultType, semantics)),
  );
}

/** An operator: a scalar under its primitive operator name. */
export function operator(signature: string, code: Implementation, options: ScalarOptions = {}): void {
  scalar(signature, code, { ...options, operator: true });
}

export function operatorFor(
  signature: string,
  make: Parameters<typeof scalarFor>[1],
  options: ScalarOptions = {},
): void {
  scalarFor(signature, make, { ...options, operator: true });
}

function registerScalar(
  parsed: ParsedSignature,
  options: ScalarOptions,
  implementation: ScalarFunction['implementation'],
): void {
  register({
    kind: 'scalar',
    name: parsed.name,
    parameters: parsed.parameters,
    variadic: parsed.variadic,
    result: options.result ?? parsed.result,
    strict: options.strict ?? true,
    volatility: options.volatility ?? 'immutable',
    operator: options.operator ?? false,
    comparison: options.comparison,
    implementation,
  });
}

export interface AggregateOptions<S extends object> {
  readonly create: (direct: readonly SqlValue[]) => S;
  readonly step: (state: S, a: never, b: never, context: EvalContext) => void;
  readonly stepMany?: (state: S, values: readonly SqlValue[], context: EvalContext) => void;
  readonly stepNumbers?: (state: S, values: Float64Array, rows: Int32Array, count: number) => void;
  readonly stepScaled?: (state: S, values: Float64Array, scale: number, rows: Int32Array, count: number) => void;
  readonly final: (state: S, context: EvalContext) => SqlValue;
  readonly combine?: (state: S, other: S) => void;
}

export interface AggregateFacts {
  readonly strict?: boolean;
  readonly form?: AggregateFunction['form'];
  readonly within?: readonly TypePattern[];
  readonly ordered?: boolean;
  readonly duplicateInsensitive?: boolean;
  readonly growing?: boolean;
  readonly result?: (argumentTypes: readonly SqlType[]) => SqlType;
}

export function aggregateFor<S extends object>(
  signature: string,
  facts: AggregateFacts,
  make: (
    argumentTypes: readonly SqlType[],
    resultType: SqlType,
    semantics: Semantics,
    within: readonly WithinKey[],
  ) => AggregateOptions<S>,
): void {
  const parsed = parseSignature(signature);
  register({
    kind: 'aggregate',
    name: parsed.name,
    parameters: parsed.parameters,
    variadic: parsed.variadic,
    result: facts.result ?? parsed.result,
    strict: facts.strict ?? true,
    volatility: 'immutable',
    operator: false,
    form: facts.form ?? 'normal',
    within: facts.within ?? [],
    ordered: facts.ordered ?? false,
    duplicateInsensitive: facts.duplicateInsensitive ?? false,
    growing: facts.growing ?? false,
    implementation: (argumentTypes, resultType, semantics, within) =>
      make(argumentTypes, resultType, semantics, within ?? []) as unknown as AggregateImplementation,
  });
}

export function aggregate<S extends object>(
  signature: string,
  options: AggregateOptions<S>,
  facts: AggregateFacts = {},
): void {
  aggregateFor(signature, facts, () => options);
}

export function windowFunction(
  signature: string,
  usesFrame: boolean,
  create: (argumentTypes: readonly SqlType[], ignoreNulls: boolean) => WindowEvaluator,
): void {
  const parsed = parseSignature(signature);
  const definition: WindowFunction = {
    kind: 'window',
    name: parsed.name,
    parameters: parsed.parameters,
    variadic: parsed.variadic,
    result: parsed.result,
    strict: false,
    volatility: 'immutable',
    operator: false,
    usesFrame,
    create,
  };
  register(definition);
}

export interface SetOptions {
  readonly strict?: boolean;
  readonly volatility?: 'immutable' | 'stable' | 'volatile';
  readonly result?: (argumentTypes: readonly SqlType[]) => SqlType;
  /** Output columns; absent = one column named like the function; 'definition' = the call's list. */
  readonly columns?:
    | readonly RecordField[]
    | 'definition'
    | ((argumentTypes: readonly SqlType[]) => readonly RecordField[] | undefined);
}

export function setFor(signature: string, options: SetOptions, implementation: SetFunction['implementation']): void {
  const parsed = parseSignature(signature);
  const { columns } = options;
  const single = (argumentTypes: readonly SqlType[]): readonly RecordField[] => {
    const result = options.result?.(argumentTypes) ?? resolveResult(parsed.result, parsed.parameters, argumentTypes);
    return [{ name: parsed.name, type: result }];
  };
  register({
    kind: 'set',
    name: parsed.name,
    parameters: parsed.parameters,
    variadic: parsed.variadic,
    result: options.result ?? (columns === undefined ? parsed.result : RECORD),
    strict: options.strict ?? true,
    volatility: options.volatility ?? 'immutable',
    operator: false,
    columns:
      columns === undefined
        ? single
        : columns === 'definition'
          ? () => undefined
          : typeof columns === 'function'
            ? columns
            : () => columns,
    implementation,
  });
}

export function setFunction(
  signature: string,
  code: (values: never, context: EvalContext) => RowSource,
  options: SetOptions = {},
): void {
  setFor(signature, options, () => code as unknown as (values: readonly SqlValue[], context: EvalContext) => RowSource);
}

/** Rows from an array, each a single value. */
export function valuesSource(values: readonly SqlValue[]): RowSource {
  let index = 0;
  return { next: () => (index < values.length ? [values[index++] as SqlValue] : null) };
}

export function rowsSource(rows: readonly (readonly SqlValue[])[]): RowSource {
  let index = 0;
  return { next: () => rows[index++] ?? null };
}

/** The concrete result type of a polymorphic pattern given the (coerced) argument types. */
export function resolveResult(
  result: FunctionDefinition['result'],
  parameters: readonly TypePattern[],
  argumentTypes: readonly SqlType[],
  constants: readonly (SqlValue | undefined)[] = [],
): SqlType {
  if (typeof result === 'function') return result(argumentTypes, constants);
  if (typeof result !== 'string') return result;
  let element: SqlType | undefined;
  for (let i = 0; i < argumentTypes.length; i++) {
    const pattern = parameters[Math.min(i, parameters.length - 1)];
    const type = argumentTypes[i] as SqlType;
    if (typeof pattern !== 'string' || pattern === 'any' || pattern === 'any_record') continue;
    const arrayPattern = pattern === 'any_array' || pattern === 'any_compatible_array';
    const found = arrayPattern ? type.element : type;
    if (found !== undefined && found.kind !== 'unknown') {
      element = found;
      break;
    }
  }
  element ??= { kind: 'text' };
  if (result === 'any_array' || result === 'any_compatible_array')
    return element.kind === 'array' ? element : arrayOf(element);
  return element;
}

/** The form of a spread function for a call written with VARIADIC array: fixed arguments, then the array. */
export function withVariadicArray(definition: FunctionDefinition): FunctionDefinition {
  if (definition.kind !== 'scalar' || definition.variadic === 'none') return definition;
  const fixed = definition.parameters.length - 1;
  const last = definition.parameters[fixed] as TypePattern;
  const array: TypePattern =
    typeof last !== 'string' ? arrayOf(last) : last === 'any_compatible' ? 'any_compatible_array' : 'any_array';
  return {
    ...definition,
    parameters: [...definition.parameters.slice(0, fixed), array],
    variadic: 'none',
    strict: false,
    implementation(argumentTypes: readonly SqlType[], resultType: SqlType, semantics: Semantics): ScalarCall {
      const element = argumentTypes[fixed]?.element ?? { kind: 'text' };
      const heads = argumentTypes.slice(0, fixed);
      return {
        arity: 'n',
        call(values: readonly SqlValue[], context: EvalContext): SqlValue {
          const items = values[fixed];
          if (!(items instanceof SqlArray)) return null;
          const all = [...values.slice(0, fixed), ...items.items];
          if (definition.strict && all.includes(null)) return null;
          const types = [...heads, ...items.items.map(() => element)];
          const inner = definition.implementation(types, resultType, semantics);
          return inner.arity === 'n' ? inner.call(all, context) : null;
        },
      };
    },
  };
}
