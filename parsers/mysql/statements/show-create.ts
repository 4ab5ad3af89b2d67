/**
 * SHOW CREATE DATABASE, TABLE and VIEW: the statement that makes the object again, written by a query over
 * the `sys` base relations, line by line as MySQL 8.0 does.
 */
import type { StatementNode } from '../../../sblr/nodes.ts';
import * as type from '../catalog/type-text.ts';
import type { MysqlParser } from '../parser.ts';
import { showCreateUser } from './show-grants.ts';
import { listing, namedTable, quoteText, requiringDatabase, requiringTable } from './listing.ts';

const SERVER_COLLATION = `'utf8mb4_0900_ai_ci'`;

const quoted = (name: string): string => `CONCAT('\`', REPLACE(${name}, '\`', '\`\`'), '\`')`;
/** Characters that a literal shows as a backslash and a letter; by number, which no SQL mode reads otherwise. */
const ESCAPED = [
  [92, '\\'],
  [10, 'n'],
  [13, 'r'],
] as const;
const literal = (text: string): string => {
  const escaped = ESCAPED.reduce(
    (inner, [code, letter]) =>
      `REPLACE(${inner}, sys.chr(${code}), CONCAT(sys.chr(92), ${letter === '\\' ? 'sys.chr(92)' : `'${letter}'`}))`,
    text,
  );
  return `CONCAT('''', REPLACE(${escaped}, '''', ''''''), '''')`;
};
const option = (object: string, name: string): string =>
  `(SELECT o.value FROM sys.options o WHERE o.object_id = ${object} AND o.name = '${name}')`;

/** Of the table r in database d. */
const TABLE_COLLATION = `COALESCE(${option('r.id', 'collation')}, ${option('d.id', 'collation')}, ${SERVER_COLLATION})`;

/** Collations that need no COLLATE beside the name of their character set. */
const PRIMARY_COLLATIONS = `('latin1_swedish_ci', 'utf8mb3_general_ci', 'ascii_general_ci', 'ucs2_general_ci')`;

const IS_LARGE = `(c.type_kind IN ('text', 'bytes') AND c.length IS NULL)`;

/** A default as DEFAULT has it: literals in quotes, expressions in parentheses. */
const DEFAULT = `CASE WHEN c.default_source LIKE '''%' OR c.default_source LIKE 'b''%' OR c.default_source LIKE '(%' OR c.default_source LIKE 'CURRENT\\_TIMESTAMP%' OR c.default_source = 'NULL' THEN c.default_source WHEN c.default_source = 'now()' THEN 'CURRENT_TIMESTAMP' WHEN sys.regex_match(c.default_source, '^-?[0-9.]+$') THEN ${literal('c.default_source')} ELSE CONCAT('(', c.default_source, ')') END`;

function columnLine(): string {
  const collation = type.collation('c');
  const parts = [
    `'  '`,
    quoted('c.name'),
    `' '`,
    type.columnType('c'),
    `CASE WHEN c.type_kind IN ('text', 'enum', 'set') AND ${collation} <> ${TABLE_COLLATION} THEN CONCAT(' CHARACTER SET ', ${type.characterSet(collation)}, CASE WHEN ${collation} IN ${PRIMARY_COLLATIONS} THEN '' ELSE CONCAT(' COLLATE ', ${collation}) END) ELSE '' END`,
    `CASE WHEN c.generated = 'none' THEN '' ELSE CONCAT(' GENERATED ALWAYS AS (', c.default_source, ') ', UPPER(c.generated)) END`,
    `CASE WHEN c.not_null THEN ' NOT NULL' WHEN c.type_kind = 'timestamptz' THEN ' NULL' ELSE '' END`,
    `CASE WHEN c.generated <> 'none' OR c.sequence_id <> 0 THEN '' WHEN c.default_source IS NOT NULL THEN CONCAT(' DEFAULT ', ${DEFAULT}) WHEN c.not_null OR ${IS_LARGE} THEN '' ELSE ' DEFAULT NULL' END`,
    `CASE WHEN c.on_update IS NULL THEN '' ELSE CONCAT(' ON UPDATE ', c.on_update) END`,
    `CASE WHEN c.sequence_id <> 0 THEN ' AUTO_INCREMENT' ELSE '' END`,
    `CASE WHEN c.comment IS NULL OR c.comment = '' THEN '' ELSE CONCAT(' COMMENT ', ${literal('c.comment')}) END`,
  ];
  return `CONCAT(${parts.join(', ')})`;
}

