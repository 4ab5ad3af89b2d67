/**
 * COPY ... FROM STDIN: the door to the two parsers of incoming copy data. Data arrives in pieces cut
 * anywhere; rows come out as text fields.
 */
import type { CopyFormat } from '../../sblr/contract/dialect.ts';
import type { ResultColumn } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { BinaryCopyParser } from './copy-in-binary.ts';
import { DelimitedCopyParser } from './copy-in-text.ts';

/** Most of a line that an error shows. */
const SHOWN_CHARACTERS = 100;

export type CopyRow = (string | null)[];

export interface CopyParser {
  /** Takes the next piece of data; it is not kept. */
  write(chunk: Buffer): void;
  /** The data is complete. */
  finish(): void;
}

/** Where in the data something is: the line, and its text if that is known. */
export function copyPlace(relation: string, line: number, text?: string): string {
  if (text === undefined) return `COPY ${relation}, line ${line}`;
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text;
  return `COPY ${relation}, line ${line}: "${shown}"`;
}

export function badCopy(message: string, place: string): SqlError {
  return new SqlError('bad_copy_file_format', { message, context: place });
}

export function createCopyParser(
  format: CopyFormat,
  columns: readonly ResultColumn[],
  emit: (row: CopyRow) => void,
  relation = '',
): CopyParser {
  return format.format === 'binary'
    ? new BinaryCopyParser(columns, emit, relation)
    : new DelimitedCopyParser(format, columns, emit, relation);
}
