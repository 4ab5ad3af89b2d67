/**
 * What all data modifications share: finding the target, its columns, values for assignment, defaults,
 * RETURNING.
 */
import { identifierKey, type Identifier, type Name } from '../../sblr/contract/names.ts';
import { TEXT, UNKNOWN } from '../../sblr/contract/types.ts';
import type { NodeOf, ValueNode } from '../../sblr/nodes.ts';
import type { ColumnDefinition, TableDefinition, ViewDefinition } from '../catalog/definitions.ts';
import { domainLineage, refusesValues } from '../catalog/domains.ts';
import type { Assigned, BoundExpression, LogicalPlan, OutputColumn } from './bound.ts';
import { coerceForAssignment, nullOf } from './coerce.ts';
import { Binder } from './context.ts';
import { atPosition, fail } from './errors.ts';
import { bindExpression } from './expression.ts';
import { qualifiedKeys, tableColumns, watchReads } from './from.ts';
import { PartAssignments } from './part-assignment.ts';
import { shapeOf, shownNames } from './range-entries.ts';
import { newLevel, Scope, type RangeEntry } from './scope.ts';
import { startOf } from './positions.ts';
import { bindItems } from './select-items.ts';
import { storedValue } from './stored-program.ts';
import { rowSubquery } from './subqueries.ts';
import { resolveItems } from './outputs.ts';
import { showName } from './user-types.ts';
import { resolveView, targetRow, type Target, type TargetRow } from './view-target.ts';

type Verb = 'insert into' | 'update' | 'delete from' | 'merge into';

/** What a modification names. */
export function findTarget(binder: Binder, name: Name, verb: Verb, pos: number | undefined): Target {
  const relation = atPosition(pos, () => binder.names.findRelation(name));
  const shown = showName(binder, name);
  if (relation === undefined)
    fail('undefined_table', `relation "${shown}" does not exist`, pos, { variant: 'relation', args: { name: shown } });
  switch (relation.kind) {
    case 'table':
      binder.shared.modifies = true;
      binder.shared.assigned = binder.display(relation.name);
      return { table: relation, relation, layers: [], binder };
    case 'view': {
      if (relation.system)
        fail('insufficient_privilege', `permission denied: "${binder.display(relation.name)}" is a system catalog`);
      if (verb === 'merge into')
        fail(
          'feature_not_supported',
          `cannot execute MERGE on relation "${binder.display(relation.name)}"`,
          undefined,
          {
            detail: 'This operation is not supported for views.',
          },
        );
      return viewTarget(binder, relation, verb, pos);
    }
    case 'system':
      return fail('insufficient_privilege', `permission denied: "${relation.name}" is a system catalog`);
    case 'sequence':
      return fail('wrong_object_type', `cannot change sequence "${binder.display(relation.name)}"`, pos);
    case 'index':
      return fail('wrong_object_type', `cannot open relation "${binder.display(relation.name)}"`, pos, {
        detail: 'This operation is not supported for indexes.',
      });
  }
}

function viewTarget(
  binder: Binder,
  view: ViewDefinition,
  verb: 'insert into' | 'update' | 'delete from',
  pos: number | undefined,
): Target {
  const refuse = (refused: ViewDefinition, detail: string): never => {
    const [event, doing] = {
      'insert into': ['INSERT', 'inserting into'],
      update: ['UPDATE', 'updating'],
      'delete from': ['DELETE', 'deleting from'],
    }[verb] as [string, string];
    return fail(
      'object_not_in_prerequisite_state',
      `cannot ${verb} view "${binder.display(refused.name)}"`,
      undefined,
      {
        detail,
        hint: `To enable ${doing} the view, provide an INSTEAD OF ${event} trigger or an unconditional ON ${event} DO INSTEAD rule.`,
      },
    );
  };
  const target = resolveView(binder, view, pos, refuse);
  const { entry, refused } = targetProbe(binder, target);
  if (refused !== undefined) refuse(refused.view, refused.reason);
  if (verb !== 'delete from' && (entry.expressions ?? []).every((expression) => expression?.kind !== 'column'))
    refuse(view, 'Views that have no updatable columns are not automatically updatable.');
  binder.shared.modifies = true;
  return target;
}

