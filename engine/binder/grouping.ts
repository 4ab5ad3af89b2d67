/**
 * GROUP BY: grouping keys and sets, and the rewriting of expressions over the rows of a FROM clause into
 * expressions over groups.
 */
import { identifierKey, type Identifier } from '../../sblr/contract/names.ts';
import type { NodeOf, ValueNode } from '../../sblr/nodes.ts';
import { functionsNamed } from '../functions/registry.ts';
import type { Assigned, BoundExpression, LogicalPlan } from './bound.ts';
import type { Binder } from './context.ts';
import { fail } from './errors.ts';
import { databaseOfTable, fullName } from './user-types.ts';
import { requireComparable } from './comparison.ts';
import { bindResolved } from './expression.ts';
import { equalExpressions, mapChildren, mapPlanExpressions } from './expression-tools.ts';
import { withAliases, type SelectItem } from './select-items.ts';
import { findUnqualified, useColumn, type RangeEntry, type Scope } from './scope.ts';

/** Grouping sets of one GROUP BY, as a limit against explosion by CUBE. */
const MAX_GROUPING_SETS = 4096;

type GroupNode = NodeOf<'GROUP_KEY'> | NodeOf<'GROUP_SETS'>;

type AggregatePlan = LogicalPlan & { kind: 'aggregate' };

export interface GroupKeys {
  readonly keys: BoundExpression[];
  readonly sets: number[][];
}

export function bindGroupKeys(node: NodeOf<'GROUP'>, scope: Scope, items: readonly SelectItem[]): GroupKeys {
  const keys: BoundExpression[] = [];
  const keyIndex = (value: ValueNode): number => {
    const expression = groupExpression(value, scope, items);
    requireComparable(scope.binder, expression, value.pos);
    const known = keys.findIndex((key) => equalExpressions(key, expression));
    return known >= 0 ? known : keys.push(expression) - 1;
  };
  const clause = scope.level.clause;
  scope.level.clause = 'group';
  let sets: number[][] = [[]];
  for (const element of node.keys) sets = cross(sets, expand(element, keyIndex), node.pos);
  scope.level.clause = clause;
  if (node.distinct) {
    const seen = new Set<string>();
    sets = sets.filter((set) => {
      const key = [...set].sort((a, b) => a - b).join(',');
      return seen.has(key) ? false : seen.add(key) !== undefined;
    });
  }
  return { keys, sets };
}

function cross(left: number[][], right: number[][], pos: number | undefined): number[][] {
  if (left.length * right.length > MAX_GROUPING_SETS)
    fail('statement_too_complex', `too many grouping sets present (maximum ${MAX_GROUPING_SETS})`, pos);
  return left.flatMap((a) => right.map((b) => [...a, ...b.filter((item) => !a.includes(item))]));
}

/** The sets an element of GROUP BY stands for. */
function expand(element: GroupNode, keyIndex: (value: ValueNode) => number): number[][] {
  if (element.op === 'GROUP_KEY') {
    return [element.value.op === 'ROW' ? element.value.items.map(keyIndex) : [keyIndex(element.value)]];
  }
  if (element.kind === 'set') return [element.keys.flatMap((key) => expand(key, keyIndex).flat())];
  if (element.kind === 'sets') return element.keys.flatMap((key) => expand(key, keyIndex));
  const parts = element.keys.map((key) => expand(key, keyIndex).flat());
  if (element.kind === 'rollup') return parts.map((_part, i) => parts.slice(0, parts.length - i).flat()).concat([[]]);
  if (parts.length > 12) fail('statement_too_complex', 'CUBE is limited to 12 elements', element.pos);
  const sets: number[][] = [];
  for (let mask = 2 ** parts.length - 1; mask >= 0; mask--)
    sets.push(parts.filter((_part, i) => (mask & (1 << (parts.length - 1 - i))) !== 0).flat());
  return sets;
}

