/**
 * MERGE: the source joined with the target, and what each WHEN does.
 */
import { identifierKey, type Identifier } from '../../sblr/contract/names.ts';
import type { NodeOf, ValueNode } from '../../sblr/nodes.ts';
import type { ColumnDefinition } from '../catalog/definitions.ts';
import type { BoundExpression, LogicalPlan, MergeAction } from './bound.ts';
import { coerceForAssignment } from './coerce.ts';
import type { Binder, BoundRelation, CteBinding } from './context.ts';
import { fail, notSupported } from './errors.ts';
import { bindCondition, bindExpression } from './expression.ts';
import { bindFrom, qualifiedKeys, scanTable } from './from.ts';
import { valueIgnored } from './insert.ts';
import { shapeOf } from './range-entries.ts';
import { depthBelow } from './levels.ts';
import { plainRelation } from './outputs.ts';
import { newLevel, Scope, type RangeEntry } from './scope.ts';
import { bindAssignments, defaultExpression, domainDefaults, extendPlan, findTarget, targetColumn } from './targets.ts';
import type { Target } from './view-target.ts';

export function bindMerge(
  binder: Binder,
  node: NodeOf<'MERGE'>,
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): BoundRelation {
  if (node.returning.length > 0) notSupported('MERGE with RETURNING', node.pos);
  const found = findTarget(binder, node.table, 'merge into', node.pos);
  const { table } = found;
  const level = newLevel(depthBelow(binder, outer));
  const scope = new Scope(binder, outer, level, ctes);
  const name = node.alias ?? (node.table[node.table.length - 1] as Identifier);
  level.fromStart = binder.shared.nextColumn;
  const target = scanTable(
    { columns: [], pos: node.pos },
    table,
    binder,
    identifierKey(name),
    binder.display(name),
    node.alias === undefined ? qualifiedKeys(binder, node.table, table) : undefined,
    'written',
  );
  const entry = target.entries[0] as RangeEntry;
  const source = bindFrom(node.source, scope, [], { rowKeys: false, lock: undefined });
  level.fromEnd = binder.shared.nextColumn;
  for (const other of source.entries) {
    if (other.key === entry.key && other.nameable)
      fail('duplicate_alias', `name "${entry.display}" specified more than once`, node.pos, {
        detail: 'The name is used both as MERGE target table and data source.',
      });
  }
  scope.entries.push(entry, ...source.entries);
  level.clause = 'join';
  const condition = bindCondition(node.condition, scope, 'JOIN/ON');
  level.clause = 'merge';
  const bySource = node.clauses.some((clause) => clause.when === 'not_matched_by_source');
  let plan: LogicalPlan = {
    kind: 'join',
    join: bySource ? 'full' : 'left',
    left: source.plan,
    right: target.plan,
    condition,
    lateral: false,
    columns: [...source.plan.columns, ...target.plan.columns],
  };
  const sourceScope = new Scope(binder, outer, level, ctes, [...source.entries]);
  sourceScope.blocked = [entry];
  const targetScope = new Scope(binder, outer, level, ctes, [entry]);
  const extend = (record: BoundExpression): BoundExpression => {
    const extended = extendPlan(binder, plan, 'row', record);
    plan = extended.plan;
    return extended.use;
  };
  let open: Record<string, boolean> = {};
  const actions = node.clauses.map((clause): MergeAction => {
    if (open[clause.when] === true)
      fail('syntax_error', 'unreachable WHEN clause specified after unconditional WHEN clause', clause.pos);
    if (clause.condition === undefined) open = { ...open, [clause.when]: true };
    const inner = clause.when === 'matched' ? scope : clause.when === 'not_matched' ? sourceScope : targetScope;
    return bindClause(binder, clause, inner, found, entry, extend);
  });
  binder.useTable(table, 'write');
  return plainRelation({
    kind: 'merge',
    target: { table, columns: entry.columns, rowKey: entry.rowKey },
    source: plan,
    actions,
    returning: [],
    columns: [],
  });
}

function bindClause(
  binder: Binder,
  clause: NodeOf<'MERGE_CLAUSE'>,
  scope: Scope,
  target: Target,
  entry: RangeEntry,
  extend: (record: BoundExpression) => BoundExpression,
): MergeAction {
  const { table } = target;
  const condition = clause.condition === undefined ? undefined : bindCondition(clause.condition, scope, 'WHEN');
  const byPosition = (position: number): ColumnDefinition => table.columns[position - 1] as ColumnDefinition;
  switch (clause.action) {
    case 'update': {
      const assignments = bindAssignments(clause.assignments, scope, target, entry, extend).map(
        ({ position, expression }) => ({
          position,
          expression: expression ?? defaultExpression(binder, byPosition(position)),
        }),
      );
      binder.names.checkPrivilege(
        table,
        'UPDATE',
        assignments.map((assignment) => assignment.position),
      );
      return { when: clause.when, condition, action: 'update', assignments };
    }
    case 'insert':
      return {
        when: clause.when,
        condition,
        action: 'insert',
        assignments: insertValues(binder, clause, scope, target),
      };
    case 'delete':
      binder.names.checkPrivilege(table, 'DELETE');
      return { when: clause.when, condition, action: 'delete', assignments: [] };
    case 'nothing':
      return { when: clause.when, condition, action: 'nothing', assignments: [] };
  }
}

function insertValues(
  binder: Binder,
  clause: NodeOf<'MERGE_CLAUSE'>,
  scope: Scope,
  target: Target,
): MergeAction['assignments'] {
  const { table } = target;
  const columns =
    clause.columns.length === 0
      ? [...shapeOf(table).live]
      : clause.columns.map((name) => targetColumn(binder, target, name, clause.pos, 'insert into'));
  binder.names.checkPrivilege(
    table,
    'INSERT',
    columns.map((column) => column.position),
  );
  if (clause.defaultValues) return domainDefaults(binder, table, () => false);
  if (clause.values.length > columns.length)
    fail('syntax_error', 'INSERT has more expressions than target columns', clause.pos);
  if (clause.values.length < columns.length && clause.columns.length > 0)
    fail('syntax_error', 'INSERT has more target columns than expressions', clause.pos);
  const assignments: { position: number; expression: BoundExpression }[] = [];
  clause.values.forEach((value: ValueNode, i) => {
    if (value.op === 'DEFAULT_VALUE') return;
    const column = columns[i] as ColumnDefinition;
    const shown = binder.display(column.name);
    if (valueIgnored(binder, clause, column)) return;
    assignments.push({
      position: column.position,
      expression: coerceForAssignment(binder, bindExpression(value, scope), column.type, shown, value.pos),
    });
  });
  assignments.push(
    ...domainDefaults(binder, table, (position) => assignments.some((assignment) => assignment.position === position)),
  );
  return assignments;
}