/** A generation of the target's row that only tells how its columns are made. */
function targetProbe(binder: Binder, target: Target): TargetRow {
  const columns = rowColumns(target.binder, target.table);
  const rowKey = binder.newColumn('', TEXT).id;
  return targetRow(binder, target, columns, { key: '', display: '', qualified: undefined }, rowKey);
}

/** Names and alias of the target over the given columns of its table. */
export function rowOf(
  binder: Binder,
  target: Target,
  alias: Identifier | undefined,
  name: Name,
  columns: readonly OutputColumn[],
  rowKey?: number | undefined,
): TargetRow {
  const shown = alias ?? (name[name.length - 1] as Identifier);
  const parts = {
    key: identifierKey(shown),
    display: binder.display(shown),
    qualified: alias === undefined ? qualifiedKeys(binder, name, target.relation) : undefined,
  };
  return targetRow(binder, target, columns, parts, rowKey);
}

/** A fresh set of columns of the table: another generation of its row. */
export function rowColumns(binder: Binder, table: TableDefinition): OutputColumn[] {
  const columns = tableColumns(binder, table, shownNames(binder, table));
  watchReads(binder, table, columns, true);
  return columns;
}

/** The table's column that a name of the target stands for. */
export function targetColumn(
  binder: Binder,
  target: Target,
  name: Identifier,
  pos: number | undefined,
  verb: 'insert into' | 'update',
): ColumnDefinition {
  const { relation } = target;
  const shape = shapeOf(relation);
  const index = shape.find(identifierKey(name));
  const column = index < 0 ? undefined : shape.live[index];
  if (column === undefined) {
    const shown = binder.display(name);
    fail('undefined_column', `column "${shown}" of relation "${binder.display(relation.name)}" does not exist`, pos, {
      variant: 'column_of_relation',
      args: { column: shown, relation: binder.display(relation.name) },
    });
  }
  return target.layers.length === 0
    ? column
    : (viewColumn(binder, target, index) ?? readOnly(binder, target, column, verb));
}

/** The table's columns that stand in the target's order; undefined for those that are computed. */
export function targetColumns(binder: Binder, target: Target): readonly (ColumnDefinition | undefined)[] {
  const { live } = shapeOf(target.relation);
  return target.layers.length === 0 ? live : live.map((_, index) => viewColumn(binder, target, index));
}

function viewColumn(binder: Binder, target: Target, index: number): ColumnDefinition | undefined {
  const expression = targetProbe(binder, target).entry.expressions?.[index];
  if (expression?.kind !== 'column') return undefined;
  const origin = binder.shared.columns[expression.id];
  return origin?.tableId === target.table.id ? target.table.columns[origin.position - 1] : undefined;
}

/** Raises the error for writing to a column of a view that is computed. */
export function readOnly(
  binder: Binder,
  target: Target,
  column: ColumnDefinition,
  verb: 'insert into' | 'update',
): never {
  return fail(
    'feature_not_supported',
    `cannot ${verb} column "${binder.display(column.name)}" of view "${binder.display(target.relation.name)}"`,
    undefined,
    { detail: 'View columns that are not columns of their base relation are not updatable.' },
  );
}

