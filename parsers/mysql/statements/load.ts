/** LOAD DATA LOCAL INFILE (Reference Manual 15.2.9): the client sends the file. */
import type { DelimitedFormat } from '../../../sblr/contract/dialect.ts';
import { node, type StatementNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { MysqlParser } from '../parser.ts';
import { name as charsetName } from '../types.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

export function loadStatement(p: MysqlParser): StatementNode {
  p.advance();
  if (p.isWord('xml')) throw p.unsupported('LOAD XML');
  p.expectWord('data');
  p.acceptOneOf('low_priority', 'concurrent');
  if (!p.acceptWord('local')) throw p.unsupported('LOAD DATA of a file on the server');
  p.expectWord('infile');
  const file = p.stringLiteral();
  // Rows that meet an existing key are passed over: the client cannot be stopped once it sends.
  const onDuplicate = p.acceptOneOf('replace', 'ignore') ?? 'ignore';
  p.expectWords('into', 'table');
  const { pos } = p;
  const table = p.qualifiedName();
  if (p.isWord('partition')) throw p.unsupported('PARTITION selection');
  if (p.acceptWords('character', 'set')) requireUtf8(p);
  const format = delimitedFormat(p);
  const columns = p.isSymbol('(') ? p.parenthesisedIds() : [];
  if (p.isWord('set')) throw p.unsupported('SET in LOAD DATA');
  p.command = 'LOAD DATA';
  p.action = { kind: 'load-file', file, format };
  return node('LOAD_ROWS', { table, columns, command: 'LOAD DATA', onDuplicate, pos });
}

function requireUtf8(p: MysqlParser): void {
  const { pos } = p;
  const charset = charsetName(p);
  if (!['utf8mb4', 'utf8mb3', 'utf8', 'ascii', 'binary'].includes(charset))
    throw p.unsupported(`LOAD DATA in character set ${charset}`, pos);
}

function delimitedFormat(p: MysqlParser): DelimitedFormat {
  const format: Writable<DelimitedFormat> = {
    fieldTerminator: '\t',
    enclosedBy: '',
    escapedBy: '\\',
    lineStart: '',
    lineTerminator: '\n',
    skipLines: 0,
  };
  if (p.acceptOneOf('fields', 'columns') !== undefined) while (fieldOption(p, format)) {}
  if (p.acceptWord('lines') || p.acceptWord('rows')) while (lineOption(p, format)) {}
  if (p.acceptWord('ignore')) {
    if (p.kind !== Token.INTEGER) throw p.syntaxError();
    format.skipLines = p.unsignedInteger();
    p.expectOneOf('lines', 'rows');
  }
  return format;
}

function fieldOption(p: MysqlParser, format: Writable<DelimitedFormat>): boolean {
  const word = p.acceptOneOf('terminated', 'optionally', 'enclosed', 'escaped');
  if (word === undefined) return false;
  if (word === 'optionally') p.expectWord('enclosed');
  p.expectWord('by');
  const { pos } = p;
  const text = p.stringLiteral();
  if (word === 'terminated') {
    if (text === '') throw p.unsupported('fields of fixed width', pos);
    format.fieldTerminator = text;
    return true;
  }
  if (text.length > 1) throw p.error('syntax_error', 'Field separator argument is not what is expected', pos);
  if (word === 'escaped') format.escapedBy = text;
  else format.enclosedBy = text;
  return true;
}

function lineOption(p: MysqlParser, format: Writable<DelimitedFormat>): boolean {
  const word = p.acceptOneOf('starting', 'terminated');
  if (word === undefined) return false;
  p.expectWord('by');
  const { pos } = p;
  const text = p.stringLiteral();
  if (word === 'starting') format.lineStart = text;
  else if (text === '') throw p.unsupported('lines without an end', pos);
  else format.lineTerminator = text;
  return true;
}
