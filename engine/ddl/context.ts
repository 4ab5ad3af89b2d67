/**
 * What a data-definition statement works with, and the helpers all of them share: resolving the place
 * of a new object, checking rights, encoding expressions for the catalog, naming what was not named.
 */
import { regular, type Identifier, type Name } from '../../sblr/contract/names.ts';
import type { Semantics } from '../../sblr/contract/semantics.ts';
import type { AdministrationArea } from '../../sblr/contract/session.ts';
import type { Condition } from '../../sblr/contract/conditions.ts';
import { SqlError, type SqlErrorDetails } from '../../sblr/contract/sql-error.ts';
import { COLUMN_TYPE, type SqlType } from '../../sblr/contract/types.ts';
import { encodeProgram } from '../../sblr/encode.ts';
import { node, type RelationNode, type ValueNode } from '../../sblr/nodes.ts';
import { SBLR_VERSION } from '../../sblr/opcodes.ts';
import type { BoundSteps } from '../binder/aggregate-steps.ts';
import type { BoundExpression, BoundQuery } from '../binder/bound.ts';
import { noDatabase, unknownDatabase } from '../catalog/errors.ts';
import { type Actor, hasPrivilege, hasScopedPrivilege, inheritedRoles } from '../catalog/privileges.ts';
import { scopeOf } from '../catalog/scoped-grants.ts';
import type { Administrator } from '../catalog/accounts.ts';
import type { CatalogFork } from '../catalog/catalog.ts';
import type {
  Common,
  ConstraintDefinition,
  Definition,
  IndexDefinition,
  NameContext,
  ObjectId,
  RelationDefinition,
  RoutineDefinition,
  SchemaDefinition,
  SequenceDefinition,
  StoredExpression,
  TableDefinition,
  ViewDefinition,
} from '../catalog/definitions.ts';
import type { EvalContext } from '../functions/function.ts';
import type { TableLockMode } from '../transactions/locks.ts';

/** Longest identifier, in bytes of UTF-8 less one, as generated names keep to. */
export const NAME_LIMIT = 63;

