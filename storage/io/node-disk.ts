/**
 * The Disk of a real machine, over node:fs. The only place of storage that imports it.
 */
import fs from 'node:fs';
import { StorageError } from '../contract/index.ts';
import type { Disk, DiskCallback, DiskFile } from './disk.ts';

/** Wraps an error of the operating system; a full disk is told apart since it may pass. */
export function diskError(error: unknown): StorageError {
  const code = (error as { code?: string }).code;
  const text = error instanceof Error ? error.message : String(error);
  return new StorageError(code === 'ENOSPC' || code === 'EDQUOT' ? 'full' : 'io', text, error);
}

function guard<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw diskError(error);
  }
}

class NodeFile implements DiskFile {
  readonly path: string;
  readonly #fd: number;

  constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  size(): number {
    return guard(() => fs.fstatSync(this.#fd).size);
  }

  read(buffer: Buffer, length: number, position: number, callback: (error: Error | null, count: number) => void): void {
    fs.read(this.#fd, buffer, 0, length, position, (error, count) =>
      callback(error === null ? null : diskError(error), count),
    );
  }

  readSync(buffer: Buffer, length: number, position: number): number {
    return guard(() => {
      let done = 0;
      while (done < length) {
        const count = fs.readSync(this.#fd, buffer, done, length - done, position + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    });
  }

  write(buffer: Buffer, offset: number, length: number, position: number, callback: DiskCallback): void {
    fs.write(this.#fd, buffer, offset, length, position, (error, count) => {
      if (error !== null) callback(diskError(error));
      else if (count < length) this.write(buffer, offset + count, length - count, position + count, callback);
      else callback(null);
    });
  }

  writeSync(buffer: Buffer, offset: number, length: number, position: number): void {
    guard(() => {
      let done = 0;
      while (done < length) done += fs.writeSync(this.#fd, buffer, offset + done, length - done, position + done);
    });
  }

  sync(callback: DiskCallback): void {
    fs.fdatasync(this.#fd, (error) => callback(error === null ? null : diskError(error)));
  }

  syncSync(): void {
    guard(() => fs.fdatasyncSync(this.#fd));
  }

  truncateSync(size: number): void {
    guard(() => fs.ftruncateSync(this.#fd, size));
  }

  closeSync(): void {
    guard(() => fs.closeSync(this.#fd));
  }
}

export class NodeDisk implements Disk {
  makeDirectory(path: string): void {
    guard(() => fs.mkdirSync(path, { recursive: true, mode: 0o700 }));
  }

  list(path: string): string[] {
    return guard(() => (fs.existsSync(path) ? fs.readdirSync(path) : []));
  }

  exists(path: string): boolean {
    return fs.existsSync(path);
  }

  open(path: string, mode: 'read' | 'write' | 'create'): DiskFile {
    const flags = mode === 'read' ? 'r' : mode === 'write' ? 'r+' : 'w+';
    return guard(() => new NodeFile(path, fs.openSync(path, flags, 0o600)));
  }

  remove(path: string): void {
    guard(() => fs.rmSync(path, { force: true, recursive: true }));
  }

  rename(from: string, to: string): void {
    guard(() => fs.renameSync(from, to));
  }

  syncDirectory(path: string): void {
    guard(() => {
      const fd = fs.openSync(path, 'r');
      try {
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
    });
  }
}
