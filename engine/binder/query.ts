/**
 * Queries: the pipeline of one SELECT from FROM to LIMIT, and the dispatch to VALUES, set operations,
 * WITH and data modification.
 */
import { identifierKey, type Identifier } from '../../sblr/contract/names.ts';
import { TEXT } from '../../sblr/contract/types.ts';
import type { NodeOf, RelationNode, ValueNode } from '../../sblr/nodes.ts';
import { bindWindow, sameWindow, sortKey } from './aggregates.ts';
import type { Assigned, BoundExpression, LogicalPlan, OutputColumn, SortKey, WindowCall } from './bound.ts';
import { resolveUnknown } from './coerce.ts';
import { entryColumn, noColumn } from './columns.ts';
import type { Binder, BoundRelation, CteBinding } from './context.ts';
import type { OnKey } from './distinct-items.ts';
import { fail, notSupported } from './errors.ts';
import { bindCondition, bindExpression } from './expression.ts';
import { ascending, sortRows, usefulKeys } from './sort-keys.ts';
import { equalExpressions, isSimple, mustEvaluateOnce } from './expression-tools.ts';
import { bindFrom } from './from.ts';
import { columnKeys, type FromResult } from './range-entries.ts';
import { bindGroupKeys, groupRows, type Rewrite } from './grouping.ts';
import { bindDistinctOn, bindOrder, ordinalOf, type OrderKey } from './order-keys.ts';
import { bindItems, withAliases, type SelectItem } from './select-items.ts';
import { depthBelow } from './levels.ts';
import { limitRows } from './limit.ts';
import { bindModification } from './modification.ts';
import { columnExpression, convertOutputs, plainRelation, resolveOutputs, strip } from './outputs.ts';
import { newLevel, Scope, type BoundWindow, type QueryLevel, type RangeEntry } from './scope.ts';
import { startOf } from './positions.ts';
import { refuseLock, rowLocks, type RowLock } from './row-locks.ts';
import { bindSetOperation } from './set-operation.ts';
import { baseType, isDomain } from './type-facts.ts';
import { bindValues } from './values.ts';
import { bindWith } from './with.ts';

/** Binds any relation node as a query of its own. `keepUnknown` leaves untyped literals of the output to the caller. */
export function bindRelation(
  binder: Binder,
  node: RelationNode,
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
  keepUnknown = false,
): BoundRelation {
  binder.enter(node.pos);
  const bound = dispatch(binder, node, outer, ctes, keepUnknown);
  binder.leave();
  return keepUnknown ? bound : resolveOutputs(binder, bound);
}

function dispatch(
  binder: Binder,
  node: RelationNode,
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
  keepUnknown: boolean,
): BoundRelation {
  switch (node.op) {
    case 'WITH':
      return bindWith(binder, node, outer, ctes, keepUnknown);
    case 'SET_OP':
      return bindSetOperation(binder, node, outer, ctes);
    case 'VALUES':
      return bindValues(binder, node, outer, ctes, keepUnknown);
    case 'INSERT':
    case 'UPDATE':
    case 'DELETE':
    case 'MODIFY_JOINED':
    case 'MERGE':
      return bindModification(binder, node, outer, ctes);
    case 'PROJECT':
    case 'DISTINCT':
    case 'SORT':
    case 'LIMIT':
    case 'LOCK_ROWS':
      return bindPipeline(binder, node, outer, ctes);
    default: {
      const scope = new Scope(binder, outer, newLevel(depthBelow(binder, outer)), ctes);
      const from = bindFrom(node, scope, [], { rowKeys: false, lock: undefined });
      const columns = from.entries.filter((entry) => entry.unqualified).flatMap((entry) => entry.columns);
      for (const entry of from.entries) entry.columns.forEach((_column, i) => entryColumn(entry, i, undefined, binder));
      return plainRelation(strip(from.plan, columns));
    }
  }
}

interface Pipeline {
  readonly locks: NodeOf<'LOCK_ROWS'>[];
  limit: NodeOf<'LIMIT'> | undefined;
  sort: NodeOf<'SORT'> | undefined;
  distinct: NodeOf<'DISTINCT'> | undefined;
}

