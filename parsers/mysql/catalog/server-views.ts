/** The tables of `mysql` and `performance_schema` that clients read: shapes and sources. */
import { ACCOUNT_SHAPES, ACCOUNT_SOURCES } from './account-views.ts';
import type { Shape, ViewSource } from './view-text.ts';

export const MYSQL_SHAPES: readonly Shape[] = [
  ...ACCOUNT_SHAPES,
  ['help_category', 13502, 'help_category_id smallint unsigned, name char(64), parent_category_id smallint unsigned, url text'],
  ['help_keyword', 13503, 'help_keyword_id int unsigned, name char(64)'],
  ['help_relation', 13504, 'help_topic_id int unsigned, help_keyword_id int unsigned'],
  ['help_topic', 13505, 'help_topic_id int unsigned, name char(64), help_category_id smallint unsigned, description text, example text, url text'],
  ['proc', 13506, 'db char(64), name char(64), type varchar(9), specific_name char(64), language char(16), body longblob, definer varchar(93), comment text'],
];

export const MYSQL_SOURCES: Readonly<Record<string, ViewSource>> = ACCOUNT_SOURCES;

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
  ['threads', 13608, 'THREAD_ID bigint unsigned, NAME varchar(128), TYPE varchar(10), PROCESSLIST_ID bigint unsigned, PROCESSLIST_USER varchar(32), PROCESSLIST_HOST varchar(255), PROCESSLIST_DB varchar(64), PROCESSLIST_COMMAND varchar(16), PROCESSLIST_TIME bigint, PROCESSLIST_STATE varchar(64), PROCESSLIST_INFO longtext, PARENT_THREAD_ID bigint unsigned, ROLE varchar(64), INSTRUMENTED varchar(3), HISTORY varchar(3), CONNECTION_TYPE varchar(16), THREAD_OS_ID bigint unsigned, RESOURCE_GROUP varchar(64)'],
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
  threads: {
    from: 'information_schema.PROCESSLIST p',
    columns: {
      THREAD_ID: 'p.ID',
      NAME: `'thread/sql/one_connection'`,
      TYPE: `'FOREGROUND'`,
      PROCESSLIST_ID: 'p.ID',
      PROCESSLIST_USER: 'p.USER',
      PROCESSLIST_HOST: `SUBSTRING_INDEX(p.HOST, ':', 1)`,
      PROCESSLIST_DB: 'p.DB',
      PROCESSLIST_COMMAND: 'p.COMMAND',
      PROCESSLIST_TIME: 'p.TIME',
      PROCESSLIST_STATE: 'p.STATE',
      PROCESSLIST_INFO: 'p.INFO',
      INSTRUMENTED: `'YES'`,
      HISTORY: `'YES'`,
      CONNECTION_TYPE: `'TCP/IP'`,
    },
  },
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
