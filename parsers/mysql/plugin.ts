/**
 * The MySQL dialect as a plugin: compiles statements, names types, and brings the profile the engine
 * installs. Programs come from a statement cache in front of the parser.
 */
import type { CompileRequest, CompileResult, DialectPlugin } from '../../sblr/contract/dialect.ts';
import type { Name } from '../../sblr/contract/names.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import type { SqlType } from '../../sblr/contract/types.ts';
import { SBLR_VERSION } from '../../sblr/opcodes.ts';
import { compileStatement, encodeNested, type StatementCompilation } from '../shared/compile-statement.ts';
import { type LiftingCompiler, StatementCache } from '../shared/statement-cache.ts';
import { DEFAULT_COLLATION, DEFAULT_SQL_MODE, SEMANTICS, sqlModes } from './facts.ts';
import { MysqlParser } from './parser.ts';
import { mysqlProfile } from './profile.ts';
import { parseColumnType } from './types.ts';

const statements: StatementCompilation<MysqlParser> = {
  parser({ text, start, settings }) {
    const modes = sqlModes(settings['sql_mode'], settings['collation_connection']);
    const parser = new MysqlParser(text, start, modes, encodeNested);
    parser.database = settings['database'] ?? '';
    parser.account = settings['account'] ?? parser.account;
    return parser;
  },
  semantics: (parser) => parser.semantics,
  following: (parser) => parser.following,
  tooDeep: 'the statement is nested too deeply',
};

const compiler: LiftingCompiler = {
  compile: (request, lift) => compileStatement(statements, request, lift),
  meaningKey: (settings) => {
    const {
      sql_mode: mode = DEFAULT_SQL_MODE,
      collation_connection: collation = DEFAULT_COLLATION,
      database = '',
      account = '',
    } = settings;
    // SHOW labels its columns with the names of the session's database and account.
    return mode === DEFAULT_SQL_MODE && collation === DEFAULT_COLLATION
      ? `${database}\n${account}`
      : `${database}\n${account}\n${mode}\n${collation}`;
  },
  stringsInDoubleQuotes: (settings) => !sqlModes(settings['sql_mode']).lexical.ansiQuotes,
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
  return compileStatement(statements, request, false).result;
}

/** One statement as an encoded program, for texts that are only known when they run. */
export function compileProgram(text: string, settings: Readonly<Record<string, string>>): Uint8Array {
  const { result } = compileStatement(statements, { text, start: 0, settings }, false);
  if (result.kind === 'error') throw result.error;
  if (result.kind === 'empty')
    throw new SqlError('syntax_error', { message: 'Query was empty', variant: 'empty_query' });
  const rest = text.slice(result.end).replace(/^[;\s]+/, '');
  if (rest !== '')
    throw new SqlError('syntax_error', { message: `syntax error at or near "${rest}"`, args: { near: rest } });
  return result.statement.program.bytes;
}
