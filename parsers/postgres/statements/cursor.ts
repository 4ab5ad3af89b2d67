/** DECLARE, FETCH, MOVE, CLOSE. */
import { node, type NodeOf, type StatementNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { PostgresParser } from '../parser.ts';

export function declareCursor(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.command = 'DECLARE CURSOR';
  p.advance();
  const name = p.columnId().text;
  let scroll: NodeOf<'DECLARE_CURSOR'>['scroll'] = 'default';
  let binary = false;
  for (;;) {
    if (p.acceptWord('binary')) binary = true;
    else if (p.acceptWord('scroll')) scroll = 'scroll';
    else if (p.acceptWords('no', 'scroll')) scroll = 'no_scroll';
    else if (p.acceptOneOf('insensitive', 'asensitive') === undefined) break;
  }
  p.expectWord('cursor');
  let hold = false;
  if (p.acceptWords('with', 'hold')) hold = true;
  else if (p.acceptWord('without')) p.expectWord('hold');
  p.expectWord('for');
  const source = p.parseQuery();
  return node('DECLARE_CURSOR', { name, scroll, hold, binary, text: p.source(0, p.previousEnd), source, pos });
}

type Direction = Pick<NodeOf<'FETCH_CURSOR'>, 'direction' | 'count'>;

/** NEXT, PRIOR, FIRST, LAST, ABSOLUTE n, RELATIVE n, n, ALL, FORWARD [n | ALL], BACKWARD [n | ALL] */
function direction(p: PostgresParser): Direction {
  const signed = (): boolean => p.isKind(Token.INTEGER) || p.isOperator('-') || p.isOperator('+');
  if (signed()) return { direction: 'forward', count: p.signedInteger() };
  const next = p.peekKind(1);
  // A cursor may bear one of these names: FETCH next alone fetches from a cursor called next.
  if (next === Token.END || p.peekIsSymbol(1, ';')) return { direction: 'forward', count: 1 };
  switch (p.kind === Token.WORD ? p.value : '') {
    case 'next':
      p.advance();
      return { direction: 'forward', count: 1 };
    case 'prior':
      p.advance();
      return { direction: 'backward', count: 1 };
    case 'first':
      p.advance();
      return { direction: 'absolute', count: 1 };
    case 'last':
      p.advance();
      return { direction: 'absolute', count: -1 };
    case 'absolute':
      p.advance();
      return { direction: 'absolute', count: p.signedInteger() };
    case 'relative':
      p.advance();
      return { direction: 'relative', count: p.signedInteger() };
    case 'all':
      p.advance();
      return { direction: 'forward', count: undefined };
    case 'forward':
    case 'backward': {
      const way = p.value as 'forward' | 'backward';
      p.advance();
      if (p.acceptWord('all')) return { direction: way, count: undefined };
      return { direction: way, count: signed() ? p.signedInteger() : 1 };
    }
    default:
      return { direction: 'forward', count: 1 };
  }
}

export function fetchCursor(p: PostgresParser, move: boolean): StatementNode {
  const { pos } = p;
  p.command = move ? 'MOVE' : 'FETCH';
  p.advance();
  const way = direction(p);
  p.acceptOneOf('from', 'in');
  return node('FETCH_CURSOR', { name: p.columnId().text, ...way, move, pos });
}

export function closeCursor(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.advance();
  if (p.acceptWord('all')) {
    p.command = 'CLOSE CURSOR ALL';
    return node('CLOSE_CURSOR', { pos });
  }
  p.command = 'CLOSE CURSOR';
  return node('CLOSE_CURSOR', { name: p.columnId().text, pos });
}
