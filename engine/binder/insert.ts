/**
 * INSERT: target columns, rows of VALUES or a query converted by assignment, ON CONFLICT.
 */
import type { SqlType } from '../../sblr/contract/types.ts';
import type { NodeOf, RelationNode, ValueNode } from '../../sblr/nodes.ts';
import type { ColumnDefinition } from '../catalog/definitions.ts';
import type { BoundExpression, InsertConflict, LogicalPlan, OutputColumn } from './bound.ts';
import { coerceForAssignment, nullOf } from './coerce.ts';
import { bindConflict } from './conflict.ts';
import { carrySource } from './conflict-source.ts';
import type { Binder, BoundRelation, CteBinding } from './context.ts';
import { fail } from './errors.ts';
import { bindExpression } from './expression.ts';
import { shapeOf } from './range-entries.ts';
import { depthBelow } from './levels.ts';
import { columnExpression, convertOutputs, plainRelation } from './outputs.ts';
import { partType, partValue, refuseDefaultPart, replacePart } from './part-assignment.ts';
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
import { rowItems, valuesScope, wrongWidth } from './values.ts';
import { requirePrivilege, viewChecks, type Target } from './view-target.ts';

export function bindInsert(
  binder: Binder,
  written: NodeOf<'INSERT'>,
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): BoundRelation {
  const target = findTarget(binder, written.table, 'insert into', written.pos);
  const { table } = target;
  const carried = carrySource(written, target.relation);
  const node = carried?.insert ?? written;
  const columns = insertColumns(binder, node, target);
  const positions = columns.flatMap((column) => (column === undefined ? [] : [column.position]));
  requirePrivilege(binder, target, 'INSERT', positions);
  binder.useTable(table, 'write');
  if (node.onDuplicate === 'ignore') binder.shared.adjusts = true;
  const inserted = new InsertedValues(binder, node, table.columns.length, valuesScope(binder, outer, ctes));
  const { values } = inserted;
  const source =
    node.source === undefined || node.defaultValues
      ? emptySource()
      : bindSource(binder, node, node.source, carried?.count ?? 0, target, columns, inserted, outer, ctes);
  const beside = carried === undefined ? [] : source.columns.slice(-carried.count);
  for (const { position, expression } of domainDefaults(binder, table, (at) => values[at - 1] !== undefined))
    values[position - 1] = expression;
  const stored = rowColumns(target.binder, table);
  const row = rowOf(binder, target, node.alias, node.table, stored);
  const scope = new Scope(binder, outer, newLevel(depthBelow(binder, outer)), ctes, [row.entry]);
  const conflict: InsertConflict | undefined =
    node.onConflict === undefined
      ? undefined
      : bindConflict(binder, node, node.onConflict, beside, target, outer, ctes);
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

/** Where the given values go: whole columns, or parts that add up to one. */
class InsertedValues {
  readonly values: (BoundExpression | undefined)[];
  readonly #binder: Binder;
  readonly #scope: Scope;
  readonly #parts = new Map<number, NodeOf<'COLUMN_PART'>>();

  constructor(binder: Binder, node: NodeOf<'INSERT'>, width: number, scope: Scope) {
    this.values = new Array<undefined>(width).fill(undefined);
    this.#binder = binder;
    this.#scope = scope;
    for (const part of node.parts) this.#parts.set(part.index, part);
  }

  /** The type of what the value with this index is assigned to. */
  typeOf(index: number, column: ColumnDefinition): SqlType {
    const part = this.#parts.get(index);
    return part === undefined ? column.type : partType(this.#target(part, column), column.type, part.steps);
  }

  /** The value converted to that type. */
  convert(index: number, column: ColumnDefinition, value: BoundExpression, pos?: number, row = 1): BoundExpression {
    const part = this.#parts.get(index);
    const shown = this.#binder.display(column.name);
    return part === undefined
      ? coerceForAssignment(this.#binder, value, column.type, shown, pos, row)
      : partValue(this.#binder, value, this.typeOf(index, column), shown, part);
  }

  put(index: number, column: ColumnDefinition, value: BoundExpression): void {
    const at = column.position - 1;
    const part = this.#parts.get(index);
    if (part === undefined) this.values[at] = value;
    else {
      const before = this.values[at] ?? nullOf(column.type);
      const target = { ...this.#target(part, column), part: () => value };
      this.values[at] = replacePart(target, before, column.type, part.steps);
    }
  }

  refuseDefault(index: number, value: ValueNode): void {
    const part = this.#parts.get(index);
    if (part !== undefined) refuseDefaultPart(part.steps, value, part.pos);
  }

  #target(part: NodeOf<'COLUMN_PART'>, column: ColumnDefinition): Parameters<typeof partType>[0] {
    return { scope: this.#scope, column: this.#binder.display(column.name), pos: part.pos };
  }
}

/** The columns that get values, in their order; undefined for those of a view that are computed. */
function insertColumns(binder: Binder, node: NodeOf<'INSERT'>, target: Target): InsertColumns {
  if (node.columns.length === 0) return targetColumns(binder, target);
  const seen = new Map<number, boolean>();
  const isPart = (index: number): boolean => node.parts.some((part) => part.index === index);
  return node.columns.map((name, index) => {
    const column = targetColumn(binder, target, name, node.pos, 'insert into');
    // A column may be made of several parts, but is not given whole besides.
    const before = seen.get(column.position);
    if (before !== undefined && !(before && isPart(index)))
      fail('duplicate_column', `column "${binder.display(name)}" specified more than once`, node.pos);
    seen.set(column.position, isPart(index));
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
  if (width > columns.length)
    fail('syntax_error', 'INSERT has more expressions than target columns', pos, wrongWidth(1));
  const all = node.columns.length > 0 || (width > 0 && binder.semantics.shortRows === 'error');
  if (width < columns.length && all)
    fail('syntax_error', 'INSERT has more target columns than expressions', pos, wrongWidth(1));
  const { live } = shapeOf(target.relation);
  return columns
    .slice(0, width)
    .map((column, at) => column ?? readOnly(binder, target, live[at] as ColumnDefinition, 'insert into'));
}

/** Is a given value of the column passed over for its default? Raises where a value may not be given. */
export function valueIgnored(
  binder: Binder,
  node: Pick<NodeOf<'INSERT'>, 'overriding'>,
  column: ColumnDefinition,
): boolean {
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
  carried: number,
  target: Target,
  wanted: InsertColumns,
  inserted: InsertedValues,
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): LogicalPlan {
  if (source.op === 'VALUES') return bindRows(binder, node, source, target, wanted, inserted, outer, ctes);
  const bound = binder.bindRelation(binder, source, outer, ctes, true);
  const width = bound.columns.length - carried;
  const columns = usedColumns(binder, node, target, wanted, width, source.pos ?? node.pos);
  const ignored = bound.columns.map(
    (_column, i) => i >= width || valueIgnored(binder, node, columns[i] as ColumnDefinition),
  );
  const converted = convertOutputs(binder, bound, (expression, i) => {
    const column = columns[i] as ColumnDefinition;
    return ignored[i] === true ? expression : inserted.convert(i, column, expression);
  });
  converted.columns.forEach((column, i) => {
    if (ignored[i] !== true) inserted.put(i, columns[i] as ColumnDefinition, columnExpression(column));
  });
  return converted.plan;
}

function bindRows(
  binder: Binder,
  node: NodeOf<'INSERT'>,
  source: NodeOf<'VALUES'>,
  target: Target,
  wanted: InsertColumns,
  inserted: InsertedValues,
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): LogicalPlan {
  const scope = valuesScope(binder, outer, ctes);
  const rows = source.rows.map(rowItems);
  const width = rows[0]?.length ?? 0;
  for (const [at, row] of rows.entries()) {
    if (row.length !== width)
      fail('syntax_error', 'VALUES lists must all be the same length', row[0]?.pos ?? source.pos, wrongWidth(at + 1));
  }
  const first = rows[0]?.[Math.min(wanted.length, width - 1)];
  const columns = usedColumns(binder, node, target, wanted, width, first?.pos ?? source.pos ?? node.pos);
  const bind = (item: ValueNode, index: number, column: ColumnDefinition, row = 1): BoundExpression => {
    if (item.op === 'DEFAULT_VALUE') {
      // INSERT itself knows best which values its counter made.
      const asked = column.sequenceId !== undefined && binder.semantics.identityRequest !== 'default';
      return asked ? nullOf(column.type) : defaultExpression(binder, column);
    }
    return inserted.convert(index, column, bindExpression(item, scope), startOf(item), row);
  };
  const given: { readonly column: ColumnDefinition; readonly index: number }[] = [];
  for (let i = 0; i < width; i++) {
    const column = columns[i] as ColumnDefinition;
    for (const row of rows) inserted.refuseDefault(i, row[i] as ValueNode);
    const written = rows.find((row) => row[i]?.op !== 'DEFAULT_VALUE')?.[i];
    if (written === undefined || valueIgnored(binder, node, column)) continue;
    given.push({ column, index: i });
  }
  if (rows.length === 1) {
    for (const { column, index } of given)
      inserted.put(index, column, bind(rows[0]?.[index] as ValueNode, index, column));
    return emptySource();
  }
  const output: OutputColumn[] = given.map(({ column, index }) =>
    binder.newColumn(binder.display(column.name), inserted.typeOf(index, column)),
  );
  given.forEach(({ column, index }, i) => inserted.put(index, column, columnExpression(output[i] as OutputColumn)));
  return {
    kind: 'values',
    rows: rows.map((row, i) => given.map(({ column, index }) => bind(row[index] as ValueNode, index, column, i + 1))),
    columns: output,
  };
}
