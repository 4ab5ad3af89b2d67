/** CREATE TABLE and CREATE TABLE AS. */
import type { Identifier, Name } from '../../../sblr/contract/names.ts';
import { node, type NodeOf, type StatementNode } from '../../../sblr/nodes.ts';
import type { PostgresParser } from '../parser.ts';
import { columnDefinition, startsTableConstraint, tableConstraint } from './constraints.ts';

export interface TablePersistence {
  readonly temporary: boolean;
  readonly unlogged: boolean;
}

const LIKE_PARTS = [
  'comments',
  'compression',
  'constraints',
  'defaults',
  'generated',
  'identity',
  'indexes',
  'statistics',
  'storage',
] as const;

/** LIKE table [{INCLUDING | EXCLUDING} part]* */
function likeTable(p: PostgresParser): NodeOf<'LIKE_TABLE'> {
  const { pos } = p;
  p.expectWord('like');
  const name = p.qualifiedName();
  const including = new Set<string>();
  for (;;) {
    const word = p.acceptOneOf('including', 'excluding');
    if (word === undefined) break;
    const part = p.expectOneOf('all', ...LIKE_PARTS);
    for (const each of part === 'all' ? LIKE_PARTS : [part]) {
      if (word === 'including') including.add(each);
      else including.delete(each);
    }
  }
  return node('LIKE_TABLE', { name, including: [...including], pos });
}

interface TableTail {
  onCommit: 'preserve' | 'delete' | 'drop';
  options: { name: string; value: string | undefined }[];
}

/** What follows the columns: USING, WITH, ON COMMIT, TABLESPACE. */
function tableTail(p: PostgresParser): TableTail {
  const tail: TableTail = { onCommit: 'preserve', options: [] };
  if (p.isWord('inherits')) throw p.unsupported('INHERITS');
  if (p.isWord('partition')) throw p.unsupported('PARTITION BY');
  if (p.acceptWord('using')) tail.options.push({ name: 'access_method', value: p.columnId().text });
  if (p.acceptWord('with')) tail.options.push(...p.storageOptions());
  else if (p.acceptWord('without')) p.expectWord('oids');
  if (p.acceptWord('on')) {
    p.expectWord('commit');
    if (p.acceptWord('drop')) tail.onCommit = 'drop';
    else {
      tail.onCommit = p.expectOneOf('preserve', 'delete');
      p.expectWord('rows');
    }
  }
  if (p.acceptWord('tablespace')) tail.options.push({ name: 'tablespace', value: p.columnId().text });
  return tail;
}

/** After CREATE ... TABLE */
export function createTable(p: PostgresParser, pos: number, persistence: TablePersistence): StatementNode {
  const exists = p.ifNotExists();
  const namePos = p.pos;
  const name = p.qualifiedName();
  if (p.isWord('of')) throw p.unsupported('CREATE TABLE OF');
  if (p.isWord('partition')) throw p.unsupported('PARTITION OF');
  if (!p.isSymbol('(') || asFollows(p)) return createTableAs(p, name, exists, namePos, persistence);
  p.command = 'CREATE TABLE';
  const columns: NodeOf<'COLUMN_DEF'>[] = [];
  const constraints: NodeOf<'CONSTRAINT_DEF'>[] = [];
  const likes: NodeOf<'LIKE_TABLE'>[] = [];
  p.expectSymbol('(');
  if (!p.isSymbol(')')) {
    do {
      if (p.isWord('like')) likes.push(likeTable(p));
      else if (startsTableConstraint(p)) constraints.push(tableConstraint(p));
      else columns.push(columnDefinition(p));
    } while (p.acceptSymbol(','));
  }
  p.expectSymbol(')');
  const { onCommit, options } = tableTail(p);
  return node('CREATE_TABLE', {
    name,
    exists,
    ...persistence,
    onCommit,
    inherits: [],
    options,
    columns,
    constraints,
    likes,
    indexes: [],
    pos: namePos,
  });
}

/** Are the parentheses here a list of plain column names, as CREATE TABLE AS has it? */
function asFollows(p: PostgresParser): boolean {
  let ahead = 1;
  for (;;) {
    if (!p.isColumnId(ahead)) return false;
    if (p.peekIsSymbol(ahead + 1, ')')) return true;
    if (!p.peekIsSymbol(ahead + 1, ',')) return false;
    ahead += 2;
  }
}

function createTableAs(
  p: PostgresParser,
  name: Name,
  exists: boolean,
  pos: number,
  persistence: TablePersistence,
): StatementNode {
  p.command = 'SELECT';
  const columns: Identifier[] = p.isSymbol('(') ? p.parenthesisedIds() : [];
  const { onCommit, options } = tableTail(p);
  p.expectWord('as');
  if (p.isWord('execute')) throw p.unsupported('CREATE TABLE AS EXECUTE');
  const source = p.parseQuery();
  let withData = true;
  if (p.acceptWord('with')) {
    withData = !p.acceptWord('no');
    p.expectWord('data');
  }
  return node('CREATE_TABLE_AS', { name, exists, ...persistence, columns, withData, onCommit, options, source, pos });
}
