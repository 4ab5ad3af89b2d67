/**
 * Recovery: replays the log behind the sorted runs into memory, cuts off what a crash left unfinished,
 * and refuses to open on damage in the middle.
 */
import { StorageError } from '../contract/index.ts';
import { LogReader, type LogPosition } from '../log/log-reader.ts';
import { KIND_ABORT, KIND_PART, RecordWalker } from '../log/record.ts';
import { segmentPath } from '../log/segments.ts';
import type { Disk } from '../io/disk.ts';

export interface ReplayTarget {
  /** Called per record of a transaction (several for a large one), all with its stamp. */
  replay(record: RecordWalker, stamp: number): void;
  /** All records of the transaction were replayed. */
  committed(stamp: number): void;
}

export interface RecoveryResult {
  readonly lastStamp: number;
  /** Version ids (16 bytes) of large transactions that were never finished. */
  readonly unfinished: readonly string[];
}

export async function replayLog(
  disk: Disk,
  directory: string,
  from: LogPosition,
  flushedStamp: number,
  target: ReplayTarget,
): Promise<RecoveryResult> {
  const reader = new LogReader(disk, directory, from);
  const parts = new Map<string, Buffer[]>();
  let lastStamp = flushedStamp;
  try {
    for (;;) {
      if (!reader.step()) {
        if (await reader.fill()) continue;
        break;
      }
      const { walker } = reader;
      if (reader.torn !== undefined && reader.torn.segment < reader.segment) {
        throw new StorageError(
          'corruption',
          `log segment ${reader.torn.segment} is damaged at offset ${reader.torn.offset}`,
        );
      }
      if (walker.kind === KIND_PART) {
        const records = parts.get(walker.id()) ?? [];
        records.push(Buffer.from(walker.buffer.subarray(walker.start, walker.end)));
        parts.set(walker.id(), records);
        continue;
      }
      const id = walker.id();
      const records = parts.get(id);
      parts.delete(id);
      if (walker.kind === KIND_ABORT || walker.stamp <= flushedStamp) continue;
      if (walker.stamp !== lastStamp + 1) {
        throw new StorageError('corruption', `the log goes from transaction ${lastStamp} to ${walker.stamp}`);
      }
      for (const record of records ?? []) {
        const part = new RecordWalker();
        part.buffer = record;
        part.limit = record.length;
        if (!part.step()) throw new StorageError('corruption', 'part of a transaction changed while it was read');
        target.replay(part, walker.stamp);
      }
      target.replay(walker, walker.stamp);
      target.committed(walker.stamp);
      lastStamp = walker.stamp;
    }
  } finally {
    reader.close();
  }
  if (reader.torn !== undefined) cutTail(disk, directory, reader.torn);
  return { lastStamp, unfinished: [...parts.keys()] };
}

/** What follows the last whole record was never acknowledged; without it the segment ends cleanly. */
function cutTail(disk: Disk, directory: string, torn: LogPosition): void {
  const file = disk.open(segmentPath(directory, torn.segment), 'write');
  try {
    file.truncateSync(torn.offset);
    file.syncSync();
  } finally {
    file.closeSync();
  }
}
