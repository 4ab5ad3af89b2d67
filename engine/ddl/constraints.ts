/**
 * Adding constraints to a table, for CREATE TABLE and ALTER TABLE alike. NOT NULL and DEFAULT become
 * facts of the column; keys become unique indexes with a constraint entry; checks and foreign keys
 * are stored, and verified against existing rows unless NOT VALID.
 */
import { checkDefault } from './default-values.ts';
import { identifierKey, type Identifier, regular } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { node, type NodeOf, type ValueNode } from '../../sblr/nodes.ts';
import type {
  ConstraintDefinition,
  IndexDefinition,
  IndexKeyDefinition,
  ObjectId,
  TableDefinition,
} from '../catalog/definitions.ts';
import { absentReference } from './absent-references.ts';
import { referencedKey, requireComparable } from './foreign-key-target.ts';
import { chooseName, relationNameTaken, storeExpression, undefinedRelation, type DdlContext } from './context.ts';
import { columnNames, refuseSubqueries } from './expression-nodes.ts';
import { addIndex, localIndexName } from './indexes.ts';
import { putColumn, requireColumn } from './tables.ts';

/** A constraint and, when it was written on a column, that column. */
export interface ConstraintNode {
  readonly constraint: NodeOf<'CONSTRAINT_DEF'>;
  readonly column: Identifier | undefined;
}

/** `fresh`: the table has no rows yet, nothing needs verifying. */
export async function addConstraint(
  one: ConstraintNode,
  tableId: number,
  context: DdlContext,
  fresh: boolean,
): Promise<void> {
  const { constraint, column } = one;
  const table = context.catalog.table(tableId);
  switch (constraint.kind) {
    case 'null':
      return;
    case 'not_null': {
      const target = requireColumn(table, column!, context, constraint.pos);
      putColumn(context, tableId, target.position, { notNull: true });
      if (!fresh) await context.validateNotNull(context.catalog.table(tableId), target.position);
      return;
    }
    case 'default': {
      const target = requireColumn(table, column!, context, constraint.pos);
      setDefault(context, tableId, target.position, constraint.expression, constraint.text ?? '');
      return;
    }
    case 'check':
      return addCheck(one, tableId, context, fresh);
    case 'primary_key':
    case 'unique':
      return addKey(one, tableId, context, fresh);
    case 'foreign_key':
      return addForeignKey(one, tableId, context, fresh);
    case 'exclusion':
      throw new SqlError('feature_not_supported', {
        message: 'exclusion constraints are not supported',
        ...(constraint.pos === undefined ? {} : { position: constraint.pos }),
      });
    default:
      constraint.kind satisfies never;
  }
}

export function setDefault(
  context: DdlContext,
  tableId: number,
  position: number,
  expression: ValueNode | undefined,
  text: string,
): void {
  if (expression === undefined) {
    putColumn(context, tableId, position, { defaultValue: undefined, sequenceId: undefined });
    return;
  }
  refuseSubqueries(expression, 'DEFAULT expression');
  const names = columnNames(expression);
  if (names.length > 0) {
    throw new SqlError('feature_not_supported', {
      message: 'cannot use column reference in DEFAULT expression',
      ...(names[0]!.pos === undefined ? {} : { position: names[0]!.pos }),
    });
  }
  const stored = storeExpression(context, expression, text);
  putColumn(context, tableId, position, { defaultValue: stored, sequenceId: undefined });
  // Binding now reports a default that can never be assigned.
  const table = context.catalog.table(tableId);
  checkDefault(context.bindDefault(stored, table, position), table.columns[position - 1]!, context);
  const sequenceId = sequenceOfDefault(expression, context);
  const { kind } = context.catalog.table(tableId).columns[position - 1]!.type;
  if (sequenceId !== undefined && (kind === 'int16' || kind === 'int32' || kind === 'int64'))
    putColumn(context, tableId, position, { defaultValue: undefined, sequenceId });
}

/** The next value of a sequence named by a constant: the column is then bound to the sequence whatever it is called. */
function sequenceOfDefault(expression: ValueNode, context: DdlContext): ObjectId | undefined {
  if (expression.op !== 'CALL' || expression.function !== 'nextval') return undefined;
  const [argument] = expression.arguments;
  const literal = argument?.op === 'CAST' && argument.type.kind === 'reference' ? argument.operand : argument;
  if (literal?.op !== 'LITERAL' || literal.type.kind !== 'unknown') return undefined;
  const reference = node('CAST', { type: { kind: 'reference', target: 'relation' }, mode: 'cast', operand: literal });
  const id = context.evaluateConstant(reference);
  return typeof id === 'number' && context.catalog.get(id)?.kind === 'sequence' ? id : undefined;
}

