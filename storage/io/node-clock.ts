/** The machine's clock; microseconds come from the monotonic timer, anchored at start. */
import type { Clock } from './clock.ts';

export class NodeClock implements Clock {
  nowMillis(): number {
    return Date.now();
  }

  nowMicros(): number {
    return Math.floor((performance.timeOrigin + performance.now()) * 1000);
  }
}
