/** ALTER TABLE and ALTER DATABASE. */
import type { Identifier } from '../../../sblr/contract/names.ts';
import type { SqlType } from '../../../sblr/contract/types.ts';
import { node, type NodeOf, type StatementNode } from '../../../sblr/nodes.ts';
import type { MysqlParser } from '../parser.ts';
import { alterUser } from './accounts.ts';
import { columnAfterName, columnDefinition, defaultValue, startsTableElement, tableElement } from './columns.ts';
import { collationOptions, databaseOptions, referenceIndex, tableOptions } from './create.ts';
import { renaming } from './drop.ts';

type Action = NodeOf<'ALTER_ACTION'>;

export function alterStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  if (p.acceptOneOf('database', 'schema') !== undefined) return alterDatabase(p, pos);
  if (p.isWord('user')) return alterUser(p, pos);
  if (!p.acceptWord('table')) throw p.unsupported(`ALTER ${p.value.toUpperCase()}`, pos);
  const name = p.qualifiedName();
  p.table = (name.at(-1) as Identifier).text;
  const actions: Action[] = [];
  if (!p.atEnd()) p.list(() => actions.push(...alterAction(p)));
  // A new name alone touches no row, and nothing is said of rows then.
  p.command = actions.every((one) => one.action === 'rename' || one.action === 'set_schema')
    ? 'RENAME TABLE'
    : 'ALTER TABLE';
  return node('ALTER_TABLE', { kind: 'table', name, exists: false, only: false, actions: inOrder(actions), pos });
}

/** ALTER DATABASE [name] options */
function alterDatabase(p: MysqlParser, pos: number): StatementNode {
  const named = p.isColumnId() && !OPTION_WORDS.has(p.value);
  if (!named && p.database === '') throw p.error('invalid_catalog_name', 'No database selected', pos);
  const name = named ? p.columnId() : { text: p.database, exact: false };
  const options = collationOptions(databaseOptions(p));
  if (options.length === 0) throw p.syntaxError();
  p.command = 'ALTER DATABASE';
  return node('ALTER_DATABASE', { name, options, pos });
}

/** Words that begin an option and name no database. */
const OPTION_WORDS: ReadonlySet<string> = new Set(['default', 'character', 'charset', 'collate', 'encryption']);

/** What an action needs is made before it, a new name comes last: the real server looks at the statement as a whole. */
const ORDER: Partial<Record<Action['action'], number>> = {
  drop_constraint: -2,
  drop_index: -2,
  drop_column: -1,
  set_schema: 2,
  rename: 2,
};

function inOrder(actions: readonly Action[]): Action[] {
  const rank = ({ action: kind, constraint }: Action): number =>
    constraint?.kind === 'foreign_key' ? 1 : (ORDER[kind] ?? 0);
  return [...actions].sort((a, b) => rank(a) - rank(b));
}

function action(kind: Action['action'], fields: Partial<Action>): Action {
  return node('ALTER_ACTION', { exists: false, behavior: 'restrict', options: [], ...fields, action: kind });
}

function alterAction(p: MysqlParser): Action[] {
  const { pos } = p;
  switch (
    p.acceptOneOf(
      'add',
      'drop',
      'modify',
      'change',
      'alter',
      'rename',
      'algorithm',
      'lock',
      'order',
      'convert',
      'force',
      'disable',
      'enable',
    )
  ) {
    case 'add':
      return addAction(p, pos);
    case 'drop':
      return [dropAction(p, pos)];
    case 'rename':
      return renameAction(p, pos);
    case 'alter':
      return [alterColumn(p, pos)];
    case 'modify': {
      p.acceptWord('column');
      const column = columnDefinition(p);
      return [action('modify_column', { name: column.name, column, ...placement(p), pos })];
    }
    case 'change': {
      p.acceptWord('column');
      const name = p.columnId();
      const column = columnDefinition(p);
      return [action('change_column', { name, newName: column.name, column, ...placement(p), pos })];
    }
    case 'algorithm':
    case 'lock':
      p.optionValue();
      return [];
    case 'force':
      // Nothing is gained by storing the rows again.
      return [];
    case 'disable':
    case 'enable':
      // Indexes are always kept up to date, as InnoDB's are.
      p.expectWord('keys');
      return [];
    case 'order':
      // The order in which rows lie is nothing that a query promises.
      p.expectWord('by');
      p.sortKeys();
      return [];
    case 'convert': {
      p.expectWord('to');
      const options = collationOptions(databaseOptions(p));
      const collation = options.find((option) => option.name === 'collation')?.value;
      if (collation === undefined) throw p.syntaxError();
      return [action('convert_collation', { collation, pos }), action('set_options', { options, pos })];
    }
    default:
      return optionActions(p, pos);
  }
}