function constraintNameTaken(table: TableDefinition): (name: Identifier) => boolean {
  return (name) => table.constraints.some((existing) => identifierKey(existing.name) === identifierKey(name));
}

/** The stem with the first number that is free, where the dialect names constraints so. */
function numberedName({ nameStem }: NodeOf<'CONSTRAINT_DEF'>, table: TableDefinition): Identifier | undefined {
  if (nameStem === undefined) return undefined;
  const taken = constraintNameTaken(table);
  for (let number = 1; ; number++) {
    const name = regular(`${nameStem}_${number}`);
    if (!taken(name)) return name;
  }
}

function claimConstraintName(table: TableDefinition, name: Identifier, context: DdlContext): void {
  if (!constraintNameTaken(table)(name)) return;
  throw new SqlError('duplicate_object', {
    message: `constraint "${context.display(name)}" for relation "${context.display(table.name)}" already exists`,
    variant: 'constraint',
    args: { constraint: context.display(name), table: context.display(table.name) },
  });
}

function baseConstraint(
  constraint: NodeOf<'CONSTRAINT_DEF'>,
  context: DdlContext,
): Omit<ConstraintDefinition, 'name' | 'kind' | 'columns'> {
  return {
    id: context.catalog.base.allocateId(),
    onDelete: constraint.onDelete,
    onUpdate: constraint.onUpdate,
    match: constraint.match,
    setColumns: [],
    deferrable: constraint.deferrable,
    initiallyDeferred: constraint.initiallyDeferred,
    validated: !constraint.notValid,
    noInherit: constraint.noInherit,
  };
}

async function addCheck(one: ConstraintNode, tableId: number, context: DdlContext, fresh: boolean): Promise<void> {
  const { constraint } = one;
  const table = context.catalog.table(tableId);
  refuseSubqueries(constraint.expression!, 'check constraint');
  const names = columnNames(constraint.expression!);
  const positions = new Set<number>();
  for (const used of names) {
    const column = table.columns.find(
      (candidate) =>
        !candidate.dropped && identifierKey(candidate.name) === identifierKey(used.name[used.name.length - 1]!),
    );
    if (column !== undefined) positions.add(column.position);
  }
  const only = positions.size === 1 ? table.columns[[...positions][0]! - 1]!.name.text : '';
  const name =
    constraint.name ??
    numberedName(constraint, table) ??
    chooseName(table.name.text, only, 'check', constraintNameTaken(table));
  claimConstraintName(table, name, context);
  const definition: ConstraintDefinition = {
    ...baseConstraint(constraint, context),
    name,
    kind: 'check',
    columns: [...positions].sort((a, b) => a - b),
    check: storeExpression(context, constraint.expression!, constraint.text ?? ''),
  };
  const bound = context.bindTableExpression(definition.check!, table);
  if (bound.type.kind !== 'bool') {
    throw new SqlError('datatype_mismatch', {
      message: `argument of CHECK must be type boolean, not type ${bound.type.declared ?? bound.type.kind}`,
      ...(constraint.expression!.pos === undefined ? {} : { position: constraint.expression!.pos }),
    });
  }
  context.catalog.put({ ...table, constraints: [...table.constraints, definition] });
  if (!fresh && definition.validated) await context.validateCheck(context.catalog.table(tableId), definition);
}

