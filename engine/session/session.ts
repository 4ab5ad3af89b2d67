/**
 * Session: one client connection inside the engine. Takes requests one after the other, runs each
 * statement in a transaction (explicit, implicit per statement, or implicit per group), and answers
 * through the request's sink. Handlers of single statements live in the neighbouring files; this one
 * owns the life cycle: queue, transaction state, errors, portals.
 */
import {
  INITIAL_CREDIT_BYTES,
  type AuthReply,
  type AuthRequest,
  type Completion,
  type EngineSession,
  type ExecuteRequest,
  type ImplicitTransaction,
  type NamedStatement,
  type ProgramRef,
  type ReplySink,
  type ResultColumn,
  type RowBlock,
  type SessionEvents,
  type SessionInfo,
  type SessionOptions,
  type TransactionStatus,
} from '../../sblr/contract/session.ts';
import type { Condition } from '../../sblr/contract/conditions.ts';
import { SqlError, type SqlNotice } from '../../sblr/contract/sql-error.ts';
import type { Semantics } from '../../sblr/contract/semantics.ts';
import type { ReferenceTarget, SqlType } from '../../sblr/contract/types.ts';
import type { Row, SqlValue } from '../../sblr/contract/values.ts';
import type { Identifier } from '../../sblr/contract/names.ts';
import type { Program } from '../../sblr/nodes.ts';
import { CATALOG_SPACE, type CatalogFork } from '../catalog/catalog.ts';
import { accountOf, type Administrator } from '../catalog/accounts.ts';
import type { Actor } from '../catalog/privileges.ts';
import type {
  CatalogView,
  ObjectId,
  RoleDefinition,
  RoutineDefinition,
  SchemaDefinition,
  SystemRelation,
} from '../catalog/definitions.ts';
import type { EngineCore } from '../core.ts';
import type { InstalledDialect } from '../installed-dialect.ts';
import type { EvalContext } from '../functions/function.ts';
import type { EndOfTransaction, IsolationLevel, Transaction } from '../transactions/transaction.ts';
import { LockGroup } from '../transactions/locks.ts';
import { SessionLocks } from '../transactions/session-locks.ts';
import type { SessionIntrospection } from './introspection.ts';
import type { ViewDefinition } from '../catalog/definitions.ts';
import type { BindContext } from '../binder/context.ts';
import { storedExpressions } from '../planner/environment.ts';
import type { StoredExpressions } from '../executor/expressions/compile.ts';
import type { RenderOptions } from '../binder/render.ts';
import { Authenticator } from './authenticator.ts';
import { IDLE_SINK } from './idle-sink.ts';
import { PlanCache } from './plan-cache.ts';
import { SessionEvaluation } from './evaluation.ts';
import { SessionNames } from './names.ts';
import { isWanted } from './notice-levels.ts';
import { BindingVersions } from './binding-versions.ts';
import { presentDatabase } from './current-database.ts';
import { searchPath, viewNames } from './search-path.ts';
import type { Notification } from './notifications.ts';
import { forgetStatement, nameStatement, type PreparedStatement } from './prepared-statements.ts';
import { idKey } from './sequences.ts';
import { NO_CONSTRAINT_MODES, type ConstraintModes, type SavepointMark } from './savepoint-mark.ts';
import { SessionSequences } from './session-sequences.ts';
import { NamedLocks } from './named-locks.ts';
import { SessionVariables } from './session-variables.ts';
import { SessionSettings } from './settings.ts';
import { SessionTimer } from './session-timer.ts';
import { StatementCounts } from './statement-counts.ts';
import type { StatementContext, StatementHost } from './statement-context.ts';
import type { DeclaredModes } from './transaction-settings.ts';
import { discard, notify, runStatement } from './statements.ts';
import type { Running } from './running.ts';
import type { Cursor } from './cursors.ts';
import { type TransactionDefaults, transactionDefaults } from './transaction-defaults.ts';
import { endTemporaryTables } from './truncate.ts';
import { callRoutine, routineRows } from './routines.ts';
import { toSqlError } from './errors.ts';
import { undoInBlock } from './failed-transaction.ts';
import { bindContext, bindParameters, describeStatement, lookupStatement } from './prepare.ts';

