/** ALTER TABLE (and ALTER VIEW / INDEX / SEQUENCE in ALTER TABLE's form): the actions, one function each. */
import { identifierKey, type Identifier } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import { node } from '../../sblr/nodes.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { BoundExpression } from '../binder/bound.ts';
import type {
  ColumnDefinition,
  Definition,
  IndexKeyDefinition,
  RelationDefinition,
  SchemaDefinition,
  TableDefinition,
} from '../catalog/definitions.ts';
import { givenTo } from '../catalog/privileges.ts';
import type { TableLockMode } from '../transactions/locks.ts';
import { collated } from '../types/collation.ts';
import { addConstraint, setDefault } from './constraints.ts';
import {
  relationNameTaken,
  requireOwner,
  requireSchema,
  resolveType,
  storeExpression,
  undefinedRelation,
  type DdlContext,
} from './context.ts';
import { alterDeclared } from './alter-declared.ts';
import { placeColumn } from './change-column.ts';
import { fillNewColumn, rewrite } from './rewrite.ts';
import { dropColumnDependents, dropConstraint, dropOwnedSequence } from './drop.ts';
import { checkDependentViews, renameColumnEverywhere } from './dependencies.ts';
import { changeSequence, COUNTER_OPTION, createOwnedSequence, resetCounter } from './sequences.ts';
import { verifyGenerated } from './generated-columns.ts';
import { addColumn, columnByName, putColumn, requireColumn } from './tables.ts';
import { dropColumnInViews, moveInViews, renameColumnInViews, renameInViews } from './view-names.ts';
import { alterViewOptions } from './views.ts';

type Action = NodeOf<'ALTER_ACTION'>;

/** Actions that change nothing a client of this server can see; accepted as their dialects do. */
/** Of those, the ones about a column. */
const COLUMN_ACTIONS = new Set(['set_statistics', 'set_storage']);

const WITHOUT_EFFECT = new Set([
  'set_statistics',
  'set_storage',
  'cluster',
  'replica_identity',
  'set_logged',
  'set_unlogged',
]);

export async function alterTable(statement: NodeOf<'ALTER_TABLE'>, context: DdlContext): Promise<void> {
  const found = context.names.findRelation(statement.name);
  if (found === undefined || found.kind === 'system') {
    const error = undefinedRelation(context, statement.name, 'relation', undefined);
    if (!statement.exists) throw error;
    context.notice('notice', 'successful_completion', { message: `${error.message}, skipping` });
    return;
  }
  if (found.kind === 'view' && found.system)
    throw new SqlError(
      'insufficient_privilege',
      `permission denied: "${context.display(found.name)}" is a system catalog`,
    );
  requireOwner(context, found, found.kind, 'ALTER');
  if (found.kind === 'table') await context.lockTable(found, lockFor(statement.actions));
  for (const action of statement.actions) {
    const current = context.catalog.get(found.id) as RelationDefinition;
    if (current.kind === 'table') {
      if (!(await alterDeclared(action, current, { alterType, renameColumn }, context)))
        await alterOne(action, current, context);
    } else alterOther(action, current, context);
  }
}

/** The strongest lock any of the actions needs: readers, and for some writers, too, go on beside what does not concern them. */
function lockFor(actions: readonly Action[]): TableLockMode {
  let strongest: TableLockMode = 'share_update_exclusive';
  for (const { action, constraint } of actions) {
    if (action === 'validate_constraint' || action === 'set_statistics') continue;
    if (action !== 'add_constraint' || constraint?.kind !== 'foreign_key') return 'access_exclusive';
    strongest = 'share_row_exclusive';
  }
  return strongest;
}

