/**
 * Programs kept in the catalog, decoded once: the query of a view, the value of a stored expression.
 */
import type { Semantics } from '../../sblr/contract/semantics.ts';
import { decodeProgram } from '../../sblr/decode.ts';
import type { Program, RelationNode, ValueNode } from '../../sblr/nodes.ts';
import type { StoredExpression } from '../catalog/definitions.ts';
import { fail } from './errors.ts';

const PROGRAMS = new WeakMap<Uint8Array, Program>();

function program(bytes: Uint8Array): Program {
  let found = PROGRAMS.get(bytes);
  if (found === undefined) {
    found = decodeProgram(bytes);
    PROGRAMS.set(bytes, found);
  }
  return found;
}

/** The query of a program that is one RETURN. */
export function storedQuery(bytes: Uint8Array): { readonly source: RelationNode; readonly semantics: Semantics } {
  const { statements, semantics } = program(bytes);
  const statement = statements[0];
  if (statements.length !== 1 || statement?.op !== 'RETURN') fail('data_corrupted', 'stored query is not a query');
  return { source: statement.source, semantics };
}

/** The expression of a stored program RETURN(PROJECT(DUAL, [ITEM expression])). */
export function storedValue(stored: StoredExpression): { readonly value: ValueNode; readonly semantics: Semantics } {
  const { source, semantics } = storedQuery(stored.program);
  const item = source.op === 'PROJECT' ? source.items[0] : undefined;
  if (item?.op !== 'ITEM') fail('data_corrupted', 'stored expression is not an expression');
  return { value: item.value, semantics };
}
