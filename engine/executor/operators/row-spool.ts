/**
 * Rows put aside in a temporary file and read back in order, batch by batch: what hash joins and
 * groupings do with rows that do not fit.
 */
import type { Row } from '../../../sblr/contract/values.ts';
import type { ExecutionContext, SpillFile } from '../operator.ts';
import { decodeRows, encodeRows } from '../spill-codec.ts';

const CHUNK_ROWS = 256;

export class RowSpool {
  readonly #context: ExecutionContext;
  #file: SpillFile | undefined;
  #pending: Row[] = [];
  readonly #chunks: (readonly [number, number])[] = [];
  #next = 0;

  constructor(context: ExecutionContext) {
    this.#context = context;
  }

  add(row: Row): void {
    this.#pending.push(row);
    if (this.#pending.length >= CHUNK_ROWS) this.#flush();
  }

  #flush(): void {
    if (this.#pending.length === 0) return;
    this.#file ??= this.#context.spillFiles.create();
    const bytes = encodeRows(this.#pending);
    this.#chunks.push([this.#file.size, bytes.length]);
    this.#file.write(bytes);
    this.#pending = [];
  }

  get isEmpty(): boolean {
    return this.#chunks.length === 0 && this.#pending.length === 0;
  }

  /** The next rows; null at the end. Nothing is added while rows are read. */
  read(): Row[] | null {
    this.#flush();
    const chunk = this.#chunks[this.#next];
    if (chunk === undefined || this.#file === undefined) return null;
    this.#next++;
    return decodeRows(this.#file.read(chunk[0], chunk[1]));
  }

  /** Reads from the beginning again. */
  restart(): void {
    this.#next = 0;
  }

  get atEnd(): boolean {
    return this.#pending.length === 0 && this.#next >= this.#chunks.length;
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
    this.#chunks.length = 0;
    this.#pending = [];
    this.#next = 0;
  }
}
