/**
 * Keeps the engine process alive: starts it, tells when it accepts connections, and starts it again
 * with growing delays when it dies. The store on disk recovers by itself; clients are told by their workers.
 */
import { backoffDelay } from './backoff.ts';
import { Child, type ChildOptions } from './child.ts';
import { ENGINE_START_TIMEOUT_MS, FAILURE_WINDOW_MS } from './limits.ts';

export interface EngineSupervisorOptions {
  readonly child: ChildOptions;
  /** The engine accepts connections (at first, and after every restart). */
  readonly onReady: () => void;
  /** The engine ended unexpectedly; it will be started again. */
  readonly onLost: (failure: string) => void;
  /** The engine refused its data folder: there is nothing to retry. */
  readonly onRefused: (message: string) => void;
}

export class EngineSupervisor {
  readonly #options: EngineSupervisorOptions;
  #child: Child | undefined;
  #failures = 0;
  #restarts = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;

  constructor(options: EngineSupervisorOptions) {
    this.#options = options;
  }

  get ready(): boolean {
    return this.#child?.state === 'ready';
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get restarts(): number {
    return this.#restarts;
  }

  start(): void {
    const startedAt = performance.now();
    const child = new Child(
      { ...this.#options.child, startTimeoutMs: ENGINE_START_TIMEOUT_MS },
      {
        ready: () => this.#options.onReady(),
        message: () => {},
        exit: (failure) => this.#ended(child, startedAt, failure),
      },
    );
    this.#child = child;
  }

  send(message: Parameters<Child['send']>[0]): void {
    this.#child?.send(message);
  }

  status(timeoutMs: number): Promise<unknown> {
    return this.#child?.status(timeoutMs) ?? Promise.resolve(undefined);
  }

  async stop(drainTimeoutMs: number): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    await this.#child?.stop(drainTimeoutMs);
  }

  #ended(child: Child, startedAt: number, failure: string | undefined): void {
    if (this.#stopping || failure === undefined) return;
    if (child.refusedToStart !== undefined) {
      this.#options.onRefused(child.refusedToStart);
      return;
    }
    // A long good run forgives: only failures in quick succession lengthen the delay.
    this.#failures = performance.now() - startedAt > FAILURE_WINDOW_MS ? 1 : this.#failures + 1;
    this.#restarts++;
    this.#options.onLost(failure);
    const delay = backoffDelay(this.#failures);
    this.#options.child.log.error({ failure, delayMs: delay }, 'engine ended; it will be started again');
    this.#timer = setTimeout(() => this.start(), delay);
  }
}