function bindPipeline(
  binder: Binder,
  node: RelationNode,
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): BoundRelation {
  const parts: Pipeline = { locks: [], limit: undefined, sort: undefined, distinct: undefined };
  let at = node;
  for (;;) {
    if (at.op === 'LOCK_ROWS') parts.locks.push(at);
    else if (at.op === 'LIMIT' && parts.limit === undefined && parts.sort === undefined && parts.distinct === undefined)
      parts.limit = at;
    else if (at.op === 'SORT' && parts.sort === undefined && parts.distinct === undefined) parts.sort = at;
    else if (at.op === 'DISTINCT' && parts.distinct === undefined) parts.distinct = at;
    else break;
    at = at.source;
  }
  if (at.op === 'PROJECT') return bindSelect(binder, at, parts, outer, ctes);
  if (parts.distinct !== undefined) notSupported('DISTINCT of this relation', parts.distinct.pos);
  if (parts.locks.length > 0)
    refuseLock(
      parts.locks[0] as NodeOf<'LOCK_ROWS'>,
      at.op === 'SET_OP' ? 'UNION/INTERSECT/EXCEPT' : at.op === 'VALUES' ? 'VALUES' : 'this relation',
    );
  const bound = resolveOutputs(binder, bindRelation(binder, at, outer, ctes));
  return orderOutputs(binder, bound, parts, outer, ctes, at.op === 'SET_OP');
}

/** ORDER BY and LIMIT over outputs only: set operations, VALUES, nested queries. */
function orderOutputs(
  binder: Binder,
  bound: BoundRelation,
  parts: Pipeline,
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
  setOperation: boolean,
): BoundRelation {
  let { plan } = bound;
  let keys: SortKey[] = [];
  if (parts.sort !== undefined) {
    const outputs = bound.columns;
    const names = columnKeys(binder, outputs);
    keys = parts.sort.keys.map((key) => {
      const column = outputByName(binder, key.value, outputs, names);
      if (column !== undefined) return sortKey(binder, key, columnExpression(column));
      if (setOperation && key.value.op === 'COLUMN' && key.value.name.length === 1) {
        noColumn(binder.display(key.value.name[0]!), startOf(key.value), 'order');
      }
      if (setOperation && binder.semantics.resultOrder === 'columns') {
        fail('feature_not_supported', 'invalid UNION/INTERSECT/EXCEPT ORDER BY clause', startOf(key.value), {
          detail: 'Only result column names can be used, not expressions or functions.',
          hint: 'Add the expression/function to every SELECT, or move the UNION into a FROM clause.',
        });
      }
      const level = newLevel(depthBelow(binder, outer));
      level.clause = 'order';
      const entry: RangeEntry = outputEntry(binder, outputs);
      return sortKey(binder, key, bindExpression(key.value, new Scope(binder, outer, level, ctes, [entry])));
    });
    plan = { kind: 'sort', source: plan, keys, columns: plan.columns };
  }
  return plainRelation(limitRows(binder, plan, parts, keys, outer, ctes));
}

function outputEntry(binder: Binder, columns: readonly OutputColumn[]): RangeEntry {
  const keys = columnKeys(binder, columns);
  return {
    key: '',
    display: '',
    qualified: undefined,
    columns,
    keys,
    expressions: undefined,
    find: (key) => keys.indexOf(key),
    unqualified: true,
    nameable: false,
    table: undefined,
    system: undefined,
    rowKey: undefined,
    nullable: { value: false },
    scalar: false,
    rowType: undefined,
  };
}

function outputByName(
  binder: Binder,
  value: ValueNode,
  outputs: readonly OutputColumn[],
  names: readonly string[],
): OutputColumn | undefined {
  const ordinal = ordinalOf(binder, value, outputs.length, 'ORDER BY');
  if (ordinal !== undefined) return outputs[ordinal - 1];
  if (value.op !== 'COLUMN' || value.name.length !== 1) return undefined;
  const key = identifierKey(value.name[0] as Identifier);
  const at = names.indexOf(key);
  if (at >= 0 && names.indexOf(key, at + 1) >= 0)
    fail('ambiguous_column', `ORDER BY "${binder.display(value.name[0] as Identifier)}" is ambiguous`, value.pos);
  return outputs[at];
}

