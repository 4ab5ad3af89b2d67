/** CREATE INDEX, and the shared function that adds any index to a table. */
import { identifierKey, type Identifier, regular } from '../../sblr/contract/names.ts';
import { collated } from '../types/collation.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { INT32 } from '../../sblr/contract/types.ts';
import { node, type NodeOf, type ValueNode } from '../../sblr/nodes.ts';
import type { IndexDefinition, IndexKeyDefinition, StoredExpression, TableDefinition } from '../catalog/definitions.ts';
import type { BoundExpression } from '../binder/bound.ts';
import { mapChildren } from '../binder/expression-tools.ts';
import { storedValue } from '../binder/stored-program.ts';
import { refuseSubqueries } from './expression-nodes.ts';
import {
  chooseName,
  relationNameTaken,
  requireOwner,
  storeExpression,
  undefinedRelation,
  type DdlContext,
} from './context.ts';
import { requireColumn } from './tables.ts';

/** Keys an index may have. */
export const INDEX_KEY_LIMIT = 32;

const METHODS = new Set(['btree', 'hash']);

export interface NewIndex {
  readonly tableId: number;
  readonly name: Identifier | undefined;
  readonly unique: boolean;
  readonly uniqueLate?: boolean;
  readonly primary?: boolean;
  readonly keys: readonly IndexKeyDefinition[];
  readonly include: readonly number[];
  readonly predicate: StoredExpression | undefined;
  readonly method: string;
  readonly nullsNotDistinct: boolean;
  readonly options: Readonly<Record<string, string>>;
  readonly comment?: string | undefined;
  /** Does the table hold rows that must enter the index? */
  readonly fill: boolean;
}

/** What stands for an expression in the name of its index: its function, or the kind of expression. */
function expressionName(stored: StoredExpression): string {
  let { value } = storedValue(stored);
  while (value.op === 'CAST' || value.op === 'COLLATE') value = value.operand;
  switch (value.op) {
    case 'CALL':
      return value.function;
    case 'CALL_ROUTINE':
    case 'COLUMN':
      return value.name[value.name.length - 1]!.text;
    case 'COALESCE':
    case 'CASE':
    case 'NULLIF':
      return value.op.toLowerCase();
    default:
      return 'expr';
  }
}

export async function addIndex(index: NewIndex, context: DdlContext): Promise<IndexDefinition> {
  const table = context.catalog.table(index.tableId);
  if (index.keys.length > INDEX_KEY_LIMIT)
    throw new SqlError('too_many_columns', `cannot use more than ${INDEX_KEY_LIMIT} columns in an index`);
  const columnName = (position: number): string => table.columns[position - 1]!.name.text;
  const words = [
    ...index.keys.map((key) => {
      const column = key.prefixOf ?? key.column;
      return column === 0 ? expressionName(key.expression!) : columnName(column);
    }),
    ...index.include.map(columnName),
  ].join('_');
  const kind = (index.unique || index.uniqueLate === true) && index.primary !== undefined ? 'key' : 'idx';
  const { name, localName } = nameIndex(index.name, table, words, kind, context);
  const id = context.catalog.base.allocateId();
  const definition: IndexDefinition = {
    kind: 'index',
    id,
    space: id,
    name,
    localName,
    owner: table.owner,
    tableId: table.id,
    unique: index.unique,
    ...(index.uniqueLate === true ? { uniqueLate: true } : {}),
    primary: index.primary ?? false,
    nullsNotDistinct: index.nullsNotDistinct,
    keys: index.keys,
    include: index.include,
    predicate: index.predicate,
    method: index.method,
    ready: true,
    options: index.options,
    comment: index.comment,
  };
  context.catalog.put({ ...table, indexes: [...table.indexes, definition] });
  if (index.fill) await context.buildIndex(context.catalog.table(table.id), definition);
  return definition;
}

