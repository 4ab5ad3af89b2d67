/**
 * Aggregates, window calls and GROUPING: they are collected at the query level they belong to, and the
 * expression keeps a reference to the column that will hold their value.
 */
import { identifierKey } from '../../sblr/contract/names.ts';
import { INT32, INT64 } from '../../sblr/contract/types.ts';
import type { NodeOf, ValueNode } from '../../sblr/nodes.ts';
import type { FunctionDefinition } from '../functions/function.ts';
import { functionsNamed } from '../functions/registry.ts';
import type { AggregateCall, BoundExpression, OutputColumn, SortKey, WindowCall, WindowFrame } from './bound.ts';
import { findFunction, type Positions } from './calls.ts';
import { coerce, coerceToBoolean, resolveUnknown } from './coerce.ts';
import { comparisonType } from './comparison.ts';
import type { Binder } from './context.ts';
import { isDefinedAggregate, resolveDefined } from './defined-aggregates.ts';
import { fail } from './errors.ts';
import { chosenType, lenientAggregate, shownAggregate, textOfLabels } from './lenient-aggregates.ts';
import { isLenient } from './lenient-coerce.ts';
import { equalExpressions } from './expression-tools.ts';
import { coerceArguments, resolveOverload, resultType } from './overloads.ts';
import { clauseName, type BoundWindow, type Clause, type QueryLevel, type Scope } from './scope.ts';
import { baseType, typeName } from './type-facts.ts';

type Bind = (node: ValueNode) => BoundExpression;

const AGGREGATE_CLAUSES: ReadonlySet<Clause> = new Set<Clause>(['select', 'having', 'order', 'distinct', 'window']);
const WINDOW_CLAUSES: ReadonlySet<Clause> = new Set<Clause>(['select', 'order', 'distinct']);

/** Sort keys inside a call or a window. */
export function bindSortKeys(scope: Scope, keys: readonly NodeOf<'SORT_KEY'>[], bind: Bind): SortKey[] {
  return keys.map((key) => sortKey(scope.binder, key, bind(key.value)));
}

/** The sort key for a bound expression; raises where its type has no order. */
export function sortKey(binder: Binder, key: NodeOf<'SORT_KEY'>, expression: BoundExpression): SortKey {
  const typed = resolveUnknown(binder, expression, key.value.pos);
  if (comparisonType(binder, typed.type, typed.type) === undefined) {
    fail(
      'undefined_function',
      `could not identify an ordering operator for type ${typeName(typed.type)}`,
      key.value.pos ?? key.pos,
      {
        hint: 'Use an explicit ordering operator or modify the query.',
      },
    );
  }
  const descending =
    key.operator === undefined ? key.descending : key.operator === 'greater' || key.operator === 'pattern_greater';
  const high = binder.semantics.nullOrder === 'high';
  const nullsFirst = key.nulls === 'default' ? descending === high : key.nulls === 'first';
  const collation = typed.type.kind === 'text' ? typed.type.collation : undefined;
  return collation === undefined
    ? { expression: typed, descending, nullsFirst }
    : { expression: typed, descending, nullsFirst, collation };
}

function withClause<T>(level: QueryLevel, clause: Clause, work: () => T): T {
  const before = level.clause;
  level.clause = clause;
  const result = work();
  level.clause = before;
  return result;
}

function levelAt(scope: Scope, depth: number): QueryLevel {
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent)
    if (at.level.depth === depth) return at.level;
  return scope.level;
}

interface BoundAggregateParts {
  readonly arguments: BoundExpression[];
  readonly order: SortKey[];
  readonly within: SortKey[];
  readonly filter: BoundExpression | undefined;
}