async function alterOne(action: Action, table: TableDefinition, context: DdlContext): Promise<void> {
  switch (action.action) {
    case 'add_column':
      return addTableColumn(action, table, context);
    case 'drop_column':
      return dropColumn(action, table, context);
    case 'alter_type':
      return alterType(action, table, context);
    case 'set_default': {
      const column = requireColumn(table, action.name!, context);
      if (column.identity !== 'none') throw identityColumn(column, table, context);
      if (column.generated !== 'none')
        throw new SqlError(
          'syntax_error',
          `column "${context.display(column.name)}" of relation "${context.display(table.name)}" is a generated column`,
        );
      setDefault(context, table.id, column.position, action.value, action.text ?? '');
      return;
    }
    case 'drop_default':
      setDefault(context, table.id, requireColumn(table, action.name!, context).position, undefined, '');
      return;
    case 'set_not_null': {
      const column = requireColumn(table, action.name!, context);
      putColumn(context, table.id, column.position, { notNull: true });
      return context.validateNotNull(context.catalog.table(table.id), column.position);
    }
    case 'drop_not_null': {
      const column = requireColumn(table, action.name!, context);
      if (column.identity !== 'none') throw identityColumn(column, table, context);
      if (
        table.constraints.some(
          (constraint) => constraint.kind === 'primary_key' && constraint.columns.includes(column.position),
        )
      ) {
        throw new SqlError('invalid_table_definition', {
          message: `column "${context.display(column.name)}" is in a primary key`,
          variant: 'in_primary_key',
          args: { column: context.display(column.name) },
        });
      }
      putColumn(context, table.id, column.position, { notNull: false });
      return;
    }
    case 'add_constraint':
      return addConstraint({ constraint: action.constraint!, column: undefined }, table.id, context, false);
    case 'drop_constraint':
      return dropConstraint(table, action.name!, action.exists, action.behavior, context);
    case 'rename_constraint':
      return renameConstraint(action, table, context);
    case 'validate_constraint': {
      const constraint = table.constraints.find(
        (candidate) => identifierKey(candidate.name) === identifierKey(action.name!),
      );
      if (constraint === undefined) throw undefinedConstraint(action.name!, table, context);
      if (constraint.kind === 'check') await context.validateCheck(table, constraint);
      if (constraint.kind === 'foreign_key') await context.validateForeignKey(table, constraint);
      context.catalog.put({
        ...table,
        constraints: table.constraints.map((candidate) =>
          candidate === constraint ? { ...candidate, validated: true } : candidate,
        ),
      });
      return;
    }
    case 'alter_constraint':
      return alterConstraint(action, table, context);
    case 'add_identity': {
      const column = requireColumn(table, action.name!, context);
      requireIdentityPossible(column, table, context);
      const identity = identityGiven(action) ?? 'by_default';
      putColumn(context, table.id, column.position, { identity, defaultValue: undefined });
      await createOwnedSequence(context, table.id, { ...column, identity }, action.sequence);
      return;
    }
    case 'set_identity': {
      const column = requireColumn(table, action.name!, context);
      if (column.identity === 'none')
        throw new SqlError(
          'object_not_in_prerequisite_state',
          `column "${context.display(column.name)}" of relation "${context.display(table.name)}" is not an identity column`,
        );
      const identity = identityGiven(action);
      if (identity !== undefined) putColumn(context, table.id, column.position, { identity });
      if (action.sequence !== undefined) changeSequence(column.sequenceId!, action.sequence, context);
      return;
    }
    case 'drop_identity': {
      const column = requireColumn(table, action.name!, context);
      if (column.identity === 'none') {
        if (action.exists) return;
        throw new SqlError(
          'object_not_in_prerequisite_state',
          `column "${context.display(column.name)}" of relation "${context.display(table.name)}" is not an identity column`,
        );
      }
      putColumn(context, table.id, column.position, { identity: 'none', sequenceId: undefined });
      dropOwnedSequence(column.sequenceId!, context);
      return;
    }
    case 'drop_expression': {
      const column = requireColumn(table, action.name!, context);
      if (column.generated === 'none') return notGenerated(column, table, action, context);
      putColumn(context, table.id, column.position, { generated: 'none', defaultValue: undefined });
      return;
    }
    case 'set_options':
    case 'reset_options':
      return changeOptions(action, table, context);
    default:
      if (WITHOUT_EFFECT.has(action.action)) {
        if (COLUMN_ACTIONS.has(action.action)) requireColumn(table, action.name!, context);
        return;
      }
      alterOther(action, table, context);
  }
}

