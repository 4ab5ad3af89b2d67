/**
 * The catalog and the session as functions see them: names of objects, definitions as text,
 * privileges, sequences, other sessions. Names are written in the session's fold and quoted when they
 * need it.
 */
import { displayIdentifier, type Identifier } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { ReferenceTarget, SqlType } from '../../sblr/contract/types.ts';
import type { Row } from '../../sblr/contract/values.ts';
import { displayType } from '../../sblr/contract/text/type-name.ts';
import { FIRST_USER_ID } from '../catalog/catalog.ts';
import { domainCheckOf } from '../catalog/derived-ids.ts';
import { crossReferences } from '../catalog/cross-references.ts';
import { hasPrivilege, inheritedRoles, isSuperuser } from '../catalog/privileges.ts';
import type {
  ConstraintDefinition,
  Definition,
  IndexDefinition,
  ObjectId,
  RelationDefinition,
  RoutineDefinition,
  SequenceDefinition,
  TableDefinition,
} from '../catalog/definitions.ts';
import type {
  CountHooks,
  IntrospectionHooks,
  NamedLockHooks,
  ObjectClass,
  PrivilegeRequest,
  SequenceHooks,
} from '../functions/introspection.ts';
import { SUSPEND } from '../executor/operator.ts';
import { isMember } from '../ddl/context.ts';
import { quoteIdentifier as quoteName } from '../binder/quote-identifier.ts';
import { RenderedCatalog } from './rendered-catalog.ts';
import { builtInArguments, builtInResult, objectDescription } from './built-in-texts.ts';
import { routineArguments, routineDefinition, routineNamed, routineResult } from './routine-text.ts';
import { settingText } from './setting-text.ts';
import { shownDatabase } from './current-database.ts';
import { transactionSetting } from './transaction-settings.ts';
import { availableExtensions } from './available-extensions.ts';
import { databaseSize, relationSize } from './sizes.ts';
import { indexKeySuffix } from './index-key-text.ts';
import { AccountIntrospection } from './account-introspection.ts';
import { AdvisoryLocks } from './advisory-locks.ts';
import { LargeObjects } from './large-objects.ts';
import type { Session } from './session.ts';
import { temporarySchemaIds, temporarySchemaOf } from './temporary-schemas.ts';

export class SessionIntrospection implements IntrospectionHooks {
  readonly #session: Session;
  readonly sequences: SequenceHooks;
  readonly counts: CountHooks;
  readonly namedLocks: NamedLockHooks;
  readonly accounts: AccountIntrospection;
  readonly #rendered: RenderedCatalog;
  readonly advisoryLocks: AdvisoryLocks;
  readonly largeObjects: LargeObjects;

  constructor(session: Session) {
    this.#session = session;
    this.advisoryLocks = new AdvisoryLocks(session);
    this.largeObjects = new LargeObjects(session);
    this.accounts = new AccountIntrospection(session);
    ({ sequences: this.sequences, counts: this.counts, namedLocks: this.namedLocks } = session);
    this.#rendered = new RenderedCatalog(session);
  }

  get sessionId(): number {
    return this.#session.processId;
  }

  get rendered(): RenderedCatalog {
    return this.#rendered;
  }

