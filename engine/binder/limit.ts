/** LIMIT, OFFSET and their kin over a query's rows. */
import { INT64 } from '../../sblr/contract/types.ts';
import type { NodeOf, ValueNode } from '../../sblr/nodes.ts';
import type { BoundExpression, LogicalPlan, SortKey } from './bound.ts';
import { coerce } from './coerce.ts';
import type { Binder, CteBinding } from './context.ts';
import { fail } from './errors.ts';
import { bindExpression } from './expression.ts';
import { depthBelow } from './levels.ts';
import { startOf } from './positions.ts';
import { newLevel, Scope } from './scope.ts';
import { typeName } from './type-facts.ts';

/** The parts of a query that a limit has to do with. */
interface Limited {
  readonly limit: NodeOf<'LIMIT'> | undefined;
  readonly locks: readonly NodeOf<'LOCK_ROWS'>[];
}

export function limitRows(
  binder: Binder,
  source: LogicalPlan,
  parts: Limited,
  order: readonly SortKey[],
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): LogicalPlan {
  const { limit } = parts;
  if (limit === undefined) return source;
  const count = limitValue(binder, limit.count, 'limit', outer, ctes);
  const offset = limitValue(binder, limit.offset, 'offset', outer, ctes);
  if (count === undefined && offset === undefined) return source;
  if (limit.withTies && order.length === 0)
    fail('syntax_error', 'WITH TIES cannot be specified without ORDER BY clause', limit.pos);
  if (limit.withTies && parts.locks.some((lock) => lock.wait === 'skip_locked'))
    fail('syntax_error', 'SKIP LOCKED and WITH TIES options cannot be used together', limit.pos);
  return {
    kind: 'limit',
    source,
    count,
    offset,
    withTies: limit.withTies,
    percent: limit.percent,
    countsAll: limit.countsAll,
    order: limit.withTies ? order : [],
    columns: source.columns,
  };
}

function limitValue(
  binder: Binder,
  node: ValueNode | undefined,
  clause: 'limit' | 'offset',
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): BoundExpression | undefined {
  if (node === undefined || (node.op === 'LITERAL' && node.value === null)) return undefined;
  const level = newLevel(depthBelow(binder, outer));
  level.clause = clause;
  const bound = bindExpression(node, new Scope(binder, outer, level, ctes));
  const converted =
    coerce(binder, bound, INT64, 'implicit', node.pos) ??
    (bound.type.kind === 'decimal' || bound.type.kind === 'float64'
      ? coerce(binder, bound, INT64, 'assignment', node.pos)
      : undefined);
  return (
    converted ??
    fail(
      'datatype_mismatch',
      `argument of ${clause.toUpperCase()} must be type bigint, not type ${typeName(bound.type)}`,
      startOf(node),
    )
  );
}
