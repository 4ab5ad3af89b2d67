/**
 * The conversation after authentication: one command at a time, carried out by the engine session
 * (MySQL protocol, "Command Phase"). A text with several statements runs one after the other, each with an
 * answer of its own; an error ends it.
 */
import type { ClientAction } from '../../sblr/contract/dialect.ts';
import type {
  Completion,
  EngineSession,
  ReplySink,
  ResultColumn,
  RowBlock,
  SessionInfo,
  TransactionStatus,
} from '../../sblr/contract/session.ts';
import { SqlError, type SqlNotice } from '../../sblr/contract/sql-error.ts';
import { type TimeZone, UTC, zoneOrOffset } from '../../sblr/contract/text/time-zone.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { InvalidUtf8, MalformedMessage, type NetworkReader } from '../shared/byte-reader.ts';
import { CLIENT, COM, SERVER_STATUS, TRACKED } from './constants.ts';
import { Diagnostics } from './diagnostics.ts';
import { diagnosticsResult, writeDiagnostics } from './diagnostics-result.ts';
import { emptyQuery, near, notPreparable, severalStatements } from './command-errors.ts';
import { nativeError } from './native-error.ts';
import { FileTransfer, writeFileRequest } from './file-transfer.ts';
import { affectedRows, infoText, statisticsText, unsignedIdentity } from './outcome.ts';
import {
  type Outcome,
  type StateChange,
  writeColumnDefinition,
  writeEndOfRows,
  writeEof,
  writeErr,
  writeOk,
} from './messages.ts';
import type { PacketWriter } from './packets.ts';
import { type PreparedStatement, readExecution, writePrepared } from './prepared-statement.ts';
import { StatementStore } from './statement-store.ts';
import type { SessionHost, StatementCompiler } from './session-host.ts';
import { formatOf } from './result-format.ts';
import type { RowEncoder } from './row-encoder.ts';
import { SessionCharacterSets } from './session-charsets.ts';
import { isBlank, withoutEnd } from './statement-text.ts';

type Request = 'none' | 'query' | 'execute' | 'cursor' | 'fetch' | 'prepare' | 'fields' | 'reset';

/** Credit is given back in pieces of at least this, to save frames. */
const CREDIT_STEP_BYTES = 256 << 10;
const MAX_INT32 = 0x7fff_ffff;
/** SET_OPTION: 0 turns several statements per query on, 1 off. */
const MULTI_STATEMENTS_ON = 0;

export class CommandSession implements ReplySink {
  readonly #host: SessionHost;
  readonly #packets: PacketWriter;
  readonly #engine: EngineSession;
  readonly #compiler: StatementCompiler;
  #capabilities: number;
  readonly #charsets: SessionCharacterSets;
  readonly #diagnostics: Diagnostics;
  readonly #startedAt = performance.now();
  readonly #statements: StatementStore;
  #questions = 0;

  #status: TransactionStatus = 'idle';
  #settings: Readonly<Record<string, string>> = {};
  /** Clients that quote texts themselves must know that a backslash escapes nothing. */
  #plainBackslashes = false;
  #zone: TimeZone = UTC;
  #changes: StateChange[] = [];

  #request: Request = 'none';
  #failed = false;
  /** The text under way and where its next statement starts. */
  #text = '';
  #next = 0;
  #moreStatements = false;
  /** Rows of the result under way. */
  #encoder: RowEncoder | undefined;
  #binary = false;
  /** The last result's completion, written when it is known whether another follows. */
  #completion: Completion | undefined;
  #preparing: PreparedStatement | undefined;
  /** The statement that the request under way executes, or whose rows it fetches. */
  #executing: PreparedStatement | undefined;
  /** What the end of the rows says of the cursor. */
  #cursorStatus = 0;
  #parameterTypes: readonly SqlType[] = [];
  #columns: readonly ResultColumn[] = [];
  #uncredited = 0;
  /** The file the client sends, and an answer of the engine that waits for its end. */
  #action: ClientAction = { kind: 'none' };
  #transfer: FileTransfer | undefined;
  #held: { readonly error: SqlError | undefined; readonly status: TransactionStatus } | undefined;

