/**
 * Recursive common tables of several recursive parts: anchor UNION part UNION part. The engine knows one recursive
 * part, on the right of the anchor; several are one that is a UNION of them.
 */
import { identifierKey, type Identifier } from '../../sblr/contract/names.ts';
import { node, type NodeOf, type RelationNode } from '../../sblr/nodes.ts';
import { OPCODES, type OpcodeName } from '../../sblr/opcodes.ts';

/** Gathers the recursive parts of a common table on the right, where all its parts are joined alike. */
export function gatherRecursion(cte: NodeOf<'CTE'>): NodeOf<'CTE'> {
  const { query, name } = cte;
  if (query.op !== 'SET_OP' || query.kind !== 'union') return cte;
  const { all } = query;
  const parts = unionParts(query, all);
  const first = parts.findIndex((part) => reads(part, name));
  if (first < 1 || first === parts.length - 1) return cte;
  const union = (left: RelationNode, right: RelationNode): RelationNode =>
    node('SET_OP', { kind: 'union', all, left, right, pos: query.pos });
  const anchor = parts.slice(0, first).reduce(union);
  return node('CTE', { ...cte, parts: true, query: union(anchor, parts.slice(first).reduce(union)) });
}

function unionParts(query: RelationNode, all: boolean): RelationNode[] {
  if (query.op !== 'SET_OP' || query.kind !== 'union' || query.all !== all) return [query];
  return [...unionParts(query.left, all), query.right];
}

/** Does a query read from the table of this name? */
function reads(query: RelationNode, name: Identifier): boolean {
  const key = identifierKey(name);
  const visit = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.some(visit);
    if (value === null || typeof value !== 'object' || !('op' in value)) return false;
    const current = value as { op: OpcodeName } & Record<string, unknown>;
    if (current.op === 'LOAD_TABLE') {
      const names = current['name'] as readonly Identifier[];
      if (names.length === 1 && identifierKey(names[0] as Identifier) === key) return true;
    }
    return Object.keys(OPCODES[current.op].inputs).some((input) => visit(current[input]));
  };
  return visit(query);
}
