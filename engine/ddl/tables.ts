/**
 * CREATE TABLE and CREATE TABLE AS: columns, constraints of every kind, owned sequences, indexes.
 * Column constraints and table constraints go through the same functions (see constraints.ts).
 */
import { identifierKey, type Identifier } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type { ColumnDefinition, TableDefinition } from '../catalog/definitions.ts';
import { columnCollated } from './collations.ts';
import { shownColumns } from '../catalog/column-order.ts';
import { adoptReferences } from './absent-references.ts';
import { addConstraint, type ConstraintNode } from './constraints.ts';
import { claimRelationName, placeOf, resolveType, storeExpression, type DdlContext } from './context.ts';
import { verifyGenerated } from './generated-columns.ts';
import { addTableIndex } from './indexes.ts';
import { continueCounter, COUNTER_OPTION, createOwnedSequence } from './sequences.ts';

/** Columns a table may have; the same bound clients know from elsewhere. */
export const COLUMN_LIMIT = 1600;

export async function createTable(statement: NodeOf<'CREATE_TABLE'>, context: DdlContext): Promise<void> {
  const place = placeOf(context, statement.name, statement.temporary, statement.pos);
  if (!(await claimRelationName(context, place, statement.exists))) return;
  const id = context.catalog.base.allocateId();
  let table: TableDefinition = {
    kind: 'table',
    id,
    space: id,
    name: place.name,
    owner: context.ownerIn(place.schema),
    schemaId: place.schema.id,
    databaseId: place.schema.databaseId,
    columns: [],
    constraints: [],
    indexes: [],
    referencedBy: [],
    persistence:
      statement.temporary || place.schema.name.text.startsWith('temp:')
        ? 'temporary'
        : statement.unlogged
          ? 'unlogged'
          : 'permanent',
    onCommit: statement.onCommit,
    options: Object.fromEntries(statement.options.map((option) => [option.name, option.value ?? ''])),
    comment: statement.comment,
  };
  context.catalog.put(table);
  for (const like of statement.likes) await copyColumns(like, id, context);
  for (const column of statement.columns) await addColumn(column, id, context);
  table = context.catalog.table(id);
  verifyGenerated(statement.columns, table, context);
  if (table.columns.length > COLUMN_LIMIT) {
    throw new SqlError('too_many_columns', `tables can have at most ${COLUMN_LIMIT} columns`);
  }
  const pending: ConstraintNode[] = [];
  for (const column of statement.columns) {
    for (const constraint of column.constraints) pending.push({ constraint, column: column.name });
  }
  for (const constraint of statement.constraints) pending.push({ constraint, column: undefined });
  // Keys first: a foreign key may refer to a key of the same table.
  const order = {
    not_null: 0,
    null: 0,
    default: 0,
    check: 1,
    primary_key: 2,
    unique: 3,
    exclusion: 3,
    foreign_key: 4,
  } as const;
  pending.sort((a, b) => order[a.constraint.kind] - order[b.constraint.kind]);
  for (const one of pending) await addConstraint(one, id, context, true);
  for (const index of statement.indexes) await addTableIndex(index, id, false, context);
  adoptReferences(id, context);
}

export function columnByName(table: TableDefinition, name: Identifier): ColumnDefinition | undefined {
  const key = identifierKey(name);
  return table.columns.find((column) => !column.dropped && identifierKey(column.name) === key);
}

export function requireColumn(
  table: TableDefinition,
  name: Identifier,
  context: DdlContext,
  position?: number,
  variant = 'column_of_relation',
): ColumnDefinition {
  const found = columnByName(table, name);
  if (found !== undefined) return found;
  const shown = context.display(name);
  throw new SqlError('undefined_column', {
    message: `column "${shown}" of relation "${context.display(table.name)}" does not exist`,
    variant,
    args: { column: shown, table: context.display(table.name) },
    ...(position === undefined ? {} : { position }),
  });
}

/** Replaces one column's definition. */
export function putColumn(
  context: DdlContext,
  tableId: number,
  position: number,
  change: Partial<ColumnDefinition>,
): void {
  const table = context.catalog.table(tableId);
  context.catalog.put({
    ...table,
    columns: table.columns.map((column) => (column.position === position ? { ...column, ...change } : column)),
  });
}

