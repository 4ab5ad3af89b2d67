/** From the text a client sent to compiled statements. All of it is compiled before any of it runs. */
import type { CompiledStatement, CompileRequest, CompileResult } from '../../sblr/contract/dialect.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';

export interface StatementCompiler {
  compile(request: CompileRequest): CompileResult;
  /** Name of a built-in function by its id. */
  readonly routineName?: (id: number) => string | undefined;
}

/** A statement and where in the text it starts. */
export interface PlacedStatement {
  readonly statement: CompiledStatement;
  readonly start: number;
}

/** The statements of a text; one that does not compile raises its error. */
export function compileAll(
  compiler: StatementCompiler,
  text: string,
  settings: Readonly<Record<string, string>>,
  limit: number,
): readonly PlacedStatement[] {
  const statements: PlacedStatement[] = [];
  for (let start = 0; start < text.length; ) {
    const result = compiler.compile({ text, start, settings });
    if (result.kind === 'error') throw result.error;
    if (result.kind === 'statement') {
      if (statements.length === limit) throw new SqlError('program_limit_exceeded', 'too many statements in one query');
      statements.push(result);
    }
    if (result.end <= start) break;
    start = result.end;
  }
  return statements;
}

/** The only statement of a text, undefined if it has none. */
export function compileOne(
  compiler: StatementCompiler,
  text: string,
  settings: Readonly<Record<string, string>>,
): PlacedStatement | undefined {
  const statements = compileAll(compiler, text, settings, Number.MAX_SAFE_INTEGER);
  if (statements.length > 1)
    throw new SqlError('syntax_error', 'cannot insert multiple commands into a prepared statement');
  return statements[0];
}
