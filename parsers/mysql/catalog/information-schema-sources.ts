/** Sources of information_schema: SQL over the `sys` base relations, in MySQL's words. */
import { CHARACTER_SETS, COLLATIONS } from '../character-sets.ts';
import type { ViewSource } from './view-text.ts';
import * as type from './type-text.ts';

/** Collation of what declares none. */
const SERVER_COLLATION = `'utf8mb4_0900_ai_ci'`;
const ROOT = `'root@localhost'`;

/** Relations that clients see and hold some privilege on, each with its database: tables and views of main schemas, and the dialect's own. */
const RELATIONS =
  'sys.relations r JOIN sys.schemas s ON s.id = r.schema_id AND (s.main OR s.`system`) AND sys.reaches_relation(r.id) LEFT JOIN sys.databases d ON d.id = s.database_id';
/** The session's temporary tables. */
const TEMPORARY =
  'sys.relations r JOIN sys.databases d ON d.id = r.database_id AND sys.is_own_temporary_schema(r.schema_id) LEFT JOIN sys.schemas s ON s.id = r.schema_id';
const DATABASE = 'COALESCE(d.name, s.name)';

const option = (alias: string, object: string, name: string): string =>
  `LEFT JOIN sys.options ${alias} ON ${alias}.object_id = ${object} AND ${alias}.name = '${name}'`;

const DATABASE_COLLATION = `${option('dc', 'd.id', 'collation')}`;
const TABLE_COLLATION = `COALESCE(tc.value, dc.value, ${SERVER_COLLATION})`;
const COLLATED = `${DATABASE_COLLATION} ${option('tc', 'r.id', 'collation')}`;

const COLUMN_COLLATION = type.collation('c');

/** The strongest key that a column is in: 1 primary, 2 unique, 3 the first of another. */
const COLUMN_KEYS =
  'SELECT k.relation_id, k.column_position, MIN(CASE WHEN i.is_primary THEN 1 WHEN i.is_unique AND i.key_count = 1 THEN 2 WHEN k.position = 1 THEN 3 ELSE 4 END) AS strength FROM sys.index_keys k JOIN sys.indexes i ON i.id = k.index_id GROUP BY k.relation_id, k.column_position';

const CONSTRAINTS = `sys.constraints x JOIN ${RELATIONS.replace('sys.relations r', "sys.relations r ON r.id = x.relation_id AND r.kind = 'table'")}`;

const rows = (...list: readonly (readonly (string | number)[])[]): string =>
  list
    .map(
      (row) =>
        `SELECT ${row.map((value, at) => `${typeof value === 'number' ? value : `'${value.replaceAll("'", "''")}'`} AS c${at + 1}`).join(', ')}`,
    )
    .join(' UNION ALL ');

const CHARACTER_SET_ROWS = rows(...CHARACTER_SETS);
const COLLATION_ROWS = rows(...COLLATIONS);

const RULE = (column: string): string =>
  `CASE ${column} WHEN 'no_action' THEN 'NO ACTION' WHEN 'restrict' THEN 'RESTRICT' WHEN 'cascade' THEN 'CASCADE' WHEN 'set_null' THEN 'SET NULL' ELSE 'SET DEFAULT' END`;

/** Names of constraints: those of keys are the names of their indexes. */
const CONSTRAINT_NAME = `CASE WHEN x.kind = 'primary_key' THEN 'PRIMARY' WHEN x.kind = 'unique' THEN COALESCE(ix.local_name, x.name) ELSE x.name END`;