/** Adds a column without its constraints (not null, default and keys come as constraints). */
export async function addColumn(
  column: NodeOf<'COLUMN_DEF'>,
  tableId: number,
  context: DdlContext,
): Promise<ColumnDefinition> {
  const table = context.catalog.table(tableId);
  const shown = context.display(column.name);
  if (columnByName(table, column.name) !== undefined) {
    throw new SqlError('duplicate_column', {
      message: `column "${shown}" specified more than once`,
      variant: 'specified',
      args: { column: shown },
      ...(column.pos === undefined ? {} : { position: column.pos }),
    });
  }
  if (
    ['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid'].includes(column.name.text.toLowerCase()) &&
    !column.name.exact
  ) {
    throw new SqlError('duplicate_column', {
      message: `column name "${shown}" conflicts with a system column name`,
      variant: 'system',
      args: { column: shown },
    });
  }
  const type = resolveType(context, column.type, column.pos);
  if (type.kind === 'unknown' || type.kind === 'void' || (type.kind === 'record' && type.typeId === undefined)) {
    throw new SqlError('invalid_table_definition', {
      message: `column "${shown}" has pseudo-type ${type.declared ?? type.kind}`,
      ...(column.pos === undefined ? {} : { position: column.pos }),
    });
  }
  const definition: ColumnDefinition = {
    position: table.columns.length + 1,
    name: column.name,
    type: columnCollated(type, column.collation, table, context),
    notNull: column.autoIncrement || column.identity !== 'none',
    identity: column.identity,
    generated: column.generated,
    missing: null,
    dropped: false,
    ...(column.autoIncrement && context.semantics.identityCounter === 'follows' ? { counterFollows: true } : {}),
    comment: column.comment,
    defaultValue:
      column.generation === undefined
        ? undefined
        : storeExpression(context, column.generation, column.generationText ?? ''),
    onUpdate:
      column.onUpdate === undefined ? undefined : storeExpression(context, column.onUpdate, column.onUpdateText ?? ''),
  };
  context.catalog.put({ ...table, columns: [...table.columns, definition] });
  if (column.autoIncrement || column.identity !== 'none') {
    const sequenceId = await createOwnedSequence(context, tableId, definition, column.sequenceOptions);
    putColumn(context, tableId, definition.position, { sequenceId });
    continueCounter(tableId, table.options[COUNTER_OPTION], context);
  }
  return definition;
}

async function copyColumns(like: NodeOf<'LIKE_TABLE'>, tableId: number, context: DdlContext): Promise<void> {
  const source = context.names.findRelation(like.name);
  if (source === undefined || (source.kind !== 'table' && source.kind !== 'view')) {
    const shown = like.name.map((part) => context.display(part)).join('.');
    throw new SqlError('undefined_table', {
      message: `relation "${shown}" does not exist`,
      args: { name: shown },
      ...(like.pos === undefined ? {} : { position: like.pos }),
    });
  }
  const wants = (what: string): boolean => like.including.includes(what) || like.including.includes('all');
  let table = context.catalog.table(tableId);
  const positions = new Map<number, number>();
  const columns = [...table.columns];
  for (const column of shownColumns(source)) {
    positions.set(column.position, columns.length + 1);
    columns.push({
      ...column,
      position: columns.length + 1,
      missing: null,
      sequenceId: wants('defaults') && column.identity === 'none' ? column.sequenceId : undefined,
      defaultValue: wants(column.generated === 'none' ? 'defaults' : 'generated') ? column.defaultValue : undefined,
      generated: wants('generated') ? column.generated : 'none',
      identity: 'none',
      comment: wants('comments') ? column.comment : undefined,
      grants: undefined,
    });
  }
  table = { ...table, columns };
  if (source.kind === 'table' && wants('constraints')) {
    const checks = source.constraints.filter((constraint) => constraint.kind === 'check');
    table = {
      ...table,
      constraints: [
        ...table.constraints,
        ...checks.map((check) => ({
          ...check,
          id: context.catalog.base.allocateId(),
          columns: check.columns.map((position) => positions.get(position)!),
        })),
      ],
    };
  }
  if (wants('options')) table = { ...table, options: source.options, comment: source.comment };
  context.catalog.put(table);
  if (wants('counters')) await ownCounters(tableId, context);
  if (source.kind !== 'table' || !wants('indexes')) return;
  copyIndexes(source, tableId, positions, context);
}

