/**
 * The PostgreSQL dialect as a plugin: compiles statements, names types, and brings the profile the
 * engine installs. Programs come from a statement cache in front of the parser.
 */
import type { CompileRequest, CompileResult, DialectPlugin } from '../../sblr/contract/dialect.ts';
import type { StatementNode } from '../../sblr/nodes.ts';
import { SBLR_VERSION } from '../../sblr/opcodes.ts';
import { compileStatement, encodeNested, type StatementCompilation } from '../shared/compile-statement.ts';
import { type LiftingCompiler, StatementCache } from '../shared/statement-cache.ts';
import { builtinRoutineName } from './builtin-routines.ts';
import { SEMANTICS } from './facts.ts';
import { PostgresParser } from './parser.ts';
import { postgresProfile } from './profile.ts';
import { typeByName } from './types.ts';

const statements: StatementCompilation<PostgresParser> = {
  parser: ({ text, start, settings }) =>
    new PostgresParser(text, start, settings['standard_conforming_strings'] !== 'off', encodeNested),
  semantics: () => SEMANTICS,
  following: () => [],
  tooDeep: 'stack depth limit exceeded',
};

const compiler: LiftingCompiler = {
  compile: (request, lift) => compileStatement(statements, request, lift),
  meaningKey: (settings) => (settings['standard_conforming_strings'] === 'off' ? 'b' : ''),
  stringsInDoubleQuotes: () => false,
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
  return compileStatement(statements, request, false).result;
}
