/** A catalog view as text: what its columns are (the shape) and where its rows come from (the source) as one SELECT. */

/** Where a view's rows come from: what follows FROM, and an SQL expression per column. */
export interface ViewSource {
  readonly from: string;
  readonly columns: Readonly<Record<string, string>>;
  /** SQL expressions that the rows come in the order of: clients rely on it without asking. */
  readonly order?: string;
}

/** Columns are "NAME type", separated by ", ". */
export type Shape = readonly [name: string, id: number, columns: string];

export function viewText(shape: Shape, source: ViewSource | undefined): string {
  const items = shape[2].split(', ').map((column) => {
    const space = column.indexOf(' ');
    const name = column.slice(0, space);
    const type = column.slice(space + 1);
    const set = /^(var)?char|text|^enum|^set/.test(type) ? ' CHARACTER SET utf8mb3' : '';
    return `CAST((${source?.columns[name] ?? 'NULL'}) AS ${type}${set}) AS \`${name}\``;
  });
  const order = source?.order === undefined ? '' : ` ORDER BY ${source.order}`;
  return `SELECT ${items.join(', ')} FROM ${source?.from ?? '(SELECT 1 AS one) nothing WHERE 1 = 0'}${order}`;
}