/** Columns that count by the sequence of another table get one of their own. */
async function ownCounters(tableId: number, context: DdlContext): Promise<void> {
  for (const column of context.catalog.table(tableId).columns) {
    if (column.sequenceId === undefined) continue;
    const sequenceId = await createOwnedSequence(context, tableId, column, undefined);
    putColumn(context, tableId, column.position, { sequenceId });
  }
}

function copyIndexes(
  source: TableDefinition,
  tableId: number,
  positions: ReadonlyMap<number, number>,
  context: DdlContext,
): void {
  for (const index of source.indexes) {
    const table = context.catalog.table(tableId);
    const keyNames = index.keys.map((key) => (key.column === 0 ? 'expr' : source.columns[key.column - 1]!.name.text));
    const label = index.primary ? 'pkey' : index.unique || index.uniqueLate === true ? 'key' : 'idx';
    const text = [table.name.text, ...(index.primary ? [] : keyNames), label].join('_');
    const id = context.catalog.base.allocateId();
    const name = { text, exact: false };
    const copy = {
      ...index,
      id,
      space: id,
      tableId,
      name,
      keys: index.keys.map((key) => ({
        ...key,
        column: key.column === 0 ? 0 : positions.get(key.column)!,
        ...(key.prefixOf === undefined ? {} : { prefixOf: positions.get(key.prefixOf)! }),
      })),
      include: index.include.map((position) => positions.get(position)!),
    };
    const owner = source.constraints.find(
      (constraint) => constraint.indexId === index.id && constraint.kind !== 'foreign_key',
    );
    context.catalog.put({
      ...table,
      indexes: [...table.indexes, copy],
      constraints:
        owner === undefined
          ? table.constraints
          : [
              ...table.constraints,
              {
                ...owner,
                id: context.catalog.base.allocateId(),
                name: index.localName === undefined ? name : owner.name,
                indexId: id,
                columns: owner.columns.map((position) => positions.get(position)!),
              },
            ],
    });
  }
}

/** Answers the number of rows stored. */
/** Answers the number of rows; undefined = the table is there already. */
export async function createTableAs(
  statement: NodeOf<'CREATE_TABLE_AS'>,
  context: DdlContext,
): Promise<number | undefined> {
  const place = placeOf(context, statement.name, statement.temporary, statement.pos);
  if (!(await claimRelationName(context, place, statement.exists))) return undefined;
  const query = context.bindQuery(statement.source);
  if (statement.columns.length > query.plan.columns.length) {
    throw new SqlError('syntax_error', 'too many column names were specified');
  }
  const id = context.catalog.base.allocateId();
  const seen = new Set<string>();
  const columns = query.plan.columns.map((column, index): ColumnDefinition => {
    const name = statement.columns[index] ?? { text: column.name, exact: column.name !== column.name.toLowerCase() };
    if (seen.has(identifierKey(name))) {
      throw new SqlError('duplicate_column', {
        message: `column "${context.display(name)}" specified more than once`,
        variant: 'specified',
        args: { column: context.display(name) },
      });
    }
    seen.add(identifierKey(name));
    const type = column.type.kind === 'unknown' ? ({ kind: 'text' } as const) : column.type;
    return {
      position: index + 1,
      name,
      type,
      notNull: false,
      identity: 'none',
      generated: 'none',
      missing: null,
      dropped: false,
    };
  });
  const table: TableDefinition = {
    kind: 'table',
    id,
    space: id,
    name: place.name,
    owner: context.ownerIn(place.schema),
    schemaId: place.schema.id,
    databaseId: place.schema.databaseId,
    columns,
    constraints: [],
    indexes: [],
    referencedBy: [],
    persistence:
      statement.temporary || place.schema.name.text.startsWith('temp:')
        ? 'temporary'
        : statement.unlogged
          ? 'unlogged'
          : 'permanent',
    onCommit: statement.onCommit,
    options: Object.fromEntries(statement.options.map((option) => [option.name, option.value ?? ''])),
  };
  context.catalog.put(table);
  return statement.withData ? context.insertQuery(query, table) : 0;
}
