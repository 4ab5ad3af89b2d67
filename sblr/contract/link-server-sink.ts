/**
 * ServerSink: the ReplySink given to the engine for one request of a worker; every call is a frame.
 */
import * as frames from './frames.ts';
import type { FrameOutput } from './frames.ts';
import {
  packError,
  TRANSACTION_STATUSES,
  writeColumns,
  writeCompletion,
  writeControl,
  writeTypes,
} from './link-payloads.ts';
import type { Completion, ReplySink, ResultColumn, RowBlock, TransactionStatus } from './session.ts';
import type { SqlError, SqlNotice } from './sql-error.ts';
import type { SqlType } from './types.ts';

export interface ServerLinkState {
  readonly output: FrameOutput;
  readonly columnNumbers: ColumnNumbers;
  isOpen(session: number): boolean;
  checkQueue(): void;
}

/** As link-client.ts: MAX_COLUMN_SLOTS. */
const COLUMN_SLOTS = 1024;

/**
 * Numbers for column lists: one that the engine sends again (a cached plan's, the same array) crosses
 * as its number. The sender decides which number means what, so both ends agree.
 */
export class ColumnNumbers {
  readonly #numbers = new WeakMap<readonly ResultColumn[], number>();
  readonly #lists: (readonly ResultColumn[] | undefined)[] = new Array(COLUMN_SLOTS).fill(undefined);
  #next = 0;

  /** The number of a list that the other end knows; undefined = not known, see `assign`. */
  known(columns: readonly ResultColumn[]): number | undefined {
    const number = this.#numbers.get(columns);
    return number !== undefined && this.#lists[number] === columns ? number : undefined;
  }

  /** The number that `assign` will give. */
  get next(): number {
    return this.#next;
  }

  /** Once the list is on its way. */
  assign(columns: readonly ResultColumn[]): void {
    const number = this.#next;
    this.#next = (number + 1) % COLUMN_SLOTS;
    this.#lists[number] = columns;
    this.#numbers.set(columns, number);
  }
}

export class ServerSink implements ReplySink {
  readonly #link: ServerLinkState;
  readonly #session: number;
  readonly #request: number;
  #done = false;

  constructor(link: ServerLinkState, session: number, request: number) {
    this.#link = link;
    this.#session = session;
    this.#request = request;
  }

  #closed(): boolean {
    return this.#done || !this.#link.isOpen(this.#session);
  }

  columns(columns: readonly ResultColumn[]): void {
    if (this.#closed()) return;
    const { output, columnNumbers } = this.#link;
    const writer = output.begin(frames.FRAME_COLUMNS, this.#session, this.#request);
    const known = columnNumbers.known(columns);
    if (known !== undefined) {
      writer.u32(known);
      output.end();
      return;
    }
    writer.u32(columnNumbers.next);
    writeColumns(writer, columns);
    output.end();
    columnNumbers.assign(columns);
  }

  parameters(types: readonly SqlType[]): void {
    if (this.#closed()) return;
    const { output } = this.#link;
    writeTypes(output.begin(frames.FRAME_PARAMETERS, this.#session, this.#request), types);
    output.end();
  }

  rows(block: RowBlock): void {
    if (this.#closed()) return;
    const { output } = this.#link;
    const writer = output.begin(frames.FRAME_ROWS, this.#session, this.#request);
    writer.u32(block.rowCount);
    writer.raw(block.bytes);
    output.end();
    this.#link.checkQueue();
  }

  complete(completion: Completion): void {
    if (this.#closed()) return;
    const { output } = this.#link;
    writeCompletion(output.begin(frames.FRAME_COMPLETE, this.#session, this.#request), completion);
    output.end();
  }

  suspended(): void {
    if (!this.#closed()) this.#link.output.empty(frames.FRAME_SUSPENDED, this.#session, this.#request);
  }

  notice(notice: SqlNotice): void {
    if (this.#closed()) return;
    const { output } = this.#link;
    const writer = output.begin(frames.FRAME_NOTICE, this.#session, this.#request);
    writeControl(writer, { severity: notice.severity, ...packError(notice) });
    output.end();
  }

  setting(name: string, value: string): void {
    if (this.#closed()) return;
    const { output } = this.#link;
    const writer = output.begin(frames.FRAME_SETTING, this.#session, this.#request);
    writer.text(name);
    writer.text(value);
    output.end();
  }

  loadReady(columns: readonly ResultColumn[], window?: number): void {
    if (this.#closed()) return;
    const { output } = this.#link;
    const writer = output.begin(frames.FRAME_LOAD_READY, this.#session, this.#request);
    writer.bool(window !== undefined);
    if (window !== undefined) writer.f64(window);
    writeColumns(writer, columns);
    output.end();
  }

  loadTaken(bytes: number): void {
    if (this.#closed()) return;
    const { output } = this.#link;
    output.begin(frames.FRAME_LOAD_TAKEN, this.#session, this.#request).f64(bytes);
    output.end();
  }

  error(error: SqlError): void {
    if (this.#closed()) return;
    const { output } = this.#link;
    writeControl(output.begin(frames.FRAME_ERROR, this.#session, this.#request), packError(error));
    output.end();
  }

  ready(status: TransactionStatus): void {
    if (this.#closed()) return;
    this.#done = true;
    const flags = TRANSACTION_STATUSES.indexOf(status);
    this.#link.output.empty(frames.FRAME_READY, this.#session, this.#request, flags);
  }
}
