/** Composition root of a parser worker: connections handed over by the listener, one link to the engine. */
import { openChannel, tellParent } from './child-channel.ts';
import { ConnectionHost } from './connection-host.ts';
import { openLog } from './log.ts';
import { ReconnectingLink } from './reconnecting-link.ts';
import { ownSettings, type WorkerSettings } from './settings.ts';

const settings = ownSettings<WorkerSettings>();
const log = openLog(settings.log);
const link = new ReconnectingLink(settings.socket);
const host = new ConnectionHost({
  link,
  settings,
  log,
  onClosed: (id) => tellParent({ kind: 'closed', id }),
});

process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
// A bug in one connection may have left shared state half-changed: this worker ends, the others serve on.
process.on('uncaughtException', die);
process.on('unhandledRejection', die);

openChannel({
  message(message, handle) {
    switch (message.kind) {
      case 'connection':
        if (handle !== undefined) host.accept(message, handle);
        else tellParent({ kind: 'closed', id: message.id });
        return;
      case 'engine':
        link.engineAt(message.path);
        return;
      case 'drain':
        void host.drain(message.timeoutMs).then(() => process.exit(0));
        return;
      case 'reopen-log':
        log.reopen();
        return;
      case 'settings':
        log.setLevel((message.settings as { logLevel: string }).logLevel);
        return;
    }
  },
  orphaned: () => process.exit(0),
  status: () => ({ connections: host.connections }),
  queries: () => host.running,
});
tellParent({ kind: 'ready' });
setImmediate(() => host.warmUp());

function die(error: unknown): void {
  log.error({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'the worker failed');
  process.exit(70);
}
