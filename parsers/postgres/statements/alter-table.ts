/** ALTER TABLE, VIEW and INDEX. */
import type { Identifier } from '../../../sblr/contract/names.ts';
import { node, type NodeOf, type StatementNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { PostgresParser } from '../parser.ts';
import {
  columnDefinition,
  generatedWhen,
  sequenceOptions,
  startsTableConstraint,
  tableConstraint,
} from './constraints.ts';

type Action = NodeOf<'ALTER_ACTION'>;
type Kind = NodeOf<'ALTER_TABLE'>['kind'];

function made(action: Action['action'], fields: Partial<Action>): Action {
  return node('ALTER_ACTION', { exists: false, behavior: 'restrict', options: [], ...fields, action });
}

export function alterTable(p: PostgresParser, kind: Kind): StatementNode {
  if (p.isWord('all') && p.peekIsWord(1, 'in')) throw p.unsupported('ALTER ... ALL IN TABLESPACE');
  const exists = p.ifExists();
  const { pos } = p;
  const { name, only } = p.tableReference();
  const actions = p.isWord('rename') ? [renameAction(p)] : p.list(() => action(p));
  return node('ALTER_TABLE', { kind, name, exists, only, actions, pos });
}

/** RENAME TO, RENAME CONSTRAINT a TO b, RENAME [COLUMN] a TO b */
function renameAction(p: PostgresParser): Action {
  const { pos } = p;
  p.expectWord('rename');
  if (p.acceptWord('to')) return made('rename', { newName: p.columnId(), pos });
  const isConstraint = p.acceptWord('constraint');
  if (!isConstraint) p.acceptWord('column');
  const name = p.columnId();
  p.expectWord('to');
  return made(isConstraint ? 'rename_constraint' : 'rename_column', { name, newName: p.columnId(), pos });
}

export function action(p: PostgresParser): Action {
  const { pos } = p;
  if (p.kind !== Token.WORD) throw p.syntaxError();
  switch (p.value) {
    case 'add':
      return addAction(p, pos);
    case 'drop':
      return dropAction(p, pos);
    case 'alter':
      return alterAction(p, pos);
    case 'set':
      return setAction(p, pos);
    case 'validate':
      p.advance();
      p.expectWord('constraint');
      return made('validate_constraint', { name: p.columnId(), pos });
    case 'owner':
      p.advance();
      p.expectWord('to');
      return made('owner', { newName: p.role(), pos });
    case 'reset':
      p.advance();
      return made('reset_options', { options: p.storageOptions(), pos });
    case 'enable':
    case 'disable':
      return triggerAction(p, pos);
    case 'cluster':
      p.advance();
      p.expectWord('on');
      return made('cluster', { name: p.columnId(), pos });
    case 'replica':
      return replicaAction(p, pos);
    case 'inherit':
    case 'no':
    case 'of':
    case 'not':
    case 'attach':
    case 'detach':
    case 'force':
    case 'depends':
    case 'options':
      throw p.unsupported(`ALTER TABLE ${p.value.toUpperCase()}`);
    default:
      throw p.syntaxError();
  }
}

function addAction(p: PostgresParser, pos: number): Action {
  p.advance();
  if (startsTableConstraint(p)) return made('add_constraint', { constraint: tableConstraint(p), pos });
  p.acceptWord('column');
  const exists = p.ifNotExists();
  return made('add_column', { exists, column: columnDefinition(p), pos });
}

function dropAction(p: PostgresParser, pos: number): Action {
  p.advance();
  const isConstraint = p.acceptWord('constraint');
  if (!isConstraint) p.acceptWord('column');
  const exists = p.ifExists();
  const name = p.columnId();
  return made(isConstraint ? 'drop_constraint' : 'drop_column', { name, exists, behavior: p.behavior(), pos });
}

/** ALTER [COLUMN] name ..., ALTER CONSTRAINT name ... */
function alterAction(p: PostgresParser, pos: number): Action {
  p.advance();
  if (p.acceptWord('constraint')) {
    const name = p.columnId();
    const options: { name: string; value: string }[] = [];
    const given = (option: string, value: string): boolean =>
      options.some((one) => one.name === option && one.value === value);
    for (;;) {
      const at = p.pos;
      if (p.acceptWord('deferrable')) options.push({ name: 'deferrable', value: 'true' });
      else if (p.acceptWords('not', 'deferrable')) options.push({ name: 'deferrable', value: 'false' });
      else if (p.acceptWord('initially'))
        options.push({ name: 'initially', value: p.expectOneOf('deferred', 'immediate') });
      else break;
      if (given('deferrable', 'false') && given('initially', 'deferred'))
        throw p.error('syntax_error', 'constraint declared INITIALLY DEFERRED must be DEFERRABLE', at);
    }
    return made('alter_constraint', { name, options, pos });
  }
  p.acceptWord('column');
  if (p.kind === Token.INTEGER) throw p.unsupported('ALTER COLUMN by number');
  const name = p.columnId();
  const word = p.expectOneOf('set', 'drop', 'type', 'add', 'reset', 'restart');
  switch (word) {
    case 'type':
      return alterColumnType(p, name, pos);
    case 'drop':
      return dropFromColumn(p, name, pos);
    case 'add': {
      p.expectWord('generated');
      const always = generatedWhen(p);
      p.expectWords('as', 'identity');
      let sequence: Action['sequence'];
      if (p.acceptSymbol('(')) {
        sequence = sequenceOptions(p);
        p.expectSymbol(')');
      }
      return made('add_identity', {
        name,
        sequence,
        options: [{ name: 'generated', value: always ? 'always' : 'by_default' }],
        pos,
      });
    }
    case 'reset':
      return made('reset_options', { name, options: p.storageOptions(), pos });
    case 'restart': {
      p.moveTo(p.index - 1);
      return made('set_identity', { name, sequence: sequenceOptions(p), pos });
    }
    default:
      return setOfColumn(p, name, pos);
  }
}

function alterColumnType(p: PostgresParser, name: Identifier, pos: number): Action {
  const { type } = p.parseType();
  const collation = p.acceptWord('collate') ? p.collationName() : undefined;
  const value = p.acceptWord('using') ? p.expression() : undefined;
  return made('alter_type', { name, type, collation, value, pos });
}

function dropFromColumn(p: PostgresParser, name: Identifier, pos: number): Action {
  if (p.acceptWord('default')) return made('drop_default', { name, pos });
  if (p.acceptWord('not')) {
    p.expectWord('null');
    return made('drop_not_null', { name, pos });
  }
  const what = p.expectOneOf('identity', 'expression');
  return made(what === 'identity' ? 'drop_identity' : 'drop_expression', { name, exists: p.ifExists(), pos });
}

/** After ALTER COLUMN name SET */
function setOfColumn(p: PostgresParser, name: Identifier, pos: number): Action {
  if (p.acceptWord('default')) {
    const from = p.pos;
    const value = p.expression();
    return made('set_default', { name, value, options: [{ name: 'text', value: p.source(from, p.previousEnd) }], pos });
  }
  if (p.acceptWord('not')) {
    p.expectWord('null');
    return made('set_not_null', { name, pos });
  }
  if (p.acceptWord('data')) {
    p.expectWord('type');
    return alterColumnType(p, name, pos);
  }
  if (p.acceptWord('statistics'))
    return made('set_statistics', { name, options: [{ name: 'statistics', value: String(p.signedInteger()) }], pos });
  if (p.acceptWord('storage'))
    return made('set_storage', { name, options: [{ name: 'storage', value: p.columnId().text }], pos });
  if (p.acceptWord('compression'))
    return made('set_storage', { name, options: [{ name: 'compression', value: p.columnLabel().text }], pos });
  if (p.isSymbol('(')) return made('set_options', { name, options: p.storageOptions(), pos });
  // One or more of SET GENERATED, SET sequence-option, RESTART.
  if (p.acceptWord('generated')) {
    const always = generatedWhen(p);
    return made('set_identity', {
      name,
      options: [{ name: 'generated', value: always ? 'always' : 'by_default' }],
      sequence: identityOptions(p),
      pos,
    });
  }
  return made('set_identity', { name, sequence: identityOptions(p), pos });
}

/** Sequence options with SET before each. */
function identityOptions(p: PostgresParser): NodeOf<'SEQUENCE_OPTIONS'> {
  let merged = sequenceOptions(p);
  while (p.isWord('set') || p.isWord('restart')) {
    p.acceptWord('set');
    const next = sequenceOptions(p);
    const changed = Object.fromEntries(
      Object.entries(next).filter(([, value]) => value !== undefined && value !== false && value !== 'default'),
    );
    merged = { ...merged, ...changed } as NodeOf<'SEQUENCE_OPTIONS'>;
  }
  return merged;
}

/** SET SCHEMA, SET (options), SET LOGGED ... of the table itself */
function setAction(p: PostgresParser, pos: number): Action {
  p.advance();
  if (p.isSymbol('(')) return made('set_options', { options: p.storageOptions(), pos });
  const word = p.expectOneOf('schema', 'logged', 'unlogged', 'without', 'tablespace', 'access');
  switch (word) {
    case 'schema':
      return made('set_schema', { newName: p.columnId(), pos });
    case 'logged':
      return made('set_logged', { pos });
    case 'unlogged':
      return made('set_unlogged', { pos });
    case 'without':
      if (p.acceptWord('oids')) return made('reset_options', { options: [{ name: 'oids', value: undefined }], pos });
      p.expectWord('cluster');
      return made('cluster', { pos });
    default:
      throw p.unsupported(`SET ${word.toUpperCase()}`, pos);
  }
}

/** ENABLE / DISABLE [ALWAYS | REPLICA] TRIGGER name | ALL | USER; rules and row security are refused. */
function triggerAction(p: PostgresParser, pos: number): Action {
  const enable = p.isWord('enable');
  p.advance();
  const replica = p.acceptOneOf('always', 'replica');
  if (!p.acceptWord('trigger')) {
    if (p.isWord('rule') || p.isWord('row')) throw p.unsupported(p.value === 'row' ? 'ROW LEVEL SECURITY' : 'RULE');
    throw p.syntaxError();
  }
  const all = p.acceptOneOf('all', 'user');
  const options: { name: string; value: string }[] = replica === undefined ? [] : [{ name: 'mode', value: replica }];
  if (all !== undefined) options.push({ name: 'which', value: all });
  return made(enable ? 'enable_trigger' : 'disable_trigger', {
    name: all === undefined ? p.columnId() : undefined,
    options,
    pos,
  });
}

function replicaAction(p: PostgresParser, pos: number): Action {
  p.advance();
  p.expectWord('identity');
  const word = p.expectOneOf('nothing', 'full', 'default', 'using');
  if (word !== 'using') return made('replica_identity', { options: [{ name: 'identity', value: word }], pos });
  p.expectWord('index');
  return made('replica_identity', { name: p.columnId(), options: [{ name: 'identity', value: 'index' }], pos });
}
