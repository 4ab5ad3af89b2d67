/** The workers' link to an engine that comes and goes. */
import net from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ReconnectingLink } from '../../cli/reconnecting-link.ts';
import type { AuthReply } from '../../sblr/contract/session.ts';
import { removeFolder, temporaryFolder, until } from '../harness/index.ts';

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

test('a login that a dying engine did not answer begins anew with the next one', async () => {
  const folder = temporaryFolder();
  cleanups.push(() => removeFolder(folder));
  const path = join(folder, 'engine.sock');
  let connections = 0;
  const received: number[] = [];
  const engine = net.createServer((socket) => {
    const number = connections++;
    received[number] = 0;
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      received[number]! += chunk.length;
      // The first engine dies with the login unanswered.
      if (number === 0) socket.destroy();
    });
  });
  await new Promise<void>((resolve) => engine.listen(path, resolve));
  cleanups.push(() => engine.close());
  const link = new ReconnectingLink(path);
  cleanups.push(() => link.close());
  await until('the link is connected', () => link.connected);
  const told: unknown[] = [];
  const session = link.openSession(
    { dialect: 'postgres', user: 'u', database: 'd', clientAddress: '127.0.0.1:1', settings: {} },
    { notification: () => {}, terminated: (error) => told.push(error) },
  );
  const replies: AuthReply[] = [];
  session.authenticate({ mechanism: 'trust', data: new Uint8Array() }, (reply) => replies.push(reply));
  await until('the login arrives at the second engine', () => (received[1] ?? 0) > 0);
  expect({ replies, told, connections }).toEqual({ replies: [], told: [], connections: 2 });
});
