/**
 * What the catalog holds: immutable definitions of databases, schemas, relations, types, routines and
 * roles. A change makes a new definition object under the same id; plans and caches key on identity.
 * Names follow sblr/contract/names.ts; ids are stable unsigned 32-bit numbers, 16384 and up for users.
 */
import type { Identifier, Name } from '../../sblr/contract/names.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import type { SqlValue } from '../../sblr/contract/values.ts';

export type ObjectId = number;

/**
 * An expression kept in the catalog (DEFAULT, CHECK, index key, generated column): an encoded SBLR
 * program of the one statement RETURN(PROJECT(DUAL, [ITEM expression])), bound when first used.
 * Columns of the table appear in it as unqualified COLUMN nodes.
 */
export interface StoredExpression {
  readonly program: Uint8Array;
  /** Source text as its dialect wrote it. */
  readonly text: string;
}

/** Privileges granted on an object: grantee role id (0 = public) -> privilege names, '*' suffix = grantable. */
export interface GrantEntry {
  readonly grantee: ObjectId;
  readonly grantor: ObjectId;
  readonly privileges: readonly string[];
}

/** Privileges that a role holds on a scope (scoped-grants.ts): '' = all of it. */
export interface ScopedGrant {
  readonly database: string;
  readonly relation: string;
  readonly column: string;
  readonly privileges: readonly string[];
}

export interface Common {
  readonly id: ObjectId;
  readonly name: Identifier;
  readonly owner: ObjectId;
  readonly comment?: string | undefined;
  /** Absent = the owner's default rights only. */
  readonly grants?: readonly GrantEntry[] | undefined;
}

export interface DatabaseDefinition extends Common {
  readonly kind: 'database';
  readonly options: Readonly<Record<string, string>>;
  /** Extensions created in it: version by name. */
  readonly extensions?: Readonly<Record<string, string>>;
  /** What COMMENT ON EXTENSION said of them. */
  readonly extensionComments?: Readonly<Record<string, string | undefined>>;
}

export interface SchemaDefinition extends Common {
  readonly kind: 'schema';
  readonly databaseId: ObjectId;
  /** The main schema, shown as `public`, `dbo` ... by each dialect. */
  readonly main: boolean;
}

export interface ColumnDefinition {
  /** 1-based position, never reused; the value is at index position - 1 of a row. */
  readonly position: number;
  readonly name: Identifier;
  readonly type: SqlType;
  readonly notNull: boolean;
  readonly defaultValue?: StoredExpression | undefined;
  readonly identity: 'none' | 'by_default' | 'always';
  readonly generated: 'none' | 'stored' | 'virtual';
  /** Value given by every change of a row that sets other columns and not this one. */
  readonly onUpdate?: StoredExpression | undefined;
  /** Sequence that feeds an identity or serial column. */
  readonly sequenceId?: ObjectId | undefined;
  /** Its sequence goes on after any larger value that is given for the column. */
  readonly counterFollows?: boolean | undefined;
  /** Value of rows written before the column was added. */
  readonly missing: SqlValue;
  readonly dropped: boolean;
  readonly comment?: string | undefined;
  readonly grants?: readonly GrantEntry[] | undefined;
}

export type ReferentialAction = 'no_action' | 'restrict' | 'cascade' | 'set_null' | 'set_default';

export interface AbsentReference {
  /** Key of the database's name. */
  readonly database: string;
  readonly table: Identifier;
  readonly columns: readonly Identifier[];
}

export interface ConstraintDefinition {
  readonly id: ObjectId;
  readonly name: Identifier;
  readonly kind: 'check' | 'primary_key' | 'unique' | 'foreign_key';
  /** Column positions. */
  readonly columns: readonly number[];
  readonly check?: StoredExpression | undefined;
  /** Index that enforces a key constraint; for a foreign key the referenced unique index. */
  readonly indexId?: ObjectId | undefined;
  readonly refTableId?: ObjectId | undefined;
  readonly refColumns?: readonly number[] | undefined;
  /** In place of the referenced table where there is none: what it will be called. */
  readonly absent?: AbsentReference | undefined;
  readonly onDelete: ReferentialAction;
  readonly onUpdate: ReferentialAction;
  readonly match: 'simple' | 'full' | 'partial';
  /** Columns that SET NULL / SET DEFAULT touch; empty = all. */
  readonly setColumns: readonly number[];
  readonly deferrable: boolean;
  readonly initiallyDeferred: boolean;
  readonly validated: boolean;
  readonly noInherit: boolean;
  readonly comment?: string | undefined;
}

export interface IndexKeyDefinition {
  /** Column position, or 0 when `expression` gives the key. */
  readonly column: number;
  readonly expression?: StoredExpression | undefined;
  readonly type: SqlType;
  /** Declared length of the key's beginning; entries hold the whole value, which answers the same where it need not be unique. */
  readonly prefixLength?: number | undefined;
  /** The column whose beginning `expression` is: what of it must be unique. */
  readonly prefixOf?: number | undefined;
  readonly descending: boolean;
  readonly nullsFirst: boolean;
  readonly collation?: string | undefined;
  readonly operatorClass?: string | undefined;
}

