/**
 * The engine core: the one authority over data. Owns catalog, transactions, locks, sequences,
 * statistics and caches, opens sessions, and implements EngineLink directly, so that a worker may talk
 * to it through frames or, embedded, by plain calls.
 */
import { randomInt } from 'node:crypto';
import { regular } from '../sblr/contract/names.ts';
import type {
  DialectProfile,
  EngineLink,
  EngineSession,
  ProgramRef,
  SessionEvents,
  SessionOptions,
} from '../sblr/contract/session.ts';
import { SqlError } from '../sblr/contract/sql-error.ts';
import type { Row } from '../sblr/contract/values.ts';
import { programHash } from '../sblr/container.ts';
import { decodeProgram } from '../sblr/decode.ts';
import type { NodeOf } from '../sblr/nodes.ts';
import type { Durability, TransactionStore } from '../storage/contract/index.ts';
import { verifiersOf } from './auth/verifiers.ts';
import { Catalog, CATALOG_SPACE, STATISTICS_SPACE, type CatalogFork } from './catalog/catalog.ts';
import type { Definition, ObjectId, RoleDefinition, ServerDefinition, SystemRelation } from './catalog/definitions.ts';
import { narrow, type SystemLookup } from './catalog/system/lookups.ts';
import { PRODUCERS } from './catalog/system-relations.ts';
import { type ConfiguredDefaults, InstalledDialect } from './installed-dialect.ts';
import type { EngineOptions, TextCompiler } from './options.ts';
import { isMember } from './ddl/context.ts';
import { freshRole } from './ddl/roles.ts';
import { newDatabase } from './ddl/schemas.ts';
import type { SpillFiles } from './executor/operator.ts';
import { KnownStatistics } from './planner/known-statistics.ts';
import type { Semantics } from '../sblr/contract/semantics.ts';
import type { TableStatistics } from './planner/statistics.ts';
import { RowNumbers } from './row-numbers.ts';
import { reclaimSpaces } from './storage/reclaim.ts';
import { scanAll } from './storage/scan-all.ts';
import { administers } from './session/administration.ts';
import { DeferredChecks } from './session/deferred-checks.ts';
import { NotificationHub } from './session/notifications.ts';
import { AutoAnalyze } from './session/auto-analyze.ts';
import { ProgramCache } from './session/plan-cache.ts';
import { idKey, Sequences } from './session/sequences.ts';
import { Session } from './session/session.ts';
import { systemContext } from './session/system-context.ts';
import type { LockManager } from './transactions/locks.ts';
import type { Transaction } from './transactions/transaction.ts';
import { PREPARED_SPACE } from './transactions/prepared.ts';
import { TransactionManager } from './transactions/transaction-manager.ts';
import { temporarySchemaIds } from './session/temporary-schemas.ts';

export interface EngineStatus {
  readonly sessions: number;
  readonly databases: number;
  readonly tables: number;
  readonly commits: number;
  readonly memoryBytes: number;
  readonly logBytes: number;
  readonly startedAt: number;
}

/** First number shown as process id. */
const FIRST_PROCESS_ID = 100;

const shutDown = (): SqlError => new SqlError('admin_shutdown', 'terminating connection due to administrator command');
/** The same, asked for by another session. */
const killed = (): SqlError =>
  new SqlError('admin_shutdown', {
    message: 'terminating connection due to administrator command',
    variant: 'killed',
  });

