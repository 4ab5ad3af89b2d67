/**
 * One COPY ... FROM STDIN under way: copy data from the client goes through a parser into row blocks
 * for the engine, no more of them at a time than the engine's window allows.
 */
import type { CopyFormat } from '../../sblr/contract/dialect.ts';
import { RowBlockWriter } from '../../sblr/contract/row-block.ts';
import type { EngineSession, ResultColumn } from '../../sblr/contract/session.ts';
import { SqlError } from '../../sblr/contract/sql-error.ts';
import { TEXT } from '../../sblr/contract/types.ts';
import type { NetworkReader } from '../shared/byte-reader.ts';
import { createCopyParser, type CopyParser, type CopyRow } from './copy-in.ts';
import { CLIENT } from './messages.ts';

const BLOCK_BYTES = 64 << 10;

export class CopyTransfer {
  readonly #engine: EngineSession;
  readonly #rows: RowBlockWriter;
  readonly #parser: CopyParser;
  /** Bytes the engine still takes. */
  #room: number;
  /** The failure found on our side: reported instead of the engine's echo of it. */
  failure: SqlError | undefined;
  /** The client's part is over, well or not. */
  finished = false;

  constructor(
    engine: EngineSession,
    format: CopyFormat,
    columns: readonly ResultColumn[],
    window: number | undefined,
    relation: string,
  ) {
    this.#engine = engine;
    this.#room = window ?? Number.POSITIVE_INFINITY;
    this.#rows = new RowBlockWriter(columns.map(() => TEXT));
    const emit = (row: CopyRow): void => {
      this.#rows.append(row);
      if (this.#rows.byteLength >= BLOCK_BYTES) this.#send();
    };
    this.#parser = createCopyParser(format, columns, emit, relation);
  }

  get accepting(): boolean {
    return this.#room > 0;
  }

  taken(bytes: number): void {
    this.#room += bytes;
  }

  #send(): void {
    if (this.#rows.rowCount === 0) return;
    const block = this.#rows.take();
    this.#room -= block.bytes.length;
    this.#engine.load(block);
  }

  data(chunk: Buffer): void {
    this.#guard(() => this.#parser.write(chunk));
  }

  done(): void {
    this.#guard(() => {
      this.#parser.finish();
      this.#send();
      this.finished = true;
      this.#engine.loadEnd();
    });
  }

  fail(error: SqlError): void {
    if (this.finished) return;
    this.failure = error;
    this.finished = true;
    this.#rows.clear();
    this.#engine.loadFail(error.message);
  }

  #guard(step: () => void): void {
    if (this.finished) return;
    try {
      step();
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      this.fail(error);
    }
  }
}

/** A message that the client sent while its rows are awaited. */
export function copyMessage(transfer: CopyTransfer, type: number, reader: NetworkReader): boolean {
  switch (type) {
    case CLIENT.copyData:
      transfer.data(reader.view(reader.remaining));
      break;
    case CLIENT.copyDone:
      transfer.done();
      break;
    case CLIENT.copyFail:
      transfer.fail(new SqlError('query_canceled', `COPY from stdin failed: ${reader.cstring()}`));
      break;
    case CLIENT.flush:
    case CLIENT.sync:
      break;
    default: {
      const shown = type.toString(16).toUpperCase().padStart(2, '0');
      const message = `unexpected message type 0x${shown} during COPY from stdin`;
      transfer.fail(new SqlError('protocol_violation', message));
    }
  }
  return true;
}