interface Source {
  readonly windows: NodeOf<'WINDOWS'> | undefined;
  readonly having: NodeOf<'FILTER'> | undefined;
  readonly group: NodeOf<'GROUP'> | undefined;
  readonly where: NodeOf<'FILTER'>[];
  readonly from: RelationNode;
}

function splitSource(node: RelationNode): Source {
  let at = node;
  let windows: NodeOf<'WINDOWS'> | undefined;
  let having: NodeOf<'FILTER'> | undefined;
  let group: NodeOf<'GROUP'> | undefined;
  const where: NodeOf<'FILTER'>[] = [];
  if (at.op === 'WINDOWS') {
    windows = at;
    at = at.source;
  }
  if (at.op === 'FILTER' && at.having) {
    having = at;
    at = at.source;
  }
  if (at.op === 'GROUP') {
    group = at;
    at = at.source;
  }
  while (at.op === 'FILTER' && !at.having) {
    where.push(at);
    at = at.source;
  }
  return { windows, having, group, where, from: at };
}

/** One SELECT. */
function bindSelect(
  binder: Binder,
  project: NodeOf<'PROJECT'>,
  parts: Pipeline,
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): BoundRelation {
  const level = newLevel(depthBelow(binder, outer));
  const scope = new Scope(binder, outer, level, ctes);
  const source = splitSource(project.source);
  const lock = parts.locks[0];
  level.fromStart = binder.shared.nextColumn;
  const from = bindFrom(source.from, scope, [], { rowKeys: lock !== undefined, lock });
  level.fromEnd = binder.shared.nextColumn;
  scope.entries.push(...from.entries);
  let plan = from.plan;
  level.clause = 'where';
  for (let i = source.where.length - 1; i >= 0; i--) {
    const node = source.where[i] as NodeOf<'FILTER'>;
    plan = {
      kind: 'filter',
      source: plan,
      condition: bindCondition(node.condition, scope, 'WHERE'),
      columns: plan.columns,
    };
  }
  if (source.windows !== undefined) bindNamedWindows(source.windows, scope);
  level.clause = 'select';
  let items = bindItems(project, scope);
  const group = source.group === undefined ? undefined : bindGroupKeys(source.group, scope, items);
  level.clause = 'having';
  const having = source.having === undefined ? undefined : bindHaving(source.having, scope, items);
  level.clause = 'order';
  const order = parts.sort === undefined ? [] : bindOrder(parts.sort, scope, items, parts.distinct);
  const on = parts.distinct === undefined ? undefined : bindDistinctOn(parts.distinct, scope, items, order);
  const aggregated = group !== undefined || level.aggregates.length > 0 || level.groupings.length > 0;
  const reshaped = reshapes(parts, source, level);
  let locks = rowLocks(binder, parts.locks, from, reshaped);
  if (reshaped !== undefined) {
    for (const each of locks) plan = each(plan);
    locks = [];
  }
  let condition = having;
  // Where HAVING sees the select list, it filters rows that are not grouped, too.
  if (aggregated || (having !== undefined && !binder.semantics.aliasInHaving)) {
    const { plan: aggregate, rewrite } = groupRows(plan, scope, group ?? { keys: [], sets: [[]] });
    items = items.map((item, i) => rewriteItem(item, rewrite, i + 1));
    order.forEach((key, i) => (key.expression = rewrite(key.expression, { clause: 'order', number: i + 1 })));
    if (on !== undefined) for (const key of on) key.expression = rewrite(key.expression);
    condition = having === undefined ? undefined : rewrite(having, { clause: 'having', number: 1 });
    rewriteLevel(level, (expression) => rewrite(expression));
    plan = aggregate();
  }
  if (condition !== undefined) plan = { kind: 'filter', source: plan, condition, columns: plan.columns };
  plan = windowNodes(plan, level);
  if (level.sets.length > 0) plan = expandSets(plan, level);
  return finishSelect(binder, plan, items, order, on, parts, { from, locks }, outer, ctes);
}

function rewriteItem(item: SelectItem, rewrite: Rewrite, number: number): SelectItem {
  const expression = rewrite(item.expression, { clause: 'select', number });
  return expression === item.expression ? item : { ...item, expression };
}

