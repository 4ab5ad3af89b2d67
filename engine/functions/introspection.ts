/**
 * What functions need to know about the catalog and the session: the session implements it, so that
 * functions stay free of the catalog's structures. All ids are catalog object ids. Lookups of objects
 * that do not exist answer undefined (or null where the SQL function answers NULL).
 */
import type { ReferenceTarget, SqlType } from '../../sblr/contract/types.ts';
import type { Row, SqlValue } from '../../sblr/contract/values.ts';

/** Large objects as functions use them; numbers of bytes are whole and below 2^53. */
export interface LargeObjectHooks {
  create(id: number): number;
  unlink(id: number): void;
  read(id: number, from: number, length: number | undefined): Uint8Array;
  write(id: number, at: number, bytes: Uint8Array): void;
  open(id: number, writable: boolean): number;
  close(descriptor: number): void;
  readNext(descriptor: number, length: number): Uint8Array;
  writeNext(descriptor: number, bytes: Uint8Array): number;
  seek(descriptor: number, offset: number, origin: 'start' | 'current' | 'end'): number;
  tell(descriptor: number): number;
  truncate(descriptor: number, size: number): void;
}

export interface AdvisoryLockHooks {
  lock(key: string, mode: 'exclusive' | 'shared', scope: 'session' | 'transaction', wait: boolean): boolean;
  unlock(key: string, mode: 'exclusive' | 'shared'): boolean;
  unlockAll(): void;
}

export interface IntrospectionHooks {
  // ---- session
  readonly sessionId: number;
  currentDatabase(): string;
  currentUser(): string;
  sessionUser(): string;
  currentUserId(): number;
  isSuperuser(): boolean;
  /** Existing schemas of the search path, as this session shows them. */
  currentSchemas(includeImplicit: boolean): readonly string[];
  clientAddress(): string;
  applicationName(): string;
  serverVersion(): string;
  /** Microseconds since 1970 UTC. */
  serverStarted(): number;
  configurationLoaded(): number;
  /** Takes the server's committed configuration into force. */
  reloadConfiguration(): boolean;
  /** Id of the current transaction, assigning one if needed; undefined when only reading and `assign` is false. */
  transactionId(assign: boolean): number | undefined;
  /** Effective value of a setting; undefined = unknown. */
  setting(name: string): string | undefined;
  /** Changes a setting and answers its new value. */
  setSetting(name: string, value: string, local: boolean): string;
  inTransactionFailed?(): boolean;

  // ---- large objects
  readonly largeObjects: LargeObjectHooks;

  // ---- references
  /** Object id for the text of a reference value ('public.t', 'integer', 'f(int)'); undefined = none. */
  lookupReference(target: ReferenceTarget, text: string): number | undefined;
  /** Text of a reference value; undefined = no such object. */
  referenceText(target: ReferenceTarget, id: number): string | undefined;

  // ---- object descriptions
  /** Name of a type by id and modifier (-1 = none), e.g. 'character varying(10)'; undefined = none. */
  formatType(id: number, modifier: number | undefined): string | undefined;
  /** Object id of a type. */
  typeId(type: SqlType): number;
  roleName(id: number): string | undefined;
  /** Is the object found by its bare name on the search path? undefined = no such object. */
  isVisible(kind: ObjectClass, id: number): boolean | undefined;
  constraintDefinition(id: number, pretty: boolean): string | undefined;
  /** Whole CREATE INDEX (column 0), or one key. */
  indexDefinition(id: number, column: number, pretty: boolean): string | undefined;
  viewDefinition(id: number, pretty: boolean, wrapColumn?: number): string | undefined;
  routineDefinition(id: number): string | undefined;
  routineArguments(id: number, form: 'full' | 'identity'): string | undefined;
  routineResult(id: number): string | undefined;
  triggerDefinition(id: number): string | undefined;
  /** Text of a stored expression given as catalog relations show it. */
  expressionText(expression: string, relation: number, pretty: boolean): string | undefined;
  /** Comment on an object; `catalog` = name of the catalog relation that lists it, '' = any; column 0 = the object itself. */
  objectDescription(id: number, catalog: string, column: number): string | undefined;
  sharedObjectDescription(id: number, catalog: string): string | undefined;
  /** 'schema.sequence' owned by the column of the named table; undefined = none. */
  serialSequence(table: string, column: string): string | undefined;
  indexHasProperty(id: number, column: number, property: string): boolean | undefined;
  relationIsUpdatable(id: number): number;
  /** Is `object` a temporary schema of another session? */
  /** Of temporary objects: of this session, or of another. */
  temporarySchemaKind(id: number): 'own' | 'other' | undefined;
  temporarySchemaId(): number;
  databaseEncoding(id: number): string | undefined;

