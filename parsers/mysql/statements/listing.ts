/**
 * What SHOW lists, as queries over the dialect's catalog views: labelled columns, an order, and the
 * LIKE or WHERE that may follow.
 */
import { node, type RelationNode, type StatementNode } from '../../../sblr/nodes.ts';
import { Token } from '../../shared/tokenizer.ts';
import type { MysqlParser } from '../parser.ts';

export interface Listing {
  /** Label and SQL expression of each column. */
  readonly columns: readonly (readonly [label: string, expression: string])[];
  /** What follows FROM, WHERE included. */
  readonly from: string;
  /** SQL expressions that the rows are ordered by. */
  readonly order: readonly string[];
  /** Label of the column that LIKE is about. */
  readonly like?: string;
}

export const quoteName = (text: string): string => `\`${text.replaceAll('`', '``')}\``;

/** A string literal as this session reads it. */
export function quoteText(p: MysqlParser, text: string): string {
  const escaped = p.modes.lexical.backslashes ? text.replaceAll('\\', '\\\\') : text;
  return `'${escaped.replaceAll("'", "''")}'`;
}

/** The relation that text of the dialect means, with what only catalog texts may say. */
function relation(p: MysqlParser, text: string): RelationNode {
  const inner = p.nested(text);
  inner.allowPrimitives = true;
  const source = inner.parseQuery();
  if (!inner.atEnd()) throw inner.syntaxError();
  return source;
}

/** LIKE 'pattern' or WHERE condition, as text of the outer query. */
function condition(p: MysqlParser, like: string | undefined): string {
  if (like !== undefined && p.acceptWord('like')) {
    if (p.kind !== Token.STRING) throw p.syntaxError();
    return ` WHERE ${quoteName(like)} LIKE ${quoteText(p, p.stringLiteral())}`;
  }
  if (!p.acceptWord('where')) return '';
  const from = p.pos;
  p.expression();
  return ` WHERE ${p.source(from, p.previousEnd)}`;
}

/** The statement that lists; what may follow is read here. */
export function listing(p: MysqlParser, { columns, from, order, like }: Listing, pos: number): StatementNode {
  const labels = columns.map(([label]) => quoteName(label));
  const items = columns.map(([, expression], at) => `${expression} AS ${labels[at]}`);
  const keys = order.map((_, at) => quoteName(`order ${at + 1}`));
  const hidden = order.map((expression, at) => `${expression} AS ${keys[at]}`);
  const suffix = order.length === 0 ? '' : ` ORDER BY ${keys.join(', ')}`;
  const text = `SELECT ${labels.join(', ')} FROM (SELECT ${[...items, ...hidden].join(', ')} FROM ${from}) AS listed${condition(p, like)}${suffix}`;
  p.command = 'SHOW';
  return node('RETURN', { command: 'SELECT', source: relation(p, text), pos });
}

/** FROM | IN database, or the session's own. */
export function databaseClause(p: MysqlParser): string {
  return p.acceptOneOf('from', 'in') === undefined ? p.database : p.columnId().text;
}

/** FROM | IN table [FROM | IN database] */
export function tableClause(p: MysqlParser): { readonly database: string; readonly table: string } {
  p.expectOneOf('from', 'in');
  return namedTable(p);
}

/** table [FROM | IN database], or database.table */
export function namedTable(p: MysqlParser): { readonly database: string; readonly table: string } {
  const name = p.qualifiedName();
  const table = (name.at(-1) as { text: string }).text;
  if (name.length > 1) {
    if (p.acceptOneOf('from', 'in') !== undefined) return { database: p.columnId().text, table };
    return { database: (name[0] as { text: string }).text, table };
  }
  return { database: databaseClause(p), table };
}

/** A join that brings no column and fails where the table does not exist. */
export function requiringTable(database: string, table: string): string {
  const name = database === '' ? quoteName(table) : `${quoteName(database)}.${quoteName(table)}`;
  return `LEFT JOIN (SELECT 1 AS one FROM ${name} WHERE 1 = 0) AS required ON 1 = 0`;
}

/** A relation of one row that fails where the database does not exist, or none is chosen. */
export function requiringDatabase(p: MysqlParser, database: string): string {
  return `(SELECT sys.required_database(${quoteText(p, database)}) AS name) AS chosen`;
}