export function bindAggregate(node: NodeOf<'AGGREGATE'>, scope: Scope, bind: Bind): BoundExpression {
  const { binder } = scope;
  const open = binder.shared.openAggregates;
  const tracking = { at: scope.level.depth, level: -1, nested: [] as { level: number; pos: number | undefined }[] };
  open.push(tracking);
  const setsBefore = scope.level.sets.length;
  const parts: BoundAggregateParts = {
    arguments: node.arguments.map(bind),
    order: bindSortKeys(scope, node.order, bind),
    within: bindSortKeys(scope, node.within, bind),
    filter:
      node.filter === undefined
        ? undefined
        : withClause(scope.level, 'filter', () =>
            coerceToBoolean(binder, bind(node.filter as ValueNode), 'FILTER', node.filter?.pos),
          ),
  };
  open.pop();
  if (scope.level.sets.length > setsBefore)
    fail('feature_not_supported', 'aggregate function calls cannot contain set-returning function calls', node.pos);
  const level = tracking.level < 0 ? scope.level : levelAt(scope, tracking.level);
  const nested = tracking.nested.find((inner) => inner.level === level.depth);
  if (nested !== undefined)
    fail('grouping_error', 'aggregate function calls cannot be nested', nested.pos, { variant: 'misplaced' });
  for (const outer of open) outer.nested.push({ level: level.depth, pos: node.pos });
  for (const outer of open) if (level.depth <= outer.at && level.depth > outer.level) outer.level = level.depth;
  if (!AGGREGATE_CLAUSES.has(level.clause)) refuseAggregate(level.clause, node.pos);
  const call = resolveAggregate(binder, node, parts);
  const shown = ({ id, type }: OutputColumn): BoundExpression =>
    shownAggregate(binder, node.function, { kind: 'column', id, type, pos: node.pos });
  for (const known of level.aggregates) if (sameAggregate(known, call)) return shown(known.column);
  const column = binder.newColumn(node.function, call.type);
  const registered: AggregateCall = {
    column,
    function: call.function,
    arguments: call.arguments,
    distinct: call.distinct,
    order: call.order,
    within: call.within,
    filter: call.filter,
  };
  level.aggregates.push(registered);
  binder.shared.trace?.calls.set(column.id, { kind: 'aggregate', node, call: registered });
  return shown(column);
}

function refuseAggregate(clause: Clause, pos: number | undefined): never {
  return fail('grouping_error', `aggregate functions are not allowed in ${clauseName(clause)}`, pos, {
    variant: 'misplaced',
  });
}

interface ResolvedCall {
  readonly definition: FunctionDefinition;
  readonly values: BoundExpression[];
  readonly type: BoundExpression['type'];
}

/** The definition for these arguments, and the arguments as it takes them. */
function resolveCall(
  binder: Binder,
  node: NodeOf<'AGGREGATE'> | NodeOf<'WINDOW_CALL'>,
  kinds: readonly FunctionDefinition['kind'][],
  given: readonly BoundExpression[],
  positions: Positions,
): ResolvedCall {
  if (node.routine !== undefined && isDefinedAggregate(binder, node.routine, given.length, node.pos))
    return resolveDefined(binder, node, given, positions);
  const lenient = isLenient(binder);
  const values = lenient ? given.map((value) => textOfLabels(binder, node.function, value)) : given;
  const own = lenient && !node.star ? lenientAggregate(binder, node.function, values) : undefined;
  const types = node.star ? [] : (own?.types ?? values.map((value) => value.type));
  const found = findFunction(node.function, kinds, types, false, node.pos, 'normal', lenient);
  if (own !== undefined) return { definition: found.target, values: [...own.values], type: own.type };
  const converted = node.star ? [] : coerceArguments(binder, values, found.types, positions);
  const type = resultType(found.target, found.patterns, converted);
  return { definition: found.target, values: converted, type: (lenient && chosenType(node.function, values)) || type };
}

type ResolvedAggregate = Omit<AggregateCall, 'column'> & { readonly type: BoundExpression['type'] };

function resolveAggregate(binder: Binder, node: NodeOf<'AGGREGATE'>, parts: BoundAggregateParts): ResolvedAggregate {
  const positions = node.arguments.map((argument) => argument.pos);
  const ordered = node.within.length > 0;
  const directTypes = parts.arguments.map((argument) => argument.type);
  const withinTypes = parts.within.map((key) => key.expression.type);
  let definition: FunctionDefinition;
  let values = parts.arguments;
  let type;
  let within = parts.within;
  if (ordered) {
    const wanted = functionsNamed(node.function).filter(
      (candidate) => candidate.kind === 'aggregate' && candidate.form !== 'normal',
    );
    const flat = wanted.map((candidate) => ({
      ...candidate,
      original: candidate,
      parameters:
        candidate.kind === 'aggregate' && candidate.form === 'hypothetical'
          ? [...withinTypes, ...withinTypes]
          : [...candidate.parameters, ...(candidate.kind === 'aggregate' ? candidate.within : [])],
      variadic: 'none' as const,
    }));
    if (wanted.length === 0)
      fail(
        'wrong_object_type',
        `${node.function} is not an ordered-set aggregate, so it cannot have WITHIN GROUP`,
        node.pos,
      );
    const { candidate, types } = chooseOrdered(node, flat, [...directTypes, ...withinTypes]);
    definition = candidate;
    const converted = coerceArguments(binder, [...values, ...parts.within.map((key) => key.expression)], types, [
      ...positions,
      ...node.within.map((key) => key.pos),
    ]);
    values = converted.slice(0, values.length);
    within = parts.within.map((key, i) => ({ ...key, expression: converted[values.length + i] as BoundExpression }));
    const patterns =
      definition.kind === 'aggregate' && definition.form === 'hypothetical'
        ? types
        : [...definition.parameters, ...(definition.kind === 'aggregate' ? definition.within : [])];
    type = resultType(definition, patterns, converted);
  } else {
    ({ definition, values, type } = resolveCall(binder, node, ['aggregate'], values, positions));
  }
  if (node.distinct) checkDistinct(binder, values, parts.order, node);
  return {
    function: definition,
    arguments: values,
    distinct: node.distinct,
    order: parts.order,
    within,
    filter: parts.filter,
    type,
  };
}

