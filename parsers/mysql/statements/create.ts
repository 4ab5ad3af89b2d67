/** CREATE DATABASE, TABLE, INDEX, VIEW. */
import type { Identifier } from '../../../sblr/contract/names.ts';
import { node, type NodeOf, type RelationNode, type StatementNode } from '../../../sblr/nodes.ts';
import { declaredCollation } from '../character-sets.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { MysqlParser } from '../parser.ts';
import { createRole, createUser } from './accounts.ts';
import { columnDefinition, indexKeys, indexOptions, indexType, startsTableElement, tableElement } from './columns.ts';

export type Option = { name: string; value: string | undefined };

export function createStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  if (p.isWord('or')) return createView(p, pos);
  const temporary = p.acceptWord('temporary');
  if (p.acceptWord('table')) return createTable(p, temporary, pos);
  if (temporary) throw p.syntaxError();
  switch (p.value) {
    case 'database':
    case 'schema':
      return createDatabase(p, pos);
    case 'unique':
    case 'index':
      return createIndex(p, pos);
    case 'algorithm':
    case 'definer':
    case 'sql':
    case 'view':
      return createView(p, pos);
    case 'user':
      return createUser(p, pos);
    case 'role':
      return createRole(p, pos);
    case 'fulltext':
    case 'spatial':
    case 'procedure':
    case 'function':
    case 'trigger':
    case 'event':
    case 'tablespace':
    case 'server':
      throw p.unsupported(`CREATE ${p.value.toUpperCase()}`, pos);
    default:
      throw p.syntaxError();
  }
}

function createDatabase(p: MysqlParser, pos: number): StatementNode {
  p.advance();
  const exists = p.ifNotExists();
  const name = p.columnId();
  p.command = 'CREATE DATABASE';
  return node('CREATE_DATABASE', { name, exists, options: collationOptions(databaseOptions(p)), pos });
}

/** [DEFAULT] CHARACTER SET = x, COLLATE = x, ENCRYPTION = 'N' */
export function databaseOptions(p: MysqlParser): Option[] {
  const options: Option[] = [];
  for (;;) {
    const before = p.index;
    p.acceptWord('default');
    if (p.acceptWords('character', 'set') || p.acceptWord('charset'))
      options.push({ name: 'charset', value: p.optionValue() });
    else if (p.acceptWord('collate')) options.push({ name: 'collation', value: p.optionValue() });
    else if (p.acceptWord('encryption')) {
      if (p.optionValue().toUpperCase() !== 'N') throw p.unsupported('ENCRYPTION');
    } else if (p.index === before) return options;
    else throw p.syntaxError();
  }
}

/** The same with the collation that a character set brings. */
export function collationOptions(options: readonly Option[]): Option[] {
  const charset = options.findLast((option) => option.name === 'charset')?.value;
  const collation = options.findLast((option) => option.name === 'collation')?.value;
  const rest = options.filter((option) => option.name !== 'charset' && option.name !== 'collation');
  const value = declaredCollation(charset, collation);
  return value === undefined ? rest : [...rest, { name: 'collation', value }];
}

// ---- tables ----------------------------------------------------------------------------------------------

function createTable(p: MysqlParser, temporary: boolean, pos: number): StatementNode {
  const exists = p.ifNotExists();
  const name = p.qualifiedName();
  p.table = (name.at(-1) as Identifier).text;
  p.command = 'CREATE TABLE';
  if (p.acceptWord('like')) return likeTable(p, { name, exists, temporary, pos });
  const columns: NodeOf<'COLUMN_DEF'>[] = [];
  const constraints: NodeOf<'CONSTRAINT_DEF'>[] = [];
  const indexes: NodeOf<'TABLE_INDEX'>[] = [];
  if (p.isSymbol('(') && !p.peekIsWord(1, 'select')) {
    p.expectSymbol('(');
    if (p.isWord('like')) {
      const made = likeTable(p, { name, exists, temporary, pos });
      p.expectSymbol(')');
      return made;
    }
    p.list(() => {
      if (!startsTableElement(p)) columns.push(columnDefinition(p));
      else {
        const element = tableElement(p);
        if (element.op === 'TABLE_INDEX') indexes.push(element);
        else constraints.push(element);
      }
    });
    p.expectSymbol(')');
  }
  const { options, comment } = tableOptions(p);
  if (p.isWord('partition')) throw p.unsupported('PARTITION BY');
  const ignoring = p.acceptOneOf('ignore', 'replace');
  if (ignoring !== undefined) throw p.unsupported(`${ignoring.toUpperCase()} in CREATE TABLE ... SELECT`);
  if (p.acceptWord('as') || p.isWord('select') || p.isWord('with') || p.isSymbol('(')) {
    if (columns.length > 0 || constraints.length > 0 || indexes.length > 0)
      throw p.unsupported('CREATE TABLE with columns and SELECT');
    return tableOfQuery(p, { name, exists, temporary, options, pos });
  }
  if (columns.length === 0) throw p.error('invalid_table_definition', 'A table must have at least 1 column', pos);
  indexes.push(...referenceIndexes(columns, constraints, indexes));
  verifyCounter(p, columns, constraints, indexes, pos);
  return node('CREATE_TABLE', {
    name,
    exists,
    temporary,
    unlogged: false,
    onCommit: 'preserve',
    inherits: [],
    options,
    comment,
    columns,
    constraints,
    likes: [],
    indexes,
    pos,
  });
}

