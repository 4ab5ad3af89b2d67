/** Everything in one process: engine and connections without IPC or sockets in between. */
import type { ConnectionNotice, Log, NativeHandle } from '../listener/index.ts';
import { ConnectionHost } from './connection-host.ts';
import { type EngineHost, openEngineHost } from './engine-host.ts';
import type { EngineSettings, WorkerSettings } from './settings.ts';

export class LocalServer {
  readonly engineHost: EngineHost;
  readonly #connections: ConnectionHost;

  private constructor(engineHost: EngineHost, connections: ConnectionHost) {
    this.engineHost = engineHost;
    this.#connections = connections;
  }

  /** Callers inside this process are trusted; network clients prove who they are all the same. */
  static async open(
    engine: EngineSettings,
    worker: WorkerSettings,
    log: Log,
    onClosed: (id: number) => void,
  ): Promise<LocalServer> {
    const host = await openEngineHost(engine, true, log);
    return new LocalServer(host, new ConnectionHost({ link: host.engine, settings: worker, log, onClosed }));
  }

  assign(notice: ConnectionNotice, handle: NativeHandle): boolean {
    this.#connections.accept(notice, handle);
    return true;
  }

  status(): unknown {
    return this.engineHost.engine.status();
  }

  async close(drainTimeoutMs: number): Promise<void> {
    await this.#connections.drain(drainTimeoutMs);
    await this.engineHost.close();
  }
}
