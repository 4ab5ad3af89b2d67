/**
 * Catalog views as programs: a shape (columns and types) and, where there is one, a source (SQL over
 * the `sys` base relations) become one SELECT, which the plugin's own parser compiles. Such text may call
 * engine primitives by name, as sys.primitive(...), and cast to types of columns.
 */
import type { CatalogView } from '../../../sblr/contract/session.ts';
import { encodeProgram } from '../../../sblr/encode.ts';
import { SBLR_VERSION } from '../../../sblr/opcodes.ts';
import { sqlModes } from '../facts.ts';
import { MysqlParser } from '../parser.ts';

/** Where a view's rows come from: what follows FROM, and an SQL expression per column. */
export interface ViewSource {
  readonly from: string;
  readonly columns: Readonly<Record<string, string>>;
  /** SQL expressions that the rows come in the order of: clients rely on it without asking. */
  readonly order?: string;
}

/** Columns are "NAME type", separated by ", ". */
export type Shape = readonly [name: string, id: number, columns: string];

function viewText(shape: Shape, source: ViewSource | undefined): string {
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

function compileView(text: string): Uint8Array {
  const modes = sqlModes();
  const parser = new MysqlParser(text, 0, modes, (program) => encodeProgram(program).bytes);
  parser.allowPrimitives = true;
  const statement = parser.statement();
  if (!parser.atEnd()) throw parser.syntaxError();
  return encodeProgram({
    version: SBLR_VERSION,
    parameterTypes: [],
    semantics: modes.semantics,
    statements: [statement],
  }).bytes;
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