async function addKey(one: ConstraintNode, tableId: number, context: DdlContext, fresh: boolean): Promise<void> {
  const { constraint, column } = one;
  const table = context.catalog.table(tableId);
  const primary = constraint.kind === 'primary_key';
  if (primary && table.constraints.some((existing) => existing.kind === 'primary_key')) {
    throw new SqlError('invalid_table_definition', {
      message: `multiple primary keys for table "${context.display(table.name)}" are not allowed`,
      variant: 'multiple_primary_keys',
      args: { table: context.display(table.name) },
      ...(constraint.pos === undefined ? {} : { position: constraint.pos }),
    });
  }
  if (constraint.usingIndex !== undefined) {
    if (!fresh && primary) {
      const adopted = table.indexes.find(
        (candidate) => identifierKey(candidate.name) === identifierKey(constraint.usingIndex!),
      );
      for (const key of adopted?.keys ?? []) if (key.column !== 0) await context.validateNotNull(table, key.column);
    }
    return adoptIndex(one, tableId, context);
  }
  const names = column === undefined ? constraint.columns : [column];
  const columns = names.map((name) => requireKeyColumn(table, name, context, constraint.pos));
  const keys = columns.map((position): IndexKeyDefinition => {
    const type = table.columns[position - 1]!.type;
    return { column: position, type, descending: false, nullsFirst: false, collation: type.collation };
  });
  const include = constraint.include.map((name) => requireColumn(table, name, context, constraint.pos).position);
  const taken = relationNameTaken(context, table.schemaId);
  const name = constraint.name ?? keyName(table, [...columns, ...include], primary, taken, context);
  if (context.semantics.indexNames === 'schema' && taken(name))
    throw new SqlError('duplicate_table', {
      message: `relation "${context.display(name)}" already exists`,
      args: { name: context.display(name) },
    });
  if (primary) {
    // Before the index exists and the column promises to hold no nulls: either would answer without looking.
    if (!fresh) for (const position of columns) await context.validateNotNull(table, position);
    for (const position of columns) putColumn(context, tableId, position, { notNull: true });
  }
  const index = await addIndex(
    {
      tableId,
      name,
      ...(constraint.deferrable ? { unique: false, uniqueLate: true } : { unique: true }),
      primary,
      keys,
      include,
      predicate: undefined,
      method: 'btree',
      nullsNotDistinct: constraint.nullsNotDistinct,
      options: {},
      fill: !fresh,
    },
    context,
  );
  const current = context.catalog.table(tableId);
  context.catalog.put({
    ...current,
    constraints: [
      ...current.constraints,
      {
        ...baseConstraint(constraint, context),
        name,
        kind: primary ? 'primary_key' : 'unique',
        columns,
        indexId: index.id,
      },
    ],
  });
}

/** What a key that nobody named is called, and its index after it. */
function keyName(
  table: TableDefinition,
  positions: readonly number[],
  primary: boolean,
  taken: (name: Identifier) => boolean,
  context: DdlContext,
): Identifier {
  const words = primary ? '' : positions.map((position) => table.columns[position - 1]!.name.text).join('_');
  if (context.semantics.indexNames === 'table') return localIndexName(undefined, table, words, context);
  return chooseName(table.name.text, words, primary ? 'pkey' : 'key', taken);
}

function requireKeyColumn(
  table: TableDefinition,
  name: Identifier,
  context: DdlContext,
  position: number | undefined,
): number {
  const found = table.columns.find(
    (candidate) => !candidate.dropped && identifierKey(candidate.name) === identifierKey(name),
  );
  if (found !== undefined) return found.position;
  throw new SqlError('undefined_column', {
    message: `column "${context.display(name)}" named in key does not exist`,
    variant: 'named_in_key',
    args: { column: context.display(name), table: context.display(table.name) },
    ...(position === undefined ? {} : { position }),
  });
}

function adoptIndex(one: ConstraintNode, tableId: number, context: DdlContext): void {
  const { constraint } = one;
  const table = context.catalog.table(tableId);
  const index = table.indexes.find(
    (candidate) => identifierKey(candidate.name) === identifierKey(constraint.usingIndex!),
  );
  if (
    index === undefined ||
    !index.unique ||
    index.predicate !== undefined ||
    index.keys.some((key) => key.column === 0)
  ) {
    throw new SqlError(
      'undefined_object',
      `index "${context.display(constraint.usingIndex!)}" does not exist or cannot enforce a key`,
    );
  }
  if (constraint.deferrable)
    throw new SqlError('feature_not_supported', {
      message: 'a deferrable constraint cannot take over an existing index',
      hint: 'Add the constraint without USING INDEX.',
      ...(constraint.pos === undefined ? {} : { position: constraint.pos }),
    });
  if (table.constraints.some((existing) => existing.kind !== 'foreign_key' && existing.indexId === index.id)) {
    throw new SqlError('object_not_in_prerequisite_state', {
      message: `index "${context.display(index.name)}" is already associated with a constraint`,
      ...(constraint.pos === undefined ? {} : { position: constraint.pos }),
    });
  }
  const primary = constraint.kind === 'primary_key';
  const name = constraint.name ?? index.name;
  const columns = index.keys.map((key) => key.column);
  const renamed: IndexDefinition = { ...index, name, primary };
  context.catalog.put({
    ...table,
    columns: primary
      ? table.columns.map((column) => (columns.includes(column.position) ? { ...column, notNull: true } : column))
      : table.columns,
    indexes: table.indexes.map((candidate) => (candidate.id === index.id ? renamed : candidate)),
    constraints: [
      ...table.constraints,
      {
        ...baseConstraint(constraint, context),
        name,
        kind: primary ? 'primary_key' : 'unique',
        columns,
        indexId: index.id,
      },
    ],
  });
}