export class EngineCore implements EngineLink {
  readonly catalog = new Catalog();
  readonly store: TransactionStore;
  readonly locks: LockManager;
  readonly transactions: TransactionManager;
  readonly sequences: Sequences;
  readonly rowNumbers: RowNumbers;
  readonly notifications = new NotificationHub();
  readonly programs = new ProgramCache();
  readonly statistics: KnownStatistics;
  readonly autoAnalyze: AutoAnalyze;
  /** Of the first program seen: what values' order and equality depend on. */
  semantics: Semantics | undefined = undefined;
  readonly statementMemoryBytes: number;
  readonly durability: Durability;
  readonly trustsClients: boolean;
  readonly authenticationSecret: string;
  readonly spillFiles: SpillFiles;
  readonly version: string;
  readonly startedAt: number;
  /** Who holds each lock that clients took by a name of their own. */
  readonly namedLocks = new Map<string, number>();
  readonly compilers: ReadonlyMap<string, TextCompiler>;
  readonly now: () => number;
  readonly #options: EngineOptions;
  readonly #dialects = new Map<string, InstalledDialect>();
  readonly #sessions = new Map<number, Session>();
  readonly #deferred = new DeferredChecks();
  readonly #random = new WeakMap<Session, number>();
  #nextProcessId = FIRST_PROCESS_ID;
  #administrator: ObjectId = 10;
  /**
   * Digests of passwords that were proven by themselves, for faster logins. Keyed by the role's definition,
   * so that one made with another password has none.
   */
  readonly passwordDigests = new WeakMap<RoleDefinition, Buffer>();
  /** Defaults of settings by dialect and name, as last loaded. */
  #configuration: ServerDefinition['settings'] = {};
  configuredAt: number;
  #closing = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.store = options.store;
    this.statistics = new KnownStatistics(this.catalog, options.store);
    this.autoAnalyze = new AutoAnalyze(this, options.log);
    this.transactions = new TransactionManager(options.store, options.now);
    this.locks = this.transactions.locks;
    this.sequences = new Sequences(options.store);
    this.rowNumbers = new RowNumbers(options.store);
    this.statementMemoryBytes = options.config.statementMemoryBytes;
    this.durability = options.config.durability;
    this.trustsClients = options.config.trustsClients;
    this.spillFiles = options.spillFiles;
    this.version = options.version;
    this.compilers = options.compilers ?? new Map();
    this.now = options.now;
    this.startedAt = options.now();
    this.configuredAt = this.startedAt;
    this.authenticationSecret = randomInt(2 ** 47).toString(36);
  }

  // ---- start ---------------------------------------------------------------------------------

  /** Reads the catalog; makes administrator and first database in an empty store. */
  async open(): Promise<void> {
    this.autoAnalyze.start();
    const definitions = new Map<ObjectId, Definition>();
    for await (const [key, row] of scanAll(this.store, CATALOG_SPACE)) {
      if (key === idKey(0)) this.catalog.reserveIdsBelow(row[0] as number);
      else {
        const definition = row[0] as Definition;
        definitions.set(definition.id, definition);
      }
    }
    if (definitions.size === 0) {
      await this.#bootstrap();
      return;
    }
    this.catalog.publish(definitions);
    this.loadConfiguration();
    for (const definition of definitions.values())
      if (definition.kind === 'role' && definition.superuser) {
        this.#administrator = definition.id;
        break;
      }
    reclaimSpaces(this.store, this.catalog, this.catalog.epoch);
    await this.transactions.restorePrepared(scanAll(this.store, PREPARED_SPACE), (space, key) =>
      this.rowNumbers.reserve(space, key),
    );
    for await (const [, row] of scanAll(this.store, STATISTICS_SPACE))
      this.statistics.set(row[0] as number, row[1] as unknown as TableStatistics);
  }

  async #bootstrap(): Promise<void> {
    const { config } = this.#options;
    const name = regular(config.administrator);
    const administrator: Definition = {
      ...freshRole(10, name, true),
      superuser: true,
      createDatabase: true,
      createRole: true,
      replication: true,
      bypassRowSecurity: true,
      verifiers: verifiersOf(config.administratorPassword, config.administrator),
    };
    const [made, main] = newDatabase(this.catalog, name, administrator.id, {});
    const database = { ...made, comment: 'default administrative connection database' };
    const definitions = new Map<ObjectId, Definition>(
      [administrator, database, main].map((definition) => [definition.id, definition]),
    );
    const rows = new Map<string, Row>();
    for (const [id, definition] of definitions) rows.set(idKey(id), [definition] as never);
    rows.set(idKey(0), [this.catalog.nextId]);
    await new Promise<void>((resolve, reject) => {
      this.store.commit(
        { spaces: new Map([[CATALOG_SPACE, rows]]), droppedSpaces: [], schemaEpoch: 1 },
        'sync',
        (error) => (error === undefined ? resolve() : reject(error)),
      );
    });
    this.catalog.publish(definitions);
  }

  // ---- EngineLink ------------------------------------------------------------------------------

  install(profile: DialectProfile): void {
    if (this.#dialects.get(profile.dialect)?.profile.hash === profile.hash) return;
    const { config } = this.#options;
    const overrides: ConfiguredDefaults = {
      statement_timeout: config.statementTimeoutMs,
      lock_timeout: config.lockTimeoutMs,
      idle_timeout: config.idleInTransactionTimeoutMs,
    };
    this.#dialects.set(profile.dialect, new InstalledDialect(profile, this.#administrator, overrides));
  }

  openSession(options: SessionOptions, events: SessionEvents): EngineSession {
    const dialect = this.#dialects.get(options.dialect);
    if (dialect === undefined) throw new SqlError('internal_error', `dialect "${options.dialect}" is not installed`);
    if (this.#closing) throw new SqlError('cannot_connect_now', 'the database system is shutting down');
    const processId = this.#processId(options.connectionId);
    return new Session(this, dialect, options, events, processId, randomInt(1, 0x7fff_ffff));
  }

  /** The number the client was told when it connected, if nobody has it; else the next free one. */
  #processId(wanted: number | undefined): number {
    if (wanted !== undefined && !this.#sessions.has(wanted)) return wanted;
    while (this.#sessions.has(this.#nextProcessId)) this.#nextProcessId++;
    const processId = this.#nextProcessId++;
    if (this.#nextProcessId > 0x7fff_0000) this.#nextProcessId = FIRST_PROCESS_ID;
    return processId;
  }

  cancel(processId: number, cancelKey: number): void {
    const session = this.#sessions.get(processId);
    if (session?.cancelKey === cancelKey) session.cancel();
  }

  onLost(_handler: () => void): void {
    // The core is never lost to itself.
  }

  close(): void {
    void this.shutdown();
  }

  async shutdown(): Promise<void> {
    this.#closing = true;
    this.autoAnalyze.stop();
    for (const session of [...this.#sessions.values()]) session.terminate(shutDown());
    const deadline = performance.now() + 5000;
    while (this.#sessions.size > 0 && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 5));
  }

  status(): EngineStatus {
    const statistics = this.store.statistics();
    return {
      sessions: this.#sessions.size,
      databases: [...this.catalog.all('database')].length,
      tables: [...this.catalog.all('table')].length,
      commits: statistics.commits,
      memoryBytes: statistics.memoryBytes,
      logBytes: statistics.logBytes,
      startedAt: this.startedAt,
    };
  }

  // ---- configuration by statements -------------------------------------------------------------

  /** Takes what is committed into force, for sessions that run, too. */
  loadConfiguration(): void {
    this.#configuration = this.catalog.server()?.settings ?? {};
    this.configuredAt = this.now();
    for (const { settings, dialect } of this.#sessions.values()) settings.configure(this.configurationOf(dialect));
  }

  configurationOf(dialect: InstalledDialect): Readonly<Record<string, string>> {
    return this.#configuration[dialect.profile.dialect] ?? {};
  }

  // ---- sessions ----------------------------------------------------------------------------------

  opened(session: Session): void {
    this.#sessions.set(session.processId, session);
    session.settings.configure(this.configurationOf(session.dialect));
  }

  closed(session: Session): void {
    if (this.#sessions.get(session.processId) === session) this.#sessions.delete(session.processId);
  }

  sessionList(): Iterable<Session> {
    return this.#sessions.values();
  }

  sessionsOf(role: ObjectId): number {
    let count = 0;
    for (const session of this.#sessions.values()) if (session.loginRole === role) count++;
    return count;
  }

  /** `required`: that there is no such session is an error. */
  signal(from: Session, processId: number, what: 'cancel' | 'terminate', required = false): boolean {
    const target = this.#sessions.get(processId);
    if (target === undefined) {
      if (required) throw noSession(processId);
      from.warn('warning', `PID ${processId} is not a server process`);
      return false;
    }
    if (!isMember(from, from.currentRole, target.loginRole) && !administers(from, 'sessions')) {
      const action = what === 'cancel' ? 'canceled' : 'terminated';
      throw new SqlError('insufficient_privilege', {
        message: `must be a member of the role whose process is being ${action}`,
        variant: 'session',
        args: { number: processId },
      });
    }
    if (what === 'cancel') target.cancel();
    // A session that ends itself gets no answer from the statement that asks for it.
    else if (target === from) target.terminate(shutDown());
    else setImmediate(() => target.terminate(killed()));
    return true;
  }

  blockingSessions(processId: number): readonly number[] {
    const waiting = this.#sessions.get(processId)?.lockGroup.waiting;
    return waiting === undefined
      ? []
      : [...new Set(waiting.lock.owners.map((owner) => owner.group.id).filter((id) => id !== processId))];
  }

  mayBecome(session: Session, role: ObjectId, whole: boolean): boolean {
    const login = this.catalog.get(session.loginRole);
    if (login?.kind === 'role' && login.superuser) return true;
    if (role === session.sessionRole) return true;
    return !whole && isMember(session, session.sessionRole, role);
  }

  notify(session: Session, channel: string, payload: string): void {
    session.queueNotification(channel, payload);
  }

  dropTemporaryObjects(session: Session): void {
    const schemas = temporarySchemaIds(session);
    if (schemas.size === 0) return;
    const changes = new Map<ObjectId, Definition | null>();
    for (const kind of ['table', 'view', 'sequence', 'routine'] as const) {
      for (const object of this.catalog.all(kind)) {
        if (!('schemaId' in object) || !schemas.has(object.schemaId)) continue;
        changes.set(object.id, null);
        if (object.kind !== 'table') continue;
        this.dropSpace(object.space);
        for (const index of object.indexes) this.dropSpace(index.space);
      }
    }
    if (changes.size > 0) this.catalog.publish(changes);
  }

  // ---- services for sessions ---------------------------------------------------------------------------

  publishCatalog(fork: CatalogFork): void {
    this.catalog.publish(fork.changes);
    for (const [id, definition] of fork.changes) if (definition === null) this.statistics.delete(id);
  }

  runDeferredChecks(session: Session, transaction: Transaction, callback: (error: Error | undefined) => void): void {
    this.#deferred.run(session, transaction, undefined, callback);
  }

  setConstraints(
    session: Session,
    transaction: Transaction,
    statement: NodeOf<'SET_CONSTRAINTS'>,
    callback: (error: Error | undefined) => void,
  ): void {
    this.#deferred.setConstraints(session, transaction, statement, callback);
  }

  systemRows(relation: SystemRelation, session: Session, lookup?: SystemLookup): Iterable<Row> {
    const context = systemContext(session);
    const { rows } = PRODUCERS[relation.name]!;
    return rows(lookup === undefined ? context : narrow(context, relation.name, lookup));
  }

  get administrator(): ObjectId {
    return this.#administrator;
  }

  dropSpace(space: number): void {
    this.store.commit(
      { spaces: new Map(), droppedSpaces: [space], schemaEpoch: this.catalog.epoch },
      'relaxed',
      () => undefined,
    );
  }

  flush(): Promise<void> {
    return new Promise((resolve, reject) =>
      this.store.flush((error) => (error === undefined ? resolve() : reject(error))),
    );
  }

  /** A nested program (PREPARE) as a reference of its own. */
  reference(bytes: Uint8Array): ProgramRef {
    decodeProgram(bytes);
    return { bytes, hash: programHash(bytes) };
  }

  normaliseSetting(name: string, values: readonly string[]): string {
    if (values.length === 1 && name.toLowerCase() !== 'search_path') return values[0]!;
    return values
      .map((value) => (/^[a-z_][a-z0-9_$]*$/.test(value) ? value : `"${value.replaceAll('"', '""')}"`))
      .join(', ');
  }

  random(session: Session): number {
    // xorshift32 from the session's seed; seeded from the system unless the session chose one.
    let state = this.#random.get(session) ?? randomInt(1, 0xffff_ffff);
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    const high = state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    this.#random.set(session, state);
    return (high * 2097152 + (state >>> 11)) / 9007199254740992;
  }

  seedRandom(session: Session, seed: number): void {
    this.#random.set(session, Math.floor((seed + 1) * 1073741823) >>> 0 || 1);
  }

  reportBug(error: unknown, statement: string): void {
    this.#options.log('error', 'internal error', {
      statement: statement.slice(0, 1000),
      stack: error instanceof Error ? error.stack : String(error),
    });
  }
}

function noSession(id: number): SqlError {
  return new SqlError('invalid_parameter_value', {
    message: `there is no session ${id}`,
    variant: 'session',
    args: { id },
  });
}
