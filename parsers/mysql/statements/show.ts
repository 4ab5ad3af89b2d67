/** SHOW, DESCRIBE and EXPLAIN. What SHOW lists comes from the dialect's catalog views, or from the worker. */
import { node, type StatementNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { MysqlParser } from '../parser.ts';

export function showStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  if (p.isWord('count') && p.peekIsSymbol(1, '(')) {
    p.advance();
    p.expectSymbol('(');
    p.expectOperator('*');
    p.expectSymbol(')');
    return diagnostics(p, true, pos);
  }
  if (p.isWord('warnings') || p.isWord('errors')) return diagnostics(p, false, pos);
  throw p.unsupported(`SHOW ${p.value.toUpperCase()}`, pos);
}

/** WARNINGS | ERRORS [LIMIT [offset,] count] */
function diagnostics(p: MysqlParser, count: boolean, pos: number): StatementNode {
  const errorsOnly = p.expectOneOf('warnings', 'errors') === 'errors';
  let offset = 0;
  let limit: number | undefined;
  if (!count && p.acceptWord('limit')) {
    limit = p.unsignedInteger();
    if (p.acceptSymbol(',')) {
      offset = limit;
      limit = p.unsignedInteger();
    } else if (p.acceptWord('offset')) offset = p.unsignedInteger();
  }
  p.command = 'SHOW';
  p.action = { kind: 'diagnostics', errorsOnly, count, offset, ...(limit === undefined ? {} : { limit }) };
  return node('NOOP', { command: 'SHOW', pos });
}

/** First words of the statements that EXPLAIN takes. */
const EXPLAINABLE: ReadonlySet<string> = new Set([
  'select',
  'values',
  'table',
  'with',
  'insert',
  'replace',
  'update',
  'delete',
]);

/** EXPLAIN statement; DESCRIBE table */
export function describeStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  const analyze = p.acceptWord('analyze');
  let format: 'text' | 'json' = 'text';
  if (p.acceptWord('format')) {
    p.acceptOperator('=');
    const name = p.optionValue().toLowerCase();
    if (name === 'json') format = 'json';
    else if (name !== 'traditional' && name !== 'tree') throw p.syntaxError(p.index - 1);
  }
  const word = p.kind === Token.WORD ? p.value : '';
  if (!p.isSymbol('(') && !EXPLAINABLE.has(word)) throw p.syntaxError();
  const statement = p.statement();
  p.command = 'EXPLAIN';
  return node('EXPLAIN', { analyze, format, options: [], statement, pos });
}
