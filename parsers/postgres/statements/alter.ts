/** ALTER: tables and their like, and everything else that can be altered. */
import type { Name } from '../../../sblr/contract/names.ts';
import { node, type NodeOf, type StatementNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { PostgresParser } from '../parser.ts';
import { action, alterTable } from './alter-table.ts';
import { constraint, sequenceOptions, tableConstraint } from './constraints.ts';
import { attribute } from './create.ts';
import { defaultPrivileges } from './grant.ts';
import { alterDatabase, alterRole, alterSystem } from './roles.ts';

type Kind = NodeOf<'ALTER_OBJECT'>['kind'];

export function alterStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.advance();
  const word = p.kind === Token.WORD ? p.value : '';
  switch (word) {
    case 'table':
    case 'view':
    case 'index':
      p.command = `ALTER ${word.toUpperCase()}`;
      p.advance();
      return alterTable(p, word);
    case 'materialized':
    case 'foreign':
      p.advance();
      if (word === 'foreign' && !p.isWord('table')) throw p.unsupported('ALTER FOREIGN DATA WRAPPER');
      p.expectWord(word === 'foreign' ? 'table' : 'view');
      p.command = word === 'foreign' ? 'ALTER FOREIGN TABLE' : 'ALTER MATERIALIZED VIEW';
      return alterTable(p, word === 'foreign' ? 'foreign_table' : 'materialized_view');
    case 'sequence':
      return alterSequence(p);
    case 'type':
      return alterType(p);
    case 'domain':
      return alterDomain(p);
    case 'system':
      return alterSystem(p, pos);
    case 'database':
      return alterDatabase(p, pos);
    case 'role':
    case 'user':
    case 'group':
      if (word === 'user' && p.peekIsWord(1, 'mapping')) throw p.unsupported('ALTER USER MAPPING');
      return alterRole(p, pos);
    case 'default':
      return defaultPrivileges(p, pos);
    case 'schema':
    case 'function':
    case 'procedure':
    case 'routine':
    case 'aggregate':
    case 'extension':
    case 'collation':
    case 'tablespace':
    case 'language':
      return alterObject(p, word, pos);
    case 'trigger':
    case 'rule':
    case 'policy':
    case 'operator':
    case 'server':
    case 'publication':
    case 'subscription':
    case 'statistics':
    case 'event':
    case 'text':
    case 'large':
    case 'conversion':
    case 'procedural':
      throw p.unsupported(`ALTER ${word.toUpperCase()}`);
    default:
      throw p.syntaxError();
  }
}

// ---- sequences ---------------------------------------------------------------------------------------------

function alterSequence(p: PostgresParser): StatementNode {
  p.command = 'ALTER SEQUENCE';
  p.advance();
  const exists = p.ifExists();
  const { pos } = p;
  const name = p.qualifiedName();
  if (p.isWord('rename') || p.isWord('owner') || (p.isWord('set') && !p.peekIsWord(1, 'generated'))) {
    const actions = p.acceptWord('rename') ? [renamed(p)] : p.list(() => action(p));
    return node('ALTER_TABLE', { kind: 'sequence', name, exists, only: false, actions, pos });
  }
  if (p.atEnd()) throw p.syntaxError();
  return node('ALTER_SEQUENCE', { name, exists, options: sequenceOptions(p), pos });
}

function renamed(p: PostgresParser): NodeOf<'ALTER_ACTION'> {
  const { pos } = p;
  p.expectWord('to');
  return node('ALTER_ACTION', {
    action: 'rename',
    newName: p.columnId(),
    exists: false,
    behavior: 'restrict',
    options: [],
    pos,
  });
}

// ---- types ---------------------------------------------------------------------------------------------------

type TypeAction = Omit<NodeOf<'ALTER_TYPE'>, 'op' | 'name' | 'domain'>;

function typeAction(
  action: TypeAction['action'],
  fields: Partial<TypeAction>,
): Omit<TypeAction, 'action'> & { action: TypeAction['action'] } {
  return {
    value: undefined,
    newValue: undefined,
    before: undefined,
    after: undefined,
    newName: undefined,
    constraint: undefined,
    column: undefined,
    exists: false,
    behavior: 'restrict',
    ...fields,
    action,
  };
}

function alterType(p: PostgresParser): StatementNode {
  p.command = 'ALTER TYPE';
  p.advance();
  const { pos } = p;
  const name = p.qualifiedName();
  return node('ALTER_TYPE', { name, domain: false, ...typeChange(p), pos });
}

