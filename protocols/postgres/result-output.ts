/** Where the rows of the execution under way go: data rows or copy data, and the credit they earn the engine. */
import type { CopyFormat } from '../../sblr/contract/dialect.ts';
import type { EngineSession, ResultColumn, RowBlock } from '../../sblr/contract/session.ts';
import type { TextSettings } from '../../sblr/contract/text/settings.ts';
import type { NetworkWriter } from '../shared/byte-writer.ts';
import { CopyOutEncoder } from './copy-out.ts';
import { RowEncoder } from './encode.ts';
import { writeCopyDone, writeCopyResponse, writeNoData, writeRowDescription } from './messages.ts';
import { allText, TEXT_FORMATS, textResult } from './text-result.ts';

/** Credit is given back in pieces of at least this, to save frames. */
const CREDIT_STEP_BYTES = 256 << 10;

export class ResultOutput {
  encoder: RowEncoder | undefined;
  readonly #writer: NetworkWriter;
  readonly #engine: EngineSession;
  #copyOut: CopyOutEncoder | undefined;
  /** Of a function call: the format of its one value. */
  #callFormat: readonly number[] | undefined;
  #uncredited = 0;

  constructor(writer: NetworkWriter, engine: EngineSession) {
    this.#writer = writer;
    this.#engine = engine;
  }

  reset(): void {
    this.encoder = undefined;
    this.#copyOut = undefined;
    this.#callFormat = undefined;
  }

  beginCall(format: number): void {
    this.#callFormat = [format];
  }

  get isCall(): boolean {
    return this.#callFormat !== undefined;
  }

  /** RowDescription, or NoData for a statement without result. */
  describe(columns: readonly ResultColumn[], formats: readonly number[]): void {
    if (columns.length === 0) writeNoData(this.#writer);
    else if (allText(formats)) this.#writer.raw(textResult(columns).description);
    else writeRowDescription(this.#writer, columns, formats);
  }

  /** The result of a simple query describes itself; a statement without columns is not mentioned. */
  beginSimple(columns: readonly ResultColumn[]): void {
    if (this.#callFormat !== undefined) {
      this.encoder = new RowEncoder(columns, this.#callFormat);
      return;
    }
    if (columns.length === 0) return;
    const { description, encoder } = textResult(columns);
    this.encoder = encoder;
    this.#writer.raw(description);
  }

  beginCopyOut(format: CopyFormat, columns: readonly ResultColumn[]): void {
    this.#copyOut = new CopyOutEncoder(format, columns);
    writeCopyResponse(this.#writer, 'out', this.#copyOut.binary, columns.length);
    this.#copyOut.begin(this.#writer);
  }

  endCopyOut(): void {
    if (this.#copyOut === undefined) return;
    this.#copyOut.end(this.#writer);
    writeCopyDone(this.#writer);
    this.#copyOut = undefined;
  }

  /** Writes all rows of a block or, when one cannot be written, none and raises why. */
  rows(block: RowBlock, settings: TextSettings, simple: boolean): void {
    const writer = this.#writer;
    const mark = writer.mark();
    try {
      if (this.#copyOut !== undefined) {
        this.#copyOut.encode(writer, block, settings);
        return;
      }
      if (this.encoder === undefined) {
        // Rows without a column.
        this.encoder = new RowEncoder([], TEXT_FORMATS);
        if (simple) writeRowDescription(writer, [], TEXT_FORMATS);
      }
      if (this.#callFormat === undefined) this.encoder.encode(writer, block, settings);
      else this.encoder.encodeValue(writer, block, settings);
    } catch (error) {
      // Half a message must not go out.
      writer.rewind(mark);
      throw error;
    }
  }

  received(block: RowBlock): void {
    this.#uncredited += block.bytes.length;
  }

  /** Lets the engine send as much again as the client took. */
  giveCredit(): void {
    if (this.#uncredited < CREDIT_STEP_BYTES) return;
    const bytes = this.#uncredited;
    this.#uncredited = 0;
    this.#engine.credit(bytes);
  }
}
