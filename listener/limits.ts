/**
 * Every bound of the listener process in one place. Those a user may set are defaults here and keys of
 * the configuration; the others are fixed.
 */

/** Connections accepted but not yet handed to a worker. Beyond it new ones are closed at once. */
export const PENDING_CONNECTIONS_MAX = 1024;
/** Connections over a limit that wait to be told so in their protocol's own words. */
export const REFUSALS_IN_FLIGHT_MAX = 64;
/** Length of the operating system's accept queue. */
export const ACCEPT_BACKLOG = 1024;
/** Failures within FAILURE_WINDOW_MS that put a worker slot into quarantine. */
export const QUARANTINE_FAILURES = 5;
export const FAILURE_WINDOW_MS = 60_000;
/** How long a quarantined slot rests before one more attempt. */
export const QUARANTINE_MS = 60_000;
export const BACKOFF_FIRST_MS = 250;
export const BACKOFF_LAST_MS = 30_000;
/** A process that does not say it is ready within this time is killed and counts as failed. */
export const START_TIMEOUT_MS = 30_000;
/** The engine first replays its log, which takes longer the more was committed before a crash. */
export const ENGINE_START_TIMEOUT_MS = 15 * 60_000;
/** How often the health of a process is asked for. */
export const HEALTH_INTERVAL_MS = 5_000;
/** Longest time between being told to stop and being killed, on top of the drain timeout. */
export const STOP_GRACE_MS = 2_000;