export interface DdlContext {
  readonly catalog: CatalogFork;
  readonly names: NameContext;
  readonly semantics: Semantics;
  readonly databaseId: ObjectId;
  readonly role: ObjectId;
  readonly isSuperuser: boolean;
  /** Off: tables that foreign keys refer to may be absent, and existing rows are taken as they are. */
  readonly checksForeignKeys: boolean;
  /** Whose rights the statement has. */
  readonly actor: Actor;
  readonly administrator: Administrator;
  /** Fails unless the role may do there what administrators do. */
  requireAdministration(area: AdministrationArea, message: string): void;
  /** Whom a new relation in the schema belongs to. */
  ownerIn(schema: { readonly owner: ObjectId }): ObjectId;
  /** The right to make views, where it is one of its own. */
  readonly viewPrivilege: string;
  /** Is it one of the dialect's own schemas? */
  isOwnSchema(name: string): boolean;
  /** Names of the schemas searched, kept with views. */
  readonly searchPathNames: readonly string[];
  /** Fails as setting it would. */
  requireSetting(name: string, value: string): void;
  /** What creates in the schema, looks there first and has the rights of its owner, until `leave`. */
  within(schema: SchemaDefinition): { readonly inner: DdlContext; leave(): void };
  notice(severity: 'notice' | 'warning' | 'info', condition: Condition, details: SqlErrorDetails): void;
  display(identifier: Identifier): string;
  /** With the names of the statement, or those given. */
  bindQuery(relation: RelationNode, names?: NameContext): BoundQuery;
  /** Names as the view's query sees them. */
  viewNames(view: ViewDefinition): NameContext;
  bindTableExpression(stored: StoredExpression, table: TableDefinition): BoundExpression;
  /** The column's default, converted to its type as by assignment. */
  bindDefault(stored: StoredExpression, table: TableDefinition, position: number): BoundExpression;
  /** An expression over the table's columns, converted as an assignment to `type` converts it. */
  bindAssignment(stored: StoredExpression, table: TableDefinition, type: SqlType, columnName: string): BoundExpression;
  typeName(type: SqlType): string;
  /** The name that typeName gives a type which a statement names by this text; undefined = there is none. */
  typeNameOf(text: string): string | undefined;
  /** Waits for the lock, held to the end of the transaction. */
  lockTable(table: TableDefinition, mode: TableLockMode): Promise<void>;
  /** Locks a name or other resource exclusively until the transaction ends. */
  lockName(key: string): Promise<void>;
  /** Fills a new index from the table's rows; throws unique_violation. */
  buildIndex(table: TableDefinition, index: IndexDefinition): Promise<void>;
  validateCheck(table: TableDefinition, constraint: ConstraintDefinition): Promise<void>;
  validateNotNull(table: TableDefinition, column: number): Promise<void>;
  /** Does some row make the expression false? */
  violates(table: TableDefinition, check: StoredExpression): Promise<boolean>;
  hasNull(table: TableDefinition, column: number): Promise<boolean>;
  validateForeignKey(table: TableDefinition, constraint: ConstraintDefinition): Promise<void>;
  /** Copies all rows of `from` into the space of `to`, converting columns; `conversions` by position. */
  rewriteTable(
    from: TableDefinition,
    to: TableDefinition,
    conversions: ReadonlyMap<number, BoundExpression>,
  ): Promise<void>;
  /** Runs `query` and inserts its rows into `table`; answers their number. */
  insertQuery(query: BoundQuery, table: TableDefinition): Promise<number>;
  isEmpty(table: TableDefinition): Promise<boolean>;
  /** The greatest value of a column of integers. */
  greatest(table: TableDefinition, column: number): Promise<bigint | undefined>;
  /** Of the session's temporary objects in a database; its own by default. */
  temporarySchema(databaseId?: ObjectId): SchemaDefinition;
  /** Does the name mean the schema of the session's temporary objects? */
  isTemporaryName(name: Identifier): boolean;
  /** Runs after a durable commit (space removal, cache invalidation). */
  afterCommit(action: () => void): void;
  dropSpace(space: number): void;
  restartSequence(id: ObjectId, value: bigint): void;
  createSequenceState(id: ObjectId, start: bigint): void;
  /** Binds what a new routine's body asks; throws what is wrong with it. */
  checkBody(routine: RoutineDefinition): void;
  bindSteps(routine: RoutineDefinition): BoundSteps;
  /** The value as it is kept for the setting; throws when it has none or may not be changed. */
  checkSetting(name: string, value: string): string;
  /** Are there other statements in the transaction, or can there be? */
  readonly inTransactionBlock: boolean;
  /** What the session wants kept of passwords. */
  readonly passwordEncryption: string | undefined;
  /** Name of the dialect whose settings are meant. */
  readonly dialect: string;
  /** The sequence goes on after `value`, if it is not past it. */
  passSequence(sequence: SequenceDefinition, value: bigint): void;
  evaluateConstant(value: ValueNode): unknown;
  /** For conversions: the session's zone and clock. */
  readonly evaluation: EvalContext;
}

/** The schema a new object goes into and its own name. */
export interface Place {
  readonly schema: SchemaDefinition;
  readonly name: Identifier;
}

export function placeOf(
  context: DdlContext,
  name: Name,
  temporary: boolean,
  position?: number,
  privilege = 'CREATE',
): Place {
  const last = name[name.length - 1]!;
  if (temporary && context.semantics.qualifier === 'database') return temporaryPlace(context, name);
  if (temporary && name.length === 1) return { schema: context.temporarySchema(), name: last };
  if (name.length === 1) {
    for (const id of context.names.searchPath) {
      const schema = context.catalog.get(id);
      if (schema?.kind !== 'schema' || isTemporarySchema(schema)) continue;
      requireCreation(context, schema, last, privilege);
      return { schema, name: last };
    }
    if (context.databaseId === 0) throw noDatabase();
    throw new SqlError('invalid_schema_name', {
      message: 'no schema has been selected to create in',
      ...(position === undefined ? {} : { position }),
    });
  }
  const qualifier = name[name.length - 2]!;
  const schema = context.isTemporaryName(qualifier)
    ? context.temporarySchema()
    : requireSchema(context, qualifier, position);
  if (!isTemporarySchema(schema)) requireCreation(context, schema, last, privilege);
  return { schema, name: last };
}

/** May it make something of this name there, by a right on the schema or on the name? */
function requireCreation(context: DdlContext, schema: SchemaDefinition, name: Identifier, privilege: string): void {
  const { catalog, actor, names } = context;
  if (hasPrivilege(catalog, actor, schema, privilege) || inheritedRoles(catalog, actor).has(schema.owner)) return;
  const scope = scopeOf(catalog, schema);
  if (scope !== undefined && hasScopedPrivilege(catalog, actor, { ...scope, relation: name.text }, privilege)) return;
  const shown = names.schemaName(schema.id) ?? context.display(schema.name);
  throw new SqlError('insufficient_privilege', {
    message: `permission denied for schema ${shown}`,
    variant: 'creation',
    args: { kind: 'schema', name: shown, relation: context.display(name), privilege },
  });
}

