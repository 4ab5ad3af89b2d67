/**
 * INSERT: target columns, rows of VALUES or a query converted by assignment, ON CONFLICT.
 */
import type { NodeOf, RelationNode, ValueNode } from '../../sblr/nodes.ts';
import type { ColumnDefinition } from '../catalog/definitions.ts';
import type { BoundExpression, InsertConflict, LogicalPlan, OutputColumn } from './bound.ts';
import { coerceForAssignment, nullOf } from './coerce.ts';
import { bindConflict } from './conflict.ts';
import type { Binder, BoundRelation, CteBinding } from './context.ts';
import { fail } from './errors.ts';
import { bindExpression } from './expression.ts';
import { shapeOf } from './range-entries.ts';
import { depthBelow } from './levels.ts';
import { columnExpression, convertOutputs, plainRelation } from './outputs.ts';
import { startOf } from './positions.ts';
import { newLevel, Scope } from './scope.ts';
import {
  bindReturning,
  defaultExpression,
  domainDefaults,
  findTarget,
  rowColumns,
  readOnly,
  rowOf,
  targetColumn,
  targetColumns,
} from './targets.ts';
import { rowItems, valuesScope } from './values.ts';
import { requirePrivilege, viewChecks, type Target } from './view-target.ts';

export function bindInsert(
  binder: Binder,
  node: NodeOf<'INSERT'>,
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): BoundRelation {
  const target = findTarget(binder, node.table, 'insert into', node.pos);
  const { table } = target;
  const columns = insertColumns(binder, node, target);
  const positions = columns.flatMap((column) => (column === undefined ? [] : [column.position]));
  requirePrivilege(binder, target, 'INSERT', positions);
  binder.useTable(table, 'write');
  if (node.onDuplicate === 'ignore') binder.shared.adjusts = true;
  const values: (BoundExpression | undefined)[] = table.columns.map(() => undefined);
  const source =
    node.source === undefined || node.defaultValues
      ? emptySource()
      : bindSource(binder, node, node.source, target, columns, values, outer, ctes);
  for (const { position, expression } of domainDefaults(binder, table, (at) => values[at - 1] !== undefined))
    values[position - 1] = expression;
  const stored = rowColumns(target.binder, table);
  const row = rowOf(binder, target, node.alias, node.table, stored);
  const scope = new Scope(binder, outer, newLevel(depthBelow(binder, outer)), ctes, [row.entry]);
  const conflict: InsertConflict | undefined =
    node.onConflict === undefined ? undefined : bindConflict(binder, node, node.onConflict, target, outer, ctes);
  const { returning, columns: output } = bindReturning(node.returning, scope);
  return plainRelation({
    kind: 'insert',
    target: { table, columns: stored, rowKey: undefined },
    source,
    values,
    overriding: node.overriding,
    onDuplicate: node.onDuplicate,
    conflict,
    checks: viewChecks(target, row),
    returning,
    columns: output,
  });
}

const emptySource = (): LogicalPlan => ({ kind: 'dual', columns: [] });

type InsertColumns = readonly (ColumnDefinition | undefined)[];

/** The columns that get values, in their order; undefined for those of a view that are computed. */
function insertColumns(binder: Binder, node: NodeOf<'INSERT'>, target: Target): InsertColumns {
  if (node.columns.length === 0) return targetColumns(binder, target);
  const seen = new Set<number>();
  return node.columns.map((name) => {
    const column = targetColumn(binder, target, name, node.pos, 'insert into');
    if (seen.has(column.position))
      fail('duplicate_column', `column "${binder.display(name)}" specified more than once`, node.pos);
    seen.add(column.position);
    return column;
  });
}

/** The columns that the values of the given width go to. */
function usedColumns(
  binder: Binder,
  node: NodeOf<'INSERT'>,
  target: Target,
  columns: InsertColumns,
  width: number,
  pos: number | undefined,
): readonly ColumnDefinition[] {
  if (width > columns.length) fail('syntax_error', 'INSERT has more expressions than target columns', pos);
  if (width < columns.length && node.columns.length > 0)
    fail('syntax_error', 'INSERT has more target columns than expressions', pos);
  const { live } = shapeOf(target.relation);
  return columns
    .slice(0, width)
    .map((column, at) => column ?? readOnly(binder, target, live[at] as ColumnDefinition, 'insert into'));
}

