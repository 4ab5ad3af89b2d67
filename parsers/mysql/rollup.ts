/** GROUP BY ... WITH ROLLUP without an ORDER BY: groups come in the order of their keys, each total behind its groups. */
import { node, type NodeOf, type RelationNode, type ValueNode } from '../../sblr/nodes.ts';
import { integerLiteral } from '../shared/literals.ts';

/** The query with that order; as it is where it has no rollup. */
export function rollupOrder(body: RelationNode): RelationNode {
  if (body.op !== 'PROJECT') return body;
  let source: RelationNode = body.source;
  while (source.op === 'FILTER' || source.op === 'WINDOWS') source = source.source;
  const rollup = source.op === 'GROUP' ? source.keys[0] : undefined;
  if (rollup?.op !== 'GROUP_SETS' || rollup.kind !== 'rollup') return body;
  const keys = rollup.keys.flatMap((key) => {
    const value = key.op === 'GROUP_KEY' ? meant(key.value, body) : undefined;
    return value === undefined ? [] : [sortKey(node('GROUPING', { items: [value] })), sortKey(value)];
  });
  return keys.length === 0 ? body : node('SORT', { source: body, keys });
}

/** A rollup of no rows has no total: the groups of a rollup are of one row at least. */
export function rollupOfRows(source: RelationNode): RelationNode {
  const having = source.op === 'FILTER' && source.having ? source : undefined;
  const group = having === undefined ? source : having.source;
  if (group.op !== 'GROUP' || group.keys[0]?.op !== 'GROUP_SETS' || group.keys[0].kind !== 'rollup') return source;
  const count = node('AGGREGATE', {
    function: 'count',
    distinct: false,
    star: true,
    arguments: [],
    order: [],
    within: [],
  });
  const some = node('OPERATOR', { name: 'greater', operands: [count, integerLiteral(0)] });
  const condition = having === undefined ? some : node('AND', { operands: [some, having.condition] });
  return node('FILTER', { having: true, source: group, condition, pos: having?.pos });
}

function sortKey(value: ValueNode): NodeOf<'SORT_KEY'> {
  return node('SORT_KEY', { descending: false, nulls: 'default', operator: undefined, value });
}

/** What a key groups by: the item of the select list that it numbers or whose alias it is, else itself. */
function meant(value: ValueNode, { items }: NodeOf<'PROJECT'>): ValueNode | undefined {
  if (value.op === 'LITERAL') {
    const item = typeof value.value === 'number' ? items[value.value - 1] : undefined;
    return item?.op === 'ITEM' && item.value.op !== 'LITERAL' ? item.value : undefined;
  }
  if (value.op !== 'COLUMN' || value.name.length !== 1) return value;
  const name = value.name[0]?.text.toLowerCase();
  const item = items.find((each) => each.op === 'ITEM' && each.alias?.text.toLowerCase() === name);
  return item?.op === 'ITEM' ? item.value : value;
}
