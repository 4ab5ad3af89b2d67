/**
 * LOCAL INFILE: the client's file goes through a reader into row blocks for the engine. The client sends it in
 * packets and ends it with an empty one, whether or not something failed meanwhile ("LOCAL INFILE Request").
 */
import type { DelimitedFormat } from '../../sblr/contract/dialect.ts';
import { RowBlockWriter } from '../../sblr/contract/row-block.ts';
import type { EngineSession, ResultColumn } from '../../sblr/contract/session.ts';
import { SqlError, type SqlNotice } from '../../sblr/contract/sql-error.ts';
import { TEXT } from '../../sblr/contract/types.ts';
import { DelimitedReader } from './delimited-reader.ts';
import type { PacketWriter } from './packets.ts';

const LOCAL_INFILE = 0xfb;
const BLOCK_BYTES = 64 << 10;

export class FileTransfer {
  readonly #engine: EngineSession;
  readonly #rows: RowBlockWriter;
  readonly #reader: DelimitedReader;
  /** Bytes the engine still takes. */
  #room: number;
  #failed = false;
  #line = 0;
  /** The client's part is over. */
  finished = false;

  constructor(
    engine: EngineSession,
    format: DelimitedFormat,
    columns: readonly ResultColumn[],
    window: number | undefined,
    warn: (notice: SqlNotice) => void,
  ) {
    this.#engine = engine;
    this.#room = window ?? Number.POSITIVE_INFINITY;
    // Behind its fields each row has their number.
    this.#rows = new RowBlockWriter([...columns.map(() => TEXT), TEXT]);
    this.#reader = new DelimitedReader(format, columns.length, (row, had) => {
      this.#line++;
      if (had < columns.length) warn(tooFew(this.#line));
      else if (had > columns.length) warn(tooMany(this.#line));
      this.#rows.append([...row, String(had)]);
      if (this.#rows.byteLength >= BLOCK_BYTES) this.#send();
    });
  }

  get accepting(): boolean {
    return this.#room > 0 || this.#failed;
  }

  taken(bytes: number): void {
    this.#room += bytes;
  }

  /** A packet of the file; an empty one ends it. */
  packet(bytes: Uint8Array): void {
    try {
      if (bytes.length > 0) {
        if (!this.#failed) this.#reader.write(bytes);
        return;
      }
      this.finished = true;
      if (this.#failed) return;
      this.#reader.finish();
      this.#send();
      this.#engine.loadEnd();
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      this.#failed = true;
      this.#engine.loadFail(error.message);
    }
  }

  /** The engine gave up: what the client still sends is passed over. */
  abandon(): void {
    this.#failed = true;
    this.#rows.clear();
  }

  #send(): void {
    if (this.#rows.rowCount === 0) return;
    const block = this.#rows.take();
    this.#room -= block.bytes.length;
    this.#engine.load(block);
  }
}

const tooFew = (row: number): SqlNotice => ({
  severity: 'warning',
  condition: 'bad_copy_file_format',
  details: { message: `row ${row} has too few fields`, variant: 'too_few', args: { row } },
});

const tooMany = (row: number): SqlNotice => ({
  severity: 'warning',
  condition: 'bad_copy_file_format',
  details: { message: `row ${row} has too many fields`, variant: 'too_many', args: { row } },
});

/** Asks the client for its file. */
export function writeFileRequest(packets: PacketWriter, file: string): void {
  packets.begin();
  packets.out.u8(LOCAL_INFILE);
  packets.out.utf8(file);
  packets.end();
}