/** Is a given value of the column passed over for its default? Raises where a value may not be given. */
function valueIgnored(binder: Binder, node: NodeOf<'INSERT'>, column: ColumnDefinition): boolean {
  const shown = binder.display(column.name);
  if (column.generated !== 'none') {
    fail('generated_always', `cannot insert a non-DEFAULT value into column "${shown}"`, undefined, {
      detail: `Column "${shown}" is a generated column.`,
    });
  }
  if (column.identity === 'none') return false;
  if (node.overriding === 'user') return true;
  if (column.identity === 'always' && node.overriding !== 'system') {
    fail('generated_always', `cannot insert a non-DEFAULT value into column "${shown}"`, undefined, {
      detail: `Column "${shown}" is an identity column defined as GENERATED ALWAYS.`,
      hint: 'Use OVERRIDING SYSTEM VALUE to override.',
    });
  }
  return false;
}

function bindSource(
  binder: Binder,
  node: NodeOf<'INSERT'>,
  source: RelationNode,
  target: Target,
  wanted: InsertColumns,
  values: (BoundExpression | undefined)[],
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): LogicalPlan {
  if (source.op === 'VALUES') return bindRows(binder, node, source, target, wanted, values, outer, ctes);
  const bound = binder.bindRelation(binder, source, outer, ctes, true);
  const columns = usedColumns(binder, node, target, wanted, bound.columns.length, source.pos ?? node.pos);
  const ignored = bound.columns.map((_column, i) => valueIgnored(binder, node, columns[i] as ColumnDefinition));
  const converted = convertOutputs(binder, bound, (expression, i) => {
    const column = columns[i] as ColumnDefinition;
    return ignored[i] === true
      ? expression
      : coerceForAssignment(binder, expression, column.type, binder.display(column.name), undefined);
  });
  converted.columns.forEach((column, i) => {
    if (ignored[i] !== true) values[(columns[i] as ColumnDefinition).position - 1] = columnExpression(column);
  });
  return converted.plan;
}

function bindRows(
  binder: Binder,
  node: NodeOf<'INSERT'>,
  source: NodeOf<'VALUES'>,
  target: Target,
  wanted: InsertColumns,
  values: (BoundExpression | undefined)[],
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): LogicalPlan {
  const scope = valuesScope(binder, outer, ctes);
  const rows = source.rows.map(rowItems);
  const width = rows[0]?.length ?? 0;
  for (const row of rows) {
    if (row.length !== width)
      fail('syntax_error', 'VALUES lists must all be the same length', row[0]?.pos ?? source.pos);
  }
  const first = rows[0]?.[Math.min(wanted.length, width - 1)];
  const columns = usedColumns(binder, node, target, wanted, width, first?.pos ?? source.pos ?? node.pos);
  const bind = (item: ValueNode, column: ColumnDefinition, row = 1): BoundExpression => {
    if (item.op === 'DEFAULT_VALUE') {
      // INSERT itself knows best which values its counter made.
      const asked = column.sequenceId !== undefined && binder.semantics.identityRequest !== 'default';
      return asked ? nullOf(column.type) : defaultExpression(binder, column);
    }
    return coerceForAssignment(
      binder,
      bindExpression(item, scope),
      column.type,
      binder.display(column.name),
      startOf(item),
      row,
    );
  };
  const given: { readonly column: ColumnDefinition; readonly index: number }[] = [];
  for (let i = 0; i < width; i++) {
    const column = columns[i] as ColumnDefinition;
    const written = rows.find((row) => row[i]?.op !== 'DEFAULT_VALUE')?.[i];
    if (written === undefined || valueIgnored(binder, node, column)) continue;
    given.push({ column, index: i });
  }
  if (rows.length === 1) {
    for (const { column, index } of given) values[column.position - 1] = bind(rows[0]?.[index] as ValueNode, column);
    return emptySource();
  }
  const output: OutputColumn[] = given.map(({ column }) => binder.newColumn(binder.display(column.name), column.type));
  given.forEach(({ column }, i) => {
    values[column.position - 1] = columnExpression(output[i] as OutputColumn);
  });
  return {
    kind: 'values',
    rows: rows.map((row, i) => given.map(({ column, index }) => bind(row[index] as ValueNode, column, i + 1))),
    columns: output,
  };
}