export interface IndexDefinition extends Common {
  readonly kind: 'index';
  readonly tableId: ObjectId;
  /** Its name among the indexes of its table, where its dialect gives it one; `name` is then made of both. */
  readonly localName?: Identifier | undefined;
  /** Storage space of its entries: key = encoded key values (+ row key unless unique and without NULL), row = [rowKey]. */
  readonly space: number;
  readonly unique: boolean;
  /** The key of a deferrable constraint: unique whenever it is checked, so entries carry the row key. Then `unique` is false. */
  readonly uniqueLate?: boolean | undefined;
  readonly primary: boolean;
  readonly nullsNotDistinct: boolean;
  readonly keys: readonly IndexKeyDefinition[];
  readonly include: readonly number[];
  readonly predicate?: StoredExpression | undefined;
  readonly method: string;
  /** False while a CREATE INDEX has not filled it. */
  readonly ready: boolean;
  readonly options: Readonly<Record<string, string>>;
}

export interface TableDefinition extends Common {
  readonly kind: 'table';
  readonly schemaId: ObjectId;
  readonly databaseId: ObjectId;
  /** Storage space of its rows: key = 6-byte big-endian row number, row = values by position. */
  readonly space: number;
  /** All columns ever, by position; dropped ones included. */
  readonly columns: readonly ColumnDefinition[];
  /** Positions in the order in which columns are shown; those that are not in it follow, and without it all do. */
  readonly columnOrder?: readonly number[] | undefined;
  readonly constraints: readonly ConstraintDefinition[];
  readonly indexes: readonly IndexDefinition[];
  readonly persistence: 'permanent' | 'unlogged' | 'temporary';
  readonly onCommit: 'preserve' | 'delete' | 'drop';
  readonly options: Readonly<Record<string, string>>;
  /** Ids of tables whose foreign keys point here. */
  readonly referencedBy: readonly ObjectId[];
}

export interface ViewDefinition extends Common {
  readonly kind: 'view';
  readonly schemaId: ObjectId;
  readonly databaseId: ObjectId;
  readonly columns: readonly ColumnDefinition[];
  /** Encoded program: RETURN of the query. */
  readonly program: Uint8Array;
  readonly text: string;
  /** Schema names the query was resolved with. */
  readonly searchPath: readonly string[];
  /** Ids of relations, types and routines it reads. */
  readonly dependsOn: readonly ObjectId[];
  readonly persistence: 'permanent' | 'temporary';
  readonly checkOption: 'none' | 'local' | 'cascaded';
  readonly options: Readonly<Record<string, string>>;
  /** A dialect's own catalog view. */
  readonly system: boolean;
}

export interface SequenceDefinition extends Common {
  readonly kind: 'sequence';
  readonly schemaId: ObjectId;
  readonly databaseId: ObjectId;
  readonly type: SqlType;
  readonly increment: bigint;
  readonly minimum: bigint;
  readonly maximum: bigint;
  readonly start: bigint;
  readonly cache: bigint;
  readonly cycle: boolean;
  readonly ownedBy?: { readonly tableId: ObjectId; readonly column: number; readonly internal: boolean } | undefined;
  readonly persistence: 'permanent' | 'temporary';
}

export interface UserTypeDefinition extends Common {
  readonly kind: 'type';
  readonly schemaId: ObjectId;
  readonly databaseId: ObjectId;
  readonly form: 'enum' | 'domain' | 'composite';
  /** enum: kind 'enum' with labels and typeId; domain: its base type; composite: kind 'record' with fields. */
  readonly type: SqlType;
  readonly notNull: boolean;
  readonly defaultValue?: StoredExpression | undefined;
  /** Domain checks; VALUE is COLUMN value. */
  readonly checks: readonly {
    readonly name: Identifier;
    readonly expression: StoredExpression;
    /** Rows from before may violate it. */
    readonly unvalidated?: boolean;
  }[];
  /** Object id of its array type. */
  readonly arrayTypeId: ObjectId;
}

export interface RoutineParameter {
  readonly name: Identifier | undefined;
  readonly type: SqlType;
  readonly mode: 'in' | 'out' | 'inout' | 'variadic' | 'table';
  readonly defaultValue?: StoredExpression | undefined;
}

/** One step of an aggregate, an expression over its state and arguments. */
export interface AggregateStep {
  readonly expression: StoredExpression;
  /** Its name as it was written. */
  readonly name: string;
  /** The routine that it calls; absent = what it calls is built in. */
  readonly routineId?: ObjectId | undefined;
}

export interface AggregateParts {
  readonly stateType: SqlType;
  /** The first state as text; absent = NULL. */
  readonly initial?: string | undefined;
  readonly transition: AggregateStep;
  readonly final?: AggregateStep | undefined;
  readonly extraArguments: boolean;
}

