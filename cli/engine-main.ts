/** Composition root of the engine process: store and engine behind a Unix socket for the workers. */
import { rmSync } from 'node:fs';
import net from 'node:net';
import { serveEngineLinks } from '../sblr/contract/link-server.ts';
import { buffered } from './buffered-socket.ts';
import { openChannel, tellParent } from './child-channel.ts';
import { type EngineHost, openEngineHost } from './engine-host.ts';
import { openLog, type ProcessLog } from './log.ts';
import { type EngineSettings, ownSettings } from './settings.ts';

const settings = ownSettings<EngineSettings>();
const log = openLog(settings.log);
let host: EngineHost | undefined;
let server: net.Server | undefined;
let ending: Promise<void> | undefined;

// The listener alone decides when to end: a Ctrl-C reaches it, and it lets the workers finish first.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
// A bug: what is in memory can no longer be trusted, what is on disk can. The listener starts a new one.
process.on('uncaughtException', (error) => die(error, log));
process.on('unhandledRejection', (error) => die(error, log));

openChannel({
  message(message) {
    if (message.kind === 'drain') void end('told to stop');
    else if (message.kind === 'reopen-log') log.reopen();
    else if (message.kind === 'settings') log.setLevel((message.settings as { logLevel: string }).logLevel);
  },
  orphaned: () => void end('the server process is gone'),
  status: () => host?.engine.status(),
  queries: () => 0,
});

try {
  host = await openEngineHost(settings, settings.authentication.method === 'trust', log);
  rmSync(settings.socket, { force: true });
  server = net.createServer({ pauseOnConnect: true });
  serveEngineLinks(server, host.engine, { adopt: buffered });
  await new Promise<void>((resolve, reject) => {
    server!.once('error', reject);
    server!.listen(settings.socket, resolve);
  });
  tellParent({ kind: 'ready' });
} catch (error) {
  const { message, stack } = error as Error;
  log.error({ error: stack ?? message }, 'the engine cannot start');
  process.send?.({ kind: 'failed', message: `the engine cannot start: ${message}` }, undefined, undefined, () =>
    process.exit(1),
  );
}

function end(reason: string): Promise<void> {
  ending ??= (async () => {
    log.info({ reason }, 'stopping');
    server?.close();
    try {
      await host?.close();
    } catch (error) {
      log.error({ error: String(error) }, 'closing failed');
      process.exit(1);
    }
    process.exit(0);
  })();
  return ending;
}

function die(error: unknown, to: ProcessLog): void {
  to.error({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'the engine failed');
  process.exit(70);
}
