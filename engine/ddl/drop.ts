/** DROP of every kind of object, with RESTRICT and CASCADE. */
import { identifierKey, type Identifier, type Name } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf } from '../../sblr/nodes.ts';
import type {
  ColumnDefinition,
  Definition,
  ObjectId,
  RoutineDefinition,
  TableDefinition,
  SequenceDefinition,
} from '../catalog/definitions.ts';
import type { BoundExpression } from '../binder/bound.ts';
import { forEachOperand } from '../planner/expression-walk.ts';
import { findSchema, requireOwner, undefinedRelation, type DdlContext } from './context.ts';
import { indexByLocalName } from './indexes.ts';
import { leaveReferences } from './absent-references.ts';
import { dependentError, viewsReading } from './dependencies.ts';
import { dropExtensions } from './extensions.ts';
import { findRoutine, isRoutineKind, shownTypes } from './find-routine.ts';

type Behavior = 'restrict' | 'cascade';

const WORDS: Readonly<Record<string, string>> = {
  table: 'table',
  view: 'view',
  sequence: 'sequence',
  index: 'index',
  type: 'type',
  domain: 'type',
  routine: 'function',
  schema: 'schema',
};

export async function dropObjects(statement: NodeOf<'DROP_OBJECTS'>, context: DdlContext): Promise<void> {
  if (statement.kind === 'extension') {
    dropExtensions(statement, context);
    return;
  }
  const targets: Definition[] = [];
  for (const one of statement.names) {
    const found =
      statement.kind !== 'index' || one.table === undefined
        ? find(statement.kind, one.name, one.signature, context)
        : findIndexOf(one.table, one.name, context);
    if (found !== undefined) targets.push(found);
    else missing(statement, one.name, one.signature, context);
  }
  const ids = new Set(targets.map((target) => target.id));
  const plan = new DropPlan(context, ids);
  for (const target of targets) {
    requireOwner(context, target, WORDS[target.kind] ?? target.kind, target.kind === 'index' ? 'INDEX' : 'DROP');
    plan.add(target, undefined);
  }
  plan.check(targets, statement.behavior);
  for (const table of plan.tables()) await context.lockTable(table, 'access_exclusive');
  plan.carryOut();
}

function missing(
  statement: NodeOf<'DROP_OBJECTS'>,
  name: Name,
  signature: string | undefined,
  context: DdlContext,
): void {
  const shown = name.map((part) => context.display(part)).join('.');
  const word = statement.kind === 'domain' ? 'type' : statement.kind.replaceAll('_', ' ');
  const condition =
    statement.kind === 'schema'
      ? 'invalid_schema_name'
      : ['table', 'view', 'sequence', 'materialized_view', 'foreign_table'].includes(statement.kind)
        ? 'undefined_table'
        : isRoutineKind(statement.kind)
          ? 'undefined_function'
          : 'undefined_object';
  const what = signature === undefined ? `"${shown}"` : `${shown}(${shownTypes(signature, context)})`;
  const message = `${word} ${what} does not exist`;
  if (!statement.exists) throw new SqlError(condition, { message, variant: word, args: { name: shown } });
  context.notice('notice', 'successful_completion', {
    message: `${message}, skipping`,
    ...(condition === 'undefined_table' ? { variant: 'passed_over', args: { name: shown } } : {}),
  });
}

/** An index named together with its table. */
function findIndexOf(tableName: Name, name: Name, context: DdlContext): Definition | undefined {
  const table = context.names.findRelation(tableName);
  if (table?.kind !== 'table') throw undefinedRelation(context, tableName, 'table', undefined);
  return indexByLocalName(table, name[name.length - 1]!);
}

function find(
  kind: NodeOf<'DROP_OBJECTS'>['kind'],
  name: Name,
  signature: string | undefined,
  context: DdlContext,
): Definition | undefined {
  switch (kind) {
    case 'table':
    case 'view':
    case 'sequence':
    case 'index': {
      const found = context.names.findRelation(name);
      if (found === undefined || found.kind === 'system') return undefined;
      if (found.kind !== kind) {
        const shown = context.display(found.name);
        throw new SqlError('wrong_object_type', {
          message: `"${shown}" is not ${kind === 'index' ? 'an' : 'a'} ${kind}`,
          args: { name: shown, kind },
          hint: `Use DROP ${found.kind.toUpperCase()} to remove ${found.kind === 'index' ? 'an' : 'a'} ${found.kind}.`,
        });
      }
      return found;
    }
    case 'type':
    case 'domain':
      return context.names.findType(name);
    case 'schema':
      return findSchema(context, name[name.length - 1]!);
    case 'routine':
    case 'function':
    case 'procedure':
    case 'aggregate':
      return dropped(kind, findRoutine(kind, name, signature, context), context);
    default:
      return undefined;
  }
}

