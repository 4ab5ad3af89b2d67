/**
 * CHECK, OPTIMIZE and REPAIR TABLE: rows that tell what became of each table. CHECK reads the whole table; the store reclaims
 * space and keeps itself in order by itself, so that for the others there is nothing to do, which is what they say.
 */
import type { StatementNode } from '../../../sblr/nodes.ts';
import type { MysqlParser } from '../parser.ts';
import { listing, quoteName, quoteText } from './listing.ts';

interface Named {
  readonly database: string;
  readonly table: string;
}

/** [NO_WRITE_TO_BINLOG | LOCAL] TABLE | TABLES name, ... */
function tables(p: MysqlParser): Named[] {
  p.acceptOneOf('no_write_to_binlog', 'local');
  p.expectOneOf('table', 'tables');
  return p.list(() => {
    const [first, second] = p.qualifiedName() as readonly { readonly text: string }[];
    const { text } = first as { readonly text: string };
    return second === undefined ? { database: p.database, table: text } : { database: text, table: second.text };
  });
}

const COLUMNS = ['Table', 'Op', 'Msg_type', 'Msg_text'].map((label) => [label, `v.${quoteName(label)}`] as const);

function report(p: MysqlParser, rows: readonly string[], pos: number): StatementNode {
  return listing(p, { columns: COLUMNS, from: `(${rows.join(' UNION ALL ')}) AS v`, order: ['v.place'] }, pos);
}

function row(p: MysqlParser, place: number, name: string, op: string, kind: string, text: string): string {
  return `SELECT ${place} AS place, ${quoteText(p, name)} AS \`Table\`, '${op}' AS Op, ${quoteText(p, kind)} AS Msg_type, ${text} AS Msg_text`;
}

/** CHECK TABLE name, ... [FOR UPGRADE | QUICK | FAST | MEDIUM | EXTENDED | CHANGED] */
export function checkStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  p.advance();
  const named = tables(p);
  while (!p.atEnd())
    if (p.acceptWord('for')) p.expectWord('upgrade');
    else p.expectOneOf('quick', 'fast', 'medium', 'extended', 'changed');
  const rows = named.map(({ database, table }, at) => {
    const source = database === '' ? quoteName(table) : `${quoteName(database)}.${quoteName(table)}`;
    const read = `(SELECT CASE WHEN COUNT(*) >= 0 THEN 'OK' END FROM ${source})`;
    return row(p, at, `${database}.${table}`, 'check', 'status', read);
  });
  return report(p, rows, pos);
}

/** OPTIMIZE | REPAIR TABLE name, ... [QUICK] [EXTENDED] [USE_FRM] */
export function upkeepStatement(p: MysqlParser): StatementNode {
  const { pos } = p;
  const op = p.expectOneOf('optimize', 'repair');
  const named = tables(p);
  if (op === 'repair') while (p.acceptOneOf('quick', 'extended', 'use_frm') !== undefined);
  const rows = named.flatMap(({ database, table }, at) => {
    const name = `${database}.${table}`;
    const found = `EXISTS (SELECT 1 FROM information_schema.tables t WHERE t.table_schema = ${quoteText(p, database)} AND t.table_name = ${quoteText(p, table)})`;
    const missing = `Table '${name}' doesn't exist`;
    return [
      `${row(p, 2 * at, name, op, 'note', `'The storage engine for the table doesn''t support ${op}'`)} WHERE ${found}`,
      `${row(p, 2 * at, name, op, 'Error', quoteText(p, missing))} WHERE NOT ${found}`,
      `${row(p, 2 * at + 1, name, op, 'status', `'Operation failed'`)} WHERE NOT ${found}`,
    ];
  });
  return report(p, rows, pos);
}
