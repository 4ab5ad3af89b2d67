/**
 * Catalog views as programs: a shape (columns and types) and, where there is one, a source (SQL over
 * the `sys` base relations) become one SELECT, which the plugin's own parser compiles.
 */
import type { CatalogView } from '../../../sblr/contract/session.ts';
import { compileView } from '../compile-view.ts';

export interface ViewSource {
  /** What follows FROM, WHERE included. */
  readonly from: string;
  /** SQL expression per column. */
  readonly columns: Readonly<Record<string, string>>;
}

type Shape = readonly [name: string, id: number, columns: string];

export function viewText(shape: Shape, source: ViewSource | undefined): string {
  const items = shape[2].split(', ').map((column) => {
    const space = column.startsWith('"') ? column.indexOf('"', 1) + 1 : column.indexOf(' ');
    const name = column.slice(0, space);
    const expression = source?.columns[name.replaceAll('"', '')] ?? 'NULL';
    return `(${expression})::${column.slice(space + 1)} AS "${name.replaceAll('"', '')}"`;
  });
  return `SELECT ${items.join(', ')}${source === undefined ? ' WHERE false' : ` FROM ${source.from}`}`;
}

export function buildViews(
  schema: string,
  shapes: readonly Shape[],
  sources: Readonly<Record<string, ViewSource>>,
): CatalogView[] {
  return shapes.map((shape) => ({
    schema,
    name: shape[0],
    id: shape[1],
    program: compileView(viewText(shape, sources[shape[0]])),
  }));
}
