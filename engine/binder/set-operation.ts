/**
 * UNION, INTERSECT, EXCEPT: both sides brought to common column types.
 */
import type { SqlType } from '../../sblr/contract/types.ts';
import type { NodeOf, RelationNode } from '../../sblr/nodes.ts';
import type { OutputColumn } from './bound.ts';
import { commonType } from './coerce.ts';
import { collationOfBoth } from './collations.ts';
import { comparisonType } from './comparison.ts';
import type { Binder, BoundRelation, CteBinding } from './context.ts';
import { fail } from './errors.ts';
import { coerceOutputs, plainRelation } from './outputs.ts';
import { startOf } from './positions.ts';
import type { Scope } from './scope.ts';
import { typeName } from './type-facts.ts';

export function bindSetOperation(
  binder: Binder,
  node: NodeOf<'SET_OP'>,
  outer: Scope | undefined,
  ctes: CteBinding | undefined,
): BoundRelation {
  const left = binder.bindRelation(binder, node.left, outer, ctes, true);
  const right = binder.bindRelation(binder, node.right, outer, ctes, true);
  return combine(binder, node, left, right);
}

/** Where the output columns of a query are written, as far as that can be told. */
export function outputPositions(node: RelationNode): readonly (number | undefined)[] {
  switch (node.op) {
    case 'PROJECT':
      return node.items.map((item) => (item.op === 'ITEM' ? startOf(item.value) : item.pos));
    case 'VALUES': {
      const [row] = node.rows;
      return row?.op === 'ROW' ? row.items.map(startOf) : [];
    }
    case 'SORT':
    case 'LIMIT':
    case 'DISTINCT':
    case 'LOCK_ROWS':
      return outputPositions(node.source);
    case 'SET_OP':
      return outputPositions(node.left);
    default:
      return [];
  }
}

function typeOfBoth(
  binder: Binder,
  left: SqlType,
  right: SqlType,
  what: string,
  positions: readonly (number | undefined)[],
): SqlType {
  const type = commonType(binder, [left, right], what, positions);
  return type.kind === 'text' ? collationOfBoth(binder, type, left, right, what, positions[1]) : type;
}

export function combine(
  binder: Binder,
  node: NodeOf<'SET_OP'>,
  left: BoundRelation,
  right: BoundRelation,
): BoundRelation {
  const what = node.kind.toUpperCase();
  const pos = node.right.pos ?? node.pos;
  const positions = outputPositions(node.right);
  if (left.columns.length !== right.columns.length)
    fail('syntax_error', `each ${what} query must have the same number of columns`, positions[0] ?? pos);
  const types = left.columns.map((column, i) =>
    typeOfBoth(binder, column.type, (right.columns[i] as OutputColumn).type, what, [pos, positions[i] ?? pos]),
  );
  if (!(node.kind === 'union' && node.all)) {
    for (const type of types) {
      if (comparisonType(binder, type, type) === undefined)
        fail('undefined_function', `could not identify an equality operator for type ${typeName(type)}`, pos);
    }
  }
  const a = coerceOutputs(binder, left, types, pos);
  const b = coerceOutputs(binder, right, types, pos);
  const columns = left.columns.map((column, i) => binder.newColumn(column.name, types[i] as OutputColumn['type']));
  return plainRelation({
    kind: 'set_operation',
    operation: node.kind,
    all: node.all,
    left: a.plan,
    right: b.plan,
    columns,
  });
}
