/** CREATE: which kind of object, and the kinds that need little grammar of their own. */
import { SqlError } from '../../../sblr/contract/sql-error.ts';
import { hasOperatorClass } from '../catalog/operator-classes.ts';
import { node, type NodeOf, type StatementNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { PostgresParser } from '../parser.ts';
import { createAggregate } from './create-aggregate.ts';
import { createRoutine } from './create-routine.ts';
import { createTable } from './create-table.ts';
import { columnConstraint, sequenceOptions } from './constraints.ts';
import { grantStatement } from './grant.ts';
import { createDatabase, createRole } from './roles.ts';

const REFUSED: Readonly<Record<string, string>> = {
  trigger: 'CREATE TRIGGER',
  rule: 'CREATE RULE',
  policy: 'CREATE POLICY',
  operator: 'CREATE OPERATOR',
  cast: 'CREATE CAST',
  collation: 'CREATE COLLATION',
  conversion: 'CREATE CONVERSION',
  language: 'CREATE LANGUAGE',
  foreign: 'CREATE FOREIGN',
  server: 'CREATE SERVER',
  publication: 'CREATE PUBLICATION',
  subscription: 'CREATE SUBSCRIPTION',
  statistics: 'CREATE STATISTICS',
  tablespace: 'CREATE TABLESPACE',
  transform: 'CREATE TRANSFORM',
  event: 'CREATE EVENT TRIGGER',
  text: 'CREATE TEXT SEARCH',
  access: 'CREATE ACCESS METHOD',
  materialized: 'CREATE MATERIALIZED VIEW',
  constraint: 'CREATE CONSTRAINT TRIGGER',
  trusted: 'CREATE LANGUAGE',
  procedural: 'CREATE LANGUAGE',
};

interface Modifiers {
  replace: boolean;
  temporary: boolean;
  unlogged: boolean;
}

function modifiers(p: PostgresParser): Modifiers {
  const found: Modifiers = { replace: false, temporary: false, unlogged: false };
  if (p.isWord('or')) {
    p.advance();
    p.expectWord('replace');
    found.replace = true;
  }
  if ((p.isWord('global') || p.isWord('local')) && (p.peekIsWord(1, 'temp') || p.peekIsWord(1, 'temporary')))
    p.advance();
  if (p.acceptOneOf('temp', 'temporary') !== undefined) found.temporary = true;
  else found.unlogged = p.acceptWord('unlogged');
  return found;
}

export function createStatement(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.advance();
  const made = modifiers(p);
  const { replace, temporary, unlogged } = made;
  const word = p.kind === Token.WORD ? p.value : '';
  const refusal = REFUSED[word];
  if (refusal !== undefined) throw p.unsupported(refusal);
  // Only some kinds can be replaced or temporary.
  if (
    replace &&
    word !== 'view' &&
    word !== 'recursive' &&
    word !== 'function' &&
    word !== 'procedure' &&
    word !== 'aggregate'
  )
    throw p.syntaxError();
  if ((temporary || unlogged) && !['table', 'view', 'recursive', 'sequence'].includes(word)) throw p.syntaxError();
  switch (word) {
    case 'table':
      p.advance();
      return createTable(p, pos, { temporary, unlogged });
    case 'unique':
    case 'index':
      return createIndex(p);
    case 'view':
    case 'recursive':
      return createView(p, replace, temporary);
    case 'sequence':
      return createSequence(p, temporary);
    case 'schema':
      return createSchema(p, pos);
    case 'type':
      return createType(p);
    case 'domain':
      return createDomain(p);
    case 'function':
    case 'procedure':
      return createRoutine(p, word, replace);
    case 'aggregate':
      return createAggregate(p, replace);
    case 'database':
      return createDatabase(p, pos);
    case 'role':
    case 'user':
    case 'group':
      if (word === 'user' && p.peekIsWord(1, 'mapping')) throw p.unsupported('CREATE USER MAPPING');
      return createRole(p, word, pos);
    case 'extension':
      return createExtension(p);
    default:
      throw p.syntaxError();
  }
}

// ---- CREATE INDEX --------------------------------------------------------------------------------------

function requireOperatorClass(method: string, key: NodeOf<'INDEX_KEY'>): void {
  const name = key.operatorClass?.at(-1)?.text;
  if (name !== undefined && !hasOperatorClass(method, name))
    throw new SqlError('undefined_object', `operator class "${name}" does not exist for access method "${method}"`);
}

function createIndex(p: PostgresParser): StatementNode {
  p.command = 'CREATE INDEX';
  const unique = p.acceptWord('unique');
  p.expectWord('index');
  const concurrently = p.acceptWord('concurrently');
  const exists = p.ifNotExists();
  const name = p.isWord('on') ? undefined : p.columnId();
  if (exists && name === undefined) throw p.syntaxError();
  p.expectWord('on');
  const { pos } = p;
  const { name: table, only } = p.tableReference();
  const method = p.acceptWord('using') ? p.columnId().text : undefined;
  const keys = p.indexKeys();
  for (const key of keys) requireOperatorClass(method ?? 'btree', key);
  const include = p.acceptWord('include') ? p.parenthesisedIds() : [];
  let nullsNotDistinct = false;
  if (p.acceptWord('nulls')) {
    nullsNotDistinct = p.acceptWord('not');
    p.expectWord('distinct');
  }
  const options = p.acceptWord('with') ? p.storageOptions() : [];
  if (p.acceptWord('tablespace')) options.push({ name: 'tablespace', value: p.columnId().text });
  let where: NodeOf<'CREATE_INDEX'>['where'];
  let whereText: string | undefined;
  if (p.acceptWord('where')) {
    const from = p.pos;
    where = p.expression();
    whereText = p.source(from, p.previousEnd);
  }
  return node('CREATE_INDEX', {
    name,
    table,
    unique,
    exists,
    concurrently,
    only,
    method,
    include,
    nullsNotDistinct,
    options,
    whereText,
    keys,
    where,
    pos,
  });
}

// ---- CREATE VIEW -------------------------------------------------------------------------------------------

function createView(p: PostgresParser, replace: boolean, temporary: boolean): StatementNode {
  p.command = 'CREATE VIEW';
  const recursive = p.acceptWord('recursive');
  p.expectWord('view');
  const { pos } = p;
  const name = p.qualifiedName();
  const columns = recursive || p.isSymbol('(') ? p.parenthesisedIds() : [];
  const options = p.acceptWord('with') ? p.storageOptions() : [];
  p.expectWord('as');
  const from = p.pos;
  let source = p.parseQuery();
  let text = p.source(from, p.previousEnd);
  let checkOption: NodeOf<'CREATE_VIEW'>['checkOption'] = 'none';
  if (p.acceptWord('with')) {
    checkOption = p.acceptOneOf('local', 'cascaded') ?? 'cascaded';
    p.expectWords('check', 'option');
  }
  if (recursive) {
    // CREATE RECURSIVE VIEW v (c) AS q is CREATE VIEW v (c) AS WITH RECURSIVE v (c) AS (q) SELECT c FROM v.
    const own = name[name.length - 1] as (typeof name)[number];
    const items = columns.map((column) =>
      node('ITEM', { label: column.text, value: node('COLUMN', { name: [column], pos }), pos }),
    );
    const table = node('LOAD_TABLE', { name: [own], columns: [], only: false, hints: [], pos });
    const cte = node('CTE', { name: own, columns, materialized: 'default', parts: false, query: source, pos });
    source = node('WITH', { recursive: true, ctes: [cte], body: node('PROJECT', { source: table, items, pos }), pos });
    const quoted = (id: typeof own): string => `"${id.text.replaceAll('"', '""')}"`;
    const list = columns.map(quoted).join(', ');
    text = `WITH RECURSIVE ${quoted(own)} (${list}) AS (${text}) SELECT ${list} FROM ${quoted(own)}`;
  }
  return node('CREATE_VIEW', {
    name,
    replace,
    exists: false,
    temporary,
    recursive,
    columns,
    checkOption,
    options,
    text,
    source,
    pos,
  });
}

// ---- the rest ------------------------------------------------------------------------------------------------

function createSequence(p: PostgresParser, temporary: boolean): StatementNode {
  p.command = 'CREATE SEQUENCE';
  p.advance();
  const exists = p.ifNotExists();
  const { pos } = p;
  const name = p.qualifiedName();
  return node('CREATE_SEQUENCE', { name, exists, temporary, options: sequenceOptions(p), pos });
}

function createSchema(p: PostgresParser, pos: number): StatementNode {
  p.command = 'CREATE SCHEMA';
  p.advance();
  const exists = p.ifNotExists();
  let name: NodeOf<'CREATE_SCHEMA'>['name'] | undefined;
  if (!p.isWord('authorization')) name = [p.columnId()];
  const owner = p.acceptWord('authorization') ? p.role() : undefined;
  const elements = schemaElements(p, exists);
  return node('CREATE_SCHEMA', { name: name ?? [owner as NonNullable<typeof owner>], exists, owner, elements, pos });
}

/** CREATE TABLE, VIEW, INDEX, SEQUENCE and GRANT that follow without a semicolon. */
function schemaElements(p: PostgresParser, exists: boolean): Uint8Array {
  const { command } = p;
  const elements: StatementNode[] = [];
  while (!p.atEnd()) {
    if (!p.isWord('create') && !p.isWord('grant')) throw p.syntaxError();
    if (exists)
      throw p.error('feature_not_supported', 'CREATE SCHEMA IF NOT EXISTS cannot include schema elements', p.pos);
    const element = p.isWord('grant') ? grantStatement(p, false) : createStatement(p);
    if (!SCHEMA_ELEMENTS.has(element.op)) throw p.error('syntax_error', 'this is no element of a schema', element.pos);
    elements.push(element);
  }
  p.command = command;
  return elements.length === 0 ? new Uint8Array(0) : p.encodeStatements(elements, []);
}

const SCHEMA_ELEMENTS: ReadonlySet<string> = new Set([
  'CREATE_TABLE',
  'CREATE_VIEW',
  'CREATE_INDEX',
  'CREATE_SEQUENCE',
  'GRANT',
]);

function createType(p: PostgresParser): StatementNode {
  p.command = 'CREATE TYPE';
  p.advance();
  const { pos } = p;
  const name = p.qualifiedName();
  if (!p.acceptWord('as')) {
    if (p.isSymbol('(') || p.atEnd()) throw p.unsupported('CREATE TYPE of a base type');
    throw p.syntaxError();
  }
  if (p.isWord('range')) throw p.unsupported('CREATE TYPE AS RANGE');
  if (p.acceptWord('enum')) {
    p.expectSymbol('(');
    const labels = p.isSymbol(')') ? [] : p.list(() => p.stringLiteral());
    p.expectSymbol(')');
    return node('CREATE_TYPE', { name, kind: 'enum', labels, fields: [], constraints: [], pos });
  }
  p.expectSymbol('(');
  const fields = p.isSymbol(')') ? [] : p.list(() => attribute(p));
  p.expectSymbol(')');
  return node('CREATE_TYPE', { name, kind: 'composite', labels: [], fields, constraints: [], pos });
}

/** name type [COLLATE collation] of a composite type */
export function attribute(p: PostgresParser): NodeOf<'COLUMN_DEF'> {
  const { pos } = p;
  const name = p.columnId();
  const { type } = p.parseType();
  const collation = p.acceptWord('collate') ? p.collationName() : undefined;
  return node('COLUMN_DEF', {
    name,
    type,
    collation,
    identity: 'none',
    generated: 'none',
    autoIncrement: false,
    options: [],
    constraints: [],
    pos,
  });
}

function createDomain(p: PostgresParser): StatementNode {
  p.command = 'CREATE DOMAIN';
  p.advance();
  const { pos } = p;
  const name = p.qualifiedName();
  p.acceptWord('as');
  const { type } = p.parseType();
  const parts: Parameters<typeof columnConstraint>[2] = {
    constraints: [],
    collation: undefined,
    identity: 'none',
    generated: 'none',
    generation: undefined,
    sequence: undefined,
    options: [],
  };
  while (columnConstraint(p, { text: 'value', exact: false }, parts)) {}
  const wrong = parts.constraints.find((made) => !['not_null', 'null', 'default', 'check'].includes(made.kind));
  if (wrong !== undefined) {
    const what = { primary_key: 'primary key', unique: 'unique', foreign_key: 'foreign key' }[wrong.kind as 'unique'];
    throw p.error('syntax_error', `${what} constraints not possible for domains`, wrong.pos);
  }
  return node('CREATE_TYPE', {
    name,
    kind: 'domain',
    labels: [],
    base: type,
    collation: parts.collation,
    fields: [],
    constraints: parts.constraints,
    pos,
  });
}

function createExtension(p: PostgresParser): StatementNode {
  const { pos } = p;
  p.command = 'CREATE EXTENSION';
  p.advance();
  const exists = p.ifNotExists();
  const name = p.columnId();
  p.acceptWord('with');
  let schema: NodeOf<'CREATE_EXTENSION'>['schema'];
  let cascade = false;
  for (;;) {
    if (p.acceptWord('schema')) schema = p.columnId();
    else if (p.acceptWord('version')) p.optionValue();
    else if (p.acceptWord('cascade')) cascade = true;
    else break;
  }
  return node('CREATE_EXTENSION', { name, exists, schema, cascade, pos });
}
