/**
 * Positions of expressions for messages about a whole expression: where it starts, not where its operator is.
 */
import type { ValueNode } from '../../sblr/nodes.ts';

/** The leftmost position of an expression. */
export function startOf(node: ValueNode | undefined): number | undefined {
  let at = node;
  let depth = 0;
  while (at !== undefined && depth++ < 1000) {
    let first: ValueNode | undefined;
    switch (at.op) {
      case 'OPERATOR':
        first = at.operands.length > 1 ? at.operands[0] : undefined;
        break;
      case 'AND':
      case 'OR':
        first = at.operands[0];
        break;
      case 'LIKE':
      case 'BETWEEN':
      case 'IN_LIST':
      case 'IN_QUERY':
      case 'QUANTIFIED_ARRAY':
      case 'QUANTIFIED_QUERY':
        first = at.value;
        break;
      case 'IS_NULL':
      case 'IS_TRUTH':
        first = at.operand;
        break;
      case 'IS_DISTINCT':
        first = at.left;
        break;
      case 'SUBSCRIPT':
        first = at.base;
        break;
      default:
        break;
    }
    if (first?.pos === undefined) return at.pos;
    at = first;
  }
  return at?.pos;
}