function groupExpression(value: ValueNode, scope: Scope, items: readonly SelectItem[]): BoundExpression {
  const { level, binder } = scope;
  const fromItem = (item: SelectItem): BoundExpression => {
    if (usesAggregate(item.expression, scope))
      fail('grouping_error', 'aggregate functions are not allowed in GROUP BY', item.pos ?? value.pos);
    if (level.windows.some(({ call }) => uses(item.expression, call.column.id)))
      fail('windowing_error', 'window functions are not allowed in GROUP BY', item.pos ?? value.pos);
    if (level.sets.some((set) => uses(item.expression, set.column.id)))
      fail('feature_not_supported', 'set-returning functions are not allowed in GROUP BY', item.pos ?? value.pos);
    return item.expression;
  };
  if (value.op === 'LITERAL' && value.value !== null && (isPosition(value) || !binder.semantics.aliasInExpressions)) {
    const ordinal = value.value;
    if (typeof ordinal !== 'number' || !isPosition(value))
      fail('syntax_error', 'non-integer constant in GROUP BY', value.pos);
    const item = items[ordinal - 1];
    if (item === undefined)
      fail('invalid_column_reference', `GROUP BY position ${ordinal} is not in select list`, value.pos);
    return fromItem(item);
  }
  if (value.op === 'COLUMN' && value.name.length === 1 && binder.semantics.aliasInGroupBy) {
    const key = identifierKey(value.name[0] as Identifier);
    const input = scope.entries.length === 0 ? undefined : findUnqualified(ownScope(scope), key, value.pos);
    if (input !== undefined) {
      const column = useColumn({ ...input, scope }, value.pos);
      binder.shared.trace?.value(value, column);
      return column;
    }
    const matching = items.filter((item) => item.key === key);
    const first = matching[0];
    if (first !== undefined) {
      if (matching.some((item) => !equalExpressions(item.expression, first.expression)))
        fail('ambiguous_column', `GROUP BY "${binder.display(value.name[0] as Identifier)}" is ambiguous`, value.pos);
      return fromItem(first);
    }
  }
  if (!binder.semantics.aliasInExpressions) return bindResolved(value, scope);
  const expression = withAliases(scope, items, () => bindResolved(value, scope));
  if (usesAggregate(expression, scope))
    fail('grouping_error', 'aggregate functions are not allowed in GROUP BY', value.pos, { variant: 'misplaced' });
  return expression;
}

/** Is a constant in GROUP BY or ORDER BY the number of an item? */
export function isPosition(value: NodeOf<'LITERAL'>): boolean {
  return typeof value.value === 'number' && Number.isInteger(value.value) && value.type.kind !== 'unknown';
}

/** The scope without its outer queries. */
function ownScope(scope: Scope): Scope {
  return scope.parent === undefined
    ? scope
    : Object.assign(Object.create(Object.getPrototypeOf(scope) as object) as Scope, scope, { parent: undefined });
}

function uses(expression: BoundExpression, id: number): boolean {
  if (expression.kind === 'column') return expression.id === id;
  let found = false;
  mapChildren(
    expression,
    (operand) => {
      found ||= uses(operand, id);
      return operand;
    },
    (plan) => plan,
  );
  return found;
}

function usesAggregate(expression: BoundExpression, scope: Scope): boolean {
  return (
    scope.level.aggregates.some((call) => uses(expression, call.column.id)) ||
    scope.level.groupings.some((call) => uses(expression, call.column.id))
  );
}

/** The aggregate node of a query level, and how expressions are rewritten to run above it. */
export interface Grouped {
  readonly plan: () => LogicalPlan;
  readonly rewrite: Rewrite;
}

/** Where an expression stands that may only use what groups have: an item of the select list, a sort key, or a clause. */
export interface GroupedPlace {
  readonly clause: 'select' | 'having' | 'order';
  /** From 1. */
  readonly number: number;
}

export type Rewrite = (expression: BoundExpression, place?: GroupedPlace) => BoundExpression;

export function groupRows(source: LogicalPlan, scope: Scope, group: GroupKeys): Grouped {
  const { binder, level } = scope;
  const keys: Assigned[] = group.keys.map((expression) => ({
    column: binder.newColumn(nameOf(expression, scope), expression.type, binder.originOf(expression)),
    expression,
  }));
  const sets = group.sets.map((set) => [...set]);
  const always = keys.map((_key, i) => sets.every((set) => set.includes(i)));
  const first = firstRows(scope);
  let detail: string | undefined;
  let place: GroupedPlace | undefined;
  const replace = (expression: BoundExpression, inner: boolean): BoundExpression => {
    for (const key of keys) {
      if (equalExpressions(key.expression, expression))
        return {
          kind: 'column',
          id: key.column.id,
          type: key.column.type,
          pos: expression.kind === 'column' ? expression.pos : undefined,
        };
    }
    if (expression.kind === 'column') {
      if (expression.id < level.fromStart || expression.id >= level.fromEnd) return expression;
      return ungrouped(expression, inner);
    }
    if (expression.kind === 'constant' || expression.kind === 'parameter') return expression;
    return mapChildren(
      expression,
      (operand) => replace(operand, inner),
      (plan) => mapPlanExpressions(plan, (operand) => replace(operand, true)),
    );
  };
  const ungrouped = (expression: BoundExpression & { kind: 'column' }, inner: boolean): BoundExpression => {
    const mode = binder.semantics.groupedColumns;
    const entry = scope.entries.find(
      (candidate) =>
        candidate.table !== undefined &&
        (candidate.columns.some((column) => column.id === expression.id) || candidate.rowKey === expression.id),
    );
    if (mode !== 'strict' && entry !== undefined && dependsOnKey(entry, keys, always)) return addKey(expression);
    if (mode === 'any-value') return first(expression);
    return refuseUngrouped(scope, expression, place, group.keys.length > 0, inner, detail);
  };
  const addKey = (expression: BoundExpression & { kind: 'column' }): BoundExpression => {
    const origin = binder.shared.columns[expression.id];
    const column = binder.newColumn(origin?.name ?? 'column', expression.type, origin);
    const index = keys.push({ column, expression }) - 1;
    for (const set of sets) set.push(index);
    always.push(true);
    return { kind: 'column', id: column.id, type: column.type };
  };
  return {
    rewrite: (expression, at) => {
      place = at;
      return replace(expression, false);
    },
    plan: () => {
      detail = 'Direct arguments of an ordered-set aggregate must use only grouped columns.';
      for (const argument of directArguments(level)) replace(argument, false);
      const groupings = groupingKeys(level, keys);
      const aggregates = level.aggregates;
      const columns = [
        ...keys.map((key) => key.column),
        ...aggregates.map((call) => call.column),
        ...groupings.map((grouping) => grouping.column),
      ];
      return { kind: 'aggregate', source, keys, sets, aggregates, groupings, columns };
    },
  };
}

