/**
 * The plan of a bulk load: the rows of the client as a scan, what WHERE keeps of them, and an INSERT.
 * WHERE sees whole rows of the table: columns that the client does not send have their defaults there.
 */
import { displayIdentifier, type Identifier } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { BOOL, INT32, type SqlType, TEXT } from '../../sblr/contract/types.ts';
import type { NodeOf, Program, RelationNode } from '../../sblr/nodes.ts';
import type { BoundExpression, BoundQuery, LogicalPlan, OutputColumn } from '../binder/bound.ts';
import { bindDefault, bindQuery, bindTableExpression, coerceForAssignment } from '../binder/index.ts';
import { shownColumns } from '../catalog/column-order.ts';
import type { ColumnDefinition, SystemRelation, TableDefinition } from '../catalog/definitions.ts';
import { storeExpression } from '../ddl/context.ts';
import { zeroOf } from '../executor/modify/missing-values.ts';
import { columnNames } from '../ddl/expression-nodes.ts';
import { bindContext } from './prepare.ts';
import type { Session } from './session.ts';

/** Ids of columns in the plan, each plus the column's position; the table's own are the positions alone. */
const LOADED = 2000;
const COMPLETE = 4000;
const LAST = 6000;

/** Lengths and scales are applied by an assignment cast in the plan, as for INSERT. */
export function withoutModifiers(type: SqlType): SqlType {
  if (type.length === undefined && type.precision === undefined && type.scale === undefined) return type;
  const { length: _length, precision: _precision, scale: _scale, ...rest } = type;
  return rest;
}

export function loadPlan(
  session: Session,
  program: Program,
  statement: NodeOf<'LOAD_ROWS'>,
  table: TableDefinition,
  columns: readonly ColumnDefinition[],
): BoundQuery {
  const show = (column: ColumnDefinition): string => displayIdentifier(column.name, session.identifierFold);
  const relation: SystemRelation = {
    kind: 'system',
    id: 0,
    name: 'load',
    columns: columns.map((column) => ({ name: show(column), type: withoutModifiers(column.type) })),
  };
  const loaded = columns.map(
    (column): OutputColumn => ({
      id: LOADED + column.position,
      name: show(column),
      type: withoutModifiers(column.type),
      tableId: 0,
      position: 0,
    }),
  );
  let values = table.columns.map((column) => (columns.includes(column) ? loadedValue(column) : undefined));
  let source: LogicalPlan = { kind: 'system_scan', relation, columns: loaded, alias: 'load' };
  if (statement.where !== undefined) {
    const complete = columnsFrom(session, table, COMPLETE);
    source = keptRows(session, program, statement.where, table, complete, values, source);
    values = table.columns.map((column) => {
      const from = complete.find((one) => one.position === column.position);
      const given = columns.includes(column) || column.defaultValue !== undefined;
      return from === undefined || !given || column.generated !== 'none'
        ? undefined
        : { kind: 'column', id: from.id, type: from.type };
    });
  }
  const plan: LogicalPlan = {
    kind: 'insert',
    target: { table, columns: columnsFrom(session, table, 0), rowKey: undefined },
    source,
    values,
    overriding: 'system',
    onDuplicate: statement.onDuplicate,
    conflict: undefined,
    checks: [],
    returning: [],
    columns: [],
  };
  return { plan, parameterTypes: [], lastColumnId: LAST, tables: [{ table, access: 'write' }], modifies: true };
}

/**
 * The plan of the statement's own INSERT over the fields as text, and the fields. A column whose field a row does not
 * have gets the zero of its type.
 */
export function insertPlan(
  session: Session,
  program: Program,
  insert: RelationNode,
  table: TableDefinition,
): { readonly query: BoundQuery; readonly fields: readonly { readonly name: Identifier; readonly type: SqlType }[] } {
  const named = fieldNames(insert);
  const stored = shownColumns(table).filter((column) => column.generated === 'none');
  const fields = (named.length > 0 ? named : stored.map(({ name }) => name)).map((name) => ({ name, type: TEXT }));
  const loaded: SystemRelation = {
    kind: 'system',
    id: 0,
    name: 'load',
    columns: [...fields.map(({ name, type }) => ({ name: name.text, type })), { name: '', type: INT32 }],
  };
  const context = bindContext(session, program, []);
  const query = bindQuery(insert, { ...context, loaded });
  const { plan } = query;
  if (plan.kind !== 'insert' || plan.source.kind !== 'project') return { query, fields };
  const { source } = plan;
  const scan = source.source;
  if (scan.kind !== 'system_scan') return { query, fields };
  const had = scan.columns[fields.length]!;
  const values = plan.values.map((value, at) => {
    const column = table.columns[at]!;
    const field = value === undefined ? -1 : fieldOf(value, source.columns, source, scan.columns);
    return value === undefined || field < 0 ? value : presentOr(value, field, had, column.type);
  });
  const counted = {
    ...source,
    items: [...source.items, { column: had, expression: columnOf(had) }],
    columns: [...source.columns, had],
  };
  return { query: { ...query, plan: { ...plan, source: counted, values } }, fields };
}

