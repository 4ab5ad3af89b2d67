/**
 * COPY ... FROM STDIN: the door to the two parsers of incoming copy data. Data arrives in pieces cut
 * anywhere; rows come out as text fields.
 */
import type { CopyFormat } from '../../sblr/contract/dialect.ts';
import type { ResultColumn } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { BinaryCopyParser } from './copy-in-binary.ts';
import { DelimitedCopyParser } from './copy-in-text.ts';

export type CopyRow = (string | null)[];

export interface CopyParser {
  /** Takes the next piece of data; it is not kept. */
  write(chunk: Buffer): void;
  /** The data is complete. */
  finish(): void;
}

export function badCopy(message: string, line: number): SqlError {
  return new SqlError('bad_copy_file_format', { message, context: `COPY, line ${line}` });
}

export function createCopyParser(
  format: CopyFormat,
  columns: readonly ResultColumn[],
  emit: (row: CopyRow) => void,
): CopyParser {
  return format.format === 'binary'
    ? new BinaryCopyParser(columns, emit)
    : new DelimitedCopyParser(format, columns, emit);
}
