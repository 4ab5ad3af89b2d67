/**
 * Name resolution of one session: which object a name means, given database, search path, temporary
 * schema and the dialect's own catalog schemas. A new instance whenever any of these changes.
 */
import {
  displayIdentifier,
  identifierKey,
  type Identifier,
  type IdentifierFold,
  type Name,
} from '../../sblr/contract/names.ts';
import type { Semantics } from '../../sblr/contract/semantics.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { noDatabase, unknownDatabase } from '../catalog/errors.ts';
import { type Actor, hasPrivilege, hasScopedPrivilege, isSuperuser } from '../catalog/privileges.ts';
import type {
  CatalogView,
  Definition,
  NameContext,
  ObjectId,
  RelationDefinition,
  RoutineDefinition,
  SchemaDefinition,
  SystemRelation,
  UserTypeDefinition,
  ViewDefinition,
} from '../catalog/definitions.ts';

/** A dialect's catalog schemas and views, and the base relations all dialects see as `sys`. */
export interface SystemCatalog {
  readonly systemSchema: string;
  readonly mainSchema: string;
  readonly temporarySchema: string | undefined;
  readonly schemas: ReadonlyMap<string, ObjectId>;
  /** Those of them that are not open to everybody. */
  readonly guarded: ReadonlySet<ObjectId>;
  /** Key: schema.name in lower case. */
  readonly views: ReadonlyMap<string, ViewDefinition>;
  readonly base: ReadonlyMap<string, SystemRelation>;
}

export interface NameSettings {
  readonly catalog: CatalogView;
  readonly databaseId: ObjectId;
  readonly searchPath: readonly ObjectId[];
  /** Of the session's temporary objects, by database. */
  readonly temporarySchemas: readonly SchemaDefinition[];
  readonly role: ObjectId;
  /** Its roles that the session made active; undefined = those that are by default. */
  readonly active: ReadonlySet<ObjectId> | undefined;
  readonly fold: IdentifierFold;
  readonly qualifier: Semantics['qualifier'];
  readonly system: SystemCatalog;
  /** What the main schema is called. Default: as the session's dialect calls it. */
  readonly mainSchema?: string;
  /** Names are those of a stored definition, which may use all schemas. Default: false. */
  readonly stored?: boolean;
}

export class SessionNames implements NameContext {
  readonly catalog: CatalogView;
  readonly databaseId: ObjectId;
  readonly searchPath: readonly ObjectId[];
  readonly role: ObjectId;
  readonly isSuperuser: boolean;
  readonly #settings: NameSettings;
  readonly #temporary: SchemaDefinition | undefined;
  #stored: SessionNames | undefined = undefined;

  constructor(settings: NameSettings) {
    this.#settings = settings;
    this.catalog = settings.catalog;
    this.databaseId = settings.databaseId;
    this.#temporary = settings.temporarySchemas.find((one) => one.databaseId === settings.databaseId);
    this.searchPath =
      this.#temporary === undefined ? settings.searchPath : [this.#temporary.id, ...settings.searchPath];
    this.role = settings.role;
    this.isSuperuser = isSuperuser(settings.catalog, settings.role);
  }