/** A foreign key gets an index over its columns, called like it, where no key begins with them. */
function referenceIndexes(
  columns: readonly NodeOf<'COLUMN_DEF'>[],
  constraints: readonly NodeOf<'CONSTRAINT_DEF'>[],
  indexes: readonly NodeOf<'TABLE_INDEX'>[],
): NodeOf<'TABLE_INDEX'>[] {
  const keys: string[][] = [
    ...columns
      .filter((column) => column.constraints.some(({ kind }) => kind === 'primary_key' || kind === 'unique'))
      .map((column) => [column.name.text]),
    ...constraints
      .filter(({ kind }) => kind === 'primary_key' || kind === 'unique')
      .map((key) => key.columns.map((column) => column.text)),
    ...indexes.map((index) =>
      index.keys.map((key) => (key.expression.op === 'COLUMN' ? (key.expression.name.at(-1) as Identifier).text : '')),
    ),
  ].map((key) => key.map((name) => name.toLowerCase()));
  const made: NodeOf<'TABLE_INDEX'>[] = [];
  for (const constraint of constraints) {
    const wanted = constraint.columns.map((column) => column.text.toLowerCase());
    const covered = (): boolean => keys.some((key) => wanted.every((column, at) => key[at] === column));
    if (constraint.kind !== 'foreign_key' || covered()) continue;
    keys.push(wanted);
    made.push(referenceIndex(constraint));
  }
  return made;
}

export function referenceIndex({ name, columns, pos }: NodeOf<'CONSTRAINT_DEF'>): NodeOf<'TABLE_INDEX'> {
  const keys = columns.map((column) =>
    node('INDEX_KEY', { descending: false, nulls: 'default', expression: node('COLUMN', { name: [column] }) }),
  );
  return node('TABLE_INDEX', { name, unique: false, method: undefined, options: [], keys, pos });
}

/** The first columns of all keys, in lower case. */
function keyHeads(
  columns: readonly NodeOf<'COLUMN_DEF'>[],
  constraints: readonly NodeOf<'CONSTRAINT_DEF'>[],
  indexes: readonly NodeOf<'TABLE_INDEX'>[],
): Set<string | undefined> {
  const isKey = ({ kind }: NodeOf<'CONSTRAINT_DEF'>): boolean => kind === 'primary_key' || kind === 'unique';
  return new Set([
    ...columns.filter((column) => column.constraints.some(isKey)).map((column) => column.name.text.toLowerCase()),
    ...constraints.filter(isKey).map((key) => key.columns[0]?.text.toLowerCase()),
    ...indexes.map(({ keys }) => {
      const first = keys[0]?.expression;
      return first?.op === 'COLUMN' ? first.name.at(-1)?.text.toLowerCase() : undefined;
    }),
  ]);
}

function verifyCounter(
  p: MysqlParser,
  columns: readonly NodeOf<'COLUMN_DEF'>[],
  constraints: readonly NodeOf<'CONSTRAINT_DEF'>[],
  indexes: readonly NodeOf<'TABLE_INDEX'>[],
  pos: number,
): void {
  const counters = columns.filter((column) => column.autoIncrement);
  const heads = keyHeads(columns, constraints, indexes);
  if (counters.length > 1 || counters.some((column) => !heads.has(column.name.text.toLowerCase())))
    throw p.error(
      'invalid_table_definition',
      'Incorrect table definition; there can be only one auto column and it must be defined as a key',
      pos,
    );
}

interface TableHead {
  readonly name: NodeOf<'CREATE_TABLE'>['name'];
  readonly exists: boolean;
  readonly temporary: boolean;
  readonly pos: number;
}

function likeTable(p: MysqlParser, head: TableHead): StatementNode {
  p.acceptWord('like');
  const likes = [node('LIKE_TABLE', { name: p.qualifiedName(), including: LIKE_EVERYTHING, pos: head.pos })];
  return node('CREATE_TABLE', {
    ...head,
    unlogged: false,
    onCommit: 'preserve',
    inherits: [],
    options: [],
    columns: [],
    constraints: [],
    likes,
    indexes: [],
  });
}

const LIKE_EVERYTHING = [
  'comments',
  'constraints',
  'counters',
  'defaults',
  'generated',
  'identity',
  'indexes',
  'options',
];

function tableOfQuery(p: MysqlParser, head: TableHead & { readonly options: Option[] }): StatementNode {
  return node('CREATE_TABLE_AS', {
    ...head,
    unlogged: false,
    columns: [],
    withData: true,
    onCommit: 'preserve',
    source: p.parseQuery(),
  });
}

