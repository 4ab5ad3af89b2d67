/** USE, SET, KILL, DO, and statements prepared from text. */
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import { collationOfSet, knownCollation } from '../character-sets.ts';
import { node, type NodeOf, type StatementNode, type ValueNode } from '../../../sblr/nodes.ts';
import { stringLiteral } from '../../shared/literals.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { MysqlParser } from '../parser.ts';
import { setDefaultRole, setPassword, setRole } from './accounts.ts';

export function useStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  p.command = 'USE';
  return node('USE_DATABASE', { name: p.columnId(), pos });
}

/** KILL [CONNECTION | QUERY] number */
export function killStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  const query = p.acceptOneOf('connection', 'query') === 'query';
  const target = p.expression();
  const call = node('CALL', {
    function: query ? 'interrupt_session' : 'end_session',
    variadic: false,
    arguments: [target],
    pos,
  });
  return evaluated(p, call, 'KILL', pos);
}

/** FLUSH PRIVILEGES | TABLES: both are in force as soon as they change, so there is nothing to be loaded again. */
export function flushStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  p.acceptOneOf('no_write_to_binlog', 'local');
  if (p.acceptOneOf('privileges', 'tables') === undefined) throw p.unsupported('FLUSH', pos);
  if (!p.atEnd()) throw p.unsupported('FLUSH TABLES of some tables, or with locks', pos);
  p.command = 'FLUSH';
  return node('NOOP', { command: 'FLUSH', pos });
}

/** DO value, ...: evaluated for their effects. */
export function doStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  const values = p.list(() => p.expression());
  const items = values.map((value) => node('ITEM', { value, pos: value.pos }));
  p.command = 'DO';
  return node('EXECUTE', { query: node('PROJECT', { source: node('DUAL', { pos }), items, pos }), pos });
}

function evaluated(p: MysqlParser, value: ValueNode, command: string, pos: number): StatementNode {
  p.command = command;
  const items = [node('ITEM', { value, pos })];
  return node('EXECUTE', { query: node('PROJECT', { source: node('DUAL', { pos }), items, pos }), pos });
}

// ---- SET ---------------------------------------------------------------------------------------------

type Scope = NodeOf<'SET_SETTING'>['scope'];

/** SET assignment, ... | SET NAMES ... | SET CHARACTER SET ... | SET [scope] TRANSACTION ... */
export function setStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  p.command = 'SET';
  if (p.isWord('password')) return setPassword(p, pos);
  if (p.isWord('role')) return setRole(p, pos);
  if (p.isWord('default') && p.peekIsWord(1, 'role')) return setDefaultRole(p, pos);
  if (p.acceptWord('transaction')) return setTransaction(p, 'next', pos);
  if ((p.isWord('session') || p.isWord('global')) && p.peekIsWord(1, 'transaction')) {
    const scope = p.isWord('global') ? 'global' : 'session';
    p.advance();
    p.advance();
    return setTransaction(p, scope, pos);
  }
  const statements: StatementNode[] = [];
  p.list(() => statements.push(...(namesWord(p) ? setNames(p, p.pos) : [assignment(p)])));
  return statements.length === 1 ? (statements[0] as StatementNode) : sequence(p, statements, pos);
}

/** Several assignments are one program. */
function sequence(p: MysqlParser, statements: readonly StatementNode[], pos: number): StatementNode {
  p.following.push(...statements.slice(1));
  return { ...(statements[0] as StatementNode), pos };
}

const WIDE_SETS: ReadonlySet<string> = new Set(['ucs2', 'utf16', 'utf16le', 'utf32']);

/** NAMES, CHARSET or CHARACTER SET, unless it is the name of a variable. */
function namesWord(p: MysqlParser): boolean {
  if (p.peekValue(1) === '=' || p.peekValue(1) === ':=') return false;
  return p.acceptWord('names') || p.acceptWord('charset') || p.acceptWords('character', 'set');
}

/** The name of a character set that text is exchanged in: one in which ASCII is one byte per character. */
function exchangedSet(name: string, charset: string, position: number): string {
  const set = collationOfSet(charset, position).replace(/_.*/, '');
  if (!WIDE_SETS.has(set)) return set;
  throw new SqlError('invalid_parameter_value', {
    message: `invalid value for parameter "${name}": "${set}"`,
    args: { name, value: set },
    position,
  });
}

function setNames(p: MysqlParser, pos: number): StatementNode[] {
  const at = p.pos;
  const charset = p.isWord('default') ? 'utf8mb4' : word(p);
  if (p.isWord('default')) p.advance();
  const standard = collationOfSet(charset, at);
  const set = exchangedSet('character_set_client', charset, at);
  const collation = p.acceptWord('collate') ? knownCollation(word(p), charset, at) : standard;
  const names = ['character_set_client', 'character_set_results', 'character_set_connection'];
  const statements: StatementNode[] = names.map((name) => setting(name, 'session', stringLiteral(set), pos));
  statements.push(setting('collation_connection', 'session', stringLiteral(collation), pos));
  return statements;
}

function word(p: MysqlParser): string {
  if (p.kind !== Token.WORD && p.kind !== Token.STRING && p.kind !== Token.QUOTED) throw p.syntaxError();
  const text = p.value.toLowerCase();
  p.advance();
  return text;
}

