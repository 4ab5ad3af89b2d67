/** Rows that a program sends to the client itself. */
import { RowBlockWriter } from '../../sblr/contract/row-block.ts';
import type { ResultColumn } from '../../sblr/contract/session.ts';
import { TEXT } from '../../sblr/contract/types.ts';
import type { Row } from '../../sblr/contract/values.ts';
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
