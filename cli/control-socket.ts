/**
 * The control socket of a running server, for `lyrebird status`, `stop`, `reload` and `recycle`. One
 * line of JSON each way, in the data folder's private run folder: who can open it owns the server.
 */
import { rmSync } from 'node:fs';
import net from 'node:net';

export type ControlCommand = 'status' | 'stop' | 'reload' | 'recycle';

export type ControlHandler = (command: ControlCommand) => Promise<unknown>;

const REQUEST_BYTES_MAX = 4096;
const REPLY_BYTES_MAX = 1 << 20;

export interface ControlServer {
  close(): void;
}

export function serveControl(path: string, handler: ControlHandler): Promise<ControlServer> {
  rmSync(path, { force: true });
  const server = net.createServer((socket) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > REQUEST_BYTES_MAX) socket.destroy();
      const end = text.indexOf('\n');
      if (end < 0) return;
      const line = text.slice(0, end);
      text = '';
      void answer(line, handler).then((reply) => socket.end(`${JSON.stringify(reply)}\n`));
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.unref();
      resolve({ close: () => server.close() });
    });
  });
}

async function answer(line: string, handler: ControlHandler): Promise<unknown> {
  try {
    const request = JSON.parse(line) as { command?: ControlCommand };
    if (!['status', 'stop', 'reload', 'recycle'].includes(request.command ?? '')) return { error: 'unknown command' };
    return { result: await handler(request.command!) };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

/** Sends a command; undefined when nobody listens there. */
export function sendControl(path: string, command: ControlCommand, timeoutMs: number): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(path);
    let text = '';
    socket.setEncoding('utf8');
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('the server does not answer')));
    socket.on('connect', () => socket.write(`${JSON.stringify({ command })}\n`));
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > REPLY_BYTES_MAX) socket.destroy(new Error('the answer is too long'));
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      else reject(error);
    });
    socket.on('end', () => {
      if (text === '') {
        resolve(undefined);
        return;
      }
      const reply = JSON.parse(text) as { result?: unknown; error?: string };
      if (reply.error === undefined) resolve(reply.result);
      else reject(new Error(reply.error));
    });
  });
}
