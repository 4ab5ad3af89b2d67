/** SHOW GRANTS, SHOW PRIVILEGES and SHOW CREATE USER, as queries over the `sys` relations of accounts. */
import { type StatementNode } from '../../../sblr/nodes.ts';
import type { MysqlParser } from '../parser.ts';
import { DYNAMIC, type Level, PRIVILEGES } from '../privileges.ts';
import { type Account, account, accounts } from './accounts.ts';
import { listing, quoteText } from './listing.ts';

const quotedName = (name: string): string => `CONCAT('\`', REPLACE(${name}, '\`', '\`\`'), '\`')`;
const quotedAccount = (alias: string): string =>
  `CONCAT(${quotedName(`${alias}.user`)}, '@', ${quotedName(`${alias}.host`)})`;
const list = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');
const rank = (name: string, level: Level): string => `FIELD(${name}, ${list(PRIVILEGES[level])})`;

interface Subject {
  /** SQL expression: the id of the account's role. */
  readonly id: string;
  /** SQL text literal: the roles that act for it as well, as sys.acts_for takes them. */
  readonly using: string;
}

/** The privileges in force: database, relation, column, privilege. Those of a superuser are not listed one by one. */
function held({ id, using }: Subject): string {
  return `(SELECT DISTINCT g.\`database\`, g.relation, g.\`column\`, g.privilege FROM sys.scoped_grants g WHERE sys.acts_for(g.role_id, ${id}, ${using}))`;
}

/** What a superuser holds: everything on the server. */
function ofSuperuser({ id }: Subject, to: string): string[] {
  const line = (part: number, privileges: string): string =>
    `SELECT ${part} AS part, '' AS place, CONCAT('GRANT ${privileges} ON *.* TO ', ${to}, ' WITH GRANT OPTION') AS line FROM sys.accounts s WHERE s.role_id = ${id} AND s.superuser`;
  return [line(1, PRIVILEGES.server.join(', ')), line(2, DYNAMIC.join(','))];
}

const GRANTABLE = `MAX(CASE WHEN g.privilege = 'GRANT OPTION' THEN 1 ELSE 0 END)`;
const withOption = (grantable: string): string => `CASE WHEN ${grantable} = 1 THEN ' WITH GRANT OPTION' ELSE '' END`;

/** The words of all privileges of a group, where it has them all in one. */
const words = (level: Level, count: string, names: string): string =>
  `CASE WHEN ${count} = ${PRIVILEGES[level].length} THEN 'ALL PRIVILEGES' ELSE COALESCE(${names}, 'USAGE') END`;

function lines(subject: Subject, to: string): string {
  const rows = held(subject);
  const one = (level: Level): string => `CASE WHEN ${rank('g.privilege', level)} > 0 THEN g.privilege END`;
  const agg = (level: Level): string => `sys.string_agg(${one(level)}, ', ' ORDER BY ${rank('g.privilege', level)})`;
  const server = `SELECT 1 AS part, '' AS place, CONCAT('GRANT ', COALESCE(${agg('server')}, 'USAGE'), ' ON *.* TO ', ${to}, ${withOption(`COALESCE(${GRANTABLE}, 0)`)}) AS line FROM sys.accounts e LEFT JOIN ${rows} g ON g.\`database\` = '' WHERE e.role_id = ${subject.id} AND NOT e.superuser GROUP BY e.role_id`;
  const dynamic = `SELECT 2, '', CONCAT('GRANT ', sys.string_agg(g.privilege, ',' ORDER BY g.privilege), ' ON *.* TO ', ${to}, ${withOption('o.option')}) FROM ${rows} g JOIN (SELECT COUNT(*) AS \`option\` FROM ${rows} g WHERE g.\`database\` = '' AND g.privilege = 'GRANT OPTION') o WHERE g.\`database\` = '' AND g.privilege IN (${list(DYNAMIC)}) GROUP BY o.option`;
  const database = `SELECT 3, g.\`database\`, CONCAT('GRANT ', ${words('database', `COUNT(${one('database')})`, agg('database'))}, ' ON ', ${quotedName('g.`database`')}, '.* TO ', ${to}, ${withOption(GRANTABLE)}) FROM ${rows} g WHERE g.\`database\` <> '' AND g.relation = '' GROUP BY g.\`database\``;
  const columns = `SELECT g.\`database\`, g.relation, g.privilege, MAX(CASE WHEN g.\`column\` = '' THEN 1 ELSE 0 END) AS whole, sys.string_agg(CASE WHEN g.\`column\` <> '' THEN ${quotedName('g.`column`')} END, ', ' ORDER BY g.\`column\`) AS list FROM ${rows} g WHERE g.relation <> '' GROUP BY g.\`database\`, g.relation, g.privilege`;
  const text = `CASE WHEN ${rank('g.privilege', 'relation')} = 0 THEN NULL ELSE CONCAT_WS(', ', CASE WHEN g.whole = 1 THEN g.privilege END, CASE WHEN g.list IS NOT NULL THEN CONCAT(g.privilege, ' (', g.list, ')') END) END`;
  const whole = `SUM(CASE WHEN g.whole = 1 AND ${rank('g.privilege', 'relation')} > 0 THEN 1 ELSE 0 END)`;
  const names = `sys.string_agg(${text}, ', ' ORDER BY ${rank('g.privilege', 'relation')})`;
  const relation = `SELECT 4, CONCAT(g.\`database\`, '.', g.relation), CONCAT('GRANT ', ${words('relation', whole, names)}, ' ON ', ${quotedName('g.`database`')}, '.', ${quotedName('g.relation')}, ' TO ', ${to}, ${withOption(GRANTABLE)}) FROM (${columns}) g GROUP BY g.\`database\`, g.relation`;
  const roles = `SELECT CASE WHEN m.admin THEN 6 ELSE 5 END, '', CONCAT('GRANT ', sys.string_agg(${quotedAccount('r')}, ',' ORDER BY r.user, r.host), ' TO ', ${to}, CASE WHEN m.admin THEN ' WITH ADMIN OPTION' ELSE '' END) FROM sys.account_roles m JOIN sys.accounts r ON r.role_id = m.role_id WHERE m.member_id = ${subject.id} GROUP BY m.admin`;
  return [...ofSuperuser(subject, to), server, dynamic, database, relation, roles].join(' UNION ALL ');
}