/** The expression a column takes when no value is given. */
export function defaultExpression(binder: Binder, column: ColumnDefinition): BoundExpression {
  if (column.sequenceId !== undefined) {
    const sequence = binder.names.catalog.get(column.sequenceId);
    return coerceForAssignment(
      binder,
      {
        kind: 'next_value',
        sequenceId: column.sequenceId,
        type: sequence?.kind === 'sequence' ? sequence.type : column.type,
      },
      column.type,
      binder.display(column.name),
      undefined,
    );
  }
  if (column.defaultValue !== undefined) {
    const stored = storedValue(column.defaultValue);
    const inner = new Binder(
      { ...binder.context, names: binder.names.stored(), semantics: stored.semantics, variables: undefined },
      binder.shared,
      binder.bindRelation,
    );
    return coerceForAssignment(
      inner,
      bindExpression(stored.value, new Scope(inner, undefined, newLevel(0), undefined)),
      column.type,
      binder.display(column.name),
      undefined,
    );
  }
  return domainDefault(binder, column) ?? nullOf(column.type);
}

/** What a column of a domain takes: the domain's default, or a null that its checks have seen. */
export function domainDefault(binder: Binder, column: ColumnDefinition): BoundExpression | undefined {
  const lineage = domainLineage(binder.names.catalog, column.type.typeId);
  const [definition] = lineage;
  if (definition === undefined) return undefined;
  const shown = binder.display(column.name);
  if (definition.defaultValue === undefined) {
    if (!refusesValues(lineage)) return undefined;
    return coerceForAssignment(binder, { kind: 'constant', value: null, type: UNKNOWN }, column.type, shown, undefined);
  }
  const stored = storedValue(definition.defaultValue);
  const inner = new Binder(
    { ...binder.context, names: binder.names.stored(), semantics: stored.semantics, variables: undefined },
    binder.shared,
    binder.bindRelation,
  );
  return coerceForAssignment(
    inner,
    bindExpression(stored.value, new Scope(inner, undefined, newLevel(0), undefined)),
    column.type,
    shown,
    undefined,
  );
}

/** Values for columns that were not named and whose type brings its own default. */
export function domainDefaults(
  binder: Binder,
  table: TableDefinition,
  given: (position: number) => boolean,
): { readonly position: number; readonly expression: BoundExpression }[] {
  const found: { position: number; expression: BoundExpression }[] = [];
  for (const column of table.columns) {
    if (
      column.type.typeId === undefined ||
      column.dropped ||
      column.generated !== 'none' ||
      column.defaultValue !== undefined ||
      column.sequenceId !== undefined ||
      given(column.position)
    )
      continue;
    const expression = domainDefault(binder, column);
    if (expression !== undefined) found.push({ position: column.position, expression });
  }
  return found;
}

export function bindReturning(
  items: readonly (NodeOf<'ITEM'> | NodeOf<'STAR'>)[],
  scope: Scope,
): { returning: readonly Assigned[]; columns: readonly OutputColumn[] } {
  if (items.length === 0) return { returning: [], columns: [] };
  scope.level.clause = 'returning';
  const returning = bindItems({ items }, scope).map(
    (item): Assigned => ({
      column: scope.binder.newColumn(item.name, item.expression.type, item.origin),
      expression: item.expression,
    }),
  );
  const resolved = resolveItems(scope.binder, returning);
  return { returning: resolved, columns: resolved.map((item) => item.column) };
}

/** One column set by an UPDATE; undefined expression = DEFAULT. */
export interface ColumnAssignment {
  readonly position: number;
  readonly expression: BoundExpression | undefined;
}

/**
 * The assignments of SET. A row subquery is computed once: `extend` adds a column to the source.
 */
