/**
 * What a result needs besides its rows, kept per column list: the packets that describe the columns, and an encoder
 * for each form of rows. A statement that runs again has the same list, and so do all connections of a worker that run
 * it, for the link hands out one list per number.
 */
import type { ResultColumn } from '../../sblr/contract/session.ts';
import { NetworkWriter } from '../shared/byte-writer.ts';
import { writeColumnDefinition } from './messages.ts';
import { PacketWriter } from './packets.ts';
import { BinaryRowEncoder, type RowEncoder, TextRowEncoder } from './row-encoder.ts';

/** Longer descriptions are written anew each time. */
const MAX_KEPT_BYTES = 16 << 10;

export class ResultFormat {
  readonly #columns: readonly ResultColumn[];
  #text: RowEncoder | undefined;
  #binary: RowEncoder | undefined;
  /** Number of columns and their definitions as packets, for the character set last asked for. */
  #description: Buffer | undefined;
  #charset = -1;

  constructor(columns: readonly ResultColumn[]) {
    this.#columns = columns;
  }

  /** Shared: a block is encoded in one go. */
  encoder(binary: boolean): RowEncoder {
    return binary
      ? (this.#binary ??= new BinaryRowEncoder(this.#columns))
      : (this.#text ??= new TextRowEncoder(this.#columns));
  }

  /** Writes the number of columns and their definitions. */
  describe(packets: PacketWriter, charset: number): void {
    if (!packets.set.utf8) {
      writeDescription(packets, this.#columns, charset);
      return;
    }
    if (this.#charset !== charset) {
      const kept = new PacketWriter(new NetworkWriter(64 + this.#columns.length * 64));
      writeDescription(kept, this.#columns, charset);
      this.#charset = charset;
      this.#description = kept.out.pending <= MAX_KEPT_BYTES ? kept.out.take() : undefined;
    }
    if (this.#description === undefined) writeDescription(packets, this.#columns, charset);
    else packets.copied(this.#description);
  }
}

function writeDescription(packets: PacketWriter, columns: readonly ResultColumn[], charset: number): void {
  packets.begin();
  packets.lengthInteger(columns.length);
  packets.end();
  for (const column of columns) writeColumnDefinition(packets, column, charset);
}

const formats = new WeakMap<readonly ResultColumn[], ResultFormat>();

export function formatOf(columns: readonly ResultColumn[]): ResultFormat {
  let format = formats.get(columns);
  if (format === undefined) {
    format = new ResultFormat(columns);
    formats.set(columns, format);
  }
  return format;
}