/** Options that are kept for SHOW CREATE TABLE, and those that say how a storage engine works, which are read over. */
const KEPT_OPTIONS: Readonly<Record<string, string>> = {
  engine: 'engine',
  auto_increment: 'auto_increment',
  row_format: 'row_format',
};
const PASSED_OPTIONS: ReadonlySet<string> = new Set(
  `avg_row_length checksum delay_key_write insert_method key_block_size max_rows min_rows pack_keys stats_auto_recalc stats_persistent
stats_sample_pages`.split(/\s+/),
);

/** Storage engines whose names are told in their own spelling. */
const ENGINES: Readonly<Record<string, string>> = {
  innodb: 'InnoDB',
  myisam: 'MyISAM',
  memory: 'MEMORY',
  heap: 'MEMORY',
};

function keptOption(name: string, value: string): Option {
  return { name, value: name === 'engine' ? (ENGINES[value.toLowerCase()] ?? value) : value };
}

/** `separated`: commas may stand between them. */
export function tableOptions(p: MysqlParser, separated = true): { options: Option[]; comment: string | undefined } {
  const options: Option[] = [];
  let comment: string | undefined;
  for (;;) {
    if (separated) p.acceptSymbol(',');
    if (p.isWord('default') || p.isWord('character') || p.isWord('charset') || p.isWord('collate'))
      options.push(...databaseOptions(p));
    else if (p.acceptWord('comment')) {
      p.acceptOperator('=');
      comment = p.stringLiteral();
    } else if (p.isKind(Token.WORD) && KEPT_OPTIONS[p.value] !== undefined) {
      const name = KEPT_OPTIONS[p.value] as string;
      p.advance();
      options.push(keptOption(name, p.optionValue()));
    } else if (p.isKind(Token.WORD) && PASSED_OPTIONS.has(p.value)) {
      p.advance();
      p.optionValue();
    } else return { options: collationOptions(options), comment };
  }
}

// ---- indexes and views -------------------------------------------------------------------------------------

function createIndex(p: MysqlParser, pos: number): StatementNode {
  const unique = p.acceptWord('unique');
  p.expectWord('index');
  const name: Identifier = p.columnId();
  const before = indexType(p);
  p.expectWord('on');
  const table = p.qualifiedName();
  const keys = indexKeys(p);
  const method = indexType(p) ?? before;
  const comment = indexOptions(p);
  if (comment !== undefined && comment !== '') throw p.unsupported('COMMENT in CREATE INDEX');
  while (p.acceptOneOf('algorithm', 'lock') !== undefined) p.optionValue();
  p.command = 'CREATE INDEX';
  return node('CREATE_INDEX', {
    name,
    table,
    unique,
    exists: false,
    concurrently: false,
    only: false,
    method,
    include: [],
    nullsNotDistinct: false,
    options: [],
    keys,
    pos,
  });
}

/** [OR REPLACE] [ALGORITHM = x] [DEFINER = user] [SQL SECURITY x] VIEW name [(columns)] AS query [WITH CHECK OPTION] */
function createView(p: MysqlParser, pos: number): StatementNode {
  let replace = false;
  if (p.acceptWord('or')) {
    p.expectWord('replace');
    replace = true;
  }
  if (p.acceptWord('algorithm')) p.optionValue();
  if (p.isWord('definer')) definer(p);
  if (p.acceptWord('sql')) {
    p.expectWord('security');
    if (p.expectOneOf('definer', 'invoker') === 'invoker') throw p.unsupported('SQL SECURITY INVOKER');
  }
  p.expectWord('view');
  const name = p.qualifiedName();
  const columns = p.isSymbol('(') ? p.parenthesisedIds() : [];
  p.expectWord('as');
  const from = p.pos;
  const source: RelationNode = p.parseQuery();
  const text = p.source(from, p.previousEnd);
  let checkOption: NodeOf<'CREATE_VIEW'>['checkOption'] = 'none';
  if (p.acceptWord('with')) {
    checkOption = p.acceptOneOf('cascaded', 'local') ?? 'cascaded';
    p.expectWords('check', 'option');
  }
  p.command = 'CREATE VIEW';
  return node('CREATE_VIEW', {
    name,
    replace,
    exists: false,
    temporary: false,
    recursive: false,
    columns,
    checkOption,
    options: [],
    text,
    source,
    pos,
  });
}

/** DEFINER = user[@host] | CURRENT_USER[()] */
function definer(p: MysqlParser): void {
  p.advance();
  p.expectOperator('=');
  if (p.acceptWord('current_user')) {
    if (p.acceptSymbol('(')) p.expectSymbol(')');
    return;
  }
  if (p.kind === Token.STRING) p.stringLiteral();
  else p.columnId();
  if (p.isKind(Token.PARAMETER)) p.advance();
}
