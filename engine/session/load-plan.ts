/**
 * The plan of a bulk load: the rows of the client as a scan, what WHERE keeps of them, and an INSERT.
 * WHERE sees whole rows of the table: columns that the client does not send have their defaults there.
 */
import { displayIdentifier } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { NodeOf, Program } from '../../sblr/nodes.ts';
import type { BoundExpression, BoundQuery, LogicalPlan, OutputColumn } from '../binder/bound.ts';
import { bindDefault, bindTableExpression, coerceForAssignment } from '../binder/index.ts';
import type { ColumnDefinition, SystemRelation, TableDefinition } from '../catalog/definitions.ts';
import { storeExpression } from '../ddl/context.ts';
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
