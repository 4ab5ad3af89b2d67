/** Wall clock, injected so that tests can be repeated exactly. */
export interface Clock {
  /** Milliseconds since 1970-01-01. */
  nowMillis(): number;
  /** Microseconds since 1970-01-01. */
  nowMicros(): number;
}
