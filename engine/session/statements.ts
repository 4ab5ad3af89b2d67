/**
 * One statement request: queries go to Running, everything else to its handler here. Handlers that may
 * wait (locks, durable DDL) are async; their end or failure answers the request.
 */
import { displayIdentifier, type Identifier } from '../../sblr/contract/names.ts';
import type { ExecuteRequest } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { TEXT, type SqlType } from '../../sblr/contract/types.ts';
import type { Row } from '../../sblr/contract/values.ts';
import type { NodeOf, Program, StatementNode } from '../../sblr/nodes.ts';
import { OPCODES } from '../../sblr/opcodes.ts';
import { RowBlockWriter } from '../../sblr/contract/row-block.ts';
import { unknownDatabase } from '../catalog/errors.ts';
import { databaseUsers, leaveDropped } from './current-database.ts';
import { executeDdl } from '../ddl/index.ts';
import { LockWaiter } from '../transactions/locks.ts';
import { requireOutsideBlock } from './outside-blocks.ts';
import { analyzeTables, vacuumTables } from './analyze.ts';
import { declareCursor, fetchCursor } from './cursors.ts';
import { DdlBridge } from './ddl-bridge.ts';
import { requireAdministration } from './administration.ts';
import { mayBeIn, mayBeInOwn } from './authenticator.ts';
import { explain } from './explain.ts';
import { activateRoles } from './active-roles.ts';
import { loadRows } from './load.ts';
import { afterCommit, isTransactionControl, runTransactionControl } from './transaction-control.ts';
import { checkHeld, lockTables } from './table-locks.ts';
import { bindParameters, checkResultShape, inFailedTransaction, lookupStatement } from './prepare.ts';
import { deallocate, executePrepared, prepareStatement } from './prepared-statements.ts';
import { evaluateValues } from './evaluate.ts';
import type { CachedStatement, PlannedQuery } from './plan-cache.ts';
import { isLimited, requireKey } from './keyed-changes.ts';
import { TRUE_WORDS } from './settings.ts';
import { runPointQuery } from './point-query.ts';
import { runProgram } from './routines.ts';
import { Running } from './running.ts';
import type { Session } from './session.ts';
import { StatementContext } from './statement-context.ts';
import { truncate } from './truncate.ts';

export function runStatement(session: Session, request: ExecuteRequest): void {
  const program = session.program(request.program);
  session.semantics = program.semantics;
  const statement = program.statements[0];
  if (statement !== undefined && isTransactionControl(statement)) {
    runTransactionControl(session, statement, request.implicit);
    return;
  }
  if (session.failed) throw inFailedTransaction();
  if (session.mode === 'block' && endsBlock(session, program)) {
    afterCommit(session, () => runStatement(session, request));
    return;
  }
  const cached = lookupStatement(session, request.program, request.parameterTypes);
  if (cached.query !== undefined) {
    checkResultShape(cached, request);
    if (!runPointQuery(session, cached, request)) runQuery(session, cached, request);
    return;
  }
  if (program.statements.length !== 1 || statement === undefined || isProcedural(statement)) {
    session.ensureTransaction(request.implicit);
    settle(
      session,
      runProgram(session, program, request, async (inner, one) => {
        if (isTransactionControl(one)) {
          throw new SqlError('feature_not_supported', {
            message: `${one.op.replaceAll('_', ' ')} is not supported inside a program`,
            ...(one.pos === undefined ? {} : { position: one.pos }),
          });
        }
        try {
          if (runSimple(session, inner, one, request) === undefined) await runWaiting(session, inner, one, request);
        } catch (error) {
          session.endOpenStatements(false);
          throw error;
        }
        session.endOpenStatements(true);
      }),
    );
    return;
  }
  runOther(session, program, statement, request);
}

/** Does it turn automatic commits on again? What is open is committed first. */
function endsBlock(session: Session, program: Program): boolean {
  return program.statements.some(
    (one) =>
      one.op === 'SET_SETTING' &&
      session.settings.definition(one.name)?.role === 'autocommit' &&
      session.settings.byRole('autocommit') === 'off' &&
      (one.reset || (one.value?.op === 'LITERAL' && TRUE_WORDS.has(String(one.value.value).toLowerCase()))),
  );
}