  constructor(
    host: SessionHost,
    engine: EngineSession,
    compiler: StatementCompiler,
    capabilities: number,
    charset: number,
    info: SessionInfo,
    clientHost: string,
  ) {
    this.#host = host;
    this.#packets = host.packets;
    this.#engine = engine;
    this.#compiler = compiler;
    this.#capabilities = capabilities;
    this.#charsets = new SessionCharacterSets(host.packets, charset);
    this.#diagnostics = new Diagnostics(host.limits.diagnostics);
    this.#statements = new StatementStore(engine, host.limits);
    for (const [name, value] of Object.entries(info.settings)) this.#apply(name, value);
    this.#apply('database', info.database);
    const { user, host: accountHost } = info.account ?? { user: info.user, host: '%' };
    this.#diagnostics.place = { ...this.#diagnostics.place, user, host: clientHost, accountHost };
    this.#apply('account', `${user}@${accountHost}`);
  }

  /** May the next packet be handled now? */
  get accepting(): boolean {
    return this.receiving ? this.#transfer?.accepting === true : this.#request === 'none';
  }

  /** Are further packets of the client part of the command under way? */
  get receiving(): boolean {
    return this.#transfer !== undefined && !this.#transfer.finished;
  }

  get busy(): boolean {
    return this.#request !== 'none';
  }

  get transactionStatus(): TransactionStatus {
    return this.#status;
  }

  /** A packet that belongs to the command under way. */
  continue(reader: NetworkReader): void {
    this.#transfer?.packet(reader.view(reader.remaining));
    if (this.receiving || this.#held === undefined) return;
    // The engine answered before the client had sent its file: the client takes the answer only now.
    const { error, status } = this.#held;
    this.#held = undefined;
    if (error !== undefined) this.#writeError(error);
    this.ready(status);
  }

  /** The client takes output again. */
  drained(): void {
    this.#giveCredit(0);
  }

  command(command: number, reader: NetworkReader): void {
    this.#questions++;
    try {
      this.#dispatch(command, reader);
    } catch (error) {
      if (error instanceof MalformedMessage) this.#refuse(new SqlError('protocol_violation', error.message));
      else if (error instanceof InvalidUtf8) this.#refuse(new SqlError('character_not_in_repertoire', error.message));
      else if (error instanceof SqlError) this.#refuse(error);
      else throw error;
    }
  }

  #dispatch(command: number, reader: NetworkReader): void {
    switch (command) {
      case COM.QUERY:
        this.#query(this.#charsets.text(reader));
        return;
      case COM.INIT_DB:
        this.#query(`USE ${quoted(this.#charsets.text(reader))}`);
        return;
      case COM.PROCESS_KILL:
        this.#query(`KILL ${reader.u32le()}`);
        return;
      case COM.PING:
        this.#ok();
        return;
      case COM.FIELD_LIST:
        this.#fieldList(reader.cstring());
        return;
      case COM.STATISTICS:
        this.#statistics();
        return;
      case COM.SET_OPTION:
        this.#setOption(reader.u16le());
        return;
      case COM.RESET_CONNECTION:
        this.#resetConnection();
        return;
      case COM.STMT_PREPARE:
        this.#prepare(this.#charsets.text(reader));
        return;
      case COM.STMT_EXECUTE:
        this.#execute(reader);
        return;
      case COM.STMT_FETCH:
        this.#fetch(reader);
        return;
      case COM.STMT_SEND_LONG_DATA:
        this.#statements.longData(reader);
        return;
      case COM.STMT_CLOSE:
        // Has no answer.
        this.#statements.close(reader.u32le());
        return;
      case COM.STMT_RESET:
        this.#statements.reset(reader.u32le());
        this.#ok();
        return;
      default:
        throw new SqlError('feature_not_supported', { message: 'Unknown command', variant: 'command' });
    }
  }

  // ---- text ------------------------------------------------------------------------------------------

