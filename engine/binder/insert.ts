/**
 * INSERT: target columns, rows of VALUES or a query converted by assignment, ON CONFLICT.
 */
import type { NodeOf, RelationNode, ValueNode } from '../../sblr/nodes.ts';
import type { ColumnDefinition, TableDefinition } from '../catalog/definitions.ts';
import type { BoundExpression, InsertConflict, LogicalPlan, OutputColumn } from './bound.ts';
import { coerceForAssignment } from './coerce.ts';
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
  targetColumn,
  targetEntry,
} from './targets.ts';
import { rowItems, valuesScope } from './values.ts';

export function bindInsert(
  binder: Binder,
  node: NodeOf<'INSERT'>,
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): BoundRelation {
  const table = findTarget(binder, node.table, 'insert into', node.pos);
  const columns = insertColumns(binder, node, table);
  binder.names.checkPrivilege(
    table,
    'INSERT',
    columns.map((column) => column.position),
  );
  binder.useTable(table, 'write');
  const values: (BoundExpression | undefined)[] = table.columns.map(() => undefined);
  const source =
    node.source === undefined || node.defaultValues
      ? emptySource()
      : bindSource(binder, node, node.source, columns, values, outer, ctes);
  for (const { position, expression } of domainDefaults(binder, table, (at) => values[at - 1] !== undefined))
    values[position - 1] = expression;
  const stored = rowColumns(binder, table);
  const scope = new Scope(binder, outer, newLevel(depthBelow(binder, outer)), ctes, [
    targetEntry(binder, table, node.alias, node.table, stored),
  ]);
  const conflict: InsertConflict | undefined =
    node.onConflict === undefined ? undefined : bindConflict(binder, node, node.onConflict, table, outer, ctes);
  const { returning, columns: output } = bindReturning(node.returning, scope);
  return plainRelation({
    kind: 'insert',
    target: { table, columns: stored, rowKey: undefined },
    source,
    values,
    overriding: node.overriding,
    onDuplicate: node.onDuplicate,
    conflict,
    returning,
    columns: output,
  });
}

const emptySource = (): LogicalPlan => ({ kind: 'dual', columns: [] });

function insertColumns(binder: Binder, node: NodeOf<'INSERT'>, table: TableDefinition): ColumnDefinition[] {
  if (node.columns.length === 0) return [...shapeOf(table).live];
  const seen = new Set<number>();
  return node.columns.map((name) => {
    const column = targetColumn(binder, table, name, node.pos);
    if (seen.has(column.position))
      fail('duplicate_column', `column "${binder.display(name)}" specified more than once`, node.pos);
    seen.add(column.position);
    return column;
  });
}

function checkWidth(
  node: NodeOf<'INSERT'>,
  width: number,
  columns: readonly ColumnDefinition[],
  pos: number | undefined,
): void {
  if (width > columns.length) fail('syntax_error', 'INSERT has more expressions than target columns', pos);
  if (width < columns.length && node.columns.length > 0)
    fail('syntax_error', 'INSERT has more target columns than expressions', pos);
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
  columns: readonly ColumnDefinition[],
  values: (BoundExpression | undefined)[],
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): LogicalPlan {
  if (source.op === 'VALUES') return bindRows(binder, node, source, columns, values, outer, ctes);
  const bound = binder.bindRelation(binder, source, outer, ctes, true);
  checkWidth(node, bound.columns.length, columns, source.pos ?? node.pos);
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
  columns: readonly ColumnDefinition[],
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
  checkWidth(node, width, columns, rows[0]?.[Math.min(columns.length, width - 1)]?.pos ?? source.pos ?? node.pos);
  const bind = (item: ValueNode, column: ColumnDefinition): BoundExpression => {
    if (item.op === 'DEFAULT_VALUE') return defaultExpression(binder, column);
    return coerceForAssignment(
      binder,
      bindExpression(item, scope),
      column.type,
      binder.display(column.name),
      startOf(item),
    );
  };
  const given: { readonly column: ColumnDefinition; readonly index: number }[] = [];
  for (let i = 0; i < width; i++) {
    const column = columns[i] as ColumnDefinition;
    const first = rows.find((row) => row[i]?.op !== 'DEFAULT_VALUE')?.[i];
    if (first === undefined || valueIgnored(binder, node, column)) continue;
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
    rows: rows.map((row) => given.map(({ column, index }) => bind(row[index] as ValueNode, column))),
    columns: output,
  };
}