const isOwn = (p: MysqlParser): boolean => p.isWord('current_user') || (p.isWord('user') && p.peekIsSymbol(1, '('));

function idOf(p: MysqlParser, { user, host }: Account): string {
  return `sys.required_account(${quoteText(p, user)}, ${quoteText(p, host)})`;
}

/** SHOW GRANTS [FOR account [USING role, ...]] */
export function showGrants(p: MysqlParser, pos: number): StatementNode {
  let id = 'sys.current_role_id()';
  let label = p.account;
  let using = "''";
  if (p.acceptWord('for')) {
    const own = isOwn(p);
    const one = account(p);
    label = `${one.user}@${one.host}`;
    if (!own) id = idOf(p, one);
    if (p.acceptWord('using')) using = quoteText(p, JSON.stringify(accounts(p).map(({ user, host }) => [user, host])));
  }
  const subject = { id, using };
  const to = `(SELECT ${quotedAccount('a')} FROM sys.accounts a WHERE a.role_id = ${id})`;
  return listing(
    p,
    {
      columns: [[`Grants for ${label}`, 'v.line']],
      from: `(${lines(subject, to)}) v`,
      order: ['v.part', 'v.place'],
    },
    pos,
  );
}

/** SHOW CREATE USER account */
export function showCreateUser(p: MysqlParser, pos: number): StatementNode {
  const own = isOwn(p);
  const one = account(p);
  const id = own ? 'sys.current_role_id()' : idOf(p, one);
  const method = `COALESCE(a.method, 'caching_sha2_password')`;
  const digest = `CASE WHEN ${method} = 'mysql_native_password' AND sys.account_digest(a.role_id) <> '' THEN CONCAT(' AS ''*', UPPER(sys.account_digest(a.role_id)), '''') ELSE '' END`;
  const roles = `(SELECT sys.string_agg(${quotedAccount('r')}, ',' ORDER BY r.user, r.host) FROM sys.account_roles m JOIN sys.accounts r ON r.role_id = m.role_id WHERE m.member_id = a.role_id AND m.by_default)`;
  const limit = `CASE WHEN a.connection_limit > 0 THEN CONCAT(' WITH MAX_USER_CONNECTIONS ', a.connection_limit) ELSE '' END`;
  const text = `CONCAT('CREATE USER ', ${quotedAccount('a')}, ' IDENTIFIED WITH ''', ${method}, '''', ${digest}, COALESCE(CONCAT(' DEFAULT ROLE ', ${roles}), ''), ' REQUIRE NONE', ${limit}, ' PASSWORD EXPIRE DEFAULT ACCOUNT ', CASE WHEN a.login THEN 'UNLOCK' ELSE 'LOCK' END, ' PASSWORD HISTORY DEFAULT PASSWORD REUSE INTERVAL DEFAULT PASSWORD REQUIRE CURRENT DEFAULT')`;
  return listing(
    p,
    {
      columns: [[`CREATE USER for ${one.user}@${one.host}`, 'v.line']],
      from: `(SELECT ${text} AS line FROM sys.accounts a WHERE a.role_id = ${id}) v`,
      order: [],
    },
    pos,
  );
}