  #query(text: string): void {
    this.#text = withoutEnd(text);
    this.#next = 0;
    this.#runNext();
  }

  /** Compiles and starts the next statement of the text. */
  #runNext(): void {
    const result = this.#compiler.compile({ text: this.#text, start: this.#next, settings: this.#settings });
    if (result.kind === 'error') throw result.error;
    if (result.kind === 'empty') {
      if (this.#text.slice(this.#next).trim() === '') throw emptyQuery();
      // Nothing but comments is a statement that does nothing.
      this.#moreStatements = false;
      this.#ok();
      return;
    }
    this.#next = result.end;
    this.#moreStatements = result.end < this.#text.length && !isBlank(this.#text.slice(result.end));
    if (this.#moreStatements && (this.#capabilities & CLIENT.MULTI_STATEMENTS) === 0)
      throw severalStatements(this.#text.slice(result.end));
    const { statement } = result;
    if (statement.action.kind === 'diagnostics') return this.#showDiagnostics(statement.action);
    this.#begin('query', false);
    this.#action = statement.action;
    this.#engine.execute(
      {
        program: statement.program,
        parameters: statement.literals,
        parameterTypes: statement.literalTypes,
        implicit: this.#implicit,
        text: statement.text,
        wantColumns: true,
        maxRows: 0,
      },
      this,
    );
  }

  /** With autocommit off the first statement opens a transaction that stays open. */
  get #implicit(): 'statement' | 'block' {
    return this.#settings['autocommit'] === 'off' ? 'block' : 'statement';
  }

  #showDiagnostics(action: Extract<ClientAction, { kind: 'diagnostics' }>): void {
    const result = diagnosticsResult(this.#diagnostics, action);
    this.#describe(result.columns, this.#moreStatements);
    writeDiagnostics(this.#packets, this.#capabilities, result, this.#outcome(undefined, this.#moreStatements));
    if (this.#moreStatements) this.#runNext();
    else this.#host.answered();
  }

  /** Number of columns, their definitions, and the EOF that ends them for clients that want one. */
  #describe(columns: readonly ResultColumn[], more: boolean): void {
    formatOf(columns).describe(this.#packets, this.#charsets.collation);
    if ((this.#capabilities & CLIENT.DEPRECATE_EOF) === 0) writeEof(this.#packets, this.#serverStatus(more), 0);
  }

  // ---- prepared statements -----------------------------------------------------------------------------

  #prepare(text: string): void {
    this.#text = withoutEnd(text);
    this.#moreStatements = false;
    this.#statements.requireRoom();
    const result = this.#compiler.compile({ text: this.#text, start: 0, settings: this.#settings });
    if (result.kind === 'error') throw result.error;
    if (result.kind === 'empty') throw emptyQuery();
    const rest = this.#text.slice(result.end);
    if (!isBlank(rest)) throw severalStatements(rest);
    const { statement } = result;
    if (statement.action.kind !== 'none') throw notPreparable();
    this.#preparing = this.#statements.make(statement);
    this.#begin('prepare', true);
    this.#engine.prepare(statement.program, this.#preparing.requestTypes(), statement.text, this);
  }

  #prepared(): void {
    const statement = this.#preparing as PreparedStatement;
    statement.columns = this.#columns;
    this.#statements.keep(statement);
    writePrepared(this.#packets, statement, {
      capabilities: this.#capabilities,
      charset: this.#charsets.collation,
      parameterTypes: this.#parameterTypes,
      warnings: this.#diagnostics.warnings,
      status: this.#serverStatus(false),
    });
  }

  #execute(reader: NetworkReader): void {
    const statement = this.#statements.require(reader.u32le(), 'mysqld_stmt_execute');
    this.#statements.closeCursor(statement);
    const { compiled } = statement;
    const { wantsCursor, values, types } = readExecution(reader, statement, this.#charsets.client);
    const hold = wantsCursor && statement.columns.length > 0;
    this.#moreStatements = false;
    this.#text = compiled.text;
    this.#begin(hold ? 'cursor' : 'execute', true);
    this.#executing = statement;
    this.#engine.execute(
      {
        program: compiled.program,
        parameters: values,
        parameterTypes: types,
        implicit: this.#implicit,
        text: compiled.text,
        wantColumns: true,
        portal: hold ? statement.portal : undefined,
        hold,
        maxRows: 0,
      },
      this,
    );
  }

  /** Rows of an open cursor. The last ones close it. */
  #fetch(reader: NetworkReader): void {
    const statement = this.#statements.requireCursor(reader.u32le());
    const rows = Math.min(Math.max(reader.u32le(), 1), MAX_INT32);
    this.#text = statement.compiled.text;
    this.#moreStatements = false;
    this.#begin('fetch', true);
    this.#executing = statement;
    this.#encoder = formatOf(statement.cursor as readonly ResultColumn[]).encoder(true);
    this.#engine.fetch(statement.portal, rows, this.#implicit, this);
  }

  // ---- other commands -----------------------------------------------------------------------------------

  #fieldList(table: string): void {
    const result = this.#compiler.compile({
      text: `SELECT * FROM ${quoted(table)}`,
      start: 0,
      settings: this.#settings,
    });
    if (result.kind !== 'statement') throw new SqlError('syntax_error', `no such table: ${table}`);
    const { program, text } = result.statement;
    this.#text = text;
    this.#moreStatements = false;
    this.#begin('fields', false);
    this.#engine.prepare(program, [], text, this);
  }

  #statistics(): void {
    this.#packets.begin();
    this.#packets.out.utf8(statisticsText((performance.now() - this.#startedAt) / 1000, this.#questions));
    this.#packets.end();
    this.#host.answered();
  }

  #setOption(option: number): void {
    if (option === MULTI_STATEMENTS_ON) this.#capabilities |= CLIENT.MULTI_STATEMENTS;
    else this.#capabilities &= ~CLIENT.MULTI_STATEMENTS;
    writeEof(this.#packets, this.#serverStatus(false), 0);
    this.#host.answered();
  }

  #resetConnection(): void {
    this.#statements.clear();
    this.#begin('reset', false);
    this.#engine.reset(this);
  }

  #ok(): void {
    writeOk(this.#packets, this.#capabilities, this.#outcome(undefined, false));
    this.#host.answered();
  }

  // ---- answers ------------------------------------------------------------------------------------------

  #begin(request: Request, binary: boolean): void {
    this.#request = request;
    this.#failed = false;
    this.#binary = binary;
    this.#encoder = undefined;
    this.#completion = undefined;
    this.#action = { kind: 'none' };
    this.#transfer = undefined;
    this.#columns = [];
    this.#cursorStatus = 0;
    this.#parameterTypes = [];
    this.#diagnostics.clear();
  }

  /** An error found before the engine was asked. The engine learns of it, since it may end the transaction. */
  #refuse(error: SqlError): void {
    this.#diagnostics.clear();
    this.#writeError(error);
    this.#request = 'none';
    this.#host.answered();
  }

  #writeError(error: SqlError): void {
    const native = nativeError(error.condition, near(error, this.#text), this.#diagnostics.place);
    this.#diagnostics.error(error);
    writeErr(this.#packets, native.errno, native.sqlstate, native.message);
  }

  #serverStatus(more: boolean): number {
    return (
      (this.#settings['autocommit'] === 'off' ? 0 : SERVER_STATUS.AUTOCOMMIT) |
      (this.#status === 'idle' ? 0 : SERVER_STATUS.IN_TRANS) |
      this.#cursorStatus |
      (more ? SERVER_STATUS.MORE_RESULTS_EXISTS : 0) |
      (this.#plainBackslashes ? SERVER_STATUS.NO_BACKSLASH_ESCAPES : 0)
    );
  }

  #outcome(completion: Completion | undefined, more: boolean): Outcome {
    const changes = this.#changes;
    if (changes.length > 0) this.#changes = [];
    const foundRows = (this.#capabilities & CLIENT.FOUND_ROWS) !== 0;
    return {
      affectedRows: affectedRows(completion, foundRows),
      lastInsertId: unsignedIdentity(completion?.lastIdentity ?? 0),
      status: this.#serverStatus(more),
      warnings: this.#diagnostics.warnings,
      info: completion === undefined ? '' : infoText(completion, this.#diagnostics.warnings, foundRows),
      changes,
    };
  }

  /** Ends the result that is complete, now that it is known whether another follows. */
  #finishResult(more: boolean): void {
    const completion = this.#completion;
    if (completion === undefined) return;
    this.#completion = undefined;
    const outcome = this.#outcome(completion, more);
    if (this.#encoder === undefined) writeOk(this.#packets, this.#capabilities, outcome);
    else writeEndOfRows(this.#packets, this.#capabilities, outcome);
    this.#encoder = undefined;
  }

  columns(columns: readonly ResultColumn[]): void {
    if (this.#request === 'prepare' || this.#request === 'fields') {
      this.#columns = columns;
      return;
    }
    this.#finishResult(true);
    if (columns.length === 0) return;
    this.#encoder = formatOf(columns).encoder(this.#binary);
    if (this.#request === 'cursor') this.#openCursor(columns);
    else this.#describe(columns, false);
  }

  /** Only the columns go out now, and a single end. */
  #openCursor(columns: readonly ResultColumn[]): void {
    (this.#executing as PreparedStatement).cursor = columns;
    this.#cursorStatus = SERVER_STATUS.CURSOR_EXISTS;
    formatOf(columns).describe(this.#packets, this.#charsets.collation);
  }

  parameters(types: readonly SqlType[]): void {
    this.#parameterTypes = types;
  }

  rows(block: RowBlock): void {
    if (this.#failed) return;
    try {
      this.#encoder?.encode(this.#packets, block, this.#zone);
      this.#host.outputGrown(false);
      this.#giveCredit(block.bytes.length);
    } catch (error) {
      this.#host.broken(error);
    }
  }

  #giveCredit(bytes: number): void {
    this.#uncredited += bytes;
    if (this.#uncredited < CREDIT_STEP_BYTES || this.#host.blocked) return;
    const credit = this.#uncredited;
    this.#uncredited = 0;
    this.#engine.credit(credit);
  }

  complete(completion: Completion): void {
    this.#finishResult(true);
    this.#completion = completion;
    if (this.#request !== 'fetch') return;
    this.#cursorStatus = SERVER_STATUS.LAST_ROW_SENT;
    this.#statements.closeCursor(this.#executing as PreparedStatement);
  }

  suspended(): void {
    this.#cursorStatus = SERVER_STATUS.CURSOR_EXISTS;
    this.#completion = { command: 'SELECT' };
  }

  notice(notice: SqlNotice): void {
    this.#diagnostics.notice(notice);
  }

  setting(name: string, value: string): void {
    this.#apply(name, value);
    if (name === 'database') {
      this.#changes.push({ kind: 'schema', name, value });
    } else if (TRACKED.has(name)) this.#changes.push({ kind: 'variable', name, value });
  }

  #apply(name: string, value: string): void {
    this.#settings = { ...this.#settings, [name]: value };
    if (name === 'database') this.#diagnostics.place = { ...this.#diagnostics.place, database: value };
    if (name === 'sql_mode') this.#plainBackslashes = value.split(',').includes('NO_BACKSLASH_ESCAPES');
    this.#charsets.apply(name, value);
    if (name === 'time_zone') this.#zone = zoneOrOffset(value) ?? this.#zone;
  }

  loadReady(columns: readonly ResultColumn[], window?: number): void {
    const action = this.#action;
    if (action.kind !== 'load-file' || (this.#capabilities & CLIENT.LOCAL_FILES) === 0) {
      this.#engine.loadFail('Loading local data is disabled; this must be enabled on both the client and server sides');
      return;
    }
    this.#transfer = new FileTransfer(this.#engine, action.format, columns, window, (notice) => this.notice(notice));
    writeFileRequest(this.#packets, action.file);
    this.#host.outputGrown(true);
  }

  loadTaken(bytes: number): void {
    this.#transfer?.taken(bytes);
    this.#host.proceed();
  }

  error(error: SqlError): void {
    if (this.receiving) {
      this.#transfer?.abandon();
      this.#failed = true;
      this.#held = { error, status: this.#status };
      return;
    }
    this.#finishResult(true);
    this.#encoder = undefined;
    this.#failed = true;
    this.#writeError(error);
  }

  ready(status: TransactionStatus): void {
    if (this.receiving) {
      this.#held = { error: this.#held?.error, status };
      this.#host.proceed();
      return;
    }
    this.#status = status;
    const request = this.#request;
    this.#request = 'none';
    try {
      if (!this.#failed) this.#succeeded(request);
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      this.#refuse(error);
    }
    if (this.#request !== 'none') return;
    if (this.#action.kind === 'disconnect' && !this.#failed) return this.#host.close();
    this.#host.answered();
    this.#host.proceed();
  }

  #succeeded(request: Request): void {
    switch (request) {
      case 'prepare':
        this.#prepared();
        return;
      case 'fields':
        for (const column of this.#columns)
          writeColumnDefinition(this.#packets, column, this.#charsets.collation, true);
        writeEndOfRows(this.#packets, 0, this.#outcome(undefined, false));
        return;
      case 'reset':
        writeOk(this.#packets, this.#capabilities, this.#outcome(undefined, false));
        return;
      default:
        this.#completion ??= { command: '' };
        this.#finishResult(this.#moreStatements);
        if (this.#moreStatements) this.#runNext();
    }
  }
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