function chooseOrdered<T extends { original: FunctionDefinition }>(
  node: NodeOf<'AGGREGATE'>,
  flat: readonly (T & Pick<FunctionDefinition, 'parameters' | 'variadic'>)[],
  types: BoundExpression['type'][],
) {
  const found = resolveOverload(flat, types, false);
  if (found === undefined || found === 'ambiguous') {
    fail(
      'undefined_function',
      `function ${node.function}(${types.map((type) => typeName(type)).join(', ')}) does not exist`,
      node.pos,
      {
        hint: 'No function matches the given name and argument types. You might need to add explicit type casts.',
      },
    );
  }
  return { candidate: found.target.original, types: found.types };
}

function checkDistinct(
  binder: Binder,
  values: readonly BoundExpression[],
  order: readonly SortKey[],
  node: NodeOf<'AGGREGATE'>,
): void {
  for (const value of values) {
    if (comparisonType(binder, value.type, value.type) === undefined) {
      fail('undefined_function', `could not identify an equality operator for type ${typeName(value.type)}`, node.pos);
    }
  }
  for (let i = 0; i < order.length; i++) {
    const key = order[i] as SortKey;
    if (!values.some((value) => equalExpressions(value, key.expression))) {
      fail(
        'invalid_column_reference',
        'in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list',
        node.order[i]?.value.pos ?? node.pos,
      );
    }
  }
}

function sameAggregate(a: AggregateCall, b: ResolvedAggregate): boolean {
  return (
    a.function === b.function &&
    a.distinct === b.distinct &&
    a.arguments.length === b.arguments.length &&
    sameKeys(a.order, b.order) &&
    sameKeys(a.within, b.within) &&
    (a.filter === undefined
      ? b.filter === undefined
      : b.filter !== undefined && equalExpressions(a.filter, b.filter)) &&
    a.arguments.every((argument, i) => equalExpressions(argument, b.arguments[i] as BoundExpression))
  );
}

export function sameKeys(a: readonly SortKey[], b: readonly SortKey[]): boolean {
  return (
    a.length === b.length &&
    a.every((key, i) => {
      const other = b[i] as SortKey;
      return (
        key.descending === other.descending &&
        key.nullsFirst === other.nullsFirst &&
        equalExpressions(key.expression, other.expression)
      );
    })
  );
}

export function bindGrouping(node: NodeOf<'GROUPING'>, scope: Scope, bind: Bind): BoundExpression {
  const { level, binder } = scope;
  if (!AGGREGATE_CLAUSES.has(level.clause))
    fail('grouping_error', `grouping operations are not allowed in ${clauseName(level.clause)}`, node.pos);
  const items = node.items.map(bind);
  if (items.length > 31) fail('too_many_arguments', 'GROUPING must have fewer than 32 arguments', node.pos);
  for (const known of level.groupings) {
    if (
      known.items.length === items.length &&
      known.items.every((item, i) => equalExpressions(item, items[i] as BoundExpression))
    ) {
      return { kind: 'column', id: known.column.id, type: INT32 };
    }
  }
  const column = binder.newColumn('grouping', INT32);
  level.groupings.push({ column, items, pos: node.items[0]?.pos ?? node.pos });
  binder.shared.trace?.calls.set(column.id, { kind: 'grouping', items });
  return { kind: 'column', id: column.id, type: INT32 };
}