const INDEX_PART = `CONCAT(CASE WHEN k.column_name IS NULL THEN CONCAT('(', COALESCE(NULLIF(k.expression_source, ''), k.expression), ')') ELSE ${quoted('k.column_name')} END, CASE WHEN k.prefix_length IS NULL THEN '' ELSE CONCAT('(', k.prefix_length, ')') END, CASE WHEN k.descending THEN ' DESC' ELSE '' END)`;
const INDEX_PARTS = `(SELECT sys.string_agg(${INDEX_PART}, ',' ORDER BY k.position) FROM sys.index_keys k WHERE k.index_id = i.id)`;
const INDEX_LINE = `CONCAT(CASE WHEN i.is_primary THEN '  PRIMARY KEY' ELSE CONCAT(CASE WHEN i.is_unique THEN '  UNIQUE KEY ' ELSE '  KEY ' END, ${quoted('n.local_name')}) END, ' (', ${INDEX_PARTS}, ')', CASE WHEN n.comment IS NULL THEN '' ELSE CONCAT(' COMMENT ', ${literal('n.comment')}) END)`;

const columnNames = (column: string): string =>
  `(SELECT sys.string_agg(${quoted(`y.${column}`)}, ',' ORDER BY y.position) FROM sys.constraint_columns y WHERE y.constraint_id = x.id AND y.relation_id = x.relation_id)`;
const action = (column: string, words: string): string =>
  `CASE ${column} WHEN 'cascade' THEN ' ${words} CASCADE' WHEN 'restrict' THEN ' ${words} RESTRICT' WHEN 'set_null' THEN ' ${words} SET NULL' WHEN 'set_default' THEN ' ${words} SET DEFAULT' ELSE '' END`;
const REFERENCE_LINE = `CONCAT('  CONSTRAINT ', ${quoted('x.name')}, ' FOREIGN KEY (', ${columnNames('column_name')}, ') REFERENCES ', CASE WHEN t.database_id <> r.database_id THEN CONCAT(${quoted('td.name')}, '.') ELSE '' END, ${quoted('COALESCE(t.name, x.absent_table)')}, ' (', ${columnNames('ref_column_name')}, ')', ${action('x.on_delete', 'ON DELETE')}, ${action('x.on_update', 'ON UPDATE')})`;
const CHECK_LINE = `CONCAT('  CONSTRAINT ', ${quoted('x.name')}, ' CHECK (', x.expression_source, ')')`;

/** Lines of a table's definition: columns, keys, references, checks, in this order; the last two by name. */
function lines(table: string): string {
  const key = `CASE WHEN i.is_primary THEN 0 WHEN i.is_unique THEN 1 ELSE 2 END`;
  return [
    `SELECT 1 AS part, '' AS called, c.ordinal AS place, ${columnLine()} AS line FROM sys.columns c, ${table} WHERE c.relation_id = r.id AND NOT c.dropped`,
    `SELECT 2 + ${key}, '', i.id, ${INDEX_LINE} FROM sys.indexes i JOIN sys.relations n ON n.id = i.id, ${table} WHERE i.relation_id = r.id`,
    `SELECT 5, LOWER(x.name), x.id, ${REFERENCE_LINE} FROM sys.constraints x LEFT JOIN sys.relations t ON t.id = x.ref_relation_id LEFT JOIN sys.databases td ON td.id = t.database_id, ${table} WHERE x.relation_id = r.id AND x.kind = 'foreign_key'`,
    `SELECT 6, LOWER(x.name), x.id, ${CHECK_LINE} FROM sys.constraints x, ${table} WHERE x.relation_id = r.id AND x.kind = 'check'`,
  ].join(' UNION ALL ');
}

const NEXT_NUMBER = `(SELECT MAX(CASE WHEN q.is_called AND q.last_value <= q.maximum - q.increment THEN q.last_value + q.increment ELSE q.last_value END) FROM sys.sequences q WHERE q.owner_table = r.id)`;

const TABLE_OPTIONS = `CONCAT(') ENGINE=', COALESCE(${option('r.id', 'engine')}, 'InnoDB'), CASE WHEN ${NEXT_NUMBER} > 1 THEN CONCAT(' AUTO_INCREMENT=', ${NEXT_NUMBER}) ELSE '' END, ' DEFAULT CHARSET=', ${type.characterSet(TABLE_COLLATION)}, CASE WHEN ${TABLE_COLLATION} IN ${PRIMARY_COLLATIONS} THEN '' ELSE CONCAT(' COLLATE=', ${TABLE_COLLATION}) END, CASE WHEN ${option('r.id', 'row_format')} IS NULL THEN '' ELSE CONCAT(' ROW_FORMAT=', UPPER(${option('r.id', 'row_format')})) END, CASE WHEN r.comment IS NULL OR r.comment = '' THEN '' ELSE CONCAT(' COMMENT=', ${literal('r.comment')}) END)`;

