/** COPY in all its spellings: old and new options, tables and queries. Only the client's streams are served. */
import type { CopyFormat } from '../../../sblr/contract/dialect.ts';
import type { Identifier, Name } from '../../../sblr/contract/names.ts';
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import { node, type RelationNode, type StatementNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { PostgresParser } from '../parser.ts';
import { preparableStatement, returning } from './statement.ts';

interface CopyOptions {
  format: CopyFormat['format'];
  delimiter: string | undefined;
  nullText: string | undefined;
  header: boolean | 'match';
  quote: string | undefined;
  escape: string | undefined;
  forceQuote: string[];
  forceNotNull: string[];
  forceNull: string[];
  encoding: string;
  readonly seen: Set<string>;
}

function noOptions(): CopyOptions {
  return {
    format: 'text',
    delimiter: undefined,
    nullText: undefined,
    header: false,
    quote: undefined,
    escape: undefined,
    forceQuote: [],
    forceNotNull: [],
    forceNull: [],
    encoding: '',
    seen: new Set(),
  };
}

export function copyStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.command = 'COPY';
  p.advance();
  const options = noOptions();
  if (p.isSymbol('(')) {
    p.advance();
    const statement = preparableStatement(p);
    p.expectSymbol(')');
    if (statement.op !== 'RETURN') throw p.error('feature_not_supported', 'COPY (SELECT INTO) is not supported', pos);
    const { source } = statement;
    if ((source.op === 'INSERT' || source.op === 'UPDATE' || source.op === 'DELETE') && source.returning.length === 0)
      throw new SqlError('feature_not_supported', 'COPY query must have a RETURNING clause');
    p.expectWord('to');
    endpoint(p, 'stdout');
    copyOptions(p, options);
    return copyOut(p, options, source, pos);
  }
  if (p.acceptWord('binary')) options.format = 'binary';
  const tablePos = p.pos;
  const table = p.qualifiedName();
  const columns = p.isSymbol('(') ? p.parenthesisedIds() : [];
  const out = p.expectOneOf('from', 'to') === 'to';
  endpoint(p, out ? 'stdout' : 'stdin');
  copyOptions(p, options);
  if (out) {
    if (p.isWord('where')) throw p.error('syntax_error', 'WHERE clause not allowed with COPY TO', p.pos);
    return copyOut(p, options, tableRows(table, columns, tablePos), pos);
  }
  const where = p.acceptWord('where') ? p.expression() : undefined;
  p.action = { kind: 'copy-in', format: finished(p, options, false), relation: table[table.length - 1]!.text };
  return node('LOAD_ROWS', { table, columns, command: 'COPY', onDuplicate: 'error', where, pos: tablePos });
}

function copyOut(p: PostgresParser, options: CopyOptions, source: RelationNode, pos: number): StatementNode {
  p.action = { kind: 'copy-out', format: finished(p, options, true) };
  return returning(p, 'COPY', source, pos);
}

function tableRows(name: Name, columns: readonly Identifier[], pos: number): RelationNode {
  const source = node('LOAD_TABLE', { name, columns: [], only: true, hints: [], pos });
  const items =
    columns.length === 0
      ? [node('STAR', { given: true, pos })]
      : columns.map((column) =>
          node('ITEM', { label: column.text, value: node('COLUMN', { name: [column], pos }), pos }),
        );
  return node('PROJECT', { source, items, pos });
}

/** STDIN or STDOUT; the server's files and programs are not for clients. */
function endpoint(p: PostgresParser, _expected: 'stdin' | 'stdout'): void {
  if (p.acceptOneOf('stdin', 'stdout') === undefined) {
    if (p.isWord('program')) throw p.unsupported('COPY with a program of the server');
    if (p.kind === Token.STRING) throw p.unsupported('COPY with a file of the server');
    throw p.syntaxError();
  }
}

function copyOptions(p: PostgresParser, options: CopyOptions): void {
  if (p.acceptWords('using', 'delimiters')) options.delimiter = p.stringLiteral();
  else if (p.acceptWord('delimiters')) options.delimiter = p.stringLiteral();
  p.acceptWord('with');
  if (p.isSymbol('(')) {
    p.advance();
    do newOption(p, options);
    while (p.acceptSymbol(','));
    p.expectSymbol(')');
  } else while (oldOption(p, options)) {}
}

function once(p: PostgresParser, options: CopyOptions, name: string, pos: number): void {
  if (options.seen.has(name)) throw p.error('syntax_error', 'conflicting or redundant options', pos);
  options.seen.add(name);
}

