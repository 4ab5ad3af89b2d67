/**
 * The pool of parser workers. With isolation 'pool' a fixed number of warm workers carry many
 * connections each; with 'connection' every connection gets a pre-forked process of its own, and some
 * spare ones wait. Failed workers are replaced with growing delays; a slot that keeps failing is
 * quarantined. `recycle` swaps all workers for fresh ones without closing a connection.
 */
import { type AssignmentPolicy, chooseWorker } from './assignment.ts';
import { FailureHistory } from './backoff.ts';
import { Child, type ChildOptions, type NativeHandle } from './child.ts';
import type { ConnectionNotice, ToChild } from './messages.ts';

export interface WorkerPoolOptions {
  readonly isolation: 'pool' | 'connection';
  /** Workers in the pool; with isolation 'connection' the number of spare processes kept warm. */
  readonly size: number;
  readonly assignment: AssignmentPolicy;
  readonly child: Omit<ChildOptions, 'name'>;
  /** A worker can take connections (again). */
  readonly onReady: () => void;
  /** A slot failed so often that it rests. */
  readonly onQuarantined?: () => void;
  /** The connections of these ids are over. */
  readonly onClosed: (ids: Iterable<number>) => void;
}

export interface WorkerStatus {
  readonly name: string;
  readonly pid: number | undefined;
  readonly state: string;
  readonly connections: number;
  readonly queries: number;
  readonly utilization: number;
  readonly memoryBytes: number;
}

class Worker {
  readonly child: Child;
  readonly slot: Slot;
  readonly connections = new Set<number>();

  constructor(slot: Slot, child: Child) {
    this.slot = slot;
    this.child = child;
  }

  get view(): { connections: number; queries: number; utilization: number } {
    const { queries, utilization } = this.child.load;
    return { connections: this.connections.size, queries, utilization };
  }
}

/** A place in the pool: it outlives the processes that fill it, and remembers their failures. */
interface Slot {
  readonly number: number;
  readonly failures: FailureHistory;
  worker: Worker | undefined;
  /** Being started to take the place of `worker`. */
  successor: Worker | undefined;
  quarantined: boolean;
  timer: NodeJS.Timeout | undefined;
}