/** Actions common to all relations: rename, move, owner, column names of views. */
function alterOther(action: Action, relation: RelationDefinition, context: DdlContext): void {
  switch (action.action) {
    case 'rename':
      return renameRelation(relation, action.newName!, context);
    case 'rename_column': {
      if (relation.kind !== 'table' && relation.kind !== 'view') break;
      return renameColumn(action, relation as TableDefinition, context);
    }
    case 'set_schema': {
      if (relation.kind === 'index') break;
      const schema = requireSchema(context, action.newName!, action.pos);
      if (relation.schemaId !== schema.id && context.catalog.relationByName(schema.id, relation.name) !== undefined) {
        throw new SqlError(
          'duplicate_table',
          `relation "${context.display(relation.name)}" already exists in schema "${context.display(schema.name)}"`,
        );
      }
      moveRelation(relation, schema.id, context);
      return;
    }
    case 'owner': {
      const owner = context.catalog.roleByName(action.newName!);
      if (owner === undefined)
        throw new SqlError('undefined_object', {
          message: `role "${context.display(action.newName!)}" does not exist`,
          variant: 'role',
          args: { role: context.display(action.newName!) },
        });
      context.catalog.put(givenTo(relation, owner.id));
      if (relation.kind === 'table') {
        for (const column of relation.columns) {
          const sequence = column.sequenceId === undefined ? undefined : context.catalog.get(column.sequenceId);
          if (sequence !== undefined) context.catalog.put(givenTo(sequence, owner.id));
        }
      }
      return;
    }
    case 'set_options':
    case 'reset_options':
      if (relation.kind === 'view') alterViewOptions(relation, action, context);
      return;
    default:
      break;
  }
  throw new SqlError('feature_not_supported', {
    message: `ALTER action ${action.action.replaceAll('_', ' ')} is not supported for a ${relation.kind}`,
    ...(action.pos === undefined ? {} : { position: action.pos }),
  });
}

/** GENERATED ALWAYS | BY DEFAULT; undefined where neither was said. */
function identityGiven(action: Action): ColumnDefinition['identity'] | undefined {
  const given = action.options.find((option) => option.name === 'generated')?.value;
  return given === 'always' || given === 'by_default' ? given : undefined;
}

/** ADD GENERATED AS IDENTITY needs a NOT NULL column without a default. */
function requireIdentityPossible(column: ColumnDefinition, table: TableDefinition, context: DdlContext): void {
  if (!column.notNull)
    throw new SqlError(
      'object_not_in_prerequisite_state',
      `column "${context.display(column.name)}" of relation "${context.display(table.name)}" must be declared NOT NULL before identity can be added`,
    );
  if (column.identity !== 'none')
    throw new SqlError(
      'object_not_in_prerequisite_state',
      `column "${context.display(column.name)}" of relation "${context.display(table.name)}" is already an identity column`,
    );
  if (column.defaultValue !== undefined || column.sequenceId !== undefined)
    throw new SqlError(
      'object_not_in_prerequisite_state',
      `column "${context.display(column.name)}" of relation "${context.display(table.name)}" already has a default value`,
    );
}

function identityColumn(column: ColumnDefinition, table: TableDefinition, context: DdlContext): SqlError {
  return new SqlError(
    'syntax_error',
    `column "${context.display(column.name)}" of relation "${context.display(table.name)}" is an identity column`,
  );
}

function notGenerated(column: ColumnDefinition, table: TableDefinition, action: Action, context: DdlContext): void {
  const message = `column "${context.display(column.name)}" of relation "${context.display(table.name)}" is not a stored generated column`;
  if (!action.exists) throw new SqlError('object_not_in_prerequisite_state', message);
  context.notice('notice', 'successful_completion', { message: `${message}, skipping` });
}

function undefinedConstraint(name: Identifier, table: TableDefinition, context: DdlContext): SqlError {
  return new SqlError('undefined_object', {
    message: `constraint "${context.display(name)}" of relation "${context.display(table.name)}" does not exist`,
    variant: 'constraint',
    args: { constraint: context.display(name), table: context.display(table.name) },
  });
}

async function addTableColumn(action: Action, table: TableDefinition, context: DdlContext): Promise<void> {
  const definition = action.column!;
  if (columnByName(table, definition.name) !== undefined) {
    const shown = context.display(definition.name);
    const details = {
      message: `column "${shown}" of relation "${context.display(table.name)}" already exists`,
      variant: 'of_relation',
      args: { column: shown, table: context.display(table.name) },
    };
    if (!action.exists) throw new SqlError('duplicate_column', details);
    context.notice('notice', 'duplicate_column', { ...details, message: `${details.message}, skipping` });
    return;
  }
  const before = context.catalog.table(table.id);
  const column = await addColumn(definition, table.id, context);
  verifyGenerated([definition], context.catalog.table(table.id), context);
  const late = definition.constraints.filter(
    (constraint) => constraint.kind !== 'not_null' && constraint.kind !== 'default',
  );
  for (const constraint of definition.constraints) {
    if (constraint.kind === 'default')
      await addConstraint({ constraint, column: column.name }, table.id, context, true);
  }
  const must = definition.constraints.some((constraint) => constraint.kind === 'not_null');
  await fillNewColumn(before, column.position, must && context.semantics.missingValue !== 'null', context);
  for (const constraint of definition.constraints) {
    if (constraint.kind === 'not_null')
      await addConstraint({ constraint, column: column.name }, table.id, context, false);
  }
  for (const constraint of late) await addConstraint({ constraint, column: column.name }, table.id, context, false);
  placeColumn(action, column.name, table.id, context);
}

