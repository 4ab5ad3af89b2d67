/** Transaction control. */
import { node, type StatementNode } from '../../../sblr/nodes.ts';
import type { PostgresParser } from '../parser.ts';

function control(p: PostgresParser, command: string): number {
  p.command = command;
  p.transactionControl = true;
  return p.pos;
}

function noise(p: PostgresParser): void {
  p.acceptOneOf('work', 'transaction');
}

function opened(p: PostgresParser, command: string, pos: number): StatementNode {
  return node('BEGIN', { ...p.transactionModes(false), snapshot: false, command, pos });
}

export function begin(p: PostgresParser): StatementNode {
  const pos = control(p, 'BEGIN');
  p.advance();
  noise(p);
  return opened(p, 'BEGIN', pos);
}

export function start(p: PostgresParser): StatementNode {
  const pos = control(p, 'START TRANSACTION');
  p.advance();
  p.expectWord('transaction');
  return opened(p, 'START TRANSACTION', pos);
}

/** COMMIT, END, COMMIT PREPARED */
export function commit(p: PostgresParser): StatementNode {
  const pos = control(p, 'COMMIT');
  const prepared = p.isWord('commit') && p.peekIsWord(1, 'prepared');
  p.advance();
  if (prepared) return twoPhase(p, 'commit', 'COMMIT PREPARED', pos);
  noise(p);
  return node('COMMIT', { chain: p.chainClause(), retaining: false, pos });
}

/** ROLLBACK, ABORT, ROLLBACK TO, ROLLBACK PREPARED */
export function rollback(p: PostgresParser): StatementNode {
  const pos = control(p, 'ROLLBACK');
  const plain = p.isWord('rollback');
  p.advance();
  if (plain && p.isWord('prepared')) return twoPhase(p, 'rollback', 'ROLLBACK PREPARED', pos);
  noise(p);
  if (plain && p.acceptWord('to')) {
    p.acceptWord('savepoint');
    return node('ROLLBACK_TO_SAVEPOINT', { name: p.columnId(), pos });
  }
  return node('ROLLBACK', { chain: p.chainClause(), retaining: false, pos });
}

export function savepoint(p: PostgresParser): StatementNode {
  control(p, 'SAVEPOINT');
  return p.savepoint();
}

export function release(p: PostgresParser): StatementNode {
  control(p, 'RELEASE');
  return p.releaseSavepoint();
}

export function prepareTransaction(p: PostgresParser): StatementNode {
  const pos = control(p, 'PREPARE TRANSACTION');
  p.advance();
  return twoPhase(p, 'prepare', 'PREPARE TRANSACTION', pos);
}

/** The current token is the second word of the command. */
function twoPhase(
  p: PostgresParser,
  action: 'prepare' | 'commit' | 'rollback',
  command: string,
  pos: number,
): StatementNode {
  p.command = command;
  p.advance();
  return node('PREPARE_TRANSACTION', { action, gid: p.stringLiteral(), pos });
}
