/**
 * One statement of a text to a program: the frame around every dialect's parser. Runs in the plugin, behind the
 * statement cache.
 */
import type { ClientAction, CompileRequest, CompileResult } from '../../sblr/contract/dialect.ts';
import type { Semantics } from '../../sblr/contract/semantics.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { encodeProgram } from '../../sblr/encode.ts';
import type { Program, StatementNode } from '../../sblr/nodes.ts';
import { SBLR_VERSION } from '../../sblr/opcodes.ts';
import type { LiftedLiteral } from './expression-parser.ts';
import type { LiftedSpan } from './statement-cache.ts';

/** What a dialect's parser of whole statements offers. */
export interface StatementParser {
  readonly tokens: { readonly origin: number; readonly ends: ArrayLike<number> };
  readonly index: number;
  readonly previousEnd: number;
  /** Is there no statement, only blanks and terminators? */
  readonly empty: boolean;
  liftLiterals: boolean;
  readonly lifted: readonly LiftedLiteral[];
  readonly parameterCount: number;
  readonly command: string;
  readonly transactionControl: boolean;
  readonly action: ClientAction;
  statement(): StatementNode;
  atEnd(): boolean;
  syntaxError(): SqlError;
  source(start: number, end: number): string;
}

/** The dialect's part. */
export interface StatementCompilation<P extends StatementParser> {
  parser(request: CompileRequest): P;
  semantics(parser: P): Semantics;
  /** Statements that belong to the one that was read, and run after it. */
  following(parser: P): readonly StatementNode[];
  /** The words for nesting that exhausts the stack. */
  readonly tooDeep: string;
}

export const encodeNested = (program: Program): Uint8Array => encodeProgram(program).bytes;

/** Compiles the statement at `request.start`, lifting literals when asked. */
export function compileStatement<P extends StatementParser>(
  dialect: StatementCompilation<P>,
  request: CompileRequest,
  lift: boolean,
): { result: CompileResult; lifted: readonly LiftedSpan[] } {
  let parser: P | undefined;
  try {
    parser = dialect.parser(request);
    const { tokens } = parser;
    if (parser.empty) return { result: { kind: 'empty', end: request.text.length }, lifted: [] };
    parser.liftLiterals = lift;
    const statement = parser.statement();
    if (!parser.atEnd()) throw parser.syntaxError();
    const end = tokens.ends[parser.index] as number;
    const { lifted } = parser;
    const literalTypes = lifted.map((each) => each.type);
    const parameterTypes: (SqlType | undefined)[] = Array.from({ length: parser.parameterCount }, () => undefined);
    for (const [i, each] of lifted.entries()) (each.parameter as { index: number }).index = parser.parameterCount + i;
    const program = encodeProgram({
      version: SBLR_VERSION,
      parameterTypes: [...parameterTypes, ...literalTypes],
      semantics: dialect.semantics(parser),
      statements: [statement, ...dialect.following(parser)],
    });
    return {
      result: {
        kind: 'statement',
        statement: {
          program,
          parameterCount: parser.parameterCount,
          literals: lifted.map((each) => each.value),
          literalTypes,
          command: parser.command,
          transactionControl: parser.transactionControl,
          action: parser.action,
          text: parser.source(0, parser.previousEnd),
        },
        start: tokens.origin,
        end,
      },
      lifted,
    };
  } catch (error) {
    const origin = parser?.tokens.origin ?? request.start;
    return { result: { kind: 'error', error: asSqlError(error, origin, dialect.tooDeep) }, lifted: [] };
  }
}

/** Errors count positions from the statement's start; callers want them in the whole text. */
function asSqlError(error: unknown, origin: number, tooDeep: string): SqlError {
  if (error instanceof RangeError && error.message.includes('call stack'))
    return new SqlError('statement_too_complex', { message: tooDeep });
  if (!(error instanceof SqlError)) throw error;
  const { position } = error.details;
  if (position === undefined || origin === 0) return error;
  return new SqlError(error.condition, { ...error.details, position: position + origin });
}