/** The wanted name, or one made of table and columns; fails where it is taken. */
function nameIndex(
  wanted: Identifier | undefined,
  table: TableDefinition,
  words: string,
  kind: string,
  context: DdlContext,
): Pick<IndexDefinition, 'name' | 'localName'> {
  const taken = relationNameTaken(context, table.schemaId);
  if (context.semantics.indexNames === 'table') {
    const localName = localIndexName(wanted, table, words, context);
    // Made up, so nobody wrote its case.
    return { name: regular(chooseName(table.name.text, localName.text, kind, taken).text), localName };
  }
  const name = wanted ?? chooseName(table.name.text, words, kind, taken);
  if (!taken(name)) return { name };
  const shown = context.display(name);
  throw new SqlError('duplicate_table', { message: `relation "${shown}" already exists`, args: { name: shown } });
}

/** Without a wanted name an index is called after its first column, with a number when that is taken. */
export function localIndexName(
  wanted: Identifier | undefined,
  table: TableDefinition,
  words: string,
  context: DdlContext,
): Identifier {
  const isTaken = (name: Identifier): boolean => indexByLocalName(table, name) !== undefined;
  if (wanted !== undefined) {
    if (!isTaken(wanted)) return wanted;
    const shown = context.display(wanted);
    throw new SqlError('duplicate_object', { message: `index "${shown}" already exists`, args: { name: shown } });
  }
  const first = table.columns.find(({ name: { text }, dropped }) => !dropped && `${words}_`.startsWith(`${text}_`));
  const stem = first?.name.text ?? 'functional_index';
  for (let number = 1; ; number++) {
    const name = regular(number === 1 ? stem : `${stem}_${number}`);
    if (!isTaken(name)) return name;
  }
}

/** The index of a table by the name it has there. */
export function indexByLocalName(table: TableDefinition, name: Identifier): IndexDefinition | undefined {
  const key = identifierKey(name);
  return table.indexes.find((index) => identifierKey(index.localName ?? index.name) === key);
}

/** The beginning of a column's values, where a unique key is over no more of them. */
function beginning(
  { expression, prefixLength }: NodeOf<'INDEX_KEY'>,
  column: number | undefined,
  table: TableDefinition,
): ValueNode | undefined {
  if (prefixLength === undefined || column === undefined) return undefined;
  const { length = Number.MAX_SAFE_INTEGER } = table.columns[column - 1]!.type;
  if (length <= prefixLength) return undefined;
  const bounds = [1, prefixLength].map((value) => node('LITERAL', { type: INT32, value }));
  return node('CALL', { function: 'text_part', variadic: false, arguments: [expression, ...bounds] });
}

export function indexKeys(
  keys: readonly NodeOf<'INDEX_KEY'>[],
  table: TableDefinition,
  context: DdlContext,
  unique = false,
): IndexKeyDefinition[] {
  return keys.map((key): IndexKeyDefinition => {
    const named = plainColumn(key.expression, table, context);
    const prefix = unique ? beginning(key, named, table) : undefined;
    const column = prefix === undefined ? named : undefined;
    if (named === undefined) refuseSubqueries(key.expression, 'index expression');
    const expression = column === undefined ? storeExpression(context, prefix ?? key.expression, '') : undefined;
    const bound = column === undefined ? context.bindTableExpression(expression!, table) : undefined;
    if (bound !== undefined) requireImmutable(bound, 'expression');
    const type = bound?.type ?? table.columns[column! - 1]!.type;
    if (['json', 'record', 'void'].includes(type.kind)) {
      throw new SqlError('undefined_object', {
        message: `data type ${type.declared ?? type.kind} has no default operator class for access method "btree"`,
        hint: 'You must specify an operator class for the index or define a default operator class for the data type.',
      });
    }
    const collation =
      key.collation?.at(-1)?.text ?? (named === undefined ? type : table.columns[named - 1]!.type).collation;
    if (collation !== undefined) collated(type, collation);
    const nullsFirst =
      key.nulls === 'default' ? (context.semantics.nullOrder === 'low') !== key.descending : key.nulls === 'first';
    return {
      column: column ?? 0,
      expression,
      type,
      prefixLength: key.prefixLength,
      ...(prefix === undefined ? {} : { prefixOf: named }),
      descending: key.descending,
      nullsFirst,
      collation,
      operatorClass:
        key.operatorClass === undefined ? undefined : key.operatorClass[key.operatorClass.length - 1]!.text,
    };
  });
}