/** Where qualifiers are databases, temporary objects belong to one as others do. */
function temporaryPlace(context: DdlContext, name: Name): Place {
  const database = name.length === 1 ? undefined : findSchema(context, name[name.length - 2]!);
  const id = database?.databaseId ?? context.databaseId;
  if (id === 0) throw noDatabase();
  return { schema: context.temporarySchema(id), name: name[name.length - 1]! };
}

export function isTemporarySchema(schema: SchemaDefinition): boolean {
  return schema.name.exact && schema.name.text.startsWith('temp:');
}

/** The schema of a name; the dialect's word for the main schema finds that one. */
export function findSchema(context: DdlContext, name: Identifier): SchemaDefinition | undefined {
  if (context.isTemporaryName(name)) return context.temporarySchema();
  if (context.semantics.qualifier === 'database') {
    const database = context.catalog.databaseByName(name);
    if (database === undefined) throw unknownDatabase(context.display(name));
    return mainSchemaOf(context, database.id);
  }
  const found = context.catalog.schemaByName(context.databaseId, name);
  if (found !== undefined || name.exact || name.text.toLowerCase() !== context.semantics.mainSchema.toLowerCase())
    return found;
  return mainSchemaOf(context, context.databaseId);
}

function mainSchemaOf(context: DdlContext, databaseId: ObjectId): SchemaDefinition | undefined {
  for (const schema of context.catalog.all('schema')) {
    if (schema.kind === 'schema' && schema.main && schema.databaseId === databaseId) return schema;
  }
  return undefined;
}

export function requireSchema(context: DdlContext, name: Identifier, position?: number): SchemaDefinition {
  const found = findSchema(context, name);
  if (found !== undefined) return found;
  throw new SqlError('invalid_schema_name', {
    message: `schema "${context.display(name)}" does not exist`,
    args: { schema: context.display(name) },
    ...(position === undefined ? {} : { position }),
  });
}

/** Fails with duplicate_table unless the name is free, or answers false with a notice for IF NOT EXISTS. */
export async function claimRelationName(context: DdlContext, place: Place, ifNotExists: boolean): Promise<boolean> {
  await context.lockName(`relation:${place.schema.id}:${place.name.text.toLowerCase()}`);
  if (context.catalog.relationByName(place.schema.id, place.name) === undefined) return true;
  const name = context.display(place.name);
  const details = { message: `relation "${name}" already exists`, args: { name } };
  if (!ifNotExists) throw new SqlError('duplicate_table', details);
  context.notice('notice', 'duplicate_table', { ...details, message: `${details.message}, skipping` });
  return false;
}

/** Of owners, and where a privilege is named, of those who hold it by a scope. */
export function requireOwner(context: DdlContext, object: Common, word: string, privilege?: string): void {
  if (context.isSuperuser || object.owner === context.role || isMember(context, context.role, object.owner)) return;
  const scope = privilege === undefined ? undefined : scopeOf(context.catalog, object as Definition);
  if (scope !== undefined && hasScopedPrivilege(context.catalog, context.actor, scope, privilege)) return;
  throw new SqlError('insufficient_privilege', {
    message: `must be owner of ${word} ${context.display(object.name)}`,
    variant: (object as Definition).kind === 'database' ? 'database' : 'owner',
    args: { kind: word, name: context.display(object.name), ...(privilege === undefined ? {} : { privilege }) },
  });
}

export function isMember(
  context: { readonly catalog: { get(id: ObjectId): Definition | undefined } },
  role: ObjectId,
  of: ObjectId,
): boolean {
  const pending = [role];
  const seen = new Set<ObjectId>();
  while (pending.length > 0) {
    const id = pending.pop()!;
    if (id === of) return true;
    if (seen.has(id)) continue;
    seen.add(id);
    const found = context.catalog.get(id);
    if (found?.kind === 'role') for (const parent of found.memberOf) pending.push(parent.role);
  }
  return false;
}

export function storeExpression(context: DdlContext, expression: ValueNode, text: string): StoredExpression {
  const source = node('DUAL', {});
  const item = node('ITEM', { value: expression });
  const projected = node('PROJECT', { source, items: [item] });
  const statement = node('RETURN', { command: 'SELECT', source: projected });
  return {
    text,
    program: encodeProgram({
      version: SBLR_VERSION,
      parameterTypes: [],
      semantics: context.semantics,
      statements: [statement],
    }).bytes,
  };
}

