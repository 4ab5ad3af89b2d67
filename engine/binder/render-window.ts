/** Window definitions as text: OVER (...) and the items of a WINDOW clause. */
import type { NodeOf } from '../../sblr/nodes.ts';
import type { QueryText } from './render-query.ts';

export function windowText(query: QueryText, spec: NodeOf<'WINDOW_SPEC'>): string {
  const { expressions } = query;
  const parts: string[] = [];
  if (spec.base !== undefined) parts.push(query.identifier(spec.base));
  if (spec.partition.length > 0)
    parts.push(`PARTITION BY ${spec.partition.map((node) => expressions.showTyped(query.value(node))).join(', ')}`);
  if (spec.order.length > 0) parts.push(`ORDER BY ${spec.order.map((key) => query.sortKey(key, [])).join(', ')}`);
  if (spec.unit !== 'none') {
    const bound = (which: 'start' | 'end'): string => {
      const offset = which === 'start' ? spec.startOffset : spec.endOffset;
      const words = spec[which].replace('_', ' ').toUpperCase();
      return offset === undefined ? words : `${expressions.show(query.value(offset))} ${words}`;
    };
    const exclude = {
      no_others: '',
      current_row: ' EXCLUDE CURRENT ROW',
      group: ' EXCLUDE GROUP',
      ties: ' EXCLUDE TIES',
    }[spec.exclude];
    parts.push(`${spec.unit.toUpperCase()} BETWEEN ${bound('start')} AND ${bound('end')}${exclude}`);
  }
  return `(${parts.join(' ')})`;
}