  /** The same with another role or path: what a view's query sees. */
  with(change: Partial<NameSettings>): SessionNames {
    return new SessionNames({ ...this.#settings, ...change });
  }

  findRelation(name: Name): RelationDefinition | SystemRelation | undefined {
    const last = name[name.length - 1]!;
    if (name.length === 1) return this.#unqualified(last);
    if (name.length > 2) this.#checkDatabase(name[name.length - 3]!);
    const schemaName = name[name.length - 2]!;
    const system = this.#systemRelation(schemaName, last);
    if (system !== undefined) return system;
    const schema = this.schemaByName(schemaName);
    if (schema === undefined && this.#settings.qualifier === 'database') throw this.#unknownDatabase(schemaName);
    if (schema === undefined) return undefined;
    this.#requireUsage(schema);
    return this.#hiding(schema, last) ?? this.#visible(schema.id, last);
  }

  /** The session's temporary relation that hides the one of a database, where that is what qualifies names. */
  #hiding({ databaseId }: SchemaDefinition, name: Identifier): RelationDefinition | undefined {
    const { qualifier, stored, temporarySchemas } = this.#settings;
    if (qualifier !== 'database' || stored === true) return undefined;
    const own = temporarySchemas.find((one) => one.databaseId === databaseId);
    return own === undefined ? undefined : this.#visible(own.id, name);
  }

  #requireUsage(schema: SchemaDefinition): void {
    if (this.#settings.stored !== true && schema.id !== this.#temporary?.id) this.checkPrivilege(schema, 'USAGE');
  }

  #visible(schemaId: ObjectId, name: Identifier): RelationDefinition | undefined {
    return this.catalog.relationByName(schemaId, name);
  }

  #unqualified(name: Identifier): RelationDefinition | SystemRelation | undefined {
    const temporary = this.#temporary?.id;
    if (temporary !== undefined) {
      const found = this.#visible(temporary, name);
      if (found !== undefined) return found;
    }
    if (!name.exact) {
      const system = this.#settings.system.views.get(
        `${this.#settings.system.systemSchema}.${name.text.toLowerCase()}`,
      );
      if (system !== undefined) return system;
    }
    if (this.databaseId === 0) throw noDatabase();
    for (const id of this.searchPath) {
      const found = this.#visible(id, name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #systemRelation(schema: Identifier, name: Identifier): RelationDefinition | SystemRelation | undefined {
    if (schema.exact || name.exact) return undefined;
    const key = schema.text.toLowerCase();
    if (key === 'sys' && this.#settings.system.base.has(name.text.toLowerCase()))
      return this.#settings.system.base.get(name.text.toLowerCase());
    return this.#settings.system.views.get(`${key}.${name.text.toLowerCase()}`);
  }

  #unknownDatabase(name: Identifier): SqlError {
    return unknownDatabase(displayIdentifier(name, this.#settings.fold));
  }

  #checkDatabase(name: Identifier): void {
    const database = this.catalog.databaseByName(name);
    if (database?.id === this.databaseId) return;
    const shown = displayIdentifier(name, this.#settings.fold);
    throw new SqlError('feature_not_supported', {
      message: `cross-database references are not implemented: "${shown}"`,
      variant: 'cross_database',
      args: { name: shown },
    });
  }

  /**
   * The schema that a qualifier means. The main schema answers to the dialect's name for it; where
   * qualifiers are databases, to the name of its database.
   */
  schemaByName(name: Identifier): SchemaDefinition | undefined {
    if (this.#settings.qualifier === 'database') {
      const database = this.catalog.databaseByName(name);
      return database === undefined ? undefined : this.mainSchema(database.id);
    }
    const { mainSchema = this.#settings.system.mainSchema } = this.#settings;
    if (!name.exact && identifierKey(name) === mainSchema.toLowerCase()) {
      const main = this.mainSchema();
      if (main !== undefined) return main;
    }
    if (!name.exact && identifierKey(name) === this.#settings.system.temporarySchema) return this.#temporary;
    return this.catalog.schemaByName(this.databaseId, name);
  }

  /** The name of a database as it is shown; an error where there is none, or no name. */
  requireDatabase(name: string): string {
    if (name === '') throw noDatabase();
    if (this.#settings.system.schemas.has(name.toLowerCase())) return name.toLowerCase();
    const found = this.catalog.databaseByName({ text: name, exact: false });
    if (found === undefined) throw unknownDatabase(name);
    return displayIdentifier(found.name, this.#settings.fold);
  }

  mainSchema(databaseId: ObjectId = this.databaseId): SchemaDefinition | undefined {
    for (const schema of this.catalog.all('schema')) {
      if (schema.kind === 'schema' && schema.main && schema.databaseId === databaseId) return schema;
    }
    return undefined;
  }

  schemaName(id: ObjectId): string | undefined {
    const schema = this.catalog.get(id);
    if (schema?.kind === 'schema')
      return schema.main ? this.#settings.system.mainSchema : displayIdentifier(schema.name, this.#settings.fold);
    for (const [name, systemId] of this.#settings.system.schemas) if (systemId === id) return name;
    return id === this.#temporary?.id ? this.#settings.system.temporarySchema : undefined;
  }

  findType(name: Name): UserTypeDefinition | undefined {
    const last = name[name.length - 1]!;
    for (const schema of this.#schemasFor(name)) {
      const found = this.catalog.typeByName(schema, last);
      if (found !== undefined) return found;
      const relation = this.catalog.relationByName(schema, last);
      if (relation?.kind === 'table' || relation?.kind === 'view') return this.#rowType(relation);
    }
    return undefined;
  }

  /** Every table is also a composite type. */
  #rowType(relation: Extract<RelationDefinition, { kind: 'table' | 'view' }>): UserTypeDefinition {
    const columns = relation.columns.filter((column) => !column.dropped);
    const fields = columns.map((column) => ({
      name: displayIdentifier(column.name, this.#settings.fold),
      type: column.type,
    }));
    return {
      kind: 'type',
      id: relation.id,
      name: relation.name,
      owner: relation.owner,
      schemaId: relation.schemaId,
      databaseId: relation.databaseId,
      form: 'composite',
      type: { kind: 'record', fields, typeId: relation.id },
      notNull: false,
      checks: [],
      arrayTypeId: 0,
    };
  }

  findRoutines(name: Name): readonly RoutineDefinition[] {
    const last = name[name.length - 1]!;
    // Temporary routines answer to their qualified name only.
    const schemas = name.length === 1 ? this.#settings.searchPath : this.#schemasFor(name);
    return schemas.flatMap((schema) => [...this.catalog.routinesByName(schema, last)]);
  }

  #schemasFor(name: Name): readonly ObjectId[] {
    if (name.length === 1) return this.searchPath;
    if (name.length > 2) this.#checkDatabase(name[name.length - 3]!);
    const schema = this.schemaByName(name[name.length - 2]!);
    if (schema === undefined) return [];
    this.#requireUsage(schema);
    return [schema.id];
  }

  /** The same with a schema before all others. */
  searchedFirst(schema: ObjectId): SessionNames {
    return this.with({ searchPath: [schema, ...this.#settings.searchPath] });
  }

  stored(): SessionNames {
    if (this.#settings.stored === true) return this;
    this.#stored ??= this.with({ stored: true });
    return this.#stored;
  }

  checkPrivilege(
    object: RelationDefinition | SchemaDefinition | RoutineDefinition,
    privilege: string,
    columns?: readonly number[],
  ): void {
    if (this.isSuperuser) return;
    if (object.kind === 'view' && object.system && this.isOpen(object)) return;
    const { catalog, actor } = this;
    if (hasPrivilege(catalog, actor, object, privilege)) return;
    const onColumn = (column: number): boolean => hasPrivilege(catalog, actor, object, privilege, column);
    if (columns !== undefined && columns.length > 0 && columns.every(onColumn)) return;
    const live = 'columns' in object ? object.columns.filter((one) => !one.dropped) : [];
    const partly = live.some((one) => onColumn(one.position));
    if (columns?.length === 0 && partly) return;
    const word = wordOf(object);
    const fold = this.#settings.fold;
    const name = object.kind === 'schema' ? this.schemaName(object.id)! : displayIdentifier(object.name, fold);
    // Who may see some columns is told which one it is about; a list of all of them is about the table.
    const missing = partly && columns!.length < live.length ? columns!.find((column) => !onColumn(column)) : undefined;
    const column = live.find((one) => one.position === missing)?.name;
    throw new SqlError('insufficient_privilege', {
      message: `permission denied for ${word} ${name}`,
      variant: column === undefined ? 'object' : 'column',
      args: {
        kind: word,
        name,
        privilege,
        ...(column === undefined ? {} : { column: displayIdentifier(column, fold) }),
      },
    });
  }

  /** The rights that count. */
  get actor(): Actor {
    const { active } = this.#settings;
    return active === undefined ? this.role : { role: this.role, active };
  }

  /** May everybody read the dialect's own view, or does the role hold something on its schema? */
  isOpen(view: ViewDefinition): boolean {
    const { guarded } = this.#settings.system;
    if (!guarded.has(view.schemaId)) return true;
    const scope = { database: this.schemaName(view.schemaId) ?? '', relation: view.name.text, column: '' };
    return hasScopedPrivilege(this.catalog, this.actor, scope, 'SELECT');
  }
}

/** What messages call an object. */
function wordOf(object: Definition): string {
  switch (object.kind) {
    case 'routine':
      return object.form;
    case 'schema':
    case 'view':
    case 'sequence':
    case 'database':
      return object.kind;
    default:
      return 'table';
  }
}