const PROCEDURAL: ReadonlySet<StatementNode['op']> = new Set<StatementNode['op']>([
  'DECLARE_VARIABLE',
  'ASSIGN_VARIABLE',
  'ASSIGN_QUERY',
  'JUMP',
  'JUMP_IF',
  'HANDLER_BEGIN',
  'HANDLER_END',
  'RAISE',
  'RERAISE',
  'OPEN_CURSOR',
  'FETCH_INTO',
  'CLOSE_LOCAL_CURSOR',
  'RETURN_VALUE',
  'EMIT_ROW',
  'EXECUTE',
  'CALL_PROCEDURE',
  'EXECUTE_BLOCK',
  'EXECUTE_DYNAMIC',
  'EMIT_QUERY',
  'BLOCK_BEGIN',
  'BLOCK_END',
]);

/** Does the statement need the procedural machine even when it stands alone? */
function isProcedural(statement: StatementNode): boolean {
  return PROCEDURAL.has(statement.op);
}

/** Rows of a query without a limit of its own that the session is to get; 0 = all. */
function rowCap(session: Session, { command, bound }: PlannedQuery): number {
  return command === 'SELECT' && !isLimited(bound.plan) ? session.transactionDefaults.rowLimit : 0;
}

/** Does it change rows, or lock those that it reads? */
function writesOrLocks({ bound }: PlannedQuery): boolean {
  return bound.modifies || bound.tables.some(({ access }) => access !== 'read');
}

function runQuery(session: Session, cached: CachedStatement, request: ExecuteRequest): void {
  const query = cached.query!;
  if (session.transactionDefaults.keyedChanges) requireKey(query);
  const transaction = session.ensureTransaction(request.implicit);
  if (query.bound.modifies && transaction.readOnly) {
    throw new SqlError('read_only_sql_transaction', {
      message: `cannot execute ${query.command} in a read-only transaction`,
      args: { command: query.command },
    });
  }
  for (const { table, access } of query.bound.tables) {
    const mode = access === 'read' ? 'access_share' : access === 'write' ? 'row_exclusive' : 'row_share';
    checkHeld(session, table, mode);
    const result = transaction.lockTable(table.id, mode, 'wait', table.name.text);
    if (result instanceof LockWaiter) {
      // The table may have changed while waiting: start over with a fresh plan.
      result.onSettled((error) => {
        try {
          if (error !== undefined) throw error;
          runQuery(session, lookupStatement(session, request.program, request.parameterTypes), request);
        } catch (failure) {
          session.requestFailed(failure);
        }
      });
      return;
    }
  }
  const parameters = bindParameters(session, cached, request);
  session.beginStatement(writesOrLocks(query));
  const context = new StatementContext(session, transaction, parameters);
  context.mayStartOver = session.semantics?.snapshotWrites === 'newest' && transaction.readsNewest;
  const running = new Running(query, context, request.portal !== undefined, session.resolveReference);
  session.running = running;
  if (request.portal !== undefined) {
    session.portals.get(request.portal)?.close();
    session.portals.set(request.portal, running);
  }
  if (running.returnsRows && (request.wantColumns || !session.toldColumns.has(query.columns))) {
    // A re-planned statement may have other columns than the worker knows.
    session.toldColumns.add(query.columns);
    session.sink.columns(query.columns);
  }
  if (request.hold === true) {
    running.hold(session);
    return;
  }
  const cap = rowCap(session, query);
  running.continue(session, request.maxRows === 0 ? cap : request.maxRows, request.maxRows === 0 && cap > 0);
}

/** Answers the request when the handler is done. */
function settle(session: Session, handled: Promise<{ readonly command: string; readonly rows?: number }>): void {
  handled.then(
    (completion) => {
      try {
        session.endOpenStatements(true);
        session.statementDone(completion);
      } catch (error) {
        session.requestFailed(error);
      }
    },
    (error: unknown) => session.requestFailed(error),
  );
}

