/**
 * What all data modifications share: finding the target, its columns, values for assignment, defaults,
 * RETURNING.
 */
import { identifierKey, type Identifier, type Name } from '../../sblr/contract/names.ts';
import { UNKNOWN } from '../../sblr/contract/types.ts';
import type { NodeOf, ValueNode } from '../../sblr/nodes.ts';
import type { ColumnDefinition, TableDefinition } from '../catalog/definitions.ts';
import type { Assigned, BoundExpression, LogicalPlan, OutputColumn } from './bound.ts';
import { coerceForAssignment, nullOf } from './coerce.ts';
import { Binder } from './context.ts';
import { fail, notSupported } from './errors.ts';
import { bindExpression } from './expression.ts';
import { qualifiedKeys, tableColumns } from './from.ts';
import { makeEntry, shapeOf, shownNames } from './range-entries.ts';
import { newLevel, Scope, type RangeEntry } from './scope.ts';
import { startOf } from './positions.ts';
import { bindItems } from './select-items.ts';
import { storedValue } from './stored-program.ts';
import { rowSubquery } from './subqueries.ts';
import { resolveItems } from './outputs.ts';
import { showName } from './user-types.ts';

/** The table a modification names. */
export function findTarget(
  binder: Binder,
  name: Name,
  verb: 'insert into' | 'update' | 'delete from' | 'merge into',
  pos: number | undefined,
): TableDefinition {
  const relation = binder.names.findRelation(name);
  const shown = showName(binder, name);
  if (relation === undefined)
    fail('undefined_table', `relation "${shown}" does not exist`, pos, { variant: 'relation' });
  switch (relation.kind) {
    case 'table':
      binder.shared.modifies = true;
      return relation;
    case 'view':
      if (relation.system)
        fail('insufficient_privilege', `permission denied: "${binder.display(relation.name)}" is a system catalog`);
      return notSupported(`to ${verb} a view`, pos);
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

/** Names and alias of the target as an entry in scope over the given columns. */
export function targetEntry(
  binder: Binder,
  table: TableDefinition,
  alias: Identifier | undefined,
  name: Name,
  columns: readonly OutputColumn[],
  rowKey?: number | undefined,
): RangeEntry {
  const shape = shapeOf(table);
  const shown = alias ?? (name[name.length - 1] as Identifier);
  return makeEntry({
    key: identifierKey(shown),
    display: binder.display(shown),
    qualified: alias === undefined ? qualifiedKeys(binder, name, table) : undefined,
    columns,
    keys: shape.keys,
    find: shape.find,
    table,
    rowKey,
  });
}

/** A fresh set of columns of the table: another generation of its row. */
export function rowColumns(binder: Binder, table: TableDefinition): OutputColumn[] {
  const columns = tableColumns(binder, table, shownNames(binder, table));
  if (!binder.names.isSuperuser && table.owner !== binder.names.role) {
    const check = { names: binder.names, relation: table, positions: new Set<number>() };
    binder.shared.reads.push(check);
    for (const column of columns) binder.shared.checks[column.id] = check;
  }
  return columns;
}

export function targetColumn(
  binder: Binder,
  table: TableDefinition,
  name: Identifier,
  pos: number | undefined,
): ColumnDefinition {
  const shape = shapeOf(table);
  const index = shape.find(identifierKey(name));
  const column = index < 0 ? undefined : shape.live[index];
  if (column === undefined) {
    const shown = binder.display(name);
    fail('undefined_column', `column "${shown}" of relation "${binder.display(table.name)}" does not exist`, pos, {
      variant: 'column_of_relation',
      args: { column: shown, relation: binder.display(table.name) },
    });
  }
  return column;
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
      { ...binder.context, semantics: stored.semantics, variables: undefined },
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
  const { typeId } = column.type;
  const definition = typeId === undefined ? undefined : binder.names.catalog.get(typeId);
  if (definition?.kind !== 'type' || definition.form !== 'domain') return undefined;
  const shown = binder.display(column.name);
  if (definition.defaultValue === undefined) {
    if (!definition.notNull && definition.checks.length === 0) return undefined;
    return coerceForAssignment(binder, { kind: 'constant', value: null, type: UNKNOWN }, column.type, shown, undefined);
  }
  const stored = storedValue(definition.defaultValue);
  const inner = new Binder(
    { ...binder.context, semantics: stored.semantics, variables: undefined },
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
  table: TableDefinition,
  current: RangeEntry,
  extend: (record: BoundExpression) => BoundExpression,
): ColumnAssignment[] {
  const { binder } = scope;
  const done = new Map<number, ColumnAssignment>();
  const add = (column: ColumnDefinition, expression: BoundExpression | undefined): void => {
    const shown = binder.display(column.name);
    if (done.has(column.position)) fail('syntax_error', `multiple assignments to same column "${shown}"`);
    if (expression !== undefined && (column.generated !== 'none' || column.identity === 'always')) {
      fail('generated_always', `column "${shown}" can only be updated to DEFAULT`, undefined, {
        detail:
          column.generated !== 'none'
            ? `Column "${shown}" is a generated column.`
            : `Column "${shown}" is an identity column defined as GENERATED ALWAYS.`,
      });
    }
    done.set(column.position, { position: column.position, expression });
  };
  for (const node of nodes) {
    const columns = node.columns.map((name) => targetColumn(binder, table, name, node.pos));
    if ((node.columns.length === 1 && node.value.op !== 'ROW') || node.subscripts.length > 0) {
      const column = columns[0] as ColumnDefinition;
      add(
        column,
        node.value.op === 'DEFAULT_VALUE' ? undefined : bindAssigned(node, node.value, scope, column, current),
      );
      continue;
    }
    const { value } = node;
    if (value.op === 'ROW' || columns.length === 1) {
      const items = value.op === 'ROW' ? value.items : [value];
      if (columns.length === 1 && items.length !== 1) {
        add(columns[0] as ColumnDefinition, bindAssigned(node, value, scope, columns[0] as ColumnDefinition, current));
        continue;
      }
      if (items.length !== columns.length)
        fail('syntax_error', 'number of columns does not match number of values', node.pos);
      items.forEach((item, i) =>
        add(
          columns[i] as ColumnDefinition,
          item.op === 'DEFAULT_VALUE'
            ? undefined
            : bindAssigned(node, item, scope, columns[i] as ColumnDefinition, current),
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
  return [...done.values()];
}

function bindAssigned(
  node: NodeOf<'ASSIGNMENT'>,
  value: ValueNode,
  scope: Scope,
  column: ColumnDefinition,
  current: RangeEntry,
): BoundExpression {
  const { binder } = scope;
  const bound = bindExpression(value, scope);
  if (node.subscripts.length === 0)
    return coerceForAssignment(binder, bound, column.type, binder.display(column.name), startOf(value));
  const [step] = node.subscripts;
  const { fields } = column.type;
  if (node.subscripts.length !== 1 || step?.kind !== 'field' || fields === undefined)
    notSupported('assignment to elements of an array', node.pos);
  // The row with one field replaced.
  const at = current.columns.find((candidate) => candidate.position === column.position) as OutputColumn;
  const key = identifierKey(step.field as Identifier);
  const index = fields.findIndex((field) => field.name.toLowerCase() === key);
  if (index < 0)
    fail(
      'undefined_column',
      `cannot assign to field "${binder.display(step.field as Identifier)}" of column "${binder.display(column.name)}" because there is no such column in its data type`,
      node.pos,
    );
  const whole: BoundExpression = { kind: 'column', id: at.id, type: at.type };
  const items = fields.map(
    (field, i): BoundExpression =>
      i === index
        ? coerceForAssignment(binder, bound, field.type, field.name, value.pos)
        : { kind: 'field', operand: whole, index: i, type: field.type },
  );
  return { kind: 'row', items, type: column.type };
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
