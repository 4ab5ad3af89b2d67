/**
 * The conversation after authentication: simple queries, the extended protocol and COPY, carried out
 * by the engine session. One engine request is outstanding at a time; messages wait in the input
 * buffer meanwhile. To cost one engine round trip, a Parse/Bind/Describe/Execute/Sync run is looked at
 * as a whole: Parse and Bind are answered without asking the engine as long as the Execute (or
 * Describe) that follows will ask it anyway.
 */
import type { ClientAction, CompiledStatement } from '../../sblr/contract/dialect.ts';
import type {
  Completion,
  EngineSession,
  ImplicitTransaction,
  ReplySink,
  ResultColumn,
  RowBlock,
  TransactionStatus,
} from '../../sblr/contract/session.ts';
import { SqlError, type SqlErrorDetails, type SqlNotice } from '../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { InvalidUtf8, type NetworkReader } from '../shared/byte-reader.ts';
import { OutputLimitError } from '../shared/byte-writer.ts';
import {
  atParameter,
  checkedFormat,
  needsTypes,
  readBoundParameters,
  readDeclaredTypes,
  readFormats,
  readValues,
} from './bind.ts';
import { compileAll, compileOne, type PlacedStatement, type StatementCompiler } from './compile.ts';
import { callRequest, FunctionCalls } from './function-call.ts';
import { copyMessage, CopyTransfer } from './copy-transfer.ts';
import {
  CLIENT,
  completionTag,
  writeBindComplete,
  writeCloseComplete,
  writeCommandComplete,
  writeCopyResponse,
  writeEmptyQueryResponse,
  writeErrorResponse,
  writeNoData,
  writeNoticeResponse,
  writeParameterDescription,
  writeParseComplete,
  writePortalSuspended,
  writeReadyForQuery,
} from './messages.ts';
import type { SessionHost } from './session-host.ts';
import type { SessionSettings } from './session-settings.ts';
import { ResultOutput } from './result-output.ts';
import { formatsRefused, sameShape } from './result-shape.ts';
import { StatementStore } from './statement-store.ts';
import { nextExecutes, Portal, PreparedStatement, type Continuation, type Request } from './statements.ts';
import { encoderOf, TEXT_FORMATS } from './text-result.ts';

const NO_STATEMENTS: readonly PlacedStatement[] = [];
const NO_ACTION: ClientAction = { kind: 'none' };

/** SQLSTATE classes of errors that a server finds when it analyses a statement, before it binds or runs it. */
const ANALYSIS_ERROR = /^(42|0A|25P02|3F)/;

const violation = (message: string): SqlError => new SqlError('protocol_violation', message);
const unsupported = (message: string): SqlError => new SqlError('feature_not_supported', message);

export class QuerySession implements ReplySink {
  readonly #host: SessionHost;
  readonly #engine: EngineSession;
  readonly #compiler: StatementCompiler;
  readonly #settings: SessionSettings;
  readonly #store: StatementStore;
  readonly #output: ResultOutput;
  readonly #calls: FunctionCalls;

  #status: TransactionStatus = 'idle';
  /** An implicit transaction that `endGroup` must end is open. */
  #groupOpen = false;
  /** After an error in the extended protocol: everything up to Sync is passed over. */
  #skipping = false;
  /** The Sync behind the Execute under way is consumed and not answered. */
  #syncTaken = false;
  /** Acknowledgements not written yet, because an error may have to take their place. */
  #owedParse: PreparedStatement | undefined;
  #owedBind = false;

  #request: Request = 'none';
  #continuation: Continuation = 'none';
  /** The engine's answer to the outstanding request held an error. */
  #failed = false;
  /** Text that positions of errors and notices count in. */
  #text = '';
  /** The statement the engine is at, and where in `text` it starts: its positions count from there. */
  #source: CompiledStatement | undefined;
  #origin = 0;

  /** The statements of the simple query under way. */
  #queryStatements = NO_STATEMENTS;
  #queryIndex = 0;
  /** True while a query's statements are started in a loop: answers that come at once do not recurse. */
  #stepping = false;