type Column = BoundExpression & { kind: 'column' };

/** Columns that no key determines as those of the group's first row. */
function firstRows({ binder, level }: Scope): (expression: Column) => Column {
  const called = functionsNamed('first_row')[0];
  if (called?.kind !== 'aggregate') throw new TypeError('no aggregate first_row');
  const found = new Map<number, Column>();
  return (argument) => {
    let first = found.get(argument.id);
    if (first === undefined) {
      const origin = binder.shared.columns[argument.id];
      const column = binder.newColumn(origin?.name ?? 'column', argument.type, origin);
      const rest = { distinct: false, order: [], within: [], filter: undefined };
      level.aggregates.push({ column, function: called, arguments: [argument], ...rest });
      first = { kind: 'column', id: column.id, type: column.type };
      found.set(argument.id, first);
    }
    return first;
  };
}

/** Which sort key it is and, where it is one, which column, for messages. */
export function sortPlace(binder: Binder, key: BoundExpression, number: number): Record<string, string | number> {
  const column = binder.originOf(key);
  return column === undefined ? { number } : { number, column: fullName(binder, column) };
}

function refuseUngrouped(
  scope: Scope,
  { id, pos }: BoundExpression & { kind: 'column' },
  place: GroupedPlace | undefined,
  hasKeys: boolean,
  inner: boolean,
  detail: string | undefined,
): never {
  const shown = columnShown(scope, id);
  const { binder } = scope;
  if (inner) fail('grouping_error', `subquery uses ungrouped column "${shown}" from outer query`, pos);
  const message = `column "${shown}" must appear in the GROUP BY clause or be used in an aggregate function`;
  const column = binder.shared.columns[id];
  // Where HAVING sees the select list, it sees nothing else that is not grouped.
  if (place?.clause === 'having' && binder.semantics.aliasInHaving)
    fail('undefined_column', message, pos, { args: { column: column?.name ?? shown, clause: 'having' } });
  const database = column === undefined ? undefined : databaseOfTable(binder, column.tableId);
  fail('grouping_error', message, pos, {
    variant: hasKeys ? 'ungrouped' : 'no_groups',
    detail,
    args: {
      column: database === undefined ? shown : `${database}.${shown}`,
      ...(place === undefined ? {} : { number: place.number, place: place.clause }),
    },
  });
}

/** GROUPING(...) calls with their arguments as numbers of keys. */
function groupingKeys(level: Scope['level'], keys: readonly Assigned[]): AggregatePlan['groupings'] {
  return level.groupings.map((grouping) => ({
    column: grouping.column,
    keys: grouping.items.map((item) => {
      const index = keys.findIndex((key) => equalExpressions(key.expression, item));
      if (index < 0)
        fail(
          'grouping_error',
          'arguments to GROUPING must be grouping expressions of the associated query level',
          grouping.pos,
        );
      return index;
    }),
  }));
}

function directArguments(level: Scope['level']): BoundExpression[] {
  return level.aggregates.flatMap((call) =>
    call.function.kind === 'aggregate' && call.function.form !== 'normal' ? call.arguments : [],
  );
}

function nameOf(expression: BoundExpression, scope: Scope): string {
  return scope.binder.originOf(expression)?.name ?? 'key';
}

/** Are all columns of the table's primary key among the keys of every grouping set? */
function dependsOnKey(entry: RangeEntry, keys: readonly Assigned[], always: readonly boolean[]): boolean {
  const primary = entry.table?.constraints.find(
    (constraint) => constraint.kind === 'primary_key' && !constraint.deferrable,
  );
  if (primary === undefined) return false;
  return primary.columns.every((position) => {
    const column = entry.columns.find((candidate) => candidate.position === position);
    return (
      column !== undefined &&
      keys.some((key, i) => always[i] === true && key.expression.kind === 'column' && key.expression.id === column.id)
    );
  });
}

/** 't.x' for a column id of the FROM clause. */
function columnShown(scope: Scope, id: number): string {
  for (const entry of scope.entries) {
    if (entry.key === '') continue;
    for (const column of entry.columns) if (column.id === id) return `${entry.display}.${column.name}`;
  }
  return scope.binder.shared.columns[id]?.name ?? '?column?';
}
