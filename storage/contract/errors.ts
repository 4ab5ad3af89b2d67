/**
 * StorageError: the one kind of failure storage reports. The engine maps it to an SqlError in one
 * place; storage itself knows nothing of SQL.
 */
export type StorageErrorKind =
  /** Bytes on disk are not what was written. */
  | 'corruption'
  /** The operating system refused a read, write or sync. After a failed sync the store stays closed to writes. */
  | 'io'
  /** The request contradicts the state of the store (unknown snapshot, store closed ...). */
  | 'conflict'
  /** Disk or memory limit reached. */
  | 'full'
  /** Another process has the data directory open. */
  | 'locked';

export class StorageError extends Error {
  readonly kind: StorageErrorKind;

  constructor(kind: StorageErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'StorageError';
    this.kind = kind;
  }
}
