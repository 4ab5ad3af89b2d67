/**
 * Disk: all that storage asks of a file system, so that tests can put a simulated disk that crashes
 * in its place. Synchronous calls are for opening and recovery; while the store runs, the log uses
 * the asynchronous ones.
 */
export type DiskCallback = (error: Error | null) => void;

export interface DiskFile {
  readonly path: string;
  size(): number;
  read(buffer: Buffer, length: number, position: number, callback: (error: Error | null, count: number) => void): void;
  readSync(buffer: Buffer, length: number, position: number): number;
  /** Writes buffer[offset, offset + length) at `position`. */
  write(buffer: Buffer, offset: number, length: number, position: number, callback: DiskCallback): void;
  writeSync(buffer: Buffer, offset: number, length: number, position: number): void;
  /** Data (and size) reach the disk before the callback. */
  sync(callback: DiskCallback): void;
  syncSync(): void;
  truncateSync(size: number): void;
  closeSync(): void;
}

export interface Disk {
  makeDirectory(path: string): void;
  /** Names in a directory, unordered; empty when it does not exist. */
  list(path: string): string[];
  exists(path: string): boolean;
  open(path: string, mode: 'read' | 'write' | 'create'): DiskFile;
  remove(path: string): void;
  rename(from: string, to: string): void;
  /** Creations, removals and renames in the directory reach the disk. */
  syncDirectory(path: string): void;
}
