/** SHOW and DESCRIBE: lists of the catalog views, what SHOW CREATE writes, and what the worker answers itself. */
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import { node, type StatementNode } from '../../../sblr/nodes.ts';
import { temporaryView } from '../catalog/temporary-views.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { MysqlParser } from '../parser.ts';
import {
  databaseClause,
  listing,
  type Listing,
  namedTable,
  quoteText,
  requiringDatabase,
  requiringTable,
  tableClause,
} from './listing.ts';
import { showCreate } from './show-create.ts';
import { showGrants } from './show-grants.ts';

type Show = (p: MysqlParser, pos: number) => StatementNode;

/** A list of a view as it is, under its own labels. */
const plain =
  (view: string, columns: Listing['columns'], order: readonly string[]): Show =>
  (p, pos) =>
    listing(p, { columns, from: `${view} v`, order, like: (columns[0] as readonly [string, string])[0] }, pos);

/** A list of one database. */
const ofDatabase =
  (view: string, schema: string, columns: Listing['columns'], order: readonly string[], where = ''): Show =>
  (p, pos) => {
    const database = databaseClause(p);
    const from = `${requiringDatabase(p, database)} JOIN ${view} v ON v.${schema} = chosen.name${where}`;
    return listing(p, { columns, from, order, like: (columns[0] as readonly [string, string])[0] }, pos);
  };

const variables =
  (global: boolean, what: 'variables' | 'status'): Show =>
  (p, pos) => {
    const columns = [
      ['Variable_name', 'v.VARIABLE_NAME'],
      ['Value', 'v.VARIABLE_VALUE'],
    ] as const;
    return plain(`performance_schema.${global ? 'global' : 'session'}_${what}`, columns, ['v.VARIABLE_NAME'])(p, pos);
  };

/** An empty list with these columns. */
const nothing =
  (...labels: readonly string[]): Show =>
  (p, pos) =>
    listing(
      p,
      {
        columns: labels.map((label) => [label, "''"] as const),
        from: '(SELECT 1 AS one) v WHERE 1 = 0',
        order: [],
        ...(labels[0] === undefined ? {} : { like: labels[0] }),
      },
      pos,
    );

function tables(full: boolean): Show {
  return (p, pos) => {
    const database = databaseClause(p);
    const label = `Tables_in_${database}`;
    const columns: [string, string][] = [[label, 'v.TABLE_NAME']];
    if (full) columns.push(['Table_type', 'v.TABLE_TYPE']);
    const from = `${requiringDatabase(p, database)} JOIN information_schema.TABLES v ON v.TABLE_SCHEMA = chosen.name`;
    // A pattern is shown in the label.
    const pattern = p.isWord('like') && p.peekKind(1) === Token.STRING ? p.peekValue(1) : undefined;
    if (pattern !== undefined) columns[0] = [`${label} (${pattern})`, 'v.TABLE_NAME'];
    return listing(p, { columns, from, order: ['v.TABLE_NAME'], like: (columns[0] as [string, string])[0] }, pos);
  };
}

const COLUMN_LABELS: Listing['columns'] = [
  ['Field', 'v.COLUMN_NAME'],
  ['Type', 'v.COLUMN_TYPE'],
  ['Null', 'v.IS_NULLABLE'],
  ['Key', 'v.COLUMN_KEY'],
  ['Default', 'v.COLUMN_DEFAULT'],
  ['Extra', 'v.EXTRA'],
];
const FULL_COLUMN_LABELS: Listing['columns'] = [
  ['Field', 'v.COLUMN_NAME'],
  ['Type', 'v.COLUMN_TYPE'],
  ['Collation', 'v.COLLATION_NAME'],
  ['Null', 'v.IS_NULLABLE'],
  ['Key', 'v.COLUMN_KEY'],
  ['Default', 'v.COLUMN_DEFAULT'],
  ['Extra', 'v.EXTRA'],
  ['Privileges', 'v.PRIVILEGES'],
  ['Comment', 'v.COLUMN_COMMENT'],
];

