/**
 * The engine as its workers see it: one EngineLink per worker, one EngineSession per client
 * connection. Two implementations carry it: frames over a Unix socket (separate processes) and direct
 * calls (embedded). Protocol code depends on this file alone.
 *
 * Every request of a session is answered in order by calls on the ReplySink given with it: any number
 * of result sets, row counts, notices and setting changes, at most one error, and always, last, one
 * `ready`. Requests may be pipelined without waiting. Nothing here returns a promise: replies arrive
 * by callback, batched per tick.
 */
import type { IdentifierFold } from './names.ts';
import type { Semantics } from './semantics.ts';
import type { SqlError, SqlNotice } from './sql-error.ts';
import type { SqlType } from './types.ts';
import type { SqlValue } from './values.ts';

/** State of the session's transaction, told with every `ready`. */
export type TransactionStatus = 'idle' | 'active' | 'failed';

export interface SessionOptions {
  /** Name of the dialect, as installed by `EngineLink.install`. */
  readonly dialect: string;
  readonly user: string;
  /** Name of the database to open the session in; '' = none, where the dialect allows it. */
  readonly database: string;
  /** Number the client was already told as its session's; the process id, unless a live session has it. */
  readonly connectionId?: number;
  /** Address of the client for sys.sessions, e.g. '127.0.0.1:51234'. */
  readonly clientAddress: string;
  /** Initial settings by name (application_name, search_path, client_encoding ...). */
  readonly settings: Readonly<Record<string, string>>;
}

/** What the engine may tell a session at any time, outside the answer to a request. */
export interface SessionEvents {
  /** LISTEN/NOTIFY delivery. Only sent while the session is outside a transaction. */
  notification(processId: number, channel: string, payload: string): void;
  /** The engine ends the session (shutdown, terminated, lost): answer it and close the connection. */
  terminated(error: SqlError): void;
}

export type AuthRequest =
  /**
   * `mechanism`: 'scram-sha-256', 'md5-challenge', 'sha1-challenge', 'sha256-challenge' (engine/auth), 'choose'
   * (answers the one of the first two that the user can be asked for), 'plain'
   * (the password itself, from a channel that protects it), 'trust'.
   */
  { readonly mechanism: string; readonly data: Uint8Array };

export type AuthReply =
  | { readonly kind: 'continue'; readonly data: Uint8Array }
  /** Authenticated: `data` is the mechanism's final message (empty if none). */
  | { readonly kind: 'ok'; readonly data: Uint8Array; readonly session: SessionInfo }
  | { readonly kind: 'error'; readonly error: SqlError };

export interface SessionInfo {
  /** Number shown as process id, unique among live sessions. */
  readonly processId: number;
  /** Secret that a cancel request must present. */
  readonly cancelKey: number;
  readonly user: string;
  readonly database: string;
  readonly isSuperuser: boolean;
  /** The account behind the role, for dialects whose accounts have hosts. */
  readonly account?: { readonly user: string; readonly host: string };
  /** Effective values of all settings the dialect reports to clients. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface ResultColumn {
  /** Label as shown to this session. */
  readonly name: string;
  readonly type: SqlType;
  /** Object id of the table and 1-based column position, 0 when the column is computed. */
  readonly tableId: number;
  readonly columnPosition: number;
  /** It surely holds no NULL, for dialects whose profile asks for it (`describesOrigins`). */
  readonly neverNull?: boolean;
  /** Where the column comes from, for dialects whose profile asks for it (`describesOrigins`). */
  readonly origin?: ColumnOrigin;
}

/** The table column behind a result column, in names as shown to this session. */
export interface ColumnOrigin {
  readonly database: string;
  readonly schema: string;
  /** The name the query gives the table, and its own. */
  readonly relation: string;
  readonly table: string;
  readonly column: string;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  readonly autoIncrement: boolean;
  /** Gets the time of every change of its row. */
  readonly changesToNow: boolean;
  /** The strongest key the column leads; the first column of a longer unique key counts as 'index'. */
  readonly key: 'none' | 'primary' | 'unique' | 'index';
  /** Part of any key, at any place. */
  readonly inKey: boolean;
}

/** Rows in the row-block layout of row-block.ts; `types` are those of the result's columns. */
export interface RowBlock {
  readonly rowCount: number;
  readonly bytes: Uint8Array;
}