/** An aggregate is dropped as what it is. */
function dropped(
  kind: string,
  found: RoutineDefinition | undefined,
  context: DdlContext,
): RoutineDefinition | undefined {
  if (kind !== 'function' || found?.form !== 'aggregate') return found;
  throw new SqlError('wrong_object_type', {
    message: `"${context.display(found.name)}" is an aggregate function`,
    hint: 'Use DROP AGGREGATE to drop aggregate functions.',
  });
}

/** Is the aggregate made of the routine? */
function uses(aggregate: RoutineDefinition, id: ObjectId): boolean {
  const { transition, final } = aggregate.aggregate ?? {};
  return transition?.routineId === id || final?.routineId === id;
}

/** Collects everything that goes with the named objects, then drops it all. */
class DropPlan {
  readonly #context: DdlContext;
  readonly #named: ReadonlySet<ObjectId>;
  readonly #objects = new Map<ObjectId, Definition>();
  /** Foreign keys of surviving tables that point at dropped ones: table id -> constraint ids. */
  readonly #foreignKeys = new Map<ObjectId, Set<ObjectId>>();
  /** Columns of surviving tables whose type goes: table id -> positions. */
  readonly #columns = new Map<ObjectId, Set<number>>();
  /** Columns of surviving tables whose default goes: table id -> positions. */
  readonly #defaults = new Map<ObjectId, Set<number>>();
  /** What goes along and why; `of`: the table it is part of, which may go as a whole. */
  readonly #details: { readonly line: string; readonly of?: ObjectId }[] = [];

  constructor(context: DdlContext, named: ReadonlySet<ObjectId>) {
    this.#context = context;
    this.#named = named;
  }

