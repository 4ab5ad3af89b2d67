/** LOAD DATA LOCAL INFILE (Reference Manual 15.2.9): the client sends the file. */
import type { DelimitedFormat } from '../../../sblr/contract/dialect.ts';
import type { Identifier, Name } from '../../../sblr/contract/names.ts';
import { node, type NodeOf, type RelationNode, type StatementNode, type ValueNode } from '../../../sblr/nodes.ts';
import { type OpcodeName, OPCODES } from '../../../sblr/opcodes.ts';
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
  // Rows that meet an existing key are passed over, and what fits no column is made to: the client cannot be stopped.
  const onDuplicate = p.acceptOneOf('replace', 'ignore') ?? 'ignore';
  p.ignoring = onDuplicate === 'ignore';
  p.expectWords('into', 'table');
  const { pos } = p;
  const table = p.qualifiedName();
  if (p.isWord('partition')) throw p.unsupported('PARTITION selection');
  if (p.acceptWords('character', 'set')) requireUtf8(p);
  const format = delimitedFormat(p);
  const fields = p.isSymbol('(') ? fieldTargets(p) : undefined;
  const insert = insertOf(p, table, fields, onDuplicate, pos);
  p.command = 'LOAD DATA';
  p.action = { kind: 'load-file', file, format };
  return node('LOAD_ROWS', { table, columns: [], command: 'LOAD DATA', onDuplicate, insert, pos });
}

/** Where a field goes: to a column, or to a variable that SET uses. */
type FieldTarget = { readonly column: Identifier } | { readonly variable: string };

function fieldTargets(p: MysqlParser): FieldTarget[] {
  p.expectSymbol('(');
  if (p.acceptSymbol(')')) return [];
  const targets = p.list((): FieldTarget => {
    if (!p.isKind(Token.PARAMETER)) return { column: p.columnId() };
    if (!/^@[^@]/.test(p.value)) throw p.syntaxError();
    const variable = p.value.slice(1).toLowerCase();
    p.advance();
    return { variable };
  });
  p.expectSymbol(')');
  return targets;
}

/** The name by which SET knows the field: the column's, or the variable's with its sign; one that is named again is lost. */
function fieldName(fields: readonly FieldTarget[], at: number): Identifier {
  const field = fields[at] as FieldTarget;
  if ('column' in field) return field.column;
  const last = fields.findLastIndex((other) => 'variable' in other && other.variable === field.variable);
  return { text: last === at ? `@${field.variable}` : `@@${at}`, exact: true };
}

const fieldColumn = (name: Identifier): ValueNode => node('COLUMN', { name: [name] });

/** The INSERT that stores the fields, and what SET computes of them. */
function insertOf(
  p: MysqlParser,
  table: Name,
  fields: readonly FieldTarget[] | undefined,
  onDuplicate: 'replace' | 'ignore',
  pos: number,
): RelationNode {
  const setAt = p.pos;
  const assigned = p.acceptWord('set') ? p.list(() => assignment(p, fields ?? [])) : [];
  if (assigned.length > 0 && fields === undefined)
    throw p.unsupported('SET in LOAD DATA without a list of columns', setAt);
  const set = new Set(assigned.map(({ column }) => column.text.toLowerCase()));
  const columns: Identifier[] = [];
  const items: NodeOf<'PROJECT'>['items'][number][] = [];
  for (const [at, field] of (fields ?? []).entries()) {
    if (!('column' in field) || set.has(field.column.text.toLowerCase())) continue;
    columns.push(field.column);
    items.push(node('ITEM', { value: fieldColumn(fieldName(fields ?? [], at)), pos }));
  }
  for (const { column, value } of assigned) {
    columns.push(column);
    items.push(node('ITEM', { value, pos }));
  }
  const names = (fields ?? []).map((_, at) => fieldName(fields ?? [], at));
  const loaded = node('LOADED_ROWS', { fields: names, pos });
  const source = node('PROJECT', {
    source: loaded,
    items: fields === undefined ? [node('STAR', { given: false, pos })] : items,
    pos,
  });
  return node('INSERT', {
    table,
    columns,
    overriding: 'none',
    defaultValues: false,
    onDuplicate,
    source,
    parts: [],
    returning: [],
    pos,
  });
}

function assignment(
  p: MysqlParser,
  fields: readonly FieldTarget[],
): { readonly column: Identifier; readonly value: ValueNode } {
  const column = p.qualifiedName().at(-1) as Identifier;
  if (!p.acceptOperator('=')) p.expectOperator(':=');
  return { column, value: overFields(p.expression(), fields) as ValueNode };
}

type AnyNode = { readonly op: OpcodeName } & Readonly<Record<string, unknown>>;

/** Variables that fields go to are these fields. */
function overFields(value: unknown, fields: readonly FieldTarget[]): unknown {
  if (Array.isArray(value)) return value.map((each) => overFields(each, fields));
  if (typeof value !== 'object' || value === null || !('op' in value)) return value;
  const found = value as AnyNode;
  const at = fields.findLastIndex(
    (field) => 'variable' in field && found.op === 'VARIABLE' && found['name'] === field.variable,
  );
  if (at >= 0) return fieldColumn(fieldName(fields, at));
  const inputs = Object.keys(OPCODES[found.op].inputs);
  return { ...found, ...Object.fromEntries(inputs.map((name) => [name, overFields(found[name], fields)])) };
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
