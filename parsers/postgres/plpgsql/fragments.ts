/**
 * SQL inside PL/pgSQL: pieces of the body's text between its own keywords, parsed by the ordinary parser.
 * Names stay names; the engine takes those that are no columns for variables.
 */
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import { node, type NodeOf, type RelationNode, type StatementNode, type ValueNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { PostgresParser } from '../parser.ts';

/** Text of the body, and where in it the text starts. */
export interface Fragment {
  readonly text: string;
  readonly at: number;
}

/** Words or symbols that end a fragment when no parenthesis is open. */
export function fragment(p: PostgresParser, ...ends: readonly string[]): Fragment {
  const at = p.pos;
  let depth = 0;
  for (; !p.isKind(Token.END); p.advance()) {
    if (depth === 0 && (p.isKind(Token.WORD) || p.isKind(Token.SYMBOL)) && ends.includes(p.value)) break;
    if (p.isSymbol('(') || p.isSymbol('[')) depth++;
    else if (p.isSymbol(')') || p.isSymbol(']')) depth--;
    if (depth < 0) break;
    if (depth > 0 && p.isSymbol(';')) throw p.error('syntax_error', 'mismatched parentheses at or near ";"', p.pos);
  }
  if (p.isKind(Token.END)) throw p.syntaxError();
  const text = p.source(at, p.pos);
  if (text.trim() === '') throw p.syntaxError();
  return { text, at };
}

/** Runs the ordinary parser over text made of a fragment that begins `before` characters into it. */
function parsed<R>(
  p: PostgresParser,
  text: string,
  at: number,
  before: number,
  parse: (inner: PostgresParser) => R,
): R {
  const inner = p.nested(text);
  try {
    const result = parse(inner);
    if (!inner.atEnd()) throw inner.syntaxError();
    return result;
  } catch (error) {
    if (!(error instanceof SqlError) || error.details.position === undefined) throw error;
    const position = Math.max(at, at + inner.tokens.origin + error.details.position - before);
    throw new SqlError(error.condition, { ...error.details, position });
  }
}

export function statementOf(p: PostgresParser, piece: Fragment): StatementNode {
  return parsed(p, piece.text, piece.at, 0, (inner) => inner.statement());
}

/** A query, or a modification that returns rows. */
export function queryOf(p: PostgresParser, piece: Fragment, prefix = ''): NodeOf<'RETURN'> {
  const statement = parsed(p, prefix + piece.text, piece.at, prefix.length, (inner) => inner.statement());
  if (statement.op !== 'RETURN') throw p.error('syntax_error', 'a query is expected here', piece.at);
  return statement;
}

/** An expression is all that may follow SELECT; most need no query around them. */
export function expressionOf(p: PostgresParser, piece: Fragment): ValueNode {
  const { source } = queryOf(p, piece, 'SELECT ');
  return plainValue(source) ?? node('SUBQUERY', { query: source });
}

function plainValue(source: RelationNode): ValueNode | undefined {
  if (source.op !== 'PROJECT' || source.source.op !== 'DUAL' || source.items.length !== 1) return undefined;
  const [item] = source.items;
  if (item?.op !== 'ITEM' || containsAggregate(item.value)) return undefined;
  return item.value;
}

/** Aggregates belong to a query. */
function containsAggregate(value: ValueNode): boolean {
  const { op } = value;
  return op === 'AGGREGATE' || op === 'WINDOW_CALL';
}

/** The expressions of a list, each by itself. */
export function expressions(p: PostgresParser, ...ends: readonly string[]): ValueNode[] {
  const values: ValueNode[] = [];
  do values.push(expressionOf(p, fragment(p, ',', ...ends)));
  while (p.acceptSymbol(','));
  return values;
}

/** INTO [STRICT] target, ... anywhere in a statement: taken out, because the ordinary parser knows another INTO. */
export interface IntoClause {
  readonly rest: Fragment;
  readonly strict: boolean;
  readonly names: readonly string[];
}

export function takeInto(p: PostgresParser, piece: Fragment): IntoClause | undefined {
  const inner = p.nested(piece.text);
  const origin = inner.tokens.origin;
  let depth = 0;
  let previous = '';
  for (; !inner.isKind(Token.END); inner.advance()) {
    if (inner.isSymbol('(') || inner.isSymbol('[')) depth++;
    else if (inner.isSymbol(')') || inner.isSymbol(']')) depth--;
    if (depth === 0 && inner.isWord('into') && previous !== 'insert' && previous !== 'merge') break;
    previous = inner.isKind(Token.WORD) ? inner.value : '';
  }
  if (inner.isKind(Token.END)) return undefined;
  const start = inner.pos + origin;
  inner.advance();
  const strict = inner.acceptWord('strict');
  const names = inner.list(() => targetName(inner));
  const end = inner.previousEnd + origin;
  // Blanks in its place keep all positions.
  const text = piece.text.slice(0, start) + ' '.repeat(end - start) + piece.text.slice(end);
  return { rest: { text, at: piece.at }, strict, names };
}

/** A variable that takes values. */
export function targetName(p: PostgresParser): string {
  const { text } = p.columnLabel();
  if (p.isSymbol('.') || p.isSymbol('[')) throw p.unsupported('a part of a variable as target');
  return text;
}
