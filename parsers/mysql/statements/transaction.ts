/** Transaction control. */
import { node, type StatementNode } from '../../../sblr/nodes.ts';
import type { MysqlParser } from '../parser.ts';

function control(p: MysqlParser, command: string): void {
  p.command = command;
  p.transactionControl = true;
}

/** BEGIN [WORK] */
export function begin(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  p.acceptWord('work');
  control(p, 'BEGIN');
  return node('BEGIN', {
    isolation: 'none',
    access: 'default',
    deferrable: false,
    snapshot: false,
    command: 'BEGIN',
    pos,
  });
}

/** START TRANSACTION [WITH CONSISTENT SNAPSHOT] [, READ ONLY | READ WRITE] */
export function start(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  p.expectWord('transaction');
  let access: 'default' | 'read_write' | 'read_only' = 'default';
  let snapshot = false;
  if (!p.atEnd()) {
    p.list(() => {
      if (p.acceptWord('with')) {
        p.expectWords('consistent', 'snapshot');
        snapshot = true;
      } else {
        p.expectWord('read');
        access = p.expectOneOf('only', 'write') === 'only' ? 'read_only' : 'read_write';
      }
    });
  }
  control(p, 'BEGIN');
  return node('BEGIN', { isolation: 'none', access, deferrable: false, snapshot, command: 'BEGIN', pos });
}

function ending(p: MysqlParser): { chain: boolean; retaining: boolean } {
  p.acceptWord('work');
  const chain = p.chainClause();
  if (p.isWord('release')) {
    if (chain) throw p.syntaxError();
    p.advance();
    p.action = { kind: 'disconnect' };
    return { chain, retaining: false };
  }
  if (p.isWord('no') && p.peekIsWord(1, 'release')) {
    p.advance();
    p.advance();
  }
  return { chain, retaining: false };
}

export function commit(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  control(p, 'COMMIT');
  return node('COMMIT', { ...ending(p), pos });
}

/** ROLLBACK, or ROLLBACK TO [SAVEPOINT] name */
export function rollback(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  control(p, 'ROLLBACK');
  p.acceptWord('work');
  if (p.acceptWord('to')) {
    p.acceptWord('savepoint');
    return node('ROLLBACK_TO_SAVEPOINT', { name: p.columnId(), pos });
  }
  return node('ROLLBACK', { ...ending(p), pos });
}

export function savepoint(p: MysqlParser): StatementNode {
  control(p, 'SAVEPOINT');
  return p.savepoint();
}

export function release(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.expectWords('release', 'savepoint');
  control(p, 'RELEASE');
  return node('RELEASE_SAVEPOINT', { name: p.columnId(), pos });
}

/** LOCK TABLES name [[AS] alias] READ [LOCAL] | [LOW_PRIORITY] WRITE, ... */
export function lockTables(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  p.expectOneOf('table', 'tables');
  const tables = p.list(() => {
    const name = p.qualifiedName();
    if (p.acceptWord('as') || !(p.isWord('read') || p.isWord('write') || p.isWord('low_priority'))) p.columnId();
    if (p.acceptWord('read')) {
      p.acceptWord('local');
      return { name, mode: 'share' as const };
    }
    p.acceptWord('low_priority');
    p.expectWord('write');
    return { name, mode: 'access_exclusive' as const };
  });
  p.command = 'LOCK TABLES';
  return node('HOLD_TABLES', { tables, pos });
}

export function unlockTables(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  p.expectOneOf('table', 'tables');
  p.command = 'UNLOCK TABLES';
  return node('HOLD_TABLES', { tables: [], pos });
}
