/** Text -> node trees, without encoding: what tests and tools look at. */
import type { StatementNode } from '../../sblr/nodes.ts';
import { encodeProgram } from '../../sblr/encode.ts';
import { PostgresParser } from './parser.ts';

/** Every statement of the text. */
export function parsePostgres(text: string): StatementNode[] {
  const statements: StatementNode[] = [];
  let start = 0;
  for (;;) {
    const parser = new PostgresParser(text, start, true, (program) => encodeProgram(program).bytes);
    if (parser.empty) return statements;
    statements.push(parser.statement());
    if (!parser.atEnd()) throw parser.syntaxError();
    start = parser.tokens.ends[parser.index] as number;
  }
}