function runOther(session: Session, program: Program, statement: StatementNode, request: ExecuteRequest): void {
  if (statement.op === 'FETCH_CURSOR') {
    const fetched = fetchCursor(session, statement);
    settle(
      session,
      fetched.then((rows) => ({ command: statement.move ? 'MOVE' : 'FETCH', rows })),
    );
    return;
  }
  if (program.semantics.ddl === 'commits' && (definesData(statement) || changesHeld(session, statement))) {
    const alone: ExecuteRequest = { ...request, implicit: 'statement' };
    if (session.transaction === undefined) settle(session, runWaiting(session, program, statement, alone));
    else afterCommit(session, () => settle(session, runWaiting(session, program, statement, alone)));
    return;
  }
  const simple = runSimple(session, program, statement, request);
  if (simple !== undefined) {
    session.statementDone(simple);
    return;
  }
  settle(session, runWaiting(session, program, statement, request));
}

/** Groups of instructions that define data: objects, and who may use them. */
const DEFINING_GROUPS: ReadonlySet<number> = new Set([0x01, 0x04]);

function definesData(statement: StatementNode): boolean {
  const { op } = statement;
  if (op === 'ACTIVATE_ROLES') return statement.byDefault;
  return op === 'TRUNCATE' || DEFINING_GROUPS.has(OPCODES[op].code >> 8);
}

/** Taking table locks for the session ends its transaction, and so does giving back what it holds. */
function changesHeld(session: Session, statement: StatementNode): boolean {
  return statement.op === 'HOLD_TABLES' && (statement.tables.length > 0 || session.sessionLocks.tables.any);
}

type Done = { readonly command: string; readonly rows?: number };

/** Statements that are over at once. */
function runSimple(
  session: Session,
  program: Program,
  statement: StatementNode,
  request: ExecuteRequest,
): Done | undefined {
  const inTransaction = session.mode === 'block' || session.mode === 'group';
  switch (statement.op) {
    case 'NOOP':
      return { command: statement.command };
    case 'SET_SETTING':
      return setSetting(session, program, statement, inTransaction);
    case 'RESET_ALL':
      session.settings.resetAll(inTransaction);
      return { command: 'RESET' };
    case 'SET_ROLE':
      setRole(session, statement);
      return { command: statement.reset ? 'RESET' : 'SET' };
    case 'ACTIVATE_ROLES':
      if (statement.byDefault) return undefined;
      activateRoles(session, statement);
      return { command: 'SET' };
    case 'USE_DATABASE':
      useDatabase(session, statement.name);
      return { command: 'USE' };
    case 'LISTEN':
      session.listening.add(statement.channel);
      session.core.notifications.listen(statement.channel, session);
      return { command: 'LISTEN' };
    case 'UNLISTEN':
      for (const channel of statement.channel === undefined ? [...session.listening] : [statement.channel]) {
        session.listening.delete(channel);
        session.core.notifications.unlisten(channel, session);
      }
      return { command: 'UNLISTEN' };
    case 'NOTIFY':
      notify(session, statement.channel, statement.payload, request);
      return { command: 'NOTIFY' };
    case 'PREPARE_STATEMENT':
      prepareStatement(session, program, statement);
      return { command: 'PREPARE' };
    case 'DEALLOCATE':
      deallocate(session, statement.name);
      return { command: statement.name === undefined ? 'DEALLOCATE ALL' : 'DEALLOCATE' };
    case 'CLOSE_CURSOR':
      closeCursor(session, statement.name);
      return { command: statement.name === undefined ? 'CLOSE CURSOR ALL' : 'CLOSE CURSOR' };
    case 'DISCARD':
      discard(session, statement.what);
      return { command: `DISCARD ${statement.what === 'temporary' ? 'TEMP' : statement.what.toUpperCase()}` };
    default:
      return undefined;
  }
}