export function storeQuery(context: DdlContext, source: RelationNode): Uint8Array {
  const statement = node('RETURN', { command: 'SELECT', source });
  return encodeProgram({
    version: SBLR_VERSION,
    parameterTypes: [],
    semantics: context.semantics,
    statements: [statement],
  }).bytes;
}

/** The rows of a table or view as a type. */
function rowType(context: Pick<DdlContext, 'names' | 'display'>, name: Name): SqlType | undefined {
  const relation = context.names.findRelation(name);
  if (relation === undefined || (relation.kind !== 'table' && relation.kind !== 'view')) return undefined;
  const columns = relation.columns.filter((column) => !column.dropped);
  return {
    kind: 'record',
    typeId: relation.id,
    fields: columns.map((column) => ({ name: context.display(column.name), type: column.type })),
  };
}

/** The type of a column: the last part of the name is the column's. */
function columnType(context: Pick<DdlContext, 'names' | 'display'>, name: Name, position: number | undefined): SqlType {
  const table = name.slice(0, -1);
  const shown = context.display(name[name.length - 1]!);
  const rows = table.length === 0 ? undefined : rowType(context, table);
  const found = rows?.fields?.find((field) => field.name === shown);
  if (found !== undefined) return found.type;
  const relation = table.map((part) => context.display(part)).join('.');
  const where = position === undefined ? {} : { position };
  if (rows === undefined)
    throw new SqlError('undefined_table', {
      message: `relation "${relation}" does not exist`,
      args: { name: relation },
      ...where,
    });
  throw new SqlError('undefined_column', {
    message: `column "${shown}" of relation "${relation}" does not exist`,
    variant: 'column_of_relation',
    args: { name: shown, relation },
    ...where,
  });
}

/** Replaces 'named' types by the user-defined types they name. */
export function resolveType(context: Pick<DdlContext, 'names' | 'display'>, type: SqlType, position?: number): SqlType {
  if (type.kind === 'array' && type.element !== undefined) {
    return { ...type, element: resolveType(context, type.element, position) };
  }
  if (type.kind !== 'named') return type;
  const name = type.name ?? [];
  if (type.declared === COLUMN_TYPE) return columnType(context, name, position);
  const found = context.names.findType(name);
  if (found === undefined) {
    const row = rowType(context, name);
    if (row !== undefined) return row;
    const shown = name.map((part) => context.display(part)).join('.');
    throw new SqlError('undefined_object', {
      message: `type "${shown}" does not exist`,
      variant: 'type',
      args: { name: shown },
      ...(position === undefined ? {} : { position }),
    });
  }
  return { ...found.type, typeId: found.id, declared: found.name.text };
}

/** Chooses a free name like table_column_label, table_column_label1, ... inside the schema. */
export function chooseName(
  table: string,
  middle: string,
  label: string,
  taken: (name: Identifier) => boolean,
): Identifier {
  for (let attempt = 0; ; attempt++) {
    const suffix = `_${label}${attempt === 0 ? '' : attempt}`;
    const room = NAME_LIMIT - suffix.length;
    const stem = joinWithin(table, middle, room);
    const candidate = nameFor(stem + suffix);
    if (!taken(candidate)) return candidate;
  }
}

/** A generated name has the case of its parts: exact when they are not plain lower case. */
export function nameFor(text: string): Identifier {
  return text === text.toLowerCase() || text === text.toUpperCase() ? regular(text) : { text, exact: true };
}

function joinWithin(first: string, second: string, room: number): string {
  if (second === '') return first.slice(0, room);
  let a = first;
  let b = second;
  while (a.length + b.length + 1 > room) {
    if (a.length > b.length) a = a.slice(0, -1);
    else b = b.slice(0, -1);
  }
  return `${a}_${b}`;
}

/** Is a relation or constraint name used in the schema? */
export function relationNameTaken(context: DdlContext, schemaId: ObjectId): (name: Identifier) => boolean {
  return (name) => context.catalog.relationByName(schemaId, name) !== undefined;
}

export function relationWord(relation: RelationDefinition): string {
  return relation.kind;
}

export function undefinedRelation(
  context: Pick<DdlContext, 'display'>,
  name: Name,
  word = 'relation',
  position?: number,
): SqlError {
  const shown = name.map((part) => context.display(part)).join('.');
  return new SqlError('undefined_table', {
    message: `${word} "${shown}" does not exist`,
    args: { name: shown },
    ...(position === undefined ? {} : { position }),
  });
}
