/**
 * The contract of engine functions: what the binder resolves calls and operators against and the
 * executor compiles. Functions are registered under primitive names (dialects map their own names onto
 * them); operators under the names of sblr/operators.ts with `operator` set.
 *
 * Implementations are plain functions of values. NULL arguments never reach a `strict` function.
 */
import type { Semantics } from '../../sblr/contract/semantics.ts';
import type { SqlNotice } from '../../sblr/contract/sql-error.ts';
import type { TextSettings } from '../../sblr/contract/text/settings.ts';
import type { PolymorphicType, RecordField, ReferenceTarget, SqlType } from '../../sblr/contract/types.ts';
import type { Row, SqlValue } from '../../sblr/contract/values.ts';
import type { RoutineDefinition } from '../catalog/definitions.ts';
import type { IntrospectionHooks } from './introspection.ts';

export type { IntrospectionHooks } from './introspection.ts';

export type { PolymorphicType } from '../../sblr/contract/types.ts';

export type TypePattern = SqlType | PolymorphicType;

export function isPolymorphic(pattern: TypePattern): pattern is PolymorphicType {
  return typeof pattern === 'string';
}

/** What a function may ask of the execution it runs in. */
export interface EvalContext {
  /** Microseconds since 1970-01-01 UTC. */
  readonly transactionTimestamp: number;
  readonly statementTimestamp: number;
  clock(): number;
  /** Date style, interval style, time zone ... of the session, resolved. */
  readonly text: TextSettings;
  readonly semantics: Semantics;
  readonly introspection: IntrospectionHooks;
  /** 0 <= x < 1, seeded per session by `seedRandom`. */
  random(): number;
  seedRandom(seed: number): void;
  /** Reports a warning to the client. */
  warn(message: string): void;
  notice(notice: SqlNotice): void;
}

/** The compiled form of a scalar function, by number of arguments. Methods, so that implementations may narrow their parameters. */
export type ScalarCall =
  | { readonly arity: 0; call(context: EvalContext): SqlValue }
  | { readonly arity: 1; call(a: SqlValue, context: EvalContext): SqlValue }
  | { readonly arity: 2; call(a: SqlValue, b: SqlValue, context: EvalContext): SqlValue }
  | { readonly arity: 3; call(a: SqlValue, b: SqlValue, c: SqlValue, context: EvalContext): SqlValue }
  | { readonly arity: 4; call(a: SqlValue, b: SqlValue, c: SqlValue, d: SqlValue, context: EvalContext): SqlValue }
  | { readonly arity: 'n'; call(values: readonly SqlValue[], context: EvalContext): SqlValue };

export type ComparisonName = 'equal' | 'not_equal' | 'less' | 'less_equal' | 'greater' | 'greater_equal';

interface Signature {
  /** Primitive name. Several definitions of one name are overloads. */
  readonly name: string;
  readonly parameters: readonly TypePattern[];
  /**
   * 'none'; or 'spread': the last parameter is the element pattern of any number (from zero) of further
   * arguments, which reach the implementation one by one (arity 'n'). For a call that passes them as
   * one array, the binder uses `withVariadicArray`.
   */
  readonly variadic: 'none' | 'spread';
  /**
   * Result type; a function of the argument types where it depends on them, and of the arguments that are
   * constants (undefined = not one). Polymorphic names resolve against the parameters.
   */
  readonly result: TypePattern | ResultRule;
  /** NULL in any argument gives NULL without a call (aggregates: the row is skipped; set functions: no rows). */
  readonly strict: boolean;
  readonly volatility: 'immutable' | 'stable' | 'volatile';
  /** True for operators: infix with two parameters, prefix with one. */
  readonly operator: boolean;
}

export type ResultRule = (argumentTypes: readonly SqlType[], constants?: readonly (SqlValue | undefined)[]) => SqlType;

export interface ScalarFunction extends Signature {
  readonly kind: 'scalar';
  /** Set for the six comparisons of two values of one type: the binder makes a `compare` of them. */
  readonly comparison?: ComparisonName | undefined;
  /** Gives the code for a call with these (coerced) argument types. Called once per bound call. */
  implementation(argumentTypes: readonly SqlType[], resultType: SqlType, semantics: Semantics): ScalarCall;
}

/**
 * One aggregate for the argument types of a call. The state is a mutable object private to the
 * implementation. Aggregates take at most two arguments per row in `a` and `b` (null when absent).
 */
