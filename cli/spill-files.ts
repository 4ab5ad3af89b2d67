/**
 * Temporary files for statements that outgrow their memory. Each is unlinked as soon as it is open, so
 * that nothing is left behind however the process ends; their sum is bounded.
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, readSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { SpillFile, SpillFiles } from '../engine/index.ts';
import { StorageError } from '../storage/contract/index.ts';

export class TemporarySpillFiles implements SpillFiles {
  readonly #folder: string;
  readonly #limitBytes: number;
  #created = 0;
  #bytes = 0;

  constructor(folder: string, limitBytes: number) {
    this.#folder = folder;
    this.#limitBytes = limitBytes;
    // Where a file could not be unlinked while open, a crash may have left some.
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** Bytes in all open files. */
  get bytes(): number {
    return this.#bytes;
  }

  create(): SpillFile {
    const path = join(this.#folder, String(++this.#created));
    const descriptor = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
    return new UnlinkedFile(descriptor, (bytes) => this.#grow(bytes));
  }

  #grow(bytes: number): void {
    if (bytes > 0 && this.#bytes + bytes > this.#limitBytes) {
      throw new StorageError('full', `temporary files would exceed ${this.#limitBytes} bytes (limits.spill_size)`);
    }
    this.#bytes += bytes;
  }
}

class UnlinkedFile implements SpillFile {
  readonly #grow: (bytes: number) => void;
  #descriptor: number;
  #size = 0;

  constructor(descriptor: number, grow: (bytes: number) => void) {
    this.#descriptor = descriptor;
    this.#grow = grow;
  }

  get size(): number {
    return this.#size;
  }

  write(bytes: Uint8Array): void {
    this.#grow(bytes.length);
    const start = this.#size;
    this.#size += bytes.length;
    for (let done = 0; done < bytes.length; ) {
      try {
        done += writeSync(this.#descriptor, bytes, done, bytes.length - done, start + done);
      } catch (error) {
        const { code, message } = error as NodeJS.ErrnoException;
        throw new StorageError(
          code === 'ENOSPC' || code === 'EDQUOT' ? 'full' : 'io',
          `cannot write a temporary file: ${message}`,
          error,
        );
      }
    }
  }

  read(position: number, length: number): Uint8Array {
    const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, this.#size - position)));
    let done = 0;
    while (done < buffer.length) {
      const count = readSync(this.#descriptor, buffer, done, buffer.length - done, position + done);
      if (count === 0) throw new StorageError('io', 'a temporary file ends too early');
      done += count;
    }
    return buffer;
  }

  close(): void {
    if (this.#descriptor < 0) return;
    // Frees the space at once, also where something else still holds the file.
    ftruncateSync(this.#descriptor, 0);
    closeSync(this.#descriptor);
    this.#descriptor = -1;
    this.#grow(-this.#size);
    this.#size = 0;
  }
}