async function dropColumn(action: Action, table: TableDefinition, context: DdlContext): Promise<void> {
  const column = columnByName(table, action.name!);
  if (column === undefined) {
    if (!action.exists) requireColumn(table, action.name!, context, undefined, 'dropped');
    context.notice('notice', 'successful_completion', {
      message: `column "${context.display(action.name!)}" of relation "${context.display(table.name)}" does not exist, skipping`,
    });
    return;
  }
  dropColumnInViews(table, column.position, context);
  dropColumnDependents(table, column, action.behavior, context);
  const placeholder: ColumnDefinition = {
    ...column,
    name: { text: `........dropped.${column.position}........`, exact: true },
    dropped: true,
    notNull: false,
    defaultValue: undefined,
    sequenceId: undefined,
    identity: 'none',
    generated: 'none',
    comment: undefined,
  };
  putColumn(context, table.id, column.position, placeholder);
  if (column.sequenceId !== undefined) dropOwnedSequence(column.sequenceId, context);
  checkDependentViews(
    table.id,
    `column ${context.display(column.name)} of table ${context.display(table.name)}`,
    action.behavior,
    context,
  );
}

/** A key of a column that has another type now: a collation of its own stays, that of the column goes with the column. */
function retypedKey(key: IndexKeyDefinition, type: SqlType): IndexKeyDefinition {
  return { ...key, type, collation: key.collation === key.type.collation ? type.collation : key.collation };
}

async function alterType(action: Action, table: TableDefinition, context: DdlContext): Promise<void> {
  const column = requireColumn(table, action.name!, context);
  const resolved = resolveType(context, action.type!, action.pos);
  if (column.identity !== 'none' && !['int16', 'int32', 'int64'].includes(resolved.kind))
    throw new SqlError('invalid_parameter_value', 'identity column type must be smallint, integer, or bigint');
  const type = action.collation === undefined ? resolved : collated(resolved, action.collation);
  const source = action.value ?? node('COLUMN', { name: [column.name] });
  const shown = context.display(column.name);
  let conversion: BoundExpression;
  try {
    conversion = context.bindAssignment(storeExpression(context, source, ''), table, type, shown);
  } catch (error) {
    if (!(error instanceof SqlError) || error.condition !== 'datatype_mismatch') throw error;
    throw new SqlError(
      'datatype_mismatch',
      action.value === undefined
        ? {
            message: `column "${shown}" cannot be cast automatically to type ${context.typeName(type)}`,
            hint: `You might need to specify "USING ${shown}::${context.typeName(type)}".`,
          }
        : {
            message: `result of USING clause for column "${shown}" cannot be cast automatically to type ${context.typeName(type)}`,
            hint: 'You might need to add an explicit cast.',
          },
    );
  }
  const keys = (candidate: TableDefinition): TableDefinition => ({
    ...candidate,
    indexes: candidate.indexes.map((index) => ({
      ...index,
      keys: index.keys.map((key) => (key.column === column.position ? retypedKey(key, type) : key)),
    })),
  });
  putColumn(context, table.id, column.position, { type, missing: null });
  context.catalog.put(keys(context.catalog.table(table.id)));
  const changed = context.catalog.table(table.id);
  if (column.defaultValue !== undefined && column.generated === 'none')
    context.bindDefault(column.defaultValue, changed, column.position);
  for (const constraint of changed.constraints) {
    if (constraint.check !== undefined) context.bindTableExpression(constraint.check, changed);
  }
  checkDependentViews(
    table.id,
    `column ${context.display(column.name)} of table ${context.display(table.name)}`,
    'restrict',
    context,
  );
  if (!(await context.isEmpty(table))) await rewrite(table, new Map([[column.position, conversion]]), context);
}