/** Rows of a catalog view about one table: about the session's temporary one where that hides another. */
function inTable(
  p: MysqlParser,
  view: 'COLUMNS' | 'STATISTICS',
  { database, table }: { database: string; table: string },
): string {
  const [schema, name] = [quoteText(p, database), quoteText(p, table)];
  const about = `TABLE_SCHEMA = ${schema} AND TABLE_NAME = ${name}`;
  const hiding = `SELECT 1 FROM sys.relations r JOIN sys.databases d ON d.id = r.database_id WHERE r.name = ${name} AND d.name = ${schema} AND sys.is_own_temporary_schema(r.schema_id)`;
  const both = `SELECT * FROM information_schema.${view} WHERE ${about} AND NOT EXISTS (${hiding}) UNION ALL SELECT * FROM (${temporaryView(view)}) t WHERE ${about}`;
  return `(${both}) v ${requiringTable(database, table)} WHERE TRUE`;
}

function columnsOf(
  p: MysqlParser,
  full: boolean,
  place: { database: string; table: string },
  column: string | undefined,
  pos: number,
): StatementNode {
  const columns = full ? FULL_COLUMN_LABELS : COLUMN_LABELS;
  const only = column === undefined ? '' : ` AND v.COLUMN_NAME LIKE ${quoteText(p, column)}`;
  return listing(
    p,
    { columns, from: inTable(p, 'COLUMNS', place) + only, order: ['v.ORDINAL_POSITION'], like: 'Field' },
    pos,
  );
}

const columns =
  (full: boolean): Show =>
  (p, pos) =>
    columnsOf(p, full, tableClause(p), undefined, pos);

const INDEX_LABELS: Listing['columns'] = [
  ['Table', 'v.TABLE_NAME'],
  ['Non_unique', 'v.NON_UNIQUE'],
  ['Key_name', 'v.INDEX_NAME'],
  ['Seq_in_index', 'v.SEQ_IN_INDEX'],
  ['Column_name', 'v.COLUMN_NAME'],
  ['Collation', 'v.COLLATION'],
  ['Cardinality', 'v.CARDINALITY'],
  ['Sub_part', 'v.SUB_PART'],
  ['Packed', 'v.PACKED'],
  ['Null', 'v.NULLABLE'],
  ['Index_type', 'v.INDEX_TYPE'],
  ['Comment', 'v.COMMENT'],
  ['Index_comment', 'v.INDEX_COMMENT'],
  ['Visible', 'v.IS_VISIBLE'],
  ['Expression', 'v.EXPRESSION'],
];

const indexes: Show = (p, pos) => {
  const order = [
    `CASE WHEN v.INDEX_NAME = 'PRIMARY' THEN 0 WHEN v.NON_UNIQUE = 0 THEN 1 ELSE 2 END`,
    'v.INDEX_NAME',
    'v.SEQ_IN_INDEX',
  ];
  return listing(p, { columns: INDEX_LABELS, from: inTable(p, 'STATISTICS', tableClause(p)), order }, pos);
};

const STATUS_LABELS: Listing['columns'] = [
  ['Name', 'v.TABLE_NAME'],
  ['Engine', 'v.ENGINE'],
  ['Version', 'v.VERSION'],
  ['Row_format', 'v.ROW_FORMAT'],
  ['Rows', 'v.TABLE_ROWS'],
  ['Avg_row_length', 'v.AVG_ROW_LENGTH'],
  ['Data_length', 'v.DATA_LENGTH'],
  ['Max_data_length', 'v.MAX_DATA_LENGTH'],
  ['Index_length', 'v.INDEX_LENGTH'],
  ['Data_free', 'v.DATA_FREE'],
  ['Auto_increment', 'v.AUTO_INCREMENT'],
  ['Create_time', 'v.CREATE_TIME'],
  ['Update_time', 'v.UPDATE_TIME'],
  ['Check_time', 'v.CHECK_TIME'],
  ['Collation', 'v.TABLE_COLLATION'],
  ['Checksum', 'v.CHECKSUM'],
  ['Create_options', 'v.CREATE_OPTIONS'],
  ['Comment', 'v.TABLE_COMMENT'],
];

