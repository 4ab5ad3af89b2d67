/**
 * The flush worker: a thread that moves the log into the sorted runs, so that the engine's thread only
 * decides. It opens the same LevelDB instance (the library shares one per process).
 */
import { parentPort, workerData } from 'node:worker_threads';
import { NodeDisk } from '../io/node-disk.ts';
import { LogReader } from '../log/log-reader.ts';
import { LogFlusher, type FlushRequest } from './flush-log.ts';
import { openLevelRuns } from './level-runs.ts';

const { runsDirectory, logDirectory } = workerData as { readonly runsDirectory: string; readonly logDirectory: string };
const port = parentPort!;
const disk = new NodeDisk();
// Options of an instance already open are those of its first opening.
const runs = await openLevelRuns(runsDirectory, { cacheBytes: 8 << 20, writeBufferBytes: 16 << 20 });

port.on('message', (message: FlushRequest | 'close') => {
  if (message === 'close') {
    runs.close().finally(() => process.exit(0));
    return;
  }
  new LogFlusher(runs, new LogReader(disk, logDirectory, message.from), message).run().then(
    (result) => port.postMessage({ result }),
    (error: unknown) => port.postMessage({ error: error instanceof Error ? error.message : String(error) }),
  );
});