function newOption(p: PostgresParser, options: CopyOptions): void {
  const { pos } = p;
  const name = p.columnLabel().text;
  once(p, options, name, pos);
  switch (name) {
    case 'format': {
      const at = p.pos;
      const format = p.optionValue();
      if (format !== 'text' && format !== 'csv' && format !== 'binary') {
        throw p.error('invalid_parameter_value', `COPY format "${format}" not recognized`, at);
      }
      options.format = format;
      return;
    }
    case 'freeze':
      p.booleanOption();
      return;
    case 'delimiter':
      options.delimiter = p.optionValue();
      return;
    case 'null':
      options.nullText = p.optionValue();
      return;
    case 'header':
      options.header = p.acceptWord('match') ? 'match' : p.booleanOption();
      return;
    case 'quote':
      options.quote = p.optionValue();
      return;
    case 'escape':
      options.escape = p.optionValue();
      return;
    case 'encoding':
      options.encoding = p.optionValue();
      return;
    case 'force_quote':
      options.forceQuote = columnOption(p);
      return;
    case 'force_not_null':
      options.forceNotNull = columnOption(p);
      return;
    case 'force_null':
      options.forceNull = columnOption(p);
      return;
    default:
      throw p.error('syntax_error', `option "${name}" not recognized`, pos);
  }
}

/** * or (column, ...) */
function columnOption(p: PostgresParser): string[] {
  if (p.acceptOperator('*')) return ['*'];
  return p.parenthesisedIds().map((id) => id.text);
}

function columnNames(p: PostgresParser): string[] {
  return p.list(() => p.columnId().text);
}

/** One option of the syntax without parentheses; false when there is none. */
function oldOption(p: PostgresParser, options: CopyOptions): boolean {
  const { pos } = p;
  const word = p.acceptOneOf(
    'binary',
    'freeze',
    'delimiter',
    'delimiters',
    'null',
    'csv',
    'header',
    'quote',
    'escape',
    'force',
    'encoding',
  );
  if (word === undefined) return false;
  if (word !== 'force') once(p, options, word === 'binary' || word === 'csv' ? 'format' : word, pos);
  const text = (): string => {
    p.acceptWord('as');
    return p.stringLiteral();
  };
  if (word === 'binary' || word === 'csv') options.format = word;
  else if (word === 'delimiter' || word === 'delimiters') options.delimiter = text();
  else if (word === 'null') options.nullText = text();
  else if (word === 'header') options.header = true;
  else if (word === 'quote') options.quote = text();
  else if (word === 'escape') options.escape = text();
  else if (word === 'encoding') options.encoding = p.stringLiteral();
  else if (word === 'force') {
    if (p.acceptWord('quote')) options.forceQuote = p.acceptOperator('*') ? ['*'] : columnNames(p);
    else if (p.acceptWord('not')) {
      p.expectWord('null');
      options.forceNotNull = columnNames(p);
    } else {
      p.expectWord('null');
      options.forceNull = columnNames(p);
    }
  }
  return true;
}

/** The options checked and completed with what the format takes by default. */
function finished(p: PostgresParser, options: CopyOptions, out: boolean): CopyFormat {
  const csv = options.format === 'csv';
  const refuse = (message: string): never => {
    throw p.error('feature_not_supported', message);
  };
  const wrong = (message: string): never => {
    throw p.error('invalid_parameter_value', message);
  };
  if (options.format === 'binary') {
    if (options.delimiter !== undefined) refuse('cannot specify DELIMITER in BINARY mode');
    if (options.nullText !== undefined) refuse('cannot specify NULL in BINARY mode');
    if (options.header !== false) refuse('cannot specify HEADER in BINARY mode');
  }
  if (options.header === 'match' && out) wrong('cannot use "match" with HEADER in COPY TO');
  const delimiter = options.delimiter ?? (csv ? ',' : '\t');
  const nullText = options.nullText ?? (csv ? '' : '\\N');
  const quote = options.quote ?? '"';
  if (new TextEncoder().encode(delimiter).length !== 1) refuse('COPY delimiter must be a single one-byte character');
  if (delimiter === '\r' || delimiter === '\n') wrong('COPY delimiter cannot be newline or carriage return');
  if (/[\r\n]/.test(nullText)) wrong('COPY null representation cannot use newline or carriage return');
  if (!csv && /[\\.a-z0-9]/.test(delimiter)) wrong(`COPY delimiter cannot be "${delimiter}"`);
  for (const [name, used] of [
    ['quote', options.quote !== undefined],
    ['escape', options.escape !== undefined],
    ['force quote', options.forceQuote.length > 0],
    ['force not null', options.forceNotNull.length > 0],
    ['force null', options.forceNull.length > 0],
  ] as const) {
    if (used && !csv) refuse(`COPY ${name} available only in CSV mode`);
  }
  if (csv && quote.length !== 1) refuse('COPY quote must be a single one-byte character');
  if (csv && delimiter === quote) wrong('COPY delimiter and quote must be different');
  if (options.forceQuote.length > 0 && !out) refuse('COPY force quote only available using COPY TO');
  if (options.forceNotNull.length > 0 && out) refuse('COPY force not null only available using COPY FROM');
  if (options.forceNull.length > 0 && out) refuse('COPY force null only available using COPY FROM');
  return {
    format: options.format,
    delimiter,
    nullText,
    header: options.header,
    quote,
    escape: options.escape ?? quote,
    forceQuote: options.forceQuote,
    forceNotNull: options.forceNotNull,
    forceNull: options.forceNull,
    encoding: options.encoding,
  };
}