/** What a completed statement did. `rows` is undefined where the command counts none. */
export interface Completion {
  /** Upper-case command words: 'SELECT', 'INSERT', 'CREATE TABLE', 'BEGIN' ... */
  readonly command: string;
  readonly rows?: number;
  /** Of `rows`, the real changes; absent = all. Of a dropped database, its tables. */
  readonly changed?: number;
  /** Rows that were proposed for insertion. */
  readonly records?: number;
  /** Of these, those that met an existing key and were skipped, changed it or took its place. */
  readonly duplicates?: number;
  /** The first identity value that the statement generated, else the last one that it was given. */
  readonly lastIdentity?: number | bigint;
}

export interface ReplySink {
  /** Begins a result set (also sent for a described statement; an empty list = no result). */
  columns(columns: readonly ResultColumn[]): void;
  /** Answer to prepare: types of the parameters, inferred where not declared. */
  parameters(types: readonly SqlType[]): void;
  /** The block's bytes are valid during the call only: what is kept must be copied. */
  rows(block: RowBlock): void;
  /** The statement or portal is done. */
  complete(completion: Completion): void;
  /** maxRows reached; the portal can be continued by `fetch`. */
  suspended(): void;
  notice(notice: SqlNotice): void;
  /** A setting changed its effective value (also when a transaction's end restores it). */
  setting(name: string, value: string): void;
  /**
   * The statement reads rows from the client: send them with `load`, then `loadEnd` or `loadFail`.
   * `columns` have the types of the columns they go to, which binary forms of the client's need.
   * `window` bounds the bytes of blocks sent and not yet taken (`loadTaken`); absent = no bound.
   */
  loadReady(columns: readonly ResultColumn[], window?: number): void;
  /** The engine took so many bytes of loaded blocks. Only sent when `loadReady` gave a window. */
  loadTaken?(bytes: number): void;
  error(error: SqlError): void;
  /** Always last, exactly once. */
  ready(status: TransactionStatus): void;
}

/**
 * Where a request stands in the client's implicit transaction, when none is open explicitly:
 * 'statement' commits with this request; 'group' opens one that the next `endGroup` ends; 'block' opens one
 * that stays open, as an explicit BEGIN would.
 */
export type ImplicitTransaction = 'statement' | 'group' | 'block';

/** A compiled statement; the engine keeps programs by hash, so the bytes cross once per worker. */
export interface ProgramRef {
  /** SHA-256 of the program, 32 bytes as latin1 text: the key of every cache. */
  readonly hash: string;
  /** The encoded program; the link sends it when the engine has not seen the hash. */
  readonly bytes: Uint8Array;
}

export interface ExecuteRequest {
  readonly program: ProgramRef;
  /** The values, in the types that `prepare` answered or the program declares. Strings stand for
   *  unconverted text of the parameter's type where `textParameters` is set for that position. */
  readonly parameters: readonly SqlValue[];
  /** Declared type per parameter; undefined entries are inferred. Empty = all inferred. */
  readonly parameterTypes: readonly (SqlType | undefined)[];
  /** True where `parameters` holds unconverted text. Absent, or past its end: converted. */
  readonly textParameters?: readonly boolean[] | undefined;
  readonly implicit: ImplicitTransaction;
  /** Text of the statement, for sys.statements and logs. */
  readonly text: string;
  /**
   * Send `columns` before the rows? False when the worker has them from an earlier answer of this
   * session for this program; the engine then sends them only if they are no longer the same.
   */
  readonly wantColumns: boolean;
  /** Name of the portal to keep; undefined = run to completion and keep nothing. */
  readonly portal?: string | undefined;
  /** Stop after so many rows with `suspended`; 0 = all. Needs `portal`. */
  readonly maxRows: number;
  /** Compute the whole result now and send none of it: the portal outlives its transaction and is read by `fetch`. */
  readonly hold?: boolean;
}

/** A statement that the client prepared under a name through its protocol. */
export interface NamedStatement {
  readonly name: string;
  readonly program: ProgramRef;
  /** As in ExecuteRequest: of the client's parameters, then of the literals. */
  readonly parameterTypes: readonly (SqlType | undefined)[];
  /** Values of the last parameters, which the text gave as literals. */
  readonly literals: readonly SqlValue[];
  readonly text: string;
}