const processes =
  (full: boolean): Show =>
  (p, pos) => {
    const info = full ? 'v.INFO' : 'LEFT(v.INFO, 100)';
    const list = [
      ['Id', 'v.ID'],
      ['User', 'v.USER'],
      ['Host', 'v.HOST'],
      ['db', 'v.DB'],
      ['Command', 'v.COMMAND'],
      ['Time', 'v.TIME'],
      ['State', 'v.STATE'],
      ['Info', info],
    ] as const;
    return listing(p, { columns: list, from: 'information_schema.PROCESSLIST v', order: ['v.ID'] }, pos);
  };

const routines =
  (kind: 'PROCEDURE' | 'FUNCTION'): Show =>
  (p, pos) => {
    const list: Listing['columns'] = [
      ['Db', 'v.ROUTINE_SCHEMA'],
      ['Name', 'v.ROUTINE_NAME'],
      ['Type', 'v.ROUTINE_TYPE'],
      ['Definer', 'v.DEFINER'],
      ['Modified', 'v.LAST_ALTERED'],
      ['Created', 'v.CREATED'],
      ['Security_type', 'v.SECURITY_TYPE'],
      ['Comment', 'v.ROUTINE_COMMENT'],
      ['character_set_client', 'v.CHARACTER_SET_CLIENT'],
      ['collation_connection', 'v.COLLATION_CONNECTION'],
      ['Database Collation', 'v.DATABASE_COLLATION'],
    ];
    const from = `information_schema.ROUTINES v WHERE v.ROUTINE_TYPE = '${kind}'`;
    return listing(p, { columns: list, from, order: ['v.ROUTINE_SCHEMA', 'v.ROUTINE_NAME'], like: 'Name' }, pos);
  };

const triggers: Show = (p, pos) => {
  const database = databaseClause(p);
  const list: Listing['columns'] = [
    ['Trigger', 'v.TRIGGER_NAME'],
    ['Event', 'v.EVENT_MANIPULATION'],
    ['Table', 'v.EVENT_OBJECT_TABLE'],
    ['Statement', 'v.ACTION_STATEMENT'],
    ['Timing', 'v.ACTION_TIMING'],
    ['Created', 'v.CREATED'],
    ['sql_mode', 'v.SQL_MODE'],
    ['Definer', 'v.DEFINER'],
    ['character_set_client', 'v.CHARACTER_SET_CLIENT'],
    ['collation_connection', 'v.COLLATION_CONNECTION'],
    ['Database Collation', 'v.DATABASE_COLLATION'],
  ];
  const from = `${requiringDatabase(p, database)} JOIN information_schema.TRIGGERS v ON v.TRIGGER_SCHEMA = chosen.name`;
  return listing(p, { columns: list, from, order: ['v.TRIGGER_NAME'], like: 'Table' }, pos);
};

const EVENT_LABELS: Listing['columns'] = [
  ['Db', 'v.EVENT_SCHEMA'],
  ['Name', 'v.EVENT_NAME'],
  ['Definer', 'v.DEFINER'],
  ['Time zone', 'v.TIME_ZONE'],
  ['Type', 'v.EVENT_TYPE'],
  ['Execute at', 'v.EXECUTE_AT'],
  ['Interval value', 'v.INTERVAL_VALUE'],
  ['Interval field', 'v.INTERVAL_FIELD'],
  ['Starts', 'v.STARTS'],
  ['Ends', 'v.ENDS'],
  ['Status', 'v.STATUS'],
  ['Originator', 'v.ORIGINATOR'],
  ['character_set_client', 'v.CHARACTER_SET_CLIENT'],
  ['collation_connection', 'v.COLLATION_CONNECTION'],
  ['Database Collation', 'v.DATABASE_COLLATION'],
];

const CHARACTER_SET: Show = plain(
  'information_schema.CHARACTER_SETS',
  [
    ['Charset', 'v.CHARACTER_SET_NAME'],
    ['Description', 'v.DESCRIPTION'],
    ['Default collation', 'v.DEFAULT_COLLATE_NAME'],
    ['Maxlen', 'v.MAXLEN'],
  ],
  ['v.CHARACTER_SET_NAME'],
);