export interface RoutineDefinition extends Common {
  readonly kind: 'routine';
  readonly schemaId: ObjectId;
  readonly databaseId: ObjectId;
  readonly form: 'function' | 'procedure' | 'aggregate';
  readonly aggregate?: AggregateParts | undefined;
  readonly parameters: readonly RoutineParameter[];
  readonly returns: SqlType | undefined;
  readonly returnsSet: boolean;
  readonly language: string;
  readonly volatility: 'volatile' | 'stable' | 'immutable';
  readonly strict: boolean;
  /** Runs with the rights of its owner; absent = of the caller. */
  readonly ownersRights?: boolean | undefined;
  /** Settings it runs under: value by name. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  readonly program: Uint8Array;
  readonly source: string;
  readonly persistence: 'permanent' | 'temporary';
}

export interface Membership {
  readonly role: ObjectId;
  readonly admin: boolean;
  readonly grantor: ObjectId;
  /** Its rights count only while a session has made it active. */
  readonly dormant?: boolean;
}

export interface RoleDefinition extends Common {
  readonly kind: 'role';
  readonly login: boolean;
  readonly superuser: boolean;
  readonly createDatabase: boolean;
  readonly createRole: boolean;
  readonly inherit: boolean;
  readonly replication: boolean;
  readonly bypassRowSecurity: boolean;
  readonly connectionLimit: number;
  readonly validUntil?: string | undefined;
  /** Verifier per mechanism, never the password: 'scram-sha-256' -> 'SCRAM-SHA-256$...'. */
  readonly verifiers: Readonly<Record<string, string>>;
  readonly memberOf: readonly Membership[];
  /** The user and the hosts whose logins it is for, where these are told apart; absent = its name, from anywhere. */
  readonly account?: { readonly user: string; readonly host: string } | undefined;
  /** What clients prove their password by, as the dialect calls it. */
  readonly method?: string | undefined;
  readonly scopedGrants?: readonly ScopedGrant[] | undefined;
  /** Settings applied at login. */
  readonly settings: Readonly<Record<string, string>>;
}

export type RelationDefinition = TableDefinition | ViewDefinition | SequenceDefinition | IndexDefinition;
/** What is configured for the whole server by statements; there is one at most. */
export interface ServerDefinition extends Common {
  readonly kind: 'server';
  /** Defaults of settings: by the dialect that knows them, then by name. */
  readonly settings: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export type Definition =
  | DatabaseDefinition
  | SchemaDefinition
  | RelationDefinition
  | UserTypeDefinition
  | RoutineDefinition
  | RoleDefinition
  | ServerDefinition;

/** A base relation of the `sys` schema: computed rows, the ground the dialects' catalog views stand on. */
export interface SystemRelation {
  readonly kind: 'system';
  readonly id: ObjectId;
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[];
}

/**
 * One consistent state of the catalog as a statement sees it (committed state, or the transaction's
 * own uncommitted changes over it). Lookups are by `identifierKey`. All methods are synchronous.
 */
export interface CatalogView {
  /** Grows with every committed or own change; part of plan-cache keys. */
  readonly epoch: number;
  database(id: ObjectId): DatabaseDefinition | undefined;
  /** What is configured for the whole server; undefined = nothing. */
  server(): ServerDefinition | undefined;
  databaseByName(name: Identifier): DatabaseDefinition | undefined;
  schemaByName(databaseId: ObjectId, name: Identifier): SchemaDefinition | undefined;
  get(id: ObjectId): Definition | undefined;
  relationByName(schemaId: ObjectId, name: Identifier): RelationDefinition | undefined;
  typeByName(schemaId: ObjectId, name: Identifier): UserTypeDefinition | undefined;
  /** All overloads. */
  routinesByName(schemaId: ObjectId, name: Identifier): readonly RoutineDefinition[];
  roleByName(name: Identifier): RoleDefinition | undefined;
  all(kind: Definition['kind']): Iterable<Definition>;
}

/** How names are resolved for one statement: session state that binding depends on. */
export interface NameContext {
  readonly catalog: CatalogView;
  readonly databaseId: ObjectId;
  /** Schema ids searched for unqualified names, in order (temporary schema first when it exists). */
  readonly searchPath: readonly ObjectId[];
  /** Resolves a (maybe qualified) relation name, catalog views and sys relations of the dialect included. */
  findRelation(name: Name): RelationDefinition | SystemRelation | undefined;
  /** Name of a schema as this dialect shows it, its own catalog schemas included. */
  schemaName(id: ObjectId): string | undefined;
  findType(name: Name): UserTypeDefinition | undefined;
  findRoutines(name: Name): readonly RoutineDefinition[];
  readonly role: ObjectId;
  readonly isSuperuser: boolean;
  /** Throws insufficient_privilege unless the current role holds it: on the object, on each of the columns, or, where these are none, on any column. */
  checkPrivilege(
    object: RelationDefinition | SchemaDefinition | RoutineDefinition,
    privilege: string,
    columns?: readonly number[],
  ): void;
  /** May the role read a view of the dialect's own without a right of its own on it? */
  isOpen(view: ViewDefinition): boolean;
  /** The same for text of a stored definition: the right to use the schemas it names was needed when it was written. */
  stored(): NameContext;
}
