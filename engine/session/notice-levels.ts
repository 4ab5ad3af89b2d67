/** Which notices a client wants to see: those at or above the least severity it names. */
import type { SqlNotice } from '../../sblr/contract/sql-error.ts';

/** Severities a client may hold back, least first. */
const NOTICE_LEVELS: readonly string[] = ['notice', 'warning', 'error'];

/** INFO always reaches the client; a level unknown here holds nothing back. */
export function isWanted(notice: SqlNotice, least: string | undefined): boolean {
  if (notice.severity === 'info') return true;
  return NOTICE_LEVELS.indexOf(notice.severity) >= NOTICE_LEVELS.indexOf(least ?? 'notice');
}