async function addForeignKey(one: ConstraintNode, tableId: number, context: DdlContext, fresh: boolean): Promise<void> {
  const { constraint, column } = one;
  const table = context.catalog.table(tableId);
  const names = column === undefined ? constraint.columns : [column];
  const columns = names.map((name) => {
    const found = table.columns.find(
      (candidate) => !candidate.dropped && identifierKey(candidate.name) === identifierKey(name),
    );
    if (found !== undefined) return found.position;
    throw new SqlError('undefined_column', {
      message: `column "${context.display(name)}" referenced in foreign key constraint does not exist`,
      variant: 'foreign_key',
      args: { column: context.display(name) },
      ...(constraint.pos === undefined ? {} : { position: constraint.pos }),
    });
  });
  const target = context.names.findRelation(constraint.refTable!);
  const words = columns.map((position) => table.columns[position - 1]!.name.text).join('_');
  const name =
    constraint.name ??
    numberedName(constraint, table) ??
    chooseName(table.name.text, words, 'fkey', constraintNameTaken(table));
  if (target === undefined && !context.checksForeignKeys) {
    claimConstraintName(table, name, context);
    const absent = absentReference(table, constraint.refTable!, constraint.refColumns, context);
    const waiting: ConstraintDefinition = {
      ...baseConstraint(constraint, context),
      name,
      kind: 'foreign_key',
      columns,
      absent,
    };
    context.catalog.put({ ...table, constraints: [...table.constraints, waiting] });
    return;
  }
  if (target === undefined) throw undefinedRelation(context, constraint.refTable!, 'relation', undefined);
  if (target.kind !== 'table') {
    throw new SqlError('wrong_object_type', {
      message: `referenced relation "${'name' in target && typeof target.name !== 'string' ? context.display(target.name) : ''}" is not a table`,
    });
  }
  const parent = target.id === tableId ? context.catalog.table(tableId) : target;
  context.names.checkPrivilege(parent, 'REFERENCES');
  if (!fresh || parent.id !== tableId) await context.lockTable(parent, 'share_row_exclusive');
  const { refColumns, index } = referencedKey(parent, constraint.refColumns, context);
  if (refColumns.length !== columns.length) {
    throw new SqlError('invalid_foreign_key', 'number of referencing and referenced columns for foreign key disagree');
  }
  columns.forEach((position, at) =>
    requireComparable(table, position, parent, refColumns[at]!, constraint.name, context),
  );
  claimConstraintName(table, name, context);
  const definition: ConstraintDefinition = {
    ...baseConstraint(constraint, context),
    name,
    kind: 'foreign_key',
    columns,
    refTableId: parent.id,
    refColumns,
    indexId: index.id,
    setColumns: constraint.setColumns.map((set) => setColumn(set, table, columns, constraint, context)),
  };
  context.catalog.put({ ...table, constraints: [...table.constraints, definition] });
  const current = context.catalog.table(parent.id);
  if (!current.referencedBy.includes(tableId))
    context.catalog.put({ ...current, referencedBy: [...current.referencedBy, tableId] });
  if (!fresh && definition.validated && context.checksForeignKeys)
    await context.validateForeignKey(context.catalog.table(tableId), definition);
}

function setColumn(
  name: Identifier,
  table: TableDefinition,
  columns: readonly number[],
  constraint: NodeOf<'CONSTRAINT_DEF'>,
  context: DdlContext,
): number {
  const { position } = requireColumn(table, name, context, constraint.pos);
  if (columns.includes(position)) return position;
  throw new SqlError(
    'invalid_column_reference',
    `column "${context.display(name)}" referenced in ON DELETE SET action must be part of foreign key`,
  );
}
