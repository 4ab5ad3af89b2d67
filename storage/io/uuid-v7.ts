/**
 * UUIDv7 (RFC 9562 section 5.7): 48 bits of Unix milliseconds, version, a 12-bit counter in rand_a
 * (method 1 of section 6.2) and 62 random bits. Strictly increasing within a process: the counter
 * starts at a random value below 2048 each millisecond, and when it overflows, or the clock steps
 * back, the timestamp runs ahead of the clock instead.
 */
import type { Clock } from './clock.ts';
import type { Random } from './random.ts';

export const UUID_BYTES = 16;
const POOL_BYTES = 4096;
const RANDOM_PER_UUID = 10;

export class UuidV7Generator {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #pool = new Uint8Array(POOL_BYTES);
  #used = POOL_BYTES;
  #millis = 0;
  #counter = 0;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Writes 16 bytes at `offset`. */
  write(target: Uint8Array, offset: number): void {
    if (this.#used + RANDOM_PER_UUID > POOL_BYTES) {
      this.#random.fill(this.#pool);
      this.#used = 0;
    }
    const pool = this.#pool;
    const at = this.#used;
    this.#used = at + RANDOM_PER_UUID;
    const now = this.#clock.nowMillis();
    if (now > this.#millis) {
      this.#millis = now;
      this.#counter = ((pool[at]! << 8) | pool[at + 1]!) & 0x7ff;
    } else if (++this.#counter > 0xfff) {
      this.#millis++;
      this.#counter = ((pool[at]! << 8) | pool[at + 1]!) & 0x7ff;
    }
    const high = Math.floor(this.#millis / 65536);
    target[offset] = high >>> 24;
    target[offset + 1] = high >>> 16;
    target[offset + 2] = high >>> 8;
    target[offset + 3] = high;
    target[offset + 4] = this.#millis >>> 8;
    target[offset + 5] = this.#millis;
    target[offset + 6] = 0x70 | (this.#counter >>> 8);
    target[offset + 7] = this.#counter;
    target[offset + 8] = 0x80 | (pool[at + 2]! & 0x3f);
    for (let i = 1; i < 8; i++) target[offset + 8 + i] = pool[at + 2 + i]!;
  }
}
