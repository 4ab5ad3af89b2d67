/** Rows that a program sends to the client itself, and what rows that a routine returns must be like. */
import { RowBlockWriter } from '../../sblr/contract/row-block.ts';
import type { ResultColumn } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { displayType } from '../../sblr/contract/text/type-name.ts';
import { TEXT, type SqlType } from '../../sblr/contract/types.ts';
import type { Row } from '../../sblr/contract/values.ts';
import { baseType, sameIdentity } from '../binder/type-facts.ts';
import type { Session } from '../session/session.ts';

const BLOCK_BYTES = 32 * 1024;

export function sendRows(session: Session, columns: readonly ResultColumn[], rows: readonly Row[]): void {
  session.sink.columns(columns);
  const writer = new RowBlockWriter(
    columns.map((column) => column.type),
    session.resolveReference,
  );
  for (const row of rows) {
    writer.append(row);
    if (writer.byteLength >= BLOCK_BYTES) session.sink.rows(writer.take());
  }
  if (writer.rowCount > 0) session.sink.rows(writer.take());
}

/** The rows a program emitted one by one, as a result set of texts. */
export function sendEmitted(session: Session, rows: readonly Row[]): void {
  const width = rows[0]?.length;
  if (width === undefined) return;
  const columns = Array.from({ length: width }, (_unused, at) => ({
    name: `column${at + 1}`,
    type: TEXT,
    tableId: 0,
    columnPosition: 0,
  }));
  sendRows(session, columns, rows);
  session.sink.complete({ command: 'SELECT', rows: rows.length });
}

/** Raises where a row does not have the columns that a routine declares, type by type. */
export function requireRow(
  columns: readonly { readonly type: SqlType }[],
  wanted: readonly { readonly type: SqlType }[],
  message: string,
): void {
  if (columns.length !== wanted.length)
    throw new SqlError('datatype_mismatch', {
      message,
      detail: `Number of returned columns (${columns.length}) does not match expected column count (${wanted.length}).`,
    });
  const at = columns.findIndex(({ type }, i) => type.kind !== 'unknown' && !sameIdentity(type, wanted[i]!.type));
  if (at < 0) return;
  const [given, expected] = [columns[at]!.type, wanted[at]!.type].map((type) => displayType(baseType(type)));
  throw new SqlError('datatype_mismatch', {
    message,
    detail: `Returned type ${given} does not match expected type ${expected} in column ${at + 1}.`,
  });
}