/** The fields that the source of an INSERT names; none = one per column of the table. */
function fieldNames(insert: RelationNode): readonly Identifier[] {
  const source = insert.op === 'INSERT' ? insert.source : undefined;
  const rows = source?.op === 'PROJECT' ? source.source : source;
  return rows?.op === 'LOADED_ROWS' ? rows.fields : [];
}

const columnOf = ({ id, type }: OutputColumn): BoundExpression => ({ kind: 'column', id, type });

/** Which field the value is nothing but, counted from 0; -1 = it is computed. */
function fieldOf(
  value: BoundExpression,
  outputs: readonly OutputColumn[],
  project: LogicalPlan & { kind: 'project' },
  fields: readonly OutputColumn[],
): number {
  const inner = withoutCasts(value);
  if (inner.kind !== 'column') return -1;
  const item = project.items[outputs.findIndex((column) => column.id === inner.id)];
  const read = item === undefined ? undefined : withoutCasts(item.expression);
  return read?.kind === 'column' ? fields.findIndex((column) => column.id === read.id) : -1;
}

function withoutCasts(value: BoundExpression): BoundExpression {
  return value.kind === 'cast' ? withoutCasts(value.operand) : value;
}

function presentOr(value: BoundExpression, field: number, had: OutputColumn, type: SqlType): BoundExpression {
  const condition: BoundExpression = {
    kind: 'compare',
    operator: 'greater',
    operandType: INT32,
    type: BOOL,
    left: columnOf(had),
    right: { kind: 'constant', value: field, type: INT32 },
  };
  const otherwise: BoundExpression = { kind: 'constant', value: zeroOf(type) ?? null, type: value.type };
  return { kind: 'case', whens: [{ condition, result: value }], otherwise, type: value.type };
}

/** The table's columns, numbered from `first`. */
function columnsFrom(session: Session, table: TableDefinition, first: number): OutputColumn[] {
  return table.columns
    .filter((column) => !column.dropped)
    .map(
      (column): OutputColumn => ({
        id: first + column.position,
        name: displayIdentifier(column.name, session.identifierFold),
        type: column.type,
        tableId: table.id,
        position: column.position,
      }),
    );
}

/** A value of the client as the column takes it. */
function loadedValue(column: ColumnDefinition): BoundExpression {
  const loaded = withoutModifiers(column.type);
  const value: BoundExpression = { kind: 'column', id: LOADED + column.position, type: loaded };
  const domainId =
    column.type.typeId !== undefined && column.type.kind !== 'enum' && column.type.kind !== 'record'
      ? column.type.typeId
      : undefined;
  if (loaded === column.type && domainId === undefined) return value;
  return { kind: 'cast', operand: value, type: column.type, context: 'assignment', domainId };
}

function keptRows(
  session: Session,
  program: Program,
  where: NonNullable<NodeOf<'LOAD_ROWS'>['where']>,
  table: TableDefinition,
  complete: readonly OutputColumn[],
  values: readonly (BoundExpression | undefined)[],
  source: LogicalPlan,
): LogicalPlan {
  refuseGenerated(where, table, values);
  const context = bindContext(session, program, []);
  const items = complete.map((column) => {
    const { defaultValue: standard, generated } = table.columns[column.position - 1]!;
    const expression: BoundExpression =
      values[column.position - 1] ??
      (standard === undefined || generated !== 'none'
        ? { kind: 'constant', value: null, type: column.type }
        : bindDefault(standard, table, column.position, context));
    return { column, expression };
  });
  const stored = storeExpression({ semantics: program.semantics } as never, where, '');
  const bound = bindTableExpression(stored, table, complete, context);
  const condition = coerceForAssignment(bound, { kind: 'bool' }, 'where', context, where.pos);
  const rows: LogicalPlan = { kind: 'project', source, items, columns: complete, setReturning: false };
  return { kind: 'filter', source: rows, condition, columns: complete };
}

/** Generated columns, and identities that the client does not send, have no values before the row is stored. */
function refuseGenerated(
  where: NonNullable<NodeOf<'LOAD_ROWS'>['where']>,
  table: TableDefinition,
  values: readonly (BoundExpression | undefined)[],
): void {
  for (const { name, pos } of columnNames(where)) {
    const last = name[name.length - 1]!;
    const column = table.columns.find((one) => !one.dropped && one.name.text === last.text);
    const at = pos === undefined ? {} : { position: pos };
    if (column !== undefined && column.identity !== 'none' && values[column.position - 1] === undefined)
      throw new SqlError('feature_not_supported', {
        message: `WHERE on identity column "${last.text}" that the data does not have is not supported`,
        ...at,
      });
    if (column === undefined || column.generated === 'none') continue;
    throw new SqlError('invalid_column_reference', {
      message: 'generated columns are not supported in COPY FROM WHERE conditions',
      detail: `Column "${last.text}" is a generated column.`,
      ...at,
    });
  }
}
