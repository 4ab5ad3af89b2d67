/** What an OK packet says of a completed statement: affected rows and the line that clients show. */
import type { Completion } from '../../sblr/contract/session.ts';

export function affectedRows(completion: Completion | undefined, foundRows: boolean): number {
  if (completion === undefined) return 0;
  if (completion.command === 'SELECT') return 0;
  return (foundRows ? completion.rows : (completion.changed ?? completion.rows)) ?? 0;
}

export function infoText(completion: Completion, warnings: number): string {
  if (completion.command === 'UPDATE') {
    const matched = completion.rows ?? 0;
    return `Rows matched: ${matched}  Changed: ${completion.changed ?? matched}  Warnings: ${warnings}`;
  }
  if (completion.command === 'INSERT' && (completion.rows ?? 0) > 1)
    return `Records: ${completion.rows}  Duplicates: ${completion.duplicates ?? 0}  Warnings: ${warnings}`;
  return '';
}
