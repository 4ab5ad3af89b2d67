/** GRANT and REVOKE of privileges and roles (Reference Manual 15.7.1.6, 15.7.1.8). */
import type { Identifier } from '../../../sblr/contract/names.ts';
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import { node, type NodeOf, type StatementNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { MysqlParser } from '../parser.ts';
import { DYNAMIC, type Level, ON_COLUMNS, PRIVILEGES } from '../privileges.ts';
import { accounts } from './accounts.ts';

interface Privilege {
  readonly privilege: string;
  readonly columns: readonly Identifier[];
}

const ALL = 'ALL';
const GRANT_OPTION = 'GRANT OPTION';

/** Longest first: CREATE USER before CREATE. */
const PHRASES: readonly (readonly string[])[] = [...PRIVILEGES.server, 'USAGE', GRANT_OPTION, ...DYNAMIC]
  .map((privilege) => privilege.toLowerCase().split(' '))
  .sort((a, b) => b.length - a.length);

export function grantStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  p.command = 'GRANT';
  if (p.isWord('proxy')) throw p.unsupported('GRANT PROXY');
  if (!namesPrivileges(p)) return roles(p, false, pos);
  const list = p.list(() => privilege(p));
  const target = level(p);
  p.expectWord('to');
  const to = accounts(p);
  if (p.isWord('identified') || p.isWord('require')) throw p.syntaxError();
  let option = false;
  if (p.acceptWord('with')) {
    p.expectWords('grant', 'option');
    option = true;
  }
  if (p.isWord('as')) throw p.unsupported('GRANT ... AS');
  const privileges = expanded(list, target.scope, p);
  if (option) privileges.push({ privilege: GRANT_OPTION, columns: [] });
  return node('GRANT_SCOPED', { revoke: false, privileges, ...target, accounts: to, pos });
}

export function revokeStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  p.command = 'REVOKE';
  if (p.isWord('if')) throw p.unsupported('REVOKE IF EXISTS');
  if (p.isWord('proxy')) throw p.unsupported('REVOKE PROXY');
  if (everything(p)) {
    p.expectWord('from');
    const place = { scope: 'everything', database: '', relation: '' } as const;
    return node('GRANT_SCOPED', { revoke: true, privileges: [], ...place, accounts: accounts(p), pos });
  }
  if (!namesPrivileges(p)) return roles(p, true, pos);
  const list = p.list(() => privilege(p));
  const target = level(p);
  p.expectWord('from');
  const privileges = expanded(list, target.scope, p);
  return node('GRANT_SCOPED', { revoke: true, privileges, ...target, accounts: accounts(p), pos });
}

/** ALL [PRIVILEGES], GRANT OPTION */
function everything(p: MysqlParser): boolean {
  const start = p.index;
  if (p.acceptWord('all')) {
    p.acceptWord('privileges');
    if (p.acceptSymbol(',') && p.acceptWords('grant', 'option')) return true;
  }
  p.moveTo(start);
  return false;
}

/** Privileges are on something, roles are not. */
function namesPrivileges(p: MysqlParser): boolean {
  for (let ahead = 0; ; ahead++) {
    if (p.peekKind(ahead) === Token.END || p.peekIsSymbol(ahead, ';')) return false;
    if (p.peekIsWord(ahead, 'to') || p.peekIsWord(ahead, 'from')) return false;
    if (p.peekIsWord(ahead, 'on')) return true;
  }
}

function privilege(p: MysqlParser): Privilege {
  if (p.acceptWord('all')) {
    p.acceptWord('privileges');
    return { privilege: ALL, columns: [] };
  }
  for (const words of PHRASES) {
    if (!words.every((word, at) => (at === 0 ? p.isWord(word) : p.peekIsWord(at, word)))) continue;
    for (const _ of words) p.advance();
    return { privilege: words.join(' ').toUpperCase(), columns: p.isSymbol('(') ? p.parenthesisedIds() : [] };
  }
  throw p.syntaxError();
}

interface Target {
  readonly scope: Level;
  readonly database: string;
  readonly relation: string;
}

/** ON [TABLE] *.* | * | database.* | [database.]table */
function level(p: MysqlParser): Target {
  p.expectWord('on');
  if ((p.isWord('function') || p.isWord('procedure')) && !p.peekIsSymbol(1, '.'))
    throw p.unsupported(`privileges on a ${p.value.toUpperCase()}`);
  if (p.isWord('table') && !p.peekIsSymbol(1, '.')) p.advance();
  if (p.acceptOperator('*')) {
    if (!p.acceptSymbol('.')) return { scope: 'database', database: '', relation: '' };
    p.expectOperator('*');
    return { scope: 'server', database: '', relation: '' };
  }
  const first = p.columnId().text;
  if (!p.acceptSymbol('.')) return { scope: 'relation', database: '', relation: first };
  if (p.acceptOperator('*')) return { scope: 'database', database: first, relation: '' };
  return { scope: 'relation', database: first, relation: p.columnLabel().text };
}

/** ALL as the privileges of the level, and nothing that the level does not know. */
function expanded(list: readonly Privilege[], scope: Level, p: MysqlParser): Privilege[] {
  const known = PRIVILEGES[scope];
  return list.flatMap((one) => {
    const { privilege: name, columns } = one;
    if (name === ALL) {
      const dynamic = scope === 'server' ? DYNAMIC : [];
      return [...known, ...dynamic].map((each) => ({ privilege: each, columns: [] }));
    }
    if (name === 'USAGE') return [];
    if (name === GRANT_OPTION || (known.includes(name) && columns.length === 0)) return [one];
    if (DYNAMIC.includes(name)) {
      if (scope === 'server' && columns.length === 0) return [one];
      throw illegal('level', `Illegal privilege level specified for ${name}`, { name });
    }
    if (scope === 'relation' && ON_COLUMNS.has(name)) return [one];
    if (scope === 'database' && columns.length === 0)
      throw illegal('usage', 'Incorrect usage of DB GRANT and GLOBAL PRIVILEGES', {});
    if (columns.length > 0 && !ON_COLUMNS.has(name))
      throw illegal('columns', 'Incorrect usage of COLUMN GRANT and NON-COLUMN PRIVILEGES', {});
    throw illegal(
      'command',
      'Illegal GRANT/REVOKE command; please consult the manual to see which privileges can be used',
      {},
    );
  });

  function illegal(variant: string, message: string, args: Record<string, string>): SqlError {
    return new SqlError('invalid_grant_operation', { message, variant, args, position: p.pos });
  }
}

/** role, ... TO | FROM account, ... [WITH ADMIN OPTION] */
function roles(p: MysqlParser, revoke: boolean, pos: number): NodeOf<'GRANT_ACCOUNT_ROLES'> {
  const list = accounts(p);
  p.expectWord(revoke ? 'from' : 'to');
  const to = accounts(p);
  let adminOption = false;
  if (!revoke && p.acceptWord('with')) {
    p.expectWords('admin', 'option');
    adminOption = true;
  }
  return node('GRANT_ACCOUNT_ROLES', { revoke, roles: list, accounts: to, adminOption, pos });
}