const DATABASES: Show = (p, pos) => {
  const pattern = p.isWord('like') && p.peekKind(1) === Token.STRING ? ` (${p.peekValue(1)})` : '';
  return plain('information_schema.SCHEMATA', [[`Database${pattern}`, 'v.SCHEMA_NAME']], ['v.SCHEMA_NAME'])(p, pos);
};

const BINARY_LOG_STATUS = nothing('File', 'Position', 'Binlog_Do_DB', 'Binlog_Ignore_DB', 'Executed_Gtid_Set');

/** What SHOW lists, by the words behind it; longer forms first. */
const LISTS: readonly (readonly [words: string, show: Show])[] = [
  ['databases', DATABASES],
  ['schemas', DATABASES],
  ['full tables', tables(true)],
  ['tables', tables(false)],
  ['table status', ofDatabase('information_schema.TABLES', 'TABLE_SCHEMA', STATUS_LABELS, ['v.TABLE_NAME'])],
  ['open tables', nothing('Database', 'Table', 'In_use', 'Name_locked')],
  ...['columns', 'fields'].flatMap((word): [string, Show][] => [
    [`full ${word}`, columns(true)],
    [`extended ${word}`, columns(false)],
    [word, columns(false)],
  ]),
  ['index', indexes],
  ['indexes', indexes],
  ['keys', indexes],
  ...['variables', 'status'].flatMap((word): [string, Show][] => {
    const what = word as 'variables' | 'status';
    return [
      [`global ${word}`, variables(true, what)],
      [`session ${word}`, variables(false, what)],
      [`local ${word}`, variables(false, what)],
      [word, variables(false, what)],
    ];
  }),
  ['full processlist', processes(true)],
  ['processlist', processes(false)],
  [
    'engines',
    plain(
      'information_schema.ENGINES',
      [
        ['Engine', 'v.ENGINE'],
        ['Support', 'v.SUPPORT'],
        ['Comment', 'v.COMMENT'],
        ['Transactions', 'v.TRANSACTIONS'],
        ['XA', 'v.XA'],
        ['Savepoints', 'v.SAVEPOINTS'],
      ],
      ['v.ENGINE'],
    ),
  ],
  ['character set', CHARACTER_SET],
  ['char set', CHARACTER_SET],
  ['charset', CHARACTER_SET],
  [
    'collation',
    plain(
      'information_schema.COLLATIONS',
      [
        ['Collation', 'v.COLLATION_NAME'],
        ['Charset', 'v.CHARACTER_SET_NAME'],
        ['Id', 'v.ID'],
        ['Default', 'v.IS_DEFAULT'],
        ['Compiled', 'v.IS_COMPILED'],
        ['Sortlen', 'v.SORTLEN'],
        ['Pad_attribute', 'v.PAD_ATTRIBUTE'],
      ],
      ['v.COLLATION_NAME'],
    ),
  ],
  [
    'plugins',
    plain(
      'information_schema.PLUGINS',
      [
        ['Name', 'v.PLUGIN_NAME'],
        ['Status', 'v.PLUGIN_STATUS'],
        ['Type', 'v.PLUGIN_TYPE'],
        ['Library', 'v.PLUGIN_LIBRARY'],
        ['License', 'v.PLUGIN_LICENSE'],
      ],
      ['v.PLUGIN_NAME'],
    ),
  ],
  ['triggers', triggers],
  ['events', ofDatabase('information_schema.EVENTS', 'EVENT_SCHEMA', EVENT_LABELS, ['v.EVENT_NAME'])],
  ['procedure status', routines('PROCEDURE')],
  ['function status', routines('FUNCTION')],
  ['grants', showGrants],
  ['master status', BINARY_LOG_STATUS],
  ['binary log status', BINARY_LOG_STATUS],
  ['profiles', nothing('Query_ID', 'Duration', 'Query')],
];

/** Are these words next? They are read then. */
function acceptPhrase(p: MysqlParser, words: readonly string[]): boolean {
  if (!words.every((word, at) => (at === 0 ? p.isWord(word) : p.peekIsWord(at, word)))) return false;
  for (const _ of words) p.advance();
  return true;
}

const PHRASES = LISTS.map(([words, show]) => ({ words: words.split(' '), show }));