  // ---- privileges: `user` undefined = the current user; object by id or name; undefined = no such object
  hasPrivilege(request: PrivilegeRequest): boolean | undefined;
  /** member / usage of a role. */
  hasRole(user: string | number | undefined, role: string | number, privilege: string): boolean;

  // ---- sizes and statistics
  relationSize(id: number, part: 'main' | 'table' | 'indexes' | 'total'): number | undefined;
  /** The name as it is shown; an error where there is no such database, or no name. */
  requireDatabase(name: string): string;
  databaseSize(nameOrId: string | number): number | undefined;

  readonly sequences: SequenceHooks;
  readonly namedLocks: NamedLockHooks;
  readonly accounts: AccountHooks;
  /** Of the session's last statements. */
  readonly counts: CountHooks;

  // ---- other sessions, locks, notifications
  /** `required`: that there is no such session is an error. */
  signalSession(sessionId: number, what: 'cancel' | 'terminate', required?: boolean): boolean;
  blockingSessions(sessionId: number): readonly number[];
  /** Advisory lock. 'wait' forms may suspend the statement; the answer is whether it was taken. */
  readonly advisoryLocks: AdvisoryLockHooks;
  notify(channel: string, payload: string): void;
  listeningChannels(): readonly string[];
  /** Sleeps are carried out by the executor where it can suspend; answers at once when it cannot. */
  sleep(seconds: number): void;

  /** Rows of a named introspection set (settings, locks ...) for set-returning functions without their own code. */
  introspectionRows?(name: string, values: readonly SqlValue[]): readonly Row[] | undefined;
}

export interface SequenceHooks {
  nextValue(sequence: number): number | bigint;
  currentValue(sequence: number): number | bigint;
  setValue(sequence: number, value: number | bigint, isCalled: boolean): void;
  lastValue(): number | bigint;
}

export interface NamedLockHooks {
  /** Waits so many seconds, for ever when negative; false = in vain. */
  acquire(name: string, seconds: number): boolean;
  /** Id of the session that holds it; undefined = nobody does. */
  holder(name: string): number | undefined;
  /** Was it held by this session? undefined = by nobody. */
  release(name: string): boolean | undefined;
  releaseAll(): number;
}

/** Accounts, and who may see what. */
export interface AccountHooks {
  /** user@host: of the account whose rights count, and of the client. */
  current(): string;
  client(): string;
  /** Accounts of the roles that act, in the quotes given, with commas between them; undefined = none. */
  active(quote: string): string | undefined;
  /** Id of the account; an error where there is none, or one that the role may not ask about. */
  required(user: string, host: string): number;
  /** Does the role act for the account, with the roles of a JSON list of [user, host], or ('') those that act now? */
  actsFor(role: number, account: number, named: string): boolean;
  reachesRelation(id: number): boolean;
  reachesColumn(id: number, position: number): boolean;
  reachesDatabase(id: number): boolean;
  reachesOwnSchema(id: number): boolean;
  administers(area: string): boolean;
  digest(id: number): string | undefined;
}

export interface CountHooks {
  /** First identity value that the last generating statement made. */
  readonly identity: number | bigint;
  replaceIdentity(value: number | bigint): void;
  /** Rows that the last statement changed; -1 = it returned rows, or failed. */
  readonly rows: number;
  /** Rows of the last query. */
  readonly found: number;
}

export type ObjectClass =
  | 'relation'
  | 'type'
  | 'routine'
  | 'operator'
  | 'collation'
  | 'conversion'
  | 'operator_class'
  | 'operator_family'
  | 'text_search';

export interface PrivilegeRequest {
  readonly user: string | number | undefined;
  readonly kind:
    | 'table'
    | 'column'
    | 'any_column'
    | 'schema'
    | 'database'
    | 'routine'
    | 'sequence'
    | 'type'
    | 'language'
    | 'tablespace'
    | 'foreign_server'
    | 'parameter';
  readonly object: string | number;
  readonly column?: string | number | undefined;
  /** e.g. 'SELECT', 'SELECT WITH GRANT OPTION', comma separated = any of. */
  readonly privilege: string;
}
