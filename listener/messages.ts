/**
 * What the listener process and its children say to each other over the IPC channel of a child. Only
 * control travels here: bytes of clients go through the socket handle, rows through the engine socket.
 */

/** Why a connection is not served; the worker says so in the protocol's own words and closes it. */
export type Refusal = 'too_many_connections' | 'too_many_connections_of_client' | 'shutting_down';

/** Describes a client's connection; its native socket handle travels with the message. */
export interface ConnectionNotice {
  readonly kind: 'connection';
  /** Unique within the listener's life. */
  readonly id: number;
  /** Which protocol the port speaks. */
  readonly protocol: string;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly refusal?: Refusal;
}

export type ToChild =
  | ConnectionNotice
  /** The engine accepts connections at this socket (again). */
  | { readonly kind: 'engine'; readonly path: string }
  /** Settings changed while running; what they contain is between the composition root and the child. */
  | { readonly kind: 'settings'; readonly settings: unknown }
  /** Finish what runs, end idle sessions, then exit. */
  | { readonly kind: 'drain'; readonly timeoutMs: number }
  | { readonly kind: 'ping'; readonly sequence: number }
  | { readonly kind: 'status'; readonly request: number }
  | { readonly kind: 'reopen-log' };

export type FromChild =
  | { readonly kind: 'ready' }
  /** The child cannot start, and trying again would not help; it exits after this. */
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'closed'; readonly id: number }
  | { readonly kind: 'pong'; readonly sequence: number; readonly load: ChildLoad }
  | { readonly kind: 'status'; readonly request: number; readonly status: unknown };

export interface ChildLoad {
  /** Statements running now. */
  readonly queries: number;
  /** Busy share of the event loop since the last answer, 0..1. */
  readonly utilization: number;
  readonly memoryBytes: number;
}

/** True for anything that looks like a message of a child; the rest is ignored. */
export function isFromChild(message: unknown): message is FromChild {
  return typeof message === 'object' && message !== null && 'kind' in message;
}
