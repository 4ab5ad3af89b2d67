/**
 * Rows kept for reading in any order: a bounded part in memory, the rest in a temporary file. What cursors and
 * portals keep of their results.
 */
import type { Row } from '../../../sblr/contract/values.ts';
import type { SpillFile, SpillFiles } from '../operator.ts';
import { decodeRows, encodeRows } from '../spill-codec.ts';
import { rowBytes } from '../values.ts';

/** Rows encoded together; reading one decodes as many. */
const CHUNK_ROWS = 64;

interface Chunk {
  /** undefined = in the file. */
  rows: readonly Row[] | undefined;
  readonly position: number;
  readonly length: number;
}

export class RowStore {
  readonly #files: SpillFiles;
  readonly #memory: number;
  readonly #chunks: Chunk[] = [];
  #last: Row[] = [];
  #bytes = 0;
  #file: SpillFile | undefined;
  #readChunk = -1;
  #readRows: readonly Row[] = [];

  /** `memory`: bytes of rows kept in memory. */
  constructor(files: SpillFiles, memory: number) {
    this.#files = files;
    this.#memory = memory;
  }

  get count(): number {
    return this.#chunks.length * CHUNK_ROWS + this.#last.length;
  }

  add(row: Row): void {
    this.#last.push(row);
    this.#bytes += rowBytes(row);
    if (this.#last.length === CHUNK_ROWS) this.#endChunk();
  }

  #endChunk(): void {
    const rows = this.#last;
    this.#last = [];
    if (this.#bytes <= this.#memory) {
      this.#chunks.push({ rows, position: 0, length: 0 });
      return;
    }
    this.#file ??= this.#files.create();
    const encoded = encodeRows(rows);
    this.#chunks.push({ rows: undefined, position: this.#file.size, length: encoded.length });
    this.#file.write(encoded);
  }

  /** Row number `at`, from 0; it exists. */
  row(at: number): Row {
    const number = Math.floor(at / CHUNK_ROWS);
    const within = at % CHUNK_ROWS;
    if (number >= this.#chunks.length) return this.#last[within];
    const chunk = this.#chunks[number];
    if (chunk.rows !== undefined) return chunk.rows[within];
    if (this.#readChunk !== number) {
      this.#readRows = decodeRows((this.#file as SpillFile).read(chunk.position, chunk.length));
      this.#readChunk = number;
    }
    return this.#readRows[within];
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
    this.#chunks.length = 0;
    this.#last = [];
    this.#readRows = [];
    this.#readChunk = -1;
  }
}