function columnsSource(relations: string): ViewSource {
  return {
    from: `${relations.replace('sys.relations r', "sys.columns c JOIN sys.relations r ON r.id = c.relation_id AND r.kind IN ('table', 'view')")} ${COLLATED} LEFT JOIN (${COLUMN_KEYS}) k ON k.relation_id = c.relation_id AND k.column_position = c.position WHERE NOT c.dropped AND sys.reaches_column(c.relation_id, c.position)`,
    order: `${DATABASE}, r.name, c.ordinal`,
    columns: {
      TABLE_CATALOG: `'def'`,
      TABLE_SCHEMA: DATABASE,
      TABLE_NAME: 'r.name',
      COLUMN_NAME: 'c.name',
      ORDINAL_POSITION: 'c.ordinal',
      COLUMN_DEFAULT: type.defaultValue('c'),
      IS_NULLABLE: `CASE WHEN c.not_null THEN 'NO' ELSE 'YES' END`,
      DATA_TYPE: type.dataType('c'),
      CHARACTER_MAXIMUM_LENGTH: type.maximumLength('c'),
      CHARACTER_OCTET_LENGTH: type.octetLength('c'),
      NUMERIC_PRECISION: type.numericPrecision('c'),
      NUMERIC_SCALE: type.numericScale('c'),
      DATETIME_PRECISION: type.datetimePrecision('c'),
      CHARACTER_SET_NAME: type.characterSet(COLUMN_COLLATION),
      COLLATION_NAME: COLUMN_COLLATION,
      COLUMN_TYPE: type.columnType('c'),
      COLUMN_KEY: `CASE k.strength WHEN 1 THEN 'PRI' WHEN 2 THEN 'UNI' WHEN 3 THEN 'MUL' ELSE '' END`,
      EXTRA: type.extra('c'),
      PRIVILEGES: `'select,insert,update,references'`,
      COLUMN_COMMENT: `COALESCE(c.comment, '')`,
      GENERATION_EXPRESSION: `CASE WHEN c.generated = 'none' THEN '' ELSE c.default_source END`,
    },
  };
}

function statisticsSource(relations: string): ViewSource {
  return {
    from: `sys.index_keys k JOIN sys.indexes i ON i.id = k.index_id JOIN sys.relations n ON n.id = k.index_id JOIN ${relations.replace('sys.relations r', 'sys.relations r ON r.id = k.relation_id')} LEFT JOIN sys.columns c ON c.relation_id = k.relation_id AND c.position = k.column_position`,
    order: `${DATABASE}, r.name, CASE WHEN i.is_primary THEN 0 WHEN i.is_unique THEN 1 ELSE 2 END, i.id, k.position`,
    columns: {
      TABLE_CATALOG: `'def'`,
      TABLE_SCHEMA: DATABASE,
      TABLE_NAME: 'r.name',
      NON_UNIQUE: 'CASE WHEN i.is_unique THEN 0 ELSE 1 END',
      INDEX_SCHEMA: DATABASE,
      INDEX_NAME: `CASE WHEN i.is_primary THEN 'PRIMARY' ELSE n.local_name END`,
      SEQ_IN_INDEX: 'k.position',
      COLUMN_NAME: 'k.column_name',
      COLLATION: `CASE WHEN k.descending THEN 'D' ELSE 'A' END`,
      CARDINALITY: 'GREATEST(r.row_estimate, 0)',
      SUB_PART: 'k.prefix_length',
      NULLABLE: `CASE WHEN c.not_null THEN '' ELSE 'YES' END`,
      INDEX_TYPE: `'BTREE'`,
      COMMENT: `''`,
      INDEX_COMMENT: `COALESCE(n.comment, '')`,
      IS_VISIBLE: `'YES'`,
      EXPRESSION: 'k.expression_source',
    },
  };
}

/** Temporary tables are not in the catalog views; what SHOW tells of the session's own comes from these. */
export const TEMPORARY_SOURCES: Readonly<Record<'COLUMNS' | 'STATISTICS', ViewSource>> = {
  COLUMNS: columnsSource(TEMPORARY),
  STATISTICS: statisticsSource(TEMPORARY),
};

