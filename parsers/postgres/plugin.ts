/**
 * The PostgreSQL dialect as a plugin: compiles statements, names types, and brings the profile the
 * engine installs. Programs come from a statement cache in front of the parser.
 */
import type { CompileRequest, CompileResult, DialectPlugin } from '../../sblr/contract/dialect.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { encodeProgram } from '../../sblr/encode.ts';
import type { Program, StatementNode } from '../../sblr/nodes.ts';
import { SBLR_VERSION } from '../../sblr/opcodes.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { type LiftedSpan, type LiftingCompiler, StatementCache } from '../shared/statement-cache.ts';
import { builtinRoutineName } from './builtin-routines.ts';
import { SEMANTICS } from './facts.ts';
import { PostgresParser } from './parser.ts';
import { postgresProfile } from './profile.ts';
import { typeByName } from './types.ts';

const encodeNested = (program: Program): Uint8Array => encodeProgram(program).bytes;

/** Compiles the statement at `request.start`, lifting literals when asked. */
function compile(request: CompileRequest, lift: boolean): { result: CompileResult; lifted: readonly LiftedSpan[] } {
  const standardStrings = request.settings['standard_conforming_strings'] !== 'off';
  let origin = request.start;
  let parser: PostgresParser | undefined;
  try {
    parser = new PostgresParser(request.text, request.start, standardStrings, encodeNested);
    const { tokens } = parser;
    origin = tokens.origin;
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
      semantics: SEMANTICS,
      statements: [statement],
    });
    const text = parser.source(0, parser.previousEnd);
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
          text,
        },
        start: origin,
        end,
      },
      lifted,
    };
  } catch (error) {
    return { result: { kind: 'error', error: asSqlError(error, parser?.tokens.origin ?? origin) }, lifted: [] };
  }
}

/** Errors count positions from the statement's start; callers want them in the whole text. */
function asSqlError(error: unknown, origin: number): SqlError {
  if (error instanceof RangeError && error.message.includes('call stack')) {
    return new SqlError('statement_too_complex', { message: 'stack depth limit exceeded' });
  }
  if (!(error instanceof SqlError)) throw error;
  const { position } = error.details;
  if (position === undefined || origin === 0) return error;
  return new SqlError(error.condition, { ...error.details, position: position + origin });
}

const compiler: LiftingCompiler = {
  compile,
  meaningKey: (settings) => (settings['standard_conforming_strings'] === 'off' ? 'b' : ''),
};

const cache = new StatementCache(compiler);

export const postgresPlugin: DialectPlugin = {
  name: 'postgres',
  mimics: 'PostgreSQL 15',
  sblrVersion: SBLR_VERSION,
  semantics: SEMANTICS,
  compile: (request) => cache.compile(request),
  routineName: builtinRoutineName,
  typeByName,
  profile: postgresProfile,
};

/** Every statement of a text in one program: what EXECUTE in a routine runs. */
export function compileProgram(text: string): Uint8Array {
  const statements: StatementNode[] = [];
  let parameters = 0;
  for (let start = 0; ; ) {
    const parser = new PostgresParser(text, start, true, encodeNested);
    if (parser.empty) break;
    statements.push(parser.statement());
    if (!parser.atEnd()) throw parser.syntaxError();
    parameters = Math.max(parameters, parser.parameterCount);
    start = parser.tokens.ends[parser.index] as number;
  }
  return encodeNested({
    version: SBLR_VERSION,
    parameterTypes: Array.from({ length: parameters }, () => undefined),
    semantics: SEMANTICS,
    statements,
  });
}

/** Compiles without the cache and without lifting: for tools and tests. */
export function compileDirect(request: CompileRequest): CompileResult {
  return compile(request, false).result;
}