/** Window calls and set-returning calls run above the groups. */
function rewriteLevel(level: QueryLevel, rewrite: (expression: BoundExpression) => BoundExpression): void {
  for (let i = 0; i < level.windows.length; i++) {
    const pending = level.windows[i] as QueryLevel['windows'][number];
    const keys = (list: readonly SortKey[]): SortKey[] =>
      list.map((key) => ({ ...key, expression: rewrite(key.expression) }));
    const { call, frame } = pending;
    level.windows[i] = {
      partition: pending.partition.map(rewrite),
      order: keys(pending.order),
      frame: {
        ...frame,
        startOffset: frame.startOffset && rewrite(frame.startOffset),
        endOffset: frame.endOffset && rewrite(frame.endOffset),
      },
      call: { ...call, arguments: call.arguments.map(rewrite), filter: call.filter && rewrite(call.filter) },
    };
  }
  for (let i = 0; i < level.sets.length; i++) {
    const set = level.sets[i] as QueryLevel['sets'][number];
    level.sets[i] = { column: set.column, expression: rewrite(set.expression) };
  }
}

function bindNamedWindows(node: NodeOf<'WINDOWS'>, scope: Scope): void {
  const named = new Map<string, BoundWindow & { readonly framed: boolean }>();
  scope.level.namedWindows = named;
  node.windows.forEach((spec, i) => {
    const name = node.names[i] as Identifier;
    const key = identifierKey(name);
    if (named.has(key)) fail('windowing_error', `window "${scope.binder.display(name)}" is already defined`, spec.pos);
    named.set(
      key,
      bindWindow(spec, scope, (value) => bindExpression(value, scope)),
    );
  });
}

function bindHaving(node: NodeOf<'FILTER'>, scope: Scope, items: readonly SelectItem[]): BoundExpression {
  if (!scope.binder.semantics.aliasInHaving) return bindCondition(node.condition, scope, 'HAVING');
  return withAliases(scope, items, () => bindCondition(node.condition, scope, 'HAVING'));
}

// ---- nodes above the source

/** One window node per distinct window. */
function windowNodes(source: LogicalPlan, level: QueryLevel): LogicalPlan {
  let plan = source;
  const rest = [...level.windows];
  while (rest.length > 0) {
    const first = rest[0] as (typeof rest)[number];
    const calls: WindowCall[] = [];
    for (let i = 0; i < rest.length; ) {
      const pending = rest[i] as (typeof rest)[number];
      if (pending === first || sameWindow(pending, first)) {
        calls.push(pending.call);
        rest.splice(i, 1);
      } else i++;
    }
    plan = {
      kind: 'window',
      source: plan,
      partition: first.partition,
      order: first.order,
      frame: first.frame,
      calls,
      columns: [...plan.columns, ...calls.map((call) => call.column)],
    };
  }
  return plan;
}

/** Set-returning calls of the select list, run in step below the final projection; nested ones first. */
function expandSets(source: LogicalPlan, level: QueryLevel): LogicalPlan {
  let plan = source;
  let rest = [...level.sets];
  while (rest.length > 0) {
    const ids = new Set(rest.map((set) => set.column.id));
    const mentions = (expression: BoundExpression): boolean => {
      if (expression.kind === 'column') return ids.has(expression.id);
      return (expression as { arguments?: readonly BoundExpression[] }).arguments?.some(mentions) ?? false;
    };
    const ready = rest.filter((set) => !mentions(set.expression));
    const now = ready.length > 0 ? ready : rest;
    rest = rest.filter((set) => !now.includes(set));
    const items: Assigned[] = [
      ...plan.columns.map((column) => ({ column, expression: columnExpression(column) })),
      ...now,
    ];
    plan = { kind: 'project', source: plan, items, setReturning: true, columns: items.map((item) => item.column) };
  }
  return plan;
}

