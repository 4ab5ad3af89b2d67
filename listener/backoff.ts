/**
 * How long to wait before a process that failed is started again, and when to stop trying for a while.
 * Delays double from BACKOFF_FIRST_MS to BACKOFF_LAST_MS; enough failures in the window quarantine.
 */
import { BACKOFF_FIRST_MS, BACKOFF_LAST_MS, FAILURE_WINDOW_MS, QUARANTINE_FAILURES, QUARANTINE_MS } from './limits.ts';

export interface RestartDecision {
  readonly quarantined: boolean;
  readonly delayMs: number;
}

export class FailureHistory {
  #times: number[] = [];

  /** Records a failure at `now` (milliseconds of any steady clock) and says what to do. */
  failed(now: number): RestartDecision {
    this.#times = this.#times.filter((time) => now - time < FAILURE_WINDOW_MS);
    this.#times.push(now);
    const count = this.#times.length;
    if (count >= QUARANTINE_FAILURES) {
      // The window starts afresh after the rest, so that one more failure does not quarantine at once.
      this.#times = [];
      return { quarantined: true, delayMs: QUARANTINE_MS };
    }
    return { quarantined: false, delayMs: backoffDelay(count) };
  }
}

/** Delay before attempt number `failures` + 1. */
export function backoffDelay(failures: number): number {
  if (failures <= 0) return 0;
  return Math.min(BACKOFF_LAST_MS, BACKOFF_FIRST_MS * 2 ** (failures - 1));
}
