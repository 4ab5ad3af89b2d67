/** The first word of a statement decides what it is. */
import { node, type NodeOf, type RelationNode, type StatementNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { MysqlParser } from '../parser.ts';
import { alterStatement } from './alter.ts';
import { grantStatement, revokeStatement } from './grants.ts';
import { createStatement } from './create.ts';
import { dropStatement, renameTable, truncateStatement } from './drop.ts';
import { loadStatement } from './load.ts';
import { checkStatement, upkeepStatement } from './maintenance.ts';
import * as session from './session.ts';
import { describeStatement, helpStatement, showStatement } from './show.ts';
import * as transaction from './transaction.ts';

type Handler = (p: MysqlParser) => StatementNode;

const refused =
  (what: string): Handler =>
  (p) => {
    throw p.unsupported(what);
  };

const HANDLERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['select', queryStatement],
  ['values', queryStatement],
  ['table', queryStatement],
  ['with', withStatement],
  ['insert', (p) => modificationStatement(p, 'INSERT', p.insert.bind(p))],
  ['replace', (p) => modificationStatement(p, 'INSERT', p.insert.bind(p))],
  ['update', (p) => modificationStatement(p, 'UPDATE', p.update.bind(p))],
  ['delete', (p) => modificationStatement(p, 'DELETE', p.delete.bind(p))],
  ['begin', transaction.begin],
  ['start', transaction.start],
  ['commit', transaction.commit],
  ['rollback', transaction.rollback],
  ['savepoint', transaction.savepoint],
  ['release', transaction.release],
  ['set', session.setStatement],
  ['use', session.useStatement],
  ['kill', session.killStatement],
  ['do', session.doStatement],
  ['prepare', session.prepareStatement],
  ['execute', session.executeStatement],
  ['deallocate', session.deallocateStatement],
  ['create', createStatement],
  ['alter', alterStatement],
  ['drop', dropStatement],
  ['rename', renameTable],
  ['truncate', truncateStatement],
  ['show', showStatement],
  ['help', helpStatement],
  ['describe', describeStatement],
  ['desc', describeStatement],
  ['explain', describeStatement],
  ['analyze', session.analyzeStatement],
  ['check', checkStatement],
  ['optimize', upkeepStatement],
  ['repair', upkeepStatement],
  ['call', refused('CALL')],
  ['handler', refused('HANDLER')],
  ['load', loadStatement],
  ['lock', transaction.lockTables],
  ['unlock', transaction.unlockTables],
  ['grant', grantStatement],
  ['revoke', revokeStatement],
  ['flush', session.flushStatement],
  ['xa', refused('XA')],
]);

export function parseStatement(p: MysqlParser): StatementNode {
  if (p.isSymbol('(')) return queryStatement(p);
  const handler = p.kind === Token.WORD ? HANDLERS.get(p.value) : undefined;
  if (handler === undefined) throw p.syntaxError();
  return handler(p);
}

/** A relation that is sent to the client. */
export function returning(p: MysqlParser, command: string, source: RelationNode, pos: number): NodeOf<'RETURN'> {
  p.command = command;
  return node('RETURN', { command, source, pos });
}

function queryStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  if (p.liftLiterals) p.lifting = 1;
  p.firstSelect = p.index;
  const query = p.topQuery(true);
  p.lifting = 0;
  return queryResult(p, query, pos);
}

/** A whole query: sent to the client, or assigned to variables. */
function queryResult(p: MysqlParser, query: RelationNode, pos: number): StatementNode {
  p.acceptInto();
  const source = p.countsAll ? counting(query) : query;
  if (p.intoVariables !== undefined) {
    p.command = 'SELECT INTO';
    return node('ASSIGN_QUERY', { names: p.intoVariables, strict: false, scope: 'session', query: source, pos });
  }
  return returning(p, 'SELECT', source, pos);
}

/** The limit of the query counts the rows that it leaves out. */
function counting(query: RelationNode): RelationNode {
  if (query.op === 'LIMIT') return { ...query, countsAll: true };
  if (query.op === 'WITH') return { ...query, body: counting(query.body) };
  return query.op === 'LOCK_ROWS' ? { ...query, source: counting(query.source) } : query;
}

function modificationStatement(p: MysqlParser, command: string, parse: () => RelationNode): StatementNode {
  const { pos } = p;
  if (p.liftLiterals) p.lifting = 1;
  const source = parse();
  p.lifting = 0;
  return returning(p, command, source, pos);
}

/** WITH ... SELECT / UPDATE / DELETE */
function withStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  const { recursive, ctes, pos: at } = p.withClause();
  const word = p.kind === Token.WORD ? p.value : '';
  const modifies = word === 'update' || word === 'delete';
  p.firstSelect = p.index;
  const body = modifies ? p.modification() : p.parseQuery();
  const source = node('WITH', { recursive, ctes, body, pos: at });
  return modifies ? returning(p, word.toUpperCase(), source, pos) : queryResult(p, source, pos);
}
