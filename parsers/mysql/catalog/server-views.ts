/** The tables of `mysql` and `performance_schema` that clients read: shapes and sources. */
import type { Shape, ViewSource } from './build-view.ts';

const PRIVILEGES =
  'Select Insert Update Delete Create Drop Reload Shutdown Process File Grant References Index Alter Show_db Super Create_tmp_table Lock_tables Execute Repl_slave Repl_client Create_view Show_view Create_routine Alter_routine Create_user Event Trigger Create_tablespace';
const privilegeColumns = PRIVILEGES.split(' ').map((word) => `${word}_priv`);

export const MYSQL_SHAPES: readonly Shape[] = [
  ['columns_priv', 13500, 'Host char(255), Db char(64), User char(32), Table_name char(64), Column_name char(64), Timestamp timestamp, Column_priv varchar(64)'],
  ['db', 13501, `Host char(255), Db char(64), User char(32), ${privilegeColumns.slice(0, 6).map((name) => `${name} char(1)`).join(', ')}`],
  ['help_category', 13502, 'help_category_id smallint unsigned, name char(64), parent_category_id smallint unsigned, url text'],
  ['help_keyword', 13503, 'help_keyword_id int unsigned, name char(64)'],
  ['help_relation', 13504, 'help_topic_id int unsigned, help_keyword_id int unsigned'],
  ['help_topic', 13505, 'help_topic_id int unsigned, name char(64), help_category_id smallint unsigned, description text, example text, url text'],
  ['proc', 13506, 'db char(64), name char(64), type varchar(9), specific_name char(64), language char(16), body longblob, definer varchar(93), comment text'],
  ['tables_priv', 13507, 'Host char(255), Db char(64), User char(32), Table_name char(64), Grantor varchar(288), Timestamp timestamp, Table_priv varchar(255), Column_priv varchar(64)'],
  ['user', 13508, `Host char(255), User char(32), ${privilegeColumns.map((name) => `${name} char(1)`).join(', ')}, plugin char(64), authentication_string text, password_expired char(1), account_locked char(1)`],
];

export const MYSQL_SOURCES: Readonly<Record<string, ViewSource>> = {
  user: {
    from: 'sys.roles a WHERE a.login',
    columns: {
      Host: `'%'`,
      User: 'a.name',
      ...Object.fromEntries(
        privilegeColumns.map((name) => [name, `CASE WHEN a.superuser THEN 'Y' ELSE 'N' END`]),
      ),
      plugin: `'caching_sha2_password'`,
      authentication_string: `''`,
      password_expired: `'N'`,
      account_locked: `'N'`,
    },
  },
};

const VARIABLES = 'VARIABLE_NAME varchar(64), VARIABLE_VALUE varchar(1024)';

export const PERFORMANCE_SCHEMA_SHAPES: readonly Shape[] = [
  ['global_status', 13600, VARIABLES],
  ['global_variables', 13601, VARIABLES],
  ['persisted_variables', 13602, VARIABLES],
  ['processlist', 13603, 'ID bigint unsigned, USER varchar(32), HOST varchar(261), DB varchar(64), COMMAND varchar(16), TIME bigint, STATE varchar(64), INFO longtext, EXECUTION_ENGINE varchar(9)'],
  ['session_account_connect_attrs', 13604, 'PROCESSLIST_ID bigint unsigned, ATTR_NAME varchar(32), ATTR_VALUE varchar(1024), ORDINAL_POSITION int'],
  ['session_connect_attrs', 13605, 'PROCESSLIST_ID bigint unsigned, ATTR_NAME varchar(32), ATTR_VALUE varchar(1024), ORDINAL_POSITION int'],
  ['session_status', 13606, VARIABLES],
  ['session_variables', 13607, VARIABLES],
];

const setting = (value: string): ViewSource => ({
  from: 'sys.settings v',
  columns: { VARIABLE_NAME: 'v.name', VARIABLE_VALUE: `CASE WHEN v.kind = 'bool' THEN UPPER(${value}) ELSE ${value} END` },
});

const SECONDS_UP = `sys.floor(sys.extract('epoch', sys.now()) - sys.extract('epoch', sys.server_start_time()))`;

/** What this server counts. */
const STATUS: ViewSource = {
  from: `(SELECT 'Threads_connected' AS name, (SELECT COUNT(*) FROM sys.sessions) AS value UNION ALL SELECT 'Threads_running', (SELECT COUNT(*) FROM sys.sessions p WHERE p.state = 'active') UNION ALL SELECT 'Uptime', CAST(${SECONDS_UP} AS bigint) UNION ALL SELECT 'Uptime_since_flush_status', CAST(${SECONDS_UP} AS bigint)) v`,
  columns: { VARIABLE_NAME: 'v.name', VARIABLE_VALUE: 'v.value' },
};

export const PERFORMANCE_SCHEMA_SOURCES: Readonly<Record<string, ViewSource>> = {
  global_status: STATUS,
  session_status: STATUS,
  global_variables: setting('v.reset_value'),
  session_variables: setting('v.value'),
  processlist: {
    from: 'information_schema.PROCESSLIST p',
    columns: {
      ID: 'p.ID',
      USER: 'p.USER',
      HOST: 'p.HOST',
      DB: 'p.DB',
      COMMAND: 'p.COMMAND',
      TIME: 'p.TIME',
      STATE: 'p.STATE',
      INFO: 'p.INFO',
      EXECUTION_ENGINE: `'PRIMARY'`,
    },
  },
};
