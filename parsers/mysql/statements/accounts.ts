/**
 * Accounts and roles (Reference Manual 15.7.1): CREATE, ALTER, DROP and RENAME USER, CREATE and DROP ROLE,
 * SET PASSWORD, SET ROLE, SET DEFAULT ROLE.
 */
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import { node, type NodeOf, type StatementNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { MysqlParser } from '../parser.ts';

export interface Account {
  readonly user: string;
  readonly host: string;
}

type Entry = NodeOf<'DEFINE_ACCOUNTS'>['accounts'][number];
type Option = NodeOf<'DEFINE_ACCOUNTS'>['options'][number];

const ANYWHERE = '%';
const METHODS: ReadonlySet<string> = new Set(['caching_sha2_password', 'mysql_native_password']);

/** user[@host], each a name or a string; CURRENT_USER[()] and USER() are the session's own. */
export function account(p: MysqlParser): Account {
  const { pos } = p;
  if (p.isWord('current_user') || (p.isWord('user') && p.peekIsSymbol(1, '('))) {
    p.advance();
    if (p.acceptSymbol('(')) p.expectSymbol(')');
    return ownAccount(p);
  }
  if (p.kind !== Token.STRING && !p.isColumnId()) throw p.syntaxError();
  const user = p.kind === Token.STRING ? p.stringLiteral() : nameAsWritten(p);
  if (user === '') throw p.unsupported('anonymous users', pos);
  if (!p.isKind(Token.PARAMETER) || !p.value.startsWith('@')) return { user, host: ANYWHERE };
  const host = p.value.slice(1);
  p.advance();
  return { user, host: (host === '' ? ANYWHERE : host).toLowerCase() };
}

function nameAsWritten(p: MysqlParser): string {
  return p.columnId().text;
}

function ownAccount(p: MysqlParser): Account {
  const at = p.account.lastIndexOf('@');
  return { user: p.account.slice(0, at), host: p.account.slice(at + 1) };
}

export function accounts(p: MysqlParser): Account[] {
  return p.list(() => account(p));
}

// ---- CREATE, ALTER, DROP, RENAME ---------------------------------------------------------------------

/** CREATE USER [IF NOT EXISTS] account [IDENTIFIED ...], ... [DEFAULT ROLE ...] [options] */
export function createUser(p: MysqlParser, pos: number): StatementNode {
  p.advance();
  const exists = p.ifNotExists();
  const list = p.list(() => entry(p));
  return defined(p, 'create', 'CREATE USER', { exists, list, ...options(p, 'create') }, pos);
}

/** ALTER USER [IF EXISTS] account [IDENTIFIED ...], ... [DEFAULT ROLE ...] [options] */
export function alterUser(p: MysqlParser, pos: number): StatementNode {
  p.advance();
  const exists = p.ifExists();
  const list = p.list(() => entry(p));
  return defined(p, 'alter', 'ALTER USER', { exists, list, ...options(p, 'alter') }, pos);
}

export function createRole(p: MysqlParser, pos: number): StatementNode {
  p.advance();
  const exists = p.ifNotExists();
  return defined(p, 'create', 'CREATE ROLE', { exists, list: accounts(p).map(plain), login: false }, pos);
}

/** DROP USER | ROLE [IF EXISTS] account, ...; the word is read. */
export function dropAccounts(p: MysqlParser, word: 'user' | 'role', pos: number): StatementNode {
  const exists = p.ifExists();
  const list = accounts(p).map(plain);
  return defined(p, 'drop', `DROP ${word.toUpperCase()}`, { exists, list, login: word === 'user' }, pos);
}

/** RENAME USER old TO new, ... */
export function renameUser(p: MysqlParser, pos: number): StatementNode {
  p.advance();
  const list = p.list(() => {
    const old = account(p);
    p.expectWord('to');
    const { user, host } = account(p);
    return { ...plain(old), newUser: user, newHost: host };
  });
  return defined(p, 'rename', 'RENAME USER', { exists: false, list }, pos);
}

interface Definition {
  readonly exists: boolean;
  readonly list: readonly Entry[];
  readonly login?: boolean;
  readonly given?: readonly Option[];
  readonly defaultRoles?: readonly Account[];
}

function defined(
  p: MysqlParser,
  action: NodeOf<'DEFINE_ACCOUNTS'>['action'],
  command: string,
  { exists, list, login = true, given = [], defaultRoles = [] }: Definition,
  pos: number,
): StatementNode {
  p.command = command;
  return node('DEFINE_ACCOUNTS', { action, command, exists, login, options: given, accounts: list, defaultRoles, pos });
}

const plain = ({ user, host }: Account): Entry => ({
  user,
  host,
  password: undefined,
  digest: undefined,
  method: undefined,
  newUser: undefined,
  newHost: undefined,
});

function entry(p: MysqlParser): Entry {
  const base = plain(account(p));
  if (!p.acceptWord('identified')) return base;
  if (p.acceptWord('by')) return { ...base, password: password(p) };
  p.expectWord('with');
  const { pos } = p;
  const method = (p.kind === Token.STRING ? p.stringLiteral() : p.columnId().text).toLowerCase();
  if (!METHODS.has(method))
    throw new SqlError('undefined_object', {
      message: `Plugin '${method}' is not loaded`,
      variant: 'method',
      args: { name: method },
      position: pos,
    });
  if (p.acceptWord('by')) return { ...base, method, password: password(p) };
  if (p.acceptWord('as')) return { ...base, method, digest: digest(p, method) };
  return { ...base, method, digest: '' };
}

function password(p: MysqlParser): string {
  if (p.isWord('random')) throw p.unsupported('RANDOM PASSWORD');
  if (p.kind !== Token.STRING) throw p.syntaxError();
  const text = p.stringLiteral();
  if (p.isWord('replace')) throw p.unsupported('REPLACE of the current password');
  if (p.isWord('retain')) throw p.unsupported('RETAIN CURRENT PASSWORD');
  return text;
}

/** '*' and SHA1(SHA1(password)) in hexadecimal. */
function digest(p: MysqlParser, method: string): string {
  const { pos } = p;
  if (p.kind !== Token.STRING) throw p.syntaxError();
  const text = p.stringLiteral();
  if (method !== 'mysql_native_password' && text !== '') throw p.unsupported(`AS with ${method}`, pos);
  if (text !== '' && !/^\*[0-9a-f]{40}$/i.test(text))
    throw new SqlError('invalid_parameter_value', {
      message: "The password hash doesn't have the expected format.",
      variant: 'digest',
      position: pos,
    });
  return text.slice(1).toLowerCase();
}

/** What applies to all accounts of the statement. Limits and policies that are as if not given are read over. */
function options(p: MysqlParser, action: 'create' | 'alter'): Pick<Definition, 'given' | 'defaultRoles'> {
  const given: Option[] = [];
  let defaultRoles: Account[] = [];
  if (p.isWord('default') && p.peekIsWord(1, 'role')) {
    p.advance();
    p.advance();
    const which = action === 'alter' ? p.acceptOneOf('none', 'all') : undefined;
    if (which === undefined) defaultRoles = accounts(p);
    given.push({ name: 'default_roles', value: which ?? 'listed' });
  }
  if (p.acceptWord('require') && !p.acceptWord('none')) throw p.unsupported(`REQUIRE ${p.value.toUpperCase()}`);
  if (p.acceptWord('with')) while (resourceLimit(p, given)) {}
  while (policy(p, given)) {}
  return { given, defaultRoles };
}

function resourceLimit(p: MysqlParser, given: Option[]): boolean {
  const { pos } = p;
  const word = p.acceptOneOf(
    'max_queries_per_hour',
    'max_updates_per_hour',
    'max_connections_per_hour',
    'max_user_connections',
  );
  if (word === undefined) return false;
  const count = p.unsignedInteger();
  if (word === 'max_user_connections')
    given.push({ name: 'connection_limit', value: String(count === 0 ? -1 : count) });
  else if (count !== 0) throw p.unsupported(word.toUpperCase(), pos);
  return true;
}

function policy(p: MysqlParser, given: Option[]): boolean {
  const { pos } = p;
  if (p.acceptWord('account')) {
    given.push({ name: 'login', value: p.expectOneOf('lock', 'unlock') === 'unlock' ? 'true' : 'false' });
    return true;
  }
  if (p.acceptWord('password')) {
    const word = p.expectOneOf('expire', 'history', 'reuse', 'require');
    if (word === 'reuse') p.expectWord('interval');
    if (word === 'require') p.expectWord('current');
    const usual = p.acceptOneOf('default', word === 'expire' ? 'never' : 'default');
    if (usual === undefined && !(word === 'require' && p.acceptWord('optional')))
      throw p.unsupported(`PASSWORD ${word.toUpperCase()}`, pos);
    return true;
  }
  for (const word of ['failed_login_attempts', 'password_lock_time', 'comment', 'attribute'])
    if (p.isWord(word)) throw p.unsupported(word.toUpperCase());
  return false;
}

// ---- SET -----------------------------------------------------------------------------------------------

/** SET PASSWORD [FOR account] = 'text'; the word PASSWORD is next. */
export function setPassword(p: MysqlParser, pos: number): StatementNode {
  p.expectWord('password');
  const target = p.acceptWord('for') ? account(p) : ownAccount(p);
  if (p.isWord('to')) throw p.unsupported('RANDOM PASSWORD');
  if (!p.acceptOperator('=')) p.expectOperator(':=');
  const list = [{ ...plain(target), password: password(p) }];
  return defined(p, 'alter', 'SET PASSWORD', { exists: false, list }, pos);
}

type Which = NodeOf<'ACTIVATE_ROLES'>['which'];

function chosenRoles(
  p: MysqlParser,
  words: readonly ('none' | 'default' | 'all')[],
): { which: Which; roles: Account[] } {
  const word = p.acceptOneOf(...words);
  if (word === undefined) return { which: 'listed', roles: accounts(p) };
  if (word === 'all' && p.acceptWord('except')) return { which: 'all_except', roles: accounts(p) };
  return { which: word, roles: [] };
}

/** SET ROLE; the word ROLE is next. */
export function setRole(p: MysqlParser, pos: number): StatementNode {
  p.expectWord('role');
  const chosen = chosenRoles(p, ['none', 'default', 'all']);
  p.command = 'SET ROLE';
  return node('ACTIVATE_ROLES', { ...chosen, byDefault: false, accounts: [], pos });
}

/** SET DEFAULT ROLE ... TO account, ...; the word DEFAULT is next. */
export function setDefaultRole(p: MysqlParser, pos: number): StatementNode {
  p.expectWords('default', 'role');
  const chosen = chosenRoles(p, ['none', 'all']);
  p.expectWord('to');
  p.command = 'SET DEFAULT ROLE';
  return node('ACTIVATE_ROLES', { ...chosen, byDefault: true, accounts: accounts(p), pos });
}