export function showStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  if (p.isWord('count') && p.peekIsSymbol(1, '(')) {
    p.advance();
    p.expectSymbol('(');
    p.expectOperator('*');
    p.expectSymbol(')');
    return diagnostics(p, true, pos);
  }
  if (p.isWord('warnings') || p.isWord('errors')) return diagnostics(p, false, pos);
  if (p.acceptWord('create')) return showCreate(p, pos);
  for (const { words, show } of PHRASES) if (acceptPhrase(p, words)) return show(p, pos);
  throw p.unsupported(`SHOW ${p.value.toUpperCase()}`, pos);
}

/** WARNINGS | ERRORS [LIMIT [offset,] count] */
function diagnostics(p: MysqlParser, count: boolean, pos: number): StatementNode {
  const errorsOnly = p.expectOneOf('warnings', 'errors') === 'errors';
  let offset = 0;
  let limit: number | undefined;
  if (!count && p.acceptWord('limit')) {
    limit = p.unsignedInteger();
    if (p.acceptSymbol(',')) {
      offset = limit;
      limit = p.unsignedInteger();
    } else if (p.acceptWord('offset')) offset = p.unsignedInteger();
  }
  p.command = 'SHOW';
  p.action = { kind: 'diagnostics', errorsOnly, count, offset, ...(limit === undefined ? {} : { limit }) };
  return node('NOOP', { command: 'SHOW', pos });
}

/** First words of the statements that EXPLAIN takes. */
const EXPLAINABLE: ReadonlySet<string> = new Set([
  'select',
  'values',
  'table',
  'with',
  'insert',
  'replace',
  'update',
  'delete',
]);

const EXPLAIN_FORMATS: Readonly<Record<string, 'table' | 'text' | 'json'>> = {
  traditional: 'table',
  tree: 'text',
  json: 'json',
};

/** EXPLAIN statement; DESCRIBE table [column | 'pattern'] */
export function describeStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  const analyze = p.acceptWord('analyze');
  let format: 'table' | 'text' | 'json' = analyze ? 'text' : 'table';
  let formatted = false;
  if (p.isWord('format') && p.peekKind(1) === Token.OPERATOR) {
    p.advance();
    p.acceptOperator('=');
    formatted = true;
    const name = p.optionValue().toLowerCase();
    const known = EXPLAIN_FORMATS[name];
    if (known === undefined)
      throw new SqlError('invalid_parameter_value', {
        message: `Unknown EXPLAIN format name: '${name}'`,
        variant: 'explain_format',
        args: { name },
      });
    if (analyze && known !== 'text') throw p.unsupported(`EXPLAIN ANALYZE with ${name.toUpperCase()} format`, pos);
    format = known;
  }
  const word = p.kind === Token.WORD ? p.value : '';
  if (!p.isSymbol('(') && !EXPLAINABLE.has(word)) {
    if (analyze || formatted) throw p.syntaxError();
    return describeTable(p, pos);
  }
  // The plan shown is that of the literals as written.
  p.liftLiterals = false;
  const statement = p.statement();
  p.command = 'EXPLAIN';
  const options = [
    { name: 'label', value: 'EXPLAIN' },
    { name: 'whole', value: undefined },
  ];
  return node('EXPLAIN', { analyze, format, options, statement, pos });
}

function describeTable(p: MysqlParser, pos: number): StatementNode {
  const place = namedTable(p);
  const column =
    p.kind === Token.STRING ? p.stringLiteral() : p.isColumnId() ? p.columnId().text.replaceAll('_', '\\_') : undefined;
  return columnsOf(p, false, place, column, pos);
}

/** HELP 'topic': the topics of that name; the help tables may be empty. */
export function helpStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  const topic = p.kind === Token.STRING ? p.stringLiteral() : p.columnId().text;
  const list: Listing['columns'] = [
    ['name', 'v.name'],
    ['is_it_category', "'N'"],
  ];
  return listing(
    p,
    { columns: list, from: `mysql.help_topic v WHERE v.name LIKE ${quoteText(p, topic)}`, order: ['v.name'] },
    pos,
  );
}
