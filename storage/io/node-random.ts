/** Random bytes of the operating system. */
import { randomFillSync } from 'node:crypto';
import type { Random } from './random.ts';

export class NodeRandom implements Random {
  fill(bytes: Uint8Array): void {
    randomFillSync(bytes);
  }
}
