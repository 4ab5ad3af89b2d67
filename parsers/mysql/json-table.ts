/**
 * JSON_TABLE (Reference Manual 14.17.6): the columns it declares become the definitions of a set-returning call, and what each of them
 * takes from the document a plan that the call gets as text (engine/functions/document-rows.ts).
 */
import type { Identifier } from '../../sblr/contract/names.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { node, type RelationNode, type ValueNode } from '../../sblr/nodes.ts';
import { stringLiteral } from '../shared/literals.ts';
import type { ParserBase } from '../shared/parser-base.ts';
import { parseColumnType } from './types.ts';

/** What becomes of a column where there is no value, or one that its type does not take. */
type Fallback = 'null' | 'error' | { readonly default: string };

type ColumnPlan =
  | { readonly kind: 'ordinality' }
  | { readonly kind: 'value'; readonly path: string; readonly empty: Fallback; readonly error: Fallback }
  | { readonly kind: 'exists'; readonly path: string }
  | { readonly kind: 'nested'; readonly path: string; readonly columns: readonly ColumnPlan[] };

interface Definition {
  readonly name: Identifier;
  readonly type: SqlType;
}

/** What the parser of the whole statement lends. */
interface TableParser extends ParserBase {
  columnId(): Identifier;
  expression(): ValueNode;
}

const COUNT: SqlType = { kind: 'int32', unsigned: true };

/** From JSON_TABLE to the alias. */
export function parseJsonTable(p: TableParser): RelationNode {
  const { pos } = p;
  p.advance();
  p.expectSymbol('(');
  const document = p.expression();
  p.expectSymbol(',');
  const path = p.stringLiteral();
  const definitions: Definition[] = [];
  const plan = columns(p, definitions);
  p.expectSymbol(')');
  p.acceptWord('as');
  const alias = p.columnId();
  const call = node('CALL', {
    function: 'document_rows',
    variadic: false,
    arguments: [document, stringLiteral(path), stringLiteral(JSON.stringify(plan))],
    pos,
  });
  return node('LOAD_FUNCTION', {
    alias,
    columns: [],
    definitions,
    ordinality: false,
    lateral: true,
    calls: [call],
    pos,
  });
}

/** COLUMNS (column, ...) */
function columns(p: TableParser, definitions: Definition[]): ColumnPlan[] {
  p.expectWord('columns');
  p.expectSymbol('(');
  p.enter();
  const plan = p.list(() => column(p, definitions));
  p.leave();
  p.expectSymbol(')');
  return plan;
}

function column(p: TableParser, definitions: Definition[]): ColumnPlan {
  if (p.acceptWord('nested')) {
    p.acceptWord('path');
    const path = p.stringLiteral();
    return { kind: 'nested', path, columns: columns(p, definitions) };
  }
  const name = p.columnId();
  if (p.acceptWord('for')) {
    p.expectWord('ordinality');
    definitions.push({ name, type: COUNT });
    return { kind: 'ordinality' };
  }
  const { type } = parseColumnType(p);
  definitions.push({ name, type });
  const exists = p.acceptWord('exists');
  p.expectWord('path');
  const path = p.stringLiteral();
  if (exists) return { kind: 'exists', path };
  let empty: Fallback = 'null';
  let error: Fallback = 'null';
  for (;;) {
    const found = fallback(p);
    if (found === undefined) return { kind: 'value', path, empty, error };
    p.expectWord('on');
    if (p.expectOneOf('empty', 'error') === 'empty') empty = found;
    else error = found;
  }
}

function fallback(p: TableParser): Fallback | undefined {
  const word = p.acceptOneOf('null', 'error', 'default');
  return word === 'default' ? { default: p.stringLiteral() } : (word as 'null' | 'error' | undefined);
}