/** Requests a session may have waiting. */
const QUEUE_LIMIT = 100_000;

interface QueuedRequest {
  readonly sink: ReplySink;
  readonly run: () => void;
}

/** 'block' = explicit BEGIN; 'group' = implicit until endGroup; 'statement' = autocommit. */
export type TransactionMode = 'none' | 'statement' | 'group' | 'block';

export class Session implements EngineSession, StatementHost {
  readonly core: EngineCore;
  readonly options: SessionOptions;
  readonly events: SessionEvents;
  readonly dialect: InstalledDialect;
  readonly processId: number;
  readonly cancelKey: number;
  readonly startedAt: number;
  readonly settings: SessionSettings;
  readonly lockGroup: LockGroup;
  /** Holder of session-level advisory locks. */
  readonly sessionLocks: SessionLocks;
  readonly plans = new PlanCache();
  readonly portals = new Map<string, Running>();
  readonly cursors = new Map<string, Cursor>();
  readonly prepared = new Map<string, PreparedStatement>();
  readonly variables = new SessionVariables(this);
  readonly listening = new Set<string>();
  /** What SET CONSTRAINTS said in this transaction. */
  constraintModes: ConstraintModes = NO_CONSTRAINT_MODES;
  databaseId: ObjectId = 0;
  databaseName: Identifier | undefined;
  ownSchema: string | undefined = undefined;
  /** The role that logged in, the session's role, the current role. */
  loginRole: ObjectId = 0;
  sessionRole: ObjectId = 0;
  currentRole: ObjectId = 0;
  /** Roles of the current one that were made active; undefined = those that are by default. */
  activeRoles: ReadonlySet<ObjectId> | undefined = undefined;
  readonly temporarySchemas: SchemaDefinition[] = [];
  transaction: Transaction | undefined = undefined;
  mode: TransactionMode = 'none';
  failed = false;
  fork: CatalogFork | undefined = undefined;
  readonly savepoints: SavepointMark[] = [];
  notifications: Notification[] = [];
  readonly undelivered: { readonly processId: number; readonly channel: string; readonly payload: string }[] = [];
  /** Grows whenever something binding depends on changes: search path, role, date settings. */
  readonly versions = new BindingVersions();
  running: Running | undefined = undefined;
  sink: ReplySink = IDLE_SINK;
  statementText = '';
  statementStartedAt = 0;
  transactionStartedAt = 0;
  /** Of the open transaction, or the last one. */
  declaredModes: DeclaredModes = { isolation: 'read_committed', deferrable: false };
  nextModes: { readonly isolation?: string; readonly readOnly?: boolean } | undefined = undefined;
  state: 'idle' | 'active' = 'idle';
  stateChangedAt: number;
  semantics: Semantics | undefined = undefined;
  creditBytes = INITIAL_CREDIT_BYTES;
  /** Result columns the worker has been told of: rows of these need no description. */
  readonly toldColumns = new WeakSet<readonly ResultColumn[]>();
  readonly sequences = new SessionSequences(this);
  readonly namedLocks = new NamedLocks(this);
  readonly counts = new StatementCounts();
  loading: LoadTarget | undefined = undefined;
  #authenticator: Authenticator | undefined;
  #names: SessionNames | undefined = undefined;
  #namesEpoch = 0;
  #evaluation: SessionEvaluation | undefined = undefined;
  #defaults: TransactionDefaults | undefined = undefined;
  readonly #queue: QueuedRequest[] = [];
  #busy = false;
  #draining = false;
  #closed = false;
  readonly #timer = new SessionTimer();
  #cancelRequested: SqlError | undefined = undefined;
  #onCredit: (() => void) | undefined = undefined;

  constructor(
    core: EngineCore,
    dialect: InstalledDialect,
    options: SessionOptions,
    events: SessionEvents,
    processId: number,
    cancelKey: number,
  ) {
    this.core = core;
    this.dialect = dialect;
    this.options = options;
    this.events = events;
    this.processId = processId;
    this.cancelKey = cancelKey;
    this.startedAt = core.now();
    this.stateChangedAt = this.startedAt;
    this.lockGroup = new LockGroup(processId);
    this.sessionLocks = new SessionLocks(core.locks, this.lockGroup);
    this.settings = new SessionSettings(dialect.settings, dialect.globals, (name, value, definition) => {
      this.#settingChanged(name);
      if (definition?.reported === true) this.sink.setting(definition.name, value);
    });
    this.#authenticator = new Authenticator(this);
  }

