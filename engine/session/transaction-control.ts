/** BEGIN, COMMIT, ROLLBACK, savepoints, SET TRANSACTION, SET CONSTRAINTS: the statements a failed transaction still takes. */
import type { ImplicitTransaction, SettingRole } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf, StatementNode } from '../../sblr/nodes.ts';
import { requireAdministration } from './administration.ts';
import { inFailedTransaction } from './prepare.ts';
import { toSqlError } from './errors.ts';
import type { Session } from './session.ts';
import { runTwoPhase } from './two-phase.ts';

type Control = Extract<
  StatementNode,
  {
    op:
      | 'BEGIN'
      | 'COMMIT'
      | 'ROLLBACK'
      | 'SAVEPOINT'
      | 'RELEASE_SAVEPOINT'
      | 'ROLLBACK_TO_SAVEPOINT'
      | 'SET_TRANSACTION'
      | 'SET_CONSTRAINTS'
      | 'PREPARE_TRANSACTION';
  }
>;

const OPERATIONS = new Set([
  'BEGIN',
  'COMMIT',
  'ROLLBACK',
  'SAVEPOINT',
  'RELEASE_SAVEPOINT',
  'ROLLBACK_TO_SAVEPOINT',
  'SET_TRANSACTION',
  'SET_CONSTRAINTS',
  'PREPARE_TRANSACTION',
]);

export function isTransactionControl(statement: StatementNode): statement is Control {
  return OPERATIONS.has(statement.op);
}

export function runTransactionControl(session: Session, statement: Control, implicit: ImplicitTransaction): void {
  switch (statement.op) {
    case 'BEGIN':
      return begin(session, statement);
    case 'COMMIT':
      return end(session, statement.chain, 'commit');
    case 'ROLLBACK':
      return end(session, statement.chain, 'rollback');
    case 'ROLLBACK_TO_SAVEPOINT':
      return rollbackTo(session, statement.name.text);
    case 'SAVEPOINT':
      return savepoint(session, statement.name.text, implicit);
    case 'RELEASE_SAVEPOINT':
      return release(session, statement.name.text);
    case 'SET_TRANSACTION':
      return setTransaction(session, statement);
    case 'SET_CONSTRAINTS':
      return setConstraints(session, statement, implicit);
    default:
      return runTwoPhase(session, statement);
  }
}

function answer(session: Session, command: string): void {
  session.sink.complete({ command });
  session.requestDone();
}

function begin(session: Session, statement: NodeOf<'BEGIN'>): void {
  session.sessionLocks.tables.release();
  if (session.mode === 'block') {
    if (session.failed) throw inFailedTransaction();
    if (session.semantics?.nestedBegin === 'commit') {
      afterCommit(session, () => begin(session, statement));
      return;
    }
    session.warn('active_sql_transaction', 'there is already a transaction in progress');
    answer(session, statement.command);
    return;
  }
  const defaults = session.takeModes();
  const isolation = statement.isolation === 'none' ? defaults.isolation : statement.isolation;
  const readOnly = statement.access === 'default' ? defaults.readOnly : statement.access === 'read_only';
  if (session.transaction === undefined)
    session.beginTransaction(isolation, readOnly, statement.deferrable || undefined);
  session.mode = 'block';
  if (statement.snapshot && session.transaction?.isolation !== 'read_committed') {
    session.beginStatement();
    session.endOpenStatements(true);
  }
  answer(session, statement.command);
}

/** Commits what is open, then goes on; a commit that fails answers the request. */
export function afterCommit(session: Session, proceed: () => void): void {
  session.commit((error) => {
    try {
      if (error !== undefined) throw error;
      proceed();
    } catch (failure) {
      session.requestFailed(failure);
    }
  });
}

function end(session: Session, chain: boolean, how: 'commit' | 'rollback'): void {
  if (session.mode !== 'block') {
    if (chain)
      throw new SqlError(
        'no_active_sql_transaction',
        `${how.toUpperCase()} AND CHAIN can only be used in transaction blocks`,
      );
    if (session.semantics?.strayEnd !== 'nothing')
      session.warn('no_active_sql_transaction', 'there is no transaction in progress');
  }
  const { isolation, deferrable } = session.declaredModes;
  const readOnly = session.transaction?.readOnly ?? false;
  const again = (): void => {
    if (!chain) return;
    session.beginTransaction(isolation, readOnly, deferrable);
    session.mode = 'block';
  };
  if (how === 'rollback' || session.failed) {
    session.rollback();
    again();
    answer(session, 'ROLLBACK');
    return;
  }
  session.commit((error) => {
    if (error !== undefined) session.sink.error(toSqlError(error));
    else {
      again();
      session.sink.complete({ command: 'COMMIT' });
    }
    session.requestDone();
  });
}