export interface EngineSession {
  /** One step of the authentication exchange; the first reply of kind 'ok' opens the session. */
  authenticate(request: AuthRequest, reply: (reply: AuthReply) => void): void;
  /** Binds without running: answers `parameters`, `columns`, `ready`. */
  prepare(program: ProgramRef, parameterTypes: readonly (SqlType | undefined)[], text: string, sink: ReplySink): void;
  execute(request: ExecuteRequest, sink: ReplySink): void;
  /** Statements in text can name the statement from now on, and its list shows it. Not answered. */
  nameStatement(statement: NamedStatement): void;
  /** The client closed its statement of this name. Not answered. */
  forgetStatement(name: string): void;
  /** Opens a portal without fetching (protocol-level Bind): binds errors are reported here. */
  openPortal(request: ExecuteRequest, sink: ReplySink): void;
  /** Answers the columns of an open portal or of a cursor that a statement declared. */
  describePortal(portal: string, sink: ReplySink): void;
  fetch(portal: string, maxRows: number, implicit: ImplicitTransaction, sink: ReplySink): void;
  closePortal(portal: string, sink: ReplySink): void;
  /** Ends an implicit 'group' transaction: commits, or rolls back after an error. */
  endGroup(sink: ReplySink): void;
  /**
   * A statement failed before it reached the engine (text that does not compile, a parameter that
   * does not decode): the open transaction, explicit or 'group', suffers what a statement error does.
   * Answers `ready`.
   */
  fail(sink: ReplySink): void;
  /** Rows for a running load, each value text (cast by assignment) or null; row-block layout of TEXT columns. */
  load(block: RowBlock): void;
  loadEnd(): void;
  loadFail(message: string): void;
  /** The client took `bytes` of rows: the engine may send as many more. */
  credit(bytes: number): void;
  /** Puts the session back to what it was right after its login: transaction, settings, temporary objects. */
  reset(sink: ReplySink): void;
  /** Stops the running statement; it answers query_canceled. Harmless when idle. */
  cancel(): void;
  /** Rolls back what is open and forgets the session. */
  close(): void;
}

export interface EngineLink {
  /** Installs (or finds installed) a dialect's catalog views and settings. */
  install(profile: DialectProfile): void;
  openSession(options: SessionOptions, events: SessionEvents): EngineSession;
  /** Cancel by process id and key, as a second connection asks for it. */
  cancel(processId: number, cancelKey: number): void;
  /** Called once when the engine is gone. */
  onLost(handler: () => void): void;
  close(): void;
}

/** Bytes of rows the engine may send before the first `credit`. */
export const INITIAL_CREDIT_BYTES = 1 << 20;

/** A view of the dialect's system catalog. */
export interface CatalogView {
  readonly schema: string;
  readonly name: string;
  /** Stable object id below 16384. */
  readonly id: number;
  /** Encoded program whose one statement is RETURN of the view's query. */
  readonly program: Uint8Array;
}

/** What a setting may mean to the engine, whatever its dialect calls it. */
export type SettingRole =
  /** Level of new transactions: read committed, repeatable read, serializable (blanks, - or _ between words). */
  | 'isolation'
  | 'read_only'
  | 'deferrable'
  | 'lock_timeout'
  | 'statement_timeout'
  | 'idle_timeout'
  /** off = a commit is acknowledged before it is on disk. */
  | 'commit_sync'
  | 'time_zone'
  /** Seconds since 1970 at which the session's clock stands; 0 = it goes. */
  | 'clock'
  | 'search_path'
  /** off = foreign keys are not checked. */
  | 'foreign_key_checks'
  /** Rows that a query without a limit of its own returns at most. */
  | 'row_limit'
  /** on = rows are changed by keys, or up to a limit, or not at all. */
  | 'keyed_changes'
  /** off = statements open transactions that stay open; turned on, what is open is committed. */
  | 'autocommit'
  /** off = the body of a new routine is looked at when it is called. */
  | 'check_routine_bodies'
  /** What is kept of a new password: md5 = the digest old clients need, anything else = all others. */
  | 'password_encryption'
  /** Digits that a decimal quotient has more than its dividend. */
  | 'division_scale';