export function bindAssignments(
  nodes: readonly NodeOf<'ASSIGNMENT'>[],
  scope: Scope,
  target: Target,
  current: RangeEntry,
  extend: (record: BoundExpression) => BoundExpression,
): ColumnAssignment[] {
  const { binder } = scope;
  const done: ColumnAssignment[] = [];
  const add = (column: ColumnDefinition, expression: BoundExpression | undefined, again = false): void => {
    const shown = binder.display(column.name);
    const before = done.findIndex((one) => one.position === column.position);
    if (before >= 0 && !again && binder.semantics.assignmentOrder !== 'sequential')
      fail('syntax_error', `multiple assignments to same column "${shown}"`);
    if (expression !== undefined) refuseGenerated(column, shown);
    const made = { position: column.position, expression: expression ?? unset(target, column) };
    if (again && before >= 0) done[before] = made;
    else done.push(made);
  };
  const parts = new PartAssignments(scope, current);
  for (const node of nodes) {
    const columns = node.columns.map((name) => targetColumn(binder, target, name, node.pos, 'update'));
    if ((node.columns.length === 1 && node.value.op !== 'ROW') || node.subscripts.length > 0) {
      const column = columns[0] as ColumnDefinition;
      if (node.subscripts.length > 0) {
        add(column, parts.assign(node, column), parts.again);
        continue;
      }
      add(column, node.value.op === 'DEFAULT_VALUE' ? undefined : assigned(node.value, scope, column));
      continue;
    }
    const { value } = node;
    if (value.op === 'ROW' || columns.length === 1) {
      const items = value.op === 'ROW' ? value.items : [value];
      if (columns.length === 1 && items.length !== 1) {
        add(columns[0] as ColumnDefinition, assigned(value, scope, columns[0] as ColumnDefinition));
        continue;
      }
      if (items.length !== columns.length)
        fail('syntax_error', 'number of columns does not match number of values', node.pos);
      items.forEach((item, i) =>
        add(
          columns[i] as ColumnDefinition,
          item.op === 'DEFAULT_VALUE' ? undefined : assigned(item, scope, columns[i] as ColumnDefinition),
        ),
      );
      continue;
    }
    if (value.op !== 'SUBQUERY')
      fail(
        'feature_not_supported',
        'source for a multiple-column UPDATE item must be a sub-SELECT or ROW() expression',
        value.pos,
      );
    const bound = binder.bindRelation(binder, value.query, scope, scope.ctes);
    if (bound.columns.length !== columns.length)
      fail('syntax_error', 'number of columns does not match number of values', node.pos);
    const record = extend(rowSubquery(scope, bound));
    columns.forEach((column, index) => {
      const field: BoundExpression = {
        kind: 'field',
        operand: record,
        index,
        type: (bound.columns[index] as OutputColumn).type,
      };
      add(column, coerceForAssignment(binder, field, column.type, binder.display(column.name), node.pos));
    });
  }
  return done;
}

function refuseGenerated(column: ColumnDefinition, shown: string): void {
  if (column.generated === 'none' && column.identity !== 'always') return;
  fail('generated_always', `column "${shown}" can only be updated to DEFAULT`, undefined, {
    detail:
      column.generated !== 'none'
        ? `Column "${shown}" is a generated column.`
        : `Column "${shown}" is an identity column defined as GENERATED ALWAYS.`,
  });
}

/** What DEFAULT stands for: a view has no defaults of its own. */
function unset(target: Target, column: ColumnDefinition): BoundExpression | undefined {
  return target.layers.length > 0 && column.generated === 'none' ? nullOf(column.type) : undefined;
}

function assigned(value: ValueNode, scope: Scope, column: ColumnDefinition): BoundExpression {
  const { binder } = scope;
  const bound = bindExpression(value, scope);
  return coerceForAssignment(binder, bound, column.type, binder.display(column.name), startOf(value));
}

/** A source with one more column. */
export function extendPlan(
  binder: Binder,
  source: LogicalPlan,
  name: string,
  expression: BoundExpression,
): { plan: LogicalPlan; use: BoundExpression } {
  const column = binder.newColumn(name, expression.type);
  const items: Assigned[] = [
    ...source.columns.map(
      (each): Assigned => ({ column: each, expression: { kind: 'column', id: each.id, type: each.type } }),
    ),
    { column, expression },
  ];
  return {
    plan: { kind: 'project', source, items, setReturning: false, columns: items.map((item) => item.column) },
    use: { kind: 'column', id: column.id, type: column.type },
  };
}
