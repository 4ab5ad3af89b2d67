/** Roles and databases: CREATE and ALTER. */
import type { Identifier } from '../../../sblr/contract/names.ts';
import { node, type StatementNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { PostgresParser } from '../parser.ts';
import { settingValues } from './session.ts';

interface Option {
  readonly name: string;
  readonly value: string | undefined;
}

/** Attributes written as one word, negated by NO in front. */
const ATTRIBUTES = new Set(['superuser', 'createdb', 'createrole', 'login', 'inherit', 'replication', 'bypassrls']);

function names(roles: readonly Identifier[]): string {
  return roles.map((role) => role.text).join(',');
}

/** One option of CREATE / ALTER ROLE; false when there is none. */
function roleOption(p: PostgresParser, options: Option[]): boolean {
  if (p.kind !== Token.WORD) return false;
  const word = p.value;
  const negative = word.startsWith('no') && ATTRIBUTES.has(word.slice(2));
  if (negative || ATTRIBUTES.has(word)) {
    p.advance();
    options.push({ name: negative ? word.slice(2) : word, value: negative ? 'false' : 'true' });
    return true;
  }
  const { pos } = p;
  switch (word) {
    case 'encrypted':
    case 'password':
      p.advance();
      if (word === 'encrypted') p.expectWord('password');
      options.push({
        name: 'password',
        value: word === 'password' && p.acceptWord('null') ? undefined : p.stringLiteral(),
      });
      return true;
    case 'unencrypted':
      throw p.error(
        'feature_not_supported',
        'UNENCRYPTED PASSWORD is no longer supported',
        pos,
        'Remove UNENCRYPTED to store the password in encrypted form instead.',
      );
    case 'connection':
      p.advance();
      p.expectWord('limit');
      options.push({ name: 'connection_limit', value: String(p.signedInteger()) });
      return true;
    case 'valid':
      p.advance();
      p.expectWord('until');
      options.push({ name: 'valid_until', value: p.stringLiteral() });
      return true;
    case 'in':
      p.advance();
      p.expectOneOf('role', 'group');
      options.push({ name: 'in_role', value: names(p.roles()) });
      return true;
    case 'role':
    case 'user':
      p.advance();
      options.push({ name: 'role', value: names(p.roles()) });
      return true;
    case 'admin':
      p.advance();
      options.push({ name: 'admin', value: names(p.roles()) });
      return true;
    case 'sysid':
      p.advance();
      p.unsignedInteger();
      return true;
    default:
      return false;
  }
}

export function createRole(p: PostgresParser, word: 'role' | 'user' | 'group', pos: number): StatementNode {
  p.command = 'CREATE ROLE';
  p.advance();
  const name = p.role();
  p.acceptWord('with');
  const options: Option[] = [];
  while (roleOption(p, options)) {}
  const login = options.findLast((option) => option.name === 'login');
  return node('CREATE_ROLE', {
    name,
    exists: false,
    login: login === undefined ? word === 'user' : login.value === 'true',
    options,
    pos,
  });
}

/** ALTER ROLE / USER / GROUP; the current token is that word. */
export function alterRole(p: PostgresParser, pos: number): StatementNode {
  p.command = 'ALTER ROLE';
  const group = p.isWord('group');
  p.advance();
  const name = p.acceptWord('all') ? { text: 'all', exact: false } : p.role();
  if (p.acceptWord('rename')) {
    p.expectWord('to');
    return node('ALTER_ROLE', { name, newName: p.role(), options: [], pos });
  }
  if (group && (p.isWord('add') || p.isWord('drop'))) {
    const revoke = p.isWord('drop');
    p.advance();
    p.expectWord('user');
    return node('GRANT_ROLE', {
      revoke,
      roles: [name],
      grantees: p.roles(),
      adminOption: false,
      behavior: 'restrict',
      pos,
    });
  }
  let database: Identifier | undefined;
  if (p.acceptWord('in')) {
    p.expectWord('database');
    database = p.columnId();
    if (!p.isWord('set') && !p.isWord('reset')) throw p.syntaxError();
  }
  const setting = settingClause(p);
  if (setting !== undefined) return node('ALTER_ROLE', { name, options: [], ...setting, database, pos });
  p.acceptWord('with');
  const options: Option[] = [];
  while (roleOption(p, options)) {}
  return node('ALTER_ROLE', { name, options, pos });
}

/** ALTER SYSTEM SET / RESET */
export function alterSystem(p: PostgresParser, pos: number): StatementNode {
  p.command = 'ALTER SYSTEM';
  p.advance();
  const change = settingClause(p);
  if (change === undefined) throw p.syntaxError();
  return node('ALTER_SERVER', { ...change, pos });
}

/** SET name = value / RESET name / RESET ALL; no value resets, the name 'all' means every one. */
function settingClause(p: PostgresParser): { setting: string; settingValue: string | undefined } | undefined {
  if (p.acceptWord('reset')) {
    return { setting: p.acceptWord('all') ? 'all' : settingName(p), settingValue: undefined };
  }
  if (!p.acceptWord('set')) return undefined;
  if (p.isWord('time') && p.peekIsWord(1, 'zone')) {
    p.advance();
    p.advance();
    return { setting: 'timezone', settingValue: p.acceptWord('default') ? undefined : p.optionValue() };
  }
  const setting = settingName(p);
  if (p.acceptWord('from')) throw p.unsupported('SET FROM CURRENT');
  if (!p.acceptWord('to')) p.expectOperator('=');
  return { setting, settingValue: settingValues(p)?.join(', ') };
}

function settingName(p: PostgresParser): string {
  let name = p.columnId().text;
  while (p.acceptSymbol('.')) name += `.${p.columnId().text}`;
  return name.toLowerCase();
}

// ---- databases ---------------------------------------------------------------------------------------------

/** name [=] value ..., as CREATE and ALTER DATABASE write their options */
function databaseOptions(p: PostgresParser): Option[] {
  const options: Option[] = [];
  p.acceptWord('with');
  while (!p.atEnd()) {
    let name = p.columnLabel().text;
    if (name === 'connection' && p.acceptWord('limit')) name = 'connection_limit';
    p.acceptOperator('=');
    options.push({ name, value: p.acceptWord('default') ? undefined : p.optionValue() });
  }
  return options;
}

export function createDatabase(p: PostgresParser, pos: number): StatementNode {
  p.command = 'CREATE DATABASE';
  p.advance();
  const name = p.columnId();
  return node('CREATE_DATABASE', { name, exists: false, options: databaseOptions(p), pos });
}

export function alterDatabase(p: PostgresParser, pos: number): StatementNode {
  p.command = 'ALTER DATABASE';
  p.advance();
  const name = p.columnId();
  if (p.acceptWord('rename')) {
    p.expectWord('to');
    return node('ALTER_DATABASE', { name, newName: p.columnId(), options: [], pos });
  }
  if (p.acceptWord('owner')) {
    p.expectWord('to');
    return node('ALTER_DATABASE', { name, owner: p.role(), options: [], pos });
  }
  if (p.isWord('refresh')) throw p.unsupported('REFRESH COLLATION VERSION');
  if (p.isWord('set') && p.peekIsWord(1, 'tablespace')) throw p.unsupported('SET TABLESPACE');
  const setting = settingClause(p);
  if (setting !== undefined) {
    return node('ALTER_DATABASE', {
      name,
      options: [{ name: `set ${setting.setting}`, value: setting.settingValue }],
      pos,
    });
  }
  return node('ALTER_DATABASE', { name, options: databaseOptions(p), pos });
}
