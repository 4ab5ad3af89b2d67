/** Accounts, privileges and roles in the tables of `mysql` and of information_schema: shapes and sources. */
import { DYNAMIC, PRIVILEGES } from '../privileges.ts';
import type { Shape, ViewSource } from './view-text.ts';

const words = (text: string): readonly string[] => text.split(' ').map((word) => `${word}_priv`);

const USER_COLUMNS = words(
  'Select Insert Update Delete Create Drop Reload Shutdown Process File Grant References Index Alter Show_db Super Create_tmp_table Lock_tables Execute Repl_slave Repl_client Create_view Show_view Create_routine Alter_routine Create_user Event Trigger Create_tablespace',
);
const ROLE_COLUMNS = words('Create_role Drop_role');
const DATABASE_COLUMNS = words(
  'Select Insert Update Delete Create Drop Grant References Index Alter Create_tmp_table Lock_tables Create_view Show_view Create_routine Alter_routine Execute Event Trigger',
);

const RENAMED: Readonly<Record<string, string>> = {
  Grant: 'GRANT OPTION',
  Show_db: 'SHOW DATABASES',
  Create_tmp_table: 'CREATE TEMPORARY TABLES',
  Repl_slave: 'REPLICATION SLAVE',
  Repl_client: 'REPLICATION CLIENT',
};

const privilegeOf = (column: string): string => {
  const word = column.slice(0, -'_priv'.length);
  return RENAMED[word] ?? word.replaceAll('_', ' ').toUpperCase();
};

const flags = (names: readonly string[]): string => names.map((name) => `${name} char(1)`).join(', ');

/** Of the list h.held; superusers have them all. */
const held = (names: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    names.map((name) => [
      name,
      `CASE WHEN a.superuser OR FIND_IN_SET('${privilegeOf(name)}', h.held) > 0 THEN 'Y' ELSE 'N' END`,
    ]),
  );

const list = (where: string, by: string): string =>
  `(SELECT ${by}, sys.string_agg(g.privilege, ',' ORDER BY g.privilege) AS held FROM sys.scoped_grants g WHERE ${where} GROUP BY ${by})`;

const WITHOUT_OPTION = `NULLIF(TRIM(BOTH ',' FROM REPLACE(CONCAT(',', h.held, ','), ',GRANT OPTION,', ',Grant,')), '')`;

export const ACCOUNT_SHAPES: readonly Shape[] = [
  [
    'columns_priv',
    13500,
    'Host char(255), Db char(64), User char(32), Table_name char(64), Column_name char(64), Timestamp timestamp, Column_priv varchar(64)',
  ],
  ['db', 13501, `Host char(255), Db char(64), User char(32), ${flags(DATABASE_COLUMNS)}`],
  ['default_roles', 13509, 'HOST char(255), USER char(32), DEFAULT_ROLE_HOST char(255), DEFAULT_ROLE_USER char(32)'],
  ['global_grants', 13510, 'USER char(32), HOST char(255), PRIV char(32), WITH_GRANT_OPTION char(1)'],
  [
    'role_edges',
    13511,
    'FROM_HOST char(255), FROM_USER char(32), TO_HOST char(255), TO_USER char(32), WITH_ADMIN_OPTION char(1)',
  ],
  [
    'tables_priv',
    13507,
    'Host char(255), Db char(64), User char(32), Table_name char(64), Grantor varchar(288), Timestamp timestamp, Table_priv varchar(255), Column_priv varchar(64)',
  ],
  [
    'user',
    13508,
    `Host char(255), User char(32), ${flags(USER_COLUMNS)}, ssl_type char(9), ssl_cipher blob, x509_issuer blob, x509_subject blob, max_questions int unsigned, max_updates int unsigned, max_connections int unsigned, max_user_connections int unsigned, plugin char(64), authentication_string text, password_expired char(1), password_last_changed timestamp, password_lifetime smallint unsigned, account_locked char(1), ${flags(ROLE_COLUMNS)}, Password_reuse_history smallint unsigned, Password_reuse_time smallint unsigned, Password_require_current char(1), User_attributes json`,
  ],
];

const METHOD = `COALESCE(a.method, 'caching_sha2_password')`;
const FLAG = (condition: string): string => `CASE WHEN ${condition} THEN 'Y' ELSE 'N' END`;