export class WorkerPool {
  #options: WorkerPoolOptions;
  /** Fixed slots of isolation 'pool'; one shared slot history for 'connection'. */
  readonly #slots: Slot[] = [];
  /** Every process that is not stopped: those in slots, those draining, those of one connection. */
  readonly #workers = new Set<Worker>();
  #turn = 0;
  #nameCounter = 0;
  #stopping = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  start(): void {
    this.#fill();
  }

  /** Can a connection be handed over right now? */
  get available(): boolean {
    return this.#candidates().length > 0;
  }

  /** Hands the socket to a worker. False when no worker can take it now; the caller keeps it then. */
  assign(notice: ConnectionNotice, handle: NativeHandle, failed: () => void): boolean {
    const candidates = this.#candidates();
    const index = chooseWorker(
      candidates.map((worker) => worker.view),
      this.#options.assignment,
      this.#turn++,
    );
    const worker = candidates[index];
    if (worker === undefined) return false;
    worker.connections.add(notice.id);
    worker.child.sendHandle(notice, handle, (error) => {
      if (error === null) handle.close();
      // When the worker is gone already, its end has reported the connection closed.
      else if (worker.connections.delete(notice.id)) failed();
    });
    if (this.#options.isolation === 'connection') this.#fill();
    return true;
  }

  broadcast(message: ToChild): void {
    for (const worker of this.#workers) worker.child.send(message);
  }

  /** Takes new settings that need no new process; a larger or smaller pool grows or drains. */
  configure(change: { size: number; assignment: AssignmentPolicy }): void {
    this.#options = { ...this.#options, ...change };
    while (this.#options.isolation === 'pool' && this.#slots.length > change.size) {
      const slot = this.#slots.pop()!;
      clearTimeout(slot.timer);
      if (slot.worker !== undefined) this.#retire(slot.worker);
    }
    this.#fill();
  }

  /** Replaces every worker by a fresh one; the old ones end when their last connection does. */
  recycle(): void {
    if (this.#options.isolation === 'connection') {
      for (const worker of this.#workers) if (worker.connections.size === 0) this.#retire(worker);
      this.#fill();
      return;
    }
    for (const slot of this.#slots) if (slot.worker?.child.state === 'ready') slot.successor ??= this.#spawn(slot);
  }

  status(): WorkerStatus[] {
    const rows: WorkerStatus[] = [...this.#workers].map(({ child, connections }) => ({
      name: child.name,
      pid: child.pid,
      state: child.state === 'ready' && connections.size > 0 ? 'assigned' : child.state,
      connections: connections.size,
      queries: child.load.queries,
      utilization: child.load.utilization,
      memoryBytes: child.load.memoryBytes,
    }));
    for (const slot of this.#slots) {
      if (!slot.quarantined) continue;
      const name = `worker slot ${slot.number}`;
      rows.push({
        name,
        pid: undefined,
        state: 'quarantined',
        connections: 0,
        queries: 0,
        utilization: 0,
        memoryBytes: 0,
      });
    }
    return rows;
  }

  async stop(drainTimeoutMs: number): Promise<void> {
    this.#stopping = true;
    for (const slot of this.#slots) clearTimeout(slot.timer);
    await Promise.all([...this.#workers].map((worker) => worker.child.stop(drainTimeoutMs)));
  }

  #candidates(): Worker[] {
    const single = this.#options.isolation === 'connection';
    const found: Worker[] = [];
    for (const worker of this.#workers) {
      if (worker.child.state !== 'ready' || (single && worker.connections.size > 0)) continue;
      found.push(worker);
    }
    return found;
  }

  #fill(): void {
    if (this.#stopping) return;
    if (this.#options.isolation === 'connection') {
      const slot = this.#slots[0] ?? this.#addSlot();
      if (slot.quarantined || slot.timer !== undefined) return;
      let spare = 0;
      for (const { child, connections } of this.#workers) {
        if (connections.size === 0 && (child.state === 'ready' || child.state === 'starting')) spare++;
      }
      for (; spare < this.#options.size; spare++) this.#spawn(slot);
      return;
    }
    while (this.#slots.length < this.#options.size) this.#addSlot();
    for (const slot of this.#slots) {
      if (slot.worker === undefined && slot.timer === undefined) slot.worker = this.#spawn(slot);
    }
  }

  #addSlot(): Slot {
    const slot: Slot = {
      number: this.#slots.length + 1,
      failures: new FailureHistory(),
      worker: undefined,
      successor: undefined,
      quarantined: false,
      timer: undefined,
    };
    this.#slots.push(slot);
    return slot;
  }

  #spawn(slot: Slot): Worker {
    const name = `worker ${++this.#nameCounter}`;
    const child = new Child(
      { ...this.#options.child, name },
      {
        ready: () => this.#ready(worker),
        message: (message) => {
          if (message.kind === 'closed') this.#connectionClosed(worker, message.id);
        },
        exit: (failure) => this.#exited(worker, failure),
      },
    );
    const worker = new Worker(slot, child);
    this.#workers.add(worker);
    return worker;
  }

  #ready(worker: Worker): void {
    const { slot } = worker;
    if (slot.successor === worker) {
      const previous = slot.worker;
      slot.worker = worker;
      slot.successor = undefined;
      if (previous !== undefined) this.#retire(previous);
    }
    this.#options.onReady();
  }

  /** Takes no more connections; ends when the last one does. */
  #retire(worker: Worker): void {
    if (worker.slot.worker === worker) worker.slot.worker = undefined;
    worker.child.state = 'draining';
    if (worker.connections.size === 0) void worker.child.stop(0);
  }

  #connectionClosed(worker: Worker, id: number): void {
    if (!worker.connections.delete(id)) return;
    this.#options.onClosed([id]);
    const last = worker.connections.size === 0;
    if (last && (worker.child.state === 'draining' || this.#options.isolation === 'connection'))
      void worker.child.stop(0);
  }

  #exited(worker: Worker, failure: string | undefined): void {
    this.#workers.delete(worker);
    const ids = [...worker.connections];
    worker.connections.clear();
    this.#options.onClosed(ids);
    const { slot } = worker;
    if (slot.worker === worker) slot.worker = undefined;
    if (slot.successor === worker) slot.successor = undefined;
    if (this.#stopping) return;
    if (failure === undefined) {
      this.#fill();
      return;
    }
    const decision = slot.failures.failed(performance.now());
    slot.quarantined = decision.quarantined;
    const { log } = this.#options.child;
    log.error(
      { process: worker.child.name, failure, connectionsLost: ids.length, ...decision },
      'worker ended unexpectedly',
    );
    if (decision.quarantined) this.#options.onQuarantined?.();
    clearTimeout(slot.timer);
    slot.timer = setTimeout(() => {
      slot.timer = undefined;
      slot.quarantined = false;
      this.#fill();
    }, decision.delayMs);
  }
}
