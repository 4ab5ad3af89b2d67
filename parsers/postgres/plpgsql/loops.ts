/** FOR over integers, queries and cursors, FOREACH over arrays. */
import { BOOL, INT32 } from '../../../sblr/contract/types.ts';
import { node, type ValueNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import { assign, type Body, local } from './body.ts';
import { expressionOf, fragment, queryOf, targetName } from './fragments.ts';
import { bindCursor, dynamicCursor } from './simple-statements.ts';

const bool = (value: boolean): ValueNode => node('LITERAL', { value, type: BOOL });

export function forStatement(body: Body, label: string | undefined): void {
  const { p } = body;
  p.advance();
  const names = p.list(() => targetName(p));
  p.expectWord('in');
  if (names.length === 1 && (p.isWord('reverse') || isRange(body))) rangeLoop(body, label, names[0] as string);
  else rowLoop(body, label, names, () => openRows(body));
}

/** Is there a `..` before LOOP? */
function isRange(body: Body): boolean {
  const { p } = body;
  for (let ahead = 0; p.peekKind(ahead) !== Token.END && !p.peekIsWord(ahead, 'loop'); ahead++)
    if (p.peekIsSymbol(ahead, '..')) return true;
  return false;
}

/** The counter is hidden: what the body does to the variable does not change the loop. */
function rangeLoop(body: Body, label: string | undefined, name: string): void {
  const { p, out } = body;
  const down = p.acceptWord('reverse');
  const first = expressionOf(p, fragment(p, '..'));
  p.expectSymbol('..');
  const last = expressionOf(p, fragment(p, 'by', 'loop'));
  const one = node('LITERAL', { value: 1, type: INT32 });
  const step = p.acceptWord('by') ? expressionOf(p, fragment(p, 'loop')) : one;
  const [counter, end, by, ran] = [out.hidden(), out.hidden(), out.hidden(), out.hidden()];
  const declare = (variable: string, initial: ValueNode | undefined): void =>
    out.add(node('DECLARE_VARIABLE', { name: variable, type: INT32, constant: false, initial }));
  const [test, next, exit] = [out.label(), out.label(), out.label()];
  out.add(node('BLOCK_BEGIN', {}));
  out.enclosing.push({ kind: 'block', label: undefined });
  declare(counter, first);
  declare(end, last);
  declare(by, step);
  declare(name, undefined);
  if (body.usesFound)
    out.add(node('DECLARE_VARIABLE', { name: ran, type: BOOL, constant: false, initial: bool(false) }));
  out.place(test);
  out.jumpUnless(
    node('OPERATOR', { name: down ? 'greater_equal' : 'less_equal', operands: [local(counter), local(end)] }),
    exit,
  );
  if (body.usesFound) out.add(assign(ran, bool(true)));
  out.add(assign(name, local(counter)));
  body.loopBody({ kind: 'loop', label, exit, next });
  out.place(next);
  out.add(
    assign(counter, node('OPERATOR', { name: down ? 'subtract' : 'add', operands: [local(counter), local(by)] })),
  );
  out.jump(test);
  out.place(exit);
  body.setFoundTo(local(ran));
  out.enclosing.pop();
  out.add(node('BLOCK_END', {}));
}

/** Opens what follows IN as a cursor, up to LOOP. */
function openRows(body: Body): string {
  const { p, out } = body;
  const bound = p.isKind(Token.WORD) ? body.cursors.get(p.value) : undefined;
  const cursor = out.hidden();
  if (bound !== undefined) {
    p.advance();
    bindCursor(body, bound);
    out.add(node('OPEN_CURSOR', { name: cursor, query: queryOf(p, bound.query).source }));
  } else if (p.acceptWord('execute')) dynamicCursor(body, cursor, 'loop');
  else out.add(node('OPEN_CURSOR', { name: cursor, query: queryOf(p, fragment(p, 'loop')).source }));
  return cursor;
}

function rowLoop(body: Body, label: string | undefined, names: readonly string[], open: () => string): void {
  const { out } = body;
  const [next, exit] = [out.label(), out.label()];
  const ran = out.hidden();
  out.add(node('BLOCK_BEGIN', {}));
  out.enclosing.push({ kind: 'block', label: undefined });
  if (body.usesFound)
    out.add(node('DECLARE_VARIABLE', { name: ran, type: BOOL, constant: false, initial: bool(false) }));
  const cursor = open();
  out.enclosing.push({ kind: 'cursor', label: undefined, cursor });
  out.place(next);
  out.fetch(cursor, names, exit);
  if (body.usesFound) out.add(assign(ran, bool(true)));
  body.loopBody({ kind: 'loop', label, exit, next });
  out.jump(next);
  out.place(exit);
  out.enclosing.pop();
  out.add(node('CLOSE_LOCAL_CURSOR', { name: cursor }));
  body.setFoundTo(local(ran));
  out.enclosing.pop();
  out.add(node('BLOCK_END', {}));
}

/** FOREACH name IN ARRAY array: its elements as rows. */
export function foreachStatement(body: Body, label: string | undefined): void {
  const { p, out } = body;
  p.advance();
  const name = targetName(p);
  if (p.isWord('slice')) throw p.unsupported('FOREACH ... SLICE');
  p.expectWord('in');
  p.expectWord('array');
  rowLoop(body, label, [name], () => {
    const cursor = out.hidden();
    const array = fragment(p, 'loop');
    const query = queryOf(p, { text: `${array.text})`, at: array.at }, 'SELECT pg_catalog.unnest(').source;
    out.add(node('OPEN_CURSOR', { name: cursor, query }));
    return cursor;
  });
}