/** The relation r in its database d: the session's temporary one first. */
function found(p: MysqlParser, database: string, table: string): string {
  return `(SELECT r.*, d.name AS database_name FROM sys.relations r JOIN sys.databases d ON d.id = r.database_id LEFT JOIN sys.schemas s ON s.id = r.schema_id AND s.main WHERE (s.id IS NOT NULL OR sys.is_own_temporary_schema(r.schema_id)) AND d.name = ${quoteText(p, database)} AND r.name = ${quoteText(p, table)} AND r.kind IN ('table', 'view') ORDER BY s.id IS NOT NULL LIMIT 1)`;
}

const VIEW_TEXT = `(SELECT CONCAT('CREATE ALGORITHM=UNDEFINED DEFINER=\`root\`@\`localhost\` SQL SECURITY DEFINER VIEW ', ${quoted('r.name')}, ' AS ', w.definition, CASE w.check_option WHEN 'none' THEN '' ELSE CONCAT(' WITH ', UPPER(w.check_option), ' CHECK OPTION') END) FROM sys.views w WHERE w.id = r.id)`;

function createTable(p: MysqlParser, pos: number): StatementNode {
  const { database, table } = namedTable(p);
  const relation = found(p, database, table);
  const joined = `${relation} r JOIN sys.databases d ON d.id = r.database_id`;
  const body = `(SELECT sys.string_agg(l.line, ',\\n' ORDER BY l.part, l.called, l.place) FROM (${lines(joined)}) l)`;
  const text = `CASE WHEN r.kind = 'view' THEN ${VIEW_TEXT} ELSE CONCAT(CASE WHEN r.persistence = 'temporary' THEN 'CREATE TEMPORARY TABLE ' ELSE 'CREATE TABLE ' END, ${quoted('r.name')}, ' (\\n', ${body}, '\\n', ${TABLE_OPTIONS}) END`;
  const columns = [
    ['Table', 'r.name'],
    ['Create Table', text],
  ] as const;
  return listing(p, { columns, from: `${joined} ${requiringTable(database, table)}`, order: [] }, pos);
}

function createView(p: MysqlParser, pos: number): StatementNode {
  const { database, table } = namedTable(p);
  const columns = [
    ['View', 'r.name'],
    ['Create View', VIEW_TEXT],
    ['character_set_client', `'utf8mb4'`],
    ['collation_connection', SERVER_COLLATION],
  ] as const;
  const from = `${found(p, database, table)} r ${requiringTable(database, table)} WHERE r.kind = 'view'`;
  return listing(p, { columns, from, order: [] }, pos);
}

function createDatabase(p: MysqlParser, pos: number): StatementNode {
  const exists = p.ifNotExists();
  const name = p.columnId().text;
  const collation = `COALESCE(${option('d.id', 'collation')}, ${SERVER_COLLATION})`;
  const condition = exists ? '/*!32312 IF NOT EXISTS*/ ' : '';
  const text = `CONCAT('CREATE DATABASE ${condition}', ${quoted('d.name')}, ' /*!40100 DEFAULT CHARACTER SET ', ${type.characterSet(collation)}, CASE WHEN ${collation} IN ${PRIMARY_COLLATIONS} THEN '' ELSE CONCAT(' COLLATE ', ${collation}) END, ' */ /*!80016 DEFAULT ENCRYPTION=''N'' */')`;
  const columns = [
    ['Database', 'd.name'],
    ['Create Database', text],
  ] as const;
  const from = `${requiringDatabase(p, name)} JOIN sys.databases d ON d.name = chosen.name`;
  return listing(p, { columns, from, order: [] }, pos);
}

export function showCreate(p: MysqlParser, pos: number): StatementNode {
  switch (p.value) {
    case 'table':
      p.advance();
      return createTable(p, pos);
    case 'view':
      p.advance();
      return createView(p, pos);
    case 'user':
      p.advance();
      return showCreateUser(p, pos);
    case 'database':
    case 'schema':
      p.advance();
      return createDatabase(p, pos);
    default:
      throw p.unsupported(`SHOW CREATE ${p.value.toUpperCase()}`, pos);
  }
}