export function bindWindowCall(node: NodeOf<'WINDOW_CALL'>, scope: Scope, bind: Bind): BoundExpression {
  const { level, binder } = scope;
  if (level.clause === 'window')
    fail('windowing_error', 'window functions are not allowed in window definitions', node.pos);
  if (level.windowDepth > 0) fail('windowing_error', 'window function calls cannot be nested', node.pos);
  if (!WINDOW_CLAUSES.has(level.clause))
    fail('windowing_error', `window functions are not allowed in ${clauseName(level.clause)}`, node.pos);
  if (binder.shared.openAggregates.some((open) => open.at === level.depth))
    fail('grouping_error', 'aggregate function calls cannot contain window function calls', node.pos);
  if (node.distinct) fail('feature_not_supported', 'DISTINCT is not implemented for window functions', node.pos);
  level.windowDepth++;
  const values = node.arguments.map(bind);
  const filter =
    node.filter === undefined ? undefined : coerceToBoolean(binder, bind(node.filter), 'FILTER', node.filter.pos);
  const window = node.spec === undefined ? namedWindow(node, scope) : bindWindow(node.spec, scope, bind);
  level.windowDepth--;
  const positions: Positions = node.arguments.map((argument) => argument.pos);
  const resolved = resolveCall(binder, node, ['window', 'aggregate'], values, positions);
  const { definition, values: converted, type } = resolved;
  if (filter !== undefined && definition.kind === 'window')
    fail('feature_not_supported', 'FILTER is not implemented for non-aggregate window functions', node.pos);
  const shown = (value: BoundExpression): BoundExpression => shownAggregate(binder, node.function, value);
  const ignoreNulls = node.nulls === 'ignore';
  for (const known of level.windows) {
    const { call } = known;
    if (
      call.function === definition &&
      call.ignoreNulls === ignoreNulls &&
      call.arguments.length === converted.length &&
      sameWindow(known, window) &&
      (call.filter === undefined
        ? filter === undefined
        : filter !== undefined && equalExpressions(call.filter, filter)) &&
      call.arguments.every((argument, i) => equalExpressions(argument, converted[i] as BoundExpression))
    ) {
      return shown({ kind: 'column', id: call.column.id, type: call.column.type });
    }
  }
  const call: WindowCall = {
    column: binder.newColumn(node.function, type),
    function: definition,
    arguments: converted,
    filter,
    ignoreNulls,
  };
  level.windows.push({ ...window, call });
  binder.shared.trace?.calls.set(call.column.id, { kind: 'window', node, call });
  return shown({ kind: 'column', id: call.column.id, type });
}

function namedWindow(node: NodeOf<'WINDOW_CALL'>, scope: Scope): BoundWindow {
  const name = node.window;
  if (name === undefined) return { partition: [], order: [], frame: DEFAULT_FRAME };
  const found = scope.level.namedWindows?.get(identifierKey(name));
  if (found === undefined) fail('undefined_object', `window "${scope.binder.display(name)}" does not exist`, node.pos);
  return found;
}

export const DEFAULT_FRAME: WindowFrame = {
  unit: 'range',
  start: 'unbounded_preceding',
  end: 'current_row',
  startOffset: undefined,
  endOffset: undefined,
  exclude: 'no_others',
};

export function sameWindow(a: BoundWindow, b: BoundWindow): boolean {
  return sameKeys(a.order, b.order) && samePartition(a.partition, b.partition) && sameFrame(a.frame, b.frame);
}

function samePartition(a: readonly BoundExpression[], b: readonly BoundExpression[]): boolean {
  return a.length === b.length && a.every((item, i) => equalExpressions(item, b[i] as BoundExpression));
}

function sameFrame(a: WindowFrame, b: WindowFrame): boolean {
  const offset = (x: BoundExpression | undefined, y: BoundExpression | undefined): boolean =>
    x === undefined ? y === undefined : y !== undefined && equalExpressions(x, y);
  return (
    a.unit === b.unit &&
    a.start === b.start &&
    a.end === b.end &&
    a.exclude === b.exclude &&
    offset(a.startOffset, b.startOffset) &&
    offset(a.endOffset, b.endOffset)
  );
}