  // ---- authentication -----------------------------------------------------------------------

  authenticate(request: AuthRequest, reply: (reply: AuthReply) => void): void {
    if (this.#authenticator === undefined) {
      reply({ kind: 'error', error: new SqlError('protocol_violation', 'the session is authenticated already') });
      return;
    }
    const answer = this.#authenticator.step(request);
    if (answer.kind === 'ok') this.#authenticator = undefined;
    reply(answer);
  }

  /** Called by the authenticator when the proof held. */
  open(role: RoleDefinition, databaseId: ObjectId, ownSchema?: string): SessionInfo {
    this.moveTo(databaseId, ownSchema);
    this.loginRole = role.id;
    this.sessionRole = role.id;
    this.currentRole = role.id;
    for (const [name, value] of Object.entries(role.settings)) this.settings.initialise(name, value, true);
    for (const [name, value] of Object.entries(this.options.settings))
      this.settings.initialise(name, value, role.superuser);
    this.core.opened(this);
    return {
      processId: this.processId,
      cancelKey: this.cancelKey,
      user: this.options.user,
      database: this.options.database,
      isSuperuser: role.superuser,
      account: accountOf(role, this.administrator),
      settings: this.settings.reported(),
    };
  }

  // ---- requests --------------------------------------------------------------------------------

