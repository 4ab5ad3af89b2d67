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
import { type Shape, type ViewSource, viewText } from './view-text.ts';

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
