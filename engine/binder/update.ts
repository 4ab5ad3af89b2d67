/**
 * UPDATE: the target scanned with its row keys, joined with FROM, and the new values of its columns.
 */
import { identifierKey, type Identifier, type Name } from '../../sblr/contract/names.ts';
import { INT64 } from '../../sblr/contract/types.ts';
import type { NodeOf, RelationNode, ValueNode } from '../../sblr/nodes.ts';
import type { TableDefinition } from '../catalog/definitions.ts';
import { bindSortKeys } from './aggregates.ts';
import type { LogicalPlan, OutputColumn } from './bound.ts';
import { coerceTo } from './coerce.ts';
import type { Binder, BoundRelation, CteBinding } from './context.ts';
import { fail } from './errors.ts';
import { bindCondition, bindExpression } from './expression.ts';
import { bindFrom, scanTable } from './from.ts';
import { depthBelow } from './levels.ts';
import { plainRelation } from './outputs.ts';
import { newLevel, Scope, type RangeEntry } from './scope.ts';
import { bindAssignments, bindReturning, extendPlan, findTarget, rowColumns, rowOf } from './targets.ts';
import { requirePrivilege, viewChecks, type Target } from './view-target.ts';

/** The target of UPDATE or DELETE with the relations beside it. */
export interface TargetSource {
  readonly target: Target;
  readonly table: TableDefinition;
  readonly plan: LogicalPlan;
  readonly scope: Scope;
  readonly entry: RangeEntry;
  readonly columns: readonly OutputColumn[];
  readonly rowKey: number;
}

interface TargetNode {
  readonly table: Name;
  readonly alias: Identifier | undefined;
  readonly where: ValueNode | undefined;
  readonly order: readonly NodeOf<'SORT_KEY'>[];
  readonly limit: ValueNode | undefined;
  readonly pos?: number | undefined;
}

export function bindTarget(
  binder: Binder,
  node: TargetNode,
  beside: RelationNode | undefined,
  verb: 'update' | 'delete from',
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): TargetSource {
  const found = findTarget(binder, node.table, verb, node.pos);
  const level = newLevel(depthBelow(binder, outer));
  const scope = new Scope(binder, outer, level, ctes);
  const name = node.alias ?? (node.table.at(-1) as Identifier);
  level.fromStart = binder.shared.nextColumn;
  const unnamed = { columns: [], pos: node.pos };
  const shown = binder.display(name);
  const scan = scanTable(unnamed, found.table, found.binder, identifierKey(name), shown, undefined, 'written');
  const [{ columns, rowKey }] = scan.entries as [RangeEntry];
  const { entry, conditions } = rowOf(binder, found, node.alias, node.table, columns, rowKey);
  let { plan } = scan;
  for (const { condition } of conditions) plan = { kind: 'filter', source: plan, condition, columns: plan.columns };
  scope.entries.push(entry);
  if (beside !== undefined) {
    const from = bindFrom(beside, scope, [entry], { rowKeys: false, lock: undefined });
    for (const other of from.entries) {
      if (other.key === entry.key && other.key !== '' && other.nameable)
        fail('duplicate_alias', `table name "${entry.display}" specified more than once`, node.pos);
    }
    const ids = new Set(entry.columns.map((column) => column.id));
    const lateral = level.lateralIds.some((id) => ids.has(id));
    plan = {
      kind: 'join',
      join: 'inner',
      left: plan,
      right: from.plan,
      condition: undefined,
      lateral,
      columns: [...plan.columns, ...from.plan.columns],
    };
    scope.entries.push(...from.entries);
  }
  level.fromEnd = binder.shared.nextColumn;
  level.clause = 'where';
  if (node.where !== undefined)
    plan = {
      kind: 'filter',
      source: plan,
      condition: bindCondition(node.where, scope, 'WHERE'),
      columns: plan.columns,
    };
  if (node.order.length > 0)
    plan = {
      kind: 'sort',
      source: plan,
      keys: bindSortKeys(scope, node.order, (value) => bindExpression(value, scope)),
      columns: plan.columns,
    };
  if (node.limit !== undefined) {
    const count = coerceTo(
      binder,
      bindExpression(node.limit, new Scope(binder, outer, level, ctes)),
      INT64,
      'LIMIT',
      node.limit.pos,
    );
    plan = {
      kind: 'limit',
      source: plan,
      count,
      offset: undefined,
      withTies: false,
      percent: false,
      order: [],
      columns: plan.columns,
    };
  }
  binder.useTable(found.table, 'write');
  return { target: found, table: found.table, plan, scope, entry, columns, rowKey: rowKey as number };
}

export function bindUpdate(
  binder: Binder,
  node: NodeOf<'UPDATE'>,
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): BoundRelation {
  const target = bindTarget(binder, node, node.from, 'update', outer, ctes);
  const { table, scope, entry } = target;
  let { plan } = target;
  scope.level.clause = 'assignment';
  const assignments = bindAssignments(node.assignments, scope, target.target, entry, (record) => {
    const extended = extendPlan(binder, plan, 'row', record);
    plan = extended.plan;
    return extended.use;
  });
  requirePrivilege(
    binder,
    target.target,
    'UPDATE',
    assignments.map((assignment) => assignment.position),
  );
  const updated = rowColumns(target.target.binder, table);
  const row = rowOf(binder, target.target, node.alias, node.table, updated, target.rowKey);
  const after = new Scope(binder, outer, scope.level, ctes, [row.entry, ...scope.entries.slice(1)]);
  const { returning, columns } = bindReturning(node.returning, after);
  return plainRelation({
    kind: 'update',
    ignoring: node.ignoring,
    target: { table, columns: target.columns, rowKey: target.rowKey },
    source: plan,
    assignments,
    updated,
    checks: viewChecks(target.target, row),
    returning,
    columns,
  });
}
