/**
 * Compiles the text of a system-catalog view to the bytes that the dialect's profile carries. Such text
 * may call engine primitives by name, as sys.primitive(...).
 */
import { encodeProgram } from '../../sblr/encode.ts';
import { SBLR_VERSION } from '../../sblr/opcodes.ts';
import { SEMANTICS } from './facts.ts';
import { PostgresParser } from './parser.ts';

export function compileView(text: string): Uint8Array {
  const parser = new PostgresParser(text, 0, true, (program) => encodeProgram(program).bytes);
  parser.allowPrimitives = true;
  const statement = parser.statement();
  if (!parser.atEnd()) throw parser.syntaxError();
  return encodeProgram({ version: SBLR_VERSION, parameterTypes: [], semantics: SEMANTICS, statements: [statement] })
    .bytes;
}
