/** PREPARE, EXECUTE, DEALLOCATE. */
import type { SqlType } from '../../../sblr/contract/types.ts';
import { node, type StatementNode, type ValueNode } from '../../../sblr/nodes.ts';
import type { PostgresParser } from '../parser.ts';
import { preparableStatement } from './statement.ts';

export function prepareStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.advance();
  const name = p.columnId().text;
  const types: SqlType[] = [];
  if (p.acceptSymbol('(')) {
    types.push(...p.list(() => p.parseType().type));
    p.expectSymbol(')');
  }
  p.expectWord('as');
  const statement = preparableStatement(p);
  const count = Math.max(p.parameterCount, types.length);
  const declared = Array.from({ length: count }, (_, i) => types[i]);
  const program = p.encodeStatements([statement], declared);
  p.parameterCount = 0;
  p.command = 'PREPARE';
  return node('PREPARE_STATEMENT', { name, program, types, text: p.source(0, p.previousEnd), replaces: false, pos });
}

export function executeStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.command = 'EXECUTE';
  p.advance();
  const name = p.columnId().text;
  let args: ValueNode[] = [];
  if (p.acceptSymbol('(')) {
    args = p.list(() => p.expression());
    p.expectSymbol(')');
  }
  return node('EXECUTE_STATEMENT', { name, arguments: args, pos });
}

export function deallocateStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.advance();
  if (p.isWord('prepare') && !p.peekIsSymbol(1, ';')) p.advance();
  if (p.acceptWord('all')) {
    p.command = 'DEALLOCATE ALL';
    return node('DEALLOCATE', { pos });
  }
  p.command = 'DEALLOCATE';
  const name = p.columnId().text;
  p.action = { kind: 'forget-statement', name };
  return node('DEALLOCATE', { name, pos });
}