function requireBlock(session: Session, what: string): void {
  if (session.mode !== 'block')
    throw new SqlError('no_active_sql_transaction', `${what} can only be used in transaction blocks`);
}

function savepoint(session: Session, name: string, implicit: ImplicitTransaction): void {
  if (session.mode !== 'block' && session.semantics?.strayEnd === 'nothing') {
    // Alone it is over with its own transaction, unless that stays open.
    if (implicit === 'block') session.ensureTransaction(implicit);
    else {
      answer(session, 'SAVEPOINT');
      return;
    }
  }
  requireBlock(session, 'SAVEPOINT');
  if (session.failed) throw inFailedTransaction();
  session.transaction!.savepoint(name);
  session.savepoints.push({
    name,
    catalog: session.fork?.mark(),
    settings: session.settings.mark(),
    constraintModes: session.constraintModes,
  });
  answer(session, 'SAVEPOINT');
}

function find(session: Session, name: string): number {
  for (let i = session.savepoints.length - 1; i >= 0; i--) if (session.savepoints[i]!.name === name) return i;
  throw new SqlError('invalid_savepoint_specification', {
    message: `savepoint "${name}" does not exist`,
    args: { name },
  });
}

function release(session: Session, name: string): void {
  if (session.semantics?.strayEnd !== 'nothing') requireBlock(session, 'RELEASE SAVEPOINT');
  if (session.failed) throw inFailedTransaction();
  session.savepoints.length = find(session, name);
  session.transaction!.release(name);
  answer(session, 'RELEASE');
}

function rollbackTo(session: Session, name: string): void {
  if (session.semantics?.strayEnd !== 'nothing') requireBlock(session, 'ROLLBACK TO SAVEPOINT');
  const at = find(session, name);
  const mark = session.savepoints[at]!;
  session.endOpenStatements(false);
  session.transaction!.rollbackTo(name);
  if (session.fork !== undefined)
    session.fork.restore(mark.catalog ?? { objects: new Map(), names: new Map(), changes: new Map() });
  session.settings.restoreMark(mark.settings);
  session.constraintModes = mark.constraintModes;
  session.savepoints.length = at + 1;
  session.failed = false;
  answer(session, 'ROLLBACK');
}

function setTransaction(session: Session, statement: NodeOf<'SET_TRANSACTION'>): void {
  if (session.failed) throw inFailedTransaction();
  const { scope, isolation, access } = statement;
  if (scope === 'session' || scope === 'global') {
    if (scope === 'global')
      requireAdministration(session, 'settings', 'permission denied to set the transactions of all sessions');
    const set = (role: SettingRole, value: string): void =>
      session.settings.setByRole(role, value, session.mode === 'block', scope === 'global');
    if (isolation !== 'none') set('isolation', isolation);
    if (access !== 'default') set('read_only', access === 'read_only' ? 'on' : 'off');
    if (statement.deferrable) set('deferrable', 'on');
    answer(session, 'SET');
    return;
  }
  if (scope === 'next') {
    if (session.mode === 'block')
      throw new SqlError(
        'active_sql_transaction',
        'characteristics of a transaction cannot be changed while it is in progress',
      );
    session.nextModes = {
      ...session.nextModes,
      ...(isolation === 'none' ? {} : { isolation }),
      ...(access === 'default' ? {} : { readOnly: access === 'read_only' }),
    };
    answer(session, 'SET');
    return;
  }
  const { transaction } = session;
  if (session.mode !== 'block' || transaction === undefined) {
    session.warn('no_active_sql_transaction', 'SET TRANSACTION can only be used in transaction blocks');
    answer(session, 'SET');
    return;
  }
  if (statement.isolation !== 'none') {
    const level = statement.isolation === 'read_uncommitted' ? 'read_committed' : statement.isolation;
    if (level !== transaction.isolation) transaction.setIsolation(level);
    session.declaredModes = { ...session.declaredModes, isolation: statement.isolation };
  }
  if (statement.deferrable) session.declaredModes = { ...session.declaredModes, deferrable: true };
  if (statement.access !== 'default') transaction.readOnly = statement.access === 'read_only';
  answer(session, 'SET');
}

function setConstraints(session: Session, statement: NodeOf<'SET_CONSTRAINTS'>, implicit: ImplicitTransaction): void {
  if (session.failed) throw inFailedTransaction();
  if (session.mode !== 'block' && implicit !== 'group')
    session.warn('no_active_sql_transaction', 'SET CONSTRAINTS can only be used in transaction blocks');
  const transaction = session.ensureTransaction(implicit);
  session.core.setConstraints(session, transaction, statement, (error) => {
    if (error !== undefined) session.requestFailed(error);
    else session.statementDone({ command: 'SET CONSTRAINTS' });
  });
}