function typeChange(p: PostgresParser): TypeAction {
  const word = p.expectOneOf('add', 'rename', 'set', 'owner', 'drop', 'alter');
  switch (word) {
    case 'add': {
      if (p.acceptWord('attribute'))
        return typeAction('add_attribute', { column: attribute(p), behavior: p.behavior() });
      p.expectWord('value');
      const exists = p.ifNotExists();
      const value = p.stringLiteral();
      const where = p.acceptOneOf('before', 'after');
      return typeAction('add_value', { value, exists, ...(where === undefined ? {} : { [where]: p.stringLiteral() }) });
    }
    case 'rename': {
      if (p.acceptWord('to')) return typeAction('rename', { newName: p.columnId() });
      const attribute = p.expectOneOf('value', 'attribute') === 'attribute';
      const value = attribute ? p.columnId().text : p.stringLiteral();
      p.expectWord('to');
      const newValue = attribute ? p.columnId().text : p.stringLiteral();
      return typeAction(attribute ? 'rename_attribute' : 'rename_value', {
        value,
        newValue,
        behavior: attribute ? p.behavior() : 'restrict',
      });
    }
    case 'set':
      if (p.isSymbol('(')) throw p.unsupported('ALTER TYPE SET');
      p.expectWord('schema');
      return typeAction('set_schema', { newName: p.columnId() });
    case 'owner':
      p.expectWord('to');
      return typeAction('owner', { newName: p.role() });
    case 'drop': {
      p.expectWord('attribute');
      const exists = p.ifExists();
      return typeAction('drop_attribute', { value: p.columnId().text, exists, behavior: p.behavior() });
    }
    default:
      throw p.unsupported('ALTER ATTRIBUTE');
  }
}

function alterDomain(p: PostgresParser): StatementNode {
  p.command = 'ALTER DOMAIN';
  p.advance();
  const { pos } = p;
  const name = p.qualifiedName();
  return node('ALTER_TYPE', { name, domain: true, ...domainChange(p), pos });
}

function domainChange(p: PostgresParser): TypeAction {
  const word = p.expectOneOf('set', 'drop', 'add', 'rename', 'owner', 'validate');
  switch (word) {
    case 'set': {
      if (p.acceptWord('schema')) return typeAction('set_schema', { newName: p.columnId() });
      if (p.acceptWord('not')) {
        p.expectWord('null');
        return typeAction('set_not_null', {});
      }
      p.expectWord('default');
      const from = p.pos;
      const expression = p.expression();
      return typeAction('set_default', {
        constraint: constraint('default', { expression, text: p.source(from, p.previousEnd), pos: from }),
      });
    }
    case 'drop': {
      if (p.acceptWord('default')) return typeAction('drop_default', {});
      if (p.acceptWord('not')) {
        p.expectWord('null');
        return typeAction('drop_not_null', {});
      }
      p.expectWord('constraint');
      const exists = p.ifExists();
      return typeAction('drop_constraint', { newName: p.columnId(), exists, behavior: p.behavior() });
    }
    case 'add':
      return typeAction('add_constraint', { constraint: tableConstraint(p) });
    case 'rename':
      if (p.acceptWord('constraint')) {
        const value = p.columnId().text;
        p.expectWord('to');
        return typeAction('rename_constraint', { value, newName: p.columnId() });
      }
      p.expectWord('to');
      return typeAction('rename', { newName: p.columnId() });
    case 'owner':
      p.expectWord('to');
      return typeAction('owner', { newName: p.role() });
    default:
      p.expectWord('constraint');
      return typeAction('validate_constraint', { newName: p.columnId() });
  }
}

// ---- other objects ---------------------------------------------------------------------------------------------

function alterObject(p: PostgresParser, kind: Kind & string, pos: number): StatementNode {
  p.command = `ALTER ${kind.toUpperCase()}`;
  p.advance();
  const name: Name = p.qualifiedName();
  const ofRoutine = kind === 'function' || kind === 'procedure' || kind === 'routine' || kind === 'aggregate';
  const signature = ofRoutine ? p.signature() : undefined;
  const rest = { kind, name, signature, exists: false, pos };
  if (p.acceptWord('rename')) {
    p.expectWord('to');
    return node('ALTER_OBJECT', { ...rest, action: 'rename', newName: p.columnId() });
  }
  if (p.acceptWord('owner')) {
    p.expectWord('to');
    return node('ALTER_OBJECT', { ...rest, action: 'owner', newName: p.role() });
  }
  if (p.isWord('set') && p.peekIsWord(1, 'schema')) {
    p.advance();
    p.advance();
    return node('ALTER_OBJECT', { ...rest, action: 'set_schema', newName: p.columnId() });
  }
  if (p.atEnd()) throw p.syntaxError();
  throw p.unsupported(`this form of ALTER ${kind.toUpperCase()}`);
}