  /** The execution under way. */
  #portal: Portal | undefined;
  #action: ClientAction = NO_ACTION;
  #copyIn: CopyTransfer | undefined;
  /** The rest of the engine's answer is not passed on: the client has been told of an error instead. */
  #discarding = false;
  /** The statement being prepared, and the portal whose Describe asked for it. */
  #preparing: PreparedStatement | undefined;
  #describing: Portal | undefined;

  /** Replies of requests whose outcome does not matter. */
  readonly #ignore: ReplySink = {
    columns() {},
    parameters() {},
    rows() {},
    complete() {},
    suspended() {},
    loadReady() {},
    error() {},
    ready() {},
    notice: (notice) => this.notice(notice),
    setting: (name, value) => this.setting(name, value),
  };

  constructor(host: SessionHost, engine: EngineSession, compiler: StatementCompiler, settings: SessionSettings) {
    this.#host = host;
    this.#engine = engine;
    this.#calls = new FunctionCalls(compiler);
    this.#compiler = compiler;
    this.#settings = settings;
    this.#output = new ResultOutput(host.writer, engine);
    this.#store = new StatementStore(host.limits, engine, this.#ignore);
  }

  /** May the next message be handled now? */
  get accepting(): boolean {
    if (this.#request === 'none') return this.#queryStatements.length === 0;
    return this.#copyIn !== undefined && !this.#copyIn.finished && this.#copyIn.accepting;
  }

  get busy(): boolean {
    return this.#request !== 'none' || this.#queryStatements.length > 0;
  }

  get transactionStatus(): TransactionStatus {
    return this.#status;
  }

  /** The client takes output again. */
  drained(): void {
    this.#output.giveCredit();
  }

  /** Handles one message. False = not consumed: something else had to be done first. */
  handle(type: number, reader: NetworkReader): boolean {
    if (this.#copyIn !== undefined) return copyMessage(this.#copyIn, type, reader);
    if (this.#skipping && type !== CLIENT.sync) return true;
    try {
      return this.#dispatch(type, reader);
    } catch (error) {
      this.#text = type === CLIENT.parse || type === CLIENT.query ? this.#text : '';
      if (error instanceof InvalidUtf8)
        this.#localError(type, new SqlError('character_not_in_repertoire', error.message));
      else if (error instanceof SqlError) this.#localError(type, error);
      else throw error;
      return true;
    }
  }

  #dispatch(type: number, reader: NetworkReader): boolean {
    // What is owed for a Parse or Bind can wait only for a message that will ask the engine itself.
    const owing = this.#owedParse;
    if (owing !== undefined && type !== CLIENT.bind && type !== CLIENT.describe && type !== CLIENT.execute) {
      this.#prepare(owing, 'none');
      return false;
    }
    switch (type) {
      case CLIENT.query:
        this.#query(reader.cstring());
        return true;
      case CLIENT.parse:
        this.#parse(reader);
        return true;
      case CLIENT.bind:
        return this.#bind(reader);
      case CLIENT.describe:
        return this.#describe(reader);
      case CLIENT.execute:
        return this.#execute(reader);
      case CLIENT.close:
        this.#close(reader);
        return true;
      case CLIENT.sync:
        this.#sync();
        return true;
      case CLIENT.flush:
        this.#host.outputGrown(true);
        return true;
      case CLIENT.functionCall:
        return this.#functionCall(reader);
      case CLIENT.copyData:
      case CLIENT.copyDone:
      case CLIENT.copyFail:
        // The client may still be sending for a COPY that has failed.
        return true;
      default:
        throw violation(`invalid frontend message type ${type}`);
    }
  }

  // ---- simple query ----

  #query(text: string): void {
    this.#store.dropStatement('');
    this.#store.dropPortal('');
    this.#text = text;
    const statements = compileAll(this.#compiler, text, this.#settings.compile, this.#host.limits.queryStatements);
    if (statements.length === 0) {
      writeEmptyQueryResponse(this.#host.writer);
      this.#ready();
      return;
    }
    this.#queryStatements = statements;
    this.#queryIndex = 0;
    this.#nextQueryStatement();
  }

  #nextQueryStatement(): void {
    this.#stepping = true;
    while (this.#request === 'none') {
      const statement = this.#queryStatements[this.#queryIndex];
      if (statement === undefined) {
        this.#stepping = false;
        this.#finishQuery();
        return;
      }
      this.#startQueryStatement(statement);
    }
    this.#stepping = false;
  }

  #startQueryStatement({ statement, start }: PlacedStatement): void {
    const implicit: ImplicitTransaction = this.#queryStatements.length === 1 ? 'statement' : 'group';
    if (implicit === 'group' && (this.#status === 'idle' || statement.transactionControl)) this.#groupOpen = true;
    this.#begin('query', statement.action);
    this.#source = statement;
    this.#origin = start;
    this.#engine.execute(
      {
        program: statement.program,
        parameters: statement.literals,
        parameterTypes: statement.literalTypes,
        implicit,
        text: statement.text,
        wantColumns: true,
        maxRows: 0,
      },
      this,
    );
  }

  #functionCall(reader: NetworkReader): boolean {
    if (this.#calls.refused) {
      this.#calls.refused = false;
      this.#finishQuery();
      return true;
    }
    const id = reader.u32();
    const formats = readFormats(reader);
    const count = reader.u16();
    reader.position -= 2;
    const statement = this.#calls.statement(id, count, this.#settings.compile);
    this.#checkFailedTransaction(statement.compiled);
    if (needsTypes(formats, statement)) {
      this.#prepare(statement, 'call');
      return false;
    }
    const { values, text } = readValues(reader, formats, statement, '');
    const format = checkedFormat(reader.i16());
    reader.expectEnd();
    this.#begin('query', NO_ACTION);
    this.#output.beginCall(format);
    this.#engine.execute(callRequest(statement, values, text), this);
    return true;
  }

  #finishQuery(): void {
    this.#queryStatements = NO_STATEMENTS;
    if (this.#groupOpen) this.#endGroup('ready');
    else this.#ready();
  }

  // ---- extended protocol ----

  #parse(reader: NetworkReader): void {
    const name = reader.cstring();
    const text = reader.cstring();
    const declared = readDeclaredTypes(reader);
    reader.expectEnd();
    this.#text = text;
    this.#store.reserveStatement(name);
    const result = compileOne(this.#compiler, text, this.#settings.compile);
    const compiled = result?.statement;
    this.#checkFailedTransaction(compiled);
    const statement = new PreparedStatement(name, text, result?.start ?? 0, compiled, declared);
    this.#store.addStatement(statement);
    if (compiled === undefined || compiled.transactionControl) {
      statement.validated = true;
      writeParseComplete(this.#host.writer);
    } else {
      this.#owedParse = statement;
    }
  }

  #checkFailedTransaction(compiled: CompiledStatement | undefined): void {
    if (this.#status === 'failed' && compiled !== undefined && !compiled.transactionControl) {
      throw new SqlError(
        'in_failed_sql_transaction',
        'current transaction is aborted, commands ignored until end of transaction block',
      );
    }
  }

  #bind(reader: NetworkReader): boolean {
    const portalName = reader.cstring();
    const statementName = reader.cstring();
    const statement = this.#store.statement(statementName);
    if (this.#owedParse !== undefined && this.#owedParse !== statement) {
      this.#prepare(this.#owedParse, 'none');
      return false;
    }
    const formats = readFormats(reader);
    this.#checkFailedTransaction(statement.compiled);
    if (statement.compiled !== undefined && needsTypes(formats, statement)) {
      this.#prepare(statement, 'none');
      return false;
    }
    const bound = readBoundParameters(reader, formats, statement, portalName);
    const refused =
      statement.columns === undefined ? undefined : formatsRefused(bound.resultFormats, statement.columns);
    if (refused !== undefined) throw refused;
    const portal = new Portal(portalName, statement, bound.values, bound.text, bound.resultFormats);
    this.#store.addPortal(portal);
    // What is wrong with the statement by now is to be found before it is bound.
    if (this.#owedParse !== undefined || nextExecutes(this.#host.input, portal.name)) this.#owedBind = true;
    else writeBindComplete(this.#host.writer);
    return true;
  }

  #describe(reader: NetworkReader): boolean {
    const kind = reader.u8();
    const name = reader.cstring();
    reader.expectEnd();
    if (kind === 0x53) return this.#describeStatement(this.#store.statement(name));
    if (kind !== 0x50) throw violation(`invalid DESCRIBE message subtype ${kind}`);
    return this.#store.hasPortal(name) ? this.#describePortal(this.#store.portal(name)) : this.#describeCursor(name);
  }

  /** A portal that no Bind made: perhaps a cursor that a statement declared, which only the engine knows. */
  #describeCursor(name: string): boolean {
    if (this.#owedParse !== undefined) {
      this.#prepare(this.#owedParse, 'none');
      return false;
    }
    this.#begin('describe-cursor', NO_ACTION);
    this.#source = undefined;
    this.#engine.describePortal(name, this);
    return true;
  }

  #describeStatement(statement: PreparedStatement): boolean {
    if (this.#owedParse !== undefined && this.#owedParse !== statement) {
      this.#prepare(this.#owedParse, 'none');
      return false;
    }
    if (statement.compiled === undefined || statement.compiled.transactionControl) {
      writeParameterDescription(
        this.#host.writer,
        statement.declared.map((type) => type ?? { kind: 'text' }),
      );
      writeNoData(this.#host.writer);
      return true;
    }
    this.#checkFailedTransaction(statement.compiled);
    this.#prepare(statement, 'describe-statement');
    return true;
  }

  #describePortal(portal: Portal): boolean {
    const statement = portal.statement;
    const columns = portal.columns ?? statement.columns;
    if (statement.compiled === undefined || statement.compiled.transactionControl || statement.isCopy) {
      // Whether it answers rows is known without the engine; an owed Parse stays owed.
      if (this.#owedParse !== undefined) {
        this.#prepare(this.#owedParse, 'none');
        return false;
      }
      writeNoData(this.#host.writer);
      return true;
    }
    // What FETCH and EXECUTE answer is known for sure only when they run.
    if (this.#owedParse === undefined && columns !== undefined && columns.length > 0) {
      this.#output.describe(columns, portal.resultFormats);
      return true;
    }
    if (portal.state === 'bound' && nextExecutes(this.#host.input, portal.name)) {
      portal.describeOwed = true;
      return true;
    }
    if (this.#owedParse !== undefined && this.#owedParse !== statement) {
      this.#prepare(this.#owedParse, 'none');
      return false;
    }
    this.#checkFailedTransaction(statement.compiled);
    this.#describing = portal;
    this.#prepare(statement, 'describe-portal');
    return true;
  }

  #execute(reader: NetworkReader): boolean {
    const name = reader.cstring();
    const maxRows = Math.max(reader.i32(), 0);
    reader.expectEnd();
    const portal = this.#store.portal(name);
    const statement = portal.statement;
    const compiled = statement.compiled;
    if (this.#owedParse !== undefined && this.#owedParse !== statement) {
      this.#prepare(this.#owedParse, 'none');
      return false;
    }
    this.#locate(statement);
    if (compiled === undefined) {
      this.#payOwed();
      writeEmptyQueryResponse(this.#host.writer);
      return true;
    }
    this.#checkFailedTransaction(compiled);
    if (portal.state === 'done') {
      if (!portal.returnsRows) throw new SqlError('object_not_in_prerequisite_state', `portal "${name}" cannot be run`);
      writeCommandComplete(this.#host.writer, `${compiled.command} 0`);
      return true;
    }
    const implicit = this.#implicitFor(compiled, maxRows);
    this.#begin('execute', compiled.action);
    // The Sync that ends the pipeline is taken along: it is answered when the statement is.
    if (compiled.action.kind === 'none') this.#syncTaken = this.#host.input.takeBare(CLIENT.sync);
    this.#portal = portal;
    const keep = maxRows > 0 && !statement.isCopy;
    if (portal.state === 'open') {
      this.#output.encoder = portal.encoder;
      this.#engine.fetch(portal.engineName, maxRows, implicit, this);
      return true;
    }
    const known = statement.columns;
    if (known !== undefined) this.#useColumns(known, portal);
    this.#engine.execute(portal.request(compiled, implicit, keep ? maxRows : 0), this);
    return true;
  }

  /** A statement that ends its pipeline commits by itself; others share a transaction up to Sync. */
  #implicitFor(compiled: CompiledStatement, maxRows: number): ImplicitTransaction {
    if (!this.#groupOpen && this.#status !== 'idle') return 'statement';
    const input = this.#host.input;
    const alone = !this.#groupOpen && maxRows === 0 && input.typeAt(input.payloadEnd) === CLIENT.sync;
    if (alone || (!this.#groupOpen && compiled.transactionControl)) return 'statement';
    this.#groupOpen = true;
    return 'group';
  }

  #close(reader: NetworkReader): void {
    const kind = reader.u8();
    const name = reader.cstring();
    reader.expectEnd();
    this.#store.close(kind, name);
    writeCloseComplete(this.#host.writer);
  }

  #sync(): void {
    this.#skipping = false;
    if (this.#groupOpen) this.#endGroup('ready');
    else this.#ready();
  }

  // ---- requests to the engine ----

  #begin(request: Request, action: ClientAction): void {
    this.#request = request;
    this.#failed = false;
    this.#action = action;
    this.#portal = undefined;
    this.#output.reset();
    this.#discarding = false;
  }

  #prepare(statement: PreparedStatement, continuation: Continuation): void {
    const compiled = statement.compiled as CompiledStatement;
    this.#begin('prepare', NO_ACTION);
    this.#continuation = continuation;
    this.#preparing = statement;
    this.#locate(statement);
    statement.columns = undefined;
    this.#engine.prepare(compiled.program, statement.requestTypes, compiled.text, this);
  }

  #locate(statement: PreparedStatement): void {
    this.#text = statement.text;
    this.#source = statement.compiled;
    this.#origin = statement.origin;
  }

  /** Moves the position of an engine's message from its statement to the whole text. */
  #placed(details: SqlErrorDetails): SqlErrorDetails {
    const { position } = details;
    if (position === undefined || this.#source === undefined) return details;
    const inStatement = this.#source.sourcePosition?.(position) ?? position;
    return inStatement + this.#origin === position ? details : { ...details, position: inStatement + this.#origin };
  }

  #endGroup(continuation: Continuation): void {
    this.#begin('end-group', NO_ACTION);
    this.#source = undefined;
    this.#continuation = continuation;
    this.#groupOpen = false;
    this.#engine.endGroup(this);
  }

  /** An error found on this side. Inside a transaction the engine must learn of it. */
  #localError(type: number, error: SqlError): void {
    this.#writeError(error, false);
    const simple = type === CLIENT.query || type === CLIENT.functionCall;
    if (!simple) this.#skipping = true;
    if (this.#groupOpen || this.#status === 'active') {
      this.#begin('fail', NO_ACTION);
      this.#continuation = simple ? 'finish-query' : 'none';
      this.#engine.fail(this);
    } else if (simple) {
      this.#finishQuery();
    }
  }

  /** `analysed` = the engine raised it, perhaps while it analysed the statement a Parse is owed for. */
  #writeError(error: SqlError, analysed: boolean): void {
    const owed = this.#owedParse;
    if (analysed && (owed !== undefined || this.#owedBind) && ANALYSIS_ERROR.test(error.sqlstate)) {
      // The statement never came to be, or is no longer good: the error takes the place of what is owed.
      if (owed !== undefined) this.#store.forget(owed);
      this.#owedParse = undefined;
      this.#owedBind = false;
    } else {
      this.#payOwed();
    }
    writeErrorResponse(this.#host.writer, error, this.#text);
  }

  #payOwed(): void {
    const statement = this.#owedParse;
    if (statement !== undefined) {
      statement.validated = true;
      this.#owedParse = undefined;
      writeParseComplete(this.#host.writer);
    }
    if (this.#owedBind) writeBindComplete(this.#host.writer);
    this.#owedBind = false;
  }

  #ready(): void {
    if (this.#status === 'idle') this.#store.forgetPortals();
    const writer = this.#host.writer;
    this.#settings.report(writer);
    writeReadyForQuery(writer, this.#status);
    this.#host.answered();
  }

  // ---- answers of the engine ----

  parameters(types: readonly SqlType[]): void {
    if (this.#preparing !== undefined) this.#preparing.parameterTypes = types;
  }

  columns(columns: readonly ResultColumn[]): void {
    if (this.#discarding) return;
    const statement = this.#preparing;
    if (statement !== undefined) {
      statement.columns = columns;
      return;
    }
    if (this.#request === 'describe-cursor') {
      this.#output.describe(columns, TEXT_FORMATS);
      return;
    }
    const portal = this.#portal;
    const refused = portal && formatsRefused(portal.resultFormats, columns);
    if (refused !== undefined) {
      this.#owedBind = false;
      return this.#abandon(refused);
    }
    this.#payOwed();
    if (this.#action.kind === 'copy-out') {
      this.#output.beginCopyOut(this.#action.format, columns);
      return;
    }
    if (portal === undefined) {
      this.#output.beginSimple(columns);
      return;
    }
    if (columns !== portal.statement.columns) {
      const fits = portal.columns === undefined || portal.columns.length === 0 || sameShape(portal.columns, columns);
      portal.statement.columns = fits ? columns : undefined;
      if (!fits) return this.#abandon(unsupported('cached plan must not change result type'));
    }
    this.#useColumns(columns, portal);
    if (portal.describeOwed) {
      portal.describeOwed = false;
      this.#output.describe(columns, portal.resultFormats);
    }
  }

  /** Ends the answer under way with an error of ours: the engine is stopped and what it still sends dropped. */
  #abandon(error: SqlError): void {
    this.#discarding = true;
    this.#failed = true;
    this.#writeError(error, false);
    this.#engine.cancel();
  }

  /** Sets up the encoder of a portal's rows. */
  #useColumns(columns: readonly ResultColumn[], portal: Portal): void {
    portal.columns = columns;
    portal.returnsRows = columns.length > 0;
    portal.encoder = encoderOf(columns, portal.resultFormats);
    this.#output.encoder = portal.encoder;
  }

  rows(block: RowBlock): void {
    if (!this.#discarding) this.#encodeRows(block);
    this.#output.received(block);
    this.#host.outputGrown(false);
    if (!this.#host.blocked) this.#output.giveCredit();
  }

  #encodeRows(block: RowBlock): void {
    this.#payOwed();
    try {
      this.#output.rows(block, this.#settings.text, this.#portal === undefined);
    } catch (error) {
      if (error instanceof SqlError) this.#abandon(error);
      else if (error instanceof OutputLimitError)
        this.#abandon(new SqlError('program_limit_exceeded', 'row too large'));
      else this.#host.broken(error);
    }
  }

  complete(completion: Completion): void {
    if (this.#request !== 'query' && this.#request !== 'execute') return;
    if (this.#discarding) return;
    const writer = this.#host.writer;
    this.#payOwed();
    this.#output.endCopyOut();
    const portal = this.#portal;
    if (portal !== undefined) {
      this.#settleDescribe(portal);
      portal.state = 'done';
    }
    this.#store.completed(completion.command, this.#action);
    if (!this.#output.isCall) writeCommandComplete(writer, completionTag(completion));
  }

  suspended(): void {
    if (this.#discarding) return;
    this.#payOwed();
    const portal = this.#portal;
    if (portal !== undefined) {
      this.#settleDescribe(portal);
      portal.state = 'open';
    }
    writePortalSuspended(this.#host.writer);
  }

  /** The engine gave no columns: the statement has none. */
  #settleDescribe(portal: Portal): void {
    if (!portal.describeOwed) return;
    portal.describeOwed = false;
    writeNoData(this.#host.writer);
  }

  notice(notice: SqlNotice): void {
    const details = this.#placed(notice.details);
    writeNoticeResponse(this.#host.writer, details === notice.details ? notice : { ...notice, details }, this.#text);
    this.#host.outputGrown(true);
  }

  setting(name: string, value: string): void {
    this.#settings.change(name, value);
  }

  error(error: SqlError): void {
    this.#failed = true;
    const placed = this.#placed(error.details);
    const details = atParameter(placed, this.#portal);
    // Bind would have found it.
    if (details !== placed) this.#owedBind = false;
    const failure =
      this.#copyIn?.failure ?? (details === error.details ? error : new SqlError(error.condition, details));
    this.#copyIn = undefined;
    if (this.#request === 'fail' || this.#discarding) return;
    this.#writeError(failure, true);
  }

  ready(status: TransactionStatus): void {
    const request = this.#request;
    this.#request = 'none';
    this.#status = status;
    if (this.#discarding && status === 'active') {
      // The engine may have finished well what the client was told has failed.
      this.#request = 'fail';
      this.#discarding = false;
      this.#continuation = request === 'query' ? 'finish-query' : 'none';
      if (request === 'execute') this.#skipping = true;
      this.#queryIndex = this.#queryStatements.length;
      this.#engine.fail(this);
      return;
    }
    this.#copyIn = undefined;
    const continuation = this.#continuation;
    this.#continuation = 'none';
    switch (request) {
      case 'query':
        this.#queryIndex = this.#failed ? this.#queryStatements.length : this.#queryIndex + 1;
        if (this.#stepping) return;
        this.#nextQueryStatement();
        break;
      case 'execute':
        this.#portal = undefined;
        if (this.#failed) this.#skipping = true;
        // Portals end with their transaction.
        else if (status === 'idle' && !this.#groupOpen) this.#store.forgetOpenPortals();
        break;
      case 'prepare':
        this.#prepared(continuation);
        break;
      case 'describe-cursor':
        if (this.#failed) this.#skipping = true;
        break;
      case 'fail':
        if (continuation === 'finish-query') this.#finishQuery();
        break;
      case 'end-group':
        this.#ready();
        break;
      case 'none':
        return;
    }
    if (this.#syncTaken && this.#request === 'none') {
      this.#syncTaken = false;
      this.#sync();
    }
    this.#host.proceed();
  }

  #prepared(continuation: Continuation): void {
    const statement = this.#preparing as PreparedStatement;
    const portal = this.#describing;
    this.#preparing = undefined;
    this.#describing = undefined;
    if (this.#failed) {
      this.#calls.refused = continuation === 'call';
      this.#skipping = continuation !== 'call';
      return;
    }
    const columns = (statement.columns ??= []);
    this.#payOwed();
    statement.validated = true;
    const writer = this.#host.writer;
    if (continuation === 'describe-statement') {
      writeParameterDescription(writer, (statement.parameterTypes ?? []).slice(0, statement.parameterCount));
      if (statement.isCopy) writeNoData(writer);
      else this.#output.describe(columns, TEXT_FORMATS);
    } else if (continuation === 'describe-portal' && portal !== undefined) {
      this.#output.describe(columns, portal.resultFormats);
    }
  }

  // ---- COPY from the client ----

  loadReady(columns: readonly ResultColumn[], window?: number): void {
    this.#payOwed();
    const action = this.#action;
    if (action.kind !== 'copy-in') {
      this.#engine.loadFail('the statement does not take rows from the client');
      return;
    }
    writeCopyResponse(this.#host.writer, 'in', action.format.format === 'binary', columns.length);
    this.#copyIn = new CopyTransfer(this.#engine, action.format, columns, window, action.relation);
    this.#host.outputGrown(true);
    this.#host.proceed();
  }

  loadTaken(bytes: number): void {
    const transfer = this.#copyIn;
    if (transfer === undefined) return;
    transfer.taken(bytes);
    if (transfer.accepting) this.#host.proceed();
  }
}
