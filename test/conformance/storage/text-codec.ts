/** A row codec for tests: rows are arrays of JSON values. */
import type { ByteWriter, RowCodec, StoredRow } from '../../../storage/contract/index.ts';

export const jsonCodec: RowCodec = {
  encode(_space: number, row: StoredRow, writer: ByteWriter): void {
    writer.text(JSON.stringify(row));
  },
  decode(_space: number, bytes: Buffer, offset: number, length: number): StoredRow {
    let at = offset;
    while (bytes[at]! >= 0x80) at++;
    return JSON.parse(bytes.toString('utf8', at + 1, offset + length)) as StoredRow;
  },
};