export interface AggregateImplementation {
  /** `direct`: evaluated direct arguments of an ordered-set aggregate, else empty. */
  create(direct: readonly SqlValue[]): AggregateState;
  step(state: AggregateState, a: SqlValue, b: SqlValue, context: EvalContext): void;
  /** Instead of `step` when the aggregate takes any number of values per row (hypothetical-set). */
  stepMany?(state: AggregateState, values: readonly SqlValue[], context: EvalContext): void;
  /** As many calls of `step`, in order, with the numbers values[rows[0]] .. values[rows[count - 1]]. */
  stepNumbers?(state: AggregateState, values: Float64Array, rows: Int32Array, count: number): void;
  /** The same with the decimals values * 10^-scale, whose unscaled values are safe integers. */
  stepScaled?(state: AggregateState, values: Float64Array, scale: number, rows: Int32Array, count: number): void;
  final(state: AggregateState, context: EvalContext): SqlValue;
  /** Folds `other` into `state`: for partial aggregation and spilled groups. Absent = not mergeable. */
  combine?(state: AggregateState, other: AggregateState): void;
}

/** Opaque to everybody but the implementation. */
export type AggregateState = object;

export interface AggregateFunction extends Signature {
  readonly kind: 'aggregate';
  /**
   * 'normal'; 'ordered_set': parameters = direct arguments, then `within` = patterns of the WITHIN GROUP
   * keys, whose values come to `step` sorted; 'hypothetical': direct arguments match the keys one to one.
   */
  readonly form: 'normal' | 'ordered_set' | 'hypothetical';
  readonly within: readonly TypePattern[];
  /** The result depends on the order of the rows (array_agg, string_agg ...). */
  readonly ordered: boolean;
  /** DISTINCT makes no difference (min, max, bool_and ...). */
  readonly duplicateInsensitive: boolean;
  /** The state grows with the rows. */
  readonly growing: boolean;
  /** Set for an aggregate made of routines: `implementation` is then made from its steps. */
  readonly routine?: RoutineDefinition | undefined;
  /** `argumentTypes`: arguments (ordered-set: direct ones) then within types. `descending`: of the within keys. */
  implementation(
    argumentTypes: readonly SqlType[],
    resultType: SqlType,
    semantics: Semantics,
    within?: readonly WithinKey[],
  ): AggregateImplementation;
}

export interface WithinKey {
  readonly descending: boolean;
  readonly nullsFirst: boolean;
  readonly collation?: string | undefined;
}

/** The current row of a window call, its partition and frame. Indexes count from 0 within the partition. */
export interface WindowRows {
  /** Rows in the partition. */
  readonly count: number;
  readonly row: number;
  /** Frame of the current row: [frameStart, frameEnd). */
  readonly frameStart: number;
  readonly frameEnd: number;
  /** Peers of the current row under ORDER BY: [peerStart, peerEnd). */
  readonly peerStart: number;
  readonly peerEnd: number;
  /** Is this row of the frame left out by EXCLUDE? */
  excluded(row: number): boolean;
  /** Value of argument `index` evaluated at `row`. */
  argument(index: number, row: number): SqlValue;
}

/** One per partition; `evaluate` is called for rows 0, 1, 2 ... in order. */
export interface WindowEvaluator {
  evaluate(rows: WindowRows, context: EvalContext): SqlValue;
}

export interface WindowFunction extends Signature {
  readonly kind: 'window';
  /** Does the result depend on the frame (first_value, last_value, nth_value)? */
  readonly usesFrame: boolean;
  create(argumentTypes: readonly SqlType[], ignoreNulls: boolean): WindowEvaluator;
}

/** Rows of a set-returning call, pulled one by one; null = end. Scalar sets give rows of one value. */
export interface RowSource {
  next(): Row | null;
}

export interface SetFunction extends Signature {
  readonly kind: 'set';
  /** Output columns for these argument types; undefined = given by the call's column definition list. */
  columns(argumentTypes: readonly SqlType[]): readonly RecordField[] | undefined;
  /** `columns` are those of the call (from the definition list where there is one). */
  implementation(
    argumentTypes: readonly SqlType[],
    columns: readonly RecordField[],
  ): (values: readonly SqlValue[], context: EvalContext) => RowSource;
}

export type FunctionDefinition = ScalarFunction | AggregateFunction | WindowFunction | SetFunction;

export type { RecordField, ReferenceTarget };
