/**
 * Moves committed transactions from the log into the sorted runs. Runs in a worker thread, or in
 * slices on the engine's thread; either way it reads bytes back from the log (they are still in the
 * page cache) and never decodes a row.
 *
 * Safe to repeat from an earlier position: the same versions are written again.
 */
import type { LogReader, LogPosition } from '../log/log-reader.ts';
import { KIND_ABORT, KIND_COMMIT, KIND_FINAL, KIND_PART, OP_DROP_SPACE, OP_PUT, RecordWalker } from '../log/record.ts';
import type { SortedRuns } from './sorted-runs.ts';

export interface FlushRequest {
  /** Where to begin reading. */
  readonly from: LogPosition;
  /** Transactions up to this stamp are in the runs already. */
  readonly flushedStamp: number;
  /** Flush up to and including this stamp. */
  readonly targetStamp: number;
  /** Bytes per write to the runs. */
  readonly batchBytes: number;
}

export interface FlushResult {
  /** Where the next flush begins. */
  readonly position: LogPosition;
}

/** The parts of a transaction that is not finished yet. */
interface OpenTransaction {
  readonly position: LogPosition;
  readonly records: Buffer[];
}

export class LogFlusher {
  readonly #runs: SortedRuns;
  readonly #reader: LogReader;
  readonly #request: FlushRequest;
  readonly #open = new Map<string, OpenTransaction>();
  #batch;

  constructor(runs: SortedRuns, reader: LogReader, request: FlushRequest) {
    this.#runs = runs;
    this.#reader = reader;
    this.#request = request;
    this.#batch = runs.batch();
  }

  async run(): Promise<FlushResult> {
    const { flushedStamp, targetStamp } = this.#request;
    const walker = this.#reader.walker;
    let reached = flushedStamp;
    while (reached < targetStamp) {
      if (!this.#reader.step()) {
        if (await this.#reader.fill()) continue;
        break;
      }
      if (walker.kind === KIND_PART) {
        this.#keepPart(walker);
      } else if (walker.kind === KIND_ABORT) {
        this.#open.delete(walker.id());
      } else if (walker.kind === KIND_COMMIT || walker.kind === KIND_FINAL) {
        const parts = this.#open.get(walker.id());
        this.#open.delete(walker.id());
        if (walker.stamp <= flushedStamp) continue;
        if (parts !== undefined) {
          for (const record of parts.records) await this.#applyCopy(record, walker.stamp);
        }
        await this.#apply(walker, walker.stamp);
        reached = walker.stamp;
      }
    }
    if (this.#batch.bytes > 0) await this.#batch.write();
    let position = this.#reader.position;
    for (const open of this.#open.values()) {
      const earlier = open.position.segment - position.segment || open.position.offset - position.offset;
      if (earlier < 0) position = open.position;
    }
    this.#reader.close();
    return { position };
  }

  #keepPart(walker: RecordWalker): void {
    const id = walker.id();
    let open = this.#open.get(id);
    if (open === undefined) {
      open = { position: this.#reader.recordPosition, records: [] };
      this.#open.set(id, open);
    }
    open.records.push(Buffer.from(walker.buffer.subarray(walker.start, walker.end)));
  }

  async #applyCopy(record: Buffer, stamp: number): Promise<void> {
    const walker = new RecordWalker();
    walker.buffer = record;
    walker.limit = record.length;
    if (walker.step()) await this.#apply(walker, stamp);
  }

  async #apply(walker: RecordWalker, stamp: number): Promise<void> {
    while (walker.operation()) {
      const buffer = walker.buffer;
      if (walker.op === OP_DROP_SPACE) {
        await this.#batch.write();
        this.#batch = this.#runs.batch();
        await this.#runs.clearSpace(walker.space);
        continue;
      }
      const key = buffer.subarray(walker.keyStart, walker.keyEnd);
      if (walker.op === OP_PUT)
        this.#batch.put(walker.space, key, stamp, buffer.subarray(walker.rowStart, walker.rowEnd));
      else this.#batch.delete(walker.space, key);
      if (this.#batch.bytes >= this.#request.batchBytes) {
        await this.#batch.write();
        this.#batch = this.#runs.batch();
      }
    }
  }
}
