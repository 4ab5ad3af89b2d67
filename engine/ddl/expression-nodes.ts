/**
 * What an unbound expression holds: the columns it names, and queries, which nothing stored with a table may have.
 */
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { NodeOf, ValueNode } from '../../sblr/nodes.ts';
import { OPCODES, type OpcodeName } from '../../sblr/opcodes.ts';

const QUERIES: ReadonlySet<OpcodeName> = new Set<OpcodeName>([
  'SUBQUERY',
  'EXISTS',
  'IN_QUERY',
  'QUANTIFIED_QUERY',
  'ARRAY_QUERY',
]);

/** What is stored with a table looks at no other table. */
export function refuseSubqueries(expression: ValueNode, what: string): void {
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item);
      return;
    }
    if (value === null || typeof value !== 'object' || !('op' in value)) return;
    const current = value as { op: OpcodeName; pos?: number } & Record<string, unknown>;
    if (QUERIES.has(current.op)) {
      throw new SqlError('feature_not_supported', {
        message: `cannot use subquery in ${what}`,
        ...(current.pos === undefined ? {} : { position: current.pos }),
      });
    }
    for (const input of Object.keys(OPCODES[current.op].inputs)) visit(current[input]);
  };
  visit(expression);
}

/** All COLUMN nodes of an expression, found generically by the opcode table. */
export function columnNames(expression: ValueNode): NodeOf<'COLUMN'>[] {
  const found: NodeOf<'COLUMN'>[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item);
      return;
    }
    if (value === null || typeof value !== 'object' || !('op' in value)) return;
    const current = value as { op: OpcodeName } & Record<string, unknown>;
    if (current.op === 'COLUMN') found.push(current as unknown as NodeOf<'COLUMN'>);
    for (const input of Object.keys(OPCODES[current.op].inputs)) visit(current[input]);
  };
  visit(expression);
  return found;
}