/** SET TRANSACTION: one or both of ISOLATION LEVEL and READ ONLY | READ WRITE, with a comma between them. */
function setTransaction(p: MysqlParser, scope: 'next' | 'session' | 'global', pos: number): StatementNode {
  let isolation: NodeOf<'BEGIN'>['isolation'] = 'none';
  let access: NodeOf<'BEGIN'>['access'] = 'default';
  p.list(() => {
    if (isolation === 'none' && p.acceptWord('isolation')) {
      p.expectWord('level');
      isolation = p.isolationLevel();
      return;
    }
    if (access !== 'default') throw p.syntaxError();
    p.expectWord('read');
    access = p.expectOneOf('only', 'write') === 'only' ? 'read_only' : 'read_write';
  });
  return node('SET_TRANSACTION', { scope, isolation, access, deferrable: false, pos });
}

/** @name = value, @@[scope.]name = value, [scope] name = value */
function assignment(p: MysqlParser): StatementNode {
  const { pos } = p;
  if (p.isKind(Token.PARAMETER) && !p.value.startsWith('@@')) {
    const name = p.value.slice(1).toLowerCase();
    if (!p.value.startsWith('@')) throw p.syntaxError();
    p.advance();
    equals(p);
    return node('ASSIGN_VARIABLE', { name, scope: 'session', steps: [], value: p.expression(), pos });
  }
  const { name, scope } = target(p);
  equals(p);
  if (p.acceptWord('default')) return node('SET_SETTING', { name, scope, reset: true, values: [], pos });
  // A bare word stands for itself: SET sql_mode = ANSI.
  const at = p.pos;
  const bare = p.isKind(Token.WORD) && !p.peekIsSymbol(1, '(') && !p.peekIsSymbol(1, '.');
  if (p.isWord('on') || (bare && !isLiteralWord(p.value)) || (p.kind === Token.STRING && isChecked(name))) {
    const text = p.value;
    p.advance();
    return setting(name, scope, stringLiteral(checked(name, text, at), at), pos);
  }
  return setting(name, scope, p.expression(), pos);
}

/** Settings that name a collation, and those that name a character set. */
const COLLATION_NAMES: ReadonlySet<string> = new Set([
  'collation_connection',
  'collation_database',
  'collation_server',
]);

const EXCHANGE_NAMES: ReadonlySet<string> = new Set([
  'character_set_client',
  'character_set_connection',
  'character_set_results',
]);

const isChecked = (name: string): boolean => COLLATION_NAMES.has(name) || EXCHANGE_NAMES.has(name);

function checked(name: string, text: string, pos: number): string {
  if (COLLATION_NAMES.has(name)) return knownCollation(text, undefined, pos);
  return EXCHANGE_NAMES.has(name) ? exchangedSet(name, text, pos) : text;
}

function isLiteralWord(text: string): boolean {
  return text === 'true' || text === 'false' || text === 'null' || text === 'case' || text === 'not';
}

function target(p: MysqlParser): { name: string; scope: Scope } {
  let scope: Scope = 'session';
  let name: string;
  if (p.isKind(Token.PARAMETER)) {
    name = p.value.slice(2).toLowerCase();
    p.advance();
    if ((name === 'session' || name === 'local' || name === 'global' || name === 'persist') && p.acceptSymbol('.')) {
      scope = name === 'session' || name === 'local' ? 'session' : 'global';
      name = p.columnLabel().text.toLowerCase();
    }
  } else {
    const written = p.acceptOneOf('session', 'local', 'global', 'persist');
    if (written === 'global' || written === 'persist') scope = 'global';
    name = p.columnLabel().text.toLowerCase();
  }
  if (p.acceptSymbol('.')) name += `.${p.columnLabel().text.toLowerCase()}`;
  return { name, scope };
}

function equals(p: MysqlParser): void {
  if (!p.acceptOperator('=')) p.expectOperator(':=');
}

function setting(name: string, scope: Scope, value: ValueNode, pos: number): StatementNode {
  return node('SET_SETTING', { name, scope, reset: false, values: [], value, pos });
}

// ---- PREPARE, EXECUTE, DEALLOCATE ----------------------------------------------------------------------

const NO_PROGRAM = new Uint8Array(0);

/** PREPARE name FROM 'text', or a variable that holds it */
export function prepareStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  const name = p.columnId().text.toLowerCase();
  p.expectWord('from');
  p.command = 'PREPARE';
  if (p.isKind(Token.PARAMETER)) {
    const source = p.expression();
    return node('PREPARE_STATEMENT', { name, program: NO_PROGRAM, types: [], text: '', replaces: true, source, pos });
  }
  if (p.kind !== Token.STRING) throw p.syntaxError();
  const text = p.stringLiteral();
  const inner = p.nested(text);
  const statement = inner.statement();
  if (!inner.atEnd()) throw inner.syntaxError();
  inner.endOfText();
  const types = Array.from({ length: inner.parameterCount }, () => undefined);
  return node('PREPARE_STATEMENT', {
    name,
    program: inner.encodeStatements([statement, ...inner.following], types),
    types: [],
    text,
    replaces: true,
    pos,
  });
}

/** EXECUTE name [USING @a, ...] */
export function executeStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  const name = p.columnId().text.toLowerCase();
  const args = p.acceptWord('using') ? p.list(() => p.expression()) : [];
  p.command = 'EXECUTE';
  return node('EXECUTE_STATEMENT', { name, arguments: args, pos });
}

export function deallocateStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  p.expectWord('prepare');
  p.command = 'DEALLOCATE';
  return node('DEALLOCATE', { name: p.columnId().text.toLowerCase(), pos });
}

/** ANALYZE TABLE name, ... */
export function analyzeStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  p.acceptOneOf('no_write_to_binlog', 'local');
  p.expectOneOf('table', 'tables');
  const tables = p.list(() => ({ name: p.qualifiedName(), columns: [] }));
  p.command = 'ANALYZE TABLE';
  return node('ANALYZE', { tables, command: 'ANALYZE TABLE', pos });
}