async function runWaiting(
  session: Session,
  program: Program,
  statement: StatementNode,
  request: ExecuteRequest,
): Promise<Done> {
  requireOutsideBlock(session, statement);
  const transaction = session.ensureTransaction(request.implicit);
  switch (statement.op) {
    case 'EXECUTE_STATEMENT':
      return executePrepared(session, program, statement, request, runStatement);
    case 'DECLARE_CURSOR':
      session.beginStatement();
      await declareCursor(session, program, statement, request);
      return { command: 'DECLARE CURSOR' };
    case 'EXPLAIN':
      return explain(session, program, statement, request);
    case 'ANALYZE':
      session.beginStatement();
      await analyzeTables(session, statement.tables);
      return { command: statement.command };
    case 'VACUUM':
      session.beginStatement();
      await vacuumTables(session, statement);
      return { command: 'VACUUM' };
    case 'CHECKPOINT':
      await session.core.flush();
      return { command: 'CHECKPOINT' };
    case 'REINDEX':
      return { command: 'REINDEX' };
    case 'LOCK_TABLES':
    case 'HOLD_TABLES':
      return lockTables(session, statement);
    case 'TRUNCATE':
      session.beginStatement();
      await truncate(session, statement);
      return { command: 'TRUNCATE TABLE' };
    case 'LOAD_ROWS':
      session.beginStatement();
      return loadRows(session, program, statement);
    default:
      break;
  }
  if (transaction.readOnly)
    throw new SqlError('read_only_sql_transaction', {
      message: `cannot execute ${statement.op.replaceAll('_', ' ')} in a read-only transaction`,
    });
  session.beginStatement();
  const bridge = new DdlBridge(session, program.semantics);
  const mark = bridge.catalog.mark();
  try {
    const done = await executeDdl(statement, bridge, {
      ...databaseUsers(session),
      extensions: session.dialect.extensions,
      presentExtensions: session.dialect.presentExtensions,
    });
    if (done === undefined) {
      throw new SqlError('feature_not_supported', {
        message: `${statement.op.replaceAll('_', ' ')} is not supported`,
        ...(statement.pos === undefined ? {} : { position: statement.pos }),
      });
    }
    bridge.finish();
    leaveDropped(session);
    return done;
  } catch (error) {
    session.fork?.restore(mark);
    throw error;
  }
}

function setSetting(
  session: Session,
  program: Program,
  statement: NodeOf<'SET_SETTING'>,
  inTransaction: boolean,
): Done {
  const local = statement.scope === 'local';
  if (local && !inTransaction) {
    session.warn('no_active_sql_transaction', 'SET LOCAL can only be used in transaction blocks');
    return { command: 'SET' };
  }
  const { name } = statement;
  if (statement.scope === 'global') {
    const value = statement.reset ? undefined : givenValue(session, program, statement);
    session.settings.setGlobal(name, value, () =>
      requireAdministration(session, 'settings', `permission denied to set parameter "${name}" for all sessions`),
    );
    return { command: 'SET' };
  }
  if (statement.reset) session.settings.reset(name, session.isSuperuser, local, inTransaction);
  else session.settings.set(name, givenValue(session, program, statement), session.isSuperuser, local, inTransaction);
  return { command: statement.reset && statement.values.length === 0 ? 'RESET' : 'SET' };
}

function givenValue(session: Session, program: Program, statement: NodeOf<'SET_SETTING'>): string {
  if (statement.value === undefined) return session.core.normaliseSetting(statement.name, statement.values);
  const [value] = evaluateValues(session, program, [statement.value], [TEXT]);
  return String(value ?? '');
}

function setRole(session: Session, statement: NodeOf<'SET_ROLE'>): void {
  if (statement.role === undefined) {
    if (statement.session) session.sessionRole = session.loginRole;
    session.currentRole = session.sessionRole;
  } else {
    const role = session.catalog.roleByName(statement.role);
    const shown = displayIdentifier(statement.role, session.identifierFold);
    if (role === undefined)
      throw new SqlError('invalid_parameter_value', {
        message: `role "${shown}" does not exist`,
        variant: 'role',
        args: { role: shown },
      });
    if (!session.core.mayBecome(session, role.id, statement.session)) {
      throw new SqlError('insufficient_privilege', {
        message: statement.session
          ? 'permission denied to set session authorization'
          : `permission denied to set role "${shown}"`,
      });
    }
    if (statement.session) session.sessionRole = role.id;
    session.currentRole = role.id;
  }
  session.versions.changed();
}

