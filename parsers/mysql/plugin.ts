/**
 * The MySQL dialect as a plugin: compiles statements, names types, and brings the profile the engine
 * installs. Programs come from a statement cache in front of the parser.
 */
import type { CompileRequest, CompileResult, DialectPlugin } from '../../sblr/contract/dialect.ts';
import type { Name } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { encodeProgram } from '../../sblr/encode.ts';
import type { Program } from '../../sblr/nodes.ts';
import { SBLR_VERSION } from '../../sblr/opcodes.ts';
import { type LiftedSpan, type LiftingCompiler, StatementCache } from '../shared/statement-cache.ts';
import { DEFAULT_SQL_MODE, SEMANTICS, sqlModes } from './facts.ts';
import { MysqlParser } from './parser.ts';
import { mysqlProfile } from './profile.ts';
import { parseColumnType } from './types.ts';

const encodeNested = (program: Program): Uint8Array => encodeProgram(program).bytes;

/** Compiles the statement at `request.start`, lifting literals when asked. */
function compile(request: CompileRequest, lift: boolean): { result: CompileResult; lifted: readonly LiftedSpan[] } {
  const modes = sqlModes(request.settings['sql_mode']);
  let origin = request.start;
  let parser: MysqlParser | undefined;
  try {
    parser = new MysqlParser(request.text, request.start, modes, encodeNested);
    parser.database = request.settings['database'] ?? '';
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
      semantics: parser.semantics,
      statements: [statement, ...parser.following],
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
    return new SqlError('statement_too_complex', { message: 'the statement is nested too deeply' });
  }
  if (!(error instanceof SqlError)) throw error;
  const { position } = error.details;
  if (position === undefined || origin === 0) return error;
  return new SqlError(error.condition, { ...error.details, position: position + origin });
}

const compiler: LiftingCompiler = {
  compile,
  meaningKey: (settings) => {
    const { sql_mode: mode = DEFAULT_SQL_MODE, database = '' } = settings;
    // SHOW labels its columns with the name of the session's database.
    return mode === DEFAULT_SQL_MODE ? database : `${database}\n${mode}`;
  },
};

const cache = new StatementCache(compiler);

/** A type by its name, as tools ask for it. */
function typeByName(name: Name, modifiers: readonly number[]): SqlType | undefined {
  const text = name.length === 1 ? (name[0]?.text ?? '') : '';
  try {
    const suffix = modifiers.length === 0 ? '' : `(${modifiers.join(', ')})`;
    const parser = new MysqlParser(text + suffix, 0, sqlModes(), encodeNested);
    return parseColumnType(parser).type;
  } catch {
    return undefined;
  }
}

export const mysqlPlugin: DialectPlugin = {
  name: 'mysql',
  mimics: 'MySQL 8.0',
  sblrVersion: SBLR_VERSION,
  semantics: SEMANTICS,
  compile: (request) => cache.compile(request),
  typeByName,
  profile: mysqlProfile,
};

/** Compiles without the cache and without lifting: for tools and tests. */
export function compileDirect(request: CompileRequest): CompileResult {
  return compile(request, false).result;
}

/** One statement as an encoded program, for texts that are only known when they run. */
export function compileProgram(text: string, settings: Readonly<Record<string, string>>): Uint8Array {
  const { result } = compile({ text, start: 0, settings }, false);
  if (result.kind === 'error') throw result.error;
  if (result.kind === 'empty')
    throw new SqlError('syntax_error', { message: 'Query was empty', variant: 'empty_query' });
  const rest = text.slice(result.end).replace(/^[;\s]+/, '');
  if (rest !== '')
    throw new SqlError('syntax_error', { message: `syntax error at or near "${rest}"`, args: { near: rest } });
  return result.statement.program.bytes;
}