  show(identifier: Identifier): string {
    return displayIdentifier(identifier, this.#session.identifierFold);
  }

  currentDatabase(): string {
    return shownDatabase(this.#session);
  }

  currentUser(): string {
    return this.roleName(this.#session.currentRole) ?? '';
  }

  sessionUser(): string {
    return this.roleName(this.#session.sessionRole) ?? '';
  }

  currentUserId(): number {
    return this.#session.currentRole;
  }

  isSuperuser(): boolean {
    return this.#session.isSuperuser;
  }

  currentSchemas(includeImplicit: boolean): readonly string[] {
    const { names, dialect } = this.#session;
    const found = names.searchPath
      .filter((id) => id !== temporarySchemaOf(this.#session)?.id)
      .map((id) => names.schemaName(id)!)
      .filter((name) => name !== undefined);
    if (!includeImplicit) return found;
    return found.includes(dialect.system.systemSchema) ? found : [dialect.system.systemSchema, ...found];
  }

  clientAddress(): string {
    return this.#session.options.clientAddress;
  }

  applicationName(): string {
    return this.#session.settings.get('application_name') ?? '';
  }

  serverVersion(): string {
    return this.#session.dialect.profile.banner;
  }

  serverStarted(): number {
    return this.#session.core.startedAt;
  }

  configurationLoaded(): number {
    return this.#session.core.configuredAt;
  }

  reloadConfiguration(): boolean {
    this.#session.core.loadConfiguration();
    return true;
  }

  transactionId(assign: boolean): number | undefined {
    const { transaction } = this.#session;
    return transaction === undefined || (!assign && !transaction.hasWrites) ? undefined : transaction.id;
  }

  setting(name: string): string | undefined {
    const key = name.toLowerCase();
    const ofTransaction = transactionSetting(this.#session, key);
    if (ofTransaction !== undefined) return ofTransaction;
    if (key === 'is_superuser') return this.#session.isSuperuser ? 'on' : 'off';
    if (key === 'session_authorization') return this.sessionUser();
    if (key === 'role') return this.#session.currentRole === this.#session.sessionRole ? 'none' : this.currentUser();
    const value = this.#session.settings.get(name);
    return value === undefined ? undefined : settingText(this.#session.settings.definition(name), value);
  }

  setSetting(name: string, value: string, local: boolean): string {
    const inTransaction = this.#session.mode === 'block' || this.#session.mode === 'group';
    return this.#session.settings.set(name, value, this.#session.isSuperuser, local, inTransaction || local);
  }

  // ---- references

  #parts(text: string): Identifier[] {
    const parts: Identifier[] = [];
    for (const match of text.matchAll(/"((?:[^"]|"")*)"|([^.\s"]+)/g)) {
      const quoted = match[1]?.replaceAll('""', '"');
      const bare = quoted ?? this.show({ text: match[2]!, exact: false });
      parts.push({ text: bare, exact: quoted !== undefined && quoted !== this.show({ text: quoted, exact: false }) });
    }
    return parts;
  }

  lookupReference(target: ReferenceTarget, text: string): number | undefined {
    if (text === '-') return 0;
    const { names, catalog } = this.#session;
    switch (target) {
      case 'relation': {
        return names.findRelation(this.#parts(text))?.id;
      }
      case 'schema':
        return (
          names.schemaByName(this.#parts(text)[0]!)?.id ?? this.#session.dialect.system.schemas.get(text.toLowerCase())
        );
      case 'role':
        return catalog.roleByName(this.#parts(text)[0]!)?.id;
      case 'type':
        return this.#session.dialect.typeIdByName(text) ?? this.#userTypeId(text);
      case 'routine':
      case 'routine_signature': {
        const [bare, found] = routineNamed(text, (name) => names.findRoutines(this.#parts(name)), this);
        return found?.id ?? this.#session.dialect.routineId(bare.replace(/^.*\./, ''));
      }
      default:
        return undefined;
    }
  }

  #userTypeId(text: string): number | undefined {
    const isArray = text.endsWith('[]');
    const found = this.#session.names.findType(this.#parts(isArray ? text.slice(0, -2) : text));
    return isArray ? found?.arrayTypeId : found?.id;
  }

  referenceText(target: ReferenceTarget, id: number): string | undefined {
    if (id === 0) return '-';
    switch (target) {
      case 'relation':
        return this.#relationName(id);
      case 'schema': {
        const name = this.#session.names.schemaName(id);
        return name === undefined ? undefined : quoteName(name);
      }
      case 'role': {
        const name = this.roleName(id);
        return name === undefined ? undefined : quoteName(name);
      }
      case 'type':
        return this.formatType(id, -1);
      case 'routine':
      case 'routine_signature': {
        const found = this.#session.catalog.get(id);
        if (found?.kind !== 'routine') return this.#session.dialect.routineName(id);
        const name = quoteName(this.show(found.name));
        return target === 'routine' ? name : `${name}(${this.routineArguments(id, 'identity') ?? ''})`;
      }
      default:
        return undefined;
    }
  }

  /** Bare when the search path finds it, else with its schema. */
  #relationName(id: ObjectId): string | undefined {
    const found = this.relation(id);
    if (found === undefined) return undefined;
    const name = quoteName(this.show(found.name));
    if (this.isVisible('relation', id) === true) return name;
    return `${quoteName(this.#schemaNameOf(found))}.${name}`;
  }

  relation(id: ObjectId): RelationDefinition | undefined {
    const found = this.#session.catalog.get(id);
    if (
      found !== undefined &&
      (found.kind === 'table' || found.kind === 'view' || found.kind === 'sequence' || found.kind === 'index')
    )
      return found;
    return this.#session.dialect.viewById(id);
  }

  #schemaOf(relation: RelationDefinition): ObjectId {
    if (relation.kind !== 'index') return relation.schemaId;
    const table = this.#session.catalog.get(relation.tableId);
    return table?.kind === 'table' ? table.schemaId : 0;
  }

  #schemaNameOf(relation: RelationDefinition): string {
    return this.#session.names.schemaName(this.#schemaOf(relation)) ?? '';
  }

  // ---- descriptions

  formatType(id: number, modifier: number | undefined): string | undefined {
    const builtin = this.#session.dialect.formatType(id, modifier);
    if (builtin !== undefined) return builtin;
    const type = this.#session.catalog.get(id);
    if (type?.kind === 'type') return this.#qualified(type.schemaId, type.name);
    const element = crossReferences(this.#session.catalog).typeByArray.get(id);
    if (element !== undefined) return `${this.#qualified(element.schemaId, element.name)}[]`;
    const relation = this.relation(id);
    return relation === undefined ? undefined : this.#relationName(id);
  }

  #qualified(schemaId: ObjectId, name: Identifier): string {
    const { names } = this.#session;
    const bare = quoteName(this.show(name));
    return names.searchPath.includes(schemaId) ? bare : `${quoteName(names.schemaName(schemaId) ?? '')}.${bare}`;
  }

  typeId(type: SqlType): number {
    if (type.kind === 'array' && type.element?.typeId !== undefined) {
      const element = this.#session.catalog.get(type.element.typeId);
      if (element?.kind === 'type') return element.arrayTypeId;
    }
    return type.typeId ?? this.#session.dialect.typeId(type);
  }

  /** As displayType, but user-defined types by their names. */
  typeName(type: SqlType): string {
    if (type.kind === 'array' && type.element !== undefined) return `${this.typeName(type.element)}[]`;
    if (type.typeId !== undefined) return this.formatType(type.typeId, -1) ?? displayType(type);
    return displayType(type);
  }

  roleName(id: number): string | undefined {
    const role = this.#session.catalog.get(id);
    if (role === undefined) return this.#session.dialect.facts.find('role', id)?.fields[0];
    return role.kind === 'role' ? this.show(role.name) : undefined;
  }

  isVisible(kind: ObjectClass, id: number): boolean | undefined {
    const { names, catalog, dialect } = this.#session;
    if (kind === 'relation') {
      const found = this.relation(id);
      if (found === undefined) {
        // A composite type is listed among the relations.
        const type = catalog.get(id);
        return type?.kind === 'type' && type.form === 'composite'
          ? names.searchPath.includes(type.schemaId)
          : undefined;
      }
      if (found.kind === 'view' && found.system)
        return names.schemaName(found.schemaId) === dialect.system.systemSchema;
      if (!names.searchPath.includes(this.#schemaOf(found))) return false;
      const first = names.findRelation([found.name]);
      return first?.id === id;
    }
    if (kind === 'type' && dialect.formatType(id, -1) !== undefined) return true;
    const found = catalog.get(id);
    // Objects below the first user's are built in, and all of those are visible.
    if (found === undefined) return id < FIRST_USER_ID ? true : undefined;
    return 'schemaId' in found ? names.searchPath.includes(found.schemaId) : true;
  }

  constraintDefinition(id: number, pretty: boolean): string | undefined {
    const check = domainCheckOf(id);
    if (check !== undefined) return this.#rendered.domainCheck(check.typeId, check.at, pretty);
    const table = crossReferences(this.#session.catalog).tableOfConstraint.get(id);
    const constraint = table?.constraints.find((one) => one.id === id);
    return table === undefined || constraint === undefined
      ? undefined
      : this.#constraintText(table, constraint, pretty);
  }

  #columnList(table: TableDefinition, positions: readonly number[]): string {
    return positions.map((position) => quoteName(this.show(table.columns[position - 1]!.name))).join(', ');
  }

  #constraintText(table: TableDefinition, constraint: ConstraintDefinition, pretty: boolean): string {
    const tail = `${constraint.deferrable ? ' DEFERRABLE' : ''}${constraint.initiallyDeferred ? ' INITIALLY DEFERRED' : ''}${constraint.validated ? '' : ' NOT VALID'}`;
    switch (constraint.kind) {
      case 'check': {
        const text = this.#rendered.check(table, constraint.id, pretty) ?? '';
        return `CHECK (${text})${constraint.noInherit ? ' NO INHERIT' : ''}${tail}`;
      }
      case 'primary_key':
      case 'unique': {
        const index = table.indexes.find((one) => one.id === constraint.indexId);
        const include =
          index !== undefined && index.include.length > 0 ? ` INCLUDE (${this.#columnList(table, index.include)})` : '';
        const words =
          constraint.kind === 'primary_key'
            ? 'PRIMARY KEY'
            : index?.nullsNotDistinct === true
              ? 'UNIQUE NULLS NOT DISTINCT'
              : 'UNIQUE';
        return `${words} (${this.#columnList(table, constraint.columns)})${include}${tail}`;
      }
      default:
        return this.#foreignKeyText(table, constraint) + tail;
    }
  }

  #foreignKeyText(table: TableDefinition, constraint: ConstraintDefinition): string {
    const parent = this.#session.catalog.get(constraint.refTableId ?? 0);
    if (parent?.kind !== 'table') return '';
    const action = (word: string, value: ConstraintDefinition['onDelete']): string =>
      value === 'no_action' ? '' : ` ON ${word} ${value.replace('_', ' ').toUpperCase()}`;
    const set = constraint.setColumns.length === 0 ? '' : ` (${this.#columnList(table, constraint.setColumns)})`;
    return `FOREIGN KEY (${this.#columnList(table, constraint.columns)}) REFERENCES ${this.#relationName(parent.id)}(${this.#columnList(parent, constraint.refColumns ?? [])})${constraint.match === 'full' ? ' MATCH FULL' : ''}${action('UPDATE', constraint.onUpdate)}${action('DELETE', constraint.onDelete)}${set}`;
  }

  indexDefinition(id: number, column: number, pretty: boolean): string | undefined {
    const index = this.#session.catalog.get(id);
    if (index?.kind !== 'index') return undefined;
    const table = this.#session.catalog.get(index.tableId);
    if (table?.kind !== 'table') return undefined;
    if (column > 0) return this.#indexKeyText(table, index, column - 1, true, pretty);
    const keys = index.keys.map((_key, at) => this.#indexKeyText(table, index, at, false, pretty)).join(', ');
    const include = index.include.length === 0 ? '' : ` INCLUDE (${this.#columnList(table, index.include)})`;
    const predicate = this.#rendered.predicate(id, pretty);
    const where = predicate === null ? '' : ` WHERE ${predicate}`;
    const name =
      pretty && this.isVisible('relation', table.id) === true
        ? quoteName(this.show(table.name))
        : `${quoteName(this.#schemaNameOf(table))}.${quoteName(this.show(table.name))}`;
    return `CREATE ${index.unique || index.uniqueLate === true ? 'UNIQUE ' : ''}INDEX ${quoteName(this.show(index.name))} ON ${name} USING ${index.method} (${keys})${include}${index.nullsNotDistinct ? ' NULLS NOT DISTINCT' : ''}${where}`;
  }

  #indexKeyText(table: TableDefinition, index: IndexDefinition, at: number, bare: boolean, pretty: boolean): string {
    const key = index.keys[at];
    if (key === undefined) {
      const included = index.include[at - index.keys.length];
      return included === undefined ? '' : quoteName(this.show(table.columns[included - 1]!.name));
    }
    const text =
      key.column === 0
        ? this.#rendered.indexExpression(index.id, at, pretty)
        : quoteName(this.show(table.columns[key.column - 1]!.name));
    if (bare) return text;
    return `${text}${indexKeySuffix(key)}`;
  }

  viewDefinition(id: number, pretty: boolean, wrapColumn = 0): string | undefined {
    const view = this.relation(id);
    return view?.kind !== 'view' || view.system ? undefined : this.#rendered.view(view, pretty, wrapColumn);
  }

  #routine(id: number): RoutineDefinition | undefined {
    const found = this.#session.catalog.get(id);
    return found?.kind === 'routine' ? found : undefined;
  }

  routineDefinition(id: number): string | undefined {
    const routine = this.#routine(id);
    return routine && routineDefinition(routine, this.#session.names.schemaName(routine.schemaId) ?? '', this);
  }

  routineArguments(id: number, form: 'full' | 'identity'): string | undefined {
    const routine = this.#routine(id);
    return routine === undefined
      ? builtInArguments(this.#session.dialect, id, form)
      : routineArguments(routine, form, this);
  }

  routineResult(id: number): string | undefined {
    const routine = this.#routine(id);
    return routine === undefined ? builtInResult(this.#session.dialect, id) : routineResult(routine, this);
  }

  triggerDefinition(_id: number): string | undefined {
    return undefined;
  }

  /** Catalog views show expressions already rendered, with all parentheses. */
  expressionText(expression: string, relation: number, pretty: boolean): string | undefined {
    const table = pretty ? this.relation(relation) : undefined;
    return table?.kind === 'table' ? this.#rendered.prettyText(table, expression) : expression;
  }

  objectDescription(id: number, catalog: string, column: number): string | undefined {
    return objectDescription(this.#session, id, catalog, column);
  }

  sharedObjectDescription(id: number, _catalog: string): string | undefined {
    return this.#session.catalog.get(id)?.comment;
  }

  serialSequence(table: string, column: string): string | undefined {
    const found = this.#session.names.findRelation(this.#parts(table));
    if (found === undefined)
      throw new SqlError('undefined_table', { message: `relation "${table}" does not exist`, args: { name: table } });
    // Other relations have columns too, but none of them owns a sequence.
    if (found.kind !== 'table') return undefined;
    const wanted = column.toLowerCase();
    const definition = found.columns.find(
      (one) =>
        !one.dropped && (one.name.text === column || (!one.name.exact && one.name.text.toLowerCase() === wanted)),
    );
    if (definition === undefined)
      throw new SqlError('undefined_column', {
        message: `column "${column}" of relation "${this.show(found.name)}" does not exist`,
        variant: 'column_of_relation',
        args: { column, table: this.show(found.name) },
      });
    const sequence =
      definition.sequenceId === undefined
        ? this.#ownedSequence(found.id, definition.position)
        : this.#session.catalog.get(definition.sequenceId);
    if (sequence?.kind !== 'sequence') return undefined;
    return `${quoteName(this.#session.names.schemaName(sequence.schemaId) ?? '')}.${quoteName(this.show(sequence.name))}`;
  }

  #ownedSequence(tableId: ObjectId, column: number): SequenceDefinition | undefined {
    const owned = crossReferences(this.#session.catalog).sequencesOfTable.get(tableId);
    return owned?.find((sequence) => sequence.ownedBy?.column === column);
  }

  indexHasProperty(id: number, column: number, property: string): boolean | undefined {
    const index = this.#session.catalog.get(id);
    const key = index?.kind === 'index' ? index.keys[column - 1] : undefined;
    if (key === undefined) return undefined;
    switch (property) {
      case 'asc':
        return !key.descending;
      case 'desc':
        return key.descending;
      case 'nulls_first':
        return key.nullsFirst;
      case 'nulls_last':
        return !key.nullsFirst;
      case 'orderable':
      case 'returnable':
      case 'search_array':
      case 'search_nulls':
        return true;
      default:
        return undefined;
    }
  }

  relationIsUpdatable(id: number): number {
    return this.relation(id)?.kind === 'table' ? 28 : 0;
  }

  temporarySchemaKind(id: number): 'own' | 'other' | undefined {
    if (temporarySchemaIds(this.#session).has(id)) return 'own';
    const schema = this.#session.catalog.get(id);
    return schema?.kind === 'schema' && schema.name.text.startsWith('temp:') ? 'other' : undefined;
  }

  temporarySchemaId(): number {
    return temporarySchemaOf(this.#session)?.id ?? 0;
  }

  databaseEncoding(_id: number): string | undefined {
    return 'UTF8';
  }

  // ---- privileges

  #roleId(user: string | number | undefined): ObjectId | undefined {
    if (user === undefined) return this.#session.currentRole;
    if (typeof user === 'number') return this.#session.catalog.get(user)?.kind === 'role' ? user : undefined;
    if (user === 'public') return 0;
    const id = this.#session.catalog.roleByName(this.#parts(user)[0] ?? { text: user, exact: false })?.id;
    if (id === undefined)
      throw new SqlError('undefined_object', {
        message: `role "${user}" does not exist`,
        variant: 'role',
        args: { role: user },
      });
    return id;
  }

  #privilegeObject(request: PrivilegeRequest): Definition | undefined {
    const { object } = request;
    const { catalog, names } = this.#session;
    if (typeof object === 'number') return catalog.get(object) ?? this.#session.dialect.viewById(object);
    switch (request.kind) {
      case 'schema':
        return names.schemaByName(this.#parts(object)[0]!);
      case 'database':
        return catalog.databaseByName(this.#parts(object)[0]!);
      case 'routine':
        return names.findRoutines(this.#parts(object.replace(/\(.*$/s, '')))[0];
      case 'type':
        return names.findType(this.#parts(object));
      default: {
        const found = names.findRelation(this.#parts(object));
        if (found === undefined)
          throw new SqlError('undefined_table', {
            message: `relation "${object}" does not exist`,
            args: { name: object },
          });
        return found.kind === 'system' ? undefined : found;
      }
    }
  }

  hasPrivilege(request: PrivilegeRequest): boolean | undefined {
    const role = this.#roleId(request.user);
    if (role === undefined) return undefined;
    const object = this.#privilegeObject(request);
    const privileges = request.privilege.split(',').map((text) => text.trim().toUpperCase());
    if (object === undefined) {
      if (
        request.kind === 'schema' &&
        typeof request.object === 'string' &&
        !this.#session.dialect.system.schemas.has(request.object)
      ) {
        throw new SqlError('invalid_schema_name', {
          message: `schema "${request.object}" does not exist`,
          args: { schema: request.object },
        });
      }
      return ['schema', 'language', 'tablespace', 'type', 'routine', 'table', 'any_column', 'column'].includes(
        request.kind,
      )
        ? isSuperuser(this.#session.catalog, role) || privileges.some((one) => one !== 'CREATE')
        : undefined;
    }
    if (object.kind === 'view' && object.system) return true;
    const column = typeof request.column === 'number' ? request.column : this.#columnPosition(object, request.column);
    return privileges.some((text) => {
      const grantable = text.endsWith(' WITH GRANT OPTION');
      const name = (grantable ? text.slice(0, -18) : text).replace(/^TEMP$/, 'TEMPORARY');
      const wanted = grantable ? `${name}*` : name;
      if (hasPrivilege(this.#session.catalog, role, object, wanted, column)) return true;
      return (
        request.kind === 'any_column' &&
        (object.kind === 'table' || object.kind === 'view') &&
        object.columns.some((one) => hasPrivilege(this.#session.catalog, role, object, wanted, one.position))
      );
    });
  }

  #columnPosition(object: Definition, name: string | undefined): number | undefined {
    if (name === undefined || (object.kind !== 'table' && object.kind !== 'view')) return undefined;
    return object.columns.find((column) => this.show(column.name) === name)?.position;
  }

  hasRole(user: string | number | undefined, role: string | number, privilege: string): boolean {
    const member = this.#roleId(user);
    const group = this.#roleId(role);
    if (member === undefined || group === undefined) return false;
    if (isSuperuser(this.#session.catalog, member)) return true;
    return privilege.toUpperCase().startsWith('USAGE')
      ? inheritedRoles(this.#session.catalog, member).has(group)
      : isMember(this.#session, member, group);
  }

  // ---- sizes

  relationSize(id: number, part: 'main' | 'table' | 'indexes' | 'total'): number | undefined {
    const relation = this.relation(id);
    return relation && relationSize(this.#session, relation, part);
  }

  requireDatabase(name: string): string {
    return this.#session.names.requireDatabase(name);
  }

  databaseSize(nameOrId: string | number): number | undefined {
    const { catalog } = this.#session;
    const database =
      typeof nameOrId === 'number' ? catalog.database(nameOrId) : catalog.databaseByName(this.#parts(nameOrId)[0]!);
    return database && databaseSize(this.#session, database);
  }

  // ---- sessions, locks, notifications

  signalSession(id: number, what: 'cancel' | 'terminate', required = false): boolean {
    return this.#session.core.signal(this.#session, id, what, required);
  }

  blockingSessions(id: number): readonly number[] {
    return this.#session.core.blockingSessions(id);
  }

  notify(channel: string, payload: string): void {
    this.#session.core.notify(this.#session, channel, payload);
  }

  listeningChannels(): readonly string[] {
    return [...this.#session.listening];
  }

  #sleepUntil = 0;

  sleep(seconds: number): void {
    const context = this.#session.running?.context;
    const now = performance.now();
    if (this.#sleepUntil !== 0 && now >= this.#sleepUntil) {
      this.#sleepUntil = 0;
      return;
    }
    if (context === undefined || seconds <= 0) return;
    if (this.#sleepUntil === 0) this.#sleepUntil = now + seconds * 1000;
    context.checkCancelled();
    context.waitFor((resume) => setTimeout(resume, Math.min(Math.max(this.#sleepUntil - now, 0), 50)));
    throw SUSPEND;
  }

  introspectionRows(name: string): readonly Row[] | undefined {
    return name === 'available_extensions' ? availableExtensions(this.#session) : undefined;
  }
}