/** An index keeps what its expressions once answered: they must always answer the same. */
function requireImmutable(expression: BoundExpression, what: string): void {
  const volatility =
    expression.kind === 'call'
      ? expression.function.volatility
      : expression.kind === 'next_value'
        ? 'volatile'
        : 'immutable';
  if (volatility !== 'immutable')
    throw new SqlError('invalid_object_definition', `functions in index ${what} must be marked IMMUTABLE`);
  mapChildren(
    expression,
    (operand) => {
      requireImmutable(operand, what);
      return operand;
    },
    (plan) => plan,
  );
}

function plainColumn(expression: ValueNode, table: TableDefinition, context: DdlContext): number | undefined {
  if (expression.op !== 'COLUMN' || expression.name.length !== 1) return undefined;
  const name = expression.name[0]!;
  const found = table.columns.find((column) => !column.dropped && identifierKey(column.name) === identifierKey(name));
  if (found !== undefined) return found.position;
  throw new SqlError('undefined_column', {
    message: `column "${context.display(name)}" does not exist`,
    variant: 'named_in_key',
    args: { column: context.display(name) },
    ...(expression.pos === undefined ? {} : { position: expression.pos }),
  });
}

/** An index written with the table; `fill`: the table may have rows. */
export async function addTableIndex(
  index: NodeOf<'TABLE_INDEX'>,
  tableId: number,
  fill: boolean,
  context: DdlContext,
): Promise<void> {
  const { name, unique, method = 'btree', comment } = index;
  const keys = indexKeys(index.keys, context.catalog.table(tableId), context, index.unique);
  await addIndex(
    {
      tableId,
      name,
      unique,
      keys,
      include: [],
      predicate: undefined,
      method,
      nullsNotDistinct: false,
      options: {},
      comment,
      fill,
    },
    context,
  );
}

export async function createIndex(statement: NodeOf<'CREATE_INDEX'>, context: DdlContext): Promise<void> {
  const found = context.names.findRelation(statement.table);
  if (found === undefined) throw undefinedRelation(context, statement.table, 'relation', undefined);
  if (found.kind !== 'table') {
    throw new SqlError(
      'wrong_object_type',
      `cannot create index on relation "${statement.table.map((part) => context.display(part)).join('.')}"`,
    );
  }
  requireOwner(context, found, 'table', 'INDEX');
  const method = statement.method ?? 'btree';
  if (!METHODS.has(method)) {
    throw new SqlError('feature_not_supported', {
      message: `index method "${method}" is not supported`,
      hint: 'Use btree.',
      ...(statement.pos === undefined ? {} : { position: statement.pos }),
    });
  }
  const inSchema = context.semantics.indexNames === 'schema';
  if (inSchema && statement.name !== undefined && relationNameTaken(context, found.schemaId)(statement.name)) {
    const shown = context.display(statement.name);
    const details = { message: `relation "${shown}" already exists`, args: { name: shown } };
    if (!statement.exists) throw new SqlError('duplicate_table', details);
    context.notice('notice', 'duplicate_table', { ...details, message: `${details.message}, skipping` });
    return;
  }
  await context.lockTable(found, 'share');
  const table = context.catalog.table(found.id);
  const predicate =
    statement.where === undefined ? undefined : storeExpression(context, statement.where, statement.whereText ?? '');
  if (predicate !== undefined) {
    refuseSubqueries(statement.where!, 'index predicate');
    requireImmutable(context.bindTableExpression(predicate, table), 'predicate');
  }
  await addIndex(
    {
      tableId: table.id,
      name: statement.name,
      unique: statement.unique,
      keys: indexKeys(statement.keys, table, context, statement.unique),
      include: statement.include.map((name) => requireColumn(table, name, context, statement.pos).position),
      predicate,
      method,
      nullsNotDistinct: statement.nullsNotDistinct,
      options: Object.fromEntries(statement.options.map((option) => [option.name, option.value ?? ''])),
      fill: true,
    },
    context,
  );
}
