/**
 * Flush: decides when and how far the log is moved into the sorted runs, has it done (by a worker
 * thread, or in slices here), and makes the result count. Never beyond the oldest snapshot in use, so
 * that what is on disk is visible to everybody.
 */
import { Worker } from 'node:worker_threads';
import { StorageError } from '../contract/index.ts';
import type { Disk } from '../io/disk.ts';
import { LogReader, type LogPosition } from '../log/log-reader.ts';
import { LogFlusher, type FlushRequest, type FlushResult } from '../runs/flush-log.ts';
import type { SortedRuns } from '../runs/sorted-runs.ts';
import type { Collector } from './collector.ts';
import type { SpaceTables } from './space-tables.ts';
import { writeState, type StoreState } from './state.ts';

/** Bytes per write to the runs: large in a worker, about a millisecond's work here. */
const WORKER_BATCH_BYTES = 4 << 20;
const SLICE_BATCH_BYTES = 128 << 10;
/** Marks of deletions dropped per turn. */
const DELETED_PER_TURN = 4000;

export interface FlushHost {
  readonly disk: Disk;
  readonly logDirectory: string;
  readonly runs: SortedRuns;
  readonly runsDirectory: string;
  readonly tables: SpaceTables;
  readonly collector: Collector;
  readonly flushBytes: number;
  readonly worker: URL | undefined;
  /** Highest stamp that may be flushed now. */
  target(): number;
  closed(): boolean;
  /** Everything up to `stamp` is in the runs; the log is needed from `position` on. */
  flushed(stamp: number, position: LogPosition): void;
}

/** What the worker answers. */
export type WorkerReply = { readonly result: FlushResult } | { readonly error: string };

export class Flush {
  readonly #host: FlushHost;
  flushedStamp = 0;
  /** Rises when a flush has completed. */
  generation = 0;
  count = 0;
  #position: LogPosition = { segment: 0, offset: 0 };
  #running = false;
  #again: ((error?: Error) => void)[] = [];
  #idle: (() => void)[] = [];
  #worker: Worker | undefined = undefined;
  /** Memory added since the last flush, by commit stamp (coalesced). */
  #stamps: number[] = [];
  #bytes: number[] = [];
  #total = 0;

  constructor(host: FlushHost) {
    this.#host = host;
  }

  get dirtyBytes(): number {
    return this.#total;
  }

  restore(state: StoreState): void {
    this.flushedStamp = state.flushedStamp;
    this.#position = state.position;
  }

  committed(stamp: number, bytes: number): void {
    this.#total += bytes;
    const last = this.#bytes.length - 1;
    // About a thousand steps per flush are exact enough.
    if (last >= 0 && this.#bytes[last]! + bytes < this.#host.flushBytes / 1000) {
      this.#stamps[last] = stamp;
      this.#bytes[last]! += bytes;
    } else {
      this.#stamps.push(stamp);
      this.#bytes.push(bytes);
    }
  }

  runIfDue(): void {
    if (this.#running || this.#total < this.#host.flushBytes) return;
    // With an old snapshot in use, little can be flushed: wait until it is worth it.
    const target = this.#host.target();
    if (target <= this.flushedStamp || this.#stamps.length === 0 || this.#stamps[0]! > target) return;
    this.run(() => undefined);
  }

  run(callback: (error?: Error) => void): void {
    if (this.#running) {
      this.#again.push(callback);
      return;
    }
    const target = this.#host.target();
    if (this.#host.closed() || target <= this.flushedStamp) {
      queueMicrotask(callback);
      return;
    }
    this.#running = true;
    this.#flush(target).then(
      () => this.#ended(callback, undefined),
      (error: unknown) => this.#ended(callback, error as Error),
    );
  }

  /** Calls back when no flush is running; the worker is then gone. */
  whenIdle(callback: () => void): void {
    if (this.#running) {
      this.#idle.push(callback);
      return;
    }
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker === undefined) {
      callback();
      return;
    }
    worker.once('exit', () => callback());
    worker.postMessage('close');
  }

  async #flush(target: number): Promise<void> {
    const host = this.#host;
    for (const table of host.tables.all.values()) {
      table.onDisk = true;
      host.tables.onDisk.add(table.space);
    }
    const request: FlushRequest = {
      from: this.#position,
      flushedStamp: this.flushedStamp,
      targetStamp: target,
      batchBytes: host.worker === undefined ? SLICE_BATCH_BYTES : WORKER_BATCH_BYTES,
    };
    const result =
      host.worker === undefined ? await this.#flushHere(request) : await this.#flushInWorker(host.worker, request);
    const spaces: [number, number, number][] = [];
    for (const table of host.tables.all.values()) spaces.push([table.space, table.rows, table.bytes]);
    await host.runs.setMeta(writeState({ flushedStamp: target, position: result.position, spaces }));
    this.flushedStamp = target;
    this.#position = result.position;
    this.generation++;
    this.count++;
    let covered = 0;
    while (covered < this.#stamps.length && this.#stamps[covered]! <= target) this.#total -= this.#bytes[covered++]!;
    this.#stamps.splice(0, covered);
    this.#bytes.splice(0, covered);
    this.#collectDeleted();
    host.flushed(target, result.position);
  }

  #collectDeleted(): void {
    if (this.#host.closed()) return;
    if (this.#host.collector.collectDeleted(this.flushedStamp, DELETED_PER_TURN))
      setImmediate(() => this.#collectDeleted());
  }

  #flushHere(request: FlushRequest): Promise<FlushResult> {
    const reader = new LogReader(this.#host.disk, this.#host.logDirectory, request.from);
    return new LogFlusher(this.#host.runs, reader, request).run();
  }

  #flushInWorker(script: URL, request: FlushRequest): Promise<FlushResult> {
    const worker = (this.#worker ??= this.#spawn(script));
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        worker.off('message', onMessage);
        worker.off('error', onError);
        worker.off('exit', onExit);
      };
      const onMessage = (reply: WorkerReply): void => {
        finish();
        if ('result' in reply) resolve(reply.result);
        else reject(new StorageError('io', reply.error));
      };
      const onError = (error: Error): void => {
        finish();
        this.#worker = undefined;
        reject(new StorageError('io', `flush worker failed: ${error.message}`, error));
      };
      const onExit = (): void => {
        finish();
        this.#worker = undefined;
        reject(new StorageError('io', 'flush worker ended'));
      };
      worker.on('message', onMessage);
      worker.on('error', onError);
      worker.on('exit', onExit);
      worker.postMessage(request);
    });
  }

  #spawn(script: URL): Worker {
    const worker = new Worker(script, {
      workerData: { runsDirectory: this.#host.runsDirectory, logDirectory: this.#host.logDirectory },
    });
    worker.unref();
    return worker;
  }

  #ended(callback: (error?: Error) => void, error: Error | undefined): void {
    this.#running = false;
    callback(error);
    const again = this.#again;
    this.#again = [];
    if (this.#idle.length > 0) {
      const idle = this.#idle;
      this.#idle = [];
      for (const action of idle) this.whenIdle(action);
      for (const waiting of again) waiting(error);
      return;
    }
    if (again.length > 0) {
      this.run((failure) => {
        for (const waiting of again) waiting(failure);
      });
    }
  }
}