export const INFORMATION_SCHEMA_SOURCES: Readonly<Record<string, ViewSource>> = {
  CHARACTER_SETS: {
    from: `(${CHARACTER_SET_ROWS}) v`,
    columns: { CHARACTER_SET_NAME: 'v.c1', DEFAULT_COLLATE_NAME: 'v.c2', DESCRIPTION: 'v.c3', MAXLEN: 'v.c4' },
  },
  CHECK_CONSTRAINTS: {
    from: `${CONSTRAINTS} WHERE x.kind = 'check'`,
    columns: {
      CONSTRAINT_CATALOG: `'def'`,
      CONSTRAINT_SCHEMA: DATABASE,
      CONSTRAINT_NAME: 'x.name',
      CHECK_CLAUSE: 'x.expression_source',
    },
  },
  COLLATIONS: {
    from: `(${COLLATION_ROWS}) v`,
    columns: {
      COLLATION_NAME: 'v.c1',
      CHARACTER_SET_NAME: 'v.c2',
      ID: 'v.c3',
      IS_DEFAULT: 'v.c4',
      IS_COMPILED: `'Yes'`,
      SORTLEN: 'v.c5',
      PAD_ATTRIBUTE: 'v.c6',
    },
  },
  COLLATION_CHARACTER_SET_APPLICABILITY: {
    from: `(${COLLATION_ROWS}) v`,
    columns: { COLLATION_NAME: 'v.c1', CHARACTER_SET_NAME: 'v.c2' },
  },
  COLUMNS: columnsSource(RELATIONS),
  ENGINES: {
    from: `(${rows(['InnoDB', 'DEFAULT', 'Supports transactions, row-level locking, and foreign keys', 'YES', 'YES', 'YES'])}) v`,
    columns: {
      ENGINE: 'v.c1',
      SUPPORT: 'v.c2',
      COMMENT: 'v.c3',
      TRANSACTIONS: 'v.c4',
      XA: 'v.c5',
      SAVEPOINTS: 'v.c6',
    },
  },
  KEY_COLUMN_USAGE: {
    from: `sys.constraint_columns y JOIN ${CONSTRAINTS.replace('sys.constraints x', 'sys.constraints x ON x.id = y.constraint_id')} LEFT JOIN sys.relations ix ON ix.id = x.index_id LEFT JOIN sys.relations t ON t.id = x.ref_relation_id LEFT JOIN sys.databases td ON td.id = t.database_id WHERE x.kind IN ('primary_key', 'unique', 'foreign_key')`,
    order: `${DATABASE}, r.name, CASE x.kind WHEN 'primary_key' THEN 0 WHEN 'unique' THEN 1 ELSE 2 END, x.id, y.position`,
    columns: {
      CONSTRAINT_CATALOG: `'def'`,
      CONSTRAINT_SCHEMA: DATABASE,
      CONSTRAINT_NAME,
      TABLE_CATALOG: `'def'`,
      TABLE_SCHEMA: DATABASE,
      TABLE_NAME: 'r.name',
      COLUMN_NAME: 'y.column_name',
      ORDINAL_POSITION: 'y.position',
      POSITION_IN_UNIQUE_CONSTRAINT: `CASE WHEN x.kind = 'foreign_key' THEN y.position END`,
      REFERENCED_TABLE_SCHEMA: 'td.name',
      REFERENCED_TABLE_NAME: 'COALESCE(t.name, x.absent_table)',
      REFERENCED_COLUMN_NAME: 'y.ref_column_name',
    },
  },
  PARTITIONS: {
    from: `${RELATIONS} WHERE r.kind = 'table'`,
    columns: {
      TABLE_CATALOG: `'def'`,
      TABLE_SCHEMA: DATABASE,
      TABLE_NAME: 'r.name',
      TABLE_ROWS: 'GREATEST(r.row_estimate, 0)',
      AVG_ROW_LENGTH: '0',
      DATA_LENGTH: 'r.page_estimate * 8192',
      MAX_DATA_LENGTH: '0',
      INDEX_LENGTH: '0',
      DATA_FREE: '0',
      PARTITION_COMMENT: `''`,
    },
  },
  PLUGINS: {
    from: `(${rows(
      ['mysql_native_password', 'AUTHENTICATION', 'Native MySQL authentication'],
      ['caching_sha2_password', 'AUTHENTICATION', 'Caching sha2 authentication'],
      ['InnoDB', 'STORAGE ENGINE', 'Supports transactions, row-level locking, and foreign keys'],
    )}) v`,
    columns: {
      PLUGIN_NAME: 'v.c1',
      PLUGIN_VERSION: `'1.0'`,
      PLUGIN_STATUS: `'ACTIVE'`,
      PLUGIN_TYPE: 'v.c2',
      PLUGIN_TYPE_VERSION: `'2.0'`,
      PLUGIN_DESCRIPTION: 'v.c3',
      PLUGIN_LICENSE: `'MIT'`,
      LOAD_OPTION: `'FORCE'`,
    },
  },
  PROCESSLIST: {
    from: `sys.sessions p LEFT JOIN sys.databases d ON d.id = p.database_id LEFT JOIN sys.accounts a ON a.role_id = p.role_id WHERE sys.administers('activity') OR p.role_id = sys.current_role_id()`,
    columns: {
      ID: 'p.id',
      USER: 'COALESCE(a.user, p.role_name)',
      HOST: `CASE WHEN p.client_address = '' THEN 'localhost' ELSE p.client_address END`,
      DB: 'd.name',
      COMMAND: `CASE WHEN p.state = 'active' THEN 'Query' ELSE 'Sleep' END`,
      TIME: `sys.floor(sys.extract('epoch', sys.now()) - sys.extract('epoch', p.state_changed))`,
      STATE: `CASE WHEN p.state = 'active' THEN 'executing' ELSE '' END`,
      INFO: `CASE WHEN p.state = 'active' THEN p.text END`,
    },
  },
  REFERENTIAL_CONSTRAINTS: {
    from: `${CONSTRAINTS} LEFT JOIN sys.relations t ON t.id = x.ref_relation_id LEFT JOIN sys.databases td ON td.id = t.database_id LEFT JOIN sys.relations ti ON ti.id = x.index_id WHERE x.kind = 'foreign_key'`,
    columns: {
      CONSTRAINT_CATALOG: `'def'`,
      CONSTRAINT_SCHEMA: DATABASE,
      CONSTRAINT_NAME: 'x.name',
      UNIQUE_CONSTRAINT_CATALOG: `'def'`,
      UNIQUE_CONSTRAINT_SCHEMA: 'td.name',
      UNIQUE_CONSTRAINT_NAME: 'ti.local_name',
      MATCH_OPTION: `'NONE'`,
      UPDATE_RULE: RULE('x.on_update'),
      DELETE_RULE: RULE('x.on_delete'),
      TABLE_NAME: 'r.name',
      REFERENCED_TABLE_NAME: 'COALESCE(t.name, x.absent_table)',
    },
  },
  SCHEMATA: {
    from: `(SELECT d.id, d.name FROM sys.databases d WHERE sys.reaches_database(d.id) UNION ALL SELECT 0, s.name FROM sys.schemas s WHERE s.\`system\` AND sys.reaches_own_schema(s.id)) d ${DATABASE_COLLATION}`,
    columns: {
      CATALOG_NAME: `'def'`,
      SCHEMA_NAME: 'd.name',
      DEFAULT_CHARACTER_SET_NAME: type.characterSet(`COALESCE(dc.value, ${SERVER_COLLATION})`),
      DEFAULT_COLLATION_NAME: `COALESCE(dc.value, ${SERVER_COLLATION})`,
      DEFAULT_ENCRYPTION: `'NO'`,
    },
  },
  STATISTICS: statisticsSource(RELATIONS),
  TABLES: {
    from: `${RELATIONS} ${COLLATED} ${option('te', 'r.id', 'engine')} LEFT JOIN (SELECT q.owner_table, MAX(CASE WHEN q.is_called AND q.last_value <= q.maximum - q.increment THEN q.last_value + q.increment ELSE q.last_value END) AS next FROM sys.sequences q WHERE q.owner_table <> 0 GROUP BY q.owner_table) q ON q.owner_table = r.id WHERE r.kind IN ('table', 'view')`,
    order: `${DATABASE}, r.name`,
    columns: {
      TABLE_CATALOG: `'def'`,
      TABLE_SCHEMA: DATABASE,
      TABLE_NAME: 'r.name',
      TABLE_TYPE: `CASE WHEN s.\`system\` THEN 'SYSTEM VIEW' WHEN r.kind = 'view' THEN 'VIEW' ELSE 'BASE TABLE' END`,
      ENGINE: `CASE WHEN r.kind = 'table' THEN 'InnoDB' END`,
      VERSION: `CASE WHEN r.kind = 'table' THEN 10 END`,
      ROW_FORMAT: `CASE WHEN r.kind = 'table' THEN 'Dynamic' END`,
      TABLE_ROWS: `CASE WHEN r.kind = 'table' THEN GREATEST(r.row_estimate, 0) END`,
      AVG_ROW_LENGTH: `CASE WHEN r.kind = 'table' THEN 0 END`,
      DATA_LENGTH: `CASE WHEN r.kind = 'table' THEN r.page_estimate * 8192 END`,
      MAX_DATA_LENGTH: `CASE WHEN r.kind = 'table' THEN 0 END`,
      INDEX_LENGTH: `CASE WHEN r.kind = 'table' THEN 0 END`,
      DATA_FREE: `CASE WHEN r.kind = 'table' THEN 0 END`,
      AUTO_INCREMENT: 'q.next',
      TABLE_COLLATION: `CASE WHEN r.kind = 'table' THEN ${TABLE_COLLATION} END`,
      CREATE_OPTIONS: `CASE WHEN r.kind = 'table' THEN '' END`,
      TABLE_COMMENT: `CASE WHEN r.kind = 'view' AND NOT s.\`system\` THEN 'VIEW' ELSE COALESCE(r.comment, '') END`,
    },
  },
  TABLE_CONSTRAINTS: {
    from: `${CONSTRAINTS} LEFT JOIN sys.relations ix ON ix.id = x.index_id`,
    columns: {
      CONSTRAINT_CATALOG: `'def'`,
      CONSTRAINT_SCHEMA: DATABASE,
      CONSTRAINT_NAME,
      TABLE_SCHEMA: DATABASE,
      TABLE_NAME: 'r.name',
      CONSTRAINT_TYPE: `CASE x.kind WHEN 'primary_key' THEN 'PRIMARY KEY' WHEN 'unique' THEN 'UNIQUE' WHEN 'foreign_key' THEN 'FOREIGN KEY' ELSE 'CHECK' END`,
      ENFORCED: `'YES'`,
    },
  },
  VIEWS: {
    from: `sys.views w JOIN ${RELATIONS.replace('sys.relations r', 'sys.relations r ON r.id = w.id')}`,
    columns: {
      TABLE_CATALOG: `'def'`,
      TABLE_SCHEMA: DATABASE,
      TABLE_NAME: 'r.name',
      VIEW_DEFINITION: 'w.definition',
      CHECK_OPTION: `UPPER(w.check_option)`,
      IS_UPDATABLE: `CASE WHEN sys.relation_is_updatable(w.id, true) <> 0 THEN 'YES' ELSE 'NO' END`,
      DEFINER: ROOT,
      SECURITY_TYPE: `'DEFINER'`,
      CHARACTER_SET_CLIENT: `'utf8mb4'`,
      COLLATION_CONNECTION: SERVER_COLLATION,
    },
  },
};
