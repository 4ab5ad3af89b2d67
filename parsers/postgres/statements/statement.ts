/** The first word of a statement decides what it is. */
import { node, type NodeOf, type RelationNode, type StatementNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { PostgresParser } from '../parser.ts';
import { alterStatement } from './alter.ts';
import { commentStatement } from './comment.ts';
import { copyStatement } from './copy.ts';
import { createStatement } from './create.ts';
import { closeCursor, declareCursor, fetchCursor } from './cursor.ts';
import { doStatement } from './create-routine.ts';
import { dropStatement } from './drop.ts';
import { grantStatement, reassignOwned } from './grant.ts';
import * as maintenance from './maintenance.ts';
import { deallocateStatement, executeStatement, prepareStatement } from './prepare.ts';
import * as session from './session.ts';
import * as transaction from './transaction.ts';

type Handler = (p: PostgresParser) => StatementNode;

const refused =
  (what: string): Handler =>
  (p) => {
    throw p.unsupported(what);
  };

const HANDLERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['select', (p) => queryStatement(p, 'SELECT')],
  ['values', (p) => queryStatement(p, 'SELECT')],
  ['table', (p) => queryStatement(p, 'SELECT')],
  ['with', withStatement],
  ['insert', (p) => modificationStatement(p, 'INSERT', p.insert.bind(p))],
  ['update', (p) => modificationStatement(p, 'UPDATE', p.update.bind(p))],
  ['delete', (p) => modificationStatement(p, 'DELETE', p.delete.bind(p))],
  ['merge', (p) => modificationStatement(p, 'MERGE', p.merge.bind(p))],
  ['begin', transaction.begin],
  ['start', transaction.start],
  ['commit', transaction.commit],
  ['end', transaction.commit],
  ['rollback', transaction.rollback],
  ['abort', transaction.rollback],
  ['savepoint', transaction.savepoint],
  ['release', transaction.release],
  ['prepare', (p) => (p.peekIsWord(1, 'transaction') ? transaction.prepareTransaction(p) : prepareStatement(p))],
  ['execute', executeStatement],
  ['deallocate', deallocateStatement],
  ['set', session.setStatement],
  ['show', session.showStatement],
  ['reset', session.resetStatement],
  ['discard', session.discardStatement],
  ['listen', session.listenStatement],
  ['unlisten', session.unlistenStatement],
  ['notify', session.notifyStatement],
  ['declare', declareCursor],
  ['fetch', (p) => fetchCursor(p, false)],
  ['move', (p) => fetchCursor(p, true)],
  ['close', closeCursor],
  ['copy', copyStatement],
  ['truncate', maintenance.truncateStatement],
  ['lock', maintenance.lockStatement],
  ['analyze', maintenance.analyzeStatement],
  ['analyse', maintenance.analyzeStatement],
  ['vacuum', maintenance.vacuumStatement],
  ['explain', maintenance.explainStatement],
  ['checkpoint', maintenance.checkpointStatement],
  ['reindex', maintenance.reindexStatement],
  ['cluster', maintenance.clusterStatement],
  ['create', createStatement],
  ['alter', alterStatement],
  ['drop', dropStatement],
  ['comment', commentStatement],
  ['grant', (p) => grantStatement(p, false)],
  ['revoke', (p) => grantStatement(p, true)],
  ['reassign', reassignOwned],
  ['call', maintenance.callStatement],
  ['do', doStatement],
  ['refresh', refused('REFRESH MATERIALIZED VIEW')],
  ['security', refused('SECURITY LABEL')],
  ['load', refused('LOAD')],
  ['import', refused('IMPORT FOREIGN SCHEMA')],
]);

export function parseStatement(p: PostgresParser): StatementNode {
  if (p.isSymbol('(')) return queryStatement(p, 'SELECT');
  const handler = p.kind === Token.WORD ? HANDLERS.get(p.value) : undefined;
  if (handler === undefined) throw p.syntaxError();
  return handler(p);
}

/** A relation that is sent to the client. */
export function returning(p: PostgresParser, command: string, source: RelationNode, pos: number): NodeOf<'RETURN'> {
  p.command = command;
  return node('RETURN', { command, source, pos });
}

function queryStatement(p: PostgresParser, command: string): StatementNode {
  const { pos } = p;
  p.into = undefined;
  if (p.liftLiterals) p.lifting = 1;
  const source = p.topQuery(true);
  p.lifting = 0;
  return finishQuery(p, command, source, pos);
}

function finishQuery(p: PostgresParser, command: string, source: RelationNode, pos: number): StatementNode {
  const { into } = p;
  if (into === undefined) return returning(p, command, source, pos);
  p.command = 'SELECT';
  p.into = undefined;
  return node('CREATE_TABLE_AS', {
    name: into.name,
    exists: false,
    temporary: into.temporary,
    unlogged: into.unlogged,
    columns: [],
    withData: true,
    onCommit: 'preserve',
    options: [],
    source,
    pos: into.pos,
  });
}

function modificationStatement(p: PostgresParser, command: string, parse: () => RelationNode): StatementNode {
  const { pos } = p;
  if (p.liftLiterals && command !== 'MERGE') p.lifting = 1;
  const source = parse();
  p.lifting = 0;
  return returning(p, command, source, pos);
}

/** WITH ... SELECT / INSERT / UPDATE / DELETE / MERGE */
function withStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  const start = p.index;
  const clause = p.withClause();
  const word = p.kind === Token.WORD ? p.value : '';
  const wrap = (body: RelationNode): RelationNode =>
    node('WITH', { recursive: clause.recursive, ctes: clause.ctes, body, pos: clause.pos });
  if (word === 'insert' || word === 'update' || word === 'delete')
    return returning(p, word.toUpperCase(), wrap(p.modification()), pos);
  if (word === 'merge') return returning(p, 'MERGE', wrap(p.merge()), pos);
  p.moveTo(start);
  return returning(p, 'SELECT', p.parseQuery(), pos);
}

/** The statements that EXPLAIN, PREPARE, DECLARE and COPY take. */
export function preparableStatement(p: PostgresParser): StatementNode {
  const word = p.kind === Token.WORD ? p.value : '';
  if (
    !p.isSymbol('(') &&
    !['select', 'values', 'table', 'with', 'insert', 'update', 'delete', 'merge'].includes(word)
  ) {
    throw p.syntaxError();
  }
  return parseStatement(p);
}