  /** `because`: the object that takes this one along; undefined for those named in the statement. */
  add(object: Definition, because: Definition | undefined): void {
    if (this.#objects.has(object.id)) return;
    this.#objects.set(object.id, object);
    if (because !== undefined && !this.#named.has(object.id))
      this.#details.push({ line: `${this.#describe(object)} depends on ${this.#describe(because)}` });
    this.#addDependents(object);
  }

  #addDependents(object: Definition): void {
    const { catalog } = this.#context;
    if (object.kind === 'schema') {
      for (const kind of ['table', 'view', 'sequence', 'type', 'routine'] as const) {
        for (const inside of catalog.all(kind)) {
          if ('schemaId' in inside && inside.schemaId === object.id && !this.#isOwned(inside)) this.add(inside, object);
        }
      }
      return;
    }
    if (this.#context.semantics.viewSources === 'kept')
      for (const view of viewsReading(object.id, this.#context)) this.add(view, object);
    if (object.kind === 'table') this.#addTableParts(object);
    if (object.kind === 'routine') {
      for (const one of catalog.all('routine'))
        if (one.kind === 'routine' && uses(one, object.id)) this.add(one, object);
    }
    if (object.kind === 'type') {
      this.#addColumnsOfType(object.id, object);
      this.#addTypesMadeOf(object);
    }
    if (object.kind === 'sequence') this.#addDefaultsOf(object);
  }

  #isOwned(object: Definition): boolean {
    return object.kind === 'sequence' && object.ownedBy !== undefined;
  }

  #addTableParts(table: TableDefinition): void {
    const { catalog } = this.#context;
    for (const sequence of catalog.all('sequence')) {
      if (sequence.kind === 'sequence' && sequence.ownedBy?.tableId === table.id)
        this.#objects.set(sequence.id, sequence);
    }
    if (!this.#context.checksForeignKeys) return;
    for (const id of table.referencedBy) {
      const child = catalog.get(id);
      if (child?.kind !== 'table' || child.id === table.id) continue;
      for (const constraint of child.constraints) {
        if (constraint.kind !== 'foreign_key' || constraint.refTableId !== table.id) continue;
        const set = this.#foreignKeys.get(child.id) ?? new Set();
        set.add(constraint.id);
        this.#foreignKeys.set(child.id, set);
        if (!this.#named.has(child.id)) {
          this.#details.push({
            line: `constraint ${this.#context.display(constraint.name)} on table ${this.#context.display(child.name)} depends on ${this.#describe(table)}`,
            of: child.id,
          });
        }
      }
    }
  }

  #addTypesMadeOf(object: Definition): void {
    for (const type of this.#context.catalog.all('type')) {
      if (type.kind !== 'type' || type.id === object.id) continue;
      const parts = [type.type, ...(type.type.fields ?? []).map((field) => field.type)];
      if (parts.some((part) => part.typeId === object.id || part.element?.typeId === object.id)) this.add(type, object);
    }
  }

  #addColumnsOfType(typeId: ObjectId, type: Definition): void {
    for (const table of this.#context.catalog.all('table')) {
      if (table.kind !== 'table') continue;
      for (const column of table.columns) {
        if (column.dropped || (column.type.typeId !== typeId && column.type.element?.typeId !== typeId)) continue;
        const set = this.#columns.get(table.id) ?? new Set();
        set.add(column.position);
        this.#columns.set(table.id, set);
        this.#details.push({
          line: `column ${this.#context.display(column.name)} of table ${this.#context.display(table.name)} depends on ${this.#describe(type)}`,
          of: table.id,
        });
      }
    }
  }

  #addDefaultsOf(sequence: SequenceDefinition): void {
    for (const table of this.#context.catalog.all('table')) {
      if (table.kind !== 'table' || this.#objects.has(table.id) || table.databaseId !== sequence.databaseId) continue;
      for (const column of table.columns) {
        if (column.sequenceId !== sequence.id && !this.#defaultNames(table, column, sequence)) continue;
        const set = this.#defaults.get(table.id) ?? new Set();
        set.add(column.position);
        this.#defaults.set(table.id, set);
        this.#details.push({
          line: `default value for column ${this.#context.display(column.name)} of table ${this.#context.display(table.name)} depends on ${this.#describe(sequence)}`,
          of: table.id,
        });
      }
    }
  }

  /** Does the default read the sequence by a name that was resolved when it was written? */
  #defaultNames(table: TableDefinition, column: ColumnDefinition, sequence: Definition): boolean {
    if (column.dropped || column.defaultValue === undefined || column.generated !== 'none') return false;
    const isSequence = (one: BoundExpression): boolean => {
      const name = referenceName(one);
      if (name !== undefined) return this.#context.names.findRelation(name)?.id === sequence.id;
      let found = false;
      forEachOperand(one, (operand) => (found ||= isSequence(operand)));
      return found;
    };
    return isSequence(this.#context.bindDefault(column.defaultValue, table, column.position));
  }

  #describe(object: Definition): string {
    if (object.kind === 'routine') {
      const inputs = object.parameters.filter(({ mode }) => mode !== 'out' && mode !== 'table');
      const types = inputs.map(({ type }) => this.#context.typeName(type)).join(',');
      return `${object.form === 'procedure' ? 'procedure' : 'function'} ${this.#context.display(object.name)}(${types})`;
    }
    return `${WORDS[object.kind] ?? object.kind} ${this.#context.display(object.name)}`;
  }

  /** The first foreign key of another table that refers to this one. */
  #reference({ id, name }: Definition): Record<string, string> | undefined {
    const { catalog } = this.#context;
    for (const [childId, constraints] of this.#foreignKeys) {
      const child = catalog.get(childId);
      const key = child?.kind === 'table' && child.constraints.find((one) => constraints.has(one.id));
      if (typeof key === 'object' && key.refTableId === id)
        return {
          table: this.#context.display(name),
          constraint: this.#context.display(key.name),
          child: this.#context.display(child!.name),
        };
    }
    return undefined;
  }

  check(targets: readonly Definition[], behavior: Behavior): void {
    const details = this.#details
      .filter(({ of }) => of === undefined || !this.#objects.has(of))
      .map(({ line }) => line)
      .filter(
        (line) => ![...this.#named].some((id) => line.startsWith(`${this.#describe(this.#objects.get(id)!)} depends`)),
      );
    if (details.length === 0) return;
    if (behavior === 'restrict') {
      if (targets.length === 1)
        throw dependentError(this.#describe(targets[0]!), details, this.#reference(targets[0]!));
      throw new SqlError('dependent_objects_still_exist', {
        message: 'cannot drop desired object(s) because other objects depend on them',
        detail: details.join('\n'),
        hint: 'Use DROP ... CASCADE to drop the dependent objects too.',
      });
    }
    const lines = details.map((line) => `drop cascades to ${line.slice(0, line.lastIndexOf(' depends on '))}`);
    if (lines.length === 1) this.#context.notice('notice', 'successful_completion', { message: lines[0]! });
    else
      this.#context.notice('notice', 'successful_completion', {
        message: `drop cascades to ${lines.length} other objects`,
        detail: lines.join('\n'),
      });
  }

  tables(): TableDefinition[] {
    return [...this.#objects.values()].filter((object): object is TableDefinition => object.kind === 'table');
  }

  carryOut(): void {
    const { catalog } = this.#context;
    for (const [tableId, ids] of this.#foreignKeys) {
      if (this.#objects.has(tableId)) continue;
      const child = catalog.table(tableId);
      catalog.put({ ...child, constraints: child.constraints.filter((constraint) => !ids.has(constraint.id)) });
    }
    for (const [tableId, positions] of this.#columns) {
      if (this.#objects.has(tableId)) continue;
      for (const position of positions) removeColumn(tableId, position, this.#context);
    }
    for (const [tableId, positions] of this.#defaults) {
      if (this.#objects.has(tableId)) continue;
      const table = catalog.table(tableId);
      const columns = table.columns.map((column) =>
        positions.has(column.position) ? { ...column, defaultValue: undefined, sequenceId: undefined } : column,
      );
      catalog.put({ ...table, columns });
    }
    for (const object of this.#objects.values()) this.#drop(object);
  }

  #drop(object: Definition): void {
    const { catalog } = this.#context;
    const current = catalog.get(object.id);
    if (current === undefined) return;
    if (current.kind === 'index') {
      dropIndex(current.tableId, current.id, this.#context);
      return;
    }
    if (current.kind === 'table') {
      if (!this.#context.checksForeignKeys) leaveReferences(current, this.#context);
      this.#forgetTable(current);
    }
    catalog.drop(current.id);
  }

  #forgetTable(table: TableDefinition): void {
    const { catalog } = this.#context;
    for (const constraint of table.constraints) {
      const parent = constraint.refTableId === undefined ? undefined : catalog.get(constraint.refTableId);
      if (parent?.kind === 'table' && parent.id !== table.id)
        catalog.put({ ...parent, referencedBy: parent.referencedBy.filter((id) => id !== table.id) });
    }
    this.#context.afterCommit(() => {
      this.#context.dropSpace(table.space);
      for (const index of table.indexes) this.#context.dropSpace(index.space);
    });
  }
}

function removeColumn(tableId: ObjectId, position: number, context: DdlContext): void {
  const table = context.catalog.table(tableId);
  const column = table.columns[position - 1]!;
  dropColumnDependents(table, column, 'cascade', context);
  const current = context.catalog.table(tableId);
  context.catalog.put({
    ...current,
    columns: current.columns.map((candidate) =>
      candidate.position !== position
        ? candidate
        : {
            ...candidate,
            name: { text: `........dropped.${position}........`, exact: true },
            dropped: true,
            notNull: false,
            defaultValue: undefined,
          },
    ),
  });
}

export function dropIndex(tableId: ObjectId, indexId: ObjectId, context: DdlContext): void {
  const table = context.catalog.table(tableId);
  const constraint = table.constraints.find(
    (candidate) => candidate.kind !== 'foreign_key' && candidate.indexId === indexId,
  );
  const index = table.indexes.find((candidate) => candidate.id === indexId)!;
  if (constraint !== undefined) {
    throw new SqlError('dependent_objects_still_exist', {
      message: `cannot drop index ${context.display(index.name)} because constraint ${context.display(constraint.name)} on table ${context.display(table.name)} requires it`,
      hint: `You can drop constraint ${context.display(constraint.name)} on table ${context.display(table.name)} instead.`,
    });
  }
  context.catalog.put({ ...table, indexes: table.indexes.filter((candidate) => candidate.id !== indexId) });
  context.afterCommit(() => context.dropSpace(index.space));
}

export function dropConstraint(
  table: TableDefinition,
  name: Identifier,
  ifExists: boolean,
  behavior: Behavior,
  context: DdlContext,
): void {
  const constraint = table.constraints.find((candidate) => identifierKey(candidate.name) === identifierKey(name));
  if (constraint === undefined) {
    const message = `constraint "${context.display(name)}" of relation "${context.display(table.name)}" does not exist`;
    if (!ifExists)
      throw new SqlError('undefined_object', {
        message,
        variant: 'constraint',
        args: { constraint: context.display(name), table: context.display(table.name) },
      });
    context.notice('notice', 'successful_completion', { message: `${message}, skipping` });
    return;
  }
  if (constraint.kind === 'primary_key' || constraint.kind === 'unique')
    releaseKey(
      table,
      constraint.indexId!,
      `constraint ${context.display(constraint.name)} on table ${context.display(table.name)}`,
      behavior,
      context,
    );
  const current = context.catalog.table(table.id);
  const indexes =
    constraint.kind === 'primary_key' || constraint.kind === 'unique'
      ? current.indexes.filter((index) => index.id !== constraint.indexId)
      : current.indexes;
  context.catalog.put({
    ...current,
    indexes,
    constraints: current.constraints.filter((candidate) => candidate.id !== constraint.id),
  });
  if (constraint.refTableId !== undefined) forgetReference(constraint.refTableId, table.id, context);
  for (const index of current.indexes)
    if (!indexes.includes(index)) context.afterCommit(() => context.dropSpace(index.space));
}

/** Foreign keys that rely on a key about to go. */
function releaseKey(
  table: TableDefinition,
  indexId: ObjectId,
  what: string,
  behavior: Behavior,
  context: DdlContext,
): void {
  for (const id of table.referencedBy) {
    const child = context.catalog.get(id);
    if (child?.kind !== 'table') continue;
    const users = child.constraints.filter(
      (candidate) => candidate.kind === 'foreign_key' && candidate.indexId === indexId,
    );
    if (users.length === 0) continue;
    const lines = users.map(
      (user) => `constraint ${context.display(user.name)} on table ${context.display(child.name)}`,
    );
    if (behavior === 'restrict')
      throw dependentError(
        what,
        lines.map(
          (line) =>
            `${line} depends on index ${context.display(table.indexes.find((index) => index.id === indexId)!.name)}`,
        ),
      );
    for (const line of lines)
      context.notice('notice', 'successful_completion', { message: `drop cascades to ${line}` });
    context.catalog.put({ ...child, constraints: child.constraints.filter((candidate) => !users.includes(candidate)) });
    forgetReference(table.id, child.id, context);
  }
}

function forgetReference(parentId: ObjectId, childId: ObjectId, context: DdlContext): void {
  const parent = context.catalog.get(parentId);
  const child = context.catalog.get(childId);
  if (parent?.kind !== 'table') return;
  const still =
    child?.kind === 'table' &&
    child.constraints.some((constraint) => constraint.kind === 'foreign_key' && constraint.refTableId === parentId);
  if (!still) context.catalog.put({ ...parent, referencedBy: parent.referencedBy.filter((id) => id !== childId) });
}

/** Indexes and constraints on a column go with it; foreign keys from other tables only by CASCADE. */
export function dropColumnDependents(
  table: TableDefinition,
  column: ColumnDefinition,
  behavior: Behavior,
  context: DdlContext,
): void {
  const what = `column ${context.display(column.name)} of table ${context.display(table.name)}`;
  for (const constraint of table.constraints) {
    const uses = constraint.columns.includes(column.position);
    if (!uses) continue;
    if (constraint.kind === 'primary_key' || constraint.kind === 'unique')
      releaseKey(context.catalog.table(table.id), constraint.indexId!, what, behavior, context);
    const current = context.catalog.table(table.id);
    context.catalog.put({
      ...current,
      constraints: current.constraints.filter((candidate) => candidate.id !== constraint.id),
      indexes:
        constraint.kind === 'foreign_key' || constraint.kind === 'check'
          ? current.indexes
          : current.indexes.filter((index) => index.id !== constraint.indexId),
    });
    if (constraint.refTableId !== undefined) forgetReference(constraint.refTableId, table.id, context);
  }
  const current = context.catalog.table(table.id);
  const gone = current.indexes.filter(
    (index) =>
      index.keys.some((key) => (key.prefixOf ?? key.column) === column.position) ||
      index.include.includes(column.position),
  );
  if (gone.length > 0)
    context.catalog.put({ ...current, indexes: current.indexes.filter((index) => !gone.includes(index)) });
}

export function dropOwnedSequence(id: ObjectId, context: DdlContext): void {
  if (context.catalog.get(id) !== undefined) context.catalog.drop(id);
}

/** The name of a relation that a default says as a literal, which means the relation it named when it was written. */
function referenceName(expression: BoundExpression): Name | undefined {
  if (expression.kind !== 'cast' || expression.type.kind !== 'reference' || expression.operand.kind !== 'constant')
    return undefined;
  const { value, type } = expression.operand;
  if (typeof value !== 'string' || type.kind !== 'unknown') return undefined;
  const parts = value.match(/"(?:[^"]|"")*"|[^."]+/g) ?? [];
  return parts.map((part) =>
    part.startsWith('"')
      ? { text: part.slice(1, -1).replaceAll('""', '"'), exact: true }
      : { text: part, exact: false },
  );
}
