/** ALTER TABLE and ALTER DATABASE. */
import { node, type NodeOf, type StatementNode } from '../../../sblr/nodes.ts';
import type { MysqlParser } from '../parser.ts';
import { columnAfterName, columnDefinition, startsTableElement, tableElement } from './columns.ts';

type Action = NodeOf<'ALTER_ACTION'>;

export function alterStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  if (!p.acceptWord('table')) throw p.unsupported(`ALTER ${p.value.toUpperCase()}`, pos);
  const name = p.qualifiedName();
  const actions: Action[] = [];
  if (!p.atEnd()) p.list(() => actions.push(...alterAction(p)));
  p.command = 'ALTER TABLE';
  return node('ALTER_TABLE', { kind: 'table', name, exists: false, only: false, actions, pos });
}

function action(kind: Action['action'], fields: Partial<Action>): Action {
  return node('ALTER_ACTION', { exists: false, behavior: 'restrict', options: [], ...fields, action: kind });
}

function alterAction(p: MysqlParser): Action[] {
  const { pos } = p;
  switch (
    p.expectOneOf('add', 'drop', 'modify', 'change', 'alter', 'rename', 'algorithm', 'lock', 'engine', 'comment')
  ) {
    case 'add':
      return addAction(p, pos);
    case 'drop':
      return [dropAction(p, pos)];
    case 'rename':
      return [renameAction(p, pos)];
    case 'alter':
      return [alterColumn(p, pos)];
    case 'modify': {
      p.acceptWord('column');
      const column = columnDefinition(p);
      placement(p);
      return [action('modify_column', { name: column.name, column, pos })];
    }
    case 'change': {
      p.acceptWord('column');
      const name = p.columnId();
      const column = columnDefinition(p);
      placement(p);
      return [action('change_column', { name, newName: column.name, column, pos })];
    }
    case 'algorithm':
    case 'lock':
    case 'engine':
    case 'comment':
      p.optionValue();
      return [];
  }
}

function addAction(p: MysqlParser, pos: number): Action[] {
  if (startsTableElement(p)) {
    const element = tableElement(p);
    if (element.op === 'TABLE_INDEX') throw p.unsupported('ALTER TABLE ADD INDEX', pos);
    return [action('add_constraint', { constraint: element, pos })];
  }
  p.acceptWord('column');
  if (p.acceptSymbol('(')) {
    const columns = p.list(() => columnDefinition(p));
    p.expectSymbol(')');
    return columns.map((column) => action('add_column', { name: column.name, column, pos }));
  }
  const at = p.pos;
  const column = columnAfterName(p, p.columnId(), at);
  placement(p);
  return [action('add_column', { name: column.name, column, pos })];
}

/** FIRST | AFTER column: columns stand in the order in which they came. */
function placement(p: MysqlParser): void {
  if (p.isWord('first') || p.isWord('after')) throw p.unsupported(p.value.toUpperCase());
}

function dropAction(p: MysqlParser, pos: number): Action {
  if (p.acceptWord('primary')) {
    p.expectWord('key');
    return action('drop_constraint', { name: { text: 'PRIMARY', exact: false }, pos });
  }
  if (p.acceptOneOf('constraint', 'check') !== undefined) return action('drop_constraint', { name: p.columnId(), pos });
  if (p.acceptWord('foreign')) {
    p.expectWord('key');
    return action('drop_constraint', { name: p.columnId(), pos });
  }
  if (p.isWord('index') || p.isWord('key')) throw p.unsupported('ALTER TABLE DROP INDEX', pos);
  p.acceptWord('column');
  return action('drop_column', { name: p.columnId(), behavior: 'cascade', pos });
}

function renameAction(p: MysqlParser, pos: number): Action {
  if (p.acceptWord('column')) {
    const name = p.columnId();
    p.expectWord('to');
    return action('rename_column', { name, newName: p.columnId(), pos });
  }
  if (p.acceptOneOf('index', 'key') !== undefined) throw p.unsupported('RENAME INDEX', pos);
  if (p.acceptWord('to') || p.acceptWord('as') || p.acceptOperator('=')) {
    // The word between is optional.
  }
  return action('rename', { newName: p.columnId(), pos });
}

function alterColumn(p: MysqlParser, pos: number): Action {
  p.acceptWord('column');
  const name = p.columnId();
  if (p.acceptWord('drop')) {
    p.expectWord('default');
    return action('drop_default', { name, pos });
  }
  p.expectWords('set', 'default');
  return action('set_default', { name, value: p.restrictedExpression(), pos });
}