async function changeOptions(action: Action, table: TableDefinition, context: DdlContext): Promise<void> {
  const options = { ...table.options };
  for (const option of action.options) {
    if (action.action === 'set_options') options[option.name] = option.value ?? 'true';
    else delete options[option.name];
  }
  context.catalog.put({ ...table, options });
  const counter = action.options.find((option) => option.name === COUNTER_OPTION)?.value;
  if (action.action === 'set_options') await resetCounter(table.id, counter, context);
}

/** ALTER CONSTRAINT: when a foreign key is checked. */
function alterConstraint(action: Action, table: TableDefinition, context: DdlContext): void {
  const changed = table.constraints.find((one) => identifierKey(one.name) === identifierKey(action.name!));
  if (changed === undefined) throw undefinedConstraint(action.name!, table, context);
  if (changed.kind !== 'foreign_key')
    throw new SqlError(
      'wrong_object_type',
      `constraint "${context.display(changed.name)}" of relation "${context.display(table.name)}" is not a foreign key constraint`,
    );
  const option = (name: string): string | undefined => action.options.find((one) => one.name === name)?.value;
  const initiallyDeferred = option('initially') === 'deferred';
  const deferrable = option('deferrable') === undefined ? initiallyDeferred : option('deferrable') === 'true';
  context.catalog.put({
    ...table,
    constraints: table.constraints.map((one) => (one === changed ? { ...one, deferrable, initiallyDeferred } : one)),
  });
}

function renameConstraint(action: Action, table: TableDefinition, context: DdlContext): void {
  const constraint = table.constraints.find(
    (candidate) => identifierKey(candidate.name) === identifierKey(action.name!),
  );
  if (constraint === undefined) throw undefinedConstraint(action.name!, table, context);
  context.catalog.put({
    ...table,
    constraints: table.constraints.map((candidate) =>
      candidate === constraint ? { ...candidate, name: action.newName! } : candidate,
    ),
    indexes: table.indexes.map((index) =>
      constraint.kind !== 'foreign_key' && index.id === constraint.indexId
        ? { ...index, name: action.newName! }
        : index,
    ),
  });
}

function renameColumn(action: Action, table: TableDefinition, context: DdlContext): void {
  const column = requireColumn(table, action.name!, context);
  const clash = columnByName(table, action.newName!);
  if (clash !== undefined && clash.position !== column.position) {
    throw new SqlError('duplicate_column', {
      message: `column "${context.display(action.newName!)}" of relation "${context.display(table.name)}" already exists`,
      variant: 'of_relation',
      args: { column: context.display(action.newName!), table: context.display(table.name) },
    });
  }
  renameColumnInViews(table, column.position, context);
  renameColumnEverywhere(table.id, column, action.newName!, context);
}

export function renameRelation(relation: RelationDefinition, newName: Identifier, context: DdlContext): void {
  const schemaId = relation.kind === 'index' ? context.catalog.table(relation.tableId).schemaId : relation.schemaId;
  if (relationNameTaken(context, schemaId)(newName)) {
    throw new SqlError('duplicate_table', {
      message: `relation "${context.display(newName)}" already exists`,
      args: { name: context.display(newName) },
    });
  }
  if (relation.kind !== 'index') {
    renameInViews(relation, newName, context);
    context.catalog.put({ ...relation, name: newName } as Definition);
    return;
  }
  const table = context.catalog.table(relation.tableId);
  context.catalog.put({
    ...table,
    indexes: table.indexes.map((index) => (index.id === relation.id ? { ...index, name: newName } : index)),
    constraints: table.constraints.map((constraint) =>
      constraint.kind !== 'foreign_key' && constraint.indexId === relation.id
        ? { ...constraint, name: newName }
        : constraint,
    ),
  });
}

function moveRelation(
  relation: Exclude<RelationDefinition, { kind: 'index' }>,
  schemaId: number,
  context: DdlContext,
): void {
  moveInViews(relation, context.catalog.get(schemaId) as SchemaDefinition, context);
  const { databaseId } = context.catalog.get(schemaId) as SchemaDefinition;
  context.catalog.put({ ...relation, schemaId, databaseId } as Definition);
  if (relation.kind !== 'table') return;
  for (const column of relation.columns) {
    const sequence = column.sequenceId === undefined ? undefined : context.catalog.get(column.sequenceId);
    if (sequence?.kind === 'sequence') context.catalog.put({ ...sequence, schemaId, databaseId });
  }
}
