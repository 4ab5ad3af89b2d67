/**
 * VALUES as a query: rows of one width, columns of a common type.
 */
import type { SqlErrorDetails } from '../../sblr/contract/sql-error.ts';
import type { NodeOf, ValueNode } from '../../sblr/nodes.ts';
import type { BoundExpression } from './bound.ts';
import { coerceTo, commonType } from './coerce.ts';
import type { Binder, BoundRelation, CteBinding } from './context.ts';
import { fail } from './errors.ts';
import { bindExpression } from './expression.ts';
import { plainRelation } from './outputs.ts';
import { newLevel, Scope } from './scope.ts';
import { depthBelow } from './levels.ts';

/** Details of a row whose values are not as many as the columns that they are for. */
export const wrongWidth = (row: number): Partial<SqlErrorDetails> => ({
  variant: 'row_width',
  args: { row: String(row) },
});

export function rowItems(row: ValueNode): readonly ValueNode[] {
  return row.op === 'ROW' ? row.items : [row];
}

export function valuesScope(binder: Binder, outer: Scope | undefined, ctes: CteBinding | undefined): Scope {
  const level = newLevel(depthBelow(binder, outer));
  level.clause = 'values';
  return new Scope(binder, outer, level, ctes);
}

export function bindValues(
  binder: Binder,
  node: NodeOf<'VALUES'>,
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
  keepUnknown: boolean,
): BoundRelation {
  const scope = valuesScope(binder, outer, ctes);
  const width = rowItems(node.rows[0] as ValueNode).length;
  const rows = node.rows.map((row, at) => {
    const items = rowItems(row);
    if (items.length !== width)
      fail('syntax_error', 'VALUES lists must all be the same length', row.pos ?? items[0]?.pos, wrongWidth(at + 1));
    return items.map((item) => {
      if (item.op === 'DEFAULT_VALUE') fail('syntax_error', 'DEFAULT is not allowed in this context', item.pos);
      return bindExpression(item, scope);
    });
  });
  const columns = [];
  for (let i = 0; i < width; i++) {
    const values = rows.map((row) => row[i] as BoundExpression);
    const positions = node.rows.map((row) => rowItems(row)[i]?.pos);
    const unknown = values.every((value) => value.type.kind === 'unknown');
    if (!unknown || !keepUnknown) {
      const type = commonType(
        binder,
        values.map((value) => value.type),
        'VALUES',
        positions,
      );
      for (let r = 0; r < rows.length; r++)
        (rows[r] as BoundExpression[])[i] = coerceTo(
          binder,
          values[r] as BoundExpression,
          type,
          'VALUES',
          positions[r],
        );
      columns.push(binder.newColumn(`column${i + 1}`, type));
    } else columns.push(binder.newColumn(`column${i + 1}`, (values[0] as BoundExpression).type));
  }
  return plainRelation({ kind: 'values', rows, columns });
}