export interface SettingDefinition {
  readonly name: string;
  readonly role?: SettingRole;
  readonly defaultValue: string;
  readonly kind:
    | 'bool'
    | 'integer'
    | 'real'
    | 'string'
    | 'enum'
    | 'set'
    | 'list'
    | 'time_zone'
    /** As it is written: a zone's name, SYSTEM, or an offset counted east of Greenwich. */
    | 'zone_or_offset'
    | 'date_style'
    | 'encoding';
  readonly options?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  /** Base unit of an integer: 'ms', 's', 'kB', '8kB' ... */
  readonly unit?: string;
  /** 'user' may be set by anyone, 'superuser' by administrators, 'global' by them for all sessions at once, 'fixed' by nobody. */
  readonly context: 'user' | 'superuser' | 'global' | 'fixed';
  /** Told to clients when it changes. */
  readonly reported: boolean;
  readonly description: string;
}

/** A built-in type as the dialect's catalog lists it. */
export interface BuiltinType {
  readonly id: number;
  readonly name: string;
  readonly type: SqlType;
  /** Id of its array type, 0 = none. */
  readonly arrayId: number;
  /** Bytes, or -1 for variable length, -2 for a zero-terminated string. */
  readonly length: number;
  /** One letter, as type resolution groups types. */
  readonly category: string;
  readonly preferred: boolean;
  /** 'b' base, 'p' pseudo. */
  readonly form: 'b' | 'p';
}

/** A built-in function as the dialect's catalog lists it. */
export interface BuiltinRoutine {
  readonly id: number;
  readonly name: string;
  readonly kind: 'f' | 'a' | 'w' | 'p';
  readonly primitive: string;
}

/**
 * Objects of one kind that the dialect's catalog lists as built in, as text: a line per object, its id and its
 * fields separated by tabs. What the fields mean is the business of the catalog's views. The engine itself reads of a
 * `role` the name; of a `routine` name, result and arguments as text; of a `description` the id of the view that lists
 * such objects and the text, with id 0 for the main schema.
 */
export interface CatalogFacts {
  readonly kind: string;
  readonly rows: string;
}

export interface ExtensionProfile {
  readonly name: string;
  readonly version: string;
  readonly comment: string;
  readonly present: boolean;
}

/** Settings of all sessions; other sessions' life and what they do; accounts; roles, and to whom they are granted. */
export type AdministrationArea = 'settings' | 'sessions' | 'activity' | 'accounts' | 'roles' | 'role_grants';

/** What the engine needs to know of a dialect, as data. */
export interface DialectProfile {
  readonly dialect: string;
  /** SHA-256 over the rest, hex: unchanged profiles are not sent twice. */
  readonly hash: string;
  readonly views: readonly CatalogView[];
  readonly settings: readonly SettingDefinition[];
  /** Schemas that exist for this dialect only, e.g. pg_catalog, with their stable ids. */
  readonly schemas: readonly { readonly name: string; readonly id: number }[];
  /** The search path's implicit first schema. */
  readonly systemSchema: string;
  /** What the dialect calls the main schema of a database. */
  readonly mainSchema: string;
  /** As in the programs' semantics: what the first part of a two-part name is. */
  readonly qualifier: Semantics['qualifier'];
  /** Name under which this dialect's clients reach the administrator. */
  readonly administrator: string;
  /** Who logs in: the role of the name, or the account whose user and host fit best. */
  readonly logins: 'roles' | 'accounts';
  /** Whom new relations belong to: who makes them, or the owner of their schema. */
  readonly newRelations: 'creator' | 'schema_owner';
  /** Who may be in a database: who may connect to it, or whom anything in it is of use to. */
  readonly databaseAccess: 'connect' | 'any_privilege';
  /** Its own schemas that are not open to everybody. */
  readonly guardedSchemas: readonly string[];
  /** Privileges on the server, one of which is enough to do what administrators do. */
  readonly administration: Readonly<Record<AdministrationArea, readonly string[]>>;
  /** May a session be in no database? */
  readonly databaseOptional: boolean;
  /** Are results described with the table columns behind them (ColumnOrigin)? */
  readonly describesOrigins: boolean;
  /** The name by which the schema of the session's own temporary objects goes, if it has one. */
  readonly temporarySchema: string | undefined;
  readonly identifierFold: IdentifierFold;
  readonly types: readonly BuiltinType[];
  /** Other spellings of built-in types, lower case, as text that names a type may use them. */
  readonly typeAliases: readonly (readonly [alias: string, name: string])[];
  readonly routines: readonly BuiltinRoutine[];
  /** What the version function answers. */
  readonly banner: string;
  /** Extensions whose objects are built in; those `present` every database has without being asked. */
  readonly extensions: readonly ExtensionProfile[];
  readonly facts: readonly CatalogFacts[];
}
