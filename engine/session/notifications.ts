/** LISTEN / NOTIFY: channels and who listens. Delivery happens at commit; duplicates of a transaction fold. */
export interface Listener {
  deliver(processId: number, channel: string, payload: string): void;
}

export interface Notification {
  readonly channel: string;
  readonly payload: string;
}

export class NotificationHub {
  readonly #channels = new Map<string, Set<Listener>>();

  listen(channel: string, listener: Listener): void {
    let listeners = this.#channels.get(channel);
    if (listeners === undefined) {
      listeners = new Set();
      this.#channels.set(channel, listeners);
    }
    listeners.add(listener);
  }

  unlisten(channel: string, listener: Listener): void {
    const listeners = this.#channels.get(channel);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.#channels.delete(channel);
  }

  publish(processId: number, notifications: readonly Notification[]): void {
    for (const { channel, payload } of notifications) {
      for (const listener of this.#channels.get(channel) ?? []) listener.deliver(processId, channel, payload);
    }
  }
}
