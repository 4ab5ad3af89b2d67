/**
 * SyncPageReader: reads a page of a LevelDB range while the calling thread waits. The library iterates
 * asynchronously only, so a thread of its own does, and hands the page over in shared memory. For code
 * that cannot suspend; slow (a few hundred microseconds), and rarely needed, so the thread starts with
 * the first use.
 *
 * The thread's program is plain JavaScript in a string because it has to run from the sources (tests)
 * and from a bundle alike.
 */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { StorageError } from '../contract/index.ts';

const INITIAL_BYTES = 1 << 20;
const HEADER_BYTES = 16;
const TIMEOUT_MILLIS = 30_000;

/** Words of the header: state, size of the answer, entries, last page. */
const STATE = 0;
const SIZE = 1;
const COUNT = 2;
const LAST = 3;
const WAITING = 0;
const DONE = 1;
const TOO_SMALL = 2;

const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
const { ClassicLevel } = require(workerData.library);
const level = new ClassicLevel(workerData.path, { keyEncoding: 'buffer', valueEncoding: 'buffer', multithreading: true });
parentPort.on('message', async (request) => {
  if (request === 'close') { await level.close(); process.exit(0); }
  const words = new Int32Array(request.shared, 0, 4);
  const bytes = Buffer.from(request.shared, ${HEADER_BYTES});
  try {
    await level.open();
    const options = { reverse: request.reverse, highWaterMarkBytes: ${INITIAL_BYTES} / 2 };
    for (const bound of ['gt', 'gte', 'lt', 'lte']) if (request[bound] !== undefined) options[bound] = Buffer.from(request[bound]);
    const iterator = level.iterator(options);
    const pairs = await iterator.nextv(1000);
    await iterator.close();
    let size = 0;
    let count = 0;
    for (const [key, value] of pairs) {
      const needed = 8 + key.length + value.length;
      if (size + needed > bytes.length) { if (count === 0) { words[${SIZE}] = needed; words[${STATE}] = ${TOO_SMALL}; Atomics.notify(words, ${STATE}); return; } break; }
      bytes.writeUInt32LE(key.length, size);
      bytes.writeUInt32LE(value.length, size + 4);
      key.copy(bytes, size + 8);
      value.copy(bytes, size + 8 + key.length);
      size += needed;
      count++;
    }
    words[${SIZE}] = size;
    words[${COUNT}] = count;
    words[${LAST}] = pairs.length === 0 ? 1 : 0;
    words[${STATE}] = ${DONE};
  } catch (error) {
    const text = Buffer.from(String(error && error.message));
    words[${SIZE}] = text.copy(bytes);
    words[${STATE}] = 3;
  }
  Atomics.notify(words, ${STATE});
});
`;

export interface LevelBounds {
  readonly gt?: Uint8Array;
  readonly gte?: Uint8Array;
  readonly lt?: Uint8Array;
  readonly lte?: Uint8Array;
  readonly reverse: boolean;
}

export interface RawPage {
  readonly keys: readonly Buffer[];
  readonly values: readonly Buffer[];
  readonly last: boolean;
}

export class SyncPageReader {
  readonly #path: string;
  #worker: Worker | undefined = undefined;
  #shared = new SharedArrayBuffer(HEADER_BYTES + INITIAL_BYTES);

  constructor(path: string) {
    this.#path = path;
  }

  read(bounds: LevelBounds): RawPage {
    this.#worker ??= this.#start();
    for (;;) {
      const words = new Int32Array(this.#shared, 0, 4);
      words[STATE] = WAITING;
      this.#worker.postMessage({ ...bounds, shared: this.#shared });
      if (Atomics.wait(words, STATE, WAITING, TIMEOUT_MILLIS) === 'timed-out') {
        throw new StorageError('io', 'a synchronous read of the sorted runs timed out');
      }
      const state = words[STATE]!;
      const size = words[SIZE]!;
      if (state === TOO_SMALL) {
        this.#shared = new SharedArrayBuffer(HEADER_BYTES + size * 2);
        continue;
      }
      const bytes = Buffer.from(Buffer.from(this.#shared, HEADER_BYTES, size));
      if (state !== DONE) throw new StorageError('io', bytes.toString('utf8'));
      return split(bytes, words[COUNT]!, words[LAST] === 1);
    }
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker === undefined) return;
    await new Promise<void>((resolve) => {
      worker.once('exit', () => resolve());
      worker.postMessage('close');
    });
  }

  #start(): Worker {
    const library = createRequire(import.meta.url).resolve('classic-level');
    const worker = new Worker(PROGRAM, { eval: true, workerData: { path: this.#path, library } });
    worker.unref();
    return worker;
  }
}

function split(bytes: Buffer, count: number, last: boolean): RawPage {
  const keys: Buffer[] = [];
  const values: Buffer[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    const keyEnd = at + 8 + bytes.readUInt32LE(at);
    const valueEnd = keyEnd + bytes.readUInt32LE(at + 4);
    keys.push(bytes.subarray(at + 8, keyEnd));
    values.push(bytes.subarray(keyEnd, valueEnd));
    at = valueEnd;
  }
  return { keys, values, last };
}