export const ACCOUNT_SOURCES: Readonly<Record<string, ViewSource>> = {
  columns_priv: {
    from: `${list(`g.relation <> '' AND g.\`column\` <> ''`, 'g.role_id, g.`database`, g.relation, g.`column`')} h JOIN sys.accounts a ON a.role_id = h.role_id`,
    columns: {
      Host: 'a.host',
      Db: 'h.`database`',
      User: 'a.user',
      Table_name: 'h.relation',
      Column_name: 'h.`column`',
      Column_priv: 'h.held',
    },
  },
  db: {
    from: `${list(`g.\`database\` <> '' AND g.relation = ''`, 'g.role_id, g.`database`')} h JOIN sys.accounts a ON a.role_id = h.role_id`,
    columns: { Host: 'a.host', Db: 'h.`database`', User: 'a.user', ...held(DATABASE_COLUMNS) },
  },
  default_roles: {
    from: 'sys.account_roles m JOIN sys.accounts r ON r.role_id = m.role_id JOIN sys.accounts a ON a.role_id = m.member_id WHERE m.by_default',
    columns: { HOST: 'a.host', USER: 'a.user', DEFAULT_ROLE_HOST: 'r.host', DEFAULT_ROLE_USER: 'r.user' },
  },
  global_grants: {
    from: `sys.scoped_grants g JOIN sys.accounts a ON a.role_id = g.role_id WHERE g.\`database\` = '' AND g.privilege IN (${DYNAMIC.map((name) => `'${name}'`).join(', ')})`,
    columns: { USER: 'a.user', HOST: 'a.host', PRIV: 'g.privilege', WITH_GRANT_OPTION: `'N'` },
  },
  role_edges: {
    from: 'sys.account_roles m JOIN sys.accounts r ON r.role_id = m.role_id JOIN sys.accounts a ON a.role_id = m.member_id',
    columns: {
      FROM_HOST: 'r.host',
      FROM_USER: 'r.user',
      TO_HOST: 'a.host',
      TO_USER: 'a.user',
      WITH_ADMIN_OPTION: FLAG('m.admin'),
    },
  },
  tables_priv: {
    from: `${list(`g.relation <> '' AND g.\`column\` = ''`, 'g.role_id, g.`database`, g.relation')} h JOIN sys.accounts a ON a.role_id = h.role_id`,
    columns: {
      Host: 'a.host',
      Db: 'h.`database`',
      User: 'a.user',
      Table_name: 'h.relation',
      Grantor: `'root@%'`,
      Table_priv: WITHOUT_OPTION,
      Column_priv: `''`,
    },
  },
  user: {
    from: `sys.accounts a LEFT JOIN ${list(`g.\`database\` = ''`, 'g.role_id')} h ON h.role_id = a.role_id`,
    columns: {
      Host: 'a.host',
      User: 'a.user',
      ...held(USER_COLUMNS),
      ssl_type: `''`,
      ssl_cipher: `''`,
      x509_issuer: `''`,
      x509_subject: `''`,
      max_questions: '0',
      max_updates: '0',
      max_connections: '0',
      max_user_connections: 'GREATEST(a.connection_limit, 0)',
      plugin: METHOD,
      // What stands for a password of the other method is not known to clients.
      authentication_string: `CASE WHEN sys.account_digest(a.role_id) = '' THEN '' WHEN ${METHOD} = 'mysql_native_password' THEN CONCAT('*', UPPER(sys.account_digest(a.role_id))) END`,
      password_expired: `'N'`,
      account_locked: FLAG('NOT a.login'),
      ...held(ROLE_COLUMNS),
    },
  },
};

const GRANTEE = `CONCAT('''', a.user, '''@''', a.host, '''')`;
/** Everybody sees their own; who may read the tables of accounts sees all. */
const VISIBLE = `(a.role_id = sys.current_role_id() OR sys.reaches_own_schema(13301))`;
const GRANTABLE = (scope: string): string =>
  `CASE WHEN EXISTS (SELECT 1 FROM sys.scoped_grants o WHERE o.role_id = g.role_id AND o.privilege = 'GRANT OPTION' AND ${scope}) THEN 'YES' ELSE 'NO' END`;

const SERVER_LIST = `JSON_TABLE('${JSON.stringify([...PRIVILEGES.server, ...DYNAMIC])}', '$[*]' COLUMNS (name varchar(64) PATH '$'))`;

const scoped = (where: string): string =>
  `sys.scoped_grants g JOIN sys.accounts a ON a.role_id = g.role_id WHERE g.privilege <> 'GRANT OPTION' AND ${where} AND ${VISIBLE}`;

export const PRIVILEGE_SHAPES: readonly Shape[] = [
  [
    'ADMINISTRABLE_ROLE_AUTHORIZATIONS',
    13426,
    'USER varchar(97), HOST varchar(256), GRANTEE varchar(97), GRANTEE_HOST varchar(256), ROLE_NAME varchar(255), ROLE_HOST varchar(256), IS_GRANTABLE varchar(3), IS_DEFAULT varchar(3), IS_MANDATORY varchar(3)',
  ],
  [
    'APPLICABLE_ROLES',
    13427,
    'USER varchar(97), HOST varchar(256), GRANTEE varchar(97), GRANTEE_HOST varchar(256), ROLE_NAME varchar(255), ROLE_HOST varchar(256), IS_GRANTABLE varchar(3), IS_DEFAULT varchar(3), IS_MANDATORY varchar(3)',
  ],
  [
    'ENABLED_ROLES',
    13428,
    'ROLE_NAME varchar(255), ROLE_HOST varchar(255), IS_DEFAULT varchar(3), IS_MANDATORY varchar(3)',
  ],
  ['USER_ATTRIBUTES', 13429, 'USER char(32), HOST char(255), ATTRIBUTE longtext'],
];

const YES = (condition: string): string => `CASE WHEN ${condition} THEN 'YES' ELSE 'NO' END`;
const OWN_ROLES = (more: string): ViewSource => ({
  from: `sys.account_roles m JOIN sys.accounts r ON r.role_id = m.role_id JOIN sys.accounts a ON a.role_id = m.member_id WHERE m.member_id = sys.current_role_id()${more}`,
  columns: {
    USER: 'a.user',
    HOST: 'a.host',
    GRANTEE: 'a.user',
    GRANTEE_HOST: 'a.host',
    ROLE_NAME: 'r.user',
    ROLE_HOST: 'r.host',
    IS_GRANTABLE: YES('m.admin'),
    IS_DEFAULT: YES('m.by_default'),
    IS_MANDATORY: `'NO'`,
  },
});

export const PRIVILEGE_SOURCES: Readonly<Record<string, ViewSource>> = {
  ADMINISTRABLE_ROLE_AUTHORIZATIONS: OWN_ROLES(' AND m.admin'),
  APPLICABLE_ROLES: OWN_ROLES(''),
  ENABLED_ROLES: OWN_ROLES(' AND m.active'),
  USER_ATTRIBUTES: { from: `sys.accounts a WHERE ${VISIBLE}`, columns: { USER: 'a.user', HOST: 'a.host' } },
  USER_PRIVILEGES: {
    from: `(SELECT a.role_id, ${GRANTEE} AS grantee, 'USAGE' AS privilege, 'NO' AS grantable FROM sys.accounts a WHERE NOT a.superuser AND NOT EXISTS (SELECT 1 FROM sys.scoped_grants g WHERE g.role_id = a.role_id AND g.\`database\` = '' AND g.privilege <> 'GRANT OPTION') UNION ALL SELECT a.role_id, ${GRANTEE}, p.name, 'YES' FROM sys.accounts a JOIN ${SERVER_LIST} p WHERE a.superuser UNION ALL SELECT a.role_id, ${GRANTEE}, g.privilege, ${GRANTABLE(`o.\`database\` = ''`)} FROM ${scoped(`g.\`database\` = ''`)}) a WHERE ${VISIBLE}`,
    columns: {
      GRANTEE: 'a.grantee',
      TABLE_CATALOG: `'def'`,
      PRIVILEGE_TYPE: 'a.privilege',
      IS_GRANTABLE: 'a.grantable',
    },
  },
  SCHEMA_PRIVILEGES: {
    from: scoped(`g.\`database\` <> '' AND g.relation = ''`),
    columns: {
      GRANTEE,
      TABLE_CATALOG: `'def'`,
      TABLE_SCHEMA: 'g.`database`',
      PRIVILEGE_TYPE: 'g.privilege',
      IS_GRANTABLE: GRANTABLE(`o.\`database\` = g.\`database\` AND o.relation = ''`),
    },
  },
  TABLE_PRIVILEGES: {
    from: scoped(`g.relation <> '' AND g.\`column\` = ''`),
    columns: {
      GRANTEE,
      TABLE_CATALOG: `'def'`,
      TABLE_SCHEMA: 'g.`database`',
      TABLE_NAME: 'g.relation',
      PRIVILEGE_TYPE: 'g.privilege',
      IS_GRANTABLE: GRANTABLE(`o.\`database\` = g.\`database\` AND o.relation = g.relation`),
    },
  },
  COLUMN_PRIVILEGES: {
    from: scoped(`g.\`column\` <> ''`),
    columns: {
      GRANTEE,
      TABLE_CATALOG: `'def'`,
      TABLE_SCHEMA: 'g.`database`',
      TABLE_NAME: 'g.relation',
      COLUMN_NAME: 'g.`column`',
      PRIVILEGE_TYPE: 'g.privilege',
      IS_GRANTABLE: GRANTABLE(`o.\`database\` = g.\`database\` AND o.relation = g.relation`),
    },
  },
};