function finishSelect(
  binder: Binder,
  source: LogicalPlan,
  items: readonly SelectItem[],
  order: readonly OrderKey[],
  on: readonly OnKey[] | undefined,
  parts: Pipeline,
  { from, locks }: { readonly from: FromResult; readonly locks: readonly RowLock[] },
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): BoundRelation {
  const assigned: Assigned[] = items.map((item) => ({ column: newOutput(binder, item), expression: item.expression }));
  const columns = assigned.map((item) => item.column);
  if (on !== undefined) return finishDistinct(binder, source, assigned, columns, order, on, parts, outer, ctes);
  const below = order.every((key) =>
    key.item === undefined ? !mustEvaluateOnce(key.expression) : isSimple(key.expression),
  );
  if (below) {
    const keys = order.map((key) => sortKey(binder, key.key, key.expression));
    let plan = sortRows(source, keys);
    for (const lock of locks) plan = lock(plan);
    plan = limitRows(binder, plan, parts, keys, outer, ctes);
    return plainRelation({ kind: 'project', source: plan, items: assigned, setReturning: false, columns });
  }
  const all = [...assigned];
  const keys = order.map((key) => {
    if (key.item !== undefined) return sortKey(binder, key.key, columnExpression(columns[key.item] as OutputColumn));
    return sortKey(binder, key.key, hidden(binder, all, key.expression));
  });
  if (locks.length > 0)
    for (const id of from.entries.map((entry) => entry.rowKey))
      if (id !== undefined)
        all.push({ column: binder.shared.columns[id] as OutputColumn, expression: { kind: 'column', id, type: TEXT } });
  let plan: LogicalPlan = {
    kind: 'project',
    source,
    items: all,
    setReturning: false,
    columns: all.map((item) => item.column),
  };
  plan = sortRows(plan, keys);
  for (const lock of locks) plan = lock(plan);
  return plainRelation(strip(limitRows(binder, plan, parts, keys, outer, ctes), columns));
}

function newOutput(binder: Binder, item: SelectItem): OutputColumn {
  const { type } = item.expression;
  return binder.newColumn(item.name, isDomain(type) && item.origin === undefined ? baseType(type) : type, item.origin);
}

function hidden(binder: Binder, items: Assigned[], expression: BoundExpression): BoundExpression {
  const column = binder.newColumn('sort', expression.type);
  items.push({ column, expression });
  return columnExpression(column);
}

function finishDistinct(
  binder: Binder,
  source: LogicalPlan,
  assigned: readonly Assigned[],
  columns: readonly OutputColumn[],
  order: readonly OrderKey[],
  on: readonly OnKey[],
  parts: Pipeline,
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): BoundRelation {
  const all = [...assigned];
  const output = (key: { item: number | undefined; expression: BoundExpression }): BoundExpression => {
    if (key.item !== undefined) return columnExpression(columns[key.item] as OutputColumn);
    const known = all.find((item) => equalExpressions(item.expression, key.expression));
    return known === undefined ? hidden(binder, all, key.expression) : columnExpression(known.column);
  };
  const keys = order.map((key) => sortKey(binder, key.key, output(key)));
  const onKeys = on.map(output);
  // The first row of each group is found in this order: where ORDER BY leaves it open, by what DISTINCT ON names.
  const grouped = [...keys, ...onKeys.map((expression) => ascending(binder, expression))];
  let bound: BoundRelation = plainRelation({
    kind: 'project',
    source,
    items: all,
    setReturning: false,
    columns: all.map((item) => item.column),
  });
  bound = convertOutputs(binder, bound, (expression) => resolveUnknown(binder, expression, undefined));
  let { plan } = bound;
  const moved = new Map(all.map((item, i) => [item.column.id, plan.columns[i] as OutputColumn]));
  const visible = columns.map((column) => moved.get(column.id) ?? column);
  plan = {
    kind: 'distinct',
    source: plan,
    on: onKeys,
    order: onKeys.length > 0 ? usefulKeys(grouped) : [],
    columns: plan.columns,
  };
  plan = sortRows(plan, keys);
  return plainRelation(strip(limitRows(binder, plan, parts, keys, outer, ctes), visible));
}

/** The part of the query by which the rows of its result are not rows of its tables. */
function reshapes(parts: Pipeline, source: Source, level: QueryLevel): string | undefined {
  if (parts.distinct !== undefined) return 'DISTINCT clause';
  if (source.group !== undefined) return 'GROUP BY clause';
  if (source.having !== undefined) return 'HAVING clause';
  if (level.aggregates.length > 0) return 'aggregate functions';
  if (level.windows.length > 0) return 'window functions';
  return level.sets.length > 0 ? 'set-returning functions in the target list' : undefined;
}