const PAYLOAD_LIMIT = 8000;

export function notify(
  session: Session,
  channel: string,
  payload: string,
  request: Pick<ExecuteRequest, 'implicit'>,
): void {
  if (Buffer.byteLength(payload) >= PAYLOAD_LIMIT)
    throw new SqlError('invalid_parameter_value', 'payload string too long');
  if (channel === '') throw new SqlError('invalid_parameter_value', 'channel name cannot be empty');
  session.ensureTransaction(request.implicit);
  if (!session.notifications.some((one) => one.channel === channel && one.payload === payload))
    session.notifications.push({ channel, payload });
}

function closeCursor(session: Session, name: string | undefined): void {
  for (const one of name === undefined ? [...session.cursors.keys()] : [name]) {
    const cursor = session.cursors.get(one);
    if (cursor === undefined)
      throw new SqlError('invalid_cursor_name', {
        message: `cursor "${one}" does not exist`,
        variant: 'cursor',
        args: { name: one },
      });
    cursor.close();
    session.cursors.delete(one);
  }
}

export function discard(session: Session, what: NodeOf<'DISCARD'>['what']): void {
  if (what === 'all' && session.mode === 'block')
    throw new SqlError('active_sql_transaction', 'DISCARD ALL cannot run inside a transaction block');
  if (what === 'plans' || what === 'all') session.plans.clear();
  if (what === 'sequences' || what === 'all') session.sequences.forget();
  if (what === 'temporary' || what === 'all') session.core.dropTemporaryObjects(session);
  if (what !== 'all') return;
  session.prepared.clear();
  for (const cursor of session.cursors.values()) cursor.close();
  session.cursors.clear();
  session.settings.resetAll(false);
  session.sessionRole = session.currentRole = session.loginRole;
  session.activate(undefined);
  session.namedLocks.releaseAll();
  session.sessionLocks.releaseAll();
  for (const channel of session.listening) session.core.notifications.unlisten(channel, session);
  session.listening.clear();
}

function useDatabase(session: Session, name: Identifier): void {
  const own = name.text.toLowerCase();
  const database = session.catalog.databaseByName(name);
  const shown = displayIdentifier(name, session.identifierFold);
  const refused = (): SqlError =>
    new SqlError('insufficient_privilege', {
      message: `permission denied for database "${shown}"`,
      variant: 'database',
      args: { name: shown },
    });
  if (session.dialect.system.schemas.has(own)) {
    if (!mayBeInOwn(session, session.actor, own)) throw refused();
    session.moveTo(0, own);
    session.sink.setting('database', own);
    return;
  }
  if (database === undefined) throw unknownDatabase(shown);
  if (!mayBeIn(session, session.actor, database)) throw refused();
  session.moveTo(database.id, undefined);
  session.sink.setting('database', shown);
}

/** Sends rows of text to the client, as EXPLAIN does. */
export function sendText(session: Session, column: string, lines: readonly string[], type: SqlType = TEXT): void {
  sendRows(
    session,
    [{ name: column, type }],
    lines.map((line) => [line]),
  );
}

/** The answer of a statement that makes its rows itself. */
export function sendRows(
  session: Session,
  columns: readonly { readonly name: string; readonly type: SqlType }[],
  rows: readonly Row[],
): void {
  session.sink.columns(columns.map(({ name, type }) => ({ name, type, tableId: 0, columnPosition: 0 })));
  const writer = new RowBlockWriter(columns.map(({ type }) => type));
  for (const row of rows) writer.append(row);
  if (rows.length > 0) session.sink.rows(writer.take());
}
