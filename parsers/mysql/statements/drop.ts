/** DROP, RENAME TABLE and TRUNCATE. */
import type { Name } from '../../../sblr/contract/names.ts';
import { node, type NodeOf, type StatementNode } from '../../../sblr/nodes.ts';
import type { MysqlParser } from '../parser.ts';
import { dropAccounts, renameUser } from './accounts.ts';

export function dropStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  const account = p.acceptOneOf('user', 'role');
  if (account !== undefined) return dropAccounts(p, account, pos);
  const temporary = p.acceptWord('temporary');
  switch (
    p.expectOneOf(
      'table',
      'tables',
      'view',
      'database',
      'schema',
      'index',
      'prepare',
      'procedure',
      'function',
      'trigger',
      'event',
    )
  ) {
    case 'table':
    case 'tables':
      return dropRelations(p, 'table', pos);
    case 'view':
      return dropRelations(p, 'view', pos);
    case 'database':
    case 'schema': {
      if (temporary) throw p.syntaxError();
      const exists = p.ifExists();
      p.command = 'DROP DATABASE';
      return node('DROP_DATABASE', { name: p.columnId(), exists, force: true, pos });
    }
    case 'index': {
      const name = p.columnId();
      p.expectWord('on');
      const table = p.qualifiedName();
      while (p.acceptOneOf('algorithm', 'lock') !== undefined) p.optionValue();
      p.command = 'DROP INDEX';
      return drop('index', [{ name: [name], table, signature: undefined }], false, pos);
    }
    case 'prepare':
      p.command = 'DEALLOCATE';
      return node('DEALLOCATE', { name: p.columnId().text.toLowerCase(), pos });
    default:
      throw p.unsupported('DROP of this kind', pos);
  }
}

type Names = NodeOf<'DROP_OBJECTS'>['names'];

function drop(kind: NodeOf<'DROP_OBJECTS'>['kind'], names: Names, exists: boolean, pos: number): StatementNode {
  return node('DROP_OBJECTS', { kind, names, exists, behavior: 'restrict', concurrently: false, pos });
}

function dropRelations(p: MysqlParser, kind: 'table' | 'view', pos: number): StatementNode {
  const exists = p.ifExists();
  const names = p.list(() => ({ name: p.qualifiedName(), table: undefined, signature: undefined }));
  // RESTRICT and CASCADE are read and do nothing, as the real server documents.
  p.acceptOneOf('restrict', 'cascade');
  p.command = kind === 'table' ? 'DROP TABLE' : 'DROP VIEW';
  return drop(kind, names, exists, pos);
}

/** A new name, in another database when it is written with one. */
export function renaming(target: Name, pos: number): NodeOf<'ALTER_ACTION'>[] {
  const rest = { exists: false, behavior: 'restrict', options: [], pos } as const;
  const rename = node('ALTER_ACTION', { action: 'rename', newName: target.at(-1), ...rest });
  if (target.length === 1) return [rename];
  return [node('ALTER_ACTION', { action: 'set_schema', newName: target[0], ...rest }), rename];
}

/** RENAME TABLE a TO b, ... */
export function renameTable(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  if (p.isWord('user')) return renameUser(p, pos);
  p.expectOneOf('table', 'tables');
  const statements = p.list(() => {
    const name = p.qualifiedName();
    p.expectWord('to');
    const target = p.qualifiedName();
    return node('ALTER_TABLE', {
      kind: 'table',
      name,
      exists: false,
      only: false,
      actions: renaming(target, pos),
      pos,
    });
  });
  p.command = 'RENAME TABLE';
  p.following.push(...statements.slice(1));
  return statements[0] as StatementNode;
}

/** TRUNCATE [TABLE] name */
export function truncateStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  p.acceptWord('table');
  p.command = 'TRUNCATE TABLE';
  return node('TRUNCATE', {
    tables: [{ name: p.qualifiedName(), only: false }],
    restartIdentity: true,
    behavior: 'restrict',
    pos,
  });
}
