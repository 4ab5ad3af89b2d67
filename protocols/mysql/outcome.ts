/** What clients are told of completed work: affected rows, the line after a statement, the text of COM_STATISTICS. */
import type { Completion } from '../../sblr/contract/session.ts';

export function affectedRows(completion: Completion | undefined, foundRows: boolean): number {
  if (completion === undefined) return 0;
  // Rows of a query are counted where they were stored in a new table.
  if (completion.command === 'SELECT') return completion.records ?? 0;
  if (completion.command === 'CREATE DATABASE') return 1;
  const { rows, changed } = completion;
  return (foundRows ? (rows ?? changed) : (changed ?? rows)) ?? 0;
}

export function infoText(completion: Completion, warnings: number, foundRows: boolean): string {
  if (completion.command === 'UPDATE') {
    const matched = completion.rows ?? 0;
    return `Rows matched: ${matched}  Changed: ${completion.changed ?? matched}  Warnings: ${warnings}`;
  }
  if (completion.command === 'PREPARE') return 'Statement prepared';
  // Tables are changed in place: no rows are copied that a client would be told of.
  if (completion.command === 'ALTER TABLE' || completion.command.endsWith(' INDEX'))
    return `Records: 0  Duplicates: 0  Warnings: ${warnings}`;
  if (completion.command === 'LOAD DATA' && completion.records !== undefined) return loaded(completion, warnings);
  if (completion.records !== undefined && (completion.command === 'INSERT' || completion.command === 'SELECT'))
    return `Records: ${completion.records}  Duplicates: ${duplicates(completion, foundRows)}  Warnings: ${warnings}`;
  return '';
}

/** Rows that met an existing key were skipped, or took its place: then they count twice. */
function loaded({ records = 0, rows = 0, duplicates: met = 0 }: Completion, warnings: number): string {
  const deleted = rows > records ? rows - records : 0;
  return `Records: ${records}  Deleted: ${deleted}  Skipped: ${deleted > 0 ? 0 : Math.min(met, records - rows)}  Warnings: ${warnings}`;
}

/** Identity values travel as unsigned numbers of 64 bits. */
export function unsignedIdentity(value: number | bigint): number | bigint {
  return value < 0 ? BigInt.asUintN(64, BigInt(value)) : value;
}

/** The one line of COM_STATISTICS, as clients print it; what this server does not count is 0. */
export function statisticsText(seconds: number, questions: number): string {
  const average = (questions / Math.max(seconds, 1)).toFixed(3);
  return (
    `Uptime: ${Math.ceil(seconds)}  Threads: 1  Questions: ${questions}  Slow queries: 0  Opens: 0  ` +
    `Flush tables: 0  Open tables: 0  Queries per second avg: ${average}`
  );
}

/** Rows that met an existing key; of those that left it as it was, only clients that count found rows hear. */
function duplicates({ duplicates: met = 0, rows = 0, changed = rows }: Completion, foundRows: boolean): number {
  return foundRows ? met : met - (rows - changed);
}
