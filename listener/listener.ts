/**
 * Accepts connections on the configured ports and passes each, as a native socket handle that nobody
 * has read from, to a target: the worker pool, or the sessions of this process. Counts them for
 * admission; keeps them waiting, bounded in number and time, while no worker is ready.
 */
import net from 'node:net';
import { Admission, type AdmissionLimits } from './admission.ts';
import type { NativeHandle } from './child.ts';
import { ACCEPT_BACKLOG, PENDING_CONNECTIONS_MAX, REFUSALS_IN_FLIGHT_MAX } from './limits.ts';
import type { Log } from './log.ts';
import type { ConnectionNotice } from './messages.ts';

export interface ListenPort {
  readonly protocol: string;
  readonly host: string;
  /** 0 = any free port; `addresses()` tells which. */
  readonly port: number;
  /** If another program has it, the server goes on without this port. */
  readonly optional?: boolean;
}

/** Who serves the connections. */
export interface ConnectionTarget {
  /** Takes over the handle, or returns false: nobody can serve it now. `failed` = it came back. */
  assign(notice: ConnectionNotice, handle: NativeHandle, failed: () => void): boolean;
}

export interface ListenerOptions {
  readonly ports: readonly ListenPort[];
  readonly admission: AdmissionLimits;
  /** How long a connection may wait for a worker. */
  readonly waitTimeoutMs: number;
  readonly log: Log;
}

interface Pending {
  readonly notice: ConnectionNotice;
  readonly handle: NativeHandle;
  readonly deadline: number;
}

export class Listener {
  readonly #options: ListenerOptions;
  readonly #target: ConnectionTarget;
  readonly #admission: Admission;
  readonly #servers: { readonly port: ListenPort; readonly server: net.Server }[] = [];
  readonly #taken: ListenPort[] = [];
  /** Address of every admitted connection, by its id; '' for one that is being refused. */
  readonly #open = new Map<number, string>();
  #pending: Pending[] = [];
  #refusals = 0;
  #nextId = 1;
  #accepted = 0;
  #refused = 0;
  #waitTimer: NodeJS.Timeout | undefined;

  constructor(options: ListenerOptions, target: ConnectionTarget) {
    this.#options = options;
    this.#target = target;
    this.#admission = new Admission(options.admission);
  }

  get connections(): number {
    return this.#admission.open;
  }

  get counters(): { accepted: number; refused: number; waiting: number } {
    return { accepted: this.#accepted, refused: this.#refused, waiting: this.#pending.length };
  }

  setLimits(limits: AdmissionLimits): void {
    this.#admission.setLimits(limits);
  }

  /** Opens all ports or none; rejects with the system's error, whose `port` says which one. */
  async listen(): Promise<void> {
    try {
      for (const port of this.#options.ports) await this.#listenOn(port);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #listenOn(port: ListenPort): Promise<void> {
    try {
      this.#servers.push({ port, server: await this.#openPort(port) });
    } catch (error) {
      if (port.optional !== true || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE')
        throw Object.assign(error as Error, { protocol: port.protocol });
      this.#taken.push(port);
      this.#options.log.warn({ protocol: port.protocol, port: port.port }, 'port taken by another program: not served');
    }
  }

  /** Optional ports that another program has. */
  get taken(): readonly ListenPort[] {
    return this.#taken;
  }

  /** Where it listens, in the order of the configured ports. */
  addresses(): { protocol: string; host: string; port: number }[] {
    return this.#servers.map(({ port: { protocol, host }, server }) => {
      const address = server.address();
      return { protocol, host, port: typeof address === 'object' && address !== null ? address.port : 0 };
    });
  }

  /** A worker became ready: hand over what waits. */
  flush(): void {
    const waiting = this.#pending;
    this.#pending = [];
    for (const pending of waiting) this.#pass(pending);
  }

  /** The target reports these connections over. */
  closed(ids: Iterable<number>): void {
    for (const id of ids) {
      const address = this.#open.get(id);
      if (address === undefined) continue;
      this.#open.delete(id);
      if (address === '') this.#refusals--;
      else this.#admission.leave(address);
    }
  }

  /** Stops accepting and drops who still waits for a worker. Connections that were handed over stay. */
  async close(): Promise<void> {
    clearTimeout(this.#waitTimer);
    for (const pending of this.#pending) this.#drop(pending);
    this.#pending = [];
    // Not awaited to the end: a server counts as closed only when all its sockets are, and those that
    // were handed over are no longer its business.
    for (const { server } of this.#servers) server.close();
  }

  #openPort(port: ListenPort): Promise<net.Server> {
    const server = net.createServer({ pauseOnConnect: true, noDelay: true }, (socket) => this.#accept(socket, port));
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: port.host, port: port.port, backlog: ACCEPT_BACKLOG }, () => {
        server.off('error', reject);
        server.on('error', (error) => this.#options.log.error({ error: error.message }, 'accept failed'));
        resolve(server);
      });
    });
  }

  #accept(socket: net.Socket, port: ListenPort): void {
    const { remoteAddress = '', remotePort = 0, localAddress = '', localPort = 0 } = socket;
    const handle = stealHandle(socket);
    if (handle === undefined) return;
    this.#accepted++;
    const id = this.#nextId++;
    const refusal = this.#admission.enter(remoteAddress);
    if (refusal !== undefined) {
      this.#refused++;
      if (this.#refusals >= REFUSALS_IN_FLIGHT_MAX) {
        handle.close();
        return;
      }
      this.#refusals++;
    }
    this.#open.set(id, refusal === undefined ? remoteAddress : '');
    const notice: ConnectionNotice = {
      kind: 'connection',
      id,
      protocol: port.protocol,
      remoteAddress,
      remotePort,
      localAddress,
      localPort,
      ...(refusal === undefined ? {} : { refusal }),
    };
    this.#pass({ notice, handle, deadline: performance.now() + this.#options.waitTimeoutMs });
  }

  #pass(pending: Pending): void {
    if (this.#target.assign(pending.notice, pending.handle, () => this.#pass(pending))) return;
    if (this.#pending.length >= PENDING_CONNECTIONS_MAX || performance.now() > pending.deadline) {
      this.#drop(pending);
      return;
    }
    this.#pending.push(pending);
    this.#armWaitTimer();
  }

  #armWaitTimer(): void {
    if (this.#waitTimer !== undefined) return;
    this.#waitTimer = setTimeout(
      () => {
        this.#waitTimer = undefined;
        this.flush();
      },
      Math.min(1000, this.#options.waitTimeoutMs),
    );
  }

  #drop(pending: Pending): void {
    this.#refused++;
    this.#options.log.warn({ client: pending.notice.remoteAddress }, 'connection closed: no worker took it in time');
    pending.handle.close();
    this.closed([pending.notice.id]);
  }
}

/**
 * Takes the native handle out of a paused socket, so that the socket object can be forgotten and no
 * byte is read in this process. Undefined when the client is gone already.
 */
export function stealHandle(socket: net.Socket): NativeHandle | undefined {
  const holder = socket as unknown as { _handle: NativeHandle | null };
  const handle = holder._handle;
  holder._handle = null;
  return handle ?? undefined;
}
