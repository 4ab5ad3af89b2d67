/**
 * Rule: a correlated scalar aggregate becomes a left join with the aggregate grouped by its correlation.
 *
 * (SELECT f(agg) FROM Q WHERE Q.k = outer.k AND ...) has exactly one value for each outer row. Grouping Q
 * by k once and joining on k gives the same value where the group exists. Where it does not, the aggregate
 * ran over no rows: counts are 0, everything else NULL, and f is computed from those. The key is never NULL
 * in a matching row (equality), so a NULL key tells the two cases apart.
 *
 * Applied only when no index of the inner table starts with the correlation column: with one, a look-up
 * per outer row is the better plan.
 */
import type { Assigned, BoundExpression, ColumnId, LogicalPlan } from '../../binder/bound.ts';
import { BOOL } from '../../../sblr/contract/types.ts';
import { columnsOf, freeColumns, hasSubquery, isPlanVolatile, substituteColumns } from '../expression-walk.ts';
import { conjunction, correlationKey, pullCorrelated } from './correlation.ts';

export interface JoinedAggregate {
  readonly source: LogicalPlan;
  readonly value: BoundExpression;
}

export function joinScalarAggregate(
  query: LogicalPlan,
  source: LogicalPlan,
  newId: () => ColumnId,
): JoinedAggregate | undefined {
  if (query.kind !== 'project' || query.setReturning || query.items.length !== 1 || isPlanVolatile(query))
    return undefined;
  const aggregate = query.source;
  const value = query.items[0]?.expression;
  if (
    value === undefined ||
    aggregate.kind !== 'aggregate' ||
    aggregate.keys.length > 0 ||
    aggregate.sets.length !== 1 ||
    aggregate.groupings.length > 0 ||
    hasSubquery(value)
  )
    return undefined;
  const have = new Set(source.columns.map((column) => column.id));
  if (freeColumns(query).length === 0 || !freeColumns(query).every((id) => have.has(id))) return undefined;
  const outside = new Set(freeColumns(query));
  for (const call of aggregate.aggregates) {
    for (const argument of call.arguments) if (mentionsAny(argument, outside)) return undefined;
    if (call.filter !== undefined && mentionsAny(call.filter, outside)) return undefined;
  }
  if (mentionsAny(value, outside)) return undefined;
  const pulled = pullCorrelated(aggregate.source);
  if (pulled === undefined || pulled.conditions.length === 0) return undefined;
  const inside = new Set(pulled.plan.columns.map((column) => column.id));
  const keys: Assigned[] = [];
  const conditions: BoundExpression[] = [];
  for (const condition of pulled.conditions) {
    const key = correlationKey(condition, inside);
    if (key === undefined || condition.kind !== 'compare' || hasLookup(key.inner, pulled.plan)) return undefined;
    const column = { id: newId(), name: 'key', type: key.inner.type, tableId: 0, position: 0 };
    keys.push({ column, expression: key.inner });
    conditions.push({ ...condition, left: key.outer, right: { kind: 'column', id: column.id, type: column.type } });
  }
  const grouped: LogicalPlan = {
    ...aggregate,
    source: pulled.plan,
    keys,
    sets: [keys.map((_key, i) => i)],
    columns: [...keys.map((key) => key.column), ...aggregate.aggregates.map((call) => call.column)],
  };
  const empty = new Map<ColumnId, BoundExpression>();
  for (const call of aggregate.aggregates) {
    const counts = call.function.name === 'count' || call.function.name === 'regr_count';
    empty.set(call.column.id, { kind: 'constant', value: counts ? 0 : null, type: call.column.type });
  }
  const otherwise = substituteColumns(value, empty);
  if (otherwise === undefined) return undefined;
  const first = (keys[0] as Assigned).column;
  const missing: BoundExpression = {
    kind: 'is_null',
    operand: { kind: 'column', id: first.id, type: first.type },
    negated: false,
    type: BOOL,
  };
  // NULL for a missing group is what the join gives by itself when the value is one such aggregate.
  const plain = value.kind === 'column' && otherwise.kind === 'constant' && otherwise.value === null;
  return {
    source: {
      kind: 'join',
      join: 'left',
      left: source,
      right: grouped,
      condition: conjunction(conditions),
      lateral: false,
      columns: [...source.columns, ...grouped.columns],
    },
    value: plain
      ? value
      : { kind: 'case', whens: [{ condition: missing, result: otherwise }], otherwise: value, type: value.type },
  };
}

function mentionsAny(expression: BoundExpression, ids: ReadonlySet<ColumnId>): boolean {
  for (const id of columnsOf(expression)) if (ids.has(id)) return true;
  return false;
}

/** Does an index start with the column, so that a look-up per row is cheap? */
function hasLookup(inner: BoundExpression, plan: LogicalPlan): boolean {
  if (inner.kind !== 'column') return false;
  switch (plan.kind) {
    case 'scan': {
      const column = plan.columns.find((candidate) => candidate.id === inner.id);
      return (
        column !== undefined &&
        plan.table.indexes.some(
          (index) => index.ready && index.predicate === undefined && index.keys[0]?.column === column.position,
        )
      );
    }
    case 'filter':
      return hasLookup(inner, plan.source);
    case 'join':
      return hasLookup(inner, plan.left) || hasLookup(inner, plan.right);
    case 'project': {
      const item = plan.items.find((candidate) => candidate.column.id === inner.id);
      return item !== undefined && hasLookup(item.expression, plan.source);
    }
    default:
      return false;
  }
}
