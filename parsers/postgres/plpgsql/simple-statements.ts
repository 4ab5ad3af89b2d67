/** PL/pgSQL statements without a structure of their own: PERFORM, EXECUTE, GET DIAGNOSTICS, ASSERT and those of cursors. */
import { BOOL } from '../../../sblr/contract/types.ts';
import { node, type NodeOf, type ValueNode } from '../../../sblr/nodes.ts';
import { assign, type Body, type BoundCursor, diagnostic, text } from './body.ts';
import { expressionOf, expressions, fragment, queryOf, targetName } from './fragments.ts';

const DIAGNOSTICS: ReadonlyMap<string, string> = new Map([
  ['row_count', 'row_count'],
  ['returned_sqlstate', 'sqlstate'],
  ['message_text', 'message'],
  ['pg_exception_detail', 'detail'],
  ['pg_exception_hint', 'hint'],
  ['pg_exception_context', 'context'],
  ['pg_context', 'context'],
  ['constraint_name', 'constraint'],
  ['column_name', 'column'],
  ['table_name', 'table'],
  ['schema_name', 'schema'],
  ['pg_datatype_name', 'type'],
]);

export function perform(body: Body): void {
  const { p, out } = body;
  p.advance();
  out.add(node('EXECUTE', { query: queryOf(p, fragment(p, ';'), 'SELECT ').source }));
  body.setFound();
}

export function execute(body: Body): void {
  const { p } = body;
  p.advance();
  dynamic(body, 'drop', []);
}

/** text [INTO [STRICT] targets] [USING values], in either order */
export function dynamic(
  body: Body,
  use: NodeOf<'EXECUTE_DYNAMIC'>['use'],
  given: readonly string[],
  ...ends: readonly string[]
): void {
  const { p, out } = body;
  const source = expressionOf(p, fragment(p, 'into', 'using', ';', ...ends));
  let names = given;
  let strict = false;
  let values: ValueNode[] = [];
  for (;;) {
    if (p.acceptWord('into')) {
      strict = p.acceptWord('strict');
      names = p.list(() => targetName(p));
    } else if (p.acceptWord('using')) values = expressions(p, 'into', ';', ...ends);
    else break;
  }
  const assigns = use === 'drop' && names.length > 0;
  out.add(node('EXECUTE_DYNAMIC', { use: assigns ? 'assign' : use, names, strict, text: source, arguments: values }));
}

/** EXECUTE in FOR and OPEN: opens a cursor over the rows. */
export function dynamicCursor(body: Body, cursor: string, ...ends: readonly string[]): void {
  dynamic(body, 'open', [cursor], ...ends);
}

export function getDiagnostics(body: Body): void {
  const { p, out } = body;
  p.advance();
  p.acceptOneOf('current', 'stacked');
  p.expectWord('diagnostics');
  p.list(() => {
    const name = targetName(p);
    if (!p.acceptSymbol(':=')) p.expectOperator('=');
    const { pos } = p;
    const item = DIAGNOSTICS.get(p.columnLabel().text);
    if (item === undefined) throw p.error('syntax_error', 'unrecognized GET DIAGNOSTICS item', pos);
    out.add(assign(name, diagnostic(item)));
  });
}

export function assertStatement(body: Body): void {
  const { p, out } = body;
  p.advance();
  const [condition, message] = expressions(p, ';');
  const wrong = out.label();
  const fine = out.label();
  out.jumpUnless(condition as ValueNode, wrong);
  out.jump(fine);
  out.place(wrong);
  out.add(
    node('RAISE', {
      condition: 'assert_failure',
      level: 'error',
      message: message ?? text('assertion failed'),
      arguments: [],
    }),
  );
  out.place(fine);
}

export function openStatement(body: Body): void {
  const { p, out } = body;
  p.advance();
  const { pos } = p;
  const { text: name } = p.columnId();
  const bound = body.cursors.get(name);
  if (bound !== undefined) {
    bindCursor(body, bound);
    out.add(node('OPEN_CURSOR', { name, query: queryOf(p, bound.query).source }));
    return;
  }
  p.acceptWord('no');
  p.acceptWord('scroll');
  if (!p.acceptWord('for')) throw p.error('syntax_error', 'syntax error, expected "FOR"', pos);
  if (p.acceptWord('execute')) dynamicCursor(body, name);
  else out.add(node('OPEN_CURSOR', { name, query: queryOf(p, fragment(p, ';')).source }));
}

/** The arguments of a bound cursor become variables that its query sees. */
export function bindCursor(body: Body, bound: BoundCursor): void {
  const { p, out } = body;
  if (bound.parameters.length === 0) return;
  p.expectSymbol('(');
  for (const [at, { name, type }] of bound.parameters.entries()) {
    if (at > 0) p.expectSymbol(',');
    out.add(node('DECLARE_VARIABLE', { name, type, constant: false, initial: expressionOf(p, fragment(p, ',', ')')) }));
  }
  p.expectSymbol(')');
}

export function fetchStatement(body: Body): void {
  const { p, out } = body;
  p.advance();
  const { pos } = p;
  const direction = p.acceptOneOf('prior', 'first', 'last', 'absolute', 'relative', 'backward', 'forward', 'all');
  if (direction !== undefined && direction !== 'forward') throw p.unsupported(`FETCH ${direction.toUpperCase()}`, pos);
  p.acceptWord('next');
  if (!p.acceptWord('from')) p.acceptWord('in');
  const { text: cursor } = p.columnId();
  p.expectWord('into');
  const names = p.list(() => targetName(p));
  const none = out.label();
  const end = out.label();
  out.fetch(cursor, names, none);
  body.setFound();
  out.jump(end);
  out.place(none);
  for (const name of names) out.add(assign(name, node('LITERAL', { value: null, type: { kind: 'unknown' } })));
  body.setFoundTo(node('LITERAL', { value: false, type: BOOL }));
  out.place(end);
}

export function closeStatement(body: Body): void {
  const { p, out } = body;
  p.advance();
  out.add(node('CLOSE_LOCAL_CURSOR', { name: p.columnId().text }));
}
