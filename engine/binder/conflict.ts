/**
 * ON CONFLICT: which unique index decides, and what happens to the row that is there.
 */
import { identifierKey, regular, type Identifier } from '../../sblr/contract/names.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type { IndexDefinition, TableDefinition } from '../catalog/definitions.ts';
import type { BoundExpression, InsertConflict, OutputColumn } from './bound.ts';
import { carriedEntry } from './conflict-source.ts';
import type { Binder, CteBinding } from './context.ts';
import { fail } from './errors.ts';
import { bindCondition, bindExpression } from './expression.ts';
import { equalExpressions } from './expression-tools.ts';
import { tableColumns } from './from.ts';
import { depthBelow } from './levels.ts';
import { shownNames } from './range-entries.ts';
import { indexKeys, newLevel, noteRead, Scope, type RangeEntry } from './scope.ts';
import { bindStoredOver } from './stored.ts';
import { bindAssignments, defaultExpression, rowColumns, rowOf } from './targets.ts';
import { requirePrivilege, viewChecks, type Target } from './view-target.ts';

export function bindConflict(
  binder: Binder,
  insert: NodeOf<'INSERT'>,
  node: NodeOf<'ON_CONFLICT'>,
  carried: readonly OutputColumn[],
  target: Target,
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): InsertConflict {
  const { table } = target;
  const existing = rowColumns(target.binder, table);
  // What is proposed is the statement's own: no right to read is needed.
  const proposed = tableColumns(target.binder, table, shownNames(target.binder, table));
  const row = rowOf(binder, target, insert.alias, insert.table, existing);
  const current = row.entry;
  const excluded = rowOf(binder, target, regular('excluded'), insert.table, proposed).entry;
  const indexes = findArbiters(binder, node, table, existing, current, outer, ctes);
  if (node.action === 'nothing')
    return { action: 'nothing', indexes, existing, proposed, carried, assignments: [], where: undefined, checks: [] };
  const level = newLevel(depthBelow(binder, outer));
  level.clause = 'conflict';
  const scope = new Scope(binder, outer, level, ctes, [current, { ...excluded, unqualified: false }]);
  if (carried.length > 0) scope.entries.push(carriedEntry(carried));
  if (node.rowAlias !== undefined) scope.entries.push(aliasedRow(binder, insert, node, node.rowAlias, excluded));
  const assignments = bindAssignments(node.assignments, scope, target, current, (record) => record).map(
    (assignment) => ({
      position: assignment.position,
      expression:
        assignment.expression ??
        defaultExpression(binder, table.columns[assignment.position - 1] as TableDefinition['columns'][number]),
    }),
  );
  const where = node.where === undefined ? undefined : bindCondition(node.where, scope, 'WHERE');
  requirePrivilege(
    binder,
    target,
    'UPDATE',
    assignments.map((assignment) => assignment.position),
  );
  const checks = viewChecks(target, row);
  return { action: 'update', indexes, existing, proposed, carried, assignments, where, checks };
}

/** The row proposed under the names that the statement gave it and its columns. */
function aliasedRow(
  binder: Binder,
  insert: NodeOf<'INSERT'>,
  node: NodeOf<'ON_CONFLICT'>,
  alias: Identifier,
  row: RangeEntry,
): RangeEntry {
  const entry = { ...row, key: identifierKey(alias), display: binder.display(alias), unqualified: false };
  if (node.rowColumns.length === 0) return entry;
  const named = insert.columns.length === 0 ? row.keys : insert.columns.map(identifierKey);
  if (named.length !== node.rowColumns.length)
    fail('syntax_error', 'the row alias has another number of columns than the row', node.pos);
  const keys = row.keys.map((key) => {
    const at = named.indexOf(key);
    return at < 0 ? '' : identifierKey(node.rowColumns[at] as Identifier);
  });
  return { ...entry, keys, find: indexKeys(keys), unqualified: true };
}

function findArbiters(
  binder: Binder,
  node: NodeOf<'ON_CONFLICT'>,
  table: TableDefinition,
  existing: readonly OutputColumn[],
  current: RangeEntry,
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): readonly IndexDefinition[] {
  if (node.constraint !== undefined) {
    const key = identifierKey(node.constraint);
    const constraint = table.constraints.find((candidate) => identifierKey(candidate.name) === key);
    const shown = binder.display(node.constraint);
    const index = table.indexes.find((candidate) => candidate.id === constraint?.indexId);
    if (constraint === undefined)
      fail(
        'undefined_object',
        `constraint "${shown}" for table "${binder.display(table.name)}" does not exist`,
        node.pos,
      );
    if (index === undefined || constraint.kind === 'foreign_key')
      fail('wrong_object_type', 'constraint in ON CONFLICT clause has no associated index', node.pos);
    for (const column of existing)
      if (index.keys.some((key) => key.column === column.position)) noteRead(binder, column);
    return [index];
  }
  if (node.target.length === 0) {
    if (node.action === 'update' && !node.anyKey) {
      fail('syntax_error', 'ON CONFLICT DO UPDATE requires inference specification or constraint name', node.pos, {
        hint: 'For example, ON CONFLICT (column_name).',
      });
    }
    refuseLate(table.indexes);
    return [];
  }
  const level = newLevel(depthBelow(binder, outer));
  level.clause = 'conflict';
  const scope = new Scope(binder, outer, level, ctes, [current]);
  const wanted = node.target.map((key) => bindExpression(key.expression, scope));
  const condition = node.targetWhere === undefined ? undefined : bindCondition(node.targetWhere, scope, 'WHERE');
  const found = table.indexes.filter(
    (index) =>
      (index.unique || index.uniqueLate === true) &&
      index.ready &&
      matches(binder, index, table, existing, wanted, condition),
  );
  refuseLate(found);
  if (found.length === 0)
    fail(
      'invalid_column_reference',
      'there is no unique or exclusion constraint matching the ON CONFLICT specification',
    );
  return found;
}

/** A key that may be taken twice until it is checked cannot say which row is in the way. */
function refuseLate(indexes: readonly IndexDefinition[]): void {
  if (!indexes.some((index) => index.uniqueLate === true)) return;
  fail(
    'object_not_in_prerequisite_state',
    'ON CONFLICT does not support deferrable unique constraints/exclusion constraints as arbiters',
  );
}

function matches(
  binder: Binder,
  index: IndexDefinition,
  table: TableDefinition,
  existing: readonly OutputColumn[],
  wanted: readonly BoundExpression[],
  condition: BoundExpression | undefined,
): boolean {
  const keys = index.keys.map((key): BoundExpression => {
    if (key.expression !== undefined) return bindStoredOver(binder, key.expression, table, existing, 'index');
    const column = existing.find((candidate) => candidate.position === key.column) as OutputColumn;
    return { kind: 'column', id: column.id, type: column.type };
  });
  const inside = (list: readonly BoundExpression[], expression: BoundExpression): boolean =>
    list.some((item) => equalExpressions(item, expression));
  if (!keys.every((key) => inside(wanted, key)) || !wanted.every((key) => inside(keys, key))) return false;
  if (index.predicate === undefined) return true;
  if (condition === undefined) return false;
  const given = conjuncts(condition);
  return conjuncts(bindStoredOver(binder, index.predicate, table, existing, 'index_predicate')).every((part) =>
    inside(given, part),
  );
}

function conjuncts(expression: BoundExpression): readonly BoundExpression[] {
  return expression.kind === 'and' ? expression.operands.flatMap(conjuncts) : [expression];
}