  prepare(program: ProgramRef, parameterTypes: readonly (SqlType | undefined)[], text: string, sink: ReplySink): void {
    this.#submit(sink, () => {
      this.statementText = text;
      describeStatement(this, program, parameterTypes);
      this.#ready();
    });
  }

  execute(request: ExecuteRequest, sink: ReplySink): void {
    if (this.#busy || this.#draining || this.#closed) {
      this.#submit(sink, () => this.#execute(request));
      return;
    }
    // The usual case: nothing is under way, so nothing is queued either.
    this.#draining = true;
    this.#start(sink);
    try {
      this.#execute(request);
    } catch (error) {
      this.requestFailed(error);
    }
    this.#draining = false;
    if (this.#queue.length > 0 || this.#closed) this.#drain();
  }

  openPortal(request: ExecuteRequest, sink: ReplySink): void {
    this.#submit(sink, () => {
      const statement = lookupStatement(this, request.program, request.parameterTypes);
      if (statement.query !== undefined) bindParameters(this, statement, request);
      this.#ready();
    });
  }

  describePortal(portal: string, sink: ReplySink): void {
    this.#submit(sink, () => {
      sink.columns((this.cursors.get(portal) ?? this.#portal(portal)).columns);
      this.#ready();
    });
  }

  fetch(portal: string, maxRows: number, implicit: ImplicitTransaction, sink: ReplySink): void {
    this.#submit(sink, () => {
      const running = this.#portal(portal);
      this.running = running;
      running.continue(this, maxRows);
    });
  }

  nameStatement(statement: NamedStatement): void {
    nameStatement(this, statement);
  }

  forgetStatement(name: string): void {
    forgetStatement(this, name);
  }

  closePortal(portal: string, sink: ReplySink): void {
    this.#submit(sink, () => {
      this.portals.get(portal)?.close();
      this.portals.delete(portal);
      this.#ready();
    });
  }

  endGroup(sink: ReplySink): void {
    this.#submit(sink, () => {
      if (this.mode !== 'group') {
        this.#ready();
        return;
      }
      this.commit((error) => {
        if (error !== undefined) sink.error(toSqlError(error));
        this.#ready();
      });
    });
  }

  fail(sink: ReplySink): void {
    this.#submit(sink, () => {
      this.undoFailed(undefined);
      this.#ready();
    });
  }

  reset(sink: ReplySink): void {
    this.#submit(sink, () => {
      this.rollback();
      discard(this, 'all');
      for (const portal of this.portals.values()) portal.close();
      this.portals.clear();
      this.variables.clear();
      this.#ready();
    });
  }

  /** From now on names without a database are looked for there: in a database, or in a schema of the dialect's own. */
  moveTo(databaseId: ObjectId, ownSchema: string | undefined): void {
    [this.databaseId, this.ownSchema] = [databaseId, ownSchema];
    this.databaseName = this.catalog.database(databaseId)?.name;
    this.#names = undefined;
    this.versions.changed();
  }

  // ---- loading rows from the client ---------------------------------------------------------------

  load(block: RowBlock): void {
    this.loading?.rows(block);
  }

  loadEnd(): void {
    this.loading?.end();
  }

  loadFail(message: string): void {
    this.loading?.fail(new SqlError('query_canceled', { message, variant: 'copy_failed' }));
  }

  credit(bytes: number): void {
    this.creditBytes += bytes;
    const resume = this.#onCredit;
    if (resume !== undefined && this.creditBytes > 0) {
      this.#onCredit = undefined;
      resume();
    }
  }

  /** Runs `resume` when the client took enough rows. */
  waitForCredit(resume: () => void): void {
    this.#onCredit = resume;
  }

  cancel(error = new SqlError('query_canceled', { message: 'canceling statement due to user request' })): void {
    if (!this.#busy) return;
    this.#cancelRequested = error;
    this.running?.context.cancel(error);
    this.lockGroup.waiting?.cancel(error);
    this.loading?.fail(error);
    const resume = this.#onCredit;
    this.#onCredit = undefined;
    if (resume !== undefined) setImmediate(resume);
  }

  /** The pending cancellation, taken by long-running handlers that have no context. */
  checkCancelled(): void {
    if (this.#cancelRequested !== undefined) throw this.#cancelRequested;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue.length = 0;
    if (!this.#busy) this.#timer.stop();
    if (this.#busy) {
      this.cancel(new SqlError('admin_shutdown', 'terminating connection'));
      return;
    }
    this.#cleanUp();
  }

  terminate(error: SqlError): void {
    this.events.terminated(error);
    this.close();
  }

  #cleanUp(): void {
    this.rollback();
    this.namedLocks.releaseAll();
    this.sessionLocks.releaseAll();
    for (const cursor of this.cursors.values()) cursor.close();
    for (const portal of this.portals.values()) portal.close();
    for (const channel of this.listening) this.core.notifications.unlisten(channel, this);
    this.core.dropTemporaryObjects(this);
    this.core.closed(this);
  }

  // ---- queue -----------------------------------------------------------------------------------------

  #submit(sink: ReplySink, run: () => void): void {
    if (this.#closed) return;
    if (this.#queue.length >= QUEUE_LIMIT) {
      this.terminate(new SqlError('configuration_limit_exceeded', 'too many requests are waiting in one session'));
      return;
    }
    this.#queue.push({ sink, run });
    this.#drain();
  }

  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    while (!this.#busy && this.#queue.length > 0) {
      const request = this.#queue.shift()!;
      this.#start(request.sink);
      try {
        request.run();
      } catch (error) {
        this.requestFailed(error);
      }
    }
    this.#draining = false;
    if (this.#closed && !this.#busy) this.#cleanUp();
  }

  #start(sink: ReplySink): void {
    this.#busy = true;
    this.#cancelRequested = undefined;
    this.counts.begin();
    this.sink = sink;
    this.state = 'active';
    this.statementStartedAt = this.settings.clockAt((this.stateChangedAt = this.core.now()));
    this.#timer.stop();
    this.#timer.startStatement(this.transactionDefaults.statementTimeoutMs, (error) => this.cancel(error));
  }

  /** The request is answered. */
  #ready(): void {
    this.#timer.stop();
    this.running = undefined;
    this.#busy = false;
    this.state = 'idle';
    this.stateChangedAt = this.core.now();
    const sink = this.sink;
    this.sink = IDLE_SINK;
    if (this.undelivered.length > 0 && this.mode === 'none') this.#deliverNotifications();
    sink.ready(this.status);
    if (this.mode === 'block' && !this.#closed)
      this.#timer.startIdle(this.transactionDefaults.idleTimeoutMs, (error) => this.terminate(error));
    this.#drain();
  }

  get status(): TransactionStatus {
    if (this.mode !== 'block') return 'idle';
    return this.failed ? 'failed' : 'active';
  }

  // ---- statements ----------------------------------------------------------------------------------------

  #execute(request: ExecuteRequest): void {
    this.statementText = request.text;
    runStatement(this, request);
  }

  /** A statement ended well: commit it if it stands alone, then answer. */
  statementDone(completion: Completion): void {
    const { sink } = this;
    this.counts.done(completion);
    if (this.mode !== 'statement') {
      sink.complete(completion);
      this.#ready();
      return;
    }
    this.commit((error) => {
      if (error === undefined) sink.complete(completion);
      else sink.error(toSqlError(error));
      this.#ready();
    });
  }

  /** The request is answered without completing a statement (suspended portal). */
  requestDone(): void {
    this.#ready();
  }

  requestFailed(error: unknown): void {
    const failure = toSqlError(error);
    if (failure.condition === 'internal_error') this.core.reportBug(error, this.statementText);
    this.running?.close();
    this.loading = undefined;
    this.undoFailed(failure.condition);
    this.counts.failed();
    this.sink.error(failure);
    this.#ready();
  }

  /** What a failed statement does to the transaction it ran in. */
  undoFailed(condition: Condition | undefined): void {
    if (this.transaction === undefined) {
      this.mode = this.mode === 'block' ? 'block' : 'none';
      return;
    }
    if (this.mode === 'block') {
      undoInBlock(this, condition);
      return;
    }
    this.rollback();
  }

  /** Statement layers opened and not yet ended, innermost last. */
  openStatements = 0;

  beginStatement(writes = false): void {
    this.transaction!.beginStatement(writes);
    this.openStatements++;
  }

  endOpenStatements(keep: boolean): void {
    const { transaction } = this;
    while (this.openStatements > 0) {
      this.openStatements--;
      if (transaction?.state !== 'active') continue;
      if (keep) transaction.endStatement();
      else transaction.rollbackStatement();
    }
  }

  // ---- transactions ------------------------------------------------------------------------------------------

  ensureTransaction(implicit: ImplicitTransaction): Transaction {
    if (this.transaction !== undefined) return this.transaction;
    const modes = this.takeModes();
    this.beginTransaction(modes.isolation, modes.readOnly);
    this.mode = implicit;
    return this.transaction!;
  }

  /** What the next transaction is by settings, and by what was said of it alone. */
  takeModes(): { readonly isolation: string; readonly readOnly: boolean } {
    const { nextModes } = this;
    this.nextModes = undefined;
    return nextModes === undefined ? this.transactionDefaults : { ...this.transactionDefaults, ...nextModes };
  }

  beginTransaction(isolation: string, readOnly: boolean, deferrable?: boolean): void {
    const level: IsolationLevel =
      isolation === 'serializable' || isolation === 'repeatable_read' ? isolation : 'read_committed';
    const { lockTimeoutMs, durability, ...defaults } = this.transactionDefaults;
    this.declaredModes = { isolation, deferrable: deferrable ?? defaults.deferrable };
    this.lockGroup.timeoutMs = lockTimeoutMs;
    this.transaction = this.core.transactions.begin({
      isolation: level,
      readOnly,
      lockGroup: this.lockGroup,
      durability,
      writesNewest: this.semantics?.snapshotWrites === 'newest',
    });
    this.transactionStartedAt = this.statementStartedAt;
    this.failed = false;
  }

  /** What the settings say of new transactions, read again only after a setting changed. */
  get transactionDefaults(): TransactionDefaults {
    this.#defaults ??= transactionDefaults(this.settings, this.core.durability);
    return this.#defaults;
  }

  commit(callback: (error: Error | undefined) => void, end: EndOfTransaction = (one, done) => one.commit(done)): void {
    const { transaction } = this;
    if (transaction === undefined) {
      this.mode = 'none';
      callback(undefined);
      return;
    }
    this.endOpenStatements(true);
    this.#closePortals();
    this.core.runDeferredChecks(this, transaction, (checkError) => {
      if (checkError !== undefined) {
        this.rollback();
        callback(checkError);
        return;
      }
      try {
        endTemporaryTables(this);
        this.#persistCatalog(transaction);
      } catch (error) {
        this.rollback();
        callback(error as Error);
        return;
      }
      const { fork, notifications } = this;
      end(transaction, (error) => {
        if (error === undefined) {
          if (fork?.changed === true) this.core.publishCatalog(fork);
          this.settings.commit();
          if (notifications.length > 0) this.core.notifications.publish(this.processId, notifications);
        } else {
          this.settings.rollback();
        }
        this.#transactionOver();
        callback(error);
      });
    });
  }

  #persistCatalog(transaction: Transaction): void {
    const { fork } = this;
    if (fork?.changed !== true) return;
    for (const [id, definition] of fork.changes) {
      if (definition === null) transaction.delete(CATALOG_SPACE, idKey(id));
      else if (!('persistence' in definition) || definition.persistence !== 'temporary')
        transaction.put(CATALOG_SPACE, idKey(id), [definition] as never);
    }
    transaction.put(CATALOG_SPACE, idKey(0), [this.core.catalog.nextId]);
    transaction.schemaEpoch = this.core.catalog.epoch + 1;
  }

  rollback(): void {
    const { transaction } = this;
    if (transaction === undefined) {
      this.mode = 'none';
      this.failed = false;
      return;
    }
    this.#closePortals();
    this.openStatements = 0;
    if (transaction.state === 'active') transaction.rollback();
    this.settings.rollback();
    this.#transactionOver();
  }

  #transactionOver(): void {
    if (this.fork !== undefined) {
      this.fork = undefined;
      this.#names = undefined;
    }
    this.transaction = undefined;
    this.mode = 'none';
    this.failed = false;
    // Emptying what is empty is not free: a cleared Map gets new tables, which the old ones keep alive.
    if (this.savepoints.length > 0) this.savepoints.length = 0;
    this.constraintModes = NO_CONSTRAINT_MODES;
    if (this.notifications.length > 0) this.notifications = [];
    this.openStatements = 0;
  }

  #closePortals(): void {
    for (const [name, portal] of this.portals) {
      if (portal.held) continue;
      portal.close();
      this.portals.delete(name);
    }
    if (this.cursors.size === 0) return;
    for (const [name, cursor] of this.cursors) {
      if (cursor.hold) continue;
      cursor.close();
      this.cursors.delete(name);
    }
  }

  #portal(name: string): Running {
    const found = this.portals.get(name);
    if (found === undefined)
      throw new SqlError('invalid_cursor_name', {
        message: `portal "${name}" does not exist`,
        variant: 'portal',
        args: { name },
      });
    return found;
  }

  // ---- notifications --------------------------------------------------------------------------------------------

  deliver(processId: number, channel: string, payload: string): void {
    this.undelivered.push({ processId, channel, payload });
    if (!this.#busy && this.mode === 'none') this.#deliverNotifications();
  }

  #deliverNotifications(): void {
    for (const one of this.undelivered.splice(0)) this.events.notification(one.processId, one.channel, one.payload);
  }

  // ---- what statements see ------------------------------------------------------------------------------------------

  get catalog(): CatalogView {
    return this.fork ?? this.core.catalog;
  }

  /** The transaction's own catalog, made at its first change. */
  catalogFork(): CatalogFork {
    if (this.fork === undefined) {
      this.fork = this.core.catalog.fork();
      this.#names = undefined;
    }
    return this.fork;
  }

  get names(): SessionNames {
    const { catalog } = this;
    if (this.#names?.role !== this.currentRole || this.#namesEpoch !== catalog.epoch) {
      this.databaseId = presentDatabase(this);
      const base = new SessionNames({
        catalog,
        databaseId: this.databaseId,
        searchPath: [],
        temporarySchemas: this.temporarySchemas,
        role: this.currentRole,
        active: this.activeRoles,
        fold: this.identifierFold,
        qualifier: this.dialect.profile.qualifier,
        system: this.dialect.systemFor(this.ownSchema),
      });
      this.#names = base.with({ searchPath: searchPath(this, base) });
      this.#namesEpoch = catalog.epoch;
    }
    return this.#names;
  }

  get identifierFold(): 'lower' | 'upper' | 'preserve' {
    return this.semantics?.identifierFold ?? 'lower';
  }

  #settingChanged(name: string): void {
    const key = name.toLowerCase();
    if (key === 'search_path') this.#names = undefined;
    this.#evaluation = undefined;
    this.#defaults = undefined;
    this.versions.changed();
  }

  get evaluation(): EvalContext {
    this.#evaluation ??= new SessionEvaluation(this);
    return this.#evaluation;
  }

  get introspectionHooks(): SessionIntrospection {
    this.#evaluation ??= new SessionEvaluation(this);
    return this.#evaluation.introspection;
  }

  viewNames(view: ViewDefinition): SessionNames {
    return viewNames(this, view);
  }

  nextRowKey(space: number): string {
    return this.core.rowNumbers.next(space);
  }

  constraintMode(constraintId: number): 'immediate' | 'deferred' | undefined {
    return this.constraintModes.get(constraintId);
  }

  #stored: StoredExpressions | undefined = undefined;

  /** How the executor binds expressions kept in the catalog. */
  storedExpressions(): StoredExpressions {
    this.#stored ??= storedExpressions(() => bindContext(this, { semantics: this.semantics! }, []));
    return this.#stored;
  }

  bindContextFor(): BindContext {
    return { ...bindContext(this, { semantics: this.semantics! }, []), fold: false };
  }

  renderOptions(): RenderOptions {
    const hooks = this.introspectionHooks;
    return {
      typeName: (type: SqlType) => hooks.typeName(type),
      functionName: (primitive: string) => this.dialect.functionName(primitive),
      referenceText: (target, id) => hooks.referenceText(target, id),
    };
  }

  /** Names for reference values in results. */
  readonly resolveReference = (target: ReferenceTarget | undefined, id: number): string | undefined =>
    target === undefined ? undefined : this.introspectionHooks.referenceText(target, id);

  queueNotification(channel: string, payload: string): void {
    notify(this, channel, payload, { implicit: 'statement' });
  }

  get isSuperuser(): boolean {
    const role = this.catalog.get(this.currentRole);
    return role?.kind === 'role' && role.superuser;
  }

  /** Whose rights statements have. */
  get actor(): Actor {
    return this.activeRoles === undefined ? this.currentRole : { role: this.currentRole, active: this.activeRoles };
  }

  /** Which roles of the current one act from now on. */
  activate(roles: ReadonlySet<ObjectId> | undefined): void {
    this.activeRoles = roles;
    this.#names = undefined;
    this.versions.changed();
  }

  get administrator(): Administrator {
    return { id: this.core.administrator, name: this.dialect.profile.administrator };
  }

  get spillFiles(): EngineCore['spillFiles'] {
    return this.core.spillFiles;
  }

  get statementMemoryBytes(): number {
    return this.core.statementMemoryBytes;
  }

  program(reference: ProgramRef): Program {
    return this.core.programs.get(reference);
  }

  systemRows(relation: SystemRelation, lookup?: Parameters<EngineCore['systemRows']>[2]): Iterable<Row> {
    return this.core.systemRows(relation, this, lookup);
  }

  callRoutine(context: StatementContext, routine: RoutineDefinition, values: readonly SqlValue[]): SqlValue {
    return callRoutine(this, context, routine, values);
  }

  routineRows(context: StatementContext, routine: RoutineDefinition, values: readonly SqlValue[]): readonly Row[] {
    return routineRows(this, context, routine, values);
  }

  notice(notice: SqlNotice): void {
    if (isWanted(notice, this.settings.get('client_min_messages'))) this.sink.notice(notice);
  }

  warn(condition: SqlNotice['condition'], message: string): void {
    this.notice({ severity: 'warning', condition, details: { message } });
  }
}

/** Rows arriving from the client for a running statement. */
export interface LoadTarget {
  rows(block: RowBlock): void;
  end(): void;
  fail(error: SqlError): void;
}
