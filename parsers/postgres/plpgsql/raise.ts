/** RAISE [level] [format, values | condition | SQLSTATE] [USING option = value, ...] */
import { node, type NodeOf, type StatementNode, type ValueNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { PostgresParser } from '../parser.ts';
import { type Body, text } from './body.ts';
import { conditionState } from './conditions.ts';
import { expressionOf, expressions, fragment } from './fragments.ts';

const OPTIONS = {
  message: 'message',
  detail: 'detail',
  hint: 'hint',
  column: 'column',
  constraint: 'constraint',
  datatype: 'dataType',
  table: 'table',
  schema: 'schema',
} as const;

type Option = (typeof OPTIONS)[keyof typeof OPTIONS];

export function raiseStatement(body: Body): void {
  const { p, out } = body;
  p.advance();
  if (p.isSymbol(';')) {
    out.add(node('RERAISE', {}));
    return;
  }
  const level = p.acceptOneOf('exception', 'warning', 'notice', 'info', 'log', 'debug') ?? 'exception';
  let state: string | undefined;
  let values: ValueNode[] = [];
  const given: Partial<Record<Option, ValueNode>> = {};
  const { pos } = p;
  if (p.isKind(Token.STRING)) {
    const format = p.stringLiteral();
    given.message = text(format);
    if (p.acceptSymbol(',')) values = expressions(p, 'using', ';');
    checkPlaces(p, format, values.length);
  } else if (p.acceptWord('sqlstate')) state = p.stringLiteral();
  else if (!p.isWord('using') && !p.isSymbol(';')) {
    const { text: name } = p.columnLabel();
    state = conditionState(name);
    if (state === undefined) throw p.error('undefined_object', `unrecognized exception condition "${name}"`, pos);
    given.message = text(name);
  }
  if (p.acceptWord('using')) state = usingOptions(p, given) ?? state;
  if (state !== undefined) given.message ??= text(state);
  out.add(raised(level, state, given, values));
}

/** Options into `given`; the SQLSTATE of ERRCODE. */
function usingOptions(p: PostgresParser, given: Partial<Record<Option, ValueNode>>): string | undefined {
  let state: string | undefined;
  p.list(() => {
    const { pos } = p;
    const { text: name } = p.columnLabel();
    if (!p.acceptSymbol(':=')) p.expectOperator('=');
    if (name === 'errcode') {
      if (!p.isKind(Token.STRING)) throw p.unsupported('an ERRCODE that is not a string literal');
      const code = p.stringLiteral();
      state = conditionState(code) ?? code;
      return;
    }
    if (!Object.hasOwn(OPTIONS, name)) throw p.error('syntax_error', 'unrecognized RAISE statement option', pos);
    given[OPTIONS[name as keyof typeof OPTIONS]] = expressionOf(p, fragment(p, ',', ';'));
  });
  return state;
}

function checkPlaces(p: PostgresParser, format: string, values: number): void {
  const places = format.match(/%%|%/g)?.filter((mark) => mark === '%').length ?? 0;
  if (places < values) throw p.error('syntax_error', 'too many parameters specified for RAISE');
  if (places > values) throw p.error('syntax_error', 'too few parameters specified for RAISE');
}

function raised(
  level: 'exception' | Exclude<NodeOf<'RAISE'>['level'], 'error'>,
  state: string | undefined,
  given: Partial<Record<Option, ValueNode>>,
  values: readonly ValueNode[],
): StatementNode {
  if (level === 'exception')
    return node('RAISE', { condition: state ?? 'raise_exception', level: 'error', arguments: values, ...given });
  const condition = state ?? (level === 'warning' ? 'warning' : 'successful_completion');
  return node('RAISE', { condition, level, arguments: values, ...given });
}
