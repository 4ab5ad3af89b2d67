/**
 * One child process of the listener and its life: starting -> ready -> draining -> stopped. Owns the
 * IPC channel, the start timeout, health questions and the way from a polite stop to a kill. What is
 * done about a failure is decided by its owner (worker-pool.ts, engine-supervisor.ts).
 */
import { type ChildProcess, fork } from 'node:child_process';
import { HEALTH_INTERVAL_MS, START_TIMEOUT_MS, STOP_GRACE_MS } from './limits.ts';
import type { Log } from './log.ts';
import { type ChildLoad, type FromChild, isFromChild, type ToChild } from './messages.ts';

export type ChildState = 'starting' | 'ready' | 'draining' | 'stopped';

export interface ChildOptions {
  /** For logs and status: 'engine', 'worker 1'. */
  readonly name: string;
  /** JavaScript file to run. */
  readonly entry: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly execArgv: readonly string[];
  /** Silence after a health question that counts as hanging; the process is then killed. 0 = never. */
  readonly healthTimeoutMs: number;
  /** Longest time to become ready; START_TIMEOUT_MS when absent. */
  readonly startTimeoutMs?: number;
  readonly log: Log;
}

export interface ChildEvents {
  ready(): void;
  message(message: FromChild): void;
  /** Called once; `failure` is undefined when the stop was asked for. */
  exit(failure: string | undefined): void;
}

/** A native socket handle: what node passes between processes, without a public type. */
export type NativeHandle = { close(): void };

const IDLE: ChildLoad = { queries: 0, utilization: 0, memoryBytes: 0 };

export class Child {
  readonly name: string;
  readonly startedAt = Date.now();
  state: ChildState = 'starting';
  load: ChildLoad = IDLE;
  readonly #process: ChildProcess;
  readonly #options: ChildOptions;
  readonly #events: ChildEvents;
  readonly #exited: Promise<void>;
  readonly #statusRequests = new Map<number, (status: unknown) => void>();
  #resolveExited: () => void = () => {};
  #startTimer: NodeJS.Timeout | undefined;
  #healthTimer: NodeJS.Timeout | undefined;
  #killTimer: NodeJS.Timeout | undefined;
  #sequence = 0;
  #pingSentAt = 0;
  #refusedToStart: string | undefined;
  #stopRequested = false;

  constructor(options: ChildOptions, events: ChildEvents) {
    this.name = options.name;
    this.#options = options;
    this.#events = events;
    this.#exited = new Promise((resolve) => {
      this.#resolveExited = resolve;
    });
    this.#process = fork(options.entry, [], {
      env: { ...process.env, ...options.environment },
      execArgv: [...options.execArgv],
      // Signals of the terminal go to the listener alone, which then stops its children in order.
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#process.on('message', (message) => {
      if (isFromChild(message)) this.#receive(message);
    });
    this.#process.on('error', (error) =>
      options.log.warn({ process: this.name, error: error.message }, 'process error'),
    );
    this.#process.on('exit', (code, signal) => this.#ended(code, signal));
    this.#startTimer = setTimeout(
      () => this.kill('did not become ready in time'),
      options.startTimeoutMs ?? START_TIMEOUT_MS,
    );
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** The message with which the child declared that starting it again is pointless. */
  get refusedToStart(): string | undefined {
    return this.#refusedToStart;
  }

  /** Sends a control message; a channel that is gone is no news, the exit event tells it. */
  send(message: ToChild): void {
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  /** Hands over a socket. The callback's error means the child did not get it. */
  sendHandle(message: ToChild, handle: NativeHandle, done: (error: Error | null) => void): void {
    if (!this.#process.connected) {
      done(new Error('the channel is closed'));
      return;
    }
    // The native handle is passed as it is: a net.Socket would cost two more round trips per hand-off.
    this.#process.send(message, handle as never, done);
  }

  status(timeoutMs: number): Promise<unknown> {
    if (this.state !== 'ready' && this.state !== 'draining') return Promise.resolve(undefined);
    const request = ++this.#sequence;
    return new Promise((resolve) => {
      const timer = setTimeout(() => finish(undefined), timeoutMs);
      const finish = (status: unknown): void => {
        clearTimeout(timer);
        this.#statusRequests.delete(request);
        resolve(status);
      };
      this.#statusRequests.set(request, finish);
      this.send({ kind: 'status', request });
    });
  }

  /** Asks the process to finish and exit; after the timeout and a grace it is killed. Resolves at its end. */
  stop(drainTimeoutMs: number): Promise<void> {
    if (this.state === 'stopped') return this.#exited;
    this.#stopRequested = true;
    this.state = 'draining';
    this.send({ kind: 'drain', timeoutMs: drainTimeoutMs });
    this.#killTimer ??= setTimeout(() => this.#process.kill('SIGKILL'), drainTimeoutMs + STOP_GRACE_MS);
    return this.#exited;
  }

  kill(reason: string): void {
    this.#options.log.error({ process: this.name, pid: this.pid, reason }, 'process killed');
    this.#process.kill('SIGKILL');
  }

  #receive(message: FromChild): void {
    switch (message.kind) {
      case 'ready':
        clearTimeout(this.#startTimer);
        if (this.state !== 'starting') return;
        this.state = 'ready';
        this.#watchHealth();
        this.#events.ready();
        return;
      case 'failed':
        this.#refusedToStart = message.message;
        return;
      case 'pong':
        if (message.sequence === this.#sequence) this.#pingSentAt = 0;
        this.load = message.load;
        return;
      case 'status':
        this.#statusRequests.get(message.request)?.(message.status);
        return;
      default:
        this.#events.message(message);
    }
  }

  #watchHealth(): void {
    const timeout = this.#options.healthTimeoutMs;
    this.#healthTimer = setInterval(() => {
      const now = performance.now();
      if (this.#pingSentAt !== 0) {
        if (timeout > 0 && now - this.#pingSentAt > timeout) this.kill('no answer to health questions');
        return;
      }
      this.#pingSentAt = now;
      this.send({ kind: 'ping', sequence: ++this.#sequence });
    }, HEALTH_INTERVAL_MS);
    this.#healthTimer.unref();
  }

  #ended(code: number | null, signal: NodeJS.Signals | null): void {
    clearTimeout(this.#startTimer);
    clearTimeout(this.#killTimer);
    clearInterval(this.#healthTimer);
    this.state = 'stopped';
    for (const finish of [...this.#statusRequests.values()]) finish(undefined);
    this.#resolveExited();
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
    this.#events.exit(this.#stopRequested ? undefined : (this.#refusedToStart ?? how));
  }
}