/** ENGINE = x, AUTO_INCREMENT = n, COMMENT = 'text', CHARACTER SET = x ... */
function optionActions(p: MysqlParser, pos: number): Action[] {
  const before = p.index;
  const { options, comment } = tableOptions(p, false);
  if (p.index === before) throw p.syntaxError();
  const actions: Action[] = [];
  if (options.length > 0) actions.push(action('set_options', { options, pos }));
  if (comment !== undefined) actions.push(action('set_comment', { text: comment, pos }));
  return actions;
}

function addAction(p: MysqlParser, pos: number): Action[] {
  if (startsTableElement(p)) {
    const element = tableElement(p);
    if (element.op === 'TABLE_INDEX') return [action('add_index', { index: element, pos })];
    const constraint = action('add_constraint', { constraint: element, pos });
    if (element.kind !== 'foreign_key') return [constraint];
    return [action('add_index', { index: referenceIndex(element), exists: true, pos }), constraint];
  }
  p.acceptWord('column');
  if (p.acceptSymbol('(')) {
    const columns = p.list(() => columnDefinition(p));
    p.expectSymbol(')');
    return columns.map((column) => action('add_column', { name: column.name, column, pos }));
  }
  const at = p.pos;
  const column = columnAfterName(p, p.columnId(), at);
  return [action('add_column', { name: column.name, column, ...placement(p), pos })];
}

/** FIRST | AFTER column */
function placement(p: MysqlParser): Partial<Pick<Action, 'after'>> {
  if (p.acceptWord('first')) return { after: [] };
  return p.acceptWord('after') ? { after: [p.columnId()] } : {};
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
  if (p.acceptOneOf('index', 'key') !== undefined) return action('drop_index', { name: p.columnId(), pos });
  p.acceptWord('column');
  const name = p.columnId();
  p.acceptOneOf('restrict', 'cascade');
  return action('drop_column', { name, behavior: 'cascade', pos });
}

function renameAction(p: MysqlParser, pos: number): Action[] {
  if (p.acceptWord('column')) {
    const name = p.columnId();
    p.expectWord('to');
    return [action('rename_column', { name, newName: p.columnId(), pos })];
  }
  if (p.acceptOneOf('index', 'key') !== undefined) {
    const name = p.columnId();
    p.expectWord('to');
    return [action('rename_index', { name, newName: p.columnId(), pos })];
  }
  if (p.acceptWord('to') || p.acceptWord('as') || p.acceptOperator('=')) {
    // The word between is optional.
  }
  return renaming(p.qualifiedName(), pos);
}

/** The type of the column is not known here: literals stand in the default's text as they were written. */
const ANY_TYPE: SqlType = { kind: 'text' };

function alterColumn(p: MysqlParser, pos: number): Action {
  if (p.isWord('check') || p.isWord('index') || p.isWord('constraint'))
    throw p.unsupported(`ALTER ${p.value.toUpperCase()}`, pos);
  p.acceptWord('column');
  const name = p.columnId();
  if (p.acceptWord('drop')) {
    p.expectWord('default');
    return action('drop_default', { name, pos });
  }
  p.expectWords('set', 'default');
  const { expression, text } = defaultValue(p, ANY_TYPE, pos);
  return action('set_default', { name, value: expression, text, pos });
}
