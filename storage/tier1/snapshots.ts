/**
 * Snapshots in use. One shared, counted handle per stamp, in stamp order, so that registering and
 * releasing are a few instructions and the oldest one is at hand: nothing it can see may go.
 */
import type { SnapshotHandle } from '../contract/index.ts';

class Handle implements SnapshotHandle {
  readonly stamp: number;
  count = 1;
  constructor(stamp: number) {
    this.stamp = stamp;
  }
}

export class SnapshotRegistry {
  #handles: Handle[] = [];
  #first = 0;

  register(stamp: number): SnapshotHandle {
    const newest = this.#handles[this.#handles.length - 1];
    if (newest !== undefined && newest.stamp === stamp) {
      newest.count++;
      return newest;
    }
    const handle = new Handle(stamp);
    this.#handles.push(handle);
    return handle;
  }

  retain(handle: SnapshotHandle): void {
    (handle as Handle).count++;
  }

  release(handle: SnapshotHandle): void {
    if (--(handle as Handle).count > 0) return;
    const handles = this.#handles;
    while (this.#first < handles.length && handles[this.#first]!.count === 0) this.#first++;
    if (this.#first === handles.length) {
      handles.length = 0;
      this.#first = 0;
    } else if (this.#first > 64 && this.#first * 2 > handles.length) {
      this.#handles = handles.slice(this.#first);
      this.#first = 0;
    }
  }

  /** Stamp of the oldest snapshot in use, or `otherwise`. */
  oldest(otherwise: number): number {
    return this.#first < this.#handles.length ? this.#handles[this.#first]!.stamp : otherwise;
  }
}