/** A window specification, completed from the named window it starts with. */
export function bindWindow(
  spec: NodeOf<'WINDOW_SPEC'>,
  scope: Scope,
  bind: Bind,
): BoundWindow & { readonly framed: boolean } {
  const { binder, level } = scope;
  const bindPart: Bind = (node) => withClause(level, 'window', () => bind(node));
  let partition = spec.partition.map((node) => resolveUnknown(binder, bindPart(node), node.pos));
  let order = bindSortKeys(scope, spec.order, bindPart);
  if (spec.base !== undefined) {
    const shown = binder.display(spec.base);
    const base = level.namedWindows?.get(identifierKey(spec.base));
    if (base === undefined) fail('undefined_object', `window "${shown}" does not exist`, spec.pos);
    if (spec.partition.length > 0)
      fail('windowing_error', `cannot override PARTITION BY clause of window "${shown}"`, spec.pos);
    if (spec.order.length > 0 && base.order.length > 0)
      fail('windowing_error', `cannot override ORDER BY clause of window "${shown}"`, spec.pos);
    if (base.framed) fail('windowing_error', `cannot copy window "${shown}" because it has a frame clause`, spec.pos);
    partition = [...base.partition];
    if (spec.order.length === 0) order = [...base.order];
  }
  if (spec.unit === 'none') return { partition, order, frame: DEFAULT_FRAME, framed: false };
  const frame: WindowFrame = {
    unit: spec.unit,
    start: spec.start,
    end: spec.end,
    exclude: spec.exclude,
    startOffset: frameOffset(scope, spec, spec.startOffset, order, bindPart),
    endOffset: frameOffset(scope, spec, spec.endOffset, order, bindPart),
  };
  checkFrame(frame, order, spec.pos);
  return { partition, order, frame, framed: true };
}

function checkFrame(frame: WindowFrame, order: readonly SortKey[], pos: number | undefined): void {
  const bad = (message: string): never => fail('windowing_error', message, pos);
  if (frame.start === 'unbounded_following') bad('frame start cannot be UNBOUNDED FOLLOWING');
  if (frame.end === 'unbounded_preceding') bad('frame end cannot be UNBOUNDED PRECEDING');
  if (frame.start === 'current_row' && frame.end === 'preceding')
    bad('frame starting from current row cannot have preceding rows');
  if (frame.start === 'following' && (frame.end === 'preceding' || frame.end === 'current_row'))
    bad('frame starting from following row cannot have preceding rows');
  if (frame.unit === 'groups' && order.length === 0) bad('GROUPS mode requires an ORDER BY clause');
}

function frameOffset(
  scope: Scope,
  spec: NodeOf<'WINDOW_SPEC'>,
  node: ValueNode | undefined,
  order: readonly SortKey[],
  bind: Bind,
): BoundExpression | undefined {
  if (node === undefined) return undefined;
  const { binder } = scope;
  const offset = bind(node);
  if (spec.unit !== 'range') {
    const converted = coerce(binder, offset, INT64, 'implicit', node.pos);
    if (converted === undefined)
      fail(
        'datatype_mismatch',
        `argument of ${spec.unit.toUpperCase()} must be type bigint, not type ${typeName(offset.type)}`,
        node.pos,
      );
    return converted;
  }
  const key = order[0];
  if (key === undefined || order.length !== 1)
    fail('windowing_error', 'RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column', spec.pos);
  const type = baseType(key.expression.type);
  const wanted = offsetType(type, offset.type);
  if (wanted === undefined)
    fail(
      'feature_not_supported',
      `RANGE with offset PRECEDING/FOLLOWING is not supported for column type ${typeName(type)}`,
      node.pos,
    );
  return (
    coerce(binder, offset, wanted, 'implicit', node.pos) ??
    fail(
      'datatype_mismatch',
      `RANGE with offset PRECEDING/FOLLOWING is not supported for column type ${typeName(type)} and offset type ${typeName(offset.type)}`,
      node.pos,
    )
  );
}

function offsetType(
  type: BoundExpression['type'],
  offset: BoundExpression['type'],
): BoundExpression['type'] | undefined {
  switch (type.kind) {
    case 'date':
    case 'time':
    case 'timetz':
    case 'timestamp':
    case 'timestamptz':
    case 'interval':
      return { kind: 'interval' };
    case 'int8':
    case 'int16':
    case 'int24':
    case 'int32':
    case 'int64':
      return offset.kind === 'int16' || offset.kind === 'int32' || offset.kind === 'int64' ? offset : INT64;
    case 'decimal':
    case 'float32':
    case 'float64':
      return type.kind === 'float32' ? { kind: 'float64' } : type;
    default:
      return undefined;
  }
}
