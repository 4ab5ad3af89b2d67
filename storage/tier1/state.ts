/** What the sorted runs remember of the store: how far they go, and how large the spaces are. */
import { StorageError, type Space } from '../contract/index.ts';
import { LOG_START, type LogPosition } from '../log/log-reader.ts';

const FORMAT = 1;

export interface StoreState {
  readonly flushedStamp: number;
  /** Where in the log replay and the next flush begin. */
  readonly position: LogPosition;
  /** [space, rows, bytes] */
  readonly spaces: readonly (readonly [Space, number, number])[];
}

export function readState(bytes: Buffer | undefined): StoreState {
  if (bytes === undefined) return { flushedStamp: 0, position: LOG_START, spaces: [] };
  const saved = JSON.parse(bytes.toString('utf8')) as StoreState & { readonly format: number };
  if (saved.format !== FORMAT)
    throw new StorageError('corruption', `the data directory has format ${saved.format}, this program reads ${FORMAT}`);
  return saved;
}

export function writeState(state: StoreState): Buffer {
  return Buffer.from(JSON.stringify({ format: FORMAT, ...state }));
}
