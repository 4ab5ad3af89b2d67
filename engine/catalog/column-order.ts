/** The order in which the columns of a table are shown: by position, unless columns were given another place. */
import type { ColumnDefinition, TableDefinition } from './definitions.ts';

/** The columns that were not dropped, in that order. */
export function shownColumns(relation: {
  readonly columns: readonly ColumnDefinition[];
  readonly columnOrder?: TableDefinition['columnOrder'];
}): readonly ColumnDefinition[] {
  const live = relation.columns.filter((column) => !column.dropped);
  const { columnOrder } = relation;
  if (columnOrder === undefined) return live;
  const rank = new Map(columnOrder.map((position, at) => [position, at]));
  const rankOf = ({ position }: ColumnDefinition): number => rank.get(position) ?? columnOrder.length + position;
  return live.sort((a, b) => rankOf(a) - rankOf(b));
}

/** The order with one column moved behind another, or to the front. */
export function movedColumn(table: TableDefinition, position: number, behind: number | undefined): readonly number[] {
  const others = shownColumns(table)
    .map((column) => column.position)
    .filter((each) => each !== position);
  others.splice(behind === undefined ? 0 : others.indexOf(behind) + 1, 0, position);
  return others;
}
